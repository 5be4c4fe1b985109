//! Methods that change an array in place.

use super::access::{assign, index, place};
use super::{argument_items, items, length};
use crate::ruby::builtin::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::collections::HashSet;
use std::rc::Rc;

pub(super) const CHANGING: Methods = &[
    ("<<", |it, this, arguments| push(it, this, arguments)),
    ("push", |it, this, arguments| push(it, this, arguments)),
    ("append", |it, this, arguments| push(it, this, arguments)),
    ("concat", |it, this, arguments| {
        let mut more = Vec::new();
        for other in &arguments.list {
            more.extend(it.to_items(other)?);
        }
        push(it, this, &Arguments::of(more))
    }),
    ("pop", |it, this, arguments| {
        let list = own(it, this)?;
        match arguments.get(0) {
            Some(count) => {
                let count = it.integer_of(Some(count))?.max(0) as usize;
                let mut items = list.items.borrow_mut();
                let at = items.len().saturating_sub(count);
                Ok(Value::array(items.split_off(at)))
            }
            None => Ok(list.items.borrow_mut().pop().unwrap_or(Value::Nil)),
        }
    }),
    ("shift", |it, this, arguments| {
        let list = own(it, this)?;
        let mut items = list.items.borrow_mut();
        match arguments.get(0) {
            Some(Value::Integer(count)) => {
                let count = (*count).clamp(0, items.len() as i64) as usize;
                Ok(Value::array(items.drain(..count).collect()))
            }
            _ if items.is_empty() => Ok(Value::Nil),
            _ => {
                handle(items.len() * 16);
                Ok(items.remove(0))
            }
        }
    }),
    ("unshift", |it, this, arguments| {
        let list = own(it, this)?;
        charge(arguments.list.len() * 16);
        handle(length(this) * 16);
        list.items.borrow_mut().splice(0..0, arguments.list.iter().cloned());
        Ok(this.clone())
    }),
    ("prepend", |it, this, arguments| {
        let list = own(it, this)?;
        charge(arguments.list.len() * 16);
        handle(length(this) * 16);
        list.items.borrow_mut().splice(0..0, arguments.list.iter().cloned());
        Ok(this.clone())
    }),
    ("insert", |it, this, arguments| {
        let (at, list) = (it.integer_of(arguments.get(0))?, own(it, this)?);
        let mut items = list.items.borrow_mut();
        let at = if at < 0 {
            (items.len() as i64 + at + 1).max(0)
        } else {
            at
        } as usize;
        if at > items.len() {
            let missing = at - items.len();
            drop(items);
            it.reserve(missing.saturating_mul(16))?;
            items = list.items.borrow_mut();
            items.resize(at, Value::Nil);
        }
        handle(items.len() * 16);
        items.splice(at..at, arguments.list.iter().skip(1).cloned());
        Ok(this.clone())
    }),
    ("[]=", assign),
    ("clear", |it, this, _| {
        let list = own(it, this)?;
        let old = std::mem::take(&mut *list.items.borrow_mut());
        drop(old);
        Ok(this.clone())
    }),
    ("replace", |it, this, arguments| {
        let new = argument_items(it, arguments)?;
        set(it, this, new)
    }),
    ("fill", |it, this, arguments| {
        let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let count = length(this);
        set(it, this, vec![value; count])
    }),
    ("delete", |it, this, arguments| {
        let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let (mut kept, mut removed) = (Vec::new(), Value::Nil);
        for item in items(this) {
            if it.equal(&item, &wanted)? {
                removed = item
            } else {
                kept.push(item)
            }
        }
        set(it, this, kept)?;
        Ok(removed)
    }),
    ("delete_at", |it, this, arguments| {
        let (at, list) = (it.integer_of(arguments.get(0))?, own(it, this)?);
        let mut items = list.items.borrow_mut();
        handle(items.len() * 16);
        match place(at, items.len()).filter(|it| *it < items.len()) {
            Some(at) => Ok(items.remove(at)),
            None => Ok(Value::Nil),
        }
    }),
    ("slice!", |it, this, arguments| {
        let removed = index(it, this, arguments)?;
        let gone: HashSet<usize> = match &removed {
            Value::Array(list) => list.items.borrow().iter().map(Value::identity).collect(),
            other => HashSet::from([other.identity()]),
        };
        let kept = items(this)
            .into_iter()
            .filter(|it| !gone.contains(&it.identity()))
            .collect();
        set(it, this, kept)?;
        Ok(removed)
    }),
    ("map!", |it, this, arguments| here(it, this, "map", arguments)),
    ("collect!", |it, this, arguments| here(it, this, "map", arguments)),
    ("select!", |it, this, arguments| here(it, this, "select", arguments)),
    ("filter!", |it, this, arguments| here(it, this, "select", arguments)),
    ("keep_if", |it, this, arguments| here(it, this, "select", arguments)),
    ("reject!", |it, this, arguments| here(it, this, "reject", arguments)),
    ("delete_if", |it, this, arguments| here(it, this, "reject", arguments)),
    ("sort!", |it, this, arguments| here(it, this, "sort", arguments)),
    ("sort_by!", |it, this, arguments| here(it, this, "sort_by", arguments)),
    ("reverse!", |it, this, arguments| here(it, this, "reverse", arguments)),
    ("shuffle!", |it, this, arguments| here(it, this, "shuffle", arguments)),
    ("rotate!", |it, this, arguments| here(it, this, "rotate", arguments)),
    ("compact!", |it, this, arguments| {
        here_or_nil(it, this, "compact", arguments)
    }),
    ("uniq!", |it, this, arguments| here_or_nil(it, this, "uniq", arguments)),
    ("flatten!", |it, this, arguments| {
        here_or_nil(it, this, "flatten", arguments)
    }),
];

/// The receiver, for changing it.
pub(super) fn own(it: &mut Interpreter, this: &Value) -> Outcome<Rc<List>> {
    match this {
        Value::Array(list) if list.frozen.get() => {
            let shown = it.inspect(this)?;
            Err(it.error("FrozenError", format!("can't modify frozen Array: {shown}")))
        }
        Value::Array(list) => Ok(list.clone()),
        _ => Err(it.error("TypeError", "this is not an array")),
    }
}

pub fn set(it: &mut Interpreter, this: &Value, items: Vec<Value>) -> Eval {
    let list = own(it, this)?;
    charge(items.len() * 16);
    let old = std::mem::replace(&mut *list.items.borrow_mut(), items);
    drop(old);
    Ok(this.clone())
}

pub(super) fn push(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let list = own(it, this)?;
    charge(arguments.list.len() * 16);
    list.items.borrow_mut().extend(arguments.list.iter().cloned());
    Ok(this.clone())
}

pub(super) fn here(it: &mut Interpreter, this: &Value, name: &str, arguments: &Arguments) -> Eval {
    let changed = it.call(this, Symbol::new(name), arguments.clone())?;
    set(it, this, items(&changed))
}

pub(super) fn here_or_nil(it: &mut Interpreter, this: &Value, name: &str, arguments: &Arguments) -> Eval {
    let before = length(this);
    here(it, this, name, arguments)?;
    Ok(if length(this) == before {
        Value::Nil
    } else {
        this.clone()
    })
}

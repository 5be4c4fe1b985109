//! Methods that change a string in place.

use super::own;
use crate::ruby::builtin::Methods;
use crate::ruby::builtin::regexp;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::value::*;

pub(super) const CHANGING: Methods = &[
    ("<<", |it, this, arguments| append(it, this, arguments)),
    ("concat", |it, this, arguments| append(it, this, arguments)),
    ("prepend", |it, this, arguments| {
        let text = it.text_of(arguments.get(0))? + &own(this);
        change(it, this, text)
    }),
    ("insert", |it, this, arguments| {
        let (at, part) = (it.integer_of(arguments.get(0))?, it.text_of(arguments.get(1))?);
        let text = own(this);
        let length = text.chars().count() as i64;
        let at = if at < 0 { length + at + 1 } else { at }.clamp(0, length) as usize;
        let changed: String = text
            .chars()
            .take(at)
            .chain(part.chars())
            .chain(text.chars().skip(at))
            .collect();
        change(it, this, changed)
    }),
    ("replace", |it, this, arguments| {
        let text = it.text_of(arguments.get(0))?;
        change(it, this, text)
    }),
    ("clear", |it, this, _| change(it, this, String::new())),
    ("upcase!", |it, this, arguments| here(it, this, "upcase", arguments)),
    ("downcase!", |it, this, arguments| here(it, this, "downcase", arguments)),
    ("capitalize!", |it, this, arguments| {
        here(it, this, "capitalize", arguments)
    }),
    ("swapcase!", |it, this, arguments| here(it, this, "swapcase", arguments)),
    ("strip!", |it, this, arguments| here(it, this, "strip", arguments)),
    ("lstrip!", |it, this, arguments| here(it, this, "lstrip", arguments)),
    ("rstrip!", |it, this, arguments| here(it, this, "rstrip", arguments)),
    ("chomp!", |it, this, arguments| here(it, this, "chomp", arguments)),
    ("chop!", |it, this, arguments| here(it, this, "chop", arguments)),
    ("reverse!", |it, this, arguments| here(it, this, "reverse", arguments)),
    ("succ!", |it, this, arguments| here(it, this, "succ", arguments)),
    ("next!", |it, this, arguments| here(it, this, "succ", arguments)),
    ("tr!", |it, this, arguments| here(it, this, "tr", arguments)),
    ("delete!", |it, this, arguments| here(it, this, "delete", arguments)),
    ("squeeze!", |it, this, arguments| here(it, this, "squeeze", arguments)),
    ("delete_prefix!", |it, this, arguments| {
        here(it, this, "delete_prefix", arguments)
    }),
    ("delete_suffix!", |it, this, arguments| {
        here(it, this, "delete_suffix", arguments)
    }),
];

/// Changes the receiver, unless it is frozen.
pub fn change(it: &mut Interpreter, this: &Value, text: String) -> Eval {
    let Value::String(own) = this else {
        return Ok(this.clone());
    };
    if own.frozen.get() {
        let shown = it.inspect(this)?;
        return Err(it.error("FrozenError", format!("can't modify frozen String: {shown}")));
    }
    it.check_length(text.len())?;
    charge(text.len());
    *own.text.borrow_mut() = text;
    Ok(this.clone())
}

pub(super) fn append(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut added = String::new();
    for value in &arguments.list {
        match value {
            Value::Integer(code) => added.extend(u32::try_from(*code).ok().and_then(char::from_u32)),
            other => added.push_str(&it.text_of(Some(other))?),
        }
    }
    let Value::String(own) = this else {
        return Ok(this.clone());
    };
    if own.frozen.get() {
        let shown = it.inspect(this)?;
        return Err(it.error("FrozenError", format!("can't modify frozen String: {shown}")));
    }
    charge(added.len());
    own.text.borrow_mut().push_str(&added);
    it.tick()?;
    Ok(this.clone())
}

/// A method in its `!` form: nil where nothing changed.
pub(super) fn here(it: &mut Interpreter, this: &Value, name: &str, arguments: &Arguments) -> Eval {
    let changed = it.send(this, name, arguments.list.clone())?;
    let text = changed.text().unwrap_or_default();
    if text == own(this) {
        return Ok(Value::Nil);
    }
    change(it, this, text)
}

pub(super) fn substitute_here(it: &mut Interpreter, this: &Value, arguments: &Arguments, all: bool) -> Eval {
    let (text, changed) = regexp::substitute(it, &own(this), arguments, all)?;
    if changed {
        change(it, this, text)
    } else {
        Ok(Value::Nil)
    }
}

//! Reaching into arrays by index, range or path.

use super::changing::own;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::value::*;

pub fn place(at: i64, length: usize) -> Option<usize> {
    usize::try_from(if at < 0 { length as i64 + at } else { at }).ok()
}

pub fn index(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Value::Array(list) = this else {
        return Ok(Value::Nil);
    };
    let length = list.items.borrow().len();
    let (start, count) = match (arguments.get(0), arguments.get(1)) {
        (Some(Value::Integer(at)), None) => {
            return Ok(place(*at, length)
                .and_then(|it| list.items.borrow().get(it).cloned())
                .unwrap_or(Value::Nil));
        }
        (Some(Value::Range(range)), None) => match crate::ruby::builtin::range::bounds(it, range, length as i64)? {
            Some((start, count)) => (start, count),
            None => return Ok(Value::Nil),
        },
        (start, Some(count)) => (it.integer_of(start)?, it.integer_of(Some(count))?),
        (start, None) => {
            let at = it.integer_of(start)?;
            return Ok(place(at, length)
                .and_then(|it| list.items.borrow().get(it).cloned())
                .unwrap_or(Value::Nil));
        }
    };
    match place(start, length) {
        Some(start) if start <= length && count >= 0 => Ok(Value::array(
            list.items
                .borrow()
                .iter()
                .skip(start)
                .take(count as usize)
                .cloned()
                .collect(),
        )),
        _ => Ok(Value::Nil),
    }
}

pub fn assign(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let list = own(it, this)?;
    let value = arguments.list.last().cloned().unwrap_or(Value::Nil);
    let length = list.items.borrow().len();
    let (start, count) = match arguments.list.as_slice() {
        [Value::Range(range), _] => crate::ruby::builtin::range::bounds(it, range, length as i64)?.unwrap_or((0, 0)),
        [start, count, _] => (it.integer_of(Some(start))?, it.integer_of(Some(count))?),
        [at, _] => {
            let at = it.integer_of(Some(at))?;
            let Some(at) = place(at, length) else {
                return Err(it.error("IndexError", "index is out of range"));
            };
            it.reserve(at.saturating_sub(length).saturating_mul(16))?;
            let mut items = list.items.borrow_mut();
            if at >= items.len() {
                items.resize(at + 1, Value::Nil);
            }
            items[at] = value.clone();
            return Ok(value);
        }
        _ => return Err(it.wrong_count(arguments.len(), 2, Some(3))),
    };
    let start = place(start, length).unwrap_or(0);
    it.reserve(start.saturating_sub(length).saturating_mul(16))?;
    let new = it.splat(value.clone())?;
    let mut items = list.items.borrow_mut();
    if start > items.len() {
        items.resize(start, Value::Nil);
    }
    let end = start.saturating_add(count.max(0) as usize).min(items.len());
    items.splice(start..end, new);
    Ok(value)
}

/// `dig`, for lists and hashes.
pub fn dig(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut value = this.clone();
    for key in &arguments.list {
        if value.is_nil() {
            return Ok(Value::Nil);
        }
        value = it.send(&value, "[]", vec![key.clone()])?;
    }
    Ok(value)
}

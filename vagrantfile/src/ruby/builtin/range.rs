//! Ranges.

use super::Methods;
use super::enumerator;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;

pub fn install(it: &mut Interpreter) {
    let range = it.core.range.clone();
    it.methods(&range, METHODS);
    it.own_methods(
        &range,
        &[("new", |it, _, arguments| {
            let [first, last] = [0, 1].map(|index| arguments.get(index).cloned().unwrap_or(Value::Nil));
            it.range(first, last, arguments.get(2).is_some_and(Value::is_true))
        })],
    );
}

const METHODS: Methods = &[
    ("each", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "each", arguments));
        };
        let Value::Range(range) = this else {
            return Ok(Value::Nil);
        };
        if let Value::Integer(first) = range.first {
            let last = last_integer(range).unwrap_or(i64::MAX);
            for index in first..=last {
                it.yield_to(block, &[Value::Integer(index)])?;
            }
            return Ok(this.clone());
        }
        for item in items(it, range)? {
            it.yield_to(block, &[item])?;
        }
        Ok(this.clone())
    }),
    ("first", |it, this, arguments| match (own(this), arguments.get(0)) {
        (Some(range), None) => Ok(range.first.clone()),
        (Some(range), Some(count)) => {
            let count = it.integer_of(Some(count))?.max(0) as usize;
            Ok(Value::array(first_items(it, range, count)?))
        }
        _ => Ok(Value::Nil),
    }),
    ("begin", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| it.first.clone()))
    }),
    ("end", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| it.last.clone()))
    }),
    ("last", |it, this, arguments| match (own(this), arguments.get(0)) {
        (Some(range), None) => Ok(range.last.clone()),
        (Some(range), Some(count)) => {
            let (count, all) = (it.integer_of(Some(count))?.max(0) as usize, items(it, range)?);
            Ok(Value::array(all[all.len().saturating_sub(count)..].to_vec()))
        }
        _ => Ok(Value::Nil),
    }),
    ("min", |it, this, arguments| edge(it, this, arguments, "min")),
    ("max", |it, this, arguments| edge(it, this, arguments, "max")),
    ("size", count),
    ("count", |it, this, arguments| {
        if arguments.block.is_none() && arguments.list.is_empty() {
            return count(it, this, arguments);
        }
        let list = Value::array(it.to_items(this)?);
        it.call(&list, crate::ruby::symbol::Symbol::new("count"), arguments.clone())
    }),
    ("exclude_end?", |_, this, _| {
        Ok(Value::Boolean(own(this).is_some_and(|it| it.exclusive)))
    }),
    ("===", covers),
    ("include?", covers),
    ("member?", covers),
    ("cover?", covers),
    ("to_s", |it, this, _| Ok(Value::string(it.to_s(this)?))),
    ("inspect", |it, this, _| Ok(Value::string(it.inspect(this)?))),
    ("==", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("sum", |it, this, arguments| {
        if let (Some(range), None) = (own(this), &arguments.block)
            && let (Value::Integer(first), Some(last)) = (&range.first, last_integer(range))
        {
            let (first, last) = (i128::from(*first), i128::from(last));
            let sum = (first + last) * (last - first + 1).max(0) / 2;
            return Ok(Value::Integer(i64::try_from(sum).unwrap_or(i64::MAX)));
        }
        let list = Value::array(it.to_items(this)?);
        it.call(&list, crate::ruby::symbol::Symbol::new("sum"), arguments.clone())
    }),
    ("step", stepped),
    ("%", stepped),
];

fn own(this: &Value) -> Option<&Range> {
    match this {
        Value::Range(range) => Some(range),
        _ => None,
    }
}

fn stepped(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(range) = own(this) else { return Ok(Value::Nil) };
    let by = arguments.get(0).cloned().unwrap_or(Value::Integer(1));
    if matches!(range.first, Value::String(_)) {
        let by = it.integer_of(Some(&by))?.max(1) as usize;
        let all = items(it, range)?.into_iter().step_by(by).collect::<Vec<_>>();
        return match &arguments.block {
            Some(block) => {
                for item in all {
                    it.yield_to(block, &[item])?;
                }
                Ok(this.clone())
            }
            None => Ok(Value::array(all)),
        };
    }
    let (first, last, exclusive) = (range.first.clone(), range.last.clone(), range.exclusive);
    step(it, &first, &last, &by, exclusive, arguments.block.as_ref())
}

/// Numbers from one to another in steps.
pub fn step(
    it: &mut Interpreter,
    first: &Value,
    last: &Value,
    by: &Value,
    exclusive: bool,
    block: Option<&Value>,
) -> Eval {
    let mut collected = Vec::new();
    let mut index = 0_i64;
    let is_down = it.compare(by, &Value::Integer(0))?.is_lt();
    if it.equal(by, &Value::Integer(0))? {
        return Err(it.error("ArgumentError", "step can't be 0"));
    }
    loop {
        it.tick()?;
        let offset = it.send(by, "*", vec![Value::Integer(index)])?;
        let value = it.send(first, "+", vec![offset])?;
        if !last.is_nil() {
            let order = it.compare(&value, last)?;
            let beyond = if is_down { order.is_lt() } else { order.is_gt() };
            if beyond || (exclusive && order.is_eq()) {
                break;
            }
        } else if block.is_none() {
            return Err(it.error("RangeError", "cannot convert endless range to an array"));
        }
        match block {
            Some(block) => drop(it.yield_to(block, &[value])?),
            None => collected.push(value),
        }
        index += 1;
    }
    Ok(if block.is_some() {
        first.clone()
    } else {
        Value::array(collected)
    })
}

fn last_integer(range: &Range) -> Option<i64> {
    match &range.last {
        Value::Integer(last) => Some(if range.exclusive { last.saturating_sub(1) } else { *last }),
        Value::Float(last) => {
            let floor = last.floor();
            Some(if range.exclusive && floor == *last {
                (floor as i64).saturating_sub(1)
            } else {
                floor as i64
            })
        }
        _ => None,
    }
}

/// All items of a range.
pub fn items(it: &mut Interpreter, range: &Range) -> Outcome<Vec<Value>> {
    match (&range.first, &range.last) {
        (Value::Integer(first), Value::Integer(_) | Value::Float(_)) => {
            let last = last_integer(range).unwrap_or(*first);
            let count = if last < *first {
                0
            } else {
                last.abs_diff(*first).saturating_add(1)
            };
            it.reserve(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(16))?;
            Ok((*first..=last).map(Value::Integer).collect())
        }
        (_, Value::Nil) => Err(it.error("RangeError", "cannot convert endless range to an array")),
        (Value::String(first), Value::String(last)) => {
            let (first, last) = (first.copied(), last.copied());
            texts(it, first, &last, range.exclusive)
        }
        (Value::Nil | Value::Float(_), _) => {
            let class = it.class_of(&range.first).name.borrow().clone();
            Err(it.error("TypeError", format!("can't iterate from {class}")))
        }
        (first, last) => {
            let mut all = Vec::new();
            let mut value = first.clone();
            loop {
                let order = it.compare(&value, last)?;
                if order.is_gt() || (order.is_eq() && range.exclusive) {
                    return Ok(all);
                }
                all.push(value.clone());
                value = it.send(&value, "succ", Vec::new())?;
            }
        }
    }
}

fn texts(it: &mut Interpreter, first: String, last: &str, exclusive: bool) -> Outcome<Vec<Value>> {
    let mut all = Vec::new();
    let mut text = first;
    let longest = last.chars().count();
    while text.chars().count() <= longest {
        handle(text.len());
        it.tick()?;
        if text == last {
            if !exclusive {
                all.push(Value::string(text));
            }
            break;
        }
        all.push(Value::string(text.clone()));
        text = super::string::successor(&text);
    }
    Ok(all)
}

/// The first items of a range, which may have no end.
pub fn first_items(it: &mut Interpreter, range: &Range, count: usize) -> Outcome<Vec<Value>> {
    match (&range.first, &range.last) {
        (Value::Integer(first), Value::Nil) => {
            it.reserve(count.saturating_mul(16))?;
            Ok((*first..).take(count).map(Value::Integer).collect())
        }
        _ => Ok(items(it, range)?.into_iter().take(count).collect()),
    }
}

fn edge(it: &mut Interpreter, this: &Value, arguments: &Arguments, name: &str) -> Eval {
    if let (Some(range), None, true) = (own(this), &arguments.block, arguments.list.is_empty()) {
        let is_empty = it.compare(&range.first, &range.last)?.is_gt();
        if is_empty {
            return Ok(Value::Nil);
        }
        if name == "min" {
            return Ok(range.first.clone());
        }
        return Ok(last_integer(range).map_or(range.last.clone(), Value::Integer));
    }
    let list = Value::array(it.to_items(this)?);
    it.call(&list, crate::ruby::symbol::Symbol::new(name), arguments.clone())
}

fn count(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    let Some(range) = own(this) else { return Ok(Value::Nil) };
    if let (Value::Integer(first), Some(last)) = (&range.first, last_integer(range)) {
        return Ok(Value::Integer((last.saturating_sub(*first)).saturating_add(1).max(0)));
    }
    Ok(Value::Integer(items(it, range)?.len() as i64))
}

fn covers(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(range) = own(this) else { return Ok(Value::Nil) };
    let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
    if !range.first.is_nil() {
        match it.try_compare(&range.first, &value)? {
            Some(order) if order.is_le() => {}
            _ => return Ok(Value::Boolean(false)),
        }
    }
    if !range.last.is_nil() {
        match it.try_compare(&value, &range.last)? {
            Some(order) if order.is_lt() || (order.is_eq() && !range.exclusive) => {}
            _ => return Ok(Value::Boolean(false)),
        }
    }
    Ok(Value::Boolean(true))
}

/// Where a range of indices begins in something of a length, and how many it names.
pub fn bounds(it: &mut Interpreter, range: &Range, length: i64) -> Outcome<Option<(i64, i64)>> {
    let first = if range.first.is_nil() {
        0
    } else {
        it.integer_of(Some(&range.first))?
    };
    let last = if range.last.is_nil() {
        -1
    } else {
        it.integer_of(Some(&range.last))?
    };
    let start = if first < 0 { length + first } else { first };
    let end = if last < 0 { length + last } else { last };
    let end = if range.exclusive && !range.last.is_nil() {
        end.saturating_sub(1)
    } else {
        end
    };
    if start < 0 || start > length {
        return Ok(None);
    }
    Ok(Some((start, end.saturating_sub(start).saturating_add(1).max(0))))
}

//! `Comparable`: what follows from `<=>`.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::value::*;
use std::cmp::Ordering;

pub fn install(it: &mut Interpreter) {
    let comparable = it.core.comparable.clone();
    it.methods(&comparable, METHODS);
}

const METHODS: Methods = &[
    ("<", |it, this, arguments| test(it, this, arguments, Ordering::is_lt)),
    ("<=", |it, this, arguments| test(it, this, arguments, Ordering::is_le)),
    (">", |it, this, arguments| test(it, this, arguments, Ordering::is_gt)),
    (">=", |it, this, arguments| test(it, this, arguments, Ordering::is_ge)),
    ("==", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::Boolean(
            this.is_same(&other) || it.try_compare(this, &other)? == Some(Ordering::Equal),
        ))
    }),
    ("between?", |it, this, arguments| {
        let [low, high] = [0, 1].map(|index| arguments.get(index).cloned().unwrap_or(Value::Nil));
        Ok(Value::Boolean(
            it.compare(this, &low)?.is_ge() && it.compare(this, &high)?.is_le(),
        ))
    }),
    ("clamp", |it, this, arguments| {
        let (low, high) = match arguments.get(0) {
            Some(Value::Range(range)) => (range.first.clone(), range.last.clone()),
            low => (
                low.cloned().unwrap_or(Value::Nil),
                arguments.get(1).cloned().unwrap_or(Value::Nil),
            ),
        };
        if !low.is_nil() && it.compare(this, &low)?.is_lt() {
            return Ok(low);
        }
        if !high.is_nil() && it.compare(this, &high)?.is_gt() {
            return Ok(high);
        }
        Ok(this.clone())
    }),
];

fn test(it: &mut Interpreter, this: &Value, arguments: &Arguments, test: fn(Ordering) -> bool) -> Eval {
    let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
    Ok(Value::Boolean(test(it.compare(this, &other)?)))
}

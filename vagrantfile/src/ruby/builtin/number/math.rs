//! `Math`.

use super::float_argument;
use crate::ruby::builtin::Methods;
use crate::ruby::value::*;

pub(super) const MATH: Methods = &[
    ("sqrt", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.sqrt()))
    }),
    ("log", |it, _, arguments| {
        let value = float_argument(it, arguments.get(0))?;
        match arguments.get(1) {
            Some(base) => Ok(Value::Float(value.ln() / float_argument(it, Some(base))?.ln())),
            None => Ok(Value::Float(value.ln())),
        }
    }),
    ("log2", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.log2()))
    }),
    ("log10", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.log10()))
    }),
    ("sin", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.sin()))
    }),
    ("cos", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.cos()))
    }),
    ("hypot", |it, _, arguments| {
        let one = float_argument(it, arguments.get(0))?;
        Ok(Value::Float(one.hypot(float_argument(it, arguments.get(1))?)))
    }),
    ("atan2", |it, _, arguments| {
        let one = float_argument(it, arguments.get(0))?;
        Ok(Value::Float(one.atan2(float_argument(it, arguments.get(1))?)))
    }),
    ("tan", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.tan()))
    }),
    ("atan", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.atan()))
    }),
    ("exp", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.exp()))
    }),
    ("cbrt", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.cbrt()))
    }),
    ("pow", |it, _, arguments| {
        Ok(Value::Float(
            float_argument(it, arguments.get(0))?.powf(float_argument(it, arguments.get(1))?),
        ))
    }),
];

//! Not there yet.
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::value::Value;
pub fn install(_: &mut Interpreter) {}
pub fn at(_: &mut Interpreter, s: i64) -> Eval {
    Ok(Value::Integer(s))
}

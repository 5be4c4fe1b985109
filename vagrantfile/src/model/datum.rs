//! Values on their way into and out of the model: plain ones, and live ones that stay the language's own.

use super::BlockId;
use crate::layer::Value;
use std::any::Any;
use std::rc::Rc;

/// A value on its way into or out of the model.
#[derive(Clone)]
pub enum Datum {
    /// A value that nobody changes any more.
    Plain(Value),
    /// A value that the language may still change.
    Live(Rc<dyn Live>),
}

/// A value of a language that may still change after it was assigned.
pub trait Live: Any {
    /// What it is now.
    fn snapshot(&self) -> Value;

    /// The language's own value, for reading it back.
    fn as_any(&self) -> &dyn Any;
}

/// The arguments of a call.
#[derive(Clone, Default)]
pub struct Arguments {
    /// Those before the named ones.
    pub positional: Vec<Datum>,
    /// The named ones, in order.
    pub named: Vec<(String, Datum)>,
    /// The block, as [`super::Model::keep_block`] numbered it.
    pub block: Option<BlockId>,
}

impl Arguments {
    /// The first positional argument where it is text.
    pub fn first_text(&self) -> Option<String> {
        self.positional.first()?.snapshot().as_text().map(str::to_owned)
    }
}

impl Datum {
    /// What the value is now.
    pub fn snapshot(&self) -> Value {
        match self {
            Datum::Plain(value) => value.clone(),
            Datum::Live(live) => live.snapshot(),
        }
    }
}

impl From<Value> for Datum {
    fn from(value: Value) -> Self {
        Datum::Plain(value)
    }
}

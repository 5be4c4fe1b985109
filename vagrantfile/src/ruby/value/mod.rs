//! Ruby's values.
//!
//! A value is cheap to clone: what can change is shared. What values take is counted ([`Weight`]).

mod burial;
mod code;
mod collections;
mod variables;
mod weight;

pub use burial::bury_classes;
pub use code::*;
pub use collections::*;
pub use variables::Variables;
pub use weight::{Weight, charge, charged, handle, take_handled};

use crate::model::ObjectId;
use crate::ruby::ir::Flags;
use crate::ruby::symbol::Symbol;
use indexmap::IndexMap;
use num_bigint::BigInt;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Any value.
#[derive(Clone)]
pub enum Value {
    Nil,
    Boolean(bool),
    Integer(i64),
    /// A whole number that does not fit into 64 bits.
    Big(Rc<BigInt>),
    Float(f64),
    Symbol(Symbol),
    String(Rc<Text>),
    Array(Rc<List>),
    Hash(Rc<Table>),
    Range(Rc<Range>),
    Regexp(Rc<Regexp>),
    Proc(Rc<Proc>),
    Class(Rc<Class>),
    Object(Rc<Object>),
    /// An object of the live configuration.
    Config(ObjectId),
}

/// A string. Strings are UTF-8 here; other bytes were replaced when they came in.
pub struct Text {
    pub _weight: Weight,
    pub text: RefCell<String>,
    pub frozen: Cell<bool>,
}

/// A range.
pub struct Range {
    pub first: Value,
    pub last: Value,
    pub exclusive: bool,
}

/// A regular expression.
pub struct Regexp {
    pub text: String,
    pub flags: Flags,
    /// The names of the groups, by their numbers.
    pub names: Rc<[Option<String>]>,
    pub compiled: fancy_regex::Regex,
}

/// An instance of a class.
pub struct Object {
    pub class: Rc<Class>,
    pub singleton: RefCell<Option<Rc<Class>>>,
    pub instance: RefCell<IndexMap<Symbol, Value>>,
    /// What a class written in Rust keeps in its instances.
    pub native: RefCell<Option<Rc<dyn Any>>>,
    pub frozen: Cell<bool>,
}

impl Text {
    /// The text as it is now.
    pub fn copied(&self) -> String {
        let text = self.text.borrow();
        handle(text.len());
        text.clone()
    }
}

impl Value {
    /// A new string.
    pub fn string(text: impl Into<String>) -> Self {
        let text = text.into();
        let weight = Weight::of(text.len() + 64);
        Value::String(Rc::new(Text {
            _weight: weight,
            text: RefCell::new(text),
            frozen: Cell::new(false),
        }))
    }

    /// A new array.
    pub fn array(items: Vec<Value>) -> Self {
        let weight = Weight::of(items.len() * 16 + 64);
        Value::Array(Rc::new(List {
            _weight: weight,
            items: RefCell::new(items),
            frozen: Cell::new(false),
        }))
    }

    /// A new hash.
    pub fn hash(pairs: impl IntoIterator<Item = (Value, Value)>) -> Self {
        let table = Table::default();
        for (key, value) in pairs {
            table.insert(key, value);
        }
        Value::Hash(Rc::new(table))
    }

    /// The symbol of a text.
    pub fn symbol(text: &str) -> Self {
        Value::Symbol(Symbol::new(text))
    }

    /// A block of Rust code.
    pub fn native_block(
        arity: i32,
        block: impl Fn(&mut crate::ruby::interpreter::Interpreter, &Arguments) -> crate::ruby::interpreter::Eval + 'static,
    ) -> Self {
        Value::Proc(Rc::new(Proc {
            _weight: Weight::of(96),
            code: Code::Native {
                block: Rc::new(block),
                arity,
                method: None,
            },
            is_lambda: true,
            tag: 0,
        }))
    }

    /// Everything but `nil` and `false`.
    pub fn is_true(&self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }

    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The text of a string or symbol.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::String(text) => Some(text.copied()),
            Value::Symbol(symbol) => Some(symbol.text().to_string()),
            _ => None,
        }
    }

    /// What identifies the value among the keys of a hash.
    pub fn key(&self) -> Key {
        self.key_within(32, &mut 10_000)
    }

    /// `budget` bounds lists that hold the same list again and again.
    fn key_within(&self, depth: usize, budget: &mut usize) -> Key {
        *budget = budget.saturating_sub(1);
        match self {
            Value::Nil => Key::Nil,
            Value::Boolean(value) => Key::Boolean(*value),
            Value::Integer(value) => Key::Integer(*value),
            Value::Big(value) => Key::Big(value.clone()),
            Value::Float(value) => Key::Float(value.to_bits()),
            Value::Symbol(symbol) => Key::Symbol(*symbol),
            Value::String(text) => Key::text(&text.text.borrow()),
            Value::Array(list) if depth > 0 && *budget > 0 => Key::List(
                list.items
                    .borrow()
                    .iter()
                    .map(|it| it.key_within(depth - 1, budget))
                    .collect(),
            ),
            Value::Object(object) if object.class.constants.borrow().contains_key(&Symbol::new("MEMBERS")) => {
                Key::List(
                    object
                        .instance
                        .borrow()
                        .values()
                        .map(|it| it.key_within(depth.saturating_sub(1), budget))
                        .collect(),
                )
            }
            other => Key::Identity(other.identity()),
        }
    }

    /// A number that tells objects apart.
    pub fn identity(&self) -> usize {
        match self {
            Value::Nil => 8,
            Value::Boolean(value) => {
                if *value {
                    20
                } else {
                    0
                }
            }
            Value::Integer(value) => (*value as usize).wrapping_mul(2).wrapping_add(1),
            Value::Big(it) => Rc::as_ptr(it) as usize,
            Value::Float(value) => value.to_bits() as usize,
            Value::Symbol(symbol) => symbol.text().as_ptr() as usize,
            Value::String(it) => Rc::as_ptr(it) as usize,
            Value::Array(it) => Rc::as_ptr(it) as usize,
            Value::Hash(it) => Rc::as_ptr(it) as usize,
            Value::Range(it) => Rc::as_ptr(it) as usize,
            Value::Regexp(it) => Rc::as_ptr(it) as usize,
            Value::Proc(it) => Rc::as_ptr(it) as usize,
            Value::Class(it) => Rc::as_ptr(it) as usize,
            Value::Object(it) => Rc::as_ptr(it) as usize,
            Value::Config(_) => 24,
        }
    }

    /// Whether both are the same object.
    pub fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Config(one), Value::Config(two)) => one == two,
            (Value::Big(one), Value::Big(two)) => one == two,
            (Value::String(_), Value::String(_)) | (Value::Integer(_), Value::Integer(_)) => {
                self.identity() == other.identity()
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other) && self.identity() == other.identity(),
        }
    }
}

//! What comes out of a Vagrantfile, whatever its language: layers, an ordered list of what was assigned and called, and where.

use std::path::Path;
use std::sync::Arc;

use crate::report::Mistake;

/// The settings of one part of one file: the box's, the user's or the project's own, a machine's, or a provider's override.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// What the layer is, for messages: `the box`, `Vagrantfile`, `machine web`, `override of virtualbox`.
    pub name: String,
    /// What was assigned and called, in the order of execution.
    pub entries: Vec<Entry>,
    /// What is wrong with the files and did not end their reading; the first layer has that of all.
    pub mistakes: Vec<Mistake>,
}

/// One assignment or call.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The option's path below `config` with dots (`vm.box`), or below its owner inside a body (`memory`).
    pub path: String,
    /// What was done with it.
    pub setting: Setting,
    /// Where it was written.
    pub origin: Origin,
}

/// What was done with an option.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// `config.vm.box = value`.
    Assign(Value),
    /// `config.vm.network "forwarded_port", guest: 80`.
    Call(Call),
}

/// A call with its arguments and with what its block did to the object that it was given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// The arguments that stand before the named ones.
    pub positional: Vec<Value>,
    /// The named arguments, in order; a later one of the same name stands.
    pub named: Vec<(String, Value)>,
    /// Whether there was a block, if an empty one.
    pub has_block: bool,
    /// What the block assigned and called on the object that it got (a provisioner, a provider, a trigger).
    pub body: Vec<Entry>,
}

/// A value of a Vagrantfile.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Ruby's nil; absent in TOML.
    Nil,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text. Bytes that are not UTF-8 were replaced.
    String(String),
    /// A symbol of Ruby's. Where an option takes words, text means the same.
    Symbol(String),
    /// A list.
    List(Vec<Value>),
    /// A table in the order in which it was written.
    Map(Vec<(Value, Value)>),
    /// Whole numbers from the first to the last, both included.
    Range(i64, i64),
    /// A block that can be called later, by its number in the session that made it.
    Block(u32),
    /// Vagrant's marker for what nobody has set.
    Unset,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file, absolute.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Value {
    /// The text of a string or a symbol.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::String(text) | Value::Symbol(text) => Some(text),
            _ => None,
        }
    }
}

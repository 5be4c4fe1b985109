//! What an option of a Vagrantfile looks like: one type, [`Descriptor`], and the enums that it is made of.
//!
//! Every crate that owns options lists them as a `&'static [Descriptor]`. Reading, validation, the JSON Schema, the Lua
//! annotations and the reference pages are made from these lists and from nothing else. A descriptor is data: nothing here reads
//! a file or decides anything.

/// An option of a Vagrantfile: where it stands, what it holds and how two values of it become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descriptor {
    /// The option's name below its owner, with dots: `vm.boot_timeout` for the core, `memory` for a provider or a provisioner.
    pub path: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What it is when nobody sets it.
    pub default: Default,
    /// What Vagrant makes of a value when the configuration is finalised.
    pub coercion: Coercion,
    /// How a later layer's value meets an earlier one's.
    pub merge: Merge,
    /// Other names that mean the same option.
    pub aliases: &'static [&'static str],
    /// Whether it is assigned or called.
    pub form: Form,
    /// One line of documentation, in the indicative.
    pub documentation: &'static str,
}

/// What an option may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number; text that reads as one is taken too.
    Integer,
    /// Any number.
    Float,
    /// Text; a symbol is taken too.
    String,
    /// One of a few words, given as a symbol or as text.
    Word(&'static [&'static str]),
    /// A path on the host, relative to the project's folder.
    HostPath,
    /// A path in the guest.
    GuestPath,
    /// A list; a single value is taken as a list of one.
    List(&'static Kind),
    /// A table from names to values.
    Map(&'static Kind),
    /// The first of these that fits.
    OneOf(&'static [Kind]),
    /// Anything: Vagrant itself does not look.
    Any,
}

/// What an option is when nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Default {
    /// Ruby's nil.
    Nil,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    String(&'static str),
    /// A symbol of Ruby's; text in the other languages.
    Symbol(&'static str),
    /// A list of text.
    List(&'static [&'static str]),
    /// A table without entries.
    EmptyMap,
    /// Whole numbers from the first to the last, both included.
    Range(i64, i64),
    /// Made from other values when the configuration is finalised; the text says how.
    Computed(&'static str),
}

/// What Vagrant makes of a value that somebody set, when the configuration is finalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coercion {
    /// Nothing: it stays as it was written.
    None,
    /// Text.
    Text,
    /// A symbol, where it is text.
    Symbol,
    /// The whole number that it begins with.
    Integer,
    /// `true`, unless it is nil or false.
    Boolean,
    /// A list: of itself where it is none.
    List,
}

/// How a later layer's value meets an earlier one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// The later one stands.
    Replace,
    /// The later list is put behind the earlier one.
    Append,
    /// Tables are united, the later key stands.
    Keys,
}

/// Whether an option is assigned (`config.vm.box = ...`) or called (`config.vm.network ...`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Assigned, once a layer.
    Attribute,
    /// Called, as often as one likes; `positional` names the arguments that stand before the named ones.
    Call {
        /// Names of the positional arguments, as TOML spells them.
        positional: &'static [&'static str],
    },
    /// Vagrant's own; files only read it.
    Reading,
}

impl Descriptor {
    /// An assigned option that is replaced by later layers and has no other name.
    pub const fn attribute(path: &'static str, kind: Kind, default: Default, documentation: &'static str) -> Self {
        Self {
            path,
            kind,
            default,
            coercion: Coercion::None,
            merge: Merge::Replace,
            aliases: &[],
            form: Form::Attribute,
            documentation,
        }
    }

    /// A text that is not set.
    pub const fn text(path: &'static str, documentation: &'static str) -> Self {
        Self::attribute(path, Kind::String, Default::Nil, documentation)
    }

    /// A switch.
    pub const fn flag(path: &'static str, default: bool, documentation: &'static str) -> Self {
        Self::attribute(path, Kind::Boolean, Default::Boolean(default), documentation)
    }

    /// A list that is empty.
    pub const fn list(path: &'static str, documentation: &'static str) -> Self {
        Self::attribute(path, Kind::List(&Kind::Any), Default::List(&[]), documentation)
    }

    /// A table that is empty.
    pub const fn table(path: &'static str, documentation: &'static str) -> Self {
        Self::attribute(path, Kind::Map(&Kind::Any), Default::EmptyMap, documentation)
    }

    /// A method, each call of which adds to the others.
    pub const fn call(path: &'static str, positional: &'static [&'static str], documentation: &'static str) -> Self {
        Self {
            merge: Merge::Append,
            form: Form::Call { positional },
            ..Self::attribute(path, Kind::Any, Default::Nil, documentation)
        }
    }

    /// What Vagrant sets, and files only read.
    pub const fn reading(path: &'static str, documentation: &'static str) -> Self {
        Self {
            form: Form::Reading,
            ..Self::attribute(path, Kind::Any, Default::Nil, documentation)
        }
    }

    /// The same option with another default.
    pub const fn or(self, default: Default) -> Self {
        Self { default, ..self }
    }

    /// The same option, made into something else when the configuration is finalised.
    pub const fn coerced(self, coercion: Coercion) -> Self {
        Self { coercion, ..self }
    }

    /// The same option, merged another way.
    pub const fn merged(self, merge: Merge) -> Self {
        Self { merge, ..self }
    }

    /// The same option under further names.
    pub const fn also_called(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}

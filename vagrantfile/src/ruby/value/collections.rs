//! Arrays, hashes, and the arguments of calls.

use super::{Value, Weight, charge, handle};
use crate::ruby::symbol::Symbol;
use indexmap::IndexMap;
use num_bigint::BigInt;
use sha2::Digest;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

impl Default for Table {
    fn default() -> Self {
        Self {
            _weight: Weight::of(128),
            pairs: RefCell::default(),
            default: RefCell::new(Value::Nil),
            default_block: RefCell::new(None),
            by_identity: Cell::new(false),
            frozen: Cell::new(false),
        }
    }
}

impl Table {
    /// Puts a pair in; a key that is there keeps its place.
    pub fn insert(&self, key: Value, value: Value) {
        charge(64);
        let identity = self.key_of(&key);
        // A string is copied as a key, so that changing it later does not lose the pair.
        let key = match &key {
            Value::String(text) if !text.frozen.get() && !self.by_identity.get() => {
                let copy = Value::string(text.copied());
                if let Value::String(copy) = &copy {
                    copy.frozen.set(true);
                }
                copy
            }
            _ => key,
        };
        let mut pairs = self.pairs.borrow_mut();
        match pairs.get_mut(&identity) {
            Some(pair) => pair.1 = value,
            None => drop(pairs.insert(identity, (key, value))),
        }
    }

    /// The value of a key, without the default.
    pub fn get(&self, key: &Value) -> Option<Value> {
        self.pairs
            .borrow()
            .get(&self.key_of(key))
            .map(|(_, value)| value.clone())
    }

    /// From now on only the same object is the same key.
    pub fn compare_by_identity(&self) {
        self.by_identity.set(true);
        let pairs = std::mem::take(&mut *self.pairs.borrow_mut());
        handle(pairs.len() * 32);
        let pairs = pairs.into_values().map(|pair| (self.key_of(&pair.0), pair));
        *self.pairs.borrow_mut() = pairs.collect();
    }

    fn key_of(&self, key: &Value) -> Key {
        match key {
            Value::String(_) | Value::Array(_) | Value::Hash(_) | Value::Object(_) if self.by_identity.get() => {
                Key::Identity(key.identity())
            }
            key => key.key(),
        }
    }

    /// The value of a key that is a symbol.
    pub fn get_symbol(&self, name: &str) -> Option<Value> {
        self.pairs
            .borrow()
            .get(&Key::Symbol(Symbol::new(name)))
            .map(|(_, value)| value.clone())
    }

    /// Takes a pair out.
    pub fn remove(&self, key: &Value) -> Option<Value> {
        handle(self.len() * 32);
        self.pairs
            .borrow_mut()
            .shift_remove(&self.key_of(key))
            .map(|(_, value)| value)
    }

    /// The pairs as they are now.
    pub fn to_pairs(&self) -> Vec<(Value, Value)> {
        let pairs = self.pairs.borrow();
        charge(pairs.len() * 32);
        handle(pairs.len() * 32);
        pairs.values().cloned().collect()
    }

    pub fn len(&self) -> usize {
        self.pairs.borrow().len()
    }
}

impl List {
    /// The items as they are now.
    pub fn to_vec(&self) -> Vec<Value> {
        let items = self.items.borrow();
        charge(items.len() * 16);
        handle(items.len() * 16);
        items.clone()
    }
}

impl Arguments {
    /// Positional arguments alone.
    pub fn of(list: Vec<Value>) -> Self {
        Self {
            list,
            has_keywords: false,
            block: None,
        }
    }

    /// The argument at a place, if there.
    pub fn get(&self, index: usize) -> Option<&Value> {
        self.list.get(index)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The arguments that are not keywords, and the hash of those that are.
    pub fn split(&self) -> (&[Value], Option<Rc<Table>>) {
        match (self.has_keywords, self.list.split_last()) {
            (true, Some((Value::Hash(table), before))) => (before, Some(table.clone())),
            _ => (&self.list, None),
        }
    }

    /// A keyword argument.
    pub fn keyword(&self, name: &str) -> Option<Value> {
        match self.list.last() {
            Some(Value::Hash(table)) => table.get_symbol(name),
            _ => None,
        }
    }
}

/// An array.
pub struct List {
    pub _weight: Weight,
    pub items: RefCell<Vec<Value>>,
    pub frozen: Cell<bool>,
}

/// A hash: keys in the order in which they came.
pub struct Table {
    pub _weight: Weight,
    pub pairs: RefCell<IndexMap<Key, (Value, Value)>>,
    pub default: RefCell<Value>,
    pub default_block: RefCell<Option<Value>>,
    /// Whether only the same object is the same key.
    pub by_identity: Cell<bool>,
    pub frozen: Cell<bool>,
}

/// What makes two keys of a hash the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Nil,
    Boolean(bool),
    Integer(i64),
    Big(Rc<BigInt>),
    Float(u64),
    Symbol(Symbol),
    Text(String),
    /// The digest of a long text, so that a list which holds it often makes no huge key.
    LongText([u8; 32]),
    List(Vec<Key>),
    Identity(usize),
}

impl Key {
    /// The longest text that stands in a key itself.
    const LONGEST: usize = 256;

    /// The key of a text.
    pub fn text(text: &str) -> Self {
        if text.len() <= Self::LONGEST {
            return Key::Text(text.to_owned());
        }
        handle(text.len() * 8);
        Key::LongText(sha2::Sha256::digest(text.as_bytes()).into())
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        size_of::<Self>()
            + match self {
                Key::Text(text) => text.len(),
                Key::List(keys) => keys.iter().map(Key::size).sum(),
                _ => 0,
            }
    }
}

/// The arguments of a call.
#[derive(Clone, Default)]
pub struct Arguments {
    pub list: Vec<Value>,
    /// Whether the last of the list is the hash of the keyword arguments.
    pub has_keywords: bool,
    pub block: Option<Value>,
}

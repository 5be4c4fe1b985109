//! Names, kept once: a [`Symbol`] is a number that stands for a text.
//!
//! The table belongs to the thread, since an interpreter never leaves its own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use foldhash::fast::RandomState;

/// A name: of a method, a variable, a constant; or a symbol of Ruby's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

/// What is found by a symbol. Some thousand symbols are put into such maps whenever a file is read, so that hashing shows.
pub type SymbolMap<V> = HashMap<Symbol, V, RandomState>;

#[derive(Default)]
struct Table {
    /// The hashes are seeded: a file chooses its names, and must not choose where they fall.
    numbers: HashMap<Rc<str>, u32, RandomState>,
    texts: Vec<Rc<str>>,
}

thread_local! {
    static TABLE: RefCell<Table> = RefCell::default();
}

impl Symbol {
    /// The symbol of a text.
    pub fn new(text: &str) -> Self {
        TABLE.with_borrow_mut(|table| {
            if let Some(&number) = table.numbers.get(text) {
                return Self(number);
            }
            let text: Rc<str> = Rc::from(text);
            let number = table.texts.len() as u32;
            table.texts.push(text.clone());
            table.numbers.insert(text, number);
            super::value::charge(48 + table.texts[number as usize].len());
            Self(number)
        })
    }

    /// Its text.
    pub fn text(self) -> Rc<str> {
        TABLE.with_borrow(|table| table.texts[self.0 as usize].clone())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, ":{}", self.text())
    }
}

//! Local variables.

use super::{Value, Weight};
use crate::ruby::symbol::Symbol;
use std::cell::RefCell;
use std::rc::Rc;

/// Local variables of a method or block.
pub struct Variables {
    pub _weight: Weight,
    pub values: RefCell<Vec<(Symbol, Value)>>,
    pub parent: Option<Rc<Variables>>,
    /// Text that was evaluated sees the variables around it by name alone.
    pub is_evaluated: bool,
}

impl Variables {
    /// Variables within others.
    pub fn within(parent: Option<Rc<Variables>>) -> Rc<Self> {
        Rc::new(Self {
            _weight: Weight::of(64),
            values: RefCell::default(),
            parent,
            is_evaluated: false,
        })
    }

    /// The value of a variable of this or an outer block.
    pub fn get(&self, name: Symbol) -> Option<Value> {
        let mut variables = self;
        loop {
            if let Some((_, value)) = variables.values.borrow().iter().find(|(it, _)| *it == name) {
                return Some(value.clone());
            }
            variables = variables.parent.as_deref()?;
        }
    }

    /// Sets a variable that belongs to the block `depth` blocks out.
    pub fn set(&self, name: Symbol, depth: u32, value: Value) {
        let mut variables = self;
        for _ in 0..depth {
            match variables.parent.as_deref() {
                Some(parent) => variables = parent,
                None => break,
            }
        }
        let own = variables;
        loop {
            if let Some((_, old)) = variables.values.borrow_mut().iter_mut().find(|(it, _)| *it == name) {
                *old = value;
                return;
            }
            match (variables.is_evaluated, variables.parent.as_deref()) {
                (true, Some(parent)) => variables = parent,
                _ => break,
            }
        }
        own.declare(name, value);
    }

    /// Sets a variable of this very block.
    pub fn declare(&self, name: Symbol, value: Value) {
        let mut values = self.values.borrow_mut();
        match values.iter_mut().find(|(it, _)| *it == name) {
            Some((_, old)) => *old = value,
            None => values.push((name, value)),
        }
    }

    /// The names of all variables in sight, inner ones first.
    pub fn names(&self) -> Vec<Symbol> {
        let mut names: Vec<Symbol> = Vec::new();
        let mut next = Some(self);
        while let Some(variables) = next {
            names.extend(variables.values.borrow().iter().map(|(name, _)| *name));
            next = variables.parent.as_deref();
        }
        names
    }
}

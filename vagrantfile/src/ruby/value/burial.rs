//! Dropping without recursion: what a value holds is buried after it, however deep it is nested.

use super::collections::{List, Table};
use super::variables::Variables;
use super::{Object, Value};
use std::cell::RefCell;

thread_local! {
    static DYING: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// Drops values without recursion, however deep they are nested.
pub(super) fn bury(values: Vec<Value>) {
    let first = DYING.try_with(|dying| match &mut *dying.borrow_mut() {
        Some(queue) => {
            queue.extend(values.into_iter().filter(is_nested));
            None
        }
        empty => {
            *empty = Some(Vec::new());
            Some(values)
        }
    });
    let Ok(Some(values)) = first else { return };
    drop(values);
    loop {
        let next = DYING.with_borrow_mut(|dying| dying.as_mut().and_then(Vec::pop));
        match next {
            Some(value) => drop(value),
            None => break,
        }
    }
    DYING.set(None);
}

pub(super) fn is_nested(value: &Value) -> bool {
    matches!(
        value,
        Value::Array(_) | Value::Hash(_) | Value::Object(_) | Value::Proc(_) | Value::Range(_)
    )
}

impl Drop for List {
    fn drop(&mut self) {
        let items = self.items.get_mut();
        if items.iter().any(is_nested) {
            bury(std::mem::take(items));
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let pairs = std::mem::take(self.pairs.get_mut());
        let values: Vec<Value> = pairs
            .into_values()
            .flat_map(|(key, value)| [key, value])
            .filter(is_nested)
            .collect();
        if !values.is_empty() {
            bury(values);
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let instance = std::mem::take(self.instance.get_mut());
        let values: Vec<Value> = instance.into_values().filter(is_nested).collect();
        if !values.is_empty() {
            bury(values);
        }
    }
}

impl Drop for Variables {
    fn drop(&mut self) {
        let values: Vec<Value> = self
            .values
            .get_mut()
            .drain(..)
            .map(|(_, value)| value)
            .filter(is_nested)
            .collect();
        if !values.is_empty() {
            bury(values);
        }
    }
}

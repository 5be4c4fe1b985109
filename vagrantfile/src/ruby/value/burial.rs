//! Dropping without recursion: what a value holds is buried after it, however deep it is nested.

use super::code::Class;
use super::collections::{List, Table};
use super::variables::Variables;
use super::{Object, Value};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

thread_local! {
    static DYING: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
    static CLASSES: RefCell<Vec<Weak<Class>>> = const { RefCell::new(Vec::new()) };
}

/// Notes a class for [`bury_classes`].
pub(super) fn remember(class: &Rc<Class>) {
    CLASSES.with_borrow_mut(|it| it.push(Rc::downgrade(class)));
}

/// Drops all classes of this thread, when nothing will run on it any more. A class holds its methods, and these hold it.
pub fn bury_classes() {
    let mut classes: Vec<_> = CLASSES.take().iter().filter_map(Weak::upgrade).collect();
    for class in &classes {
        let methods = class.methods.take();
        let values = [
            class.constants.take(),
            class.class_variables.take(),
            class.instance.take(),
        ];
        let modules = [class.included.take(), class.prepended.take()];
        drop((methods, values, modules, class.singleton.take()));
    }
    // A class after those that come from it: dropped by them, a long line of them would take much stack.
    while let Some(class) = classes.pop() {
        drop(class);
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::rc::Rc;

    use super::bury_classes;
    use crate::host::{MemoryHost, World};
    use crate::language::{Language, Shared};
    use crate::model::{Model, Options};
    use crate::ruby::Ruby;

    #[test]
    fn nothing_of_an_interpreter_outlives_it() {
        let file = "class Box\n  attr_reader :name\n  def self.all = [new]\n  ALL = all\nend\nmodule Named\n  def name = @name\nend\n\
                    Box.include Named\nONE = Object.new\ndef ONE.first = Box::ALL\nVagrant.configure('2') { |config| config.vm.box = Box.name }\n";
        let shared = Rc::new(Shared {
            model: Model::new(Options::new(&[], &[])).into(),
            world: World::new(Box::new(MemoryHost::default().with_file("Vagrantfile", file))).into(),
            settings: crate::testing::settings(),
            mistakes: Vec::new().into(),
        });
        let mut ruby = Ruby::new(shared);
        ruby.load(Path::new("/project/Vagrantfile")).unwrap();
        let core = [&ruby.interpreter.core.kernel, &ruby.interpreter.core.array].map(Rc::downgrade);

        drop(ruby);
        bury_classes();

        assert!(core.iter().all(|it| it.upgrade().is_none()));
    }
}

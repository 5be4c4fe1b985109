//! The classes that are there before a file begins.

use super::symbol::Symbol;
use super::value::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Classes that the interpreter itself needs at hand.
pub struct Core {
    pub object: Rc<Class>,
    pub module: Rc<Class>,
    pub class: Rc<Class>,
    pub kernel: Rc<Class>,
    pub comparable: Rc<Class>,
    pub enumerable: Rc<Class>,
    pub nil: Rc<Class>,
    pub true_class: Rc<Class>,
    pub false_class: Rc<Class>,
    pub numeric: Rc<Class>,
    pub integer: Rc<Class>,
    pub float: Rc<Class>,
    pub symbol: Rc<Class>,
    pub string: Rc<Class>,
    pub array: Rc<Class>,
    pub hash: Rc<Class>,
    pub range: Rc<Class>,
    pub regexp: Rc<Class>,
    pub proc: Rc<Class>,
    pub method: Rc<Class>,
    pub config: Rc<Class>,
    pub exception: Rc<Class>,
    pub standard_error: Rc<Class>,
}

/// The errors of the core, each with the one that it comes from.
const ERRORS: &[(&str, &str)] = &[
    ("NoMemoryError", "Exception"),
    ("ScriptError", "Exception"),
    ("LoadError", "ScriptError"),
    ("NotImplementedError", "ScriptError"),
    ("SyntaxError", "ScriptError"),
    ("SecurityError", "Exception"),
    ("SignalException", "Exception"),
    ("Interrupt", "SignalException"),
    ("SystemExit", "Exception"),
    ("SystemStackError", "Exception"),
    ("ArgumentError", "StandardError"),
    ("EncodingError", "StandardError"),
    ("FiberError", "StandardError"),
    ("IOError", "StandardError"),
    ("EOFError", "IOError"),
    ("IndexError", "StandardError"),
    ("KeyError", "IndexError"),
    ("StopIteration", "IndexError"),
    ("UncaughtThrowError", "ArgumentError"),
    ("LocalJumpError", "StandardError"),
    ("NameError", "StandardError"),
    ("NoMethodError", "NameError"),
    ("RangeError", "StandardError"),
    ("FloatDomainError", "RangeError"),
    ("RegexpError", "StandardError"),
    ("RuntimeError", "StandardError"),
    ("FrozenError", "RuntimeError"),
    ("SystemCallError", "StandardError"),
    ("ThreadError", "StandardError"),
    ("TypeError", "StandardError"),
    ("ZeroDivisionError", "StandardError"),
    ("NoMatchingPatternError", "StandardError"),
    ("NoMatchingPatternKeyError", "NoMatchingPatternError"),
];

impl Core {
    /// The classes, still without methods.
    pub fn new() -> Self {
        let object = Class::new("Object", None, false);
        let class = |name: &str, parent: &Rc<Class>| put(&object, name, Class::new(name, Some(parent.clone()), false));
        let module = |name: &str| put(&object, name, Class::new(name, None, true));
        put(&object, "Object", object.clone());
        put(&object, "BasicObject", object.clone());
        let kernel = module("Kernel");
        object.included.borrow_mut().push(kernel.clone());
        let module_class = class("Module", &object);
        let numeric = class("Numeric", &object);
        let exception = class("Exception", &object);
        let standard_error = class("StandardError", &exception);
        let (comparable, enumerable) = (module("Comparable"), module("Enumerable"));
        let proc = class("Proc", &object);
        let core = Self {
            class: class("Class", &module_class),
            nil: class("NilClass", &object),
            true_class: class("TrueClass", &object),
            false_class: class("FalseClass", &object),
            integer: class("Integer", &numeric),
            float: class("Float", &numeric),
            symbol: class("Symbol", &object),
            string: class("String", &object),
            array: class("Array", &object),
            hash: class("Hash", &object),
            range: class("Range", &object),
            regexp: class("Regexp", &object),
            method: class("Method", &proc),
            proc,
            config: Class::new("Vagrant::Config::V2::Root", Some(object.clone()), false),
            module: module_class,
            object,
            kernel,
            comparable,
            enumerable,
            numeric,
            exception,
            standard_error,
        };
        for (name, parent) in ERRORS {
            put(&core.object, name, Class::new(name, Some(core.named(parent)), false));
        }
        for class in [&core.string, &core.numeric] {
            class.included.borrow_mut().push(core.comparable.clone());
        }
        for class in [&core.array, &core.hash, &core.range] {
            class.included.borrow_mut().push(core.enumerable.clone());
        }
        core
    }

    /// A class of the top level, made where it is not there.
    pub fn named(&self, name: &str) -> Rc<Class> {
        let mut around = self.object.clone();
        for part in name.split("::") {
            let found = around.constants.borrow().get(&Symbol::new(part)).cloned();
            around = match found {
                Some(Value::Class(class)) => class,
                _ => put(
                    &around,
                    part,
                    Class::new(part, Some(self.standard_error.clone()), false),
                ),
            };
        }
        around
    }

    /// A module within another one, or at the top level; made where it is not there.
    pub fn module_at(&self, path: &str) -> Rc<Class> {
        self.at(path, |name| Class::new(name, None, true))
    }

    /// A class within a module, or at the top level; made where it is not there.
    pub fn class_at(&self, path: &str, parent: &Rc<Class>) -> Rc<Class> {
        self.at(path, |name| Class::new(name, Some(parent.clone()), false))
    }

    fn at(&self, path: &str, make: impl Fn(&str) -> Rc<Class>) -> Rc<Class> {
        let mut around = self.object.clone();
        let mut full = String::new();
        let parts: Vec<&str> = path.split("::").collect();
        for (index, part) in parts.iter().enumerate() {
            full = if full.is_empty() {
                (*part).to_owned()
            } else {
                format!("{full}::{part}")
            };
            let found = around.constants.borrow().get(&Symbol::new(part)).cloned();
            around = match found {
                Some(Value::Class(class)) => class,
                _ if index + 1 == parts.len() => put(&around, part, make(&full)),
                _ => put(&around, part, Class::new(&full, None, true)),
            };
        }
        around
    }

    /// A new instance of a class.
    pub fn instance(&self, class: &Rc<Class>) -> Value {
        charge(160);
        Value::Object(Rc::new(Object {
            class: class.clone(),
            singleton: RefCell::default(),
            instance: RefCell::default(),
            native: RefCell::default(),
            frozen: Cell::new(false),
        }))
    }
}

fn put(around: &Rc<Class>, name: &str, class: Rc<Class>) -> Rc<Class> {
    around
        .constants
        .borrow_mut()
        .insert(Symbol::new(name), Value::Class(class.clone()));
    class
}

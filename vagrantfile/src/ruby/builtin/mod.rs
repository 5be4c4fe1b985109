//! The methods of the core classes and of the libraries that are written in Rust: tables from names to functions.

pub mod array;
pub mod commands;
pub mod comparable;
pub mod digest;
pub mod enumerable;
pub mod enumerator;
pub mod environment;
pub mod exception;
pub mod file;
pub mod format;
pub mod hash;
pub mod json;
pub mod kernel;
pub mod method;
pub mod module;
pub mod network;
pub mod number;
pub mod object;
mod pack;
pub mod proc;
pub mod process;
pub mod range;
pub mod regexp;
pub mod sockets;
pub mod string;
pub mod structure;
pub mod symbol;
pub mod template;
pub mod time;
pub mod vagrant;
pub mod yaml;

use super::interpreter::Interpreter;
use super::symbol::Symbol;
use super::value::{Class, MethodBody, Native, Value, Visibility};
use std::rc::Rc;

/// Names and what they run.
pub type Methods = &'static [(&'static str, Native)];

/// Puts everything in its place.
pub fn install(it: &mut Interpreter) {
    const PARTS: &[fn(&mut Interpreter)] = &[
        kernel::install,
        object::install,
        module::install,
        exception::install,
        comparable::install,
        number::install,
        string::install,
        symbol::install,
        array::install,
        hash::install,
        range::install,
        regexp::install,
        proc::install,
        method::install,
        enumerator::install,
        structure::install,
        environment::install,
        file::install,
        network::install,
        process::install,
        commands::install,
        sockets::install,
        time::install,
        json::install,
        yaml::install,
        template::install,
        digest::install,
        vagrant::install,
    ];
    for install in PARTS {
        install(it);
    }
}

impl Interpreter {
    /// Gives the instances of a class methods.
    pub fn methods(&mut self, class: &Rc<Class>, methods: Methods) {
        class.methods.borrow_mut().reserve(methods.len());
        for (name, native) in methods {
            self.define(
                class,
                Symbol::new(name),
                MethodBody::Native(*native),
                Visibility::Public,
            );
        }
    }

    /// Gives a class or module itself methods.
    pub fn own_methods(&mut self, class: &Rc<Class>, methods: Methods) {
        if let Ok(singleton) = self.singleton(&Value::Class(class.clone())) {
            self.methods(&singleton, methods);
        }
    }

    /// Sets a constant of a module or class.
    pub fn put(&mut self, class: &Rc<Class>, name: &str, value: Value) {
        self.set_constant(class, Symbol::new(name), value);
    }
}

//! Ruby, as far as Vagrantfiles use it.
//!
//! [`lower`] turns what ruby-prism parses into a tree of our own ([`ir`]), [`eval`] walks it. [`builtin`] has the core classes, [`library`]
//! the parts of the standard library that are written in Ruby themselves. [`config`] joins the values to the live model.
//!
//! **Invariant:** no file can make this panic, hang or overflow the stack: steps, memory and depth are counted in one place,
//! `Interpreter::tick`.

mod bind;
mod builtin;
mod config;
mod convert;
mod core;
mod eval;
mod interpreter;
mod ir;
mod library;
mod load;
mod lower;
mod methods;
mod names;
mod pattern;
mod run;
mod symbol;
mod value;

use crate::language::{Argument, Configure, Language, Shared};
use crate::model::{BlockId, Datum};
use crate::report::{Report, Result};
use interpreter::{Flow, Interpreter};
use std::path::Path;
use std::rc::Rc;
use value::Value;

pub use value::bury_classes;

/// The language Ruby in a session.
pub struct Ruby {
    interpreter: Interpreter,
}

impl Ruby {
    /// A fresh interpreter.
    pub fn new(shared: Rc<Shared>) -> Self {
        Self {
            interpreter: Interpreter::new(shared),
        }
    }

    fn reported(&mut self, flow: Flow) -> Report {
        load::report(&mut self.interpreter, flow)
    }
}

impl Language for Ruby {
    fn load(&mut self, path: &Path) -> Result<Vec<Configure>> {
        self.interpreter.begin();
        match load::run_file(&mut self.interpreter, path) {
            Ok(_) => Ok(std::mem::take(&mut self.interpreter.configures)),
            Err(flow) => {
                self.interpreter.configures.clear();
                Err(self.reported(*flow))
            }
        }
    }

    fn run(&mut self, block: BlockId, arguments: &[Argument]) -> Result<Datum> {
        self.interpreter.begin();
        let Some(proc) = self.interpreter.blocks.get(&block).cloned() else {
            return Err(Report::without_place(format!(
                "there is no block {} in this session",
                block.0
            )));
        };
        let it = &mut self.interpreter;
        let values: Vec<Value> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Object(object) => Value::Config(*object),
                Argument::Value(value) => config::from_layer(it, value),
            })
            .collect();
        let result = it
            .yield_to(&proc, &values)
            .and_then(|value| config::to_datum(it, &value));
        result.map_err(|flow| self.reported(*flow))
    }

    fn finish(&mut self) {
        self.interpreter.begin();
        // Ruby runs the last one first, and those that a block adds after it.
        while let Some(block) = self.interpreter.last_blocks.pop() {
            if let Err(flow) = self.interpreter.yield_to(&block, &[]) {
                let report = self.reported(*flow);
                self.interpreter
                    .shared
                    .world
                    .borrow_mut()
                    .host
                    .print(&format!("{report}\n"));
            }
        }
    }
}

#[cfg(test)]
mod tests;

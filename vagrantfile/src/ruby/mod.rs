//! Ruby.

use crate::language::{Argument, Configure, Language, Shared};
use crate::model::{BlockId, Datum};
use crate::report::{Report, Result};
use std::path::Path;
use std::rc::Rc;

/// The interpreter.
pub struct Ruby {
    shared: Rc<Shared>,
}

impl Ruby {
    /// A fresh interpreter.
    pub fn new(shared: Rc<Shared>) -> Self {
        Self { shared }
    }
}

impl Language for Ruby {
    fn load(&mut self, path: &Path) -> Result<Vec<Configure>> {
        let _ = &self.shared;
        Err(Report::without_place(format!("cannot read {}", path.display())))
    }

    fn run(&mut self, _block: BlockId, _arguments: &[Argument]) -> Result<Datum> {
        Err(Report::without_place("no such block"))
    }
}

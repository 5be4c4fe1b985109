//! The parts of Ruby's standard library that are written in Ruby themselves; each one runs when its name is first used.

use super::interpreter::{Interpreter, Outcome};
use super::ir::Source;
use std::path::Path;
use std::rc::Rc;

/// Files, and the constants of the top level that they define.
const LIBRARIES: &[(&str, &str, &[&str])] = &[];

/// Starts the library that defines a constant; false where there is none.
pub fn start(it: &mut Interpreter, constant: &str) -> Outcome<bool> {
    let Some((name, text, _)) = LIBRARIES.iter().find(|(_, _, constants)| constants.contains(&constant)) else {
        return Ok(false);
    };
    if !it.libraries.insert(name) {
        return Ok(false);
    }
    let source = Source::new(Path::new(name).into(), (*text).to_owned(), 1, true);
    super::load::run_source(it, Rc::new(source))?;
    Ok(true)
}

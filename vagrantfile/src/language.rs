//! What a session asks of a language, whichever it is: [`Language`].
//!
//! A language lives on the session's own thread, so it need not be `Send`. It reaches the configuration and the world through
//! [`Shared`], which it may keep.

use crate::host::World;
use crate::layer::Value;
use crate::model::{BlockId, Datum, LanguageName, Model, ObjectId};
use crate::report::{Mistake, Result};
use crate::session::Settings;
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// A language that Vagrantfiles are written in.
pub trait Language {
    /// Runs a file from top to bottom and returns the blocks that it handed to `Vagrant.configure`, in order.
    fn load(&mut self, path: &Path) -> Result<Vec<Configure>>;

    /// Runs a block that this language gave to [`Model::keep_block`].
    fn run(&mut self, block: BlockId, arguments: &[Argument]) -> Result<Datum>;

    /// Runs what files left for the end.
    fn finish(&mut self) {}
}

/// A block handed to `Vagrant.configure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configure {
    /// The block; its one argument is the root, `config`.
    pub block: BlockId,
    /// Whether it speaks configuration version 1.
    pub is_version_one: bool,
}

/// An argument of a block.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// An object of the model.
    Object(ObjectId),
    /// A value.
    Value(Value),
}

/// What all languages of a session share.
pub struct Shared {
    /// The live configuration. Borrowed for one access at a time, never while a block runs.
    pub model: RefCell<Model>,
    /// The world around the files. Borrowed in the same way.
    pub world: RefCell<World>,
    /// How the session is set up.
    pub settings: Settings,
    /// What is wrong with the files and did not end their reading.
    pub mistakes: RefCell<Vec<Mistake>>,
}

/// The language of a file, by its extension.
pub fn language_of(path: &Path) -> LanguageName {
    match path.extension().and_then(|it| it.to_str()) {
        Some("lua") => LanguageName::Lua,
        Some("toml") => LanguageName::Toml,
        _ => LanguageName::Ruby,
    }
}

/// Starts a language; `None` for one that is not built in.
pub fn start(name: LanguageName, shared: &Rc<Shared>) -> Option<Box<dyn Language>> {
    match name {
        LanguageName::Ruby => Some(Box::new(crate::ruby::Ruby::new(shared.clone()))),
        LanguageName::Toml => Some(Box::new(crate::toml::Toml::new(shared.clone()))),
        LanguageName::Lua => Some(Box::new(crate::lua::Lua::new(shared.clone()))),
    }
}

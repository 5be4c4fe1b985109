//! Vagrantfiles in TOML: tables that say what Ruby says in assignments and calls.
//!
//! Attributes are keys; what Ruby says with a repeated call is an array of tables, whose positional arguments have names. A file is
//! read into a [`tree::Table`] that knows where everything stands, checked as a whole ([`check`]), and driven into the model when the
//! session asks ([`drive`]). Nothing in it runs, so nothing needs trust.

mod check;
mod drive;
mod include;
mod tree;
mod variables;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use crate::language::{Argument, Configure, Language, Shared};
use crate::layer::Value;
use crate::model::{BlockId, Datum, LanguageName, ObjectId};
use crate::report::{Mistake, Report, Result};
use tree::Table;

/// The reader of TOML.
pub struct Toml {
    shared: Rc<Shared>,
    blocks: HashMap<BlockId, Block>,
}

/// What stands in for a block of Ruby's: a table that is driven into the model later.
#[derive(Clone)]
enum Block {
    /// A whole file, or a machine in it.
    Root(Rc<Table>),
    /// A provider's name and options, and what overrides the machine's under it.
    Provider(Rc<str>, Rc<Table>),
}

/// What is wrong with a file and what it includes.
#[derive(Default)]
struct Findings {
    /// What is no TOML: what else stands there cannot be told.
    broken: Vec<Mistake>,
    /// What has no meaning where it stands.
    noted: Vec<Mistake>,
}

impl Toml {
    /// A reader that has read nothing.
    pub fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            blocks: HashMap::new(),
        }
    }

    fn keep(&mut self, block: Block, arity: i32) -> BlockId {
        let id = self.shared.model.borrow_mut().keep_block(LanguageName::Toml, arity);
        self.blocks.insert(id, block);
        id
    }
}

impl Language for Toml {
    fn load(&mut self, path: &Path) -> Result<Vec<Configure>> {
        let mut findings = Findings::default();
        let mut files = include::read(path, &mut self.shared.world.borrow_mut(), &mut findings);
        for file in &mut files {
            check::root(file, &mut findings.noted);
        }
        if !findings.broken.is_empty() {
            let mistakes = findings.broken.into_iter().chain(findings.noted).collect();
            return Err(Report { mistakes });
        }
        self.shared.mistakes.borrow_mut().extend(findings.noted);
        let blocks = files.into_iter().map(|it| self.keep(Block::Root(Rc::new(it.table)), 1));
        Ok(blocks
            .map(|block| Configure {
                block,
                is_version_one: false,
            })
            .collect())
    }

    fn run(&mut self, block: BlockId, arguments: &[Argument]) -> Result<Datum> {
        let block = self.blocks.get(&block).cloned();
        let mut objects = arguments.iter().filter_map(object);
        match (block, objects.next(), objects.next()) {
            (Some(Block::Root(table)), Some(config), _) => self.drive_root(&table, config)?,
            (Some(Block::Provider(name, table)), Some(provider), config) => {
                self.drive_provider(&name, &table, provider)?;
                if let (Some(config), Some(table)) = (config, table.table("override")) {
                    self.drive_root(table, config)?;
                }
            }
            _ => {
                return Err(Report::without_place(
                    "a table of TOML was called without an object to fill",
                ));
            }
        }
        Ok(Datum::Plain(Value::Nil))
    }
}

fn object(argument: &Argument) -> Option<ObjectId> {
    match argument {
        Argument::Object(object) => Some(*object),
        Argument::Value(_) => None,
    }
}

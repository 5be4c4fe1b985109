//! Vagrantfiles in Lua 5.4: the same model as Ruby's, driven by a sandboxed interpreter.
//!
//! An attribute is an assignment, a method a call with `:` or `.`, a block a function, named options one table at the end. The
//! sandbox ([`sandbox`]) has what computes and nothing that runs, writes or connects; reading and `require` stay inside the project.
//!
//! **Invariant:** no file makes the process hang or run out of memory: instructions and bytes are counted, and the library functions
//! that loop without counting are guarded.

mod budget;
mod failure;
mod handle;
mod hook;
mod pattern;
mod sandbox;
mod values;

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use mlua::{Function, MultiValue};

use crate::language::{Argument, Configure, Language, Shared};
use crate::layer::Origin;
use crate::model::{BlockId, Datum, LanguageName};
use crate::report::{Place, Report, Result};
use budget::Budget;
use handle::Handle;

/// The interpreter.
pub struct Lua {
    state: Option<mlua::Lua>,
    inner: Rc<Inner>,
}

/// What the interpreter's callbacks share.
struct Inner {
    shared: Rc<Shared>,
    /// The files that were loaded. A chunk is named after its place in this list (`#0`), since Lua shortens long names.
    sources: RefCell<Vec<Source>>,
    blocks: RefCell<HashMap<BlockId, Function>>,
    configures: RefCell<Vec<Configure>>,
    /// What `require` has loaded; `None` while it loads.
    modules: RefCell<HashMap<PathBuf, Option<mlua::Value>>>,
    /// The folder of the file that was asked for; nothing outside of it is read.
    folder: RefCell<PathBuf>,
    budget: Budget,
    /// The line that began last: its chunk and its number.
    line: Cell<Option<(usize, usize)>>,
}

struct Source {
    path: Arc<Path>,
    text: String,
}

impl Lua {
    /// An interpreter that has read nothing. Its state is made when the first file is loaded.
    pub fn new(shared: Rc<Shared>) -> Self {
        let budget = Budget::new(shared.settings.limits.steps);
        let inner = Inner {
            shared,
            sources: RefCell::default(),
            blocks: RefCell::default(),
            configures: RefCell::default(),
            modules: RefCell::default(),
            folder: RefCell::default(),
            budget,
            line: Cell::default(),
        };
        Self {
            state: None,
            inner: Rc::new(inner),
        }
    }

    fn state(&mut self) -> Result<mlua::Lua> {
        if let Some(state) = &self.state {
            return Ok(state.clone());
        }
        self.inner.start();
        let state = sandbox::open(&self.inner).map_err(|error| self.inner.report(&error))?;
        self.state = Some(state.clone());
        Ok(state)
    }
}

impl Language for Lua {
    fn load(&mut self, path: &Path) -> Result<Vec<Configure>> {
        let state = self.state()?;
        self.inner.start();
        *self.inner.folder.borrow_mut() = path.parent().unwrap_or(Path::new("/")).to_owned();
        let chunk = self.inner.chunk(&state, path).map_err(|message| match message {
            sandbox::ChunkError::Unreadable(message) => Report::without_place(message),
            sandbox::ChunkError::Lua(error) => self.inner.report(&error),
        })?;
        chunk.call::<()>(()).map_err(|error| self.inner.report(&error))?;
        Ok(std::mem::take(&mut *self.inner.configures.borrow_mut()))
    }

    fn run(&mut self, block: BlockId, arguments: &[Argument]) -> Result<Datum> {
        let state = self.state()?;
        self.inner.start();
        let function = self.inner.blocks.borrow().get(&block).cloned();
        let Some(function) = function else {
            return Err(Report::without_place("a function of Lua was called that is not there"));
        };
        let returned = arguments
            .iter()
            .map(|it| match it {
                Argument::Object(object) => Handle::object(&state, *object),
                Argument::Value(value) => values::to_lua(&state, value),
            })
            .collect::<mlua::Result<MultiValue>>()
            .and_then(|arguments| function.call::<mlua::Value>(arguments))
            .and_then(|returned| values::to_datum(&returned));
        returned.map_err(|error| self.inner.report(&error))
    }
}

impl Inner {
    /// The state's own, from within a callback.
    fn of(state: &mlua::Lua) -> mlua::Result<Rc<Inner>> {
        let inner = state.app_data_ref::<Rc<Inner>>().map(|it| it.clone());
        inner.ok_or_else(|| mlua::Error::runtime("the interpreter is closing"))
    }

    /// Seconds since 1970.
    fn now(&self) -> i64 {
        self.shared.world.borrow().host.now().seconds
    }

    fn start(&self) {
        self.budget.start(self.now());
    }

    /// Takes instructions off the budget, and looks whether the user still wants them. Whether the file may go on; where it may not, it
    /// was ended at `place`.
    fn spend(&self, instructions: u32, place: impl FnOnce() -> Option<(usize, usize)>) -> bool {
        let spent = if self.shared.settings.cancellation.is_cancelled() {
            Err(self.budget.end("reading was interrupted", None))
        } else {
            let instructions = u64::from(instructions);
            let kept = self.budget.keep_time(self.now());
            kept.and_then(|()| self.budget.charge(instructions, "does a loop in it never end?"))
        };
        if spent.is_err()
            && let Some((chunk, line)) = place()
        {
            self.budget.ended_at(self.place(chunk, line));
        }
        spent.is_ok()
    }

    /// Gives a function a number that outlives this call.
    fn keep_block(&self, function: Function) -> BlockId {
        let arity = i32::from(function.info().num_params);
        let block = self.shared.model.borrow_mut().keep_block(LanguageName::Lua, arity);
        self.blocks.borrow_mut().insert(block, function);
        block
    }

    /// Where the file stands that called into here: the innermost function of Lua's.
    fn origin(&self, state: &mlua::Lua) -> Origin {
        let places = (0..32).map_while(|level| {
            state.inspect_stack(level, |it| {
                let chunk = chunk_number(&it.source().source?)?;
                Some((chunk, it.current_line()?))
            })
        });
        let (chunk, line) = places.flatten().next().unwrap_or((0, 1));
        self.origin_of(chunk, line)
    }

    /// Lua knows no columns; the first letter of the line is close enough.
    fn origin_of(&self, chunk: usize, line: usize) -> Origin {
        let sources = self.sources.borrow();
        let file = sources
            .get(chunk)
            .map_or_else(|| Path::new("").into(), |it| it.path.clone());
        let text = sources
            .get(chunk)
            .and_then(|it| it.text.lines().nth(line.saturating_sub(1)))
            .unwrap_or_default();
        let indent = text.chars().take_while(|it| it.is_whitespace()).count();
        Origin {
            file,
            line: line as u32,
            column: indent as u32 + 1,
        }
    }

    fn place(&self, chunk: usize, line: usize) -> Place {
        let origin = self.origin_of(chunk, line);
        let sources = self.sources.borrow();
        let text = sources
            .get(chunk)
            .and_then(|it| it.text.lines().nth(line.saturating_sub(1)))
            .unwrap_or_default();
        Place {
            file: origin.file.to_path_buf(),
            line: origin.line,
            column: origin.column,
            source_line: text.to_owned(),
        }
    }
}

/// Which of the loaded files a function is from; none for what is the sandbox's own.
fn chunk_number(source: &str) -> Option<usize> {
    source.strip_prefix("=#")?.parse().ok()
}

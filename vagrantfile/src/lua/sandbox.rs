//! The state of Lua that a file runs in: what computes, and what reads inside the project.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua::{Function, Lua as State, LuaOptions, LuaString, StdLib, Table, Value as LuaValue};

use super::failure::Failure;
use super::{Inner, Source, hook, pattern};
use crate::language::Configure;

/// What Vagrant's version is for files that ask.
const VAGRANT_VERSION: &str = "2.4.9";

/// Why a file could not be made a function.
pub enum ChunkError {
    /// It could not be read.
    Unreadable(String),
    /// It is not Lua.
    Lua(mlua::Error),
}

/// A state with the sandbox's globals, which counts what it uses.
pub fn open(inner: &Rc<Inner>) -> mlua::Result<State> {
    let libraries = StdLib::COROUTINE | StdLib::TABLE | StdLib::STRING | StdLib::UTF8 | StdLib::MATH;
    let state = State::new_with(libraries, LuaOptions::default())?;
    state.set_app_data(inner.clone());
    state.set_memory_limit(inner.shared.settings.limits.memory)?;
    hook::install(&state, inner)?;
    let globals = state.globals();
    for name in ["dofile", "loadfile", "load", "collectgarbage", "warn"] {
        globals.raw_remove(name)?;
    }
    globals.get::<Table>("string")?.raw_remove("dump")?;
    pattern::install(&state)?;
    guard(&state, inner)?;
    globals.raw_set("print", state.create_function(print)?)?;
    globals.raw_set("require", state.create_function(require)?)?;
    globals.raw_set("os", os(&state)?)?;
    globals.raw_set("io", io(&state)?)?;
    globals.raw_set("Vagrant", vagrant(&state)?)?;
    Ok(state)
}

/// Puts guards around the functions that would get past the counting.
fn guard(state: &State, inner: &Rc<Inner>) -> mlua::Result<()> {
    let inner = inner.clone();
    let check = state.create_function(move |_, ()| inner.budget.check())?;
    state.load(include_str!("guards.lua")).set_name("=guards").call(check)
}

fn vagrant(state: &State) -> mlua::Result<Table> {
    let vagrant = state.create_table()?;
    vagrant.raw_set("VERSION", VAGRANT_VERSION)?;
    // A table cannot hold nil, and some options are set to it: `env = { PROXY = Vagrant.null }`.
    vagrant.raw_set("null", LuaValue::NULL)?;
    vagrant.raw_set("configure", state.create_function(configure)?)?;
    let has_plugin = |state: &State, name: String| Ok(Inner::of(state)?.shared.settings.plugins.has(&name));
    vagrant.raw_set("has_plugin", state.create_function(has_plugin)?)?;
    Ok(vagrant)
}

fn configure(state: &State, (version, function): (LuaValue, Function)) -> mlua::Result<()> {
    let version = version.to_string()?;
    if !matches!(version.as_str(), "1" | "2") {
        let advice = Some("write `Vagrant.configure(\"2\", function(config) ... end)`".to_owned());
        return Err(Failure::raise(
            format!("there is no configuration version {version}"),
            advice,
        ));
    }
    let inner = Inner::of(state)?;
    let block = inner.keep_block(function);
    inner.configures.borrow_mut().push(Configure {
        block,
        is_version_one: version == "1",
    });
    Ok(())
}

fn print(state: &State, values: mlua::Variadic<LuaValue>) -> mlua::Result<()> {
    let texts = values
        .iter()
        .map(LuaValue::to_string)
        .collect::<mlua::Result<Vec<_>>>()?;
    Inner::of(state)?
        .shared
        .world
        .borrow_mut()
        .host
        .print(&format!("{}\n", texts.join("\t")));
    Ok(())
}

/// `os` with what asks and nothing that acts.
fn os(state: &State) -> mlua::Result<Table> {
    let os = state.create_table()?;
    let getenv = |state: &State, name: String| {
        Ok(Inner::of(state)?
            .shared
            .world
            .borrow()
            .variable(&name)
            .map(str::to_owned))
    };
    let time = |state: &State, ()| Ok(Inner::of(state)?.shared.world.borrow().host.now().seconds);
    os.raw_set("getenv", state.create_function(getenv)?)?;
    os.raw_set("time", state.create_function(time)?)?;
    for name in ["execute", "exit", "remove", "rename", "tmpname"] {
        os.raw_set(name, refusal(state, format!("os.{name}"))?)?;
    }
    Ok(os)
}

/// `io` with what reads inside the project.
fn io(state: &State) -> mlua::Result<Table> {
    let read = state.create_function(read_file)?;
    let io: Table = state.load(include_str!("io.lua")).set_name("=io").call(read)?;
    for name in ["popen", "output", "write", "tmpfile"] {
        io.raw_set(name, refusal(state, format!("io.{name}"))?)?;
    }
    Ok(io)
}

fn refusal(state: &State, name: String) -> mlua::Result<Function> {
    state.create_function(move |_, _: mlua::Variadic<LuaValue>| -> mlua::Result<()> {
        let advice = "a Vagrantfile in Lua reads and computes; it runs and writes nothing".to_owned();
        Err(Failure::raise(
            format!("there is no `{name}` in a Vagrantfile"),
            Some(advice),
        ))
    })
}

/// The content of a file inside the project, or nil and the reason.
fn read_file(
    state: &State,
    (path, mode): (String, Option<String>),
) -> mlua::Result<(Option<LuaString>, Option<String>)> {
    if mode.is_some_and(|it| it.contains(['w', 'a', '+'])) {
        let advice = "a Vagrantfile in Lua writes nothing".to_owned();
        return Err(Failure::raise(
            format!("`{path}` cannot be opened for writing"),
            Some(advice),
        ));
    }
    let inner = Inner::of(state)?;
    let read = inner.inside_project(Path::new(&path)).and_then(|it| {
        inner
            .shared
            .world
            .borrow()
            .read(&it)
            .map_err(|error| format!("{path}: {error}"))
    });
    match read {
        Ok(bytes) => Ok((Some(state.create_string(bytes)?), None)),
        Err(message) => Ok((None, Some(message))),
    }
}

/// Runs a file of the project once and returns what it returned: `require("lib.helpers")` is `lib/helpers.lua`.
fn require(state: &State, name: String) -> mlua::Result<LuaValue> {
    let inner = Inner::of(state)?;
    let relative = format!("{}.lua", name.replace('.', "/"));
    let path = inner
        .inside_project(Path::new(&relative))
        .map_err(|message| Failure::raise(format!("cannot require `{name}`: {message}"), None))?;
    let loaded = inner.modules.borrow().get(&path).cloned();
    match loaded {
        Some(Some(value)) => return Ok(value),
        Some(None) => return Err(Failure::raise(format!("`{name}` requires itself"), None)),
        None => {}
    }
    inner.modules.borrow_mut().insert(path.clone(), None);
    let returned = match inner.chunk(state, &path) {
        Ok(chunk) => chunk.call::<LuaValue>(name),
        Err(ChunkError::Lua(error)) => Err(error),
        Err(ChunkError::Unreadable(message)) => Err(Failure::raise(message, None)),
    };
    let value = returned.inspect_err(|_| drop(inner.modules.borrow_mut().remove(&path)))?;
    let value = if value.is_nil() { LuaValue::Boolean(true) } else { value };
    inner.modules.borrow_mut().insert(path, Some(value.clone()));
    Ok(value)
}

impl Inner {
    /// A file as a function. Only text is taken: precompiled code could break the interpreter.
    pub(super) fn chunk(&self, state: &State, path: &Path) -> Result<Function, ChunkError> {
        let unreadable = |reason: String| ChunkError::Unreadable(format!("cannot read {}: {reason}", path.display()));
        let bytes = self
            .shared
            .world
            .borrow()
            .read(path)
            .map_err(|error| unreadable(error.to_string()))?;
        self.shared.world.borrow_mut().note_file(path, &bytes);
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?;
        let number = self.sources.borrow().len();
        self.sources.borrow_mut().push(Source {
            path: path.into(),
            text: text.clone(),
        });
        let chunk = state
            .load(text)
            .set_name(format!("=#{number}"))
            .set_mode(mlua::chunk::ChunkMode::Text);
        chunk.into_function().map_err(ChunkError::Lua)
    }

    /// The real path of a file, where it is inside the project's folder, links resolved.
    fn inside_project(&self, path: &Path) -> Result<PathBuf, String> {
        let world = self.shared.world.borrow();
        let folder = self.folder.borrow();
        let shown = path.display();
        let real = world
            .canonical(&folder.join(path))
            .map_err(|error| format!("{shown}: {error}"))?;
        let folder = world.canonical(&folder).unwrap_or_else(|_| folder.clone());
        match real.starts_with(&folder) {
            true => Ok(real),
            false => Err(format!("{shown} is outside of the project's folder")),
        }
    }
}

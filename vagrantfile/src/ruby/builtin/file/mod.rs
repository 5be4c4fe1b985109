//! `File`, `Dir`, `IO`, `FileTest` and `FileUtils`. Everything goes through the world around the session: what it may not write is kept in
//! memory.

mod dir;
mod glob;
mod input;
mod names;
mod stream;
mod utils;

use crate::host::{Change, Metadata};
use crate::ruby::builtin::Methods;
use crate::ruby::builtin::exception::of_system;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use dir::DIR;
pub use input::{gets, readline, readlines};
use names::NAMES;
pub use names::expand_home;
use std::io;
use std::path::{Path, PathBuf};
pub use stream::open;
use stream::{STREAM, TERMINAL, opened};
use utils::{UTILS, move_file, remove_files};

pub fn install(it: &mut Interpreter) {
    let object = it.core.object.clone();
    let stream = it.core.class_at("IO", &object);
    stream.included.borrow_mut().push(it.core.enumerable.clone());
    it.methods(&stream, STREAM);
    it.own_methods(&stream, READING);
    it.own_methods(&stream, PIPES);
    let file = it.core.class_at("File", &stream);
    for (name, value) in [("SEPARATOR", "/"), ("Separator", "/"), ("PATH_SEPARATOR", ":")] {
        it.put(&file, name, Value::string(value));
    }
    it.put(&file, "ALT_SEPARATOR", Value::Nil);
    it.put(&file, "NULL", Value::string("/dev/null"));
    let constants = it.core.module_at("File::Constants");
    for (name, value) in stream::OPEN_FLAGS {
        it.put(&file, name, Value::Integer(*value));
        it.put(&constants, name, Value::Integer(*value));
    }
    for name in [
        "FNM_DOTMATCH",
        "FNM_CASEFOLD",
        "FNM_PATHNAME",
        "FNM_SYSCASE",
        "FNM_EXTGLOB",
    ] {
        it.put(&file, name, Value::Integer(4));
    }
    for methods in [READING, TESTS, NAMES, WRITING] {
        it.own_methods(&file, methods);
    }
    let test = it.core.module_at("FileTest");
    it.own_methods(&test, TESTS);
    let stat = it.core.class_at("File::Stat", &object);
    it.methods(&stat, STAT);
    let dir = it.core.class_at("Dir", &object);
    it.own_methods(&dir, DIR);
    let utils = it.core.module_at("FileUtils");
    it.own_methods(&utils, UTILS);
    it.methods(&utils, UTILS);
    let text = it.core.class_at("StringIO", &stream);
    it.own_methods(
        &text,
        &[("new", |it, this, arguments| {
            let Value::Class(class) = this else {
                return Ok(Value::Nil);
            };
            let content = crate::ruby::builtin::string::text_or(it, arguments.get(0), "")?;
            let class = class.clone();
            opened(it, &class, content, None)
        })],
    );
    for (global, constant) in [("$stdout", "STDOUT"), ("$stderr", "STDERR"), ("$stdin", "STDIN")] {
        let stream = it.core.instance(&it.core.class_at("IO", &object));
        if let Ok(singleton) = it.singleton(&stream) {
            it.methods(&singleton, TERMINAL);
            if constant == "STDIN" {
                it.methods(&singleton, input::INPUT);
            }
        }
        let number = ["STDIN", "STDOUT", "STDERR"].iter().position(|it| *it == constant);
        if let (Value::Object(object), Some(number)) = (&stream, number) {
            let number = Value::Integer(number as i64);
            object.instance.borrow_mut().insert(Symbol::new("@number"), number);
        }
        it.globals.insert(Symbol::new(global), stream.clone());
        it.put(&object, constant, stream);
    }
}

const READING: Methods = &[
    ("read", |it, _, arguments| {
        Ok(Value::string(read_argument(it, arguments.get(0))?))
    }),
    ("binread", |it, _, arguments| {
        Ok(Value::string(read_argument(it, arguments.get(0))?))
    }),
    ("readlines", |it, _, arguments| {
        let text = read_argument(it, arguments.get(0))?;
        let chomp = arguments.keyword("chomp").is_some_and(|it| it.is_true());
        Ok(Value::array(super::string::lines_of(it, &text, chomp)?))
    }),
    ("foreach", |it, _, arguments| {
        let text = read_argument(it, arguments.get(0))?;
        let lines = crate::ruby::builtin::string::lines_of(it, &text, false)?;
        match &arguments.block {
            Some(block) => {
                for line in lines {
                    it.yield_to(block, &[line])?;
                }
                Ok(Value::Nil)
            }
            None => Ok(Value::array(lines)),
        }
    }),
    ("open", |it, _, arguments| open(it, arguments)),
    ("new", |it, _, arguments| open(it, arguments)),
    ("popen", |it, _, arguments| super::commands::open_piped(it, arguments)),
    ("pipe", |it, _, arguments| {
        let object = Value::Class(it.core.object.clone());
        let pipe = it.send(&object, "const_get", vec![Value::symbol("HostPipe")])?;
        it.call(&pipe, Symbol::new("pair"), arguments.clone())
    }),
    ("select", |it, _, arguments| {
        let object = Value::Class(it.core.object.clone());
        let streaming = it.send(&object, "const_get", vec![Value::symbol("HostStreaming")])?;
        it.call(&streaming, Symbol::new("select"), arguments.clone())
    }),
];

/// `IO` alone takes a command for a file's name.
const PIPES: Methods = &[
    ("read", |it, _, arguments| match super::commands::piped(arguments) {
        Some(arguments) => super::commands::backtick(it, &arguments),
        None => {
            let file = Value::Class(it.core.class_at("File", &it.core.object.clone()));
            it.call(&file, Symbol::new("read"), arguments.clone())
        }
    }),
    ("readlines", |it, _, arguments| {
        let piped = super::commands::piped(arguments);
        match piped {
            Some(arguments) => {
                let text = super::commands::backtick(it, &arguments)?;
                it.send(&text, "lines", Vec::new())
            }
            None => {
                let file = Value::Class(it.core.class_at("File", &it.core.object.clone()));
                it.call(&file, Symbol::new("readlines"), arguments.clone())
            }
        }
    }),
];

const TESTS: Methods = &[
    ("exist?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some()))
    }),
    // Vagrant's Ruby took this name out, and Vagrantfiles of before that use it.
    ("exists?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some()))
    }),
    ("file?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| !it.is_directory)))
    }),
    ("directory?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.is_directory)))
    }),
    ("socket?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.is_socket)))
    }),
    ("readable?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some()))
    }),
    ("writable?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some()))
    }),
    ("executable?", |it, _, arguments| {
        Ok(Value::Boolean(
            look(it, arguments)?.is_some_and(|it| it.mode & 0o111 != 0),
        ))
    }),
    ("symlink?", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        let canonical = it.shared.world.borrow().canonical(&path);
        let above = path
            .parent()
            .and_then(|parent| it.shared.world.borrow().canonical(parent).ok());
        let plain = above.and_then(|parent| Some(parent.join(path.file_name()?)));
        Ok(Value::Boolean(canonical.is_ok_and(|it| Some(it) != plain)))
    }),
    ("zero?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.size == 0)))
    }),
    ("empty?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.size == 0)))
    }),
    ("size?", |it, _, arguments| {
        Ok(look(it, arguments)?
            .filter(|it| it.size > 0)
            .map_or(Value::Nil, |it| Value::Integer(it.size as i64)))
    }),
    ("owned?", |_, _, _| Ok(Value::Boolean(true))),
    ("identical?", |it, _, arguments| {
        let [one, two] = [
            path_argument(it, arguments.get(0))?,
            path_argument(it, arguments.get(1))?,
        ];
        let world = it.shared.world.borrow();
        Ok(Value::Boolean(
            world
                .canonical(&one)
                .is_ok_and(|one| world.canonical(&two).is_ok_and(|two| one == two)),
        ))
    }),
];

const STAT: Methods = &[
    ("size", |_, this, _| {
        Ok(metadata_of(this).map_or(Value::Nil, |it| Value::Integer(it.size as i64)))
    }),
    ("mode", |_, this, _| {
        Ok(metadata_of(this).map_or(Value::Nil, |it| Value::Integer(i64::from(it.mode))))
    }),
    ("directory?", |_, this, _| {
        Ok(Value::Boolean(metadata_of(this).is_some_and(|it| it.is_directory)))
    }),
    ("file?", |_, this, _| {
        Ok(Value::Boolean(metadata_of(this).is_some_and(|it| !it.is_directory)))
    }),
    ("mtime", |it, this, _| {
        crate::ruby::builtin::time::at(it, metadata_of(this).map_or(0, |it| it.modified))
    }),
    ("uid", |it, _, _| {
        Ok(Value::Integer(i64::from(it.shared.world.borrow().host.facts().user_id)))
    }),
    ("gid", |it, _, _| {
        Ok(Value::Integer(i64::from(
            it.shared.world.borrow().host.facts().group_id,
        )))
    }),
];

const WRITING: Methods = &[
    ("write", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        let text = it.to_s(arguments.get(1).unwrap_or(&Value::Nil))?;
        let length = text.len() as i64;
        change(it, Change::Write(path, text.into_bytes()))?;
        Ok(Value::Integer(length))
    }),
    ("binwrite", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        let text = it.to_s(arguments.get(1).unwrap_or(&Value::Nil))?;
        change(it, Change::Write(path, text.into_bytes()))
    }),
    ("delete", remove_files),
    ("unlink", remove_files),
    ("rename", |it, _, arguments| move_file(it, arguments)),
    ("symlink", |it, _, arguments| {
        let target = PathBuf::from(it.text_of(arguments.get(0))?);
        let path = path_argument(it, arguments.get(1))?;
        change(it, Change::Link(target, path))
    }),
    ("chmod", |it, _, arguments| {
        let mode = it.integer_of(arguments.get(0))? as u32;
        for value in arguments.list.iter().skip(1) {
            let path = path_argument(it, Some(value))?;
            change(it, Change::Mode(path, mode))?;
        }
        Ok(Value::Integer(1))
    }),
    ("utime", |_, _, _| Ok(Value::Integer(1))),
];

/// An argument as a path: text, or anything that knows its path.
pub fn path_argument(it: &mut Interpreter, value: Option<&Value>) -> Outcome<PathBuf> {
    let text = match value {
        Some(value @ Value::Object(_)) => {
            let path = it.instance_variable(value, Symbol::new("@path"));
            match path.text() {
                Some(path) => path,
                None => it.text_of(Some(value))?,
            }
        }
        value => it.text_of(value)?,
    };
    if text.contains('\0') {
        return Err(it.error("ArgumentError", "string contains null byte"));
    }
    Ok(it.shared.world.borrow().absolute(Path::new(&text)))
}

fn look(it: &mut Interpreter, arguments: &Arguments) -> Outcome<Option<Metadata>> {
    // Nothing has the empty name, although paths that are made of it begin in the working folder.
    if matches!(arguments.get(0), Some(Value::String(name)) if name.text.borrow().is_empty()) {
        return Ok(None);
    }
    let path = path_argument(it, arguments.get(0))?;
    Ok(it.shared.world.borrow().metadata(&path).ok())
}

fn stat(it: &mut Interpreter, arguments: &Arguments) -> Outcome<Metadata> {
    let path = path_argument(it, arguments.get(0))?;
    let metadata = it.shared.world.borrow().metadata(&path);
    metadata.map_err(|error| failed(it, error, &path))
}

fn metadata_of(this: &Value) -> Option<Metadata> {
    let Value::Object(object) = this else { return None };
    let native = object.native.borrow().clone();
    native?.downcast::<Metadata>().ok().map(|it| *it)
}

/// The error of Ruby's for an error of the system's.
pub fn failed(it: &mut Interpreter, error: io::Error, path: &Path) -> Box<Flow> {
    let found = of_system(error.kind()).map(|(class, text)| (class, text.to_owned()));
    let (class, text) = found.unwrap_or_else(|| ("SystemCallError", error.to_string()));
    it.error(class, format!("{text} @ rb_sysopen - {}", path.display()))
}

fn read(it: &mut Interpreter, path: &Path) -> Outcome<String> {
    let size = it.shared.world.borrow().metadata(path).map_or(0, |it| it.size);
    it.reserve(usize::try_from(size).unwrap_or(usize::MAX))?;
    let bytes = it.shared.world.borrow().read(path);
    match bytes {
        Ok(bytes) => {
            Ok(String::from_utf8(bytes).unwrap_or_else(|it| String::from_utf8_lossy(it.as_bytes()).into_owned()))
        }
        Err(error) => Err(failed(it, error, path)),
    }
}

/// The text of the file that an argument names.
pub fn read_argument(it: &mut Interpreter, value: Option<&Value>) -> Outcome<String> {
    let path = path_argument(it, value)?;
    read(it, &path)
}

fn change(it: &mut Interpreter, change: Change) -> Eval {
    let path = change.path().to_owned();
    if let Change::Write(_, content) = &change {
        it.reserve(content.len())?;
    }
    let result = it.shared.world.borrow_mut().change(change);
    match result {
        Ok(()) => Ok(Value::Integer(0)),
        Err(error) => Err(failed(it, error, &path)),
    }
}

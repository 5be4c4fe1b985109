//! `File`, `Dir`, `IO`, `FileTest` and `FileUtils`. Everything goes through the world around the session: what it may not write is kept in
//! memory.

use super::Methods;
use crate::host::{Change, Metadata};
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::io;
use std::path::{Path, PathBuf};

pub fn install(it: &mut Interpreter) {
    let object = it.core.object.clone();
    let stream = it.core.class_at("IO", &object);
    stream.included.borrow_mut().push(it.core.enumerable.clone());
    it.methods(&stream, STREAM);
    it.own_methods(&stream, READING);
    let file = it.core.class_at("File", &stream);
    for (name, value) in [("SEPARATOR", "/"), ("Separator", "/"), ("PATH_SEPARATOR", ":")] {
        it.put(&file, name, Value::string(value));
    }
    it.put(&file, "ALT_SEPARATOR", Value::Nil);
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
            let content = super::string::text_or(it, arguments.get(0), "")?;
            let class = class.clone();
            opened(it, &class, content, None)
        })],
    );
    for (global, constant) in [("$stdout", "STDOUT"), ("$stderr", "STDERR"), ("$stdin", "STDIN")] {
        let stream = it.core.instance(&it.core.class_at("IO", &object));
        if let Ok(singleton) = it.singleton(&stream) {
            it.methods(&singleton, TERMINAL);
        }
        it.globals.insert(Symbol::new(global), stream.clone());
        it.put(&object, constant, stream);
    }
}

/// What `$stdout` and its like can do.
const TERMINAL: Methods = &[
    ("puts", |it, _, arguments| {
        let text = super::kernel::lines(it, &arguments.list)?;
        super::kernel::print(it, &text)
    }),
    ("print", write_terminal),
    ("write", write_terminal),
    ("<<", |it, this, arguments| {
        write_terminal(it, this, arguments)?;
        Ok(this.clone())
    }),
    ("printf", |it, _, arguments| {
        let text = super::format::format(it, &arguments.list)?;
        super::kernel::print(it, &text)
    }),
    ("flush", |_, this, _| Ok(this.clone())),
    ("sync", |_, _, _| Ok(Value::Boolean(true))),
    ("sync=", |_, _, _| Ok(Value::Boolean(true))),
    ("tty?", |_, _, _| Ok(Value::Boolean(false))),
    ("isatty", |_, _, _| Ok(Value::Boolean(false))),
    ("fileno", |_, _, _| Ok(Value::Integer(1))),
    ("gets", |_, _, _| Ok(Value::Nil)),
    ("read", |_, _, _| Ok(Value::string(""))),
    ("getc", |_, _, _| Ok(Value::Nil)),
    ("noecho", |it, this, arguments| match &arguments.block {
        Some(block) => it.yield_to(block, std::slice::from_ref(this)),
        None => Ok(Value::Nil),
    }),
    ("winsize", |_, _, _| {
        Ok(Value::array(vec![Value::Integer(24), Value::Integer(80)]))
    }),
    ("reopen", |_, this, _| Ok(this.clone())),
];

fn write_terminal(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let mut text = String::new();
    for value in &arguments.list {
        text.push_str(&it.to_s(value)?);
    }
    super::kernel::print(it, &text)?;
    Ok(Value::Integer(text.len() as i64))
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
        Ok(Value::array(super::string::lines_of(&text, chomp)))
    }),
    ("foreach", |it, _, arguments| {
        let text = read_argument(it, arguments.get(0))?;
        let lines = super::string::lines_of(&text, false);
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
    ("popen", |it, _, arguments| {
        let output = super::process::backtick(it, &Arguments::of(arguments.list.iter().take(1).cloned().collect()))?;
        let class = it.core.class_at("StringIO", &it.core.object.clone());
        let stream = opened(it, &class, output.text().unwrap_or_default(), None)?;
        match &arguments.block {
            Some(block) => it.yield_to(block, &[stream]),
            None => Ok(stream),
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

const NAMES: Methods = &[
    ("join", |it, _, arguments| {
        let mut parts = Vec::new();
        flat_texts(it, &arguments.list, &mut parts)?;
        Ok(Value::string(join(&parts)))
    }),
    ("expand_path", |it, _, arguments| expand(it, arguments)),
    ("absolute_path", |it, _, arguments| expand(it, arguments)),
    ("absolute_path?", |it, _, arguments| {
        Ok(Value::Boolean(it.text_of(arguments.get(0))?.starts_with('/')))
    }),
    ("realpath", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        let found = it.shared.world.borrow().canonical(&path);
        found
            .map(|path| Value::string(path.to_string_lossy()))
            .map_err(|error| failed(it, error, &path))
    }),
    ("realdirpath", |it, _, arguments| expand(it, arguments)),
    ("readlink", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        let found = it.shared.world.borrow().canonical(&path);
        found
            .map(|path| Value::string(path.to_string_lossy()))
            .map_err(|error| failed(it, error, &path))
    }),
    ("dirname", |it, _, arguments| {
        Ok(Value::string(dirname(&it.text_of(arguments.get(0))?)))
    }),
    ("basename", |it, _, arguments| {
        let (path, suffix) = (
            it.text_of(arguments.get(0))?,
            super::string::text_or(it, arguments.get(1), "")?,
        );
        let trimmed = path.trim_end_matches('/');
        let name = trimmed.rsplit('/').next().unwrap_or_default();
        let name = if name.is_empty() && path.starts_with('/') {
            "/"
        } else {
            name
        };
        let name = match suffix.as_str() {
            ".*" => name.rfind('.').filter(|at| *at > 0).map_or(name, |at| &name[..at]),
            suffix => name.strip_suffix(suffix).filter(|it| !it.is_empty()).unwrap_or(name),
        };
        Ok(Value::string(name))
    }),
    ("extname", |it, _, arguments| {
        Ok(Value::string(extension(&it.text_of(arguments.get(0))?)))
    }),
    ("split", |it, _, arguments| {
        let path = it.text_of(arguments.get(0))?;
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        Ok(Value::array(vec![Value::string(dirname(&path)), Value::string(name)]))
    }),
    ("path", |it, _, arguments| {
        Ok(Value::string(it.text_of(arguments.get(0))?))
    }),
    ("fnmatch", fnmatch),
    ("fnmatch?", fnmatch),
    ("size", |it, _, arguments| {
        Ok(Value::Integer(stat(it, arguments)?.size as i64))
    }),
    ("mtime", |it, _, arguments| {
        let modified = stat(it, arguments)?.modified;
        super::time::at(it, modified)
    }),
    ("ctime", |it, _, arguments| {
        let modified = stat(it, arguments)?.modified;
        super::time::at(it, modified)
    }),
    ("atime", |it, _, arguments| {
        let modified = stat(it, arguments)?.modified;
        super::time::at(it, modified)
    }),
    ("stat", |it, _, arguments| {
        let metadata = stat(it, arguments)?;
        let class = it.core.class_at("File::Stat", &it.core.object.clone());
        let stat = it.core.instance(&class);
        if let Value::Object(object) = &stat {
            *object.native.borrow_mut() = Some(std::rc::Rc::new(metadata));
        }
        Ok(stat)
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
        super::time::at(it, metadata_of(this).map_or(0, |it| it.modified))
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

const DIR: Methods = &[
    ("pwd", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().directory().to_string_lossy()))
    }),
    ("getwd", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().directory().to_string_lossy()))
    }),
    ("home", |it, _, _| Ok(Value::string(home(it).to_string_lossy()))),
    ("tmpdir", |_, _, _| Ok(Value::string("/tmp"))),
    ("exist?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.is_directory)))
    }),
    ("exists?", |it, _, arguments| {
        Ok(Value::Boolean(look(it, arguments)?.is_some_and(|it| it.is_directory)))
    }),
    ("empty?", |it, _, arguments| {
        Ok(Value::Boolean(names(it, arguments.get(0))?.is_empty()))
    }),
    ("children", |it, _, arguments| {
        Ok(Value::array(
            names(it, arguments.get(0))?.into_iter().map(Value::string).collect(),
        ))
    }),
    ("each_child", |it, _, arguments| {
        let list = names(it, arguments.get(0))?.into_iter().map(Value::string).collect();
        it.call(
            &Value::array(list),
            Symbol::new("each"),
            Arguments {
                block: arguments.block.clone(),
                ..Arguments::default()
            },
        )
    }),
    ("entries", |it, _, arguments| {
        let list = names(it, arguments.get(0))?;
        Ok(Value::array(
            [".".to_owned(), "..".to_owned()]
                .into_iter()
                .chain(list)
                .map(Value::string)
                .collect(),
        ))
    }),
    ("foreach", |it, _, arguments| {
        let list = names(it, arguments.get(0))?;
        let list = [".".to_owned(), "..".to_owned()]
            .into_iter()
            .chain(list)
            .map(Value::string)
            .collect();
        it.call(
            &Value::array(list),
            Symbol::new("each"),
            Arguments {
                block: arguments.block.clone(),
                ..Arguments::default()
            },
        )
    }),
    ("glob", |it, _, arguments| glob_argument(it, arguments)),
    ("[]", |it, _, arguments| glob_argument(it, arguments)),
    ("mkdir", |it, _, arguments| {
        let path = path_argument(it, arguments.get(0))?;
        change(it, Change::CreateFolder(path))
    }),
    ("rmdir", remove_files),
    ("delete", remove_files),
    ("unlink", remove_files),
    ("chdir", |it, _, arguments| {
        let path = match arguments.get(0) {
            Some(_) => path_argument(it, arguments.get(0))?,
            None => home(it),
        };
        let metadata = it.shared.world.borrow().metadata(&path);
        if let Err(error) = metadata {
            return Err(failed(it, error, &path));
        }
        let before = it.shared.world.borrow().directory().to_owned();
        it.shared.world.borrow_mut().set_directory(&path);
        match &arguments.block {
            Some(block) => {
                let result = it.yield_to(block, &[Value::string(path.to_string_lossy())]);
                it.shared.world.borrow_mut().set_directory(&before);
                result
            }
            None => Ok(Value::Integer(0)),
        }
    }),
    ("mktmpdir", |it, _, arguments| {
        let number = it.shared.world.borrow_mut().host.random() >> 16;
        let path = PathBuf::from(format!("/tmp/d{number:x}"));
        change(it, Change::CreateFolder(path.clone()))?;
        let name = Value::string(path.to_string_lossy());
        match &arguments.block {
            Some(block) => it.yield_to(block, &[name]),
            None => Ok(name),
        }
    }),
];

const UTILS: Methods = &[
    ("mkdir_p", make_folders),
    ("makedirs", make_folders),
    ("mkpath", make_folders),
    ("mkdir", make_folders),
    ("touch", |it, _, arguments| {
        for path in paths(it, arguments.get(0))? {
            let content = it.shared.world.borrow().read(&path).unwrap_or_default();
            change(it, Change::Write(path, content))?;
        }
        Ok(Value::Nil)
    }),
    ("rm", |it, _, arguments| remove(it, arguments, false)),
    ("rm_f", |it, _, arguments| remove(it, arguments, true)),
    ("rm_r", |it, _, arguments| remove(it, arguments, false)),
    ("rm_rf", |it, _, arguments| remove(it, arguments, true)),
    ("remove_dir", |it, _, arguments| remove(it, arguments, true)),
    ("rmtree", |it, _, arguments| remove(it, arguments, true)),
    ("cp", copy_files),
    ("copy", copy_files),
    ("copy_file", copy_files),
    ("install", copy_files),
    ("cp_r", copy_files),
    ("mv", |it, _, arguments| move_file(it, arguments)),
    ("move", |it, _, arguments| move_file(it, arguments)),
    ("ln_s", |it, _, arguments| {
        let target = PathBuf::from(it.text_of(arguments.get(0))?);
        let path = path_argument(it, arguments.get(1))?;
        change(it, Change::Link(target, path))
    }),
    ("ln_sf", |it, _, arguments| {
        let target = PathBuf::from(it.text_of(arguments.get(0))?);
        let path = path_argument(it, arguments.get(1))?;
        change(it, Change::Link(target, path))
    }),
    ("chmod", |_, _, _| Ok(Value::Nil)),
    ("chmod_R", |_, _, _| Ok(Value::Nil)),
    ("chown", |_, _, _| Ok(Value::Nil)),
    ("chown_R", |_, _, _| Ok(Value::Nil)),
    ("cd", |it, _, arguments| {
        let dir = Value::Class(it.core.class_at("Dir", &it.core.object.clone()));
        it.call(&dir, Symbol::new("chdir"), arguments.clone())
    }),
    ("pwd", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().directory().to_string_lossy()))
    }),
    ("compare_file", |it, _, arguments| {
        let [one, two] = [
            read_argument(it, arguments.get(0))?,
            read_argument(it, arguments.get(1))?,
        ];
        Ok(Value::Boolean(one == two))
    }),
    ("identical?", |it, _, arguments| {
        let [one, two] = [
            read_argument(it, arguments.get(0))?,
            read_argument(it, arguments.get(1))?,
        ];
        Ok(Value::Boolean(one == two))
    }),
    ("uptodate?", |_, _, _| Ok(Value::Boolean(true))),
];

/// An open file: its text, and where in it one is. What is written goes to the file when it is closed.
const STREAM: Methods = &[
    ("read", |it, this, _| {
        let (text, at) = position(it, this);
        move_to(it, this, text.len())?;
        Ok(Value::string(&text[at.min(text.len())..]))
    }),
    ("gets", |it, this, _| {
        let (text, at) = position(it, this);
        let rest = &text[at.min(text.len())..];
        let Some(line) = rest.split_inclusive('\n').next() else {
            return Ok(Value::Nil);
        };
        move_to(it, this, at + line.len())?;
        Ok(Value::string(line))
    }),
    ("readline", |it, this, arguments| {
        let line = it.call(this, Symbol::new("gets"), arguments.clone())?;
        if line.is_nil() {
            Err(it.error("EOFError", "end of file reached"))
        } else {
            Ok(line)
        }
    }),
    ("readlines", |it, this, arguments| {
        let (text, at) = position(it, this);
        let chomp = arguments.keyword("chomp").is_some_and(|it| it.is_true());
        Ok(Value::array(super::string::lines_of(
            &text[at.min(text.len())..],
            chomp,
        )))
    }),
    ("each_line", each_line),
    ("each", each_line),
    ("write", |it, this, arguments| {
        let mut text = String::new();
        for value in &arguments.list {
            text.push_str(&it.to_s(value)?);
        }
        add(it, this, &text)?;
        Ok(Value::Integer(text.len() as i64))
    }),
    ("print", |it, this, arguments| {
        let mut text = String::new();
        for value in &arguments.list {
            text.push_str(&it.to_s(value)?);
        }
        add(it, this, &text)
    }),
    ("<<", |it, this, arguments| {
        let text = it.to_s(arguments.get(0).unwrap_or(&Value::Nil))?;
        add(it, this, &text)?;
        Ok(this.clone())
    }),
    ("puts", |it, this, arguments| {
        let text = super::kernel::lines(it, &arguments.list)?;
        add(it, this, &text)
    }),
    ("printf", |it, this, arguments| {
        let text = super::format::format(it, &arguments.list)?;
        add(it, this, &text)
    }),
    ("string", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@text")))
    }),
    ("path", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@path")))
    }),
    ("eof?", |it, this, _| {
        let (text, at) = position(it, this);
        Ok(Value::Boolean(at >= text.len()))
    }),
    ("rewind", |it, this, _| {
        move_to(it, this, 0)?;
        Ok(Value::Integer(0))
    }),
    ("close", |it, this, _| close(it, this)),
    ("flush", |_, this, _| Ok(this.clone())),
    ("sync=", |_, _, _| Ok(Value::Nil)),
    ("closed?", |_, _, _| Ok(Value::Boolean(false))),
    ("binmode", |_, this, _| Ok(this.clone())),
    ("chmod", |_, _, _| Ok(Value::Integer(0))),
    ("flock", |_, _, _| Ok(Value::Integer(0))),
    ("fsync", |_, _, _| Ok(Value::Integer(0))),
    ("body", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@text")))
    }),
];

/// `open(...)`: a file, or what a URL names.
pub fn open(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let name = match arguments.get(0) {
        Some(value @ Value::Object(_)) if it.find_method(value, Symbol::new("to_path")).is_none() => it.to_s(value)?,
        value => it.text_of(value)?,
    };
    let mode = match arguments.get(1) {
        Some(Value::String(mode)) => mode.text.borrow().clone(),
        _ => "r".to_owned(),
    };
    let file = it.core.class_at("File", &it.core.object.clone());
    let stream = if name.starts_with("http://") || name.starts_with("https://") {
        let text = super::process::fetch_url(it, &name)?;
        opened(it, &file, text, None)?
    } else {
        let path = path_argument(it, Some(&Value::string(name)))?;
        let text = match mode.chars().next() {
            Some('w') => {
                change(it, Change::Write(path.clone(), Vec::new()))?;
                String::new()
            }
            Some('a') => {
                let old = it.shared.world.borrow().read(&path).unwrap_or_default();
                String::from_utf8_lossy(&old).into_owned()
            }
            _ => read(it, &path)?,
        };
        let writes = mode.starts_with(['w', 'a']) || mode.contains('+');
        let stream = opened(it, &file, text, Some(&path))?;
        it.set_instance_variable(&stream, Symbol::new("@writes"), Value::Boolean(writes))?;
        stream
    };
    match &arguments.block {
        Some(block) => {
            let result = it.yield_to(block, std::slice::from_ref(&stream));
            close(it, &stream)?;
            result
        }
        None => Ok(stream),
    }
}

fn opened(it: &mut Interpreter, class: &std::rc::Rc<Class>, text: String, path: Option<&Path>) -> Eval {
    let stream = it.core.instance(class);
    it.set_instance_variable(&stream, Symbol::new("@text"), Value::string(text))?;
    it.set_instance_variable(&stream, Symbol::new("@at"), Value::Integer(0))?;
    if let Some(path) = path {
        it.set_instance_variable(&stream, Symbol::new("@path"), Value::string(path.to_string_lossy()))?;
    }
    Ok(stream)
}

fn position(it: &Interpreter, this: &Value) -> (String, usize) {
    let text = it
        .instance_variable(this, Symbol::new("@text"))
        .text()
        .unwrap_or_default();
    let at = match it.instance_variable(this, Symbol::new("@at")) {
        Value::Integer(at) => usize::try_from(at).unwrap_or(0),
        _ => 0,
    };
    (text, at)
}

fn move_to(it: &mut Interpreter, this: &Value, at: usize) -> Outcome<()> {
    it.set_instance_variable(this, Symbol::new("@at"), Value::Integer(at as i64))
}

fn add(it: &mut Interpreter, this: &Value, text: &str) -> Eval {
    let own = it.instance_variable(this, Symbol::new("@text"));
    if let Value::String(own) = &own {
        charge(text.len());
        own.text.borrow_mut().push_str(text);
        it.tick()?;
    }
    // It is written at once, so that a file which is never closed reads back too.
    close(it, this)?;
    Ok(Value::Nil)
}

fn close(it: &mut Interpreter, this: &Value) -> Eval {
    let writes = it.instance_variable(this, Symbol::new("@writes")).is_true();
    let path = it.instance_variable(this, Symbol::new("@path"));
    if let (true, Some(path)) = (writes, path.text()) {
        let (text, _) = position(it, this);
        change(it, Change::Write(PathBuf::from(path), text.into_bytes()))?;
    }
    Ok(Value::Nil)
}

fn each_line(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let (text, at) = position(it, this);
    let lines = super::string::lines_of(&text[at.min(text.len())..], false);
    let Some(block) = &arguments.block else {
        return Ok(Value::array(lines));
    };
    for line in lines {
        it.yield_to(block, &[line])?;
    }
    Ok(this.clone())
}

/// The user's home folder; `HOME` may have been changed.
fn home(it: &Interpreter) -> PathBuf {
    let world = it.shared.world.borrow();
    world.variable("HOME").map_or_else(|| world.host.home(), PathBuf::from)
}

/// A path with `~` at its beginning, put in its place.
pub fn expand_home(it: &Interpreter, path: &str) -> PathBuf {
    match path.strip_prefix('~') {
        Some("") => home(it),
        Some(rest) if rest.starts_with('/') => home(it).join(rest.trim_start_matches('/')),
        _ => PathBuf::from(path),
    }
}

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

fn paths(it: &mut Interpreter, value: Option<&Value>) -> Outcome<Vec<PathBuf>> {
    match value {
        Some(Value::Array(list)) => {
            let mut paths = Vec::new();
            for value in list.to_vec() {
                paths.push(path_argument(it, Some(&value))?);
            }
            Ok(paths)
        }
        value => Ok(vec![path_argument(it, value)?]),
    }
}

fn look(it: &mut Interpreter, arguments: &Arguments) -> Outcome<Option<Metadata>> {
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
    let (class, text) = match error.kind() {
        io::ErrorKind::NotFound => ("Errno::ENOENT", "No such file or directory".to_owned()),
        io::ErrorKind::PermissionDenied => ("Errno::EACCES", "Permission denied".to_owned()),
        io::ErrorKind::AlreadyExists => ("Errno::EEXIST", "File exists".to_owned()),
        io::ErrorKind::IsADirectory => ("Errno::EISDIR", "Is a directory".to_owned()),
        io::ErrorKind::NotADirectory => ("Errno::ENOTDIR", "Not a directory".to_owned()),
        _ => ("SystemCallError", error.to_string()),
    };
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

fn remove_files(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    for value in &arguments.list {
        let path = path_argument(it, Some(value))?;
        change(it, Change::Remove(path))?;
    }
    Ok(Value::Integer(arguments.len() as i64))
}

fn remove(it: &mut Interpreter, arguments: &Arguments, quietly: bool) -> Eval {
    for path in paths(it, arguments.get(0))? {
        match change(it, Change::Remove(path)) {
            Err(flow) if quietly && matches!(*flow, Flow::Raise(_)) => {}
            result => drop(result?),
        }
    }
    Ok(Value::Nil)
}

fn make_folders(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    for path in paths(it, arguments.get(0))? {
        change(it, Change::CreateFolder(path))?;
    }
    Ok(arguments.get(0).cloned().unwrap_or(Value::Nil))
}

fn copy_files(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let target = path_argument(it, arguments.get(1))?;
    for source in paths(it, arguments.get(0))? {
        let content = it.shared.world.borrow().read(&source);
        let content = match content {
            Ok(content) => content,
            Err(error) => return Err(failed(it, error, &source)),
        };
        let into_folder = it
            .shared
            .world
            .borrow()
            .metadata(&target)
            .is_ok_and(|it| it.is_directory);
        let path = if into_folder {
            target.join(source.file_name().unwrap_or_default())
        } else {
            target.clone()
        };
        change(it, Change::Write(path, content))?;
    }
    Ok(Value::Nil)
}

fn move_file(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    copy_files(it, &Value::Nil, arguments)?;
    for source in paths(it, arguments.get(0))? {
        change(it, Change::Remove(source))?;
    }
    Ok(Value::Integer(0))
}

fn names(it: &mut Interpreter, value: Option<&Value>) -> Outcome<Vec<String>> {
    let path = path_argument(it, value)?;
    let names = it.shared.world.borrow().list(&path);
    names.map_err(|error| failed(it, error, &path))
}

fn flat_texts(it: &mut Interpreter, values: &[Value], texts: &mut Vec<String>) -> Outcome<()> {
    it.tick()?;
    for value in values {
        match value {
            Value::Array(list) => flat_texts(it, &list.to_vec(), texts)?,
            Value::Object(_) => {
                let path = it.instance_variable(value, Symbol::new("@path"));
                texts.push(match path.text() {
                    Some(path) => path,
                    None => it.text_of(Some(value))?,
                });
            }
            other => texts.push(it.text_of(Some(other))?),
        }
    }
    Ok(())
}

/// Parts of a path with one separator between them.
pub fn join(parts: &[String]) -> String {
    let mut path = String::new();
    for (index, part) in parts.iter().enumerate() {
        if index == 0 {
            path.push_str(part);
            continue;
        }
        let trimmed = path.trim_end_matches('/').len();
        if part.starts_with('/') {
            path.truncate(trimmed);
        } else if trimmed == path.len() || (path.is_empty()) {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

fn dirname(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rfind('/') {
        _ if trimmed.is_empty() && path.starts_with('/') => "/".to_owned(),
        Some(0) => "/".to_owned(),
        Some(at) => trimmed[..at].trim_end_matches('/').to_owned(),
        None => ".".to_owned(),
    }
}

fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rfind('.') {
        Some(at) if at > 0 && at + 1 < name.len() => name[at..].to_owned(),
        _ => String::new(),
    }
}

fn expand(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let path = match arguments.get(0) {
        Some(value @ Value::Object(_)) => {
            let own = it.instance_variable(value, Symbol::new("@path"));
            match own.text() {
                Some(path) => path,
                None => it.text_of(Some(value))?,
            }
        }
        value => it.text_of(value)?,
    };
    let base = match arguments.get(1) {
        None | Some(Value::Nil) => it.shared.world.borrow().directory().to_owned(),
        Some(base) => {
            let base = expand(it, &Arguments::of(vec![base.clone()]))?;
            PathBuf::from(base.text().unwrap_or_default())
        }
    };
    let path = base.join(expand_home(it, &path));
    Ok(Value::string(crate::host::clean_path(&path).to_string_lossy()))
}

fn fnmatch(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let [pattern, path] = [it.text_of(arguments.get(0))?, it.text_of(arguments.get(1))?];
    it.work(pattern.len().saturating_mul(path.len()))?;
    Ok(Value::Boolean(
        alternatives(&pattern).iter().any(|it| name_matches(it, &path)),
    ))
}

fn glob_argument(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let (list, _) = arguments.split();
    let mut patterns = Vec::new();
    flat_texts(
        it,
        &list
            .iter()
            .filter(|it| !matches!(it, Value::Integer(_)))
            .cloned()
            .collect::<Vec<_>>(),
        &mut patterns,
    )?;
    let base = match arguments.keyword("base") {
        Some(base) => path_argument(it, Some(&base))?,
        None => it.shared.world.borrow().directory().to_owned(),
    };
    let mut found = Vec::new();
    for pattern in patterns {
        for pattern in alternatives(&pattern) {
            glob(it, &base, &pattern, &mut found)?;
        }
    }
    let found: Vec<Value> = found.into_iter().map(Value::string).collect();
    match &arguments.block {
        Some(block) => {
            for path in found {
                it.yield_to(block, &[path])?;
            }
            Ok(Value::Nil)
        }
        None => Ok(Value::array(found)),
    }
}

/// `a{b,c}` as `ab` and `ac`.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else {
        return vec![pattern.to_owned()];
    };
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for (at, letter) in pattern[open + 1..].char_indices() {
        match letter {
            '}' if depth == 0 => {
                let rest = &pattern[open + 1 + at + 1..];
                let all = parts
                    .iter()
                    .take(64)
                    .flat_map(|part| alternatives(&format!("{}{part}{rest}", &pattern[..open])));
                return all.take(256).collect();
            }
            ',' if depth == 0 => parts.push(String::new()),
            letter => {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                parts.last_mut().into_iter().for_each(|it| it.push(letter));
            }
        }
    }
    vec![pattern.to_owned()]
}

fn glob(it: &mut Interpreter, base: &Path, pattern: &str, found: &mut Vec<String>) -> Outcome<()> {
    let is_absolute = pattern.starts_with('/');
    let parts: Vec<&str> = pattern.split('/').filter(|it| !it.is_empty()).collect();
    let start = if is_absolute {
        PathBuf::from("/")
    } else {
        base.to_owned()
    };
    walk(it, &start, if is_absolute { "/" } else { "" }, &parts, found)
}

fn walk(it: &mut Interpreter, folder: &Path, shown: &str, parts: &[&str], found: &mut Vec<String>) -> Outcome<()> {
    it.tick()?;
    let Some((part, rest)) = parts.split_first() else {
        return Ok(());
    };
    let name = |name: &str| format!("{shown}{name}");
    if *part == "**" && !rest.is_empty() {
        walk(it, folder, shown, rest, found)?;
        let names = it.shared.world.borrow().list(folder).unwrap_or_default();
        for child in names.into_iter().filter(|it| !it.starts_with('.')) {
            let path = folder.join(&child);
            let is_folder = it.shared.world.borrow().metadata(&path).is_ok_and(|it| it.is_directory);
            if is_folder {
                walk(it, &path, &format!("{}/", name(&child)), parts, found)?;
            }
        }
        return Ok(());
    }
    let children = if part.contains(['*', '?', '[']) {
        let names = it.shared.world.borrow().list(folder).unwrap_or_default();
        names
            .into_iter()
            .filter(|it| part.starts_with('.') || !it.starts_with('.'))
            .filter(|it| name_matches(part, it))
            .collect()
    } else {
        vec![(*part).to_owned()]
    };
    for child in children {
        let path = folder.join(&child);
        let metadata = it.shared.world.borrow().metadata(&path);
        match metadata {
            Ok(_) if rest.is_empty() => found.push(name(&child)),
            Ok(metadata) if metadata.is_directory => walk(it, &path, &format!("{}/", name(&child)), rest, found)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether a name fits a pattern of `*`, `?` and `[a-z]`.
fn name_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class_matches(&pattern[p..], name[n]),
            Some('\\') if pattern.get(p + 1) == Some(&name[n]) => Some(2),
            Some(letter) if *letter == name[n] => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|it| *it == '*')
}

/// The length of a class of letters where it holds the letter.
fn class_matches(pattern: &[char], letter: char) -> Option<usize> {
    let end = pattern.iter().skip(2).position(|it| *it == ']')? + 2;
    let (negated, body) = match pattern[1] {
        '!' | '^' => (true, &pattern[2..end]),
        _ => (false, &pattern[1..end]),
    };
    let mut holds = false;
    let mut at = 0;
    while at < body.len() {
        if at + 2 < body.len() && body[at + 1] == '-' {
            holds |= (body[at]..=body[at + 2]).contains(&letter);
            at += 3;
        } else {
            holds |= body[at] == letter;
            at += 1;
        }
    }
    (holds != negated).then_some(end + 1)
}

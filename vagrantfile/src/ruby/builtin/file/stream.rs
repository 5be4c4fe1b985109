//! Open files, `StringIO` and the terminal.

use super::{change, path_argument, read};
use crate::host::Change;
use crate::ruby::builtin::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::path::{Path, PathBuf};

/// What `$stdout` and its like can do.
pub(super) const TERMINAL: Methods = &[
    ("puts", |it, _, arguments| {
        let text = crate::ruby::builtin::kernel::lines(it, &arguments.list)?;
        crate::ruby::builtin::kernel::print(it, &text)
    }),
    ("print", write_terminal),
    ("write", write_terminal),
    ("<<", |it, this, arguments| {
        write_terminal(it, this, arguments)?;
        Ok(this.clone())
    }),
    ("printf", |it, _, arguments| {
        let text = crate::ruby::builtin::format::format(it, &arguments.list)?;
        crate::ruby::builtin::kernel::print(it, &text)
    }),
    ("flush", |_, this, _| Ok(this.clone())),
    ("sync", |_, _, _| Ok(Value::Boolean(true))),
    ("sync=", |_, _, _| Ok(Value::Boolean(true))),
    ("tty?", |_, _, _| Ok(Value::Boolean(false))),
    ("isatty", |_, _, _| Ok(Value::Boolean(false))),
    ("fileno", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@number")))
    }),
    ("noecho", super::input::without_echo),
    ("winsize", |_, _, _| {
        Ok(Value::array(vec![Value::Integer(24), Value::Integer(80)]))
    }),
    ("reopen", |_, this, _| Ok(this.clone())),
];

pub(super) fn write_terminal(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let mut text = String::new();
    for value in &arguments.list {
        text.push_str(&it.to_s(value)?);
    }
    crate::ruby::builtin::kernel::print(it, &text)?;
    Ok(Value::Integer(text.len() as i64))
}

/// An open file: its text, and where in it one is. What is written goes to the file when it is closed.
pub(super) const STREAM: Methods = &[
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
        let rest = &text[at.min(text.len())..];
        Ok(Value::array(crate::ruby::builtin::string::lines_of(it, rest, chomp)?))
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
        let text = crate::ruby::builtin::kernel::lines(it, &arguments.list)?;
        add(it, this, &text)
    }),
    ("printf", |it, this, arguments| {
        let text = crate::ruby::builtin::format::format(it, &arguments.list)?;
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

/// What Linux calls the ways to open a file.
pub(super) const OPEN_FLAGS: &[(&str, i64)] = &[
    ("RDONLY", 0),
    ("WRONLY", 1),
    ("RDWR", 2),
    ("CREAT", 0o100),
    ("EXCL", 0o200),
    ("TRUNC", 0o1000),
    ("APPEND", 0o2000),
    ("NONBLOCK", 0o4000),
    ("LOCK_SH", 1),
    ("LOCK_EX", 2),
    ("LOCK_NB", 4),
    ("LOCK_UN", 8),
];

fn mode_of(flags: i64) -> &'static str {
    match (flags & 3, flags & 0o2000 != 0, flags & 0o1000 != 0) {
        (0, ..) => "r",
        (_, true, _) => "a",
        (1, ..) | (_, _, true) => "w",
        _ => "r+",
    }
}

/// `open(...)`: a file, or what a URL names.
pub fn open(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let name = match arguments.get(0) {
        Some(value @ Value::Object(_)) if it.find_method(value, Symbol::new("to_path")).is_none() => it.to_s(value)?,
        value => it.text_of(value)?,
    };
    let mode = match arguments.get(1) {
        Some(Value::String(mode)) => mode.text.borrow().clone(),
        Some(Value::Integer(flags)) => mode_of(*flags).to_owned(),
        _ => "r".to_owned(),
    };
    let file = it.core.class_at("File", &it.core.object.clone());
    let stream = if name.starts_with("http://") || name.starts_with("https://") {
        let text = crate::ruby::builtin::network::fetch_url(it, &name, &arguments.list)?;
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

pub(super) fn opened(it: &mut Interpreter, class: &std::rc::Rc<Class>, text: String, path: Option<&Path>) -> Eval {
    let stream = it.core.instance(class);
    it.set_instance_variable(&stream, Symbol::new("@text"), Value::string(text))?;
    it.set_instance_variable(&stream, Symbol::new("@at"), Value::Integer(0))?;
    if let Some(path) = path {
        it.set_instance_variable(&stream, Symbol::new("@path"), Value::string(path.to_string_lossy()))?;
    }
    Ok(stream)
}

pub(super) fn position(it: &Interpreter, this: &Value) -> (String, usize) {
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

pub(super) fn move_to(it: &mut Interpreter, this: &Value, at: usize) -> Outcome<()> {
    it.set_instance_variable(this, Symbol::new("@at"), Value::Integer(at as i64))
}

pub(super) fn add(it: &mut Interpreter, this: &Value, text: &str) -> Eval {
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

pub(super) fn close(it: &mut Interpreter, this: &Value) -> Eval {
    let writes = it.instance_variable(this, Symbol::new("@writes")).is_true();
    let path = it.instance_variable(this, Symbol::new("@path"));
    if let (true, Some(path)) = (writes, path.text()) {
        let (text, _) = position(it, this);
        change(it, Change::Write(PathBuf::from(path), text.into_bytes()))?;
    }
    Ok(Value::Nil)
}

pub(super) fn each_line(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let (text, at) = position(it, this);
    let lines = crate::ruby::builtin::string::lines_of(it, &text[at.min(text.len())..], false)?;
    let Some(block) = &arguments.block else {
        return Ok(Value::array(lines));
    };
    for line in lines {
        it.yield_to(block, &[line])?;
    }
    Ok(this.clone())
}

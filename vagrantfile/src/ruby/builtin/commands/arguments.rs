//! What is given to `spawn` and its like: an environment, a command, and options (Ruby 3.3's `Process.spawn`).

use crate::host::{Command, CommandLine, Redirect};
use crate::ruby::builtin::file::path_argument;
use crate::ruby::interpreter::{Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::path::PathBuf;

/// The command that arguments say. What they do not say of its streams is [`Redirect::Inherit`].
pub fn command_of(it: &mut Interpreter, arguments: &Arguments) -> Outcome<Command> {
    let directory = it.shared.world.borrow().directory().to_owned();
    let mut command = Command {
        line: CommandLine::Program(Vec::new()),
        called: None,
        mask: None,
        directory,
        environment: Vec::new(),
        clears_environment: false,
        leads_group: false,
        input: Redirect::Inherit,
        output: Redirect::Inherit,
        errors: Redirect::Inherit,
    };
    let mut words = Vec::new();
    let mut is_program = false;
    for (index, value) in arguments.list.iter().enumerate() {
        match value {
            Value::Hash(table) if index == 0 && arguments.len() > 1 => {
                for (name, value) in table.to_pairs() {
                    let name = it.text_of(Some(&name))?;
                    let value = if value.is_nil() { None } else { Some(it.to_s(&value)?) };
                    command.environment.push((name, value));
                }
            }
            Value::Hash(table) => {
                for (name, value) in table.to_pairs() {
                    add_option(it, &mut command, &name, &value)?;
                }
            }
            // A program beside the name that it is given.
            Value::Array(list) => {
                is_program = true;
                words.extend(list.to_vec().first().and_then(Value::text));
                command.called = list.to_vec().get(1).and_then(Value::text);
            }
            other => words.push(it.text_of(Some(other))?),
        }
    }
    if words.is_empty() {
        return Err(it.wrong_count(0, 1, None));
    }
    if words.iter().any(|it| it.contains('\0')) {
        return Err(it.error("ArgumentError", "string contains null byte"));
    }
    command.line = match words.len() {
        1 if !is_program => CommandLine::of_line(&words[0]),
        _ => CommandLine::Program(words),
    };
    Ok(command)
}

fn add_option(it: &mut Interpreter, command: &mut Command, name: &Value, value: &Value) -> Outcome<()> {
    match name.text().as_deref() {
        Some("chdir") => {
            let folder = path_argument(it, Some(value))?;
            command.directory = it.shared.world.borrow().absolute(&folder);
        }
        Some("unsetenv_others") => command.clears_environment = value.is_true(),
        Some("umask") => command.mask = Some((it.integer_of(Some(value))? & 0o777) as u32),
        Some("pgroup") => command.leads_group = matches!(value, Value::Boolean(true) | Value::Integer(0)),
        Some("stdin_data") => command.input = Redirect::Text(it.to_s(value)?.into_bytes()),
        _ => {
            let streams = match name {
                Value::Array(list) => list.to_vec(),
                other => vec![other.clone()],
            };
            let streams: Vec<_> = streams.iter().filter_map(|name| standard(it, name)).collect();
            for stream in &streams {
                match stream {
                    0 => command.input = redirect_of(it, value, true)?,
                    1 => command.output = redirect_of(it, value, false)?,
                    // What both write to is opened once.
                    _ if streams.contains(&1) => command.errors = Redirect::Output,
                    _ => command.errors = redirect_of(it, value, false)?,
                }
            }
        }
    }
    Ok(())
}

/// The number of a standard stream.
fn standard(it: &mut Interpreter, name: &Value) -> Option<i64> {
    let number = match name {
        Value::Integer(number) => *number,
        Value::Symbol(_) => ["in", "out", "err"]
            .iter()
            .position(|it| name.text().as_deref() == Some(*it))? as i64,
        Value::Object(_) => match it.send(name, "fileno", Vec::new()) {
            Ok(Value::Integer(number)) => number,
            _ => return None,
        },
        _ => return None,
    };
    (0..=2).contains(&number).then_some(number)
}

fn redirect_of(it: &mut Interpreter, value: &Value, is_input: bool) -> Outcome<Redirect> {
    match value {
        Value::Symbol(_) if value.text().as_deref() == Some("close") => Ok(Redirect::Null),
        Value::String(_) => {
            let path = path_of(it, value)?;
            Ok(if is_input {
                Redirect::Read(path)
            } else {
                Redirect::Write(path)
            })
        }
        Value::Array(list) => {
            let list = list.to_vec();
            match list.first() {
                Some(first @ Value::Symbol(_)) if first.text().as_deref() == Some("child") => {
                    let of = list.get(1).and_then(|other| standard(it, other));
                    Ok(if of == Some(2) {
                        Redirect::Errors
                    } else {
                        Redirect::Output
                    })
                }
                Some(path) => {
                    let path = path_of(it, path)?;
                    Ok(opened(path, list.get(1)))
                }
                None => Ok(Redirect::Inherit),
            }
        }
        Value::Object(_) => redirect_to(it, value, is_input),
        _ => Ok(Redirect::Inherit),
    }
}

/// A file, as the mode of `open` says: as text, or as numbers of `File::Constants`.
fn opened(path: PathBuf, mode: Option<&Value>) -> Redirect {
    match mode {
        Some(Value::Integer(flags)) if flags & 0o2000 != 0 => Redirect::Append(path),
        Some(Value::Integer(flags)) if flags & 3 != 0 => Redirect::Write(path),
        Some(Value::String(mode)) if mode.text.borrow().starts_with('a') => Redirect::Append(path),
        Some(Value::String(mode)) if mode.text.borrow().starts_with('w') => Redirect::Write(path),
        _ => Redirect::Read(path),
    }
}

/// An end of a pipe, an open file, a path, or the terminal.
fn redirect_to(it: &mut Interpreter, value: &Value, is_input: bool) -> Outcome<Redirect> {
    if it.find_method(value, Symbol::new("pipe_number")).is_some() {
        let number = it.send(value, "pipe_number", vec![Value::Boolean(is_input)])?;
        return Ok(match number {
            Value::Integer(number) => Redirect::Pipe(number as u64),
            _ => Redirect::Null,
        });
    }
    if ["path", "to_path"]
        .iter()
        .all(|name| it.find_method(value, Symbol::new(name)).is_none())
    {
        return Ok(Redirect::Inherit);
    }
    let is_open = it.find_method(value, Symbol::new("read")).is_some();
    let name = if is_open { "path" } else { "to_s" };
    let path = match it.send(value, name, Vec::new())? {
        Value::Nil => return Ok(Redirect::Inherit),
        path => path_of(it, &path)?,
    };
    Ok(match (is_input, is_open) {
        (true, _) => Redirect::Read(path),
        // What the file has written by now is in there.
        (false, true) => Redirect::Append(path),
        (false, false) => Redirect::Write(path),
    })
}

fn path_of(it: &mut Interpreter, value: &Value) -> Outcome<PathBuf> {
    let path = path_argument(it, Some(value))?;
    Ok(it.shared.world.borrow().absolute(&path))
}

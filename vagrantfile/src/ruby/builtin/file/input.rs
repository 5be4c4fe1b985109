//! The standard input, as Vagrantfiles use it to ask for names and passwords.

use crate::ruby::builtin::Methods;
use crate::ruby::builtin::network::duration;
use crate::ruby::builtin::sockets::patience;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use std::time::Duration;

/// What `$stdin` can do, besides what every stream of the terminal can.
pub(super) const INPUT: Methods = &[
    ("gets", gets),
    ("readline", readline),
    ("read", |it, _, arguments| match arguments.get(0) {
        None | Some(Value::Nil) => Ok(Value::string(rest(it, usize::MAX)?)),
        size => {
            let size = size_of(it, size)?;
            let text = rest(it, size)?;
            Ok(match text.is_empty() && size > 0 {
                true => Value::Nil,
                false => Value::string(text),
            })
        }
    }),
    ("readlines", readlines),
    ("each_line", each_line),
    ("each", each_line),
    ("getc", getc),
    ("getch", getc),
    ("readchar", |it, this, arguments| {
        let character = getc(it, this, arguments)?;
        or_end(it, character)
    }),
    ("getbyte", |it, _, _| {
        let byte = next(it, 1)?;
        Ok(byte.first().map_or(Value::Nil, |it| Value::Integer(i64::from(*it))))
    }),
    ("readpartial", read_some),
    ("sysread", read_some),
    ("read_nonblock", |it, this, arguments| {
        if is_ready(it, Some(Duration::ZERO))? {
            return read_some(it, this, arguments);
        }
        match arguments.keyword("exception") {
            Some(Value::Boolean(false)) => Ok(Value::symbol("wait_readable")),
            _ => Err(it.error(
                "IO::EAGAINWaitReadable",
                "Resource temporarily unavailable - read would block",
            )),
        }
    }),
    // What `IO.select` asks.
    ("ready?", |it, _, arguments| {
        let limit = duration(arguments.get(0));
        Ok(Value::Boolean(is_ready(it, limit)?))
    }),
    ("getpass", |it, _, arguments| {
        if let Some(prompt) = arguments.get(0) {
            let prompt = it.to_s(prompt)?;
            crate::ruby::builtin::kernel::print(it, &prompt)?;
        }
        let line = silently(it, line)?;
        crate::ruby::builtin::kernel::print(it, "\n")?;
        let line = line.map(|it| it.trim_end_matches(['\r', '\n']).to_owned());
        Ok(line.map_or(Value::Nil, Value::string))
    }),
    ("tty?", is_terminal),
    ("isatty", is_terminal),
];

/// `gets`: the next line, nil at the end.
pub fn gets(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let chomp = arguments.keyword("chomp").is_some_and(|it| it.is_true());
    Ok(match line(it)? {
        Some(line) if chomp => Value::string(line.trim_end_matches(['\r', '\n'])),
        Some(line) => Value::string(line),
        None => Value::Nil,
    })
}

/// `readline`: the next line; an error at the end.
pub fn readline(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let line = gets(it, this, arguments)?;
    or_end(it, line)
}

/// `readlines`: all lines that are left.
pub fn readlines(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let text = rest(it, usize::MAX)?;
    let chomp = arguments.keyword("chomp").is_some_and(|it| it.is_true());
    Ok(Value::array(crate::ruby::builtin::string::lines_of(it, &text, chomp)?))
}

fn each_line(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = &arguments.block else {
        return it.send(this, "to_enum", vec![Value::symbol("each_line")]);
    };
    loop {
        let line = gets(it, this, arguments)?;
        if line.is_nil() {
            return Ok(this.clone());
        }
        it.yield_to(block, &[line])?;
    }
}

/// What there is, at most so many bytes; an error at the end.
fn read_some(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let size = size_of(it, arguments.get(0))?;
    let read = next(it, size)?;
    let text = match read.is_empty() {
        true => Value::Nil,
        false => Value::string(String::from_utf8_lossy(&read).into_owned()),
    };
    or_end(it, text)
}

/// How many bytes are wanted.
fn size_of(it: &mut Interpreter, value: Option<&Value>) -> Outcome<usize> {
    let size = it.integer_of(value)?;
    usize::try_from(size).map_err(|_| it.error("ArgumentError", format!("negative length {size} given")))
}

fn or_end(it: &mut Interpreter, value: Value) -> Eval {
    match value.is_nil() {
        true => Err(it.error("EOFError", "end of file reached")),
        false => Ok(value),
    }
}

/// `noecho { |input| ... }`
pub(super) fn without_echo(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = arguments.block.clone() else {
        return Ok(Value::Nil);
    };
    silently(it, |it| it.yield_to(&block, std::slice::from_ref(this)))
}

fn getc(it: &mut Interpreter, _: &Value, _: &Arguments) -> Eval {
    let mut character = next(it, 1)?;
    let Some(first) = character.first() else {
        return Ok(Value::Nil);
    };
    // How many bytes a character has, its first one says.
    for _ in 1..first.leading_ones().min(4) {
        character.extend(next(it, 1)?);
    }
    Ok(Value::string(String::from_utf8_lossy(&character).into_owned()))
}

fn is_terminal(it: &mut Interpreter, _: &Value, _: &Arguments) -> Eval {
    Ok(Value::Boolean(it.shared.world.borrow().host.facts().is_terminal))
}

/// Does something while the terminal does not show what is typed.
fn silently<T>(it: &mut Interpreter, act: impl FnOnce(&mut Interpreter) -> Outcome<T>) -> Outcome<T> {
    // Where it cannot be hidden, as where nobody types, there is nothing to hide.
    let _ = it.shared.world.borrow_mut().host.set_echo(false);
    let result = act(it);
    let _ = it.shared.world.borrow_mut().host.set_echo(true);
    result
}

fn line(it: &mut Interpreter) -> Outcome<Option<String>> {
    let mut line = Vec::new();
    loop {
        // Byte by byte: what comes behind the line is not ours.
        let read = next(it, 1)?;
        line.extend(&read);
        if read.is_empty() || read == b"\n" {
            let text = String::from_utf8_lossy(&line).into_owned();
            return Ok((!line.is_empty()).then_some(text));
        }
    }
}

/// What is left, at most so many bytes.
fn rest(it: &mut Interpreter, at_most: usize) -> Outcome<String> {
    let mut text = Vec::new();
    while text.len() < at_most {
        let read = next(it, at_most - text.len())?;
        if read.is_empty() {
            break;
        }
        text.extend(read);
        it.afford(text.len())?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The next bytes, at most so many; none at the end. It waits until the user wants it to stop.
fn next(it: &mut Interpreter, at_most: usize) -> Outcome<Vec<u8>> {
    const MOST_AT_ONCE: usize = 1 << 16;
    loop {
        if let Some(bytes) = look(it, at_most.min(MOST_AT_ONCE), SLICE)? {
            return Ok(bytes);
        }
    }
}

/// Whether there is something to read, or its end, or will be within that time.
fn is_ready(it: &mut Interpreter, limit: Option<Duration>) -> Outcome<bool> {
    let mut left = limit;
    loop {
        let slice = left.map_or(SLICE, |it| it.min(SLICE));
        if look(it, 0, slice)?.is_some() {
            return Ok(true);
        }
        left = left.map(|it| it.saturating_sub(slice));
        if left.is_some_and(|it| it.is_zero()) {
            return Ok(false);
        }
    }
}

/// How long is waited before it is asked whether the user wants to stop.
const SLICE: Duration = Duration::from_millis(100);

/// The next bytes, at most so many, where some come within that time.
fn look(it: &mut Interpreter, at_most: usize, time: Duration) -> Outcome<Option<Vec<u8>>> {
    /// To ask the system takes about as long as to copy so many bytes.
    const COST: usize = 4096;
    handle(COST);
    it.tick()?;
    it.check_cancelled()?;
    patience(it)?;
    let read = it.shared.world.borrow_mut().host.input(at_most, time);
    read.map_err(|error| it.error("IOError", format!("{error} - standard input")))
}

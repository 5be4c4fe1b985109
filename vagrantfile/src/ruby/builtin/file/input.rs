//! The standard input, as Vagrantfiles use it to ask for names and passwords.

use crate::ruby::builtin::Methods;
use crate::ruby::builtin::sockets::patience;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use std::time::Duration;

/// What `$stdin` can do, besides what every stream of the terminal can.
pub(super) const INPUT: Methods = &[
    ("gets", gets),
    ("readline", |it, this, arguments| {
        let line = gets(it, this, arguments)?;
        match line.is_nil() {
            true => Err(it.error("EOFError", "end of file reached")),
            false => Ok(line),
        }
    }),
    ("read", |it, _, _| Ok(Value::string(rest(it)?))),
    ("readlines", |it, _, arguments| {
        let text = rest(it)?;
        let chomp = arguments.keyword("chomp").is_some_and(|it| it.is_true());
        Ok(Value::array(crate::ruby::builtin::string::lines_of(it, &text, chomp)?))
    }),
    ("each_line", |it, this, arguments| {
        while let Some(line) = line(it)? {
            match &arguments.block {
                Some(block) => it.yield_to(block, &[Value::string(line)])?,
                None => break,
            };
        }
        Ok(this.clone())
    }),
    ("getc", getc),
    ("getch", getc),
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

/// `noecho { |input| ... }`
pub(super) fn without_echo(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = arguments.block.clone() else {
        return Ok(Value::Nil);
    };
    silently(it, |it| it.yield_to(&block, std::slice::from_ref(this)))
}

fn getc(it: &mut Interpreter, _: &Value, _: &Arguments) -> Eval {
    let character = next(it, 1)?;
    Ok(match character.is_empty() {
        true => Value::Nil,
        false => Value::string(String::from_utf8_lossy(&character).into_owned()),
    })
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
        it.tick()?;
        if read.is_empty() || read == b"\n" {
            let text = String::from_utf8_lossy(&line).into_owned();
            return Ok((!line.is_empty()).then_some(text));
        }
    }
}

fn rest(it: &mut Interpreter) -> Outcome<String> {
    let mut text = Vec::new();
    loop {
        let read = next(it, 1 << 16)?;
        if read.is_empty() {
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
        text.extend(read);
        it.afford(text.len())?;
    }
}

/// The next bytes, at most so many; none at the end. It waits until the user wants it to stop.
fn next(it: &mut Interpreter, at_most: usize) -> Outcome<Vec<u8>> {
    const SLICE: Duration = Duration::from_millis(100);
    loop {
        it.check_cancelled()?;
        patience(it)?;
        let read = it.shared.world.borrow_mut().host.input(at_most, SLICE);
        match read {
            Ok(Some(bytes)) => return Ok(bytes),
            Ok(None) => {}
            Err(error) => return Err(it.error("IOError", format!("{error} - standard input"))),
        }
    }
}

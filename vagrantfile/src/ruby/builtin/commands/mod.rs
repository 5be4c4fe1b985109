//! Commands of the machine that reads the file, and pipes to them. Each one asks the host first; without leave it is an error at its line.
//!
//! What of Ruby's is made of these is written in Ruby: `Open3`, `IO.popen` and their like (`library/open3.rb`).

mod arguments;

use super::Methods;
use super::process::{note_status, status_of};
use super::sockets::{failed, handle, patience};
use crate::host::{Act, CommandLine, Decision, Ended, Output, PipeEnd, Redirect, Refusal};
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use arguments::command_of;
use std::time::Duration;

pub fn install(it: &mut Interpreter) {
    let commands = it.core.module_at("HostCommands");
    it.own_methods(&commands, COMMANDS);
}

/// What `Open3` is made of in the library.
const COMMANDS: Methods = &[
    ("ask", ask_to_run),
    ("capture2", |it, _, arguments| {
        let output = run(it, arguments, Redirect::Capture, Redirect::Inherit)?;
        Ok(Value::array(vec![
            text(&output.stdout),
            status_of(it, output.id, output.ended),
        ]))
    }),
    ("capture2e", |it, _, arguments| {
        let output = run(it, arguments, Redirect::Capture, Redirect::Output)?;
        Ok(Value::array(vec![
            text(&output.stdout),
            status_of(it, output.id, output.ended),
        ]))
    }),
    ("capture3", |it, _, arguments| {
        let output = run(it, arguments, Redirect::Capture, Redirect::Capture)?;
        Ok(Value::array(vec![
            text(&output.stdout),
            text(&output.stderr),
            status_of(it, output.id, output.ended),
        ]))
    }),
    // How a command that was started has ended; nil where it has not after that time.
    ("wait", |it, _, arguments| {
        let id = match arguments.get(0) {
            Some(Value::Integer(id)) => *id,
            _ => -1,
        };
        let ended = wait_for(it, id, super::network::duration(arguments.get(1)))?;
        Ok(ended.map_or(Value::Nil, |(id, ended)| status_of(it, id, ended)))
    }),
    ("pipe", |it, _, _| {
        let opened = it.shared.world.borrow_mut().open_pipe();
        let ends = match opened {
            Ok(ends) => ends,
            Err(Refusal::NotTrusted(advice)) => return Err(super::network::not_allowed(it, &Act::Pipe, advice)),
            Err(refusal) => return Err(failed(it, refusal, "pipe(2)")),
        };
        let pair = |end: PipeEnd| Value::array(vec![handle(it, end.connection), Value::Integer(end.number as i64)]);
        Ok(Value::array(ends.map(pair).to_vec()))
    }),
];

pub fn text(bytes: &[u8]) -> Value {
    Value::string(String::from_utf8_lossy(bytes).into_owned())
}

/// `` `line` ``
pub fn backtick(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let output = run(it, arguments, Redirect::Capture, Redirect::Inherit)?;
    Ok(text(&output.stdout))
}

/// `system(...)`: true when the command succeeded, nil when there is no such command.
pub fn system(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let raises = arguments.keyword("exception").is_some_and(|it| it.is_true());
    let output = match run(it, arguments, Redirect::Inherit, Redirect::Inherit) {
        Ok(output) => output,
        Err(flow) => match *flow {
            Flow::Raise(error) if !raises && is_of_the_system(it, &error) => {
                // As a shell has it for a command that it cannot run.
                let status = status_of(it, 0, Ended::Exit(127));
                note_status(it, status);
                return Ok(Value::Nil);
            }
            other => return Err(Box::new(other)),
        },
    };
    let succeeded = output.ended == Ended::Exit(0);
    if raises && !succeeded {
        let command = command_of(it, arguments)?;
        let how = super::process::ended_text(output.ended);
        return Err(it.error(
            "RuntimeError",
            format!("Command failed with {how}: {}", name_of(&command.line)),
        ));
    }
    Ok(Value::Boolean(succeeded))
}

fn is_of_the_system(it: &mut Interpreter, error: &Value) -> bool {
    let class = it.core.named("SystemCallError");
    it.is_a(error, &class)
}

/// `exec(...)`: nothing of the file comes after it.
pub fn exec(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let output = run(it, arguments, Redirect::Inherit, Redirect::Inherit)?;
    let code = match output.ended {
        Ended::Exit(code) => code,
        // As a shell has it.
        Ended::Signal(signal) => 128 + signal,
    };
    let error = it.error("SystemExit", "exit");
    if let Flow::Raise(error) = &*error {
        it.set_instance_variable(error, Symbol::new("@status"), Value::Integer(i64::from(code)))?;
    }
    Err(error)
}

/// `spawn(...)`: the number of a process that runs beside the file.
pub fn spawn(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let command = command_of(it, arguments)?;
    let line = command.line.clone();
    let started = it.shared.world.borrow_mut().start(command);
    let child = started.map_err(|refusal| did_not_run(it, refusal, &line))?;
    let id = child.id();
    it.children.push(child);
    Ok(Value::Integer(i64::from(id)))
}

/// Waits for a command that was started, at most that long, or with `-1` for any of them.
pub fn wait_for(it: &mut Interpreter, id: i64, limit: Option<Duration>) -> Outcome<Option<(u32, Ended)>> {
    const SLICE: Duration = Duration::from_millis(10);
    let mut left = limit;
    loop {
        let wanted: Vec<usize> = (0..it.children.len())
            .filter(|&index| id == -1 || i64::from(it.children[index].id()) == id)
            .collect();
        if wanted.is_empty() {
            return Err(it.error("Errno::ECHILD", "No child processes"));
        }
        for index in wanted {
            let looked = it.children[index].ended();
            if let Some(ended) = looked.map_err(|error| failed(it, Refusal::Failed(error), "waitpid(2)"))? {
                let child = it.children.remove(index);
                return Ok(Some((child.id(), ended)));
            }
        }
        if left.is_some_and(|it| it.is_zero()) {
            return Ok(None);
        }
        it.check_cancelled()?;
        patience(it)?;
        let slice = left.map_or(SLICE, |it| it.min(SLICE));
        it.shared.world.borrow_mut().wait(slice);
        left = left.map(|it| it.saturating_sub(slice));
    }
}

/// `Process.kill(signal, ...)`
pub fn kill(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    if arguments.len() < 2 {
        return Err(it.wrong_count(arguments.len(), 2, None));
    }
    let signal = it.to_s(arguments.get(0).unwrap_or(&Value::Nil))?;
    let name = signal.trim_start_matches('-').trim_start_matches("SIG");
    if name.is_empty() || !name.chars().all(|it| it.is_ascii_alphanumeric()) {
        return Err(it.error("ArgumentError", format!("unsupported signal `SIG{name}'")));
    }
    let targets = arguments.list.get(1..).unwrap_or_default();
    for target in targets {
        let target = it.integer_of(Some(target))?;
        let is_group = signal.starts_with('-') || target < 0;
        let target = format!("{}{}", if is_group { "-" } else { "" }, target.unsigned_abs());
        // The shell's own, since not every machine has the program. Its 0 asks whether there is such a process.
        let line = Value::string(format!("kill -{} -- {target}", if name == "EXIT" { "0" } else { name }));
        let killed = run_unnoted(it, &Arguments::of(vec![line]), Redirect::Null, Redirect::Capture)?;
        if killed.ended != Ended::Exit(0) {
            let said = String::from_utf8_lossy(&killed.stderr).to_lowercase();
            return Err(match () {
                () if said.contains("no such process") => it.error("Errno::ESRCH", "No such process"),
                () if said.contains("not permitted") => it.error("Errno::EPERM", "Operation not permitted"),
                () => it.error("ArgumentError", format!("unsupported signal `SIG{name}'")),
            });
        }
    }
    Ok(Value::Integer(targets.len() as i64))
}

/// The arguments of a command that was written as the name of a file, as in `open("|ls")`.
pub fn piped(arguments: &Arguments) -> Option<Arguments> {
    let Some(Value::String(name)) = arguments.get(0) else {
        return None;
    };
    let line = name.text.borrow().strip_prefix('|')?.trim_start().to_owned();
    let mut arguments = arguments.clone();
    arguments.list[0] = Value::string(line);
    Some(arguments)
}

/// `IO.popen`, `open("|ls")`
pub fn open_piped(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let object = Value::Class(it.core.object.clone());
    let pipe = it.send(&object, "const_get", vec![Value::symbol("HostPipe")])?;
    it.call(&pipe, Symbol::new("popen"), arguments.clone())
}

/// The same as [`run_unnoted`], and the last of the file's commands, `$?`.
fn run(it: &mut Interpreter, arguments: &Arguments, output: Redirect, errors: Redirect) -> Outcome<Output> {
    let output = run_unnoted(it, arguments, output, errors)?;
    let status = status_of(it, output.id, output.ended);
    note_status(it, status);
    Ok(output)
}

/// Runs a command; where the file says nothing else of a stream, it is one of these.
fn run_unnoted(it: &mut Interpreter, arguments: &Arguments, output: Redirect, errors: Redirect) -> Outcome<Output> {
    let mut command = command_of(it, arguments)?;
    for (stream, wanted) in [(&mut command.output, output), (&mut command.errors, errors)] {
        if *stream == Redirect::Inherit {
            *stream = wanted;
        }
    }
    let line = command.line.clone();
    let patience = patience(it)?;
    let result = it.shared.world.borrow_mut().run(command, patience);
    result.map_err(|refusal| did_not_run(it, refusal, &line))
}

/// What Ruby calls a command in its errors.
fn name_of(line: &CommandLine) -> &str {
    match line {
        CommandLine::Shell(line) => line,
        CommandLine::Program(words) => words.first().map_or("", String::as_str),
    }
}

fn did_not_run(it: &mut Interpreter, refusal: Refusal, line: &CommandLine) -> Box<Flow> {
    match refusal {
        Refusal::NotTrusted(advice) => may_not_run(it, line, advice),
        refusal => failed(it, refusal, name_of(line)),
    }
}

fn may_not_run(it: &mut Interpreter, line: &CommandLine, advice: String) -> Box<Flow> {
    not_trusted(
        it,
        &format!("this file wants to run a command: {}", line.text()),
        advice,
    )
}

/// Asks whether the file may run a command, which is run later.
fn ask_to_run(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let command = command_of(it, arguments)?;
    let line = command.line.clone();
    let decision = it.shared.world.borrow_mut().decide(&Act::Run(command));
    match decision {
        Decision::Allow => Ok(Value::Nil),
        Decision::Refuse(advice) => Err(may_not_run(it, &line, advice)),
    }
}

/// The end of a file that wants more than it may. It cannot be rescued: whoever reads must learn of it.
pub fn not_trusted(it: &mut Interpreter, message: &str, advice: String) -> Box<Flow> {
    let mistake = crate::report::Mistake::new(message).with_advice(advice).at(it.place());
    Box::new(Flow::Stop(crate::report::Report::new(mistake)))
}

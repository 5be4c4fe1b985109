//! Commands of the machine that reads the file. Each one asks the host first; without leave it is an error at its line.

use super::Methods;
use crate::host::{Command, CommandLine, Decision, Output, Refusal};
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

pub fn install(it: &mut Interpreter) {
    let commands = it.core.module_at("HostCommands");
    it.own_methods(&commands, COMMANDS);
    let process = it.core.module_at("Process");
    it.own_methods(&process, PROCESS);
    let status = it.core.class_at("Process::Status", &it.core.object.clone());
    it.methods(&status, STATUS);
    it.put(&process, "CLOCK_MONOTONIC", Value::Integer(1));
    it.put(&process, "CLOCK_REALTIME", Value::Integer(0));
    let etc = it.core.module_at("Etc");
    it.own_methods(&etc, ETC);
}

/// What `Open3` is made of in the library.
const COMMANDS: Methods = &[
    ("ask", ask_to_run),
    ("capture2", |it, _, arguments| {
        let output = run(it, arguments, true)?;
        Ok(Value::array(vec![text(&output.stdout), status(it, &output)]))
    }),
    ("capture2e", |it, _, arguments| {
        let output = run(it, arguments, true)?;
        let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        Ok(Value::array(vec![text(&both), status(it, &output)]))
    }),
    ("capture3", |it, _, arguments| {
        let output = run(it, arguments, true)?;
        Ok(Value::array(vec![
            text(&output.stdout),
            text(&output.stderr),
            status(it, &output),
        ]))
    }),
    ("pipeline", pipeline),
];

fn pipeline(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let mut lines = Vec::new();
    for value in arguments.split().0 {
        lines.push(it.text_of(Some(value))?);
    }
    let output = run(it, &Arguments::of(vec![Value::string(lines.join(" | "))]), true)?;
    Ok(Value::array(vec![status(it, &output)]))
}

const PROCESS: Methods = &[
    ("pid", |_, _, _| Ok(Value::Integer(1))),
    ("uid", |it, _, _| {
        Ok(Value::Integer(i64::from(it.shared.world.borrow().host.facts().user_id)))
    }),
    ("euid", |it, _, _| {
        Ok(Value::Integer(i64::from(it.shared.world.borrow().host.facts().user_id)))
    }),
    ("gid", |it, _, _| {
        Ok(Value::Integer(i64::from(
            it.shared.world.borrow().host.facts().group_id,
        )))
    }),
    ("egid", |it, _, _| {
        Ok(Value::Integer(i64::from(
            it.shared.world.borrow().host.facts().group_id,
        )))
    }),
    ("spawn", |it, _, arguments| spawn(it, arguments)),
    ("exec", |it, _, arguments| exec(it, arguments)),
    ("fork", |it, _, _| {
        Err(it.error("NotImplementedError", "fork is not supported in a Vagrantfile"))
    }),
    ("detach", |_, _, _| Ok(Value::Nil)),
    ("wait2", |_, _, _| Ok(Value::Nil)),
    ("waitpid", |_, _, _| Ok(Value::Nil)),
    ("wait", |_, _, _| Ok(Value::Nil)),
    ("kill", |it, _, _| {
        Err(it.error("NotImplementedError", "Process.kill is not supported in a Vagrantfile"))
    }),
    ("clock_gettime", |it, _, _| {
        let now = it.shared.world.borrow().host.now();
        Ok(Value::Float(now.seconds as f64 + f64::from(now.nanoseconds) / 1e9))
    }),
    ("last_status", |it, _, _| it.global(Symbol::new("$?"))),
];

const STATUS: Methods = &[
    ("success?", |it, this, _| {
        Ok(Value::Boolean(matches!(
            it.instance_variable(this, Symbol::new("@status")),
            Value::Integer(0)
        )))
    }),
    ("exitstatus", |it, this, _| {
        Ok(it.instance_variable(this, Symbol::new("@status")))
    }),
    ("to_i", |it, this, _| {
        match it.instance_variable(this, Symbol::new("@status")) {
            Value::Integer(status) => Ok(Value::Integer(status << 8)),
            _ => Ok(Value::Nil),
        }
    }),
    ("exited?", |_, _, _| Ok(Value::Boolean(true))),
    ("signaled?", |it, this, _| {
        Ok(Value::Boolean(
            it.instance_variable(this, Symbol::new("@status")).is_nil(),
        ))
    }),
    ("pid", |_, _, _| Ok(Value::Integer(0))),
    ("==", |it, this, arguments| {
        let own = it.instance_variable(this, Symbol::new("@status"));
        Ok(Value::Boolean(it.equal(&own, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
];

const ETC: Methods = &[
    ("nprocessors", |it, _, _| {
        Ok(Value::Integer(i64::from(it.shared.world.borrow().host.processors())))
    }),
    ("getlogin", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().host.facts().user))
    }),
    ("getpwuid", |it, _, _| user(it)),
    ("getpwnam", |it, _, _| user(it)),
    ("getgrgid", |it, _, _| user(it)),
    ("getgrnam", |it, _, _| user(it)),
    ("uname", |it, _, _| {
        let facts = it.shared.world.borrow().host.facts();
        let system = match facts.platform {
            crate::host::Platform::Linux => "Linux",
            crate::host::Platform::MacOs => "Darwin",
            crate::host::Platform::Windows => "Windows_NT",
            crate::host::Platform::Bsd => "FreeBSD",
        };
        let pairs = [
            ("sysname", system),
            ("nodename", facts.hostname.as_str()),
            ("release", ""),
            ("version", ""),
            ("machine", facts.architecture.as_str()),
        ];
        Ok(Value::hash(
            pairs.map(|(name, value)| (Value::symbol(name), Value::string(value))),
        ))
    }),
];

fn user(it: &mut Interpreter) -> Eval {
    let facts = it.shared.world.borrow().host.facts();
    let home = it.shared.world.borrow().host.home().to_string_lossy().into_owned();
    let class = it.core.class_at("Etc::Passwd", &it.core.object.clone());
    let user = it.core.instance(&class);
    let fields = [
        ("name", Value::string(facts.user.clone())),
        ("uid", Value::Integer(i64::from(facts.user_id))),
        ("gid", Value::Integer(i64::from(facts.group_id))),
        ("dir", Value::string(home)),
        ("shell", Value::string("/bin/sh")),
        ("gecos", Value::string(facts.user)),
    ];
    for (name, value) in fields {
        let variable = Symbol::new(&format!("@{name}"));
        it.define(
            &class,
            Symbol::new(name),
            MethodBody::Reader(variable),
            Visibility::Public,
        );
        it.set_instance_variable(&user, variable, value)?;
    }
    Ok(user)
}

pub fn text(bytes: &[u8]) -> Value {
    Value::string(String::from_utf8_lossy(bytes).into_owned())
}

/// `` `line` ``
pub fn backtick(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let output = run(it, arguments, true)?;
    print_errors(it, &output);
    Ok(text(&output.stdout))
}

/// `system(...)`: true when the command succeeded.
pub fn system(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    match run(it, arguments, false) {
        Ok(output) => Ok(Value::Boolean(output.status == Some(0))),
        Err(flow) => match *flow {
            crate::ruby::interpreter::Flow::Raise(error) if is_missing(it, &error) => Ok(Value::Nil),
            other => Err(Box::new(other)),
        },
    }
}

fn is_missing(it: &mut Interpreter, error: &Value) -> bool {
    let class = it.core.named("Errno::ENOENT");
    it.is_a(error, &class)
}

/// `spawn(...)`: the command is waited for, since nobody could wait for it afterwards.
pub fn spawn(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    run(it, arguments, false)?;
    Ok(Value::Integer(0))
}

/// `exec(...)`: nothing of the file comes after it.
pub fn exec(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let output = run(it, arguments, false)?;
    let error = it.error("SystemExit", "exit");
    if let crate::ruby::interpreter::Flow::Raise(Value::Object(object)) = &*error {
        object.instance.borrow_mut().insert(
            Symbol::new("@status"),
            Value::Integer(i64::from(output.status.unwrap_or(1))),
        );
    }
    Err(error)
}

/// The arguments of a command that was written as the name of a file, as in `open("|ls")`.
pub fn piped(arguments: &Arguments) -> Option<Arguments> {
    let Some(Value::String(name)) = arguments.get(0) else {
        return None;
    };
    let line = name.text.borrow().strip_prefix('|')?.trim_start().to_owned();
    Some(Arguments {
        list: vec![Value::string(line)],
        ..arguments.clone()
    })
}

/// `IO.popen`, `open("|ls")`: what a command prints, as an open file.
pub fn open_piped(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let output = run(it, arguments, true)?;
    print_errors(it, &output);
    let stream = super::file::stream_of(it, &String::from_utf8_lossy(&output.stdout))?;
    match &arguments.block {
        Some(block) => it.yield_to(block, &[stream]),
        None => Ok(stream),
    }
}

fn print_errors(it: &mut Interpreter, output: &Output) {
    if !output.stderr.is_empty() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        it.shared.world.borrow_mut().host.print(&text);
    }
}

fn run(it: &mut Interpreter, arguments: &Arguments, capture: bool) -> Outcome<Output> {
    let command = command(it, arguments, capture)?;
    let line = command.line.text();
    let result = it.shared.world.borrow_mut().run(command);
    match result {
        Ok(output) => {
            let status = status(it, &output);
            it.globals.insert(Symbol::new("$?"), status.clone());
            it.globals.insert(Symbol::new("$CHILD_STATUS"), status);
            Ok(output)
        }
        Err(Refusal::Failed(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(it.error("Errno::ENOENT", format!("No such file or directory - {line}")))
        }
        Err(Refusal::Failed(error) | Refusal::Unknown(error)) => {
            Err(it.error("SystemCallError", format!("{error} - {line}")))
        }
        Err(Refusal::NotTrusted(advice)) => Err(may_not_run(it, &line, advice)),
    }
}

fn may_not_run(it: &mut Interpreter, line: &str, advice: String) -> Box<Flow> {
    not_trusted(it, &format!("this file wants to run a command: {line}"), advice)
}

/// Asks whether the file may run a command, which is run later.
fn ask_to_run(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let command = command(it, arguments, true)?;
    let line = command.line.text();
    let decision = it.shared.world.borrow_mut().decide(&crate::host::Act::Run(command));
    match decision {
        Decision::Allow => Ok(Value::Nil),
        Decision::Refuse(advice) => Err(may_not_run(it, &line, advice)),
    }
}

/// The end of a file that wants more than it may. It cannot be rescued: whoever reads must learn of it.
pub fn not_trusted(it: &mut Interpreter, message: &str, advice: String) -> Box<crate::ruby::interpreter::Flow> {
    let mistake = crate::report::Mistake::new(message).with_advice(advice).at(it.place());
    Box::new(crate::ruby::interpreter::Flow::Stop(crate::report::Report::new(
        mistake,
    )))
}

fn command(it: &mut Interpreter, arguments: &Arguments, capture: bool) -> Outcome<Command> {
    let mut words = Vec::new();
    let mut environment = Vec::new();
    let mut directory = it.shared.world.borrow().directory().to_owned();
    let mut input = None;
    for (index, value) in arguments.list.iter().enumerate() {
        match value {
            Value::Hash(table) if index == 0 && arguments.len() > 1 => {
                for (name, value) in table.to_pairs() {
                    let name = it.text_of(Some(&name))?;
                    environment.push((name, if value.is_nil() { None } else { Some(it.to_s(&value)?) }));
                }
            }
            Value::Hash(table) => {
                if let Some(folder) = table.get_symbol("chdir") {
                    let folder = it.text_of(Some(&folder))?;
                    directory = it.shared.world.borrow().absolute(std::path::Path::new(&folder));
                }
                input = table
                    .get_symbol("stdin_data")
                    .and_then(|it| it.text())
                    .map(String::into_bytes);
            }
            // A program beside the name that it is given, or, alone, a program and its arguments.
            Value::Array(list) if arguments.split().0.len() > 1 => {
                words.extend(list.to_vec().iter().take(1).filter_map(Value::text));
            }
            Value::Array(list) => words.extend(list.to_vec().iter().filter_map(Value::text)),
            other => words.push(it.text_of(Some(other))?),
        }
    }
    let line = match words.len() {
        0 => return Err(it.wrong_count(0, 1, None)),
        1 => CommandLine::Shell(words.remove(0)),
        _ => CommandLine::Program(words),
    };
    Ok(Command {
        line,
        directory,
        environment,
        input,
        capture,
    })
}

fn status(it: &mut Interpreter, output: &Output) -> Value {
    let class = it.core.class_at("Process::Status", &it.core.object.clone());
    let status = it.core.instance(&class);
    if let Value::Object(object) = &status {
        let code = output.status.map_or(Value::Nil, |it| Value::Integer(i64::from(it)));
        object.instance.borrow_mut().insert(Symbol::new("@status"), code);
    }
    status
}

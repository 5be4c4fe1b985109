//! Commands of the machine that reads the file. Each one asks the host first; without leave it is an error at its line.

use super::Methods;
use crate::host::Refusal;
use crate::host::{Command, CommandLine, Output};
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

pub fn install(it: &mut Interpreter) {
    let open3 = it.core.module_at("Open3");
    it.own_methods(&open3, OPEN3);
    let terminal = it.core.module_at("PTY");
    it.own_methods(
        &terminal,
        &[("spawn", |it, _, arguments| open(it, arguments, Streams::Both))],
    );
    let uris = it.core.module_at("OpenURI");
    it.own_methods(
        &uris,
        &[("open_uri", |it, _, arguments| {
            let kernel = Value::Class(it.core.kernel.clone());
            it.dispatch(&kernel, Symbol::new("open"), arguments.clone(), true)
        })],
    );
    let process = it.core.module_at("Process");
    it.own_methods(&process, PROCESS);
    let status = it.core.class_at("Process::Status", &it.core.object.clone());
    it.methods(&status, STATUS);
    it.put(&process, "CLOCK_MONOTONIC", Value::Integer(1));
    it.put(&process, "CLOCK_REALTIME", Value::Integer(0));
    let etc = it.core.module_at("Etc");
    it.own_methods(&etc, ETC);
    let socket = it.core.class_at("Socket", &it.core.object.clone());
    it.own_methods(&socket, SOCKET);
    for (name, value) in [("AF_INET", 2), ("AF_INET6", 10), ("SOCK_STREAM", 1), ("SOCK_DGRAM", 2)] {
        it.put(&socket, name, Value::Integer(value));
    }
    for name in [
        "TCPSocket",
        "TCPServer",
        "UDPSocket",
        "UNIXSocket",
        "UNIXServer",
        "IPSocket",
        "Addrinfo",
    ] {
        let class = it.core.class_at(name, &it.core.object.clone());
        it.own_methods(
            &class,
            &[
                ("new", connect),
                ("open", connect),
                ("tcp", connect),
                ("getaddress", connect),
            ],
        );
    }
    for name in ["SocketError", "OpenURI::HTTPError"] {
        it.core.class_at(name, &it.core.standard_error.clone());
    }
}

const OPEN3: Methods = &[
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
    ("popen2", |it, _, arguments| open(it, arguments, Streams::Output)),
    ("popen2e", |it, _, arguments| open(it, arguments, Streams::Both)),
    ("popen3", |it, _, arguments| open(it, arguments, Streams::Each)),
    ("pipeline", pipeline),
    ("pipeline_r", pipeline),
    ("pipeline_start", pipeline),
];

/// The streams that a command is opened with, beside its input.
#[derive(Clone, Copy)]
enum Streams {
    Output,
    Both,
    Each,
}

/// `Open3.popen3` and its like. The command has ended when the block runs: what the block writes cannot reach it any more.
fn open(it: &mut Interpreter, arguments: &Arguments, streams: Streams) -> Eval {
    let output = run(it, arguments, true)?;
    let input = it.core.class_at("Open3::Input", &it.core.object.clone());
    it.methods(&input, INPUT);
    let thread = it.core.class_at("Process::Waiter", &it.core.object.clone());
    let value = Symbol::new("@value");
    it.define(
        &thread,
        Symbol::new("value"),
        MethodBody::Reader(value),
        Visibility::Public,
    );
    it.methods(&thread, WAITER);
    let thread = it.core.instance(&thread);
    let ended = status(it, &output);
    it.set_instance_variable(&thread, value, ended)?;
    let texts = match streams {
        Streams::Output => vec![output.stdout],
        Streams::Both => vec![[output.stdout, output.stderr].concat()],
        Streams::Each => vec![output.stdout, output.stderr],
    };
    let mut values = vec![it.core.instance(&input)];
    for text in texts {
        values.push(super::file::stream_of(it, &String::from_utf8_lossy(&text))?);
    }
    values.push(thread);
    match &arguments.block {
        Some(block) => it.yield_to(block, &values),
        None => Ok(Value::array(values)),
    }
}

const INPUT: Methods = &[
    ("puts", refuse_input),
    ("print", refuse_input),
    ("write", refuse_input),
    ("<<", refuse_input),
    ("close", |_, _, _| Ok(Value::Nil)),
    ("close_write", |_, _, _| Ok(Value::Nil)),
    ("closed?", |_, _, _| Ok(Value::Boolean(true))),
    ("sync=", |_, _, _| Ok(Value::Nil)),
];

const WAITER: Methods = &[
    ("pid", |_, _, _| Ok(Value::Integer(0))),
    ("join", |_, this, _| Ok(this.clone())),
    ("alive?", |_, _, _| Ok(Value::Boolean(false))),
];

fn refuse_input(it: &mut Interpreter, _: &Value, _: &Arguments) -> Eval {
    Err(it.error(
        "NotImplementedError",
        "a command in a Vagrantfile takes no input from a block; use Open3.capture3 with stdin_data",
    ))
}

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

const SOCKET: Methods = &[
    ("gethostname", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().host.facts().hostname))
    }),
    ("ip_address_list", |_, _, _| Ok(Value::array(Vec::new()))),
    ("getifaddrs", |_, _, _| Ok(Value::array(Vec::new()))),
    ("tcp", connect),
    ("new", connect),
    ("getaddrinfo", connect),
    ("gethostbyname", connect),
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

fn text(bytes: &[u8]) -> Value {
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
        Err(Refusal::Failed(error)) => Err(it.error("SystemCallError", format!("{error} - {line}"))),
        Err(Refusal::NotTrusted(advice)) => Err(not_trusted(
            it,
            &format!("this file wants to run a command: {line}"),
            advice,
        )),
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

fn connect(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut target = Vec::new();
    for value in arguments.split().0 {
        target.push(it.to_s(value)?);
    }
    let what = format!("{} {}", it.to_s(this)?, target.join(":"));
    let decision = it
        .shared
        .world
        .borrow_mut()
        .decide(&crate::host::Act::Connect(what.clone()));
    match decision {
        crate::host::Decision::Refuse(advice) => {
            Err(not_trusted(it, &format!("this file wants to connect: {what}"), advice))
        }
        crate::host::Decision::Allow => Err(it.error("Errno::ECONNREFUSED", format!("Connection refused - {what}"))),
    }
}

/// `Kernel.connect`, which is not Ruby's: asks whether the file may connect to an address.
pub fn ask_to_connect(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let url = it.text_of(arguments.get(0))?;
    let decision = it
        .shared
        .world
        .borrow_mut()
        .decide(&crate::host::Act::Connect(url.clone()));
    match decision {
        crate::host::Decision::Allow => Ok(Value::Nil),
        crate::host::Decision::Refuse(advice) => {
            Err(not_trusted(it, &format!("this file wants to connect to {url}"), advice))
        }
    }
}

/// The text behind a URL.
pub fn fetch_url(it: &mut Interpreter, url: &str) -> Outcome<String> {
    let result = it.shared.world.borrow_mut().fetch(url);
    match result {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(Refusal::NotTrusted(advice)) => {
            Err(not_trusted(it, &format!("this file wants to connect to {url}"), advice))
        }
        Err(Refusal::Failed(error)) => Err(it.error("SocketError", format!("cannot fetch {url}: {error}"))),
    }
}

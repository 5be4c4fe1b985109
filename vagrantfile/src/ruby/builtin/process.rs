//! `Process`, how processes ended, and `Etc`.

use super::Methods;
use super::commands::{exec, kill, spawn, wait_for};
use crate::host::Ended;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::time::Duration;

pub fn install(it: &mut Interpreter) {
    let process = it.core.module_at("Process");
    it.own_methods(&process, PROCESS);
    let status = it.core.class_at("Process::Status", &it.core.object.clone());
    it.methods(&status, STATUS);
    it.put(&process, "CLOCK_MONOTONIC", Value::Integer(1));
    it.put(&process, "CLOCK_REALTIME", Value::Integer(0));
    it.put(&process, "WNOHANG", Value::Integer(WITHOUT_WAITING));
    it.put(&process, "WUNTRACED", Value::Integer(2));
    let etc = it.core.module_at("Etc");
    it.own_methods(&etc, ETC);
}

const PROCESS: Methods = &[
    ("pid", |it, _, _| {
        Ok(Value::Integer(i64::from(
            it.shared.world.borrow().host.facts().process_id,
        )))
    }),
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
    ("detach", |it, _, arguments| {
        let object = Value::Class(it.core.object.clone());
        let waiter = it.send(&object, "const_get", vec![Value::symbol("HostWaiter")])?;
        it.call(&waiter, Symbol::new("of"), arguments.clone())
    }),
    ("wait", wait),
    ("waitpid", wait),
    ("wait2", |it, this, arguments| {
        let id = wait(it, this, arguments)?;
        let status = it.global(Symbol::new("$?"))?;
        Ok(if id.is_nil() {
            Value::Nil
        } else {
            Value::array(vec![id, status])
        })
    }),
    ("waitall", |it, _, _| {
        let mut all = Vec::new();
        while !it.children.is_empty() {
            if let Some((id, ended)) = wait_for(it, -1, None)? {
                let status = status_of(it, id, ended);
                note_status(it, status.clone());
                all.push(Value::array(vec![Value::Integer(i64::from(id)), status]));
            }
        }
        Ok(Value::array(all))
    }),
    ("kill", |it, _, arguments| kill(it, arguments)),
    ("clock_gettime", clock),
    ("last_status", |it, _, _| it.global(Symbol::new("$?"))),
];

/// `Process::WNOHANG`
const WITHOUT_WAITING: i64 = 1;

/// `Process.clock_gettime(clock, unit)`
fn clock(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let now = it.shared.world.borrow().host.now();
    let seconds = now.seconds as f64 + f64::from(now.nanoseconds) / 1e9;
    let parts = |each: i64| now.seconds.saturating_mul(each) + i64::from(now.nanoseconds) / (1_000_000_000 / each);
    Ok(match arguments.get(1).and_then(Value::text).as_deref() {
        Some("second") => Value::Integer(now.seconds),
        Some("millisecond") => Value::Integer(parts(1000)),
        Some("microsecond") => Value::Integer(parts(1_000_000)),
        Some("nanosecond") => Value::Integer(parts(1_000_000_000)),
        Some("float_millisecond") => Value::Float(seconds * 1e3),
        Some("float_microsecond") => Value::Float(seconds * 1e6),
        _ => Value::Float(seconds),
    })
}

/// `Process.wait(id, flags)`: the number of the process that has ended, nil where it would have to wait and shall not.
fn wait(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let id = match arguments.get(0) {
        None => -1,
        // A group's number is one of a command that leads it; those who lead none are in ours.
        given => it.integer_of(given)?,
    };
    let id = if id < -1 { -id } else { id };
    let limit = match arguments.get(1) {
        Some(Value::Integer(flags)) if flags & WITHOUT_WAITING != 0 => Some(Duration::ZERO),
        _ => None,
    };
    let Some((id, ended)) = wait_for(it, id, limit)? else {
        return Ok(Value::Nil);
    };
    let status = status_of(it, id, ended);
    note_status(it, status);
    Ok(Value::Integer(i64::from(id)))
}

/// Makes this `$?`.
pub fn note_status(it: &mut Interpreter, status: Value) {
    for name in ["$?", "$CHILD_STATUS"] {
        it.globals.insert(Symbol::new(name), status.clone());
    }
}

/// How a process ended, as Ruby has it.
pub fn status_of(it: &mut Interpreter, id: u32, ended: Ended) -> Value {
    let class = it.core.class_at("Process::Status", &it.core.object.clone());
    let status = it.core.instance(&class);
    let (code, signal) = match ended {
        Ended::Exit(code) => (Value::Integer(i64::from(code)), Value::Nil),
        Ended::Signal(signal) => (Value::Nil, Value::Integer(i64::from(signal))),
    };
    if let Value::Object(object) = &status {
        let mut fields = object.instance.borrow_mut();
        fields.insert(Symbol::new("@pid"), Value::Integer(i64::from(id)));
        fields.insert(Symbol::new("@status"), code);
        fields.insert(Symbol::new("@signal"), signal);
    }
    status
}

/// How a process ended, in Ruby's words.
pub fn ended_text(ended: Ended) -> String {
    const NAMES: &[(i32, &str)] = &[
        (1, "HUP"),
        (2, "INT"),
        (3, "QUIT"),
        (4, "ILL"),
        (6, "ABRT"),
        (8, "FPE"),
        (9, "KILL"),
        (10, "USR1"),
        (11, "SEGV"),
        (12, "USR2"),
        (13, "PIPE"),
        (14, "ALRM"),
        (15, "TERM"),
    ];
    match ended {
        Ended::Exit(code) => format!("exit {code}"),
        Ended::Signal(signal) => match NAMES.iter().find(|(number, _)| *number == signal) {
            Some((_, name)) => format!("SIG{name} (signal {signal})"),
            None => format!("signal {signal}"),
        },
    }
}

fn field(it: &mut Interpreter, this: &Value, name: &str) -> Value {
    it.instance_variable(this, Symbol::new(name))
}

fn ended_of(it: &mut Interpreter, this: &Value) -> Ended {
    let number = |it: Value| match it {
        Value::Integer(number) => i32::try_from(number).ok(),
        _ => None,
    };
    match number(field(it, this, "@status")) {
        Some(code) => Ended::Exit(code),
        None => Ended::Signal(number(field(it, this, "@signal")).unwrap_or_default()),
    }
}

/// The status as the system keeps it (`wait(2)`).
fn as_number(ended: Ended) -> i64 {
    match ended {
        Ended::Exit(code) => i64::from(code) << 8,
        Ended::Signal(signal) => i64::from(signal),
    }
}

fn with_number(it: &mut Interpreter, this: &Value, operator: &str, arguments: &Arguments) -> Eval {
    let number = Value::Integer(as_number(ended_of(it, this)));
    it.send(&number, operator, arguments.list.clone())
}

const STATUS: Methods = &[
    ("success?", |it, this, _| {
        Ok(match ended_of(it, this) {
            Ended::Exit(code) => Value::Boolean(code == 0),
            Ended::Signal(_) => Value::Nil,
        })
    }),
    ("exitstatus", |it, this, _| Ok(field(it, this, "@status"))),
    ("termsig", |it, this, _| Ok(field(it, this, "@signal"))),
    ("pid", |it, this, _| Ok(field(it, this, "@pid"))),
    ("to_i", |it, this, _| Ok(Value::Integer(as_number(ended_of(it, this))))),
    (">>", |it, this, arguments| with_number(it, this, ">>", arguments)),
    ("&", |it, this, arguments| with_number(it, this, "&", arguments)),
    ("exited?", |it, this, _| {
        Ok(Value::Boolean(matches!(ended_of(it, this), Ended::Exit(_))))
    }),
    ("signaled?", |it, this, _| {
        Ok(Value::Boolean(matches!(ended_of(it, this), Ended::Signal(_))))
    }),
    ("stopped?", |_, _, _| Ok(Value::Boolean(false))),
    ("coredump?", |_, _, _| Ok(Value::Boolean(false))),
    ("to_s", |it, this, _| {
        let id = field(it, this, "@pid");
        let id = it.to_s(&id)?;
        Ok(Value::string(format!("pid {id} {}", ended_text(ended_of(it, this)))))
    }),
    ("inspect", |it, this, _| {
        let text = it.to_s(this)?;
        Ok(Value::string(format!("#<Process::Status: {text}>")))
    }),
    ("==", |it, this, arguments| {
        let own = as_number(ended_of(it, this));
        Ok(Value::Boolean(match arguments.get(0) {
            Some(Value::Integer(other)) => own == *other,
            Some(other @ Value::Object(_)) => {
                let class = it.core.class_at("Process::Status", &it.core.object.clone());
                it.is_a(other, &class) && own == as_number(ended_of(it, other))
            }
            _ => false,
        }))
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

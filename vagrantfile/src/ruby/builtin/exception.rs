//! Exceptions.

use super::Methods;
use crate::report::Place;
use crate::ruby::interpreter::{Eval, Interpreter, Trace};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::io::ErrorKind;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let exception = it.core.exception.clone();
    it.methods(&exception, METHODS);
    it.own_methods(
        &exception,
        &[("exception", |it, this, arguments| {
            it.call(this, Symbol::new("new"), arguments.clone())
        })],
    );
    let exit = it.core.named("SystemExit");
    it.methods(
        &exit,
        &[
            ("status", |it, this, _| {
                Ok(it.instance_variable(this, Symbol::new("@status")))
            }),
            ("success?", |it, this, _| {
                let status = it.instance_variable(this, Symbol::new("@status"));
                Ok(Value::Boolean(matches!(status, Value::Integer(0))))
            }),
        ],
    );
    let name_error = it.core.named("NameError");
    it.methods(
        &name_error,
        &[
            ("name", |it, this, _| {
                Ok(it.instance_variable(this, Symbol::new("@name")))
            }),
            ("receiver", |it, this, _| {
                Ok(it.instance_variable(this, Symbol::new("@receiver")))
            }),
        ],
    );
    let load_error = it.core.named("LoadError");
    it.methods(
        &load_error,
        &[("path", |it, this, _| {
            Ok(it.instance_variable(this, Symbol::new("@path")))
        })],
    );
    let key_error = it.core.named("KeyError");
    it.methods(
        &key_error,
        &[
            ("key", |it, this, _| Ok(it.instance_variable(this, Symbol::new("@key")))),
            ("receiver", |it, this, _| {
                Ok(it.instance_variable(this, Symbol::new("@receiver")))
            }),
        ],
    );
    let system = it.core.named("SystemCallError");
    for (name, ..) in SYSTEM_ERRORS {
        it.core.class_at(name, &system);
    }
}

/// The classes of the system's errors, what they say, and the kinds of Rust's that they stand for.
const SYSTEM_ERRORS: &[(&str, &str, Option<ErrorKind>)] = &[
    ("Errno::ENOENT", "No such file or directory", Some(ErrorKind::NotFound)),
    ("Errno::EACCES", "Permission denied", Some(ErrorKind::PermissionDenied)),
    ("Errno::EEXIST", "File exists", Some(ErrorKind::AlreadyExists)),
    ("Errno::ENOTDIR", "Not a directory", Some(ErrorKind::NotADirectory)),
    ("Errno::EISDIR", "Is a directory", Some(ErrorKind::IsADirectory)),
    (
        "Errno::ENOTEMPTY",
        "Directory not empty",
        Some(ErrorKind::DirectoryNotEmpty),
    ),
    (
        "Errno::EADDRINUSE",
        "Address already in use",
        Some(ErrorKind::AddrInUse),
    ),
    (
        "Errno::EADDRNOTAVAIL",
        "Cannot assign requested address",
        Some(ErrorKind::AddrNotAvailable),
    ),
    (
        "Errno::ECONNREFUSED",
        "Connection refused",
        Some(ErrorKind::ConnectionRefused),
    ),
    (
        "Errno::ECONNRESET",
        "Connection reset by peer",
        Some(ErrorKind::ConnectionReset),
    ),
    (
        "Errno::ECONNABORTED",
        "Software caused connection abort",
        Some(ErrorKind::ConnectionAborted),
    ),
    (
        "Errno::EHOSTUNREACH",
        "No route to host",
        Some(ErrorKind::HostUnreachable),
    ),
    (
        "Errno::ENETUNREACH",
        "Network is unreachable",
        Some(ErrorKind::NetworkUnreachable),
    ),
    ("Errno::ETIMEDOUT", "Connection timed out", Some(ErrorKind::TimedOut)),
    ("Errno::EPIPE", "Broken pipe", Some(ErrorKind::BrokenPipe)),
    (
        "Errno::ENOTCONN",
        "Transport endpoint is not connected",
        Some(ErrorKind::NotConnected),
    ),
    ("Errno::EINVAL", "Invalid argument", Some(ErrorKind::InvalidInput)),
    (
        "Errno::EAGAIN",
        "Resource temporarily unavailable",
        Some(ErrorKind::WouldBlock),
    ),
    ("Errno::EPERM", "Operation not permitted", None),
    ("Errno::EHOSTDOWN", "Host is down", None),
    ("Errno::ENETDOWN", "Network is down", None),
    ("Errno::ECHILD", "No child processes", None),
    ("Errno::ESRCH", "No such process", None),
    ("Errno::EBADF", "Bad file descriptor", None),
    ("Errno::EIO", "Input/output error", None),
];

/// The class for an error of the system's, and what it says.
pub fn of_system(kind: ErrorKind) -> Option<(&'static str, &'static str)> {
    let found = SYSTEM_ERRORS.iter().find(|(.., it)| *it == Some(kind))?;
    Some((found.0, found.1))
}

const METHODS: Methods = &[
    ("initialize", |it, this, arguments| {
        let message = arguments.get(0).cloned().unwrap_or(Value::Nil);
        it.set_instance_variable(this, Symbol::new("@message"), message)?;
        Ok(Value::Nil)
    }),
    ("message", |it, this, _| Ok(Value::string(it.to_s(this)?))),
    ("to_s", text),
    ("detailed_message", text),
    ("full_message", text),
    ("inspect", |it, this, _| {
        let class = it.class_of(this).name.borrow().clone();
        let text = it.to_s(this)?;
        Ok(Value::string(if text.is_empty() {
            class
        } else {
            format!("#<{class}: {text}>")
        }))
    }),
    ("backtrace", |_, this, _| {
        Ok(trace(this).map_or(Value::Nil, |it| {
            Value::array(it.places.iter().map(trace_line).collect())
        }))
    }),
    ("set_backtrace", |_, _, arguments| {
        Ok(arguments.get(0).cloned().unwrap_or(Value::Nil))
    }),
    ("backtrace_locations", |it, this, _| locations(it, &places(this))),
    ("cause", |_, this, _| {
        Ok(trace(this).map_or(Value::Nil, |it| it.cause.clone()))
    }),
    ("exception", |it, this, arguments| match arguments.get(0) {
        None => Ok(this.clone()),
        Some(message) => {
            let copy = super::object::copy(it, this)?;
            it.set_instance_variable(&copy, Symbol::new("@message"), message.clone())?;
            Ok(copy)
        }
    }),
    ("==", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::Boolean(
            this.is_same(&other) || (it.inspect(this)? == it.inspect(&other)?),
        ))
    }),
];

fn text(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    let message = it.instance_variable(this, Symbol::new("@message"));
    if message.is_nil() {
        let class = it.class_of(this).name.borrow().clone();
        return Ok(Value::string(class));
    }
    Ok(Value::string(it.to_s(&message)?))
}

/// The calls that led here, from the one that `caller`'s arguments name, and as many as they say.
pub fn callers(it: &mut Interpreter, arguments: &Arguments) -> Vec<Place> {
    let number = |it: Option<&Value>| match it {
        Some(Value::Integer(number)) => usize::try_from(*number).ok(),
        _ => None,
    };
    let (first, many) = match arguments.get(0) {
        Some(Value::Range(range)) => {
            let first = number(Some(&range.first)).unwrap_or(1);
            let last = number(Some(&range.last)).map(|last| last + usize::from(!range.exclusive));
            (first, last.map(|last| last.saturating_sub(first)))
        }
        first => (number(first).unwrap_or(1), number(arguments.get(1))),
    };
    let places = it.backtrace().into_iter().skip(first);
    places.take(many.unwrap_or(usize::MAX)).collect()
}

/// Places as Ruby's `Thread::Backtrace::Location`.
pub fn locations(it: &mut Interpreter, places: &[Place]) -> Eval {
    // The library has the class around it.
    crate::ruby::library::start(it, "Thread")?;
    let class = it.core.class_at("Thread::Backtrace::Location", &it.core.object.clone());
    if class.methods.borrow().is_empty() {
        it.methods(&class, LOCATION);
    }
    let locations = places.iter().map(|place| {
        let location = it.core.instance(&class);
        if let Value::Object(object) = &location {
            let place: Rc<dyn std::any::Any> = Rc::new(place.clone());
            *object.native.borrow_mut() = Some(place);
        }
        location
    });
    Ok(Value::array(locations.collect()))
}

const LOCATION: Methods = &[
    ("path", path),
    ("absolute_path", path),
    ("lineno", |_, this, _| {
        Ok(place_of(this).map_or(Value::Nil, |it| Value::Integer(it.line as i64)))
    }),
    ("label", |_, _, _| Ok(Value::string("block"))),
    ("base_label", |_, _, _| Ok(Value::string("block"))),
    ("to_s", |_, this, _| {
        Ok(place_of(this).map_or(Value::Nil, |it| trace_line(&it)))
    }),
    ("inspect", |it, this, _| {
        let line = place_of(this).map_or(Value::Nil, |it| trace_line(&it));
        Ok(Value::string(it.inspect(&line)?))
    }),
];

fn path(_: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    Ok(place_of(this).map_or(Value::Nil, |it| Value::string(it.file.to_string_lossy())))
}

fn place_of(this: &Value) -> Option<Rc<Place>> {
    let Value::Object(object) = this else { return None };
    let native = object.native.borrow().clone();
    native?.downcast().ok()
}

/// Where an error was raised, and the calls that led there.
pub fn places(error: &Value) -> Vec<Place> {
    trace(error).map(|it| it.places.clone()).unwrap_or_default()
}

fn trace(error: &Value) -> Option<Rc<Trace>> {
    let Value::Object(object) = error else {
        return None;
    };
    let native = object.native.borrow().clone();
    native?.downcast::<Trace>().ok()
}

/// A place as a backtrace shows it.
pub fn trace_line(place: &Place) -> Value {
    Value::string(format!("{}:{}:in `block'", place.file.display(), place.line))
}

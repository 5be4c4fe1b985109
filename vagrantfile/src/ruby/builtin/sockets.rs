//! `HostSockets`, which is not Ruby's: what `Socket` and its like, `Timeout` and `sleep` are made of. Each socket asks the host first;
//! without leave it is an error at its line.

use super::Methods;
use super::exception::of_system;
use super::network::{duration, not_allowed};
use crate::host::{Connection, Refusal, Socket};
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::value::*;
use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

/// An open socket or pipe, and the beginning of a character whose end has not come yet.
type Open = RefCell<Option<(Box<dyn Connection>, Vec<u8>)>>;

pub fn install(it: &mut Interpreter) {
    let sockets = it.core.module_at("HostSockets");
    it.own_methods(&sockets, SOCKETS);
    let handle = it.core.class_at("HostSockets::Handle", &it.core.object.clone());
    it.methods(&handle, HANDLE);
}

const SOCKETS: Methods = &[
    ("open", open),
    ("resolve", |it, _, arguments| {
        let name = it.text_of(arguments.get(0))?;
        let found = it.shared.world.borrow_mut().resolve(&name);
        match found {
            Ok(found) => Ok(Value::array(found.into_iter().map(address).collect())),
            Err(refusal) => Err(failed(it, refusal, &format!("for {name}"))),
        }
    }),
    ("name_of", |it, _, arguments| {
        let address = it.text_of(arguments.get(0))?;
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err(it.error("SocketError", "getnameinfo: Name or service not known"));
        };
        let found = it.shared.world.borrow_mut().name_of(address);
        found
            .map(Value::string)
            .map_err(|refusal| failed(it, refusal, &format!("for {address}")))
    }),
    ("interfaces", |it, _, _| {
        let found = it.shared.world.borrow().host.interfaces();
        let found = found.map_err(|error| failed(it, Refusal::Failed(error), "getifaddrs(3)"))?;
        let optional = |it: Option<IpAddr>| it.map_or(Value::Nil, address);
        let row = |it: crate::host::Interface| {
            Value::array(vec![
                Value::string(it.name),
                Value::Integer(i64::from(it.flags)),
                optional(it.address),
                optional(it.netmask),
                optional(it.broadcast),
            ])
        };
        Ok(Value::array(found.into_iter().map(row).collect()))
    }),
    ("hostname", |it, _, _| {
        Ok(Value::string(it.shared.world.borrow().host.facts().hostname))
    }),
    ("now", |it, _, _| Ok(Value::Float(now(it)))),
    ("deadline", |it, _, _| Ok(it.deadline.map_or(Value::Nil, Value::Float))),
    ("deadline=", |it, _, arguments| {
        it.deadline = match arguments.get(0) {
            Some(Value::Float(seconds)) => Some(*seconds),
            _ => None,
        };
        Ok(Value::Nil)
    }),
];

const HANDLE: Methods = &[
    ("read", |it, this, arguments| {
        let at_most = match arguments.get(0) {
            Some(Value::Integer(bytes)) => usize::try_from(*bytes).unwrap_or(0).min(1 << 20),
            _ => 1 << 16,
        };
        let patience = patience(it)?;
        let read = with(it, this, |open, begun| read_text(open, begun, at_most, patience))?;
        Ok(Value::string(read))
    }),
    ("ready?", |it, this, arguments| {
        let patience = [patience(it)?, duration(arguments.get(0))].into_iter().flatten().min();
        Ok(Value::Boolean(with(it, this, |open, _| open.is_ready(patience))?))
    }),
    ("write", |it, this, arguments| {
        let sent = it.text_of(arguments.get(0))?;
        with(it, this, |open, _| open.write(sent.as_bytes()))?;
        Ok(Value::Integer(sent.len() as i64))
    }),
    ("finish", |it, this, _| {
        with(it, this, |open, _| open.finish())?;
        Ok(Value::Nil)
    }),
    ("accept", |it, this, _| {
        let patience = patience(it)?;
        let accepted = with(it, this, |open, _| open.accept(patience))?;
        Ok(handle(it, accepted))
    }),
    ("local", |it, this, _| with(it, this, |open, _| Ok(place(open.local())))),
    ("peer", |it, this, _| with(it, this, |open, _| Ok(place(open.peer())))),
    ("close", |_, this, _| {
        if let Some(open) = open_of(this) {
            open.take();
        }
        Ok(Value::Nil)
    }),
];

/// `HostSockets.open(kind, name, port, seconds)`
fn open(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let socket = match &*it.text_of(arguments.get(0))? {
        "tcp" => Socket::Tcp,
        "tcp_server" => Socket::TcpServer,
        "udp" => Socket::Udp,
        "udp_server" => Socket::UdpServer,
        "unix_server" => Socket::UnixServer,
        _ => Socket::Unix,
    };
    let name = it.to_s(arguments.get(1).unwrap_or(&Value::Nil))?;
    let port = match arguments.get(2) {
        Some(Value::Integer(port)) => u16::try_from(*port).unwrap_or(0),
        _ => 0,
    };
    let asked = duration(arguments.get(3));
    let patience = [patience(it)?, asked].into_iter().flatten().min();
    let opened = it.shared.world.borrow_mut().open_socket(socket, &name, port, patience);
    match opened {
        Ok(open) => Ok(handle(it, open)),
        Err(Refusal::NotTrusted(advice)) => Err(not_allowed(it, &socket.act(&name, port), advice)),
        Err(refusal) => {
            let call = match socket {
                Socket::TcpServer | Socket::UdpServer | Socket::UnixServer => "bind(2)",
                _ => "connect(2)",
            };
            let what = match socket {
                Socket::Unix | Socket::UnixServer => format!("{call} for {name}"),
                _ => format!("{call} for {} port {port}", crate::ruby::convert::inspect_text(&name)),
            };
            Err(failed(it, refusal, &what))
        }
    }
}

/// An open socket or pipe for the library.
pub fn handle(it: &mut Interpreter, open: Box<dyn Connection>) -> Value {
    let class = it.core.class_at("HostSockets::Handle", &it.core.object.clone());
    let handle = it.core.instance(&class);
    if let Value::Object(object) = &handle {
        let open: Open = RefCell::new(Some((open, Vec::new())));
        *object.native.borrow_mut() = Some(Rc::new(open));
    }
    handle
}

fn open_of(this: &Value) -> Option<Rc<Open>> {
    let Value::Object(object) = this else { return None };
    let native = object.native.borrow().clone();
    native?.downcast().ok()
}

/// Does something with an open socket or pipe.
fn with<T>(
    it: &mut Interpreter,
    this: &Value,
    act: impl FnOnce(&mut dyn Connection, &mut Vec<u8>) -> io::Result<T>,
) -> Outcome<T> {
    let open = open_of(this);
    let mut open = open.as_ref().map(|it| it.borrow_mut());
    let Some((open, begun)) = open.as_mut().and_then(|it| it.as_mut()) else {
        return Err(it.error("IOError", "closed stream"));
    };
    act(&mut **open, begun).map_err(|error| failed(it, Refusal::Failed(error), "socket"))
}

/// The next text; an empty one at the end. A character that is cut in two comes as a whole with the next.
fn read_text(
    open: &mut dyn Connection,
    begun: &mut Vec<u8>,
    at_most: usize,
    patience: Option<Duration>,
) -> io::Result<String> {
    loop {
        let read = open.read(at_most, patience)?;
        let is_end = read.is_empty();
        begun.extend(read);
        let whole = if is_end { begun.len() } else { whole_characters(begun) };
        if whole > 0 || is_end {
            let text: Vec<u8> = begun.drain(..whole).collect();
            return Ok(String::from_utf8_lossy(&text).into_owned());
        }
    }
}

/// How many of the bytes are not the beginning of a character that goes on (RFC 3629).
fn whole_characters(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        let needed = match bytes[at] {
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => 1,
        };
        return if needed > back { at } else { bytes.len() };
    }
    bytes.len()
}

fn place(address: Option<SocketAddr>) -> Value {
    match address {
        Some(at) => Value::array(vec![address_of(at), Value::Integer(i64::from(at.port()))]),
        None => Value::Nil,
    }
}

fn address_of(at: SocketAddr) -> Value {
    address(at.ip())
}

/// An address that came in over a socket of both versions is one of version 4.
fn address(ip: IpAddr) -> Value {
    Value::string(ip.to_canonical().to_string())
}

/// The error of Ruby's for what did not work.
pub fn failed(it: &mut Interpreter, refusal: Refusal, what: &str) -> Box<Flow> {
    match refusal {
        Refusal::NotTrusted(advice) => {
            let name = what.trim_start_matches("for ");
            let act = crate::host::Act::Connect(format!("the name service, for {name}"));
            not_allowed(it, &act, advice)
        }
        Refusal::Unknown(_) => it.error("SocketError", "getaddrinfo: Name or service not known"),
        Refusal::Failed(error) if is_late(it, &error) => late(it),
        Refusal::Failed(error) => match of_system(error.kind()) {
            Some((class, said)) => it.error(class, format!("{said} - {what}")),
            None => it.error("SystemCallError", format!("{error} - {what}")),
        },
    }
}

/// Whether what took too long did so for `Timeout.timeout`.
fn is_late(it: &Interpreter, error: &io::Error) -> bool {
    let timed_out = matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
    timed_out && it.deadline.is_some_and(|deadline| deadline <= now(it))
}

/// What only `Timeout.timeout` itself rescues, and makes its own error of.
fn late(it: &mut Interpreter) -> Box<Flow> {
    it.error("Timeout::ExitException", "execution expired")
}

fn now(it: &Interpreter) -> f64 {
    let now = it.shared.world.borrow().host.now();
    now.seconds as f64 + f64::from(now.nanoseconds) / 1e9
}

/// How long the next act may take within the `Timeout.timeout` around it.
pub fn patience(it: &mut Interpreter) -> Outcome<Option<Duration>> {
    let Some(deadline) = it.deadline else { return Ok(None) };
    let left = deadline - now(it);
    match Duration::try_from_secs_f64(left) {
        Ok(left) if !left.is_zero() => Ok(Some(left)),
        Err(_) if left > 0.0 => Ok(None),
        _ => Err(late(it)),
    }
}

/// `sleep`: only a file that has begun something outside has anything to wait for.
pub fn sleep(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    const SLICE: Duration = Duration::from_millis(50);
    let asked = duration(arguments.get(0)).unwrap_or_default();
    let most = patience(it)?;
    let mut left = most.map_or(asked, |it| it.min(asked));
    while !left.is_zero() && it.shared.world.borrow().waits() {
        it.check_cancelled()?;
        it.shared.world.borrow_mut().wait(left.min(SLICE));
        left = left.saturating_sub(SLICE);
    }
    // Who does not wait is late all the same.
    if most.is_some_and(|it| it <= asked) {
        return Err(late(it));
    }
    Ok(Value::Integer(asked.as_secs_f64().round() as i64))
}

//! Connections of the machine that reads the file. Each one asks the host first; without leave it is an error at its line.

use super::Methods;
use super::commands::{not_trusted, text};
use super::exception::of_system;
use crate::host::{Act, Decision, Refusal, Request, Response};
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::time::Duration;

pub fn install(it: &mut Interpreter) {
    let uris = it.core.module_at("OpenURI");
    it.own_methods(
        &uris,
        &[("open_uri", |it, _, arguments| {
            let kernel = Value::Class(it.core.kernel.clone());
            it.dispatch(&kernel, Symbol::new("open"), arguments.clone(), true)
        })],
    );
    it.core.class_at("SocketError", &it.core.standard_error.clone());
    let http_error = it.core.class_at("OpenURI::HTTPError", &it.core.standard_error.clone());
    it.methods(&http_error, HTTP_ERROR);
}

/// `Kernel.connect`, which is not Ruby's: asks whether the file may connect to an address.
pub fn ask_to_connect(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let act = Act::Connect(it.text_of(arguments.get(0))?);
    let decision = it.shared.world.borrow_mut().decide(&act);
    match decision {
        Decision::Allow => Ok(Value::Nil),
        Decision::Refuse(advice) => Err(not_allowed(it, &act, advice)),
    }
}

/// The end of a file that wants to reach the network and may not.
pub fn not_allowed(it: &mut Interpreter, act: &Act, advice: String) -> Box<Flow> {
    let message = match act {
        Act::Listen(place) => format!("this file wants to listen on {place}"),
        Act::Connect(target) => format!("this file wants to connect to {target}"),
        Act::Pipe => "this file wants to open a pipe".to_owned(),
        Act::Run(_) | Act::Write(_) => "this file wants to change this computer".to_owned(),
    };
    not_trusted(it, &message, advice)
}

/// `Kernel.request`, which is not Ruby's: what a server answers, as its status, the words for that, the headers and the body.
pub fn request(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let request = Request {
        method: it.text_of(arguments.get(0))?,
        url: it.text_of(arguments.get(1))?,
        headers: headers(it, arguments.get(2))?,
        body: match arguments.get(3) {
            None | Some(Value::Nil) => Vec::new(),
            value => it.text_of(value)?.into_bytes(),
        },
        follows: false,
        timeout: duration(arguments.get(4)),
        insecure: arguments.get(5).is_some_and(Value::is_true),
    };
    let response = exchange(it, &request)?;
    let headers = response.headers.into_iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (Value::string(name), Value::string(value)))
        .collect();
    Ok(Value::array(vec![
        Value::Integer(i64::from(response.status)),
        Value::string(response.reason),
        Value::hash(headers),
        text(&response.body),
    ]))
}

fn headers(it: &mut Interpreter, table: Option<&Value>) -> Outcome<Vec<(String, String)>> {
    let Some(Value::Hash(table)) = table else {
        return Ok(Vec::new());
    };
    let pairs = table.to_pairs().into_iter();
    pairs
        .map(|(name, value)| Ok((it.to_s(&name)?, it.to_s(&value)?)))
        .collect()
}

/// A number of seconds; what is none is no limit.
pub fn duration(value: Option<&Value>) -> Option<Duration> {
    match value {
        Some(Value::Integer(seconds)) => u64::try_from(*seconds).ok().map(Duration::from_secs),
        Some(Value::Float(seconds)) => Duration::try_from_secs_f64(*seconds).ok(),
        _ => None,
    }
}

/// The text behind a URL, as `open-uri` has it: what is no success is an error.
pub fn fetch_url(it: &mut Interpreter, url: &str, arguments: &[Value]) -> Outcome<String> {
    let mut request = Request::get(url);
    if let Some(Value::Hash(options)) = arguments.last() {
        for (name, value) in options.to_pairs() {
            add_option(it, &mut request, &name, &value)?;
        }
    }
    let response = exchange(it, &request)?;
    match response.status {
        200..300 => Ok(String::from_utf8_lossy(&response.body).into_owned()),
        status => Err(it.error("OpenURI::HTTPError", format!("{status} {}", response.reason))),
    }
}

/// Options of `open-uri`: texts are headers, symbols say how to fetch.
fn add_option(it: &mut Interpreter, request: &mut Request, name: &Value, value: &Value) -> Outcome<()> {
    let Value::Symbol(option) = name else {
        request.headers.push((it.to_s(name)?, it.to_s(value)?));
        return Ok(());
    };
    match (&*option.text(), value) {
        ("read_timeout" | "open_timeout", _) => request.timeout = duration(Some(value)),
        ("ssl_verify_mode", Value::Integer(mode)) => request.insecure = *mode == 0,
        ("redirect", _) => request.follows = value.is_true(),
        ("http_basic_authentication", Value::Array(words)) => {
            let words: Vec<String> = words.to_vec().iter().filter_map(Value::text).collect();
            let words = Value::array(vec![Value::string(words.join(":"))]);
            let encoded = it.send(&words, "pack", vec![Value::string("m0")])?;
            let header = format!("Basic {}", it.to_s(&encoded)?);
            request.headers.push(("authorization".to_owned(), header));
        }
        _ => {}
    }
    Ok(())
}

fn exchange(it: &mut Interpreter, request: &Request) -> Outcome<Response> {
    let result = it.shared.world.borrow_mut().request(request);
    let url = &request.url;
    match result {
        Ok(response) => Ok(response),
        Err(Refusal::NotTrusted(advice)) => Err(not_allowed(it, &Act::Connect(url.clone()), advice)),
        Err(Refusal::Failed(error)) if error.kind() == std::io::ErrorKind::TimedOut => {
            // The library of Ruby's that has this class may not have run.
            super::super::library::start(it, "Net")?;
            Err(it.error("Net::OpenTimeout", format!("execution expired for {url}")))
        }
        Err(Refusal::Failed(error) | Refusal::Unknown(error)) => Err(match of_system(error.kind()) {
            Some((class, said)) => it.error(class, format!("{said} - {url}")),
            None => it.error("SocketError", format!("cannot fetch {url}: {error}")),
        }),
    }
}

/// What `io` of an `OpenURI::HTTPError` says.
const HTTP_ERROR: Methods = &[
    ("io", |_, this, _| Ok(this.clone())),
    ("status", |it, this, _| {
        let message = it.to_s(this)?;
        let (code, reason) = message.split_once(' ').unwrap_or((&message, ""));
        Ok(Value::array(vec![Value::string(code), Value::string(reason)]))
    }),
];

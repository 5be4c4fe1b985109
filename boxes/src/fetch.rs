//! The network, as this crate needs it: one request, one answer, whose body comes in pieces.

use std::fmt;
use std::io;

use async_trait::async_trait;
use bytes::Bytes;

/// Sends requests over HTTP. Whoever calls this crate has one; the crate itself makes no connection.
///
/// Redirects, proxies, TLS and time-outs are the implementation's. An answer of any status is an answer; an error is that
/// there is none.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Sends a request and returns when the headers of the answer are there.
    async fn send(&self, request: Request) -> io::Result<Response>;
}

/// What is asked.
#[derive(Clone)]
pub struct Request {
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// Where; may have secrets.
    pub url: String,
    /// Names in lower case, and values, which may be secrets.
    pub headers: Vec<(&'static str, String)>,
    /// What is sent along.
    pub body: Bytes,
}

impl Request {
    /// Asks for what is there.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// The request with one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        write!(
            f,
            "{} {} {names:?} ({} bytes)",
            self.method,
            crate::address::shown(&self.url),
            self.body.len()
        )
    }
}

/// What is answered.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Where the answer came from in the end, after redirects.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What comes after the headers.
    pub body: Box<dyn Body>,
}

impl Response {
    /// The value of a header, the first of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(it, _)| it.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The body of an answer.
#[async_trait]
pub trait Body: Send {
    /// The next piece; `None` at the end. A body that is shorter than was announced is an error.
    async fn chunk(&mut self) -> io::Result<Option<Bytes>>;
}

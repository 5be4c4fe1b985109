//! A web server on loopback that can be made to fail, and the real client that asks it.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use boxes::{Body, Fetch, Request, Response};
use bytes::Bytes;

/// Something that the server has.
#[derive(Clone, Default)]
pub struct Resource {
    pub body: Vec<u8>,
    pub etag: Option<&'static str>,
    /// Ranges are not understood.
    pub whole_only: bool,
    /// Connections end after so many bytes of the body, in order; later ones do not.
    pub cuts: Vec<usize>,
    /// What the `authorization` header must be.
    pub authorization: Option<&'static str>,
}

/// A server, until it is dropped.
pub struct Server {
    address: std::net::SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    resources: HashMap<String, Resource>,
    log: Vec<String>,
    gone: bool,
}

impl Server {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.lock().unwrap().gone {
                    return;
                }
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self { address, state }
    }

    pub fn put(&self, path: &str, resource: Resource) {
        self.state.lock().unwrap().resources.insert(path.to_owned(), resource);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far: `PATH` or `PATH FROM-` for a range.
    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.lock().unwrap().gone = true;
        let _ = TcpStream::connect(self.address);
    }
}

/// One request, one answer, and the connection ends. Errors are the client's going away.
fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: HashMap<String, String> = lines
        .take_while(|it| !it.is_empty())
        .filter_map(|it| {
            it.split_once(": ")
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        })
        .collect();
    let from: Option<usize> = headers
        .get("range")
        .and_then(|it| it.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let mut state = state.lock().unwrap();
    state
        .log
        .push(from.map_or(path.clone(), |from| format!("{path} {from}-")));
    let Some(resource) = state.resources.get_mut(&path) else {
        let _ = answer(&mut stream, "404 Not Found", "", b"", 0);
        return;
    };
    if resource
        .authorization
        .is_some_and(|it| headers.get("authorization").is_none_or(|given| given != it))
    {
        let _ = answer(&mut stream, "401 Unauthorized", "", b"", 0);
        return;
    }
    let length = resource.body.len();
    let same = headers
        .get("if-range")
        .is_none_or(|it| resource.etag == Some(it.as_str()));
    let from = from.filter(|_| same && !resource.whole_only);
    let etag = resource.etag.map(|it| format!("ETag: {it}\r\n")).unwrap_or_default();
    let cut = if resource.cuts.is_empty() {
        usize::MAX
    } else {
        resource.cuts.remove(0)
    };
    let body = resource.body.clone();
    drop(state);
    let _ = match from {
        None => answer(&mut stream, "200 OK", &etag, &body, cut),
        Some(from) if from >= length => answer(
            &mut stream,
            "416 Range Not Satisfiable",
            &format!("Content-Range: bytes */{length}\r\n"),
            b"",
            0,
        ),
        Some(from) => {
            let headers = format!("{etag}Content-Range: bytes {from}-{}/{length}\r\n", length - 1);
            answer(&mut stream, "206 Partial Content", &headers, &body[from..], cut)
        }
    };
}

fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8], cut: usize) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    )?;
    stream.write_all(&body[..body.len().min(cut)])?;
    stream.shutdown(Shutdown::Write)
}

/// The client, as the package has it.
pub struct Client(reqwest::Client);

impl Client {
    pub fn new() -> Self {
        // Together with the package, reqwest is built with TLS and without a provider of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self(reqwest::Client::builder().no_proxy().build().unwrap())
    }
}

#[async_trait]
impl Fetch for Client {
    async fn send(&self, request: Request) -> io::Result<Response> {
        let method = request.method.parse().map_err(io::Error::other)?;
        let mut builder = self.0.request(method, &request.url).body(request.body);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let response = builder.send().await.map_err(io::Error::other)?;
        let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            (name.to_string(), value.to_str().unwrap_or_default().to_owned())
        };
        Ok(Response {
            status: response.status().as_u16(),
            url: response.url().to_string(),
            headers: response.headers().iter().map(header).collect(),
            body: Box::new(Answer(response)),
        })
    }
}

struct Answer(reqwest::Response);

#[async_trait]
impl Body for Answer {
    async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        self.0.chunk().await.map_err(io::Error::other)
    }
}

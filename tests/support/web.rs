//! A web server of plain files on loopback, with ranges, that tells what it was asked.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A server of a folder, until the test ends.
pub struct Web {
    address: std::net::SocketAddr,
    log: Arc<Mutex<Vec<Asked>>>,
}

/// One request, and what went out for it.
#[derive(Clone)]
pub struct Asked {
    /// `GET /path`.
    pub what: String,
    /// The request's headers, as they came.
    pub headers: Vec<String>,
    /// Bytes of the answer's body.
    pub sent: u64,
}

impl Web {
    /// Serves a folder; a file `.token` in it names the bearer's token that everybody must show, and `NAME.moved` where NAME went.
    pub fn of(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (folder, shared) = (folder.to_owned(), log.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (folder, log) = (folder.clone(), shared.clone());
                std::thread::spawn(move || serve(stream, &folder, &log));
            }
        });
        Self { address, log }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What was asked since the last look.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

/// One request, one answer. Errors are the client's going away.
fn serve(mut stream: TcpStream, folder: &Path, log: &Mutex<Vec<Asked>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<String> = lines.take_while(|it| !it.is_empty()).collect();
    let header = |name: &str| {
        let found = headers.iter().find(|it| it.to_lowercase().starts_with(name));
        found
            .and_then(|it| it.split_once(": "))
            .map(|(_, value)| value.to_owned())
    };
    let token = fs::read_to_string(folder.join(".token")).ok();
    let is_let_in =
        token.is_none_or(|it| header("authorization:").is_some_and(|given| given == format!("Bearer {it}")));
    let (status, body) = match is_let_in {
        false => ("401 Unauthorized", Vec::new()),
        true => match content(folder, path.split('?').next()?) {
            Some(body) => ("200 OK", body),
            None => ("404 Not Found", Vec::new()),
        },
    };
    let place = fs::read_to_string(folder.join(format!("{}.moved", path.trim_start_matches('/')))).ok();
    if let Some(place) = place {
        let _ = answer(&mut stream, "302 Found", &format!("Location: {place}\r\n"), b"");
        return None;
    }
    let range = header("range:").filter(|_| status == "200 OK");
    let range = range.and_then(|it| {
        let (from, to) = it.strip_prefix("bytes=")?.split_once('-')?;
        let from: usize = from.parse().ok()?;
        Some((from, to.parse().unwrap_or(body.len() - 1).min(body.len() - 1)))
    });
    let (status, extra, part) = match range {
        Some((from, to)) if from <= to => (
            "206 Partial Content",
            format!("Content-Range: bytes {from}-{to}/{}\r\n", body.len()),
            &body[from..=to],
        ),
        _ => (status, String::new(), &body[..]),
    };
    let sent = answer(&mut stream, status, &extra, if method == "HEAD" { b"" } else { part });
    log.lock().unwrap().push(Asked {
        what: format!("{method} {path}"),
        headers,
        sent: sent.map_or(0, |()| part.len() as u64),
    });
    Some(())
}

fn answer(stream: &mut TcpStream, status: &str, extra: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{extra}\r\n"
    )?;
    stream.write_all(body)?;
    stream.flush()
}

/// A file's content, or the list of a folder as web servers write it.
fn content(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let path: PathBuf = folder.join(path.trim_start_matches('/').replace("%20", " "));
    if !path.is_dir() {
        return fs::read(path).ok();
    }
    let mut names = super::names_in(&path);
    names.insert(0, "..".to_owned());
    let link = |it: &String| {
        let slash = if path.join(it).is_dir() { "/" } else { "" };
        format!("<a href=\"{it}{slash}\">{it}{slash}</a>\n")
    };
    Some(format!("<html><pre>{}</pre></html>", names.iter().map(link).collect::<String>()).into_bytes())
}

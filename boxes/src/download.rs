//! A download that is unpacked while it comes in, and kept as far as it came.
//!
//! What arrives goes to a partial file and to the import at once. When the connection breaks, the rest is asked for; when the
//! process ends, the next one goes on where this one stopped, as long as the server still has the same file.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinError;

use crate::cancel::Cancel;
use crate::checksum;
use crate::event::{Event, Observer};
use crate::fetch::{Fetch, Request, Response};
use crate::pieces::{Piece, Pieces};
use crate::{Error, Result};

/// Tries in a row that bring nothing before it is given up.
const FRUITLESS_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Pieces on their way to the import at most.
const AHEAD: usize = 16;

/// One file on a server, and what is here of it.
pub(crate) struct Download<'a> {
    pub(crate) fetch: &'a dyn Fetch,
    /// The request for the whole file.
    pub(crate) request: Request,
    pub(crate) observer: &'a Observer,
    pub(crate) cancel: &'a Cancel,
    partial: Partial,
}

/// The stream that an import reads.
pub(crate) struct Incoming {
    /// The partial file. Its cursor is where reading stopped, and at its end when what was here before is read.
    file: File,
    /// How much of what was here before is still to be read.
    earlier: u64,
    pieces: Pieces,
}

/// The file that keeps what came in, locked for this process.
pub(crate) struct Partial {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
}

/// Which version of the file on the server a partial file belongs to.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Validator {
    etag: Option<String>,
    last_modified: Option<String>,
}

/// An answer that goes on where the partial file ends.
struct Continuation {
    response: Option<Response>,
    total: Option<u64>,
}

impl<'a> Download<'a> {
    /// Takes hold of the partial file in a folder, after any other process that has it.
    pub(crate) async fn open(
        fetch: &'a dyn Fetch,
        request: Request,
        folder: &Path,
        observer: &'a Observer,
        cancel: &'a Cancel,
    ) -> Result<Self> {
        let partial = Partial::open(folder, &request.url, observer).await?;
        Ok(Self {
            fetch,
            request,
            observer,
            cancel,
            partial,
        })
    }

    /// Throws away what is here.
    pub(crate) fn forget(&self) -> Result<()> {
        self.partial.forget()
    }

    /// Downloads into `import`, which runs on a thread of its own and reads the stream to its end.
    ///
    /// When the import is done with, so is the partial file; when it failed, the file stays for the next try, unless the bytes
    /// themselves were at fault.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        import: impl FnOnce(Incoming, Option<u64>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let continuation = self.start().await?;
        let length = self.partial.length()?;
        self.observe(Event::Reading {
            source: self.shown(),
            resumed_at: length,
        });
        let (sender, pieces) = mpsc::channel(AHEAD);
        let incoming = self.partial.incoming(length, pieces)?;
        let total = continuation.total;
        let import = tokio::task::spawn_blocking(move || import(incoming, total));
        self.feed(continuation, length, sender).await;
        let outcome = joined(import.await);
        self.cancel.check()?;
        self.partial.settle(&outcome);
        outcome
    }

    /// The first answer: the rest of what is here, or, when the server has another file by now, all of the new one.
    async fn start(&self) -> Result<Continuation> {
        let length = self.partial.length()?;
        let (request, validator) = (self.request.clone(), self.partial.validator());
        let response = self.send(continued(request, length, &validator)).await?;
        match response.status {
            206 if continues_at(&response, length) => Ok(self.continuation(response, length)),
            416 if length > 0 && total_of_range(&response) == Some(length) => Ok(Continuation {
                response: None,
                total: Some(length),
            }),
            206 | 416 if length > 0 => {
                self.forget()?;
                let response = self.send(self.request.clone()).await?;
                self.beginning_again(response)
            }
            _ => self.beginning_again(response),
        }
    }

    fn beginning_again(&self, response: Response) -> Result<Continuation> {
        if response.status != 200 {
            return Err(Error::FetchStatus {
                url: self.shown(),
                status: response.status,
            });
        }
        self.forget()?;
        self.partial.note(&Validator::of(&response))?;
        Ok(self.continuation(response, 0))
    }

    fn continuation(&self, response: Response, length: u64) -> Continuation {
        let rest: Option<u64> = response.header("content-length").and_then(|it| it.trim().parse().ok());
        Continuation {
            total: rest.map(|rest| length + rest),
            response: Some(response),
        }
    }

    /// Sends pieces to the import until all are there, or there is no hope, or nobody takes them.
    async fn feed(&self, continuation: Continuation, mut length: u64, sender: mpsc::Sender<Piece>) {
        let Continuation { mut response, total } = continuation;
        let mut fruitless = 0;
        while let Some(connection) = response {
            let before = length;
            let broken = match self.pass_on(connection, &mut length, &sender).await {
                Ok(Passed::Unwanted) => return,
                Ok(Passed::All) if total.is_none_or(|total| length >= total) => break,
                Ok(Passed::All) => io::ErrorKind::UnexpectedEof.into(),
                Err(error) => error,
            };
            fruitless = if length > before { 0 } else { fruitless + 1 };
            match self.reconnected(broken, length, fruitless).await {
                Ok(connection) => response = Some(connection),
                Err(error) => return drop(sender.send(Piece::Broken(error)).await),
            }
        }
        // Nobody takes it any more when the import failed, which says so itself.
        let _ = sender.send(Piece::End).await;
    }

    async fn pass_on(
        &self,
        mut response: Response,
        length: &mut u64,
        sender: &mpsc::Sender<Piece>,
    ) -> io::Result<Passed> {
        loop {
            let chunk = tokio::select! {
                chunk = response.body.chunk() => chunk?,
                () = self.cancel.cancelled() => return Ok(Passed::Unwanted),
                () = sender.closed() => return Ok(Passed::Unwanted),
            };
            let Some(chunk) = chunk else { return Ok(Passed::All) };
            *length += chunk.len() as u64;
            if sender.send(Piece::Bytes(chunk)).await.is_err() {
                return Ok(Passed::Unwanted);
            }
        }
    }

    /// Asks for the rest, after pauses that grow. `fruitless` connections before brought nothing.
    async fn reconnected(&self, broken: io::Error, length: u64, fruitless: u32) -> io::Result<Response> {
        for failures in fruitless..FRUITLESS_TRIES {
            self.observe(Event::Reconnecting {
                url: self.shown(),
                reason: broken.to_string(),
            });
            tokio::select! {
                () = tokio::time::sleep(FIRST_PAUSE * 2u32.pow(failures)) => {}
                () = self.cancel.cancelled() => break,
            }
            let request = continued(self.request.clone(), length, &self.partial.validator());
            match self.fetch.send(request).await {
                Ok(response) if response.status == 206 && continues_at(&response, length) => return Ok(response),
                Ok(response) if response.status < 500 => break,
                // The server is overloaded, or still gone.
                Ok(_) | Err(_) => {}
            }
        }
        Err(broken)
    }

    async fn send(&self, request: Request) -> Result<Response> {
        tokio::select! {
            response = self.fetch.send(request) => response.map_err(|source| self.failed(source)),
            () = self.cancel.cancelled() => Err(Error::Cancelled),
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Fetch {
            url: self.shown(),
            source,
        }
    }

    fn shown(&self) -> String {
        crate::address::shown(&self.request.url)
    }

    fn observe(&self, event: Event) {
        (self.observer)(event);
    }
}

/// How far the pieces of one answer came.
enum Passed {
    All,
    Unwanted,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.earlier > 0 {
            let count = (&mut self.file).take(self.earlier).read(buffer)?;
            self.earlier -= count as u64;
            return if count > 0 {
                Ok(count)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
        self.pieces.read_showing(buffer, |piece| self.file.write_all(piece))
    }
}

impl Partial {
    /// Takes hold of the file for what comes from a URL, after any other process that has it.
    pub(crate) async fn open(folder: &Path, url: &str, observer: &Observer) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        let digest = checksum::hex(&Sha256::digest(url.as_bytes()));
        let path = folder.join(format!("jaunt-download-{}", &digest[..32]));
        loop {
            let file = File::options()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&path);
            let file = file.map_err(Error::file("write", &path))?;
            let file = lock(file, url, observer).await.map_err(Error::file("lock", &path))?;
            // Whoever held it before may have been done with it, and have removed it.
            if is_still_there(&path, &file) {
                return Ok(Self { path, file });
            }
        }
    }

    /// Throws away what is in it.
    pub(crate) fn forget(&self) -> Result<()> {
        self.file.set_len(0).map_err(Error::file("write", &self.path))
    }

    /// Removes what an import was made of, or what can be made nothing of; what failed otherwise may go on with it.
    pub(crate) fn settle<T>(&self, outcome: &Result<T>) {
        match outcome {
            Err(error) if !error.condemns_the_bytes() => {}
            _ => self.remove(),
        }
    }

    fn length(&self) -> Result<u64> {
        self.file
            .metadata()
            .map(|it| it.len())
            .map_err(Error::file("read", &self.path))
    }

    fn incoming(&self, earlier: u64, pieces: mpsc::Receiver<Piece>) -> Result<Incoming> {
        let mut file = self.file.try_clone().map_err(Error::file("read", &self.path))?;
        file.seek(SeekFrom::Start(0)).map_err(Error::file("read", &self.path))?;
        Ok(Incoming {
            file,
            earlier,
            pieces: Pieces::new(pieces),
        })
    }

    fn notes(&self) -> PathBuf {
        self.path.with_extension("json")
    }

    fn note(&self, validator: &Validator) -> Result<()> {
        let json = serde_json::to_vec(validator).map_err(io::Error::from);
        json.and_then(|json| fs::write(self.notes(), json))
            .map_err(Error::file("write", self.notes()))
    }

    fn validator(&self) -> Validator {
        fs::read(self.notes())
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default()
    }

    /// Removes what is not needed any more. What cannot be removed is of no harm but its size.
    fn remove(&self) {
        for path in [&self.notes(), &self.path] {
            if let Err(error) = fs::remove_file(path) {
                tracing::debug!(path = %path.display(), %error, "a download stays");
            }
        }
    }
}

impl Validator {
    fn of(response: &Response) -> Self {
        let header = |name| response.header(name).map(str::to_owned);
        Self {
            etag: header("etag"),
            last_modified: header("last-modified"),
        }
    }

    /// What `If-Range` takes: a weak tag does not say that the bytes are the same.
    fn if_range(&self) -> Option<&String> {
        self.etag
            .as_ref()
            .filter(|it| !it.starts_with("W/"))
            .or(self.last_modified.as_ref())
    }
}

/// What a thread came to. A panic goes on here; a thread that never ran did so because the whole program ends.
pub(crate) fn joined<T>(outcome: Result<Result<T>, JoinError>) -> Result<T> {
    match outcome {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Cancelled),
        },
    }
}

async fn lock(file: File, url: &str, observer: &Observer) -> io::Result<File> {
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(fs::TryLockError::Error(error)) => return Err(error),
        Err(fs::TryLockError::WouldBlock) => observer(Event::Waiting {
            url: crate::address::shown(url),
        }),
    }
    tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await?
}

#[cfg(unix)]
fn is_still_there(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    matches!((path.metadata(), file.metadata()), (Ok(there), Ok(here)) if there.ino() == here.ino())
}

/// Where an open file cannot be removed.
#[cfg(not(unix))]
fn is_still_there(_: &Path, _: &File) -> bool {
    true
}

/// The request for what is not here yet, as long as it is of the same file.
fn continued(request: Request, length: u64, validator: &Validator) -> Request {
    if length == 0 {
        return request;
    }
    let request = request.with("range", format!("bytes={length}-"));
    match validator.if_range() {
        Some(validator) => request.with("if-range", validator),
        None => request,
    }
}

/// Whether an answer starts where the partial file ends: `Content-Range: bytes 100-199/200`.
fn continues_at(response: &Response, length: u64) -> bool {
    let range = response
        .header("content-range")
        .and_then(|it| it.trim().strip_prefix("bytes "));
    range.and_then(|it| it.split('-').next()?.trim().parse().ok()) == Some(length)
}

/// What the server says of the whole file when it has nothing more: `Content-Range: bytes */200`.
fn total_of_range(response: &Response) -> Option<u64> {
    response
        .header("content-range")?
        .rsplit('/')
        .next()?
        .trim()
        .parse()
        .ok()
}

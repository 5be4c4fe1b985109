//! A bounded pipe from a thread that writes to a task that reads.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;

const CHUNK: usize = 64 * 1024;
const CHUNKS: usize = 8;

/// The two ends. The writer waits while the reader has half a megabyte before it.
pub(super) fn pipe() -> (Writer, Reader) {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    (
        Writer {
            sender,
            chunk: Vec::with_capacity(CHUNK),
        },
        Reader {
            receiver,
            chunk: Vec::new(),
            read: 0,
        },
    )
}

/// The end for a thread; it must not be used within a task.
pub(super) struct Writer {
    sender: mpsc::Sender<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
}

impl Writer {
    /// Makes the reader fail, so that it does not take a part for the whole.
    pub(super) fn abort(self, why: &'static str) {
        // A reader that is gone needs no telling.
        _ = self.sender.blocking_send(Err(io::Error::other(why)));
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.sender
            .blocking_send(Ok(chunk))
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

/// The end for a task. It ends when the writer is dropped.
pub(super) struct Reader {
    receiver: mpsc::Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    read: usize,
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read == self.chunk.len() {
            match ready!(self.receiver.poll_recv(context)) {
                None => return Poll::Ready(Ok(())),
                Some(chunk) => self.chunk = chunk?,
            }
            self.read = 0;
        }
        let from = self.read;
        let until = self.chunk.len().min(from + buffer.remaining());
        buffer.put_slice(&self.chunk[from..until]);
        self.read = until;
        Poll::Ready(Ok(()))
    }
}

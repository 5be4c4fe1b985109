//! What comes in from a network, piece by piece, on its way to the thread that reads it.

use std::io::{self, Read};

use bytes::Bytes;
use tokio::sync::mpsc;

/// What whoever fetches hands on.
pub(crate) enum Piece {
    Bytes(Bytes),
    Broken(io::Error),
    End,
}

/// The pieces as one stream.
pub(crate) struct Pieces {
    receiver: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

impl Pieces {
    pub(crate) fn new(receiver: mpsc::Receiver<Piece>) -> Self {
        Self {
            receiver,
            current: Bytes::new(),
            ended: false,
        }
    }

    /// Reads, and shows each piece when it has come.
    pub(crate) fn read_showing(
        &mut self,
        buffer: &mut [u8],
        show: impl FnOnce(&[u8]) -> io::Result<()>,
    ) -> io::Result<usize> {
        if self.current.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Piece::Bytes(bytes)) => {
                    show(&bytes)?;
                    self.current = bytes;
                }
                Some(Piece::Broken(error)) => return Err(error),
                Some(Piece::End) => self.ended = true,
                // Whoever fetches is gone without a word, so this is no end.
                None => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let count = self.current.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_showing(buffer, |_| Ok(()))
    }
}

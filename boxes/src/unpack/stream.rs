//! The bytes of a box file on their way: one thread reads and sums up, another takes them and unpacks.

use std::io::{self, BufRead, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use super::holes::fill;
use crate::cancel::Cancel;
use crate::checksum::Hasher;
use crate::{Error, Result};

const CHUNK: usize = 256 << 10;
/// Chunks on their way at most.
pub(super) const AHEAD: usize = 8;

/// Reads all of the source, sums it up and hands it on, until it ends, somebody cancels, or nobody takes it any more.
///
/// When nobody takes it, the rest is read only where `to_the_end` says so.
pub(super) fn pump(
    source: &mut dyn Read,
    hasher: &mut Hasher,
    sender: SyncSender<Vec<u8>>,
    received: &AtomicU64,
    to_the_end: bool,
    cancel: &Cancel,
    progress: &dyn Fn(u64),
) -> Result<(), PumpError> {
    let mut sender = Some(sender);
    loop {
        cancel.check().map_err(PumpError::Stop)?;
        let mut chunk = vec![0; CHUNK];
        let filled = fill(source, &mut chunk).map_err(PumpError::Read)?;
        if filled == 0 {
            return cancel.check().map_err(PumpError::Stop);
        }
        chunk.truncate(filled);
        let total = received.fetch_add(filled as u64, Ordering::Relaxed) + filled as u64;
        progress(total);
        hasher.update(&chunk);
        if let Some(it) = &sender
            && it.send(chunk).is_err()
        {
            if !to_the_end {
                return Ok(());
            }
            sender = None;
        }
    }
}

/// Why the reading ended early.
pub(super) enum PumpError {
    Read(io::Error),
    Stop(Error),
}

/// What the other thread takes: the chunks as one stream.
pub(super) struct Chunks {
    receiver: Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    taken: usize,
}

impl Chunks {
    pub(super) fn new(receiver: Receiver<Vec<u8>>) -> Self {
        Self {
            receiver,
            chunk: Vec::new(),
            taken: 0,
        }
    }
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.chunk.len()
            && let Ok(chunk) = self.receiver.recv()
        {
            self.chunk = chunk;
            self.taken = 0;
        }
        Ok(&self.chunk[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.chunk.len());
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

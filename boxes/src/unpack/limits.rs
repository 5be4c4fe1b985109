//! How much a box may be, so that a small download cannot fill a disk or a memory.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::cancel::Cancel;
use crate::refusal::Refusal;
use crate::{Error, Result};

/// What a box may cost at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files, folders and links.
    pub entries: u64,
    /// Bytes of all files together, holes included.
    pub unpacked: u64,
    /// How many times its size a box may write, holes not counted. Disk images do not reach 50.
    pub ratio: u64,
    /// Bytes that may be written whatever the ratio.
    pub ratio_free: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 10_000,
            unpacked: 4 << 40,
            ratio: 250,
            ratio_free: 64 << 20,
        }
    }
}

/// Counts what a box costs while it is unpacked, and ends it when that is too much.
pub(super) struct Meter<'a> {
    limits: Limits,
    cancel: &'a Cancel,
    /// Bytes of the box file that have been read so far; counted by another thread.
    received: &'a AtomicU64,
    entries: u64,
    unpacked: u64,
    data: u64,
    entry: String,
}

impl<'a> Meter<'a> {
    pub(super) fn new(limits: Limits, cancel: &'a Cancel, received: &'a AtomicU64) -> Self {
        Self {
            limits,
            cancel,
            received,
            entries: 0,
            unpacked: 0,
            data: 0,
            entry: String::new(),
        }
    }

    /// One more entry; what is counted from now on is its.
    pub(super) fn entry(&mut self, name: &str) -> Result<()> {
        self.cancel.check()?;
        self.entry = name.to_owned();
        self.entries += 1;
        self.within(
            self.entries <= self.limits.entries,
            Refusal::TooManyEntries(self.limits.entries),
        )
    }

    /// Bytes that are there but cost no disk.
    pub(super) fn holes(&mut self, bytes: u64) -> Result<()> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        self.within(
            self.unpacked <= self.limits.unpacked,
            Refusal::BoxTooLarge(self.limits.unpacked),
        )
    }

    /// Bytes that are written.
    pub(super) fn data(&mut self, bytes: u64) -> Result<()> {
        self.cancel.check()?;
        self.data = self.data.saturating_add(bytes);
        let received = self.received.load(Ordering::Relaxed);
        let most = self
            .limits
            .ratio_free
            .saturating_add(received.saturating_mul(self.limits.ratio));
        self.within(self.data <= most, Refusal::RatioTooHigh(self.limits.ratio))?;
        self.holes(bytes)
    }

    fn within(&self, holds: bool, reason: Refusal) -> Result<()> {
        if holds {
            Ok(())
        } else {
            Err(Error::Refused {
                entry: self.entry.clone(),
                reason,
            })
        }
    }
}

//! A box as a stream, and the stream in chunks.

use std::collections::HashSet;
use std::io::{self, BufWriter, PipeReader};
use std::path::Path;

use fastcdc::v2020::StreamCDC;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::Digest;
use super::list::LONGEST;
use crate::cancel::Cancel;
use crate::pack::{self, Segment};
use crate::{Error, Result, checksum};

const LEVEL: i32 = 3;

/// How finely a box is cut. Two versions have chunks in common only where both are cut alike, so that it is kept with the box.
///
/// Finer chunks leave less of an unchanged neighbourhood in what a change makes new, and find more of a disk that was built anew,
/// whose files lie elsewhere; but each costs a line of the list, and compresses worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grain(u32);

impl Grain {
    /// That of boxes which do not say.
    pub(crate) const UNSAID: u32 = 32 << 10;
    /// That of boxes of which the destination has no version yet.
    pub(super) const NEW: Self = Self(16 << 10);

    /// The usual length of a chunk, where it is one that chunks can have.
    pub(crate) fn of(usual: u32) -> Option<Self> {
        (usual.is_power_of_two() && (4 << 10..=64 << 10).contains(&usual)).then_some(Self(usual))
    }

    pub(super) fn usual(self) -> u32 {
        self.0
    }
}

/// A chunk of a box on this computer.
pub(super) struct Cut {
    pub(super) digest: Digest,
    pub(super) length: u32,
    pub(super) content: Content,
}

pub(super) enum Content {
    Zeros,
    /// One that the destination has, or that came before.
    Known,
    /// A new one, compressed.
    Packed(Vec<u8>),
}

/// What the whole stream was.
pub(super) struct Cutting {
    pub(super) sha256: String,
    pub(super) size: u64,
}

/// Cuts the box in a folder and hands on chunk by chunk, until nobody takes them any more.
pub(super) fn cut_box(
    folder: &Path,
    grain: Grain,
    mut known: HashSet<Digest>,
    sender: &mpsc::Sender<Cut>,
    cancel: &Cancel,
) -> Result<Cutting> {
    let mut whole = Sha256::new();
    let mut size = 0;
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(Error::file("read", folder))?;
    each_chunk(folder, grain, cancel, |data, _| {
        whole.update(data);
        size += data.len() as u64;
        let digest = digest_of(data);
        let content = if is_zeros(data) {
            Content::Zeros
        } else if known.insert(digest) {
            Content::Packed(compressor.compress(data)?)
        } else {
            Content::Known
        };
        let length = data.len() as u32;
        let cut = Cut {
            digest,
            length,
            content,
        };
        sender
            .blocking_send(cut)
            .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    })?;
    Ok(Cutting {
        sha256: checksum::hex(&whole.finalize()),
        size,
    })
}

/// Calls a function with each chunk of a box and its place in the stream; returns which files lie where in the stream.
pub(super) fn each_chunk(
    folder: &Path,
    grain: Grain,
    cancel: &Cancel,
    mut each: impl FnMut(&[u8], u64) -> io::Result<()>,
) -> Result<Vec<Segment>> {
    let (reader, writer) = io::pipe().map_err(Error::file("read", folder))?;
    std::thread::scope(|scope| {
        let packing = scope.spawn(|| pack::plain(folder, BufWriter::with_capacity(LONGEST as usize, writer), cancel));
        let cut = cut_stream(reader, grain, cancel, &mut each);
        // The reader is gone by now, so that the packing ends, too.
        let packed = match packing.join() {
            Ok(packed) => packed,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        cancel.check()?;
        cut.map_err(Error::file("read", folder))?;
        packed
    })
}

fn cut_stream(
    reader: PipeReader,
    grain: Grain,
    cancel: &Cancel,
    each: &mut impl FnMut(&[u8], u64) -> io::Result<()>,
) -> io::Result<()> {
    let usual = grain.0 as usize;
    for chunk in StreamCDC::new(reader, usual / 4, usual, LONGEST as usize) {
        let chunk = chunk.map_err(io::Error::from)?;
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        each(&chunk.data, chunk.offset)?;
    }
    Ok(())
}

pub(super) fn digest_of(data: &[u8]) -> Digest {
    Sha256::digest(data).into()
}

fn is_zeros(data: &[u8]) -> bool {
    data.iter().all(|it| *it == 0)
}

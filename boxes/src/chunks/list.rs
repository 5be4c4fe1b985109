//! The list of a box's chunks, as it is kept: which they are, in their order, and where they lie.

use std::io::Read;

use super::Digest;
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"JAUNTCL1";
const ENTRY: usize = 32 + 4 * 4;
const LEVEL: i32 = 3;
/// What a list may be at most when it is read: enough for a box of a terabyte.
const LARGEST: u64 = 1 << 30;
/// No chunk is longer.
pub(super) const LONGEST: u32 = 256 << 10;

/// One chunk of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) digest: Digest,
    pub(super) length: u32,
    /// Where it lies; `None` for zeros, which lie nowhere.
    pub(super) place: Option<Place>,
}

/// Where a compressed chunk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of the manifest's packs.
    pub(super) pack: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// The list as bytes.
pub(super) fn write(chunks: &[Chunk]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(MAGIC.len() + chunks.len() * ENTRY);
    bytes.extend(MAGIC);
    for chunk in chunks {
        let place = chunk.place.unwrap_or(Place {
            pack: 0,
            offset: 0,
            length: 0,
        });
        bytes.extend(chunk.digest);
        for number in [chunk.length, place.pack, place.offset, place.length] {
            bytes.extend(number.to_le_bytes());
        }
    }
    zstd::bulk::compress(&bytes, LEVEL).map_err(|source| Error::Damaged {
        what: "the list of chunks".to_owned(),
        source,
    })
}

/// The list that bytes hold, of a manifest with so many packs and a stream of so many bytes.
pub(super) fn read(bytes: &[u8], packs: usize, size: u64, what: &str) -> Result<Vec<Chunk>> {
    let malformed = |reason: &str| Error::ArtifactMalformed {
        what: what.to_owned(),
        reason: format!("has a list of chunks that {reason}"),
    };
    let decoder = zstd::stream::read::Decoder::new(bytes).map_err(|_| malformed("cannot be decompressed"))?;
    let mut plain = Vec::new();
    decoder
        .take(LARGEST + 1)
        .read_to_end(&mut plain)
        .map_err(|_| malformed("cannot be decompressed"))?;
    if plain.len() as u64 > LARGEST {
        return Err(malformed("is too long"));
    }
    let entries = plain.strip_prefix(MAGIC).ok_or_else(|| malformed("is none"))?;
    let entries = entries.chunks_exact(ENTRY);
    if !entries.remainder().is_empty() {
        return Err(malformed("ends in its middle"));
    }
    let chunks: Option<Vec<Chunk>> = entries.map(|it| chunk(it).filter(|it| it.is_sound(packs))).collect();
    let chunks = chunks.ok_or_else(|| malformed("has a chunk that cannot be one"))?;
    if chunks.iter().map(|it| u64::from(it.length)).sum::<u64>() != size {
        return Err(malformed("does not make the stream that is announced"));
    }
    Ok(chunks)
}

fn chunk(bytes: &[u8]) -> Option<Chunk> {
    let (digest, numbers) = bytes.split_first_chunk::<32>()?;
    let number = |index: usize| {
        let bytes = numbers.get(index * 4..index * 4 + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let place = Place {
        pack: number(1)?,
        offset: number(2)?,
        length: number(3)?,
    };
    Some(Chunk {
        digest: *digest,
        length: number(0)?,
        place: (place.length > 0).then_some(place),
    })
}

impl Chunk {
    fn is_sound(&self, packs: usize) -> bool {
        let is_place_sound = |it: Place| {
            (it.pack as usize) < packs && it.length <= 2 * LONGEST && it.offset.checked_add(it.length).is_some()
        };
        (1..=LONGEST).contains(&self.length) && self.place.is_none_or(is_place_sound)
    }
}

impl Place {
    pub(super) fn end(self) -> u32 {
        self.offset.saturating_add(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(pack: u32, length: u32) -> Chunk {
        let place = Place {
            pack,
            offset: 5,
            length: 7,
        };
        Chunk {
            digest: [pack as u8; 32],
            length,
            place: Some(place),
        }
    }

    fn check(chunks: &[Chunk], packs: usize, size: u64, expected: &str) {
        let outcome = match read(&write(chunks).unwrap(), packs, size, "it") {
            Ok(read) => {
                assert_eq!(read, chunks);
                "read".to_owned()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(outcome, expected);
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let zeros = Chunk {
            place: None,
            ..some(0, 3)
        };
        check(&[some(0, 4), zeros, some(1, 9)], 2, 16, "read");
        check(&[], 0, 0, "read");
    }

    #[test]
    fn a_list_that_lies_is_refused() {
        check(
            &[some(0, 4)],
            1,
            5,
            "it has a list of chunks that does not make the stream that is announced",
        );
        check(
            &[some(1, 4)],
            1,
            4,
            "it has a list of chunks that has a chunk that cannot be one",
        );
        check(
            &[some(0, LONGEST + 1)],
            1,
            u64::from(LONGEST) + 1,
            "it has a list of chunks that has a chunk that cannot be one",
        );
        let refused = |bytes: &[u8]| read(bytes, 1, 0, "it").unwrap_err().to_string();
        assert!(refused(b"no list").contains("cannot be decompressed"));
        assert!(refused(&zstd::bulk::compress(b"JAUNTCL1x", 3).unwrap()).contains("ends in its middle"));
        assert!(refused(&zstd::bulk::compress(b"nonsense", 3).unwrap()).contains("is none"));
    }
}

//! A box in chunks on its way here: what other versions here have in common with it is taken from them, and the rest fetched.
//!
//! What was fetched is kept in a file until the box is installed, so that a pull that broke off goes on where it was.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::mpsc;

use super::cut::{Grain, digest_of};
use super::list::{Chunk, LONGEST, Place};
use super::push::contents;
use super::seeds::Seeds;
use super::{Depot, Digest, depot};
use crate::cancel::Cancel;
use crate::download::{Partial, joined};
use crate::event::{Event, Observer};
use crate::oci::{BoxConfig, Descriptor, Manifest};
use crate::pieces::{Piece, Pieces};
use crate::store::InstalledBox;
use crate::{Error, Result};

/// Chunks on their way to the import at most.
const AHEAD: usize = 32;
/// A hole between two wanted chunks that is read through rather than asked around.
const HOLE: u32 = 64 << 10;
/// Tries in a row that bring nothing before it is given up.
const FRUITLESS_TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Of so many boxes here it is found out what they have in common with the new one.
const SEEDS: usize = 2;

/// A box that is pulled.
pub(crate) struct Pull<'a> {
    pub(crate) depot: &'a Depot<'a>,
    pub(crate) digest: &'a str,
    /// How messages call it.
    pub(crate) what: &'a str,
    /// Boxes here that may have something in common with it, the likeliest first.
    pub(crate) alike: Vec<InstalledBox>,
    /// Where what was fetched is kept.
    pub(crate) downloads: &'a Path,
    /// Throws away what an earlier pull left.
    pub(crate) clean: bool,
    pub(crate) observer: &'a Observer,
    pub(crate) cancel: &'a Cancel,
}

impl Pull<'_> {
    /// Pulls the box into an import, which runs on a thread of its own and gets the stream, and what is said of it.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        import: impl FnOnce(Pieces, BoxConfig) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (manifest, _) = self.depot.manifest(self.digest, self.what).await?;
        if !manifest.is_chunked() {
            return Err(Error::ArtifactMalformed {
                what: self.what.to_owned(),
                reason: "is no box".to_owned(),
            });
        }
        let (config, chunks) = contents(self.depot, &manifest, self.what).await?;
        let partial = Partial::open(self.downloads, &format!("chunks {}", self.digest), self.observer).await?;
        if self.clean {
            partial.forget()?;
        }
        let mut kept = Kept::open(&partial)?;
        let wanted = wanted(&chunks, &kept);
        let seeds = self.seeds(wanted, config.grain(self.what)?).await?;
        let list: u64 = manifest.chunks(self.what)?.size + manifest.config.size;
        self.tell(kept.size);
        let (sender, pieces) = mpsc::channel(AHEAD);
        let stream = Pieces::new(pieces);
        let (size, importing) = (config.size, tokio::task::spawn_blocking(move || import(stream, config)));
        let mut fetching = Fetching::new(&self, &manifest, &chunks, &seeds, &kept);
        self.feed(&chunks, &seeds, &mut kept, &mut fetching, &sender).await;
        let moved = fetching.moved + list;
        drop(sender);
        let outcome = joined(importing.await);
        self.cancel.check()?;
        partial.settle(&outcome);
        (self.observer)(Event::Moved { moved, size });
        outcome
    }

    fn tell(&self, resumed_at: u64) {
        (self.observer)(Event::Reading {
            source: self.what.to_owned(),
            resumed_at,
        });
    }

    async fn seeds(&self, wanted: HashSet<Digest>, grain: Grain) -> Result<Seeds> {
        let boxes: Vec<InstalledBox> = self.alike.iter().take(SEEDS).cloned().collect();
        if boxes.is_empty() {
            return Ok(Seeds::default());
        }
        let cancel = self.cancel.clone();
        joined(tokio::task::spawn_blocking(move || Seeds::find(&boxes, &wanted, grain, &cancel)).await)
    }

    /// Hands on chunk by chunk, until all are there, or nobody takes them, or there is no hope.
    async fn feed(
        &self,
        chunks: &[Chunk],
        seeds: &Seeds,
        kept: &mut Kept,
        fetching: &mut Fetching<'_>,
        sender: &mpsc::Sender<Piece>,
    ) {
        for chunk in chunks {
            let data = tokio::select! {
                data = chunk_data(chunk, seeds, kept, fetching) => data,
                () = self.cancel.cancelled() => return,
                () = sender.closed() => return,
            };
            let piece = match data {
                Ok(data) => Piece::Bytes(data),
                Err(error) => return drop(sender.send(Piece::Broken(error)).await),
            };
            if sender.send(piece).await.is_err() {
                return;
            }
        }
        // Nobody takes it any more when the import failed, which says so itself.
        let _ = sender.send(Piece::End).await;
    }
}

async fn chunk_data(chunk: &Chunk, seeds: &Seeds, kept: &mut Kept, fetching: &mut Fetching<'_>) -> io::Result<Bytes> {
    let Some(place) = chunk.place else {
        let zeros = vec![0; chunk.length as usize];
        return match digest_of(&zeros) == chunk.digest {
            true => Ok(Bytes::from(zeros)),
            false => Err(wrong()),
        };
    };
    // What a power cut made of the file is fetched again.
    if let Some(packed) = kept.read(&chunk.digest)?
        && let Ok(data) = unpacked(chunk, &packed)
    {
        return Ok(data);
    }
    if let Some(data) = seeds.read(&chunk.digest) {
        return Ok(Bytes::from(data));
    }
    let packed = fetching.chunk(place).await?;
    let data = unpacked(chunk, &packed)?;
    kept.write(&chunk.digest, &packed)?;
    Ok(data)
}

/// The chunk itself, which is what its digest says.
fn unpacked(chunk: &Chunk, packed: &[u8]) -> io::Result<Bytes> {
    let data = zstd::bulk::decompress(packed, chunk.length as usize)?;
    if data.len() == chunk.length as usize && digest_of(&data) == chunk.digest {
        return Ok(Bytes::from(data));
    }
    Err(wrong())
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a chunk is another than its digest says")
}

fn wanted(chunks: &[Chunk], kept: &Kept) -> HashSet<Digest> {
    let stored = chunks.iter().filter(|it| it.place.is_some());
    stored
        .map(|it| it.digest)
        .filter(|it| !kept.places.contains_key(it))
        .collect()
}

/// Chunks that are to be read from a pack with one question.
struct Run {
    pack: u32,
    first: u32,
    end: u32,
}

/// Chunks on their way here.
struct Fetching<'a> {
    depot: &'a Depot<'a>,
    what: &'a str,
    observer: &'a Observer,
    packs: Vec<Descriptor>,
    runs: VecDeque<Run>,
    current: Option<Current>,
    moved: u64,
}

/// An answer that is being read.
struct Current {
    run: Run,
    /// The place in the pack of the first byte of the buffer.
    at: u32,
    buffer: BytesMut,
    part: depot::Part,
}

impl<'a> Fetching<'a> {
    fn new(pull: &Pull<'a>, manifest: &Manifest, chunks: &[Chunk], seeds: &Seeds, kept: &Kept) -> Self {
        Self {
            depot: pull.depot,
            what: pull.what,
            observer: pull.observer,
            packs: manifest.packs(),
            runs: runs(chunks, |it| kept.places.contains_key(it) || seeds.has(it)),
            current: None,
            moved: 0,
        }
    }

    /// A compressed chunk, at the next place that is asked for or at any other.
    async fn chunk(&mut self, place: Place) -> io::Result<Bytes> {
        let mut fruitless = 0;
        loop {
            let error = match self.try_chunk(place).await {
                Ok(packed) => return Ok(packed),
                Err(error) => error,
            };
            let broken = self.current.take().filter(|it| it.run.pack == place.pack);
            if fruitless == FRUITLESS_TRIES || error.kind() == io::ErrorKind::InvalidData {
                return Err(error);
            }
            (self.observer)(Event::Reconnecting {
                url: self.what.to_owned(),
                reason: error.to_string(),
            });
            tokio::time::sleep(FIRST_PAUSE * 2u32.pow(fruitless)).await;
            fruitless += 1;
            self.runs.push_front(Run {
                pack: place.pack,
                first: place.offset,
                end: broken.map_or(place.end(), |it| it.run.end.max(place.end())),
            });
        }
    }

    async fn try_chunk(&mut self, place: Place) -> io::Result<Bytes> {
        let is_ahead = |it: &Current| it.run.pack == place.pack && it.at <= place.offset && place.end() <= it.run.end;
        if !self.current.as_ref().is_some_and(is_ahead) {
            self.current = Some(self.open(place).await?);
        }
        let Some(current) = &mut self.current else {
            return Err(wrong());
        };
        let before = (place.offset - current.at) as usize;
        let needed = before + place.length as usize;
        while current.buffer.len() < needed {
            let Some(bytes) = current.part.body.chunk().await? else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            self.moved += bytes.len() as u64;
            current.take_in(bytes);
        }
        let mut taken = current.buffer.split_to(needed);
        current.at = place.end();
        Ok(taken.split_off(before).freeze())
    }

    /// Asks for the run that a chunk is in. A chunk of no run is one whose seed has gone meanwhile.
    async fn open(&mut self, place: Place) -> io::Result<Current> {
        let position = self
            .runs
            .iter()
            .position(|it| it.pack == place.pack && it.first <= place.offset && place.end() <= it.end);
        let run = position.and_then(|it| self.runs.remove(it)).unwrap_or(Run {
            pack: place.pack,
            first: place.offset,
            end: place.end(),
        });
        // Chunks of the run before this one came by another way.
        let run = Run {
            first: place.offset,
            ..run
        };
        let pack = self.packs.get(run.pack as usize).ok_or_else(wrong)?;
        let part = self
            .depot
            .part(&pack.digest, u64::from(run.first), Some(u64::from(run.end)))
            .await
            .map_err(io::Error::other)?;
        Ok(Current {
            at: run.first,
            run,
            buffer: BytesMut::new(),
            part,
        })
    }
}

impl Current {
    fn take_in(&mut self, bytes: Bytes) {
        let skipped = (self.part.skipped).min(bytes.len() as u64) as usize;
        self.part.skipped -= skipped as u64;
        self.buffer.extend_from_slice(&bytes[skipped..]);
    }
}

/// What must be fetched, in the order in which it is needed.
fn runs(chunks: &[Chunk], is_here: impl Fn(&Digest) -> bool) -> VecDeque<Run> {
    let mut runs: VecDeque<Run> = VecDeque::new();
    let mut seen = HashSet::new();
    for chunk in chunks {
        let Some(place) = chunk
            .place
            .filter(|_| !is_here(&chunk.digest) && seen.insert(chunk.digest))
        else {
            continue;
        };
        match runs.back_mut() {
            Some(run) if run.pack == place.pack && run.end <= place.offset && place.offset - run.end <= HOLE => {
                run.end = place.end();
            }
            _ => runs.push_back(Run {
                pack: place.pack,
                first: place.offset,
                end: place.end(),
            }),
        }
    }
    runs
}

/// The compressed chunks that were fetched, in a file: digest, length, bytes.
struct Kept {
    file: File,
    places: HashMap<Digest, (u64, u32)>,
    size: u64,
}

impl Kept {
    /// Reads what is there. What the end of a killed process cut off is cut off here, too.
    fn open(partial: &Partial) -> Result<Self> {
        let failed = |source| Error::File {
            action: "read",
            path: partial.path.clone(),
            source,
        };
        let file = partial.file.try_clone().map_err(failed)?;
        let mut kept = Self {
            file,
            places: HashMap::new(),
            size: 0,
        };
        kept.scan().map_err(failed)?;
        Ok(kept)
    }

    fn scan(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        self.file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(&self.file);
        let (mut digest, mut number) = ([0; 32], [0; 4]);
        loop {
            if reader.read_exact(&mut digest).is_err() || reader.read_exact(&mut number).is_err() {
                break;
            }
            let packed = u32::from_le_bytes(number);
            let start = self.size + 36;
            let end = start + u64::from(packed);
            if packed > 2 * LONGEST || end > length {
                break;
            }
            reader.seek_relative(i64::from(packed))?;
            self.places.insert(digest, (start, packed));
            self.size = end;
        }
        drop(reader);
        self.file.set_len(self.size)
    }

    fn read(&mut self, digest: &Digest) -> io::Result<Option<Vec<u8>>> {
        let Some((offset, length)) = self.places.get(digest).copied() else {
            return Ok(None);
        };
        let mut packed = vec![0; length as usize];
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.read_exact(&mut packed)?;
        Ok(Some(packed))
    }

    fn write(&mut self, digest: &Digest, packed: &[u8]) -> io::Result<()> {
        let length = packed.len() as u32;
        self.file.seek(SeekFrom::Start(self.size))?;
        self.file
            .write_all(&[digest.as_slice(), &length.to_le_bytes(), packed].concat())?;
        self.places.insert(*digest, (self.size + 36, length));
        self.size += 36 + u64::from(length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chunks as `PACK OFFSET`, each of 100 bytes, with a digest of its own.
    fn check(chunks: &[(u32, u32)], here: &[usize], expected: &[(u32, u32, u32)]) {
        let chunks: Vec<Chunk> = chunks
            .iter()
            .map(|(pack, offset)| Chunk {
                digest: digest_of(format!("{pack} {offset}").as_bytes()),
                length: 100,
                place: Some(Place {
                    pack: *pack,
                    offset: *offset,
                    length: 100,
                }),
            })
            .collect();
        let is_here = |digest: &Digest| here.iter().any(|it| chunks[*it].digest == *digest);
        let runs: Vec<_> = runs(&chunks, is_here)
            .iter()
            .map(|it| (it.pack, it.first, it.end))
            .collect();
        assert_eq!(runs, expected);
    }

    #[test]
    fn neighbours_are_asked_for_together() {
        check(&[(0, 0), (0, 100), (1, 0)], &[], &[(0, 0, 200), (1, 0, 100)]);
        check(&[(0, 0), (0, 100), (0, 200)], &[1], &[(0, 0, 300)]);
        check(&[(0, 0), (0, 200_000)], &[], &[(0, 0, 100), (0, 200_000, 200_100)]);
        check(&[(0, 100), (0, 0)], &[], &[(0, 100, 200), (0, 0, 100)]);
    }

    #[test]
    fn what_is_here_or_came_before_is_not_asked_for() {
        check(&[(0, 0), (0, 0)], &[], &[(0, 0, 100)]);
        check(&[(0, 0)], &[0], &[]);
    }
}

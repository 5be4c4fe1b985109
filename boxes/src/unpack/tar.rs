//! Boxes in tar: old, ustar, GNU and pax, with long names and holes.
//!
//! The headers are read by the `tar` library. Its own iterator is not used, because it reads extension headers whole, however
//! large a box says they are.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use tar::{EntryType, GnuExtSparseHeader, GnuSparseHeader, Header, PaxExtensions};

use super::holes::fill;
use super::tree::{Contents, Tree, printable};
use crate::refusal::Refusal;
use crate::{Error, Result};

const BLOCK: usize = 512;
/// Names and other extensions of one entry together.
const LARGEST_EXTENSION: u64 = 1 << 20;
/// Pieces of one file between holes.
const MOST_PIECES: usize = 1 << 17;
/// The map of holes of one file, where it is text.
const LARGEST_MAP: u64 = 4 << 20;
/// What may follow the end of the archive, such as the filling of a tape's block.
const LARGEST_TAIL: u64 = 64 << 20;

/// A kind of entry that the library does not name: the label of a tape, which is a name and nothing else.
const VOLUME_LABEL: u8 = b'V';

/// Where the parts of a file between its holes belong, and how long they are.
type Pieces = Vec<(u64, u64)>;

/// Whether a stream that starts so is a tar archive.
pub(super) fn is_tar(beginning: &[u8]) -> bool {
    beginning
        .get(..BLOCK)
        .is_some_and(|it| is_sound(Header::from_byte_slice(it)))
}

/// Unpacks all of an archive.
pub(super) fn unpack(source: &mut dyn BufRead, what: &str, tree: &mut Tree<'_>) -> Result<()> {
    let mut reader = Reader { source, what };
    let mut extensions = Extensions::default();
    while let Some(header) = reader.header()? {
        let size = header.entry_size().map_err(|_| damaged_header(&header))?;
        match header.entry_type() {
            EntryType::GNULongName => extensions.name = Some(c_string(reader.extension(size)?)),
            EntryType::GNULongLink => extensions.link = Some(c_string(reader.extension(size)?)),
            EntryType::XHeader => extensions.pax = pax(&reader.extension(size)?),
            EntryType::XGlobalHeader => drop(reader.extension(size)?),
            it if it.as_byte() == VOLUME_LABEL => reader.skip(padded(size))?,
            _ => reader.entry(&header, std::mem::take(&mut extensions), tree)?,
        }
    }
    reader.tail()
}

/// What the headers before an entry say of it.
#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: HashMap<String, Vec<u8>>,
}

impl Extensions {
    fn number(&self, key: &str) -> Option<u64> {
        str::from_utf8(self.pax.get(key)?).ok()?.parse().ok()
    }
}

struct Reader<'a> {
    source: &'a mut dyn BufRead,
    what: &'a str,
}

impl Reader<'_> {
    /// The next header; `None` at the end of the archive.
    fn header(&mut self) -> Result<Option<Header>> {
        let mut block = [0; BLOCK];
        match fill(self.source, &mut block).map_err(|source| self.damaged(source))? {
            // Some programs leave the two empty blocks out.
            0 => return Ok(None),
            BLOCK => {}
            _ => return Err(self.damaged(io::ErrorKind::UnexpectedEof.into())),
        }
        if block.iter().all(|it| *it == 0) {
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block);
        if is_sound(header) {
            Ok(Some(header.clone()))
        } else {
            Err(damaged_header(header))
        }
    }

    fn entry(&mut self, header: &Header, extensions: Extensions, tree: &mut Tree<'_>) -> Result<()> {
        let name = name(header, &extensions);
        let refuse = |reason| Error::Refused {
            entry: printable(&name),
            reason,
        };
        let size = match extensions.pax.contains_key("size") {
            true => extensions
                .number("size")
                .ok_or_else(|| refuse(Refusal::ArchiveHeader))?,
            false => header.entry_size().map_err(|_| damaged_header(header))?,
        };
        let mode = header.mode().unwrap_or(0o644);
        let link = || {
            extensions
                .link
                .clone()
                .or_else(|| extensions.pax.get("linkpath").cloned())
                .unwrap_or_else(|| header.link_name_bytes().map(|it| it.into_owned()).unwrap_or_default())
        };
        match header.entry_type() {
            // Archives from before folders had a type of their own end their names with a slash.
            EntryType::Regular if name.ends_with(b"/") => {
                tree.add_folder(&name)?;
                self.skip(padded(size))
            }
            EntryType::Directory => {
                tree.add_folder(&name)?;
                self.skip(padded(size))
            }
            EntryType::Regular | EntryType::Continuous => self.file(&name, mode, size, &extensions, tree),
            EntryType::GNUSparse => self.gnu_sparse(header, &name, mode, size, tree),
            EntryType::Symlink => tree.add_symbolic_link(&name, &link()),
            EntryType::Link => {
                tree.add_hard_link(&name, &link())?;
                self.skip(padded(size))
            }
            EntryType::Char => Err(refuse(Refusal::SpecialFile("character device"))),
            EntryType::Block => Err(refuse(Refusal::SpecialFile("block device"))),
            EntryType::Fifo => Err(refuse(Refusal::SpecialFile("named pipe"))),
            _ => Err(refuse(Refusal::SpecialFile("kind of entry that no box has"))),
        }
    }

    fn file(&mut self, name: &[u8], mode: u32, size: u64, extensions: &Extensions, tree: &mut Tree<'_>) -> Result<()> {
        let sparse_map = || Error::Refused {
            entry: printable(name),
            reason: Refusal::SparseMap,
        };
        let version = (
            extensions.number("GNU.sparse.major"),
            extensions.number("GNU.sparse.minor"),
        );
        match version {
            (Some(1), Some(0)) => {
                let real_size = extensions.number("GNU.sparse.realsize").ok_or_else(sparse_map)?;
                let (pieces, read) = self.pax_map(size).and_then(|it| it.ok_or_else(sparse_map))?;
                let stored = size.checked_sub(read).ok_or_else(sparse_map)?;
                self.pieces(name, mode, stored, (Some(pieces), real_size), tree)
            }
            (None, None) if extensions.pax.contains_key("GNU.sparse.size") => {
                let real_size = extensions.number("GNU.sparse.size").ok_or_else(sparse_map)?;
                let map = extensions.pax.get("GNU.sparse.map").ok_or_else(sparse_map)?;
                let numbers: Option<Vec<u64>> = str::from_utf8(map)
                    .ok()
                    .and_then(|it| it.split(',').map(|it| it.parse().ok()).collect());
                let pieces = numbers.and_then(pairs).ok_or_else(sparse_map)?;
                self.pieces(name, mode, size, (Some(pieces), real_size), tree)
            }
            (None, None) => self.pieces(name, mode, size, (None, size), tree),
            _ => Err(sparse_map()),
        }
    }

    /// GNU's own kind of holes: four pieces in the header, more in blocks behind it.
    fn gnu_sparse(&mut self, header: &Header, name: &[u8], mode: u32, size: u64, tree: &mut Tree<'_>) -> Result<()> {
        let sparse_map = || Error::Refused {
            entry: printable(name),
            reason: Refusal::SparseMap,
        };
        let gnu = header.as_gnu().ok_or_else(sparse_map)?;
        let real_size = gnu.real_size().map_err(|_| sparse_map())?;
        let mut pieces = Vec::new();
        collect(&gnu.sparse, &mut pieces).ok_or_else(sparse_map)?;
        let mut more = gnu.is_extended();
        while more {
            let mut extended = GnuExtSparseHeader::new();
            self.source
                .read_exact(extended.as_mut_bytes())
                .map_err(|source| self.damaged(source))?;
            collect(extended.sparse(), &mut pieces).ok_or_else(sparse_map)?;
            more = extended.is_extended();
        }
        self.pieces(name, mode, size, (Some(pieces), real_size), tree)
    }

    /// Hands `stored` bytes over as the contents of a file, which must be exactly what its pieces need.
    fn pieces(
        &mut self,
        name: &[u8],
        mode: u32,
        stored: u64,
        (pieces, size): (Option<Pieces>, u64),
        tree: &mut Tree<'_>,
    ) -> Result<()> {
        let needed = match &pieces {
            Some(pieces) => pieces
                .iter()
                .try_fold(0u64, |sum, (_, length)| sum.checked_add(*length)),
            None => Some(stored),
        };
        if needed.is_none_or(|it| it > stored) {
            return Err(Error::Refused {
                entry: printable(name),
                reason: Refusal::SparseMap,
            });
        }
        let mut data = (&mut *self.source).take(stored);
        tree.add_file(
            name,
            mode,
            Contents {
                reader: &mut data,
                pieces,
                size,
            },
        )?;
        let left = data.limit();
        self.skip(left.saturating_add(padded(stored) - stored))
    }

    /// The map at the head of a file with holes, in pax's newest form, and how many bytes it took; `None` when it is none.
    fn pax_map(&mut self, size: u64) -> Result<Option<(Pieces, u64)>> {
        let mut text = Vec::new();
        let mut wanted = None;
        let mut lines = 0;
        while wanted.is_none_or(|it| lines < it) {
            let start = text.len();
            if (start + BLOCK) as u64 > size.min(LARGEST_MAP) {
                return Ok(None);
            }
            text.resize(start + BLOCK, 0);
            self.source
                .read_exact(&mut text[start..])
                .map_err(|source| self.damaged(source))?;
            lines += text[start..].iter().filter(|it| **it == b'\n').count();
            wanted = wanted.or_else(|| {
                number_lines(&text)
                    .next()
                    .flatten()?
                    .checked_mul(2)?
                    .checked_add(1)?
                    .try_into()
                    .ok()
            });
            if wanted.is_none() {
                return Ok(None);
            }
        }
        let numbers: Option<Vec<u64>> = number_lines(&text)
            .take(lines.min(wanted.unwrap_or(0)))
            .skip(1)
            .collect();
        Ok(numbers.and_then(pairs).map(|it| (it, text.len() as u64)))
    }

    /// The bytes of an extension header, which are read whole.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > LARGEST_EXTENSION {
            let reason = Refusal::TooLarge(LARGEST_EXTENSION);
            return Err(Error::Refused {
                entry: "a header of the archive".to_owned(),
                reason,
            });
        }
        let mut bytes = vec![0; size as usize];
        self.source
            .read_exact(&mut bytes)
            .map_err(|source| self.damaged(source))?;
        self.skip(padded(size) - size)?;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let skipped = io::copy(&mut (&mut *self.source).take(bytes), &mut io::sink());
        match skipped.map_err(|source| self.damaged(source))? {
            it if it == bytes => Ok(()),
            _ => Err(self.damaged(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Reads on to the end of the stream, where the compression keeps its own checksum.
    fn tail(&mut self) -> Result<()> {
        let tail = io::copy(&mut (&mut *self.source).take(LARGEST_TAIL + 1), &mut io::sink());
        if tail.map_err(|source| self.damaged(source))? > LARGEST_TAIL {
            let reason = Refusal::TooLarge(LARGEST_TAIL);
            return Err(Error::Refused {
                entry: "what follows the end of the archive".to_owned(),
                reason,
            });
        }
        Ok(())
    }

    fn damaged(&self, source: io::Error) -> Error {
        Error::Damaged {
            what: self.what.to_owned(),
            source,
        }
    }
}

/// Whether the header has the checksum that it says.
fn is_sound(header: &Header) -> bool {
    let bytes = header.as_bytes();
    let sum: u32 = bytes[..148]
        .iter()
        .chain(&bytes[156..])
        .map(|it| u32::from(*it))
        .sum::<u32>()
        + 8 * 32;
    header.cksum().is_ok_and(|it| it == sum)
}

fn name(header: &Header, extensions: &Extensions) -> Vec<u8> {
    let pax = || {
        extensions
            .pax
            .get("GNU.sparse.name")
            .or_else(|| extensions.pax.get("path"))
            .cloned()
    };
    extensions
        .name
        .clone()
        .or_else(pax)
        .unwrap_or_else(|| header.path_bytes().into_owned())
}

/// The pairs of a pax header; what cannot be read is as if it were not there, as in every other reader.
fn pax(bytes: &[u8]) -> HashMap<String, Vec<u8>> {
    let mut map = HashMap::new();
    // The oldest form of a file with holes repeats two keys, in order, instead of a map.
    let mut numbers = Vec::new();
    for extension in PaxExtensions::new(bytes).flatten() {
        let (Ok(key), value) = (extension.key(), extension.value_bytes()) else {
            continue;
        };
        match key {
            "GNU.sparse.offset" | "GNU.sparse.numbytes" => numbers.push(String::from_utf8_lossy(value).into_owned()),
            _ => drop(map.insert(key.to_owned(), value.to_vec())),
        }
    }
    if !numbers.is_empty() {
        map.insert("GNU.sparse.map".to_owned(), numbers.join(",").into_bytes());
    }
    map
}

/// Adds the pieces that a header lists; `None` when they are none, or too many.
fn collect(headers: &[GnuSparseHeader], pieces: &mut Pieces) -> Option<()> {
    for header in headers.iter().filter(|it| !it.is_empty()) {
        pieces.push((header.offset().ok()?, header.length().ok()?));
    }
    (pieces.len() <= MOST_PIECES).then_some(())
}

/// The numbers of a text that has one a line.
fn number_lines(text: &[u8]) -> impl Iterator<Item = Option<u64>> {
    text.split(|it| *it == b'\n')
        .map(|line| str::from_utf8(line).ok()?.parse().ok())
}

fn pairs(numbers: Vec<u64>) -> Option<Pieces> {
    let even = numbers.len().is_multiple_of(2) && numbers.len() <= MOST_PIECES * 2;
    even.then(|| numbers.chunks_exact(2).map(|it| (it[0], it[1])).collect())
}

fn c_string(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.iter().position(|it| *it == 0) {
        bytes.truncate(end);
    }
    bytes
}

fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(BLOCK as u64).unwrap_or(u64::MAX)
}

fn damaged_header(header: &Header) -> Error {
    Error::Refused {
        entry: printable(&header.path_bytes()),
        reason: Refusal::ArchiveHeader,
    }
}

//! A box file becomes a folder: read, summed up, decompressed and unpacked in one pass.
//!
//! What a file is follows from its bytes and never from its name. Memory does not grow with the box; only xz and zstd may ask
//! for what their own headers say, up to a limit.

mod holes;
mod limits;
mod stream;
mod tar;
mod tree;
mod zip;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;

use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

pub use limits::Limits;

use crate::cancel::Cancel;
use crate::checksum::{Checksum, Hasher};
use crate::disk::DiskFormat;
use crate::{Error, Result};
use limits::Meter;
use stream::{AHEAD, Chunks, PumpError, pump};
use tree::Tree;

/// How much of a stream is looked at to know what it is.
const BEGINNING: usize = 64 << 10;
/// What a file may ask of memory to be decompressed.
const DECODER_MEMORY: u64 = 160 << 20;

/// What is done with a box file.
pub(crate) struct Unpacking<'a> {
    /// How messages call the box file: a path, or a URL without secrets.
    pub(crate) what: &'a str,
    pub(crate) checksums: &'a [Checksum],
    pub(crate) limits: Limits,
    pub(crate) cancel: &'a Cancel,
    /// Told the bytes of the box file that were read so far.
    pub(crate) progress: &'a (dyn Fn(u64) + Sync),
    /// A disk image is taken, too.
    pub(crate) bare_disks: bool,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) sha256: String,
    pub(crate) form: Form,
}

/// What a box file was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// An archive.
    Archive,
    /// A disk image; it is the only file of the folder now.
    BareDisk { file_name: String, format: DiskFormat },
}

impl Unpacking<'_> {
    /// Unpacks into a folder that is empty. After an error the folder holds anything.
    ///
    /// A wrong checksum comes before whatever the wrong bytes led to.
    pub(crate) fn run(&self, source: &mut (dyn Read + Send), folder: &Path) -> Result<Unpacked> {
        let received = AtomicU64::new(0);
        let (sender, receiver) = sync_channel(AHEAD);
        let mut hasher = Hasher::expecting(self.checksums);
        let to_the_end = !self.checksums.is_empty();
        let (pumped, unpacked) = std::thread::scope(|scope| {
            let pump = scope.spawn(|| {
                pump(
                    source,
                    &mut hasher,
                    sender,
                    &received,
                    to_the_end,
                    self.cancel,
                    self.progress,
                )
            });
            let unpacked = self.unpack(Chunks::new(receiver), folder, &received);
            (pump.join(), unpacked)
        });
        match pumped {
            Ok(Ok(())) => {}
            Ok(Err(PumpError::Stop(error))) => return Err(error),
            Ok(Err(PumpError::Read(source))) => {
                return Err(Error::Fetch {
                    url: self.what.to_owned(),
                    source,
                });
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
        match unpacked {
            Ok(form) => Ok(Unpacked {
                sha256: hasher.finish(self.what)?,
                form,
            }),
            Err(error) if self.checksums.is_empty() => Err(error),
            Err(error) => Err(hasher.finish(self.what).err().unwrap_or(error)),
        }
    }

    fn unpack(&self, mut chunks: Chunks, folder: &Path, received: &AtomicU64) -> Result<Form> {
        let mut tree = Tree::new(folder, self.what, Meter::new(self.limits, self.cancel, received));
        let beginning = chunks.fill_buf().map_err(|source| self.damaged(source))?;
        let form = match Compression::of(beginning) {
            Compression::Zip => self.unpack_zip(&mut chunks, folder, &mut tree)?,
            Compression::None => self.unpack_plain(chunks, &mut tree)?,
            Compression::Gzip => self.unpack_plain(MultiGzDecoder::new(chunks), &mut tree)?,
            Compression::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(DECODER_MEMORY, liblzma::stream::CONCATENATED);
                let stream = stream.map_err(|error| self.damaged(error.into()))?;
                self.unpack_plain(XzDecoder::new_stream(chunks, stream), &mut tree)?
            }
            Compression::Zstd => {
                let decoder = ZstdDecoder::with_buffer(chunks).map_err(|source| self.damaged(source))?;
                self.unpack_plain(decoder, &mut tree)?
            }
            Compression::Other(kind) => {
                return Err(self.not_a_box(format!("it is compressed with {kind}, which is not supported")));
            }
        };
        tree.finish()?;
        Ok(form)
    }

    /// Unpacks what is not compressed any more.
    fn unpack_plain(&self, mut source: impl Read, tree: &mut Tree<'_>) -> Result<Form> {
        let mut beginning = vec![0; BEGINNING];
        let filled = holes::fill(&mut source, &mut beginning).map_err(|source| self.damaged(source))?;
        beginning.truncate(filled);
        if tar::is_tar(&beginning) {
            tar::unpack(&mut rejoined(beginning, source), self.what, tree)?;
            return Ok(Form::Archive);
        }
        let format = self.bare_disk(&beginning)?;
        let file_name = name_of_disk(format);
        tree.add_stream(&file_name, &mut rejoined(beginning, source))?;
        Ok(Form::BareDisk { file_name, format })
    }

    fn bare_disk(&self, beginning: &[u8]) -> Result<DiskFormat> {
        match DiskFormat::of(beginning).filter(|_| !is_cd(beginning)) {
            Some(format) if self.bare_disks => Ok(format),
            Some(format) => {
                let reason = format!(
                    "it is a disk image ({}), which needs a name to become a box",
                    format.name()
                );
                Err(self.not_a_box(reason))
            }
            None => Err(self.not_a_box(what_it_is(beginning).to_owned())),
        }
    }

    fn unpack_zip(&self, source: &mut dyn Read, folder: &Path, tree: &mut Tree<'_>) -> Result<Form> {
        let parent = folder.parent().unwrap_or(folder);
        let mut file = tempfile::tempfile_in(parent).map_err(Error::file("write", parent))?;
        self.spool(source, &mut file, parent)?;
        zip::unpack(file, self.what, tree)?;
        Ok(Form::Archive)
    }

    fn spool(&self, source: &mut dyn Read, file: &mut File, place: &Path) -> Result<()> {
        io::copy(source, file)
            .and_then(|_| file.rewind())
            .map_err(Error::file("write a temporary file in", place))
    }

    fn damaged(&self, source: io::Error) -> Error {
        Error::Damaged {
            what: self.what.to_owned(),
            source,
        }
    }

    fn not_a_box(&self, reason: String) -> Error {
        Error::NotABox {
            what: self.what.to_owned(),
            reason,
        }
    }
}

/// What the disk of a box is called that is nothing but a disk; libvirt's boxes have theirs as `box.img`.
pub(crate) fn name_of_disk(format: DiskFormat) -> String {
    match format {
        DiskFormat::Qcow2 => "box.img".to_owned(),
        other => format!("box.{}", other.name()),
    }
}

/// How a file is compressed, by its first bytes.
#[derive(Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
    Zip,
    Other(&'static str),
}

impl Compression {
    fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            [b'P', b'K', 3, 4, ..] => Compression::Zip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Other("bzip2"),
            [b'7', b'z', 0xbc, 0xaf, ..] => Compression::Other("7-Zip"),
            [0x5d, 0, 0, ..] => Compression::Other("lzma"),
            _ => Compression::None,
        }
    }
}

fn is_cd(beginning: &[u8]) -> bool {
    beginning.get(32_769..32_774) == Some(b"CD001")
}

/// What a file is that is neither a box nor a disk, as far as its first bytes tell.
fn what_it_is(beginning: &[u8]) -> &'static str {
    let start = beginning.trim_ascii_start();
    match start {
        [] => "it is empty",
        [b'<', ..] => "it is a web page or another text in markup",
        [b'{' | b'[', ..] => "it is JSON, but not a catalog of boxes",
        _ if is_cd(beginning) => "it is an image of a CD, which an installer may be on",
        _ => "it is neither an archive (tar, gzip, xz, zstd, zip) nor a disk image",
    }
}

/// The stream as it was before its beginning was looked at.
fn rejoined(beginning: Vec<u8>, rest: impl Read) -> impl BufRead {
    BufReader::with_capacity(BEGINNING, io::Cursor::new(beginning).chain(rest))
}

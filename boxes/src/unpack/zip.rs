//! Boxes in zip. Its directory is at the end, so the archive must be a file before it can be read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::result::ZipError;

use super::tree::{Contents, Tree, printable};
use crate::refusal::Refusal;
use crate::{Error, Result};

/// The directory is held in memory.
const LARGEST_DIRECTORY: u64 = 4 << 20;
/// The record at the end, with the longest comment it can have.
const LARGEST_END: u64 = 22 + 65_535;
const LONGEST_LINK: u64 = 4096;

/// Unpacks all of an archive.
pub(super) fn unpack(mut file: File, what: &str, tree: &mut Tree<'_>) -> Result<()> {
    check_directory(&mut file).map_err(|source| damaged(what, source))??;
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(what, from_zip(error)))?;
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|error| damaged(what, from_zip(error)))?;
        let name = entry.name_raw().to_vec();
        let mode = entry.unix_mode().unwrap_or(0o644);
        match mode & 0o170_000 {
            _ if entry.is_dir() => tree.add_folder(&name)?,
            0o120_000 => {
                let mut target = Vec::new();
                entry
                    .take(LONGEST_LINK)
                    .read_to_end(&mut target)
                    .map_err(|source| damaged(what, source))?;
                tree.add_symbolic_link(&name, &target)?;
            }
            0 | 0o100_000 => {
                let size = entry.size();
                tree.add_file(
                    &name,
                    mode,
                    Contents {
                        reader: &mut entry,
                        pieces: None,
                        size,
                    },
                )?;
            }
            _ => {
                let reason = Refusal::SpecialFile("device, a pipe or a socket");
                return Err(Error::Refused {
                    entry: printable(&name),
                    reason,
                });
            }
        }
    }
    Ok(())
}

/// Looks how large the directory says it is, before the library reads it into memory.
fn check_directory(file: &mut File) -> io::Result<Result<()>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LARGEST_END)))?;
    let mut end = Vec::new();
    file.take(LARGEST_END).read_to_end(&mut end)?;
    let record = end
        .windows(4)
        .rposition(|it| it == b"PK\x05\x06")
        .map(|start| &end[start..]);
    let Some(size) = record
        .and_then(|it| it.get(12..16)?.try_into().ok())
        .map(u32::from_le_bytes)
    else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    // 4 GiB - 1 stands for «see the larger record», which a directory of this size has no need of.
    let reason = Refusal::TooLarge(LARGEST_DIRECTORY);
    Ok(match u64::from(size) <= LARGEST_DIRECTORY {
        true => Ok(()),
        false => Err(Error::Refused {
            entry: "the directory of the archive".to_owned(),
            reason,
        }),
    })
}

fn from_zip(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}

fn damaged(what: &str, source: io::Error) -> Error {
    Error::Damaged {
        what: what.to_owned(),
        source,
    }
}

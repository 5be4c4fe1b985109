//! Whether a machine's disk can be what QEMU made of it: its head, its tables, and what lies below it.
//!
//! QEMU itself reads what lies behind the end of a file as zeros: a disk that was cut off boots as an empty one, and is written to.
//! Only tables are looked at, never the data.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

const MAGIC: &[u8] = b"QFI\xfb";

/// How much of the head is read. What version 2 does not have of it is zero, or an extension.
const HEAD: usize = 1024;

/// The extension that names the format of the image below.
const FORMAT_BELOW: u64 = 0xe279_2aca;

/// Of an entry of the first table, the bits that are the place of a second one.
const PLACE: u64 = 0x00ff_ffff_ffff_fe00;

/// As large as QEMU lets the first table be, in entries.
const ENTRIES_AT_MOST: u32 = 4 << 20;

/// What says that QEMU itself has found the file to be spoilt.
const CORRUPT: u64 = 1 << 1;

/// Refuses a disk of a machine that is damaged, or lies on an image that is gone.
pub(super) fn check(disk: &Path) -> Result<()> {
    let damaged = |reason: String| Error::DamagedDisk {
        path: disk.to_owned(),
        reason,
    };
    let mut file = File::open(disk).map_err(|it| damaged(format!("it cannot be opened ({it})")))?;
    let base = examine(&mut file).map_err(damaged)?;
    let Some(Below { path, is_qcow2 }) = base else {
        return Ok(());
    };
    let base = disk.parent().unwrap_or(Path::new("/")).join(path);
    let mut start = [0; MAGIC.len()];
    let reason = match File::open(&base).and_then(|mut it| read_at(&mut it, 0, &mut start)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => "it is gone".to_owned(),
        Err(error) => error.to_string(),
        Ok(0) => "it is empty".to_owned(),
        Ok(_) if is_qcow2 && start != *MAGIC => "it is damaged: it is no image of the format qcow2".to_owned(),
        Ok(_) => return Ok(()),
    };
    let disk = disk.to_owned();
    Err(Error::UnusableBase { disk, base, reason })
}

/// What an image lies on.
#[derive(Debug, PartialEq)]
struct Below {
    path: PathBuf,
    is_qcow2: bool,
}

/// What lies below the image, or what is wrong with it.
fn examine(file: &mut (impl Read + Seek)) -> std::result::Result<Option<Below>, String> {
    let cut = |_: io::Error| "it is shorter than its own head".to_owned();
    let length = file.seek(SeekFrom::End(0)).map_err(|it| it.to_string())?;
    let mut head = [0; HEAD];
    let read = read_at(file, 0, &mut head).map_err(cut)?;
    if read < 72 || !head.starts_with(MAGIC) {
        return Err("it does not begin as an image of the format qcow2 does".to_owned());
    }
    let (u32_at, u64_at) = (
        |at: usize| number::<4>(&head, at) as u32,
        |at: usize| number::<8>(&head, at),
    );
    if u32_at(4) >= 3 && u64_at(72) & CORRUPT != 0 {
        return Err("QEMU has marked it as corrupt".to_owned());
    }
    let (bits, entries) = (u32_at(20), u32_at(36));
    if !(9..=21).contains(&bits) || entries > ENTRIES_AT_MOST {
        return Err("its head makes no sense".to_owned());
    }
    let (first, counts) = (u64_at(40), u64_at(48));
    let ends = [
        first.saturating_add(u64::from(entries) * 8),
        counts.saturating_add(u64::from(u32_at(56)) << bits),
        u64_at(64).saturating_add(u64::from(u32_at(60))),
    ];
    let is_outside = |table: &[u8]| table.chunks_exact(8).any(|it| number::<8>(it, 0) & PLACE >= length);
    let mut table = vec![0; entries as usize * 8];
    let is_cut = ends.iter().any(|it| *it > length)
        || read_at(file, first, &mut table).map_err(cut)? < table.len()
        || is_outside(&table);
    if is_cut {
        return Err(format!("it was cut off: tables of it lie behind its {length} bytes"));
    }
    let path = below(file, u64_at(8), u32_at(16)).map_err(|it| it.to_string())?;
    let extensions = if u32_at(4) >= 3 { u32_at(100) as usize } else { 72 };
    let is_qcow2 = extension(&head, extensions, FORMAT_BELOW) == Some(b"qcow2");
    Ok(path.map(|path| Below { path, is_qcow2 }))
}

/// What an extension of the head says, of those that begin there.
fn extension(head: &[u8], mut at: usize, wanted: u64) -> Option<&[u8]> {
    loop {
        let (kind, length) = (number::<4>(head, at), number::<4>(head, at + 4) as usize);
        let value = head.get(at + 8..at + 8 + length)?;
        match kind {
            0 => return None,
            it if it == wanted => return Some(value),
            _ => at += 8 + length.next_multiple_of(8),
        }
    }
}

/// The path of the image below.
fn below(file: &mut (impl Read + Seek), at: u64, length: u32) -> io::Result<Option<PathBuf>> {
    use std::os::unix::ffi::OsStringExt;
    if at == 0 {
        return Ok(None);
    }
    let mut name = vec![0; length.min(1023) as usize];
    read_at(file, at, &mut name)?;
    Ok(Some(std::ffi::OsString::from_vec(name).into()))
}

/// Reads as much as there is; returns how much that was.
fn read_at(file: &mut (impl Read + Seek), at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(at))?;
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..])? {
            0 => break,
            some => read += some,
        }
    }
    Ok(read)
}

/// A number of so many bytes, the most significant first.
fn number<const BYTES: usize>(bytes: &[u8], at: usize) -> u64 {
    bytes
        .iter()
        .skip(at)
        .take(BYTES)
        .fold(0, |sum, it| sum << 8 | u64::from(*it))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// An image of one table with one entry, of four clusters of 64 KiB.
    fn image(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; 4 << 16];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, MAGIC);
        put(4, &3_u32.to_be_bytes());
        put(8, &200_u64.to_be_bytes());
        put(16, &9_u32.to_be_bytes());
        put(20, &16_u32.to_be_bytes());
        put(36, &1_u32.to_be_bytes());
        put(40, &(2_u64 << 16).to_be_bytes());
        put(48, &(1_u64 << 16).to_be_bytes());
        put(56, &1_u32.to_be_bytes());
        put(100, &104_u32.to_be_bytes());
        put(104, &[0xe2, 0x79, 0x2a, 0xca, 0, 0, 0, 5, b'q', b'c', b'o', b'w', b'2']);
        put(200, b"/base.img");
        put(2 << 16, &(3_u64 << 16 | 1 << 63).to_be_bytes());
        bytes.truncate(length);
        bytes
    }

    #[track_caller]
    fn check(bytes: Vec<u8>, expected: std::result::Result<Option<&str>, &str>) {
        let found = examine(&mut Cursor::new(bytes));
        match (found, expected) {
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => {
                let below = |it: &str| Below {
                    path: it.into(),
                    is_qcow2: true,
                };
                assert_eq!(found, Ok(expected.unwrap().map(below)));
            }
        }
    }

    #[test]
    fn a_whole_image_names_what_is_below_it() {
        check(image(4 << 16), Ok(Some("/base.img")));
    }

    #[test]
    fn one_that_was_cut_anywhere_before_its_last_table_is_refused() {
        for length in [0, 1, 71] {
            check(image(length), Err("does not begin as"));
        }
        for length in [72, 104, 65536, 131_072, 131_079, 131_080, 196_608] {
            check(image(length), Err("it was cut off"));
        }
    }

    #[test]
    fn noise_is_refused() {
        check(vec![7; 4 << 16], Err("does not begin as"));
        let mut bytes = image(4 << 16);
        bytes[20..56].fill(0xff);
        check(bytes, Err("makes no sense"));
        let mut marked = image(4 << 16);
        marked[79] = 2;
        check(marked, Err("marked it as corrupt"));
    }
}

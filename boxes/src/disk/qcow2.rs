//! qcow2: a header with a backing file's name, and extensions with a data file's.

use std::fs::File;
use std::io;

use super::{big_u32, big_u64, read_at};
use crate::refusal::Refusal;

const EXTERNAL_DATA_FILE: u64 = 1 << 2;
const DATA_FILE_EXTENSION: u32 = 0x4441_5441;
const LONGEST_NAME: u64 = 1023;
const TOO_SHORT: Refusal = Refusal::DiskHeader("it is too short");

/// The disk's size, when the image has all of its data in itself.
pub(super) fn virtual_size(file: &mut File, beginning: &[u8]) -> io::Result<Result<u64, Refusal>> {
    let header = match Header::read(beginning) {
        Ok(header) => header,
        Err(reason) => return Ok(Err(reason)),
    };
    if header.backing_offset != 0 {
        let name = read_at(file, header.backing_offset, header.backing_length.min(LONGEST_NAME))?;
        return Ok(Err(Refusal::BackingFile(String::from_utf8_lossy(&name).into_owned())));
    }
    let extensions = read_at(file, header.length, 1 << 16)?;
    Ok(match data_file(&extensions) {
        Some(name) => Err(Refusal::ExtentOutside(name)),
        None if header.incompatible & EXTERNAL_DATA_FILE != 0 => Err(Refusal::ExtentOutside(String::new())),
        None => Ok(header.size),
    })
}

struct Header {
    backing_offset: u64,
    backing_length: u64,
    size: u64,
    incompatible: u64,
    length: u64,
}

impl Header {
    fn read(beginning: &[u8]) -> Result<Self, Refusal> {
        let version = big_u32(beginning, 4).ok_or(TOO_SHORT)?;
        let (incompatible, length) = match version {
            2 => (0, 72),
            3 => (
                big_u64(beginning, 72).ok_or(TOO_SHORT)?,
                u64::from(big_u32(beginning, 100).ok_or(TOO_SHORT)?),
            ),
            _ => return Err(Refusal::DiskHeader("its version is neither 2 nor 3")),
        };
        Ok(Self {
            backing_offset: big_u64(beginning, 8).ok_or(TOO_SHORT)?,
            backing_length: u64::from(big_u32(beginning, 16).ok_or(TOO_SHORT)?),
            size: big_u64(beginning, 24).ok_or(TOO_SHORT)?,
            incompatible,
            length,
        })
    }
}

/// The name of a data file, among the extensions: each a kind, a length and so many bytes, filled up to eight.
fn data_file(extensions: &[u8]) -> Option<String> {
    let mut offset = 0;
    loop {
        let kind = big_u32(extensions, offset)?;
        let length = big_u32(extensions, offset + 4)? as usize;
        let data = extensions.get(offset + 8..(offset + 8).checked_add(length)?)?;
        match kind {
            0 => return None,
            DATA_FILE_EXTENSION => return Some(String::from_utf8_lossy(data).into_owned()),
            _ => offset += 8 + length.next_multiple_of(8),
        }
    }
}

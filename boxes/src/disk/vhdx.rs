//! VHDX: a table of regions, one of which has a table of facts.

use std::fs::File;
use std::io;

use super::{little_u32, little_u64, read_at};
use crate::refusal::Refusal;

const REGION_TABLE: u64 = 192 << 10;
const TABLE_LENGTH: u64 = 64 << 10;
const HAS_PARENT: u32 = 1 << 1;
/// GUIDs as they are in the file: the first three parts with their low byte first.
const METADATA_REGION: [u8; 16] = guid(0x8b7c_a206, 0x4790, 0x4b9a, 0xb8fe_575f_050f_886e);
const FILE_PARAMETERS: [u8; 16] = guid(0xcaa1_6737, 0xfa36, 0x4d43, 0xb3b6_33f0_aa44_e76b);
const VIRTUAL_DISK_SIZE: [u8; 16] = guid(0x2fa5_4224, 0xcd1b, 0x4876, 0xb211_5dbe_d83b_f4b8);

const fn guid(first: u32, second: u16, third: u16, rest: u64) -> [u8; 16] {
    let (a, b, c, d) = (
        first.to_le_bytes(),
        second.to_le_bytes(),
        third.to_le_bytes(),
        rest.to_be_bytes(),
    );
    [
        a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7],
    ]
}

/// The disk's size, when the image has no parent.
pub(super) fn virtual_size(file: &mut File) -> io::Result<Result<u64, Refusal>> {
    let regions = read_at(file, REGION_TABLE, TABLE_LENGTH)?;
    let Some(offset) = entry(&regions, 16, &METADATA_REGION).and_then(|it| little_u64(it, 16)) else {
        return Ok(Err(Refusal::DiskHeader("it has no metadata")));
    };
    let metadata = read_at(file, offset, TABLE_LENGTH)?;
    let mut item = |id| -> io::Result<Vec<u8>> {
        let place = entry(&metadata, 32, id).and_then(|it| little_u32(it, 16));
        place.map_or(Ok(Vec::new()), |place| {
            read_at(file, offset.saturating_add(u64::from(place)), 8)
        })
    };
    let flags = little_u32(&item(&FILE_PARAMETERS)?, 4);
    let size = little_u64(&item(&VIRTUAL_DISK_SIZE)?, 0);
    Ok(match (flags, size) {
        (Some(flags), _) if flags & HAS_PARENT != 0 => Err(Refusal::Differencing),
        (Some(_), Some(size)) => Ok(size),
        _ => Err(Refusal::DiskHeader("its metadata is incomplete")),
    })
}

/// The entry of a table that has this id; both tables have entries of 32 bytes.
fn entry<'a>(table: &'a [u8], start: usize, id: &[u8; 16]) -> Option<&'a [u8]> {
    table.get(start..)?.chunks_exact(32).find(|it| it.starts_with(id))
}

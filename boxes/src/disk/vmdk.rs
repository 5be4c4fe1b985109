//! VMDK: a text that describes the disk, alone or inside a sparse image, and names the files that the data are in.

use std::fs::File;
use std::io;
use std::path::Path;

use super::{little_u64, read_at};
use crate::refusal::Refusal;

const SECTOR: u64 = 512;
const LARGEST_DESCRIPTOR: u64 = 1 << 20;
const NO_PARENT: &str = "ffffffff";

/// The disk's size, when all of its data are in its own box.
pub(super) fn virtual_size(file: &mut File, beginning: &[u8], path: &Path) -> io::Result<Result<u64, Refusal>> {
    let sparse = beginning.starts_with(b"KDMV");
    let (offset, length) = if sparse {
        embedded_descriptor(beginning)
    } else {
        (0, LARGEST_DESCRIPTOR)
    };
    if length > LARGEST_DESCRIPTOR {
        return Ok(Err(Refusal::DiskHeader("its description is too long")));
    }
    let text = read_at(file, offset, length)?;
    let text = String::from_utf8_lossy(&text);
    let folder = path.parent().unwrap_or(path);
    let described = sectors(text.trim_end_matches('\0'), |name| {
        !sparse && !folder.join(name).is_file()
    });
    Ok(described.map(|sectors| {
        let capacity = little_u64(beginning, 12).filter(|_| sparse);
        capacity.filter(|it| *it != 0).unwrap_or(sectors).saturating_mul(SECTOR)
    }))
}

fn embedded_descriptor(header: &[u8]) -> (u64, u64) {
    let sectors = |offset| little_u64(header, offset).unwrap_or(0).saturating_mul(SECTOR);
    (sectors(28), sectors(36))
}

/// The sectors of all extents together, when each is in a file beside this one.
///
/// A sparse image names itself as its extent, by the name it had when it was made.
fn sectors(description: &str, is_missing: impl Fn(&str) -> bool) -> Result<u64, Refusal> {
    let mut sum: u64 = 0;
    for line in description.lines().map(str::trim) {
        if let Some((key, value)) = line.split_once('=').filter(|(key, _)| !key.contains('"')) {
            check_setting(key.trim(), value.trim().trim_matches('"'))?;
        } else if let Some((sectors, name)) = extent(line) {
            sum = sum.saturating_add(sectors);
            if let Some(name) = name
                && (leaves_folder(name) || is_missing(name))
            {
                return Err(Refusal::ExtentOutside(name.to_owned()));
            }
        }
    }
    Ok(sum)
}

fn check_setting(key: &str, value: &str) -> Result<(), Refusal> {
    match key.to_ascii_lowercase().as_str() {
        "parentcid" if !value.eq_ignore_ascii_case(NO_PARENT) => Err(Refusal::Differencing),
        "parentfilenamehint" => Err(Refusal::BackingFile(value.to_owned())),
        _ => Ok(()),
    }
}

/// `RW 8192 FLAT "disk-f001.vmdk" 0`: the sectors and the file, which only a `ZERO` extent lacks.
fn extent(line: &str) -> Option<(u64, Option<&str>)> {
    let (access, rest) = line.split_once(char::is_whitespace)?;
    if !matches!(access, "RW" | "RDONLY" | "NOACCESS") {
        return None;
    }
    let sectors = rest.split_whitespace().next()?.parse().unwrap_or(0);
    let name = rest
        .split_once('"')
        .map(|(_, name)| name.split_once('"').map_or(name, |(name, _)| name));
    Some((sectors, name))
}

/// Absolute, climbing, or with something in front that a hypervisor takes for a protocol.
fn leaves_folder(name: &str) -> bool {
    name.is_empty()
        || name.starts_with(['/', '\\'])
        || name.contains(':')
        || name.split(['/', '\\']).any(|it| it == "..")
}

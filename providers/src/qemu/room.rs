//! Room on a file system, looked for before something large is written into it.
//!
//! QEMU gives nothing back of what it began to write: half a memory would fill the disk up for good.

use std::path::Path;

use super::monitor::Monitor;
use crate::{Error, Result};

/// What comes on top of the guest's memory: its devices, and the tables of the file.
const MARGIN: u64 = 8 << 20;

/// With less than this a file system counts as full.
const FULL: u64 = 1 << 20;

/// Refuses what does not fit, where both are known.
pub(super) fn check(folder: &Path, purpose: &'static str, needed: Option<u64>) -> Result<()> {
    match (needed, free(folder)) {
        (Some(needed), Some(free)) if free < needed => Err(no_room(folder, purpose, Some(needed))),
        _ => Ok(()),
    }
}

/// QEMU speaks of an «input/output error» where the file system is full, too.
pub(super) fn explain(error: Error, folder: &Path, purpose: &'static str, needed: Option<u64>) -> Error {
    match free(folder) {
        Some(free) if free < FULL => no_room(folder, purpose, needed),
        _ => error,
    }
}

/// How much the guest's memory takes at most when it is saved: what it has touched of it.
pub(super) async fn of_memory(monitor: &Monitor) -> Option<u64> {
    let memory = monitor.memory_size().await.ok()?;
    Some(touched(monitor.peer()?, memory)? + MARGIN)
}

/// The guest's memory is the largest mapping of its process, and at least as large as it is told.
#[cfg(target_os = "linux")]
fn touched(process: i32, memory: u64) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps")).ok()?;
    largest(&text).filter(|it| it.0 >= memory).map(|it| it.1.min(memory))
}

#[cfg(not(target_os = "linux"))]
fn touched(_: i32, _: u64) -> Option<u64> {
    None
}

/// The size of the largest mapping that has pages, and what is in memory of it, in bytes.
#[cfg(target_os = "linux")]
fn largest(smaps: &str) -> Option<(u64, u64)> {
    let value = |line: &str, name: &str| {
        let number = line.strip_prefix(name)?.trim().strip_suffix(" kB")?;
        Some(number.trim().parse::<u64>().ok()? << 10)
    };
    let sizes = smaps.lines().filter_map(|it| value(it, "Size:"));
    let resident = smaps.lines().filter_map(|it| value(it, "Rss:"));
    sizes.zip(resident).filter(|it| it.1 > 0).max()
}

fn free(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

fn no_room(folder: &Path, purpose: &'static str, needed: Option<u64>) -> Error {
    Error::NoRoom {
        purpose,
        folder: folder.to_owned(),
        needed_mib: needed.map(|it| it.div_ceil(1 << 20)),
        free_mib: free(folder).unwrap_or_default() >> 20,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_guests_memory_is_the_largest_mapping_that_is_used() {
        let smaps = "7f00-7f10 rw-p 00000000 00:00 0\nSize:             262144 kB\nKernelPageSize:        4 kB\n\
                     Rss:               40000 kB\n7f20-7f30 ---p 00000000 00:00 0\nSize:            1048576 kB\n\
                     Rss:                   0 kB\n7f40-7f50 rw-p 00000000 00:00 0 [heap]\nSize:               1024 kB\n\
                     Rss:                1000 kB\n";
        assert_eq!(largest(smaps), Some((256 << 20, 40_000 << 10)));
    }
}

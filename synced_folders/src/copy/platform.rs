//! What differs between hosts: what a file's metadata says, and how a name becomes bytes.

use std::fs::Metadata;
use std::path::Path;

use super::host::Stamp;

/// The permission bits; a host without them gives what a fresh file has on one with them.
#[cfg(unix)]
pub(super) fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o7777
}

#[cfg(not(unix))]
pub(super) fn mode(metadata: &Metadata) -> u32 {
    if metadata.is_dir() { 0o755 } else { 0o644 }
}

/// When the file was last touched, as exactly as the host knows.
#[cfg(unix)]
pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    Stamp {
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}

#[cfg(not(unix))]
pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    let since = metadata
        .modified()
        .ok()
        .and_then(|it| it.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = since.map_or((0, 0), |it| {
        (i64::try_from(it.as_secs()).unwrap_or(0), i64::from(it.subsec_nanos()))
    });
    Stamp {
        size: metadata.len(),
        modified,
        changed: modified,
    }
}

/// What tells a folder from every other, however it was reached.
#[cfg(unix)]
pub(super) fn identity(_path: &Path, metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(unix)]
pub(super) type Identity = (u64, u64);

#[cfg(not(unix))]
pub(super) fn identity(path: &Path, _metadata: &Metadata) -> Identity {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(not(unix))]
pub(super) type Identity = std::path::PathBuf;

/// A name, or the text of a link, as the guest gets it.
#[cfg(unix)]
pub(super) fn bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    name.as_bytes().to_vec()
}

#[cfg(not(unix))]
pub(super) fn bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    name.to_string_lossy().replace('\\', "/").into_bytes()
}

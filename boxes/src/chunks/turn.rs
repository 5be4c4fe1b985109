//! Whose half-written files lie in a folder that boxes are pushed to: those of whoever pushes now, or nobody's.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::depot::{BLOBS, UNFINISHED};
use crate::{Error, Result};

/// Held by everybody who pushes; who has it alone knows that what is unfinished was left by a push that was killed.
const LOCK: &str = ".jaunt-pushing";

/// The right to push into a folder, until it is dropped.
pub(super) struct Turn {
    _lock: File,
}

impl Turn {
    /// Takes it beside others, after what killed pushes left is swept from the blobs and from where a catalog is.
    pub(super) fn take(folder: &Path, catalog: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        let path = folder.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(Error::file("write", &path))?;
        match lock.try_lock() {
            Ok(()) => {
                sweep(&folder.join(BLOBS));
                sweep(catalog.parent().unwrap_or(folder));
                lock.unlock().map_err(Error::file("unlock", &path))?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => return Err(Error::file("lock", &path)(source)),
        }
        lock.lock_shared().map_err(Error::file("lock", &path))?;
        Ok(Self { _lock: lock })
    }
}

/// What cannot be removed is left for the next time.
fn sweep(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|it| it.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        if let Err(error) = fs::remove_file(entry.path()) {
            tracing::debug!(path = %entry.path().display(), %error, "what a killed push left stays");
        }
    }
}

//! Folders that boxes are unpacked into, on the store's own file system and out of everybody's sight.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Our folder among the boxes'. Its children start with a dot, so Vagrant takes them for no versions of a box.
const FOLDER: &str = ".jaunt";
const PREFIX: &str = ".import-";
const LOCK: &str = "lock";

/// A folder for one import, gone with all that is still in it when this value is.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: tempfile::TempDir,
    /// Held as long as somebody works here; whoever can take it knows that the folder is forsaken.
    _lock: File,
}

impl Staging {
    /// A new folder, after those of imports that were killed are swept.
    pub(crate) fn new(home: &Path) -> Result<Self> {
        let place = home.join(FOLDER);
        fs::create_dir_all(&place).map_err(Error::file("create", &place))?;
        let _store = lock(home)?;
        sweep(&place);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&place);
        let folder = folder.map_err(Error::file("create a folder in", &place))?;
        let lock = locked(&folder.path().join(LOCK))?;
        let staging = Self { folder, _lock: lock };
        let contents = staging.contents();
        fs::create_dir(&contents).map_err(Error::file("create", &contents))?;
        Ok(staging)
    }

    /// The folder that becomes the box's.
    pub(crate) fn contents(&self) -> PathBuf {
        self.folder().join("box")
    }

    /// The folder of this import.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The lock of the whole store. It is held for renames only, never while something is unpacked.
pub(super) fn lock(home: &Path) -> Result<File> {
    let place = home.join(FOLDER);
    fs::create_dir_all(&place).map_err(Error::file("create", &place))?;
    locked(&place.join(LOCK))
}

fn locked(path: &Path) -> Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(Error::file("write", path))?;
    file.lock().map_err(Error::file("lock", path))?;
    Ok(file)
}

/// Removes the folders that nobody holds. What cannot be removed is left for the next time.
fn sweep(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries.filter(|it| it.file_name().to_string_lossy().starts_with(PREFIX)) {
        let lock = File::options().write(true).open(entry.path().join(LOCK));
        let held = lock.is_ok_and(|it| matches!(it.try_lock(), Err(TryLockError::WouldBlock)));
        if !held && let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::debug!(path = %entry.path().display(), %error, "a forsaken import stays");
        }
    }
}

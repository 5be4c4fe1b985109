//! What Jaunt keeps on disk: its home, a machine's folder, the journal, the index of all machines and the locks.
//!
//! Formats are Vagrant's own where Vagrant has one, so that other tools find what they know; what is ours has a file of its own.
//!
//! **Invariant:** a file is written to a temporary name beside it, synced and renamed, so that a kill leaves the old content or
//! the new one. What cannot be read is an error and never taken for empty.

pub mod claims;
pub mod home;
pub mod index;
pub mod journal;
pub mod lock;
pub mod machine_folder;
pub mod trust;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::faults;

/// A result of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something that Jaunt keeps could not be read or written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    File {
        /// `read`, `write`, `create`, `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// A file does not say what it should.
    #[error("{} cannot be understood: {reason}", path.display())]
    #[diagnostic(help(
        "it was damaged, or written by another program: look at it, and move it away if it is worthless; nothing new is \
         made in its place meanwhile"
    ))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line where it is.
        reason: String,
    },

    /// Somebody else works on the same machine.
    #[error("another command works on this machine: {holder}")]
    #[diagnostic(help("wait until it has finished, or stop it, and run this command again"))]
    Locked {
        /// The command and its process, as the lock file names them.
        holder: String,
    },

    /// The platform has no folder for a user's data.
    #[error("no home folder is known for this user")]
    #[diagnostic(help("set HOME, or name a folder in JAUNT_HOME"))]
    NoHome,
}

impl Error {
    /// The error for a file operation.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::File { action, path, source }
    }
}

/// Opens a file of ours for reading and writing, made if need be. A link in its place is refused: it came with somebody's project,
/// and leads to a file that is none of ours.
pub fn open_own(path: &Path) -> Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).mode(0o600);
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    options.open(path).map_err(Error::file("write", path))
}

/// Creates a folder and its parents.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::file("create", path))
}

/// Reads a small text file; `None` when it is not there.
pub fn read_optional(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File {
            action: "read",
            path: path.to_owned(),
            source,
        }),
    }
}

/// Replaces a file's content at once: readers see the old content or the new one, also after a crash.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    write_and_rename(folder, path, content).map_err(Error::file("write", path))
}

fn write_and_rename(folder: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    // Files are made 0600: some of them are keys, and none of them is anybody else's business.
    faults::pass_file("write", path)?;
    let mut temporary = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    faults::write_torn(&mut temporary, content, "tear")?;
    temporary.as_file().sync_all()?;
    faults::pass_file("rename", path)?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Removes a file; one that is not there is removed already.
pub fn remove_if_there(path: &Path) -> Result<()> {
    match faults::pass_file("remove", path).and_then(|()| fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::File {
            action: "remove",
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

/// Makes a rename in the folder durable. Windows has no such call, and needs none.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

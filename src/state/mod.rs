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
mod moved;
pub mod trust;
pub mod unfinished;

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
        "it was damaged, or written by another program: nothing new is made in its place. Where it is one of a machine's own \
         files, `jaunt destroy` removes that machine all the same; else put it right, or move it away if it is worthless"
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
    /// The file that could be found and not be understood, if it is about one.
    pub fn unreadable(&self) -> Option<&Path> {
        match self {
            Error::Damaged { path, .. } => Some(path),
            Error::File {
                action: "read",
                path,
                source,
            } if source.kind() == io::ErrorKind::InvalidData => Some(path),
            _ => None,
        }
    }

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
    let prefix = format!("{UNFINISHED}{}-", std::process::id());
    let mut temporary = tempfile::Builder::new().prefix(&prefix).tempfile_in(folder)?;
    faults::write_torn(&mut temporary, content, "tear")?;
    temporary.as_file().sync_all()?;
    faults::pass_file("rename", path)?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// What the names of files begin with that are being written; the writer's process follows.
const UNFINISHED: &str = ".new-";

/// Removes what writers that were killed have left in a folder. What cannot be removed is left for the next time.
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let writer = name.strip_prefix(UNFINISHED).and_then(|it| it.split('-').next());
        let writer = writer
            .and_then(|it| it.parse().ok())
            .and_then(rustix::process::Pid::from_raw);
        if writer.is_some_and(|it| rustix::process::test_kill_process(it) == Err(rustix::io::Errno::SRCH)) {
            let _stays = fs::remove_file(entry.path());
        }
    }
}

/// What the name of a file gets that cannot be understood and is in the way.
const ASIDE: &str = ".damaged";

/// Moves a file that cannot be understood out of the way; returns where it is then.
pub fn set_aside(path: &Path) -> Result<PathBuf> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    let aside = PathBuf::from(aside);
    fs::rename(path, &aside).map_err(Error::file("set aside", path))?;
    Ok(aside)
}

/// Removes what was set aside in a folder.
pub fn remove_set_aside(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().ends_with(ASIDE) {
            remove_if_there(&entry.path())?;
        }
    }
    Ok(())
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

//! Folders that host and guest share. Here: a one-way copy over the open connection, and the real rsync over the same.
//!
//! A kind of folder is told where the folder is on both sides and given a [`GuestShell`]; it knows nothing of SSH, machines or
//! the terminal.

pub mod copy;
mod exclude;
mod nested;
pub mod options;
mod quote;
pub mod rsync;
pub mod watch;

use std::path::PathBuf;
use std::pin::Pin;

use async_trait::async_trait;
use tokio::io::AsyncRead;

pub use nested::exclude_nested;

/// A kind of folder: a way to bring the host's tree into the guest.
#[async_trait]
pub trait SyncedFolder: Send + Sync {
    /// The name that a Vagrantfile uses for it: `copy`, `rsync`.
    fn name(&self) -> &'static str;

    /// Brings the guest's side of every folder up to the host's; what each took is returned in the same order.
    ///
    /// It may run again at any time: what an earlier call left half-done is completed, and a guest that has everything is only
    /// looked at.
    async fn sync(
        &self,
        folders: &[Folder],
        guest: &dyn GuestShell,
        progress: &mut OnProgress<'_>,
    ) -> Result<Vec<Synced>>;
}

/// What a folder says while it is brought over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// What is about to travel for a folder.
    Changes {
        /// The folder's id.
        id: &'a str,
        /// How many files, folders and links are sent.
        entries: u64,
        /// The size of the files among them.
        bytes: u64,
        /// How many paths are removed in the guest.
        deletions: u64,
    },
    /// A line that a program of the host said about a folder.
    Line {
        /// The folder's id.
        id: &'a str,
        /// The line, without its end.
        line: &'a str,
    },
}

/// Where progress goes.
pub type OnProgress<'a> = dyn for<'p> FnMut(Progress<'p>) + Send + 'a;

/// What it took to bring a folder over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// The folder's id.
    pub id: String,
    /// How many files, folders and links were sent; zero where the kind does not know.
    pub entries: u64,
    /// The size of the files among them.
    pub bytes: u64,
    /// How many paths were removed in the guest.
    pub deletions: u64,
    /// What a person should hear of.
    pub notes: Vec<Note>,
}

/// Something about a file of the host that a person should hear of, though the copy went on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A link that points outside the folder: what it points to was copied in its place.
    Followed {
        /// The link.
        path: PathBuf,
        /// What it points to.
        target: PathBuf,
    },
    /// A link that leads back to a folder which holds it: left out.
    Loop {
        /// The link.
        path: PathBuf,
    },
    /// Neither file, folder nor link: left out.
    Special {
        /// The socket, pipe or device.
        path: PathBuf,
    },
    /// A file that was being written while it was read: the next copy sends it again.
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// A file that was gone when its turn came.
    Vanished {
        /// The file.
        path: PathBuf,
    },
}

/// What a folder needs of the guest. The package implements it over the machine's communicator.
#[async_trait]
pub trait GuestShell: Send + Sync {
    /// Runs a script with `sh` as the login user (with `sudo` where `as_root`), feeding it `input`, and returns what it said.
    async fn run(&self, script: &str, as_root: bool, input: Option<Input>) -> Result<Output>;

    /// The login user's name.
    fn user(&self) -> &str;
}

/// Bytes for the standard input of a script.
pub type Input = Pin<Box<dyn AsyncRead + Send>>;

/// What a script in the guest said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The exit code.
    pub code: u32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error, as text.
    pub stderr: String,
}

/// A folder, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder's key in the Vagrantfile: its name option, or the guest path.
    pub id: String,
    /// The folder on the host, absolute.
    pub host: PathBuf,
    /// The folder in the guest; relative ones start at the login user's home.
    pub guest: String,
    /// Who owns the copies in the guest; `None` is the login user.
    pub owner: Option<String>,
    /// The group of the copies; `None` is the login user's.
    pub group: Option<String>,
    /// Patterns in rsync's syntax of what is not copied.
    pub exclude: Vec<String>,
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a folder could not be brought into the guest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host's side is missing.
    #[error("the folder {} is not there: it cannot be synced to {guest}", host.display())]
    HostFolderMissing {
        /// The folder on the host.
        host: PathBuf,
        /// Where it was to go.
        guest: String,
    },

    /// The host's side is a file.
    #[error("{} is not a folder: it cannot be synced to {guest}", host.display())]
    HostNotAFolder {
        /// The path on the host.
        host: PathBuf,
        /// Where it was to go.
        guest: String,
    },

    /// The guest's side cannot be a path.
    #[error("{guest:?} cannot be a folder in the guest: {reason}")]
    GuestPath {
        /// The path.
        guest: String,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// The name of a user or group is no name.
    #[error("{name:?} cannot be the name of a user or group in the guest")]
    Name {
        /// The name.
        name: String,
    },

    /// A program is missing on the host.
    #[error("{program} is not installed on the host, or not on PATH: install it, or use a folder of the type `copy`")]
    HostLacks {
        /// The program.
        program: &'static str,
    },

    /// A program is missing in the guest.
    #[error("the guest lacks {program}, which synced folders need: install its package `{package}` in the guest")]
    GuestLacks {
        /// The program.
        program: String,
        /// The package that has it.
        package: String,
    },

    /// A program of the host failed.
    #[error("{program} failed for {} (exit code {code}): {last_lines}", host.display())]
    HostProgram {
        /// The program.
        program: &'static str,
        /// The folder on the host.
        host: PathBuf,
        /// The exit code; 255 where a signal ended it.
        code: i32,
        /// What it said last.
        last_lines: String,
    },

    /// The host's side cannot be watched.
    #[error("cannot watch {} for changes", host.display())]
    Watch {
        /// The folder on the host.
        host: PathBuf,
        /// Why.
        source: notify::Error,
    },

    /// Something in the guest stands in the way.
    #[error(
        "{path} in the guest is a folder with excluded files or a mount in it: it cannot make way for what the host has there"
    )]
    Occupied {
        /// The path in the guest.
        path: String,
    },

    /// The guest's listing makes no sense.
    #[error("the listing of {folder} in the guest cannot be read at `{near}`")]
    Listing {
        /// The folder in the guest.
        folder: String,
        /// Where the reading stopped.
        near: String,
    },

    /// What was noted about a folder could not be kept.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },

    /// A file on the host could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },

    /// A script in the guest failed.
    #[error("the guest could not {action} (exit code {code}): {stderr}")]
    Guest {
        /// What it was to do.
        action: String,
        /// The exit code.
        code: u32,
        /// What it said.
        stderr: String,
    },

    /// The connection to the guest failed.
    #[error("the connection to the guest broke")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
}

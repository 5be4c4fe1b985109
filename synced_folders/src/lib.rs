//! Folders that host and guest share. Here: a one-way copy over the open connection, and the real rsync over the same.
//!
//! A kind of folder is told where the folder is on both sides and given a [`GuestShell`]; it knows nothing of SSH, machines or
//! the terminal.

use std::path::PathBuf;
use std::pin::Pin;

use async_trait::async_trait;
use tokio::io::AsyncRead;

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
pub type Result<T> = std::result::Result<T, Error>;

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

//! How a running machine is talked to. Everything that is done inside a guest goes through a [`Communicator`].

pub mod relay;
pub mod ssh;

use std::path::Path;
use std::pin::Pin;

use async_trait::async_trait;
use tokio::io::AsyncRead;

/// The result of something asked of a guest.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Bytes that a command reads from its standard input.
pub type Input = Pin<Box<dyn AsyncRead + Send>>;

/// Takes what a command says, as it says it.
pub type OnOutput<'a> = dyn FnMut(Stream, &[u8]) + Send + 'a;

/// An open way into a guest: one connection, on which commands and files follow each other.
#[async_trait]
pub trait Communicator: Send + Sync {
    /// Runs a command and hands its output over as it comes; the exit code is data, not an error.
    async fn run(&self, command: Command, output: &mut OnOutput<'_>) -> Result<Exit>;

    /// Writes a file of the host to a path in the guest, as the login user; into it where it is a folder.
    async fn upload(&self, from: &Path, to: &str) -> Result<()>;

    /// Writes bytes to a path in the guest, as the login user.
    async fn upload_bytes(&self, content: &[u8], to: &str) -> Result<()>;
}

/// A command for the guest.
pub struct Command {
    /// The text that the guest's shell gets.
    pub script: String,
    /// Whether it runs through the configured `sudo_command`.
    pub as_root: bool,
    /// What it reads from its standard input; nothing where absent.
    pub input: Option<Input>,
    /// Whether its text must not show in the guest's list of processes.
    pub private: bool,
}

impl Command {
    /// A script that runs as the login user and reads nothing.
    pub fn new(script: impl Into<String>) -> Self {
        Self {
            script: script.into(),
            as_root: false,
            input: None,
            private: false,
        }
    }

    /// A script that runs through `sudo_command` and reads nothing.
    pub fn as_root(script: impl Into<String>) -> Self {
        Self {
            as_root: true,
            ..Self::new(script)
        }
    }

    /// The same command, with something to read.
    pub fn with_input(self, input: impl AsyncRead + Send + 'static) -> Self {
        Self {
            input: Some(Box::pin(input)),
            ..self
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The exit code; 128 and the signal's number where a signal ended it, as shells count.
    pub code: u32,
}

impl Exit {
    /// Whether the command says that it did what it was for.
    pub fn is_success(self) -> bool {
        self.code == 0
    }
}

/// Which stream of a command said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Why a guest could not be talked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The SSH communicator could not do it.
    #[error(transparent)]
    Ssh(#[from] ssh::Error),
}

impl Error {
    /// Whether the guest went away in the middle, as it does when a script reboots it.
    pub fn is_disconnect(&self) -> bool {
        matches!(self, Self::Ssh(ssh::Error::Disconnected { .. }))
    }
}

//! How a running machine is talked to. Everything that is done inside a guest goes through a [`Communicator`].

pub mod ssh;

use std::path::Path;

use async_trait::async_trait;

/// An open way into a guest: one connection, on which commands and files follow each other.
#[async_trait]
pub trait Communicator: Send + Sync {
    /// Runs a command and hands its output over as it comes; the exit code is data, not an error.
    async fn run(&self, command: &Command, output: &mut (dyn FnMut(Stream, &[u8]) + Send)) -> Result<Exit>;

    /// Writes a file of the host to a path in the guest, as the login user.
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
    pub input: Option<std::pin::Pin<Box<dyn tokio::io::AsyncRead + Send>>>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The exit code; 128 and the signal's number where a signal ended it, as shells count.
    pub code: u32,
}

/// Which stream of a command said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

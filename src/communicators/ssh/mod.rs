//! The SSH communicator, in pure Rust: no `ssh` program is needed.
//!
//! [`wait_until_ready`] turns an [`SshTarget`] into a [`Connection`], [`insert_key()`] gives a fresh machine a key of its
//! own, and [`SshCommunicator`] runs scripts and moves files on that one connection for as long as a command lasts.
//! Nothing here knows a Vagrantfile, a provider or the environment: targets arrive resolved.
//!
//! **Invariant:** a guest is hostile. What it says is bytes; it is known by a host key that was pinned on first
//! contact; what is sent to its shell is quoted.

mod banner;
pub mod config_block;
mod connection;
mod error;
mod execution;
mod files;
mod handler;
pub mod host_key;
mod insecure_keys;
pub mod insert_key;
pub mod keys;
mod legacy;
mod line;
mod login;
pub mod openssh;
mod raw_mode;
mod readiness;
pub mod shell;
mod signals;
mod standard_input;
mod target;
pub mod terminal;
#[cfg(unix)]
mod terminal_modes;
mod transfer;
mod user_signals;

#[cfg(unix)]
#[cfg(test)]
mod tests;

use std::io::Cursor;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

pub use connection::Connection;
pub use error::Error;
pub use insecure_keys::InsecureKey;
pub use insert_key::insert_key;
pub use keys::KeyType;
#[cfg(test)]
pub use login::Login;
pub use readiness::{BootFailure, Progress, Stage, wait_until_ready};
pub use shell::ShellOptions;
pub use target::{KeySource, Secret, SshTarget};

use super::{Command, Communicator, Exit, OnOutput, Stream};
use shell::{MarkerFilter, Travel};
use transfer::Upload;

/// How long a guest may take to end scripts that nobody waits for any more.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// A guest, reached over one SSH connection.
#[derive(Debug)]
pub struct SshCommunicator {
    connection: Connection,
    shell: ShellOptions,
    /// What runs now, and what was running when somebody stopped waiting for it.
    running: Mutex<Vec<Running>>,
}

/// A script that has begun: its process in the guest, whether it is root's, and the file that it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    process: u32,
    as_root: bool,
    file: Option<String>,
}

impl SshCommunicator {
    /// Takes over a connection.
    pub fn new(connection: Connection, shell: ShellOptions) -> Self {
        Self {
            connection,
            shell,
            running: Mutex::default(),
        }
    }

    /// The connection, for what is not a script.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Ends the scripts whose callers no longer wait for them, with what these have started. A guest that does not do so
    /// within [`END_PATIENCE`] is left alone.
    pub async fn end_abandoned(&self) {
        let abandoned = std::mem::take(&mut *self.running());
        let all = async {
            for Running { process, as_root, file } in abandoned {
                let remove = file.map(|it| format!("rm -f {it}\n")).unwrap_or_default();
                let command = Command {
                    as_root,
                    ..Command::new(remove + &shell::end_with_children(process))
                };
                if let Err(error) = self.run_script(command, &mut |_, _| {}).await {
                    tracing::debug!(%error, process, "the guest could not be asked to end a script");
                }
            }
        };
        if tokio::time::timeout(END_PATIENCE, all).await.is_err() {
            tracing::debug!("the guest did not end its scripts in time");
        }
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run_script(&self, command: Command, output: &mut OnOutput<'_>) -> Result<Exit, Error> {
        let script = shell::mark(&command.script, self.shell.pty);
        let file = format!("/tmp/jaunt-{}", uuid::Uuid::new_v4().simple());
        let (line, file) = match self
            .shell
            .command_line(&script, command.as_root, command.private, &file)
        {
            Travel::Inline(line) => (line, None),
            Travel::File(line) => {
                self.send(script.as_bytes(), &file, Some(0o600)).await?;
                (line, Some(file))
            }
        };
        let as_root = command.as_root;
        let mut filters = [MarkerFilter::default(), MarkerFilter::default()];
        let mut begun = None;
        let mut unmarked = |stream: Stream, said: &[u8]| {
            let [out, err] = &mut filters;
            let filter = if stream == Stream::Output { out } else { err };
            let passed = filter.pass(said);
            if !passed.is_empty() {
                output(stream, passed);
            }
            if let (None, Some(process)) = (&begun, filter.process()) {
                let file = file.clone();
                let running = Running { process, as_root, file };
                self.running().push(running.clone());
                begun = Some(running);
            }
        };
        let ended = match self.shell.pty {
            true => {
                self.connection
                    .execute_on_terminal(&line, command.input, &mut unmarked)
                    .await
            }
            false => self.connection.execute(&line, command.input, &mut unmarked).await,
        };
        // Not reached where the caller stops waiting: then the script stays among the running ones.
        if let Some(ended) = begun {
            self.running().retain(|it| *it != ended);
        }
        let [out, err] = filters;
        for (stream, held) in [(Stream::Output, out.finish()), (Stream::Error, err.finish())] {
            // A terminal has one stream: the marker of the other never comes, and nothing is held.
            if !held.is_empty() {
                output(stream, &held);
            }
        }
        ended
    }

    async fn send(&self, content: &[u8], to: &str, mode: Option<u32>) -> Result<(), Error> {
        let upload = Upload {
            content: Box::pin(Cursor::new(content.to_vec())),
            size: content.len() as u64,
            mode,
            name: "file",
            to,
        };
        transfer::upload(&self.connection, upload).await
    }
}

#[async_trait]
impl Communicator for SshCommunicator {
    async fn run(&self, command: Command, output: &mut OnOutput<'_>) -> super::Result<Exit> {
        Ok(self.run_script(command, output).await?)
    }

    async fn upload(&self, from: &Path, to: &str) -> super::Result<()> {
        let upload = transfer::upload_of(from, to).await?;
        Ok(transfer::upload(&self.connection, upload).await?)
    }

    async fn upload_bytes(&self, content: &[u8], to: &str) -> super::Result<()> {
        Ok(self.send(content, to, None).await?)
    }
}

//! What can go wrong between the host and a guest's SSH server.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::readiness::BootFailure;

/// Why something could not be done over SSH. One variant for each thing that a person would do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing listens, or nothing can be reached.
    #[error("cannot connect to {address}")]
    Connect { address: String, source: io::Error },

    /// Something listens, or pretends to: user networking accepts before the guest does.
    #[error("{address} accepted the connection, but no SSH server answered within {} s", waited.as_secs_f32())]
    NoBanner { address: String, waited: Duration },

    /// The other side hung up before it said that it speaks SSH.
    #[error("{address} closed the connection before its SSH server answered")]
    ClosedBeforeBanner { address: String },

    /// The `proxy_command` ended instead of leading anywhere.
    #[error("the command that should lead to {address} ended before an SSH server answered")]
    ProxyEnded { address: String },

    /// The other side speaks something else.
    #[error("what listens on {address} is not an SSH server: it says `{said}`")]
    NotSsh { address: String, said: String },

    /// An SSH server that has too many logins under way, or has had too many failed ones.
    #[error("the SSH server on {address} takes no more connections for the moment: it says `{said}`")]
    Busy { address: String, said: String },

    /// There is no algorithm that both sides know.
    #[error("the SSH server on {address} knows no {kind} that is acceptable; it offers {offered}")]
    NoCommonAlgorithm {
        address: String,
        kind: &'static str,
        offered: String,
    },

    /// The key exchange began and did not end.
    #[error("the key exchange with {address} failed")]
    KeyExchange { address: String, source: Box<Error> },

    /// Connecting and logging in took longer than one attempt may.
    #[error("{address} did not finish the login within {} s", waited.as_secs_f32())]
    LoginTimeout { address: String, waited: Duration },

    /// Another machine answers, or this one has a new host key.
    #[error(
        "the host key of {address} has changed: {} has {pinned}, the server shows {presented}; if the guest was given a \
         new host key on purpose, delete that file and try again", file.display()
    )]
    HostKeyChanged {
        address: String,
        file: PathBuf,
        pinned: String,
        presented: String,
    },

    /// The file with the pinned host key holds something else.
    #[error("{} does not hold a host key; delete it to accept the guest's key anew", file.display())]
    HostKeyUnreadable { file: PathBuf },

    /// The server is there and wants none of what was offered.
    #[error("{address} refused the login of user `{user}` (tried: {tried}; the server accepts: {accepted})")]
    AuthenticationRefused {
        address: String,
        user: String,
        tried: String,
        accepted: String,
    },

    /// A private key that was asked for cannot be used.
    #[error("cannot read the private key {}", path.display())]
    PrivateKey {
        path: PathBuf,
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// A private key needs a pass phrase, which only an agent can hold.
    #[error("the private key {} has a pass phrase; add it to an SSH agent and set `config.ssh.keys_only = false`", path.display())]
    PrivateKeyLocked { path: PathBuf },

    /// A key pair could not be made.
    #[error("cannot generate an SSH key pair")]
    GenerateKey {
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The guest's list of keys could not be changed.
    #[error("cannot {attempt} `~/.ssh/authorized_keys` of user `{user}` in the guest (exit code {code}): {said}")]
    AuthorizedKeys {
        attempt: &'static str,
        user: String,
        code: u32,
        said: String,
    },

    /// A key was added to the guest, and then did not open it; the insecure one has stayed.
    #[error("the guest did not accept the new key of user `{user}`, so its insecure key was left in place")]
    NewKeyRefused { user: String },

    /// A guest did not come up in time.
    #[error(transparent)]
    NotReady(BootFailure),

    /// The connection ended while it was in use: a reboot, a stopped machine.
    #[error("the connection to {address} was closed by the guest")]
    Disconnected { address: String },

    /// The connection stands, but the server will not run commands on it.
    #[error("the SSH server on {address} refused {refused}")]
    Refused { address: String, refused: &'static str },

    /// A command ended without saying how.
    #[error("the guest closed the channel without an exit code")]
    NoExitCode,

    /// What a command should have read could not be read on the host.
    #[error("cannot read what the command in the guest is to be given")]
    Input { source: io::Error },

    /// A file did not arrive.
    #[error("cannot write `{to}` in the guest (exit code {code}): {said}")]
    Upload { to: String, code: u32, said: String },

    /// A file of the host cannot be read.
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },

    /// A file of the host cannot be written.
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },

    /// The terminal cannot be set up for a session.
    #[error("cannot set up the terminal")]
    Terminal { source: io::Error },

    /// Something needs OpenSSH's client, and there is none.
    #[error("{needed_for} needs OpenSSH's client, but `{program}` is not installed, or not on PATH")]
    OpensshMissing { program: String, needed_for: String },

    /// OpenSSH's client could not be started.
    #[error("cannot run `{program}`")]
    Openssh { program: String, source: io::Error },

    /// A user or host name that `ssh` would take for an option.
    #[error("`{destination}` cannot be passed to `ssh`: it would be taken for an option")]
    OpensshDestination { destination: String },

    /// Anything else that the protocol says.
    #[error("the SSH protocol failed")]
    Protocol { source: russh::Error },
}

impl From<russh::Error> for Error {
    fn from(source: russh::Error) -> Self {
        Self::Protocol { source }
    }
}

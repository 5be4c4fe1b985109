//! A connection to a guest, logged in, on which any number of commands run one after the other or side by side.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use russh::client::{self, Handle, Msg};
use russh::keys::{PrivateKey, PublicKey};
use russh::{Channel, ChannelMsg};
use tokio::time::Instant;

use super::banner::{Greeted, greet};
use super::error::Error;
use super::execution;
use super::handler::GuestHandler;
use super::host_key;
use super::legacy::{self, Algorithms};
use super::legacy::{preferred, preferred_compressed};
use super::login::{self, Login};
use super::readiness::{PAUSE_AFTER_REFUSAL, is_final};
use super::target::SshTarget;
use crate::communicators::{Exit, Input, OnOutput};

/// The host key that a server presents, once it has.
type Presented = Arc<OnceLock<PublicKey>>;

/// A connection on which nobody is logged in yet.
pub(super) struct Doorstep {
    handle: Handle<GuestHandler>,
    algorithms: Algorithms,
}

impl Doorstep {
    /// Whether the server would let this key in. Nobody is logged in: the server is asked, and the signature that it asks for in
    /// turn is kept back. A login costs a slow guest a session of its own, this only the greeting.
    pub(super) async fn would_accept(mut self, target: &SshTarget, key: &PrivateKey) -> Result<bool, Error> {
        let asking = async {
            let answer = login::would_accept(&mut self.handle, target, key, self.algorithms).await;
            let _ = self.handle.disconnect(russh::Disconnect::ByApplication, "", "en").await;
            answer
        };
        tokio::time::timeout(target.connect_timeout, asking)
            .await
            .map_err(|_| late(target))?
    }
}

/// How long a guest that has let us in may turn a second connection away: as long as OpenSSH keeps one on which nobody logs in
/// (`LoginGraceTime` of sshd_config, 9.2).
const BUSY_AT_MOST: Duration = Duration::from_secs(120);

/// A logged-in connection.
pub struct Connection {
    pub(super) handle: Handle<GuestHandler>,
    address: String,
    banner: String,
    algorithms: Algorithms,
    login: Login,
    environment: Vec<(String, String)>,
    forwards_agent: bool,
}

impl Connection {
    /// Connects to a guest that should be up, and logs in; tries once.
    pub async fn open(target: &SshTarget) -> Result<Self, Error> {
        let greeted = greet(target, target.connect_timeout, &AtomicBool::new(false)).await?;
        Self::establish(target, greeted).await
    }

    /// Makes a connection of a greeting. Where the server knows old algorithms only, it is called a second time.
    pub(super) async fn establish(target: &SshTarget, greeted: Greeted) -> Result<Self, Error> {
        match Self::log_in(target, greeted, Algorithms::Current).await {
            Err(Error::NoCommonAlgorithm { .. }) if target.allow_old_algorithms => {
                let greeted = greet(target, target.connect_timeout, &AtomicBool::new(false)).await?;
                Self::log_in(target, greeted, Algorithms::Old).await
            }
            outcome => outcome,
        }
    }

    async fn log_in(target: &SshTarget, greeted: Greeted, algorithms: Algorithms) -> Result<Self, Error> {
        let patience = target.connect_timeout;
        tokio::time::timeout(patience, Self::log_in_patiently(target, greeted, algorithms))
            .await
            .map_err(|_| late(target))?
    }

    /// Goes to the server's door once more, without knocking: the keys are agreed on, and nobody is logged in.
    ///
    /// A guest that has just booted may be busy with connections that came too early, and turn this one away: it is tried again.
    pub(super) async fn approach(&self, target: &SshTarget) -> Result<Doorstep, Error> {
        let started = Instant::now();
        loop {
            match self.approach_once(target).await {
                Err(error) if !is_final(&error) && started.elapsed() < BUSY_AT_MOST => {
                    tracing::debug!(%error, "the guest is called once more");
                    tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn approach_once(&self, target: &SshTarget) -> Result<Doorstep, Error> {
        let approaching = async {
            let greeted = greet(target, target.connect_timeout, &AtomicBool::new(false)).await?;
            let (handle, _) = Self::meet(target, greeted, self.algorithms).await?;
            Ok(Doorstep {
                handle,
                algorithms: self.algorithms,
            })
        };
        tokio::time::timeout(target.connect_timeout, approaching)
            .await
            .map_err(|_| late(target))?
    }

    async fn log_in_patiently(target: &SshTarget, greeted: Greeted, algorithms: Algorithms) -> Result<Self, Error> {
        let banner = greeted.banner();
        let (mut handle, unpinned) = Self::meet(target, greeted, algorithms).await?;
        let accepted = login::authenticate(&mut handle, target, algorithms).await?;
        // Only now: what answers during a boot, and refuses us, is not yet known to be the guest.
        if let (Some(file), Some(key)) = (&target.host_key_file, unpinned.get()) {
            host_key::pin(file, key)?;
        }
        Ok(Self {
            handle,
            address: target.address(),
            banner,
            algorithms: accepted.algorithms,
            login: accepted.login,
            environment: target.environment.clone(),
            forwards_agent: target.agent_for_guest.is_some(),
        })
    }

    /// Agrees on keys with a server that has the pinned host key, or is the first to be met; the host key of the latter comes back.
    async fn meet(
        target: &SshTarget,
        greeted: Greeted,
        algorithms: Algorithms,
    ) -> Result<(Handle<GuestHandler>, Presented), Error> {
        let presented = Presented::default();
        let pinned = target
            .host_key_file
            .as_deref()
            .map(host_key::read)
            .transpose()?
            .flatten();
        let is_pinned = pinned.is_some();
        let handler = GuestHandler {
            address: target.address(),
            host_key_file: target.host_key_file.clone(),
            pinned,
            presented: presented.clone(),
            agent: target.agent_for_guest.clone(),
        };
        let config = Arc::new(config(target, algorithms, &handler));
        let connected = client::connect_stream(config, greeted, handler).await;
        let handle = connected.map_err(|it| key_exchange_error(target, it))?;
        Ok((handle, if is_pinned { Presented::default() } else { presented }))
    }

    /// What opened the door.
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// The server's own words on what it is: `SSH-2.0-OpenSSH_9.2p1 Debian-2`.
    pub fn banner(&self) -> &str {
        &self.banner
    }

    /// Whether old algorithms were needed, which the user should hear of.
    pub fn uses_old_algorithms(&self) -> bool {
        self.algorithms == Algorithms::Old
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Runs one command line, as the server's login shell reads it.
    ///
    /// Dropping the future leaves the command running in the guest until the connection closes.
    pub async fn execute(
        &self,
        command_line: &str,
        input: Option<Input>,
        output: &mut OnOutput<'_>,
    ) -> Result<Exit, Error> {
        let channel = self.open_channel().await?;
        self.start(&channel, command_line).await?;
        execution::follow(self, channel, input, output).await
    }

    /// Runs one command line on a terminal of its own, 80 columns wide, for scripts that insist (`config.ssh.pty`).
    pub(super) async fn execute_on_terminal(
        &self,
        command_line: &str,
        input: Option<Input>,
        output: &mut OnOutput<'_>,
    ) -> Result<Exit, Error> {
        let channel = self.open_channel().await?;
        channel
            .request_pty(false, "vt100", 80, 24, 0, 0, &[])
            .await
            .map_err(|it| self.broken(it))?;
        self.start(&channel, command_line).await?;
        execution::follow(self, channel, input, output).await
    }

    /// Opens a channel for one command or shell, with the agent and the variables that the target asks for.
    pub(super) async fn open_channel(&self) -> Result<Channel<Msg>, Error> {
        let channel = self.handle.channel_open_session().await.map_err(|it| self.broken(it))?;
        if self.forwards_agent {
            channel.agent_forward(false).await.map_err(|it| self.broken(it))?;
        }
        for (name, value) in &self.environment {
            channel
                .set_env(false, name, value)
                .await
                .map_err(|it| self.broken(it))?;
        }
        Ok(channel)
    }

    pub(super) async fn start(&self, channel: &Channel<Msg>, command_line: &str) -> Result<(), Error> {
        channel.exec(true, command_line).await.map_err(|it| self.broken(it))
    }

    pub(super) fn refused(&self, refused: &'static str) -> Error {
        Error::Refused {
            address: self.address.clone(),
            refused,
        }
    }

    pub(super) fn disconnected(&self) -> Error {
        Error::Disconnected {
            address: self.address.clone(),
        }
    }

    /// What an error of the library means on a connection that has worked so far.
    pub(super) fn broken(&self, error: russh::Error) -> Error {
        match error {
            russh::Error::ChannelOpenFailure(_) if !self.is_closed() => self.refused("another channel"),
            russh::Error::SendError | russh::Error::Disconnect | russh::Error::HUP | russh::Error::IO(_) => {
                self.disconnected()
            }
            russh::Error::ChannelOpenFailure(_) => self.disconnected(),
            source => Error::Protocol { source },
        }
    }

    /// Says goodbye. A connection that is dropped closes too, without a word.
    pub async fn close(&self) {
        // It may be gone already, which is what is wanted.
        let _ = self.handle.disconnect(russh::Disconnect::ByApplication, "", "en").await;
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("address", &self.address)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

fn late(target: &SshTarget) -> Error {
    Error::LoginTimeout {
        address: target.address(),
        waited: target.connect_timeout,
    }
}

fn config(target: &SshTarget, algorithms: Algorithms, handler: &GuestHandler) -> client::Config {
    let preferred = if target.compression {
        preferred_compressed
    } else {
        preferred
    };
    client::Config {
        client_id: russh::SshId::Standard(concat!("SSH-2.0-jaunt_", env!("CARGO_PKG_VERSION")).into()),
        preferred: preferred(algorithms, handler.pinned.as_ref()),
        keepalive_interval: target.keep_alive.then_some(Duration::from_secs(15)),
        // A paused or overloaded guest is not a lost one: two minutes of silence are.
        keepalive_max: 8,
        ..client::Config::default()
    }
}

fn key_exchange_error(target: &SshTarget, error: Error) -> Error {
    let address = target.address();
    match error {
        Error::Protocol {
            source: russh::Error::NoCommonAlgo { kind, theirs, .. },
        } => Error::NoCommonAlgorithm {
            address,
            kind: legacy::kind_name(&kind),
            offered: theirs.join(", "),
        },
        Error::HostKeyChanged { .. } => error,
        source => Error::KeyExchange {
            address,
            source: Box::new(source),
        },
    }
}

/// What the message of a channel says of the end of its command, if it says that.
pub(super) fn exit_of(message: &ChannelMsg) -> Option<Exit> {
    match message {
        ChannelMsg::ExitStatus { exit_status } => Some(Exit { code: *exit_status }),
        ChannelMsg::ExitSignal { signal_name, .. } => Some(Exit {
            code: 128 + super::signals::number(signal_name).unwrap_or(0),
        }),
        _ => None,
    }
}

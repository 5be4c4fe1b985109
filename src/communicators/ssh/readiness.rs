//! Waiting for a guest that boots.
//!
//! User networking accepts connections before the guest listens, and a connection that was accepted too early stays
//! silent for long: so a new one is made every third of a second, each has a second (more as time goes by) to bring
//! the server's banner, and the first that does is used. Dropping the future ends the waiting.

use std::fmt;
use std::mem::discriminant;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::banner::{Greeted, greet};
use super::connection::Connection;
use super::error::Error;
use super::keys;
use super::target::SshTarget;

/// What is worth telling while one waits.
#[derive(Debug)]
pub enum Progress<'a> {
    /// An attempt failed in a new way, or still does after ten seconds; there will be others.
    Retrying(&'a Error),
    /// The login worked, but only with algorithms that are no longer sound.
    OldAlgorithms,
}

/// How far a guest came. In the order in which a boot goes through them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing accepted a connection.
    Unreachable,
    /// Connections were accepted, but no SSH server said its name.
    Silent,
    /// An SSH server said its name; the encrypted connection was not made.
    Greeted,
    /// The server refused the user and all that was offered.
    Refused,
}

/// A boot that did not come up in time, and what is known about it.
#[derive(Debug)]
pub struct BootFailure {
    /// Where the guest was looked for.
    pub address: String,
    /// The user that was to log in.
    pub user: String,
    /// The keys, and the password, that were to be offered; by name.
    pub credentials: Vec<String>,
    /// The farthest stage that was seen.
    pub stage: Stage,
    /// How long it was tried.
    pub waited: Duration,
    /// The last thing that went wrong.
    pub last: Option<Box<Error>>,
}

impl fmt::Display for BootFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, user, .. } = self;
        write!(f, "the guest did not come up within {} s: ", self.waited.as_secs())?;
        match self.stage {
            Stage::Unreachable => write!(f, "nothing accepts connections on {address}"),
            Stage::Silent => write!(f, "{address} accepts connections, but no SSH server has answered"),
            Stage::Greeted => write!(
                f,
                "the SSH server on {address} answers, but no connection could be made with it"
            ),
            Stage::Refused => {
                write!(
                    f,
                    "the SSH server on {address} refuses user `{user}` with {}",
                    self.credentials.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for BootFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.last.as_deref().map(|it| it as &(dyn std::error::Error + 'static))
    }
}

/// Waits until a login works, or fails with [`Error::NotReady`].
///
/// A refused login is tried again like anything else, since a guest may still be adding the key; `progress` hears of
/// it. What no waiting can mend (another host key, an unreadable private key) fails at once.
pub async fn wait_until_ready(
    target: &SshTarget,
    boot_timeout: Duration,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Connection, Error> {
    for source in &target.private_keys {
        keys::load(source)?;
    }
    let mut wait = Wait {
        target,
        progress,
        started: Instant::now(),
        stage: Stage::Unreachable,
        last: None,
        told: None,
    };
    let outcome = tokio::time::timeout(boot_timeout, wait.until_ready()).await;
    outcome.unwrap_or_else(|_| Err(Error::NotReady(wait.failure(boot_timeout))))
}

struct Wait<'a> {
    target: &'a SshTarget,
    progress: &'a mut (dyn FnMut(Progress<'_>) + Send),
    started: Instant,
    stage: Stage,
    last: Option<Box<Error>>,
    told: Option<Instant>,
}

/// How long after a refused login the next one is tried: a login costs a slow guest a second.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How often the same trouble is told.
const REPEAT_AFTER: Duration = Duration::from_secs(10);

impl Wait<'_> {
    async fn until_ready(&mut self) -> Result<Connection, Error> {
        loop {
            let greeted = self.first_greeting().await;
            match Connection::establish(self.target, greeted).await {
                Ok(connection) => {
                    if connection.uses_old_algorithms() {
                        (self.progress)(Progress::OldAlgorithms);
                    }
                    return Ok(connection);
                }
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => self.note(error),
            }
            tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
        }
    }

    async fn first_greeting(&mut self) -> Greeted {
        let mut probes = JoinSet::new();
        loop {
            let patience = patience(self.started.elapsed());
            let target = self.target.clone();
            probes.spawn(async move { greet(&target, patience).await });
            let next = Instant::now() + patience / 3;
            while let Ok(outcome) = tokio::time::timeout_at(next, next_outcome(&mut probes)).await {
                match outcome {
                    Ok(greeted) => return greeted,
                    Err(error) => self.note(error),
                }
            }
        }
    }

    fn note(&mut self, error: Error) {
        self.stage = self.stage.clone().max(stage_of(&error));
        let is_new = self
            .last
            .as_ref()
            .is_none_or(|it| discriminant(it.as_ref()) != discriminant(&error));
        let is_due = self.told.is_none_or(|it| it.elapsed() >= REPEAT_AFTER);
        if is_new || is_due {
            (self.progress)(Progress::Retrying(&error));
            self.told = Some(Instant::now());
        }
        self.last = Some(Box::new(error));
    }

    fn failure(self, waited: Duration) -> BootFailure {
        let target = self.target;
        let password = target.password.iter().map(|_| "the password".to_owned());
        BootFailure {
            address: target.address(),
            user: target.user.clone(),
            credentials: target
                .private_keys
                .iter()
                .map(ToString::to_string)
                .chain(password)
                .collect(),
            stage: self.stage,
            waited,
            last: self.last,
        }
    }
}

/// The end of whichever probe ends next; never, when none is under way.
async fn next_outcome(probes: &mut JoinSet<Result<Greeted, Error>>) -> Result<Greeted, Error> {
    loop {
        match probes.join_next().await {
            Some(Ok(outcome)) => return outcome,
            // A probe is neither aborted nor does it panic while it is awaited.
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }
}

/// A guest that takes long is slow in answering, too.
fn patience(elapsed: Duration) -> Duration {
    (elapsed / 10).clamp(Duration::from_secs(1), Duration::from_secs(6))
}

fn stage_of(error: &Error) -> Stage {
    match error {
        Error::Connect { .. } => Stage::Unreachable,
        Error::NoBanner { .. } | Error::ClosedBeforeBanner { .. } | Error::NotSsh { .. } => Stage::Silent,
        Error::AuthenticationRefused { .. } => Stage::Refused,
        _ => Stage::Greeted,
    }
}

fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::HostKeyChanged { .. }
            | Error::HostKeyUnreadable { .. }
            | Error::PrivateKey { .. }
            | Error::PrivateKeyLocked { .. }
            | Error::NoCommonAlgorithm { .. }
            | Error::Read { .. }
            | Error::Write { .. }
    )
}

//! Waiting for a guest that boots.
//!
//! User networking accepts connections before the guest listens, and one that was accepted too early stays silent for
//! long. But a slow guest's server is silent for seconds, too, and every connection costs it a process. So several are
//! tried side by side, at a pace ([`Pace`]) that depends on whether the guest has shown a sign of life. Dropping the
//! future ends the waiting.

use std::fmt;
use std::mem::discriminant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
        is_alive: false,
        accepted: Arc::default(),
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
    is_alive: bool,
    accepted: Arc<AtomicBool>,
    stage: Stage,
    last: Option<Box<Error>>,
    told: Option<Instant>,
}

/// How long after a refused login the next one is tried: a login costs a slow guest a second. So long, too, after a server said that
/// it has too many.
pub(super) const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How long after a connection that was refused the next one is tried.
const PAUSE_AFTER_REFUSED_CONNECTION: Duration = Duration::from_millis(250);

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

    /// The first connection on which an SSH server introduces itself.
    async fn first_greeting(&mut self) -> Greeted {
        let mut probes = JoinSet::new();
        loop {
            let started = Instant::now();
            let pace = Pace::of(self.is_alive, self.started.elapsed());
            let (target, accepted) = (self.target.clone(), self.accepted.clone());
            probes.spawn(async move { greet(&target, pace.patience, &accepted).await });
            while let Ok(outcome) = tokio::time::timeout_at(started + pace.interval, next_outcome(&mut probes)).await {
                match outcome {
                    Ok(greeted) => return greeted,
                    Err(error) if is_refusal(&error) => {
                        let pause = match error {
                            Error::Busy { .. } => PAUSE_AFTER_REFUSAL,
                            _ => PAUSE_AFTER_REFUSED_CONNECTION,
                        };
                        if is_sign_of_life(&error) {
                            // What is silent now was sent before the guest could hear it.
                            probes.abort_all();
                            self.is_alive = true;
                        }
                        self.note(error);
                        tokio::time::sleep_until(started + pause).await;
                        break;
                    }
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
        let accepted = if self.accepted.load(Ordering::Relaxed) {
            Stage::Silent
        } else {
            Stage::Unreachable
        };
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
            stage: self.stage.max(accepted),
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
            // It was aborted.
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }
}

/// When the next connection is tried while the others are silent, and how long each may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pace {
    interval: Duration,
    patience: Duration,
}

impl Pace {
    fn of(is_alive: bool, elapsed: Duration) -> Self {
        match is_alive {
            // Silence is most likely a connection that got lost, so what matters is to try again soon. But user
            // networking does not give lost ones up: it delivers each of them later, when the guest has better to do.
            false => Self {
                interval: (elapsed / 16).clamp(Duration::from_secs(1), Duration::from_secs(5)),
                patience: Duration::from_secs(5),
            },
            // Silence is a server at work, on a guest that is as slow as its boot was long.
            true => Self {
                interval: (elapsed / 4).clamp(Duration::from_secs(2), Duration::from_secs(5)),
                patience: Duration::from_secs(10),
            },
        }
    }
}

/// Where connections are refused, something will listen soon: it can be asked often, since that costs little.
fn is_refusal(error: &Error) -> bool {
    let is_refused = |it: &std::io::Error| it.kind() == std::io::ErrorKind::ConnectionRefused;
    is_sign_of_life(error) || matches!(error, Error::Connect { source, .. } if is_refused(source))
}

/// A connection that was accepted by user networking is closed by the guest alone.
fn is_sign_of_life(error: &Error) -> bool {
    matches!(
        error,
        Error::ClosedBeforeBanner { .. } | Error::NotSsh { .. } | Error::Busy { .. }
    )
}

fn stage_of(error: &Error) -> Stage {
    match error {
        Error::Connect { .. } | Error::ProxyEnded { .. } => Stage::Unreachable,
        Error::NoBanner { .. } | Error::ClosedBeforeBanner { .. } | Error::NotSsh { .. } => Stage::Silent,
        Error::AuthenticationRefused { .. } => Stage::Refused,
        _ => Stage::Greeted,
    }
}

/// Whether waiting mends nothing.
pub(super) fn is_final(error: &Error) -> bool {
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(is_alive: bool, expected: Expect) {
        let paces = [0, 5, 15, 60].map(|elapsed| {
            let Pace { interval, patience } = Pace::of(is_alive, Duration::from_secs(elapsed));
            format!("after {elapsed} s: every {interval:?}, for {patience:?}")
        });
        expected.assert_eq(&paces.join("\n"));
    }

    #[test]
    fn a_silent_guest_is_asked_often_at_first_and_then_less() {
        check(
            false,
            expect![[r#"
            after 0 s: every 1s, for 5s
            after 5 s: every 1s, for 5s
            after 15 s: every 1s, for 5s
            after 60 s: every 3.75s, for 5s"#]],
        );
    }

    #[test]
    fn a_guest_that_lives_gets_time_to_answer() {
        check(
            true,
            expect![[r#"
            after 0 s: every 2s, for 10s
            after 5 s: every 2s, for 10s
            after 15 s: every 3.75s, for 10s
            after 60 s: every 5s, for 10s"#]],
        );
    }
}

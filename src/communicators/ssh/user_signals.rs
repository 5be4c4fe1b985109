//! The signals that reach this process during a session.

use russh::Sig;

/// What the user, or the system, wants.
#[derive(Debug, Clone)]
pub(super) enum UserSignal {
    /// The local terminal has another size.
    Resized,
    /// The program should end: the signal, and the exit code that says so.
    End { signal: Sig, code: u32 },
}

#[cfg(unix)]
pub(super) use unix::UserSignals;

#[cfg(unix)]
mod unix {
    use std::io;

    use russh::Sig;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::UserSignal;

    /// The listeners; while they live, none of these signals ends the process.
    pub struct UserSignals {
        resized: Signal,
        interrupt: Signal,
        terminate: Signal,
        hang_up: Signal,
        quit: Signal,
    }

    impl UserSignals {
        /// Listens from now on.
        pub fn listen() -> io::Result<Self> {
            Ok(Self {
                resized: signal(SignalKind::window_change())?,
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
                quit: signal(SignalKind::quit())?,
            })
        }

        /// The next signal.
        pub async fn next(&mut self) -> UserSignal {
            tokio::select! {
                _ = self.resized.recv() => UserSignal::Resized,
                _ = self.interrupt.recv() => UserSignal::End { signal: Sig::INT, code: 130 },
                _ = self.terminate.recv() => UserSignal::End { signal: Sig::TERM, code: 143 },
                _ = self.hang_up.recv() => UserSignal::End { signal: Sig::HUP, code: 129 },
                _ = self.quit.recv() => UserSignal::End { signal: Sig::QUIT, code: 131 },
            }
        }
    }
}

/// Where there are no signals, Ctrl-C is the only one.
#[cfg(not(unix))]
pub(super) struct UserSignals(());

#[cfg(not(unix))]
impl UserSignals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self(()))
    }

    pub(super) async fn next(&mut self) -> UserSignal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => UserSignal::End {
                signal: Sig::INT,
                code: 130,
            },
            Err(_) => std::future::pending().await,
        }
    }
}

//! A session at the user's own terminal: `jaunt ssh`, with and without `-c`.
//!
//! This is the one place below the commands that owns the process's standard streams: a session *is* those streams.
//! Without a pseudo-terminal every byte passes unchanged both ways; with one, the guest's terminal is as large as the
//! local one and follows it.

use std::io::{self, IsTerminal};
use std::time::Duration;

use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelWriteHalf};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::connection::{Connection, exit_of};
use super::error::Error;
use super::execution::feed;
use super::raw_mode::RawMode;
use super::standard_input;
use super::user_signals::{UserSignal, UserSignals};
use crate::communicators::Exit;

/// What a session runs.
#[derive(Debug, Clone)]
pub struct Session {
    /// The command line for the guest, as [`ShellOptions::login_command`](super::ShellOptions::login_command) makes
    /// it; the user's login shell where absent.
    pub command: Option<String>,
    /// Whether it gets a pseudo-terminal.
    pub terminal: TerminalUse,
    /// The kind of the local terminal (`TERM`).
    pub term: String,
}

/// When a session gets a pseudo-terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminalUse {
    /// `--no-tty`.
    Never,
    /// Where the user sits at one: a shell when the input is a terminal, a command when nothing is redirected. Output
    /// that goes into a file or pipe stays as the command wrote it.
    WhenInteractive,
    /// `--tty`, even where the user sits at none.
    Always,
}

/// Which of the standard streams are terminals.
#[derive(Debug, Clone, Copy)]
struct Streams {
    input: bool,
    output: bool,
    errors: bool,
}

impl TerminalUse {
    fn is_wanted(self, streams: Streams, has_command: bool) -> bool {
        match self {
            Self::Never => false,
            Self::WhenInteractive => streams.input && (!has_command || streams.output && streams.errors),
            Self::Always => true,
        }
    }
}

/// How long the output may be silent after the exit code; a daemon may hold it open for ever.
const SILENCE_AFTER_EXIT: Duration = Duration::from_secs(5);

/// How long a command has to end after a signal. Not every server passes signals on: OpenSSH does not for root.
const TIME_TO_END: Duration = Duration::from_secs(3);

/// What a shell reports for a program whose output nobody reads.
const BROKEN_PIPE: Exit = Exit { code: 128 + 13 };

/// Runs a session on the process's standard streams, and returns how its command or shell ended.
///
/// A signal to this process goes to the guest's command, which then has a moment to end; at a terminal, or the second
/// time, it ends the session.
pub async fn attach(connection: &Connection, session: &Session) -> Result<Exit, Error> {
    let streams = Streams {
        input: io::stdin().is_terminal(),
        output: io::stdout().is_terminal(),
        errors: io::stderr().is_terminal(),
    };
    let has_terminal = session.terminal.is_wanted(streams, session.command.is_some());
    let signals = UserSignals::listen().map_err(|source| Error::Terminal { source })?;
    let channel = connection.open_channel().await?;
    if has_terminal {
        request_terminal(connection, &channel, &session.term).await?;
    }
    match &session.command {
        Some(command) => connection.start(&channel, command).await?,
        None => channel.request_shell(true).await.map_err(|it| connection.broken(it))?,
    }
    let input = standard_input::open().map_err(|source| Error::Terminal { source })?;
    let _raw = if has_terminal && streams.input {
        Some(RawMode::enter()?)
    } else {
        None
    };
    let (output, errors) = (tokio::io::stdout(), tokio::io::stderr());
    Attached {
        connection,
        has_terminal,
        signals,
        output,
        errors,
    }
    .relay(channel, input)
    .await
}

async fn request_terminal(connection: &Connection, channel: &Channel<Msg>, term: &str) -> Result<(), Error> {
    let (columns, rows) = size();
    let requested = channel.request_pty(false, term, columns, rows, 0, 0, &modes()).await;
    requested.map_err(|it| connection.broken(it))
}

#[cfg(unix)]
fn modes() -> Vec<(russh::Pty, u32)> {
    super::terminal_modes::of(io::stdin())
}

#[cfg(not(unix))]
fn modes() -> Vec<(russh::Pty, u32)> {
    Vec::new()
}

fn size() -> (u32, u32) {
    match crossterm::terminal::size() {
        Ok((columns, rows)) if columns > 0 && rows > 0 => (columns.into(), rows.into()),
        _ => (80, 24),
    }
}

struct Attached<'a, O, E> {
    connection: &'a Connection,
    has_terminal: bool,
    signals: UserSignals,
    output: O,
    errors: E,
}

enum Turn {
    GoOn,
    End(Exit),
    Closed,
}

impl<O: AsyncWrite + Unpin, E: AsyncWrite + Unpin> Attached<'_, O, E> {
    async fn relay(mut self, channel: Channel<Msg>, input: crate::communicators::Input) -> Result<Exit, Error> {
        let (mut said, writing) = channel.split();
        let mut feeding = std::pin::pin!(feed(Some(input), &writing));
        let (mut fed, mut ending, mut exit, mut is_complete) = (false, None, None, false);
        loop {
            let silence = exit.map_or(Duration::MAX, |_| SILENCE_AFTER_EXIT);
            let turn = tokio::select! {
                outcome = &mut feeding, if !fed => {
                    fed = true;
                    outcome?;
                    Turn::GoOn
                }
                signal = self.signals.next() => self.pass_on(signal, &writing, &mut ending).await,
                exit = end_of(ending) => Turn::End(exit),
                message = tokio::time::timeout(silence, said.wait()) => match message {
                    Ok(Some(message)) => {
                        exit = exit_of(&message).or(exit);
                        is_complete |= matches!(message, ChannelMsg::Eof);
                        self.show(message).await?
                    }
                    Ok(None) | Err(_) => Turn::Closed,
                },
            };
            match turn {
                Turn::GoOn if is_complete && exit.is_some() => break,
                Turn::GoOn => {}
                Turn::End(exit) => return Ok(exit),
                Turn::Closed => break,
            }
        }
        exit.ok_or_else(|| {
            if self.connection.is_closed() {
                self.connection.disconnected()
            } else {
                Error::NoExitCode
            }
        })
    }

    async fn show(&mut self, message: ChannelMsg) -> Result<Turn, Error> {
        let written = match &message {
            ChannelMsg::Data { data } => write(&mut self.output, data).await,
            ChannelMsg::ExtendedData { data, ext: 1 } => write(&mut self.errors, data).await,
            ChannelMsg::Failure => return Err(self.connection.refused("a session")),
            ChannelMsg::Close => return Ok(Turn::Closed),
            _ => Ok(()),
        };
        match written {
            Ok(()) => Ok(Turn::GoOn),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Turn::End(BROKEN_PIPE)),
            Err(source) => Err(Error::Terminal { source }),
        }
    }

    async fn pass_on(&self, signal: UserSignal, writing: &ChannelWriteHalf<Msg>, ending: &mut Option<Ending>) -> Turn {
        match signal {
            UserSignal::Resized => {
                let (columns, rows) = size();
                // A session that has just ended needs no size.
                let _ = writing.window_change(columns, rows, 0, 0).await;
                Turn::GoOn
            }
            // At a terminal, Ctrl-C is a key of the guest's; a signal comes from elsewhere and means this program.
            UserSignal::End { code, .. } if self.has_terminal || ending.is_some() => Turn::End(Exit { code }),
            UserSignal::End { signal, code } => {
                *ending = Some(Ending {
                    exit: Exit { code },
                    at: Instant::now() + TIME_TO_END,
                });
                let _ = writing.signal(signal).await;
                Turn::GoOn
            }
        }
    }
}

/// A session whose command was asked to end.
#[derive(Debug, Clone, Copy)]
struct Ending {
    exit: Exit,
    at: Instant,
}

/// Comes when a command has had its time to end.
async fn end_of(ending: Option<Ending>) -> Exit {
    match ending {
        Some(Ending { exit, at }) => {
            tokio::time::sleep_until(at).await;
            exit
        }
        None => std::future::pending().await,
    }
}

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: TerminalUse, has_command: bool, terminals: &str) -> bool {
        let streams = Streams {
            input: terminals.contains('i'),
            output: terminals.contains('o'),
            errors: terminals.contains('e'),
        };
        wanted.is_wanted(streams, has_command)
    }

    #[test]
    fn a_shell_gets_a_terminal_when_the_user_types_at_one() {
        assert!(check(TerminalUse::WhenInteractive, false, "ioe"));
        assert!(check(TerminalUse::WhenInteractive, false, "i"));
        assert!(!check(TerminalUse::WhenInteractive, false, "oe"));
    }

    #[test]
    fn a_command_gets_a_terminal_only_when_nothing_is_redirected() {
        assert!(check(TerminalUse::WhenInteractive, true, "ioe"));
        for redirected in ["oe", "ie", "io", ""] {
            assert!(!check(TerminalUse::WhenInteractive, true, redirected), "{redirected}");
        }
    }

    #[test]
    fn the_user_has_the_last_word() {
        assert!(check(TerminalUse::Always, true, ""));
        assert!(!check(TerminalUse::Never, false, "ioe"));
    }
}

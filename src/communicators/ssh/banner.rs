//! Reaching the guest's SSH server far enough to know that it is one.
//!
//! User networking accepts connections before the guest listens, so a connection says nothing until the server's
//! first line (its banner, `SSH-2.0-...`) has arrived.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::error::Error;
use super::line::{self, Line};
use super::target::SshTarget;

/// A connection on which an SSH server has introduced itself; what was read of it will be read again.
#[derive(Debug)]
pub(super) struct Greeted {
    stream: Line,
    read: Vec<u8>,
    replayed: usize,
}

/// Connects and waits for the banner, for so long and no longer; notes when the connection is accepted.
pub(super) async fn greet(target: &SshTarget, patience: Duration, accepted: &AtomicBool) -> Result<Greeted, Error> {
    let mut is_accepted = false;
    let attempt = async {
        let stream = line::open(target).await?;
        is_accepted = stream.is_accepted();
        accepted.fetch_or(is_accepted, Ordering::Relaxed);
        read_banner(target, stream).await
    };
    let outcome = tokio::time::timeout(patience, attempt).await;
    outcome.unwrap_or_else(|_| {
        let address = target.address();
        Err(match is_accepted {
            true => Error::NoBanner {
                address,
                waited: patience,
            },
            false => Error::Connect {
                address,
                source: io::ErrorKind::TimedOut.into(),
            },
        })
    })
}

/// The lines that a server may say before its banner, and the banner, together are not longer than this.
const LONGEST_GREETING: usize = 8192;

/// What OpenSSH says in place of its banner: `drop_connection` in its sshd.c (9.2), `PerSourcePenalties` since 9.8.
const TOO_MANY: &[&str] = &["Exceeded MaxStartups", "Not allowed at this time"];

async fn read_banner(target: &SshTarget, mut stream: Line) -> Result<Greeted, Error> {
    let mut read = Vec::new();
    let mut buffer = [0; 512];
    loop {
        let count = match stream.read(&mut buffer).await {
            Ok(0) | Err(_) if read.is_empty() => {
                let address = target.address();
                return Err(match stream.is_accepted() {
                    true => Error::ClosedBeforeBanner { address },
                    false => Error::ProxyEnded { address },
                });
            }
            Ok(0) | Err(_) => return Err(not_ssh(target, &read)),
            Ok(count) => count,
        };
        read.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if banner(&read).is_some() {
            return Ok(Greeted {
                stream,
                read,
                replayed: 0,
            });
        }
        if read.len() > LONGEST_GREETING {
            return Err(not_ssh(target, &read));
        }
    }
}

/// The banner in what a server has said, once its line is complete.
fn banner(said: &[u8]) -> Option<String> {
    let complete = said.split_inclusive(|it| *it == b'\n').filter(|it| it.ends_with(b"\n"));
    let line = complete.into_iter().find(|it| it.starts_with(b"SSH-"))?;
    Some(String::from_utf8_lossy(line).trim_end().to_owned())
}

fn not_ssh(target: &SshTarget, said: &[u8]) -> Error {
    let line = said.split(|it| *it == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    // A stranger's bytes end up on a terminal: no control characters, and not many.
    let said: String = line.chars().filter(|it| !it.is_control()).take(60).collect();
    let address = target.address();
    match TOO_MANY.contains(&said.as_str()) {
        true => Error::Busy { address, said },
        false => Error::NotSsh { address, said },
    }
}

impl Greeted {
    /// The server's banner, as `SSH-2.0-OpenSSH_9.2p1 Debian-2`.
    pub(super) fn banner(&self) -> String {
        banner(&self.read).unwrap_or_default()
    }
}

impl AsyncRead for Greeted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let left = this.read.get(this.replayed..).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let count = left.len().min(buffer.remaining());
        buffer.put_slice(left.get(..count).unwrap_or_default());
        this.replayed += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_counts_when_its_line_is_complete() {
        assert_eq!(banner(b"SSH-2.0-dropbear"), None);
        assert_eq!(
            banner(b"SSH-2.0-dropbear_2022.83\r\nrest").as_deref(),
            Some("SSH-2.0-dropbear_2022.83")
        );
        assert_eq!(banner(b"welcome\r\nSSH-2.0-x\n").as_deref(), Some("SSH-2.0-x"));
    }

    #[test]
    fn what_a_stranger_says_is_shortened_and_made_harmless() {
        let error = not_ssh(
            &SshTarget::new("127.0.0.1", 80, "vagrant"),
            b"HTTP/1.1 400 \x1b[2Jno\r\nmore",
        );

        assert_eq!(
            error.to_string(),
            "what listens on 127.0.0.1:80 is not an SSH server: it says `HTTP/1.1 400 [2Jno`"
        );
    }

    #[test]
    fn a_server_with_too_many_connections_is_an_ssh_server() {
        let target = SshTarget::new("127.0.0.1", 22, "vagrant");

        assert!(matches!(
            not_ssh(&target, b"Exceeded MaxStartups\r\n"),
            Error::Busy { .. }
        ));
        assert!(matches!(
            not_ssh(&target, b"Exceeded expectations\r\n"),
            Error::NotSsh { .. }
        ));
    }
}

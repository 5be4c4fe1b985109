//! The line to a guest's SSH server: a TCP connection, or the two ends of a `proxy_command`.
//!
//! **Invariant:** a command that connects ends with the line: nothing of it outlives the connection that it served.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, Join, ReadBuf};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::error::Error;
use super::shell::quote;
use super::target::SshTarget;

/// A way to say bytes to a server and to hear its own.
#[derive(Debug)]
pub(super) enum Line {
    Direct(TcpStream),
    Proxied {
        ends: Join<ChildStdout, ChildStdin>,
        /// Ends with this value.
        _command: Box<Child>,
    },
}

/// Opens the line that the target asks for.
pub(super) async fn open(target: &SshTarget) -> Result<Line, Error> {
    match &target.proxy_command {
        None => direct(target).await,
        Some(command) => proxied(target, command),
    }
}

async fn direct(target: &SshTarget) -> Result<Line, Error> {
    let failed = |source| Error::Connect {
        address: target.address(),
        source,
    };
    let stream = TcpStream::connect((target.host.as_str(), target.port))
        .await
        .map_err(failed)?;
    // Keystrokes and small requests must not wait for each other.
    stream.set_nodelay(true).map_err(failed)?;
    Ok(Line::Direct(stream))
}

/// The command in a process group of its own: Ctrl-C is ours to handle, and the guest has to be talked to after it.
fn proxied(target: &SshTarget, command: &str) -> Result<Line, Error> {
    let failed = |source| Error::Connect {
        address: target.address(),
        source,
    };
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("exec {}", filled_in(command, target))])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    #[cfg(unix)]
    shell.process_group(0);
    let mut child = shell.spawn().map_err(failed)?;
    let (Some(output), Some(input)) = (child.stdout.take(), child.stdin.take()) else {
        return Err(failed(io::ErrorKind::BrokenPipe.into()));
    };
    Ok(Line::Proxied {
        ends: tokio::io::join(output, input),
        _command: Box::new(child),
    })
}

/// The command with the placeholders of ssh_config(5) that `ProxyCommand` knows: `%h`, `%n`, `%p`, `%r` and `%%`.
fn filled_in(command: &str, target: &SshTarget) -> String {
    let mut filled = String::new();
    let mut rest = command.chars();
    while let Some(it) = rest.next() {
        if it != '%' {
            filled.push(it);
            continue;
        }
        match rest.next() {
            Some('h' | 'n') => filled.push_str(&word(&target.host)),
            Some('p') => filled.push_str(&target.port.to_string()),
            Some('r') => filled.push_str(&word(&target.user)),
            Some('%') | None => filled.push('%'),
            Some(other) => filled.extend(['%', other]),
        }
    }
    filled
}

/// A value as a part of the command: as it is where no shell sees more in it than letters, else quoted.
fn word(value: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_.:@[]%".contains(it);
    if value.chars().all(is_plain) {
        value.to_owned()
    } else {
        quote(value)
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Line::Direct(stream) => Pin::new(stream).poll_read(context, buffer),
            Line::Proxied { ends, .. } => Pin::new(ends).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Line::Direct(stream) => Pin::new(stream).poll_write(context, bytes),
            Line::Proxied { ends, .. } => Pin::new(ends).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Line::Direct(stream) => Pin::new(stream).poll_flush(context),
            Line::Proxied { ends, .. } => Pin::new(ends).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Line::Direct(stream) => Pin::new(stream).poll_shutdown(context),
            Line::Proxied { ends, .. } => Pin::new(ends).poll_shutdown(context),
        }
    }
}

impl Line {
    /// Whether something at the other end has accepted the connection; of a command this is not known.
    pub(super) fn is_accepted(&self) -> bool {
        matches!(self, Line::Direct(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_those_of_openssh() {
        let target = SshTarget::new("fe80::1%eth0", 2222, "va grant");
        assert_eq!(
            filled_in("nc -x proxy:1080 %h %p # %r %n 100%% %d %", &target),
            "nc -x proxy:1080 fe80::1%eth0 2222 # 'va grant' fe80::1%eth0 100% %d %"
        );
    }
}

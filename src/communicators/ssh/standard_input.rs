//! The process's standard input, read so that nothing is taken from it that nobody asked for.
//!
//! A read that waits in another thread cannot be called back: after a session it would steal the next line typed at
//! the shell. So a terminal is opened anew and read without blocking; anything else is copied by a thread, which the
//! end of the process ends.

use crate::communicators::Input;

/// Opens the standard input.
#[cfg(not(unix))]
pub(super) fn open() -> std::io::Result<Input> {
    Ok(Box::pin(tokio::io::stdin()))
}

#[cfg(unix)]
pub(super) use unix::open;

#[cfg(unix)]
mod unix {
    use std::io::{self, Write};
    use std::os::unix::net::UnixStream;

    use rustix::fs::{Mode, OFlags};
    use tokio::net::unix::pipe::Receiver;

    use super::Input;

    /// Opens the standard input.
    pub fn open() -> io::Result<Input> {
        match open_terminal() {
            Ok(terminal) => Ok(Box::pin(terminal)),
            // No terminal, or one that belongs to another user, as after `su`.
            Err(_) => copy_in_thread(),
        }
    }

    fn open_terminal() -> io::Result<Receiver> {
        let path = rustix::termios::ttyname(io::stdin(), Vec::new())?;
        // A second opening has flags of its own: the shell's one does not become non-blocking.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::open(path.as_c_str(), flags, Mode::empty())?;
        // To be read and waited for, a terminal is as good as a pipe.
        Receiver::from_file_unchecked(file.into())
    }

    fn copy_in_thread() -> io::Result<Input> {
        let (mut inside, outside) = UnixStream::pair()?;
        outside.set_nonblocking(true)?;
        let outside = tokio::net::UnixStream::from_std(outside)?;
        std::thread::Builder::new()
            .name("standard input".to_owned())
            .spawn(move || {
                // What cannot be read is taken for the end of the input, and the session may be over: both end the copy.
                let _ = io::copy(&mut io::stdin().lock(), &mut inside).and_then(|_| inside.flush());
            })?;
        Ok(Box::pin(outside))
    }
}

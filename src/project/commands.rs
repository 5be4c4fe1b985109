//! Commands of trusted Vagrantfiles, and the pipes between them and the file.
//!
//! **Invariant:** a command gets the three standard streams that the file gave it, and nothing else that is open here.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use vagrantfile::host::{Child, Command, CommandLine, Connection, Ended, Output, PipeEnd, Redirect};

use super::sockets;

/// Runs a command and waits, at most that long; then it goes on alone.
pub fn run(command: &Command, pipes: &Pipes, patience: Option<Duration>) -> io::Result<Output> {
    let Launched {
        mut child,
        output,
        errors,
    } = launch(command, pipes)?;
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    // A command that is not waited for any longer still has somebody who takes what it writes.
    thread::spawn(move || {
        let errors = thread::spawn(move || read_all(errors));
        let stdout = read_all(output);
        let stderr = errors.join().unwrap_or_else(|_| Ok(Vec::new()));
        let ended = child.wait();
        let _ = sender.send((stdout, stderr, ended));
    });
    let (stdout, stderr, status) = match patience {
        None => receiver.recv().map_err(io::Error::other)?,
        Some(patience) => receiver.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => io::ErrorKind::TimedOut.into(),
            RecvTimeoutError::Disconnected => io::Error::other(error),
        })?,
    };
    Ok(Output {
        id,
        ended: ended(status?),
        stdout: stdout?,
        stderr: stderr?,
    })
}

/// Starts a command.
pub fn start(command: &Command, pipes: &Pipes) -> io::Result<Box<dyn Child>> {
    Ok(Box::new(Started(launch(command, pipes)?.child)))
}

/// The most that a file may have of what one command writes, in bytes.
const MOST_CAPTURED: usize = 128 << 20;

fn read_all(pipe: Option<PipeReader>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(MOST_CAPTURED as u64 + 1).read_to_end(&mut bytes)?;
    }
    match bytes.len() <= MOST_CAPTURED {
        true => Ok(bytes),
        false => Err(io::Error::other("it writes more than 128 MiB")),
    }
}

fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exit(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}

/// A command's process, and what the file wants to have of it.
struct Launched {
    child: process::Child,
    output: Option<PipeReader>,
    errors: Option<PipeReader>,
}

fn launch(command: &Command, pipes: &Pipes) -> io::Result<Launched> {
    let mut process = process(command)?;
    process.current_dir(&command.directory);
    if command.clears_environment {
        process.env_clear();
    }
    for (name, value) in &command.environment {
        match value {
            Some(value) => process.env(name, value),
            None => process.env_remove(name),
        };
    }
    if command.leads_group {
        process.process_group(0);
    }
    let (output, errors) = match (&command.output, &command.errors) {
        (Redirect::Errors, other) => {
            let (errors, reader) = sink(other, pipes)?;
            ((errors.try_clone()?, reader), (errors, None))
        }
        (other, Redirect::Output) => {
            let (output, reader) = sink(other, pipes)?;
            ((output.try_clone()?, reader), (output, None))
        }
        (output, errors) => (sink(output, pipes)?, sink(errors, pipes)?),
    };
    process
        .stdin(source(&command.input, pipes)?)
        .stdout(output.0)
        .stderr(errors.0);
    let mut child = process.spawn()?;
    if let (Redirect::Text(text), Some(mut input)) = (&command.input, child.stdin.take()) {
        let text = text.clone();
        // It may write before it has read all. What it does not want to read is nobody's loss.
        thread::spawn(move || drop(input.write_all(&text)));
    }
    Ok(Launched {
        child,
        output: output.1,
        errors: errors.1,
    })
}

fn process(command: &Command) -> io::Result<process::Command> {
    let (words, called) = match (&command.line, &command.called) {
        (CommandLine::Shell(text), _) => (&["/bin/sh", "-c", text].map(str::to_owned)[..], None),
        (CommandLine::Program(words), called) => (&words[..], called.as_ref()),
    };
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut process = process::Command::new(program);
    if let Some(mask) = command.mask {
        // Nothing else sets it without code that runs between the two halves of a fork.
        process = process::Command::new("/bin/sh");
        process
            .args(["-c", &format!("umask {mask:o}; exec \"$@\""), "sh"])
            .arg(program);
    } else if let Some(called) = called {
        process.arg0(called);
    }
    process.args(arguments);
    Ok(process)
}

fn source(redirect: &Redirect, pipes: &Pipes) -> io::Result<Stdio> {
    match redirect {
        Redirect::Inherit => Ok(Stdio::inherit()),
        Redirect::Text(_) => Ok(Stdio::piped()),
        Redirect::Read(path) => Ok(File::open(path)?.into()),
        Redirect::Pipe(number) => Ok(pipes.descriptor(*number)?.into()),
        _ => Ok(Stdio::null()),
    }
}

/// Where a command writes to, and the other end of what is captured.
fn sink(redirect: &Redirect, pipes: &Pipes) -> io::Result<(OwnedFd, Option<PipeReader>)> {
    let descriptor: OwnedFd = match redirect {
        Redirect::Capture => {
            let (reader, writer) = io::pipe()?;
            return Ok((writer.into(), Some(reader)));
        }
        Redirect::Write(path) => File::create(path)?.into(),
        Redirect::Append(path) => OpenOptions::new().append(true).create(true).open(path)?.into(),
        Redirect::Pipe(number) => pipes.descriptor(*number)?,
        Redirect::Null => OpenOptions::new().write(true).open("/dev/null")?.into(),
        _ => io::stderr().as_fd().try_clone_to_owned()?,
    };
    Ok((descriptor, None))
}

/// A command that runs beside the file.
struct Started(process::Child);

impl Child for Started {
    fn id(&self) -> u32 {
        self.0.id()
    }

    fn ended(&mut self) -> io::Result<Option<Ended>> {
        Ok(self.0.try_wait()?.map(ended))
    }
}

/// A command that a look at a file's wishes pretends to have run.
pub struct Pretended;

impl Child for Pretended {
    fn id(&self) -> u32 {
        PRETENDED_ID
    }

    fn ended(&mut self) -> io::Result<Option<Ended>> {
        Ok(Some(Ended::Exit(0)))
    }
}

/// What such a command leaves.
pub fn pretended() -> Output {
    Output {
        id: PRETENDED_ID,
        ended: Ended::Exit(0),
        stdout: Vec::new(),
        stderr: Vec::new(),
    }
}

/// An end of a pipe that leads nowhere.
pub fn pretended_end(number: u64) -> PipeEnd {
    PipeEnd {
        number,
        connection: sockets::pretended(),
    }
}

/// More than any process of Linux has (`PID_MAX_LIMIT`).
const PRETENDED_ID: u32 = 1 << 23;

/// The pipes that are open, by the numbers of their ends.
#[derive(Clone, Default)]
pub struct Pipes(Arc<Mutex<HashMap<u64, Weak<End>>>>);

/// One end of a pipe.
enum End {
    Read(ReadEnd),
    Write(PipeWriter),
}

/// The end that is read.
struct ReadEnd {
    pipe: PipeReader,
    /// What came while the file was waiting for another pipe. A command that writes to two would otherwise stand still as soon as one of
    /// them is full; Ruby's threads, of which there are none here, prevent that.
    kept: Mutex<Vec<u8>>,
    /// Nobody else reads here, and there is more to come.
    can_be_kept: AtomicBool,
}

/// The most that is kept of one pipe, in bytes.
const MOST_KEPT: usize = 64 << 20;

impl Pipes {
    /// Opens a pipe: the end that is read and the one that is written.
    pub fn open(&self) -> io::Result<[PipeEnd; 2]> {
        let (pipe, writer) = io::pipe()?;
        let reader = ReadEnd {
            pipe,
            kept: Mutex::default(),
            can_be_kept: AtomicBool::new(true),
        };
        Ok([self.add(End::Read(reader)), self.add(End::Write(writer))])
    }

    fn add(&self, end: End) -> PipeEnd {
        let end = Arc::new(end);
        let mut all = self.all();
        all.retain(|_, it| it.strong_count() > 0);
        let number = all.keys().max().map_or(0, |it| it + 1);
        all.insert(number, Arc::downgrade(&end));
        let pipes = self.clone();
        PipeEnd {
            number,
            connection: Box::new(OpenEnd { end: Some(end), pipes }),
        }
    }

    /// An end for a command.
    fn descriptor(&self, number: u64) -> io::Result<OwnedFd> {
        let end = self.all().get(&number).and_then(Weak::upgrade);
        match end.as_deref() {
            Some(End::Read(end)) => {
                end.can_be_kept.store(false, Ordering::Relaxed);
                end.pipe.as_fd().try_clone_to_owned()
            }
            Some(End::Write(pipe)) => pipe.as_fd().try_clone_to_owned(),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Waits until one end has something to read, and keeps what comes through the others.
    fn wait_for(&self, wanted: &Arc<End>, patience: Option<Duration>) -> io::Result<bool> {
        // More time than the clock can count is all the time that there is.
        let deadline = patience.and_then(|it| Instant::now().checked_add(it));
        loop {
            let others: Vec<_> = self.all().values().filter_map(Weak::upgrade).collect();
            let others: Vec<_> = others
                .iter()
                .filter(|it| !Arc::ptr_eq(it, wanted))
                .filter_map(|it| it.keeping())
                .collect();
            let descriptors = others.iter().map(|it| it.pipe.as_fd());
            let left = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            let ready = ready(std::iter::once(wanted.descriptor()).chain(descriptors), left)?;
            for (other, _) in others.iter().zip(&ready[1..]).filter(|(_, is_ready)| **is_ready) {
                other.keep()?;
            }
            if ready[0] {
                return Ok(true);
            }
            if deadline.is_some_and(|it| it <= Instant::now()) {
                return Ok(false);
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, Weak<End>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl End {
    fn descriptor(&self) -> BorrowedFd<'_> {
        match self {
            Self::Read(end) => end.pipe.as_fd(),
            Self::Write(pipe) => pipe.as_fd(),
        }
    }

    /// The end, where what comes through it can be kept.
    fn keeping(&self) -> Option<&ReadEnd> {
        match self {
            Self::Read(end) if end.can_be_kept.load(Ordering::Relaxed) && end.kept().len() < MOST_KEPT => Some(end),
            _ => None,
        }
    }
}

impl ReadEnd {
    fn keep(&self) -> io::Result<()> {
        let mut bytes = [0; 1 << 16];
        let read = (&self.pipe).read(&mut bytes)?;
        self.kept().extend_from_slice(&bytes[..read]);
        if read == 0 {
            self.can_be_kept.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Vec<u8>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which of these have something to read, or nothing any more; none after that time.
pub fn ready<'a>(
    descriptors: impl Iterator<Item = BorrowedFd<'a>>,
    patience: Option<Duration>,
) -> io::Result<Vec<bool>> {
    let mut polled: Vec<_> = descriptors
        .map(|it| PollFd::from_borrowed_fd(it, PollFlags::IN))
        .collect();
    let patience = patience.map(|it| {
        Timespec::try_from(it).unwrap_or(Timespec {
            tv_sec: i64::MAX,
            tv_nsec: 0,
        })
    });
    rustix::io::retry_on_intr(|| poll(&mut polled, patience.as_ref()))?;
    Ok(polled.iter().map(|it| !it.revents().is_empty()).collect())
}

/// An end of a pipe, as a file has it.
struct OpenEnd {
    end: Option<Arc<End>>,
    pipes: Pipes,
}

impl OpenEnd {
    fn end(&self) -> io::Result<&Arc<End>> {
        self.end.as_ref().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    fn read_end(&self) -> io::Result<(&Arc<End>, &ReadEnd)> {
        let all = self.end()?;
        match &**all {
            End::Read(end) => Ok((all, end)),
            End::Write(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Connection for OpenEnd {
    fn read(&mut self, at_most: usize, patience: Option<Duration>) -> io::Result<Vec<u8>> {
        let (all, end) = self.read_end()?;
        let kept = |end: &ReadEnd| {
            let mut kept = end.kept();
            let bytes = kept.len().min(at_most);
            kept.drain(..bytes).collect::<Vec<u8>>()
        };
        let first = kept(end);
        if !first.is_empty() {
            return Ok(first);
        }
        if !self.pipes.wait_for(all, patience)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut bytes = vec![0; at_most];
        let read = (&end.pipe).read(&mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    fn is_ready(&mut self, patience: Option<Duration>) -> io::Result<bool> {
        let (all, end) = self.read_end()?;
        Ok(!end.kept().is_empty() || self.pipes.wait_for(all, patience)?)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &**self.end()? {
            End::Write(pipe) => Write::write_all(&mut &*pipe, bytes),
            End::Read(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end = None;
        Ok(())
    }

    fn accept(&mut self, _patience: Option<Duration>) -> io::Result<Box<dyn Connection>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn local(&self) -> Option<SocketAddr> {
        None
    }

    fn peer(&self) -> Option<SocketAddr> {
        None
    }
}

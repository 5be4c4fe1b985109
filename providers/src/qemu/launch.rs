//! Starting QEMU so that it outlives the command which started it.
//!
//! It gets a session of its own, no stream but its log, and no descriptor. QEMU's own `-daemonize` is not used: it forks after the
//! command line was read, which its sandbox, told to deny new processes, would not let it do.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::files::MachineFiles;
use super::monitor::{Monitor, Unreachable};
use super::programs;
use crate::{Error, Result};

/// How long QEMU may take to open its monitor: it opens all disks before, and the host may be busy.
const OPENING: Duration = Duration::from_secs(60);

/// How often the monitor is looked for.
const GLANCE: Duration = Duration::from_millis(5);

/// The end of QEMU's complaint that an error carries.
const COMPLAINT_LIMIT: usize = 4096;

/// Starts QEMU and opens the conversation with it; a QEMU that ends instead is an error in its own words.
pub(super) async fn launch(program: &Path, arguments: &[OsString], files: &MachineFiles) -> Result<Monitor> {
    let mut child = spawn(program, arguments, &files.log())?;
    let opened = tokio::time::timeout(OPENING, wait_for_monitor(&mut child, program, files)).await;
    opened.unwrap_or_else(|_| {
        // Without a monitor it is of no use to anybody.
        let _gone = child.start_kill();
        Err(Error::NoAnswer {
            backend: "QEMU",
            what: "its monitor did not open within a minute".to_owned(),
        })
    })
}

async fn wait_for_monitor(child: &mut Child, program: &Path, files: &MachineFiles) -> Result<Monitor> {
    let socket = files.control_socket();
    loop {
        match Monitor::open(&socket, OPENING).await {
            Ok(monitor) => return Ok(monitor),
            Err(Unreachable::Absent | Unreachable::Silent) => {}
        }
        let ended = child.try_wait().map_err(|source| unrunnable(program, source))?;
        if let Some(status) = ended {
            let stderr = complaint(program, &files.log());
            return Err(Error::Command {
                program: programs::name_of(program),
                status,
                stderr,
            });
        }
        tokio::time::sleep(GLANCE).await;
    }
}

fn spawn(program: &Path, arguments: &[OsString], log: &PathBuf) -> Result<Child> {
    let log_file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(log)
        .map_err(|source| Error::File {
            action: "write",
            path: log.clone(),
            source,
        })?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log_file);
    // SAFETY: the closure runs in the forked child and makes plain system calls only: no allocation, no lock.
    unsafe { command.pre_exec(leave_the_parent) };
    command.spawn().map_err(|source| unrunnable(program, source))
}

/// Leaves the session, the umask and all descriptors of the command behind.
fn leave_the_parent() -> std::io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    close_descriptors_on_exec();
    Ok(())
}

/// The command may itself have been given descriptors by its parent; a lock or a pipe among them would live as long as QEMU.
fn close_descriptors_on_exec() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: marks numbers from 3 on, open or not; nothing is closed before the exec, so nothing in use here is lost.
        let marked = unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC as libc::c_int) };
        if marked == 0 {
            return;
        }
    }
    for number in 3..1024 {
        // SAFETY: a number that is not open is answered with an error, which means nothing here.
        unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// The last that QEMU said, without the program's name in front of each line.
fn complaint(program: &Path, log: &Path) -> String {
    let prefix = format!("{}: ", programs::name_of(program));
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().map(|it| it.strip_prefix(&prefix).unwrap_or(it)).collect();
    let text = lines.join("\n");
    let start = text.ceil_char_boundary(text.len().saturating_sub(COMPLAINT_LIMIT));
    text[start..].trim().to_owned()
}

fn unrunnable(program: &Path, source: std::io::Error) -> Error {
    Error::File {
        action: "run",
        path: program.to_owned(),
        source,
    }
}

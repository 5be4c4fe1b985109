//! The QEMU process of a machine, known by the claim on its command line and by its owner, never by a number alone.
//!
//! The monitor is asked first who it is; this is for when it does not answer, and for ending a process. On Linux a process is held
//! by a descriptor, so a signal cannot reach another one that got the same number later.

use std::ffi::OsStr;
use std::fs;
#[cfg(target_os = "linux")]
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use uuid::Uuid;

/// How often an ending process is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// How much of a command line is read, in bytes. The claim stands near its beginning.
#[cfg(target_os = "linux")]
const COMMAND_LINE_LIMIT: usize = 64 << 10;

/// A process that was found to be the machine's.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    claim: Uuid,
    #[cfg(target_os = "linux")]
    handle: Option<rustix::fd::OwnedFd>,
}

impl Process {
    /// The process that QEMU's own pid file names, if it is the machine's.
    pub(super) fn from_pid_file(claim: Uuid, pid_file: &Path) -> Option<Self> {
        Self::verified(claim, fs::read_to_string(pid_file).ok()?.trim().parse().ok()?)
    }

    /// The process of that number, if it is the machine's.
    pub(super) fn verified(claim: Uuid, pid: i32) -> Option<Self> {
        let pid = Pid::from_raw(pid)?;
        if !is_machine(claim, pid) {
            return None;
        }
        #[cfg(target_os = "linux")]
        {
            let handle = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok();
            // Looked at again: had the number passed to another process before the descriptor was opened, it would show here.
            is_machine(claim, pid).then_some(Self { pid, claim, handle })
        }
        #[cfg(not(target_os = "linux"))]
        Some(Self { pid, claim })
    }

    /// Asks QEMU to end: it writes its disks' metadata and goes, without a word to the guest.
    pub(super) fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it without its doing.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Whether it was killed and is only being taken down: it will not answer again.
    pub(super) fn is_ending(&self) -> bool {
        command_line(self.pid).is_some_and(|it| it.is_empty())
    }

    /// Waits until it is gone; false when it is still there after that long.
    pub(super) async fn ends_within(&self, patience: Duration) -> bool {
        let gone = async {
            while is_machine(self.claim, self.pid) {
                tokio::time::sleep(GLANCE).await;
            }
        };
        tokio::time::timeout(patience, gone).await.is_ok()
    }

    /// The file of that name that it has open, as it is called now; one that was removed is not there.
    #[cfg(target_os = "linux")]
    pub(super) fn opened(&self, name: &OsStr) -> Option<PathBuf> {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.pid.as_raw_nonzero())).ok()?;
        let mut files = descriptors.flatten().filter_map(|it| fs::read_link(it.path()).ok());
        files.find(|it| it.file_name() == Some(name) && it.exists())
    }

    /// No other system says so without a library of its own.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn opened(&self, _: &OsStr) -> Option<PathBuf> {
        None
    }

    /// A process that is gone cannot take a signal, and that is what a signal here is for.
    fn signal(&self, signal: Signal) {
        #[cfg(target_os = "linux")]
        if let Some(handle) = &self.handle {
            let _gone = rustix::process::pidfd_send_signal(handle, signal);
            return;
        }
        if is_machine(self.claim, self.pid) {
            let _gone = rustix::process::kill_process(self.pid, signal);
        }
    }
}

/// Whether the process is QEMU with this claim, and ours.
fn is_machine(claim: Uuid, pid: Pid) -> bool {
    is_ours(pid)
        && match command_line(pid) {
            Some(arguments) if arguments.is_empty() => is_ending(pid),
            Some(arguments) => carries_claim(&arguments, claim),
            None => false,
        }
}

fn carries_claim(arguments: &[String], claim: Uuid) -> bool {
    let claim = claim.to_string();
    arguments.windows(2).any(|it| it[0] == "-uuid" && it[1] == claim)
}

#[cfg(target_os = "linux")]
fn is_ours(pid: Pid) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = fs::metadata(format!("/proc/{}", pid.as_raw_nonzero())).map(|it| it.uid());
    owner.is_ok_and(|it| it == rustix::process::geteuid().as_raw())
}

/// Read by one call: of a process that ends between two of them, the second gives nothing, and what came first looks like the command line
/// of another.
#[cfg(target_os = "linux")]
fn command_line(pid: Pid) -> Option<Vec<String>> {
    let mut bytes = vec![0; COMMAND_LINE_LIMIT];
    let mut file = fs::File::open(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
    let length = file.read(&mut bytes).ok()?;
    let words = bytes[..length].split(|it| *it == 0).filter(|it| !it.is_empty());
    Some(words.map(|it| String::from_utf8_lossy(it).into_owned()).collect())
}

/// A process that ends gives its memory back first, its command line with it, and then its ports and the locks on its disks. It is there
/// until the last of its threads has done so, and then a zombie of one thread.
#[cfg(target_os = "linux")]
fn is_ending(pid: Pid) -> bool {
    let text = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    let Some((name, rest)) = text.rsplit_once(") ") else {
        return false;
    };
    let fields: Vec<&str> = rest.split(' ').collect();
    let is_dead = fields.first().is_some_and(|it| matches!(*it, "Z" | "X"));
    let threads: u32 = fields.get(17).and_then(|it| it.parse().ok()).unwrap_or(0);
    name.contains("(qemu") && (!is_dead || threads > 1)
}

/// Signals reach only processes of the same user here, which is what the owner is asked for.
#[cfg(not(target_os = "linux"))]
fn is_ours(pid: Pid) -> bool {
    rustix::process::test_kill_process(pid).is_ok()
}

/// Without `/proc` the system's own tool is asked; the claim holds no space, so words are enough.
#[cfg(not(target_os = "linux"))]
fn command_line(pid: Pid) -> Option<Vec<String>> {
    let number = pid.as_raw_nonzero().to_string();
    let output = std::process::Command::new("/bin/ps")
        .args(["-ww", "-o", "command=", "-p", &number])
        .output()
        .ok()?;
    Some(
        String::from_utf8_lossy(&output.stdout)
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(not(target_os = "linux"))]
fn is_ending(_: Pid) -> bool {
    false
}

//! What runs a machine: QEMU, and later libvirt, VirtualBox, VMware, Docker and AWS.
//!
//! A [`Provider`] turns a [`MachineSpec`] into something that boots, and answers for it afterwards. It knows nothing of
//! Vagrantfiles, boxes' catalogs, SSH or the terminal: a spec arrives resolved, an [`Endpoint`] goes back.
//!
//! **Invariant:** no method here depends on what an earlier call left in memory. Everything is found again from the
//! [`MachineId`], so a command that was killed half-way can be run again by another process.

pub mod conformance;
pub mod fake;
mod file;
pub mod foreign;
pub mod qemu;
mod spec;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use spec::*;

/// A backend which can create machines and drive them through their lifecycle.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The name a Vagrantfile uses: `qemu`, `libvirt`, `docker`.
    fn name(&self) -> &'static str;

    /// What the backend can do, as plain data; read when planning.
    fn features(&self) -> Features;

    /// What the machine is doing now, asked of the backend and never cached. Reads only, and never waits for another command.
    async fn state(&self, id: &MachineId) -> Result<State>;

    /// Creates the machine, powered off, under an identity chosen by the caller.
    ///
    /// Creating a machine that exists already is not an error: the call before this one may have died between creating it and
    /// saying so.
    async fn create(&self, id: &MachineId, spec: &MachineSpec) -> Result<()>;

    /// Starts the machine with the spec's forwards bound, and returns the host port each of them got, in the spec's order.
    ///
    /// A forward whose host port is taken is [`Error::PortTaken`], unless it may be corrected. Starting a machine that runs is
    /// `Ok` and returns what is bound; one that is paused goes on.
    async fn start(&self, id: &MachineId, spec: &MachineSpec) -> Result<Vec<BoundForward>>;

    /// Where the running machine's forwarded ports are.
    async fn endpoint(&self, id: &MachineId) -> Result<Endpoint>;

    /// Stops the machine; what is not running is `Ok`.
    async fn stop(&self, id: &MachineId, how: Stop) -> Result<()>;

    /// Removes the machine and all it owns, running or not. Removing what is gone is `Ok`.
    async fn destroy(&self, id: &MachineId) -> Result<()>;

    /// The end of the machine's serial console, for a report on a boot that did not come up; `None` where there is none.
    async fn console_tail(&self, id: &MachineId, lines: usize) -> Option<Vec<String>>;

    /// The folder that the disk of a running machine is in now, where that can be told: not the one of its identity, if that was moved.
    async fn whereabouts(&self, _: &MachineId) -> Option<PathBuf> {
        None
    }

    /// Suspending, where the backend can save a machine's memory.
    fn suspend(&self) -> Option<&dyn Suspend> {
        None
    }

    /// Taking disks out of a machine, where the backend can.
    fn export(&self) -> Option<&dyn Export> {
        None
    }

    /// Snapshots, where the backend has them.
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }
}

/// Saving a machine's memory. [`Provider::start`] wakes what is saved, and [`Provider::stop`] makes a stopped machine of it.
#[async_trait]
pub trait Suspend: Send + Sync {
    /// Saves the memory of the running machine, and ends it; what is saved already is `Ok`.
    async fn save_memory(&self, id: &MachineId) -> Result<()>;

    /// Throws saved memory away: the machine is stopped then. Nothing saved is `Ok`.
    async fn discard_memory(&self, id: &MachineId) -> Result<()>;
}

/// Taking a machine's disks out of it.
#[async_trait]
pub trait Export: Send + Sync {
    /// Looks whether a folder has room for the disks of a machine and for one file of the same size beside them, and whether they can
    /// be read. The machine may run.
    async fn check(&self, id: &MachineId, folder: &Path) -> Result<()>;

    /// Writes the disks of a machine that does not run into a folder, each complete in itself and in the format qcow2; the one
    /// that it boots from comes first.
    async fn export(&self, id: &MachineId, folder: &Path) -> Result<Vec<ExportedDisk>>;
}

/// A disk that was taken out of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedDisk {
    /// Its name in the folder.
    pub file_name: String,
    /// How large the disk is that a guest sees, in bytes.
    pub virtual_size: u64,
}

/// Going back to an earlier time of a machine.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// The machine's snapshots, the oldest first.
    async fn list(&self, id: &MachineId) -> Result<Vec<Snapshot>>;

    /// Saves the disk, and the memory of a machine that runs, which goes on running.
    async fn save(&self, id: &MachineId, name: &str) -> Result<()>;

    /// Takes the machine back and ends it if it runs: it is [`State::Saved`] then if it ran when the snapshot was taken, and
    /// [`Provider::start`] lets it go on from there; it is stopped otherwise.
    ///
    /// The memory that it goes on with is the snapshot's own: that must not be deleted before the machine was started.
    async fn restore(&self, id: &MachineId, name: &str) -> Result<State>;

    /// Deletes a snapshot; one that is gone is `Ok`.
    async fn delete(&self, id: &MachineId, name: &str) -> Result<()>;
}

/// A snapshot of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name, as it was given.
    pub name: String,
    /// Whether the machine ran when it was taken.
    pub has_memory: bool,
    /// When it was taken, in seconds since 1970.
    pub taken: u64,
}

/// Who a machine is: the claim is journaled by the caller before a backend hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineId {
    /// A UUID; the backend's name, label, tag or uuid of the machine.
    pub claim: uuid::Uuid,
    /// The folder that is the machine's alone, for disks and logs; it exists.
    pub folder: PathBuf,
}

/// What a machine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The backend has nothing under this claim.
    NotCreated,
    /// It has disks and no process.
    Stopped,
    /// It runs.
    Running,
    /// Its process is there and its guest is held: somebody paused it, or its disk could not be written.
    Paused,
    /// Its memory is on disk.
    Saved,
}

/// What a backend can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// A machine may be made without a box.
    pub box_optional: bool,
    /// Several machines may be brought up at once.
    pub parallel: bool,
    /// Names of the providers whose boxes it takes, the preferred one first.
    pub box_formats: &'static [&'static str],
}

/// How a machine is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The power button, and no more than this long until power is cut.
    PowerButton {
        /// How long the guest has for shutting down.
        patience: Duration,
    },
    /// Power is cut.
    Power,
}

/// Where a running machine can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The forwards in force, the one for SSH among them.
    pub forwards: Vec<BoundForward>,
}

/// A forward as it was bound.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BoundForward {
    /// The id of the forward in the spec (`ssh`, `tcp8080`).
    pub id: String,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The port in the guest.
    pub guest_port: u16,
    /// The address on the host, as bound.
    pub host: SocketAddr,
}

/// Something a person should know about a machine that is nevertheless made as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The machine's claim.
    pub claim: uuid::Uuid,
    /// One sentence, without a full stop.
    pub text: String,
}

/// Where a provider's notices go. Called from within its methods, so it must not block.
pub type Notices = Arc<dyn Fn(Notice) + Send + Sync>;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a provider could not do as it was told.
///
/// One variant for each thing a person would do next. The message says what was attempted and on what; the cause goes into
/// `source`, never into the text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The backend's program is missing.
    #[error("{program} is not installed, or not on PATH")]
    NotInstalled {
        /// The program's name.
        program: String,
        /// What installs it.
        advice: &'static str,
    },

    /// A program of the backend's ended with an error.
    #[error("{program} failed ({status}): {stderr}")]
    Command {
        /// The program's name.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said.
        stderr: String,
    },

    /// Something else listens on the port.
    #[error("port {port} on {address} is taken: it cannot be forwarded to port {guest_port} of the guest")]
    PortTaken {
        /// The host's port.
        port: u16,
        /// The host's address.
        address: std::net::IpAddr,
        /// The guest's port.
        guest_port: u16,
    },

    /// No port of the range is free.
    #[error("no port from {first} to {last} is free for port {guest_port} of the guest")]
    NoFreePort {
        /// The first port that was tried.
        first: u16,
        /// The last port that was tried.
        last: u16,
        /// The guest's port.
        guest_port: u16,
    },

    /// The backend cannot do this with these settings.
    #[error("{what}")]
    Unsupported {
        /// What cannot be done, as a sentence.
        what: String,
    },

    /// The backend answered that it will not.
    #[error("{backend} refused: {what}")]
    Refused {
        /// The backend's name.
        backend: &'static str,
        /// What was asked, and what it said.
        what: String,
    },

    /// The machine was never created, or is gone.
    #[error("the machine is not created")]
    NotCreated,

    /// The machine is not running.
    #[error("the machine is not running")]
    NotRunning,

    /// The backend does not answer, or not in time.
    #[error("{backend} did not answer: {what}")]
    NoAnswer {
        /// The backend's name.
        backend: &'static str,
        /// What was asked.
        what: String,
    },

    /// A disk of the machine's cannot be used.
    #[error("the machine's disk {} is damaged: {reason}", path.display())]
    DamagedDisk {
        /// The disk.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The image that a disk of the machine's lies on cannot be used.
    #[error("the image {} below the machine's disk {} cannot be used: {reason}", base.display(), disk.display())]
    UnusableBase {
        /// The disk.
        disk: PathBuf,
        /// The image.
        base: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// What is to be written does not fit.
    #[error(
        "there is not enough room in {} to {purpose}: {}{free_mib} MiB are free",
        folder.display(),
        needed_mib.map_or(String::new(), |it| format!("up to {it} MiB may be needed, and "))
    )]
    NoRoom {
        /// What is to be written, as the end of «room to ...».
        purpose: &'static str,
        /// Where.
        folder: PathBuf,
        /// How much is needed, where that can be told.
        needed_mib: Option<u64>,
        /// How much is free.
        free_mib: u64,
    },

    /// A file could not be written or read.
    #[error("cannot {action} {}", path.display())]
    File {
        /// `read`, `write`, `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

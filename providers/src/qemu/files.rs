//! Where the things of one machine are: its own folder for what lasts, the runtime folder for sockets.
//!
//! Nothing else in this backend joins paths. Every file that is made has a name here, so that `destroy` can take exactly these
//! away: the machine's folder also holds files of the caller.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::image;
use crate::file::remove;
use crate::{Error, MachineId, Result};

/// What a path of a Unix socket may hold: 104 bytes on the BSDs and macOS, 108 on Linux, a closing zero among them.
const SOCKET_PATH_LIMIT: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// As many disks as a box may have; IDE ends before, and the others long after.
pub(super) const DISK_LIMIT: usize = 16;

/// The name in QEMU of the firmware's variables.
pub(super) const VARIABLES: &str = "variables";

/// The files of one machine.
#[derive(Debug, Clone)]
pub(super) struct MachineFiles {
    folder: PathBuf,
    runtime_folder: PathBuf,
    claim: String,
}

impl MachineFiles {
    pub(super) fn of(id: &MachineId, runtime_folder: &Path) -> Self {
        Self {
            folder: id.folder.clone(),
            runtime_folder: runtime_folder.to_owned(),
            claim: id.claim.simple().to_string(),
        }
    }

    /// Where what lasts is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The machine's own disk, on top of the box's. The machine exists when this does.
    pub(super) fn disk(&self) -> PathBuf {
        self.folder.join("disk.qcow2")
    }

    /// A further disk of the box's, by its number: the second one is 2.
    pub(super) fn further_disk(&self, number: usize) -> PathBuf {
        self.folder.join(format!("disk-{number}.qcow2"))
    }

    /// The disk that tells the guest who it is.
    pub(super) fn seed(&self) -> PathBuf {
        self.folder.join("seed.qcow2")
    }

    /// The disks that the machine has, by their names in QEMU, the one that it boots from first.
    pub(super) fn disks(&self) -> Vec<(String, PathBuf)> {
        let further = (2..=DISK_LIMIT).map(|it| (format!("disk{it}"), self.further_disk(it)));
        let seed = ("seed".to_owned(), self.seed());
        let others = further.chain([seed]).filter(|(_, path)| path.exists());
        std::iter::once(("disk".to_owned(), self.disk()))
            .chain(others)
            .collect()
    }

    /// Everything of the machine that keeps what the guest writes, by names in QEMU; what is saved of it is in all of them.
    pub(super) fn writable(&self) -> Vec<(String, PathBuf)> {
        let variables = (VARIABLES.to_owned(), self.firmware_variables());
        let mut all = self.disks();
        all.extend(Some(variables).filter(|(_, path)| path.exists()));
        all
    }

    /// Refuses disks that are damaged, or lie on an image that is gone.
    pub(super) fn check_disks(&self) -> Result<()> {
        self.disks().iter().try_for_each(|(_, path)| image::check(path))
    }

    /// The names of these.
    pub(super) fn writable_names(&self) -> Vec<String> {
        self.writable().into_iter().map(|(name, _)| name).collect()
    }

    /// What starts the guest, as its disk was seen to need it.
    pub(super) fn firmware(&self) -> PathBuf {
        self.folder.join("firmware.json")
    }

    /// A file while it is made.
    pub(super) fn unfinished(&self, path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        name.into()
    }

    /// Bytes on their way between a program and us.
    pub(super) fn scratch(&self) -> PathBuf {
        self.folder.join("scratch.partial")
    }

    /// What the guest writes to its serial port, since QEMU was started.
    pub(super) fn console(&self) -> PathBuf {
        self.folder.join("console.log")
    }

    /// What QEMU itself says.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("qemu.log")
    }

    /// Written by QEMU, and locked by it for as long as it lives.
    pub(super) fn pid(&self) -> PathBuf {
        self.folder.join("qemu.pid")
    }

    /// Which forward was bound where; believed only as far as QEMU confirms it.
    pub(super) fn forwards(&self) -> PathBuf {
        self.folder.join("forwards.json")
    }

    /// The hardware of the last start; what is saved of a running machine belongs to it.
    pub(super) fn hardware(&self) -> PathBuf {
        self.folder.join("hardware.json")
    }

    /// Which saved memory the next start wakes the guest with.
    pub(super) fn memory(&self) -> PathBuf {
        self.folder.join("memory.json")
    }

    /// The same while the guest is let go: it may or may not have run since.
    pub(super) fn waking_memory(&self) -> PathBuf {
        self.folder.join("memory-waking.json")
    }

    /// The hardware that each snapshot with memory belongs to.
    pub(super) fn snapshots(&self) -> PathBuf {
        self.folder.join("snapshots.json")
    }

    /// The variables of the firmware, where the machine has one that keeps some.
    pub(super) fn firmware_variables(&self) -> PathBuf {
        self.folder.join("firmware-variables.qcow2")
    }

    /// The monitor for commands that change something.
    pub(super) fn control_socket(&self) -> PathBuf {
        self.runtime_folder.join(format!("{}.control", self.claim))
    }

    /// The monitor for those that only look, so that they need not wait for the others.
    pub(super) fn reader_socket(&self) -> PathBuf {
        self.runtime_folder.join(format!("{}.reader", self.claim))
    }

    /// Makes the runtime folder, or refuses one that others may write to: who can open a monitor has the machine.
    pub(super) fn prepare_runtime_folder(&self) -> Result<()> {
        let longest = self.control_socket();
        if longest.as_os_str().len() > SOCKET_PATH_LIMIT {
            return Err(Error::Unsupported {
                what: format!(
                    "the runtime folder `{}` has too long a path: sockets in it would pass the limit of {SOCKET_PATH_LIMIT} bytes",
                    self.runtime_folder.display()
                ),
            });
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.runtime_folder)
            .map_err(|source| self.runtime_failure(source))?;
        let metadata = fs::symlink_metadata(&self.runtime_folder).map_err(|source| self.runtime_failure(source))?;
        let ours = metadata.is_dir() && metadata.uid() == rustix::process::geteuid().as_raw();
        if !ours || metadata.mode() & 0o022 != 0 {
            return Err(Error::Unsupported {
                what: format!(
                    "the runtime folder `{}` is not a folder that this user alone can write to",
                    self.runtime_folder.display()
                ),
            });
        }
        Ok(())
    }

    fn runtime_failure(&self, source: io::Error) -> Error {
        Error::File {
            action: "prepare",
            path: self.runtime_folder.clone(),
            source,
        }
    }

    /// Removes what belongs to a QEMU that has ended.
    pub(super) fn remove_traces_of_run(&self) -> Result<()> {
        [self.control_socket(), self.reader_socket(), self.pid(), self.forwards()]
            .iter()
            .try_for_each(|it| remove(it))
    }

    /// Removes all that this backend ever made for the machine, the disk last: while it is there, the machine is.
    pub(super) fn remove_all(&self) -> Result<()> {
        self.remove_traces_of_run()?;
        let further = (2..=DISK_LIMIT).map(|it| self.further_disk(it));
        let disks: Vec<PathBuf> = further.chain([self.seed(), self.firmware_variables()]).collect();
        for path in disks {
            remove(&self.unfinished(&path))?;
            remove(&path)?;
        }
        let rest = [
            self.memory(),
            self.waking_memory(),
            self.snapshots(),
            self.hardware(),
            self.console(),
            self.log(),
            self.firmware(),
            self.scratch(),
            self.unfinished(&self.disk()),
            self.disk(),
        ];
        rest.iter().try_for_each(|it| remove(it))
    }
}

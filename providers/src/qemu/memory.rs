//! A guest's memory, saved inside its disk's file: suspending, and waking up with it.
//!
//! A note beside the disk (`memory.json`) says that the next start is to wake the guest. It is put aside before the guest is let go and
//! removed after: saved memory takes the disk back to its time, so a guest that may have run since is never woken a second time.

use std::fs;

use async_trait::async_trait;
use qapi::qmp::RunState;
use serde::{Deserialize, Serialize};

use super::arguments::Hardware;
use super::files::MachineFiles;
use super::monitor::{Monitor, Unreachable};
use super::{Ending, GLIMPSE, Qemu, Sight, TURN, room, silent};
use crate::{Error, MachineId, Result, Suspend, file};

/// The name of what `suspend` saves; snapshots of a person's have another form.
pub(super) const SUSPENDED: &str = "suspended";

/// Memory to wake up with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SavedMemory {
    /// Its name inside the disk's file.
    pub(super) tag: String,
    /// What it was saved in.
    pub(super) hardware: Hardware,
}

impl SavedMemory {
    /// The memory that the next start wakes the guest with.
    pub(super) fn pending(files: &MachineFiles) -> Result<Option<Self>> {
        file::read_json(&files.memory())
    }

    /// Whether a machine without a guest that runs counts as saved; `unreleased` tells of a QEMU that never let it go.
    pub(super) fn is_pending(files: &MachineFiles, unreleased: bool) -> bool {
        files.memory().exists() || (unreleased && files.waking_memory().exists())
    }

    /// Notes that the next start is to wake the guest with this.
    pub(super) fn note(&self, files: &MachineFiles) -> Result<()> {
        file::write_json(&files.memory(), self)
    }

    /// Forgets it.
    pub(super) fn forget(files: &MachineFiles) -> Result<()> {
        file::remove(&files.memory())?;
        file::remove(&files.waking_memory())
    }

    /// Puts the note aside: from here on the guest may run.
    pub(super) fn put_aside(files: &MachineFiles) -> Result<()> {
        rename(files.memory(), files.waking_memory())
    }

    /// Takes the note back: the guest was not let go after all.
    pub(super) fn take_back(files: &MachineFiles) -> Result<()> {
        if files.waking_memory().exists() {
            rename(files.waking_memory(), files.memory())
        } else {
            Ok(())
        }
    }
}

fn rename(from: std::path::PathBuf, to: std::path::PathBuf) -> Result<()> {
    fs::rename(&from, to).map_err(|source| Error::File {
        action: "rename",
        path: from,
        source,
    })
}

#[async_trait]
impl Suspend for Qemu {
    async fn save_memory(&self, id: &MachineId) -> Result<()> {
        let files = self.files(id);
        if !files.disk().exists() {
            return Err(Error::NotCreated);
        }
        match self.look_patiently(id).await {
            Sight::Alive(reader) => {
                drop(reader);
                self.save_and_end(id, &files).await
            }
            Sight::Silent => Err(silent()),
            unreleased if SavedMemory::is_pending(&files, matches!(unreleased, Sight::Unreleased)) => Ok(()),
            Sight::Absent | Sight::Unreleased => Err(Error::NotRunning),
        }
    }

    async fn discard_memory(&self, id: &MachineId) -> Result<()> {
        let files = self.files(id);
        let pending = SavedMemory::pending(&files)?;
        SavedMemory::forget(&files)?;
        if pending.is_some_and(|it| it.tag == SUSPENDED)
            && let Err(error) = self.on_images(&files, "-d", SUSPENDED).await
        {
            tracing::debug!(%error, "the next suspending removes what is left of this one");
        }
        Ok(())
    }
}

impl Qemu {
    async fn save_and_end(&self, id: &MachineId, files: &MachineFiles) -> Result<()> {
        let monitor = Monitor::open(&files.control_socket(), TURN)
            .await
            .map_err(|_: Unreachable| silent())?;
        let is_held = monitor
            .run_state(GLIMPSE)
            .await
            .is_ok_and(|it| matches!(it, RunState::paused));
        if !(is_held && files.memory().exists()) {
            monitor.hold().await?;
            if let Err(error) = save(&monitor, files).await {
                monitor.cont().await?;
                return Err(error);
            }
        }
        drop(monitor);
        self.end(id, Ending::Asked).await
    }
}

async fn save(monitor: &Monitor, files: &MachineFiles) -> Result<()> {
    let hardware: Hardware = recorded_hardware(files)?;
    let nodes = files.writable_names();
    monitor.delete_snapshot(SUSPENDED, &nodes).await?;
    save_with_room(monitor, files, SUSPENDED).await?;
    SavedMemory {
        tag: SUSPENDED.to_owned(),
        hardware,
    }
    .note(files)
}

/// Saves disks and memory under a name, where the memory fits.
pub(super) async fn save_with_room(monitor: &Monitor, files: &MachineFiles, tag: &str) -> Result<()> {
    const PURPOSE: &str = "save the machine's memory";
    let (folder, needed) = (files.folder(), room::of_memory(monitor).await);
    room::check(folder, PURPOSE, needed)?;
    let saved = monitor.save_snapshot(tag, &files.writable_names()).await;
    saved.map_err(|error| room::explain(error, folder, PURPOSE, needed))
}

/// The hardware that the machine runs in.
pub(super) fn recorded_hardware(files: &MachineFiles) -> Result<Hardware> {
    file::read_json(&files.hardware())?.ok_or_else(|| Error::Unsupported {
        what: format!(
            "`{}` is gone, so what is saved of the machine could not be started again",
            files.hardware().display()
        ),
    })
}

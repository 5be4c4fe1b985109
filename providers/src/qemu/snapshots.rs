//! Snapshots: the disk at some time, and the memory too where the machine ran then, all inside the disk's file.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;

use super::arguments::Hardware;
use super::files::MachineFiles;
use super::memory::{SavedMemory, recorded_hardware, save_with_room};
use super::monitor::{Monitor, Unreachable};
use super::{Ending, Qemu, Sight, TURN, programs, silent};
use crate::{Error, MachineId, Result, Snapshot, Snapshots, State, file};

/// In front of every person's name, so that none of them is taken for a number of QEMU's or for a name of ours.
const PREFIX: &str = "user:";

/// The longest name that fits into QEMU's field with the prefix.
const NAME_LIMIT: usize = 200;

/// What `qemu-img info` says.
#[derive(Debug, Deserialize)]
struct Image {
    #[serde(default)]
    snapshots: Vec<ImageSnapshot>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ImageSnapshot {
    name: String,
    vm_state_size: u64,
    date_sec: u64,
}

#[async_trait]
impl Snapshots for Qemu {
    async fn list(&self, id: &MachineId) -> Result<Vec<Snapshot>> {
        let files = self.files(id);
        if !files.disk().exists() {
            return Err(Error::NotCreated);
        }
        files.check_disks()?;
        let qemu_img = programs::find("qemu-img", &self.settings.search_path)?;
        // `-U`: the disk of a machine that runs may be looked at.
        let arguments = [
            "info".into(),
            "-U".into(),
            "--output=json".into(),
            "-f".into(),
            "qcow2".into(),
            files.disk().into(),
        ];
        let text = programs::output(&qemu_img, &arguments).await?;
        let image: Image = serde_json::from_slice(&text).map_err(|source| Error::File {
            action: "read",
            path: files.disk(),
            source: source.into(),
        })?;
        Ok(image.snapshots.into_iter().filter_map(of_person).collect())
    }

    async fn save(&self, id: &MachineId, name: &str) -> Result<()> {
        let tag = tag(name)?;
        if self.list(id).await?.iter().any(|it| it.name == name) {
            return Err(Error::Unsupported {
                what: format!("there is a snapshot `{name}` already"),
            });
        }
        let files = self.files(id);
        match self.look_patiently(id).await {
            Sight::Alive(reader) => {
                drop(reader);
                save_with_memory(&files, &tag).await
            }
            Sight::Silent => Err(silent()),
            Sight::Absent if files.memory().exists() => Err(Error::Unsupported {
                what: "a suspended machine has no snapshots taken: resume or halt it first".to_owned(),
            }),
            Sight::Absent => self.on_images(&files, "-c", &tag).await,
            Sight::Unreleased => {
                self.end(id, Ending::Killed).await?;
                self.on_images(&files, "-c", &tag).await
            }
        }
    }

    async fn restore(&self, id: &MachineId, name: &str) -> Result<State> {
        let tag = tag(name)?;
        let found = self.list(id).await?.into_iter().find(|it| it.name == name);
        let snapshot = found.ok_or_else(|| Error::Unsupported {
            what: format!("there is no snapshot `{name}`"),
        })?;
        let files = self.files(id);
        if !snapshot.has_memory {
            self.end(id, Ending::Killed).await?;
            SavedMemory::forget(&files)?;
            self.on_images(&files, "-a", &tag).await?;
            return Ok(State::Stopped);
        }
        let hardware = hardware_of_snapshots(&files)?
            .remove(&tag)
            .ok_or_else(|| Error::Unsupported {
                what: format!("it is not known any more what hardware the snapshot `{name}` was taken in"),
            })?;
        self.end(id, Ending::Killed).await?;
        SavedMemory::forget(&files)?;
        // Noted first: whatever dies from here on, the next start goes on from the snapshot.
        let memory = SavedMemory { tag, hardware };
        memory.note(&files)?;
        // The disk would go back with the memory; it does so now, since the memory may be thrown away first.
        self.on_images(&files, "-a", &memory.tag).await?;
        Ok(State::Saved)
    }

    async fn delete(&self, id: &MachineId, name: &str) -> Result<()> {
        let tag = tag(name)?;
        let files = self.files(id);
        if self.list(id).await?.iter().any(|it| it.name == name) {
            match self.look_patiently(id).await {
                Sight::Alive(reader) => {
                    drop(reader);
                    control(&files)
                        .await?
                        .delete_snapshot(&tag, &files.writable_names())
                        .await?;
                }
                Sight::Silent => return Err(silent()),
                Sight::Absent => self.on_images(&files, "-d", &tag).await?,
                Sight::Unreleased => {
                    self.end(id, Ending::Killed).await?;
                    self.on_images(&files, "-d", &tag).await?;
                }
            }
        }
        let mut hardware = hardware_of_snapshots(&files)?;
        hardware.remove(&tag);
        file::write_json(&files.snapshots(), &hardware)
    }
}

impl Qemu {
    /// Lets `qemu-img` create, apply or delete a snapshot of disks that nobody uses.
    pub(super) async fn on_images(&self, files: &MachineFiles, action: &str, tag: &str) -> Result<()> {
        let qemu_img = programs::find("qemu-img", &self.settings.search_path)?;
        for (_, path) in files.writable() {
            let arguments = ["snapshot", "-q", action, tag].map(Into::into);
            programs::run(&qemu_img, &[&arguments[..], &[path.into()]].concat()).await?;
        }
        Ok(())
    }
}

async fn save_with_memory(files: &MachineFiles, tag: &str) -> Result<()> {
    let mut hardware = hardware_of_snapshots(files)?;
    hardware.insert(tag.to_owned(), recorded_hardware(files)?);
    // Written first: a snapshot whose hardware is not known is of no use, hardware without a snapshot does no harm.
    file::write_json(&files.snapshots(), &hardware)?;
    save_with_room(&control(files).await?, files, tag).await
}

async fn control(files: &MachineFiles) -> Result<Monitor> {
    Monitor::open(&files.control_socket(), TURN)
        .await
        .map_err(|_: Unreachable| silent())
}

fn hardware_of_snapshots(files: &MachineFiles) -> Result<BTreeMap<String, Hardware>> {
    Ok(file::read_json(&files.snapshots())?.unwrap_or_default())
}

fn tag(name: &str) -> Result<String> {
    if name.is_empty() || name.len() > NAME_LIMIT || name.chars().any(char::is_control) {
        let what = format!(
            "`{}` cannot be the name of a snapshot: 1 to {NAME_LIMIT} printable bytes can",
            name.escape_debug()
        );
        return Err(Error::Unsupported { what });
    }
    Ok(format!("{PREFIX}{name}"))
}

fn of_person(it: ImageSnapshot) -> Option<Snapshot> {
    let name = it.name.strip_prefix(PREFIX)?.to_owned();
    Some(Snapshot {
        name,
        has_memory: it.vm_state_size > 0,
        taken: it.date_sec,
    })
}

//! A machine's folder, `.vagrant/machines/NAME/PROVIDER`: Vagrant's files, and the journal and lock that are ours.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::faults;

use super::{
    Error, Result, create_folder, journal, read_optional, remove_if_there, remove_set_aside, write_atomically,
};

/// The folder of one machine at one provider. It need not be there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineFolder {
    path: PathBuf,
}

/// Which box the machine was made from; Vagrant's `box_meta`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxMeta {
    /// The box's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The provider that it was made for.
    pub provider: String,
    /// The architecture that it states, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Where it is, relative to the home folder.
    pub directory: String,
}

/// `PROVIDER`, `NAME` and `machines`: what lies below `.vagrant`, which a user may have put elsewhere by a link of his own.
const DEPTH: usize = 3;

impl MachineFolder {
    /// The folder of a machine below a project's `.vagrant`.
    pub fn new(dot_vagrant: &Path, machine: &str, provider: &str) -> Self {
        Self {
            path: dot_vagrant.join("machines").join(machine).join(provider),
        }
    }

    /// The folder that is at a path.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The providers at which a machine of that name exists, by their `id` files.
    pub fn providers_with_a_machine(dot_vagrant: &Path, machine: &str) -> Vec<String> {
        let Ok(folders) = fs::read_dir(dot_vagrant.join("machines").join(machine)) else {
            return Vec::new();
        };
        let mut providers: Vec<String> = folders
            .filter_map(|it| it.ok())
            .filter(|it| it.path().join("id").is_file() || has_claim(&it.path().join("journal")))
            .filter_map(|it| it.file_name().into_string().ok())
            .collect();
        providers.sort();
        providers
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder, if need be. A link on the way, which a stranger's project may bring, is refused.
    pub fn create(&self) -> Result<()> {
        for folder in self.path.ancestors().take(DEPTH) {
            if folder.is_symlink() {
                let source = io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link");
                return Err(Error::File {
                    action: "use",
                    path: folder.to_owned(),
                    source,
                });
            }
        }
        create_folder(&self.path)
    }

    /// Where the machine's journal is.
    pub fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// Where the lock on the machine is.
    pub fn lock(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// The private key that replaced the box's published one.
    pub fn private_key(&self) -> PathBuf {
        self.path.join("private_key")
    }

    /// The guest's host key as it was at first contact.
    pub fn host_key(&self) -> PathBuf {
        self.path.join("host_key")
    }

    /// The folder with the lists of what was copied into the guest.
    pub fn synced_folder_state(&self) -> PathBuf {
        self.path.join("synced")
    }

    /// The provider's name of the machine.
    pub fn id(&self) -> Result<Option<String>> {
        self.read("id")
    }

    /// Notes the provider's name of the machine, and who made it.
    pub fn write_id(&self, id: &str) -> Result<()> {
        self.write("creator_uid", &rustix::process::getuid().as_raw().to_string())?;
        self.write("id", id)
    }

    /// The machine's key in the index of machines, 32 hexadecimal digits; a part of one is none.
    pub fn index_uuid(&self) -> Result<Option<String>> {
        let is_whole = |it: &String| it.len() == 32 && it.bytes().all(|it| it.is_ascii_hexdigit());
        Ok(self.read("index_uuid")?.filter(is_whole))
    }

    /// Whether this is the machine's key in the index. It is asked of a thousand machines at once, and one read settles the usual case.
    pub fn has_index_uuid(&self, key: &str) -> bool {
        let mut start = [0; 64];
        let read = fs::File::open(self.path.join("index_uuid")).and_then(|mut it| it.read(&mut start));
        match read {
            Ok(length) if start[..length] == *key.as_bytes() => true,
            Ok(_) => self.index_uuid().ok().flatten().as_deref() == Some(key),
            Err(_) => false,
        }
    }

    /// Notes the machine's key in the index.
    pub fn write_index_uuid(&self, uuid: &str) -> Result<()> {
        self.write("index_uuid", uuid)
    }

    /// The project's folder when the machine was made.
    pub fn vagrant_cwd(&self) -> Result<Option<String>> {
        self.read("vagrant_cwd")
    }

    /// Notes the project's folder.
    pub fn write_vagrant_cwd(&self, folder: &Path) -> Result<()> {
        self.write("vagrant_cwd", &folder.to_string_lossy())
    }

    /// Vagrant's note that the machine was provisioned.
    pub fn action_provision(&self) -> Result<Option<String>> {
        self.read("action_provision")
    }

    /// Notes that the machine was provisioned.
    pub fn write_action_provision(&self, text: &str) -> Result<()> {
        self.write("action_provision", text)
    }

    /// The box that the machine was made from.
    pub fn box_meta(&self) -> Result<Option<BoxMeta>> {
        let path = self.path.join("box_meta");
        let Some(text) = read_optional(&path)? else {
            return Ok(None);
        };
        serde_json::from_str(&text).map(Some).map_err(|error| Error::Damaged {
            path,
            reason: error.to_string(),
        })
    }

    /// Notes the box that the machine is made from.
    pub fn write_box_meta(&self, meta: &BoxMeta) -> Result<()> {
        let path = self.path.join("box_meta");
        let text = serde_json::to_string(meta).map_err(|error| Error::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        write_atomically(&path, text.as_bytes())
    }

    /// Whether the guest's cloud-init was waited for.
    pub fn has_waited_for_cloud_init(&self) -> bool {
        self.path.join("action_cloud_init").is_file()
    }

    /// Notes that it was.
    pub fn note_cloud_init(&self, id: &str) -> Result<()> {
        self.write("action_cloud_init", id)
    }

    /// Notes the folders that are shared, by kind, as Vagrant does.
    pub fn write_synced_folders(&self, folders: &serde_json::Value) -> Result<()> {
        self.write("synced_folders", &folders.to_string())
    }

    /// Removes what is known of a guest: its keys, what was copied into it, and that it was provisioned. A machine that is made
    /// anew has another guest.
    pub fn forget_guest(&self) -> Result<()> {
        for name in [
            "action_provision",
            "action_cloud_init",
            "box_meta",
            "synced_folders",
            "private_key",
            "private_key.new",
            "host_key",
        ] {
            remove_if_there(&self.path.join(name))?;
        }
        let synced = self.synced_folder_state();
        if synced.exists() {
            let removed = faults::pass_file("remove", &synced).and_then(|()| fs::remove_dir_all(&synced));
            removed.map_err(Error::file("remove", &synced))?;
        }
        Ok(())
    }

    /// Removes all that names or belongs to the machine; `id` and journal go last, so that a removal that dies can be found and
    /// finished.
    ///
    /// `vagrant_cwd` and the lock stay, as in Vagrant.
    pub fn forget(&self) -> Result<()> {
        self.forget_guest()?;
        for name in ["index_uuid", "creator_uid", "id"] {
            remove_if_there(&self.path.join(name))?;
        }
        remove_set_aside(&self.path)?;
        remove_if_there(&self.journal())
    }

    /// Removes the folder with all that lies in it, whoever put it there.
    pub fn remove(&self) -> Result<()> {
        fs::remove_dir_all(&self.path).map_err(Error::file("remove", &self.path))
    }

    fn read(&self, name: &str) -> Result<Option<String>> {
        let text = read_optional(&self.path.join(name))?;
        Ok(text.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        write_atomically(&self.path.join(name), text.as_bytes())
    }
}

/// A journal that cannot be read may have one.
fn has_claim(journal: &Path) -> bool {
    journal::read(journal).map_or(true, |it| it.claim.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_machine_is_gone_after_forgetting_and_its_working_folder_stays() {
        let project = tempfile::tempdir().unwrap();
        let folder = MachineFolder::new(&project.path().join(".vagrant"), "default", "qemu");
        folder.create().unwrap();
        folder.write_vagrant_cwd(project.path()).unwrap();
        folder.write_id("7").unwrap();
        folder.write_action_provision("1.5:7").unwrap();
        assert_eq!(folder.action_provision().unwrap().as_deref(), Some("1.5:7"));

        folder.forget().unwrap();
        folder.forget().expect("what is gone is forgotten already");

        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|it| it.unwrap().file_name())
            .collect();
        assert_eq!(left, ["vagrant_cwd"]);
    }
}

//! What a machine of a cloud image is told at its first boot.

use std::fs;

use providers::MachineId;

use super::{Machine, user};
use crate::cloud_init::{Part, Seed};
use crate::communicators::ssh::{InsecureKey, KeyType, keys};
use crate::config::cloud_init::{CloudInit, Source};
use crate::error::{Error, Result};

impl Machine {
    /// Whether its guest is told who it is: one of a bare image was made for nobody, and others where the Vagrantfile has data.
    pub fn has_seed(&self) -> bool {
        let bare = |it: &boxes::InstalledBox| it.record().is_some_and(|it| it.bare_disk);
        !self.config.cloud_init.is_empty() || self.installed_box.as_ref().is_some_and(bare)
    }

    /// The disk for a guest that is made now: it gets a key of its own at once, unless the Vagrantfile names keys or wants none.
    pub fn new_seed(&self, id: &MachineId, key_type: KeyType) -> Result<Option<providers::Seed>> {
        if !self.has_seed() {
            return Ok(None);
        }
        let keys = if self.has_own_key() {
            vec![keys::make_machine_key(&self.folder.private_key(), key_type)?]
        } else {
            self.configured_keys()?
        };
        self.seed(id, keys).map(Some)
    }

    /// The disk for a guest that was made before, where it is to get new data at every boot.
    pub fn renewed_seed(&self, id: &MachineId) -> Result<Option<providers::Seed>> {
        if !self.has_seed() || self.config.vm.cloud_init_first_boot_only {
            return Ok(None);
        }
        let own = self.folder.private_key();
        let keys = if self.has_own_key() && own.is_file() {
            vec![keys::line_of(&own)?]
        } else {
            self.configured_keys()?
        };
        self.seed(id, keys).map(Some)
    }

    fn has_own_key(&self) -> bool {
        let ssh = &self.config.ssh;
        let names_keys = !ssh.connect.private_key_path.is_empty() || !ssh.default.private_key_path.is_empty();
        ssh.connect.insert_key && !names_keys
    }

    fn configured_keys(&self) -> Result<Vec<String>> {
        let ssh = &self.config.ssh;
        let paths = match ssh.connect.private_key_path.as_slice() {
            [] => &ssh.default.private_key_path,
            own => own,
        };
        if paths.is_empty() {
            return Ok(InsecureKey::ALL.map(|it| it.public_key().trim().to_owned()).into());
        }
        paths.iter().map(|it| Ok(keys::line_of(it)?)).collect()
    }

    fn seed(&self, id: &MachineId, keys: Vec<String>) -> Result<providers::Seed> {
        let seed = Seed {
            instance_id: format!("i-{}", id.claim.simple()),
            host_name: self.config.vm.hostname.clone().unwrap_or_else(|| self.name.clone()),
            user: user(self),
            keys,
            parts: self.config.cloud_init.iter().map(part).collect::<Result<_>>()?,
        };
        let path = || self.folder.path().join("seed");
        let image = seed
            .disk()
            .map_err(|source| Error::WriteFile { path: path(), source })?;
        Ok(providers::Seed {
            image,
            at_every_start: !self.config.vm.cloud_init_first_boot_only,
        })
    }
}

fn part(configured: &CloudInit) -> Result<Part> {
    let content = match &configured.source {
        Source::Inline(text) => text.clone(),
        Source::File(path) => fs::read_to_string(path).map_err(|source| Error::ReadFile {
            path: path.clone(),
            source,
        })?,
    };
    Ok(Part {
        content_type: configured.content_type.clone(),
        filename: configured.filename.clone(),
        content,
    })
}

//! A folder that becomes a box: what stands beside the disks, by Vagrant's rules.
//!
//! It is not told what a machine is: names, disks and files are given to it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use providers::ExportedDisk;
use serde_json::{Value, json};

use crate::error::{Error, Result};

/// What a person wants in the box beside the disks; all paths are absolute, but for those of [`Extras::include`].
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Files and folders that come below `include`, relative to `folder` or absolute.
    pub include: Vec<PathBuf>,
    /// What relative ones are relative to.
    pub folder: PathBuf,
    /// A Vagrantfile that is loaded after the box's own.
    pub vagrantfile: Option<PathBuf>,
    /// What `box list -i` shows of the box.
    pub info: Option<PathBuf>,
}

/// The hardware that a machine of the box needs, where it is not what any machine has.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// The disk's bus.
    pub disk_bus: Option<String>,
    /// The model of the network card.
    pub net_device: Option<String>,
    /// Whether UEFI starts it.
    pub efi: bool,
}

impl Extras {
    /// Refuses what cannot be packed, before anything is done.
    pub fn check(&self) -> Result<()> {
        for (path, _) in self.included() {
            let metadata = path.symlink_metadata().map_err(read_failure(&path))?;
            if metadata.is_symlink() && path.is_dir() {
                return Err(refused(
                    format!(
                        "{} is a link to a folder, and would lead out of the box",
                        path.display()
                    ),
                    "name the folder itself",
                ));
            }
        }
        if let Some(path) = &self.vagrantfile {
            fs::metadata(path).map_err(read_failure(path))?;
        }
        self.info.as_deref().map_or(Ok(()), check_info)
    }

    /// Copies all of it into the box's folder.
    pub fn copy_into(&self, folder: &Path) -> Result<()> {
        let include = folder.join("include");
        for (from, to) in self.included() {
            copy(&from, &include.join(to))?;
        }
        if let Some(path) = &self.vagrantfile {
            copy(path, &include.join("_Vagrantfile"))?;
        }
        match &self.info {
            Some(path) => copy(path, &folder.join("info.json")),
            None => Ok(()),
        }
    }

    /// What is included, with where it comes: relative paths keep their folders, absolute ones do not.
    fn included(&self) -> impl Iterator<Item = (PathBuf, PathBuf)> {
        self.include.iter().map(|path| {
            let plain = path
                .components()
                .all(|it| matches!(it, Component::Normal(_) | Component::CurDir));
            let name = || PathBuf::from(path.file_name().unwrap_or_default());
            (self.folder.join(path), if plain { path.clone() } else { name() })
        })
    }
}

/// `metadata.json` of a box that libvirt, vagrant-qemu and Jaunt take: one disk, or several.
pub fn metadata(disks: &[ExportedDisk], architecture: &str) -> String {
    const GIB: u64 = 1 << 30;
    let mut metadata = json!({
        "provider": "libvirt",
        "architecture": boxes::vagrant_name(architecture),
        "format": "qcow2",
        "virtual_size": disks.first().map_or(0, |it| it.virtual_size.div_ceil(GIB)),
    });
    if disks.len() > 1 {
        let list = disks
            .iter()
            .map(|it| json!({ "path": it.file_name, "format": "qcow2" }));
        metadata["disks"] = list.collect();
    }
    metadata.to_string()
}

/// The box's own Vagrantfile: the key that opens its guest, the hardware that it needs, and the user's file after all.
pub fn vagrantfile(needs: &Needs, has_key: bool, has_more: bool) -> String {
    let mut lines = Vec::new();
    if has_key {
        lines.push("  config.ssh.private_key_path = File.expand_path(\"../vagrant_private_key\", __FILE__)".to_owned());
    }
    let options = [
        ("drive_interface", needs.disk_bus.as_deref()),
        ("net_device", needs.net_device.as_deref()),
        ("firmware", needs.efi.then_some("efi")),
    ];
    let set: Vec<String> = options
        .iter()
        .filter_map(|(name, value)| Some(format!("    qemu.{name} = {}", Value::from((*value)?))))
        .collect();
    if !set.is_empty() {
        lines.push("  config.vm.provider :qemu do |qemu|".to_owned());
        lines.extend(set);
        lines.push("  end".to_owned());
    }
    let mut text = format!("Vagrant.configure(\"2\") do |config|\n{}\nend\n", lines.join("\n"));
    if has_more {
        text.push_str("\nload File.expand_path(\"../include/_Vagrantfile\", __FILE__)\n");
    }
    text
}

fn check_info(path: &Path) -> Result<()> {
    let text = fs::read(path).map_err(read_failure(path))?;
    match serde_json::from_slice(&text) {
        Ok(Value::Object(_)) => Ok(()),
        _ => Err(refused(
            format!("{} is not a JSON object, which `--info` takes", path.display()),
            "write the names and values that `jaunt box list -i` is to show",
        )),
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let write_failure = |source| Error::WriteFile {
        path: to.to_owned(),
        source,
    };
    if from.is_dir() {
        fs::create_dir_all(to).map_err(write_failure)?;
        for entry in fs::read_dir(from).map_err(read_failure(from))? {
            let entry = entry.map_err(read_failure(from))?;
            let is_link = entry.file_type().map_err(read_failure(from))?.is_symlink();
            // A link to a folder may lead round in a circle, or out of what was named.
            if !(is_link && entry.path().is_dir()) {
                copy(&entry.path(), &to.join(entry.file_name()))?;
            }
        }
        return Ok(());
    }
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(write_failure)?;
    }
    fs::copy(from, to).map(drop).map_err(read_failure(from))
}

fn read_failure(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::ReadFile { path, source }
}

fn refused(what: String, advice: &str) -> Error {
    Error::Refused {
        what,
        advice: advice.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_box_says_what_its_machines_need_and_loads_more() {
        let needs = Needs {
            disk_bus: Some("sata".to_owned()),
            net_device: Some("e1000".to_owned()),
            efi: true,
        };
        expect![[r#"
            Vagrant.configure("2") do |config|
              config.ssh.private_key_path = File.expand_path("../vagrant_private_key", __FILE__)
              config.vm.provider :qemu do |qemu|
                qemu.drive_interface = "sata"
                qemu.net_device = "e1000"
                qemu.firmware = "efi"
              end
            end

            load File.expand_path("../include/_Vagrantfile", __FILE__)
        "#]]
        .assert_eq(&vagrantfile(&needs, true, true));
    }

    #[test]
    fn one_disk_and_several_are_told_as_libvirt_has_them() {
        let disk = |name: &str| ExportedDisk {
            file_name: name.to_owned(),
            virtual_size: (4 << 30) + 1,
        };
        expect![[r#"{"provider":"libvirt","architecture":"amd64","format":"qcow2","virtual_size":5}"#]]
            .assert_eq(&metadata(&[disk("box.img")], "x86_64"));
        expect![[r#"{"provider":"libvirt","architecture":"arm64","format":"qcow2","virtual_size":5,"disks":[{"path":"box_0.img","format":"qcow2"},{"path":"box_1.img","format":"qcow2"}]}"#]].assert_eq(&metadata(&[disk("box_0.img"), disk("box_1.img")], "aarch64"));
    }
}

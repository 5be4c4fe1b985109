//! A machine's disks taken out of it: each one file that needs no other.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::files::MachineFiles;
use super::{Qemu, Sight, programs, room, silent};
use crate::{Error, Export, ExportedDisk, MachineId, Result};

/// What `qemu-img measure` says.
#[derive(Deserialize)]
struct Measure {
    required: u64,
}

/// What `qemu-img info` says.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    virtual_size: u64,
}

#[async_trait]
impl Export for Qemu {
    async fn check(&self, id: &MachineId, folder: &Path) -> Result<()> {
        let files = self.files(id);
        files.check_disks()?;
        let needed = measure_all(&self.qemu_img()?, &exported(&files)).await?;
        room::check(folder, "write the machine's disks and a box of them", Some(2 * needed))
    }

    async fn export(&self, id: &MachineId, folder: &Path) -> Result<Vec<ExportedDisk>> {
        let files = self.files(id);
        if !files.disk().exists() {
            return Err(Error::NotCreated);
        }
        match self.look_patiently(id).await {
            Sight::Absent | Sight::Unreleased => {}
            Sight::Alive(_) => {
                return Err(Error::Unsupported {
                    what: "the disks of a machine that runs cannot be taken out of it".to_owned(),
                });
            }
            Sight::Silent => return Err(silent()),
        }
        files.check_disks()?;
        let qemu_img = self.qemu_img()?;
        let disks = exported(&files);
        let needed = measure_all(&qemu_img, &disks).await?;
        room::check(folder, "write the machine's disks", Some(needed))?;
        let mut written = Vec::new();
        for (number, path) in disks.iter().enumerate() {
            let file_name = match disks.len() {
                1 => "box.img".to_owned(),
                _ => format!("box_{number}.img"),
            };
            let to = folder.join(&file_name);
            let mut convert: Vec<_> = ["convert", "-q", "-f", "qcow2", "-O", "qcow2"].map(Into::into).into();
            convert.extend([path.into(), to.as_os_str().to_owned()]);
            programs::run_long(&qemu_img, &convert).await?;
            written.push(ExportedDisk {
                file_name,
                virtual_size: virtual_size(&qemu_img, &to).await?,
            });
        }
        Ok(written)
    }
}

/// The disks that go along. What told the guest who it is stays here.
fn exported(files: &MachineFiles) -> Vec<PathBuf> {
    let disks = files.disks().into_iter().map(|(_, path)| path);
    disks.filter(|it| *it != files.seed()).collect()
}

async fn measure_all(qemu_img: &Path, disks: &[PathBuf]) -> Result<u64> {
    let mut needed = 0;
    for path in disks {
        needed += measure(qemu_img, path).await?.required;
    }
    Ok(needed)
}

async fn virtual_size(qemu_img: &Path, image: &Path) -> Result<u64> {
    let info: Image = ask(qemu_img, &["info", "--output=json", "-f", "qcow2"], image).await?;
    Ok(info.virtual_size)
}

/// Also where QEMU has the image open.
async fn measure(qemu_img: &Path, image: &Path) -> Result<Measure> {
    ask(
        qemu_img,
        &["measure", "-U", "--output=json", "-f", "qcow2", "-O", "qcow2"],
        image,
    )
    .await
}

/// What `qemu-img` says of an image.
async fn ask<T: DeserializeOwned>(qemu_img: &Path, arguments: &[&str], image: &Path) -> Result<T> {
    let mut arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
    arguments.push(image.into());
    let text = programs::output(qemu_img, &arguments).await?;
    serde_json::from_slice(&text).map_err(|source| Error::File {
        action: "read",
        path: image.to_owned(),
        source: source.into(),
    })
}

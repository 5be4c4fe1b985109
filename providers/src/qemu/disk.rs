//! The machine's disks: overlays that hold what differs from the box's images.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::files::{DISK_LIMIT, MachineFiles};
use super::programs;
use super::sectors;
use crate::{CheckedDisk, DiskFormat, Error, Firmware, MachineSpec, Result, Seed, file};

/// What makes the disks of one machine.
pub(super) struct Disks<'a> {
    pub(super) qemu_img: &'a Path,
    pub(super) files: &'a MachineFiles,
}

impl Disks<'_> {
    /// Makes all disks that are not there yet. What is to be told of it comes back.
    ///
    /// Each gets its name when it is whole, and the one that the machine boots from gets it last: a machine with half a disk is
    /// a machine that does not exist.
    pub(super) async fn create(&self, spec: &MachineSpec) -> Result<Vec<String>> {
        let Some((first, further)) = spec.disks.split_first() else {
            return Err(Error::Unsupported {
                what: format!("the machine `{}` has no box, and QEMU needs the disk of one", spec.name),
            });
        };
        let count = spec.disks.len() + spec.empty_disks.len();
        if count > DISK_LIMIT {
            return Err(Error::Unsupported {
                what: format!(
                    "a machine may have {DISK_LIMIT} disks, and `{}` is to have {count}",
                    spec.name
                ),
            });
        }
        let mut notices = Vec::new();
        for (index, base) in further.iter().enumerate() {
            let path = self.files.further_disk(index + 2);
            notices.extend(self.make(base, &path).await?);
            self.finish(&path)?;
        }
        for (index, size) in spec.empty_disks.iter().enumerate() {
            let path = self.files.further_disk(spec.disks.len() + index + 1);
            programs::run(self.qemu_img, &empty_arguments(&self.files.unfinished(&path), *size)).await?;
            self.finish(&path)?;
        }
        if let Some(seed) = &spec.seed {
            self.write_seed(seed).await?;
        }
        let disk = self.files.disk();
        notices.extend(self.make(first, &disk).await?);
        if let Some(mib) = spec.qemu.disk_size_mib {
            programs::run(self.qemu_img, &resize_arguments(&self.files.unfinished(&disk), mib)).await?;
        }
        if spec.devices.firmware.is_none() {
            let firmware = self.look_for_firmware(&self.files.unfinished(&disk)).await?;
            file::write_json(&self.files.firmware(), &firmware)?;
        }
        self.finish(&disk)?;
        Ok(notices)
    }

    /// Makes an overlay under an unfinished name; or a copy, with a notice, where no overlay can be laid over the image.
    async fn make(&self, base: &CheckedDisk, path: &Path) -> Result<Option<String>> {
        let unfinished = self.files.unfinished(path);
        match programs::run(self.qemu_img, &overlay_arguments(base, &unfinished)).await {
            Err(Error::Command { stderr, .. }) if base.format() == DiskFormat::Vhdx && is_about_log(&stderr) => {
                self.convert_unclean(base, &unfinished).await?;
                Ok(Some(format!(
                    "`{}` was not closed by whoever wrote it: it is copied and repaired for this machine",
                    base.path().display()
                )))
            }
            decided => decided.map(|()| None),
        }
    }

    /// A VHDX with writes in its log can be opened only by one who may write, and a box is never written to.
    async fn convert_unclean(&self, base: &CheckedDisk, unfinished: &Path) -> Result<()> {
        let scratch = self.files.scratch();
        fs::copy(base.path(), &scratch).map_err(failed("copy", base.path()))?;
        fs::set_permissions(&scratch, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .map_err(failed("write", &scratch))?;
        let check = words(&["check", "-q", "-r", "all", "-f", "vhdx"], &[&scratch]);
        programs::run_long(self.qemu_img, &check).await?;
        let convert = words(&["convert", "-q", "-f", "vhdx", "-O", "qcow2"], &[&scratch, unfinished]);
        programs::run_long(self.qemu_img, &convert).await?;
        file::remove(&scratch)
    }

    /// Writes the disk that tells the guest who it is. As qcow2, so that snapshots of the machine can be taken.
    pub(super) async fn write_seed(&self, seed: &Seed) -> Result<()> {
        let (scratch, path) = (self.files.scratch(), self.files.seed());
        file::write(&scratch, &seed.image)?;
        let unfinished = self.files.unfinished(&path);
        let convert = words(&["convert", "-q", "-f", "raw", "-O", "qcow2"], &[&scratch, &unfinished]);
        programs::run(self.qemu_img, &convert).await?;
        file::remove(&scratch)?;
        self.finish(&path)
    }

    /// What the disk can be booted by, from its first sectors.
    async fn look_for_firmware(&self, disk: &Path) -> Result<Firmware> {
        let scratch = self.files.scratch();
        let operand = |name: &str, path: &Path| {
            let mut word = OsString::from(name);
            word.push(path);
            word
        };
        let mut arguments = words(&["dd", "-f", "qcow2", "-O", "raw", "bs=512"], &[]);
        arguments.push(format!("count={}", sectors::COUNT).into());
        arguments.extend([operand("if=", disk), operand("of=", &scratch)]);
        programs::run(self.qemu_img, &arguments).await?;
        let bytes = fs::read(&scratch).map_err(failed("read", &scratch))?;
        file::remove(&scratch)?;
        Ok(sectors::firmware(&bytes))
    }

    fn finish(&self, path: &Path) -> Result<()> {
        finish(&self.files.unfinished(path), path)
    }
}

/// Gives a file its name, once it is whole and on disk. A guest's disk holds keys.
pub(super) fn finish(unfinished: &Path, path: &Path) -> Result<()> {
    keep_private_and_sync(unfinished).map_err(failed("write", path))?;
    fs::rename(unfinished, path).map_err(failed("write", path))
}

/// Both paths are absolute, so QEMU cannot take a part of one for a protocol (`nbd:`, `json:`).
fn overlay_arguments(base: &CheckedDisk, overlay: &Path) -> Vec<OsString> {
    let start = ["create", "-q", "-f", "qcow2", "-F", base.format().name(), "-b"];
    words(&start, &[base.path(), overlay])
}

fn empty_arguments(disk: &Path, bytes: u64) -> Vec<OsString> {
    let mut arguments = words(&["create", "-q", "-f", "qcow2"], &[disk]);
    arguments.push(bytes.to_string().into());
    arguments
}

fn resize_arguments(overlay: &Path, mib: u64) -> Vec<OsString> {
    let mut arguments = words(&["resize", "-q", "-f", "qcow2"], &[overlay]);
    arguments.push(format!("{mib}M").into());
    arguments
}

fn words(first: &[&str], paths: &[&Path]) -> Vec<OsString> {
    let first = first.iter().map(OsString::from);
    first.chain(paths.iter().map(|it| it.as_os_str().to_owned())).collect()
}

/// What `qemu-img` says of a VHDX that was being written to.
fn is_about_log(complaint: &str) -> bool {
    complaint.contains("log that needs to be replayed")
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path: PathBuf = path.to_owned();
    move |source| Error::File { action, path, source }
}

fn keep_private_and_sync(path: &Path) -> io::Result<()> {
    let file = fs::File::open(path)?;
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.sync_all()
}

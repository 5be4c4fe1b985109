//! The machine's disk: an overlay that holds what differs from the box's image.

use std::ffi::OsString;
use std::path::Path;
use std::{fs, io};

use super::files::MachineFiles;
use super::programs;
use crate::{CheckedDisk, Error, Result};

/// Makes the overlay, where there is none yet.
///
/// It gets its name when it is whole, so a machine with half a disk is a machine that does not exist.
pub(super) async fn create_overlay(
    qemu_img: &Path,
    files: &MachineFiles,
    base: &CheckedDisk,
    size_mib: Option<u64>,
) -> Result<()> {
    let unfinished = files.unfinished_disk();
    programs::run(qemu_img, &overlay_arguments(base, &unfinished)).await?;
    if let Some(mib) = size_mib {
        programs::run(qemu_img, &resize_arguments(&unfinished, mib)).await?;
    }
    let failed = |source| Error::File {
        action: "write",
        path: files.disk(),
        source,
    };
    keep_private_and_sync(&unfinished).map_err(failed)?;
    fs::rename(&unfinished, files.disk()).map_err(failed)
}

/// Both paths are absolute, so QEMU cannot take a part of one for a protocol (`nbd:`, `json:`).
fn overlay_arguments(base: &CheckedDisk, overlay: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["create", "-q", "-f", "qcow2", "-F", base.format().name(), "-b"]
        .map(Into::into)
        .into();
    arguments.extend([base.path().into(), overlay.into()]);
    arguments
}

fn resize_arguments(overlay: &Path, mib: u64) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["resize", "-q", "-f", "qcow2"].map(Into::into).into();
    arguments.extend([overlay.into(), format!("{mib}M").into()]);
    arguments
}

/// A guest's disk holds keys.
fn keep_private_and_sync(path: &Path) -> io::Result<()> {
    let file = fs::File::open(path)?;
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    file.sync_all()
}

//! Disk images: which format they have, how large the disk is, and whether they are complete in themselves.
//!
//! A hypervisor opens a box's disk with its user's rights and follows whatever the image names, so an image that takes anything
//! from outside its box is refused here. The format is found once and told on; nobody after this has to guess.

mod qcow2;
mod vhd;
mod vhdx;
mod vmdk;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::refusal::Refusal;
use crate::{Error, Result};

/// As much as is needed to tell the formats apart.
const BEGINNING: u64 = 4096;

/// Formats of disk images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskFormat {
    /// QEMU's own.
    Qcow2,
    /// Bytes as they are.
    Raw,
    /// VMware's.
    Vmdk,
    /// VirtualBox's.
    Vdi,
    /// Hyper-V's first one, VHD.
    Vpc,
    /// Hyper-V's second one.
    Vhdx,
}

impl DiskFormat {
    /// QEMU's name of the format.
    pub fn name(self) -> &'static str {
        match self {
            DiskFormat::Qcow2 => "qcow2",
            DiskFormat::Raw => "raw",
            DiskFormat::Vmdk => "vmdk",
            DiskFormat::Vdi => "vdi",
            DiskFormat::Vpc => "vpc",
            DiskFormat::Vhdx => "vhdx",
        }
    }

    /// The format of an image that begins so; `None` for what is no image that can be told from anything else.
    pub(crate) fn of(beginning: &[u8]) -> Option<Self> {
        Some(match beginning {
            it if it.starts_with(b"QFI\xfb") => DiskFormat::Qcow2,
            it if it.starts_with(b"KDMV") || it.starts_with(b"# Disk DescriptorFile") => DiskFormat::Vmdk,
            it if it.starts_with(b"vhdxfile") => DiskFormat::Vhdx,
            it if it.starts_with(b"conectix") => DiskFormat::Vpc,
            it if it.get(64..68) == Some(&[0x7f, 0x10, 0xda, 0xbe]) => DiskFormat::Vdi,
            it if it.get(510..512) == Some(&[0x55, 0xaa]) => DiskFormat::Raw,
            _ => return None,
        })
    }
}

/// A disk that needs nothing but itself and files of its box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedDisk {
    /// The file, absolute.
    pub path: PathBuf,
    /// Its format; a hypervisor is to be told, and never to guess.
    pub format: DiskFormat,
    /// How large the disk is that a guest sees, in bytes.
    pub virtual_size: u64,
}

/// Checks an image that some part of its box calls its disk. What has no known format is raw.
///
/// `relative` may come from the box itself; it may not lead out.
pub(crate) fn check(root: &Path, relative: &str) -> Result<CheckedDisk> {
    let path = inside(root, relative)?;
    let (format, virtual_size) = match inspect(root, &path)? {
        Some(it) => it,
        None => (
            DiskFormat::Raw,
            path.metadata().map_err(Error::file("read", &path))?.len(),
        ),
    };
    Ok(CheckedDisk {
        path,
        format,
        virtual_size,
    })
}

/// Checks every file of a box that a hypervisor could take for a disk.
pub(crate) fn check_all(root: &Path) -> Result<()> {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(Error::file("read", &folder))? {
            let entry = entry.map_err(Error::file("read", &folder))?;
            let kind = entry.file_type().map_err(Error::file("read", entry.path()))?;
            match () {
                () if kind.is_dir() => folders.push(entry.path()),
                // A link leads to a file that is looked at under its own name.
                () if kind.is_file() => drop(inspect(root, &entry.path())?),
                () => {}
            }
        }
    }
    Ok(())
}

/// The name of the disk image in a folder, when there is exactly one that can be told from other files.
pub(crate) fn only_image(root: &Path) -> Result<Vec<String>> {
    let mut images = Vec::new();
    for entry in fs::read_dir(root).map_err(Error::file("read", root))?.flatten() {
        if entry.path().is_file()
            && inspect(root, &entry.path())?.is_some()
            && let Ok(name) = entry.file_name().into_string()
        {
            images.push(name);
        }
    }
    Ok(if images.len() == 1 { images } else { Vec::new() })
}

/// The file that a path inside the box means, after all links.
fn inside(root: &Path, relative: &str) -> Result<PathBuf> {
    let refused = |reason| Error::Refused {
        entry: relative.escape_debug().to_string(),
        reason,
    };
    let root = root.canonicalize().map_err(Error::file("read", root))?;
    let path = root.join(relative.replace('\\', "/"));
    let path = path.canonicalize().map_err(Error::file("read", &path))?;
    if !path.starts_with(&root) {
        return Err(refused(Refusal::NameLeavesFolder));
    }
    Ok(path)
}

/// The format and the virtual size, `None` for what is no image of a known format.
fn inspect(root: &Path, path: &Path) -> Result<Option<(DiskFormat, u64)>> {
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    let looked = look(&mut file, path).map_err(Error::file("read", path))?;
    looked.map_err(|reason| {
        let entry = path.strip_prefix(root).unwrap_or(path);
        Error::Refused {
            entry: entry.display().to_string().escape_debug().to_string(),
            reason,
        }
    })
}

/// Reads the headers. The outer error is the disk's on the host, the inner one the image's.
fn look(file: &mut File, path: &Path) -> io::Result<Result<Option<(DiskFormat, u64)>, Refusal>> {
    let length = file.metadata()?.len();
    let beginning = read_at(file, 0, BEGINNING)?;
    let footer = read_at(file, length.saturating_sub(512), 512)?;
    let format = match DiskFormat::of(&beginning) {
        None | Some(DiskFormat::Raw) if footer.starts_with(b"conectix") => Some(DiskFormat::Vpc),
        other => other,
    };
    let Some(format) = format else { return Ok(Ok(None)) };
    let size = match format {
        DiskFormat::Qcow2 => qcow2::virtual_size(file, &beginning)?,
        DiskFormat::Raw => Ok(length),
        DiskFormat::Vmdk => vmdk::virtual_size(file, &beginning, path)?,
        DiskFormat::Vdi => vdi_size(&beginning),
        DiskFormat::Vpc => vhd::virtual_size(&footer),
        DiskFormat::Vhdx => vhdx::virtual_size(file)?,
    };
    Ok(size.map(|size| Some((format, size))))
}

/// VirtualBox's own format: one header, in which a difference to another image has a type of its own.
fn vdi_size(beginning: &[u8]) -> Result<u64, Refusal> {
    const NORMAL: u32 = 1;
    const FIXED: u32 = 2;
    let kind = little_u32(beginning, 0x4c).ok_or(Refusal::DiskHeader("it is too short"))?;
    let size = little_u64(beginning, 0x170).ok_or(Refusal::DiskHeader("it is too short"))?;
    if matches!(kind, NORMAL | FIXED) {
        Ok(size)
    } else {
        Err(Refusal::Differencing)
    }
}

/// Up to `length` bytes from a place; fewer where the file ends.
fn read_at(file: &mut File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bytes<const N: usize>(from: &[u8], offset: usize) -> Option<[u8; N]> {
    from.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

fn little_u32(from: &[u8], offset: usize) -> Option<u32> {
    bytes(from, offset).map(u32::from_le_bytes)
}

fn little_u64(from: &[u8], offset: usize) -> Option<u64> {
    bytes(from, offset).map(u64::from_le_bytes)
}

fn big_u32(from: &[u8], offset: usize) -> Option<u32> {
    bytes(from, offset).map(u32::from_be_bytes)
}

fn big_u64(from: &[u8], offset: usize) -> Option<u64> {
    bytes(from, offset).map(u64::from_be_bytes)
}

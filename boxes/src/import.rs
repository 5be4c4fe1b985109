//! A box file becomes an installed box.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use crate::cancel::Cancel;
use crate::checksum::Checksum;
use crate::disk::{self, DiskFormat};
use crate::lock::LockedBox;
use crate::metadata::{self, Metadata};
use crate::record::Record;
use crate::store::{InstalledBox, Placement, Staging, Store};
use crate::unpack::{Form, Limits, Unpacked, Unpacking};
use crate::version::Version;
use crate::{Error, Result, architecture, hardware, name};

/// How a box is imported.
#[derive(Debug, Clone)]
pub struct Import<'a> {
    /// The name it gets.
    pub name: &'a str,
    /// The version it gets; `0` is Vagrant's for a box that has none.
    pub version: &'a Version,
    /// The providers it may be for; empty for any.
    pub providers: &'a [String],
    /// The architecture of its place in the store, where somebody knows it; else its own `metadata.json` is asked.
    pub architecture: Option<&'a str>,
    /// Replaces a box that is there.
    pub force: bool,
    /// What the box file must sum up to.
    pub checksums: &'a [Checksum],
    /// The box that it must be, to the byte.
    pub locked: Option<&'a LockedBox>,
    /// The catalog that it came from, for later updates.
    pub metadata_url: Option<&'a str>,
    /// How messages and the box's record call the box file, without secrets.
    pub source: &'a str,
    /// What it may cost.
    pub limits: Limits,
}

impl Store {
    /// Reads a box file from its beginning to its end and installs what it holds.
    ///
    /// `progress` is told the bytes that were read so far. After an error, or when somebody cancels, nothing is left.
    pub fn import(
        &self,
        source: &mut (dyn Read + Send),
        import: &Import<'_>,
        progress: &(dyn Fn(u64) + Sync),
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        name::check(import.name)?;
        let staging = Staging::new(self.home())?;
        let folder = staging.contents();
        let unpacking = Unpacking {
            what: import.source,
            checksums: import.checksums,
            limits: import.limits,
            cancel,
            progress,
            bare_disks: true,
        };
        let unpacked = unpacking.run(source, &folder)?;
        if let Some(locked) = import.locked {
            locked.check_bytes(import.version, Some(&unpacked.sha256))?;
        }
        let (metadata, bare_disk) = complete(&folder, &unpacked, import)?;
        check_provider(import, &metadata)?;
        disk::check_all(&folder)?;
        hardware::check(&folder)?;
        cancel.check()?;
        let record = Record {
            sha256: unpacked.sha256,
            source: import.source.to_owned(),
            bare_disk,
        };
        record.write(&folder)?;
        let architecture = import
            .architecture
            .map(architecture::vagrant_name)
            .or(metadata.architecture.as_deref());
        self.place(
            &staging,
            &Placement {
                name: import.name,
                version: import.version,
                architecture,
                metadata: &metadata,
                force: import.force,
                metadata_url: import.metadata_url,
            },
        )
    }
}

fn check_provider(import: &Import<'_>, metadata: &Metadata) -> Result<()> {
    if import.providers.is_empty() || import.providers.contains(&metadata.provider) {
        return Ok(());
    }
    Err(Error::ProviderMismatch {
        expected: import.providers.join(", "),
        actual: metadata.provider.clone(),
    })
}

/// What the box says of itself, which is written where it says nothing; and whether it was nothing but a disk.
fn complete(folder: &Path, unpacked: &Unpacked, import: &Import<'_>) -> Result<(Metadata, bool)> {
    if folder.join(metadata::FILE_NAME).is_file() {
        return Ok((Metadata::read(folder)?, false));
    }
    let bare = match &unpacked.form {
        Form::BareDisk { file_name, format } => Some((file_name.clone(), *format)),
        Form::Archive => lone_disk(folder)?,
    };
    let metadata = match &bare {
        Some((file_name, format)) => of_bare_disk(folder, file_name, *format)?,
        None if has_file(folder, "ovf")? => Metadata::of_provider("virtualbox"),
        None if has_file(folder, "vmx")? => Metadata::of_provider("vmware_desktop"),
        None => {
            let reason = format!("it has neither a {} nor an OVF or VMX file", metadata::FILE_NAME);
            return Err(Error::NotABox {
                what: import.source.to_owned(),
                reason,
            });
        }
    };
    let path = folder.join(metadata::FILE_NAME);
    let json = Value::Object(metadata.all.clone()).to_string();
    fs::write(&path, json).map_err(Error::file("write", &path))?;
    Ok((metadata, bare.is_some()))
}

/// The disk of an archive that holds nothing else, as clouds hand images out, under the name that a box has it by.
fn lone_disk(folder: &Path) -> Result<Option<(String, DiskFormat)>> {
    let entries: std::io::Result<Vec<_>> = fs::read_dir(folder).and_then(Iterator::collect);
    let entries = entries.map_err(Error::file("read", folder))?;
    let (Some(name), [_]) = (disk::only_image(folder)?.pop(), entries.as_slice()) else {
        return Ok(None);
    };
    let format = disk::check(folder, &name)?.format;
    let file_name = crate::unpack::name_of_disk(format);
    let (from, to) = (folder.join(name), folder.join(&file_name));
    fs::rename(&from, &to).map_err(Error::file("rename", &from))?;
    Ok(Some((file_name, format)))
}

/// A bare image as the box that a provider of QEMU's family takes: libvirt's form, where it has one for the format.
fn of_bare_disk(folder: &Path, file_name: &str, format: DiskFormat) -> Result<Metadata> {
    const GIB: u64 = 1 << 30;
    let size = disk::check(folder, file_name)?.virtual_size.div_ceil(GIB);
    let all = match format {
        DiskFormat::Qcow2 => json!({ "provider": "libvirt", "format": "qcow2", "virtual_size": size }),
        other => json!({ "provider": "qemu", "disks": [{ "path": file_name, "format": other.name() }] }),
    };
    Metadata::parse(all.to_string().as_bytes())
}

/// A box from before Vagrant 1.1, an OVA or a machine's folder: no metadata, but the description of a machine.
fn has_file(folder: &Path, ending: &str) -> Result<bool> {
    let entries = fs::read_dir(folder).map_err(Error::file("read", folder))?;
    Ok(entries
        .flatten()
        .any(|it| it.path().extension().is_some_and(|it| it.eq_ignore_ascii_case(ending))))
}

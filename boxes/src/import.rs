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
        let metadata = complete(&folder, &unpacked, import)?;
        check_provider(import, &metadata)?;
        disk::check_all(&folder)?;
        hardware::check(&folder)?;
        cancel.check()?;
        record(import, &unpacked).write(&folder)?;
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

fn record(import: &Import<'_>, unpacked: &Unpacked) -> Record {
    Record {
        sha256: unpacked.sha256.clone(),
        source: import.source.to_owned(),
        bare_disk: matches!(unpacked.form, Form::BareDisk { .. }),
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

/// What the box says of itself, which is written where it says nothing.
fn complete(folder: &Path, unpacked: &Unpacked, import: &Import<'_>) -> Result<Metadata> {
    if folder.join(metadata::FILE_NAME).is_file() {
        return Metadata::read(folder);
    }
    let metadata = match &unpacked.form {
        Form::BareDisk { file_name, format } => of_bare_disk(folder, file_name, *format)?,
        Form::Archive if has_ovf(folder)? => Metadata::of_provider("virtualbox"),
        Form::Archive => {
            let reason = format!("it has neither a {} nor an OVF file", metadata::FILE_NAME);
            return Err(Error::NotABox {
                what: import.source.to_owned(),
                reason,
            });
        }
    };
    let path = folder.join(metadata::FILE_NAME);
    let json = Value::Object(metadata.all.clone()).to_string();
    fs::write(&path, json).map_err(Error::file("write", &path))?;
    Ok(metadata)
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

/// A box from before Vagrant 1.1, or an OVA: no metadata, but the description of a machine.
fn has_ovf(folder: &Path) -> Result<bool> {
    let entries = fs::read_dir(folder).map_err(Error::file("read", folder))?;
    Ok(entries
        .flatten()
        .any(|it| it.path().extension().is_some_and(|it| it.eq_ignore_ascii_case("ovf"))))
}

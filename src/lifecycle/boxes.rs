//! The box of a machine: found in the store, or fetched into it.

use boxes::InstalledBox;
use providers::{CheckedDisk, DiskFormat};

use super::work::Work;
use crate::context::Context;
use crate::downloads;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::project::{Target, Wish};
use crate::state::machine_folder::BoxMeta;

/// Makes sure that the machine's box is installed, and takes its own Vagrantfile into the configuration.
pub async fn find(work: &mut Work<'_>) -> Result<()> {
    if work.machine.installed_box.is_some() || work.machine.config.vm.box_name.is_none() {
        return Ok(());
    }
    let ui = work.ui();
    ui.info(&format!(
        "The box '{}' is not installed. Looking for it...",
        work.machine.box_title()
    ));
    downloads::add_for(work.context, &work.machine).await?;
    let target = Target {
        project: work.machine.project.clone(),
        name: work.machine.name.clone(),
    };
    let wish = Wish {
        provider: Some(work.machine.provider_name.clone()),
        settings_of: Some(work.machine.settings_of.clone()),
        ignore_provider: false,
    };
    work.machine = target.machine_as(work.context, &wish)?;
    work.machine.check()
}

/// The box's disk, as the store vouches for it.
pub fn disk(machine: &Machine) -> Result<Option<CheckedDisk>> {
    match &machine.installed_box {
        Some(installed) => {
            let disk = installed.disk()?;
            Ok(Some(CheckedDisk::vouched_for(disk.path, format(disk.format))))
        }
        None => match &machine.config.vm.box_name {
            Some(name) => Err(Error::BoxMissing {
                machine: machine.name.clone(),
                name: name.clone(),
            }),
            None => Ok(None),
        },
    }
}

/// What the machine's folder notes of its box. The path is relative to the home where it is below it, as in Vagrant.
pub fn meta(context: &Context, machine: &Machine) -> Option<BoxMeta> {
    let InstalledBox {
        name,
        version,
        provider,
        architecture,
        directory,
        ..
    } = machine.installed_box.as_ref()?;
    let directory = directory.strip_prefix(context.home.root()).unwrap_or(directory);
    Some(BoxMeta {
        name: name.clone(),
        version: version.to_string(),
        provider: provider.clone(),
        architecture: architecture.clone(),
        directory: directory.display().to_string(),
    })
}

fn format(format: boxes::DiskFormat) -> DiskFormat {
    match format {
        boxes::DiskFormat::Qcow2 => DiskFormat::Qcow2,
        boxes::DiskFormat::Raw => DiskFormat::Raw,
        boxes::DiskFormat::Vmdk => DiskFormat::Vmdk,
        boxes::DiskFormat::Vdi => DiskFormat::Vdi,
        boxes::DiskFormat::Vpc => DiskFormat::Vpc,
        boxes::DiskFormat::Vhdx => DiskFormat::Vhdx,
    }
}

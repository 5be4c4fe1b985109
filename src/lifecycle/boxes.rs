//! The box of a machine: found in the store, or fetched into it.

use boxes::InstalledBox;
use providers::{CheckedDisk, DiskFormat};

use super::work::Work;
use crate::context::Context;
use crate::downloads;
use crate::error::{Error, Result};
use crate::http::Trust;
use crate::machine::{Machine, box_constraints};
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
    let _turn = work.context.box_turn.lock().await;
    if opened_again(work)?.installed_box.is_none() {
        match downloads::add_for(work.context, &work.machine).await {
            // Another command was faster.
            Err(Error::Box(boxes::Error::AlreadyExists { .. })) | Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
    work.machine = opened_again(work)?;
    work.machine.check()
}

/// The machine as it is with the boxes that are there now.
fn opened_again(work: &Work<'_>) -> Result<Machine> {
    let target = Target {
        project: work.machine.project.clone(),
        name: work.machine.name.clone(),
    };
    let wish = Wish {
        provider: Some(work.machine.provider_name.clone()),
        settings_of: Some(work.machine.settings_of.clone()),
        ignore_provider: false,
    };
    target.machine_as(work.context, &wish)
}

/// `box outdated`: tells whether the box of a machine has a newer version.
pub async fn tell_whether_outdated(context: &Context, machine: &Machine) -> Result<()> {
    let ui = context.ui.of(&machine.name);
    let Some(installed) = &machine.installed_box else {
        ui.info(&match &machine.config.vm.box_name {
            Some(name) => format!("Box '{name}' is not installed, so there is no version to compare."),
            None => "The machine has no box.".to_owned(),
        });
        return Ok(());
    };
    let InstalledBox {
        name,
        version,
        provider,
        ..
    } = installed;
    ui.info(&format!(
        "Checking if box '{name}' version '{version}' is up to date..."
    ));
    let constraints = box_constraints(&machine.config)?;
    let trust = downloads::trust_of(machine);
    match downloads::newest(context, installed, &constraints, trust).await? {
        None => ui.info(&format!(
            "Box '{name}' wasn't added from a catalog: there is nothing newer to look for."
        )),
        Some(latest) if latest > *version => ui.warn(&format!(
            "A newer version of the box '{name}' for provider '{provider}' is available! You currently have version \
             '{version}'. The latest is version '{latest}'. Run `jaunt box update` to update."
        )),
        Some(_) => ui.success(&format!("Box '{name}' (v{version}) is up to date.")),
    }
    Ok(())
}

/// `box update`: fetches a newer version of the box of a machine. The machine itself stays on the one that it was made from.
pub async fn update(context: &Context, machine: &Machine, trust: Trust, force: bool) -> Result<()> {
    let ui = context.ui.of(&machine.name);
    let Some(installed) = &machine.installed_box else {
        ui.info("The machine's box is not installed, so there is nothing to update. `jaunt up` fetches it.");
        return Ok(());
    };
    let constraints = box_constraints(&machine.config)?;
    let trust = trust.or(downloads::trust_of(machine));
    downloads::update(context, installed, &constraints, trust, force).await?;
    Ok(())
}

/// The box's disks, as the store vouches for them.
pub fn disks(machine: &Machine) -> Result<Vec<CheckedDisk>> {
    match &machine.installed_box {
        Some(installed) => {
            let disks = installed.disks()?.into_iter();
            Ok(disks
                .map(|it| CheckedDisk::vouched_for(it.path, format(it.format)))
                .collect())
        }
        None => match &machine.config.vm.box_name {
            Some(name) => Err(Error::BoxMissing {
                machine: machine.name.clone(),
                name: name.clone(),
            }),
            None => Ok(Vec::new()),
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

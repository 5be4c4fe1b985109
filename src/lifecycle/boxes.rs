//! The box of a machine: found in the store, or fetched into it.

use std::path::PathBuf;
use std::time::Duration;

use boxes::{InstalledBox, Version};
use providers::{CheckedDisk, DiskFormat};

use super::work::Work;
use crate::context::Context;
use crate::digest;
use crate::downloads;
use crate::error::{Error, Result};
use crate::http::Trust;
use crate::machine::{Machine, box_architecture, box_constraints, locked_boxes, store};
use crate::project::{Target, Wish};
use crate::state::machine_folder::BoxMeta;

/// A server is waited for so long, when it is asked for a newer version on the way.
const PATIENCE: Duration = Duration::from_secs(5);
/// Vagrant's hour.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3600);

/// Makes sure that the machine's box is installed, and takes its own Vagrantfile into the configuration.
pub async fn find(work: &mut Work<'_>) -> Result<()> {
    if work.machine.installed_box.is_some() || work.machine.config.vm.box_name.is_none() {
        return locked_boxes::note(work.context, &work.machine);
    }
    locked_boxes::check(work.context, &work.machine)?;
    let ui = work.ui();
    ui.info(&format!(
        "The box '{}' is not installed. Looking for it...",
        work.machine.box_title()
    ));
    if let Some(text) = found_for_others(work.context, &work.machine)? {
        ui.info(&text);
    }
    let _turn = work.context.box_turn.lock().await;
    if opened_again(work)?.installed_box.is_none() {
        match downloads::add_for(work.context, &work.machine).await {
            // Another command was faster.
            Err(Error::Box(boxes::Error::AlreadyExists { .. })) | Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
    work.machine = opened_again(work)?;
    locked_boxes::note(work.context, &work.machine)?;
    work.machine.check()
}

/// What to tell where the box is here, but for other processors than the one that is asked for.
fn found_for_others(context: &Context, machine: &Machine) -> Result<Option<String>> {
    let Some(name) = &machine.config.vm.box_name else {
        return Ok(None);
    };
    let mut found: Vec<String> = store(context)
        .named(name)?
        .into_iter()
        .filter_map(|it| it.architecture)
        .collect();
    found.sort_unstable();
    found.dedup();
    let wanted = box_architecture(&machine.config);
    Ok((!found.is_empty()).then(|| {
        format!(
            "It is here for {}, and the machine's is to be {wanted}; `config.vm.box_architecture` chooses.",
            found.join(" and ")
        )
    }))
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
    let InstalledBox { name, version, .. } = installed;
    ui.info(&format!(
        "Checking if box '{name}' version '{version}' is up to date..."
    ));
    let constraints = box_constraints(&machine.config)?;
    let trust = downloads::trust_of(machine);
    match downloads::newest(context, installed, &constraints, trust).await? {
        None => ui.info(&format!(
            "Box '{name}' wasn't added from a catalog: there is nothing newer to look for."
        )),
        Some(latest) if latest > *version => ui.warn(&newer(installed, &latest)),
        Some(_) => ui.success(&format!("Box '{name}' (v{version}) is up to date.")),
    }
    Ok(())
}

/// What `up` tells of a newer version: a line where there is one, once an hour at most. It never keeps `up` from going on.
pub async fn tell_if_newer(context: &Context, machine: &Machine) {
    let Some(installed) = machine.installed_box.as_ref().filter(|it| it.metadata_url.is_some()) else {
        return;
    };
    let is_wanted = machine.config.vm.box_check_update && !context.offline && !context.locked;
    let is_disabled = context
        .environment
        .variable("VAGRANT_BOX_UPDATE_CHECK_DISABLE")
        .is_some();
    let mark = UpdateMark::of(context, installed);
    if !is_wanted || is_disabled || mark.is_fresh() {
        return;
    }
    let Ok(constraints) = box_constraints(&machine.config) else {
        return;
    };
    let looked = downloads::newest(context, installed, &constraints, downloads::trust_of(machine));
    match tokio::time::timeout(PATIENCE, looked).await {
        Ok(Ok(Some(latest))) if latest > installed.version => {
            context.ui.of(&machine.name).warn(&newer(installed, &latest));
        }
        Ok(Ok(_)) => mark.set(),
        Ok(Err(error)) => tracing::debug!(%error, "no newer version of the box could be looked for"),
        Err(_) => tracing::debug!("the server did not answer in time about a newer version of the box"),
    }
}

fn newer(installed: &InstalledBox, latest: &Version) -> String {
    let InstalledBox {
        name,
        version,
        provider,
        ..
    } = installed;
    format!(
        "A newer version of the box '{name}' for provider '{provider}' is available! You currently have version \
         '{version}'. The latest is version '{latest}'. Run `jaunt box update` to update."
    )
}

/// A file whose age says when a box was found to be the newest.
struct UpdateMark(PathBuf);

impl UpdateMark {
    fn of(context: &Context, installed: &InstalledBox) -> Self {
        let digest = digest::sha256(installed.directory.as_os_str().as_encoded_bytes());
        Self(context.home.cache().join(format!("box-is-newest-{digest}")))
    }

    fn is_fresh(&self) -> bool {
        let age = self.0.metadata().and_then(|it| it.modified()).map(|it| it.elapsed());
        matches!(age, Ok(Ok(age)) if age < BETWEEN_LOOKS)
    }

    /// Without the mark, the next `up` asks again: that is all the harm.
    fn set(&self) {
        if let Some(folder) = self.0.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = std::fs::write(&self.0, "");
    }
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
    if let Some(newer) = downloads::update(context, installed, &constraints, trust, force).await? {
        locked_boxes::write(context, &machine.project.root, &newer)?;
    }
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

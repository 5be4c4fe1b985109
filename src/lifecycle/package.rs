//! `package`: a machine becomes a box file.

use std::fs;
use std::path::Path;

use providers::{Export, State};

use super::work::Work;
use super::{ProvisionWish, action, machine_spec, plan, tell_provider};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::faults;
use crate::machine::Machine;
use crate::packaging::{Extras, Needs, metadata, vagrantfile};
use crate::project::Target;

/// Stops the machine and writes what a box of it consists of into a folder.
pub async fn package(context: &Context, target: &Target, extras: &Extras, folder: &Path) -> Result<()> {
    let machine = target.machine(context)?;
    if machine.state().await? == State::NotCreated {
        return Err(Error::NotCreated { machine: machine.name });
    }
    tell_provider(context, &machine);
    action(context, &target.name, "package", async {
        let mut work = Work::begin(context, machine, "package", ProvisionWish::Nothing).await?;
        let export = export(&work.machine)?;
        // First: a machine is not stopped for a box that would not fit.
        if work.now != State::Stopped {
            export.check(&work.id()?, folder).await?;
        }
        let steps = plan::halt(work.now, false);
        if steps.is_empty() {
            work.tidy().await?;
        }
        work.carry_out(steps).await?;
        write(&work, extras, folder).await
    })
    .await
}

fn export(machine: &Machine) -> Result<&dyn Export> {
    machine.provider.export().ok_or_else(|| Error::Refused {
        what: format!("the provider `{}` cannot package its machines", machine.provider_name),
        advice: "`qemu` can".to_owned(),
    })
}

async fn write(work: &Work<'_>, extras: &Extras, folder: &Path) -> Result<()> {
    let machine = &work.machine;
    work.ui().info("Exporting the machine's disks...");
    pass("begin export", folder)?;
    let disks = export(machine)?.export(&work.id()?, folder).await?;
    pass("did export", folder)?;
    let spec = machine_spec(machine, Vec::new(), &[])?;
    let key = machine.folder.private_key();
    let has_key = key.is_file();
    if has_key {
        place(
            &fs::read(&key).map_err(|source| Error::ReadFile { path: key, source })?,
            &folder.join("vagrant_private_key"),
        )?;
    }
    let (disk_bus, net_device) = providers::qemu::hardware_names(&spec);
    let needs = Needs {
        disk_bus,
        net_device,
        efi: spec.devices.firmware == Some(providers::Firmware::Efi),
    };
    let text = vagrantfile(&needs, has_key, extras.vagrantfile.is_some());
    place(text.as_bytes(), &folder.join("Vagrantfile"))?;
    place(
        metadata(&disks, &spec.architecture).as_bytes(),
        &folder.join("metadata.json"),
    )?;
    extras.copy_into(folder)
}

/// A point for tests.
fn pass(name: &str, folder: &Path) -> Result<()> {
    faults::pass(|| name.to_owned()).map_err(|source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    })
}

fn place(bytes: &[u8], path: &Path) -> Result<()> {
    fs::write(path, bytes).map_err(|source| Error::WriteFile {
        path: path.to_owned(),
        source,
    })
}

//! From a spec to a guest that runs: the hardware, a QEMU that waits, the forwards, and then the guest is let go.

use std::path::PathBuf;

use uuid::Uuid;

use super::accelerator::{self, Accelerator};
use super::architecture::Architecture;
use super::arguments::{Blueprint, CommandLine, Hardware};
use super::disk::Disks;
use super::files::MachineFiles;
use super::firmware::Uefi;
use super::memory::{SUSPENDED, SavedMemory};
use super::monitor::Monitor;
use super::{Ending, Qemu, forwards, launch, programs};
use crate::{BoundForward, Display, Error, Firmware, MachineId, MachineSpec, Notice, Result, file};

impl Qemu {
    /// Starts a QEMU, binds the forwards and lets the guest go; it wakes up where it was saved, if it was.
    pub(super) async fn begin(&self, id: &MachineId, spec: &MachineSpec) -> Result<Vec<BoundForward>> {
        let files = self.files(id);
        files.check_disks()?;
        files.prepare_runtime_folder()?;
        files.remove_traces_of_run()?;
        let memory = SavedMemory::pending(&files)?;
        let monitor = match &memory {
            Some(memory) => self.launch(id, spec, &memory.hardware).await?,
            None => {
                // A note put aside tells of a guest that has run since, and must not outlive this start.
                SavedMemory::forget(&files)?;
                self.launch_new(id, spec).await?
            }
        };
        let released = release(&monitor, spec, &files, memory.as_ref()).await;
        if released.is_ok() && spec.qemu.display == Some(Display::Vnc) {
            self.tell_where_the_screen_is(id.claim, &monitor).await;
        }
        if released.is_err() {
            drop(monitor);
            self.end(id, Ending::Killed).await?;
        }
        released
    }

    /// Starts a QEMU for the hardware of the spec, on the best accelerator that it does not refuse.
    async fn launch_new(&self, id: &MachineId, spec: &MachineSpec) -> Result<Monitor> {
        let architecture = Architecture::named(&spec.architecture)?;
        let files = self.files(id);
        if let Some(seed) = spec.seed.as_ref().filter(|it| it.at_every_start) {
            let qemu_img = &self.qemu_img()?;
            let files = &files;
            Disks { qemu_img, files }.write_seed(seed).await?;
        }
        let disks: Vec<String> = files.disks().into_iter().map(|(name, _)| name).collect();
        let hardware = |accelerator: &Accelerator| {
            Blueprint {
                claim: id.claim,
                spec,
                architecture,
                accelerator,
                disks: &disks,
            }
            .hardware()
        };
        if let Some(accelerator) = accelerator_of(spec) {
            return self.launch(id, spec, &hardware(&accelerator)?).await;
        }
        let choice = accelerator::choose(
            architecture,
            &self.program(spec, architecture)?,
            &self.settings.cache_folder,
        )
        .await;
        if let Some(text) = choice.notice {
            self.notify(id.claim, text);
        }
        match self.launch(id, spec, &hardware(&choice.accelerator)?).await {
            Err(Error::Command { stderr, .. }) if choice.accelerator != Accelerator::tcg() && is_about_kvm(&stderr) => {
                self.notify(
                    id.claim,
                    "KVM is there and cannot be had now; the machine is emulated (TCG), which is slow".to_owned(),
                );
                self.launch(id, spec, &hardware(&Accelerator::tcg())?).await
            }
            decided => decided,
        }
    }

    /// Starts a QEMU in that hardware, which has given up what it does not need; or one that cannot do so, with a notice.
    async fn launch(&self, id: &MachineId, spec: &MachineSpec, hardware: &Hardware) -> Result<Monitor> {
        let files = self.files(id);
        file::write_json(&files.hardware(), hardware)?;
        let architecture = Architecture::named(&spec.architecture)?;
        let program = self.program(spec, architecture)?;
        let firmware = match firmware(spec, architecture, &files)? {
            Firmware::Bios => None,
            Firmware::Efi => Some(Uefi::prepare(architecture, &program, &self.qemu_img()?, &files).await?),
        };
        let claim = id.claim;
        let line = CommandLine {
            claim,
            name: &spec.name,
            options: &spec.qemu,
            files: &files,
            hardware,
            firmware: firmware.as_ref(),
            sandbox: true,
        };
        match launch::launch(&program, &line.arguments()?, &files).await {
            Err(Error::Command { stderr, .. }) if is_about_sandbox(&stderr) => {
                self.notify(
                    claim,
                    "this QEMU cannot confine itself (`-sandbox`): it runs without".to_owned(),
                );
                let line = CommandLine { sandbox: false, ..line };
                launch::launch(&program, &line.arguments()?, &files).await
            }
            decided => decided,
        }
    }

    /// The program that the Vagrantfile names, or else the one of the architecture.
    pub(super) fn program(&self, spec: &MachineSpec, architecture: Architecture) -> Result<PathBuf> {
        let search_path = &self.settings.search_path;
        match &spec.qemu.program {
            None => programs::find(architecture.program, search_path),
            Some(path) if path.is_absolute() && programs::is_program(path) => Ok(path.clone()),
            Some(name) => programs::find(&name.to_string_lossy(), search_path),
        }
    }

    /// The program that makes and changes images.
    pub(super) fn qemu_img(&self) -> Result<PathBuf> {
        programs::find("qemu-img", &self.settings.search_path)
    }

    async fn tell_where_the_screen_is(&self, claim: Uuid, monitor: &Monitor) {
        match monitor.vnc_address().await {
            Ok(Some(address)) => self.notify(
                claim,
                format!("the screen is at {address}, for VNC clients on this computer"),
            ),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "nobody is told where the screen is"),
        }
    }

    pub(super) fn notify(&self, claim: Uuid, text: String) {
        (self.settings.notices)(Notice { claim, text });
    }
}

/// The accelerator that the Vagrantfile names, by itself or with the machine type.
fn accelerator_of(spec: &MachineSpec) -> Option<Accelerator> {
    let named = spec.qemu.accelerator.as_deref().map(Accelerator::of_setting);
    named.or_else(|| spec.qemu.machine.as_deref().and_then(Accelerator::of_machine_type))
}

/// What the Vagrantfile or the box says, else what the disk was seen to need; some architectures have UEFI alone.
fn firmware(spec: &MachineSpec, architecture: Architecture, files: &MachineFiles) -> Result<Firmware> {
    if architecture.needs_uefi {
        return Ok(Firmware::Efi);
    }
    let seen = || file::read_json(&files.firmware());
    Ok(spec
        .devices
        .firmware
        .map_or_else(seen, |it| Ok(Some(it)))?
        .unwrap_or(Firmware::Bios))
}

/// Binds the forwards, writes down where, and lets the guest go, in this order.
async fn release(
    monitor: &Monitor,
    spec: &MachineSpec,
    files: &MachineFiles,
    memory: Option<&SavedMemory>,
) -> Result<Vec<BoundForward>> {
    if let Some(memory) = memory {
        monitor.load_snapshot(&memory.tag, &files.writable_names()).await?;
    }
    let bound = forwards::bind_all(monitor, &spec.forwards).await?;
    // QEMU knows no names of forwards.
    file::write_json(&files.forwards(), &bound)?;
    match memory {
        None => monitor.cont().await?,
        Some(memory) => wake(monitor, files, memory).await?,
    }
    Ok(bound)
}

/// Lets a guest go that was saved; what it was saved in is of no further use, unless it is a snapshot.
async fn wake(monitor: &Monitor, files: &MachineFiles, memory: &SavedMemory) -> Result<()> {
    SavedMemory::put_aside(files)?;
    monitor.cont().await?;
    SavedMemory::forget(files)?;
    if memory.tag == SUSPENDED
        && let Err(error) = monitor.delete_snapshot(SUSPENDED, &files.writable_names()).await
    {
        tracing::debug!(%error, "the next suspending removes what is left of this one");
    }
    Ok(())
}

/// What a QEMU says that was built without it, or a kernel that does not let it.
fn is_about_sandbox(complaint: &str) -> bool {
    ["sandbox", "seccomp"].iter().any(|it| complaint.contains(it))
}

/// What a QEMU says to which the kernel gives no virtual machine, as while another hypervisor has the processor.
fn is_about_kvm(complaint: &str) -> bool {
    complaint.to_ascii_lowercase().contains("kvm")
}

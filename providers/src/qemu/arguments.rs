//! QEMU's command line, made of a spec by pure code.
//!
//! Everything is named: no default device, no configuration file of the host's is used, so that a machine is the same tomorrow. What
//! comes from a file of the user's is written into one argument and cannot become a second option of it.

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::accelerator::Accelerator;
use super::architecture::Architecture;
use super::devices::{self, Devices};
use super::files::MachineFiles;
use super::firmware::Uefi;
use crate::{Error, MachineSpec, QemuOptions, Result};

/// The network's name in QEMU.
pub(super) const NETWORK: &str = "network";

/// The console's name in QEMU.
const CONSOLE: &str = "console";

/// What the guest sees of its machine, as arguments.
///
/// A guest whose memory was saved goes on in the hardware that it was saved in, whatever its Vagrantfile says by then; so this can be
/// written down. It names no program: what is read from a file does not decide what is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hardware {
    pub(super) arguments: Vec<String>,
}

/// Makes [`Hardware`] of a spec.
pub(super) struct Blueprint<'a> {
    pub(super) claim: Uuid,
    pub(super) spec: &'a MachineSpec,
    pub(super) architecture: Architecture,
    pub(super) accelerator: &'a Accelerator,
    /// The names of its disks in QEMU, the one that it boots from first.
    pub(super) disks: &'a [String],
}

/// A command line: hardware, in a place.
pub(super) struct CommandLine<'a> {
    pub(super) claim: Uuid,
    pub(super) name: &'a str,
    pub(super) options: &'a QemuOptions,
    pub(super) files: &'a MachineFiles,
    pub(super) hardware: &'a Hardware,
    pub(super) firmware: Option<&'a Uefi>,
    /// Whether QEMU may be told to give up what it does not need.
    pub(super) sandbox: bool,
}

impl Blueprint<'_> {
    /// The hardware.
    pub(super) fn hardware(&self) -> Result<Hardware> {
        if self.spec.memory_mib == 0 || self.spec.cpus == 0 {
            return Err(Error::Unsupported {
                what: "a machine needs at least 1 MiB of memory and 1 CPU".to_owned(),
            });
        }
        let devices = Devices::of(self.spec, self.architecture, self.claim);
        let mut all = Arguments::<String>::default();
        all.option("-machine", format!("{},dump-guest-core=off", devices.machine()));
        for name in self.accelerator.names() {
            all.option("-accel", name);
        }
        if let Some(cpu) = self.cpu() {
            all.option("-cpu", cpu);
        }
        all.option("-m", format!("{}M", self.spec.memory_mib));
        all.option("-smp", self.spec.cpus.to_string());
        if let Some(global) = devices.globals() {
            all.option("-global", global);
        }
        all.option("-serial", format!("chardev:{CONSOLE}"));
        for network in devices.networks() {
            all.option("-netdev", network);
        }
        // Cards first: their places are fixed, and QEMU gives the others what is free.
        let disks = devices.disks(self.disks)?;
        for device in [devices.screen(), devices.network_cards()?, disks].concat() {
            all.option("-device", device);
        }
        self.media(&devices, &mut all)?;
        all.option("-device", format!("virtio-rng-{}", self.architecture.virtio_bus));
        all.0.extend(self.spec.qemu.extra_arguments.iter().cloned());
        Ok(Hardware { arguments: all.0 })
    }

    /// A guest that wakes up finds the media that it had.
    fn media(&self, devices: &Devices<'_>, all: &mut Arguments<String>) -> Result<()> {
        let drives = devices.drives(self.disks.len())?;
        for (medium, node) in self.spec.media.iter().zip(&drives.nodes) {
            let file = json!({ "driver": "file", "filename": utf8(&medium.path)?, "read-only": true });
            let node = json!({ "node-name": node, "driver": "raw", "read-only": true, "file": file });
            all.option("-blockdev", node.to_string());
        }
        for device in drives.devices {
            all.option("-device", device);
        }
        Ok(())
    }

    fn cpu(&self) -> Option<&str> {
        self.spec.qemu.cpu.as_deref().or(match self.accelerator.has_host_cpu() {
            true => Some("host"),
            false => self.architecture.emulated_cpu,
        })
    }
}

impl CommandLine<'_> {
    /// The arguments, without the program.
    pub(super) fn arguments(&self) -> Result<Vec<OsString>> {
        let mut all = Arguments::<OsString>::default();
        self.identity(&mut all);
        self.monitors(&mut all);
        self.console(&mut all);
        self.disks(&mut all)?;
        if let Some(firmware) = self.firmware {
            firmware.add_to(&mut all.0);
        }
        all.0.extend(self.hardware.arguments.iter().map(Into::into));
        Ok(all.0)
    }

    /// `-S`: the guest waits until its forwards are bound.
    fn identity(&self, all: &mut Arguments<OsString>) {
        all.flags(&["-no-user-config", "-nodefaults", "-S"]);
        all.option("-display", devices::display(self.options));
        if self.sandbox && !self.has_sandbox_of_its_own() {
            all.option("-sandbox", self.sandbox());
        }
        all.option("-name", format!("guest={}", escaped(self.name)));
        all.option("-uuid", self.claim.to_string());
        all.option("-pidfile", self.files.pid());
    }

    /// A toolkit that shows windows starts threads with priorities of their own, and programs.
    fn sandbox(&self) -> &'static str {
        match self.options.display {
            None | Some(crate::Display::Vnc) => {
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
            }
            Some(_) => "on,obsolete=deny,elevateprivileges=deny",
        }
    }

    fn has_sandbox_of_its_own(&self) -> bool {
        self.hardware
            .arguments
            .iter()
            .any(|it| it == "-sandbox" || it == "--sandbox")
    }

    fn monitors(&self, all: &mut Arguments<OsString>) {
        for (name, path) in [
            ("control", self.files.control_socket()),
            ("reader", self.files.reader_socket()),
        ] {
            let mut socket = OsString::from(format!("socket,id={name},server=on,wait=off,path="));
            socket.push(escaped_path(&path));
            all.option("-chardev", socket);
            all.option("-mon", format!("chardev={name},mode=control"));
        }
    }

    fn console(&self, all: &mut Arguments<OsString>) {
        let mut file = OsString::from(format!("file,id={CONSOLE},path="));
        file.push(escaped_path(&self.files.console()));
        all.option("-chardev", file);
    }

    fn disks(&self, all: &mut Arguments<OsString>) -> Result<()> {
        for (name, path) in self.files.disks() {
            let filename = utf8(&path)?;
            let node = json!({
                "node-name": name, "driver": "qcow2", "discard": "unmap",
                "file": { "driver": "file", "filename": filename },
            });
            all.option("-blockdev", node.to_string());
        }
        Ok(())
    }
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::Unsupported {
        what: format!("the path `{}` is not UTF-8, and QEMU takes no other", path.display()),
    })
}

/// A value in a list of QEMU's: a comma is doubled there.
fn escaped(value: &str) -> String {
    value.replace(',', ",,")
}

pub(super) fn escaped_path(path: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut bytes = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        bytes.push(*byte);
        if *byte == b',' {
            bytes.push(b',');
        }
    }
    OsString::from_vec(bytes)
}

/// Arguments that become more.
#[derive(Default)]
struct Arguments<T>(Vec<T>);

impl<T: for<'a> From<&'a str>> Arguments<T> {
    fn flags(&mut self, flags: &[&str]) {
        self.0.extend(flags.iter().map(|it| T::from(it)));
    }

    fn option(&mut self, name: &str, value: impl Into<T>) {
        self.0.extend([T::from(name), value.into()]);
    }
}

#[cfg(test)]
mod tests;

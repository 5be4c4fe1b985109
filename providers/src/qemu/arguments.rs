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
use super::files::MachineFiles;
use super::firmware::Firmware;
use crate::{Error, MachineSpec, Result};

/// The network's name in QEMU.
pub(super) const NETWORK: &str = "network";

/// The disk's name in QEMU.
pub(super) const DISK: &str = "disk";

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
}

/// A command line: hardware, in a place.
pub(super) struct CommandLine<'a> {
    pub(super) claim: Uuid,
    pub(super) name: &'a str,
    pub(super) files: &'a MachineFiles,
    pub(super) hardware: &'a Hardware,
    pub(super) firmware: Option<&'a Firmware>,
    /// Whether QEMU may be told to give up what it does not need.
    pub(super) sandbox: bool,
    /// The saved memory that the guest is to wake up with.
    pub(super) memory: Option<&'a str>,
}

impl Blueprint<'_> {
    /// The hardware.
    pub(super) fn hardware(&self) -> Result<Hardware> {
        if self.spec.memory_mib == 0 || self.spec.cpus == 0 {
            return Err(Error::Unsupported {
                what: "a machine needs at least 1 MiB of memory and 1 CPU".to_owned(),
            });
        }
        let mut all = Arguments::<String>::default();
        all.option("-machine", format!("{},dump-guest-core=off", self.machine()));
        for name in self.accelerator.names() {
            all.option("-accel", name);
        }
        if let Some(cpu) = self.cpu() {
            all.option("-cpu", cpu);
        }
        all.option("-m", format!("{}M", self.spec.memory_mib));
        all.option("-smp", self.spec.cpus.to_string());
        all.option("-serial", format!("chardev:{CONSOLE}"));
        for device in disk_devices(
            self.spec.qemu.disk_bus.as_deref().unwrap_or("virtio"),
            self.architecture,
        )? {
            all.option("-device", device);
        }
        all.option("-netdev", self.network());
        all.option("-device", self.network_card()?);
        all.option("-device", format!("virtio-rng-{}", self.architecture.virtio_bus));
        all.0.extend(self.spec.qemu.extra_arguments.iter().cloned());
        Ok(Hardware { arguments: all.0 })
    }

    /// The machine without `accel=`, which QEMU takes no more beside `-accel`.
    fn machine(&self) -> String {
        let chosen = self.spec.qemu.machine.as_deref().unwrap_or(self.architecture.machine);
        chosen
            .split(',')
            .filter(|it| !it.starts_with("accel="))
            .collect::<Vec<_>>()
            .join(",")
    }

    fn cpu(&self) -> Option<&str> {
        self.spec.qemu.cpu.as_deref().or(match self.accelerator.has_host_cpu() {
            true => Some("host"),
            false => self.architecture.emulated_cpu,
        })
    }

    /// IPv6 is off, as in Vagrant's NAT: with it a guest believes in a way out that most hosts do not have.
    fn network(&self) -> String {
        let network = format!("user,id={NETWORK},ipv6=off");
        match &self.spec.qemu.extra_netdev_arguments {
            Some(extra) => format!("{network},{extra}"),
            None => network,
        }
    }

    fn network_card(&self) -> Result<String> {
        let default = format!("virtio-net-{}", self.architecture.virtio_bus);
        let model = self.spec.qemu.net_device.as_deref().unwrap_or(&default);
        let mut card = format!("{model},netdev={NETWORK},mac={}", self.mac_address()?);
        if is_pci_card(model) {
            // No boot over the network, so no ROM that would ask for it first.
            card.push_str(",romfile=");
            if self.is_default_pc() {
                // Where Packer and VirtualBox put it: the guest calls it `enp0s3`, and boxes rely on that.
                card.push_str(",addr=0x3");
            }
        }
        Ok(card)
    }

    fn is_default_pc(&self) -> bool {
        let machine = self.machine();
        machine
            .split(',')
            .next()
            .is_some_and(|it| it == "pc" || it.starts_with("pc-i440fx"))
    }

    /// The box's own address, or one of QEMU's range which stays the same for this machine.
    fn mac_address(&self) -> Result<String> {
        let digits = match &self.spec.mac_address {
            Some(stated) => stated.chars().filter(|it| !matches!(it, ':' | '-')).collect(),
            None => format!("525400{}", &self.claim.simple().to_string()[..6]),
        };
        if digits.len() != 12 || !digits.chars().all(|it| it.is_ascii_hexdigit()) {
            return Err(Error::Unsupported {
                what: format!("`{digits}` is not a MAC address: twelve hex digits are"),
            });
        }
        let digits = digits.to_ascii_lowercase();
        Ok((0..6)
            .map(|it| &digits[it * 2..it * 2 + 2])
            .collect::<Vec<_>>()
            .join(":"))
    }
}

impl CommandLine<'_> {
    /// The arguments, without the program.
    pub(super) fn arguments(&self) -> Result<Vec<OsString>> {
        let mut all = Arguments::<OsString>::default();
        self.identity(&mut all);
        self.monitors(&mut all);
        self.console(&mut all);
        self.disk(&mut all)?;
        if let Some(firmware) = self.firmware {
            firmware.add_to(&mut all.0);
        }
        all.0.extend(self.hardware.arguments.iter().map(Into::into));
        if let Some(memory) = self.memory {
            all.option("-loadvm", memory);
        }
        Ok(all.0)
    }

    /// `-S`: the guest waits until its forwards are bound.
    fn identity(&self, all: &mut Arguments<OsString>) {
        all.flags(&["-no-user-config", "-nodefaults", "-S", "-display", "none"]);
        if self.sandbox && !self.has_sandbox_of_its_own() {
            all.option(
                "-sandbox",
                "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            );
        }
        all.option("-name", format!("guest={}", escaped(self.name)));
        all.option("-uuid", self.claim.to_string());
        all.option("-pidfile", self.files.pid());
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

    fn disk(&self, all: &mut Arguments<OsString>) -> Result<()> {
        let path = self.files.disk();
        let filename = path.to_str().ok_or_else(|| Error::Unsupported {
            what: format!("the path `{}` is not UTF-8, and QEMU takes no other", path.display()),
        })?;
        let node = json!({
            "node-name": DISK, "driver": "qcow2", "discard": "unmap",
            "file": { "driver": "file", "filename": filename },
        });
        all.option("-blockdev", node.to_string());
        Ok(())
    }
}

/// The devices which put the disk on that bus: the controller, where the machine has none, and the disk.
fn disk_devices(bus: &str, architecture: Architecture) -> Result<Vec<String>> {
    let behind = |controller: &str, disk: &str, bus: &str| {
        vec![
            format!("{controller},id=disks"),
            format!("{disk},bus=disks.{bus},drive={DISK},bootindex=0"),
        ]
    };
    let virtio = architecture.virtio_bus;
    Ok(match bus {
        "virtio" => vec![format!("virtio-blk-{virtio},drive={DISK},bootindex=0")],
        "scsi" | "virtio-scsi" => behind(&format!("virtio-scsi-{virtio}"), "scsi-hd", "0"),
        "sata" | "ahci" => behind("ahci", "ide-hd", "0"),
        "ide" if architecture.is_pc() => vec![format!("ide-hd,bus=ide.0,drive={DISK},bootindex=0")],
        "nvme" => vec![format!("nvme,serial=disk,drive={DISK},bootindex=0")],
        "pvscsi" => behind("pvscsi", "scsi-hd", "0"),
        "lsisas1068" | "mptsas1068" => behind("mptsas1068", "scsi-hd", "0"),
        "usb" => behind("qemu-xhci", "usb-storage", "0"),
        other => {
            return Err(Error::Unsupported {
                what: format!(
                    "the disk bus `{other}` is not one that a {} machine has: choose virtio, scsi, sata, {}nvme, pvscsi, \
                     lsisas1068 or usb",
                    architecture.name,
                    if architecture.is_pc() { "ide, " } else { "" }
                ),
            });
        }
    })
}

/// Whether the model is a PCI card; those alone have a ROM and an address there.
fn is_pci_card(model: &str) -> bool {
    let model = model.split(',').next().unwrap_or_default();
    model.ends_with("-pci")
        || [
            "e1000", "e1000e", "rtl8139", "vmxnet3", "pcnet", "ne2k_pci", "igb", "i82550", "i82551", "i82557b",
        ]
        .contains(&model)
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
mod tests {
    use std::path::PathBuf;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::{CheckedDisk, DiskFormat, MachineId, QemuOptions};

    fn spec(qemu: QemuOptions) -> MachineSpec {
        MachineSpec {
            name: "web".to_owned(),
            disk: Some(CheckedDisk::vouched_for(
                "/boxes/debian/box.img".into(),
                DiskFormat::Qcow2,
            )),
            memory_mib: 1024,
            cpus: 2,
            forwards: Vec::new(),
            architecture: "x86_64".to_owned(),
            mac_address: None,
            qemu,
        }
    }

    fn arguments(spec: &MachineSpec, accelerator: &str, folder: &str) -> Result<Vec<OsString>> {
        let claim = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        let id = MachineId {
            claim,
            folder: PathBuf::from(folder),
        };
        let files = MachineFiles::of(&id, Path::new("/run/jaunt"));
        let architecture = Architecture::named(&spec.architecture)?;
        let accelerator = &Accelerator::of_setting(accelerator);
        let hardware = Blueprint {
            claim,
            spec,
            architecture,
            accelerator,
        }
        .hardware()?;
        let name = &spec.name;
        let line = CommandLine {
            claim,
            name,
            files: &files,
            hardware: &hardware,
            firmware: None,
            sandbox: true,
            memory: None,
        };
        line.arguments()
    }

    /// The command line, an option a line.
    fn shown(arguments: &[OsString]) -> String {
        let mut text = String::new();
        for argument in arguments {
            let argument = argument.to_string_lossy();
            text.push_str(if argument.starts_with('-') { "\n" } else { " " });
            text.push_str(&argument);
        }
        text.trim_start().to_owned()
    }

    fn check(spec: &MachineSpec, accelerator: &str, expected: Expect) {
        let text = match arguments(spec, accelerator, "/machines/web") {
            Ok(arguments) => shown(&arguments),
            Err(error) => format!("error: {error}"),
        };
        expected.assert_eq(&text);
    }

    /// The lines that begin so; for tests that are about one thing.
    fn check_lines(spec: &MachineSpec, accelerator: &str, prefixes: &[&str], expected: Expect) {
        let text = shown(&arguments(spec, accelerator, "/machines/web").unwrap());
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| prefixes.iter().any(|it| line.starts_with(it)))
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_machine_without_options_of_its_own() {
        check(
            &spec(QemuOptions::default()),
            "kvm",
            expect![[r#"
                -no-user-config
                -nodefaults
                -S
                -display none
                -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
                -name guest=web
                -uuid 01234567-89ab-cdef-0123-456789abcdef
                -pidfile /machines/web/qemu.pid
                -chardev socket,id=control,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.control
                -mon chardev=control,mode=control
                -chardev socket,id=reader,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.reader
                -mon chardev=reader,mode=control
                -chardev file,id=console,path=/machines/web/console.log
                -blockdev {"node-name":"disk","driver":"qcow2","discard":"unmap","file":{"driver":"file","filename":"/machines/web/disk.qcow2"}}
                -machine pc,dump-guest-core=off
                -accel kvm
                -cpu host
                -m 1024M
                -smp 2
                -serial chardev:console
                -device virtio-blk-pci,drive=disk,bootindex=0
                -netdev user,id=network,ipv6=off
                -device virtio-net-pci,netdev=network,mac=52:54:00:01:23:45,romfile=,addr=0x3
                -device virtio-rng-pci"#]],
        );
    }

    #[test]
    fn every_option_of_qemu_is_taken() {
        let options = QemuOptions {
            machine: Some("q35,accel=kvm,smm=off".to_owned()),
            cpu: Some("Haswell".to_owned()),
            disk_bus: Some("scsi".to_owned()),
            net_device: Some("e1000".to_owned()),
            extra_arguments: ["-sandbox", "off", "-device", "VGA"].map(str::to_owned).into(),
            extra_netdev_arguments: Some("dns=10.0.2.9".to_owned()),
            ..QemuOptions::default()
        };
        let spec = MachineSpec {
            mac_address: Some("08:00:27-AB-CD-EF".to_owned()),
            ..spec(options)
        };

        check(
            &spec,
            "kvm",
            expect![[r#"
                -no-user-config
                -nodefaults
                -S
                -display none
                -name guest=web
                -uuid 01234567-89ab-cdef-0123-456789abcdef
                -pidfile /machines/web/qemu.pid
                -chardev socket,id=control,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.control
                -mon chardev=control,mode=control
                -chardev socket,id=reader,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.reader
                -mon chardev=reader,mode=control
                -chardev file,id=console,path=/machines/web/console.log
                -blockdev {"node-name":"disk","driver":"qcow2","discard":"unmap","file":{"driver":"file","filename":"/machines/web/disk.qcow2"}}
                -machine q35,smm=off,dump-guest-core=off
                -accel kvm
                -cpu Haswell
                -m 1024M
                -smp 2
                -serial chardev:console
                -device virtio-scsi-pci,id=disks
                -device scsi-hd,bus=disks.0,drive=disk,bootindex=0
                -netdev user,id=network,ipv6=off,dns=10.0.2.9
                -device e1000,netdev=network,mac=08:00:27:ab:cd:ef,romfile=
                -device virtio-rng-pci
                -sandbox off
                -device VGA"#]],
        );
    }

    #[test]
    fn an_emulated_machine_of_another_architecture() {
        let spec = MachineSpec {
            architecture: "arm64".to_owned(),
            ..spec(QemuOptions::default())
        };

        check_lines(
            &spec,
            "tcg",
            &["-machine", "-accel", "-cpu", "-device"],
            expect![[r#"
            -machine virt,dump-guest-core=off
            -accel tcg
            -cpu max,pauth-impdef=on
            -device virtio-blk-pci,drive=disk,bootindex=0
            -device virtio-net-pci,netdev=network,mac=52:54:00:01:23:45,romfile=
            -device virtio-rng-pci"#]],
        );
    }

    #[test]
    fn accelerators_are_tried_in_the_order_given() {
        check_lines(
            &spec(QemuOptions::default()),
            "kvm:tcg",
            &["-accel", "-cpu"],
            expect![[r#"
                -accel kvm
                -accel tcg
                -cpu max"#]],
        );
    }

    #[test]
    fn every_bus_has_its_devices() {
        let mut text = String::new();
        for bus in [
            "virtio",
            "scsi",
            "sata",
            "ide",
            "nvme",
            "pvscsi",
            "lsisas1068",
            "usb",
            "floppy",
        ] {
            let devices = disk_devices(bus, Architecture::named("x86_64").unwrap());
            text.push_str(&devices.map_or_else(|it| format!("error: {it}\n"), |it| it.join("  ") + "\n"));
        }
        expect![[r#"
            virtio-blk-pci,drive=disk,bootindex=0
            virtio-scsi-pci,id=disks  scsi-hd,bus=disks.0,drive=disk,bootindex=0
            ahci,id=disks  ide-hd,bus=disks.0,drive=disk,bootindex=0
            ide-hd,bus=ide.0,drive=disk,bootindex=0
            nvme,serial=disk,drive=disk,bootindex=0
            pvscsi,id=disks  scsi-hd,bus=disks.0,drive=disk,bootindex=0
            mptsas1068,id=disks  scsi-hd,bus=disks.0,drive=disk,bootindex=0
            qemu-xhci,id=disks  usb-storage,bus=disks.0,drive=disk,bootindex=0
            error: the disk bus `floppy` is not one that a x86_64 machine has: choose virtio, scsi, sata, ide, nvme, pvscsi, lsisas1068 or usb
        "#]].assert_eq(&text);
    }

    #[test]
    fn a_comma_in_a_name_or_a_path_starts_no_new_setting() {
        let spec = MachineSpec {
            name: "a,debug-threads=on".to_owned(),
            ..spec(QemuOptions::default())
        };

        let text = shown(&arguments(&spec, "tcg", "/machines/a,server=off").unwrap());

        let lines: Vec<&str> = text.lines().filter(|it| it.contains("a,")).collect();
        expect![[r#"
            -name guest=a,,debug-threads=on
            -pidfile /machines/a,server=off/qemu.pid
            -chardev file,id=console,path=/machines/a,,server=off/console.log
            -blockdev {"node-name":"disk","driver":"qcow2","discard":"unmap","file":{"driver":"file","filename":"/machines/a,server=off/disk.qcow2"}}"#]].assert_eq(&lines.join("\n"));
    }

    #[test]
    fn what_is_no_mac_address_is_refused() {
        let spec = MachineSpec {
            mac_address: Some("080027,x=y".to_owned()),
            ..spec(QemuOptions::default())
        };

        check(
            &spec,
            "tcg",
            expect!["error: `080027,x=y` is not a MAC address: twelve hex digits are"],
        );
    }

    #[test]
    fn a_machine_without_memory_is_refused() {
        check(
            &MachineSpec {
                memory_mib: 0,
                ..spec(QemuOptions::default())
            },
            "tcg",
            expect!["error: a machine needs at least 1 MiB of memory and 1 CPU"],
        );
    }
}

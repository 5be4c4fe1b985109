//! From a configuration to what a provider is to make: the one place where they meet.

use std::net::{IpAddr, Ipv4Addr};

use providers::qemu::{DEFAULT_CPUS, DEFAULT_MEMORY_MIB};
use providers::{
    BoundForward, CheckedDisk, Devices, Drive, Firmware, Forward, MachineSpec, Medium, NetworkCard, Protocol,
};

use super::Machine;
use super::box_hardware::BoxHardware;
use crate::config::disks::{Disk, DiskKind};
use crate::config::networks::{self, ForwardedPort};
use crate::error::{Error, Result};

/// What the machine's provider is to make. `remembered` are the ports that it was given the last time.
///
/// What the Vagrantfile says to QEMU wins over what it says to the provider that QEMU stands in for, and that over what the box
/// was made with.
pub fn machine_spec(machine: &Machine, disks: Vec<CheckedDisk>, remembered: &[BoundForward]) -> Result<MachineSpec> {
    let wanted = machine.config.hardware.clone();
    let of_box = BoxHardware::of(machine)?;
    let memory_mib = machine.qemu.memory_mib.or(wanted.memory_mib.map(|it| it.value));
    let cpus = machine.qemu.cpus.or(wanted.cpus.map(|it| it.value));
    let efi = wanted
        .efi
        .map(|it| if it.value { Firmware::Efi } else { Firmware::Bios });
    let mut devices = of_box.devices;
    devices.firmware = machine.qemu.firmware.or(efi).or(devices.firmware);
    set_mac_address(&mut devices, machine.config.vm.base_mac.as_ref());
    let mut qemu = machine.qemu.options.clone();
    qemu.disk_size_mib = qemu.disk_size_mib.or(primary_size_mib(&machine.config.disks));
    Ok(MachineSpec {
        name: machine.name.clone(),
        disks,
        empty_disks: empty_disks(&machine.config.disks),
        media: machine.config.disks.iter().filter_map(medium).collect(),
        seed: None,
        memory_mib: memory_mib.or(of_box.memory_mib).unwrap_or(DEFAULT_MEMORY_MIB),
        cpus: cpus.or(of_box.cpus).unwrap_or(DEFAULT_CPUS),
        forwards: forwards(machine, remembered)?,
        architecture: architecture(machine)?,
        devices,
        qemu,
    })
}

/// What `config.vm.disk` says of the box's own disk.
fn primary_size_mib(disks: &[Disk]) -> Option<u64> {
    const MIB: u64 = 1 << 20;
    let primary = disks.iter().find(|it| it.primary && it.kind == DiskKind::Disk);
    primary.and_then(|it| it.size).map(|it| it.div_ceil(MIB))
}

/// The disks that `config.vm.disk` wants made.
fn empty_disks(disks: &[Disk]) -> Vec<u64> {
    disks
        .iter()
        .filter(|it| it.is_made())
        .filter_map(|it| it.size)
        .collect()
}

/// What `config.vm.disk` puts into a drive. A floppy without a file is an empty drive, which no guest needs.
fn medium(disk: &Disk) -> Option<Medium> {
    let drive = match disk.kind {
        DiskKind::Disk => return None,
        DiskKind::Dvd => Drive::Dvd,
        DiskKind::Floppy => Drive::Floppy,
    };
    disk.file.clone().map(|path| Medium { drive, path })
}

/// `base_mac` is that of the first card, whatever the box had.
fn set_mac_address(devices: &mut Devices, stated: Option<&String>) {
    let Some(stated) = stated else { return };
    if devices.network_cards.is_empty() {
        devices.network_cards.push(NetworkCard::default());
    }
    devices.network_cards[0].mac_address = Some(stated.clone());
}

fn forwards(machine: &Machine, remembered: &[BoundForward]) -> Result<Vec<Forward>> {
    let ports = machine.config.networks.forwarded_ports.iter().filter(|it| !it.disabled);
    ports.map(|it| forward(machine, it, remembered)).collect()
}

fn forward(machine: &Machine, port: &ForwardedPort, remembered: &[BoundForward]) -> Result<Forward> {
    let range = &machine.config.vm.usable_port_range;
    let before = remembered
        .iter()
        .find(|it| port.auto_correct && it.id == port.id && it.guest_port == port.guest);
    Ok(Forward {
        id: port.id.clone(),
        protocol: match port.protocol {
            networks::Protocol::Tcp => Protocol::Tcp,
            networks::Protocol::Udp => Protocol::Udp,
        },
        guest_address: port.guest_ip.as_deref().map(|it| address(machine, it)).transpose()?,
        guest_port: port.guest,
        host_address: match port.host_ip.as_deref() {
            Some("*") => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Some(text) => address(machine, text)?,
            // Vagrant leaves it to VirtualBox, which binds all interfaces. A development machine is nobody else's business.
            None => IpAddr::V4(Ipv4Addr::LOCALHOST),
        },
        host_port: before.map_or(port.host, |it| it.host.port()),
        correct_within: port.auto_correct.then_some((*range.start(), *range.end())),
    })
}

fn address(machine: &Machine, text: &str) -> Result<IpAddr> {
    text.parse().map_err(|_| Error::Refused {
        what: format!(
            "`{text}` is no address that a port of the machine `{}` could be forwarded with",
            machine.name
        ),
        advice: "write an IP address, or leave it out for 127.0.0.1".to_owned(),
    })
}

/// The name of the guest's architecture: the Vagrantfile's, else the box's, else the one that it was asked for with; a box that
/// states none is taken to be the host's.
fn architecture(machine: &Machine) -> Result<String> {
    if let Some(wanted) = &machine.qemu.architecture {
        return Ok(wanted.clone());
    }
    let stated = match &machine.installed_box {
        Some(installed) => installed.architecture.clone().or(installed.metadata()?.architecture),
        None => None,
    };
    let asked = machine.config.vm.box_architecture.clone().filter(|it| it != "auto");
    let name = stated
        .filter(|it| it != "unknown")
        .or(asked)
        .filter(|it| !it.is_empty());
    Ok(name.unwrap_or_else(|| std::env::consts::ARCH.to_owned()))
}

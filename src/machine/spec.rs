//! From a configuration to what a provider is to make: the one place where they meet.

use std::net::{IpAddr, Ipv4Addr};

use providers::qemu::{DEFAULT_CPUS, DEFAULT_MEMORY_MIB};
use providers::{BoundForward, CheckedDisk, Forward, MachineSpec, Protocol};

use super::Machine;
use crate::config::networks::{self, ForwardedPort};
use crate::error::{Error, Result};

/// What the machine's provider is to make. `remembered` are the ports that it was given the last time.
pub fn machine_spec(machine: &Machine, disk: Option<CheckedDisk>, remembered: &[BoundForward]) -> Result<MachineSpec> {
    let config = &machine.config;
    let hardware = config.hardware.clone();
    Ok(MachineSpec {
        name: machine.name.clone(),
        disk,
        memory_mib: machine
            .qemu
            .memory_mib
            .or(hardware.memory_mib.map(|it| it.value))
            .unwrap_or(DEFAULT_MEMORY_MIB),
        cpus: machine
            .qemu
            .cpus
            .or(hardware.cpus.map(|it| it.value))
            .unwrap_or(DEFAULT_CPUS),
        forwards: forwards(machine, remembered)?,
        architecture: architecture(machine),
        mac_address: config.vm.base_mac.clone(),
        qemu: machine.qemu.options.clone(),
    })
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

/// QEMU's name of the architecture: the Vagrantfile's, else the box's; a box that states none is taken to be the host's.
fn architecture(machine: &Machine) -> String {
    if let Some(wanted) = &machine.qemu.architecture {
        return wanted.clone();
    }
    let stated = machine.installed_box.as_ref().and_then(|it| it.architecture.clone());
    let name = stated.or_else(|| machine.config.vm.box_architecture.clone());
    match name.as_deref() {
        Some("amd64") => "x86_64".to_owned(),
        Some("arm64") => "aarch64".to_owned(),
        Some("i386") => "i386".to_owned(),
        Some(other) if !other.is_empty() && other != "unknown" => other.to_owned(),
        _ => std::env::consts::ARCH.to_owned(),
    }
}

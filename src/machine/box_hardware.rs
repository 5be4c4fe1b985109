//! From what a box says of the machine that it was to what a provider is to make of it.

use providers::{CardModel, CardPlace, Devices, DiskController, Firmware, NetworkCard};

use super::Machine;
use crate::error::Result;

/// What a box says, with what its makers leave unsaid because their own hypervisor has it so.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BoxHardware {
    /// Memory in MiB.
    pub memory_mib: Option<u64>,
    /// Virtual CPUs.
    pub cpus: Option<u32>,
    /// The rest.
    pub devices: Devices,
}

impl BoxHardware {
    /// What the machine's box says; nothing where it is not installed yet.
    pub fn of(machine: &Machine) -> Result<Self> {
        let Some(installed) = &machine.installed_box else {
            return Ok(Self::default());
        };
        let format = match installed.record() {
            Some(record) if record.bare_disk => Some(installed.disk()?.format),
            _ => None,
        };
        Ok(Self::read(&installed.provider, installed.hardware()?, format))
    }

    /// `bare_disk` is the format of a box that is one image and no more.
    fn read(provider: &str, hardware: boxes::Hardware, bare_disk: Option<boxes::DiskFormat>) -> Self {
        let usual = usual_devices(provider, bare_disk);
        let mut network_cards: Vec<NetworkCard> = hardware.network_cards.into_iter().map(network_card).collect();
        if network_cards.is_empty() {
            network_cards = usual.network_cards;
        } else if network_cards[0].model.is_none() {
            network_cards[0].model = usual.network_cards.first().and_then(|it| it.model);
        }
        if provider == "virtualbox" {
            // Vagrant takes the others out of the machine: what a file asks for takes their places.
            network_cards.truncate(1);
        }
        Self {
            memory_mib: hardware.memory_mib,
            cpus: hardware.cpus,
            devices: Devices {
                firmware: hardware.firmware.map(firmware),
                controller: hardware.controller.map(controller).or(usual.controller),
                network_cards,
            },
        }
    }
}

/// What guests of a hypervisor have drivers for, where their box does not say what they ran on.
fn usual_devices(provider: &str, bare_disk: Option<boxes::DiskFormat>) -> Devices {
    use boxes::DiskFormat::{Qcow2, Raw, Vdi, Vhdx, Vmdk, Vpc};
    let controller = match (provider, bare_disk) {
        ("virtualbox", _) | (_, Some(Vdi | Vmdk)) => DiskController::Sata,
        ("hyperv", _) | (_, Some(Vpc | Vhdx)) => DiskController::Ide,
        (it, _) if it.starts_with("vmware") => DiskController::Sata,
        // Made for QEMU: virtio, as the provider has it by itself.
        (_, None | Some(Qcow2 | Raw)) => return Devices::default(),
    };
    Devices {
        firmware: None,
        controller: Some(controller),
        network_cards: vec![NetworkCard {
            model: Some(CardModel::E1000),
            ..NetworkCard::default()
        }],
    }
}

fn firmware(firmware: boxes::Firmware) -> Firmware {
    match firmware {
        boxes::Firmware::Bios => Firmware::Bios,
        boxes::Firmware::Efi => Firmware::Efi,
    }
}

fn controller(controller: boxes::DiskController) -> DiskController {
    match controller {
        boxes::DiskController::Ide => DiskController::Ide,
        boxes::DiskController::Sata => DiskController::Sata,
        boxes::DiskController::LsiLogic => DiskController::LsiLogic,
        boxes::DiskController::LsiLogicSas => DiskController::LsiLogicSas,
        boxes::DiskController::BusLogic => DiskController::BusLogic,
        boxes::DiskController::ParavirtualScsi => DiskController::ParavirtualScsi,
        boxes::DiskController::VirtioScsi => DiskController::VirtioScsi,
        boxes::DiskController::Nvme => DiskController::Nvme,
    }
}

fn network_card(card: boxes::NetworkCard) -> NetworkCard {
    NetworkCard {
        model: card.model.map(|it| match it {
            boxes::CardModel::E1000 => CardModel::E1000,
            boxes::CardModel::E1000e => CardModel::E1000e,
            boxes::CardModel::PcNet => CardModel::PcNet,
            boxes::CardModel::Virtio => CardModel::Virtio,
            boxes::CardModel::Vmxnet3 => CardModel::Vmxnet3,
        }),
        mac_address: card.mac_address,
        place: card.place.map(|it| match it {
            boxes::CardPlace::Device(number) => CardPlace::Device(number),
            boxes::CardPlace::Slot(number) => CardPlace::Slot(number),
        }),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(provider: &str, hardware: boxes::Hardware, bare_disk: Option<boxes::DiskFormat>, expected: Expect) {
        let Devices {
            firmware,
            controller,
            network_cards,
        } = BoxHardware::read(provider, hardware, bare_disk).devices;
        let cards: Vec<String> = network_cards
            .iter()
            .map(|it| format!("{:?} {:?} {:?}", it.model, it.mac_address, it.place))
            .collect();
        expected.assert_eq(&format!("{firmware:?} {controller:?} [{}]", cards.join(", ")));
    }

    #[test]
    fn a_box_that_says_what_it_ran_on_gets_it() {
        let card = boxes::NetworkCard {
            model: None,
            mac_address: Some("080027A1B2C3".to_owned()),
            place: Some(boxes::CardPlace::Device(3)),
        };
        let mut hardware = boxes::Hardware::default();
        hardware.firmware = Some(boxes::Firmware::Efi);
        hardware.controller = Some(boxes::DiskController::Nvme);
        hardware.network_cards = vec![card];
        check(
            "virtualbox",
            hardware,
            None,
            expect![[r#"Some(Efi) Some(Nvme) [Some(E1000) Some("080027A1B2C3") Some(Device(3))]"#]],
        );
    }

    #[test]
    fn a_box_that_does_not_say_gets_what_such_guests_know() {
        let nothing = boxes::Hardware::default;
        check("libvirt", nothing(), None, expect!["None None []"]);
        check(
            "vmware_desktop",
            nothing(),
            None,
            expect!["None Some(Sata) [Some(E1000) None None]"],
        );
        check(
            "hyperv",
            nothing(),
            None,
            expect!["None Some(Ide) [Some(E1000) None None]"],
        );
        check(
            "qemu",
            nothing(),
            Some(boxes::DiskFormat::Vdi),
            expect!["None Some(Sata) [Some(E1000) None None]"],
        );
        check("qemu", nothing(), Some(boxes::DiskFormat::Raw), expect!["None None []"]);
    }
}

//! Disks, network cards and the screen as QEMU's devices, made by pure code.
//!
//! What the Vagrantfile says wins over what the box was made with, and that over what suits most guests.

use uuid::Uuid;

use super::architecture::Architecture;
use super::arguments::NETWORK;
use crate::{CardModel, CardPlace, DiskController, Drive, Error, MachineSpec, NetworkCard, QemuOptions, Result};

/// The device of the first bus at which Packer and VirtualBox have the first network card of a PC.
const FIRST_CARD: u8 = 3;
/// Where the cards after it are, from the second on: as VirtualBox has them.
const FURTHER_CARDS: usize = 8;

/// The slots of the old PC's bus that no part of its own is in.
const FREE_SLOTS: std::ops::RangeInclusive<u16> = 3..=31;

/// What PC is emulated, as far as devices are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Board {
    /// The old one, with one PCI bus.
    Pc,
    /// The newer one, with PCI Express.
    Q35,
    /// Another one.
    Other,
}

/// Drives, with what lies in them.
#[derive(Default)]
pub(super) struct Drives {
    /// The names of the media in QEMU, in the order of the spec.
    pub(super) nodes: Vec<String>,
    pub(super) devices: Vec<String>,
}

/// The devices of a machine.
pub(super) struct Devices<'a> {
    claim: Uuid,
    spec: &'a MachineSpec,
    architecture: Architecture,
    bus: &'a str,
    machine: String,
    board: Board,
}

impl<'a> Devices<'a> {
    pub(super) fn of(spec: &'a MachineSpec, architecture: Architecture, claim: Uuid) -> Self {
        let bus = disk_bus(spec, architecture);
        let machine = machine(spec, architecture, bus);
        Self {
            claim,
            spec,
            architecture,
            bus,
            board: board(&machine),
            machine,
        }
    }

    /// QEMU's machine, with its settings.
    pub(super) fn machine(&self) -> &str {
        &self.machine
    }

    /// Settings of devices that the machine itself has: which of its buses give a card the number of a slot.
    pub(super) fn globals(&self) -> Option<&'static str> {
        let cards = &self.spec.devices.network_cards;
        let in_slots = cards.iter().any(|it| matches!(it.place, Some(CardPlace::Slot(_))));
        let on_the_bus = cards.iter().any(|it| matches!(it.place, Some(CardPlace::Device(_))));
        match self.board {
            // With slots of the bus itself, the guest would call a card after its slot.
            Board::Pc if on_the_bus => Some("PIIX4_PM.acpi-root-pci-hotplug=off"),
            // ACPI would number the slots otherwise than the ports themselves do.
            Board::Q35 if in_slots => Some("ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"),
            _ => None,
        }
    }

    /// The networks: the first one has a way out and the forwards, the others lead nowhere.
    pub(super) fn networks(&self) -> Vec<String> {
        // IPv6 is off, as in Vagrant's NAT: with it a guest believes in a way out that most hosts do not have.
        let mut first = format!("user,id={NETWORK},ipv6=off");
        if let Some(extra) = &self.spec.qemu.extra_netdev_arguments {
            first = format!("{first},{extra}");
        }
        let further = (1..self.cards().len())
            .map(|it| format!("user,id={},ipv6=off,restrict=on,net=10.0.{}.0/24", network(it), 2 + it));
        std::iter::once(first).chain(further).collect()
    }

    /// The network cards, with the ports that those in slots are in.
    pub(super) fn network_cards(&self) -> Result<Vec<String>> {
        let mut devices = Vec::new();
        let cards = self.cards();
        let are_placeless = cards.iter().all(|(it, _)| it.place.is_none()) && cards.len() <= FURTHER_CARDS;
        for (number, (card, own_model)) in cards.iter().enumerate() {
            let standard = format!("virtio-net-{}", self.architecture.virtio_bus);
            let model = own_model.or(card.model.map(card_model)).unwrap_or(&standard);
            let mut device = format!(
                "{model},netdev={},mac={}",
                network(number),
                self.mac_address(card, number)?
            );
            if is_pci_card(model) {
                // No boot over the network, so no ROM that would ask for it first.
                device.push_str(",romfile=");
                match (self.board, card.place) {
                    (Board::Q35, Some(CardPlace::Slot(slot))) => {
                        devices.push(format!("pcie-root-port,id=slot{slot},chassis={slot},slot={slot}"));
                        device.push_str(&format!(",bus=slot{slot}"));
                    }
                    (Board::Pc, Some(CardPlace::Slot(slot))) if FREE_SLOTS.contains(&slot) => {
                        device.push_str(&format!(",addr={slot:#x}"));
                    }
                    (Board::Pc | Board::Q35, Some(CardPlace::Device(place))) => {
                        device.push_str(&format!(",addr={place:#x}"));
                    }
                    (Board::Pc, _) if number == 0 => device.push_str(&format!(",addr={FIRST_CARD:#x}")),
                    // QEMU would take the first free place, which comes before that of the first card.
                    (Board::Pc, None) if are_placeless => {
                        device.push_str(&format!(",addr={:#x}", FURTHER_CARDS + number - 1));
                    }
                    _ => {}
                }
            }
            devices.push(device);
        }
        Ok(devices)
    }

    /// The cards with the models that the Vagrantfile gives them: those of the box, at least one, and further ones.
    fn cards(&self) -> Vec<(NetworkCard, Option<&str>)> {
        let mut cards: Vec<(NetworkCard, Option<&str>)> = self
            .spec
            .devices
            .network_cards
            .iter()
            .map(|it| (it.clone(), None))
            .collect();
        if cards.is_empty() {
            cards.push((NetworkCard::default(), None));
        }
        cards[0].1 = self.spec.qemu.net_device.as_deref();
        let further = self.spec.qemu.further_net_devices.iter();
        cards.extend(further.map(|it| (NetworkCard::default(), Some(it.as_str()))));
        cards
    }

    /// The card's own address, or one of QEMU's range which stays the same for this machine.
    fn mac_address(&self, card: &NetworkCard, number: usize) -> Result<String> {
        let simple = self.claim.simple().to_string();
        let digits = match &card.mac_address {
            Some(stated) => stated.chars().filter(|it| !matches!(it, ':' | '-')).collect(),
            None if number == 0 => format!("525400{}", &simple[..6]),
            None => format!("525400{}{number:02x}", &simple[..4]),
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

    /// The disks, on the machine's bus: the controller, where the machine has none, and a disk for every node.
    pub(super) fn disks(&self, nodes: &[String]) -> Result<Vec<String>> {
        let virtio = self.architecture.virtio_bus;
        let controller = match self.bus {
            "scsi" | "virtio-scsi" => Some(format!("virtio-scsi-{virtio}")),
            "sata" | "ahci" => Some("ahci".to_owned()),
            "pvscsi" => Some("pvscsi".to_owned()),
            "lsisas1068" | "mptsas1068" => Some("mptsas1068".to_owned()),
            "usb" => Some("qemu-xhci".to_owned()),
            _ => None,
        };
        let mut devices: Vec<String> = controller.into_iter().map(|it| format!("{it},id=disks")).collect();
        for (number, node) in nodes.iter().enumerate() {
            let first = if number == 0 { ",bootindex=0" } else { "" };
            devices.push(format!("{},drive={node}{first}", self.disk(number, node)?));
        }
        Ok(devices)
    }

    fn disk(&self, number: usize, node: &str) -> Result<String> {
        const IDE_PLACES: usize = 4;
        Ok(match self.bus {
            "virtio" => format!("virtio-blk-{}", self.architecture.virtio_bus),
            "scsi" | "virtio-scsi" | "pvscsi" | "lsisas1068" | "mptsas1068" => "scsi-hd,bus=disks.0".to_owned(),
            "sata" | "ahci" => format!("ide-hd,bus=disks.{number}"),
            "ide" if self.board == Board::Q35 => format!("ide-hd,bus=ide.{number}"),
            "ide" if self.architecture.is_pc() && number < IDE_PLACES => {
                format!("ide-hd,bus=ide.{},unit={}", number / 2, number % 2)
            }
            "ide" if self.architecture.is_pc() => {
                return Err(Error::Unsupported {
                    what: format!("IDE has {IDE_PLACES} places, and this machine has more disks"),
                });
            }
            "nvme" => format!("nvme,serial={node}"),
            "usb" => "usb-storage,bus=disks.0".to_owned(),
            other => {
                return Err(Error::Unsupported {
                    what: format!(
                        "the disk bus `{other}` is not one that a {} machine has: choose virtio, scsi, sata, {}nvme, pvscsi, \
                         lsisas1068 or usb",
                        self.architecture.name,
                        if self.architecture.is_pc() { "ide, " } else { "" }
                    ),
                });
            }
        })
    }

    /// The drives of a machine that has so many disks.
    pub(super) fn drives(&self, disks: usize) -> Result<Drives> {
        let mut drives = Drives::default();
        let count = |drive| self.spec.media.iter().filter(|it| it.drive == drive).count();
        let mut places = self
            .places_of_dvds(disks, count(Drive::Dvd), &mut drives.devices)?
            .into_iter();
        self.prepare_floppies(count(Drive::Floppy), &mut drives.devices)?;
        let mut floppies = 0;
        for medium in &self.spec.media {
            let (node, device) = match medium.drive {
                Drive::Dvd => (
                    format!("dvd{}", drives.nodes.len() + 1),
                    places.next().unwrap_or_default(),
                ),
                Drive::Floppy => {
                    floppies += 1;
                    (format!("floppy{floppies}"), format!("floppy,unit={}", floppies - 1))
                }
            };
            drives.devices.push(format!("{device},drive={node}"));
            drives.nodes.push(node);
        }
        Ok(drives)
    }

    /// What DVDs are attached to: the places of a PC's own controller that its disks leave, the usual one first; else one that is
    /// made for them.
    fn places_of_dvds(&self, disks: usize, count: usize, devices: &mut Vec<String>) -> Result<Vec<String>> {
        let taken = if self.bus == "ide" { disks } else { 0 };
        let places: Vec<String> = match self.board {
            Board::Pc => [2, 3, 1, 0]
                .into_iter()
                .filter(|it| *it >= taken)
                .map(|it| format!("ide-cd,bus=ide.{},unit={}", it / 2, it % 2))
                .collect(),
            Board::Q35 => (taken..6).map(|it| format!("ide-cd,bus=ide.{it}")).collect(),
            Board::Other => vec!["scsi-cd,bus=dvds.0".to_owned(); count],
        };
        if self.board == Board::Other && count > 0 {
            devices.push(format!("virtio-scsi-{},id=dvds", self.architecture.virtio_bus));
        }
        if places.len() < count {
            return Err(Error::Unsupported {
                what: format!(
                    "the machine has places for {} DVDs, and is to have {count}",
                    places.len()
                ),
            });
        }
        Ok(places)
    }

    fn prepare_floppies(&self, count: usize, devices: &mut Vec<String>) -> Result<()> {
        const LIMIT: usize = 2;
        let limit = if self.architecture.is_pc() { LIMIT } else { 0 };
        if count > limit {
            return Err(Error::Unsupported {
                what: format!(
                    "machines of the architecture {} have {limit} floppy drives, and this one is to have {count}",
                    self.architecture.name
                ),
            });
        }
        if count > 0 && self.board != Board::Pc {
            devices.push("isa-fdc".to_owned());
        }
        Ok(())
    }

    /// The graphics card and what a person at a screen needs; nothing for a machine without one.
    pub(super) fn screen(&self) -> Vec<String> {
        let devices: &[&str] = match (self.spec.qemu.display, self.board) {
            (None, _) => &[],
            // Where a PC has it, so that all other devices are where they are without a screen.
            (Some(_), Board::Pc) => &["VGA,addr=0x2"],
            (Some(_), Board::Q35) => &["VGA"],
            (Some(_), Board::Other) => &["virtio-gpu-pci", "qemu-xhci,id=usb", "usb-kbd,bus=usb.0"],
        };
        devices.iter().map(|it| (*it).to_owned()).collect()
    }
}

/// What to tell of a controller that QEMU has no twin of.
pub(super) fn notice_of_controller(spec: &MachineSpec) -> Option<String> {
    let name = match spec.devices.controller.filter(|_| spec.qemu.disk_bus.is_none())? {
        DiskController::LsiLogic => "LSI Logic",
        // QEMU has one, but Linux finds no disks at it.
        DiskController::LsiLogicSas => "working LSI Logic SAS",
        DiskController::BusLogic => "BusLogic",
        _ => return None,
    };
    Some(format!(
        "QEMU has no {name} controller, which the box was made with: its disk is attached to SATA (`disk_bus` chooses another)"
    ))
}

/// The bus that the Vagrantfile names, else the one that the box was made with, else virtio.
fn disk_bus(spec: &MachineSpec, architecture: Architecture) -> &str {
    if let Some(bus) = spec.qemu.disk_bus.as_deref() {
        return bus;
    }
    match spec.devices.controller {
        None => "virtio",
        Some(DiskController::Ide) if architecture.is_pc() => "ide",
        Some(DiskController::ParavirtualScsi) => "pvscsi",
        Some(DiskController::VirtioScsi) => "scsi",
        Some(DiskController::Nvme) => "nvme",
        // What QEMU has not, or not so that guests start from it, is SATA, for which no guest is without a driver.
        Some(
            DiskController::Ide
            | DiskController::Sata
            | DiskController::LsiLogic
            | DiskController::LsiLogicSas
            | DiskController::BusLogic,
        ) => "sata",
    }
}

/// The machine that the Vagrantfile names, else the architecture's own; a PC whose cards are in slots that only PCI Express
/// has is a newer one. `accel=` is left out, which QEMU takes no more beside `-accel`.
fn machine(spec: &MachineSpec, architecture: Architecture, bus: &str) -> String {
    if let Some(chosen) = &spec.qemu.machine {
        let settings: Vec<&str> = chosen.split(',').filter(|it| !it.starts_with("accel=")).collect();
        return settings.join(",");
    }
    let high = |it: &NetworkCard| matches!(it.place, Some(CardPlace::Slot(slot)) if !FREE_SLOTS.contains(&slot));
    if architecture.is_pc() && bus != "ide" && spec.devices.network_cards.iter().any(high) {
        return "q35".to_owned();
    }
    architecture.machine.to_owned()
}

fn board(machine: &str) -> Board {
    match machine.split(',').next().unwrap_or_default() {
        it if it == "pc" || it.starts_with("pc-i440fx") => Board::Pc,
        it if it == "q35" || it.starts_with("pc-q35") => Board::Q35,
        _ => Board::Other,
    }
}

fn network(number: usize) -> String {
    match number {
        0 => NETWORK.to_owned(),
        _ => format!("{NETWORK}{}", number + 1),
    }
}

fn card_model(model: CardModel) -> &'static str {
    match model {
        CardModel::E1000 => "e1000",
        CardModel::E1000e => "e1000e",
        CardModel::PcNet => "pcnet",
        CardModel::Virtio => "virtio-net-pci",
        CardModel::Vmxnet3 => "vmxnet3",
    }
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

/// Whether there are devices for what the Vagrantfile and the box name.
pub(super) fn check(spec: &MachineSpec, architecture: Architecture) -> Result<()> {
    let devices = Devices::of(spec, architecture, Uuid::nil());
    let names: Vec<String> = (0..spec.disks.len()).map(|it| it.to_string()).collect();
    devices.disks(&names)?;
    devices.drives(spec.disks.len() + spec.empty_disks.len() + usize::from(spec.seed.is_some()))?;
    devices.network_cards().map(drop)
}

/// The disk's bus and the model of the first network card, where they are not what any machine has.
pub fn hardware_names(spec: &MachineSpec) -> (Option<String>, Option<String>) {
    let Ok(architecture) = Architecture::named(&spec.architecture) else {
        return (None, None);
    };
    let bus = disk_bus(spec, architecture);
    let of_box = spec
        .devices
        .network_cards
        .first()
        .and_then(|it| it.model)
        .map(card_model);
    let card = spec.qemu.net_device.as_deref().or(of_box);
    (
        Some(bus).filter(|it| *it != "virtio").map(str::to_owned),
        card.filter(|it| *it != "virtio-net-pci").map(str::to_owned),
    )
}

/// How the screen is shown, as `-display` takes it.
pub(super) fn display(options: &QemuOptions) -> &'static str {
    use crate::Display;
    match options.display {
        None => "none",
        Some(Display::Gtk) => "gtk",
        Some(Display::Sdl) => "sdl",
        Some(Display::Cocoa) => "cocoa",
        // A password would be asked for by every client, and whoever can connect is on this computer.
        Some(Display::Vnc) => "vnc=127.0.0.1:0,to=99",
    }
}

//! OVF: items of hardware by number, and in VirtualBox's own files the machine once more in VirtualBox's words, which say more.

use super::xml::Element;
use super::{CardModel, CardPlace, DiskController, Firmware, Hardware, NetworkCard, Problem, mac_address};

/// Kinds of items, by the numbers that the standard gives them.
const PROCESSOR: &str = "3";
const MEMORY: &str = "4";
const IDE: &str = "5";
const SCSI: &str = "6";
const ETHERNET: &str = "10";
const DISK: &str = "17";
const OTHER_STORAGE: &str = "20";

/// Where VirtualBox puts the network cards, by their slots: the devices of its first bus.
const VIRTUALBOX_PLACES: [u8; 8] = [3, 8, 9, 10, 16, 17, 18, 19];

/// What a description says.
pub(super) fn parse(bytes: &[u8]) -> Result<Hardware, Problem> {
    let envelope = Element::parse(bytes)?;
    let items = Items {
        envelope: &envelope,
        items: envelope.all("Item"),
    };
    let standard = items.hardware();
    let own = envelope
        .all("Machine")
        .first()
        .map(|it| of_machine(it))
        .unwrap_or_default();
    Ok(Hardware {
        memory_mib: own.memory_mib.or(standard.memory_mib),
        cpus: own.cpus.or(standard.cpus),
        firmware: own.firmware,
        controller: own.controller.or(standard.controller),
        network_cards: if own.network_cards.is_empty() {
            standard.network_cards
        } else {
            own.network_cards
        },
        disks: standard.disks,
    })
}

struct Items<'a> {
    envelope: &'a Element,
    items: Vec<&'a Element>,
}

impl Items<'_> {
    fn hardware(&self) -> Hardware {
        let disks = self.disks();
        let first = disks.first().and_then(|it| it.text_of("Parent"));
        let controller = first.and_then(|id| self.items.iter().find(|it| it.text_of("InstanceID") == Some(id)));
        let mut cards: Vec<&Element> = self.of_kind(ETHERNET).collect();
        cards.sort_by_key(|it| number(it, "AddressOnParent"));
        Hardware {
            memory_mib: self.of_kind(MEMORY).next().and_then(memory),
            cpus: self
                .of_kind(PROCESSOR)
                .next()
                .and_then(|it| it.text_of("VirtualQuantity")?.parse().ok()),
            firmware: None,
            controller: controller.and_then(|it| of_controller(it)),
            network_cards: cards.into_iter().map(network_card).collect(),
            disks: disks.iter().filter_map(|it| self.file(it)).collect(),
        }
    }

    fn of_kind(&self, kind: &'static str) -> impl Iterator<Item = &Element> {
        self.items
            .iter()
            .copied()
            .filter(move |it| it.text_of("ResourceType") == Some(kind))
    }

    /// The disks in the order of their controllers and of their places there.
    fn disks(&self) -> Vec<&Element> {
        let mut disks: Vec<&Element> = self.of_kind(DISK).collect();
        disks.sort_by_key(|it| (number(it, "Parent"), number(it, "AddressOnParent")));
        disks
    }

    /// The file of a disk: `/disk/ID` names a disk, which names a file, which has a place.
    fn file(&self, disk: &Element) -> Option<String> {
        let id = disk.text_of("HostResource")?.rsplit('/').next()?;
        let disk = self.with_attribute("Disk", "diskId", id)?;
        let file = self.with_attribute("File", "id", disk.attribute("fileRef")?)?;
        file.attribute("href").map(str::to_owned)
    }

    fn with_attribute(&self, name: &str, attribute: &str, value: &str) -> Option<&Element> {
        self.envelope
            .all(name)
            .into_iter()
            .find(|it| it.attribute(attribute) == Some(value))
    }
}

fn number(item: &Element, name: &str) -> u64 {
    item.text_of(name).and_then(|it| it.parse().ok()).unwrap_or(u64::MAX)
}

/// Memory in MiB; the unit is `MegaBytes`, or a power: `byte * 2^20`.
fn memory(item: &Element) -> Option<u64> {
    let quantity: u64 = item.text_of("VirtualQuantity")?.parse().ok()?;
    let unit = item.text_of("AllocationUnits").unwrap_or_default().to_ascii_lowercase();
    let power = match unit.rsplit_once("2^") {
        Some((_, power)) => power.trim().parse().ok()?,
        None if unit.starts_with("giga") => 30,
        None if unit.starts_with("kilo") => 10,
        None if unit.starts_with("byte") => 0,
        None => 20,
    };
    Some(quantity.checked_mul(1u64.checked_shl(power)?)? >> 20)
}

fn of_controller(item: &Element) -> Option<DiskController> {
    let model = item.text_of("ResourceSubType").unwrap_or_default().to_ascii_lowercase();
    match item.text_of("ResourceType")? {
        IDE => Some(DiskController::Ide),
        SCSI | OTHER_STORAGE => Some(match model.as_str() {
            "lsilogicsas" => DiskController::LsiLogicSas,
            "buslogic" => DiskController::BusLogic,
            "virtualscsi" => DiskController::ParavirtualScsi,
            it if it.starts_with("virtio") => DiskController::VirtioScsi,
            it if it.contains("nvme") => DiskController::Nvme,
            it if it.contains("ahci") || it.contains("sata") => DiskController::Sata,
            it if it.starts_with("lsilogic") => DiskController::LsiLogic,
            _ => return None,
        }),
        _ => None,
    }
}

fn network_card(item: &Element) -> NetworkCard {
    NetworkCard {
        model: item.text_of("ResourceSubType").and_then(card_model),
        mac_address: item.text_of("Address").and_then(mac_address),
        place: None,
    }
}

fn card_model(model: &str) -> Option<CardModel> {
    match model.to_ascii_lowercase().as_str() {
        "e1000" | "82540em" | "82545em" | "82543gc" => Some(CardModel::E1000),
        "e1000e" | "82574l" => Some(CardModel::E1000e),
        "pcnet32" | "am79c970a" | "am79c973" => Some(CardModel::PcNet),
        "virtio" | "virtio-net" => Some(CardModel::Virtio),
        "vmxnet3" => Some(CardModel::Vmxnet3),
        _ => None,
    }
}

/// VirtualBox's own description, which stands beside the standard's.
fn of_machine(machine: &Element) -> Hardware {
    let Some(hardware) = machine.child("Hardware") else {
        return Hardware::default();
    };
    let attribute = |element: &str, name: &str| hardware.child(element)?.attribute(name);
    let firmware = match attribute("Firmware", "type") {
        Some(it) if it.starts_with("EFI") => Firmware::Efi,
        // VirtualBox leaves out what is its default.
        _ => Firmware::Bios,
    };
    let adapters = hardware
        .child("Network")
        .map(|it| it.all("Adapter"))
        .unwrap_or_default();
    let slot = |it: &Element| {
        it.attribute("slot")
            .and_then(|it| it.parse().ok())
            .unwrap_or(usize::MAX)
    };
    let mut adapters: Vec<(usize, &Element)> = adapters
        .into_iter()
        .filter(|it| it.attribute("enabled") == Some("true"))
        .map(|it| (slot(it), it))
        .collect();
    adapters.sort_by_key(|(slot, _)| *slot);
    let controllers = machine.all("StorageController");
    let with_disk = |it: &&&Element| {
        it.all("AttachedDevice")
            .iter()
            .any(|it| it.attribute("type") == Some("HardDisk"))
    };
    Hardware {
        memory_mib: attribute("Memory", "RAMSize").and_then(|it| it.parse().ok()),
        cpus: hardware
            .child("CPU")
            .map(|it| it.attribute("count").and_then(|it| it.parse().ok()).unwrap_or(1)),
        firmware: Some(firmware),
        controller: controllers
            .iter()
            .find(with_disk)
            .and_then(|it| controller_of_machine(it.attribute("type")?)),
        network_cards: adapters.into_iter().map(|(slot, it)| adapter(slot, it)).collect(),
        disks: Vec::new(),
    }
}

fn adapter(slot: usize, adapter: &Element) -> NetworkCard {
    NetworkCard {
        // The default model is left out, where the adapter itself is not.
        model: adapter.attribute("type").and_then(card_model),
        mac_address: adapter.attribute("MACAddress").and_then(mac_address),
        place: VIRTUALBOX_PLACES.get(slot).map(|it| CardPlace::Device(*it)),
    }
}

fn controller_of_machine(model: &str) -> Option<DiskController> {
    match model {
        "PIIX3" | "PIIX4" | "ICH6" => Some(DiskController::Ide),
        "AHCI" => Some(DiskController::Sata),
        "LsiLogic" => Some(DiskController::LsiLogic),
        "LsiLogicSas" => Some(DiskController::LsiLogicSas),
        "BusLogic" => Some(DiskController::BusLogic),
        "VirtioSCSI" => Some(DiskController::VirtioScsi),
        "NVMe" => Some(DiskController::Nvme),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(description: &str, expected: Expect) {
        expected.assert_eq(&format!("{:?}", parse(description.as_bytes())));
    }

    #[test]
    fn what_virtualbox_exports_is_read() {
        check(
            include_str!("../../../fixtures/boxes/virtualbox.ovf"),
            expect![[
                r#"Ok(Hardware { memory_mib: Some(640), cpus: Some(2), firmware: Some(Efi), controller: Some(Sata), network_cards: [NetworkCard { model: Some(Virtio), mac_address: Some("080027A1B2C3"), place: Some(Device(3)) }], disks: ["demo-disk001.vmdk"] })"#
            ]],
        );
    }

    #[test]
    fn all_network_cards_are_read_with_their_places() {
        let hardware = parse(include_bytes!("../../../fixtures/boxes/small-virtualbox.ovf")).unwrap();
        expect![[r#"
            [
                NetworkCard {
                    model: Some(
                        E1000,
                    ),
                    mac_address: Some(
                        "080027B5A4C3",
                    ),
                    place: Some(
                        Device(
                            3,
                        ),
                    ),
                },
                NetworkCard {
                    model: Some(
                        Virtio,
                    ),
                    mac_address: Some(
                        "080027D1E2F3",
                    ),
                    place: Some(
                        Device(
                            8,
                        ),
                    ),
                },
            ]
        "#]]
        .assert_debug_eq(&hardware.network_cards);
    }

    #[test]
    fn what_others_export_is_read() {
        check(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <Envelope xmlns:ovf="o" xmlns:rasd="r">
              <References>
                <File ovf:href="data.vmdk" ovf:id="file2"/><File ovf:href="boot.vmdk" ovf:id="file1"/>
              </References>
              <DiskSection>
                <Disk ovf:diskId="d2" ovf:fileRef="file2"/><Disk ovf:diskId="d1" ovf:fileRef="file1"/>
              </DiskSection>
              <VirtualSystem><VirtualHardwareSection>
                <Item><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
                <Item><rasd:AllocationUnits>byte * 2^30</rasd:AllocationUnits><rasd:ResourceType>4</rasd:ResourceType>
                      <rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
                <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType>
                      <rasd:ResourceType>6</rasd:ResourceType></Item>
                <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d2</rasd:HostResource>
                      <rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
                <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d1</rasd:HostResource>
                      <rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
                <Item><rasd:Address>00:0c:29:aa:bb:cc</rasd:Address><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
                      <rasd:ResourceType>10</rasd:ResourceType></Item>
              </VirtualHardwareSection></VirtualSystem>
            </Envelope>"#,
            expect![[
                r#"Ok(Hardware { memory_mib: Some(2048), cpus: Some(2), firmware: None, controller: Some(ParavirtualScsi), network_cards: [NetworkCard { model: Some(Vmxnet3), mac_address: Some("000C29AABBCC"), place: None }], disks: ["boot.vmdk", "data.vmdk"] })"#
            ]],
        );
    }

    #[test]
    fn a_document_type_is_refused_whatever_it_defines() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Envelope>&b;</Envelope>"#;
        check(bomb, expect!["Err(Refused(DocumentType))"]);
    }

    #[test]
    fn what_is_no_xml_is_malformed() {
        check("<Envelope>", expect![[r#"Err(Malformed("ends too early"))"#]]);
        check(
            "<a></b>",
            expect![[
                r#"Err(Malformed("is not XML that can be read: ill-formed document: expected `</a>`, but `</b>` was found"))"#
            ]],
        );
        check("", expect![[r#"Err(Malformed("is empty"))"#]]);
        check(&"<a>".repeat(100), expect!["Err(Refused(NestedTooDeep(64)))"]);
    }
}

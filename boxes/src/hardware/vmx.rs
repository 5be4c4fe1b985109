//! VMX: a line for every setting, `KEY = "VALUE"`, whose keys are the same in upper and lower case.

use std::collections::HashMap;

use super::{CardModel, CardPlace, DiskController, Firmware, Hardware, NetworkCard, mac_address};

/// Where disks may be attached, in the order in which a machine tries to boot from them.
const BUSES: &[&str] = &["nvme", "scsi", "sata", "ide"];
const CONTROLLERS: u32 = 4;
const PLACES: u32 = 16;
const CARDS: u32 = 10;

/// What a description says.
pub(super) fn parse(text: &str) -> Hardware {
    let settings = Settings::parse(text);
    let disks = settings.disks();
    Hardware {
        memory_mib: settings.get("memsize").and_then(|it| it.parse().ok()),
        cpus: settings.get("numvcpus").map_or(Some(1), |it| it.parse().ok()),
        firmware: Some(match settings.get("firmware") {
            Some("efi") => Firmware::Efi,
            _ => Firmware::Bios,
        }),
        controller: disks
            .first()
            .and_then(|(controller, _)| settings.controller(controller)),
        network_cards: (0..CARDS).filter_map(|it| settings.network_card(it)).collect(),
        disks: disks.into_iter().map(|(_, file)| file).collect(),
    }
}

struct Settings(HashMap<String, String>);

impl Settings {
    fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .filter_map(|it| it.trim_start_matches('\u{feff}').split_once('='));
        let pair = |(key, value): (&str, &str)| {
            (
                key.trim().to_ascii_lowercase(),
                value.trim().trim_matches('"').to_owned(),
            )
        };
        Self(lines.map(pair).collect())
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Controllers with the files of the disks that are attached to them.
    fn disks(&self) -> Vec<(String, String)> {
        let controllers = BUSES
            .iter()
            .flat_map(|bus| (0..CONTROLLERS).map(move |it| format!("{bus}{it}")));
        let places = controllers
            .flat_map(|controller| (0..PLACES).map(move |place| (controller.clone(), format!("{controller}:{place}"))));
        places
            .filter_map(|(controller, place)| Some((controller, self.disk(&place)?)))
            .collect()
    }

    fn disk(&self, place: &str) -> Option<String> {
        let present = self
            .get(&format!("{place}.present"))
            .is_none_or(|it| it.eq_ignore_ascii_case("true"));
        let kind = self
            .get(&format!("{place}.devicetype"))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let file = self.get(&format!("{place}.filename"))?;
        let disk = file.to_ascii_lowercase().ends_with(".vmdk") && !kind.contains("cdrom");
        (present && disk).then(|| file.to_owned())
    }

    fn network_card(&self, number: u32) -> Option<NetworkCard> {
        let get = |key: &str| self.get(&format!("ethernet{number}.{key}"));
        let present = get("present").is_some_and(|it| it.eq_ignore_ascii_case("true"));
        present.then(|| NetworkCard {
            model: get("virtualdev").and_then(card_model),
            mac_address: ["address", "generatedaddress"]
                .into_iter()
                .find_map(|it| get(it).and_then(mac_address)),
            // VMware writes -1 where it has not decided yet.
            place: get("pcislotnumber")
                .and_then(|it| it.parse().ok())
                .filter(|it| *it > 0)
                .map(CardPlace::Slot),
        })
    }

    fn controller(&self, name: &str) -> Option<DiskController> {
        let model = self
            .get(&format!("{name}.virtualdev"))
            .unwrap_or_default()
            .to_ascii_lowercase();
        match name.trim_end_matches(|it: char| it.is_ascii_digit()) {
            "nvme" => Some(DiskController::Nvme),
            "sata" => Some(DiskController::Sata),
            "ide" => Some(DiskController::Ide),
            _ => match model.as_str() {
                "pvscsi" => Some(DiskController::ParavirtualScsi),
                "lsisas1068" => Some(DiskController::LsiLogicSas),
                "buslogic" => Some(DiskController::BusLogic),
                "lsilogic" | "" => Some(DiskController::LsiLogic),
                _ => None,
            },
        }
    }
}

fn card_model(model: &str) -> Option<CardModel> {
    match model.to_ascii_lowercase().as_str() {
        "e1000" => Some(CardModel::E1000),
        "e1000e" => Some(CardModel::E1000e),
        "vmxnet3" => Some(CardModel::Vmxnet3),
        "vlance" => Some(CardModel::PcNet),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(description: &str, expected: Expect) {
        expected.assert_eq(&format!("{:?}", parse(description)));
    }

    #[test]
    fn keys_are_the_same_in_upper_and_lower_case() {
        check(
            concat!(
                ".encoding = \"UTF-8\"\nMemSize = \"1024\"\nnumvcpus = \"2\"\nfirmware = \"efi\"\n",
                "scsi0.present = \"TRUE\"\nscsi0.virtualDev = \"pvscsi\"\n",
                "scsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"disk.vmdk\"\n",
                "scsi0:1.present = \"FALSE\"\nscsi0:1.fileName = \"other.vmdk\"\n",
                "sata0:0.deviceType = \"cdrom-image\"\nsata0:0.fileName = \"/isos/linux.iso\"\n",
                "ethernet0.present = \"TRUE\"\nethernet0.virtualDev = \"e1000e\"\nethernet0.pciSlotNumber = \"33\"\nethernet0.generatedAddress = \"00:0c:29:01:02:03\"\n",
            ),
            expect![[
                r#"Hardware { memory_mib: Some(1024), cpus: Some(2), firmware: Some(Efi), controller: Some(ParavirtualScsi), network_cards: [NetworkCard { model: Some(E1000e), mac_address: Some("000C29010203"), place: Some(Slot(33)) }], disks: ["disk.vmdk"] }"#
            ]],
        );
    }

    #[test]
    fn what_is_not_said_is_what_vmware_does_by_itself() {
        check(
            "ide0:0.fileName = \"a.vmdk\"\nide0:1.fileName = \"b.vmdk\"",
            expect![[
                r#"Hardware { memory_mib: None, cpus: Some(1), firmware: Some(Bios), controller: Some(Ide), network_cards: [], disks: ["a.vmdk", "b.vmdk"] }"#
            ]],
        );
    }
}

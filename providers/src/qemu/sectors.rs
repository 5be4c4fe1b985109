//! What the first sectors of a disk tell of the firmware that can boot it.
//!
//! A box that says nothing of its firmware is asked so: most images boot with both, and the few that are made for UEFI alone have
//! an EFI system partition and nothing that a BIOS could run.

use crate::Firmware;

/// The sectors that are looked at: the boot record, the header of the partition table, and its entries.
pub(super) const COUNT: usize = 34;

const SECTOR: usize = 512;
const BOOT_CODE: usize = 440;
const RECORDS: usize = 446;
const RECORD: usize = 16;
const ENTRY: usize = 128;
/// The kinds of partitions in a boot record.
const PROTECTIVE: u8 = 0xee;
const SYSTEM: u8 = 0xef;
const ACTIVE: u8 = 0x80;
/// The kinds of partitions in a table of GUIDs, as bytes of the disk.
const EFI_SYSTEM: [u8; 16] = *b"\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b";
const BIOS_BOOT: [u8; 16] = *b"Hah!IdontNeedEFI";
/// The attribute of a partition that a BIOS is to boot from.
const LEGACY_BOOT: u64 = 1 << 2;

/// What boots a disk that begins so: the BIOS, unless only UEFI can.
pub(super) fn firmware(sectors: &[u8]) -> Firmware {
    let bootable_by_bios = sectors.iter().take(BOOT_CODE).any(|it| *it != 0);
    let for_efi_alone = has_boot_record(sectors) && {
        let records = || {
            sectors
                .get(RECORDS..RECORDS + 4 * RECORD)
                .unwrap_or_default()
                .chunks(RECORD)
        };
        if records().any(|it| it.get(4) == Some(&PROTECTIVE)) {
            is_table_for_efi_alone(sectors, bootable_by_bios)
        } else {
            let active = records().any(|it| it.first() == Some(&ACTIVE));
            records().any(|it| it.get(4) == Some(&SYSTEM)) && !(active && bootable_by_bios)
        }
    };
    if for_efi_alone { Firmware::Efi } else { Firmware::Bios }
}

fn has_boot_record(sectors: &[u8]) -> bool {
    sectors.get(510..512) == Some(&[0x55, 0xaa])
}

fn is_table_for_efi_alone(sectors: &[u8], bootable_by_bios: bool) -> bool {
    let entries = || sectors.get(2 * SECTOR..).unwrap_or_default().chunks_exact(ENTRY);
    let is_kind = |entry: &[u8], kind: &[u8; 16]| entry.starts_with(kind);
    let attributes = |it: &[u8]| {
        let bytes = it.get(48..56).and_then(|it| it.try_into().ok());
        bytes.map_or(0, u64::from_le_bytes)
    };
    let for_bios = |it: &[u8]| is_kind(it, &BIOS_BOOT) || attributes(it) & LEGACY_BOOT != 0;
    entries().any(|it| is_kind(it, &EFI_SYSTEM)) && !(bootable_by_bios && entries().any(for_bios))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with such a boot code, such records and such a table of partitions with their attributes.
    fn disk(code: u8, records: &[(u8, u8)], entries: &[([u8; 16], u64)]) -> Vec<u8> {
        let mut disk = vec![0; COUNT * SECTOR];
        disk[0] = code;
        for (index, (flag, kind)) in records.iter().enumerate() {
            disk[RECORDS + index * RECORD] = *flag;
            disk[RECORDS + index * RECORD + 4] = *kind;
        }
        disk[510..512].copy_from_slice(&[0x55, 0xaa]);
        for (index, (kind, attributes)) in entries.iter().enumerate() {
            let start = 2 * SECTOR + index * ENTRY;
            disk[start..start + 16].copy_from_slice(kind);
            disk[start + 48..start + 56].copy_from_slice(&attributes.to_le_bytes());
        }
        disk
    }

    #[test]
    fn only_what_no_bios_can_boot_gets_uefi() {
        let table = [(0, PROTECTIVE)];
        let cases = [
            ("nothing", Vec::new(), Firmware::Bios),
            (
                "a boot record with an active partition",
                disk(0xfa, &[(ACTIVE, 0x83)], &[]),
                Firmware::Bios,
            ),
            (
                "an EFI system partition alone",
                disk(0, &table, &[(EFI_SYSTEM, 0)]),
                Firmware::Efi,
            ),
            (
                "both ways of GRUB",
                disk(0xeb, &table, &[(BIOS_BOOT, 0), (EFI_SYSTEM, 0)]),
                Firmware::Bios,
            ),
            (
                "syslinux beside EFI",
                disk(0x33, &table, &[(EFI_SYSTEM, LEGACY_BOOT)]),
                Firmware::Bios,
            ),
            ("Windows on UEFI", disk(0x33, &table, &[(EFI_SYSTEM, 0)]), Firmware::Efi),
            ("a stick for UEFI", disk(0, &[(ACTIVE, SYSTEM)], &[]), Firmware::Efi),
            (
                "a table without a system partition",
                disk(0xeb, &table, &[(BIOS_BOOT, 0)]),
                Firmware::Bios,
            ),
        ];
        for (what, disk, expected) in cases {
            assert_eq!(firmware(&disk), expected, "{what}");
        }
    }
}

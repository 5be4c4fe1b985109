//! Boxes that nobody would make: good ones with bytes turned, cut out, doubled and put in; and the same with their texts.
//!
//! Input number N is always the same bytes. The suite reads a few hundred; `JAUNT_FUZZ_INPUTS=1000000` reads more, from
//! `JAUNT_FUZZ_FIRST` on.

use std::fs;

use boxes::{Catalog, LockFile, Metadata, Version, VersionConstraints};

use crate::archive::{Tar, gzip, xz, zip, zstandard};
use crate::disks;
use crate::world::World;

const METADATA: &[u8] =
    br#"{"provider":"libvirt","format":"qcow2","virtual_size":1,"architecture":"amd64","disks":[{"path":"box.img"}]}"#;
const CATALOG: &[u8] =
    br#"{"name":"a/b","versions":[{"version":"1.0","providers":[{"name":"qemu","url":"x.box","checksum_type":
"sha256","checksum":"00","architecture":"arm64","default_architecture":true}]},{"version":"2.0.pre","providers":[]}]}"#;
const LOCK: &[u8] =
    b"version = 1\n[[box]]\nname = \"a/b\"\nprovider = \"qemu\"\nversion = \"1\"\nsha256 = \"00\"\nsource = \"x\"\n";
const VMX: &[u8] = b"memsize = \"384\"\nscsi0:0.fileName = \"d.vmdk\"\nethernet0.present = \"TRUE\"\nethernet0.pciSlotNumber = \"160\"\n";
const OVF: &[u8] = include_bytes!("../../../fixtures/boxes/virtualbox.ovf");

/// Numbers that follow from a seed (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % limit.max(1)
    }
}

fn inputs() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let first = number("JAUNT_FUZZ_FIRST").unwrap_or(0);
    first..first + number("JAUNT_FUZZ_INPUTS").unwrap_or(300)
}

/// The input of a number: one of these, changed in a few places.
fn input(number: u64, good: &[Vec<u8>]) -> Vec<u8> {
    let mut chance = Chance(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut bytes = good[chance.below(good.len())].clone();
    for _ in 0..1 + chance.below(6) {
        change(&mut bytes, &mut chance);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, chance: &mut Chance) {
    const TELLING: [&[u8]; 8] = [
        b"../",
        b"/",
        b"\0",
        b"\xff\xff\xff\xff",
        b"99999999999",
        b"\"",
        b"\\",
        b"-1",
    ];
    let place = chance.below(bytes.len());
    // Headers are where most is decided.
    let place = if chance.below(2) == 0 { place % 1600 } else { place }.min(bytes.len());
    let end = (place + 1 + chance.below(64)).min(bytes.len());
    match chance.below(6) {
        0 => bytes.truncate(place),
        1 => drop(bytes.drain(place..end)),
        2 => {
            let part = bytes[place..end].to_vec();
            let to = chance.below(bytes.len());
            bytes.splice(to..to, part);
        }
        3 => {
            let word = TELLING[chance.below(TELLING.len())];
            let end = (place + word.len()).min(bytes.len());
            bytes.splice(place..end, word.iter().copied());
        }
        _ => {
            for byte in &mut bytes[place..end.min(place + 3)] {
                *byte = chance.below(256) as u8;
            }
        }
    }
}

fn box_files() -> Vec<Vec<u8>> {
    let tar = Tar::of_libvirt()
        .file("Vagrantfile", b"# none")
        .symbolic_link("link", "box.img")
        .hard_link("again", "Vagrantfile")
        .folder("include")
        .end();
    let described = |name: &str, text: &[u8]| {
        let disk = disks::vmdk_sparse(b"# Disk DescriptorFile");
        Tar::new().file(name, text).file("d.vmdk", &disk).end()
    };
    let sparse = Tar::new().pax(&[("GNU.sparse.map", "0,1,9,1"), ("GNU.sparse.size", "10")]);
    vec![
        gzip(&tar),
        xz(&tar),
        zstandard(&tar),
        zip(&[("metadata.json", METADATA), ("box.img", &disks::qcow2())]),
        described("box.ovf", OVF),
        described("box.vmx", VMX),
        sparse.file("box.img", b"ab").end(),
        disks::qcow2_with_backing("/etc/passwd"),
        disks::vmdk_text(&["RW 10 FLAT \"/etc/passwd\" 0"]),
        disks::vdi(1),
        disks::vhd(3),
        disks::vhdx(0),
        tar,
    ]
}

#[test]
fn any_bytes_are_a_box_or_an_error_and_an_error_leaves_nothing() {
    let good = box_files();
    let world = World::new();
    let home = world.path("boxes");
    for number in inputs() {
        let bytes = input(number, &good);
        match world.import(&bytes) {
            Ok(installed) => {
                let _ = installed.disks();
                let _ = installed.hardware();
                fs::remove_dir_all(home.join("a-VAGRANTSLASH-b")).unwrap();
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let left: Vec<_> = fs::read_dir(&home).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, [".jaunt"], "input {number}");
        let staging = fs::read_dir(home.join(".jaunt")).unwrap().count();
        assert_eq!(staging, 1, "input {number} leaves what was unpacked");
        let beside = fs::read_dir(world.path("")).unwrap().count();
        assert_eq!(beside, 1, "input {number} wrote beside the store");
    }
}

#[test]
fn any_text_is_metadata_a_catalog_a_lock_a_version_or_an_error() {
    let version = b">= 1.2.3.rc1, < 2, ~> 1.4, != 1.9".to_vec();
    let good = [METADATA.to_vec(), CATALOG.to_vec(), LOCK.to_vec(), version];
    for number in inputs() {
        let bytes = input(number, &good);
        let _ = Metadata::parse(&bytes);
        let _ = Catalog::parse(&bytes, "https://example.com/catalog.json");
        let text = String::from_utf8_lossy(&bytes);
        let _ = LockFile::parse(&text);
        let constraints = text.parse::<VersionConstraints>();
        let versions: Vec<Version> = text.split([',', ' ', '"']).filter_map(Version::parse).collect();
        for version in &versions {
            let _ = constraints.as_ref().map(|it| it.allow(version));
            let _ = versions.iter().max().cmp(&Some(version));
        }
    }
}

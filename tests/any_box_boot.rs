//! One guest's disk as a box of every kind, each booted to a prompt: the guest finds the hardware that the box was made for.
//!
//! The description of the VirtualBox box is what the real VBoxManage 7.2 exported of a machine with this guest's disk
//! (`fixtures/boxes/small-virtualbox.ovf`); its disk is made here, in the format that VBoxManage exports, so that the suite needs no
//! VirtualBox. The other descriptions are of the form that Packer's builders leave.

#![cfg(test)]

mod support;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect};
use support::World;

const OVF: &str = include_str!("../fixtures/boxes/small-virtualbox.ovf");

/// What the guest says of its first disk, its network cards and its firmware.
const LOOK: &str = r#"
disk=$(ls -d /sys/block/vda /sys/block/sda /sys/block/nvme0n1 2>/dev/null | head -n 1)
driver() { for it in "$1"/driver "$1"/../driver "$1"/../../driver; do [ -e "$it" ] && basename "$(readlink -f "$it")" && return; done; }
place=$(readlink -f "$disk/device")
while [ "$place" != / ] && ! [ -e "$place/driver" -a -e "$place/vendor" -a -e "$place/class" ]; do place=$(dirname "$place"); done
echo "disk: ${disk##*/} by $(basename "$(readlink -f "$place/driver")")"
for card in /sys/class/net/eth*; do
    device=$(readlink -f "$card/device")
    case $device in */virtio*) device=$(dirname "$device") ;; esac
    slot=$(grep -l "$(basename "$device" | sed 's/\..*//')" /sys/bus/pci/slots/*/address 2>/dev/null | head -n 1 | xargs -r dirname | xargs -r basename)
    echo "card: $(basename "$(readlink -f "$device/driver")") at ${device##*/}, slot ${slot:-none}, $(cat "$card/address")"
done
[ -d /sys/firmware/efi ] && echo "firmware: UEFI" || echo "firmware: BIOS"
echo "memory: $(awk '/MemTotal/ { print int(($2 / 1024 + 90) / 64) * 64 }' /proc/meminfo) MiB, cpus: $(nproc)"
"#;

/// A folder that becomes a box file.
struct BoxFolder {
    world: World,
    path: PathBuf,
}

impl BoxFolder {
    fn new() -> Self {
        let world = World::new();
        let path = world.project().with_file_name("box");
        fs::create_dir(&path).unwrap();
        Self { world, path }
    }

    fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.place(name), content).unwrap();
        self
    }

    /// The guest's disk in one of QEMU's formats, by `qemu-img convert` with these arguments.
    fn disk(self, name: &str, arguments: &[&str]) -> Self {
        convert(arguments, &self.place(name));
        self
    }

    fn place(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Packs the box, adds it, and brings a machine of it up.
    fn check(self, expected: Expect) {
        let file = self.path.with_extension("box");
        let packed = Command::new("tar")
            .arg("-C")
            .arg(&self.path)
            .arg("-cf")
            .arg(&file)
            .arg(".")
            .status();
        assert!(packed.unwrap().success());
        check(&self.world, &file, "", expected);
    }
}

/// Adds a box file and brings a machine of it up; compares what the guest finds, and returns what `up` said.
fn check(world: &World, file: &Path, settings: &str, expected: Expect) -> String {
    world.run(["box", "add", "any", file.to_str().unwrap()]).success();
    let text = format!(
        "Vagrant.configure(\"2\") do |config|\n  config.vm.box = \"any\"\n  config.vm.boot_timeout = 240\n  \
         config.vm.synced_folder \".\", \"/vagrant\", disabled: true\n{settings}end\n"
    );
    world.write("Vagrantfile", &text);
    let up = world.run(["up"]).success();

    let seen = world.run(["ssh", "-c", LOOK]).success().stdout;

    expected.assert_eq(&without_own_addresses(&seen));
    up.stdout
}

/// Cards that no box gave an address have one of the machine's.
fn without_own_addresses(text: &str) -> String {
    let lines = text.lines().map(|it| {
        it.split_once("52:54:00:")
            .map_or(it.to_owned(), |(it, _)| format!("{it}52:54:00:.."))
    });
    lines.map(|it| it + "\n").collect()
}

fn any_image() -> String {
    std::env::var("JAUNT_TEST_ANY_IMAGE")
        .expect("scripts/test builds the guest for any hardware and names it in JAUNT_TEST_ANY_IMAGE")
}

fn convert(arguments: &[&str], to: &Path) {
    let mut command = Command::new("qemu-img");
    command
        .args(["convert", "-q", "-f", "qcow2"])
        .args(arguments)
        .arg(any_image())
        .arg(to);
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

#[test]
fn a_box_that_packer_made_for_libvirt() {
    BoxFolder::new()
        .file(
            "metadata.json",
            r#"{"provider":"libvirt","format":"qcow2","virtual_size":1}"#,
        )
        .file("Vagrantfile", include_str!("../fixtures/guests/Vagrantfile.box"))
        .disk("box.img", &["-O", "qcow2"])
        .check(expect![[r#"
            disk: vda by virtio-pci
            card: virtio-pci at 0000:00:03.0, slot 3, 52:54:00:..
            firmware: BIOS
            memory: 1024 MiB, cpus: 2
        "#]]);
}

#[test]
fn a_box_that_virtualbox_exported() {
    BoxFolder::new()
        .file("metadata.json", r#"{"provider":"virtualbox"}"#)
        .file(
            "Vagrantfile",
            "Vagrant.configure(\"2\") { |config| config.vm.base_mac = \"080027B5A4C3\" }\n",
        )
        .file("box.ovf", OVF)
        .disk("small-disk001.vmdk", &["-O", "vmdk", "-o", "subformat=streamOptimized"])
        .check(expect![[r#"
            disk: sda by ahci
            card: e1000 at 0000:00:03.0, slot none, 08:00:27:b5:a4:c3
            firmware: BIOS
            memory: 320 MiB, cpus: 1
        "#]]);
}

#[test]
fn a_box_of_virtualbox_that_boots_by_uefi() {
    BoxFolder::new()
        .file("metadata.json", r#"{"provider":"virtualbox"}"#)
        .file("box.ovf", &OVF.replace("<Firmware/>", "<Firmware type=\"EFI\"/>"))
        .disk("small-disk001.vmdk", &["-O", "vmdk", "-o", "subformat=streamOptimized"])
        .check(expect![[r#"
            disk: sda by ahci
            card: e1000 at 0000:00:03.0, slot none, 08:00:27:b5:a4:c3
            firmware: UEFI
            memory: 320 MiB, cpus: 1
        "#]]);
}

#[test]
fn a_box_that_packer_made_for_vmware() {
    let vmx = r#".encoding = "UTF-8"
config.version = "8"
virtualHW.version = "19"
displayName = "any"
guestOS = "debian12-64"
memsize = "384"
numvcpus = "2"
scsi0.present = "TRUE"
scsi0.virtualDev = "pvscsi"
scsi0.pciSlotNumber = "160"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "disk.vmdk"
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-raw"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "vmxnet3"
ethernet0.connectionType = "nat"
ethernet0.addressType = "generated"
ethernet0.generatedAddress = "00:0c:29:1a:2b:3c"
ethernet0.pciSlotNumber = "192"
"#;
    BoxFolder::new()
        .file("metadata.json", r#"{"provider":"vmware_desktop"}"#)
        .file("any.vmx", vmx)
        .disk("disk.vmdk", &["-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse"])
        .check(expect![[r#"
            disk: sda by vmw_pvscsi
            card: vmxnet3 at 0000:01:00.0, slot 192, 00:0c:29:1a:2b:3c
            firmware: BIOS
            memory: 384 MiB, cpus: 2
        "#]]);
}

#[test]
fn a_box_that_packer_made_for_hyperv() {
    BoxFolder::new()
        .file("metadata.json", r#"{"provider":"hyperv"}"#)
        .file("Virtual Machines/2E1F5C3A-0001-0002-0003-000000000004.vmcx", "")
        .disk("Virtual Hard Disks/any.vhdx", &["-O", "vhdx"])
        .check(expect![[r#"
            disk: sda by ata_piix
            card: e1000 at 0000:00:03.0, slot 3, 52:54:00:..
            firmware: BIOS
            memory: 1024 MiB, cpus: 2
        "#]]);
}

#[test]
fn a_bare_image_that_is_compressed_is_told_who_it_is() {
    let world = World::new();
    let image = world.project().with_file_name("any.img");
    convert(&["-O", "raw"], &image);
    let packed = Command::new("xz").arg("-1").arg(&image).status();
    assert!(packed.unwrap().success());
    let settings =
        "  config.vm.hostname = \"bare\"\n  config.vm.provider(\"qemu\") { |qemu| qemu.display = \"vnc\" }\n";
    let up = check(
        &world,
        &image.with_extension("img.xz"),
        settings,
        expect![[r#"
        disk: vda by virtio-pci
        card: virtio-pci at 0000:00:03.0, slot 3, 52:54:00:..
        firmware: BIOS
        memory: 1024 MiB, cpus: 2
    "#]],
    );

    assert!(
        !up.contains("everybody knows"),
        "the seed has a key of the machine's own: {up}"
    );
    let seed = world.run([
        "ssh",
        "-c",
        "grep local /run/seed/meta-data; grep -c jaunt ~/.ssh/authorized_keys",
    ]);
    assert_eq!(seed.success().stdout, "local-hostname: \"bare\"\n1\n");
    let port = up
        .split("the screen is at 127.0.0.1:")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    let mut greeting = [0; 4];
    let mut screen = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    screen.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"RFB ");
    world.run(["destroy", "-f"]).success();
}

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

/// What the guest says of all its disks: their sizes, and what is written on the further ones. Their names are of no use: the
/// kernel finds several at one controller in any order.
const LOOK_AT_DISKS: &str = r#"
for it in /sys/block/[vs]d*; do
    echo "$(($(cat "$it/size") / 2048)) MiB $(sudo head -c 4 "/dev/${it##*/}" | tr -dc a-z)."
done | sort -rn
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

    /// A raw disk of 32 MiB that begins with a word.
    fn data_disk(self, name: &str) -> Self {
        let path = self.place(name);
        fs::write(&path, "data").unwrap();
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(32 << 20)
            .unwrap();
        self
    }

    fn place(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Packs the box, adds it, and brings a machine of it up; compares what the guest finds.
    fn check(self, expected: Expect) {
        self.check_with("", LOOK, expected);
    }

    /// The same with further lines in the Vagrantfile and another look; returns what `up` said.
    fn check_with(self, settings: &str, look: &str, expected: Expect) -> String {
        let file = self.path.with_extension("box");
        let packed = Command::new("tar")
            .arg("-C")
            .arg(&self.path)
            .arg("-cf")
            .arg(&file)
            .arg(".")
            .status();
        assert!(packed.unwrap().success());
        check(&self.world, &file, settings, look, expected)
    }
}

/// Adds a box file and brings a machine of it up; compares what the guest finds, and returns what `up` said.
fn check(world: &World, file: &Path, settings: &str, look: &str, expected: Expect) -> String {
    world.run(["box", "add", "any", file.to_str().unwrap()]).success();
    let text = format!(
        "Vagrant.configure(\"2\") do |config|\n  config.vm.box = \"any\"\n  config.vm.boot_timeout = 240\n  \
         config.vm.synced_folder \".\", \"/vagrant\", disabled: true\n{settings}end\n"
    );
    world.write("Vagrantfile", &text);
    let up = world.run(["up"]).success();

    let seen = world.run(["ssh", "-c", look]).success().stdout;

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

#[test]
fn a_box_of_another_architecture_is_emulated_and_that_is_said() {
    let file = std::env::var("JAUNT_TEST_ARM64_BOX")
        .expect("scripts/test builds the guest of another processor and names it in JAUNT_TEST_ARM64_BOX");
    let world = World::new();
    let up = check(
        &world,
        Path::new(&file),
        "  config.vm.box_architecture = \"arm64\"\n",
        "uname -m; ls -d /sys/firmware/efi; mount | grep -c vda2",
        expect![[r#"
            aarch64
            /sys/firmware/efi
            1
        "#]],
    );
    assert!(
        up.contains("the guest's processor is aarch64") && up.contains("the machine is emulated (TCG), which is slow"),
        "{up}"
    );

    world.run(["halt"]).success();
    world.run(["up"]).success();
    world.run(["destroy", "-f"]).success();
    let text = fs::read_to_string(world.project().join("Vagrantfile")).unwrap();
    world.write("Vagrantfile", &text.replace("\"arm64\"", ":auto"));
    let refused = world.run(["up"]).fails_with("cannot get its box");
    assert!(refused.stdout.contains("It is here for arm64"), "{}", refused.stdout);
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
        LOOK,
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

#[test]
fn a_box_of_libvirt_with_several_disks_and_what_the_vagrantfile_adds() {
    let disks =
        r#"{"provider":"libvirt","disks":[{"path":"root.img","format":"qcow2"},{"path":"data.raw","format":"raw"}]}"#;
    let folder = BoxFolder::new();
    for (name, text, length) in [("tools.iso", "disc", 1 << 20), ("answers.img", "note", 1440 << 10)] {
        folder.world.write(name, &format!("{text}{}", " ".repeat(length - 4)));
    }
    let look = format!(
        "{LOOK_AT_DISKS}sudo modprobe -a ata_piix sr_mod floppy; for it in 1 2 3 4 5; do [ -b /dev/fd0 -a -b /dev/sr0 ] || sleep 1; done\n\
         for it in sr0 fd0; do echo \"$it: $(sudo head -c 4 /dev/$it)\"; done; sudo dd if=/dev/zero of=/dev/sr0 count=1 2>&1 | grep -c -i read-only"
    );
    folder
        .file("metadata.json", disks)
        .disk("root.img", &["-O", "qcow2"])
        .data_disk("data.raw")
        .check_with(
            "  config.vm.disk :disk, size: \"300MB\", primary: true\n  \
             config.vm.disk :disk, name: \"more\", size: \"64MB\"\n  \
             config.vm.disk :dvd, name: \"tools\", file: \"tools.iso\"\n  \
             config.vm.disk :floppy, name: \"answers\", file: \"answers.img\"\n",
            &look,
            expect![[r#"
                300 MiB .
                64 MiB .
                32 MiB data.
                sr0: disc
                fd0: note
                1
            "#]],
        );
}

/// The description with a second disk at the same controller, which is of another kind.
fn ovf_with_two_disks(controller: &str) -> String {
    let item = |id: &str, place: &str, number: &str| {
        format!(
            "<rasd:AddressOnParent>{place}</rasd:AddressOnParent>\n        <rasd:Caption>disk{number}</rasd:Caption>\n        \
             <rasd:Description>Disk Image</rasd:Description>\n        <rasd:ElementName>disk{number}</rasd:ElementName>\n        \
             <rasd:HostResource>ovf:/disk/vmdisk{number}</rasd:HostResource>\n        <rasd:InstanceID>{id}</rasd:InstanceID>\n        \
             <rasd:Parent>3</rasd:Parent>\n        <rasd:ResourceType>17</rasd:ResourceType>\n"
        )
    };
    let first = item("5", "0", "1");
    assert!(OVF.contains(&first));
    let both = format!("{first}      </Item>\n      <Item>\n        {}", item("9", "1", "2"));
    let file = "<File ovf:id=\"file1\" ovf:href=\"small-disk001.vmdk\"/>";
    let disk_start = OVF.find("<Disk ovf:capacity").unwrap();
    let disk_end = OVF[disk_start..].find("/>").unwrap() + disk_start + 2;
    let disk = &OVF[disk_start..disk_end];
    let second = disk.replace("vmdisk1", "vmdisk2").replace("file1", "file2");
    let second_file = file.replace("file1", "file2").replace("disk001", "disk002");
    OVF.replace(&first, &both)
        .replace(file, &format!("{file}\n    {second_file}"))
        .replace(disk, &format!("{disk}\n    {second}"))
        .replace(
            "<StorageController name=\"SATA\" type=\"AHCI\"",
            &format!("<StorageController name=\"SCSI\" type=\"{controller}\""),
        )
        .replace(
            "<rasd:ResourceSubType>AHCI</rasd:ResourceSubType>\n        <rasd:ResourceType>20<",
            &format!("<rasd:ResourceSubType>{controller}</rasd:ResourceSubType>\n        <rasd:ResourceType>6<"),
        )
}

fn virtualbox_box_with_two_disks(controller: &str) -> BoxFolder {
    let folder = BoxFolder::new()
        .file("metadata.json", r#"{"provider":"virtualbox"}"#)
        .file("box.ovf", &ovf_with_two_disks(controller))
        .disk("small-disk001.vmdk", &["-O", "vmdk", "-o", "subformat=streamOptimized"])
        .data_disk("data.raw");
    let mut command = Command::new("qemu-img");
    command.args([
        "convert",
        "-q",
        "-f",
        "raw",
        "-O",
        "vmdk",
        "-o",
        "subformat=streamOptimized",
    ]);
    let (from, to) = (folder.place("data.raw"), folder.place("small-disk002.vmdk"));
    assert!(command.arg(&from).arg(to).status().unwrap().success());
    fs::remove_file(from).unwrap();
    folder
}

#[test]
fn a_box_of_virtualbox_with_two_disks_at_a_sas_controller() {
    let look = format!("{LOOK_AT_DISKS}{LOOK}");
    let up = virtualbox_box_with_two_disks("LsiLogicSas").check_with(
        "",
        &look,
        expect![[r#"
            128 MiB .
            32 MiB data.
            disk: sda by ahci
            card: e1000 at 0000:00:03.0, slot none, 08:00:27:b5:a4:c3
            firmware: BIOS
            memory: 320 MiB, cpus: 1
        "#]],
    );
    assert!(up.contains("QEMU has no working LSI Logic SAS controller"), "{up}");
}

#[test]
fn a_box_of_virtualbox_at_a_scsi_controller_that_qemu_has_not() {
    let up = virtualbox_box_with_two_disks("LsiLogic").check_with(
        "",
        LOOK_AT_DISKS,
        expect![[r#"
            128 MiB .
            32 MiB data.
        "#]],
    );
    assert!(up.contains("QEMU has no LSI Logic controller"), "{up}");
}

#[test]
fn a_machine_of_vmwares_with_two_cards_and_no_metadata() {
    let vmx = r#"config.version = "8"
displayName = "any"
memsize = "384"
sata0.present = "TRUE"
sata0:0.present = "TRUE"
sata0:0.fileName = "disk.vmdk"
ethernet0.present = "TRUE"
ethernet0.virtualDev = "e1000"
ethernet0.generatedAddress = "00:0c:29:1a:2b:3c"
ethernet1.present = "TRUE"
ethernet1.virtualDev = "vmxnet3"
ethernet1.address = "00:50:56:1a:2b:3d"
"#;
    BoxFolder::new()
        .file("any.vmx", vmx)
        .disk("disk.vmdk", &["-O", "vmdk", "-o", "subformat=monolithicSparse"])
        .check(expect![[r#"
            disk: sda by ahci
            card: e1000 at 0000:00:03.0, slot 3, 00:0c:29:1a:2b:3c
            card: vmxnet3 at 0000:00:08.0, slot 8, 00:50:56:1a:2b:3d
            firmware: BIOS
            memory: 384 MiB, cpus: 1
        "#]]);
}

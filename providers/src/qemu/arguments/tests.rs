//! Whole command lines, as they come of a spec.

use std::path::PathBuf;

use expect_test::{Expect, expect};

use super::*;
use crate::{
    CardModel, CardPlace, CheckedDisk, Devices, DiskController, DiskFormat, Display, Drive, MachineId, Medium,
    NetworkCard,
};

fn spec(qemu: QemuOptions) -> MachineSpec {
    MachineSpec {
        name: "web".to_owned(),
        disks: vec![CheckedDisk::vouched_for(
            "/boxes/debian/box.img".into(),
            DiskFormat::Qcow2,
        )],
        empty_disks: Vec::new(),
        media: Vec::new(),
        seed: None,
        memory_mib: 1024,
        cpus: 2,
        forwards: Vec::new(),
        architecture: "x86_64".to_owned(),
        devices: Devices::default(),
        qemu,
    }
}

fn arguments(spec: &MachineSpec, accelerator: &str, folder: &str) -> Result<Vec<OsString>> {
    let claim = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let id = MachineId {
        claim,
        folder: PathBuf::from(folder),
    };
    let files = MachineFiles::of(&id, Path::new("/run/jaunt"));
    let architecture = Architecture::named(&spec.architecture)?;
    let accelerator = &Accelerator::of_setting(accelerator);
    let hardware = Blueprint {
        claim,
        spec,
        architecture,
        accelerator,
        disks: &names(spec.disks.len()),
    }
    .hardware()?;
    let line = CommandLine {
        claim,
        name: &spec.name,
        options: &spec.qemu,
        files: &files,
        hardware: &hardware,
        firmware: None,
        sandbox: true,
    };
    line.arguments()
}

fn names(count: usize) -> Vec<String> {
    ["disk", "disk2", "disk3"][..count]
        .iter()
        .map(|it| (*it).to_owned())
        .collect()
}

fn with_card(card: NetworkCard, qemu: QemuOptions) -> MachineSpec {
    let devices = Devices {
        network_cards: vec![card],
        ..Devices::default()
    };
    MachineSpec { devices, ..spec(qemu) }
}

fn with_address(address: &str, qemu: QemuOptions) -> MachineSpec {
    let mac_address = Some(address.to_owned());
    with_card(
        NetworkCard {
            mac_address,
            ..NetworkCard::default()
        },
        qemu,
    )
}

/// The command line, an option a line.
fn shown(arguments: &[OsString]) -> String {
    let mut text = String::new();
    for argument in arguments {
        let argument = argument.to_string_lossy();
        text.push_str(if argument.starts_with('-') { "\n" } else { " " });
        text.push_str(&argument);
    }
    text.trim_start().to_owned()
}

fn check(spec: &MachineSpec, accelerator: &str, expected: Expect) {
    let text = match arguments(spec, accelerator, "/machines/web") {
        Ok(arguments) => shown(&arguments),
        Err(error) => format!("error: {error}"),
    };
    expected.assert_eq(&text);
}

/// The lines that begin so; for tests that are about one thing.
fn check_lines(spec: &MachineSpec, accelerator: &str, prefixes: &[&str], expected: Expect) {
    let text = shown(&arguments(spec, accelerator, "/machines/web").unwrap());
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| prefixes.iter().any(|it| line.starts_with(it)))
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_machine_without_options_of_its_own() {
    check(
        &spec(QemuOptions::default()),
        "kvm",
        expect![[r#"
            -no-user-config
            -nodefaults
            -S
            -display none
            -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
            -name guest=web
            -uuid 01234567-89ab-cdef-0123-456789abcdef
            -pidfile /machines/web/qemu.pid
            -chardev socket,id=control,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.control
            -mon chardev=control,mode=control
            -chardev socket,id=reader,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.reader
            -mon chardev=reader,mode=control
            -chardev file,id=console,path=/machines/web/console.log
            -blockdev {"node-name":"disk","driver":"qcow2","discard":"unmap","file":{"driver":"file","filename":"/machines/web/disk.qcow2"}}
            -machine pc,dump-guest-core=off
            -accel kvm
            -cpu host
            -m 1024M
            -smp 2
            -serial chardev:console
            -netdev user,id=network,ipv6=off
            -device virtio-net-pci,netdev=network,mac=52:54:00:01:23:45,romfile=,addr=0x3
            -device virtio-blk-pci,drive=disk,bootindex=0
            -device virtio-rng-pci"#]],
    );
}

#[test]
fn every_option_of_qemu_is_taken() {
    let options = QemuOptions {
        machine: Some("q35,accel=kvm,smm=off".to_owned()),
        cpu: Some("Haswell".to_owned()),
        disk_bus: Some("scsi".to_owned()),
        net_device: Some("e1000".to_owned()),
        extra_arguments: ["-sandbox", "off", "-device", "VGA"].map(str::to_owned).into(),
        extra_netdev_arguments: Some("dns=10.0.2.9".to_owned()),
        ..QemuOptions::default()
    };
    let spec = with_address("08:00:27-AB-CD-EF", options);

    check(
        &spec,
        "kvm",
        expect![[r#"
            -no-user-config
            -nodefaults
            -S
            -display none
            -name guest=web
            -uuid 01234567-89ab-cdef-0123-456789abcdef
            -pidfile /machines/web/qemu.pid
            -chardev socket,id=control,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.control
            -mon chardev=control,mode=control
            -chardev socket,id=reader,server=on,wait=off,path=/run/jaunt/0123456789abcdef0123456789abcdef.reader
            -mon chardev=reader,mode=control
            -chardev file,id=console,path=/machines/web/console.log
            -blockdev {"node-name":"disk","driver":"qcow2","discard":"unmap","file":{"driver":"file","filename":"/machines/web/disk.qcow2"}}
            -machine q35,smm=off,dump-guest-core=off
            -accel kvm
            -cpu Haswell
            -m 1024M
            -smp 2
            -serial chardev:console
            -netdev user,id=network,ipv6=off,dns=10.0.2.9
            -device e1000,netdev=network,mac=08:00:27:ab:cd:ef,romfile=
            -device virtio-scsi-pci,id=disks
            -device scsi-hd,bus=disks.0,drive=disk,bootindex=0
            -device virtio-rng-pci
            -sandbox off
            -device VGA"#]],
    );
}

/// A machine with a DVD and two floppies.
fn with_media(architecture: &str, qemu: QemuOptions) -> MachineSpec {
    let medium = |drive, path: &str| Medium {
        drive,
        path: path.into(),
    };
    MachineSpec {
        architecture: architecture.to_owned(),
        media: vec![
            medium(Drive::Dvd, "/data/tools,1.iso"),
            medium(Drive::Floppy, "/data/a.img"),
            medium(Drive::Floppy, "/data/b.img"),
        ],
        ..spec(qemu)
    }
}

#[test]
fn media_lie_in_drives_that_only_read() {
    let lines = [
        "-blockdev {\"node-name\":\"d",
        "-blockdev {\"node-name\":\"f",
        "-device",
    ];
    check_lines(
        &with_media("x86_64", QemuOptions::default()),
        "tcg",
        &lines,
        expect![[r#"
            -blockdev {"node-name":"disk","driver":"qcow2","discard":"unmap","file":{"driver":"file","filename":"/machines/web/disk.qcow2"}}
            -device virtio-net-pci,netdev=network,mac=52:54:00:01:23:45,romfile=,addr=0x3
            -device virtio-blk-pci,drive=disk,bootindex=0
            -blockdev {"node-name":"dvd1","driver":"raw","read-only":true,"file":{"driver":"file","filename":"/data/tools,1.iso","read-only":true}}
            -blockdev {"node-name":"floppy1","driver":"raw","read-only":true,"file":{"driver":"file","filename":"/data/a.img","read-only":true}}
            -blockdev {"node-name":"floppy2","driver":"raw","read-only":true,"file":{"driver":"file","filename":"/data/b.img","read-only":true}}
            -device ide-cd,bus=ide.1,unit=0,drive=dvd1
            -device floppy,unit=0,drive=floppy1
            -device floppy,unit=1,drive=floppy2
            -device virtio-rng-pci"#]],
    );
    let q35 = QemuOptions {
        machine: Some("q35".to_owned()),
        ..QemuOptions::default()
    };
    check_lines(
        &with_media("x86_64", q35),
        "tcg",
        &["-device"],
        expect![[r#"
        -device virtio-net-pci,netdev=network,mac=52:54:00:01:23:45,romfile=
        -device virtio-blk-pci,drive=disk,bootindex=0
        -device isa-fdc
        -device ide-cd,bus=ide.0,drive=dvd1
        -device floppy,unit=0,drive=floppy1
        -device floppy,unit=1,drive=floppy2
        -device virtio-rng-pci"#]],
    );
}

#[test]
fn a_machine_without_the_drive_cannot_have_the_medium() {
    check(
        &with_media("aarch64", QemuOptions::default()),
        "tcg",
        expect!["error: machines of the architecture aarch64 have 0 floppy drives, and this one is to have 2"],
    );
    let mut three = with_media("x86_64", QemuOptions::default());
    three.media[0].drive = Drive::Floppy;
    check(
        &three,
        "tcg",
        expect!["error: machines of the architecture x86_64 have 2 floppy drives, and this one is to have 3"],
    );
    three.media = vec![
        Medium {
            drive: Drive::Dvd,
            path: "/a.iso".into()
        };
        5
    ];
    check(
        &three,
        "tcg",
        expect!["error: the machine has places for 4 DVDs, and is to have 5"],
    );
    three.architecture = "aarch64".to_owned();
    check_lines(
        &three,
        "tcg",
        &["-device"],
        expect![[r#"
        -device virtio-net-pci,netdev=network,mac=52:54:00:01:23:45,romfile=
        -device virtio-blk-pci,drive=disk,bootindex=0
        -device virtio-scsi-pci,id=dvds
        -device scsi-cd,bus=dvds.0,drive=dvd1
        -device scsi-cd,bus=dvds.0,drive=dvd2
        -device scsi-cd,bus=dvds.0,drive=dvd3
        -device scsi-cd,bus=dvds.0,drive=dvd4
        -device scsi-cd,bus=dvds.0,drive=dvd5
        -device virtio-rng-pci"#]],
    );
}

#[test]
fn an_emulated_machine_of_another_architecture() {
    let spec = MachineSpec {
        architecture: "arm64".to_owned(),
        ..spec(QemuOptions::default())
    };

    check_lines(
        &spec,
        "tcg",
        &["-machine", "-accel", "-cpu", "-device"],
        expect![[r#"
            -machine virt,dump-guest-core=off
            -accel tcg
            -cpu max,pauth-impdef=on
            -device virtio-net-pci,netdev=network,mac=52:54:00:01:23:45,romfile=
            -device virtio-blk-pci,drive=disk,bootindex=0
            -device virtio-rng-pci"#]],
    );
}

#[test]
fn accelerators_are_tried_in_the_order_given() {
    check_lines(
        &spec(QemuOptions::default()),
        "kvm:tcg",
        &["-accel", "-cpu"],
        expect![[r#"
            -accel kvm
            -accel tcg
            -cpu max"#]],
    );
}

#[test]
fn every_bus_has_its_devices_for_all_disks() {
    let mut text = String::new();
    for bus in [
        "virtio",
        "scsi",
        "sata",
        "ide",
        "nvme",
        "pvscsi",
        "lsisas1068",
        "usb",
        "floppy",
    ] {
        let options = QemuOptions {
            disk_bus: Some(bus.to_owned()),
            ..QemuOptions::default()
        };
        let spec = spec(options);
        let architecture = Architecture::named("x86_64").unwrap();
        let devices = super::Devices::of(&spec, architecture, Uuid::nil()).disks(&names(2));
        text.push_str(&devices.map_or_else(|it| format!("error: {it}\n"), |it| it.join("  ") + "\n"));
    }
    expect![[r#"
        virtio-blk-pci,drive=disk,bootindex=0  virtio-blk-pci,drive=disk2
        virtio-scsi-pci,id=disks  scsi-hd,bus=disks.0,drive=disk,bootindex=0  scsi-hd,bus=disks.0,drive=disk2
        ahci,id=disks  ide-hd,bus=disks.0,drive=disk,bootindex=0  ide-hd,bus=disks.1,drive=disk2
        ide-hd,bus=ide.0,unit=0,drive=disk,bootindex=0  ide-hd,bus=ide.0,unit=1,drive=disk2
        nvme,serial=disk,drive=disk,bootindex=0  nvme,serial=disk2,drive=disk2
        pvscsi,id=disks  scsi-hd,bus=disks.0,drive=disk,bootindex=0  scsi-hd,bus=disks.0,drive=disk2
        mptsas1068,id=disks  scsi-hd,bus=disks.0,drive=disk,bootindex=0  scsi-hd,bus=disks.0,drive=disk2
        qemu-xhci,id=disks  usb-storage,bus=disks.0,drive=disk,bootindex=0  usb-storage,bus=disks.0,drive=disk2
        error: the disk bus `floppy` is not one that a x86_64 machine has: choose virtio, scsi, sata, ide, nvme, pvscsi, lsisas1068 or usb
    "#]].assert_eq(&text);
}

#[test]
fn a_box_of_virtualbox_finds_its_devices_where_they_were() {
    let card = |model, place| NetworkCard {
        model: Some(model),
        mac_address: Some("080027A1B2C3".to_owned()),
        place: Some(CardPlace::Device(place)),
    };
    let devices = Devices {
        controller: Some(DiskController::Sata),
        network_cards: vec![card(CardModel::E1000, 3), card(CardModel::Virtio, 8)],
        ..Devices::default()
    };
    let spec = MachineSpec {
        devices,
        ..spec(QemuOptions::default())
    };

    check_lines(
        &spec,
        "tcg",
        &["-machine", "-global", "-netdev", "-device"],
        expect![[r#"
        -machine pc,dump-guest-core=off
        -global PIIX4_PM.acpi-root-pci-hotplug=off
        -netdev user,id=network,ipv6=off
        -netdev user,id=network2,ipv6=off,restrict=on,net=10.0.3.0/24
        -device e1000,netdev=network,mac=08:00:27:a1:b2:c3,romfile=,addr=0x3
        -device virtio-net-pci,netdev=network2,mac=08:00:27:a1:b2:c3,romfile=,addr=0x8
        -device ahci,id=disks
        -device ide-hd,bus=disks.0,drive=disk,bootindex=0
        -device virtio-rng-pci"#]],
    );
}

#[test]
fn a_box_of_vmware_finds_its_card_in_the_slot_where_it_was() {
    let card = |slot| NetworkCard {
        model: Some(CardModel::Vmxnet3),
        mac_address: None,
        place: Some(CardPlace::Slot(slot)),
    };
    let lines = ["-machine", "-global", "-device vmxnet3", "-device pcie"];
    check_lines(
        &with_card(card(192), QemuOptions::default()),
        "tcg",
        &lines,
        expect![[r#"
        -machine q35,dump-guest-core=off
        -global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off
        -device pcie-root-port,id=slot192,chassis=192,slot=192
        -device vmxnet3,netdev=network,mac=52:54:00:01:23:45,romfile=,bus=slot192"#]],
    );
    check_lines(
        &with_card(card(5), QemuOptions::default()),
        "tcg",
        &lines,
        expect![[r#"
        -machine pc,dump-guest-core=off
        -device vmxnet3,netdev=network,mac=52:54:00:01:23:45,romfile=,addr=0x5"#]],
    );
    let ide = QemuOptions {
        disk_bus: Some("ide".to_owned()),
        ..QemuOptions::default()
    };
    check_lines(
        &with_card(card(192), ide),
        "tcg",
        &lines,
        expect![[r#"
        -machine pc,dump-guest-core=off
        -device vmxnet3,netdev=network,mac=52:54:00:01:23:45,romfile=,addr=0x3"#]],
    );
}

#[test]
fn what_the_vagrantfile_says_of_disks_and_cards_wins() {
    let options = QemuOptions {
        disk_bus: Some("nvme".to_owned()),
        net_device: Some("rtl8139".to_owned()),
        further_net_devices: vec!["e1000".to_owned()],
        ..QemuOptions::default()
    };
    let card = NetworkCard {
        model: Some(CardModel::PcNet),
        ..NetworkCard::default()
    };
    let mut spec = with_card(card, options);
    spec.devices.controller = Some(DiskController::Ide);

    check_lines(
        &spec,
        "tcg",
        &["-netdev", "-device"],
        expect![[r#"
        -netdev user,id=network,ipv6=off
        -netdev user,id=network2,ipv6=off,restrict=on,net=10.0.3.0/24
        -device rtl8139,netdev=network,mac=52:54:00:01:23:45,romfile=,addr=0x3
        -device e1000,netdev=network2,mac=52:54:00:01:23:01,romfile=,addr=0x8
        -device nvme,serial=disk,drive=disk,bootindex=0
        -device virtio-rng-pci"#]],
    );
}

#[test]
fn a_screen_has_a_graphics_card() {
    let options = QemuOptions {
        display: Some(Display::Vnc),
        ..QemuOptions::default()
    };
    check_lines(
        &spec(options),
        "tcg",
        &["-display", "-device VGA"],
        expect![[r#"
        -display vnc=127.0.0.1:0,to=99
        -device VGA,addr=0x2"#]],
    );
}

#[test]
fn a_comma_in_a_name_or_a_path_starts_no_new_setting() {
    let spec = MachineSpec {
        name: "a,debug-threads=on".to_owned(),
        ..spec(QemuOptions::default())
    };

    let text = shown(&arguments(&spec, "tcg", "/machines/a,server=off").unwrap());

    let lines: Vec<&str> = text.lines().filter(|it| it.contains("a,")).collect();
    expect![[r#"
        -name guest=a,,debug-threads=on
        -pidfile /machines/a,server=off/qemu.pid
        -chardev file,id=console,path=/machines/a,,server=off/console.log
        -blockdev {"node-name":"disk","driver":"qcow2","discard":"unmap","file":{"driver":"file","filename":"/machines/a,server=off/disk.qcow2"}}"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn what_is_no_mac_address_is_refused() {
    let spec = with_address("080027,x=y", QemuOptions::default());

    check(
        &spec,
        "tcg",
        expect!["error: `080027,x=y` is not a MAC address: twelve hex digits are"],
    );
}

#[test]
fn a_machine_without_memory_is_refused() {
    check(
        &MachineSpec {
            memory_mib: 0,
            ..spec(QemuOptions::default())
        },
        "tcg",
        expect!["error: a machine needs at least 1 MiB of memory and 1 CPU"],
    );
}

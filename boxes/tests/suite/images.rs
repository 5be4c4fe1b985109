//! Disk images as the real `qemu-img`, which these tests need, makes them in every format that a box may have.

use std::fs;
use std::process::Command;

use boxes::{Cancel, DiskFormat, Error};

use crate::world::World;

const SIZE: u64 = 64 << 20;

/// A box with an image of 64 MiB, made by `qemu-img create` with these arguments.
fn check(arguments: &[&str], expected: Result<DiskFormat, &str>) {
    let world = World::new();
    let folder = world.path("made");
    fs::create_dir(&folder).unwrap();
    let status = Command::new("qemu-img")
        .current_dir(&folder)
        .arg("create")
        .arg("-q")
        .args(arguments)
        .status();
    assert!(status.unwrap().success(), "{arguments:?}");
    let metadata = r#"{"provider":"qemu","disks":[{"path":"disk"}]}"#;
    fs::write(folder.join("metadata.json"), metadata).unwrap();
    let mut packed = Vec::new();
    boxes::pack(&folder, &mut packed, &Cancel::new()).unwrap();
    let outcome = world.import(&packed).and_then(|it| it.disk());
    match (outcome, expected) {
        (Ok(disk), Ok(format)) => {
            assert_eq!((disk.format, disk.virtual_size), (format, SIZE), "{arguments:?}");
        }
        (Err(Error::Refused { reason, .. }), Err(expected)) => {
            assert_eq!(reason.to_string(), expected, "{arguments:?}")
        }
        (outcome, expected) => panic!("{arguments:?}: {outcome:?} and not {expected:?}"),
    }
}

#[test]
fn images_that_are_complete_are_taken() {
    check(&["-f", "qcow2", "disk", "64M"], Ok(DiskFormat::Qcow2));
    check(
        &["-f", "qcow2", "-o", "compat=0.10", "disk", "64M"],
        Ok(DiskFormat::Qcow2),
    );
    check(
        &["-f", "qcow2", "-o", "extended_l2=on,lazy_refcounts=on", "disk", "64M"],
        Ok(DiskFormat::Qcow2),
    );
    check(&["-f", "raw", "disk", "64M"], Ok(DiskFormat::Raw));
    check(&["-f", "vmdk", "disk", "64M"], Ok(DiskFormat::Vmdk));
    check(
        &["-f", "vmdk", "-o", "subformat=streamOptimized", "disk", "64M"],
        Ok(DiskFormat::Vmdk),
    );
    check(
        &["-f", "vmdk", "-o", "subformat=monolithicFlat", "disk", "64M"],
        Ok(DiskFormat::Vmdk),
    );
    check(
        &["-f", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", "disk", "64M"],
        Ok(DiskFormat::Vmdk),
    );
    check(
        &["-f", "vmdk", "-o", "subformat=twoGbMaxExtentFlat", "disk", "64M"],
        Ok(DiskFormat::Vmdk),
    );
    check(&["-f", "vdi", "disk", "64M"], Ok(DiskFormat::Vdi));
    check(&["-f", "vdi", "-o", "static=on", "disk", "64M"], Ok(DiskFormat::Vdi));
    check(
        &["-f", "vpc", "-o", "force_size=on", "disk", "64M"],
        Ok(DiskFormat::Vpc),
    );
    check(
        &["-f", "vpc", "-o", "subformat=fixed,force_size=on", "disk", "64M"],
        Ok(DiskFormat::Vpc),
    );
    check(&["-f", "vhdx", "disk", "64M"], Ok(DiskFormat::Vhdx));
}

#[test]
fn images_that_take_from_others_are_refused() {
    let backing = r#"the disk image takes its contents from another file, "/etc/hostname""#;
    let over = ["-u", "-b", "/etc/hostname", "-F", "raw", "disk", "64M"];
    check(&[&["-f", "qcow2"], &over[..]].concat(), Err(backing));
    let data = r#"the disk image keeps its data in "x", which is outside the box"#;
    check(&["-f", "qcow2", "-o", "data_file=x", "disk", "64M"], Err(data));
}

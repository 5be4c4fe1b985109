//! Boxes whose disks mean harm: what they are made of lies elsewhere on this computer, or beyond it.

use expect_test::expect;

use crate::archive::Tar;
use crate::disks;
use crate::hostile::check;
use crate::world::World;

fn with_disk(name: &str, disk: &[u8]) -> Vec<u8> {
    Tar::of_libvirt().file(name, disk).end()
}

#[test]
fn a_qcow2_over_a_file_of_the_host() {
    check(
        &with_disk("box.img", &disks::qcow2_with_backing("/etc/shadow")),
        expect![[
            r#"the box was refused: box.img: the disk image takes its contents from another file, "/etc/shadow""#
        ]],
    );
}

#[test]
fn a_qcow2_over_a_server() {
    check(
        &with_disk("box.img", &disks::qcow2_with_backing("nbd://10.0.0.1/x")),
        expect![[
            r#"the box was refused: box.img: the disk image takes its contents from another file, "nbd://10.0.0.1/x""#
        ]],
    );
}

#[test]
fn a_qcow2_that_hides_under_another_name() {
    check(
        &with_disk("include/notes.txt", &disks::qcow2_with_backing("json:{}")),
        expect![[
            r#"the box was refused: include/notes.txt: the disk image takes its contents from another file, "json:{}""#
        ]],
    );
}

#[test]
fn a_qcow2_with_its_data_in_a_file_of_the_host() {
    check(
        &with_disk("box.img", &disks::qcow2_with_data_file("/dev/sda")),
        expect![[
            r#"the box was refused: box.img: the disk image keeps its data in "/dev/sda", which is outside the box"#
        ]],
    );
}

#[test]
fn a_qcow2_of_a_version_that_nobody_checks() {
    let mut image = disks::qcow2();
    image[7] = 1;
    check(
        &with_disk("box.img", &image),
        expect!["the box was refused: box.img: the disk image's header is damaged (its version is neither 2 nor 3)"],
    );
}

#[test]
fn a_vmdk_with_an_extent_of_the_host() {
    check(
        &with_disk("x.vmdk", &disks::vmdk_text(&["RW 2048 FLAT \"/dev/sda\" 0"])),
        expect![[
            r#"the box was refused: x.vmdk: the disk image keeps its data in "/dev/sda", which is outside the box"#
        ]],
    );
}

#[test]
fn a_vmdk_with_an_extent_that_climbs_out() {
    check(
        &with_disk("x.vmdk", &disks::vmdk_text(&["RW 2048 FLAT \"..\\..\\victim\" 0"])),
        expect![[
            r#"the box was refused: x.vmdk: the disk image keeps its data in "..\\..\\victim", which is outside the box"#
        ]],
    );
}

#[test]
fn a_vmdk_with_an_extent_behind_a_protocol() {
    check(
        &with_disk("x.vmdk", &disks::vmdk_text(&["RW 2048 SPARSE \"file:x\""])),
        expect![[
            r#"the box was refused: x.vmdk: the disk image keeps its data in "file:x", which is outside the box"#
        ]],
    );
}

#[test]
fn a_vmdk_with_an_extent_that_the_box_does_not_have() {
    check(
        &with_disk("x.vmdk", &disks::vmdk_text(&["RW 2048 FLAT \"x-flat.vmdk\" 0"])),
        expect![[
            r#"the box was refused: x.vmdk: the disk image keeps its data in "x-flat.vmdk", which is outside the box"#
        ]],
    );
}

#[test]
fn a_sparse_vmdk_whose_description_points_outside() {
    check(
        &with_disk(
            "x.vmdk",
            &disks::vmdk_sparse(&disks::vmdk_text(&["RW 2048 FLAT \"/etc/shadow\" 0"])),
        ),
        expect![[
            r#"the box was refused: x.vmdk: the disk image keeps its data in "/etc/shadow", which is outside the box"#
        ]],
    );
}

#[test]
fn a_vmdk_with_a_parent() {
    check(
        &with_disk("x.vmdk", &disks::vmdk_text(&["parentFileNameHint=\"/etc/shadow\""])),
        expect![[r#"the box was refused: x.vmdk: the disk image takes its contents from another file, "/etc/shadow""#]],
    );
    let text = String::from_utf8(disks::vmdk_text(&[]))
        .unwrap()
        .replace("ffffffff", "12345678");
    check(
        &with_disk("x.vmdk", text.as_bytes()),
        expect!["the box was refused: x.vmdk: the disk image is only a difference to another one"],
    );
}

#[test]
fn differences_to_images_that_are_not_there() {
    for disk in [disks::vdi(4), disks::vhd(4), disks::vhdx(2)] {
        check(
            &with_disk("disk", &disk),
            expect!["the box was refused: disk: the disk image is only a difference to another one"],
        );
    }
}

#[test]
fn a_disk_that_metadata_name_outside_of_the_box() {
    let world = World::new();
    let metadata = br#"{"provider":"libvirt","disks":[{"path":"../../../../victim"}]}"#;
    std::fs::write(world.path("victim"), "untouched").unwrap();
    let installed = world.import(&Tar::new().file("metadata.json", metadata).end()).unwrap();
    let error = installed.disk().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the box was refused: ../../../../victim: its name leaves the box's folder"
    );
}

#[test]
fn a_disk_that_became_another_after_the_import() {
    let world = World::new();
    let installed = world.import(&with_disk("box.img", &disks::qcow2())).unwrap();
    std::fs::write(
        installed.directory.join("box.img"),
        disks::qcow2_with_backing("/etc/shadow"),
    )
    .unwrap();
    assert!(installed.disk().is_err());
}

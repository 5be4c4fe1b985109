//! Boxes of every form, as they arrive in the store.

use std::fs;
use std::io::{self, Read};

use boxes::{Cancel, Checksum, DiskFormat, Error, Import, Limits, Version};
use expect_test::{Expect, expect};

use crate::archive::{Tar, gzip, xz, zip, zstandard};
use crate::disks;
use crate::world::{Wish, World, chain};

fn libvirt_box() -> Vec<u8> {
    Tar::of_libvirt()
        .file("./Vagrantfile", b"Vagrant.configure('2') {}")
        .folder("include")
        .file("include/x", b"1")
        .file("box.img", &disks::qcow2())
        .end()
}

fn check(bytes: &[u8], expected: Expect) {
    let world = World::new();
    let outcome = match world.import(bytes) {
        Ok(it) => format!("{}\n{}\n", world.show(&it), world.everything().join("\n")),
        Err(error) => format!("{}\n{:?}\n", chain(&error), world.everything()),
    };
    expected.assert_eq(&outcome);
}

#[test]
fn a_box_is_unpacked_into_its_place_however_it_is_compressed() {
    let tar = libvirt_box();
    let zip = zip(&[
        ("metadata.json", br#"{"provider":"libvirt"}"#),
        ("Vagrantfile", b""),
        ("include/", b""),
        ("include/x", b"1"),
        ("box.img", &disks::qcow2()),
    ]);
    for bytes in [tar.clone(), gzip(&tar), xz(&tar), zstandard(&tar), zip] {
        check(
            &bytes,
            expect![[r#"
                a/b 0 libvirt -
                boxes/a-VAGRANTSLASH-b
                boxes/a-VAGRANTSLASH-b/0
                boxes/a-VAGRANTSLASH-b/0/libvirt
                boxes/a-VAGRANTSLASH-b/0/libvirt/.jaunt.json
                boxes/a-VAGRANTSLASH-b/0/libvirt/Vagrantfile
                boxes/a-VAGRANTSLASH-b/0/libvirt/box.img
                boxes/a-VAGRANTSLASH-b/0/libvirt/include
                boxes/a-VAGRANTSLASH-b/0/libvirt/include/x
                boxes/a-VAGRANTSLASH-b/0/libvirt/metadata.json
            "#]],
        );
    }
}

#[test]
fn what_arrived_is_noted_beside_the_box() {
    let world = World::new();
    let installed = world.import(b"\x51\x46\x49\xfb").unwrap_err();
    assert!(matches!(installed, Error::Refused { .. }));
    let installed = world.import(&libvirt_box()).unwrap();
    let record = installed.record().unwrap();
    assert_eq!((record.source.as_str(), record.bare_disk), ("x.box", false));
    assert_eq!(record.sha256.len(), 64);
}

#[test]
fn a_box_of_the_first_version_is_one_of_virtualbox() {
    let world = World::new();
    let bytes = Tar::new().file("box.ovf", b"<Envelope/>").file("box.mf", b"").end();
    let installed = world.import(&bytes).unwrap();
    assert_eq!(installed.provider, "virtualbox");
    assert_eq!(
        fs::read_to_string(installed.directory.join("metadata.json")).unwrap(),
        r#"{"provider":"virtualbox"}"#
    );
}

#[test]
fn a_bare_disk_image_becomes_a_box() {
    let cases = [
        (disks::qcow2(), "libvirt", DiskFormat::Qcow2, 1 << 30),
        (gzip(&disks::qcow2()), "libvirt", DiskFormat::Qcow2, 1 << 30),
        (xz(&disks::raw()), "qemu", DiskFormat::Raw, 1 << 20),
        (
            disks::vmdk_sparse(b"# Disk DescriptorFile"),
            "qemu",
            DiskFormat::Vmdk,
            1 << 30,
        ),
        (disks::vdi(1), "qemu", DiskFormat::Vdi, 1 << 30),
        (disks::vhd(3), "qemu", DiskFormat::Vpc, 1 << 30),
        (disks::vhdx(0), "qemu", DiskFormat::Vhdx, 1 << 30),
        // As clouds hand them out: an archive with a disk and nothing else.
        (
            gzip(&Tar::new().file("disk.raw", &disks::raw()).end()),
            "qemu",
            DiskFormat::Raw,
            1 << 20,
        ),
        (
            Tar::new().file("cloud.qcow2", &disks::qcow2()).end(),
            "libvirt",
            DiskFormat::Qcow2,
            1 << 30,
        ),
    ];
    for (bytes, provider, format, size) in cases {
        let world = World::new();
        let installed = world.import(&bytes).unwrap();
        assert_eq!(installed.provider, provider);
        let disk = installed.disk().unwrap();
        assert_eq!((disk.format, disk.virtual_size), (format, size));
        assert!(installed.record().unwrap().bare_disk);
    }
}

#[test]
fn what_is_no_box_is_said_to_be_none() {
    check(
        b"",
        expect![[r#"
        x.box is no box: it is empty
        []
    "#]],
    );
    check(
        b"<!DOCTYPE html><title>404</title>",
        expect![[r#"
        x.box is no box: it is a web page or another text in markup
        []
    "#]],
    );
    check(
        &vec![7; 100_000],
        expect![[r#"
        x.box is no box: it is neither an archive (tar, gzip, xz, zstd, zip) nor a disk image
        []
    "#]],
    );
    check(
        b"BZh91AY",
        expect![[r#"
        x.box is no box: it is compressed with bzip2, which is not supported
        []
    "#]],
    );
    let mut cd = vec![0; 40_000];
    cd[510..512].copy_from_slice(&[0x55, 0xaa]);
    cd[32_769..32_774].copy_from_slice(b"CD001");
    check(
        &cd,
        expect![[r#"
        x.box is no box: it is an image of a CD, which an installer may be on
        []
    "#]],
    );
    check(
        &Tar::new().file("README", b"").end(),
        expect![[r#"
        x.box is no box: it has neither a metadata.json nor an OVF or VMX file
        []
    "#]],
    );
}

#[test]
fn a_box_that_breaks_off_leaves_nothing() {
    let tar = libvirt_box();
    for whole in [tar.clone(), gzip(&tar), xz(&tar), zstandard(&tar)] {
        // The end of a plain tar archive is filling, which may be cut.
        for length in [
            whole.len() / 10,
            whole.len() / 2,
            whole.len() - 1100.min(whole.len() / 10),
        ] {
            let world = World::new();
            let error = world.import(&whole[..length]).unwrap_err();
            assert!(
                matches!(error, Error::Damaged { .. }),
                "{length} of {}: {error:?}",
                whole.len()
            );
            assert_eq!(world.everything(), Vec::<String>::new());
        }
    }
}

#[test]
fn a_box_of_which_one_bit_turned_leaves_nothing() {
    let mut bytes = gzip(&libvirt_box());
    let place = bytes.len() - 6;
    bytes[place] ^= 1;
    let world = World::new();
    assert!(matches!(world.import(&bytes), Err(Error::Damaged { .. })));
    assert_eq!(world.everything(), Vec::<String>::new());
}

#[test]
fn a_wrong_checksum_comes_before_what_the_wrong_bytes_are() {
    let checksum = Checksum::parse(Some("md5"), &"0".repeat(32)).unwrap().unwrap();
    let wish = Wish {
        checksums: &[checksum],
        ..Wish::default()
    };
    for bytes in [gzip(&libvirt_box()), b"<html>".to_vec()] {
        let world = World::new();
        let error = world.import_as(&bytes, wish).unwrap_err();
        assert!(error.to_string().starts_with("the md5 of x.box is "), "{error}");
        assert_eq!(world.everything(), Vec::<String>::new());
    }
}

#[test]
fn the_right_checksums_let_a_box_in() {
    let bytes = libvirt_box();
    let sha256 = World::new().import(&bytes).unwrap().record().unwrap().sha256;
    let checksum = Checksum::parse(Some("SHA256"), &sha256).unwrap().unwrap();
    World::new()
        .import_as(
            &bytes,
            Wish {
                checksums: &[checksum],
                ..Wish::default()
            },
        )
        .unwrap();
}

#[test]
fn a_box_for_another_provider_is_refused() {
    let world = World::new();
    let error = world
        .import_as(
            &libvirt_box(),
            Wish {
                providers: &["virtualbox"],
                ..Wish::default()
            },
        )
        .unwrap_err();
    expect!["the provider of the box is `libvirt`, which doesn't match the provider that was asked for: virtualbox"]
        .assert_eq(&error.to_string());
    assert_eq!(world.everything(), Vec::<String>::new());
}

#[test]
fn the_architecture_is_the_callers_or_the_boxs_own() {
    let bytes = Tar::new()
        .file("metadata.json", br#"{"provider":"libvirt","architecture":"aarch64"}"#)
        .end();
    let world = World::new();
    world.import(&bytes).unwrap();
    world
        .import_as(
            &bytes,
            Wish {
                architecture: Some("x86_64"),
                ..Wish::default()
            },
        )
        .unwrap();
    assert_eq!(world.list(), ["a/b 0 libvirt amd64", "a/b 0 libvirt arm64"]);
}

#[test]
fn holes_stay_holes() {
    let mut disk = disks::raw();
    disk.resize(64 << 20, 0);
    disk.extend_from_slice(b"end");
    let metadata = br#"{"provider":"qemu","disks":[{"path":"disk.raw"}]}"#;
    let bytes = gzip(&Tar::new().file("metadata.json", metadata).file("disk.raw", &disk).end());
    let world = World::new();
    let path = world.import(&bytes).unwrap().disk().unwrap().path;
    assert!(fs::read(&path).unwrap() == disk);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        assert!(path.metadata().unwrap().blocks() * 512 < 1 << 20);
    }
}

#[test]
fn files_with_holes_in_every_form_of_tar_are_filled_in() {
    let mut expected = vec![0; 5000];
    expected[1000..1003].copy_from_slice(b"abc");
    expected[4000..4002].copy_from_slice(b"de");
    let map = b"2\n1000\n3\n4000\n2\n";
    let mut newest = map.to_vec();
    newest.resize(512, 0);
    newest.extend_from_slice(b"abcde");
    let newest = Tar::of_libvirt()
        .pax(&[
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", "box.raw"),
            ("GNU.sparse.realsize", "5000"),
        ])
        .file("GNUSparseFile.0/box.raw", &newest);
    let older = Tar::of_libvirt()
        .pax(&[
            ("GNU.sparse.size", "5000"),
            ("GNU.sparse.map", "1000,3,4000,2"),
            ("GNU.sparse.name", "box.raw"),
        ])
        .file("x", b"abcde");
    let oldest = Tar::of_libvirt()
        .pax(&[
            ("GNU.sparse.size", "5000"),
            ("GNU.sparse.offset", "1000"),
            ("GNU.sparse.numbytes", "3"),
            ("GNU.sparse.offset", "4000"),
            ("GNU.sparse.numbytes", "2"),
        ])
        .file("box.raw", b"abcde");
    for tar in [newest, older, oldest] {
        let world = World::new();
        let installed = world.import(&tar.end()).unwrap();
        assert!(fs::read(installed.directory.join("box.raw")).unwrap() == expected);
    }
}

#[test]
fn links_inside_the_box_are_kept() {
    let world = World::new();
    let bytes = Tar::of_libvirt()
        .folder("disks")
        .symbolic_link("box.img", "disks/../disks/first")
        .file("disks/first", &disks::qcow2())
        .hard_link("again", "disks/first")
        .end();
    let installed = world.import(&bytes).unwrap();
    assert!(installed.directory.join("box.img").is_symlink());
    assert_eq!(fs::read(installed.directory.join("again")).unwrap(), disks::qcow2());
    assert!(installed.disk().unwrap().path.ends_with("disks/first"));
}

#[cfg(unix)]
#[test]
fn modes_lose_what_others_could_abuse() {
    use std::os::unix::fs::PermissionsExt;
    let bytes = Tar::of_libvirt()
        .with_mode("script", 0o7777, b"")
        .with_mode("key", 0o600, b"")
        .with_mode("none", 0, b"")
        .end();
    let installed = World::new();
    let directory = installed.import(&bytes).unwrap().directory;
    let mode = |name| directory.join(name).metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode("script"), mode("key"), mode("none")], [0o755, 0o600, 0o600]);
}

#[test]
fn long_names_and_backslashes_are_understood() {
    let long = format!("{}/x", "folder".repeat(30));
    let bytes = Tar::of_libvirt()
        .entry(
            tar::EntryType::GNULongName,
            b"././@LongLink",
            b"",
            format!("{long}\0").as_bytes(),
        )
        .file("cut", b"gnu")
        .pax(&[("path", "päth/y")])
        .file("cut", b"pax")
        .file("Virtual Hard Disks\\z.bin", b"windows")
        .end();
    let world = World::new();
    let directory = world.import(&bytes).unwrap().directory;
    assert_eq!(fs::read_to_string(directory.join(long)).unwrap(), "gnu");
    assert_eq!(fs::read_to_string(directory.join("päth/y")).unwrap(), "pax");
    assert_eq!(
        fs::read_to_string(directory.join("Virtual Hard Disks/z.bin")).unwrap(),
        "windows"
    );
}

/// Wants to stop after its first bytes.
struct Impatient<'a> {
    bytes: &'a [u8],
    cancel: Cancel,
}

impl Read for Impatient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cancel.cancel();
        self.bytes.read(buffer)
    }
}

#[test]
fn a_cancelled_import_leaves_nothing() {
    let world = World::new();
    let cancel = Cancel::new();
    let bytes = gzip(&libvirt_box());
    let mut source = Impatient {
        bytes: &bytes,
        cancel: cancel.clone(),
    };
    let import = Import {
        name: "a/b",
        version: &Version::parse("0").unwrap(),
        providers: &[],
        architecture: None,
        force: false,
        checksums: &[],
        locked: None,
        metadata_url: None,
        source: "x.box",
        limits: Limits::default(),
    };
    let outcome = world.store.import(&mut source, &import, &|_| {}, &cancel);
    assert!(matches!(outcome, Err(Error::Cancelled)));
    assert_eq!(world.everything(), Vec::<String>::new());
}

//! Boxes that mean harm. Each is refused with its reason, and leaves nothing.

use boxes::Limits;
use expect_test::{Expect, expect};
use tar::EntryType;

use crate::archive::{Tar, gzip, zip, zstandard};
use crate::world::{World, chain};

/// Imports the box into a store beside a file that no box may touch.
pub fn check(bytes: &[u8], expected: Expect) {
    check_within(Limits::default(), bytes, expected);
}

fn check_within(limits: Limits, bytes: &[u8], expected: Expect) {
    let mut world = World::new();
    world.limits = limits;
    std::fs::write(world.path("victim"), "untouched").unwrap();
    let error = world.import(bytes).map(|it| panic!("installed: {it:?}")).unwrap_err();
    expected.assert_eq(&chain(&error));
    assert_eq!(world.everything(), ["victim"]);
    assert_eq!(std::fs::read_to_string(world.path("victim")).unwrap(), "untouched");
}

#[test]
fn a_name_that_climbs_out() {
    check(
        &Tar::of_libvirt().file("../../victim", b"x").end(),
        expect!["the box was refused: ../../victim: its name leaves the box's folder"],
    );
}

#[test]
fn a_name_that_climbs_out_from_further_down() {
    check(
        &Tar::of_libvirt().file("a/b/../../../victim", b"x").end(),
        expect!["the box was refused: a/b/../../../victim: its name leaves the box's folder"],
    );
}

#[test]
fn a_name_that_climbs_out_with_backslashes() {
    check(
        &Tar::of_libvirt().file("..\\victim", b"x").end(),
        expect![[r#"the box was refused: ..\\victim: its name leaves the box's folder"#]],
    );
}

#[test]
fn an_absolute_name() {
    check(
        &Tar::of_libvirt().file("/tmp/victim", b"x").end(),
        expect!["the box was refused: /tmp/victim: its name is absolute"],
    );
}

#[test]
fn an_absolute_name_of_windows() {
    check(
        &Tar::of_libvirt().file("C:\\victim", b"x").end(),
        expect![[r#"the box was refused: C:\\victim: its name is absolute"#]],
    );
}

#[test]
fn an_absolute_long_name() {
    check(
        &Tar::of_libvirt()
            .entry(EntryType::GNULongName, b"x", b"", b"/etc/victim\0")
            .file("x", b"")
            .end(),
        expect!["the box was refused: /etc/victim: its name is absolute"],
    );
}

#[test]
fn a_pax_name_that_climbs_out() {
    check(
        &Tar::of_libvirt()
            .pax(&[("path", "x/../../victim")])
            .file("x", b"")
            .end(),
        expect!["the box was refused: x/../../victim: its name leaves the box's folder"],
    );
}

#[test]
fn a_sparse_name_that_climbs_out() {
    check(
        &Tar::of_libvirt()
            .pax(&[
                ("GNU.sparse.size", "1"),
                ("GNU.sparse.map", "0,1"),
                ("GNU.sparse.name", "../victim"),
            ])
            .file("x", b"x")
            .end(),
        expect!["the box was refused: ../victim: its name leaves the box's folder"],
    );
}

#[test]
fn a_name_that_plays_with_the_terminal() {
    check(
        &Tar::of_libvirt().file("\u{1b}[2Jx", b"").end(),
        expect![[r#"the box was refused: \u{1b}[2Jx: it cannot be named so (it has control characters)"#]],
    );
}

#[test]
fn a_name_that_is_no_utf_8() {
    check(
        &Tar::of_libvirt().entry(EntryType::Regular, b"\xff\xfe", b"", b"").end(),
        expect!["the box was refused: \u{fffd}\u{fffd}: it cannot be named so (it is not UTF-8)"],
    );
}

#[test]
fn a_name_that_is_too_long() {
    let name = "x/".repeat(600);
    let tar = Tar::of_libvirt()
        .entry(EntryType::GNULongName, b"x", b"", name.as_bytes())
        .file("x", b"");
    let name = &name[..200];
    let world = World::new();
    let error = world.import(&tar.end()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the box was refused: {name}: it cannot be named so (it is too long)")
    );
}

#[test]
fn folders_without_end() {
    let name = "d/".repeat(40);
    check(
        &Tar::of_libvirt().folder(&name).end(),
        expect![
            "the box was refused: d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/: it cannot be named so (it is too deep)"
        ],
    );
}

#[test]
fn a_note_of_jaunt_that_somebody_else_wrote() {
    check(
        &Tar::of_libvirt().file("./.jaunt.json", b"{}").end(),
        expect!["the box was refused: .jaunt.json: it cannot be named so (Jaunt keeps its own notes there)"],
    );
}

#[test]
fn a_file_that_is_there_twice() {
    check(
        &Tar::of_libvirt().file("box.img", b"1").file("./box.img", b"2").end(),
        expect!["the box was refused: box.img: the name is there twice"],
    );
}

#[test]
fn metadata_that_are_there_twice() {
    check(
        &Tar::of_libvirt()
            .file("metadata.json", br#"{"provider":"virtualbox"}"#)
            .end(),
        expect!["the box was refused: metadata.json: the name is there twice"],
    );
}

#[test]
fn a_file_in_the_place_of_a_folder() {
    check(
        &Tar::of_libvirt().file("d/x", b"").file("d", b"").end(),
        expect!["the box was refused: d: the name is there twice"],
    );
}

#[test]
fn a_file_below_a_file() {
    check(
        &Tar::of_libvirt().file("x", b"").file("x/y", b"").end(),
        expect!["the box was refused: x: it lies below something that is not a folder"],
    );
}

#[test]
fn a_symbolic_link_to_an_absolute_place() {
    check(
        &Tar::of_libvirt().symbolic_link("box.img", "/etc/passwd").end(),
        expect!["the box was refused: box.img: it is a link that leaves the box's folder"],
    );
}

#[test]
fn a_symbolic_link_that_climbs_out() {
    check(
        &Tar::of_libvirt().symbolic_link("d/box.img", "../../victim").end(),
        expect!["the box was refused: d/box.img: it is a link that leaves the box's folder"],
    );
}

#[test]
fn a_symbolic_link_that_climbs_out_over_another() {
    check(
        &Tar::of_libvirt()
            .folder("d")
            .symbolic_link("d/up", "..")
            .symbolic_link("out", "d/up/../victim")
            .end(),
        expect!["the box was refused: out: it is a link that leaves the box's folder"],
    );
}

#[test]
fn a_file_through_a_symbolic_link() {
    check(
        &Tar::of_libvirt()
            .symbolic_link("d", "/tmp")
            .file("d/victim", b"x")
            .end(),
        expect!["the box was refused: d: it is a link that leaves the box's folder"],
    );
}

#[test]
fn a_file_through_a_symbolic_link_inside() {
    check(
        &Tar::of_libvirt()
            .folder("e")
            .symbolic_link("d", "e")
            .file("d/x", b"x")
            .end(),
        expect!["the box was refused: d: it lies below something that is not a folder"],
    );
}

#[test]
fn a_file_over_a_symbolic_link() {
    check(
        &Tar::of_libvirt()
            .symbolic_link("x", "metadata.json")
            .file("x", b"x")
            .end(),
        expect!["the box was refused: x: the name is there twice"],
    );
}

#[test]
fn symbolic_links_in_a_circle() {
    check(
        &Tar::of_libvirt().symbolic_link("a", "b").symbolic_link("b", "a").end(),
        expect!["the box was refused: a: it is a link to something that the box does not have"],
    );
}

#[test]
fn a_symbolic_link_to_nothing() {
    check(
        &Tar::of_libvirt().symbolic_link("a", "later").end(),
        expect!["the box was refused: a: it is a link to something that the box does not have"],
    );
}

#[test]
fn a_hard_link_to_a_file_of_the_host() {
    check(
        &Tar::of_libvirt().hard_link("x", "/etc/passwd").end(),
        expect!["the box was refused: x: it is a link that leaves the box's folder"],
    );
}

#[test]
fn a_hard_link_that_climbs_out() {
    check(
        &Tar::of_libvirt().hard_link("x", "../../../victim").end(),
        expect!["the box was refused: x: it is a link that leaves the box's folder"],
    );
}

#[test]
fn a_hard_link_to_a_symbolic_link() {
    check(
        &Tar::of_libvirt()
            .symbolic_link("a", "metadata.json")
            .hard_link("b", "a")
            .end(),
        expect!["the box was refused: b: it is a link to something that the box does not have"],
    );
}

#[test]
fn devices_and_pipes() {
    for (kind, name) in [
        (EntryType::Char, "character device"),
        (EntryType::Block, "block device"),
        (EntryType::Fifo, "named pipe"),
    ] {
        let world = World::new();
        let error = world
            .import(&Tar::of_libvirt().entry(kind, b"x", b"", b"").end())
            .unwrap_err();
        assert_eq!(error.to_string(), format!("the box was refused: x: it is a {name}"));
        assert_eq!(world.everything(), Vec::<String>::new());
    }
}

#[test]
fn an_entry_of_a_kind_that_nobody_knows() {
    check(
        &Tar::of_libvirt().entry(EntryType::new(b'D'), b"x", b"", b"").end(),
        expect!["the box was refused: x: it is a kind of entry that no box has"],
    );
}

#[test]
fn metadata_of_a_gigabyte() {
    check(
        &Tar::new()
            .header_only(EntryType::Regular, "metadata.json", 1 << 30)
            .cut(),
        expect!["the box was refused: metadata.json: it is larger than 1048576 bytes"],
    );
}

#[test]
fn a_vagrantfile_of_a_gigabyte() {
    check(
        &Tar::of_libvirt()
            .header_only(EntryType::Regular, "Vagrantfile", 1 << 30)
            .cut(),
        expect!["the box was refused: Vagrantfile: it is larger than 1048576 bytes"],
    );
}

#[test]
fn a_description_of_hardware_of_a_gigabyte() {
    check(
        &Tar::of_libvirt()
            .header_only(EntryType::Regular, "box.ovf", 1 << 30)
            .cut(),
        expect!["the box was refused: box.ovf: it is larger than 4194304 bytes"],
    );
}

#[test]
fn a_long_name_of_a_gigabyte() {
    check(
        &Tar::of_libvirt()
            .header_only(EntryType::GNULongName, "x", 1 << 30)
            .cut(),
        expect!["the box was refused: a header of the archive: it is larger than 1048576 bytes"],
    );
}

#[test]
fn a_pax_header_of_a_gigabyte() {
    check(
        &Tar::of_libvirt().header_only(EntryType::XHeader, "x", 1 << 30).cut(),
        expect!["the box was refused: a header of the archive: it is larger than 1048576 bytes"],
    );
}

#[test]
fn a_size_that_no_number_holds() {
    check(
        &Tar::of_libvirt()
            .pax(&[("size", "99999999999999999999999")])
            .file("x", b"")
            .end(),
        expect!["the box was refused: x: its header in the archive is damaged"],
    );
}

#[test]
fn a_header_with_a_wrong_sum() {
    let mut bytes = Tar::of_libvirt().file("x", b"").end();
    bytes[1024] = b'y';
    check(
        &bytes,
        expect!["the box was refused: y: its header in the archive is damaged"],
    );
}

#[test]
fn a_file_that_promises_more_than_comes() {
    check(
        &Tar::of_libvirt()
            .header_only(EntryType::Regular, "box.img", 1 << 40)
            .cut(),
        expect![[r#"
            x.box is damaged, or only a part of it arrived
              unexpected end of file"#]],
    );
}

#[test]
fn a_bomb_of_zeros() {
    let limits = Limits {
        unpacked: 1 << 20,
        ..Limits::default()
    };
    check_within(
        limits,
        &gzip(&Tar::of_libvirt().file("zeros", &vec![0; 2 << 20]).end()),
        expect!["the box was refused: zeros: the box would unpack to more than 1048576 bytes"],
    );
}

#[test]
fn a_bomb_of_something() {
    let limits = Limits {
        ratio_free: 1 << 20,
        ..Limits::default()
    };
    check_within(
        limits,
        &zstandard(&Tar::of_libvirt().file("sevens", &vec![7; 8 << 20]).end()),
        expect!["the box was refused: sevens: the box would unpack to more than 250 times its size"],
    );
}

#[test]
fn a_bomb_behind_the_end_of_the_archive() {
    let mut bytes = Tar::of_libvirt().end();
    bytes.resize(80 << 20, 0);
    check(
        &gzip(&bytes),
        expect!["the box was refused: what follows the end of the archive: it is larger than 67108864 bytes"],
    );
}

#[test]
fn a_file_with_a_hole_of_an_exabyte() {
    check(
        &Tar::of_libvirt()
            .pax(&[
                ("GNU.sparse.size", "1152921504606846976"),
                ("GNU.sparse.map", "1152921504606846975,1"),
            ])
            .file("x", b"x")
            .end(),
        expect!["the box was refused: x: the box would unpack to more than 4398046511104 bytes"],
    );
}

#[test]
fn a_map_of_holes_that_runs_backwards() {
    check(
        &Tar::of_libvirt()
            .pax(&[("GNU.sparse.size", "100"), ("GNU.sparse.map", "50,1,10,1")])
            .file("x", b"xx")
            .end(),
        expect!["the box was refused: x: its map of holes is not one"],
    );
}

#[test]
fn a_map_of_holes_beyond_the_file() {
    check(
        &Tar::of_libvirt()
            .pax(&[("GNU.sparse.size", "100"), ("GNU.sparse.map", "99,2")])
            .file("x", b"xx")
            .end(),
        expect!["the box was refused: x: its map of holes is not one"],
    );
}

#[test]
fn a_map_of_holes_that_needs_more_than_is_stored() {
    check(
        &Tar::of_libvirt()
            .pax(&[("GNU.sparse.size", "100"), ("GNU.sparse.map", "0,90")])
            .file("x", b"x")
            .end(),
        expect!["the box was refused: x: its map of holes is not one"],
    );
}

#[test]
fn more_files_than_any_box_has() {
    let tar = (0..20).fold(Tar::of_libvirt(), |tar, it| tar.file(&it.to_string(), b""));
    check_within(
        Limits {
            entries: 10,
            ..Limits::default()
        },
        &tar.end(),
        expect!["the box was refused: 9: the box has more than 10 entries"],
    );
}

#[test]
fn a_zip_name_that_climbs_out() {
    check(
        &zip(&[("metadata.json", b"{}"), ("../victim", b"x")]),
        expect!["the box was refused: ../victim: its name leaves the box's folder"],
    );
}

#[test]
fn a_zip_link_that_leaves() {
    check(
        &zip(&[("metadata.json", b"{}"), ("x -> ../../victim", b"")]),
        expect!["the box was refused: x: it is a link that leaves the box's folder"],
    );
}

#[test]
fn a_zip_whose_directory_would_fill_the_memory() {
    let mut bytes = zip(&[("metadata.json", b"{}")]);
    let end = bytes.windows(4).rposition(|it| it == b"PK\x05\x06").unwrap();
    bytes[end + 12..end + 16].copy_from_slice(&u32::MAX.to_le_bytes());
    check(
        &bytes,
        expect!["the box was refused: the directory of the archive: it is larger than 4194304 bytes"],
    );
}

#[test]
fn a_zip_without_its_end() {
    let bytes = zip(&[("metadata.json", b"{}")]);
    check(
        &bytes[..bytes.len() - 30],
        expect![[r#"
            x.box is damaged, or only a part of it arrived
              unexpected end of file"#]],
    );
}

#[test]
fn a_provider_that_is_a_path() {
    check(
        &Tar::new()
            .file("metadata.json", br#"{"provider":"../../../victim"}"#)
            .end(),
        expect!["metadata.json of the box names a provider that cannot be one"],
    );
}

#[test]
fn an_architecture_that_is_a_path() {
    check(
        &Tar::new()
            .file("metadata.json", br#"{"provider":"qemu","architecture":"../.."}"#)
            .end(),
        expect!["metadata.json of the box names an architecture that cannot be one"],
    );
}

/// An OVF inside of a box.
fn with_description(text: &str) -> Vec<u8> {
    Tar::new()
        .file("metadata.json", br#"{"provider":"virtualbox"}"#)
        .file("box.ovf", text.as_bytes())
        .end()
}

#[test]
fn a_description_whose_entities_multiply() {
    let mut text = "<!DOCTYPE x [<!ENTITY a0 \"aaaaaaaaaa\">".to_owned();
    for it in 1..30 {
        let before = format!("&a{};", it - 1).repeat(10);
        text.push_str(&format!("<!ENTITY a{it} \"{before}\">"));
    }
    text.push_str("]><Envelope>&a29;</Envelope>");
    check(
        &with_description(&text),
        expect!["the box was refused: box.ovf: it has a document type of its own"],
    );
}

#[test]
fn a_description_that_asks_for_a_file_of_the_host() {
    let text = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/shadow\">]><Envelope>&a;</Envelope>";
    check(
        &with_description(text),
        expect!["the box was refused: box.ovf: it has a document type of its own"],
    );
}

#[test]
fn a_description_as_deep_as_a_stack() {
    let text = "<a>".repeat(1 << 20);
    check(
        &with_description(&text),
        expect!["the box was refused: box.ovf: its elements are nested deeper than 64"],
    );
}

#[test]
fn a_description_of_nothing_but_elements() {
    let text = format!("<Envelope>{}</Envelope>", "<a/>".repeat(1 << 19));
    check(
        &with_description(&text),
        expect!["the box was refused: box.ovf: it has more than 100000 elements"],
    );
}

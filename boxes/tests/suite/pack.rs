//! Boxes that leave the store again.

use std::fs;

use boxes::Cancel;

use crate::archive::{Tar, gzip};
use crate::disks;
use crate::world::{Wish, World};

fn libvirt_box() -> Vec<u8> {
    let mut disk = disks::qcow2();
    disk.resize(1 << 20, 0);
    disk.extend_from_slice(b"end");
    let tar = Tar::of_libvirt()
        .file("Vagrantfile", b"# none")
        .with_mode("vagrant_private_key", 0o600, b"secret")
        .folder("include")
        .file(&format!("include/{}", "x".repeat(90)), "ä".as_bytes())
        .symbolic_link("link", "include")
        .file("box.img", &disk);
    gzip(&tar.end())
}

#[test]
fn a_box_that_is_packed_and_added_again_is_the_same() {
    let world = World::new();
    let installed = world.import(&libvirt_box()).unwrap();
    let mut packed = Vec::new();
    installed.repackage(&mut packed, &Cancel::new()).unwrap();
    let again = world
        .import_as(
            &packed,
            Wish {
                version: "1",
                ..Wish::default()
            },
        )
        .unwrap();
    let mut packed_again = Vec::new();
    again.repackage(&mut packed_again, &Cancel::new()).unwrap();
    assert!(packed == packed_again);
    for name in ["metadata.json", "Vagrantfile", "vagrant_private_key", "box.img"] {
        let read = |directory: &std::path::Path| fs::read(directory.join(name)).unwrap();
        assert!(read(&installed.directory) == read(&again.directory), "{name}");
    }
    assert_eq!(
        fs::read_link(again.directory.join("link")).unwrap().to_str(),
        Some("include")
    );
}

#[cfg(unix)]
#[test]
fn a_private_key_stays_private() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let mut packed = Vec::new();
    world
        .import(&libvirt_box())
        .unwrap()
        .repackage(&mut packed, &Cancel::new())
        .unwrap();
    let again = world
        .import_as(
            &packed,
            Wish {
                version: "1",
                ..Wish::default()
            },
        )
        .unwrap();
    let mode = again
        .directory
        .join("vagrant_private_key")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn other_programs_read_what_is_packed() {
    let world = World::new();
    let mut packed = Vec::new();
    world
        .import(&libvirt_box())
        .unwrap()
        .repackage(&mut packed, &Cancel::new())
        .unwrap();
    fs::write(world.path("x.box"), packed).unwrap();
    let listed = std::process::Command::new("tar")
        .arg("-tzf")
        .arg(world.path("x.box"))
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let expected = format!(
        "metadata.json\nVagrantfile\nbox.img\ninclude/\ninclude/{}\nlink\nvagrant_private_key\n",
        "x".repeat(90)
    );
    assert_eq!(listed, expected);
}

//! `Vagrantfile.lock`, and the boxes that are held to it.

use boxes::LockFile;
use expect_test::expect;

use crate::archive::Tar;
use crate::world::{Wish, World};

#[test]
fn the_boxes_of_a_project_are_written_and_read_again() {
    let world = World::new();
    let mut lock = LockFile::default();
    for (name, architecture) in [("z/z", None), ("a/b", Some("arm64")), ("a/b", Some("amd64"))] {
        let installed = world.import_as(
            &Tar::of_libvirt().end(),
            Wish {
                name,
                architecture,
                ..Wish::default()
            },
        );
        assert!(lock.put(installed.unwrap().locked().unwrap()));
    }
    let text = lock.text().unwrap();
    expect![[r#"
        # The boxes that this project uses. Written by Jaunt; keep it with the project.
        version = 1

        [[box]]
        name = "a/b"
        provider = "libvirt"
        architecture = "amd64"
        version = "0"
        sha256 = "SHA256"
        source = "x.box"

        [[box]]
        name = "a/b"
        provider = "libvirt"
        architecture = "arm64"
        version = "0"
        sha256 = "SHA256"
        source = "x.box"

        [[box]]
        name = "z/z"
        provider = "libvirt"
        version = "0"
        sha256 = "SHA256"
        source = "x.box"
    "#]]
    .assert_eq(&text.replace(&world.store.named("z/z").unwrap()[0].record().unwrap().sha256, "SHA256"));
    let read = LockFile::parse(&text).unwrap();
    assert_eq!(read, lock);
    let providers = ["qemu".to_owned(), "libvirt".to_owned()];
    let get = |name, architecture| {
        read.get(name, &providers, architecture)
            .map(|it| it.architecture.clone())
    };
    assert_eq!(get("a/b", Some("arm64")), Some(Some("arm64".to_owned())));
    assert_eq!(get("z/z", Some("arm64")), Some(None));
    assert_eq!(get("a/b", Some("i386")), None);
    assert_eq!(read.get("a/b", &providers[..1], Some("arm64")), None);
}

#[test]
fn a_box_of_other_bytes_is_not_the_locked_one() {
    let world = World::new();
    let installed = world.import(&Tar::of_libvirt().end()).unwrap();
    let locked = installed.locked().unwrap();
    locked.check(&installed).unwrap();
    let mut lock = LockFile::default();
    lock.put(locked.clone());
    assert!(!lock.put(locked.clone()));
    let bytes = Tar::of_libvirt().file("other", b"").end();
    let other = world
        .import_as(
            &bytes,
            Wish {
                force: true,
                ..Wish::default()
            },
        )
        .unwrap();
    let error = locked.check(&other).unwrap_err().to_string();
    assert!(error.starts_with("the box `a/b` is locked to 0 ("), "{error}");
    assert!(lock.put(other.locked().unwrap()));
    assert_eq!(lock.text().unwrap().matches("[[box]]").count(), 1);
    std::fs::remove_file(other.directory.join(".jaunt.json")).unwrap();
    assert!(
        locked
            .check(&other)
            .unwrap_err()
            .to_string()
            .ends_with("what is there is 0 (of unknown origin)")
    );
}

#[test]
fn what_is_no_lock_file_is_an_error() {
    let parse = |text: &str| LockFile::parse(text).unwrap_err().to_string();
    assert_eq!(parse("box = 1"), "the lock file cannot be read as one");
    assert_eq!(
        parse("version = 2"),
        "the lock file is of version 2, which only a newer Jaunt knows"
    );
}

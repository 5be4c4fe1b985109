//! What is installed: found, listed, replaced, removed, and never by halves.

use std::fs;

use boxes::{Architecture, Error, Removal};
use expect_test::{Expect, expect};

use crate::archive::Tar;
use crate::world::{Wish, World};

fn box_for(provider: &str) -> Vec<u8> {
    Tar::new()
        .file("metadata.json", format!(r#"{{"provider":"{provider}"}}"#).as_bytes())
        .end()
}

fn auto() -> Architecture {
    Architecture::Auto {
        host: "x86_64".to_owned(),
    }
}

/// A world with boxes, each `VERSION PROVIDER [ARCHITECTURE]`.
fn world_with(boxes: &[&str]) -> World {
    let world = World::new();
    for it in boxes {
        let mut words = it.split(' ');
        let (version, provider) = (words.next().unwrap(), words.next().unwrap());
        let wish = Wish {
            version,
            architecture: words.next(),
            ..Wish::default()
        };
        world.import_as(&box_for(provider), wish).unwrap();
    }
    world
}

#[test]
fn the_newest_version_that_is_allowed_is_found() {
    let world = world_with(&["1.9 libvirt", "1.10 libvirt", "2.0.a libvirt"]);
    for (constraint, expected) in [
        ("", Some("2.0.a")),
        ("~> 1.0", Some("1.10")),
        ("< 1.10", Some("1.9")),
        ("3", None),
    ] {
        let found = world.find("a/b", constraint, &["libvirt"], &auto());
        assert_eq!(
            found,
            expected.map(|it| format!("a/b {it} libvirt -")),
            "{constraint:?}"
        );
    }
}

#[test]
fn a_newer_version_comes_before_a_better_provider() {
    let world = world_with(&["1 qemu", "1 libvirt", "2 libvirt", "3 docker"]);
    let found = |version| world.find("a/b", version, &["qemu", "libvirt"], &auto());
    assert_eq!(found("").as_deref(), Some("a/b 2 libvirt -"));
    assert_eq!(found("1").as_deref(), Some("a/b 1 qemu -"));
}

#[test]
fn the_architecture_is_the_hosts_unless_one_is_named() {
    let world = world_with(&["1 libvirt amd64", "1 libvirt arm64", "1 libvirt"]);
    let found = |architecture: &Architecture| world.find("a/b", "", &["libvirt"], architecture);
    assert_eq!(found(&auto()).as_deref(), Some("a/b 1 libvirt amd64"));
    let arm = Architecture::Named("aarch64".to_owned());
    assert_eq!(found(&arm).as_deref(), Some("a/b 1 libvirt arm64"));
    assert_eq!(found(&Architecture::Named("riscv64".to_owned())), None);
    let foreign = Architecture::Auto {
        host: "riscv64".to_owned(),
    };
    assert_eq!(found(&foreign).as_deref(), Some("a/b 1 libvirt -"));
}

#[test]
fn a_box_that_is_there_is_replaced_by_force_only() {
    let world = world_with(&["1 libvirt"]);
    let wish = Wish {
        version: "1",
        ..Wish::default()
    };
    let newer = Tar::of_libvirt().file("newer", b"").end();
    let error = world.import_as(&newer, wish).unwrap_err();
    expect!["the box `a/b` 1 for libvirt is installed already"].assert_eq(&error.to_string());
    let installed = world.import_as(&newer, Wish { force: true, ..wish }).unwrap();
    assert!(installed.directory.join("newer").is_file());
    assert_eq!(world.everything().len(), 6);
}

#[test]
fn the_address_of_the_catalog_is_kept_as_vagrant_keeps_it() {
    let world = World::new();
    world
        .import_as(
            &box_for("libvirt"),
            Wish {
                metadata_url: Some("https://x/a/b"),
                ..Wish::default()
            },
        )
        .unwrap();
    assert_eq!(
        fs::read_to_string(world.path("boxes/a-VAGRANTSLASH-b/metadata_url")).unwrap(),
        "https://x/a/b"
    );
    assert_eq!(
        world.store.list().unwrap()[0].metadata_url.as_deref(),
        Some("https://x/a/b")
    );
}

#[test]
fn boxes_that_vagrant_installed_are_used_in_place() {
    let world = world_with(&["1 libvirt"]);
    for place in [
        "a-VAGRANTSLASH-b/2/libvirt",
        "old/virtualbox",
        "c/1.0/arm64/qemu",
        "c/1.0/.x/qemu",
        "c/no version/qemu",
    ] {
        let directory = world.path("vagrant").join(place);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("metadata.json"), r#"{"provider":"libvirt"}"#).unwrap();
    }
    expect![[r#"
        a/b 1 libvirt -
        a/b 2 libvirt -
        c 1.0 qemu arm64
        old 0 virtualbox -"#]]
    .assert_eq(&world.list().join("\n"));
    let foreign = world.store.named("old").unwrap().remove(0);
    assert!(matches!(world.store.remove(&foreign), Err(Error::RemoveForeign { .. })));
    assert!(foreign.directory.is_dir());
}

#[test]
fn versions_that_are_equal_but_not_the_same_are_two_boxes() {
    assert_eq!(
        world_with(&["1 libvirt", "1.0 libvirt"]).list(),
        ["a/b 1 libvirt -", "a/b 1.0 libvirt -"]
    );
}

#[test]
fn looking_writes_nothing() {
    let world = World::new();
    assert_eq!(world.list(), Vec::<String>::new());
    assert_eq!(world.find("a/b", "", &["libvirt"], &auto()), None);
    assert!(!world.path("boxes").exists());
}

fn check_removal(boxes: &[&str], removal: Removal<'_>, expected: Expect) {
    let world = world_with(boxes);
    let outcome = match world.store.select_for_removal(&removal) {
        Ok(selected) => {
            selected.iter().for_each(|it| world.store.remove(it).unwrap());
            format!("left: {:?}", world.list())
        }
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&outcome);
}

#[test]
fn what_box_remove_means_must_be_clear() {
    let all = [
        "1 libvirt",
        "1 virtualbox",
        "1.10 libvirt amd64",
        "1.9 libvirt",
        "1.10 libvirt arm64",
    ];
    let none = Removal {
        name: "a/b",
        ..Removal::default()
    };
    check_removal(&[], none, expect!["the box `a/b` is not installed"]);
    check_removal(&["1 libvirt"], none, expect!["left: []"]);
    check_removal(
        &all,
        none,
        expect!["the box `a/b` is installed in several versions: 1, 1.9, 1.10"],
    );
    let one = Removal {
        version: Some("1"),
        ..none
    };
    check_removal(
        &all,
        one,
        expect!["the box `a/b` 1 is installed for several providers: libvirt, virtualbox"],
    );
    check_removal(
        &all,
        Removal {
            version: Some("1.10"),
            ..none
        },
        expect!["the box `a/b` 1.10 for libvirt is installed for several architectures: amd64, arm64"],
    );
    check_removal(
        &all,
        Removal {
            all_providers: true,
            ..one
        },
        expect![[r#"left: ["a/b 1.9 libvirt -", "a/b 1.10 libvirt amd64", "a/b 1.10 libvirt arm64"]"#]],
    );
    check_removal(
        &all,
        Removal {
            provider: Some("virtualbox"),
            ..none
        },
        expect![[
            r#"left: ["a/b 1 libvirt -", "a/b 1.9 libvirt -", "a/b 1.10 libvirt amd64", "a/b 1.10 libvirt arm64"]"#
        ]],
    );
    let everything = Removal {
        all_versions: true,
        all_providers: true,
        all_architectures: true,
        ..none
    };
    check_removal(&all, everything, expect!["left: []"]);
}

#[test]
fn what_box_remove_names_must_be_there() {
    let all = ["1 libvirt amd64", "2 libvirt"];
    let none = Removal {
        name: "a/b",
        ..Removal::default()
    };
    check_removal(
        &all,
        Removal {
            provider: Some("qemu"),
            ..none
        },
        expect!["the box `a/b` is not installed for the provider qemu, but for: libvirt"],
    );
    check_removal(
        &all,
        Removal {
            version: Some("3"),
            ..none
        },
        expect!["the box `a/b` is not installed in version 3, but in: 1, 2"],
    );
    check_removal(
        &all,
        Removal {
            architecture: Some("aarch64"),
            ..none
        },
        expect!["the box `a/b` is not installed for the architecture arm64, but for: amd64, unknown"],
    );
    check_removal(
        &all,
        Removal {
            architecture: Some("x86_64"),
            ..none
        },
        expect![[r#"left: ["a/b 2 libvirt -"]"#]],
    );
}

#[test]
fn removing_the_last_box_of_a_name_removes_its_folder() {
    let world = World::new();
    let wish = Wish {
        metadata_url: Some("https://x"),
        architecture: Some("amd64"),
        ..Wish::default()
    };
    let installed = world.import_as(&box_for("libvirt"), wish).unwrap();
    world.store.remove(&installed).unwrap();
    world.store.remove(&installed).unwrap();
    assert_eq!(world.everything(), Vec::<String>::new());
}

#[test]
fn of_many_imports_at_once_one_wins_and_nothing_else_stays() {
    let world = World::new();
    let bytes = Tar::of_libvirt().file("large", &vec![1; 1 << 20]).end();
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| world.import(&bytes))).collect();
        threads
            .into_iter()
            .map(|it| match it.join().unwrap() {
                Ok(_) => true,
                Err(Error::AlreadyExists { .. }) => false,
                Err(error) => panic!("{error:?}"),
            })
            .collect()
    });
    assert_eq!(outcomes.iter().filter(|it| **it).count(), 1);
    assert_eq!(world.list(), ["a/b 0 libvirt -"]);
    assert_eq!(world.everything().len(), 6, "{:?}", world.everything());
}

#[test]
fn imports_that_replace_each_other_always_leave_a_whole_box() {
    let world = World::new();
    let bytes = Tar::of_libvirt().file("z", b"last").end();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                world
                    .import_as(
                        &bytes,
                        Wish {
                            force: true,
                            ..Wish::default()
                        },
                    )
                    .unwrap()
            });
        }
    });
    let installed = world.store.list().unwrap().remove(0);
    assert_eq!(fs::read_to_string(installed.directory.join("z")).unwrap(), "last");
    assert_eq!(world.everything().len(), 6, "{:?}", world.everything());
}

#[test]
fn what_a_killed_import_left_is_swept_by_the_next() {
    let world = World::new();
    let forsaken = world.path("boxes/.jaunt/.import-killed");
    fs::create_dir_all(forsaken.join("box")).unwrap();
    fs::write(forsaken.join("lock"), "").unwrap();
    fs::write(forsaken.join("box/metadata.json"), "{}").unwrap();
    assert_eq!(world.list(), Vec::<String>::new());
    world.import(&box_for("libvirt")).unwrap();
    assert!(!forsaken.exists());
}

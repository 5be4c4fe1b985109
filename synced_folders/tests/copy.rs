//! The one-way copy against real shells, those of this host and of busybox, in temporary folders.

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::sync::atomic::Ordering;

use expect_test::expect;
use support::*;
use synced_folders::copy::OneWayCopy;
use synced_folders::{Error, Folder, GuestShell, Note, SyncedFolder};

#[tokio::test]
async fn a_tree_of_everything_arrives_as_it_is() {
    for tools in ALL_TOOLS {
        let world = World::new(tools);
        let host = world.host();
        write(host.join("plain"), "text");
        write(host.join("with space/and 'quotes' \"both\""), "x");
        write(host.join(name(b"line\nend\n")), "newline");
        write(host.join("-rf"), "dash");
        write(host.join("back\\slash\\0101"), "backslash");
        write(host.join("ünïcødé/日本語"), "utf-8");
        write(host.join(name(b"latin\xe4\x81\x88")), "no utf-8");
        write(host.join("$(touch pwned)`id`;*?[a]"), "shell");
        write(host.join("a".repeat(200)).join("b".repeat(200)).join("c"), "long");
        write(host.join("empty file"), "");
        write(host.join("big"), vec![7; 3_000_001]);
        write(host.join("bin/run"), "#!/bin/sh\n");
        mode(&host.join("bin/run"), 0o755);
        mode(&host.join("plain"), 0o600);
        touch(&host.join("plain"), 1_000_000_000);
        fs::create_dir(host.join("empty folder")).unwrap();
        fs::create_dir(host.join("secret")).unwrap();
        mode(&host.join("secret"), 0o700);
        symlink("plain", host.join("link")).unwrap();
        symlink("../plain", host.join("bin/up")).unwrap();
        symlink("with space", host.join("link to folder")).unwrap();
        symlink("no//where' -> 'else\n//=\n", host.join("dangling -> link")).unwrap();
        symlink("x".repeat(300), host.join("long link")).unwrap();

        world.copy().await;

        world.assert_same();
        assert_eq!(world.shell.runs(), 2, "{tools:?}");
        let again = world.copy().await;
        assert_eq!(
            (again.entries, again.deletions, world.shell.runs()),
            (0, 0, 1),
            "{tools:?}"
        );
    }
}

#[tokio::test]
async fn only_changes_travel() {
    for tools in ALL_TOOLS {
        let world = World::new(tools);
        for index in 0..50 {
            write(world.host().join(format!("{}/{index}", index % 5)), format!("{index}"));
        }
        world.copy().await;
        write(world.host().join("3/13"), "thirteen");

        let synced = world.copy().await;

        assert_eq!((synced.entries, synced.bytes), (1, 8));
        world.assert_same();
    }
}

#[tokio::test]
async fn an_edit_within_the_same_second_travels() {
    let world = World::new(Tools::Host);
    let file = world.host().join("site.pp");
    write(&file, "version 1");
    touch(&file, 1_700_000_000);
    world.copy().await;
    write(&file, "version 2");
    touch(&file, 1_700_000_000);

    world.copy().await;

    assert_eq!(fs::read_to_string(world.guest().join("site.pp")).unwrap(), "version 2");
    assert_eq!(world.copy().await.entries, 0);
}

#[tokio::test]
async fn an_edit_within_the_same_second_travels_though_the_connection_broke_in_between() {
    let world = World::new(Tools::Host);
    let file = world.host().join("site.pp");
    write(&file, "version 1");
    touch(&file, 1_700_000_000);
    world.copy().await;
    write(&file, "version 2");
    touch(&file, 1_700_000_000);
    world.shell.breaks_after.store(0, Ordering::SeqCst);
    world.try_copy().await.unwrap_err();
    world.shell.breaks_after.store(u64::MAX, Ordering::SeqCst);

    world.copy().await;

    assert_eq!(fs::read_to_string(world.guest().join("site.pp")).unwrap(), "version 2");
}

#[tokio::test]
async fn what_the_host_lost_and_what_only_the_guest_has_is_removed_and_what_is_excluded_stays() {
    for tools in ALL_TOOLS {
        let mut world = World::new(tools);
        world.exclude = vec!["*.log".to_owned(), "/cache/".to_owned()];
        write(world.host().join("stays"), "");
        write(world.host().join("goes/deep/file"), "");
        write(world.host().join(name(b"goes \xc3\xa4\n\\")), "");
        world.copy().await;
        fs::remove_dir_all(world.host().join("goes")).unwrap();
        fs::remove_file(world.host().join(name(b"goes \xc3\xa4\n\\"))).unwrap();
        write(world.guest().join("made by the guest"), "");
        write(world.guest().join("a.log"), "");
        write(world.guest().join("dir/b.log"), "");
        write(world.guest().join("dir/c"), "");
        write(world.guest().join("cache/d"), "");
        write(world.guest().join(".vagrant/e"), "");

        world.copy().await;

        let left: Vec<String> = tree(&world.guest()).into_keys().collect();
        let expected = [
            "\".vagrant\"",
            "\".vagrant/e\"",
            "\"a.log\"",
            "\"cache\"",
            "\"cache/d\"",
            "\"dir\"",
            "\"dir/b.log\"",
            "\"stays\"",
        ];
        assert_eq!(left, expected, "{tools:?}");
        assert_eq!(world.copy().await.deletions, 0);
    }
}

#[tokio::test]
async fn what_the_guest_changed_is_put_right() {
    for tools in ALL_TOOLS {
        let world = World::new(tools);
        for file in ["edited", "removed", "mode", "dir/inner"] {
            write(world.host().join(file), file);
        }
        symlink("edited", world.host().join("link")).unwrap();
        world.copy().await;
        write(world.guest().join("edited"), "by the guest");
        fs::remove_file(world.guest().join("removed")).unwrap();
        mode(&world.guest().join("mode"), 0o777);
        fs::remove_dir_all(world.guest().join("dir")).unwrap();
        fs::remove_file(world.guest().join("link")).unwrap();
        symlink("mode", world.guest().join("link")).unwrap();

        world.copy().await;

        world.assert_same();
    }
}

#[tokio::test]
async fn every_kind_makes_way_for_every_other() {
    let kinds = ["file", "folder", "link to file", "link to folder"];
    let make = |path: &std::path::Path, kind: &str| match kind {
        "file" => write(path, "content"),
        "folder" => write(path.join("inner"), "inner"),
        "link to file" => symlink("target file", path).unwrap(),
        _ => symlink("target folder", path).unwrap(),
    };
    for tools in ALL_TOOLS {
        let world = World::new(tools);
        write(world.host().join("target file"), "target");
        write(world.host().join("target folder/untouched"), "target");
        let pairs = || kinds.iter().flat_map(|from| kinds.iter().map(move |to| (from, to)));
        for (from, to) in pairs() {
            make(&world.host().join(format!("{from} to {to}")), from);
        }
        world.copy().await;
        for (from, to) in pairs() {
            let path = world.host().join(format!("{from} to {to}"));
            if *from == "folder" {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            }
            .unwrap();
            make(&path, to);
        }

        world.copy().await;

        world.assert_same();
    }
}

#[tokio::test]
async fn a_copy_that_was_cut_anywhere_is_completed_by_the_next() {
    for tools in ALL_TOOLS {
        for cut in (0..40_000).step_by(3_333) {
            let world = World::new(tools);
            for index in 0..12 {
                write(
                    world.host().join(format!("d{}/f{index}", index % 3)),
                    vec![b'a' + index; 2_000],
                );
            }
            write(world.guest().join("to be removed"), "");
            world.shell.breaks_after.store(cut, Ordering::SeqCst);
            _ = world.try_copy().await;
            world.shell.breaks_after.store(u64::MAX, Ordering::SeqCst);

            world.copy().await;

            world.assert_same();
        }
    }
}

#[tokio::test]
async fn without_the_hosts_notes_the_guest_alone_tells_what_is_missing() {
    let world = World::new(Tools::Host);
    write(world.host().join("a"), "a");
    write(world.host().join("b"), "b");
    world.copy().await;
    fs::remove_dir_all(world.temporary.path().join("state")).unwrap();
    write(world.host().join("b"), "longer");

    assert_eq!(world.copy().await.entries, 1);

    world.assert_same();
}

#[tokio::test]
async fn links_that_lead_out_are_followed_and_named_and_those_that_lead_in_are_kept() {
    let world = World::new(Tools::Host);
    write(world.temporary.path().join("outside/file"), "outside");
    write(world.temporary.path().join("outside/inner"), "inner");
    symlink("inner", world.temporary.path().join("outside/link")).unwrap();
    symlink("../outside", world.host().join("out")).unwrap();
    symlink(
        world.temporary.path().join("outside/file"),
        world.host().join("absolute"),
    )
    .unwrap();
    symlink("..", world.host().join("up")).unwrap();
    symlink("../nothing", world.host().join("nowhere")).unwrap();
    write(world.host().join("dir/x"), "");
    symlink("../dir/x", world.host().join("dir/in")).unwrap();

    let synced = world.copy().await;

    assert_eq!(fs::read_to_string(world.guest().join("out/file")).unwrap(), "outside");
    assert_eq!(fs::read_to_string(world.guest().join("absolute")).unwrap(), "outside");
    assert_eq!(
        fs::read_link(world.guest().join("out/link")).unwrap().to_str(),
        Some("inner")
    );
    assert_eq!(
        fs::read_link(world.guest().join("nowhere")).unwrap().to_str(),
        Some("../nothing")
    );
    assert_eq!(
        fs::read_link(world.guest().join("dir/in")).unwrap().to_str(),
        Some("../dir/x")
    );
    assert!(
        !world.guest().join("up/host").exists(),
        "the folder is not copied into itself"
    );
    let followed = synced
        .notes
        .iter()
        .filter(|it| matches!(it, Note::Followed { .. }))
        .count();
    assert_eq!(followed, 3);
    assert!(synced.notes.contains(&Note::Loop {
        path: world.host().join("up/host")
    }));
}

#[tokio::test]
async fn several_folders_cost_no_more_scripts_than_one() {
    let world = World::new(Tools::Host);
    let folders: Vec<Folder> = (0..4)
        .map(|index| {
            let host = world.host().join(index.to_string());
            write(host.join("file"), index.to_string());
            let guest = world.guest().join(index.to_string()).to_str().unwrap().to_owned();
            Folder {
                id: index.to_string(),
                host,
                guest,
                ..world.folder()
            }
        })
        .collect();
    let copy = OneWayCopy::new(world.temporary.path().join("state"));

    copy.sync(&folders, &world.shell, &mut |_| {}).await.unwrap();

    assert_eq!(world.shell.runs(), 2);
    world.assert_same();
    copy.sync(&folders, &world.shell, &mut |_| {}).await.unwrap();
    assert_eq!(world.shell.runs(), 1);
}

#[tokio::test]
async fn a_guest_path_of_any_characters_is_one_path() {
    for tools in ALL_TOOLS {
        let mut world = World::new(tools);
        world.guest_name = "-it's a $(touch pwned) \"guest\"\nfolder; ä*";
        write(world.host().join("file"), "x");

        world.copy().await;

        world.assert_same();
    }
}

#[tokio::test]
async fn ten_thousand_files_take_two_scripts_and_then_one() {
    let world = World::new(Tools::Host);
    for index in 0..10_000 {
        write(
            world.host().join(format!("{}/{}/{index}", index % 10, index % 100)),
            vec![b'x'; index % 4_000],
        );
    }
    world.copy().await;
    assert_eq!(world.shell.runs(), 2);

    let synced = world.copy().await;

    assert_eq!((synced.entries, world.shell.runs()), (0, 1));
    world.assert_same();
}

#[tokio::test]
async fn what_is_wrong_on_the_host_is_said_before_the_guest_is_asked() {
    let world = World::new(Tools::Host);
    fs::remove_dir(world.host()).unwrap();
    assert!(matches!(world.try_copy().await, Err(Error::HostFolderMissing { .. })));

    write(world.host(), "a file");
    assert!(matches!(world.try_copy().await, Err(Error::HostNotAFolder { .. })));
    assert_eq!(world.shell.runs(), 0);
}

#[tokio::test]
async fn a_guest_without_tar_is_told_so() {
    let mut world = World::new(Tools::Host);
    world.shell = LocalShell::with_only(&["find", "stat", "mkdir", "id"]);

    let error = world.try_copy().await.unwrap_err();

    expect!["the guest lacks tar, which synced folders need: install its package `tar` in the guest"]
        .assert_eq(&error.to_string());
}

#[tokio::test]
async fn an_owner_that_the_guest_does_not_know_is_named() {
    let world = World::new(Tools::Host);
    let folder = Folder {
        owner: Some("nobody-here".to_owned()),
        ..world.folder()
    };
    let copy = OneWayCopy::new(world.temporary.path().join("state"));

    let error = copy.sync(&[folder], &world.shell, &mut |_| {}).await.unwrap_err();

    expect!["the guest could not list the synced folders (exit code 1): there is no user nobody-here"]
        .assert_eq(&error.to_string());
}

#[tokio::test]
async fn a_folder_packs_into_an_archive_that_any_tar_unpacks() {
    for tools in ALL_TOOLS {
        let world = World::new(tools);
        write(world.host().join("dir/file"), vec![3; 200_000]);
        symlink("dir/file", world.host().join("link")).unwrap();
        fs::create_dir(world.guest()).unwrap();

        let (stream, packing) = synced_folders::copy::pack(&world.host(), "/x").await.unwrap();
        let script = format!("cd {} && exec tar -xpf -", world.guest().display());
        let output = world.shell.run(&script, false, Some(stream)).await.unwrap();

        assert_eq!((output.code, packing.finish().await.unwrap()), (0, vec![]));
        world.assert_same();
    }
}

#[tokio::test]
async fn owner_and_group_are_given_by_name_or_number() {
    for (owner, group, expected) in [
        (Some("daemon"), None, (1, 0)),
        (Some("12345"), Some("54321"), (12345, 54321)),
        (None, Some("daemon"), (0, 1)),
    ] {
        for tools in ALL_TOOLS {
            let world = World::new(tools);
            if world.shell.user() != "root" {
                return;
            }
            write(world.host().join("file"), "x");
            symlink("file", world.host().join("link")).unwrap();
            let folder = Folder {
                owner: owner.map(str::to_owned),
                group: group.map(str::to_owned),
                ..world.folder()
            };
            let copy = OneWayCopy::new(world.temporary.path().join("state"));

            copy.sync(std::slice::from_ref(&folder), &world.shell, &mut |_| {})
                .await
                .unwrap();

            let metadata = fs::metadata(world.guest().join("file")).unwrap();
            assert_eq!((metadata.uid(), metadata.gid()), expected, "{tools:?}");
            let again = copy.sync(&[folder], &world.shell, &mut |_| {}).await.unwrap();
            assert_eq!(again[0].entries, 0);
        }
    }
}

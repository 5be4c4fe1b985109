//! State files that were cut, filled with noise, or could not be written: the machine is found again, or the error says what is wrong
//! and where. Nothing new is made in place of what cannot be read.

#![cfg(test)]

mod support;

use std::fs;
use std::path::PathBuf;

use support::names_in;
use support::small_disk::SmallDisk;
use support::stand_in::StandIn;

const NOISE: &[u8] = b"\x00\xfe{]noise\x1b[2J\n\x07not a line of ours\n";

/// All that must stay as it is while a file cannot be read.
fn machines(stand_in: &StandIn) -> (String, usize) {
    let machine = fs::read_to_string(stand_in.machine_folder("default").join("fake-machine.json")).unwrap_or_default();
    let claim = serde_json::from_str(&machine).map_or(String::new(), |it: serde_json::Value| it["claim"].to_string());
    (claim, names_in(&stand_in.world.home().join("data/claims")).len())
}

fn entries_of_index(stand_in: &StandIn) -> usize {
    let index = fs::read_to_string(stand_in.world.home().join("data/machine-index/index")).unwrap_or_default();
    index.matches("local_data_path").count()
}

/// Spoils a file in a number of ways; each time both commands succeed on the same machine, or say which file is wrong.
fn check(path: impl Fn(&StandIn) -> PathBuf) {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    let path = path(&stand_in);
    let (whole, expected) = (fs::read(&path).unwrap(), machines(&stand_in));
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut contents: Vec<Vec<u8>> = (0..whole.len()).map(|it| whole[..it].to_vec()).collect();
    contents.push(NOISE.to_vec());
    contents.push([&whole[..whole.len() / 2], NOISE].concat());
    for (number, content) in contents.iter().enumerate() {
        let commands: &[&[&str]] = match number % 16 {
            0 => &[&["status"], &["up", "--no-provision"]],
            _ => &[&["status"]],
        };
        for command in commands {
            fs::write(&path, content).unwrap();
            let ran = stand_in.run(command);
            let what = format!(
                "{command:?} with {} bytes of {name}: {}{}",
                content.len(),
                ran.stdout,
                ran.stderr
            );
            match ran.code {
                0 => assert!(!ran.stdout.contains("not created"), "{what}"),
                _ => assert!(ran.code == 1 && ran.stderr.contains(&name), "{what}"),
            }
            assert!(!ran.stderr.contains('\u{1b}'), "{what}");
            assert_eq!(machines(&stand_in), expected, "{what}");
        }
    }
    fs::write(&path, &whole).unwrap();
    let status = stand_in.run(&["status"]).success();
    assert!(status.stdout.contains("running (fake)"), "{}", status.stdout);
    stand_in.run(&["up", "--no-provision"]).success();
    assert_eq!(entries_of_index(&stand_in), 1);
    fs::write(&path, NOISE).unwrap();
    let destroy = stand_in.run(&["destroy", "-f"]);
    assert!(
        destroy.code == 0 || destroy.stderr.contains(&name),
        "{}{}",
        destroy.stdout,
        destroy.stderr
    );
}

macro_rules! files_of_the_machine {
    ($($name:ident),*) => {
        $(#[test] fn $name() { check(|it| it.machine_folder("default").join(stringify!($name))); })*
    };
}

files_of_the_machine!(
    journal,
    id,
    index_uuid,
    creator_uid,
    vagrant_cwd,
    action_provision,
    synced_folders,
    lock
);

#[test]
fn claim() {
    check(|it| {
        let folder = it.world.home().join("data/claims");
        folder.join(&names_in(&folder)[0])
    });
}

#[test]
fn index() {
    check(|it| it.world.home().join("data/machine-index/index"));
}

#[test]
fn a_machine_that_its_backend_has_lost_is_not_made_again_in_its_place_before_it_is_destroyed() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    fs::remove_file(stand_in.machine_folder("default").join("fake-machine.json")).unwrap();

    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains("was made, and its disk is gone"), "{status}");
    for command in [&["up"] as &[&str], &["up", "--no-provision"]] {
        let refused = stand_in.run(command).fails_with("was made, and its disk is gone from ");
        assert!(refused.stderr.contains("`jaunt destroy default`"), "{}", refused.stderr);
    }

    stand_in.run(&["destroy", "-f"]).success();
    stand_in.run(&["up"]).success();
}

#[test]
fn settings_that_cannot_be_read_are_named_and_not_taken_for_none() {
    let world = support::World::new();
    fs::write(world.path().join("box"), "none").unwrap();
    for content in [NOISE, b"[[place]]\nkind = ", b"place = 7\n"] {
        fs::write(world.home().join("settings.toml"), content).unwrap();
        let add = world.run(["box", "add", "x", "../box"]).fails_with("settings.toml");
        assert!(!add.stderr.contains('\u{1b}'), "{}", add.stderr);
    }
}

/// Has the file system of a folder full in the command's middle, wherever it is written to.
fn check_small_disk(folder: fn(&StandIn) -> PathBuf, before: &[&[&str]], command: &[&str], state: &str) {
    let stand_in = StandIn::new();
    let place = folder(&stand_in);
    let disk = SmallDisk::at(&place, "512k");
    let log = stand_in.guest().join("log");
    stand_in.write_vagrantfile(&format!(
        "config.vm.provision \"shell\", privileged: false, inline: \"echo ran >> {}\"",
        log.display()
    ));
    let mut failures = 0;
    for free in 0..60 {
        for earlier in before {
            stand_in.run(earlier).success();
        }
        disk.fill(free);
        let full = stand_in.run(command);
        if full.code != 0 {
            failures += 1;
            let says_so = full.stderr.contains("no storage space") || full.stderr.contains("No space left");
            assert!(
                full.code == 1 && says_so,
                "{command:?} with {free} pages: {}",
                full.stderr
            );
            assert!(
                full.stderr.contains("make room"),
                "{command:?} with {free} pages: {}",
                full.stderr
            );
        }
        disk.empty();
        stand_in.run(command).success();
        let status = stand_in.run(&["status"]).success().stdout;
        assert!(status.contains(state), "{command:?} with {free} pages: {status}");
        assert!(machines(&stand_in).1 <= 1 && entries_of_index(&stand_in) <= 1);
        if full.code == 0 && free > 8 {
            break;
        }
    }
    assert!(failures > 0, "the disk was never full");

    // The same with a disk that cannot be written at all.
    for earlier in before {
        stand_in.run(earlier).success();
    }
    disk.mount(&["-o", "remount,ro"]);
    let read_only = stand_in.run(command);
    assert_eq!(read_only.code, 1, "{}", read_only.stdout);
    assert!(
        read_only.stderr.contains(&*place.to_string_lossy()),
        "{}",
        read_only.stderr
    );
    stand_in.run(&["status"]).success();
    disk.mount(&["-o", "remount,rw"]);
    stand_in.run(command).success();
}

macro_rules! small_disks {
    ($($name:ident: $before:expr => $command:expr, $state:expr;)*) => {
        mod project_on_a_full_disk {
            $(#[test] fn $name() { super::check_small_disk(|it| it.world.project(), $before, $command, $state); })*
        }
        mod home_on_a_full_disk {
            $(#[test] fn $name() { super::check_small_disk(|it| it.world.home(), $before, $command, $state); })*
        }
    };
}

small_disks! {
    up: &[&["destroy", "-f"]] => &["up"], "running (fake)";
    halt: &[&["up"]] => &["halt"], "stopped (fake)";
}

#[test]
fn destroy_with_a_home_on_a_full_disk() {
    check_small_disk(
        |it| it.world.home(),
        &[&["up"]],
        &["destroy", "-f"],
        "not created (fake)",
    );
}

#[test]
fn a_machine_whose_folder_lost_all_that_names_it_is_found_again_by_up_and_by_destroy() {
    let stand_in = StandIn::with_machine();
    for command in [&["up"] as &[&str], &["destroy", "-f"]] {
        stand_in.run(&["up"]).success();
        let before = machines(&stand_in);
        for name in ["id", "journal", "index_uuid"] {
            fs::remove_file(stand_in.machine_folder("default").join(name)).unwrap();
        }

        stand_in.run(command).success();

        let after = machines(&stand_in);
        match command[0] {
            "up" => assert_eq!((after, entries_of_index(&stand_in)), (before, 1)),
            _ => assert_eq!((after, entries_of_index(&stand_in)), ((String::new(), 0), 0)),
        }
    }
}

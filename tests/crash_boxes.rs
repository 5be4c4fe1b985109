//! Kills of `box add`, `box repackage` and `package` at their calls to the system that change files: nothing but strace is needed in their midst.
//!
//! The same command again comes to the same end, and nothing is left over. A third of the calls, unless `JAUNT_TEST_WHOLE_MATRIX`
//! is set.

#![cfg(test)]

mod support;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use support::World;
use support::tally::{self, Findings};

/// What creates, fills, names and removes files.
const CALLS: &str = "openat,mkdir,mkdirat,write,pwrite64,copy_file_range,sendfile,ftruncate,fsync,fdatasync,rename,renameat,renameat2,\
                     link,linkat,unlink,unlinkat,rmdir,chmod,fchmod,fchmodat,flock";

/// More calls than any of these commands makes.
const CALLS_AT_MOST: usize = 5000;

/// A world with an image, and a box file that holds it.
fn world() -> World {
    let world = World::in_memory();
    let make = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(world.path()).status();
        assert!(status.unwrap().success(), "{program} {arguments:?}");
    };
    make("qemu-img", &["create", "-q", "-f", "qcow2", "box.img", "1M"]);
    let metadata = r#"{"provider":"libvirt","format":"qcow2","virtual_size":1}"#;
    fs::write(world.path().join("metadata.json"), metadata).unwrap();
    make("tar", &["-czf", "tiny.box", "metadata.json", "box.img"]);
    world
}

/// All files below a folder, with their sizes.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(tree(&path));
        } else {
            found.push(format!("{} {}", path.display(), entry.metadata().unwrap().len()));
        }
    }
    found.sort();
    found
}

/// Runs it, to be killed at its nth call; returns whether it was.
fn killed_at(world: &World, command: &[&str], number: usize) -> bool {
    let plain = world.command(command);
    let mut traced = Command::new("strace");
    traced
        .args(["-f", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("trace={CALLS}"))
        .args(["-e", &format!("inject={CALLS}:signal=KILL:when={number}")])
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(world.project())
        .env_clear()
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(std::process::Stdio::null());
    let output = traced.output().expect("these tests need the package strace");
    let was_killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
    assert!(
        was_killed || output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    was_killed
}

/// Kills the command at its calls. `done_before` is what the command may say where the killed one had come to its end.
fn check(command: &[&str], undo: fn(&World), done_before: Option<&str>) {
    let world = world();
    undo(&world);
    let seen = |world: &World| {
        [
            tree(&world.home()),
            tree(&world.project()),
            tree(&world.path().join("run")),
        ]
    };
    world.run(command).success();
    let expected = seen(&world);
    let (mut kills, mut findings) = (0, Findings::default());
    for number in (1..CALLS_AT_MOST).step_by(if tally::is_whole() { 1 } else { 3 }) {
        undo(&world);
        if !killed_at(&world, command, number) {
            break;
        }
        kills += 1;
        let again = world.run(command);
        let succeeded = again.code == 0 || done_before.is_some_and(|it| again.stderr.contains(it));
        let seen = seen(&world);
        tally::count("no machine", command, !succeeded, seen != expected);
        findings.check(succeeded && seen == expected, || {
            format!(
                "{command:?} after a kill at call {number}: {}\n{seen:?}\nnot\n{expected:?}",
                again.stderr
            )
        });
    }
    assert!(kills > 3 && kills < CALLS_AT_MOST - 1, "{kills} kills");
}

#[test]
fn box_add() {
    let remove = |world: &World| drop(world.run(["box", "remove", "--force", "tiny"]));
    check(&["box", "add", "tiny", "../tiny.box"], remove, Some("already"));
}

#[test]
fn box_add_that_replaces_another() {
    check(&["box", "add", "--force", "tiny", "../tiny.box"], |_| {}, None);
}

#[test]
fn package() {
    let remove = |world: &World| drop(fs::remove_file(world.project().join("package.box")));
    check(
        &["package", "--base", "../box.img"],
        remove,
        Some("package.box is there already"),
    );
}

#[test]
fn box_repackage() {
    let start = |world: &World| {
        world.run(["box", "add", "tiny", "../tiny.box"]);
        let _ = fs::remove_file(world.project().join("package.box"));
    };
    check(
        &["box", "repackage", "tiny", "libvirt", "0"],
        start,
        Some("package.box is there already"),
    );
}

//! `jaunt rsync-auto`: what changes on the host arrives in the guest, other commands have their turn, and Ctrl-C is its end.

#![cfg(test)]

mod support;

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use support::stand_in::StandIn;
use support::{eventually, signal};

/// A machine with two folders: one that is copied, and one that the real rsync brings over.
fn machine() -> StandIn {
    let stand_in = StandIn::new();
    stand_in.write_vagrantfile(&format!(
        "config.vm.synced_folder \"copied\", \"{0}/copied\", copy__exclude: [\"*.tmp\"]\n  \
         config.vm.synced_folder \"by-rsync\", \"{0}/by-rsync\", type: \"rsync\", rsync__rsync_path: \"rsync\"\n  \
         config.vm.synced_folder \"by-hand\", \"{0}/by-hand\", rsync__auto: false",
        stand_in.guest().display()
    ));
    for folder in ["copied", "by-rsync", "by-hand"] {
        stand_in.world.write(&format!("{folder}/first"), "one");
    }
    stand_in
}

/// The command, which must not outlive a test that fails.
struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn watching(stand_in: &StandIn, arguments: &[&str]) -> Watching {
    let mut command = stand_in.command(&[&["rsync-auto"], arguments].concat());
    let errors = fs::File::create(stand_in.world.path().join("errors")).unwrap();
    let said = fs::File::create(stand_in.world.path().join("said")).unwrap();
    let child = command.stdout(said).stderr(errors).stdin(Stdio::null()).spawn();
    let watching = Watching(child.unwrap());
    eventually(Duration::from_secs(20), || said_by(stand_in).contains("Watching: "));
    watching
}

fn said_by(stand_in: &StandIn) -> String {
    fs::read_to_string(stand_in.world.path().join("said")).unwrap_or_default()
}

fn arrives(stand_in: &StandIn, name: &str, content: &str) {
    eventually(Duration::from_secs(20), || stand_in.guest_file(name) == content);
}

fn end(stand_in: &StandIn, mut watching: Watching) {
    signal("INT", watching.0.id());
    let status = watching.0.wait().unwrap();
    let errors = fs::read_to_string(stand_in.world.path().join("errors")).unwrap();
    assert_eq!(status.code(), Some(0), "{errors}");
}

#[test]
fn what_changes_arrives_and_other_commands_have_their_turn() {
    let stand_in = machine();
    stand_in.run(&["up"]).success();
    stand_in.world.write("copied/while-nobody-watched", "early");
    let child = watching(&stand_in, &[]);
    arrives(&stand_in, "copied/while-nobody-watched", "early");

    stand_in.world.write("copied/some.tmp", "left out");
    stand_in.world.write("by-hand/second", "not now");
    stand_in.world.write("copied/deep/er/second", "two");
    arrives(&stand_in, "copied/deep/er/second", "two");
    stand_in.world.write("by-rsync/second", "three");
    arrives(&stand_in, "by-rsync/second", "three");
    fs::remove_file(stand_in.world.project().join("copied/first")).unwrap();
    eventually(Duration::from_secs(20), || {
        !stand_in.guest().join("copied/first").exists()
    });

    assert!(!stand_in.guest().join("by-hand/second").exists());
    eventually(Duration::from_secs(20), || stand_in.run(&["halt"]).code == 0);
    stand_in.world.write("copied/third", "while it was down");
    let errors = stand_in.world.path().join("errors");
    eventually(Duration::from_secs(20), || {
        fs::read_to_string(&errors).unwrap().contains("is not running")
    });
    stand_in.run(&["up"]).success();
    stand_in.world.write("copied/third", "up again");
    arrives(&stand_in, "copied/third", "up again");

    assert!(!stand_in.guest().join("copied/some.tmp").exists());
    end(&stand_in, child);
}

#[test]
fn it_does_not_set_itself_off() {
    let stand_in = StandIn::new();
    let guest = stand_in.guest();
    stand_in.write_vagrantfile("");
    let text = fs::read_to_string(stand_in.world.project().join("Vagrantfile")).unwrap();
    let whole = format!("\".\", \"{}/whole\"\n", guest.display());
    stand_in.world.write(
        "Vagrantfile",
        &text.replace("\".\", \"/vagrant\", disabled: true", &whole),
    );
    stand_in.run(&["up"]).success();
    let child = watching(&stand_in, &[]);
    stand_in.world.write("file", "one");
    arrives(&stand_in, "whole/file", "one");
    let copies = || said_by(&stand_in).matches("Syncing folder").count();

    // The write may have come before the first copy, and is a change after it all the same; what set itself off would go on.
    eventually(Duration::from_secs(60), || {
        let before = copies();
        std::thread::sleep(Duration::from_secs(2));
        copies() == before
    });

    end(&stand_in, child);
}

#[test]
fn polling_sees_changes_too() {
    let stand_in = machine();
    stand_in.run(&["up"]).success();
    let child = watching(&stand_in, &["--poll"]);
    stand_in.world.write("copied/second", "two");
    arrives(&stand_in, "copied/second", "two");
    end(&stand_in, child);
}

#[test]
fn without_a_machine_there_is_nothing_to_watch() {
    let stand_in = machine();
    let ran = stand_in.run(&["rsync-auto"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("no machine with a folder to watch"),
        "{}",
        ran.stdout
    );
}

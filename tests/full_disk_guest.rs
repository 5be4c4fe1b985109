//! A full disk under a machine that QEMU runs: the machine stays as it is, and the error says where how much room is missing.

#![cfg(test)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use support::small_disk::SmallDisk;
use support::{World, eventually, names_in};

fn machine_folder(world: &World) -> PathBuf {
    world.project().join(".vagrant/machines/default/qemu")
}

fn status(world: &World) -> String {
    world.run(["status"]).success().stdout
}

/// A machine on a disk of its own that holds what it needs now, and whose memory is full of what cannot be compressed.
fn world_on(size: &str) -> (World, SmallDisk) {
    let settings = "  config.vm.synced_folder \".\", \"/vagrant\", disabled: true";
    let world = World::with_small_guest(settings);
    let disk = SmallDisk::at(&world.folder(".vagrant"), size);
    world.run(["up"]).success();
    let fill = "head -c 60000000 /dev/urandom > /tmp/noise";
    world.run(["ssh", "-c", fill]).success();
    (world, disk)
}

#[test]
fn memory_or_a_box_that_does_not_fit_is_not_begun_and_the_machine_goes_on() {
    let (world, _disk) = world_on("40m");
    let before = fs::metadata(machine_folder(&world).join("disk.qcow2")).unwrap().len();

    for command in [
        &["suspend"] as &[&str],
        &["snapshot", "save", "one"],
        &["snapshot", "push"],
    ] {
        let refused = world.run(command).fails_with("there is not enough room in ");
        let told = refused.stderr;
        assert!(
            told.contains("MiB may be needed") && told.contains("make room"),
            "{told}"
        );
        assert!(told.contains(&*machine_folder(&world).to_string_lossy()), "{told}");
        assert!(status(&world).contains("running (qemu)"));
        world.run(["ssh", "-c", "true"]).success();
    }

    let _small = SmallDisk::at(&world.folder("small"), "30m");
    let package = world.run(["package", "--output", "small/machine.box"]);
    let told = package
        .fails_with("to write the machine's disks and a box of them: up to ")
        .stderr;
    assert!(told.contains("small"), "{told}");
    assert!(status(&world).contains("running (qemu)"));
    world.run(["ssh", "-c", "true"]).success();

    let list = world.run(["snapshot", "list"]).success().stdout;
    assert!(list.contains("no snapshots"), "{list}");
    let after = fs::metadata(machine_folder(&world).join("disk.qcow2")).unwrap().len();
    assert!(after < before + (8 << 20), "{before} bytes before, {after} after");
    world.run(["destroy", "-f"]).success();
}

#[test]
fn a_guest_whose_disk_cannot_be_written_is_paused_and_goes_on_when_there_is_room() {
    let (world, disk) = world_on("90m");
    disk.fill(64);
    let mut writer = world.command([
        "ssh",
        "-c",
        "sudo cp /tmp/noise /home/vagrant/noise && sync && echo written",
    ]);
    let writer = writer.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    eventually(Duration::from_secs(60), || status(&world).contains("paused (qemu)"));

    for command in [["ssh", "-c", "true"].as_slice(), &["up"]] {
        let paused = world.run(command).fails_with("the machine `default` is paused").stderr;
        assert!(paused.contains("make room on the file system of "), "{paused}");
    }
    world.run(["provision"]).success();
    disk.empty();
    world.run(["up"]).success();

    assert!(status(&world).contains("running (qemu)"));
    let written = writer.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&written.stdout), "written\n");
    world.run(["destroy", "-f"]).success();
}

#[test]
fn a_suspend_that_is_killed_in_its_middle_leaves_a_machine_that_goes_on() {
    let settings = "  config.vm.synced_folder \".\", \"/vagrant\", disabled: true";
    let world = World::with_small_guest(settings);
    world.run(["up"]).success();
    world
        .run(["ssh", "-c", "head -c 80000000 /dev/urandom > /tmp/noise"])
        .success();
    for again in ["up", "suspend"] {
        let points = world.path().join("points");
        let mut suspend = world.command(["suspend"]);
        let suspend = suspend.env("JAUNT_TEST_POINTS", &points).stdout(Stdio::null());
        let mut suspend = suspend.spawn().unwrap();
        eventually(Duration::from_secs(60), || {
            let passed = fs::read_to_string(&points).unwrap_or_default();
            passed.lines().any(|it| it == "begin suspend")
        });
        fs::remove_file(&points).unwrap();
        // Anywhere in it: what holds afterwards holds wherever that was.
        std::thread::sleep(Duration::from_millis(40));
        suspend.kill().unwrap();
        suspend.wait().unwrap();

        world.run([again]).success();
        world.run(["up"]).success();

        assert_eq!(
            world.run(["ssh", "-c", "wc -c < /tmp/noise"]).success().stdout,
            "80000000\n"
        );
    }
    assert_eq!(
        names_in(&world.path().join("run/jaunt")).len(),
        2,
        "the sockets of one machine"
    );
    world.run(["destroy", "-f"]).success();
}

//! Suspending, resuming and snapshots on a real guest.

#![cfg(test)]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use support::World;

fn in_guest(world: &World, script: &str) -> String {
    world.run(["ssh", "-c", script]).success().stdout
}

/// How many seconds the guest's clock is off.
fn clock_error(world: &World) -> u64 {
    let guest: u64 = in_guest(world, "date +%s").trim().parse().unwrap();
    let host = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    host.abs_diff(guest)
}

fn snapshots(world: &World) -> Vec<String> {
    let list = world.run(["snapshot", "list"]).success().stdout;
    list.lines().skip(1).map(str::to_owned).collect()
}

const BOOT: &str = "cat /proc/sys/kernel/random/boot_id";

#[test]
fn a_suspended_machine_goes_on_where_it_was_with_the_right_time() {
    let world = World::with_small_guest("");
    world.run(["suspend"]).success();
    world.run(["up"]).success();
    let boot = in_guest(&world, BOOT);
    in_guest(
        &world,
        "echo kept > /dev/shm/memory 2>/dev/null || echo kept > /tmp/memory",
    );

    world.run(["suspend"]).success();

    let status = world.run(["status"]).success().stdout;
    assert!(status.contains("saved (qemu)"), "{status}");
    assert_eq!(
        support::processes_with(&world.project().to_string_lossy()),
        [] as [u32; 0]
    );
    world.run(["ssh", "-c", "true"]).fails_with("not running");
    world.run(["suspend"]).success();
    world.write("later.txt", "written while it slept");
    std::thread::sleep(Duration::from_secs(8));
    world.run(["resume"]).success();
    assert_eq!(in_guest(&world, BOOT), boot, "it is the same boot");
    assert_eq!(
        in_guest(&world, "cat /dev/shm/memory /tmp/memory 2>/dev/null; true"),
        "kept\n"
    );
    assert_eq!(in_guest(&world, "cat /vagrant/later.txt"), "written while it slept");
    assert!(
        clock_error(&world) <= 3,
        "the clock is {} seconds off",
        clock_error(&world)
    );
    world.run(["resume"]).success();

    world.run(["suspend", "--all-global"]).success();
    world.run(["up"]).success();
    assert_eq!(in_guest(&world, BOOT), boot, "`up` wakes it as well");
    world.run(["suspend"]).success();
    world.run(["halt"]).success();
    world.run(["up"]).success();
    assert_ne!(in_guest(&world, BOOT), boot, "what was halted boots anew");
    world.run(["destroy", "-f"]).success();
}

#[test]
fn snapshots_are_taken_and_gone_back_to_running_and_stopped() {
    let world = World::with_small_guest("");
    let none = world.run(["snapshot", "save", "early"]).success();
    assert!(none.stdout.contains("not been created"), "{}", none.stdout);
    world.run(["snapshot", "list"]).success();
    world
        .run(["snapshot", "restore", "early"])
        .fails_with("no snapshot `early`");
    world.run(["up"]).success();
    let boot = in_guest(&world, BOOT);
    in_guest(&world, "echo one > /home/vagrant/state");

    world.run(["snapshot", "save", "default", "running"]).success();
    world
        .run(["snapshot", "save", "running"])
        .fails_with("a snapshot `running` already");
    in_guest(&world, "echo two > /home/vagrant/state; sync");
    world.run(["snapshot", "push"]).success();
    in_guest(&world, "echo three > /home/vagrant/state; sync");
    world.run(["halt"]).success();
    world.run(["snapshot", "save", "stopped"]).success();

    world.run(["snapshot", "restore", "running"]).success();
    assert_eq!(
        (in_guest(&world, BOOT), in_guest(&world, "cat state")),
        (boot.clone(), "one\n".to_owned())
    );
    assert!(
        clock_error(&world) <= 3,
        "the clock is {} seconds off",
        clock_error(&world)
    );
    world.run(["snapshot", "pop"]).success();
    assert_eq!(
        (in_guest(&world, BOOT), in_guest(&world, "cat state")),
        (boot, "two\n".to_owned())
    );
    assert_eq!(snapshots(&world), ["running", "stopped"]);
    let pop = world.run(["snapshot", "pop"]).success();
    assert!(pop.stdout.contains("No snapshot was pushed"), "{}", pop.stdout);

    world.run(["snapshot", "restore", "stopped", "--no-start"]).success();
    let status = world.run(["status"]).success().stdout;
    assert!(status.contains("stopped (qemu)"), "{status}");
    world.run(["snapshot", "restore", "running", "--no-start"]).success();
    let status = world.run(["status"]).success().stdout;
    assert!(status.contains("saved (qemu)"), "{status}");
    world.run(["snapshot", "restore", "stopped"]).success();
    assert_eq!(in_guest(&world, "cat state"), "three\n");

    world.run(["snapshot", "delete", "running"]).success();
    world
        .run(["snapshot", "delete", "running"])
        .fails_with("no snapshot `running`");
    assert_eq!(snapshots(&world), ["stopped"]);
    world.run(["destroy", "-f"]).success();
}

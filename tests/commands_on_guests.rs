//! Exit codes and streams of commands on a machine that runs and on one that is stopped, and what goes into a guest.

#![cfg(test)]

mod support;

use std::fs;

use support::World;

/// The exit code, and a stream that is silent: stderr where it went well.
#[track_caller]
fn check(world: &World, state: &str, command: &str, code: i32) {
    let ran = world.run(command.split(' '));
    let shown = format!("{state}: {command}\n{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code, code, "{shown}");
    if code == 0 {
        assert_eq!(ran.stderr, "", "{shown}");
    } else {
        assert!(!ran.stderr.is_empty(), "{shown}");
    }
}

#[test]
fn commands_answer_as_vagrants_do_running_and_halted() {
    let world = World::with_small_guest("");
    world.write("folder/a.txt", "a");
    world.run(["up"]).success();
    for command in [
        "up",
        "status",
        "validate",
        "port",
        "ssh-config",
        "rsync",
        "provision",
        "resume",
        "snapshot list",
        "global-status",
        "cap provider forwarded_ports",
    ] {
        check(&world, "running", command, 0);
    }
    check(&world, "running", "port --guest 9", 1);
    assert_eq!(world.run(["ssh", "-c", "exit 3"]).code, 3);
    files_go_into_the_guest(&world);
    the_guest_is_told_by_capabilities(&world);
    machines_are_known_from_any_folder(&world);

    world.run(["halt"]).success();
    for command in [
        "status",
        "validate",
        "halt",
        "provision",
        "resume",
        "suspend",
        "snapshot list",
    ] {
        check(&world, "halted", command, 0);
    }
    for command in [
        "ssh",
        "ssh -c true",
        "ssh-config",
        "port",
        "rsync",
        "upload folder",
        "cap guest reboot",
    ] {
        check(&world, "halted", command, 1);
    }
    what_is_gone_is_pruned(&world);
}

fn files_go_into_the_guest(world: &World) {
    world.run(["upload", "folder/a.txt"]).success();
    world.run(["upload", "folder", "/tmp/there"]).success();
    world.run(["upload", "folder/a.txt", "/tmp/b.txt", "default"]).success();
    world.run(["upload", "folder", "default"]).success();
    let seen = world
        .run(["ssh", "-c", "cat a.txt /tmp/there/a.txt /tmp/b.txt folder/a.txt"])
        .success();
    assert_eq!(seen.stdout, "aaaa");
    let temporary = world.run(["upload", "--temporary", "folder/a.txt"]).success().stdout;
    let place = temporary.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(place.starts_with("/tmp/") && place.ends_with("/a.txt"), "{temporary}");
    assert_eq!(world.run(["ssh", "-c", &format!("cat {place}")]).success().stdout, "a");
}

fn the_guest_is_told_by_capabilities(world: &World) {
    world.run(["cap", "guest", "change_host_name", "evening"]).success();
    assert_eq!(world.run(["ssh", "-c", "hostname"]).success().stdout, "evening\n");
    world
        .run(["cap", "guest", "change_host_name", "no/name"])
        .fails_with("cannot be a host name");
}

fn machines_are_known_from_any_folder(world: &World) {
    let table = world.run(["global-status"]).success().stdout;
    let row = table.lines().find(|it| it.contains("default")).unwrap();
    assert!(row.contains("running"), "{table}");
    let id = row.split(' ').next().unwrap();
    let elsewhere = world.project().parent().unwrap().join("run");
    let status = world.command(["status", id]).current_dir(elsewhere).output().unwrap();
    assert!(String::from_utf8_lossy(&status.stdout).contains("running (qemu)"));
    for process in support::processes_with(&world.project().to_string_lossy()) {
        kill(process);
    }
    let table = world.run(["global-status"]).success().stdout;
    assert!(
        table.contains("stopped"),
        "what has died is not shown as running: {table}"
    );
    world.run(["up"]).success();
}

fn kill(process: u32) {
    let killed = std::process::Command::new("kill")
        .args(["-9", &process.to_string()])
        .status();
    assert!(killed.unwrap().success());
    support::eventually(std::time::Duration::from_secs(10), || {
        !fs::exists(format!("/proc/{process}/exe")).unwrap_or(false)
    });
}

fn what_is_gone_is_pruned(world: &World) {
    let elsewhere = world.project().with_file_name("moved");
    fs::rename(world.project(), &elsewhere).unwrap();
    let home = world.home();
    let run = |arguments: &[&str]| world.command(arguments).current_dir(&home).output().unwrap().stdout;
    assert!(String::from_utf8_lossy(&run(&["global-status"])).contains("gone"));
    assert!(String::from_utf8_lossy(&run(&["global-status", "--prune"])).contains("No machine of yours is known"));
    fs::rename(&elsewhere, world.project()).unwrap();
    world.run(["destroy", "-f"]).success();
}

//! Many commands at once, on one machine and on one index: one works, the others are told who it is, and readers never wait.

#![cfg(test)]

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use support::stand_in::StandIn;
use support::{eventually, names_in};

fn spawn(stand_in: &StandIn, command: &[&str]) -> Child {
    let mut command = stand_in.command(command);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn all_of(children: Vec<Child>) -> Vec<Output> {
    children.into_iter().map(|it| it.wait_with_output().unwrap()).collect()
}

/// A machine whose provisioner takes as long as there is a file `hold`.
fn slow_machine() -> StandIn {
    let stand_in = StandIn::new();
    stand_in.write_vagrantfile(&format!(
        "config.vm.provision \"shell\", run: \"always\", privileged: false, \
         inline: \"echo begin >> {0}; while [ -e {1} ]; do sleep 0.05; done; echo end >> {0}\"",
        stand_in.guest().join("log").display(),
        hold(&stand_in).display()
    ));
    stand_in
}

fn hold(stand_in: &StandIn) -> PathBuf {
    stand_in.guest().join("hold")
}

/// That many on one machine: at any time one works on it.
fn check_one_machine(count: usize) {
    let stand_in = slow_machine();
    fs::write(hold(&stand_in), "").unwrap();
    let children = (0..count).map(|_| spawn(&stand_in, &["up"])).collect();
    eventually(Duration::from_secs(60), || stand_in.guest_file("log").contains("begin"));

    // Were these to wait, it would be for ever.
    let status = stand_in.run(&["status"]).success();
    let global = stand_in.run(&["global-status"]).success();
    assert!(status.stdout.contains("running (fake)") && global.stdout.contains("running"));
    fs::remove_file(hold(&stand_in)).unwrap();

    let outputs = all_of(children);
    let mut succeeded = 0;
    for output in outputs {
        if output.status.success() {
            succeeded += 1;
            continue;
        }
        let ran = stand_in.world.ran(output);
        let ran = ran.fails_with("another command works on this machine: `jaunt up`, process ");
        assert!(ran.stderr.contains("wait until it has finished"), "{}", ran.stderr);
    }
    assert!(succeeded >= 1, "somebody must be the first");
    let log = stand_in.guest_file("log");
    assert_eq!(
        log,
        "begin\nend\n".repeat(log.lines().count() / 2),
        "one after the other"
    );
    assert_eq!(log.lines().count() / 2, succeeded, "{log}");
    assert_eq!(names_in(&stand_in.world.home().join("data/claims")).len(), 1);
}

/// That many on the machines of one index: each is in it.
fn check_one_index(count: usize) {
    let stand_in = StandIn::new();
    let names: Vec<String> = (0..count).map(|it| format!("machine{it}")).collect();
    let defined: String = names
        .iter()
        .map(|it| format!("config.vm.define \"{it}\"\n  "))
        .collect();
    stand_in.write_vagrantfile(&defined);
    let children: Vec<Child> = names.iter().map(|it| spawn(&stand_in, &["up", it])).collect();
    let mut readings = 0;
    while readings < 3 {
        stand_in.run(&["global-status"]).success();
        readings += 1;
    }
    for output in all_of(children) {
        stand_in.world.ran(output).success();
    }
    let global = stand_in.run(&["global-status"]).success().stdout;
    assert_eq!(global.matches(" running ").count(), count, "{global}");

    let children = names
        .iter()
        .map(|it| spawn(&stand_in, &["destroy", "-f", it]))
        .collect();
    for output in all_of(children) {
        stand_in.world.ran(output).success();
    }
    let index = fs::read_to_string(stand_in.world.home().join("data/machine-index/index")).unwrap();
    assert!(!index.contains("local_data_path"), "{index}");
}

macro_rules! counts {
    ($($name:ident: $count:expr;)*) => {
        mod on_one_machine { $(#[test] fn $name() { super::check_one_machine($count); })* }
        mod on_one_index { $(#[test] fn $name() { super::check_one_index($count); })* }
    };
}

counts! {
    two: 2;
    ten: 10;
    fifty: 50;
}

#[test]
fn the_holder_of_the_lock_is_named_whatever_the_second_command_is() {
    let stand_in = slow_machine();
    stand_in.run(&["up"]).success();
    fs::remove_file(stand_in.guest().join("log")).unwrap();
    fs::write(hold(&stand_in), "").unwrap();
    let provision = spawn(&stand_in, &["provision"]);
    eventually(Duration::from_secs(60), || stand_in.guest_file("log").contains("begin"));
    let holder = format!(
        "another command works on this machine: `jaunt provision`, process {}",
        provision.id()
    );

    for command in [
        &["up"] as &[&str],
        &["halt"],
        &["reload"],
        &["suspend"],
        &["destroy", "-f"],
        &["snapshot", "save", "one"],
    ] {
        stand_in.run(command).fails_with(&holder);
    }
    fs::remove_file(hold(&stand_in)).unwrap();

    for output in all_of(vec![provision]) {
        stand_in.world.ran(output).success();
    }
}

/// How many machines the user's home knows: by their claims, and in the index.
fn known(stand_in: &StandIn) -> (usize, usize) {
    let data = stand_in.world.home().join("data");
    let index = fs::read_to_string(data.join("machine-index/index")).unwrap_or_default();
    (
        names_in(&data.join("claims")).len(),
        index.matches("local_data_path").count(),
    )
}

/// The first command waits at a point, the second one is told who has the machine; both run once more then.
fn check_meeting(stand_in: &StandIn, first: &[&str], point: &str, second: &[&str], machines: usize) {
    let points = stand_in.world.path().join("points");
    let mut holding = stand_in.command(first);
    holding.env("JAUNT_TEST_POINTS", &points);
    holding.env("JAUNT_TEST_FAULT", format!("wait {point}"));
    let holding = holding.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let reached = stand_in.world.path().join("points.reached");
    eventually(Duration::from_secs(60), || reached.exists());

    let holder = format!(
        "another command works on this machine: `jaunt {}`, process {}",
        first[0],
        holding.id()
    );
    stand_in.run(second).fails_with(&holder);
    stand_in.run(&["status"]).success();
    fs::remove_file(&reached).unwrap();

    stand_in.world.ran(holding.wait_with_output().unwrap()).success();
    assert_eq!(
        known(stand_in),
        (1 - machines, 1 - machines),
        "after {first:?}, {point}"
    );
    stand_in.run(second).success();
    assert_eq!(known(stand_in), (machines, machines), "after {second:?}, {point}");
}

const UP: &[&str] = &["up"];
const DESTROY: &[&str] = &["destroy", "-f"];

#[test]
fn up_while_a_destroy_works_is_told_so_and_makes_one_new_machine_afterwards() {
    let stand_in = StandIn::with_machine();
    for point in [
        "begin destroy",
        "did destroy",
        "begin forget",
        "remove id",
        "remove journal",
        "did forget",
    ] {
        stand_in.run(UP).success();
        check_meeting(&stand_in, DESTROY, point, UP, 1);
        assert!(stand_in.run(&["status"]).success().stdout.contains("running (fake)"));
    }
}

#[test]
fn destroy_while_an_up_works_is_told_so_and_leaves_nothing_afterwards() {
    let stand_in = StandIn::with_machine();
    for point in [
        "begin find box",
        "begin create",
        "write id",
        "did create",
        "begin start",
        "begin provision",
    ] {
        check_meeting(&stand_in, UP, point, DESTROY, 0);
        assert_eq!(
            names_in(&stand_in.machine_folder("default")),
            ["fake-calls.log", "lock", "vagrant_cwd"]
        );
    }
}

#[test]
fn ups_and_destroys_in_any_order_leave_one_machine_or_none() {
    let stand_in = StandIn::with_machine();
    for _ in 0..5 {
        let children = (0..8).map(|it| spawn(&stand_in, [UP, DESTROY][it % 2])).collect();
        for output in all_of(children) {
            if !output.status.success() {
                stand_in
                    .world
                    .ran(output)
                    .fails_with("another command works on this machine: ");
            }
        }
    }

    stand_in.run(UP).success();
    assert_eq!(known(&stand_in), (1, 1));
    stand_in.run(DESTROY).success();
    assert_eq!(known(&stand_in), (0, 0));
}

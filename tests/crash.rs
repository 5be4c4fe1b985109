//! Kills at every point of every command: the same command again comes to the same end, and nothing is left over.
//!
//! The machines are the fake provider's, so that every point of every command has its turn in seconds. The same on real machines is
//! in `tests/crash_qemu.rs`.

#![cfg(test)]

mod support;

use std::fs;
use std::os::unix::process::ExitStatusExt;

use support::names_in;
use support::stand_in::StandIn;
use support::tally::{self, Findings};

/// A command with what comes before it.
struct Case {
    /// What leads from anywhere to where the command begins.
    before: &'static [&'static [&'static str]],
    /// The command.
    command: &'static [&'static str],
}

const UP: &[&str] = &["up"];
const HALT: &[&str] = &["halt"];
const DESTROY: &[&str] = &["destroy", "-f"];

/// What is there of machines, and of what belongs to them: all that must be the same after a kill and another try.
fn seen(stand_in: &StandIn) -> String {
    let folder = stand_in.machine_folder("default");
    let mut seen = vec![format!("files: {}", without_log(names_in(&folder)).join(" "))];
    let machine = fs::read_to_string(folder.join("fake-machine.json")).unwrap_or_default();
    seen.push(format!("machine: {}", without(&machine, &["claim", "forwards"])));
    let index = fs::read_to_string(stand_in.world.home().join("data/machine-index/index")).unwrap_or_default();
    seen.push(format!("index: {}", machines_of(&index)));
    for name in ["data/claims", "data", "tmp"] {
        seen.push(format!("{name}: {}", names_in(&stand_in.world.home().join(name)).len()));
    }
    seen.push(format!("sockets: {:?}", names_in(&stand_in.world.path().join("run"))));
    seen.push(format!("guest: {:?}", names_in(&stand_in.guest().join("shared"))));
    seen.push(format!("provisioned: {}", !stand_in.guest_file("log").is_empty()));
    let status = stand_in.run(&["status"]);
    seen.push(format!(
        "status {}: {}",
        status.code,
        status.stdout.lines().nth(2).unwrap_or_default()
    ));
    seen.join("\n")
}

/// The lock and the project's folder stay where a machine was, as in Vagrant; the log is the fake's own.
fn without_log(names: Vec<String>) -> Vec<String> {
    let others = ["fake-calls.log", "lock", "vagrant_cwd"];
    names.into_iter().filter(|it| !others.contains(&it.as_str())).collect()
}

/// JSON without what differs from machine to machine.
fn without(text: &str, keys: &[&str]) -> String {
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.to_owned();
    };
    for key in keys {
        value.as_object_mut().unwrap().remove(*key);
    }
    value.to_string()
}

fn machines_of(index: &str) -> String {
    let Ok(index) = serde_json::from_str::<serde_json::Value>(index) else {
        return index.to_owned();
    };
    let machines = index["machines"].as_object().unwrap().values();
    machines
        .map(|it| format!("{} {}", it["name"], it["state"]))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Case {
    fn prepare(&self, stand_in: &StandIn) {
        for command in self.before {
            stand_in.run(command).success();
        }
        let _ = fs::remove_file(stand_in.guest().join("log"));
    }

    /// The points that the command passes when nothing disturbs it, and what is there afterwards.
    fn undisturbed(&self, stand_in: &StandIn) -> (Vec<String>, String) {
        // The first time makes folders that are there ever after.
        self.prepare(stand_in);
        stand_in.run(self.command).success();
        self.prepare(stand_in);
        let points = stand_in.world.path().join("points");
        let _ = fs::remove_file(&points);
        let output = stand_in
            .command(self.command)
            .env("JAUNT_TEST_POINTS", &points)
            .output()
            .unwrap();
        stand_in.world.ran(output).success();
        let points = fs::read_to_string(&points).unwrap_or_default();
        (points.lines().map(str::to_owned).collect(), seen(stand_in))
    }

    fn disturbed(&self, stand_in: &StandIn, variable: &str, fault: &str) -> std::process::Output {
        self.prepare(stand_in);
        stand_in.command(self.command).env(variable, fault).output().unwrap()
    }

    /// Once more, and all must be as if nothing had happened.
    fn check_again(&self, stand_in: &StandIn, expected: &str, what: &str, findings: &mut Findings) {
        let again = stand_in.run(self.command);
        let seen = seen(stand_in);
        let machine = |it: &str| it.lines().find(|it| it.starts_with("machine: ")).map(str::to_owned);
        let is_lost = again.code != 0 || machine(&seen) != machine(expected);
        tally::count("stand-in", self.command, is_lost, seen != expected);
        findings.check(again.code == 0 && seen == expected, || {
            let said = format!("{}{}", again.stdout, again.stderr);
            format!("{:?} after {what}: {said}\n{seen}\nnot\n{expected}", self.command)
        });
    }
}

/// Which points have their turn: every third one, another third for each kind of fault; all with `JAUNT_TEST_WHOLE_MATRIX`.
fn chosen(points: &[String], offset: usize) -> impl Iterator<Item = (usize, &String)> {
    let is_whole = tally::is_whole();
    let numbered = points.iter().enumerate().map(|(index, name)| (index + 1, name));
    numbered.filter(move |(number, _)| is_whole || (number + offset).is_multiple_of(3))
}

/// Dies at the points of the command.
fn check_kills(case: &Case) {
    let stand_in = StandIn::with_machine();
    let (points, expected) = case.undisturbed(&stand_in);
    assert!(points.len() > 5, "{points:?}");
    let mut findings = Findings::default();
    for (number, name) in chosen(&points, 0) {
        let output = case.disturbed(&stand_in, "JAUNT_TEST_FAULT", &format!("die {number}"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.signal(),
            Some(9),
            "{:?} at {name} ({number}): {stderr}",
            case.command
        );
        case.check_again(
            &stand_in,
            &expected,
            &format!("a kill at «{name}» ({number})"),
            &mut findings,
        );
    }
}

/// Has the disk full at the points of the command.
fn check_full_disk(case: &Case) {
    let stand_in = StandIn::with_machine();
    let (points, expected) = case.undisturbed(&stand_in);
    let mut findings = Findings::default();
    for (number, name) in chosen(&points, 1) {
        let output = case.disturbed(&stand_in, "JAUNT_TEST_FAULT", &format!("fail {number}"));
        let ran = stand_in.world.ran(output).fails_with("no storage space");
        assert!(ran.stderr.contains("make room on that file system"), "{}", ran.stderr);
        case.check_again(
            &stand_in,
            &expected,
            &format!("a full disk at «{name}» ({number})"),
            &mut findings,
        );
    }
}

/// Has the provider fail or die at every call that the command makes.
fn check_provider(case: &Case) {
    let stand_in = StandIn::with_machine();
    let log = stand_in.machine_folder("default").join("fake-calls.log");
    case.undisturbed(&stand_in);
    case.prepare(&stand_in);
    let _ = fs::remove_file(&log);
    stand_in.run(case.command).success();
    let expected = seen(&stand_in);
    let mut calls: Vec<String> = fs::read_to_string(&log)
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    calls.extend(["state", "endpoint"].map(str::to_owned));
    calls.sort();
    calls.dedup();
    let mut findings = Findings::default();
    for call in calls {
        for fault in ["fail before", "fail after", "die before", "die after"] {
            let how = format!("{fault} {call}");
            let output = case.disturbed(&stand_in, "JAUNT_TEST_FAKE", &how);
            if output.status.success() {
                assert_eq!(seen(&stand_in), expected, "{how}");
                continue;
            }
            case.check_again(&stand_in, &expected, &format!("«{how}»"), &mut findings);
        }
    }
}

/// Dies at the points of the command; another one than that comes then, and ends as if the first had ended, or had never been.
fn check_another(case: &Case, next: &[&str]) {
    let seen = |it: &StandIn| {
        let all = seen(it);
        let lines = all.lines().filter(|it| !it.starts_with("provisioned"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let stand_in = StandIn::with_machine();
    let (points, _) = case.undisturbed(&stand_in);
    stand_in.run(next).success();
    let expected = seen(&stand_in);
    let mut findings = Findings::default();
    for (number, name) in chosen(&points, 2) {
        case.disturbed(&stand_in, "JAUNT_TEST_FAULT", &format!("die {number}"));
        let ran = stand_in.run(next);
        let seen = seen(&stand_in);
        findings.check(ran.code == 0 && seen == expected, || {
            let killed = format!("{:?} and a kill at «{name}» ({number})", case.command);
            format!(
                "{next:?} after {killed}: {}{}\n{seen}\nnot\n{expected}",
                ran.stdout, ran.stderr
            )
        });
    }
}

macro_rules! cases {
    ($($name:ident: $before:expr => $command:expr;)*) => {
        mod kills { $(#[test] fn $name() { super::check_kills(&super::Case { before: $before, command: $command }); })* }
        mod full_disk { $(#[test] fn $name() { super::check_full_disk(&super::Case { before: $before, command: $command }); })* }
        mod provider { $(#[test] fn $name() { super::check_provider(&super::Case { before: $before, command: $command }); })* }
    };
}

cases! {
    up_of_nothing: &[crate::DESTROY] => crate::UP;
    up_of_a_stopped_machine: &[crate::UP, crate::HALT] => crate::UP;
    up_of_a_saved_machine: &[crate::UP, &["suspend"]] => crate::UP;
    halt: &[crate::UP] => crate::HALT;
    reload: &[crate::UP] => &["reload", "--provision"];
    provision: &[crate::UP] => &["provision"];
    suspend: &[crate::UP] => &["suspend"];
    resume: &[crate::UP, &["suspend"]] => &["resume"];
    snapshot_save: &[crate::DESTROY, crate::UP] => &["snapshot", "save", "--force", "one"];
    snapshot_restore: &[crate::DESTROY, crate::UP, &["snapshot", "save", "one"], crate::HALT] => &["snapshot", "restore", "one"];
    snapshot_delete: &[crate::DESTROY, crate::UP, &["snapshot", "save", "one"]] => &["snapshot", "delete", "one"];
    destroy: &[crate::UP] => crate::DESTROY;
    destroy_of_a_saved_machine: &[crate::UP, &["suspend"]] => crate::DESTROY;
}

macro_rules! others {
    ($($name:ident: $before:expr => $command:expr, $next:expr;)*) => {
        mod another_command { $(#[test] fn $name() {
            super::check_another(&super::Case { before: $before, command: $command }, $next);
        })* }
    };
}

others! {
    destroy_and_up: &[crate::UP] => crate::DESTROY, crate::UP;
    destroy_of_a_saved_machine_and_up: &[crate::UP, &["suspend"]] => crate::DESTROY, crate::UP;
    suspend_and_up: &[crate::UP] => &["suspend"], crate::UP;
    up_and_destroy: &[crate::DESTROY] => crate::UP, crate::DESTROY;
    snapshot_restore_and_destroy: &[crate::DESTROY, crate::UP, &["snapshot", "save", "one"]] => &["snapshot", "restore", "one"], crate::DESTROY;
}

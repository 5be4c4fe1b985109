//! The same kills as in `tests/crash.rs`, on real machines: of Jaunt, of QEMU, and of both, before and after every step of every
//! command; then the same command again.
//!
//! A third of the matrix, unless `JAUNT_TEST_WHOLE_MATRIX` is set: every step of every command has one kill then, of one victim after
//! the other.

#![cfg(test)]

mod support;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::real::{PRODUCT, kill_qemu, seen, world};
use support::tally::{self, Findings};
use support::{World, eventually};

/// Who is killed at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Victim {
    Jaunt,
    Qemu,
    Both,
}

const VICTIMS: [Victim; 3] = [Victim::Jaunt, Victim::Qemu, Victim::Both];

/// A command with what comes before it, and what is needed after it to see that nothing is lost.
struct Case {
    /// Who is killed first, where it is one victim a step.
    first: Victim,
    before: &'static [&'static [&'static str]],
    command: &'static [&'static str],
    /// After a kill of QEMU a machine that ran is stopped: this brings it to the same end.
    after: &'static [&'static [&'static str]],
}

const UP: &[&str] = &["up"];
const HALT: &[&str] = &["halt"];
const DESTROY: &[&str] = &["destroy", "-f"];

impl Case {
    fn prepare(&self, world: &World) {
        let _ = fs::remove_file(world.project().join(PRODUCT));
        self.run(world, self.before);
    }

    fn run(&self, world: &World, commands: &[&[&str]]) {
        for command in commands {
            world.run(*command).success();
        }
    }

    /// The steps of the command when nothing disturbs it, and what is there in the end.
    fn undisturbed(&self, world: &World) -> (Vec<String>, String) {
        self.prepare(world);
        let points = world.path().join("points");
        let output = world
            .command(self.command)
            .env("JAUNT_TEST_POINTS", &points)
            .output()
            .unwrap();
        world.ran(output).success();
        self.run(world, self.after);
        let text = fs::read_to_string(&points).unwrap();
        let steps = text
            .lines()
            .filter(|it| it.starts_with("begin ") || it.starts_with("did "));
        (steps.map(str::to_owned).collect(), seen(world))
    }

    /// Runs the command with a kill in its midst. Returns whether there was anybody to kill.
    fn disturb(&self, world: &World, point: &str, victim: Victim) -> bool {
        self.prepare(world);
        let (points, fault) = (
            world.path().join("points"),
            if victim == Victim::Qemu { "wait" } else { "die" },
        );
        let mut child = world
            .command(self.command)
            .env("JAUNT_TEST_POINTS", &points)
            .env("JAUNT_TEST_FAULT", format!("{fault} {point}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        if victim == Victim::Qemu {
            let reached = world.path().join("points.reached");
            eventually(Duration::from_secs(120), || reached.exists());
            let was_there = kill_qemu(world);
            fs::remove_file(reached).unwrap();
            wait_or_kill(&mut child);
            return was_there;
        }
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "{:?} at {point}", self.command);
        match victim {
            Victim::Both => kill_qemu(world),
            _ => true,
        }
    }

    fn check(&self) {
        let world = world();
        let (steps, expected) = self.undisturbed(&world);
        let mut findings = Findings::default();
        for (index, point) in steps.iter().enumerate() {
            let turn = VICTIMS[(index + self.first as usize) % VICTIMS.len()];
            for victim in VICTIMS {
                if (tally::is_whole() || victim == turn) && self.disturb(&world, point, victim) {
                    self.check_again(&world, &expected, &format!("{victim:?} at «{point}»"), &mut findings);
                }
            }
        }
        world.run(DESTROY).success();
    }

    /// The same command after a kill.
    fn check_again(&self, world: &World, expected: &str, kill: &str, findings: &mut Findings) {
        let again = world.run(self.command);
        // Jaunt itself may have lived and come to its end.
        let succeeded = again.code == 0 || again.stderr.contains(&format!("{PRODUCT} is there already"));
        self.run(world, self.after);
        let seen = seen(world);
        let is_lost = !succeeded || seen.lines().next() != expected.lines().next();
        tally::count("QEMU", self.command, is_lost, seen != expected);
        findings.check(succeeded && seen == expected, || {
            let said = format!("{}{}", again.stdout, again.stderr);
            format!(
                "{:?} after a kill of {kill}: {said}\n{seen}\nnot\n{expected}",
                self.command
            )
        });
    }
}

/// A command whose machine was shot may take its time to notice; it must end by itself.
fn wait_or_kill(child: &mut std::process::Child) {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(150), "the command hangs");
        std::thread::sleep(Duration::from_millis(50));
    }
}

macro_rules! cases {
    ($($name:ident: $first:ident, $before:expr => $command:expr, $after:expr;)*) => {
        $(#[test] fn $name() {
            Case { first: Victim::$first, before: $before, command: $command, after: $after }.check();
        })*
    };
}

cases! {
    up_of_nothing: Jaunt, &[DESTROY] => UP, &[];
    up_of_a_stopped_machine: Qemu, &[UP, HALT] => UP, &[];
    halt: Jaunt, &[UP] => HALT, &[];
    reload: Both, &[UP] => &["reload"], &[];
    provision: Qemu, &[UP] => &["provision"], &[UP];
    suspend: Both, &[UP] => &["suspend"], &[UP];
    resume: Jaunt, &[UP, &["suspend"]] => &["resume"], &[UP];
    snapshot_save: Qemu, &[UP] => &["snapshot", "save", "--force", "one"], &[UP];
    snapshot_restore: Both, &[UP, &["snapshot", "save", "--force", "one"]] => &["snapshot", "restore", "one"], &[];
    package: Jaunt, &[UP] => &["package"], &[];
    destroy: Qemu, &[UP] => DESTROY, &[];
}

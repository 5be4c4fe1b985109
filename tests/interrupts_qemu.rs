//! Ctrl-C once and twice, and SIGHUP, in each phase of commands on real machines: the command ends, and the same command again comes to
//! the same end as one that nobody disturbed.
//!
//! One of the three in each phase, unless `JAUNT_TEST_WHOLE_MATRIX` is set.

#![cfg(test)]

mod support;

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::real::{seen, world};
use support::{World, eventually, tally};

/// What the user does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Signal {
    CtrlC,
    CtrlCTwice,
    Hangup,
}

const SIGNALS: [Signal; 3] = [Signal::CtrlC, Signal::CtrlCTwice, Signal::Hangup];

/// How long a phase has been going on when the signal comes.
const INTO_IT: Duration = Duration::from_millis(150);

/// How long a command may take to end after one signal: what cannot be dropped is finished first. A second one does not wait.
const PATIENCE: Duration = Duration::from_secs(60);
const AT_ONCE: Duration = Duration::from_secs(10);

/// A command with what comes before it.
struct Case {
    before: &'static [&'static [&'static str]],
    command: &'static [&'static str],
}

impl Case {
    fn prepare(&self, world: &World) {
        for command in self.before {
            world.run(*command).success();
        }
        let _ = fs::remove_file(world.path().join("points"));
    }

    fn spawn(&self, world: &World) -> Child {
        world
            .command(self.command)
            .env("JAUNT_TEST_POINTS", world.path().join("points"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The phases of the command, and what is there in the end.
    fn undisturbed(&self, world: &World) -> (Vec<String>, String) {
        self.prepare(world);
        let output = self.spawn(world).wait_with_output().unwrap();
        world.ran(output).success();
        let points = points(world);
        let phases = points.lines().filter(|it| it.starts_with("begin "));
        (phases.map(str::to_owned).collect(), seen(world))
    }

    /// Sends the signal when the phase has begun. A command may have come to its end before it gets there.
    fn disturb(&self, world: &World, phase: &str, what: Signal) {
        self.prepare(world);
        let child = self.spawn(world);
        eventually(Duration::from_secs(120), || points(world).lines().any(|it| it == phase));
        std::thread::sleep(INTO_IT);
        let start = Instant::now();
        send(&child, if what == Signal::Hangup { "HUP" } else { "INT" });
        if what == Signal::CtrlCTwice {
            std::thread::sleep(INTO_IT);
            send(&child, "INT");
        }
        let output = child.wait_with_output().unwrap();
        let patience = if what == Signal::CtrlCTwice { AT_ONCE } else { PATIENCE };
        assert!(
            start.elapsed() < patience,
            "{what:?} in «{phase}»: {:?}",
            start.elapsed()
        );
        says_so(&output, &format!("{:?}: {what:?} in «{phase}»", self.command));
    }

    fn check(&self) {
        let world = world();
        let (phases, expected) = self.undisturbed(&world);
        for (index, phase) in phases.iter().enumerate() {
            for what in SIGNALS {
                if !tally::is_whole() && what != SIGNALS[index % SIGNALS.len()] {
                    continue;
                }
                self.disturb(&world, phase, what);
                let again = world.run(self.command);
                let told = format!("{:?} after {what:?} in «{phase}»: {}", self.command, again.stderr);
                assert_eq!(again.code, 0, "{told}");
                assert_eq!(seen(&world), expected, "{told}");
            }
        }
        world.run(["destroy", "-f"]).success();
    }
}

fn points(world: &World) -> String {
    fs::read_to_string(world.path().join("points")).unwrap_or_default()
}

/// To a process that may be gone.
fn send(child: &Child, name: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
}

fn says_so(output: &Output, what: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let is_told = output.status.code() == Some(1) && (stderr.contains("interrupted") || stderr.is_empty());
    assert!(
        output.status.success() || is_told,
        "{what}: {:?} {stderr}",
        output.status
    );
}

macro_rules! cases {
    ($($name:ident: $before:expr => $command:expr;)*) => {
        $(#[test] fn $name() {
            Case { before: $before, command: $command }.check();
        })*
    };
}

cases! {
    up: &[&["destroy", "-f"]] => &["up"];
    provision: &[&["up"]] => &["provision"];
    snapshot_save: &[&["up"]] => &["snapshot", "save", "--force", "one"];
}

//! Ctrl-C once and twice, SIGHUP, a terminal that goes away, and nobody left who reads what is said, in each phase of commands on real
//! machines: the command ends, and the same command again comes to the same end as one that nobody disturbed.
//!
//! One of the five in each phase, unless `JAUNT_TEST_WHOLE_MATRIX` is set.

#![cfg(test)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::real::{seen, world};
use support::{Terminal, World, eventually, tally};

/// What the user does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Disturbance {
    CtrlC,
    CtrlCTwice,
    Hangup,
    /// The terminal emulator is closed: SIGHUP comes, and what is written goes nowhere.
    TerminalGone,
    /// `jaunt up | head`: the pipes for stdout and stderr have no reader any more.
    ReaderGone,
}

use Disturbance::{CtrlC, CtrlCTwice, Hangup, ReaderGone, TerminalGone};

const DISTURBANCES: [Disturbance; 5] = [TerminalGone, CtrlC, CtrlCTwice, ReaderGone, Hangup];

/// How long a phase has been going on when it is disturbed.
const INTO_IT: Duration = Duration::from_millis(150);

/// How long a command may take to end after one signal: what cannot be dropped is finished first. A second one does not wait.
const PATIENCE: Duration = Duration::from_secs(60);
const AT_ONCE: Duration = Duration::from_secs(10);

/// A command with what comes before it.
struct Case {
    /// Which disturbance is first, where it is one a phase.
    first: usize,
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

    /// Does it when the phase has begun. A command may have come to its end before it gets there.
    fn disturb(&self, world: &World, phase: &str, what: Disturbance) {
        self.prepare(world);
        match what {
            TerminalGone => self.lose_terminal(world, phase),
            ReaderGone => self.lose_reader(world, phase),
            CtrlC | CtrlCTwice | Hangup => self.send(world, phase, what),
        }
    }

    fn send(&self, world: &World, phase: &str, what: Disturbance) {
        let child = self.spawn(world);
        reach(world, phase);
        let start = Instant::now();
        send(&child, if what == Hangup { "HUP" } else { "INT" });
        if what == CtrlCTwice {
            std::thread::sleep(INTO_IT);
            send(&child, "INT");
        }
        let output = child.wait_with_output().unwrap();
        let patience = if what == CtrlCTwice { AT_ONCE } else { PATIENCE };
        assert!(
            start.elapsed() < patience,
            "{what:?} in «{phase}»: {:?}",
            start.elapsed()
        );
        says_so(&output, &format!("{:?}: {what:?} in «{phase}»", self.command));
    }

    /// Nobody is there to be told of the end: only that it comes.
    fn lose_terminal(&self, world: &World, phase: &str) {
        let file = world.path().join("pid");
        let terminal = Terminal::start(
            world,
            &format!(
                "export JAUNT_TEST_POINTS='{}'; sh -c 'echo $$ > \"$0\"; exec jaunt \"$@\"' '{}' {}",
                world.path().join("points").display(),
                file.display(),
                self.command.join(" ")
            ),
        );
        reach(world, phase);
        let pid = fs::read_to_string(&file).unwrap();
        drop(terminal);
        eventually(PATIENCE, || !is_alive(pid.trim()));
    }

    /// It is no reason to stop half-way.
    fn lose_reader(&self, world: &World, phase: &str) {
        let mut child = self.spawn(world);
        reach(world, phase);
        drop((child.stdout.take(), child.stderr.take()));
        let status = child.wait().unwrap();
        assert!(
            status.success(),
            "{:?} without a reader in «{phase}»: {status}",
            self.command
        );
    }

    fn check(&self) {
        let world = world();
        let (phases, expected) = self.undisturbed(&world);
        for (index, phase) in phases.iter().enumerate() {
            for what in DISTURBANCES {
                if !tally::is_whole() && what != DISTURBANCES[(index + self.first) % DISTURBANCES.len()] {
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

fn reach(world: &World, phase: &str) {
    eventually(Duration::from_secs(120), || points(world).lines().any(|it| it == phase));
    std::thread::sleep(INTO_IT);
}

/// Whether a process runs; one that has ended may be there until somebody asks how.
fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_some_and(|it| !it.is_empty() && !it.starts_with('Z'))
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
    ($($name:ident: $first:expr, $before:expr => $command:expr;)*) => {
        $(#[test] fn $name() {
            Case { first: $first, before: $before, command: $command }.check();
        })*
    };
}

cases! {
    up: 0, &[&["destroy", "-f"]] => &["up"];
    provision: 3, &[&["up"]] => &["provision"];
    snapshot_save: 0, &[&["up"]] => &["snapshot", "save", "--force", "one"];
}

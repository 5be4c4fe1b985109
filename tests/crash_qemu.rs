//! The same kills as in `tests/crash.rs`, on real machines: of Jaunt, of QEMU, and of both, before and after every step of every
//! command; then the same command again.
//!
//! A third of the matrix, unless `JAUNT_TEST_WHOLE_MATRIX` is set.

#![cfg(test)]

mod support;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{World, eventually, names_in, processes_with, tally};

/// Who is killed at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Victim {
    Jaunt,
    Qemu,
    Both,
}

/// A command with what comes before it, and what is needed after it to see that nothing is lost.
struct Case {
    /// Where the command's own share of the matrix begins.
    offset: usize,
    before: &'static [&'static [&'static str]],
    command: &'static [&'static str],
    /// After a kill of QEMU a machine that ran is stopped: this brings it to the same end.
    after: &'static [&'static [&'static str]],
}

const UP: &[&str] = &["up"];
const HALT: &[&str] = &["halt"];
const DESTROY: &[&str] = &["destroy", "-f"];

fn world() -> World {
    let world = World::with_small_guest(
        "  config.vm.hostname = \"evening\"\n  \
         config.vm.provision \"shell\", privileged: false, inline: \"touch ~/provisioned\"\n",
    );
    world.write("note", "from the host\n");
    world
}

fn machine_folder(world: &World) -> PathBuf {
    world.project().join(".vagrant/machines/default/qemu")
}

/// All that must be the same after a kill and another try.
fn seen(world: &World) -> String {
    let marker = world.path().to_string_lossy().into_owned();
    let status = world.run(["status"]);
    let runs = status.stdout.contains("running (qemu)");
    let index = fs::read_to_string(world.home().join("data/machine-index/index")).unwrap_or_default();
    let mut seen = vec![
        status.stdout.lines().nth(2).unwrap_or_default().to_owned(),
        format!("files: {}", names_in(&machine_folder(world)).join(" ")),
        format!("processes: {}", processes_with(&marker).len()),
        format!("sockets: {}", names_in(&world.path().join("run/jaunt")).len()),
        format!("index: {}", index.matches("local_data_path").count()),
        format!("claims: {}", names_in(&world.home().join("data/claims")).len()),
        format!("downloads: {:?}", names_in(&world.home().join("tmp"))),
        format!("boxes: {:?}", names_in(&world.home().join("boxes/.jaunt"))),
    ];
    if runs {
        let guest = world.run([
            "ssh",
            "-c",
            "cat /vagrant/note; hostname; ls ~/provisioned; wc -l < ~/.ssh/authorized_keys",
        ]);
        seen.push(format!("guest {}: {}", guest.code, guest.stdout));
    }
    seen.join("\n")
}

impl Case {
    fn run(&self, world: &World, commands: &[&[&str]]) {
        for command in commands {
            world.run(*command).success();
        }
    }

    /// The steps of the command when nothing disturbs it, and what is there in the end.
    fn undisturbed(&self, world: &World) -> (Vec<String>, String) {
        self.run(world, self.before);
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

    fn disturb(&self, world: &World, point: &str, victim: Victim) {
        self.run(world, self.before);
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
            kill_qemu(world);
            fs::remove_file(reached).unwrap();
            wait_or_kill(&mut child);
            return;
        }
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "{:?} at {point}", self.command);
        if victim == Victim::Both {
            kill_qemu(world);
        }
    }

    fn check(&self) {
        let world = world();
        let (steps, expected) = self.undisturbed(&world);
        let mut number = self.offset;
        for point in &steps {
            for victim in [Victim::Jaunt, Victim::Qemu, Victim::Both] {
                number += 1;
                if !tally::is_whole() && !number.is_multiple_of(3) {
                    continue;
                }
                self.disturb(&world, point, victim);
                let again = world.run(self.command);
                self.run(&world, self.after);
                let seen = seen(&world);
                tally::count("qemu", again.code == 0, seen == expected);
                let what = format!(
                    "{:?} after a kill of {victim:?} at «{point}»: {}{}",
                    self.command, again.stdout, again.stderr
                );
                assert_eq!(again.code, 0, "{what}");
                assert_eq!(seen, expected, "{what}");
            }
        }
        world.run(DESTROY).success();
    }
}

fn kill_qemu(world: &World) {
    let marker = world.path().to_string_lossy().into_owned();
    for process in processes_with(&marker) {
        let _ = Command::new("kill").args(["-9", &process.to_string()]).status();
    }
    eventually(Duration::from_secs(10), || processes_with(&marker).is_empty());
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
    ($($name:ident: $offset:expr, $before:expr => $command:expr, $after:expr;)*) => {
        $(#[test] fn $name() {
            Case { offset: $offset, before: $before, command: $command, after: $after }.check();
        })*
    };
}

cases! {
    up_of_nothing: 0, &[DESTROY] => UP, &[];
    up_of_a_stopped_machine: 1, &[UP, HALT] => UP, &[];
    halt: 0, &[UP] => HALT, &[];
    reload: 2, &[UP] => &["reload"], &[];
    provision: 0, &[UP] => &["provision"], &[UP];
    suspend: 1, &[UP] => &["suspend"], &[UP];
    resume: 1, &[UP, &["suspend"]] => &["resume"], &[UP];
    snapshot_save: 2, &[UP] => &["snapshot", "save", "--force", "one"], &[UP];
    snapshot_restore: 0, &[UP, &["snapshot", "save", "--force", "one"]] => &["snapshot", "restore", "one"], &[];
    destroy: 1, &[UP] => DESTROY, &[];
}

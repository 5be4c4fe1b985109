//! Ctrl-C once and twice, SIGTERM, SIGHUP and a terminal that goes away, in every phase of a command: it ends with 1, and the next
//! command goes on with the machine.

#![cfg(test)]

mod support;

use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use support::stand_in::StandIn;
use support::{Terminal, eventually, signal};

/// A command, what comes before it, and the calls of the provider that it hangs in.
struct Phase {
    before: &'static [&'static [&'static str]],
    command: &'static [&'static str],
    calls: &'static [&'static str],
    /// What the machine does once the command has run again.
    state: &'static str,
}

const UP: &[&str] = &["up"];

const PHASES: &[Phase] = &[
    Phase {
        before: &[&["destroy", "-f"]],
        command: UP,
        calls: &["create", "start"],
        state: "running",
    },
    Phase {
        before: &[UP],
        command: &["halt"],
        calls: &["state", "stop"],
        state: "stopped",
    },
    Phase {
        before: &[UP],
        command: &["suspend"],
        calls: &["save_memory"],
        state: "saved",
    },
    Phase {
        before: &[UP, &["suspend"]],
        command: &["resume"],
        calls: &["start"],
        state: "running",
    },
    Phase {
        before: &[UP],
        command: &["snapshot", "save", "--force", "one"],
        calls: &["save_snapshot"],
        state: "running",
    },
    Phase {
        before: &[UP, &["snapshot", "save", "--force", "one"]],
        command: &["snapshot", "restore", "one"],
        calls: &["restore_snapshot"],
        state: "running",
    },
    Phase {
        before: &[UP],
        command: &["destroy", "-f"],
        calls: &["destroy"],
        state: "not created",
    },
];

fn spawn(stand_in: &StandIn, command: &[&str], fault: &str) -> Child {
    let mut command = stand_in.command(command);
    command.env("JAUNT_TEST_FAKE", fault);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the process has caught what tests send it, and is in the provider's call.
fn has_begun(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    eventually(Duration::from_secs(20), || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|it| it.strip_prefix("SigCgt:"));
        caught.is_some_and(|it| u64::from_str_radix(it.trim(), 16).unwrap_or(0) & 2 != 0)
    });
    std::thread::sleep(Duration::from_millis(300));
}

fn ended(child: Child) -> Output {
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "it took {:?} to end",
        start.elapsed()
    );
    output
}

/// The same command again, after it was stopped at a call of the provider.
fn check_again(stand_in: &StandIn, phase: &Phase, what: &str) {
    stand_in.run(phase.command).success();
    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains(&format!("{} (fake)", phase.state)), "{what}: {status}");
    assert_eq!(
        support::names_in(&stand_in.world.home().join("data/claims")).len(),
        usize::from(phase.state != "not created"),
        "{what}"
    );
}

fn check(name: &str) {
    let stand_in = StandIn::with_machine();
    for phase in PHASES {
        for call in phase.calls {
            for side in ["before", "after"] {
                for earlier in phase.before {
                    stand_in.run(earlier).success();
                }
                let what = format!("{:?}, {name} {side} {call}", phase.command);
                let child = spawn(&stand_in, phase.command, &format!("hang {side} {call}"));
                has_begun(&child);
                signal(name, child.id());
                // A step that cannot be dropped is waited for; the second signal does not wait.
                std::thread::sleep(Duration::from_millis(200));
                let _ = std::process::Command::new("kill")
                    .arg(format!("-{name}"))
                    .arg(child.id().to_string())
                    .status();
                let output = ended(child);
                assert_eq!(
                    output.status.code(),
                    Some(1),
                    "{what}: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
                check_again(&stand_in, phase, &what);
            }
        }
    }
}

#[test]
fn ctrl_c_twice_ends_what_hangs() {
    check("INT");
}

#[test]
fn so_does_sigterm() {
    check("TERM");
}

#[test]
fn and_sighup() {
    check("HUP");
}

/// What one Ctrl-C finds in a guest: a provisioner that takes its time.
#[test]
fn one_signal_ends_a_provisioner_and_says_how_to_go_on() {
    for name in ["INT", "TERM", "HUP"] {
        let stand_in = StandIn::new();
        let log = stand_in.guest().join("log");
        stand_in.write_vagrantfile(&format!(
            "config.vm.provision \"shell\", privileged: false, inline: \"echo begin >> {0}; [ -e {0}.short ] || sleep 300; echo end >> {0}\"",
            log.display()
        ));
        let child = spawn(&stand_in, UP, "");
        eventually(Duration::from_secs(20), || stand_in.guest_file("log").contains("begin"));

        signal(name, child.id());

        let ran = stand_in.world.ran(ended(child)).fails_with("interrupted");
        assert!(ran.stderr.contains("run the same command again"), "{}", ran.stderr);
        std::fs::write(stand_in.guest().join("log.short"), "").unwrap();
        stand_in.run(UP).success();
        assert_eq!(stand_in.guest_file("log"), "begin\nbegin\nend\n");
    }
}

#[test]
fn a_terminal_that_goes_away_leaves_a_machine_that_the_next_command_goes_on_with() {
    let stand_in = StandIn::new();
    let log = stand_in.guest().join("log");
    stand_in.write_vagrantfile(&format!(
        "config.vm.provision \"shell\", privileged: false, inline: \"echo begin >> {0}; [ -e {0}.short ] || sleep 300; echo end >> {0}\"",
        log.display()
    ));
    let terminal = Terminal::start(&stand_in.world, "export VAGRANT_DEFAULT_PROVIDER=fake; exec jaunt up");
    eventually(Duration::from_secs(20), || stand_in.guest_file("log").contains("begin"));

    drop(terminal);

    std::fs::write(stand_in.guest().join("log.short"), "").unwrap();
    let locked = "another command works on this machine";
    eventually(Duration::from_secs(20), || {
        let up = stand_in.run(UP);
        assert!(up.code == 0 || up.stderr.contains(locked), "{}", up.stderr);
        up.code == 0
    });
    assert_eq!(stand_in.guest_file("log"), "begin\nbegin\nend\n");
}

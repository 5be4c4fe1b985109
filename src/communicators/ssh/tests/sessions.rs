//! Sessions at the process's own streams. Each runs in a process of its own: this test program again, told by its
//! environment to be a session ([`session`] below), under tmux where it needs a real terminal.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::fixtures::{Server, connect};
use crate::communicators::ssh::terminal::{Session, TerminalUse, attach};
use crate::communicators::ssh::{ShellOptions, SshTarget};

const SERVER: &str = "JAUNT_TEST_SESSION_SERVER";
const SCRIPT: &str = "JAUNT_TEST_SESSION_COMMAND";
const PANIC: &str = "JAUNT_TEST_SESSION_PANIC";

/// Not a test by itself, but the process that the others start: a session like `jaunt ssh`, on its own streams.
#[test]
fn session() {
    let Ok(port) = std::env::var(SERVER) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let code = runtime.block_on(async {
        let server = Server::target_at(port.parse().expect("a port"));
        let connection = connect(&server).await.expect("the server is up");
        let shell = ShellOptions {
            shell: "sh".to_owned(),
            ..ShellOptions::default()
        };
        let session = Session {
            command: std::env::var(SCRIPT).ok().map(|it| shell.login_command(&it)),
            terminal: TerminalUse::WhenInteractive,
            term: "xterm".to_owned(),
        };
        let panicking = async {
            match std::env::var(PANIC) {
                Ok(_) => tokio::time::sleep(Duration::from_secs(2)).await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            exit = attach(&connection, &session) => exit.map_or(255, |it| it.code),
            () = panicking => panic!("as agreed"),
        }
    });
    // A session ends the process, whatever still reads the standard input.
    std::process::exit(code.try_into().unwrap_or(255));
}

fn this_program(target: &SshTarget) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args([
        "--exact",
        "communicators::ssh::tests::sessions::session",
        "--nocapture",
        "-q",
    ]);
    command.env(SERVER, target.port.to_string()).env("RUST_BACKTRACE", "0");
    command
}

pub(super) fn piped(server: &Server, script: &str) -> Child {
    let mut command = this_program(&server.target());
    command
        .env(SCRIPT, script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Signals that a test sends are for this process alone.
    command.process_group(0);
    command.spawn().expect("this program runs")
}

/// What the test runner says before the session begins.
const PREAMBLE: &[u8] = b"\nrunning 1 test\n";

#[test]
fn bytes_pass_unchanged_and_the_end_of_the_input_is_passed_on() {
    let server = Server::openssh("");
    let mut child = piped(&server, "cat; echo over >&2; exit 21");
    let sent = (0..4 << 20_u32)
        .map(|it: u32| (it.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect::<Vec<_>>();
    let mut input = child.stdin.take().expect("it is piped");
    let writer = std::thread::spawn({
        let sent = sent.clone();
        move || input.write_all(&sent).expect("the session reads all of it")
    });

    let output = child.wait_with_output().expect("it ends");

    writer.join().expect("all was written");
    let received = output.stdout.strip_prefix(PREAMBLE).expect("the runner speaks first");
    assert!(received == sent, "{} of {} bytes came back", received.len(), sent.len());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "over\n");
    assert_eq!(output.status.code(), Some(21));
}

#[test]
fn a_command_ends_while_its_input_is_still_open() {
    let server = Server::openssh("");
    let mut child = piped(&server, "exit 3");
    let input = child.stdin.take();

    let status = child.wait().expect("it ends");

    assert_eq!(status.code(), Some(3));
    drop(input);
}

#[test]
fn an_interrupt_ends_the_session_where_the_server_keeps_it_to_itself() {
    let server = Server::openssh("");
    let mut child = piped(&server, "trap '' INT; echo ready; sleep 20");
    wait_for_output(&mut child, b"ready\n");
    let started = Instant::now();

    signal(&child, "INT");

    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_second_interrupt_ends_a_session_whose_command_will_not() {
    let server = Server::openssh("");
    let mut child = piped(&server, "trap '' INT; echo ready; sleep 20");
    wait_for_output(&mut child, b"ready\n");
    let started = Instant::now();

    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "TERM");

    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_reader_that_goes_away_ends_the_session() {
    let server = Server::openssh("");
    let mut child = piped(&server, "while echo much; do :; done");
    wait_for_output(&mut child, b"much\n");

    drop(child.stdout.take());

    assert_eq!(child.wait().expect("it ends").code(), Some(141));
}

pub(super) fn wait_for_output(child: &mut Child, expected: &[u8]) {
    let mut seen = Vec::new();
    let output = child.stdout.as_mut().expect("it is piped");
    while !seen.ends_with(expected) {
        let mut byte = [0];
        assert_eq!(
            output.read(&mut byte).expect("it is readable"),
            1,
            "{}",
            String::from_utf8_lossy(&seen)
        );
        seen.extend_from_slice(&byte);
    }
}

pub(super) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(status.success());
}

/// A terminal of 100 by 30 in tmux, with a shell that runs the session and then says how it ended.
struct Terminal {
    folder: tempfile::TempDir,
}

impl Terminal {
    fn running(command: &Command) -> Self {
        let terminal = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let environment = environment.map(|(name, value)| format!("{}='{}'", name.display(), value.display()));
        let program = std::iter::once(command.get_program()).chain(command.get_args());
        let line = environment
            .chain(program.map(|it| it.display().to_string()))
            .collect::<Vec<_>>()
            .join(" ");
        let script = format!("stty -g > before; {line}; echo \"ended with $?\"; stty -g > after; sleep 600");
        let started = terminal
            .tmux(&["new-session", "-d", "-x", "100", "-y", "30", "-c"])
            .arg(terminal.folder.path())
            .args(["sh", "-c", &script])
            .status();
        assert!(started.expect("these tests need the package tmux").success());
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(self.folder.path().join("socket"))
            .args(["-f", "/dev/null"])
            .args(arguments);
        command
    }

    fn type_in(&self, keys: &[&str]) {
        assert!(
            self.tmux(&["send-keys"])
                .args(keys)
                .status()
                .expect("tmux runs")
                .success()
        );
    }

    fn wait_for(&self, text: &str) {
        let started = Instant::now();
        while !self.screen().contains(text) {
            assert!(
                started.elapsed() < Duration::from_secs(40),
                "no `{text}` on the screen:\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().expect("tmux runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn assert_restored(&self) {
        let read = |name| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        let started = Instant::now();
        while read("after").is_empty() && started.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(read("before"), read("after"), "the terminal is as before");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).status();
    }
}

#[test]
fn a_shell_at_a_terminal_has_its_size_follows_it_and_takes_every_key() {
    let server = Server::openssh("");
    let terminal = Terminal::running(&this_program(&server.target()));

    terminal.type_in(&["echo \"$TERM has $(stty size)\"", "Enter"]);
    terminal.wait_for("xterm has 30 100");
    let resized = terminal.tmux(&["resize-window", "-x", "70", "-y", "20"]).status();
    assert!(resized.expect("tmux runs").success());
    // tmux tells its panes a moment later.
    terminal.type_in(&["until stty size | grep '20 70'; do sleep 0.1; done", "Enter"]);
    terminal.wait_for("\n20 70");
    terminal.type_in(&["echo $((40 + 2)) is there; cat", "Enter"]);
    terminal.wait_for("42 is there");
    terminal.type_in(&["C-c"]);
    terminal.type_in(&["echo \"interrupted with $?\"", "Enter"]);
    terminal.wait_for("interrupted with 130");
    terminal.type_in(&["exit 9", "Enter"]);

    terminal.wait_for("ended with 9");
    terminal.assert_restored();
}

#[test]
fn a_command_at_a_terminal_has_one_too() {
    let server = Server::openssh("");
    let mut command = this_program(&server.target());
    command.env(SCRIPT, "test -t 0 && echo \"a terminal of $(stty size)\"; exit 5");

    let terminal = Terminal::running(&command);

    terminal.wait_for("ended with 5");
    assert!(
        terminal.screen().contains("a terminal of 30 100"),
        "{}",
        terminal.screen()
    );
    terminal.assert_restored();
}

#[test]
fn what_is_typed_after_a_session_is_not_lost() {
    let server = Server::openssh("");
    let mut command = this_program(&server.target());
    command.env(SCRIPT, "echo finished");
    let terminal = Terminal::running(&command);
    terminal.wait_for("ended with 0");

    terminal.type_in(&["every character"]);

    terminal.wait_for("every character");
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was() {
    let server = Server::openssh("");
    let mut command = this_program(&server.target());
    command.env(PANIC, "yes");

    let terminal = Terminal::running(&command);

    terminal.wait_for("as agreed");
    terminal.wait_for("ended with 101");
    terminal.assert_restored();
}

#[test]
fn a_signal_from_elsewhere_ends_the_session_and_leaves_the_terminal_as_it_was() {
    let server = Server::openssh("");
    let terminal = Terminal::running(&this_program(&server.target()));
    terminal.type_in(&["echo $((40 + 2)) is there", "Enter"]);
    terminal.wait_for("42 is there");

    let pane = terminal
        .tmux(&["display-message", "-p", "#{pane_pid}"])
        .output()
        .expect("tmux runs");
    let shell = String::from_utf8_lossy(&pane.stdout).trim().to_owned();
    let killed = Command::new("pkill")
        .args(["-TERM", "-P", &shell])
        .status()
        .expect("pkill runs");

    assert!(killed.success());
    terminal.wait_for("ended with 143");
    terminal.assert_restored();
}

#[test]
fn a_guest_that_goes_away_ends_the_session() {
    let server = Server::openssh("");
    let terminal = Terminal::running(&this_program(&server.target()));
    terminal.type_in(&["kill -KILL $PPID", "Enter"]);

    terminal.wait_for("ended with 255");
    terminal.assert_restored();
}

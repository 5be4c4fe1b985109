//! Running scripts: what they say, what they read, how they end.

use std::time::Instant;

use expect_test::{Expect, expect};

use super::fixtures::{Server, run_script};
use crate::communicators::ssh::ShellOptions;
use crate::communicators::{Command, Communicator, Stream};

async fn check(shell: ShellOptions, command: Command, expected: Expect) {
    let server = Server::openssh("");
    let guest = server.communicator(shell).await;
    expected.assert_eq(&run_script(&guest, command).await);
}

fn sh() -> ShellOptions {
    ShellOptions {
        shell: "sh".to_owned(),
        sudo_command: "env JAUNT_ROOT=yes %c".to_owned(),
        ..ShellOptions::default()
    }
}

#[tokio::test]
async fn streams_stay_apart_and_the_exit_code_is_data() {
    let script = Command::new("echo to output; echo to error >&2; exit 7");
    check(
        sh(),
        script,
        expect![[r#"
        out: "to output\n"
        err: "to error\n"
        exit: 7"#]],
    )
    .await;
}

#[tokio::test]
async fn a_script_reaches_the_shell_as_it_is() {
    let script = Command::new("echo '$HOME' \"it's\" `echo a`; x='; exit 3 #'\necho \"$x\" \\\\ é");
    check(
        sh(),
        script,
        expect![[r#"
        out: "$HOME it's a\n; exit 3 # \\ é\n"
        err: ""
        exit: 0"#]],
    )
    .await;
}

#[tokio::test]
async fn a_script_of_any_length_runs_and_leaves_nothing_behind() {
    let script = format!(
        "{}echo \"$0\" | sed 's/-.*//'; ls \"$0\" >&2; exit 5",
        "# a long comment\n".repeat(20_000)
    );
    let server = Server::openssh("");
    let guest = server.communicator(sh()).await;

    let said = run_script(&guest, Command::new(script)).await;

    let (_, file) = said.split_once("err: \"").expect("the script names its file");
    let (file, _) = file.split_once("\\n").expect("one line");
    assert!(
        file.starts_with("/tmp/jaunt-") && !std::path::Path::new(file).exists(),
        "{said}"
    );
    assert!(said.ends_with("exit: 5"), "{said}");
}

#[tokio::test]
async fn the_sudo_template_wraps_the_shell() {
    check(
        sh(),
        Command::as_root("echo $JAUNT_ROOT $TERM"),
        expect![[r#"
        out: "yes vt100\n"
        err: ""
        exit: 0"#]],
    )
    .await;
}

#[tokio::test]
async fn a_sudo_template_with_quotes_works_too() {
    let shell = ShellOptions {
        sudo_command: "sh -c \"exec %c\"".to_owned(),
        ..sh()
    };
    check(
        shell,
        Command::as_root("echo \"it's $((1 + 1))\""),
        expect![[r#"
        out: "it's 2\n"
        err: ""
        exit: 0"#]],
    )
    .await;
}

#[tokio::test]
async fn what_the_profile_says_is_not_the_scripts_output() {
    let server = Server::openssh("");
    std::fs::write(server.home.path().join(".bash_profile"), "echo welcome; echo oops >&2").expect("it is ours");
    let guest = server.communicator(ShellOptions::default()).await;

    let said = run_script(&guest, Command::new("echo mine")).await;

    expect![[r#"
        out: "mine\n"
        err: ""
        exit: 0"#]]
    .assert_eq(&said);
}

#[tokio::test]
async fn a_shell_that_is_missing_says_so() {
    let shell = ShellOptions {
        shell: "no-such-shell".to_owned(),
        ..sh()
    };
    let server = Server::openssh("");
    let guest = server.communicator(shell).await;

    let said = run_script(&guest, Command::new("true")).await;

    assert!(said.contains("no-such-shell") && said.ends_with("exit: 127"), "{said}");
}

#[tokio::test]
async fn a_signal_counts_as_shells_count_it() {
    check(
        sh(),
        Command::new("kill -TERM $$"),
        expect![[r#"
        out: ""
        err: ""
        exit: 143"#]],
    )
    .await;
}

#[tokio::test]
async fn a_command_without_input_reads_the_end_at_once() {
    check(
        sh(),
        Command::new("cat; echo done"),
        expect![[r#"
        out: "done\n"
        err: ""
        exit: 0"#]],
    )
    .await;
}

#[tokio::test]
async fn a_command_that_stops_reading_early_ends_well() {
    let much = std::io::Cursor::new(vec![b'x'; 16 << 20]);
    check(
        sh(),
        Command::new("head -c 3").with_input(much),
        expect![[r#"
        out: "xxx"
        err: ""
        exit: 0"#]],
    )
    .await;
}

#[tokio::test]
async fn megabytes_pass_both_ways_unchanged() {
    let server = Server::openssh("");
    let guest = server.communicator(sh()).await;
    let sent = (0..8 << 20_u32)
        .map(|it: u32| (it.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect::<Vec<_>>();
    let mut received = Vec::new();
    let command = Command::new("cat").with_input(std::io::Cursor::new(sent.clone()));

    let mut collect = |stream: Stream, bytes: &[u8]| {
        assert_eq!(stream, Stream::Output);
        received.extend_from_slice(bytes);
    };
    let exit = guest.run(command, &mut collect);

    assert!(exit.await.expect("cat runs").is_success());
    assert!(received == sent, "{} of {} bytes came back", received.len(), sent.len());
}

#[tokio::test]
async fn a_daemon_that_holds_the_output_open_does_not_hold_us() {
    let server = Server::openssh("");
    let guest = server.communicator(sh()).await;
    let started = Instant::now();

    let said = run_script(&guest, Command::new("sleep 60 & echo started $!")).await;

    assert!(said.contains("started") && said.ends_with("exit: 0"), "{said}");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    let pid = said
        .split_whitespace()
        .nth(2)
        .and_then(|it| it.split('\\').next())
        .expect("the script said it");
    run_script(&guest, Command::new(format!("kill {pid}"))).await;
}

#[tokio::test]
async fn a_terminal_is_there_when_asked_for_and_changes_no_byte() {
    let shell = ShellOptions { pty: true, ..sh() };
    check(
        shell,
        Command::new("test -t 1 && printf 'a terminal\\n'; exit 4"),
        expect![[r#"
        out: "a terminal\n"
        err: ""
        exit: 4"#]],
    )
    .await;
}

#[tokio::test]
async fn commands_run_side_by_side_on_one_connection() {
    let server = Server::openssh("");
    let guest = server.communicator(sh()).await;

    let waiting = run_script(
        &guest,
        Command::new("while ! [ -e ~/go ]; do sleep 0.1; done; echo went"),
    );
    let (waited, _) = tokio::join!(waiting, guest.upload_bytes(b"", "~/go"));

    assert!(waited.contains("went"), "{waited}");
    assert_eq!(
        server.log().matches("Accepted publickey").count(),
        1,
        "one login for all of it"
    );
}

#[tokio::test]
async fn a_guest_that_goes_away_is_told_apart_from_a_failing_script() {
    let server = Server::openssh("");
    let guest = server.communicator(sh()).await;
    let mut ignore = |_: Stream, _: &[u8]| {};

    let error = guest
        .run(Command::new("kill -KILL $PPID"), &mut ignore)
        .await
        .expect_err("nobody is left to say");

    assert!(error.is_disconnect(), "{error:?}");
}

#[tokio::test]
async fn variables_reach_a_guest_that_accepts_them() {
    let server = Server::openssh("");
    let mut target = server.target();
    target.environment.push(("JAUNT_GREETING".to_owned(), "a b".to_owned()));
    let connection = super::fixtures::connect(&target).await.expect("the server is up");
    let guest = crate::communicators::ssh::SshCommunicator::new(connection, sh());

    let said = run_script(&guest, Command::new("echo \"$JAUNT_GREETING\"")).await;

    assert!(said.contains("a b"), "{said}");
}

#[tokio::test]
async fn a_script_that_nobody_waits_for_can_be_ended_with_all_it_has_started() {
    let server = Server::openssh("");
    let guest = server.communicator(sh()).await;
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("still there").display().to_string();
    let script = format!("trap '' HUP; sh -c 'echo begun; sleep 30; touch \"{mark}\"'; echo $?; touch '{mark}'");
    let begun = tokio::sync::Notify::new();
    let mut output = |_: Stream, _: &[u8]| begun.notify_one();

    tokio::select! {
        ended = guest.run(Command::new(script), &mut output) => panic!("{ended:?}"),
        () = begun.notified() => {}
    }
    let before = processes_that_name(&mark);
    guest.end_abandoned().await;

    assert!(before > 0);
    assert_eq!(processes_that_name(&mark), 0);
    assert!(!std::path::Path::new(&mark).exists());
    assert!(run_script(&guest, Command::new("echo on")).await.contains("on"));
}

fn processes_that_name(text: &str) -> usize {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
    lines.filter(|it| String::from_utf8_lossy(it).contains(text)).count()
}

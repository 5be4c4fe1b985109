//! What small guests are like: dropbear, which is not OpenSSH, and a POSIX shell that is not bash. As root only.

use expect_test::expect;

use super::fixtures::{Server, connect, run_script, user};
use super::sessions::{piped, signal, wait_for_output};
use crate::communicators::ssh::keys::candidates;
use crate::communicators::ssh::{KeySource, KeyType, Login, ShellOptions, SshTarget, insert_key};
use crate::communicators::{Command, Communicator, Stream};

fn sh() -> ShellOptions {
    ShellOptions {
        shell: "busybox sh".to_owned(),
        ..ShellOptions::default()
    }
}

fn server() -> Option<Server> {
    (user() == "root").then(Server::dropbear)
}

#[tokio::test]
async fn scripts_of_any_length_run() {
    let Some(server) = server() else { return };
    let guest = server.communicator(sh()).await;
    let long = format!(
        "{}\necho \"it's $((6 * 7))\"; echo no >&2; exit 8",
        "# comment\n".repeat(3_000)
    );

    let said = run_script(&guest, Command::new(long)).await;
    let short = run_script(&guest, Command::new("kill -TERM $$")).await;

    expect![[r#"
        out: "it's 42\n"
        err: "no\n"
        exit: 8"#]]
    .assert_eq(&said);
    assert!(short.ends_with("exit: 143"), "{short}");
}

#[tokio::test]
async fn megabytes_pass_both_ways_unchanged() {
    let Some(server) = server() else { return };
    let guest = server.communicator(sh()).await;
    let sent = (0..5_000_000_u32).map(|it| it.to_le_bytes()[1]).collect::<Vec<_>>();

    guest.upload_bytes(&sent, "~/there").await.expect("it arrives");
    let mut back = Vec::new();
    let mut keep = |_: Stream, bytes: &[u8]| back.extend_from_slice(bytes);
    guest
        .run(Command::new("cat ~/there"), &mut keep)
        .await
        .expect("it comes back");

    assert!(back == sent);
}

#[tokio::test]
async fn the_insecure_key_is_replaced() {
    let Some(server) = server() else { return };
    let target = SshTarget {
        private_keys: candidates(&server.machine_key(), &[], false),
        ..server.target()
    };
    let connection = connect(&target)
        .await
        .unwrap_or_else(|it| panic!("{it:?}\n{}", server.log()));

    let inserted = insert_key(&connection, &target, &server.machine_key(), KeyType::Auto).await;

    inserted.unwrap_or_else(|it| panic!("{it:?}\n{}", server.log()));
    let own = SshTarget {
        private_keys: candidates(&server.machine_key(), &[], false),
        ..target
    };
    let connection = connect(&own).await.expect("the new key opens it");
    assert!(
        matches!(
            connection.login(),
            Login::Key {
                source: KeySource::File(_),
                insecure: None
            }
        ),
        "{connection:?}"
    );
    assert!(
        server.authorized_keys().starts_with("ssh-ed25519 "),
        "{}",
        server.authorized_keys()
    );
}

#[test]
fn an_interrupt_reaches_the_guests_command() {
    let Some(server) = server() else { return };
    let mut child = piped(
        &server,
        "trap 'echo trapped; exit 77' INT; echo ready; while :; do sleep 0.1; done",
    );
    wait_for_output(&mut child, b"ready\n");

    signal(&child, "INT");

    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "trapped\n", "{}", server.log());
    assert_eq!(output.status.code(), Some(77));
}

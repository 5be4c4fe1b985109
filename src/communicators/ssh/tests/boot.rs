//! Waiting for guests that are slow, silent, strange or not ours.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::fixtures::{Server, connect, free_port};
use crate::communicators::ssh::{Error, InsecureKey, KeySource, Login, Progress, SshTarget, Stage, wait_until_ready};

/// Waits for what cannot come up, and compares the message (with the port and user taken out) and what was told.
async fn check_failure(target: &SshTarget, seconds: u64, expected: Expect) -> Stage {
    let mut told = Vec::new();
    let mut progress = |it: Progress<'_>| {
        told.push(match it {
            Progress::Retrying(error) => error.to_string(),
            Progress::OldAlgorithms => "old algorithms".to_owned(),
        });
    };
    let error = wait_until_ready(target, Duration::from_secs(seconds), &mut progress)
        .await
        .expect_err("no guest");
    let text = format!("{error}\ntold: {}", told.join("\ntold: "));
    expected.assert_eq(
        &text
            .replace(&target.port.to_string(), "PORT")
            .replace(&target.user, "USER"),
    );
    match error {
        Error::NotReady(failure) => failure.stage,
        other => panic!("{other:?}"),
    }
}

fn insecure(port: u16) -> SshTarget {
    SshTarget {
        private_keys: vec![KeySource::Insecure(InsecureKey::Rsa)],
        ..SshTarget::new("127.0.0.1", port, "vagrant")
    }
}

#[tokio::test]
async fn nothing_listens() {
    let stage = check_failure(
        &insecure(free_port()),
        2,
        expect![[r#"
        the guest did not come up within 2 s: nothing accepts connections on 127.0.0.1:PORT
        told: cannot connect to 127.0.0.1:PORT"#]],
    )
    .await;

    assert_eq!(stage, Stage::Unreachable);
}

#[tokio::test]
async fn something_accepts_and_stays_silent_as_user_networking_does() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("the loopback interface is up");
    let port = listener.local_addr().expect("it is bound").port();

    let stage = check_failure(
        &insecure(port),
        2,
        expect![[r#"
        the guest did not come up within 2 s: 127.0.0.1:PORT accepts connections, but no SSH server has answered
        told: "#]],
    )
    .await;

    assert_eq!(stage, Stage::Silent);
}

#[tokio::test]
async fn something_else_answers() {
    let port = serve(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n").await;
    })
    .await;

    let stage = check_failure(
        &insecure(port),
        2,
        expect![[r#"
        the guest did not come up within 2 s: 127.0.0.1:PORT accepts connections, but no SSH server has answered
        told: what listens on 127.0.0.1:PORT is not an SSH server: it says `220 mail.example.org ESMTP`"#]],
    )
    .await;

    assert_eq!(stage, Stage::Silent);
}

#[tokio::test]
async fn a_server_greets_and_says_no_more() {
    let port = serve(|mut stream| async move {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n").await;
    })
    .await;

    let stage = check_failure(&insecure(port), 2, expect![[r#"
        the guest did not come up within 2 s: the SSH server on 127.0.0.1:PORT answers, but no connection could be made with it
        told: the key exchange with 127.0.0.1:PORT failed"#]]).await;

    assert_eq!(stage, Stage::Greeted);
}

#[tokio::test]
async fn the_guest_knows_none_of_the_keys() {
    let server = Server::openssh("");
    let target = SshTarget {
        private_keys: vec![KeySource::Insecure(InsecureKey::Ed25519)],
        ..server.target()
    };

    let stage = check_failure(&target, 4, expect![[r#"
        the guest did not come up within 4 s: the SSH server on 127.0.0.1:PORT refuses user `USER` with Vagrant's insecure ed25519 key
        told: 127.0.0.1:PORT refused the login of user `USER` (tried: Vagrant's insecure ed25519 key; the server accepts: publickey)"#]])
    .await;

    assert_eq!(stage, Stage::Refused);
    assert!(
        !target.host_key_file.expect("it is set").exists(),
        "a server that refuses us is not known to be the guest"
    );
}

/// Runs a listener that treats every connection alike, and returns its port.
async fn serve<F: Future<Output = ()> + Send + 'static>(treat: impl Fn(TcpStream) -> F + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("the loopback interface is up");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(treat(stream));
        }
    });
    port
}

#[tokio::test]
async fn early_connections_that_never_answer_do_not_delay_the_one_that_does() {
    let server = Server::openssh("");
    server.connect().await;
    let (port, started) = (server.port, Instant::now());
    let front = serve(move |mut outside| async move {
        if started.elapsed() < Duration::from_secs(3) {
            // Accepted before the guest listened: silent for ever.
            return std::future::pending().await;
        }
        let Ok(mut inside) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
            return;
        };
        let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
    })
    .await;

    connect(&SshTarget {
        port: front,
        ..server.target()
    })
    .await
    .expect("the server comes up");

    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_key_that_the_guest_adds_late_is_found() {
    let server = Server::openssh("");
    let file = server.home.path().join(".ssh").join("authorized_keys");
    let trusted = server.authorized_keys();
    std::fs::write(&file, "").expect("the home is writable");
    let target = server.target();

    let waiting = connect(&target);
    let cloud_init = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        std::fs::write(&file, trusted).expect("the home is writable");
    };
    let (connection, ()) = tokio::join!(waiting, cloud_init);

    connection.expect("the key is there now");
}

#[tokio::test]
async fn the_first_host_key_is_pinned_and_another_one_is_an_error() {
    let (server, stranger) = (Server::openssh(""), Server::openssh(""));
    server.connect().await;
    server.connect().await;

    let started = Instant::now();
    let target = SshTarget {
        port: stranger.port,
        ..server.target()
    };
    let error = connect(&target).await.expect_err("it is another machine");

    assert!(
        started.elapsed() < Duration::from_secs(10),
        "it does not wait for the boot to end"
    );
    let text = error.to_string();
    assert!(matches!(error, Error::HostKeyChanged { .. }), "{error:?}");
    assert!(
        text.contains("ssh-ed25519 SHA256:") && text.contains("delete that file"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_file_any_host_key_will_do() {
    let server = Server::openssh("");

    connect(&SshTarget {
        host_key_file: None,
        ..server.target()
    })
    .await
    .expect("nothing is pinned");
}

#[tokio::test]
async fn a_guest_that_gains_a_better_host_key_is_still_known_by_its_old_one() {
    let server = Server::openssh("");
    let target = server.target();
    let rsa = russh::keys::PublicKey::from_openssh(InsecureKey::Rsa.public_key()).expect("it is its second one");
    crate::communicators::ssh::host_key::pin(target.host_key_file.as_deref().expect("it is set"), &rsa)
        .expect("pinned");

    connect(&target).await.expect("the old key is asked for first");
}

const OLD_SERVER: &str = "KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1\nCiphers aes128-cbc\n\
    MACs hmac-sha1\nHostKeyAlgorithms ssh-rsa\nPubkeyAcceptedAlgorithms ssh-rsa\n";

#[tokio::test]
async fn a_server_with_old_algorithms_is_reached_on_the_second_try_and_that_is_told() {
    let server = Server::openssh(OLD_SERVER);
    let mut old = 0;
    let mut progress = |it: Progress<'_>| old += u32::from(matches!(it, Progress::OldAlgorithms));

    let connection = wait_until_ready(&server.target(), Duration::from_secs(30), &mut progress).await;

    let connection = connection.unwrap_or_else(|it| panic!("{it:?}\n{}", server.log()));
    assert!(connection.uses_old_algorithms());
    assert_eq!(old, 1);
}

#[tokio::test]
async fn old_algorithms_can_be_forbidden() {
    let server = Server::openssh(OLD_SERVER);
    let target = SshTarget {
        allow_old_algorithms: false,
        ..server.target()
    };

    let error = connect(&target).await.expect_err("nothing newer is there");

    assert!(
        matches!(
            &error,
            Error::NoCommonAlgorithm {
                kind: "key exchange",
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_insecure_key_is_recognised() {
    let server = Server::openssh("");

    let connection = server.connect().await;

    assert!(
        matches!(
            connection.login(),
            Login::Key {
                insecure: Some(InsecureKey::Rsa),
                ..
            }
        ),
        "{connection:?}"
    );
    assert!(
        connection.banner().starts_with("SSH-2.0-OpenSSH_"),
        "{}",
        connection.banner()
    );
    assert!(!connection.uses_old_algorithms());
}

#[tokio::test]
async fn a_proxy_command_leads_to_the_server_and_ends_with_the_connection() {
    let server = Server::openssh("");
    let folder = tempfile::tempdir().unwrap();
    let process = folder.path().join("process");
    let target = SshTarget {
        host: "guest.invalid".to_owned(),
        proxy_command: Some(format!(
            "sh -c 'echo $$ > {}; test %h = guest.invalid && exec socat - TCP:127.0.0.1:%p'",
            process.display()
        )),
        ..server.target()
    };

    let connection = connect(&target).await.unwrap();
    let connector = std::fs::read_to_string(&process).unwrap();
    let connector = std::path::Path::new("/proc").join(connector.trim()).join("cmdline");
    assert!(connector.exists());
    drop(connection);

    for _ in 0..100 {
        if std::fs::read(&connector).is_ok_and(|it| it.is_empty()) || !connector.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the proxy command still runs");
}

#[tokio::test]
async fn a_proxy_command_that_fails_is_named() {
    let target = SshTarget {
        proxy_command: Some("exit 3".to_owned()),
        ..insecure(22)
    };
    check_failure(
        &target,
        2,
        expect![[r#"
        the guest did not come up within 2 s: nothing accepts connections on 127.0.0.1:PORT through `exit 3`
        told: the command that should lead to 127.0.0.1:PORT through `exit 3` ended before an SSH server answered"#]],
    )
    .await;
}

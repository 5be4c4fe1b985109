//! The installed `ssh` with the arguments that are made for it, against a real server.

use super::fixtures::{Server, connect, user};
use crate::communicators::ssh::keys::place_insecure_keys;
use crate::communicators::ssh::openssh::OpensshSession;

fn call(server: &Server) -> OpensshSession {
    OpensshSession {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        user: user(),
        private_keys: place_insecure_keys(&server.home.path().join("a 100% home")).expect("the home is writable"),
        keys_only: true,
        host_key_file: server.target().host_key_file,
        log_level: Some("ERROR".to_owned()),
        ..OpensshSession::default()
    }
}

#[tokio::test]
async fn the_exit_code_of_the_guests_command_is_passed_on() {
    let server = Server::openssh("");

    let exit = OpensshSession {
        command: Some("exit 42".to_owned()),
        ..call(&server)
    }
    .run()
    .await;

    assert_eq!(exit.expect("ssh is installed").code, 42, "{}", server.log());
}

#[tokio::test]
async fn the_pinned_host_key_counts_there_too() {
    let (server, stranger) = (Server::openssh(""), Server::openssh(""));
    connect(&server.target()).await.expect("the server is up");
    let command = Some("exit 42".to_owned());

    let own = OpensshSession {
        command: command.clone(),
        ..call(&server)
    }
    .run()
    .await;
    let other = OpensshSession {
        command,
        port: stranger.port,
        ..call(&server)
    }
    .run()
    .await;

    assert_eq!(own.expect("ssh is installed").code, 42, "{}", server.log());
    assert_eq!(
        other.expect("ssh is installed").code,
        255,
        "ssh refuses another host key"
    );
}

#[tokio::test]
async fn a_port_is_forwarded() {
    let server = Server::openssh("");
    let port = super::fixtures::free_port();
    let forward = format!("{port}:127.0.0.1:{}", server.port);
    // Through the forward, the server greets itself.
    let script =
        format!("exec 3<>/dev/tcp/127.0.0.1/{port}; read -r line <&3; case $line in SSH-2.0-*) exit 33;; esac");
    let command = Some(format!("bash -c '{script}'"));
    let extra_args = vec!["-L".to_owned(), forward];

    let exit = OpensshSession {
        extra_args,
        command,
        ..call(&server)
    }
    .run()
    .await;

    assert_eq!(exit.expect("ssh is installed").code, 33, "{}", server.log());
}

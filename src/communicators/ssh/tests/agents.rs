//! The user's agent: for the login where the Vagrantfile allows it, and for the guest where it asks for it.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::fixtures::{Server, connect, run_script};
use crate::communicators::Command as Script;
use crate::communicators::ssh::{KeyType, Login, ShellOptions, SshCommunicator, SshTarget, keys};

struct Agent {
    folder: tempfile::TempDir,
    process: Child,
}

impl Agent {
    /// An agent that holds a fresh key, and that key's line for a list of keys.
    fn with_a_key() -> (Self, String) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let socket = folder.path().join("socket");
        let process = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn();
        let agent = Self {
            folder,
            process: process.expect("ssh-agent is installed"),
        };
        while !socket.exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let key = keys::generate(KeyType::Ed25519).expect("there is randomness");
        let file = agent.folder.path().join("key");
        keys::write(&file, &key).expect("the folder is writable");
        let added = Command::new("ssh-add")
            .arg(&file)
            .env("SSH_AUTH_SOCK", &socket)
            .stderr(Stdio::null())
            .status();
        assert!(added.expect("ssh-add is installed").success());
        (agent, key.public_key().to_openssh().expect("it is a key"))
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_key_of_the_agent_opens_the_guest() {
    let server = Server::openssh("");
    let (agent, line) = Agent::with_a_key();
    std::fs::write(server.home.path().join(".ssh").join("authorized_keys"), line).expect("the home is writable");
    let target = SshTarget {
        agent_for_login: Some(agent.socket()),
        ..server.target()
    };

    let connection = connect(&target)
        .await
        .unwrap_or_else(|it| panic!("{it:?}\n{}", server.log()));

    assert_eq!(connection.login(), &Login::Agent);
    assert!(!connection.login().is_insecure());
}

#[tokio::test]
async fn the_guest_reaches_the_agent_as_the_login_user_and_as_root() {
    let server = Server::openssh("");
    let (agent, line) = Agent::with_a_key();
    let target = SshTarget {
        agent_for_guest: Some(agent.socket()),
        ..server.target()
    };
    let shell = ShellOptions {
        // As `sudo` does: the variable is forgotten on the way.
        sudo_command: "env -u SSH_AUTH_SOCK %c".to_owned(),
        forward_agent: true,
        ..ShellOptions::default()
    };
    let guest = SshCommunicator::new(connect(&target).await.expect("the server is up"), shell);

    for command in [Script::new("ssh-add -L"), Script::as_root("ssh-add -L")] {
        let said = run_script(&guest, command).await;

        assert!(said.contains(line.split(' ').nth(1).expect("a key")), "{said}");
    }
}

#[tokio::test]
async fn a_guest_that_may_not_use_the_agent_does_not_see_it() {
    let server = Server::openssh("");
    let guest = server.communicator(ShellOptions::default()).await;

    let said = run_script(&guest, Script::new("echo \"<$SSH_AUTH_SOCK>\"")).await;

    assert!(said.contains("<>"), "{said}");
}

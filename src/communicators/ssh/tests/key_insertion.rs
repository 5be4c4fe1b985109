//! Replacing the insecure key, in one go and after crashes.

use std::cell::Cell;
use std::fs;
use std::time::Duration;

use super::fixtures::{Server, connect, mode};
use crate::communicators::ssh::insert_key::is_needed;
use crate::communicators::ssh::keys::{candidates, pending};
use crate::communicators::ssh::{Error, InsecureKey, KeySource, KeyType, Login, SshTarget, insert_key};

async fn insert(server: &Server) -> Result<(), Error> {
    let target = target(server);
    let connection = connect(&target).await?;
    assert!(is_needed(&connection, &server.machine_key()));
    insert_key(&connection, &target, &server.machine_key(), KeyType::Auto).await
}

fn target(server: &Server) -> SshTarget {
    SshTarget {
        private_keys: candidates(&server.machine_key(), &[], false),
        ..server.target()
    }
}

/// The machine has one key of its own, which opens it, and the insecure ones do not.
async fn check_done(server: &Server) {
    let list = server.authorized_keys();
    assert!(
        !list.contains(InsecureKey::Rsa.public_key()) && !list.contains(InsecureKey::Ed25519.public_key()),
        "{list}"
    );
    assert_eq!(list.lines().filter(|it| it.ends_with(" jaunt")).count(), 1, "{list}");
    assert_eq!(mode(&server.home.path().join(".ssh").join("authorized_keys")), 0o600);
    assert_eq!(mode(&server.machine_key()), 0o600);
    assert!(!pending(&server.machine_key()).exists());

    let connection = connect(&target(server)).await.expect("the new key opens it");
    assert_eq!(
        connection.login(),
        &Login::Key {
            source: KeySource::File(server.machine_key()),
            insecure: None
        },
    );
    assert!(!is_needed(&connection, &server.machine_key()));
    let insecure = crate::communicators::ssh::Connection::open(&server.target()).await;
    assert!(
        matches!(insecure, Err(Error::AuthenticationRefused { .. })),
        "{insecure:?}"
    );
}

#[tokio::test]
async fn a_fresh_machine_gets_an_ed25519_key_of_its_own() {
    let server = Server::openssh("");

    insert(&server)
        .await
        .unwrap_or_else(|it| panic!("{it:?}\n{}", server.log()));

    check_done(&server).await;
    assert!(server.authorized_keys().starts_with("ssh-ed25519 "));
}

#[tokio::test]
async fn a_guest_that_takes_no_more_connections_for_the_moment_is_waited_for() {
    let server = Server::openssh("MaxStartups 1");
    let target = target(&server);
    let connection = connect(&target).await.expect("nobody else is there");
    let lingering = server.occupied().await;
    let left = Cell::new(false);
    let leave = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(lingering);
        left.set(true);
    };
    let machine_key = server.machine_key();
    let inserting = async {
        let inserted = insert_key(&connection, &target, &machine_key, KeyType::Auto).await;
        (inserted, left.get())
    };

    let ((inserted, had_to_wait), ()) = tokio::join!(inserting, leave);

    inserted.unwrap_or_else(|it| panic!("{it:?}\n{}", server.log()));
    assert!(had_to_wait, "{}", server.log());
    assert!(server.authorized_keys().starts_with("ssh-ed25519 "));
}

#[tokio::test]
async fn other_keys_of_the_guest_stay() {
    let server = Server::openssh("");
    let file = server.home.path().join(".ssh").join("authorized_keys");
    let own = "command=\"true\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ a b";
    fs::write(
        &file,
        format!(
            "# kept\n{}\n\n{own}\n{}",
            InsecureKey::Ed25519.public_key(),
            server.authorized_keys()
        ),
    )
    .expect("the home is writable");

    insert(&server).await.expect("it works");

    check_done(&server).await;
    assert!(
        server
            .authorized_keys()
            .starts_with(&format!("# kept\n\n{own}\nssh-ed25519 ")),
        "{}",
        server.authorized_keys()
    );
}

#[tokio::test]
async fn a_server_that_refuses_ed25519_gets_an_rsa_key() {
    let server = Server::openssh("PubkeyAcceptedAlgorithms rsa-sha2-512,rsa-sha2-256");

    insert(&server)
        .await
        .unwrap_or_else(|it| panic!("{it:?}\n{}", server.log()));

    check_done(&server).await;
    assert!(
        server.authorized_keys().starts_with("ssh-rsa "),
        "{}",
        server.authorized_keys()
    );
}

#[tokio::test]
async fn a_crash_before_the_guest_heard_of_the_key_is_harmless() {
    let server = Server::openssh("");
    let key = crate::communicators::ssh::keys::generate(KeyType::Ed25519).expect("there is randomness");
    crate::communicators::ssh::keys::write(&pending(&server.machine_key()), &key).expect("the home is writable");

    insert(&server).await.expect("the second run goes on");

    check_done(&server).await;
    let public = key.public_key().to_openssh().expect("it is a key");
    assert_eq!(
        server.authorized_keys().trim(),
        public,
        "the key that was there is used"
    );
}

#[tokio::test]
async fn a_crash_with_both_keys_in_the_guest_is_harmless() {
    let server = Server::openssh("");
    let key = crate::communicators::ssh::keys::generate(KeyType::Ed25519).expect("there is randomness");
    crate::communicators::ssh::keys::write(&pending(&server.machine_key()), &key).expect("the home is writable");
    let public = key.public_key().to_openssh().expect("it is a key");
    let file = server.home.path().join(".ssh").join("authorized_keys");
    fs::write(&file, format!("{}\n{public}\n", server.authorized_keys())).expect("the home is writable");

    insert(&server).await.expect("the second run goes on");

    check_done(&server).await;
}

#[tokio::test]
async fn a_crash_after_the_insecure_key_has_gone_is_harmless() {
    let server = Server::openssh("");
    insert(&server).await.expect("the first run works");
    fs::rename(server.machine_key(), pending(&server.machine_key())).expect("as if the last step was missing");

    insert(&server).await.expect("the second run goes on");

    check_done(&server).await;
}

#[tokio::test]
async fn a_disk_from_before_first_contact_gets_the_key_that_the_machine_has() {
    let server = Server::openssh("");
    let before = server.authorized_keys();
    insert(&server).await.expect("the first run works");
    let own = fs::read_to_string(server.machine_key()).expect("it is there");
    fs::write(server.home.path().join(".ssh").join("authorized_keys"), before).expect("the home is writable");

    insert(&server).await.expect("the insecure key opens the restored disk");

    check_done(&server).await;
    assert_eq!(
        fs::read_to_string(server.machine_key()).expect("it is there"),
        own,
        "other snapshots still know it"
    );
}

#[tokio::test]
async fn a_key_that_does_not_open_the_guest_leaves_the_insecure_one() {
    let server = Server::openssh("PubkeyAcceptedAlgorithms rsa-sha2-512\nRequiredRSASize 2048\n");
    let target = target(&server);
    let connection = connect(&target).await.expect("the server is up");

    let error = insert_key(&connection, &target, &server.machine_key(), KeyType::Ed25519)
        .await
        .expect_err("refused");

    assert!(matches!(error, Error::NewKeyRefused { .. }), "{error:?}");
    assert!(!server.machine_key().exists() && !pending(&server.machine_key()).exists());
    assert_eq!(
        server.authorized_keys().lines().count(),
        1,
        "{}",
        server.authorized_keys()
    );
    server.connect().await;
}

//! Files in and out.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tokio::io::AsyncReadExt;

use super::fixtures::{Server, mode};
use crate::communicators::Communicator;
use crate::communicators::ssh::transfer::{self, Upload};
use crate::communicators::ssh::{Error, ShellOptions};

async fn guest(server: &Server) -> impl Communicator + use<> {
    server.communicator(ShellOptions::default()).await
}

#[tokio::test]
async fn a_file_arrives_whole_with_its_mode_in_folders_that_did_not_exist() {
    let server = Server::openssh("");
    let source = server.home.path().join("it's a \"source\"");
    let content = (0..3_000_000_u32).map(|it| it.to_le_bytes()[1]).collect::<Vec<_>>();
    fs::write(&source, &content).expect("the home is writable");
    fs::set_permissions(&source, fs::Permissions::from_mode(0o750)).expect("it is ours");

    guest(&server)
        .await
        .upload(&source, "~/new folder/$(x) 'é'")
        .await
        .expect("it arrives");

    let target = server.home.path().join("new folder").join("$(x) 'é'");
    assert!(fs::read(&target).expect("it is there") == content);
    assert_eq!(mode(&target), 0o750);
}

#[tokio::test]
async fn a_file_goes_into_a_folder_under_its_own_name() {
    let server = Server::openssh("");
    let source = server.home.path().join("note");
    fs::write(&source, "text").expect("the home is writable");
    fs::create_dir(server.home.path().join("there")).expect("the home is writable");
    let guest = guest(&server).await;

    guest.upload(&source, "~/there").await.expect("it arrives");
    guest.upload(&source, "~/made/").await.expect("it arrives");

    for folder in ["there", "made"] {
        let arrived = server.home.path().join(folder).join("note");
        assert_eq!(fs::read_to_string(arrived).expect("it is there"), "text");
    }
}

#[tokio::test]
async fn a_link_is_written_through() {
    let server = Server::openssh("");
    let home = server.home.path();
    fs::write(home.join("real"), "old").expect("the home is writable");
    symlink("real", home.join("link")).expect("the home is writable");

    guest(&server)
        .await
        .upload_bytes(b"new", "~/link")
        .await
        .expect("it arrives");

    assert!(home.join("link").is_symlink());
    assert_eq!(fs::read_to_string(home.join("real")).expect("it is there"), "new");
}

#[tokio::test]
async fn a_transfer_that_breaks_off_leaves_the_old_file() {
    let server = Server::openssh("");
    let connection = server.connect().await;
    fs::write(server.home.path().join("file"), "old").expect("the home is writable");
    let half = Box::pin(tokio::io::repeat(b'x').take(5));

    let upload = Upload {
        content: half,
        size: 10,
        mode: None,
        name: "file",
        to: "~/file",
    };
    let error = transfer::upload(&connection, upload)
        .await
        .expect_err("half of it is missing");

    assert!(
        matches!(&error, Error::Upload { said, .. } if said == "5 of 10 bytes arrived"),
        "{error:?}"
    );
    assert_eq!(
        fs::read_to_string(server.home.path().join("file")).expect("it is there"),
        "old"
    );
    let names = fs::read_dir(server.home.path())
        .expect("it is there")
        .flatten()
        .map(|it| it.file_name());
    assert_eq!(names.filter(|it| it.to_string_lossy().contains("jaunt-")).count(), 0);
}

#[tokio::test]
async fn a_path_that_cannot_be_written_says_which() {
    let server = Server::openssh("");

    let error = guest(&server)
        .await
        .upload_bytes(b"x", "/proc/no/where")
        .await
        .expect_err("nobody writes there");

    assert!(
        error
            .to_string()
            .starts_with("cannot write `/proc/no/where` in the guest (exit code 1): "),
        "{error}"
    );
}

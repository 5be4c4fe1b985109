//! The kind `rsync`: the host's real rsync, whose connection is a script that runs the guest's words here.

#![allow(clippy::unwrap_used, reason = "its helpers are test code too")]

mod support;

use std::fs;
use std::sync::Mutex;

use expect_test::expect;
use support::*;
use synced_folders::rsync::{Options, Rsync};
use synced_folders::{Error, Progress, Result, Synced, SyncedFolder};

/// A program in the place of the connection, in a folder whose name needs quoting: it drops the host's name and gives the rest
/// to a shell, as the guest's end would.
fn transport(world: &World) -> Vec<String> {
    let program = world.temporary.path().join("my 'tools'/connect");
    write(
        &program,
        "#!/bin/sh\n[ \"$1\" = --through ] && [ \"$2\" = \"it's \" ] || exit 99\nshift 3\nexec sh -c \"$*\"\n",
    );
    mode(&program, 0o755);
    vec![
        program.to_str().unwrap().to_owned(),
        "--through".to_owned(),
        "it's ".to_owned(),
    ]
}

async fn sync(world: &World, options: Options) -> (Result<Vec<Synced>>, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let mut on_progress = |progress: Progress<'_>| {
        if let Progress::Line { line, .. } = progress {
            lines.lock().unwrap().push(line.to_owned());
        }
    };
    let rsync = Rsync::new(transport(world), options);
    let synced = rsync.sync(&[world.folder()], &world.shell, &mut on_progress).await;
    (synced, lines.into_inner().unwrap())
}

fn without_sudo() -> Options {
    Options {
        rsync_path: Some("rsync".to_owned()),
        ..Options::default()
    }
}

#[tokio::test]
async fn the_real_rsync_brings_the_tree_over_and_removes_what_is_gone() {
    let mut world = World::new(Tools::Host);
    world.guest_name = "it's a guest";
    world.exclude = vec!["*.log".to_owned()];
    write(world.host().join("dir/file"), "content");
    write(world.host().join("a.log"), "");
    write(world.guest().join("old"), "");

    let (synced, lines) = sync(&world, without_sudo()).await;

    synced.unwrap();
    assert_eq!(fs::read_to_string(world.guest().join("dir/file")).unwrap(), "content");
    assert!(!world.guest().join("old").exists());
    assert!(!world.guest().join("a.log").exists());
    assert!(lines.is_empty());
}

#[tokio::test]
async fn its_lines_are_handed_on_where_asked() {
    let world = World::new(Tools::Host);
    write(world.host().join("file"), "content");

    let (synced, lines) = sync(
        &world,
        Options {
            verbose: true,
            ..without_sudo()
        },
    )
    .await;

    synced.unwrap();
    assert!(lines.contains(&"file".to_owned()), "{lines:?}");
}

#[tokio::test]
async fn a_failure_shows_what_rsync_said_last() {
    let world = World::new(Tools::Host);
    let options = Options {
        arguments: Some(vec!["--no-such-option".to_owned()]),
        ..without_sudo()
    };

    let (synced, _) = sync(&world, options).await;

    let error = synced.unwrap_err();
    assert!(
        matches!(
            error,
            Error::HostProgram {
                program: "rsync",
                code: 1,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("--no-such-option: unknown option"),
        "{error}"
    );
}

#[tokio::test]
async fn a_guest_without_rsync_is_told_so() {
    let mut world = World::new(Tools::Host);
    world.shell = LocalShell::with_only(&["mkdir"]);

    let (synced, _) = sync(&world, Options::default()).await;

    expect!["the guest lacks rsync, which synced folders need: install its package `rsync` in the guest"]
        .assert_eq(&synced.unwrap_err().to_string());
}

//! Boxes from paths and URLs.

use std::fs;

use boxes::{Checksum, Error, Event};

use crate::person::*;
use crate::server::Server;

#[test]
fn a_box_is_added_from_a_path() {
    let person = Person::new();
    fs::write(person.world.path("x.box"), box_file()).unwrap();
    let installed = person.add(&["x.box"], &PLAIN).unwrap();
    assert_eq!(person.world.show(&installed), "a/b 0 libvirt -");
    assert!(matches!(
        person.add(&["x.box"], &PLAIN),
        Err(Error::AlreadyExists { .. })
    ));
    let progress = person.events.lock().unwrap().clone();
    let length = box_file().len() as u64;
    assert!(progress.contains(&Event::Progress {
        received: length,
        total: Some(length)
    }));
}

#[test]
fn a_box_file_has_no_name_and_no_version_of_its_own() {
    let person = Person::new();
    fs::write(person.world.path("x.box"), box_file()).unwrap();
    let error = person.add(&["./x.box"], &Wish { name: None, ..PLAIN }).unwrap_err();
    assert!(!error.to_string().contains("/./"), "{error}");
    assert!(
        error
            .to_string()
            .ends_with("/x.box is a box file, which has no name of its own: a name must be given")
    );
    let error = person
        .add(
            &["x.box"],
            &Wish {
                version: "> 1",
                ..PLAIN
            },
        )
        .unwrap_err();
    assert!(matches!(error, Error::DirectVersion { .. }));
    assert!(matches!(
        person.add(&["gone.box"], &PLAIN),
        Err(Error::FileNotFound { .. })
    ));
}

#[test]
fn a_checksum_that_does_not_match_leaves_nothing() {
    let (server, person) = (Server::new(), Person::new());
    server.put("/x.box", serving(box_file()));
    let checksum = Checksum::parse(Some("sha1"), &"a".repeat(40)).unwrap();
    let error = person
        .add(&[&server.url("/x.box")], &Wish { checksum, ..PLAIN })
        .unwrap_err();
    assert!(matches!(error, Error::ChecksumMismatch { kind: "sha1", .. }));
    assert_eq!((person.downloads(), person.world.list()), (vec![], vec![]));
}

#[test]
fn what_the_server_does_not_have_is_an_error_with_its_status() {
    let (server, person) = (Server::new(), Person::new());
    let error = person
        .add(&[&server.url("/x.box?access_token=secret")], &PLAIN)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{} cannot be fetched: the server answered 404", server.url("/x.box"))
    );
    server.put("/page", serving(b"<html>".to_vec()));
    assert!(matches!(
        person.add(&[&server.url("/page")], &PLAIN),
        Err(Error::NotABox { .. })
    ));
}

//! Boxes through catalogs: of files, and of servers that know names.

use std::fs;
use std::sync::Arc;

use boxes::{Cancel, Error, Observer, VersionConstraints};
use expect_test::expect;

use crate::person::*;
use crate::server::{Resource, Server};

#[test]
fn a_box_is_added_by_its_name_through_the_catalog_of_a_server() {
    let server = Server::new();
    server.put("/user/box", serving(catalog("/files/1.box", &sha256(&box_file()))));
    server.put("/files/1.box", serving(box_file()));
    let person = Person::asking(&[(&server.url(""), None)]);
    let installed = person.add(&["user/box"], &BY_CATALOG).unwrap();
    assert_eq!(person.world.show(&installed), "user/box 1.1 libvirt amd64");
    assert_eq!(installed.metadata_url, Some(server.url("/user/box")));
    expect![[r#"
        Catalog { url: "SERVER/user/box" }
        Chosen { name: "user/box", version: "1.1", provider: "libvirt", architecture: Some("amd64") }
        Reading { source: "SERVER/files/1.box", resumed_at: 0 }"#]]
    .assert_eq(&person.story().join("\n").replace(&server.url(""), "SERVER"));
    server.log();
    // A box that is there is not fetched again.
    assert!(matches!(
        person.add(&["user/box"], &BY_CATALOG),
        Err(Error::AlreadyExists { .. })
    ));
    assert_eq!(server.log(), ["/user/box"]);
    let older = person
        .add(
            &["user/box"],
            &Wish {
                version: "~> 1.0, < 1.1",
                ..BY_CATALOG
            },
        )
        .unwrap();
    assert_eq!(older.version.as_str(), "1.0");
}

#[test]
fn a_catalog_that_promises_other_bytes_is_not_believed() {
    let server = Server::new();
    server.put("/user/box", serving(catalog("../files/1.box", &"0".repeat(64))));
    server.put("/files/1.box", serving(box_file()));
    let person = Person::asking(&[(&server.url("/"), None)]);
    assert!(matches!(
        person.add(&["user/box"], &BY_CATALOG),
        Err(Error::ChecksumMismatch { .. })
    ));
}

#[test]
fn a_server_of_plain_files_has_names_with_an_ending() {
    let server = Server::new();
    server.put("/boxes/user/box.json", serving(catalog("1.box", &sha256(&box_file()))));
    server.put("/boxes/user/1.box", serving(box_file()));
    let person = Person::asking(&[(&server.url("/boxes/"), None)]);
    person.add(&["user/box"], &BY_CATALOG).unwrap();
}

#[test]
fn a_catalog_is_taken_from_a_file_too() {
    let person = Person::new();
    fs::create_dir(person.world.path("catalogs")).unwrap();
    fs::write(
        person.world.path("catalogs/x.json"),
        catalog("./1.box", &sha256(&box_file())),
    )
    .unwrap();
    fs::write(person.world.path("catalogs/1.box"), box_file()).unwrap();
    let installed = person.add(&["catalogs/x.json"], &BY_CATALOG).unwrap();
    assert_eq!(person.world.show(&installed), "user/box 1.1 libvirt amd64");
    let other = Wish {
        name: Some("other/box"),
        ..BY_CATALOG
    };
    assert!(matches!(
        person.add(&["catalogs/x.json"], &other),
        Err(Error::NameMismatch { .. })
    ));
}

#[test]
fn a_server_that_does_not_know_is_passed_over_with_a_reason() {
    let (empty, full) = (Server::new(), Server::new());
    full.put("/user/box", serving(catalog("/1.box", "")));
    full.put("/1.box", serving(box_file()));
    let person = Person::asking(&[
        ("http://127.0.0.1:1", None),
        (&empty.url(""), None),
        (&full.url(""), None),
    ]);
    person.add(&["user/box"], &BY_CATALOG).unwrap();
    let story = person.story();
    let passed: Vec<_> = story.iter().filter(|it| it.starts_with("PassedOver")).collect();
    assert_eq!(passed.len(), 2, "{story:?}");
    assert!(passed[1].contains("was not found"), "{passed:?}");
    let nobody = Person::asking(&[(&empty.url(""), None)]);
    assert!(matches!(
        nobody.add(&["user/box"], &BY_CATALOG),
        Err(Error::ServerHasNoBox { .. })
    ));
    assert!(matches!(
        Person::new().add(&["user/box"], &BY_CATALOG),
        Err(Error::ServerNotSet { .. })
    ));
}

#[test]
fn a_token_is_shown_to_its_own_server_and_to_nobody_else() {
    let (server, other) = (Server::new(), Server::new());
    let locked = |body| Resource {
        authorization: Some("Bearer secret"),
        ..serving(body)
    };
    server.put("/user/box", locked(catalog("/1.box", "")));
    server.put("/1.box", locked(box_file()));
    let person = Person::asking(&[(&server.url(""), Some("secret"))]);
    person.add(&["user/box"], &BY_CATALOG).unwrap();
    other.put("/1.box", locked(box_file()));
    server.put("/user/other", locked(catalog(&other.url("/1.box"), "")));
    let error = person
        .add(
            &["user/other"],
            &Wish {
                name: Some("user/box"),
                version: "1.0",
                ..BY_CATALOG
            },
        )
        .unwrap_err();
    assert!(matches!(error, Error::FetchStatus { status: 401, .. }), "{error:?}");
    assert!(!format!("{:?}{:?}", person.story(), error).contains("secret"));
}

#[test]
fn several_providers_must_be_chosen_from() {
    let server = Server::new();
    server.put("/c.json", serving(catalog("1.box", "").to_vec()));
    let person = Person::new();
    let all = String::from_utf8(catalog("1.box", ""))
        .unwrap()
        .replace("\"amd64\"", "null");
    fs::write(person.world.path("c.json"), all).unwrap();
    let error = person
        .add(
            &["c.json"],
            &Wish {
                providers: &[],
                ..BY_CATALOG
            },
        )
        .unwrap_err();
    assert!(matches!(error, Error::ProviderAmbiguous { .. }), "{error:?}");
}

#[test]
fn a_newer_version_is_known_from_the_catalog_that_a_box_came_from() {
    let server = Server::new();
    server.put("/user/box", serving(catalog("/1.box", "")));
    server.put("/1.box", serving(box_file()));
    let person = Person::asking(&[(&server.url(""), None)]);
    let installed = person
        .add(
            &["user/box"],
            &Wish {
                version: "1.0",
                ..BY_CATALOG
            },
        )
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let observer: Observer = Arc::new(|_| {});
    let any = VersionConstraints::any();
    let newest = person.places();
    let newest = runtime
        .block_on(newest.newest(&installed, &any, &observer, &Cancel::new()))
        .unwrap();
    assert_eq!(newest.unwrap().as_str(), "1.1");
}

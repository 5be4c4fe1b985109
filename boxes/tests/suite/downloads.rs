//! Downloads over connections that break, by people who stop, and by two at once.

use boxes::{Cancel, Error};

use crate::archive::{Tar, gzip};
use crate::person::*;
use crate::server::{Resource, Server};
use crate::world::World;

#[test]
fn a_box_is_added_from_a_server_and_its_download_is_gone_afterwards() {
    let (server, person) = (Server::new(), Person::new());
    server.put("/x.box", serving(box_file()));
    let installed = person.add(&[&server.url("/x.box")], &PLAIN).unwrap();
    assert_eq!(installed.record().unwrap().source, server.url("/x.box"));
    assert_eq!(person.downloads(), Vec::<u64>::new());
}

#[test]
fn a_connection_that_breaks_is_made_again_where_it_broke() {
    let (server, person) = (Server::new(), Person::new());
    server.put(
        "/x.box",
        Resource {
            cuts: vec![usize::MAX, 300_000, 500_000, 0, 10],
            ..serving(box_file())
        },
    );
    let installed = person.add(&[&server.url("/x.box")], &PLAIN).unwrap();
    assert_eq!(
        server.log(),
        [
            "/x.box",
            "/x.box",
            "/x.box 300000-",
            "/x.box 800000-",
            "/x.box 800000-",
            "/x.box 800010-"
        ]
    );
    let world = World::new();
    assert_eq!(
        installed.record().unwrap().sha256,
        world.import(&box_file()).unwrap().record().unwrap().sha256
    );
}

#[test]
fn a_download_that_was_given_up_goes_on_with_the_next_command() {
    let (server, person) = (Server::new(), Person::new());
    let url = server.url("/x.box");
    server.put("/x.box", breaking_off(box_file()));
    let error = person.add(&[&url], &PLAIN).unwrap_err();
    assert_eq!(error.to_string(), format!("{url} cannot be fetched"));
    assert_eq!(person.downloads(), [700_000]);
    assert_eq!(person.world.list(), Vec::<String>::new());
    server.log();
    person.add(&[&url], &PLAIN).unwrap();
    assert_eq!(server.log(), ["/x.box", "/x.box 700000-"]);
    assert_eq!(person.downloads(), Vec::<u64>::new());
}

#[test]
fn a_download_starts_again_when_the_file_is_another_by_now() {
    let (server, person) = (Server::new(), Person::new());
    let url = server.url("/x.box");
    server.put("/x.box", breaking_off(b"other".repeat(1 << 19)));
    person.add(&[&url], &PLAIN).unwrap_err();
    server.put(
        "/x.box",
        Resource {
            etag: Some("\"2\""),
            ..serving(box_file())
        },
    );
    person.add(&[&url], &PLAIN).unwrap();
}

#[test]
fn a_server_without_ranges_is_asked_for_all_of_it_again() {
    let (server, person) = (Server::new(), Person::new());
    let url = server.url("/x.box");
    server.put(
        "/x.box",
        Resource {
            cuts: vec![usize::MAX, 700_000],
            whole_only: true,
            ..serving(box_file())
        },
    );
    assert!(matches!(person.add(&[&url], &PLAIN), Err(Error::Fetch { .. })));
    person.add(&[&url], &PLAIN).unwrap();
}

#[test]
fn clean_throws_an_earlier_download_away() {
    let (server, person) = (Server::new(), Person::new());
    let url = server.url("/x.box");
    server.put("/x.box", breaking_off(box_file()));
    person.add(&[&url], &PLAIN).unwrap_err();
    server.log();
    person.add(&[&url], &Wish { clean: true, ..PLAIN }).unwrap();
    assert_eq!(server.log(), ["/x.box", "/x.box"]);
}

#[test]
fn a_failed_unpack_keeps_a_good_download_and_drops_a_bad_one() {
    let (server, person) = (Server::new(), Person::new());
    server.put("/bad.box", serving(gzip(&Tar::of_libvirt().file("../x", b"").end())));
    assert!(matches!(
        person.add(&[&server.url("/bad.box")], &PLAIN),
        Err(Error::Refused { .. })
    ));
    assert_eq!(person.downloads(), Vec::<u64>::new());
    server.put("/good.box", serving(box_file()));
    let other = Wish {
        providers: &["virtualbox"],
        ..PLAIN
    };
    assert!(matches!(
        person.add(&[&server.url("/good.box")], &other),
        Err(Error::ProviderMismatch { .. })
    ));
    assert_eq!(person.downloads(), [box_file().len() as u64]);
    server.log();
    person.add(&[&server.url("/good.box")], &PLAIN).unwrap();
    // The server is only asked whether it is still the same file.
    assert_eq!(
        server.log(),
        ["/good.box".to_owned(), format!("/good.box {}-", box_file().len())]
    );
}

#[test]
fn two_who_want_the_same_download_it_once() {
    let server = Server::new();
    server.put("/user/box", serving(catalog("/1.box", "")));
    server.put("/1.box", serving(box_file()));
    let person = Person::asking(&[(&server.url(""), None)]);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (one, other) = runtime.block_on(async {
        let add = || person.add_within(&["user/box"], &BY_CATALOG);
        tokio::join!(add(), add())
    });
    assert_eq!(
        [one.is_ok(), other.is_ok()].iter().filter(|it| **it).count(),
        1,
        "{one:?} {other:?}"
    );
    assert_eq!(server.log().iter().filter(|it| it.starts_with("/1.box")).count(), 1);
    assert_eq!(person.world.list().len(), 1);
}

#[test]
fn somebody_who_stops_can_go_on_later() {
    let (server, person) = (Server::new(), Person::new());
    let url = server.url("/x.box");
    server.put(
        "/x.box",
        Resource {
            cuts: [vec![usize::MAX, 700_000], vec![0; 20]].concat(),
            ..serving(box_file())
        },
    );
    let stopper = person.cancel.clone();
    let folder = person.world.path("tmp");
    std::thread::spawn(move || {
        // From now on it is only connected again, for some seconds.
        while downloads_in(&folder) != [700_000] {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        stopper.cancel();
    });
    assert!(matches!(person.add(&[&url], &PLAIN), Err(Error::Cancelled)));
    assert_eq!((person.downloads(), person.world.list()), (vec![700_000], vec![]));
    server.put("/x.box", serving(box_file()));
    let later = Person {
        cancel: Cancel::new(),
        ..person
    };
    later.add(&[&url], &PLAIN).unwrap();
}

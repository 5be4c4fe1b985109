//! Boxes from wherever they are: paths, URLs, catalogs and servers, over connections that break.

use std::fs;
use std::sync::{Arc, Mutex};

use boxes::{
    Add, Architecture, Cancel, Checksum, Error, Event, InstalledBox, Limits, Observer, Places, Result,
    VersionConstraints,
};
use expect_test::expect;

use crate::archive::{Tar, gzip};
use crate::disks;
use crate::server::{Client, Resource, Server};
use crate::world::World;

/// Somebody who adds boxes to a world.
struct Person {
    world: World,
    client: Client,
    places: Vec<boxes::Place>,
    accounts: Vec<boxes::Account>,
    mirrors: Vec<boxes::Mirror>,
    events: Arc<Mutex<Vec<Event>>>,
    cancel: Cancel,
}

/// What is added, beyond the places.
struct Wish<'a> {
    name: Option<&'a str>,
    version: &'a str,
    providers: &'a [&'a str],
    checksum: Option<Checksum>,
    clean: bool,
}

const PLAIN: Wish<'_> = Wish {
    name: Some("a/b"),
    version: "",
    providers: &[],
    checksum: None,
    clean: false,
};
const BY_CATALOG: Wish<'_> = Wish {
    name: None,
    providers: &["libvirt"],
    ..PLAIN
};

impl Person {
    fn new() -> Self {
        let events = Arc::default();
        Self {
            world: World::new(),
            client: Client::new(),
            places: Vec::new(),
            accounts: Vec::new(),
            mirrors: Vec::new(),
            events,
            cancel: Cancel::new(),
        }
    }

    fn asking(servers: &[(&str, Option<&str>)]) -> Self {
        let place = |(url, _): &(&str, Option<&str>)| boxes::Place {
            kind: boxes::PlaceKind::Catalog,
            url: url.to_string(),
        };
        let account = |(url, token): &(&str, Option<&str>)| {
            Some(boxes::Account {
                url: url.to_string(),
                access: boxes::Access::Token(token.as_ref()?.to_string()),
            })
        };
        Self {
            places: servers.iter().map(place).collect(),
            accounts: servers.iter().filter_map(account).collect(),
            ..Self::new()
        }
    }

    fn add(&self, addresses: &[&str], wish: &Wish<'_>) -> Result<InstalledBox> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(self.add_within(addresses, wish))
    }

    async fn add_within(&self, addresses: &[&str], wish: &Wish<'_>) -> Result<InstalledBox> {
        let addresses: Vec<String> = addresses.iter().map(|it| it.to_string()).collect();
        let providers: Vec<String> = wish.providers.iter().map(|it| it.to_string()).collect();
        let version: VersionConstraints = wish.version.parse().unwrap();
        let add = Add {
            addresses: &addresses,
            name: wish.name,
            version: &version,
            file_version: None,
            providers: &providers,
            architecture: &Architecture::Auto {
                host: "amd64".to_owned(),
            },
            force: false,
            clean: wish.clean,
            checksum: wish.checksum.as_ref(),
            locked: None,
            limits: Limits::default(),
        };
        let events = self.events.clone();
        let observer: Observer = Arc::new(move |event| events.lock().unwrap().push(event));
        self.places().add(&add, &observer, &self.cancel).await
    }

    fn places(&self) -> Places<'_> {
        Places {
            store: &self.world.store,
            fetch: &self.client,
            places: &self.places,
            accounts: &self.accounts,
            mirrors: &self.mirrors,
            folder: self.world.path("").leak(),
            downloads: self.world.path("tmp").leak(),
        }
    }

    /// What happened, without how far it came.
    fn story(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .filter(|it| !matches!(it, Event::Progress { .. }))
            .map(|it| format!("{it:?}"))
            .collect()
    }

    fn downloads(&self) -> Vec<u64> {
        downloads_in(&self.world.path("tmp"))
    }
}

fn downloads_in(folder: &std::path::Path) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_none());
    files.map(|it| it.metadata().unwrap().len()).collect()
}

fn box_file() -> Vec<u8> {
    // Data that do not compress, so that a connection can break in their middle.
    let mut noise = disks::qcow2();
    let mut state = 1u32;
    noise.extend((0..2 << 20).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    gzip(&Tar::of_libvirt().file("box.img", &noise).end())
}

fn serving(body: Vec<u8>) -> Resource {
    Resource {
        body,
        etag: Some("\"1\""),
        ..Resource::default()
    }
}

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
    assert!(
        error
            .to_string()
            .ends_with("./x.box is a box file, which has no name of its own: a name must be given")
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
    server.put(
        "/x.box",
        Resource {
            cuts: vec![usize::MAX, 700_000, 0, 0, 0, 0, 0],
            ..serving(box_file())
        },
    );
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
    server.put(
        "/x.box",
        Resource {
            cuts: vec![usize::MAX, 700_000, 0, 0, 0, 0, 0],
            ..serving(b"other".repeat(1 << 19))
        },
    );
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
    server.put(
        "/x.box",
        Resource {
            cuts: vec![usize::MAX, 700_000, 0, 0, 0, 0, 0],
            ..serving(box_file())
        },
    );
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

fn catalog(url: &str, sha256: &str) -> Vec<u8> {
    let file = |version: &str| {
        serde_json::json!({
            "version": version,
            "providers": [
                { "name": "libvirt", "url": url, "checksum_type": "sha256", "checksum": sha256,
                  "architecture": "amd64", "default_architecture": true },
                { "name": "virtualbox", "url": "https://nowhere.invalid/x" },
            ],
        })
    };
    serde_json::json!({ "name": "user/box", "versions": [file("1.0"), file("1.1")] })
        .to_string()
        .into_bytes()
}

fn sha256(bytes: &[u8]) -> String {
    World::new().import(bytes).unwrap().record().unwrap().sha256
}

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

//! Somebody who adds boxes from wherever they are, and what servers have for them.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use boxes::{
    Add, Architecture, Cancel, Checksum, Event, InstalledBox, Limits, Observer, Places, Result, VersionConstraints,
};

use crate::archive::{Tar, gzip};
use crate::disks;
use crate::server::{Client, Resource};
use crate::world::World;

/// Somebody who adds boxes to a world.
pub struct Person {
    pub world: World,
    pub client: Client,
    pub places: Vec<boxes::Place>,
    pub accounts: Vec<boxes::Account>,
    pub mirrors: Vec<boxes::Mirror>,
    pub events: Arc<Mutex<Vec<Event>>>,
    pub cancel: Cancel,
}

/// What is added, beyond the places.
pub struct Wish<'a> {
    pub name: Option<&'a str>,
    pub version: &'a str,
    pub providers: &'a [&'a str],
    pub checksum: Option<Checksum>,
    pub clean: bool,
}

pub const PLAIN: Wish<'_> = Wish {
    name: Some("a/b"),
    version: "",
    providers: &[],
    checksum: None,
    clean: false,
};
pub const BY_CATALOG: Wish<'_> = Wish {
    name: None,
    providers: &["libvirt"],
    ..PLAIN
};

impl Person {
    pub fn new() -> Self {
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

    pub fn asking(servers: &[(&str, Option<&str>)]) -> Self {
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

    pub fn add(&self, addresses: &[&str], wish: &Wish<'_>) -> Result<InstalledBox> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(self.add_within(addresses, wish))
    }

    pub async fn add_within(&self, addresses: &[&str], wish: &Wish<'_>) -> Result<InstalledBox> {
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

    pub fn places(&self) -> Places<'_> {
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
    pub fn story(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .filter(|it| !matches!(it, Event::Progress { .. }))
            .map(|it| format!("{it:?}"))
            .collect()
    }

    pub fn downloads(&self) -> Vec<u64> {
        downloads_in(&self.world.path("tmp"))
    }
}

pub fn downloads_in(folder: &Path) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let files = entries
        .map(|it| it.unwrap().path())
        .filter(|it| it.extension().is_none());
    files.map(|it| it.metadata().unwrap().len()).collect()
}

pub fn box_file() -> Vec<u8> {
    // Data that do not compress, so that a connection can break in their middle.
    let mut noise = disks::qcow2();
    let mut state = 1u32;
    noise.extend((0..2 << 20).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    gzip(&Tar::of_libvirt().file("box.img", &noise).end())
}

pub fn serving(body: Vec<u8>) -> Resource {
    Resource {
        body,
        etag: Some("\"1\""),
        ..Resource::default()
    }
}

/// The first look at it goes well; the download ends after 700,000 bytes, and all further ones at once.
pub fn breaking_off(body: Vec<u8>) -> Resource {
    Resource {
        cuts: vec![usize::MAX, 700_000, 0, 0, 0, 0, 0],
        ..serving(body)
    }
}

/// A catalog of two versions of `user/box`.
pub fn catalog(url: &str, sha256: &str) -> Vec<u8> {
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

pub fn sha256(bytes: &[u8]) -> String {
    World::new().import(bytes).unwrap().record().unwrap().sha256
}

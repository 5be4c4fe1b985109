//! A box from wherever it is into the store: by path, by URL, by catalog, or by a name that servers know.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use url::Url;

use crate::address::{self, Address};
use crate::architecture::Architecture;
use crate::cancel::Cancel;
use crate::catalog::{Catalog, Selection};
use crate::checksum::{Checksum, ChecksumKind};
use crate::chunks::{Depot, Pull, Web};
use crate::download::{Download, joined};
use crate::event::{Event, Observer};
use crate::fetch::{Fetch, Request};
use crate::import::Import;
use crate::lock::LockedBox;
use crate::oci::reference::is_digest;
use crate::oci::{BoxConfig, Part, Reference, Registry};
use crate::place::{Account, Mirror, Place, PlaceKind, mirrored};
use crate::resolve::{Offer, is_of_the_place, tell_passed};
use crate::store::{InstalledBox, Store};
use crate::unpack::Limits;
use crate::version::{Version, VersionConstraints};
use crate::{Error, Result};

/// The version that Vagrant gives a box which comes from no catalog.
const NO_VERSION: &str = "0";

/// Where boxes come from and where they go.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// Where they go.
    pub store: &'a Store,
    /// How servers are reached.
    pub fetch: &'a dyn Fetch,
    /// Places that know boxes by name, in the order in which they are asked.
    pub places: &'a [Place],
    /// Who this is to which server.
    pub accounts: &'a [Account],
    /// Other places of what is at some address, in the order in which they are tried.
    pub mirrors: &'a [Mirror],
    /// What relative paths are relative to.
    pub folder: &'a Path,
    /// Where downloads are kept until they are complete.
    pub downloads: &'a Path,
}

/// Which box is wanted, and how.
#[derive(Debug, Clone, Copy)]
pub struct Add<'a> {
    /// Places of it: names, URLs or paths, of which the first that has it is taken.
    pub addresses: &'a [String],
    /// The name that it gets; one of a catalog or a server has a name already.
    pub name: Option<&'a str>,
    /// What its version must satisfy.
    pub version: &'a VersionConstraints,
    /// The version of a box file, which has none itself; `None` for Vagrant's `0`.
    pub file_version: Option<&'a Version>,
    /// The providers it may be for, the preferred one first; empty for the only one that there is.
    pub providers: &'a [String],
    /// Its architecture.
    pub architecture: &'a Architecture,
    /// Replaces a box that is there.
    pub force: bool,
    /// Throws away what an earlier download left.
    pub clean: bool,
    /// What the box file must sum up to, beside what a catalog says.
    pub checksum: Option<&'a Checksum>,
    /// The box that it must be, to the byte.
    pub locked: Option<&'a LockedBox>,
    /// What it may cost.
    pub limits: Limits,
}

/// A box file with all that is known of it before it is read.
struct Found {
    address: Address,
    name: String,
    version: Version,
    provider: Option<String>,
    architecture: Option<String>,
    checksums: Vec<Checksum>,
    metadata_url: Option<String>,
    /// The address is of the manifest of a box in chunks.
    chunked: bool,
}

impl Places<'_> {
    /// Finds a box and installs it.
    pub async fn add(&self, add: &Add<'_>, observer: &Observer, cancel: &Cancel) -> Result<InstalledBox> {
        let mut passed = None;
        for text in add.addresses {
            tell_passed(observer, passed.take());
            match self.add_from(text, add, observer, cancel).await {
                Err(error) if is_of_the_place(&error) => passed = Some((address::shown(text), error)),
                other => return other,
            }
        }
        let nowhere = || Error::ShortNameNotFound {
            name: add.name.unwrap_or_default().to_owned(),
        };
        Err(passed.map_or_else(nowhere, |(_, error)| error))
    }

    /// The newest version that the catalog of an installed box has for it, within constraints; `None` for a box of no catalog.
    pub async fn newest(
        &self,
        installed: &InstalledBox,
        version: &VersionConstraints,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<Option<Version>> {
        let Some(url) = &installed.metadata_url else {
            return Ok(None);
        };
        let architecture = match &installed.architecture {
            Some(name) => Architecture::Named(name.clone()),
            None => Architecture::CatalogDefault,
        };
        let providers = std::slice::from_ref(&installed.provider);
        let selection = Selection {
            version,
            providers,
            architecture: &architecture,
        };
        let address = Address::parse(url, self.folder)?;
        let Offer::Catalog { catalog, .. } = self.offer(&address, &selection, observer, cancel).await? else {
            return Ok(None);
        };
        catalog
            .select(&selection)
            .map(|(version, _)| Some(version.version.clone()))
    }

    async fn add_from(&self, text: &str, add: &Add<'_>, observer: &Observer, cancel: &Cancel) -> Result<InstalledBox> {
        let address = Address::parse(text, self.folder)?;
        if let Address::Name(name) = &address {
            return self.add_named(name, add, observer, cancel).await;
        }
        let offer = self.offer(&address, &add.selection(), observer, cancel).await?;
        self.add_offer(offer, None, add, observer, cancel).await
    }

    /// Asks one place after the other for a name; one that has not what is wanted is passed over.
    async fn add_named(&self, name: &str, add: &Add<'_>, observer: &Observer, cancel: &Cancel) -> Result<InstalledBox> {
        let mut passed: Option<(String, Error)> = None;
        for place in self.places {
            if place.kind == PlaceKind::Images && !crate::images::has(name, add.architecture) {
                continue;
            }
            tell_passed(observer, passed.take());
            let offer = self.ask(place, name, &add.selection(), observer, cancel).await;
            let added = match offer {
                Ok(offer) => self.add_offer(offer, Some(name), add, observer, cancel).await,
                Err(error) => Err(error),
            };
            match added {
                Err(error) if is_of_the_place(&error) => passed = Some((place.shown(), error)),
                other => return other,
            }
        }
        Err(passed.map_or_else(|| Error::ServerNotSet { name: name.to_owned() }, |(_, error)| error))
    }

    async fn add_offer(
        &self,
        offer: Offer,
        asked: Option<&str>,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        match offer {
            Offer::Catalog { address, catalog } => {
                self.add_from_catalog(&address, &catalog, asked, add, observer, cancel)
                    .await
            }
            Offer::BoxFile {
                address,
                checksums,
                version,
            } => {
                let found = add.file(address, asked, checksums, version)?;
                self.fetch_box(found, add, observer, cancel).await
            }
        }
    }

    async fn add_from_catalog(
        &self,
        address: &Address,
        catalog: &Catalog,
        asked: Option<&str>,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        let name = match (add.name.or(asked), &catalog.name) {
            (Some(expected), Some(actual)) if expected != actual && add.name.is_some() => {
                let (url, expected, actual) = (address.shown(), expected.to_owned(), actual.clone());
                return Err(Error::NameMismatch { url, expected, actual });
            }
            (Some(name), _) => name.to_owned(),
            (None, Some(name)) => name.clone(),
            (None, None) => {
                return Err(Error::NameRequired {
                    source_url: address.shown(),
                });
            }
        };
        let (version, file) = catalog.select(&add.selection())?;
        observer(Event::Chosen {
            name: name.clone(),
            version: version.version.to_string(),
            provider: file.name.clone(),
            architecture: file.architecture.clone(),
        });
        let found = Found {
            address: Address::within(&file.url, address)?,
            name,
            version: version.version.clone(),
            provider: Some(file.name.clone()),
            architecture: file.architecture.clone().filter(|it| crate::name::is_plain_word(it)),
            checksums: file.checksum.iter().chain(add.checksum).cloned().collect(),
            metadata_url: Some(address.shown()),
            chunked: file.chunked,
        };
        self.fetch_box(found, add, observer, cancel).await
    }

    async fn fetch_box(
        &self,
        found: Found,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        crate::name::check(&found.name)?;
        self.check_absence(&found, add)?;
        match &found.address {
            Address::File(path) if found.chunked => {
                let blobs = path.parent().unwrap_or(path).to_owned();
                let digest = digest_named(path.file_name().and_then(|it| it.to_str()), &found)?;
                self.pull(&Depot::Folder(blobs), &digest, &found, add, observer, cancel)
                    .await
            }
            Address::File(path) => {
                let importing = Importing::new(self.store, &found, add, observer, cancel);
                let file = File::open(path).map_err(Error::file("read", path))?;
                let total = file.metadata().map(|it| it.len()).map_err(Error::file("read", path))?;
                observer(Event::Reading {
                    source: found.address.shown(),
                    resumed_at: 0,
                });
                joined(tokio::task::spawn_blocking(move || importing.run(file, Some(total))).await)
            }
            Address::Web(url) => self.fetch_from_mirrors(url, &found, add, observer, cancel).await,
            Address::Oci(reference) => self.fetch_from_registry(reference, &found, add, observer, cancel).await,
            Address::Name(name) => Err(Error::ShortNameNotFound { name: name.clone() }),
        }
    }

    async fn fetch_from_mirrors(
        &self,
        url: &Url,
        found: &Found,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        let mut passed: Option<(String, Error)> = None;
        for url in mirrored(self.mirrors, url) {
            tell_passed(observer, passed.take());
            let fetched = if found.chunked {
                let digest = digest_named(url.path_segments().and_then(|mut it| it.next_back()), found)?;
                let web = Web {
                    fetch: self.fetch,
                    accounts: self.accounts,
                    beside: url.clone(),
                };
                self.pull(&Depot::Web(web), &digest, found, add, observer, cancel).await
            } else {
                let request = self.request(&url).with("accept", "*/*");
                self.download(request, found, add, observer, cancel).await
            };
            match fetched {
                Err(error) if is_of_the_place(&error) => passed = Some((address::shown(url.as_str()), error)),
                other => return other,
            }
        }
        Err(passed.map_or_else(
            || Error::FileNotFound {
                path: url.path().into(),
            },
            |(_, error)| error,
        ))
    }

    async fn fetch_from_registry(
        &self,
        reference: &Reference,
        found: &Found,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        let Part::Digest(digest) = &reference.part else {
            return Err(Error::AddressInvalid {
                address: reference.to_string(),
                reason: "it names no digest",
            });
        };
        let depot = Depot::Registry(Registry::open(self.fetch, self.accounts, reference).await?);
        if found.chunked {
            return self.pull(&depot, digest, found, add, observer, cancel).await;
        }
        let (manifest, _) = depot.manifest(digest, &found.address.shown()).await?;
        let (Depot::Registry(registry), Some(layer)) = (&depot, manifest.layers.first()) else {
            return Err(Error::ShortNameNotFound {
                name: found.name.clone(),
            });
        };
        let request = registry.blob_download(&layer.digest).await?;
        self.download(request, found, add, observer, cancel).await
    }

    async fn download(
        &self,
        request: Request,
        found: &Found,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        let importing = Importing::new(self.store, found, add, observer, cancel);
        let download = Download::open(self.fetch, request, self.downloads, observer, cancel).await?;
        // Whoever was waited for may have installed it meanwhile.
        self.check_absence(found, add)?;
        if add.clean {
            download.forget()?;
        }
        download
            .run(move |incoming, total| importing.run(incoming, total))
            .await
    }

    async fn pull(
        &self,
        depot: &Depot<'_>,
        digest: &str,
        found: &Found,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        let mut alike = self.store.named(&found.name)?;
        alike.sort_by_key(|it| {
            let is_same_kind = found.provider.as_ref() == Some(&it.provider);
            (!is_same_kind, std::cmp::Reverse(it.version.clone()))
        });
        let mut importing = Importing::new(self.store, found, add, observer, cancel);
        let pull = Pull {
            depot,
            digest,
            what: &found.address.shown(),
            alike,
            downloads: self.downloads,
            clean: add.clean,
            observer,
            cancel,
        };
        pull.run(move |stream, config| {
            importing.expect(&config)?;
            importing.run(stream, Some(config.size))
        })
        .await
    }

    /// Spares the download of a box that is there, where its provider is known beforehand.
    fn check_absence(&self, found: &Found, add: &Add<'_>) -> Result<()> {
        let Some(provider) = found.provider.as_ref().filter(|_| !add.force) else {
            return Ok(());
        };
        let installed = self.store.named(&found.name)?.into_iter().find(|it| {
            it.version == found.version && it.provider == *provider && it.architecture == found.architecture
        });
        match installed {
            None => Ok(()),
            Some(InstalledBox {
                name,
                version,
                provider,
                architecture,
                ..
            }) => Err(Error::AlreadyExists {
                name,
                version: version.to_string(),
                provider,
                architecture,
            }),
        }
    }
}

impl<'a> Add<'a> {
    fn selection(&self) -> Selection<'a> {
        Selection {
            version: self.version,
            providers: self.providers,
            architecture: self.architecture,
        }
    }

    /// What is known of a box file: what is said here, since it says little itself.
    fn file(
        &self,
        address: Address,
        asked: Option<&str>,
        mut checksums: Vec<Checksum>,
        version: Option<Version>,
    ) -> Result<Found> {
        let source_url = address.shown();
        let Some(name) = self.name.or(asked) else {
            return Err(Error::NameRequired { source_url });
        };
        let version = match version.or(self.file_version.cloned()) {
            Some(version) => version,
            None => no_version()?,
        };
        if !self.version.allow(&version) {
            return Err(Error::DirectVersion {
                source_url,
                constraints: self.version.to_string(),
            });
        }
        checksums.extend(self.checksum.cloned());
        Ok(Found {
            address,
            name: name.to_owned(),
            version,
            provider: None,
            architecture: match self.architecture {
                Architecture::Named(name) => Some(name.clone()),
                Architecture::Auto { .. } | Architecture::CatalogDefault => None,
            },
            checksums,
            metadata_url: None,
            chunked: false,
        })
    }
}

/// The digest of the manifest that a box in chunks is known by: its file's name, and what the catalog says.
fn digest_named(name: Option<&str>, found: &Found) -> Result<String> {
    let digest = format!("sha256:{}", name.unwrap_or_default());
    let is_announced = |it: &Checksum| it.kind() != ChecksumKind::Sha256 || digest.ends_with(it.digest());
    if is_digest(&digest) && found.checksums.iter().all(is_announced) {
        return Ok(digest);
    }
    Err(Error::ArtifactMalformed {
        what: found.address.shown(),
        reason: "is not called by its digest".to_owned(),
    })
}

/// All that an import needs, for a thread of its own.
struct Importing {
    store: Store,
    name: String,
    version: Version,
    providers: Vec<String>,
    architecture: Option<String>,
    force: bool,
    checksums: Vec<Checksum>,
    locked: Option<LockedBox>,
    metadata_url: Option<String>,
    source: String,
    limits: Limits,
    observer: Observer,
    cancel: Cancel,
}

impl Importing {
    fn new(store: &Store, found: &Found, add: &Add<'_>, observer: &Observer, cancel: &Cancel) -> Self {
        Self {
            store: store.clone(),
            name: found.name.clone(),
            version: found.version.clone(),
            providers: found
                .provider
                .clone()
                .map_or_else(|| add.providers.to_vec(), |it| vec![it]),
            architecture: found.architecture.clone(),
            force: add.force,
            checksums: found.checksums.clone(),
            locked: add.locked.cloned(),
            metadata_url: found.metadata_url.clone(),
            source: found.address.shown(),
            limits: add.limits,
            observer: observer.clone(),
            cancel: cancel.clone(),
        }
    }

    /// What a box in chunks says of itself is what its stream must be.
    fn expect(&mut self, config: &BoxConfig) -> Result<()> {
        if let Some(locked) = &self.locked {
            locked.check_bytes(&self.version, Some(&config.sha256))?;
        }
        self.checksums = Checksum::parse(Some("sha256"), &config.sha256)?.into_iter().collect();
        Ok(())
    }

    fn run(self, mut source: impl Read + Send, total: Option<u64>) -> Result<InstalledBox> {
        let import = Import {
            name: &self.name,
            version: &self.version,
            providers: &self.providers,
            architecture: self.architecture.as_deref(),
            force: self.force,
            checksums: &self.checksums,
            locked: self.locked.as_ref(),
            metadata_url: self.metadata_url.as_deref(),
            source: &self.source,
            limits: self.limits,
        };
        let progress = |received| (self.observer)(Event::Progress { received, total });
        self.store.import(&mut source, &import, &progress, &self.cancel)
    }
}

fn no_version() -> Result<Version> {
    Version::parse(NO_VERSION).ok_or_else(|| Error::VersionInvalid {
        text: NO_VERSION.to_owned(),
    })
}

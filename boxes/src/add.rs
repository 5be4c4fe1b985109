//! A box from wherever it is into the store: by path, by URL, by catalog, or by a name that servers know.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use url::Url;

use crate::address::{self, Address};
use crate::architecture::Architecture;
use crate::cancel::Cancel;
use crate::catalog::{self, Catalog, Selection};
use crate::checksum::Checksum;
use crate::download::{Download, joined};
use crate::event::{Event, Observer};
use crate::fetch::{Fetch, Request, Response};
use crate::import::Import;
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
    /// Servers that know boxes by name, in the order in which they are asked.
    pub servers: &'a [Server],
    /// What relative paths are relative to.
    pub folder: &'a Path,
    /// Where downloads are kept until they are complete.
    pub downloads: &'a Path,
}

/// A server that knows boxes by their names.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Where its names begin: `https://vagrantcloud.com`.
    pub url: String,
    /// What it lets in.
    pub token: Option<String>,
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
}

/// What an address turned out to be.
enum Kind {
    Catalog(Catalog),
    BoxFile,
}

impl Places<'_> {
    /// Finds a box and installs it.
    pub async fn add(&self, add: &Add<'_>, observer: &Observer, cancel: &Cancel) -> Result<InstalledBox> {
        let mut passed = None;
        for text in add.addresses {
            if let Some((place, error)) = passed.take() {
                observer(passed_over(place, &error));
            }
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
        let address = Address::parse(url, self.folder)?;
        let Kind::Catalog(catalog) = self.look(&address, observer, cancel).await? else {
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
        catalog
            .select(&selection)
            .map(|(version, _)| Some(version.version.clone()))
    }

    async fn add_from(&self, text: &str, add: &Add<'_>, observer: &Observer, cancel: &Cancel) -> Result<InstalledBox> {
        let address = Address::parse(text, self.folder)?;
        if let Address::Name(name) = &address {
            let (address, catalog) = self.ask_servers(name, observer, cancel).await?;
            return self
                .add_from_catalog(&address, &catalog, Some(name), add, observer, cancel)
                .await;
        }
        match self.look(&address, observer, cancel).await? {
            Kind::Catalog(catalog) => {
                self.add_from_catalog(&address, &catalog, None, add, observer, cancel)
                    .await
            }
            Kind::BoxFile => self.add_file(address, add, observer, cancel).await,
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
        let Add {
            version,
            providers,
            architecture,
            ..
        } = *add;
        let (version, file) = catalog.select(&Selection {
            version,
            providers,
            architecture,
        })?;
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
        };
        self.fetch_box(found, add, observer, cancel).await
    }

    async fn add_file(
        &self,
        address: Address,
        add: &Add<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<InstalledBox> {
        let source_url = address.shown();
        let Some(name) = add.name else {
            return Err(Error::NameRequired { source_url });
        };
        let version = no_version()?;
        if !add.version.allow(&version) {
            return Err(Error::DirectVersion {
                source_url,
                constraints: add.version.to_string(),
            });
        }
        let found = Found {
            address,
            name: name.to_owned(),
            version,
            provider: None,
            architecture: match add.architecture {
                Architecture::Named(name) => Some(name.clone()),
                Architecture::Auto { .. } | Architecture::CatalogDefault => None,
            },
            checksums: add.checksum.cloned().into_iter().collect(),
            metadata_url: None,
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
        let importing = Importing::new(self.store, &found, add, observer, cancel);
        match &found.address {
            Address::File(path) => {
                let file = File::open(path).map_err(Error::file("read", path))?;
                let total = file.metadata().map(|it| it.len()).map_err(Error::file("read", path))?;
                observer(Event::Reading {
                    source: found.address.shown(),
                    resumed_at: 0,
                });
                joined(tokio::task::spawn_blocking(move || importing.run(file, Some(total))).await)
            }
            Address::Web(url) => {
                let request = self.request(url).with("accept", "*/*");
                let download = Download::open(self.fetch, request, self.downloads, observer, cancel).await?;
                // Whoever was waited for may have installed it meanwhile.
                self.check_absence(&found, add)?;
                if add.clean {
                    download.forget()?;
                }
                download
                    .run(move |incoming, total| importing.run(incoming, total))
                    .await
            }
            Address::Name(name) => Err(Error::ShortNameNotFound { name: name.clone() }),
        }
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

    /// Asks one server after the other for the catalog of a name.
    async fn ask_servers(&self, name: &str, observer: &Observer, cancel: &Cancel) -> Result<(Address, Catalog)> {
        let mut passed: Option<(String, Error)> = None;
        for server in self.servers {
            if let Some((place, error)) = passed.take() {
                observer(passed_over(place, &error));
            }
            match self.ask_server(server, name, observer, cancel).await {
                Err(error) if is_of_the_place(&error) => passed = Some((address::shown(&server.url), error)),
                other => return other,
            }
        }
        Err(passed.map_or_else(|| Error::ServerNotSet { name: name.to_owned() }, |(_, error)| error))
    }

    /// A server that answers by what is accepted has the name itself; one of plain files has it with an ending.
    async fn ask_server(
        &self,
        server: &Server,
        name: &str,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<(Address, Catalog)> {
        let base = server.url.trim_end_matches('/');
        let mut refused = None;
        for url in [format!("{base}/{name}"), format!("{base}/{name}.json")] {
            let address = Address::parse(&url, self.folder)?;
            match self.look(&address, observer, cancel).await {
                Ok(Kind::Catalog(catalog)) => return Ok((address, catalog)),
                Ok(Kind::BoxFile) | Err(Error::FetchStatus { status: 404 | 410, .. } | Error::FileNotFound { .. }) => {}
                Err(error) => refused = Some(error),
            }
        }
        let url = address::shown(&server.url);
        Err(refused.unwrap_or(Error::ServerHasNoBox {
            name: name.to_owned(),
            url,
        }))
    }

    /// Whether an address has a catalog or a box file, by its first bytes.
    async fn look(&self, address: &Address, observer: &Observer, cancel: &Cancel) -> Result<Kind> {
        match address {
            Address::File(path) => look_at_file(path),
            Address::Name(name) => Err(Error::ShortNameNotFound { name: name.clone() }),
            Address::Web(url) => {
                observer(Event::Catalog { url: address.shown() });
                let request = self.request(url).with("accept", "application/json, */*;q=0.5");
                tokio::select! {
                    kind = self.look_at_answer(request, address) => kind,
                    () = cancel.cancelled() => Err(Error::Cancelled),
                }
            }
        }
    }

    async fn look_at_answer(&self, request: Request, address: &Address) -> Result<Kind> {
        let url = address.shown();
        let failed = |source| Error::Fetch {
            url: url.clone(),
            source,
        };
        let mut response: Response = self.fetch.send(request).await.map_err(failed)?;
        if response.status != 200 {
            return Err(Error::FetchStatus {
                url,
                status: response.status,
            });
        }
        let mut json = Vec::new();
        while let Some(chunk) = response.body.chunk().await.map_err(failed)? {
            json.extend_from_slice(&chunk);
            if !may_be_json(&json) {
                return Ok(Kind::BoxFile);
            }
            if json.len() > catalog::LARGEST {
                let reason = format!("it is JSON of more than {} bytes", catalog::LARGEST);
                return Err(Error::NotABox { what: url, reason });
            }
        }
        if json.trim_ascii().is_empty() {
            return Ok(Kind::BoxFile);
        }
        Catalog::parse(&json, &url).map(Kind::Catalog)
    }

    /// A request that says who asks, where that is somebody's server.
    fn request(&self, url: &Url) -> Request {
        let request = Request::get(url.as_str());
        let server = self
            .servers
            .iter()
            .find(|it| Url::parse(&it.url).is_ok_and(|it| it.origin() == url.origin()));
        match server.and_then(|it| it.token.as_ref()) {
            Some(token) => request.with("authorization", format!("Bearer {token}")),
            None => request,
        }
    }
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
            metadata_url: found.metadata_url.clone(),
            source: found.address.shown(),
            limits: add.limits,
            observer: observer.clone(),
            cancel: cancel.clone(),
        }
    }

    fn run(self, mut source: impl Read + Send, total: Option<u64>) -> Result<InstalledBox> {
        let import = Import {
            name: &self.name,
            version: &self.version,
            providers: &self.providers,
            architecture: self.architecture.as_deref(),
            force: self.force,
            checksums: &self.checksums,
            metadata_url: self.metadata_url.as_deref(),
            source: &self.source,
            limits: self.limits,
        };
        let progress = |received| (self.observer)(Event::Progress { received, total });
        self.store.import(&mut source, &import, &progress, &self.cancel)
    }
}

fn look_at_file(path: &Path) -> Result<Kind> {
    let mut json = Vec::new();
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    (&mut file)
        .take(4096)
        .read_to_end(&mut json)
        .map_err(Error::file("read", path))?;
    if !may_be_json(&json) || json.trim_ascii().is_empty() {
        return Ok(Kind::BoxFile);
    }
    file.take(catalog::LARGEST as u64)
        .read_to_end(&mut json)
        .map_err(Error::file("read", path))?;
    Catalog::parse(&json, &path.display().to_string()).map(Kind::Catalog)
}

/// No archive and no disk image starts like this.
fn may_be_json(beginning: &[u8]) -> bool {
    matches!(beginning.trim_ascii_start().first(), None | Some(b'{' | b'['))
}

/// Whether another place may do better.
fn is_of_the_place(error: &Error) -> bool {
    use Error::*;
    matches!(
        error,
        Fetch { .. }
            | FetchStatus { .. }
            | FileNotFound { .. }
            | ServerHasNoBox { .. }
            | CatalogMalformed { .. }
            | CatalogVersionMalformed { .. }
            | NoMatchingVersion { .. }
            | NoMatchingProvider { .. }
            | NoMatchingArchitecture { .. }
    )
}

fn passed_over(place: String, error: &Error) -> Event {
    Event::PassedOver {
        place,
        reason: error.to_string(),
    }
}

fn no_version() -> Result<Version> {
    Version::parse(NO_VERSION).ok_or_else(|| Error::VersionInvalid {
        text: NO_VERSION.to_owned(),
    })
}

//! What an address or a name leads to: the places are asked in their order, and one that does not have the box is passed over.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use url::Url;

use crate::add::Places;
use crate::address::{self, Address};
use crate::cancel::Cancel;
use crate::catalog::{self, Catalog, CatalogProvider, CatalogVersion, Selection};
use crate::checksum::Checksum;
use crate::chunks::Depot;
use crate::event::{Event, Observer};
use crate::fetch::{Request, Response};
use crate::oci::{BoxConfig, Descriptor, Manifest, Part, Reference, Registry, Tagged};
use crate::place::{Place, PlaceKind, access_to, mirrored};
use crate::version::Version;
use crate::{Error, Result, hcp, images, listing};

/// Of so many versions of a registry it is looked which providers they have.
const VERSIONS: usize = 50;

/// What is at an address.
pub(crate) enum Offer {
    /// A catalog, of which something is to be chosen.
    Catalog { address: Address, catalog: Catalog },
    /// A box file, with what is known of it.
    BoxFile {
        address: Address,
        checksums: Vec<Checksum>,
        version: Option<Version>,
    },
}

impl Places<'_> {
    /// What a place has of a box.
    pub(crate) async fn ask(
        &self,
        place: &Place,
        name: &str,
        wanted: &Selection<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<Offer> {
        let base = place.url.trim_end_matches('/');
        match place.kind {
            PlaceKind::Catalog => {
                let urls = [format!("{base}/{name}"), format!("{base}/{name}.json")];
                self.ask_for_catalog(place, name, &urls, wanted, observer, cancel).await
            }
            PlaceKind::Gitea => {
                let (owner, package) = name.split_once('/').ok_or_else(|| has_no_box(place, name))?;
                let urls = [format!("{base}/api/packages/{owner}/vagrant/{package}")];
                self.ask_for_catalog(place, name, &urls, wanted, observer, cancel).await
            }
            PlaceKind::Oci => {
                let address = Address::Oci(Reference::of_name(base, name)?);
                self.offer(&address, wanted, observer, cancel).await
            }
            PlaceKind::Files => known(listing::catalog(self, base, name, wanted, observer).await, place, name),
            PlaceKind::Hcp => known(hcp::catalog(self, base, name, observer).await, place, name),
            PlaceKind::Images => images::offer(self, base, name, wanted.architecture, observer).await,
        }
    }

    /// A server that answers by what is accepted has the name itself; one of plain files has it with an ending.
    async fn ask_for_catalog(
        &self,
        place: &Place,
        name: &str,
        urls: &[String],
        wanted: &Selection<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<Offer> {
        let mut refused = None;
        for url in urls {
            match self.offer_at(url, wanted, observer, cancel).await {
                Ok(offer @ Offer::Catalog { .. }) => return Ok(offer),
                Ok(Offer::BoxFile { .. })
                | Err(Error::FetchStatus { status: 404 | 410, .. } | Error::FileNotFound { .. }) => {}
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| has_no_box(place, name)))
    }

    async fn offer_at(&self, url: &str, wanted: &Selection<'_>, observer: &Observer, cancel: &Cancel) -> Result<Offer> {
        let address = Address::parse(url, self.folder)?;
        self.offer(&address, wanted, observer, cancel).await
    }

    /// What is at an address: a catalog or a box file, by its first bytes.
    pub(crate) async fn offer(
        &self,
        address: &Address,
        wanted: &Selection<'_>,
        observer: &Observer,
        cancel: &Cancel,
    ) -> Result<Offer> {
        let kind = match address {
            Address::Name(name) => return Err(Error::ShortNameNotFound { name: name.clone() }),
            Address::File(path) => look_at_file(path)?,
            Address::Oci(reference) => {
                observer(Event::Catalog { url: address.shown() });
                return tokio::select! {
                    offer = self.offer_of_registry(reference, wanted) => offer,
                    () = cancel.cancelled() => Err(Error::Cancelled),
                };
            }
            Address::Web(url) => {
                observer(Event::Catalog { url: address.shown() });
                tokio::select! {
                    kind = self.look_at_mirrors(url, observer) => kind?,
                    () = cancel.cancelled() => return Err(Error::Cancelled),
                }
            }
        };
        let address = address.clone();
        Ok(match kind {
            Some(catalog) => Offer::Catalog { address, catalog },
            None => Offer::BoxFile {
                address,
                checksums: Vec::new(),
                version: None,
            },
        })
    }

    async fn look_at_mirrors(&self, url: &Url, observer: &Observer) -> Result<Option<Catalog>> {
        let mut passed = None;
        for url in mirrored(self.mirrors, url) {
            tell_passed(observer, passed.take());
            match self.look_at_answer(&url).await {
                Err(error) if is_of_the_place(&error) => passed = Some((address::shown(url.as_str()), error)),
                other => return other,
            }
        }
        let nowhere = || Error::FetchStatus {
            url: address::shown(url.as_str()),
            status: 404,
        };
        Err(passed.map_or_else(nowhere, |(_, error)| error))
    }

    async fn look_at_answer(&self, url: &Url) -> Result<Option<Catalog>> {
        let request = self.request(url).with("accept", "application/json, */*;q=0.5");
        let shown = address::shown(url.as_str());
        let failed = |source| Error::Fetch {
            url: shown.clone(),
            source,
        };
        let mut response: Response = self.fetch.send(request).await.map_err(failed)?;
        check_status(&response, &shown)?;
        let mut json = Vec::new();
        while let Some(chunk) = response.body.chunk().await.map_err(failed)? {
            json.extend_from_slice(&chunk);
            if !may_be_json(&json) {
                return Ok(None);
            }
            if json.len() > catalog::LARGEST {
                let reason = format!("it is JSON of more than {} bytes", catalog::LARGEST);
                return Err(Error::NotABox { what: shown, reason });
            }
        }
        if json.trim_ascii().is_empty() {
            return Ok(None);
        }
        Catalog::parse(&json, &shown).map(Some)
    }

    /// The text of a page, up to a limit.
    pub(crate) async fn text(&self, url: &Url, accept: &str) -> Result<String> {
        let shown = address::shown(url.as_str());
        let request = self.request(url).with("accept", accept);
        let response = self.fetch.send(request).await.map_err(|source| Error::Fetch {
            url: shown.clone(),
            source,
        })?;
        check_status(&response, &shown)?;
        let text = crate::oci::registry::whole(response, catalog::LARGEST, &shown).await?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// A request that says who asks, where that is a server that the user has an account on.
    pub(crate) fn request(&self, url: &Url) -> Request {
        let request = Request::get(url.as_str());
        match access_to(self.accounts, url) {
            Some(access) => request.with("authorization", access.header()),
            None => request,
        }
    }

    /// What a repository has: of its tags, those whose version is wanted, until one has what is wanted.
    async fn offer_of_registry(&self, reference: &Reference, wanted: &Selection<'_>) -> Result<Offer> {
        let registry = Registry::open(self.fetch, self.accounts, reference).await?;
        let shown = reference.to_string();
        let tags = match &reference.part {
            Part::Digest(digest) => vec![(None, digest.clone())],
            Part::Tag(tag) => vec![(Version::parse(tag), tag.clone())],
            Part::All => versions_of(registry.tags().await?, wanted, reference)?,
        };
        let depot = Depot::Registry(registry);
        let Depot::Registry(registry) = &depot else {
            return Err(not_there(&shown));
        };
        let (mut name, mut versions) = (None, Vec::new());
        for (version, tag) in tags.into_iter().take(VERSIONS) {
            let Some((tagged, json)) = registry.tagged(&tag).await? else {
                continue;
            };
            let manifests = match tagged {
                Tagged::Index(index) => index.manifests,
                Tagged::Manifest(manifest) if manifest.is_chunked() => {
                    vec![Descriptor::of(crate::oci::manifest::MANIFEST, &json)]
                }
                Tagged::Manifest(manifest) => {
                    let digest = crate::oci::manifest::digest_of(&json);
                    return box_file(&manifest, reference.with(Part::Digest(digest)), version);
                }
            };
            for manifest in manifests {
                let config = self.config_of(&depot, &manifest, &shown).await?;
                let version = Version::parse(&config.version).ok_or_else(|| Error::CatalogVersionMalformed {
                    url: shown.clone(),
                    version: config.version.escape_debug().to_string(),
                })?;
                name.get_or_insert_with(|| config.name.clone());
                put(&mut versions, version, file_of(reference, &manifest, config));
            }
            let catalog = Catalog::of(name.clone(), versions.clone(), &shown);
            if catalog.select(wanted).is_ok() {
                break;
            }
        }
        if versions.is_empty() && reference.part != Part::All {
            return Err(not_there(&shown));
        }
        Ok(Offer::Catalog {
            address: Address::Oci(reference.with(Part::All)),
            catalog: Catalog::of(name, versions, &shown),
        })
    }

    async fn config_of(&self, depot: &Depot<'_>, manifest: &Descriptor, what: &str) -> Result<BoxConfig> {
        let (manifest, _) = depot.manifest(&manifest.digest, what).await?;
        let limit = crate::oci::manifest::LARGEST;
        BoxConfig::parse(&depot.blob(&manifest.config.digest, limit, what).await?, what)
    }
}

fn not_there(shown: &str) -> Error {
    Error::FetchStatus {
        url: shown.to_owned(),
        status: 404,
    }
}

/// An artifact of somebody else's making, whose one layer may be a box file.
fn box_file(manifest: &Manifest, reference: Reference, version: Option<Version>) -> Result<Offer> {
    let [layer] = manifest.layers.as_slice() else {
        return Err(Error::ArtifactMalformed {
            what: reference.to_string(),
            reason: "is no box: it has not exactly one layer".to_owned(),
        });
    };
    Ok(Offer::BoxFile {
        checksums: Checksum::parse(Some("sha256"), layer.hex())?.into_iter().collect(),
        address: Address::Oci(reference),
        version,
    })
}

/// The tags that are versions and allowed, the newest first.
fn versions_of(
    tags: Vec<String>,
    wanted: &Selection<'_>,
    repository: &Reference,
) -> Result<Vec<(Option<Version>, String)>> {
    let mut versions: Vec<(Version, String)> = tags
        .into_iter()
        .filter_map(|tag| Some((Version::parse(&tag)?, tag)))
        .collect();
    versions.sort_by(|left, right| right.0.cmp(&left.0));
    if versions.is_empty() {
        return Err(Error::ServerHasNoBox {
            name: repository.repository.clone(),
            url: format!("oci://{}", repository.host),
        });
    }
    let (allowed, others): (Vec<_>, Vec<_>) = versions.into_iter().partition(|(it, _)| wanted.version.allow(it));
    if allowed.is_empty() {
        let available: Vec<String> = others.into_iter().map(|(it, _)| it.to_string()).collect();
        return Err(Error::NoMatchingVersion {
            name: repository.repository.clone(),
            constraints: wanted.version.to_string(),
            available: available.join(", "),
        });
    }
    Ok(allowed.into_iter().map(|(version, tag)| (Some(version), tag)).collect())
}

fn file_of(reference: &Reference, manifest: &Descriptor, config: BoxConfig) -> CatalogProvider {
    CatalogProvider {
        name: config.provider,
        url: reference.with(Part::Digest(manifest.digest.clone())).to_string(),
        checksum: None,
        architecture: config.architecture,
        default_architecture: false,
        chunked: true,
    }
}

/// Adds a file to its version, which may be there already.
pub(crate) fn put(versions: &mut Vec<CatalogVersion>, version: Version, file: CatalogProvider) {
    match versions.iter_mut().find(|it| it.version.as_str() == version.as_str()) {
        Some(it) => it.providers.push(file),
        None => versions.push(CatalogVersion {
            version,
            providers: vec![file],
        }),
    }
}

pub(crate) fn check_status(response: &Response, shown: &str) -> Result<()> {
    match response.status {
        200 => Ok(()),
        status => Err(Error::FetchStatus {
            url: shown.to_owned(),
            status,
        }),
    }
}

/// What a place answered, which has no page for a box that it does not know.
fn known(answer: Result<Offer>, place: &Place, name: &str) -> Result<Offer> {
    answer.map_err(|error| match error {
        Error::FetchStatus { status: 404 | 410, .. } => has_no_box(place, name),
        other => other,
    })
}

pub(crate) fn has_no_box(place: &Place, name: &str) -> Error {
    Error::ServerHasNoBox {
        name: name.to_owned(),
        url: address::shown(&place.url),
    }
}

fn look_at_file(path: &Path) -> Result<Option<Catalog>> {
    let mut json = Vec::new();
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    (&mut file)
        .take(4096)
        .read_to_end(&mut json)
        .map_err(Error::file("read", path))?;
    if !may_be_json(&json) || json.trim_ascii().is_empty() {
        return Ok(None);
    }
    file.take(catalog::LARGEST as u64)
        .read_to_end(&mut json)
        .map_err(Error::file("read", path))?;
    Catalog::parse(&json, &path.display().to_string()).map(Some)
}

/// No archive and no disk image starts like this.
fn may_be_json(beginning: &[u8]) -> bool {
    matches!(beginning.trim_ascii_start().first(), None | Some(b'{' | b'['))
}

/// Whether another place may do better.
pub(crate) fn is_of_the_place(error: &Error) -> bool {
    use Error::*;
    matches!(
        error,
        AccessDenied { .. }
            | ArtifactMalformed { .. }
            | Fetch { .. }
            | FetchStatus { .. }
            | FileNotFound { .. }
            | ServerHasNoBox { .. }
            | ShortNameNotFound { .. }
            | CatalogMalformed { .. }
            | CatalogVersionMalformed { .. }
            | NoMatchingVersion { .. }
            | NoMatchingProvider { .. }
            | NoMatchingArchitecture { .. }
    )
}

/// Tells why a place was passed over, now that another one is asked.
pub(crate) fn tell_passed(observer: &Observer, passed: Option<(String, Error)>) {
    let Some((place, error)) = passed else { return };
    let cause = std::error::Error::source(&error).map(|it| format!(": {it}"));
    observer(Event::PassedOver {
        place,
        reason: format!("{error}{}", cause.unwrap_or_default()),
    });
}

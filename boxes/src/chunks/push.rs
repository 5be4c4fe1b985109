//! A box on its way to others: into a registry, or a folder that a web server serves.
//!
//! What the destination has of other versions is not sent again. A push that broke off is begun again by the same command: the
//! packs that arrived are there, since the same box makes the same packs. The manifest goes last, so that a box is there whole or
//! not at all.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::cut::{Content, Cut, Cutting, Grain, cut_box};
use super::depot::{self, BLOBS, Depot};
use super::list::{self, Chunk, Place};
use super::turn::Turn;
use super::{Digest, list::read as read_list};
use crate::add::Places;
use crate::cancel::Cancel;
use crate::download::joined;
use crate::event::{Event, Observer};
use crate::oci::manifest::{CHUNKS, CONFIG, INDEX, MANIFEST, PACK};
use crate::oci::reference::{SCHEME, is_tag};
use crate::oci::{BoxConfig, Descriptor, Index, Manifest, Part, Reference, Registry, Tagged};
use crate::store::InstalledBox;
use crate::version::Version;
use crate::{Error, Result};

/// A pack is sent when it has so many bytes.
const FULL: usize = 8 << 20;
/// Chunks on their way to their pack at most.
const AHEAD: usize = 32;
/// Of so many boxes at the destination it is found out what they have in common with the new one.
const BASES: usize = 3;
const LARGEST_LIST: usize = 1 << 30;

/// What is pushed where.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// The box.
    pub installed: &'a InstalledBox,
    /// `oci://HOST/REPOSITORY[:TAG]`, or a folder.
    pub destination: &'a str,
    /// The destination is one for many boxes: the box's name is appended to a repository.
    pub below: bool,
}

/// What a push came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// What others fetch it by.
    pub address: String,
    /// Bytes that were sent.
    pub moved: u64,
    /// Bytes of the box.
    pub size: u64,
    /// The destination had this very box already.
    pub was_there: bool,
}

impl Places<'_> {
    /// Sends a box to a destination.
    pub async fn push(&self, push: &Push<'_>, observer: &Observer, cancel: &Cancel) -> Result<Pushed> {
        let shelf = self.shelf(push).await?;
        let bases = shelf.bases(push.installed).await?;
        let mut packing = Packing::new(&shelf.depot, bases);
        let cutting = packing.fill(&push.installed.directory, observer, cancel).await?;
        let (manifest, config) = packing.finish(push.installed, &cutting).await?;
        let json = manifest.json();
        let descriptor = Descriptor::of(MANIFEST, &json);
        let was_there = shelf.has(&descriptor, push.installed).await?;
        if !was_there {
            shelf.publish(&descriptor, json, &config).await?;
        }
        Ok(Pushed {
            address: shelf.address(push.installed),
            moved: packing.moved,
            size: cutting.size,
            was_there,
        })
    }

    async fn shelf(&self, push: &Push<'_>) -> Result<Shelf<'_>> {
        let InstalledBox { name, version, .. } = push.installed;
        if push.destination.starts_with(SCHEME) {
            let mut reference = match push.below {
                true => Reference::of_name(push.destination, name)?,
                false => Reference::parse(push.destination)?,
            };
            let tag = match &reference.part {
                Part::Tag(tag) => tag.clone(),
                _ => version.to_string(),
            };
            if !is_tag(&tag) {
                return Err(Error::AddressInvalid {
                    address: push.destination.to_owned(),
                    reason: "the box's version cannot be a tag: name one after a colon",
                });
            }
            reference.part = Part::All;
            let registry = Registry::open(self.fetch, self.accounts, &reference).await?;
            return Ok(Shelf {
                depot: Depot::Registry(registry),
                at: At::Tag(tag),
                _turn: None,
            });
        }
        let folder = folder_of(push.destination, self.folder)?;
        if name.split('/').any(|it| it.is_empty() || it.starts_with('.')) {
            let name = name.clone();
            let reason = "a part of it cannot be a folder's name";
            return Err(Error::NameInvalid { name, reason });
        }
        let turn = Turn::take(&folder, &catalog_path(&folder, name))?;
        Ok(Shelf {
            depot: Depot::Folder(folder.join(BLOBS)),
            at: At::Folder(folder),
            _turn: Some(turn),
        })
    }
}

/// A folder, as a path or a `file:` URL.
fn folder_of(destination: &str, relative_to: &Path) -> Result<PathBuf> {
    let path = destination
        .strip_prefix("file://")
        .or_else(|| destination.strip_prefix("file:"))
        .unwrap_or(destination);
    if path.contains("://") {
        return Err(Error::AddressInvalid {
            address: crate::address::shown(destination),
            reason: "a box is pushed to a registry (oci://HOST/NAME) or to a folder that a web server serves",
        });
    }
    Ok(relative_to.join(path))
}

/// The place of a box's versions at a destination.
struct Shelf<'a> {
    depot: Depot<'a>,
    at: At,
    _turn: Option<Turn>,
}

enum At {
    Folder(PathBuf),
    Tag(String),
}

impl Shelf<'_> {
    /// The boxes that are there already, those that are most like this one first.
    async fn bases(&self, installed: &InstalledBox) -> Result<Vec<Base>> {
        let mut published = match (&self.depot, &self.at) {
            (Depot::Registry(registry), At::Tag(tag)) => of_registry(registry, tag).await?,
            (_, At::Folder(folder)) => of_catalog(&read_catalog(&catalog_path(folder, &installed.name))?),
            _ => Vec::new(),
        };
        published.sort_by_key(|it| {
            let is_alike = it.provider == installed.provider && it.architecture == installed.architecture;
            let is_same = is_alike && it.version == installed.version;
            (!is_same, !is_alike, std::cmp::Reverse(it.version.clone()))
        });
        let mut bases = Vec::new();
        for it in published.into_iter().take(BASES) {
            // What is damaged there is of no use, and no reason not to push.
            match self.base(&it.digest).await {
                Ok(base) => bases.push(base),
                Err(error) => tracing::debug!(digest = it.digest, %error, "an earlier version is not used"),
            }
        }
        Ok(bases)
    }

    async fn base(&self, digest: &str) -> Result<Base> {
        let (manifest, _) = self.depot.manifest(digest, digest).await?;
        let (config, chunks) = contents(&self.depot, &manifest, digest).await?;
        Ok(Base {
            grain: config.grain(digest)?,
            packs: manifest.packs(),
            chunks,
        })
    }

    /// Whether the destination leads to this manifest already.
    async fn has(&self, manifest: &Descriptor, installed: &InstalledBox) -> Result<bool> {
        match (&self.depot, &self.at) {
            (Depot::Registry(registry), At::Tag(tag)) => Ok(match registry.tagged(tag).await? {
                Some((Tagged::Index(index), _)) => index.manifests.iter().any(|it| it.digest == manifest.digest),
                _ => false,
            }),
            (_, At::Folder(folder)) => {
                let catalog = read_catalog(&catalog_path(folder, &installed.name))?;
                Ok(of_catalog(&catalog).iter().any(|it| {
                    it.digest == manifest.digest
                        && it.version == installed.version
                        && it.architecture == installed.architecture
                }))
            }
            _ => Ok(false),
        }
    }

    async fn publish(&self, manifest: &Descriptor, json: Vec<u8>, config: &BoxConfig) -> Result<()> {
        match (&self.depot, &self.at) {
            (Depot::Registry(registry), At::Tag(tag)) => {
                registry.put_manifest(&manifest.digest, MANIFEST, json).await?;
                let mut index = match registry.tagged(tag).await? {
                    Some((Tagged::Index(index), _)) => index,
                    _ => Index::empty(),
                };
                index.put(manifest.clone(), config);
                registry.put_manifest(tag, INDEX, index.json()).await
            }
            (_, At::Folder(folder)) => {
                self.depot.put(&manifest.digest, Bytes::from(json)).await?;
                enter(folder, manifest, config)
            }
            _ => Ok(()),
        }
    }

    fn address(&self, installed: &InstalledBox) -> String {
        match (&self.depot, &self.at) {
            (Depot::Registry(registry), At::Tag(tag)) => registry.reference.with(Part::Tag(tag.clone())).to_string(),
            (_, At::Folder(folder)) => catalog_path(folder, &installed.name).display().to_string(),
            _ => String::new(),
        }
    }
}

/// The config and the list of chunks that a manifest names.
pub(super) async fn contents(depot: &Depot<'_>, manifest: &Manifest, what: &str) -> Result<(BoxConfig, Vec<Chunk>)> {
    let json = depot
        .blob(&manifest.config.digest, crate::oci::manifest::LARGEST, what)
        .await?;
    let config = BoxConfig::parse(&json, what)?;
    let list = depot.blob(&manifest.chunks(what)?.digest, LARGEST_LIST, what).await?;
    let chunks = read_list(&list, manifest.packs().len(), config.size, what)?;
    Ok((config, chunks))
}

/// A box that the destination has.
struct Published {
    version: Version,
    provider: String,
    architecture: Option<String>,
    digest: String,
}

async fn of_registry(registry: &Registry<'_>, tag: &str) -> Result<Vec<Published>> {
    let mut tags: Vec<(Version, String)> = registry
        .tags()
        .await?
        .into_iter()
        .filter_map(|it| Some((Version::parse(&it)?, it)))
        .collect();
    tags.sort_by_key(|(version, it)| (it != tag, std::cmp::Reverse(version.clone())));
    let mut published = Vec::new();
    for (version, tag) in tags.into_iter().take(BASES) {
        let Some((Tagged::Index(index), _)) = registry.tagged(&tag).await? else {
            continue;
        };
        published.extend(index.manifests.into_iter().map(|it| Published {
            version: version.clone(),
            provider: it.provider().unwrap_or_default().to_owned(),
            architecture: it.architecture().map(str::to_owned),
            digest: it.digest,
        }));
    }
    Ok(published)
}

/// A box at the destination, for what it has in common with the one that is pushed.
struct Base {
    grain: Grain,
    packs: Vec<Descriptor>,
    chunks: Vec<Chunk>,
}

/// The packs and the list of a box that is being pushed.
struct Packing<'a> {
    depot: &'a Depot<'a>,
    /// As the likeliest base was cut.
    grain: Grain,
    /// Chunks of the bases: the pack and the place in it.
    bases: HashMap<Digest, (Descriptor, Place)>,
    /// Chunks of this box so far.
    places: HashMap<Digest, Place>,
    chunks: Vec<Chunk>,
    packs: Vec<Option<Descriptor>>,
    /// The pack that is being filled, and its number.
    open: Vec<u8>,
    open_number: Option<u32>,
    moved: u64,
}

impl<'a> Packing<'a> {
    fn new(depot: &'a Depot<'a>, bases: Vec<Base>) -> Self {
        let mut known = HashMap::new();
        let grain = bases.first().map_or(Grain::NEW, |it| it.grain);
        for base in bases {
            for chunk in base.chunks {
                let Some(place) = chunk.place else { continue };
                let Some(pack) = base.packs.get(place.pack as usize) else {
                    continue;
                };
                known.entry(chunk.digest).or_insert_with(|| (pack.clone(), place));
            }
        }
        Self {
            depot,
            grain,
            bases: known,
            places: HashMap::new(),
            chunks: Vec::new(),
            packs: Vec::new(),
            open: Vec::new(),
            open_number: None,
            moved: 0,
        }
    }

    /// Cuts the box in a folder, and sends what is new of it.
    async fn fill(&mut self, folder: &Path, observer: &Observer, cancel: &Cancel) -> Result<Cutting> {
        let total = crate::pack::plain_size(folder)?;
        let (sender, mut cuts) = mpsc::channel(AHEAD);
        let (folder, known, wish) = (folder.to_owned(), self.bases.keys().copied().collect(), cancel.clone());
        let grain = self.grain;
        let cutting = tokio::task::spawn_blocking(move || cut_box(&folder, grain, known, &sender, &wish));
        let mut received = 0;
        while let Some(cut) = cuts.recv().await {
            received += u64::from(cut.length);
            self.add(cut).await?;
            observer(Event::Progress {
                received,
                total: Some(total.max(received)),
            });
        }
        let cutting = joined(cutting.await)?;
        cancel.check()?;
        self.close().await?;
        Ok(cutting)
    }

    async fn add(&mut self, cut: Cut) -> Result<()> {
        let Cut {
            digest,
            length,
            content,
        } = cut;
        let place = match content {
            Content::Zeros => None,
            Content::Known => self.known_place(&digest),
            Content::Packed(packed) => {
                if self.open.len() + packed.len() > FULL {
                    self.close().await?;
                }
                let pack = self.open_pack();
                let place = Place {
                    pack,
                    offset: self.open.len() as u32,
                    length: packed.len() as u32,
                };
                self.open.extend(packed);
                self.places.insert(digest, place);
                Some(place)
            }
        };
        self.chunks.push(Chunk { digest, length, place });
        Ok(())
    }

    /// Where a chunk is that came before, or that a base has, whose pack is this box's as well from now on.
    fn known_place(&mut self, digest: &Digest) -> Option<Place> {
        if let Some(place) = self.places.get(digest) {
            return Some(*place);
        }
        let (pack, place) = self.bases.get(digest)?;
        let is_it = |it: &Option<Descriptor>| it.as_ref().is_some_and(|it| it.digest == pack.digest);
        let number = self.packs.iter().position(is_it).unwrap_or(self.packs.len());
        let place = Place {
            pack: number as u32,
            ..*place
        };
        if number == self.packs.len() {
            self.packs.push(Some(pack.clone()));
        }
        self.places.insert(*digest, place);
        Some(place)
    }

    fn open_pack(&mut self) -> u32 {
        *self.open_number.get_or_insert_with(|| {
            self.packs.push(None);
            self.packs.len() as u32 - 1
        })
    }

    /// Sends the pack that is being filled.
    async fn close(&mut self) -> Result<()> {
        let Some(number) = self.open_number.take() else {
            return Ok(());
        };
        let content = std::mem::take(&mut self.open);
        let descriptor = Descriptor::of(PACK, &content);
        self.send(&descriptor, content).await?;
        if let Some(pack) = self.packs.get_mut(number as usize) {
            *pack = Some(descriptor);
        }
        Ok(())
    }

    async fn send(&mut self, descriptor: &Descriptor, content: Vec<u8>) -> Result<()> {
        if !self.depot.has(&descriptor.digest).await? {
            self.moved += content.len() as u64;
            self.depot.put(&descriptor.digest, Bytes::from(content)).await?;
        }
        Ok(())
    }

    async fn finish(&mut self, installed: &InstalledBox, cutting: &Cutting) -> Result<(Manifest, BoxConfig)> {
        let config = BoxConfig {
            name: installed.name.clone(),
            version: installed.version.to_string(),
            provider: installed.provider.clone(),
            architecture: installed.architecture.clone(),
            sha256: cutting.sha256.clone(),
            size: cutting.size,
            usual_chunk: self.grain.usual(),
        };
        let list = list::write(&self.chunks)?;
        let layer = Descriptor::of(CHUNKS, &list);
        self.send(&layer, list).await?;
        let json = config.json();
        let descriptor = Descriptor::of(CONFIG, &json);
        self.send(&descriptor, json).await?;
        let packs = self.packs.iter().flatten().cloned();
        let layers = [layer].into_iter().chain(packs).collect();
        Ok((Manifest::of_box(descriptor, layers), config))
    }
}

fn catalog_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}

/// A folder's catalog of a box; an empty one where there is none.
fn read_catalog(path: &Path) -> Result<Value> {
    let json = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(json!({})),
        other => other.map_err(Error::file("read", path))?,
    };
    serde_json::from_slice(&json).map_err(|source| Error::CatalogMalformed {
        url: path.display().to_string(),
        source,
    })
}

fn of_catalog(catalog: &Value) -> Vec<Published> {
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut published = Vec::new();
    for version in list(catalog, "versions") {
        let Some(number) = text(&version, "version").and_then(|it| Version::parse(&it)) else {
            continue;
        };
        for file in list(&version, "providers") {
            let is_chunked = text(&file, "format").as_deref() == Some(crate::catalog::CHUNKED);
            let digest = text(&file, "checksum").filter(|_| is_chunked);
            if let (Some(provider), Some(digest)) = (text(&file, "name"), digest) {
                published.push(Published {
                    version: number.clone(),
                    provider,
                    architecture: text(&file, "architecture"),
                    digest: format!("sha256:{digest}"),
                });
            }
        }
    }
    published
}

/// Writes a box into the catalog of its name, after whoever does the same.
fn enter(folder: &Path, manifest: &Descriptor, config: &BoxConfig) -> Result<()> {
    let path = catalog_path(folder, &config.name);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
    let lock_path = folder.join(".jaunt-lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path);
    let lock = lock.map_err(Error::file("write", &lock_path))?;
    lock.lock().map_err(Error::file("lock", &lock_path))?;
    let mut catalog = read_catalog(&path)?;
    catalog["name"] = json!(config.name);
    let up = "../".repeat(config.name.matches('/').count());
    let mut file = json!({
        "name": config.provider,
        "url": format!("{up}{}", depot::descriptor_path(manifest)),
        "checksum_type": "sha256",
        "checksum": manifest.hex(),
        "format": crate::catalog::CHUNKED,
    });
    if let Some(architecture) = &config.architecture {
        file["architecture"] = json!(architecture);
    }
    put_file(&mut catalog, &config.version, file);
    let text = serde_json::to_vec_pretty(&catalog).unwrap_or_default();
    depot::write_whole(&path, &text)
}

/// Puts a file in the place of the one for the same version, provider and architecture.
fn put_file(catalog: &mut Value, version: &str, file: Value) {
    if !catalog["versions"].is_array() {
        catalog["versions"] = json!([]);
    }
    let Some(versions) = catalog["versions"].as_array_mut() else {
        return;
    };
    if !versions.iter().any(|it| it["version"] == version) {
        versions.push(json!({ "version": version, "providers": [] }));
    }
    let found = versions.iter_mut().find(|it| it["version"] == version);
    if let Some(files) = found.and_then(|it| it["providers"].as_array_mut()) {
        files.retain(|it| (&it["name"], &it["architecture"]) != (&file["name"], &file["architecture"]));
        files.push(file);
    }
}

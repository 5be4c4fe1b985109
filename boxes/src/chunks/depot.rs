//! Where chunks are kept: a registry, a folder, or such a folder behind a web server.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

use crate::fetch::{Body, Fetch, Request};
use crate::oci::manifest::digest_of;
use crate::oci::registry::whole;
use crate::oci::{Descriptor, Manifest, Registry, Tagged};
use crate::place::{Account, access_to};
use crate::{Error, Result};

/// Where the blobs of a folder are, below it.
pub(super) const BLOBS: &str = "blobs/sha256";
/// What the names of files begin with that are not whole yet.
pub(super) const UNFINISHED: &str = ".new-";
/// A piece of a file on its way.
const PIECE: usize = 256 << 10;

/// Keeps blobs by their digests.
pub(crate) enum Depot<'a> {
    /// A folder; this is the one of its blobs.
    Folder(PathBuf),
    /// A repository of a registry.
    Registry(Registry<'a>),
    /// What a web server serves of a folder.
    Web(Web<'a>),
}

/// The blobs of a folder behind a web server.
pub(crate) struct Web<'a> {
    pub(crate) fetch: &'a dyn Fetch,
    pub(crate) accounts: &'a [Account],
    /// Where one of the blobs is; the others lie beside it.
    pub(crate) beside: Url,
}

impl Depot<'_> {
    /// Whether a blob is there.
    pub(super) async fn has(&self, digest: &str) -> Result<bool> {
        match self {
            Depot::Folder(blobs) => Ok(blobs.join(hex(digest)).is_file()),
            Depot::Registry(registry) => registry.has(digest).await,
            Depot::Web(_) => Ok(false),
        }
    }

    /// Keeps a blob.
    pub(super) async fn put(&self, digest: &str, content: Bytes) -> Result<()> {
        match self {
            Depot::Folder(blobs) => write_blob(blobs, hex(digest), &content),
            Depot::Registry(registry) => registry.put_blob(digest, content).await,
            Depot::Web(web) => Err(Error::AddressInvalid {
                address: crate::address::shown(web.beside.as_str()),
                reason: "a web server only serves: the folder that it serves is the destination",
            }),
        }
    }

    /// A manifest by its digest.
    pub(crate) async fn manifest(&self, digest: &str, what: &str) -> Result<(Manifest, Vec<u8>)> {
        if let Depot::Registry(registry) = self {
            return match registry.tagged(digest).await? {
                Some((Tagged::Manifest(manifest), json)) => Ok((manifest, json)),
                Some(_) | None => Err(Error::ArtifactMalformed {
                    what: what.to_owned(),
                    reason: "has no manifest of that digest".to_owned(),
                }),
            };
        }
        let json = self.blob(digest, crate::oci::manifest::LARGEST, what).await?;
        Ok((Manifest::parse(&json, what)?, json))
    }

    /// A whole blob, which is what its digest says.
    pub(crate) async fn blob(&self, digest: &str, limit: usize, what: &str) -> Result<Vec<u8>> {
        let body = self.part(digest, 0, None).await?.body;
        let response = crate::fetch::Response {
            status: 200,
            url: what.to_owned(),
            headers: Vec::new(),
            body,
        };
        let content = whole(response, limit, what).await?;
        if digest_of(&content) == digest {
            return Ok(content);
        }
        Err(Error::ArtifactMalformed {
            what: what.to_owned(),
            reason: "has a part that is another than its digest says".to_owned(),
        })
    }

    /// A blob from one byte on, to the byte before another where that is known.
    pub(super) async fn part(&self, digest: &str, first: u64, end: Option<u64>) -> Result<Part> {
        match self {
            Depot::Folder(blobs) => part_of_file(&blobs.join(hex(digest)), first),
            Depot::Registry(registry) => {
                let response = registry.blob(digest, end.map(|end| (first, end - 1))).await?;
                let skipped = if response.status == 206 { 0 } else { first };
                let body = response.body;
                Ok(Part { body, skipped })
            }
            Depot::Web(web) => web.part(digest, first, end).await,
        }
    }
}

/// A part of a blob on its way.
pub(super) struct Part {
    pub(super) body: Box<dyn Body>,
    /// So many bytes come that were not asked for.
    pub(super) skipped: u64,
}

impl Web<'_> {
    async fn part(&self, digest: &str, first: u64, end: Option<u64>) -> Result<Part> {
        let url = self.beside.join(hex(digest)).map_err(|_| Error::AddressInvalid {
            address: crate::address::shown(self.beside.as_str()),
            reason: "it is no URL",
        })?;
        let mut request = Request::get(url.as_str());
        if let Some(access) = access_to(self.accounts, &url) {
            request = request.with("authorization", access.header());
        }
        if let Some(end) = end {
            request = request.with("range", format!("bytes={first}-{}", end - 1));
        }
        let shown = crate::address::shown(url.as_str());
        let response = self.fetch.send(request).await;
        let response = response.map_err(|source| Error::Fetch {
            url: shown.clone(),
            source,
        })?;
        let skipped = match response.status {
            206 => 0,
            200 => first,
            status => return Err(Error::FetchStatus { url: shown, status }),
        };
        let body = response.body;
        Ok(Part { body, skipped })
    }
}

/// The hex digits of a digest, which are a file's name.
pub(super) fn hex(digest: &str) -> &str {
    digest.strip_prefix("sha256:").unwrap_or(digest)
}

/// The manifests by which a folder knows its packs are blobs as well: this is where one lies.
pub(super) fn descriptor_path(manifest: &Descriptor) -> String {
    format!("{BLOBS}/{}", manifest.hex())
}

/// A file is there whole or not at all, whoever is killed.
fn write_blob(blobs: &Path, name: &str, content: &[u8]) -> Result<()> {
    fs::create_dir_all(blobs).map_err(Error::file("create", blobs))?;
    write_whole(&blobs.join(name), content)
}

/// Writes a file that others may read, beside its place first.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let write = || {
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        file.write_all(content)?;
        make_readable(file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|it| it.error)
    };
    write().map(drop).map_err(Error::file("write", path))
}

/// A temporary file is its maker's alone, and a web server another user.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}

fn part_of_file(path: &Path, first: u64) -> Result<Part> {
    let mut file = File::open(path).map_err(Error::file("read", path))?;
    file.seek(SeekFrom::Start(first)).map_err(Error::file("read", path))?;
    let body = Box::new(FileBody(file));
    Ok(Part { body, skipped: 0 })
}

/// A file as the body of an answer.
struct FileBody(File);

#[async_trait]
impl Body for FileBody {
    async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        let mut piece = vec![0; PIECE];
        let count = self.0.read(&mut piece)?;
        piece.truncate(count);
        Ok((count > 0).then(|| Bytes::from(piece)))
    }
}

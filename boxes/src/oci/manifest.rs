//! Manifests and indexes of OCI artifacts, as far as a box needs them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::checksum;
use crate::chunks::Grain;
use crate::oci::reference::is_digest;
use crate::{Error, Result};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A box in chunks.
pub(crate) const BOX: &str = "application/vnd.jaunt.box.v1";
pub(crate) const CONFIG: &str = "application/vnd.jaunt.box.config.v1+json";
pub(crate) const CHUNKS: &str = "application/vnd.jaunt.box.chunks.v1";
pub(crate) const PACK: &str = "application/vnd.jaunt.box.pack.v1";
/// A manifest is read whole, and may not be larger; registries refuse larger ones.
pub(crate) const LARGEST: usize = 4 << 20;

/// The annotation with the provider of a manifest in an index.
const PROVIDER: &str = "dev.jaunt.box.provider";
/// The annotation with the architecture in Vagrant's word, where the box has one.
const ARCHITECTURE: &str = "dev.jaunt.box.architecture";

/// Bytes, by their digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    schema_version: u32,
    #[serde(default)]
    media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
}

/// The artifacts of one tag: a box's providers and architectures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Index {
    schema_version: u32,
    #[serde(default)]
    media_type: String,
    pub(crate) manifests: Vec<Descriptor>,
}

/// What the config of a box in chunks says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BoxConfig {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) provider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) architecture: Option<String>,
    /// The SHA-256 of the stream that the chunks make.
    pub(crate) sha256: String,
    /// The length of that stream.
    pub(crate) size: u64,
    /// How long the chunks usually are, which tells how the stream was cut.
    #[serde(default = "unsaid", skip_serializing_if = "is_unsaid")]
    pub(crate) usual_chunk: u32,
}

fn unsaid() -> u32 {
    Grain::UNSAID
}

fn is_unsaid(usual_chunk: &u32) -> bool {
    *usual_chunk == Grain::UNSAID
}

/// What a tag leads to.
pub(crate) enum Tagged {
    Index(Index),
    Manifest(Manifest),
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: digest_of(bytes),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
        }
    }

    pub(crate) fn provider(&self) -> Option<&str> {
        self.annotations.get(PROVIDER).map(String::as_str)
    }

    pub(crate) fn architecture(&self) -> Option<&str> {
        self.annotations.get(ARCHITECTURE).map(String::as_str)
    }

    /// The digest without the name of its kind.
    pub(crate) fn hex(&self) -> &str {
        self.digest.strip_prefix("sha256:").unwrap_or(&self.digest)
    }

    fn check(&self, what: &str) -> Result<()> {
        if is_digest(&self.digest) {
            return Ok(());
        }
        Err(malformed(what, "has a digest that is none of sha256"))
    }
}

impl Manifest {
    pub(crate) fn of_box(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: MANIFEST.to_owned(),
            artifact_type: Some(BOX.to_owned()),
            config,
            layers,
        }
    }

    /// Whether it is a box in chunks.
    pub(crate) fn is_chunked(&self) -> bool {
        self.config.media_type == CONFIG
    }

    /// The layer with the list of the chunks.
    pub(crate) fn chunks(&self, what: &str) -> Result<&Descriptor> {
        let mut found = self.layers.iter().filter(|it| it.media_type == CHUNKS);
        match (found.next(), found.next()) {
            (Some(chunks), None) => Ok(chunks),
            _ => Err(malformed(what, "has not exactly one list of chunks")),
        }
    }

    /// The packs that hold the chunks, in the order in which the list counts them.
    pub(crate) fn packs(&self) -> Vec<Descriptor> {
        self.layers.iter().filter(|it| it.media_type == PACK).cloned().collect()
    }

    pub(crate) fn parse(json: &[u8], what: &str) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(json).map_err(|error| not_json(what, &error))?;
        manifest.config.check(what)?;
        manifest.layers.iter().try_for_each(|it| it.check(what))?;
        Ok(manifest)
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Index {
    pub(crate) fn empty() -> Self {
        Self {
            schema_version: 2,
            media_type: INDEX.to_owned(),
            manifests: Vec::new(),
        }
    }

    /// Notes a box's manifest in the place of an earlier one for the same provider and architecture.
    pub(crate) fn put(&mut self, mut manifest: Descriptor, config: &BoxConfig) {
        manifest
            .annotations
            .insert(PROVIDER.to_owned(), config.provider.clone());
        if let Some(architecture) = &config.architecture {
            manifest
                .annotations
                .insert(ARCHITECTURE.to_owned(), architecture.clone());
        }
        self.manifests
            .retain(|it| (it.provider(), it.architecture()) != (manifest.provider(), manifest.architecture()));
        self.manifests.push(manifest);
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Tagged {
    pub(crate) fn parse(json: &[u8], what: &str) -> Result<Self> {
        let value: serde_json::Value = serde_json::from_slice(json).map_err(|error| not_json(what, &error))?;
        if value.get("manifests").is_none() {
            return Manifest::parse(json, what).map(Tagged::Manifest);
        }
        let index: Index = serde_json::from_value(value).map_err(|error| not_json(what, &error))?;
        index.manifests.iter().try_for_each(|it| it.check(what))?;
        Ok(Tagged::Index(index))
    }
}

impl BoxConfig {
    /// How the stream was cut.
    pub(crate) fn grain(&self, what: &str) -> Result<Grain> {
        Grain::of(self.usual_chunk).ok_or_else(|| malformed(what, "was cut in a way that there is not"))
    }

    pub(crate) fn parse(json: &[u8], what: &str) -> Result<Self> {
        serde_json::from_slice(json).map_err(|error| not_json(what, &error))
    }

    pub(crate) fn json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

pub(crate) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", checksum::hex(&Sha256::digest(bytes)))
}

fn not_json(what: &str, error: &serde_json::Error) -> Error {
    Error::ArtifactMalformed {
        what: what.to_owned(),
        reason: format!("is not JSON of the right form (line {})", error.line()),
    }
}

fn malformed(what: &str, reason: &str) -> Error {
    Error::ArtifactMalformed {
        what: what.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(provider: &str, architecture: Option<&str>) -> BoxConfig {
        BoxConfig {
            name: "a/b".to_owned(),
            version: "1".to_owned(),
            provider: provider.to_owned(),
            architecture: architecture.map(str::to_owned),
            sha256: String::new(),
            size: 0,
            usual_chunk: Grain::UNSAID,
        }
    }

    #[test]
    fn an_index_has_one_manifest_for_a_provider_and_an_architecture() {
        let mut index = Index::empty();
        for (bytes, provider, architecture) in [
            (b"1", "libvirt", None),
            (b"2", "libvirt", Some("amd64")),
            (b"3", "qemu", None),
            (b"4", "libvirt", None),
        ] {
            index.put(Descriptor::of(MANIFEST, bytes), &config(provider, architecture));
        }
        let Tagged::Index(read) = Tagged::parse(&index.json(), "x").unwrap() else {
            panic!("an index is read as one")
        };
        let shown: Vec<_> = read
            .manifests
            .iter()
            .map(|it| (it.provider().unwrap(), it.architecture(), it.digest == digest_of(b"4")))
            .collect();
        assert_eq!(
            shown,
            [
                ("libvirt", Some("amd64"), false),
                ("qemu", None, false),
                ("libvirt", None, true)
            ]
        );
    }

    #[test]
    fn a_box_says_how_it_was_cut_unless_it_is_as_in_the_first_ones() {
        let json = |usual_chunk| {
            BoxConfig {
                usual_chunk,
                ..config("qemu", None)
            }
            .json()
        };
        let read = |json: &[u8]| {
            BoxConfig::parse(json, "it")
                .unwrap()
                .grain("it")
                .map_err(|it| it.to_string())
        };

        assert_eq!(read(&json(16 << 10)), Ok(Grain::of(16 << 10).unwrap()));
        let first = json(Grain::UNSAID);
        assert!(!String::from_utf8_lossy(&first).contains("usual_chunk"));
        assert_eq!(read(&first), Ok(Grain::of(Grain::UNSAID).unwrap()));
        assert_eq!(read(&json(0)), Err("it was cut in a way that there is not".to_owned()));
    }

    #[test]
    fn a_manifest_with_a_digest_that_is_a_path_is_refused() {
        let mut config = Descriptor::of(CONFIG, b"");
        config.digest = "sha256:../../etc/passwd".to_owned();
        let json = Manifest::of_box(config, Vec::new()).json();
        let error = Manifest::parse(&json, "it").unwrap_err();
        assert_eq!(error.to_string(), "it has a digest that is none of sha256");
    }
}

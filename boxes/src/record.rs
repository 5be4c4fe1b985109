//! What Jaunt notes about a box that it has unpacked, in a file beside the box's own.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The file; no box may bring one of this name.
pub(crate) const FILE_NAME: &str = ".jaunt.json";

/// Where a box came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The SHA-256 of the box file, in hex.
    pub sha256: String,
    /// The path or URL that it was read from, without secrets.
    pub source: String,
    /// Whether it was a bare disk image, which nothing of Vagrant's was made for: no user, no key.
    #[serde(default)]
    pub bare_disk: bool,
}

impl Record {
    pub(crate) fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(FILE_NAME);
        let json = serde_json::to_vec_pretty(self).map_err(std::io::Error::from);
        json.and_then(|json| fs::write(&path, json))
            .map_err(Error::file("write", &path))
    }

    /// The note on a box; `None` for a box that another program put there.
    pub(crate) fn read(directory: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(directory.join(FILE_NAME)).ok()?).ok()
    }
}

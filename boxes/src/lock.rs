//! `Vagrantfile.lock`: which boxes a project uses, to the byte, so that another machine takes the same ones.
//!
//! The file is text that is made the same from the same boxes, since it is kept with the project and read in its changes. Where
//! it is, and whether it must be kept to, is the caller's to say.

use serde::{Deserialize, Serialize};

use crate::store::InstalledBox;
use crate::version::Version;
use crate::{Error, Result};

const HEAD: &str = "# The boxes that this project uses. Written by Jaunt; keep it with the project.\nversion = 1\n";
const VERSION: u32 = 1;

/// The boxes of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockFile {
    boxes: Vec<LockedBox>,
}

/// One box, to the byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedBox {
    /// Its name.
    pub name: String,
    /// Its provider.
    pub provider: String,
    /// Its architecture, where its place in the store says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Its version.
    pub version: String,
    /// The SHA-256 of the box file.
    pub sha256: String,
    /// Where it came from, without secrets.
    pub source: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(skip_serializing)]
    version: u32,
    #[serde(default, rename = "box", skip_serializing_if = "Vec::is_empty")]
    boxes: Vec<LockedBox>,
}

impl LockFile {
    /// Reads the file's text.
    pub fn parse(text: &str) -> Result<Self> {
        let text: Text = toml::from_str(text).map_err(|source| Error::LockMalformed {
            source: Box::new(source),
        })?;
        if text.version != VERSION {
            return Err(Error::LockVersion { version: text.version });
        }
        Ok(Self { boxes: text.boxes })
    }

    /// The file's text.
    pub fn text(&self) -> Result<String> {
        let text = Text {
            version: VERSION,
            boxes: self.boxes.clone(),
        };
        let boxes = toml::to_string(&text).map_err(|source| Error::LockMalformed {
            source: Box::new(source),
        })?;
        Ok(format!("{HEAD}\n{boxes}"))
    }

    /// The box of a name, for the provider that comes first of those that are asked for, on an architecture; `None` is any.
    pub fn get(&self, name: &str, providers: &[String], architecture: Option<&str>) -> Option<&LockedBox> {
        let place = |it: &&LockedBox| providers.iter().position(|provider| *provider == it.provider);
        let suits = |it: &&LockedBox| {
            architecture.is_none() || it.architecture.is_none() || it.architecture.as_deref() == architecture
        };
        let named = self.boxes.iter().filter(|it| it.name == name);
        named.filter(suits).filter(|it| place(it).is_some()).min_by_key(place)
    }

    /// Notes a box in the place of an earlier one of its name, provider and architecture. Whether the file is another now.
    pub fn put(&mut self, locked: LockedBox) -> bool {
        if self.boxes.contains(&locked) {
            return false;
        }
        self.boxes.retain(|it| {
            (&it.name, &it.provider, &it.architecture) != (&locked.name, &locked.provider, &locked.architecture)
        });
        self.boxes.push(locked);
        self.boxes.sort();
        true
    }
}

impl LockedBox {
    /// Whether an installed box is this one, to the byte.
    pub fn check(&self, installed: &InstalledBox) -> Result<()> {
        let actual = installed.locked().map(|it| it.sha256);
        self.check_bytes(&installed.version, actual.as_deref())
    }

    /// Whether a box of this version and digest is it; the digest is `None` where nobody knows it.
    pub(crate) fn check_bytes(&self, version: &Version, sha256: Option<&str>) -> Result<()> {
        if version.as_str() == self.version && sha256 == Some(&self.sha256) {
            return Ok(());
        }
        let shown = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
        Err(Error::LockMismatch {
            name: self.name.clone(),
            locked: format!("{} ({})", self.version, shown(&self.sha256)),
            actual: format!("{version} ({})", sha256.map_or("of unknown origin".to_owned(), shown)),
        })
    }
}

impl InstalledBox {
    /// The box for a lock file; `None` for one that another program installed, of which nobody knows the bytes it came as.
    pub fn locked(&self) -> Option<LockedBox> {
        let record = self.record()?;
        Some(LockedBox {
            name: self.name.clone(),
            provider: self.provider.clone(),
            architecture: self.architecture.clone(),
            version: self.version.to_string(),
            sha256: record.sha256,
            source: record.source,
        })
    }
}

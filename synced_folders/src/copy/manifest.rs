//! What was last sent, as the host remembers it: one file a folder, in a place that the caller gives.
//!
//! The guest's listing says what the guest has, to the second. The manifest adds two things that the listing cannot say: the
//! host's exact stamp of what was sent, so that an edit within the same second travels, and which paths are copies of ours. It
//! only ever makes a copy more careful: without one, or with one that is torn, the listing decides alone.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::host::{Kind, Stamp, Tree, TreePath};
use crate::{Error, Result};

/// What was sent to one folder of the guest.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Paths, with what is no text in them escaped, and what was sent for each.
    entries: BTreeMap<String, Record>,
    /// Whether it differs from what is on disk.
    #[serde(skip)]
    changed: bool,
}

/// What was sent for a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// A file as the host had it then.
    File(Stamp),
    /// A file of which the guest may have any version: it is to be sent again.
    Unsure,
    /// A folder.
    Folder,
    /// A link.
    Link,
}

impl Manifest {
    /// Reads what was kept; nothing where there is nothing that can be read.
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read(path).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Replaces what was kept, if it changed. A kill leaves the old one or the new one.
    pub(super) fn write(&mut self, path: &Path) -> Result<()> {
        if self.changed {
            self.replace(path).map_err(|source| Error::Write {
                path: path.to_owned(),
                source,
            })?;
            self.changed = false;
        }
        Ok(())
    }

    fn replace(&self, path: &Path) -> std::io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let temporary = path.with_extension("new");
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_data()?;
        std::fs::rename(temporary, path)
    }

    pub(super) fn get(&self, path: &[u8]) -> Option<Record> {
        self.entries.get(&escape(path)).copied()
    }

    pub(super) fn insert(&mut self, path: &[u8], record: Record) {
        self.changed |= self.entries.insert(escape(path), record) != Some(record);
    }

    /// Makes it say what the guest has once everything has been sent, and nothing else.
    ///
    /// It is written before anything is. A kill then leaves the guest with any part of it, and the listing tells which, save for
    /// files whose versions look alike: these are unsure until they have arrived.
    pub(super) fn complete(&mut self, host: &Tree, unsure: &HashSet<TreePath>) {
        let before = self.entries.len();
        let paths: HashSet<String> = host.keys().map(|it| escape(it)).collect();
        self.entries.retain(|path, _| paths.contains(path));
        self.changed |= self.entries.len() != before;
        for (path, entry) in host {
            let record = match entry.kind {
                Kind::File if unsure.contains(path) => Record::Unsure,
                Kind::File => Record::File(entry.stamp),
                Kind::Folder => Record::Folder,
                Kind::Link { .. } => Record::Link,
            };
            self.insert(path, record);
        }
    }
}

/// The file of a folder's manifest: ids hold slashes and anything else, so the name is a digest.
pub(super) fn file(state: &Path, id: &str) -> PathBuf {
    let digest = Sha256::digest(id.as_bytes());
    let name: String = digest.iter().take(8).map(|it| format!("{it:02x}")).collect();
    state.join(format!("{name}.json"))
}

/// Bytes as text: `%` and what is no UTF-8 become `%` and two digits.
fn escape(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text += &chunk.valid().replace('%', "%25");
        text.extend(chunk.invalid().iter().map(|it| format!("%{it:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_bytes_are_different_text() {
        let paths = [
            &b"a%41"[..],
            b"aA",
            b"\xff\xfe%",
            b"%ff\xfe%",
            "ä\n".as_bytes(),
            b"%",
            b"",
        ];
        let texts: HashSet<String> = paths.iter().map(|it| escape(it)).collect();
        assert_eq!(texts.len(), paths.len());
    }

    #[test]
    fn a_torn_manifest_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.json");
        let mut manifest = Manifest::default();
        manifest.insert(b"a", Record::Link);
        manifest.write(&path).unwrap();
        assert_eq!(Manifest::read(&path), manifest);

        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();

        assert_eq!(Manifest::read(&path), Manifest::default());
    }
}

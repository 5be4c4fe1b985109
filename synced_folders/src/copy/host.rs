//! The host's side: the tree as it is to stand in the guest.
//!
//! Links that stay inside the folder travel as links. A link that points outside is followed, as Vagrant's rsync does with all
//! of them: what it points to is copied in its place, and noted. Inside what was followed, "outside" is counted anew from there.
//! Nothing is opened here, only looked at.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::platform::{self, Identity};
use crate::exclude::Rules;
use crate::{Error, Note, Result};

/// A path inside the folder, in the guest's bytes, names parted by slashes; the folder itself is the empty path.
pub(super) type TreePath = Vec<u8>;

/// A tree of the host. A folder stands before what it holds.
pub(super) type Tree = BTreeMap<TreePath, Entry>;

/// One file, folder or link of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) mode: u32,
    pub(super) stamp: Stamp,
    /// Where it is on the host.
    pub(super) source: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link { target: Vec<u8> },
}

/// When a file was last touched, as exactly as the host knows: two equal stamps mean the same content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    pub(super) size: u64,
    /// Seconds and nanoseconds.
    pub(super) modified: (i64, i64),
    pub(super) changed: (i64, i64),
}

impl Stamp {
    /// The modification time as an archive carries it: whole seconds, none before 1970.
    pub(super) fn seconds(&self) -> u64 {
        u64::try_from(self.modified.0).unwrap_or(0)
    }
}

/// Reads the tree below a folder, without what the rules leave out.
pub(super) fn scan(root: &Path, guest: &str, rules: &Rules) -> Result<(Tree, Vec<Note>)> {
    let metadata = match root.metadata() {
        Ok(it) if it.is_dir() => it,
        Ok(_) => {
            return Err(Error::HostNotAFolder {
                host: root.to_owned(),
                guest: guest.to_owned(),
            });
        }
        Err(it) if it.kind() == io::ErrorKind::NotFound => {
            return Err(Error::HostFolderMissing {
                host: root.to_owned(),
                guest: guest.to_owned(),
            });
        }
        Err(source) => {
            return Err(Error::Read {
                path: root.to_owned(),
                source,
            });
        }
    };
    let mut walk = Walk {
        rules,
        tree: Tree::new(),
        notes: Vec::new(),
        open: Vec::new(),
        base: 0,
    };
    walk.folder(TreePath::new(), root.to_owned(), &metadata)?;
    Ok((walk.tree, walk.notes))
}

struct Walk<'a> {
    rules: &'a Rules,
    tree: Tree,
    notes: Vec<Note>,
    /// The folders that are being read, from the root down.
    open: Vec<Identity>,
    /// How many of them lie above the one that links are measured from.
    base: usize,
}

impl Walk<'_> {
    fn folder(&mut self, path: TreePath, source: PathBuf, metadata: &Metadata) -> Result<()> {
        let identity = platform::identity(&source, metadata);
        if self.open.contains(&identity) {
            self.notes.push(Note::Loop { path: source });
            return Ok(());
        }
        let children = match std::fs::read_dir(&source) {
            Err(it) if it.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|cause| Error::Read {
                path: source.clone(),
                source: cause,
            })?,
        };
        self.open.push(identity);
        for child in children {
            let child = child.map_err(|cause| Error::Read {
                path: source.clone(),
                source: cause,
            })?;
            self.entry(join(&path, &platform::bytes(&child.file_name())), child.path())?;
        }
        self.open.pop();
        self.insert(path, Kind::Folder, source, metadata);
        Ok(())
    }

    fn entry(&mut self, path: TreePath, source: PathBuf) -> Result<()> {
        let metadata = match source.symlink_metadata() {
            Err(it) if it.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|cause| Error::Read {
                path: source.clone(),
                source: cause,
            })?,
        };
        if metadata.is_symlink() {
            return self.link(path, source, &metadata);
        }
        self.plain(path, source, &metadata)
    }

    fn plain(&mut self, path: TreePath, source: PathBuf, metadata: &Metadata) -> Result<()> {
        if self.rules.exclude(&path, metadata.is_dir()) {
            return Ok(());
        }
        if metadata.is_dir() {
            return self.folder(path, source, metadata);
        }
        match metadata.is_file() {
            true => self.insert(path, Kind::File, source, metadata),
            false => self.notes.push(Note::Special { path: source }),
        }
        Ok(())
    }

    fn link(&mut self, path: TreePath, source: PathBuf, metadata: &Metadata) -> Result<()> {
        let target = match std::fs::read_link(&source) {
            Err(it) if it.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|cause| Error::Read {
                path: source.clone(),
                source: cause,
            })?,
        };
        let depth = self.open.len() - self.base - 1;
        // What leads nowhere cannot be followed: it travels as the link that it is.
        let followed = if stays_inside(depth, &target) {
            None
        } else {
            source.metadata().ok()
        };
        match followed {
            Some(followed) => self.follow(path, source, target, &followed),
            None => {
                if !self.rules.exclude(&path, false) {
                    let target = platform::bytes(target.as_os_str());
                    self.insert(path, Kind::Link { target }, source, metadata);
                }
                Ok(())
            }
        }
    }

    fn follow(&mut self, path: TreePath, source: PathBuf, target: PathBuf, metadata: &Metadata) -> Result<()> {
        if !self.rules.exclude(&path, metadata.is_dir()) {
            self.notes.push(Note::Followed {
                path: source.clone(),
                target,
            });
        }
        let base = std::mem::replace(&mut self.base, self.open.len());
        let done = self.plain(path, source, metadata);
        self.base = base;
        done
    }

    fn insert(&mut self, path: TreePath, kind: Kind, source: PathBuf, metadata: &Metadata) {
        let entry = Entry {
            kind,
            mode: platform::mode(metadata),
            stamp: platform::stamp(metadata),
            source,
        };
        self.tree.insert(path, entry);
    }
}

/// Whether a link that stands `depth` folders below the root points into the tree, by its text alone.
fn stays_inside(depth: usize, target: &Path) -> bool {
    let mut depth = depth;
    for component in target.components() {
        match component {
            Component::Prefix(_) | Component::RootDir => return false,
            Component::ParentDir if depth == 0 => return false,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
        }
    }
    true
}

/// A path below a folder.
pub(super) fn join(folder: &[u8], name: &[u8]) -> TreePath {
    if folder.is_empty() {
        return name.to_vec();
    }
    [folder, b"/", name].concat()
}

/// The folders above a path, the nearest first, the root last.
pub(super) fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, it)| **it == b'/')
        .map(|(at, _)| &path[..at]);
    slashes.chain((!path.is_empty()).then_some(&path[..0]))
}

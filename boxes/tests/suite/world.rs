//! A store in a temporary folder, and what a test does with it.

use std::fs;
use std::path::{Path, PathBuf};

use boxes::{Architecture, Cancel, Checksum, Error, Import, InstalledBox, Limits, Query, Result, Store, Version};

/// A store that is alone in the world.
pub struct World {
    folder: tempfile::TempDir,
    pub store: Store,
    pub limits: Limits,
}

/// What is imported, beyond the bytes.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub providers: &'a [&'a str],
    pub architecture: Option<&'a str>,
    pub force: bool,
    pub checksums: &'a [Checksum],
    pub metadata_url: Option<&'a str>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        let (name, version, providers, checksums) = ("a/b", "0", &[][..], &[][..]);
        Self {
            name,
            version,
            providers,
            architecture: None,
            force: false,
            checksums,
            metadata_url: None,
        }
    }
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("boxes"), vec![folder.path().join("vagrant")]);
        Self {
            folder,
            store,
            limits: Limits::default(),
        }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Imports bytes as `a/b` in version 0.
    pub fn import(&self, bytes: &[u8]) -> Result<InstalledBox> {
        self.import_as(bytes, Wish::default())
    }

    pub fn import_as(&self, mut bytes: &[u8], wish: Wish<'_>) -> Result<InstalledBox> {
        let providers: Vec<String> = wish.providers.iter().map(|it| it.to_string()).collect();
        let import = Import {
            name: wish.name,
            version: &Version::parse(wish.version).unwrap(),
            providers: &providers,
            architecture: wish.architecture,
            force: wish.force,
            checksums: wish.checksums,
            locked: None,
            metadata_url: wish.metadata_url,
            source: "x.box",
            limits: self.limits,
        };
        self.store.import(&mut bytes, &import, &|_| {}, &Cancel::new())
    }

    pub fn find(&self, name: &str, version: &str, providers: &[&str], architecture: &Architecture) -> Option<String> {
        let providers: Vec<String> = providers.iter().map(|it| it.to_string()).collect();
        let version = version.parse().unwrap();
        let found = self
            .store
            .find(&Query {
                name,
                version: &version,
                providers: &providers,
                architecture,
            })
            .unwrap();
        found.map(|it| self.show(&it))
    }

    /// `NAME VERSION PROVIDER ARCHITECTURE`.
    pub fn show(&self, it: &InstalledBox) -> String {
        let architecture = it.architecture.as_deref().unwrap_or("-");
        format!("{} {} {} {architecture}", it.name, it.version, it.provider)
    }

    pub fn list(&self) -> Vec<String> {
        self.store.list().unwrap().iter().map(|it| self.show(it)).collect()
    }

    /// Every file and folder of the world but the lock of the store.
    pub fn everything(&self) -> Vec<String> {
        let mut paths = Vec::new();
        walk(self.folder.path(), &mut paths);
        let shown = paths
            .iter()
            .map(|it| it.strip_prefix(self.folder.path()).unwrap().display().to_string());
        shown
            .filter(|it| !matches!(it.as_str(), "boxes" | "boxes/.jaunt" | "boxes/.jaunt/lock"))
            .collect()
    }
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        paths.push(path.clone());
        if path.is_dir() && !path.is_symlink() {
            walk(&path, paths);
        }
    }
}

/// An error with its causes, one a line.
pub fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(it) = cause {
        text = format!("{text}\n  {it}");
        cause = it.source();
    }
    text
}

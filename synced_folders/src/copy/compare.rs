//! The decision: from what host and guest have, what travels and what is removed. Pure.
//!
//! As with rsync's `--delete`, the guest ends with what the host has: what is only in the guest is removed, save for what the
//! rules leave out, for mounts, which nothing is copied into either, and for the folders above these. Where the guest's folder is a home or belongs to the system,
//! only copies of ours are removed, and the folder itself keeps its owner and mode.

use std::collections::HashSet;

use super::host::{Entry, Kind, Tree, TreePath, parents};
use super::listing::{GuestEntry, GuestKind, Listing};
use super::manifest::{Manifest, Record};
use crate::exclude::Rules;
use crate::{Error, Result};

/// What is to be done in the guest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// What is sent, a folder before what it holds.
    pub(super) send: Vec<TreePath>,
    /// Files of which host and guest look alike and still are not known to be equal: part of `send`.
    pub(super) unsure: HashSet<TreePath>,
    /// What is removed, with all below it.
    pub(super) delete: Vec<TreePath>,
}

/// Compares host and guest.
pub(super) fn compare(host: &Tree, guest: &Listing, manifest: &Manifest, rules: &Rules) -> Result<Changes> {
    let comparison = Comparison {
        host,
        guest,
        manifest,
        rules,
        shared: is_shared(guest),
    };
    let kept = comparison.kept();
    let mut changes = Changes {
        delete: comparison.superfluous(&kept)?,
        ..Changes::default()
    };
    for (path, entry) in host {
        match comparison.difference(path, entry) {
            Difference::None => continue,
            Difference::Unsure => _ = changes.unsure.insert(path.clone()),
            Difference::Plain => {}
        }
        changes.send.push(path.clone());
    }
    Ok(changes)
}

struct Comparison<'a> {
    host: &'a Tree,
    guest: &'a Listing,
    manifest: &'a Manifest,
    rules: &'a Rules,
    /// Whether the guest's folder holds more than the copy.
    shared: bool,
}

enum Difference {
    None,
    /// They look alike, but the host's file is not the one that was sent.
    Unsure,
    Plain,
}

impl Comparison<'_> {
    fn difference(&self, path: &[u8], entry: &Entry) -> Difference {
        if (path.is_empty() && self.shared) || self.is_in_mount(path) {
            return Difference::None;
        }
        let Some(there) = self.guest.entries.get(path) else {
            return Difference::Plain;
        };
        let is_owned = there.owner == self.guest.owner && there.mode == entry.mode;
        let same = match &entry.kind {
            // busybox's tar gives links to whoever unpacks, and whose a link is makes no difference to those who follow it.
            Kind::Link { target } => there.kind == GuestKind::Link && there.target.as_ref() == Some(target),
            Kind::Folder => is_owned && there.kind == GuestKind::Folder,
            Kind::File => is_owned && looks_like(there, entry.stamp.size, entry.stamp.seconds()),
        };
        match (same, self.manifest.get(path)) {
            (false, _) => Difference::Plain,
            (true, Some(Record::Unsure)) => Difference::Unsure,
            (true, Some(Record::File(sent))) if sent != entry.stamp => Difference::Unsure,
            (true, _) => Difference::None,
        }
    }

    /// What stays in the guest whatever the host has, and the folders above it.
    fn kept(&self) -> HashSet<&[u8]> {
        let mut excluded = HashSet::new();
        let mut kept = HashSet::new();
        for (path, there) in &self.guest.entries {
            if self.is_excluded(path, there, &excluded) {
                excluded.insert(&path[..]);
            } else if !self.is_mount(there) && !self.is_anothers(path, there) {
                continue;
            }
            kept.insert(&path[..]);
            kept.extend(parents(path));
        }
        kept
    }

    fn is_excluded(&self, path: &[u8], there: &GuestEntry, excluded: &HashSet<&[u8]>) -> bool {
        match parents(path).next() {
            Some(parent) => excluded.contains(parent) || self.rules.exclude(path, there.kind == GuestKind::Folder),
            None => false,
        }
    }

    /// Whether it is in a shared folder and no copy of ours.
    fn is_anothers(&self, path: &[u8], there: &GuestEntry) -> bool {
        self.shared && !self.host.contains_key(path) && !self.is_ours(path, there)
    }

    /// The topmost of what has to go.
    fn superfluous(&self, kept: &HashSet<&[u8]>) -> Result<Vec<TreePath>> {
        let mut delete: Vec<TreePath> = Vec::new();
        let mut gone: HashSet<&[u8]> = HashSet::new();
        for (path, there) in &self.guest.entries {
            if parents(path).any(|it| gone.contains(it)) {
                continue;
            }
            let goes = match self.host.get(path) {
                Some(entry) if same_kind(&entry.kind, there.kind) => false,
                Some(_) if there.kind == GuestKind::Folder && kept.contains(&path[..]) => {
                    return Err(self.occupied(path));
                }
                Some(_) => true,
                None => !path.is_empty() && !kept.contains(&path[..]),
            };
            if goes {
                gone.insert(path);
                delete.push(path.clone());
            }
        }
        Ok(delete)
    }

    fn is_mount(&self, there: &GuestEntry) -> bool {
        let root = self.guest.entries.get(&b""[..]);
        there.kind == GuestKind::Folder && root.is_some_and(|it| it.device != there.device)
    }

    fn is_in_mount(&self, path: &[u8]) -> bool {
        let is_mount = |it: &[u8]| self.guest.entries.get(it).is_some_and(|there| self.is_mount(there));
        is_mount(path) || parents(path).any(is_mount)
    }

    fn is_ours(&self, path: &[u8], there: &GuestEntry) -> bool {
        match self.manifest.get(path) {
            Some(Record::File(sent)) => looks_like(there, sent.size, sent.seconds()),
            Some(Record::Link) => there.kind == GuestKind::Link,
            Some(Record::Folder) => there.kind == GuestKind::Folder,
            Some(Record::Unsure) | None => false,
        }
    }

    fn occupied(&self, path: &[u8]) -> Error {
        let whole = [&self.guest.folder, &b"/"[..], path].concat();
        Error::Occupied {
            path: String::from_utf8_lossy(&whole).into_owned(),
        }
    }
}

fn same_kind(host: &Kind, guest: GuestKind) -> bool {
    matches!(
        (host, guest),
        (Kind::File, GuestKind::File) | (Kind::Folder, GuestKind::Folder) | (Kind::Link { .. }, GuestKind::Link)
    )
}

fn looks_like(there: &GuestEntry, size: u64, seconds: u64) -> bool {
    there.kind == GuestKind::File && there.size == size && u64::try_from(there.modified).is_ok_and(|it| it == seconds)
}

/// Whether the guest's folder holds more than a copy can know of: the home or what is above it, or the system's own.
fn is_shared(guest: &Listing) -> bool {
    const SYSTEM: [&str; 24] = [
        "/",
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/home",
        "/lib",
        "/lib64",
        "/media",
        "/mnt",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/sbin",
        "/srv",
        "/sys",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/local",
        "/var",
        "/var/lib",
    ];
    let folder = &guest.folder[..];
    let above_home = guest
        .home
        .strip_prefix(folder)
        .is_some_and(|it| it.is_empty() || it.starts_with(b"/"));
    above_home || SYSTEM.iter().any(|it| it.as_bytes() == folder)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use expect_test::{Expect, expect};

    use super::super::host::Stamp;
    use super::*;

    const FILE: u64 = 1;
    const FOLDER: u64 = 2;

    fn host(paths: &[(&str, u64)]) -> Tree {
        let entry = |kind: u64| Entry {
            kind: if kind == FOLDER { Kind::Folder } else { Kind::File },
            mode: 0o755,
            stamp: Stamp {
                size: 1,
                modified: (5, 0),
                changed: (5, 0),
            },
            source: "/host".into(),
        };
        paths
            .iter()
            .map(|(path, kind)| (path.as_bytes().to_vec(), entry(*kind)))
            .collect()
    }

    /// Paths, kinds and devices.
    fn guest(folder: &str, paths: &[(&str, u64, u64)]) -> Listing {
        let entry = |kind: u64, device: u64| GuestEntry {
            device,
            kind: if kind == FOLDER {
                GuestKind::Folder
            } else {
                GuestKind::File
            },
            mode: 0o755,
            size: 1,
            modified: 5,
            owner: (0, 0),
            target: None,
        };
        let entries: BTreeMap<_, _> = paths
            .iter()
            .map(|it| (it.0.as_bytes().to_vec(), entry(it.1, it.2)))
            .collect();
        Listing {
            folder: folder.into(),
            owner: (0, 0),
            home: "/home/vagrant".into(),
            entries,
        }
    }

    fn check(host: &Tree, guest: &Listing, sent_before: &Tree, expected: Expect) {
        let mut manifest = Manifest::default();
        manifest.complete(sent_before, &HashSet::new());
        let text = match compare(host, guest, &manifest, &Rules::new(["*.log"])) {
            Ok(changes) => {
                let paths = |it: &[TreePath]| {
                    it.iter()
                        .map(|it| String::from_utf8_lossy(it).into_owned())
                        .collect::<Vec<_>>()
                };
                format!("send {:?}, delete {:?}", paths(&changes.send), paths(&changes.delete))
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn a_mount_in_the_guest_is_neither_removed_nor_filled() {
        check(
            &host(&[("", FOLDER), ("both", FOLDER), ("both/file", FILE)]),
            &guest(
                "/v",
                &[
                    ("", FOLDER, 1),
                    ("both", FOLDER, 2),
                    ("a", FOLDER, 1),
                    ("a/mount", FOLDER, 2),
                    ("a/x", FILE, 1),
                ],
            ),
            &Tree::new(),
            expect![[r#"send [], delete ["a/x"]"#]],
        );
    }

    #[test]
    fn in_a_home_only_copies_of_ours_are_removed() {
        let sent = host(&[("", FOLDER), ("ours", FILE), ("dir", FOLDER), ("dir/ours", FILE)]);
        let there = [
            ("", FOLDER, 1),
            (".ssh", FOLDER, 1),
            (".ssh/authorized_keys", FILE, 1),
            ("ours", FILE, 1),
            ("dir", FOLDER, 1),
            ("dir/ours", FILE, 1),
            ("dir/theirs", FILE, 1),
        ];
        check(
            &host(&[("", FOLDER), ("new", FILE)]),
            &guest("/home/vagrant", &there),
            &sent,
            expect![[r#"send ["new"], delete ["dir/ours", "ours"]"#]],
        );
    }

    #[test]
    fn a_folder_with_excluded_files_does_not_make_way_for_a_file() {
        check(
            &host(&[("", FOLDER), ("x", FILE)]),
            &guest("/v", &[("", FOLDER, 1), ("x", FOLDER, 1), ("x/a.log", FILE, 1)]),
            &Tree::new(),
            expect![
                "/v/x in the guest is a folder with excluded files or a mount in it: it cannot make way for what the host has there"
            ],
        );
    }
}

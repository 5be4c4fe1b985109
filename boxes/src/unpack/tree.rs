//! The folder that a box is unpacked into: nothing is written outside, whatever the entries are called.
//!
//! **Invariant:** while entries are written, the folder has no symbolic link, so no path can lead through one. Links are made
//! at the end, each after its way was followed in memory.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::holes::{CopyError, HoleWriter};
use super::limits::Meter;
use crate::record;
use crate::refusal::Refusal;
use crate::{Error, Result, metadata};

/// No path of a box is longer, and none deeper.
const LONGEST_NAME: usize = 1024;
const DEEPEST: usize = 32;
/// Links that lead to links, before it is taken for a circle.
const MOST_LINKS: usize = 40;

/// A folder being filled, and what is in it so far.
pub(super) struct Tree<'a> {
    root: PathBuf,
    nodes: BTreeMap<String, Node>,
    meter: Meter<'a>,
    /// What reading is about, for an archive that breaks off.
    what: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Folder,
    File,
    Link(String),
}

/// The contents of a file as an archive has them.
pub(super) struct Contents<'a> {
    /// The bytes of the pieces, one after the other.
    pub(super) reader: &'a mut dyn Read,
    /// Where each piece belongs, and how long it is; `None` where there are no holes.
    pub(super) pieces: Option<Vec<(u64, u64)>>,
    /// How long the file is.
    pub(super) size: u64,
}

impl<'a> Tree<'a> {
    /// A tree in an empty folder.
    pub(super) fn new(root: &Path, what: &str, meter: Meter<'a>) -> Self {
        Self {
            root: root.to_owned(),
            nodes: BTreeMap::new(),
            meter,
            what: what.to_owned(),
        }
    }

    /// A folder and those above it. A folder that is there already is no error.
    pub(super) fn add_folder(&mut self, name: &[u8]) -> Result<()> {
        let path = self.entry(name)?;
        if path.is_empty() {
            return Ok(());
        }
        match self.nodes.get(&path) {
            Some(Node::Folder) => Ok(()),
            Some(_) => Err(refused(&path, Refusal::DuplicateName)),
            None => self.make_folders(&path),
        }
    }

    /// A file with what it holds.
    pub(super) fn add_file(&mut self, name: &[u8], mode: u32, contents: Contents<'_>) -> Result<()> {
        let path = self.new_entry(name)?;
        check_size(&path, contents.size)?;
        let file = self.create(&path)?;
        let file = self.fill(&path, file, contents)?;
        set_mode(&file, mode).map_err(Error::file("set the mode of", self.root.join(&path)))?;
        self.nodes.insert(path, Node::File);
        Ok(())
    }

    /// A file that is all of a stream, of a name that is known to be good.
    pub(super) fn add_stream(&mut self, name: &str, source: &mut dyn Read) -> Result<()> {
        let path = self.new_entry(name.as_bytes())?;
        let mut writer = HoleWriter::new(self.create(&path)?);
        writer
            .copy(source, &mut self.meter)
            .map_err(|error| self.copy_error(&path, error))?;
        writer.finish().map_err(Error::file("write", self.root.join(&path)))?;
        self.nodes.insert(path, Node::File);
        Ok(())
    }

    /// A link, which is made when all is there.
    pub(super) fn add_symbolic_link(&mut self, name: &[u8], target: &[u8]) -> Result<()> {
        let path = self.new_entry(name)?;
        let target = text(target).map_err(|reason| refused(&path, reason))?;
        if is_absolute(&target) {
            return Err(refused(&path, Refusal::LinkLeavesFolder));
        }
        self.nodes.insert(path, Node::Link(target));
        Ok(())
    }

    /// Another name of a file that came before.
    pub(super) fn add_hard_link(&mut self, name: &[u8], target: &[u8]) -> Result<()> {
        let path = self.new_entry(name)?;
        let target = normalized(target).map_err(|reason| match reason {
            Refusal::AbsoluteName | Refusal::NameLeavesFolder => refused(&path, Refusal::LinkLeavesFolder),
            other => refused(&path, other),
        })?;
        if self.nodes.get(&target) != Some(&Node::File) {
            return Err(refused(&path, Refusal::LinkToNothing));
        }
        fs::hard_link(self.root.join(&target), self.root.join(&path))
            .map_err(Error::file("write", self.root.join(&path)))?;
        self.nodes.insert(path, Node::File);
        Ok(())
    }

    /// Makes the links.
    pub(super) fn finish(self) -> Result<()> {
        for (path, node) in &self.nodes {
            if let Node::Link(target) = node {
                self.follow(path).map_err(|reason| refused(path, reason))?;
                symbolic_link(target, &self.root.join(path)).map_err(Error::file("write", self.root.join(path)))?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, name: &[u8]) -> Result<String> {
        self.meter.entry(&printable(name))?;
        normalized(name).map_err(|reason| refused(&printable(name), reason))
    }

    /// An entry that was not there, in a folder that is there now.
    fn new_entry(&mut self, name: &[u8]) -> Result<String> {
        let path = self.entry(name)?;
        if path.is_empty() {
            return Err(refused(&printable(name), Refusal::NameUnusable("it has none")));
        }
        if path == record::FILE_NAME {
            return Err(refused(&path, Refusal::NameUnusable("Jaunt keeps its own notes there")));
        }
        if self.nodes.contains_key(&path) {
            return Err(refused(&path, Refusal::DuplicateName));
        }
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.make_folders(folder)?;
        }
        Ok(path)
    }

    fn make_folders(&mut self, path: &str) -> Result<()> {
        let ends = path.match_indices('/').map(|(index, _)| index).chain([path.len()]);
        for folder in ends.map(|end| &path[..end]) {
            match self.nodes.get(folder) {
                Some(Node::Folder) => {}
                Some(_) => return Err(refused(path, Refusal::BelowNoFolder)),
                None => {
                    let place = self.root.join(folder);
                    fs::create_dir(&place).map_err(|error| clash(folder, &place, error))?;
                    self.nodes.insert(folder.to_owned(), Node::Folder);
                }
            }
        }
        Ok(())
    }

    fn create(&self, path: &str) -> Result<File> {
        let place = self.root.join(path);
        File::create_new(&place).map_err(|error| clash(path, &place, error))
    }

    fn fill(&mut self, path: &str, file: File, contents: Contents<'_>) -> Result<File> {
        let mut writer = HoleWriter::new(file);
        let pieces = contents.pieces.unwrap_or_else(|| vec![(0, contents.size)]);
        let mut end = 0;
        for (offset, length) in pieces {
            if offset < end || offset.checked_add(length).is_none_or(|it| it > contents.size) {
                return Err(refused(path, Refusal::SparseMap));
            }
            self.meter.holes(offset - end)?;
            writer.skip_to(offset);
            let copied = writer.copy(&mut contents.reader.take(length), &mut self.meter);
            if copied.map_err(|error| self.copy_error(path, error))? != length {
                let early = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Err(Error::Damaged {
                    what: self.what.clone(),
                    source: early,
                });
            }
            end = offset + length;
        }
        self.meter.holes(contents.size - end)?;
        writer.skip_to(contents.size);
        writer.finish().map_err(Error::file("write", self.root.join(path)))
    }

    fn copy_error(&self, path: &str, error: CopyError) -> Error {
        match error {
            CopyError::Read(source) => Error::Damaged {
                what: self.what.clone(),
                source,
            },
            CopyError::Write(source) => Error::File {
                action: "write",
                path: self.root.join(path),
                source,
            },
            CopyError::Stop(error) => error,
        }
    }

    /// Where a link leads, step by step over the links on its way.
    fn follow(&self, link: &str) -> Result<String, Refusal> {
        let mut place: Vec<String> = Vec::new();
        let mut ahead: Vec<String> = link.split('/').rev().map(str::to_owned).collect();
        let mut links = 0;
        while let Some(step) = ahead.pop() {
            match step.as_str() {
                "" | "." => continue,
                ".." => {
                    place.pop().ok_or(Refusal::LinkLeavesFolder)?;
                    continue;
                }
                _ => place.push(step),
            }
            match self.nodes.get(&place.join("/")) {
                None => return Err(Refusal::LinkToNothing),
                Some(Node::File) if !ahead.is_empty() => return Err(Refusal::LinkToNothing),
                Some(Node::File | Node::Folder) => {}
                Some(Node::Link(target)) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(Refusal::LinkToNothing);
                    }
                    place.pop();
                    ahead.extend(target.split('/').rev().map(str::to_owned));
                }
            }
        }
        Ok(place.join("/"))
    }
}

/// Files that are read whole are small.
fn check_size(path: &str, size: u64) -> Result<()> {
    let most = match path {
        "Vagrantfile" | "info.json" | metadata::FILE_NAME => metadata::LARGEST,
        it if it.ends_with(".ovf") || it.ends_with(".vmx") => crate::hardware::LARGEST,
        _ => return Ok(()),
    };
    if size <= most {
        Ok(())
    } else {
        Err(refused(path, Refusal::TooLarge(most)))
    }
}

/// The path of an entry inside the folder: no leading dot, no doubled slash, and never outside. Empty for the folder itself.
///
/// A backslash separates as well: boxes made on Windows have them, and Vagrant turns them.
fn normalized(name: &[u8]) -> Result<String, Refusal> {
    let name = text(name)?;
    if is_absolute(&name) {
        return Err(Refusal::AbsoluteName);
    }
    let steps: Vec<&str> = name.split('/').filter(|it| !matches!(*it, "" | ".")).collect();
    if steps.contains(&"..") {
        return Err(Refusal::NameLeavesFolder);
    }
    if steps.len() > DEEPEST {
        return Err(Refusal::NameUnusable("it is too deep"));
    }
    Ok(steps.join("/"))
}

fn text(name: &[u8]) -> Result<String, Refusal> {
    let name = str::from_utf8(name).map_err(|_| Refusal::NameUnusable("it is not UTF-8"))?;
    match name {
        it if it.len() > LONGEST_NAME => Err(Refusal::NameUnusable("it is too long")),
        it if it.contains(char::is_control) => Err(Refusal::NameUnusable("it has control characters")),
        it => Ok(it.replace('\\', "/")),
    }
}

fn is_absolute(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.starts_with(|it: char| it.is_ascii_alphabetic());
    name.starts_with('/') || drive
}

/// A name for messages; a terminal does nothing with it but show it.
pub(super) fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name)
        .chars()
        .take(200)
        .flat_map(char::escape_debug)
        .collect()
}

fn refused(entry: &str, reason: Refusal) -> Error {
    Error::Refused {
        entry: entry.to_owned(),
        reason,
    }
}

/// The name was new to us, but not to a file system that takes two spellings for one.
fn clash(entry: &str, place: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => refused(entry, Refusal::DuplicateName),
        _ => Error::file("write", place)(error),
    }
}

/// What the owner may, others may read: no set-id bits, nothing that others may write, always readable to us.
#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode((mode & 0o755) | 0o600))
}

#[cfg(not(unix))]
fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn symbolic_link(target: &str, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(windows)]
fn symbolic_link(target: &str, place: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, place)
}

//! The host as one Vagrantfile sees it: what it changed without permission is kept in memory and read back from there.

use super::{Act, Change, Command, Decision, Host, Metadata, Output};
use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A [`Host`] with an overlay of the writes that it did not allow, and of the environment as the files changed it.
pub struct World {
    /// The host itself, for what needs no overlay.
    pub host: Box<dyn Host>,
    overlay: BTreeMap<PathBuf, Overlay>,
    environment: Vec<(String, String)>,
    directory: PathBuf,
}

/// What the overlay says of a path.
#[derive(Debug, Clone)]
enum Overlay {
    File(Vec<u8>),
    Folder,
    Gone,
}

/// Why an act did not happen.
#[derive(Debug)]
pub enum Refusal {
    /// The host does not allow it; the text is what to do.
    NotTrusted(String),
    /// It was tried and failed.
    Failed(io::Error),
}

impl World {
    /// The world around a fresh session.
    pub fn new(host: Box<dyn Host>) -> Self {
        let (environment, directory) = (host.environment(), host.working_directory());
        Self {
            host,
            overlay: BTreeMap::new(),
            environment,
            directory,
        }
    }

    /// The environment variables, as the files changed them.
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// One environment variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets or removes an environment variable, for this session alone.
    pub fn set_variable(&mut self, name: &str, value: Option<&str>) {
        match (self.environment.iter().position(|(key, _)| key == name), value) {
            (Some(index), Some(value)) => self.environment[index].1 = value.to_owned(),
            (Some(index), None) => drop(self.environment.remove(index)),
            (None, Some(value)) => self.environment.push((name.to_owned(), value.to_owned())),
            (None, None) => {}
        }
    }

    /// The folder that relative paths start from.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Changes the folder that relative paths start from.
    pub fn set_directory(&mut self, path: &Path) {
        self.directory = self.absolute(path);
    }

    /// The path with the working folder before it, and without `.` and `..`.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        clean(&self.directory.join(path))
    }

    /// The content of a file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = self.absolute(path);
        match self.overlay.get(&path) {
            Some(Overlay::File(content)) => Ok(content.clone()),
            Some(Overlay::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            Some(Overlay::Gone) => Err(io::ErrorKind::NotFound.into()),
            None if self.below_removed(&path) => Err(io::ErrorKind::NotFound.into()),
            None => self.host.read(&path),
        }
    }

    /// What stands at a path.
    pub fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let path = self.absolute(path);
        let (is_directory, size) = match self.overlay.get(&path) {
            Some(Overlay::File(content)) => (false, content.len() as u64),
            Some(Overlay::Folder) => (true, 0),
            Some(Overlay::Gone) => return Err(io::ErrorKind::NotFound.into()),
            None if self.below_removed(&path) => return Err(io::ErrorKind::NotFound.into()),
            None => return self.host.metadata(&path),
        };
        Ok(Metadata {
            is_directory,
            size,
            mode: if is_directory { 0o755 } else { 0o644 },
            modified: self.host.now().seconds,
        })
    }

    /// The names in a folder, sorted.
    pub fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let path = self.absolute(path);
        let made_here = matches!(self.overlay.get(&path), Some(Overlay::Folder));
        let mut names = match self.host.list(&path) {
            Ok(names) => names,
            Err(_) if made_here => Vec::new(),
            Err(error) => return Err(error),
        };
        for (changed, overlay) in &self.overlay {
            let (Some(parent), Some(name)) = (changed.parent(), changed.file_name()) else {
                continue;
            };
            if parent == path {
                let name = name.to_string_lossy().into_owned();
                names.retain(|it| *it != name);
                if !matches!(overlay, Overlay::Gone) {
                    names.push(name);
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// The path with its links resolved.
    pub fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let path = self.absolute(path);
        if self.overlay.contains_key(&path) {
            self.metadata(&path).map(|_| path)
        } else {
            self.host.canonical(&path)
        }
    }

    /// Runs a command where the host allows it.
    pub fn run(&mut self, command: Command) -> Result<Output, Refusal> {
        match self.host.decide(&Act::Run(command.clone())) {
            Decision::Refuse(advice) => Err(Refusal::NotTrusted(advice)),
            Decision::Allow => self.host.run(&command).map_err(Refusal::Failed),
        }
    }

    /// Fetches what a URL names where the host allows it.
    pub fn fetch(&mut self, url: &str) -> Result<Vec<u8>, Refusal> {
        match self.host.decide(&Act::Connect(url.to_owned())) {
            Decision::Refuse(advice) => Err(Refusal::NotTrusted(advice)),
            Decision::Allow => self.host.fetch(url).map_err(Refusal::Failed),
        }
    }

    /// Changes a file where the host allows it, else the picture that this session has of it.
    pub fn change(&mut self, change: Change) -> io::Result<()> {
        match self.host.decide(&Act::Write(change.path().to_owned())) {
            Decision::Allow => self.host.change(&change),
            Decision::Refuse(_) => self.keep(change),
        }
    }

    fn keep(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Write(path, content) => {
                let parent = path.parent().unwrap_or(Path::new("/"));
                if !self.metadata(parent)?.is_directory {
                    return Err(io::ErrorKind::NotADirectory.into());
                }
                self.overlay.insert(path, Overlay::File(content));
            }
            Change::CreateFolder(path) => {
                for folder in path.ancestors() {
                    if self.metadata(folder).is_err() {
                        self.overlay.insert(folder.to_owned(), Overlay::Folder);
                    }
                }
            }
            Change::Remove(path) => {
                self.metadata(&path)?;
                self.overlay.retain(|it, _| !it.starts_with(&path));
                self.overlay.insert(path, Overlay::Gone);
            }
            Change::Link(target, path) => {
                let content = self
                    .read(&path.parent().unwrap_or(Path::new("/")).join(target))
                    .unwrap_or_default();
                self.overlay.insert(path, Overlay::File(content));
            }
            Change::Mode(path, _) => drop(self.metadata(&path)?),
        }
        Ok(())
    }

    fn below_removed(&self, path: &Path) -> bool {
        path.ancestors()
            .skip(1)
            .any(|it| matches!(self.overlay.get(it), Some(Overlay::Gone)))
    }
}

/// The path without `.` and `..`; it may not exist, so links are left alone.
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    clean
}

//! The boxes on disk, in Vagrant's own layout: `NAME/VERSION/[ARCHITECTURE/]PROVIDER/`.
//!
//! One folder belongs to the store; others, such as Vagrant's, are read in place and never written.
//!
//! **Invariant:** a box is in the store whole or not at all. It is unpacked in a folder of its own on the same file system and
//! moved by one rename, under the store's lock; what a killed import leaves is swept by the next.

mod generations;
mod removal;
mod staging;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use generations::Generations;
pub use removal::Removal;
pub(crate) use staging::Staging;

use crate::architecture::Architecture;
use crate::disk::{self, CheckedDisk};
use crate::hardware::{self, Hardware};
use crate::metadata::{self, Metadata};
use crate::record::Record;
use crate::version::{Version, VersionConstraints};
use crate::{Error, Result, name};

/// Where Vagrant keeps the address of a box's catalog, in the folder of the box's name.
const METADATA_URL: &str = "metadata_url";
/// The version of boxes from before there were any.
const NO_VERSION: &str = "0";

/// The boxes that are installed.
#[derive(Debug, Clone)]
pub struct Store {
    home: PathBuf,
    further: Vec<PathBuf>,
}

/// A box in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledBox {
    /// Its name: `debian/12`.
    pub name: String,
    /// Its version; `0` for one that was added from a file.
    pub version: Version,
    /// The provider it is for.
    pub provider: String,
    /// Its architecture in Vagrant's words, where its place in the store says it.
    pub architecture: Option<String>,
    /// Where its files are.
    pub directory: PathBuf,
    /// The catalog that it came from.
    pub metadata_url: Option<String>,
}

/// Which box is looked for.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// The box's name.
    pub name: &'a str,
    /// What its version must satisfy.
    pub version: &'a VersionConstraints,
    /// The providers it may be for, the preferred one first.
    pub providers: &'a [String],
    /// The architecture it must have.
    pub architecture: &'a Architecture,
}

impl Store {
    /// A store in a folder, which need not exist, and folders of other programs that are read too.
    pub fn new(home: impl Into<PathBuf>, further: Vec<PathBuf>) -> Self {
        let home = home.into();
        let further = further.into_iter().filter(|it| *it != home).collect();
        Self { home, further }
    }

    /// All boxes, ordered by name, provider, version and architecture. What is no box is passed over.
    pub fn list(&self) -> Result<Vec<InstalledBox>> {
        let mut boxes = Vec::new();
        for folder in self.folders() {
            for (folder, name) in folders_in(folder)? {
                boxes.extend(boxes_of(&folder, &name::from_folder(&name))?);
            }
        }
        let key = |it: &InstalledBox| {
            (
                it.name.clone(),
                it.provider.clone(),
                it.version.clone(),
                it.architecture.clone(),
            )
        };
        boxes.sort_by_key(key);
        // A box that two folders have is the one of the first, since the sort keeps their order.
        boxes.dedup_by(|one, other| one.is_same_as(other));
        Ok(boxes)
    }

    /// The newest box that a query allows; of one version, the one for the provider that comes first.
    pub fn find(&self, query: &Query<'_>) -> Result<Option<InstalledBox>> {
        let candidates = self
            .named(query.name)?
            .into_iter()
            .filter(|it| query.version.allow(&it.version));
        let ranked = candidates.filter_map(|it| {
            let provider = query.providers.iter().position(|provider| *provider == it.provider)?;
            // A box that is installed was once taken, so there is no catalog's mark to ask for any more.
            let architecture = query.architecture.rank(it.architecture.as_deref(), true)?;
            Some((std::cmp::Reverse(it.version.clone()), provider, architecture, it))
        });
        let best = ranked.min_by(|left, right| (&left.0, left.1, left.2).cmp(&(&right.0, right.1, right.2)));
        Ok(best.map(|(.., it)| it))
    }

    /// All boxes of one name.
    pub fn named(&self, name: &str) -> Result<Vec<InstalledBox>> {
        let folder_name = name::folder(name)?;
        let mut boxes: Vec<InstalledBox> = Vec::new();
        for folder in self.folders() {
            for it in boxes_of(&folder.join(&folder_name), name)? {
                if !boxes.iter().any(|other| other.is_same_as(&it)) {
                    boxes.push(it);
                }
            }
        }
        Ok(boxes)
    }

    /// Which boxes are to be removed. Nothing is removed: some may be in use, which only the caller knows.
    pub fn select_for_removal(&self, removal: &Removal<'_>) -> Result<Vec<InstalledBox>> {
        removal.select(self.named(removal.name)?)
    }

    /// Removes a box, and the folders that are empty without it.
    pub fn remove(&self, installed: &InstalledBox) -> Result<()> {
        if !installed.directory.starts_with(&self.home) {
            let InstalledBox { name, directory, .. } = installed.clone();
            return Err(Error::RemoveForeign { name, directory });
        }
        let staging = Staging::new(&self.home)?;
        let _lock = staging::lock(&self.home)?;
        match fs::rename(&installed.directory, staging.folder().join("removed")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other.map_err(Error::file("remove", &installed.directory))?,
        }
        self.sweep_folders(installed)
    }

    /// Puts an unpacked box in its place.
    pub(crate) fn place(&self, staging: &Staging, placement: &Placement<'_>) -> Result<InstalledBox> {
        let Placement {
            name,
            version,
            architecture,
            metadata,
            force,
            metadata_url,
        } = *placement;
        let box_folder = self.home.join(name::folder(name)?);
        let mut parent = box_folder.join(version.as_str());
        parent.extend(architecture);
        let directory = parent.join(&metadata.provider);
        let _lock = staging::lock(&self.home)?;
        fs::create_dir_all(&parent).map_err(Error::file("create", &parent))?;
        if directory.exists() {
            if !force {
                return Err(placement.already_exists());
            }
            let old = staging.folder().join("replaced");
            fs::rename(&directory, old).map_err(Error::file("replace", &directory))?;
        }
        fs::rename(staging.contents(), &directory).map_err(Error::file("write", &directory))?;
        if let Some(url) = metadata_url {
            write_whole(&box_folder.join(METADATA_URL), url, staging.folder())?;
        }
        Ok(InstalledBox {
            name: name.to_owned(),
            version: version.clone(),
            provider: metadata.provider.clone(),
            architecture: architecture.map(str::to_owned),
            directory,
            metadata_url: metadata_url.map(str::to_owned),
        })
    }

    /// The folder that new boxes go to.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.home].into_iter().chain(&self.further)
    }

    fn sweep_folders(&self, installed: &InstalledBox) -> Result<()> {
        let box_folder = self.home.join(name::folder(&installed.name)?);
        let mut folder = installed.directory.parent();
        // `remove_dir` leaves what is not empty, and so ends the way up.
        while let Some(it) = folder.filter(|it| it.starts_with(&box_folder)) {
            if it == box_folder && boxes_of(it, &installed.name)?.is_empty() {
                let _ = fs::remove_file(it.join(METADATA_URL));
            }
            if fs::remove_dir(it).is_err() {
                break;
            }
            folder = it.parent();
        }
        Ok(())
    }
}

/// Where an unpacked box belongs.
pub(crate) struct Placement<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a Version,
    pub(crate) architecture: Option<&'a str>,
    pub(crate) metadata: &'a Metadata,
    pub(crate) force: bool,
    pub(crate) metadata_url: Option<&'a str>,
}

impl Placement<'_> {
    fn already_exists(&self) -> Error {
        Error::AlreadyExists {
            name: self.name.to_owned(),
            version: self.version.to_string(),
            provider: self.metadata.provider.clone(),
            architecture: self.architecture.map(str::to_owned),
        }
    }
}

impl InstalledBox {
    /// What the box says of itself.
    pub fn metadata(&self) -> Result<Metadata> {
        Metadata::read(&self.directory)
    }

    /// The Vagrantfile that the box brings; it is loaded before all others.
    pub fn vagrantfile(&self) -> Option<PathBuf> {
        Some(self.directory.join("Vagrantfile")).filter(|it| it.is_file())
    }

    /// What its maker wants known of it: `info.json`, which `box list -i` shows. What is no JSON object tells nothing.
    pub fn info(&self) -> Map<String, Value> {
        let json = fs::read(self.directory.join("info.json")).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }

    /// Where it came from; `None` for a box that another program installed.
    pub fn record(&self) -> Option<Record> {
        Record::read(&self.directory)
    }

    /// The machine that it was, as far as it says.
    pub fn hardware(&self) -> Result<Hardware> {
        hardware::read(&self.directory, &self.metadata()?)
    }

    /// The disk that a machine boots from.
    pub fn disk(&self) -> Result<CheckedDisk> {
        self.disks().map(|mut disks| disks.swap_remove(0))
    }

    /// All of its disks, the one that a machine boots from first; there is at least one.
    ///
    /// They are checked every time, since boxes of other programs were never imported here.
    pub fn disks(&self) -> Result<Vec<CheckedDisk>> {
        let metadata = self.metadata()?;
        let files = self.disk_files(&metadata)?;
        files.iter().map(|it| disk::check(&self.directory, it)).collect()
    }

    /// The files of its disks: those that it lists, else those of its hardware, else what such boxes always have.
    fn disk_files(&self, metadata: &Metadata) -> Result<Vec<String>> {
        let listed = metadata
            .all
            .get("disks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let listed = listed
            .filter_map(|it| it.get("path")?.as_str())
            .map(str::to_owned)
            .collect();
        for files in [
            listed,
            hardware::read(&self.directory, metadata)?.disks,
            self.usual_disk()?,
        ] {
            if !files.is_empty() {
                return Ok(files);
            }
        }
        let InstalledBox { name, provider, .. } = self.clone();
        let reason = "it lists none, has no box.img, and not exactly one other disk image".to_owned();
        Err(Error::DiskMissing { name, provider, reason })
    }

    fn usual_disk(&self) -> Result<Vec<String>> {
        const NAME: &str = "box.img";
        match self.directory.join(NAME).is_file() {
            true => Ok(vec![NAME.to_owned()]),
            false => disk::only_image(&self.directory),
        }
    }

    fn is_same_as(&self, other: &Self) -> bool {
        // By their texts: 1 and 1.0 are equal, but two boxes.
        (&self.name, self.version.as_str(), &self.provider, &self.architecture)
            == (
                &other.name,
                other.version.as_str(),
                &other.provider,
                &other.architecture,
            )
    }
}

/// All boxes below the folder of one name.
fn boxes_of(folder: &Path, name: &str) -> Result<Vec<InstalledBox>> {
    let metadata_url = fs::read_to_string(folder.join(METADATA_URL))
        .ok()
        .map(|it| it.trim().to_owned());
    let mut boxes = Vec::new();
    let mut found = |version: &Version, architecture: Option<&str>, provider: &str, directory: PathBuf| {
        boxes.push(InstalledBox {
            name: name.to_owned(),
            version: version.clone(),
            provider: provider.to_owned(),
            architecture: architecture.map(str::to_owned),
            directory,
            metadata_url: metadata_url.clone(),
        });
    };
    for (version_folder, version) in folders_in(folder)? {
        // Vagrant before 1.5 knew no versions: the provider's folder comes at once.
        if is_box(&version_folder) {
            found(&no_version()?, None, &version, version_folder);
            continue;
        }
        let Some(version) = Version::parse(&version) else {
            continue;
        };
        for (middle_folder, middle) in folders_in(&version_folder)? {
            if is_box(&middle_folder) {
                found(&version, None, &middle, middle_folder);
                continue;
            }
            for (directory, provider) in folders_in(&middle_folder)? {
                if is_box(&directory) {
                    found(&version, Some(&middle), &provider, directory);
                }
            }
        }
    }
    Ok(boxes)
}

fn is_box(folder: &Path) -> bool {
    folder.join(metadata::FILE_NAME).is_file()
}

fn no_version() -> Result<Version> {
    Version::parse(NO_VERSION).ok_or_else(|| Error::VersionInvalid {
        text: NO_VERSION.to_owned(),
    })
}

/// The folders in a folder with their names, in order; those that start with a dot and those that are no UTF-8 are none of
/// Vagrant's. A folder that does not exist is empty.
fn folders_in(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        other => other.map_err(Error::file("read", folder))?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::file("read", folder))?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
            && entry.path().is_dir()
        {
            folders.push((entry.path(), name));
        }
    }
    folders.sort();
    Ok(folders)
}

/// Writes a file beside its readers: under another name first, then renamed.
fn write_whole(path: &Path, text: &str, folder: &Path) -> Result<()> {
    let temporary = folder.join(METADATA_URL);
    fs::write(&temporary, text)
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(Error::file("write", path))
}

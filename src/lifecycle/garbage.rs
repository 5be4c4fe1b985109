//! `gc`: what no project owns any more, and what becomes of it.
//!
//! It goes by what this user's home notes: claims, the index, sockets and downloads. A project is never searched for.
//!
//! **Invariant:** what a command works on, and a machine that runs in a folder that is still there, is never removed.

use std::fs::{self, File};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use providers::{MachineId, State};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::machine::open_provider;
use crate::project::{IndexedMachine, Standing, Survey};
use crate::state::claims::{Claims, Given};
use crate::state::index::MachineIndex;
use crate::state::journal;
use crate::state::lock::MachineLock;
use crate::state::machine_folder::MachineFolder;
use crate::state::{remove_if_there, unfinished};

/// Something that no project owns any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// What it is.
    pub kind: Kind,
    /// Where it is, or was.
    pub path: PathBuf,
    /// Why it may not be removed now; `None` where it may.
    pub in_use: Option<String>,
}

/// What it is that nobody owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A machine whose folder was removed, or moved far away without a word; it may still run.
    LostMachine(Uuid),
    /// A machine whose project was moved.
    MovedMachine,
    /// A machine whose project has no Vagrantfile any more.
    AbandonedMachine(Uuid),
    /// A machine that its project's Vagrantfile does not define any more; another day, with other variables, it may.
    UndefinedMachine,
    /// Disks and files that a machine left whose identity is gone.
    Overlay(Uuid),
    /// An entry of the index without a machine.
    IndexEntry(String),
    /// A socket that nobody listens on.
    Socket,
    /// A download that was broken off.
    Download,
    /// A box file, or what was to become one, that a killed command was making.
    UnfinishedBox,
}

impl Garbage {
    /// What people read of it.
    pub fn title(&self) -> &'static str {
        match self.kind {
            Kind::LostMachine(_) => "machine whose folder is gone, or was moved",
            Kind::MovedMachine => "machine whose project was moved",
            Kind::AbandonedMachine(_) => "machine whose Vagrantfile is gone",
            Kind::UndefinedMachine => "machine that its Vagrantfile does not define any more",
            Kind::Overlay(_) => "disk without a machine",
            Kind::IndexEntry(_) => "entry of the index without a machine",
            Kind::Socket => "socket that nobody listens on",
            Kind::Download => "download that was broken off",
            Kind::UnfinishedBox => "box file that was broken off",
        }
    }

    /// What programs read of it.
    pub fn word(&self) -> &'static str {
        match self.kind {
            Kind::LostMachine(_) => "lost_machine",
            Kind::MovedMachine => "moved_machine",
            Kind::AbandonedMachine(_) => "abandoned_machine",
            Kind::UndefinedMachine => "undefined_machine",
            Kind::Overlay(_) => "overlay",
            Kind::IndexEntry(_) => "index_entry",
            Kind::Socket => "socket",
            Kind::Download => "download",
            Kind::UnfinishedBox => "unfinished_box",
        }
    }

    fn new(kind: Kind, path: PathBuf) -> Self {
        Self {
            kind,
            path,
            in_use: None,
        }
    }
}

/// All that nobody owns.
pub async fn find(context: &Context) -> Result<Vec<Garbage>> {
    let mut found = Vec::new();
    for given in Claims::new(context.home.claims()).list()? {
        found.extend(of_claim(context, given).await);
    }
    let entries = IndexedMachine::all(context).await?.into_iter();
    let gone = entries.filter(|it| it.standing == Standing::Gone);
    found.extend(gone.map(|it| Garbage::new(Kind::IndexEntry(it.key), it.entry.vagrantfile_path)));
    found.extend(dead_sockets(context.home.runtime()));
    found.extend(downloads(&context.home.temporary()));
    let boxes = unfinished::leftovers(&context.home.temporary())?.into_iter();
    found.extend(boxes.map(|it| Garbage::new(Kind::UnfinishedBox, it)));
    Ok(found)
}

async fn of_claim(context: &Context, given: Given) -> Option<Garbage> {
    let Given { claim, folder } = given;
    if !folder.is_dir() {
        return Some(lost_or_moved(context, claim, folder).await);
    }
    let journaled = journal::read(&folder.join("journal")).ok()?.claim;
    let mut garbage = match journaled {
        Some(other) if other != claim => return Some(lost_or_moved(context, claim, folder).await),
        Some(_) if has_vagrantfile(&folder) => return undefined(context, folder),
        Some(_) => Garbage::new(Kind::AbandonedMachine(claim), folder.clone()),
        None if folder.join("id").exists() => return None,
        // Another folder is in the place of the one that it was given to.
        None if !is_given_to(context, claim, &folder) => return Some(lost_or_moved(context, claim, folder).await),
        None => Garbage::new(Kind::Overlay(claim), folder.clone()),
    };
    garbage.in_use = in_use(context, claim, &folder).await;
    Some(garbage)
}

fn is_given_to(context: &Context, claim: Uuid, folder: &Path) -> bool {
    let given = Claims::new(context.home.claims()).given_to(folder);
    given.is_ok_and(|it| it.contains(&claim))
}

/// A machine that is not where it was made. One that was found elsewhere is its project's, and is never removed.
async fn lost_or_moved(context: &Context, claim: Uuid, folder: PathBuf) -> Garbage {
    match now_at(context, claim, &folder).await {
        Some(place) => Garbage {
            kind: Kind::MovedMachine,
            in_use: Some(format!(
                "it is at {} now: `jaunt gc --adopt` there notes that",
                place.display()
            )),
            path: folder,
        },
        None => Garbage::new(Kind::LostMachine(claim), folder),
    }
}

async fn now_at(context: &Context, claim: Uuid, folder: &Path) -> Option<PathBuf> {
    let found = Claims::new(context.home.claims()).moved_to(claim);
    if let Some(place) = found.ok().flatten() {
        return Some(place);
    }
    let provider = open_provider(context, "", &provider_of(folder)).ok()?;
    let id = MachineId {
        claim,
        folder: folder.to_owned(),
    };
    provider.whereabouts(&id).await
}

/// A machine that its project's Vagrantfile does not define, as far as that can be read without granting it anything.
fn undefined(context: &Context, folder: PathBuf) -> Option<Garbage> {
    let project = project_of(&folder);
    let name = folder.parent()?.file_name()?.to_str()?;
    let defined = Survey::names(context, &project)?;
    if defined.iter().any(|it| it == name) {
        return None;
    }
    Some(Garbage {
        kind: Kind::UndefinedMachine,
        in_use: Some(format!("`jaunt destroy {name}` in {} removes it", project.display())),
        path: folder,
    })
}

fn project_of(folder: &Path) -> PathBuf {
    let noted = fs::read_to_string(folder.join("vagrant_cwd")).unwrap_or_default();
    PathBuf::from(noted.trim())
}

/// Whether the project that a machine's folder says it belongs to has a Vagrantfile, of whatever name.
fn has_vagrantfile(folder: &Path) -> bool {
    let project = project_of(folder);
    let named = |entry: fs::DirEntry| {
        entry
            .file_name()
            .to_string_lossy()
            .to_lowercase()
            .contains("vagrantfile")
    };
    // A file of another name is found by VAGRANT_VAGRANTFILE alone: where that cannot be told, the machine is left alone.
    match fs::read_dir(&project) {
        Ok(entries) => entries.flatten().any(named),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

async fn in_use(context: &Context, claim: Uuid, folder: &Path) -> Option<String> {
    if let Err(error) = MachineLock::take(&folder.join("lock"), "gc") {
        return Some(error.to_string());
    }
    let provider = open_provider(context, "", &provider_of(folder)).ok()?;
    let id = MachineId {
        claim,
        folder: folder.to_owned(),
    };
    match provider.state(&id).await {
        Ok(State::Running | State::Paused) => Some("it runs".to_owned()),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

fn provider_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn dead_sockets(runtime: &Path) -> Vec<Garbage> {
    let entries = fs::read_dir(runtime).into_iter().flatten().flatten();
    let sockets = entries.filter(|it| it.file_type().is_ok_and(|it| it.is_socket()));
    let dead = sockets.filter(|it| {
        UnixStream::connect(it.path()).is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
    });
    dead.map(|it| Garbage::new(Kind::Socket, it.path())).collect()
}

/// Downloads that nobody has locked; the next `box add` would go on with them.
fn downloads(temporary: &Path) -> Vec<Garbage> {
    let entries = fs::read_dir(temporary).into_iter().flatten().flatten();
    let partial = entries.filter(|it| it.file_name().to_string_lossy().starts_with("jaunt-download-"));
    let free = partial.filter(|it| File::open(it.path()).is_ok_and(|it| it.try_lock().is_ok()));
    free.map(|it| Garbage::new(Kind::Download, it.path())).collect()
}

/// Removes it. What came into use meanwhile is left, and the error says so.
pub async fn remove(context: &Context, garbage: &Garbage) -> Result<()> {
    match &garbage.kind {
        Kind::LostMachine(claim) => {
            // Its disks went with the folder, or are another machine's now: what is left is a process and its sockets.
            let nowhere = tempfile::tempdir_in(context.home.root())
                .map_err(crate::state::Error::file("make a folder in", context.home.root()))?;
            destroy(context, *claim, nowhere.path(), &provider_of(&garbage.path)).await?;
            Ok(Claims::new(context.home.claims()).give_up(*claim)?)
        }
        Kind::MovedMachine | Kind::UndefinedMachine => Ok(()),
        Kind::AbandonedMachine(claim) | Kind::Overlay(claim) => {
            let folder = MachineFolder::at(&garbage.path);
            let _lock = MachineLock::take(&folder.lock(), "gc")?;
            if let Some(key) = folder.index_uuid()? {
                MachineIndex::new(context.home.machine_index()).remove(&key)?;
            }
            destroy(context, *claim, folder.path(), &provider_of(&garbage.path)).await?;
            Claims::new(context.home.claims()).forget(*claim)?;
            Ok(folder.forget()?)
        }
        Kind::IndexEntry(key) => Ok(MachineIndex::new(context.home.machine_index()).remove(key)?),
        Kind::Socket | Kind::Download => Ok(remove_if_there(&garbage.path)?),
        Kind::UnfinishedBox => Ok(unfinished::remove(&context.home.temporary(), &garbage.path)?),
    }
}

async fn destroy(context: &Context, claim: Uuid, folder: &Path, provider: &str) -> Result<()> {
    let id = MachineId {
        claim,
        folder: folder.to_owned(),
    };
    Ok(open_provider(context, "", provider)?.destroy(&id).await?)
}

//! The machines of all projects, as the index has them, with what has become of them since.
//!
//! No Vagrantfile is read: there may be a thousand of them, and some may be broken. Only what the index says to be running is asked
//! after at its backend, since everything else changes by commands that write it down.

use providers::{MachineId, State};
use uuid::Uuid;

use crate::context::Context;
use crate::error::Result;
use crate::machine::{StateWords, open_provider};
use crate::state::claims::{Claims, Standing as ClaimStanding};
use crate::state::index::{Entry, MachineIndex};
use crate::state::journal;
use crate::state::machine_folder::MachineFolder;

/// A machine of the index.
pub struct IndexedMachine {
    /// Its key, which commands take for its id.
    pub key: String,
    /// What the index says.
    pub entry: Entry,
    /// What has become of it.
    pub standing: Standing,
}

/// What has become of a machine since it was written into the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is there, and this is the word of its state.
    Here(String),
    /// Its project or its folder is gone, or its folder has another machine now.
    Gone,
}

impl IndexedMachine {
    /// All of them, in the order of the index.
    pub async fn all(context: &Context) -> Result<Vec<Self>> {
        let mut machines = Vec::new();
        for (key, entry) in MachineIndex::new(context.home.machine_index()).list()? {
            let standing = standing(context, &key, &entry).await?;
            machines.push(Self { key, entry, standing });
        }
        Ok(machines)
    }

    /// The word of its state.
    pub fn state(&self) -> &str {
        match &self.standing {
            Standing::Here(state) => state,
            Standing::Gone => "gone",
        }
    }

    /// Removes it from the index.
    pub fn forget(&self, context: &Context) -> Result<()> {
        Ok(MachineIndex::new(context.home.machine_index()).remove(&self.key)?)
    }
}

async fn standing(context: &Context, key: &str, entry: &Entry) -> Result<Standing> {
    let folder = MachineFolder::new(&entry.local_data_path, &entry.name, &entry.provider);
    // A project's folder is there where what lies in it is.
    let has_project = || entry.local_data_path.starts_with(&entry.vagrantfile_path) || entry.vagrantfile_path.is_dir();
    if !(folder.has_index_uuid(key) && has_project()) {
        return Ok(Standing::Gone);
    }
    let noted = Standing::Here(entry.state.clone());
    let Ok(provider) = open_provider(context, &entry.name, &entry.provider) else {
        return Ok(noted);
    };
    if !matches!(entry.state.as_str(), "running" | "paused") {
        return Ok(noted);
    }
    let claims = Claims::new(context.home.claims());
    let Some(id) = identity(&folder) else {
        return Ok(noted);
    };
    match claims.standing(id.claim, folder.path())? {
        ClaimStanding::Ours | ClaimStanding::Moved => {}
        ClaimStanding::Copied(_) | ClaimStanding::Unknown => return Ok(noted),
    }
    Ok(match provider.state(&id).await? {
        State::NotCreated => Standing::Gone,
        state => Standing::Here(StateWords::of(state).id.to_owned()),
    })
}

fn identity(folder: &MachineFolder) -> Option<MachineId> {
    let journaled = journal::read(&folder.journal()).ok()?.claim;
    let written = || Uuid::parse_str(&folder.id().ok()??).ok();
    Some(MachineId {
        claim: journaled.or_else(written)?,
        folder: folder.path().to_owned(),
    })
}

//! `destroy`: removes a machine and all it owns, also one that is known by half or by files that cannot be read any more.
//!
//! **Invariant:** it goes by the claims that this user gave to the machine's folder, and never by what only lies there.

use providers::State;

use super::provisioning::ProvisionWish;
use super::work::Work;
use super::{action, nothing_there, plan, tell_provider};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::project::Target;
use crate::state::claims::Claims;
use crate::state::journal::{self, Entry, Journal};
use crate::state::lock::MachineLock;
use crate::state::machine_folder::MachineFolder;
use crate::state::{self, set_aside};

/// `destroy`: removes the machine and all it owns.
pub async fn destroy(context: &Context, target: &Target, graceful: bool) -> Result<()> {
    let machine = readable(context, target)?;
    if machine.is_foreign()? {
        context
            .ui
            .of(&machine.name)
            .info("Removing a machine's folder that is not this project's own; no machine is touched...");
        return Ok(machine.folder.remove()?);
    }
    if !is_anything_left(&machine)? {
        return nothing_there(context, &machine);
    }
    tell_provider(context, &machine);
    action(context, &target.name, "destroy", async {
        let mut work = Work::begin(context, machine, "destroy", ProvisionWish::Nothing).await?;
        let steps = plan::destroy(work.now, graceful);
        work.carry_out(steps).await
    })
    .await
}

/// `gc --adopt`: a machine of this project that is there is noted as such, and entered into the index again. Returns whether it is.
pub async fn adopt(context: &Context, target: &Target) -> Result<bool> {
    let machine = target.machine(context)?;
    if machine.state().await? == State::NotCreated {
        return Ok(false);
    }
    // Taking the lock heals what is noted of it.
    Work::begin(context, machine, "gc", ProvisionWish::Nothing)
        .await
        .map(|_| true)
}

/// Whether a machine, or what one left when its removal was broken off.
fn is_anything_left(machine: &Machine) -> Result<bool> {
    Ok(machine.id()?.is_some()
        || machine.folder.index_uuid()?.is_some()
        || machine.folder.journal().exists()
        || !machine.claims.given_to(machine.folder.path())?.is_empty())
}

/// As many files as a machine's folder has.
const FILES_AT_MOST: usize = 16;

/// The machine, once the files that cannot be read are set aside: whoever destroys it needs none of them.
fn readable(context: &Context, target: &Target) -> Result<Machine> {
    for _ in 0..FILES_AT_MOST {
        let opened = target.machine(context).and_then(|it| known(&it).map(|()| it));
        match opened {
            Err(Error::State(error)) => set_aside_what_is_damaged(context, target, error)?,
            other => return other,
        }
    }
    target.machine(context)
}

/// Reads all that a removal goes by; of another folder's machine only that it is one.
fn known(machine: &Machine) -> Result<()> {
    if machine.is_foreign()? {
        return Ok(());
    }
    is_anything_left(machine)?;
    machine.folder.vagrant_cwd()?;
    machine.folder.box_meta().map(drop).map_err(Error::from)
}

fn set_aside_what_is_damaged(context: &Context, target: &Target, error: state::Error) -> Result<()> {
    let Some(path) = error.unreadable().map(ToOwned::to_owned) else {
        return Err(error.into());
    };
    let claims = Claims::new(context.home.claims());
    let folders = MachineFolder::providers_with_a_machine(&target.project.dot_vagrant, &target.name);
    let folders: Vec<MachineFolder> = folders
        .iter()
        .map(|it| MachineFolder::new(&target.project.dot_vagrant, &target.name, it))
        .collect();
    if let Some(claim) = claims.noted_in(&path) {
        let has_it = |it: &&MachineFolder| journal::read(&it.journal()).is_ok_and(|it| it.claim == Some(claim));
        let folder = folders.iter().find(has_it).ok_or(error)?;
        return Ok(claims.note(claim, folder.path())?);
    }
    let Some(folder) = folders.iter().find(|it| path.parent() == Some(it.path())) else {
        return Err(error.into());
    };
    let _lock = MachineLock::take(&folder.lock(), "destroy")?;
    let aside = set_aside(&path)?;
    context.ui.of(&target.name).warn(&format!(
        "{error}. It is kept as {} until the machine is gone.",
        aside.display()
    ));
    if path == folder.journal() {
        let mut journal = Journal::open(&path)?;
        for claim in claims.given_to(folder.path())? {
            journal.append(Entry::Claim { claim })?;
        }
    }
    Ok(())
}

impl Work<'_> {
    /// Has the provider remove the machine.
    pub(super) async fn destroy(&mut self) -> Result<()> {
        self.ui().info("Destroying the machine and all it owns...");
        match self.machine.id()? {
            Some(id) => Ok(self.machine.provider.destroy(&id).await?),
            None => Ok(()),
        }
    }

    /// The notes of claims go last: without them the rest would be taken for a stranger's.
    pub(super) fn forget(&mut self) -> Result<()> {
        let claims = self.machine.claims.clone();
        let id = self.machine.id()?;
        if let Some(key) = self.index_key()? {
            self.index().remove(&key)?;
        }
        self.journal.append(Entry::Gone)?;
        self.machine.folder.forget()?;
        for claim in claims.given_to(self.machine.folder.path())? {
            claims.forget(claim)?;
        }
        match id {
            Some(id) => Ok(claims.forget(id.claim)?),
            None => Ok(()),
        }
    }

    /// Notes what a command that died did not note: the machine's `id`, that a moved project's machine is here now, and in the index
    /// what the machine is doing.
    pub(super) fn heal(&self) -> Result<()> {
        let machine = &self.machine;
        let Some(id) = machine.id()? else { return Ok(()) };
        if machine.claims.standing(id.claim, &id.folder)? == state::claims::Standing::Moved {
            machine.claims.note(id.claim, &id.folder)?;
            machine.folder.write_vagrant_cwd(&machine.project.root)?;
        }
        if self.now == State::NotCreated {
            return Ok(());
        }
        if machine.folder.id()?.is_none() {
            machine.folder.write_id(&id.claim.to_string())?;
        }
        self.mend_index(self.now)
    }
}

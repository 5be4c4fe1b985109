//! Snapshots: the commands, and the steps that ask the provider.
//!
//! The name of the snapshot that a plan is about stands in the journal before the plan does: a command that died is known by it
//! again, so that half of it is finished instead of being taken for somebody else's snapshot.

use std::time::{SystemTime, UNIX_EPOCH};

use providers::{Snapshot, Snapshots, State};

use super::plan::{self, Return, Step};
use super::provisioning::ProvisionWish;
use super::work::Work;
use super::{action, check, nothing_there, tell_provider};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::project::Target;
use crate::state::journal::Memory;

/// `snapshot save`.
pub async fn save(context: &Context, target: &Target, name: &str, force: bool) -> Result<()> {
    let machine = target.machine(context)?;
    of_provider(&machine)?;
    if machine.state().await? == State::NotCreated {
        return not_created(context, &machine);
    }
    tell_provider(context, &machine);
    action(context, &target.name, "snapshot_save", async {
        let work = Work::begin(context, machine, "snapshot save", ProvisionWish::Nothing).await?;
        take(work, name, force).await
    })
    .await
}

/// `snapshot push`: a snapshot whose name is made up. One that an earlier command broke off in taking is taken again.
pub async fn push(context: &Context, target: &Target) -> Result<()> {
    let machine = target.machine(context)?;
    of_provider(&machine)?;
    if machine.state().await? == State::NotCreated {
        return not_created(context, &machine);
    }
    tell_provider(context, &machine);
    action(context, &target.name, "snapshot_save", async {
        let work = Work::begin(context, machine, "snapshot push", ProvisionWish::Nothing).await?;
        let begun = broken_off(&work.journal.memory(), Step::SaveSnapshot).filter(|it| is_pushed(it));
        let name = begun.unwrap_or_else(pushed_name);
        take(work, &name, false).await
    })
    .await
}

async fn take(mut work: Work<'_>, name: &str, force: bool) -> Result<()> {
    let is_there = named(&work.machine, name).await?.is_some();
    let was_begun = broken_off(&work.journal.memory(), Step::SaveSnapshot).as_deref() == Some(name);
    if is_there && !force && !was_begun {
        return Err(Error::SnapshotExists {
            machine: work.machine.name.clone(),
            name: name.to_owned(),
        });
    }
    work.about_snapshot(name)?;
    work.carry_out(plan::save_snapshot(is_there)).await
}

/// `snapshot restore`.
pub async fn restore(
    context: &Context,
    target: &Target,
    name: &str,
    start: bool,
    provision: &ProvisionWish,
) -> Result<()> {
    let machine = target.machine(context)?;
    go_back(context, machine, name, Return { start, delete: false }, provision).await
}

/// `snapshot pop`: back to the snapshot that was pushed last.
///
/// A command that broke off after it deleted the snapshot has nothing more to do: it does not pop the one before.
pub async fn pop(context: &Context, target: &Target, wish: Return, provision: &ProvisionWish) -> Result<()> {
    let machine = target.machine(context)?;
    if machine.state().await? == State::NotCreated {
        return nothing_there(context, &machine);
    }
    let memory = machine.memory()?;
    let snapshots = of_provider(&machine)?.list(&id(&machine)?).await?;
    let begun = broken_off(&memory, Step::DeleteSnapshot).filter(|it| is_pushed(it));
    if let Some(begun) = begun.filter(|begun| !snapshots.iter().any(|it| it.name == *begun)) {
        return delete(context, target, &begun).await;
    }
    match snapshots.iter().rev().find(|it| is_pushed(&it.name)) {
        Some(last) => go_back(context, machine, &last.name, wish, provision).await,
        None => {
            tell_provider(context, &machine);
            let ui = context.ui.of(&machine.name);
            ui.info("No snapshot was pushed. `jaunt snapshot push` takes one to go back to.");
            Ok(())
        }
    }
}

async fn go_back(
    context: &Context,
    machine: Machine,
    name: &str,
    wish: Return,
    provision: &ProvisionWish,
) -> Result<()> {
    if wish.start {
        check(&machine, provision)?;
    }
    let target = machine.name.clone();
    let snapshot = existing(&machine, name).await?;
    tell_provider(context, &machine);
    action(context, &target, "snapshot_restore", async {
        let mut work = Work::begin(context, machine, "snapshot restore", provision.clone()).await?;
        work.about_snapshot(name)?;
        work.carry_out(plan::restore_snapshot(snapshot.has_memory, wish)).await
    })
    .await
}

/// `snapshot delete`. One that an earlier command broke off in deleting may be gone.
pub async fn delete(context: &Context, target: &Target, name: &str) -> Result<()> {
    let machine = target.machine(context)?;
    if broken_off(&machine.memory()?, Step::DeleteSnapshot).as_deref() != Some(name) {
        existing(&machine, name).await?;
    }
    tell_provider(context, &machine);
    action(context, &target.name, "snapshot_delete", async {
        let mut work = Work::begin(context, machine, "snapshot delete", ProvisionWish::Nothing).await?;
        work.about_snapshot(name)?;
        work.carry_out(vec![Step::DeleteSnapshot]).await
    })
    .await
}

/// `snapshot list`: the machine's snapshots, the oldest first; `None` where there is no machine.
pub async fn list(machine: &Machine) -> Result<Option<Vec<Snapshot>>> {
    let snapshots = of_provider(machine)?;
    match machine.state().await? {
        State::NotCreated => Ok(None),
        _ => Ok(Some(snapshots.list(&id(machine)?).await?)),
    }
}

/// The step that saves.
pub async fn save_step(work: &mut Work<'_>) -> Result<()> {
    let name = work.snapshot()?;
    work.ui().info(&format!("Taking the snapshot '{name}'..."));
    of_provider(&work.machine)?.save(&work.id()?, &name).await?;
    work.ui().success(&format!(
        "The snapshot '{name}' is taken. `jaunt snapshot restore` goes back to it."
    ));
    Ok(())
}

/// The step that goes back.
pub async fn restore_step(work: &mut Work<'_>) -> Result<()> {
    let name = work.snapshot()?;
    work.ui().info(&format!("Going back to the snapshot '{name}'..."));
    work.close_connection().await;
    let state = of_provider(&work.machine)?.restore(&work.id()?, &name).await?;
    work.enter_into_index(crate::machine::StateWords::of(state).id)
}

/// The step that deletes.
pub async fn delete_step(work: &mut Work<'_>) -> Result<()> {
    let name = work.snapshot()?;
    work.ui().info(&format!("Deleting the snapshot '{name}'..."));
    Ok(of_provider(&work.machine)?.delete(&work.id()?, &name).await?)
}

fn of_provider(machine: &Machine) -> Result<&dyn Snapshots> {
    machine.provider.snapshots().ok_or_else(|| Error::NoSnapshots {
        provider: machine.provider_name.clone(),
    })
}

async fn existing(machine: &Machine, name: &str) -> Result<Snapshot> {
    named(machine, name).await?.ok_or_else(|| Error::NoSuchSnapshot {
        machine: machine.name.clone(),
        name: name.to_owned(),
    })
}

async fn named(machine: &Machine, name: &str) -> Result<Option<Snapshot>> {
    let all = list(machine).await?.unwrap_or_default();
    Ok(all.into_iter().find(|it| it.name == name))
}

fn id(machine: &Machine) -> Result<providers::MachineId> {
    machine.id()?.ok_or_else(|| Error::NotCreated {
        machine: machine.name.clone(),
    })
}

/// Vagrant 2.3.4: a machine that is not there is warned of, and the exit code is 0.
fn not_created(context: &Context, machine: &Machine) -> Result<()> {
    tell_provider(context, machine);
    context
        .ui
        .of(&machine.name)
        .warn("The machine has not been created, so no snapshot is taken of it.");
    Ok(())
}

/// The snapshot that the last command was about, if it left this step of it undone.
fn broken_off(memory: &Memory, step: Step) -> Option<String> {
    memory.snapshot.clone().filter(|_| memory.unfinished.contains(&step))
}

/// Vagrant's form of the names of what is pushed.
fn pushed_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("push_{}_{}", now.as_secs(), now.subsec_micros() % 10_000)
}

fn is_pushed(name: &str) -> bool {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    name.strip_prefix("push_")
        .and_then(|it| it.split_once('_'))
        .is_some_and(|(time, number)| is_number(time) && is_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_pushed_snapshots_are_known_again() {
        assert!(is_pushed(&pushed_name()));
        for name in ["push", "push_1", "push_1_", "push_a_1", "my_push_1_2"] {
            assert!(!is_pushed(name), "{name}");
        }
    }
}

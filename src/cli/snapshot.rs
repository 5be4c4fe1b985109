//! `jaunt snapshot`: going back to an earlier time of a machine.

use clap::{Args, Subcommand};
use providers::Snapshot;
use serde_json::json;

use super::several::Several;
use super::{ProvisionOptions, for_each};
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::plan::Return;
use crate::lifecycle::{ProvisionWish, snapshots};
use crate::project::{Project, Target, Wish};

/// Take snapshots of machines and go back to them
#[derive(Debug, Subcommand)]
pub enum SnapshotCommand {
    /// Delete a snapshot
    Delete(Named),
    /// List the snapshots, the oldest first
    List(ListArgs),
    /// Go back to the snapshot that was pushed last, and delete it
    Pop(PopArgs),
    /// Take a snapshot whose name is made up, for `pop`
    Push(PushArgs),
    /// Go back to a snapshot
    Restore(RestoreArgs),
    /// Take a snapshot: the disk, and the memory of a machine that runs
    Save(SaveArgs),
}

/// Vagrant's `[MACHINE] NAME`.
#[derive(Debug, Args)]
pub struct Named {
    /// The snapshot's name, after that of the machine where not all are meant
    #[arg(value_name = "[MACHINE] NAME", num_args = 1..=2, required = true)]
    names: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,
}

#[derive(Debug, Args)]
pub struct PopArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    #[command(flatten)]
    provision: ProvisionOptions,

    /// Keep the snapshot
    #[arg(long)]
    no_delete: bool,

    /// Do not start the machine; of one that ran only the disk is restored then, unless `--no-delete` is given
    #[arg(long)]
    no_start: bool,
}

#[derive(Debug, Args)]
pub struct PushArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    provision: ProvisionOptions,

    /// Do not start the machine
    #[arg(long)]
    no_start: bool,
}

#[derive(Debug, Args)]
pub struct SaveArgs {
    #[command(flatten)]
    named: Named,

    /// Replace a snapshot of that name
    #[arg(short, long)]
    force: bool,
}

impl SnapshotCommand {
    pub async fn run(self, context: &Context) -> Result<u8> {
        match self {
            SnapshotCommand::Delete(it) => it.delete(context).await,
            SnapshotCommand::List(it) => it.run(context).await,
            SnapshotCommand::Pop(it) => it.run(context).await,
            SnapshotCommand::Push(it) => it.run(context).await,
            SnapshotCommand::Restore(it) => it.run(context).await,
            SnapshotCommand::Save(it) => it.run(context).await,
        }
    }
}

impl Named {
    /// The machines that are meant, and the snapshot's name.
    fn resolve(mut self, context: &Context) -> Result<(Vec<Target>, String)> {
        let name = self.names.pop().unwrap_or_default();
        Ok((Project::targets(context, &self.names)?, name))
    }

    async fn delete(self, context: &Context) -> Result<u8> {
        let (targets, name) = self.resolve(context)?;
        for_each(context, targets, async |target| {
            snapshots::delete(context, target, &name).await
        })
        .await
    }
}

impl ListArgs {
    async fn run(self, context: &Context) -> Result<u8> {
        let targets = Project::targets(context, &self.machines)?;
        if context.ui.style().json {
            let mut machines = Vec::new();
            for target in targets {
                let snapshots = snapshots::list(&target.machine(context)?).await?;
                machines.push(document(&target.name, &snapshots.unwrap_or_default()));
            }
            context.ui.report(&json!({ "machines": machines }));
            return Ok(0);
        }
        for_each(context, targets, async |target| list(context, target).await).await
    }
}

fn document(machine: &str, snapshots: &[Snapshot]) -> serde_json::Value {
    let of_one = |it: &Snapshot| json!({ "name": it.name, "has_memory": it.has_memory, "taken": it.taken });
    json!({ "name": machine, "snapshots": snapshots.iter().map(of_one).collect::<Vec<_>>() })
}

async fn list(context: &Context, target: &Target) -> Result<()> {
    let machine = target.machine(context)?;
    let ui = context.ui.of(&target.name);
    ui.event("metadata", &["provider", &machine.provider_name]);
    match snapshots::list(&machine).await? {
        None => ui.info("The machine has not been created. Nothing to do."),
        Some(none) if none.is_empty() => {
            ui.info("The machine has no snapshots. `jaunt snapshot save NAME` takes one.");
        }
        Some(snapshots) => {
            ui.info("");
            for snapshot in snapshots {
                context.ui.data(&format!("{}\n", snapshot.name));
            }
        }
    }
    Ok(())
}

impl PopArgs {
    async fn run(self, context: &Context) -> Result<u8> {
        let provision = ProvisionWish::from(self.provision);
        let wish = Return {
            start: !self.no_start,
            delete: !self.no_delete,
        };
        let targets = Project::targets(context, &self.machines)?;
        Several::upwards(context, targets, &Wish::default(), false)?
            .one_by_one()
            .each(context, async |target| {
                snapshots::pop(context, target, wish, &provision).await
            })
            .await
    }
}

impl PushArgs {
    async fn run(self, context: &Context) -> Result<u8> {
        let targets = Project::targets(context, &self.machines)?;
        for_each(context, targets, async |target| snapshots::push(context, target).await).await
    }
}

impl RestoreArgs {
    async fn run(self, context: &Context) -> Result<u8> {
        let provision = ProvisionWish::from(self.provision);
        let (targets, name) = self.named.resolve(context)?;
        Several::upwards(context, targets, &Wish::default(), false)?
            .one_by_one()
            .each(context, async |target| {
                snapshots::restore(context, target, &name, !self.no_start, &provision).await
            })
            .await
    }
}

impl SaveArgs {
    async fn run(self, context: &Context) -> Result<u8> {
        let (targets, name) = self.named.resolve(context)?;
        for_each(context, targets, async |target| {
            snapshots::save(context, target, &name, self.force).await
        })
        .await
    }
}

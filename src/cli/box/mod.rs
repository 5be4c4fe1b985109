//! `jaunt box`: the store of boxes.

mod add;
mod build;
mod list;
mod outdated;
mod prune;
mod pull;
mod push;
mod remove;
mod repackage;
mod rescue;
mod transfer;
mod update;
mod users;

use clap::Subcommand;

pub use repackage::{unfinished_in, write as write_box};

use crate::context::Context;
use crate::error::Result;

/// Add, list, update, share and remove boxes
#[derive(Debug, Subcommand)]
pub enum BoxCommand {
    Add(add::AddArgs),
    Build(build::BuildArgs),
    List(list::ListArgs),
    Outdated(outdated::OutdatedArgs),
    Prune(prune::PruneArgs),
    Pull(pull::PullArgs),
    Push(push::PushArgs),
    Remove(remove::RemoveArgs),
    Repackage(repackage::RepackageArgs),
    Rescue(rescue::RescueArgs),
    Update(update::UpdateArgs),
}

impl BoxCommand {
    pub async fn run(self, context: &Context) -> Result<u8> {
        match self {
            BoxCommand::Add(it) => it.run(context).await,
            BoxCommand::Build(it) => it.run(context).await,
            BoxCommand::List(it) => it.run(context),
            BoxCommand::Outdated(it) => it.run(context).await,
            BoxCommand::Prune(it) => it.run(context).await,
            BoxCommand::Pull(it) => it.run(context).await,
            BoxCommand::Push(it) => it.run(context).await,
            BoxCommand::Remove(it) => it.run(context).await,
            BoxCommand::Repackage(it) => it.run(context).await,
            BoxCommand::Rescue(it) => it.run(context).await,
            BoxCommand::Update(it) => it.run(context).await,
        }
    }
}

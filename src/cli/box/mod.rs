//! `jaunt box`: the store of boxes.

mod add;
mod list;
mod remove;

use clap::Subcommand;

use crate::context::Context;
use crate::error::Result;

/// Add, list and remove boxes
#[derive(Debug, Subcommand)]
pub enum BoxCommand {
    Add(add::AddArgs),
    List(list::ListArgs),
    Remove(remove::RemoveArgs),
}

impl BoxCommand {
    pub async fn run(self, context: &Context) -> Result<u8> {
        match self {
            BoxCommand::Add(it) => it.run(context).await,
            BoxCommand::List(it) => it.run(context),
            BoxCommand::Remove(it) => it.run(context).await,
        }
    }
}

//! `jaunt suspend`.

use clap::Args;

use super::several::Several;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle;
use crate::project::Project;

/// Save the machines' memory to disk and end them
#[derive(Debug, Args)]
pub struct SuspendArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE", conflicts_with = "all_global")]
    machines: Vec<String>,

    /// All running machines of all projects
    #[arg(short, long)]
    all_global: bool,
}

impl SuspendArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let targets = if self.all_global {
            Project::running_targets(context)?
        } else {
            Project::targets(context, &self.machines)?
        };
        Several::dependents_first(context, targets)
            .one_by_one()
            .each(context, async |target| lifecycle::suspend(context, target).await)
            .await
    }
}

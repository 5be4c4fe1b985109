//! `jaunt halt`.

use clap::Args;

use super::several::Several;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle;
use crate::project::Project;

/// Stop the project's machines
#[derive(Debug, Args)]
pub struct HaltArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// Cut the power
    #[arg(short, long)]
    force: bool,
}

impl HaltArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let targets = Project::targets_that_are_there(context, &self.machines)?;
        Several::downwards(context, targets)
            .one_by_one()
            .each(context, async |target| {
                lifecycle::halt(context, target, self.force).await
            })
            .await
    }
}

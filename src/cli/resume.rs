//! `jaunt resume`.

use clap::Args;

use super::{ProvisionOptions, for_each};
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::{self, ProvisionWish};
use crate::project::Project;

/// Let suspended machines go on where they were
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    #[command(flatten)]
    provision: ProvisionOptions,
}

impl ResumeArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let provision = ProvisionWish::from(self.provision);
        let targets = Project::targets(context, &self.machines)?;
        for_each(context, targets, async |target| {
            lifecycle::resume(context, target, &provision).await
        })
        .await
    }
}

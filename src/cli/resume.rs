//! `jaunt resume`.

use clap::Args;

use super::ProvisionOptions;
use super::several::Several;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::{self, ProvisionWish};
use crate::project::{Project, Wish};

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
        Several::upwards(context, targets, &Wish::default(), false)?
            .one_by_one()
            .each(context, async |target| {
                lifecycle::resume(context, target, &provision).await
            })
            .await
    }
}

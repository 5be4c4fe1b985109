//! `jaunt reload`.

use clap::Args;

use super::ProvisionOptions;
use super::several::Several;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::{self, ProvisionWish};
use crate::project::{Project, Wish};

/// Stop the project's machines and start them as the Vagrantfile is now
#[derive(Debug, Args)]
pub struct ReloadArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// Cut the power instead of asking the guest to shut down
    #[arg(short, long)]
    force: bool,

    #[command(flatten)]
    provision: ProvisionOptions,
}

impl ReloadArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let provision = ProvisionWish::from(self.provision);
        let targets = Project::targets(context, &self.machines)?;
        Several::upwards(context, targets, &Wish::default(), false)?
            .one_by_one()
            .each(context, async |target| {
                lifecycle::reload(context, target, self.force, &provision).await
            })
            .await
    }
}

//! `jaunt provision`.

use clap::Args;

use super::several::Several;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::{self, ProvisionWish};
use crate::project::{Project, Wish};

/// Run the provisioners of machines that run
#[derive(Debug, Args)]
pub struct ProvisionArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// Run only these provisioners, named or typed, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    provision_with: Option<Vec<String>>,
}

impl ProvisionArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let wish = self.provision_with.map_or(ProvisionWish::Again, ProvisionWish::Only);
        let targets = Project::targets(context, &self.machines)?;
        Several::upwards(context, targets, &Wish::default(), false)?
            .one_by_one()
            .each(context, async |target| {
                lifecycle::provision(context, target, &wish).await
            })
            .await
    }
}

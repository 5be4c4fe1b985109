//! `jaunt provision`.

use clap::Args;

use super::for_each;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::{self, ProvisionWish};
use crate::project::Project;

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
        for_each(context, targets, async |target| {
            lifecycle::provision(context, target, &wish).await
        })
        .await
    }
}

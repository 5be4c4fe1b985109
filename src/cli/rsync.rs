//! `jaunt rsync`.

use clap::Args;

use super::for_each;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle;
use crate::project::Project;

/// Bring the synced folders of running machines up to date
#[derive(Debug, Args)]
pub struct RsyncArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// Let rsync itself set the owner of the copies
    #[arg(long, overrides_with = "no_rsync_chown")]
    rsync_chown: bool,

    #[arg(long, hide = true)]
    no_rsync_chown: bool,
}

impl RsyncArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let targets = Project::targets(context, &self.machines)?;
        for_each(context, targets, async |target| {
            lifecycle::sync(context, target, self.rsync_chown).await
        })
        .await
    }
}

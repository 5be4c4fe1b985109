//! `jaunt rsync-auto`.

use clap::Args;
use futures_util::future::join_all;

use super::report;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::lifecycle::{WatchWish, Watched};
use crate::project::Project;

/// Watch the synced folders of machines, and bring over what changes in them until Ctrl-C
#[derive(Debug, Args)]
pub struct RsyncAutoArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// Look at all files every second, for file systems that do not tell of changes
    #[arg(long, overrides_with = "no_poll")]
    poll: bool,

    #[arg(long, hide = true)]
    no_poll: bool,

    /// Let rsync itself set the owner of the copies
    #[arg(long, overrides_with = "no_rsync_chown")]
    rsync_chown: bool,

    #[arg(long, hide = true)]
    no_rsync_chown: bool,
}

impl RsyncAutoArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let wish = WatchWish {
            poll: self.poll,
            rsync_chown: self.rsync_chown,
        };
        let targets = Project::targets(context, &self.machines)?;
        let mut watched = Vec::new();
        for target in &targets {
            if let Some(machine) = Watched::of(context, target, wish).await? {
                watched.push((target, machine));
            }
        }
        if watched.is_empty() {
            let ui = context.ui.of(targets.first().map_or("", |it| &it.name));
            ui.info("There is no machine with a folder to watch. `jaunt up` makes one.");
            return Ok(1);
        }
        context.ui.share();
        let told = |error: &Error| {
            report(&context.ui, error);
        };
        let following = watched.into_iter().map(|(target, it)| it.follow(context, target, told));
        let failed = join_all(following).await.into_iter().filter_map(Result::err);
        Ok(failed.map(|it| report(&context.ui, &it)).max().unwrap_or(0))
    }
}

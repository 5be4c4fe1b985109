//! `jaunt box outdated`.

use boxes::{InstalledBox, VersionConstraints};
use clap::Args;

use super::transfer::TransferOptions;
use crate::context::Context;
use crate::downloads;
use crate::error::Result;
use crate::lifecycle;
use crate::machine::store;
use crate::project::Project;
use crate::ui::Kind;

/// Tell which boxes have a newer version
#[derive(Debug, Args)]
pub struct OutdatedArgs {
    /// All boxes that are installed, rather than those of the project
    #[arg(long)]
    global: bool,

    /// Accepted for Vagrant's sake: the servers are always asked
    #[arg(short, long)]
    force: bool,

    #[command(flatten)]
    transfer: TransferOptions,
}

impl OutdatedArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        if self.global {
            return self.tell_of_all(context).await;
        }
        for target in Project::targets(context, &[])? {
            let machine = target.machine(context)?;
            lifecycle::tell_whether_outdated(context, &machine).await?;
        }
        Ok(0)
    }

    async fn tell_of_all(&self, context: &Context) -> Result<u8> {
        let newest = store(context).generations(None, None)?.newest;
        if newest.is_empty() {
            context
                .ui
                .data("There are no installed boxes! `jaunt box add` adds some.\n");
        }
        for installed in newest {
            self.tell(context, &installed).await?;
        }
        Ok(0)
    }

    /// A catalog that cannot be asked is told of, and the others are asked all the same.
    async fn tell(&self, context: &Context, installed: &InstalledBox) -> Result<()> {
        let InstalledBox {
            name,
            provider,
            version,
            ..
        } = installed;
        let any = VersionConstraints::any();
        let (kind, text) = match downloads::newest(context, installed, &any, self.transfer.trust(context)).await {
            Err(error) if error.is_interrupt() => return Err(error),
            Err(error) => (Kind::Error, format!("'{name}' for '{provider}': {}", error.render())),
            Ok(None) => (
                Kind::Info,
                format!("'{name}' for '{provider}' wasn't added from a catalog, no version information"),
            ),
            Ok(Some(latest)) if latest > *version => (
                Kind::Warn,
                format!("'{name}' for '{provider}' is outdated! Current: {version}. Latest: {latest}"),
            ),
            Ok(Some(_)) => (
                Kind::Success,
                format!("'{name}' for '{provider}' (v{version}) is up to date"),
            ),
        };
        context.ui.say(kind, &format!("* {text}"));
        Ok(())
    }
}

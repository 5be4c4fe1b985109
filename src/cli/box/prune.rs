//! `jaunt box prune`.

use boxes::{Generations, InstalledBox};
use clap::Args;

use super::users::machines_made_from;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::store;
use crate::ui::prompt;

/// Remove the old versions of boxes
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Only boxes for this provider
    #[arg(short, long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// Only tell what would be removed
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Only the box of this name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Remove boxes without a question, also those that machines use
    #[arg(short, long)]
    force: bool,

    /// With `--force`, keep the boxes that machines use
    #[arg(short, long)]
    keep_active_boxes: bool,
}

impl PruneArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let store = store(context);
        let Generations { newest, old } = store.generations(self.name.as_deref(), self.provider.as_deref())?;
        if newest.is_empty() {
            context
                .ui
                .data("There are no installed boxes! `jaunt box add` adds some.\n");
            return Ok(0);
        }
        tell_kept(context, &newest);
        if old.is_empty() {
            context.ui.data("No old versions of boxes to remove...\n");
        }
        for installed in old {
            self.remove(context, &installed).await?;
        }
        Ok(0)
    }

    async fn remove(&self, context: &Context, installed: &InstalledBox) -> Result<()> {
        let InstalledBox {
            name,
            version,
            provider,
            ..
        } = installed;
        if self.dry_run {
            context.ui.data(&format!("Would remove {name} {provider} {version}\n"));
            return Ok(());
        }
        if self.is_meant(context, installed).await? {
            store(context).remove(installed)?;
            context.ui.data(&format!(
                "Removing box '{name}' (v{version}) with provider '{provider}'...\n"
            ));
        } else {
            context
                .ui
                .data(&format!("The box '{name}' (v{version}) is in use, and kept.\n"));
        }
        Ok(())
    }

    /// What nobody uses goes; what machines use goes by force, or with somebody's yes.
    async fn is_meant(&self, context: &Context, installed: &InstalledBox) -> Result<bool> {
        let users = machines_made_from(context, installed)?;
        if users.is_empty() {
            return Ok(true);
        }
        if self.force {
            return Ok(!self.keep_active_boxes);
        }
        let users = users.join(", ");
        let InstalledBox { name, version, .. } = installed;
        let question = format!("The box '{name}' (v{version}) is used by {users}. Remove it all the same?");
        let answer = prompt::confirm(&context.ui, &context.interrupt, &question).await?;
        answer.ok_or_else(|| Error::Refused {
            what: format!("the box `{name}` (v{version}) is used by {users}"),
            advice: "`--force --keep-active-boxes` keeps such boxes, and `--force` alone removes them".to_owned(),
        })
    }
}

fn tell_kept(context: &Context, newest: &[InstalledBox]) {
    context.ui.data("The following boxes will be kept...\n");
    let width = newest.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
    for it in newest {
        context
            .ui
            .data(&format!("{:width$} ({}, {})\n", it.name, it.provider, it.version));
    }
    context.ui.data("\nChecking for older boxes...\n");
}

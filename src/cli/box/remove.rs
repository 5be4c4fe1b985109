//! `jaunt box remove`.

use boxes::{InstalledBox, Removal};
use clap::Args;

use super::users::machines_made_from;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::store;
use crate::ui::prompt;

/// Remove boxes from the store
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The box's name
    name: String,

    /// Remove it even if machines use it
    #[arg(short, long)]
    force: bool,

    /// Only the one of this version
    #[arg(long, value_name = "VERSION")]
    box_version: Option<String>,

    /// Only the one for this provider
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// Only the one for this architecture
    #[arg(short, long, value_name = "ARCHITECTURE")]
    architecture: Option<String>,

    /// All versions
    #[arg(long)]
    all: bool,

    /// All providers of the version
    #[arg(long)]
    all_providers: bool,

    /// All architectures of the provider
    #[arg(long)]
    all_architectures: bool,
}

impl RemoveArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let store = store(context);
        let chosen = store.select_for_removal(&Removal {
            name: &self.name,
            version: self.box_version.as_deref(),
            provider: self.provider.as_deref(),
            architecture: self.architecture.as_deref(),
            all_versions: self.all,
            all_providers: self.all || self.all_providers,
            all_architectures: self.all || self.all_architectures,
        })?;
        for installed in chosen {
            if !self.force && !is_confirmed(context, &installed).await? {
                context.ui.data(&format!(
                    "The box '{}' (v{}) is kept.\n",
                    installed.name, installed.version
                ));
                continue;
            }
            store.remove(&installed)?;
            let InstalledBox {
                name,
                version,
                provider,
                ..
            } = &installed;
            context.ui.data(&format!(
                "Removing box '{name}' (v{version}) with provider '{provider}'...\n"
            ));
        }
        Ok(0)
    }
}

/// A box that machines were made from is not removed without a word: their disks rest on it.
async fn is_confirmed(context: &Context, installed: &InstalledBox) -> Result<bool> {
    let users = machines_made_from(context, installed)?;
    if users.is_empty() {
        return Ok(true);
    }
    let question = format!(
        "The box '{}' (v{}) is used by {}: their disks rest on it. Remove it all the same?",
        installed.name,
        installed.version,
        users.join(", ")
    );
    let answer = prompt::confirm(&context.ui, &context.interrupt, &question).await?;
    answer.ok_or_else(|| Error::Refused {
        what: format!(
            "the box `{}` (v{}) is used by {}",
            installed.name,
            installed.version,
            users.join(", ")
        ),
        advice: "destroy these machines first; `--force` removes the box all the same, and the machines are lost"
            .to_owned(),
    })
}

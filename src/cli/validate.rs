//! `jaunt validate`.

use clap::Args;

use super::several::check_order;
use crate::context::Context;
use crate::error::Result;
use crate::project::{Project, Wish};

/// Check the Vagrantfile, and report every mistake in it
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Leave the providers' options out
    #[arg(short = 'p', long)]
    ignore_provider: bool,
}

impl ValidateArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let targets = Project::targets(context, &[])?;
        for target in &targets {
            let wish = Wish {
                ignore_provider: self.ignore_provider,
                ..Wish::default()
            };
            target.machine_as(context, &wish)?.check()?;
        }
        check_order(context, targets)?;
        context.ui.data("The Vagrantfile is in order.\n");
        Ok(0)
    }
}

//! `jaunt validate`.

use clap::Args;
use serde_json::json;

use super::several::check_order;
use crate::context::Context;
use crate::error::{Error, Result};
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
        match (self.look(context), context.ui.style().json) {
            (Ok(()), false) => context.ui.data("The Vagrantfile is in order.\n"),
            (Ok(()), true) => context.ui.report(&json!({ "valid": true, "report": null })),
            (Err(Error::Configuration { report }), true) => {
                context.ui.report(&json!({ "valid": false, "report": report }));
                return Ok(1);
            }
            (Err(error), _) => return Err(error),
        }
        Ok(0)
    }

    fn look(&self, context: &Context) -> Result<()> {
        let targets = Project::targets(context, &[])?;
        for target in &targets {
            let wish = Wish {
                ignore_provider: self.ignore_provider,
                ..Wish::default()
            };
            target.machine_as(context, &wish)?.check()?;
        }
        check_order(context, targets)
    }
}

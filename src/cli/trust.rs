//! `jaunt trust`.

use clap::Args;

use crate::context::Context;
use crate::error::Result;
use crate::project::Project;
use crate::state::trust::Trusted;

/// Let the project's Vagrantfile, as it is now, run commands, connect and write on this computer
///
/// The files that it loads are trusted with it, as they are at any time.
#[derive(Debug, Args)]
pub struct TrustArgs {}

impl TrustArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let vagrantfile = Project::vagrantfile(context)?;
        Trusted::new(context.home.trusted()).add(&vagrantfile)?;
        context.ui.data(&format!(
            "{} is trusted as it is now, where it is now, and the files that it loads are trusted with it. A change of it ends that.\n",
            vagrantfile.display()
        ));
        Ok(0)
    }
}

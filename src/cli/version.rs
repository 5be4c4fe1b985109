//! `jaunt version`.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::Result;

/// The Vagrant whose Vagrantfiles and command line are understood.
pub const VAGRANT_VERSION: &str = "2.4.9";

/// Print the version of this program
#[derive(Debug, Args)]
pub struct VersionArgs {}

impl VersionArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        if context.ui.style().json {
            let installed = env!("CARGO_PKG_VERSION");
            context
                .ui
                .report(&json!({ "installed": installed, "understands_vagrant": VAGRANT_VERSION }));
            return Ok(0);
        }
        context.ui.event("", "version-installed", &[env!("CARGO_PKG_VERSION")]);
        context.ui.data(&format!(
            "Installed Version: {}\nUnderstands the Vagrantfiles of: Vagrant {VAGRANT_VERSION}\n",
            env!("CARGO_PKG_VERSION")
        ));
        Ok(0)
    }
}

/// What `--version` prints. Scripts that ask a program called `vagrant` expect Vagrant's own form.
pub fn line(compatible: bool) -> String {
    if compatible {
        format!("Vagrant {VAGRANT_VERSION} (Jaunt {})", env!("CARGO_PKG_VERSION"))
    } else {
        format!("Jaunt {} (Vagrant {VAGRANT_VERSION})", env!("CARGO_PKG_VERSION"))
    }
}

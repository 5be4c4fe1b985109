//! `jaunt man`: the manual pages, made from the definitions of the command line.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::Cli;
use crate::context::Context;
use crate::error::{Error, Result};

/// Write the manual pages into a folder, one for each command
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder, as `/usr/local/share/man/man1`; made if need be
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl ManArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let folder = context.environment.absolute(&self.folder);
        let failed = |source| Error::WriteFile {
            path: folder.clone(),
            source,
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), &folder).map_err(failed)?;
        context
            .ui
            .data(&format!("The manual pages are in {}: `man jaunt`.\n", folder.display()));
        Ok(0)
    }
}

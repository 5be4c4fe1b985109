//! `jaunt list-commands`.

use clap::{Args, CommandFactory};
use serde_json::json;

use super::{Cli, built};
use crate::context::Context;
use crate::error::Result;

/// List all commands, those that the help leaves out, too
#[derive(Debug, Args)]
pub struct ListCommandsArgs {}

impl ListCommandsArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let mut commands: Vec<(String, String)> = built(Cli::command().disable_help_subcommand(true))
            .get_subcommands()
            .map(|it| {
                let about = it.get_about().map(ToString::to_string).unwrap_or_default();
                (it.get_name().to_owned(), about)
            })
            .collect();
        commands.sort();
        if context.ui.style().json {
            let of_one = |(name, about): &(String, String)| json!({ "name": name, "summary": about });
            let commands: Vec<_> = commands.iter().map(of_one).collect();
            context.ui.report(&json!({ "commands": commands }));
            return Ok(0);
        }
        for (name, about) in &commands {
            context.ui.event("", "cli-command", &[name, about]);
            context.ui.data(&format!("{name:<17} {about}\n"));
        }
        Ok(0)
    }
}

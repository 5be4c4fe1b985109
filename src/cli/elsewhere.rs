//! Vagrant's commands that have no place here: each says so in one line, and names what does its job.

use std::ffi::OsString;

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Result};

/// A command of Vagrant's that is not one here
#[derive(Debug, Args)]
pub struct ElsewhereArgs {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _arguments: Vec<OsString>,
}

impl ElsewhereArgs {
    pub fn run(self, _: &Context, command: &'static str) -> Result<u8> {
        let (reason, instead) = elsewhere(command);
        Err(Error::Elsewhere {
            command,
            reason,
            instead,
        })
    }
}

/// Why there is no such command, and what there is.
fn elsewhere(command: &str) -> (&'static str, &'static str) {
    match command {
        "cloud" => (
            "HashiCorp's service for boxes is not talked to",
            "`jaunt box add` takes boxes from any address or catalog",
        ),
        "login" => (
            "the service that it logged in to has ended",
            "`jaunt box add` needs no account; tokens of servers of your own stand in settings.toml (docs/settings.md)",
        ),
        "push" => (
            "Atlas has ended, and nothing is deployed from here",
            "`jaunt upload` copies files into a machine",
        ),
        "serve" => (
            "Vagrant has given its server up",
            "`--json` on any command is for programs",
        ),
        "powershell" | "rdp" | "winrm" | "winrm-config" => (
            "guests are reached by SSH only",
            "`jaunt ssh` goes into a machine, `jaunt ssh-config` says how",
        ),
        _ => (
            "no provider here runs containers",
            "`jaunt ssh -c COMMAND` runs a command in a machine",
        ),
    }
}

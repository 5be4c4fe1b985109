//! `jaunt config`, and what it can do beyond showing.

mod convert;
mod schema;
mod shown;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use vagrantfile::Report;

use crate::config::Merged;
use crate::config::json::{MachineFacts, of_machine, usual_provider};
use crate::config::value::to_text;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::store;
use crate::project::{Project, Target};
use shown::Layers;

/// Show what the Vagrantfile makes of each machine, and where each value was set; with `--json` every value by Vagrant's name
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: Option<ConfigCommand>,

    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// The provider to resolve for: else `virtualbox` where the file names it or none, else the first that it names
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    Convert(convert::ConvertArgs),
    Schema(schema::SchemaArgs),
}

impl ConfigArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        match self.command {
            Some(ConfigCommand::Convert(convert)) => convert.run(context),
            Some(ConfigCommand::Schema(schema)) => schema.run(context),
            None => self.show(context),
        }
    }

    fn show(self, context: &Context) -> Result<u8> {
        let wants_json = context.ui.style().json;
        let home = context.environment.user_home();
        let mut machines = Vec::new();
        for target in Project::targets(context, &self.machines)? {
            let box_file = self.box_file(context, &target)?;
            let (provider, merged) = self.resolve(&target, box_file.as_deref())?;
            if wants_json {
                machines.push(of_machine(&facts(&target, &provider, home.as_deref()), &merged));
            } else {
                let layers = Layers {
                    working_folder: context.environment.working_folder(),
                    box_file: box_file.as_deref(),
                    home_file: context.home.vagrantfile(),
                };
                context
                    .ui
                    .data(&shown::machine(&target.name, &provider, &merged, &layers));
            }
        }
        if wants_json {
            context.ui.report(&json!({ "machines": machines }));
        }
        Ok(0)
    }

    /// The box's own Vagrantfile; without any box of that name, nothing more is looked for.
    fn box_file(&self, context: &Context, target: &Target) -> Result<Option<PathBuf>> {
        let layers = target.project.layers(&target.name, "virtualbox", None)?;
        let name = Merged::of(&layers).core.options.value("vm.box").and_then(to_text);
        match name {
            Some(name) if !store(context).named(&name)?.is_empty() => target.box_file(context),
            _ => Ok(None),
        }
    }

    fn resolve(&self, target: &Target, box_file: Option<&Path>) -> Result<(String, Merged)> {
        let layers = |provider: &str| {
            let layers = target.project.layers(&target.name, provider, box_file)?;
            Report::refuse_mistakes(&layers)?;
            Ok::<_, Error>(layers)
        };
        let provider = match &self.provider {
            Some(provider) => provider.clone(),
            None => usual_provider(&Merged::of(&layers("virtualbox")?)).to_owned(),
        };
        let merged = Merged::of(&layers(&provider)?);
        Ok((provider, merged))
    }
}

fn facts<'a>(target: &'a Target, provider: &'a str, home: Option<&'a Path>) -> MachineFacts<'a> {
    let definition = target.project.definitions.iter().find(|it| it.name == target.name);
    MachineFacts {
        name: &target.name,
        primary: definition.is_some_and(|it| it.primary),
        autostart: definition.is_none_or(|it| it.autostart),
        provider,
        folder: &target.project.root,
        home,
    }
}

//! `jaunt config`, and what it can do beyond showing.

mod convert;
mod schema;

use clap::{Args, Subcommand};
use serde_json::json;
use vagrantfile::layer::Origin;

use crate::config::Merged;
use crate::config::json::{MachineFacts, of_machine, usual_provider};
use crate::config::table::Table;
use crate::config::value::shown;
use crate::context::Context;
use crate::error::Result;
use crate::project::{Project, Target};

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
        let mut machines = Vec::new();
        for target in Project::targets(context, &self.machines)? {
            let (provider, merged) = self.resolve(&target)?;
            if wants_json {
                machines.push(of_machine(&facts(&target, &provider), &merged));
            } else {
                context.ui.data(&table(&target.name, &provider, &merged));
            }
        }
        if wants_json {
            context.ui.report(&json!({ "machines": machines }));
        }
        Ok(0)
    }

    fn resolve(&self, target: &Target) -> Result<(String, Merged)> {
        let layers = |provider: &str| target.project.layers(&target.name, provider, None);
        let provider = match &self.provider {
            Some(provider) => provider.clone(),
            None => usual_provider(&Merged::of(&layers("virtualbox")?)).to_owned(),
        };
        let merged = Merged::of(&layers(&provider)?);
        Ok((provider, merged))
    }
}

fn facts<'a>(target: &'a Target, provider: &'a str) -> MachineFacts<'a> {
    let definition = target.project.definitions.iter().find(|it| it.name == target.name);
    MachineFacts {
        name: &target.name,
        primary: definition.is_some_and(|it| it.primary),
        autostart: definition.is_none_or(|it| it.autostart),
        provider,
        folder: &target.project.root,
    }
}

/// What was set, one line each, with the place where it was set last.
fn table(machine: &str, provider: &str, merged: &Merged) -> String {
    let mut rows: Vec<(String, Option<&Origin>)> = Vec::new();
    for (path, value) in merged.core.options.iter() {
        rows.push((format!("{path} = {}", shown(&value.value)), value.origin.as_ref()));
    }
    for network in merged.networks.iter() {
        rows.push((
            format!("network {} {}", network.kind, options(&network.options)),
            network.origin.as_ref(),
        ));
    }
    for folder in merged.synced_folders.iter() {
        rows.push((
            format!("synced_folder {} {}", folder.id, options(&folder.options)),
            folder.origin.as_ref(),
        ));
    }
    for provisioner in merged.provisioners.iter() {
        let text = format!(
            "provision {} {}",
            provisioner.kind,
            options(&provisioner.config.options)
        );
        rows.push((text, Some(&provisioner.origin)));
    }
    for block in merged.providers.iter() {
        rows.push((
            format!("provider {} {}", block.name, options(&block.body.options)),
            Some(&block.origin),
        ));
    }
    let mut text = format!("{machine} ({provider})\n");
    for (row, origin) in rows {
        let place = origin.map_or_else(
            || "default".to_owned(),
            |it| format!("{}:{}", it.file.display(), it.line),
        );
        text.push_str(&format!("  {}  # {place}\n", row.trim_end()));
    }
    text
}

fn options(options: &Table) -> String {
    let words: Vec<String> = options
        .iter()
        .map(|(name, it)| format!("{name}: {}", shown(&it.value)))
        .collect();
    words.join(", ")
}

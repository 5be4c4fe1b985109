//! `jaunt plugin`: there are none, and what popular ones do is built in.

use clap::{Args, Subcommand};
use serde_json::json;
use vagrantfile::Plugins;
use vagrantfile::layer::{Setting, Value};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::project::Project;

/// Tell which plugins of Vagrant's have their job done without them
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Nothing is installed, so nothing is removed
    Expunge(Ignored),
    /// Tell whether a plugin's job is built in
    Install(InstallArgs),
    /// Refused: there are no plugins to license
    License(Ignored),
    /// List the plugins that Vagrantfiles find installed
    List(Ignored),
    /// Nothing is installed, so nothing needs repair
    Repair(Ignored),
    /// Nothing is installed, so nothing is removed
    Uninstall(Ignored),
    /// Nothing is installed, so nothing is updated
    Update(Ignored),
}

/// Vagrant's options, which mean nothing here.
#[derive(Debug, Args)]
pub struct Ignored {
    #[command(flatten)]
    options: Options,

    /// Names of plugins
    names: Vec<String>,
}

#[derive(Debug, Args)]
struct Options {
    #[arg(long, hide = true)]
    local: bool,
    #[arg(long, hide = true)]
    local_only: bool,
    #[arg(long, hide = true)]
    global_only: bool,
    #[arg(long, hide = true)]
    force: bool,
    #[arg(long, hide = true)]
    reinstall: bool,
    #[arg(long, hide = true)]
    verbose: bool,
    #[arg(long, hide = true)]
    entry_point: Option<String>,
    #[arg(long, hide = true)]
    plugin_clean_sources: bool,
    #[arg(long, hide = true)]
    plugin_source: Vec<String>,
    #[arg(long, hide = true)]
    plugin_version: Option<String>,
}

#[derive(Debug, Args)]
pub struct InstallArgs {
    #[command(flatten)]
    options: Options,

    /// Names of plugins; with `--local`, those that the Vagrantfile asks for
    #[arg(value_name = "NAME", required_unless_present = "local")]
    names: Vec<String>,
}

impl PluginCommand {
    pub fn run(self, context: &Context) -> Result<u8> {
        match self {
            PluginCommand::Install(it) => it.run(context),
            PluginCommand::License(_) => Err(refused("there are no plugins, so none has a licence")),
            PluginCommand::List(_) => Ok(list(context)),
            PluginCommand::Expunge(_)
            | PluginCommand::Repair(_)
            | PluginCommand::Uninstall(_)
            | PluginCommand::Update(_) => {
                context.ui.data("There are no plugins here. Nothing to do.\n");
                Ok(0)
            }
        }
    }
}

impl InstallArgs {
    /// A script that sets up a project installs its plugins first: it goes on where their job is built in.
    fn run(self, context: &Context) -> Result<u8> {
        let plugins = plugins(context);
        let names = match self.names.is_empty() {
            true => wanted_by_the_project(context)?,
            false => self.names,
        };
        let missing: Vec<&str> = names.iter().map(String::as_str).filter(|it| !plugins.has(it)).collect();
        if !missing.is_empty() {
            return Err(refused(&format!(
                "Vagrant's plugins cannot be loaded: {}",
                missing.join(", ")
            )));
        }
        for name in &names {
            context
                .ui
                .data(&format!("What '{name}' does is built in. Nothing is installed.\n"));
        }
        Ok(0)
    }
}

/// The names in `config.vagrant.plugins`.
fn wanted_by_the_project(context: &Context) -> Result<Vec<String>> {
    let Some(target) = Project::targets(context, &[])?.into_iter().next() else {
        return Ok(Vec::new());
    };
    let layers = target.project.layers(&target.name, "qemu", None)?;
    let entries = layers.iter().flat_map(|it| &it.entries);
    let mut assigned = entries.filter_map(|it| match &it.setting {
        Setting::Assign(value) if it.path == "vagrant.plugins" => Some(value),
        _ => None,
    });
    Ok(assigned.next_back().map(names_in).unwrap_or_default())
}

/// The names in a name, a list of names, or a table by names.
fn names_in(plugins: &Value) -> Vec<String> {
    match plugins {
        Value::String(name) | Value::Symbol(name) => vec![name.clone()],
        Value::List(items) => items.iter().flat_map(names_in).collect(),
        Value::Map(pairs) => pairs.iter().flat_map(|(name, _)| names_in(name)).collect(),
        _ => Vec::new(),
    }
}

/// Vagrant's line for none; those that are built in are not installed, and Vagrantfiles find them all the same.
fn list(context: &Context) -> u8 {
    let plugins = plugins(context);
    let built_in: Vec<&str> = vagrantfile::plugins::BUILT_IN
        .iter()
        .map(|it| it.name)
        .filter(|it| plugins.has(it))
        .collect();
    if context.ui.style().json {
        context.ui.report(&json!({ "plugins": [], "built_in": built_in }));
        return 0;
    }
    context.ui.data("No plugins installed.\n");
    context.ui.data(&format!(
        "Vagrantfiles find these installed, since their job is built in: {}\n",
        built_in.join(", ")
    ));
    0
}

fn plugins(context: &Context) -> Plugins {
    Plugins::parse(context.environment.text("JAUNT_ASSUME_PLUGINS").as_deref())
}

fn refused(what: &str) -> Error {
    Error::Refused {
        what: what.to_owned(),
        advice: "`jaunt plugin list` shows whose job is built in; JAUNT_ASSUME_PLUGINS names others that a Vagrantfile insists on"
            .to_owned(),
    }
}

//! `jaunt complete`: what the shells' completion asks for. Nothing is asked, said or changed, whatever goes wrong.

use clap::{Args, CommandFactory};

use super::Cli;
use super::completion::{Names, Offer, offer};
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle::snapshots;
use crate::machine::store;
use crate::project::Project;

/// Print what may stand at the end of a command line
#[derive(Debug, Args)]
pub struct CompleteArgs {
    /// The words behind the program's name, the last of which is being typed
    #[arg(last = true)]
    words: Vec<String>,
}

impl CompleteArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let mut offer = offer(&mut Cli::command(), &self.words);
        for names in std::mem::take(&mut offer.names) {
            let found = look_up(context, names, &offer).await;
            let fitting = found.into_iter().filter(|(name, _)| name.starts_with(&offer.typed));
            offer.words.extend(fitting.collect::<Vec<_>>());
        }
        // What would steer the terminal, or end the line, is nobody's name.
        let is_plain = |word: &str| !word.chars().any(char::is_control);
        for (word, help) in offer.words.iter().filter(|(word, _)| is_plain(word)) {
            let help = help.lines().next().unwrap_or_default();
            context.ui.data(&format!("{}{word}\t{help}\n", offer.before));
        }
        Ok(0)
    }
}

async fn look_up(context: &Context, names: Names, offer: &Offer) -> Vec<(String, String)> {
    match names {
        Names::Machines => machines(context).unwrap_or_default(),
        Names::Snapshots => snapshots_of(context, &offer.positionals).await,
        Names::Boxes => boxes(context).unwrap_or_default(),
        Names::Providers => vec![("qemu".to_owned(), "QEMU".to_owned())],
    }
}

fn machines(context: &Context) -> Result<Vec<(String, String)>> {
    let targets = Project::targets(context, &[])?;
    Ok(targets.into_iter().map(|it| (it.name, "machine".to_owned())).collect())
}

async fn snapshots_of(context: &Context, machines: &[String]) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = Vec::new();
    for target in Project::targets(context, machines).unwrap_or_default() {
        let Ok(machine) = target.machine(context) else { continue };
        for snapshot in snapshots::list(&machine).await.ok().flatten().unwrap_or_default() {
            if !names.iter().any(|(name, _)| *name == snapshot.name) {
                names.push((snapshot.name, "snapshot".to_owned()));
            }
        }
    }
    names
}

fn boxes(context: &Context) -> Result<Vec<(String, String)>> {
    let mut names: Vec<String> = store(context)
        .list()?
        .into_iter()
        .map(|it| it.name.to_string())
        .collect();
    names.sort();
    names.dedup();
    Ok(names.into_iter().map(|it| (it, "box".to_owned())).collect())
}

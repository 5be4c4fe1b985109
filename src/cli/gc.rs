//! `jaunt gc`.

use clap::Args;
use serde_json::json;

use super::report;
use crate::context::Context;
use crate::error::Result;
use crate::lifecycle;
use crate::lifecycle::garbage::{self, Garbage};
use crate::project::Project;
use crate::ui::prompt;

/// List what no project owns any more, and remove it or take it back
#[derive(Debug, Args)]
pub struct GcArgs {
    /// Remove it without a question
    #[arg(short, long, conflicts_with_all = ["dry_run", "adopt"])]
    force: bool,

    /// Only list it
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Take the machines of this project back into the index, and note that a moved project's machines are here now
    #[arg(long)]
    adopt: bool,
}

impl GcArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        if self.adopt {
            return adopt(context).await;
        }
        let found = garbage::find(context).await?;
        if context.ui.style().json {
            context.ui.report(&document(&found));
        } else {
            list(context, &found);
        }
        let removable: Vec<&Garbage> = found.iter().filter(|it| it.in_use.is_none()).collect();
        if self.dry_run || removable.is_empty() || !self.is_wanted(context, removable.len()).await? {
            return Ok(0);
        }
        let mut code = 0;
        for garbage in removable {
            match garbage::remove(context, garbage).await {
                Ok(()) => tell(context, &format!("Removed: {}", line(garbage))),
                Err(error) => code = report(&context.ui, &error),
            }
        }
        Ok(code)
    }

    async fn is_wanted(&self, context: &Context, count: usize) -> Result<bool> {
        if self.force {
            return Ok(true);
        }
        let question = format!("Remove {count} of these?");
        let answer = prompt::confirm(&context.ui, &context.interrupt, &question).await?;
        if answer.is_none() {
            tell(context, "`jaunt gc --force` removes them.");
        }
        Ok(answer.unwrap_or(false))
    }
}

async fn adopt(context: &Context) -> Result<u8> {
    for target in Project::targets(context, &[])? {
        if lifecycle::adopt(context, &target).await? {
            context
                .ui
                .of(&target.name)
                .info("The machine is this project's, and in the index.");
        }
    }
    Ok(0)
}

fn list(context: &Context, found: &[Garbage]) {
    if found.is_empty() {
        return tell(context, "Everything belongs to a project.");
    }
    for garbage in found {
        match &garbage.in_use {
            Some(why) => tell(context, &format!("{} (kept: {why})", line(garbage))),
            None => tell(context, &line(garbage)),
        }
    }
}

/// In JSON the document is all that is printed.
fn tell(context: &Context, text: &str) {
    if !context.ui.style().json {
        context.ui.data(&format!("{text}\n"));
    }
}

fn line(garbage: &Garbage) -> String {
    format!("{}: {}", garbage.title(), garbage.path.display())
}

fn document(found: &[Garbage]) -> serde_json::Value {
    let of_one = |it: &Garbage| json!({ "kind": it.word(), "path": it.path, "in_use": it.in_use });
    json!({ "garbage": found.iter().map(of_one).collect::<Vec<_>>() })
}

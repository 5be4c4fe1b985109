//! `jaunt destroy`.

use clap::Args;

use super::several::Several;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::lifecycle;
use crate::project::{Project, Target};
use crate::ui::prompt;

/// Stop the project's machines and remove all they own
#[derive(Debug, Args)]
pub struct DestroyArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// Do not ask
    #[arg(short, long)]
    force: bool,

    /// Destroy several machines at once, and do not ask
    #[arg(long, overrides_with = "no_parallel")]
    parallel: bool,

    /// Ask the guest to shut down first
    #[arg(short, long)]
    graceful: bool,

    #[arg(long, hide = true)]
    no_parallel: bool,
}

/// Vagrant's exit code where some machines were destroyed and others were not.
const SOME_DECLINED: u8 = 2;

impl DestroyArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let mut targets = Project::targets_that_are_there(context, &self.machines)?;
        targets.reverse();
        let left = targets.first().filter(|_| self.machines.is_empty());
        let left = left.map_or(Vec::new(), |it| it.project.left());
        let (mut confirmed, mut declined) = (Vec::new(), 0);
        for target in targets {
            if self.is_confirmed(context, &target).await? {
                confirmed.push(target);
            } else {
                let ui = context.ui.of(&target.name);
                ui.info("It is kept, since you did not confirm.");
                declined += 1;
            }
        }
        if confirmed.is_empty() && declined > 0 {
            return Err(Error::NothingDestroyed);
        }
        confirmed.reverse();
        let several = Several::downwards(context, confirmed);
        let several = if self.parallel { several } else { several.one_by_one() };
        let destroy = async |target: &Target| lifecycle::destroy(context, target, self.graceful).await;
        let code = several.each(context, destroy).await?;
        for target in left {
            context.ui.of(&target.name).warn(&format!(
                "It is not defined by the Vagrantfile any more, and kept. `jaunt destroy {}` removes it.",
                target.name
            ));
        }
        match code {
            0 if declined > 0 => Ok(SOME_DECLINED),
            code => Ok(code),
        }
    }

    async fn is_confirmed(&self, context: &Context, target: &Target) -> Result<bool> {
        if self.force || self.parallel || !target.is_known() {
            return Ok(true);
        }
        let question = format!(
            "    {}: Destroy the machine `{}` and all its data?",
            target.name, target.name
        );
        let answer = prompt::confirm(&context.ui, &context.interrupt, &question).await?;
        answer.ok_or_else(|| Error::Unconfirmed {
            what: format!("the machine `{}` is to be destroyed", target.name),
        })
    }
}

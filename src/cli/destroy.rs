//! `jaunt destroy`.

use clap::Args;

use super::report;
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
    #[arg(short, long, visible_alias = "parallel")]
    force: bool,

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
        let mut targets = Project::targets(context, &self.machines)?;
        targets.reverse();
        let (mut destroyed, mut declined, mut code) = (0, 0, 0);
        for target in targets {
            if !self.is_confirmed(context, &target).await? {
                context
                    .ui
                    .of(&target.name)
                    .info("It is kept, since you did not confirm.");
                declined += 1;
                continue;
            }
            match lifecycle::destroy(context, &target, self.graceful).await {
                Ok(()) => destroyed += 1,
                Err(error) if error.is_interrupt() => return Err(error),
                Err(error) => code = report(&context.ui, &error),
            }
        }
        match (code, destroyed, declined) {
            (0, _, 0) => Ok(0),
            (0, 0, _) => Err(Error::NothingDestroyed),
            (0, ..) => Ok(SOME_DECLINED),
            (code, ..) => Ok(code),
        }
    }

    async fn is_confirmed(&self, context: &Context, target: &Target) -> Result<bool> {
        if self.force || !target.is_known() {
            return Ok(true);
        }
        let question = format!(
            "    {}: Destroy the machine `{}` and all its data?",
            target.name, target.name
        );
        let answer = prompt::confirm(&context.ui, &context.interrupt, &question).await?;
        answer.ok_or_else(|| Error::Refused {
            what: format!(
                "nobody can confirm that the machine `{}` is to be destroyed",
                target.name
            ),
            advice: "give `--force` where there is no terminal".to_owned(),
        })
    }
}

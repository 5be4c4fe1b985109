//! `jaunt validate`.

use clap::Args;
use serde_json::json;

use super::several::check_order;
use crate::config::Mistakes;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::Machine;
use crate::project::{Project, Target, Wish};

/// Check the Vagrantfile, and report every mistake in it
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Leave the providers' options out
    #[arg(short = 'p', long)]
    ignore_provider: bool,
}

impl ValidateArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        match (self.look(context), context.ui.style().json) {
            (Ok(()), false) => context.ui.data("The Vagrantfile is in order.\n"),
            (Ok(()), true) => context.ui.report(&json!({ "valid": true, "report": null })),
            (Err(Error::Configuration { report }), true) => {
                context.ui.report(&json!({ "valid": false, "report": report }));
                return Ok(1);
            }
            (Err(error), _) => return Err(error),
        }
        Ok(0)
    }

    fn look(&self, context: &Context) -> Result<()> {
        let targets = Project::targets(context, &[])?;
        let mut findings = Findings::default();
        for target in &targets {
            self.look_at(context, target, &mut findings)?;
        }
        match findings.report() {
            Some(report) => Err(Error::Configuration { report }),
            None => check_order(context, targets),
        }
    }

    /// Looks at a machine as it would be brought up, and then with what overrides it under each other provider that it names.
    fn look_at(&self, context: &Context, target: &Target, findings: &mut Findings) -> Result<()> {
        let wish = Wish {
            ignore_provider: self.ignore_provider,
            ..Wish::default()
        };
        let Some(machine) = findings.take(target.machine_as(context, &wish))? else {
            return Ok(());
        };
        let others = machine.config.providers_named();
        for other in others.into_iter().filter(|it| *it != machine.settings_of) {
            let wish = Wish {
                settings_of: Some(other.to_owned()),
                ignore_provider: true,
                ..Wish::default()
            };
            findings.take(target.machine_as(context, &wish))?;
        }
        Ok(())
    }
}

/// What is wrong, for whichever machine it came up.
#[derive(Default)]
struct Findings {
    /// What ended the reading of a layer.
    broken: Vec<String>,
    mistakes: Mistakes,
}

impl Findings {
    /// Notes what is wrong with a machine; an error that is not about the configuration goes on.
    fn take(&mut self, opened: Result<Machine>) -> Result<Option<Machine>> {
        match opened {
            Ok(machine) => {
                self.mistakes.unite(machine.mistakes.clone());
                Ok(Some(machine))
            }
            Err(Error::Configuration { report }) => {
                if !self.broken.contains(&report) {
                    self.broken.push(report);
                }
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    fn report(self) -> Option<String> {
        let mistakes = (!self.mistakes.is_empty()).then(|| self.mistakes.to_string());
        let parts: Vec<String> = self.broken.into_iter().chain(mistakes).collect();
        (!parts.is_empty()).then(|| parts.join("\n\n"))
    }
}

//! `jaunt provider`.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::project::Project;

/// Print the backend of a machine
#[derive(Debug, Args)]
pub struct ProviderArgs {
    /// Name or id of the machine
    #[arg(value_name = "MACHINE")]
    machine: Option<String>,

    /// Refused: backends are installed by the system's own means
    #[arg(long)]
    install: bool,

    /// Say by the exit code whether it can be used
    #[arg(long)]
    usable: bool,
}

impl ProviderArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        if self.install {
            return Err(Error::Refused {
                what: "Jaunt installs no backends".to_owned(),
                advice:
                    "install QEMU as your system does it (`apt install qemu-system-x86 qemu-utils`), and run `jaunt up`"
                        .to_owned(),
            });
        }
        let machine = Project::target(context, self.machine.as_deref())?.machine(context);
        let name = match machine {
            Ok(machine) => machine.provider_name,
            Err(Error::UnknownProvider { .. }) if self.usable => return Ok(1),
            Err(error) => return Err(error),
        };
        if self.usable {
            let is_there = |program: &str| {
                context
                    .environment
                    .search_path()
                    .iter()
                    .any(|it| it.join(program).is_file())
            };
            return Ok(u8::from(!is_there("qemu-img")));
        }
        if context.ui.style().json {
            context.ui.report(&json!({ "provider": name }));
            return Ok(0);
        }
        context.ui.event("", "provider-name", &[&name]);
        context.ui.data(&format!("{name}\n"));
        Ok(0)
    }
}

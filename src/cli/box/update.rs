//! `jaunt box update`.

use boxes::{InstalledBox, VersionConstraints};
use clap::Args;

use super::transfer::TransferOptions;
use crate::context::Context;
use crate::downloads;
use crate::error::{Error, Result};
use crate::http::Trust;
use crate::lifecycle;
use crate::machine::store;
use crate::project::Project;

/// Fetch newer versions of the project's boxes, or of one box
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// This box, wherever it is used
    #[arg(long = "box", value_name = "BOX")]
    name: Option<String>,

    /// With `--box`, the one for this architecture
    #[arg(long, value_name = "ARCHITECTURE")]
    architecture: Option<String>,

    /// The one for this provider
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// Replace a version that is there
    #[arg(short, long)]
    force: bool,

    #[command(flatten)]
    transfer: TransferOptions,

    /// Names, /patterns/ or ids of machines; all where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,
}

impl UpdateArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let trust = self.transfer.trust(context);
        match &self.name {
            Some(name) => {
                let installed = self.choose(name, store(context).generations(Some(name), None)?.newest)?;
                let any = VersionConstraints::any();
                downloads::update(context, &installed, &any, trust, self.force).await?;
            }
            None => self.update_machines(context, &trust).await?,
        }
        Ok(0)
    }

    async fn update_machines(&self, context: &Context, trust: &Trust) -> Result<()> {
        for target in Project::targets(context, &self.machines)? {
            let machine = target.machine(context)?;
            if self.provider.as_ref().is_some_and(|it| *it != machine.provider_name) {
                continue;
            }
            lifecycle::update_box(context, &machine, trust.clone(), self.force).await?;
        }
        Ok(())
    }

    /// The one box that is meant, of those of the name; what is not said must not be ambiguous.
    fn choose(&self, name: &str, boxes: Vec<InstalledBox>) -> Result<InstalledBox> {
        if boxes.is_empty() {
            return Err(boxes::Error::NotInstalled { name: name.to_owned() }.into());
        }
        let boxes = narrowed(
            boxes,
            self.provider.as_deref(),
            &|it| it.provider.clone(),
            &|available| {
                let (name, provider) = (name.to_owned(), self.provider.clone().unwrap_or_default());
                boxes::Error::RemoveProviderNotFound {
                    name,
                    provider,
                    available,
                }
            },
        )?;
        let wanted = self.architecture.as_deref().map(boxes::vagrant_name);
        let mut boxes = narrowed(boxes, wanted, &architecture, &|available| {
            let (name, architecture) = (name.to_owned(), self.architecture.clone().unwrap_or_default());
            boxes::Error::RemoveArchitectureNotFound {
                name,
                architecture,
                available,
            }
        })?;
        match (boxes.pop(), boxes.pop()) {
            (Some(installed), None) => Ok(installed),
            (Some(one), Some(other)) => Err(ambiguous(name, &one, &other)),
            (None, _) => Err(boxes::Error::NotInstalled { name: name.to_owned() }.into()),
        }
    }
}

/// Those that have what is asked for; all where nothing is.
fn narrowed(
    boxes: Vec<InstalledBox>,
    wanted: Option<&str>,
    of: &dyn Fn(&InstalledBox) -> String,
    none: &dyn Fn(String) -> boxes::Error,
) -> Result<Vec<InstalledBox>> {
    let Some(wanted) = wanted else { return Ok(boxes) };
    let available: Vec<String> = boxes.iter().map(of).collect();
    let chosen: Vec<InstalledBox> = boxes.into_iter().filter(|it| of(it) == wanted).collect();
    if chosen.is_empty() {
        return Err(none(available.join(", ")).into());
    }
    Ok(chosen)
}

fn architecture(installed: &InstalledBox) -> String {
    installed.architecture.clone().unwrap_or_else(|| "unknown".to_owned())
}

fn ambiguous(name: &str, one: &InstalledBox, other: &InstalledBox) -> Error {
    if one.provider != other.provider {
        return Error::Refused {
            what: format!(
                "the box `{name}` is installed for several providers: {}, {}",
                other.provider, one.provider
            ),
            advice: "name one with `--provider`".to_owned(),
        };
    }
    Error::Refused {
        what: format!(
            "the box `{name}` is installed for several architectures: {}, {}",
            architecture(other),
            architecture(one)
        ),
        advice: "name one with `--architecture`".to_owned(),
    }
}

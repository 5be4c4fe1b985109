//! `jaunt box pull`.

use boxes::{Architecture, VersionConstraints};
use clap::Args;

use super::transfer::TransferOptions;
use crate::context::Context;
use crate::downloads::{self, Wanted};
use crate::error::Result;

/// Fetch a box from where it was pushed to
#[derive(Debug, Args)]
pub struct PullArgs {
    /// The box's name
    name: String,

    /// oci://HOST/REPOSITORY:TAG, a folder, or its URL; the places of the settings where it is not said
    #[arg(value_name = "PLACE")]
    place: Option<String>,

    /// Replace a box that is there
    #[arg(short, long)]
    force: bool,

    /// Throw away what an earlier pull left
    #[arg(short, long)]
    clean: bool,

    /// The box's version, or a constraint on it
    #[arg(long, value_name = "VERSION")]
    box_version: Option<String>,

    /// The provider that the box must be for
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// The architecture that the box must be for
    #[arg(short, long, value_name = "ARCHITECTURE")]
    architecture: Option<String>,

    #[command(flatten)]
    transfer: TransferOptions,
}

impl PullArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let trust = self.transfer.trust(context);
        let address = match self.place {
            Some(it) if it.starts_with("oci://") => it,
            Some(it) => catalog(context, &it, &self.name),
            None => self.name.clone(),
        };
        let wanted = Wanted {
            addresses: vec![address],
            name: Some(self.name),
            version: self
                .box_version
                .map_or_else(|| Ok(VersionConstraints::any()), |it| it.parse())?,
            file_version: None,
            providers: self.provider.into_iter().collect(),
            architecture: match self.architecture {
                Some(name) => Architecture::Named(boxes::vagrant_name(&name).to_owned()),
                None => Architecture::Auto {
                    host: boxes::vagrant_name(std::env::consts::ARCH).to_owned(),
                },
            },
            force: self.force,
            clean: self.clean,
            checksum: None,
            trust,
            place: None,
            folder: context.environment.working_folder(),
        };
        downloads::add(context, &wanted).await?;
        Ok(0)
    }
}

/// The catalog of a name in a folder, or behind its URL.
fn catalog(context: &Context, place: &str, name: &str) -> String {
    let folder = match place.contains("://") {
        true => place.to_owned(),
        false => context.environment.absolute(place.as_ref()).display().to_string(),
    };
    format!("{}/{name}.json", folder.trim_end_matches('/'))
}

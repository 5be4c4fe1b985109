//! `jaunt box add`.

use std::path::Path;

use boxes::{Architecture, Checksum, VersionConstraints};
use clap::Args;

use super::transfer::TransferOptions;
use crate::context::Context;
use crate::downloads::{self, Wanted};
use crate::error::Result;

/// Add a box: a file, a URL, a catalog, or a name that a server knows
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The box's address; or its name, where the address follows
    #[arg(value_name = "NAME, URL OR PATH")]
    first: String,

    /// The box's address, where its name is before it
    #[arg(value_name = "URL OR PATH")]
    second: Option<String>,

    /// The name that the box gets
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Throw away what an earlier download left
    #[arg(short, long)]
    clean: bool,

    /// Replace a box that is there
    #[arg(short, long)]
    force: bool,

    /// The box's version, or a constraint on it
    #[arg(long, value_name = "VERSION")]
    box_version: Option<String>,

    /// The provider that the box must be for
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// The architecture that the box must be for
    #[arg(short, long, value_name = "ARCHITECTURE")]
    architecture: Option<String>,

    /// What the file must sum up to
    #[arg(long, value_name = "CHECKSUM")]
    checksum: Option<String>,

    /// How the checksum is made: md5, sha1, sha256, sha384 or sha512
    #[arg(long, value_name = "TYPE")]
    checksum_type: Option<String>,

    #[command(flatten)]
    transfer: TransferOptions,

    /// Accepted for Vagrant's sake: credentials stay with the server that they are for
    #[arg(long)]
    location_trusted: bool,
}

impl AddArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        downloads::add(context, &self.wanted(context)?).await?;
        Ok(0)
    }

    fn wanted(self, context: &Context) -> Result<Wanted> {
        let (name, address) = match self.second {
            Some(address) => (Some(self.first), address),
            None => (self.name, self.first),
        };
        let checksum = self
            .checksum
            .map(|it| Checksum::parse(self.checksum_type.as_deref(), &it))
            .transpose()?;
        Ok(Wanted {
            addresses: vec![address],
            name,
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
            checksum: checksum.flatten(),
            trust: self.transfer.trust(context),
            place: None,
            folder: context.environment.absolute(Path::new(".")),
        })
    }
}

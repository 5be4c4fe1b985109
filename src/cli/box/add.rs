//! `jaunt box add`.

use boxes::Checksum;
use clap::Args;

use super::transfer::FetchOptions;
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

    /// What the file must sum up to
    #[arg(long, value_name = "CHECKSUM")]
    checksum: Option<String>,

    /// How the checksum is made: md5, sha1, sha256, sha384 or sha512
    #[arg(long, value_name = "TYPE")]
    checksum_type: Option<String>,

    #[command(flatten)]
    fetch: FetchOptions,

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
            name,
            checksum: checksum.flatten(),
            ..self.fetch.wanted(context, address)?
        })
    }
}

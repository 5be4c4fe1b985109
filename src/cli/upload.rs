//! `jaunt upload`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::lifecycle::{self, UploadWish};
use crate::project::{Project, Target};
use crate::provisioners::file::File;

/// Copy a file or a folder into a machine
#[derive(Debug, Args)]
pub struct UploadArgs {
    /// The file or folder
    #[arg(value_name = "SOURCE")]
    source: String,

    /// Where it goes: the name of the source in the user's home folder where it is left out
    #[arg(value_name = "DESTINATION")]
    destination: Option<String>,

    /// Name or id of the machine; it may stand in the place of the destination
    #[arg(value_name = "MACHINE")]
    machine: Option<String>,

    /// Put it into a new temporary folder of the machine, and say where
    #[arg(short, long)]
    temporary: bool,

    /// Compress what goes over the connection, for guests that are far away
    #[arg(short, long)]
    compress: bool,

    /// Accepted for Vagrant's sake: the connection is compressed, whatever is named here
    #[arg(short = 'C', long, value_name = "TYPE")]
    compression_type: Option<Compression>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Compression {
    Tgz,
    Zip,
}

impl UploadArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let (target, destination) = self.destination(context)?;
        let source = context.environment.absolute(&PathBuf::from(&self.source));
        if !source.exists() {
            return Err(Error::NothingToUpload { path: source });
        }
        let name = source.file_name().map(|it| it.to_string_lossy().into_owned());
        let file = File {
            destination: destination.or(name).unwrap_or_else(|| ".".to_owned()),
            written_source: self.source,
            source,
        };
        let wish = UploadWish {
            temporary: self.temporary,
            compressed: self.compress || self.compression_type.is_some(),
        };
        lifecycle::upload(context, &target, file, wish).await?;
        Ok(0)
    }

    /// Vagrant's rule: what stands second is a machine if there is one of that name, and nothing stands third.
    fn destination(&self, context: &Context) -> Result<(Target, Option<String>)> {
        if let Some(machine) = &self.machine {
            return Ok((Project::target(context, Some(machine))?, self.destination.clone()));
        }
        if let Some(second) = &self.destination
            && let Ok(target) = Project::target(context, Some(second))
        {
            return Ok((target, None));
        }
        Ok((Project::target(context, None)?, self.destination.clone()))
    }
}

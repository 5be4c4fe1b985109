//! The options of the commands that move boxes: how servers are trusted, and which box is fetched.

use std::path::PathBuf;

use boxes::Architecture;
use clap::Args;

use crate::context::Context;
use crate::downloads::Wanted;
use crate::error::Result;
use crate::http::Trust;

/// `--insecure`, `--cacert`, `--capath` and `--cert`.
#[derive(Debug, Clone, Default, Args)]
pub struct TransferOptions {
    /// Do not look at the server's certificate
    #[arg(long)]
    insecure: bool,

    /// A file with certificates to trust
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// A folder with certificates to trust
    #[arg(long, value_name = "FOLDER")]
    capath: Option<PathBuf>,

    /// A file with the client's own certificate and key
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
}

impl TransferOptions {
    /// The same with whole paths.
    pub fn trust(&self, context: &Context) -> Trust {
        let path = |it: &Option<PathBuf>| it.as_ref().map(|it| context.environment.absolute(it));
        Trust {
            insecure: self.insecure,
            ca_cert: path(&self.cacert),
            ca_path: path(&self.capath),
            client_cert: path(&self.cert),
        }
    }
}

/// Which box is fetched, and how.
#[derive(Debug, Clone, Default, Args)]
pub struct FetchOptions {
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

    #[command(flatten)]
    transfer: TransferOptions,
}

impl FetchOptions {
    /// The box at an address that the options ask for.
    pub fn wanted(self, context: &Context, address: String) -> Result<Wanted> {
        let mut wanted = Wanted {
            providers: self.provider.into_iter().collect(),
            force: self.force,
            clean: self.clean,
            trust: self.transfer.trust(context),
            ..Wanted::at(context, address)
        };
        if let Some(constraints) = self.box_version {
            wanted.version = constraints.parse()?;
        }
        if let Some(name) = self.architecture {
            wanted.architecture = Architecture::Named(boxes::vagrant_name(&name).to_owned());
        }
        Ok(wanted)
    }
}

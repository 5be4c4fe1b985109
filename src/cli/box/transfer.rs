//! The options of all commands that fetch boxes: how servers are trusted.

use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
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

//! `jaunt box rescue`.

use clap::Args;

use super::transfer::TransferOptions;
use crate::cli::report;
use crate::context::Context;
use crate::downloads::{Destination, push};
use crate::error::Result;
use crate::machine::store;

/// Send every box that is installed, also those of Vagrant, to one place; the same command goes on where it broke off
#[derive(Debug, Args)]
pub struct RescueArgs {
    /// oci://HOST/PREFIX, or a folder
    #[arg(value_name = "DESTINATION")]
    destination: String,

    #[command(flatten)]
    transfer: TransferOptions,
}

impl RescueArgs {
    /// A box that cannot be sent is told of, and the others are sent all the same.
    pub async fn run(self, context: &Context) -> Result<u8> {
        let destination = Destination {
            address: self.destination.clone(),
            below: true,
            trust: self.transfer.trust(context),
        };
        let boxes = store(context).list()?;
        let (mut sent, mut there, mut code) = (0, 0, 0);
        for installed in &boxes {
            match push(context, installed, &destination).await {
                Ok(pushed) if pushed.was_there => there += 1,
                Ok(_) => sent += 1,
                Err(error) if error.is_interrupt() => return Err(error),
                Err(error) => code = report(&context.ui, &error),
            }
        }
        context.ui.data(&format!(
            "{} boxes: {sent} sent, {there} there already, {} failed\n",
            boxes.len(),
            boxes.len() - sent - there
        ));
        Ok(code)
    }
}

//! `jaunt box push`.

use boxes::{InstalledBox, Version};
use clap::Args;

use super::transfer::TransferOptions;
use crate::context::Context;
use crate::downloads::{Destination, push};
use crate::error::{Error, Result};
use crate::machine::store;

/// Send a box to a registry, or to a folder that a web server serves
#[derive(Debug, Args)]
pub struct PushArgs {
    /// The box's name
    name: String,

    /// oci://HOST/REPOSITORY:TAG, or a folder
    #[arg(value_name = "DESTINATION")]
    destination: String,

    /// The one of this version; the newest where it is not said
    #[arg(long, value_name = "VERSION")]
    box_version: Option<String>,

    /// The one for this provider; all providers of the version where it is not said
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// The one for this architecture
    #[arg(short, long, value_name = "ARCHITECTURE")]
    architecture: Option<String>,

    #[command(flatten)]
    transfer: TransferOptions,
}

impl PushArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let destination = Destination {
            address: self.destination.clone(),
            below: false,
            trust: self.transfer.trust(context),
        };
        for installed in self.chosen(context)? {
            push(context, &installed, &destination).await?;
        }
        Ok(0)
    }

    fn chosen(&self, context: &Context) -> Result<Vec<InstalledBox>> {
        let mut boxes = store(context).named(&self.name)?;
        if boxes.is_empty() {
            return Err(boxes::Error::NotInstalled {
                name: self.name.clone(),
            }
            .into());
        }
        let wanted = self
            .box_version
            .as_ref()
            .map(|text| Version::parse(text).ok_or_else(|| boxes::Error::VersionInvalid { text: text.clone() }));
        let wanted = wanted.transpose()?;
        let architecture = self.architecture.as_deref().map(boxes::vagrant_name);
        boxes.retain(|it| {
            wanted.as_ref().is_none_or(|wanted| it.version == *wanted)
                && self.provider.as_ref().is_none_or(|wanted| it.provider == *wanted)
                && architecture.is_none_or(|wanted| it.architecture.as_deref() == Some(wanted))
        });
        let newest = boxes.iter().map(|it| it.version.clone()).max();
        boxes.retain(|it| Some(&it.version) == newest.as_ref());
        if boxes.is_empty() {
            return Err(Error::Refused {
                what: format!("the box `{}` is not installed as it is asked for", self.name),
                advice: "`jaunt box list` shows what is".to_owned(),
            });
        }
        Ok(boxes)
    }
}

//! `jaunt box pull`.

use clap::Args;

use super::transfer::FetchOptions;
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

    #[command(flatten)]
    fetch: FetchOptions,
}

impl PullArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let address = match self.place {
            Some(it) if it.starts_with("oci://") => it,
            Some(it) => catalog(context, &it, &self.name),
            None => self.name.clone(),
        };
        let wanted = Wanted {
            name: Some(self.name),
            ..self.fetch.wanted(context, address)?
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

//! Boxes on their way to others: what `box push` and `box rescue` ask the crate of the boxes for.

use boxes::{InstalledBox, Push, Pushed};

use super::desk::Desk;
use super::observer;
use crate::context::Context;
use crate::error::Result;
use crate::http::Trust;

/// Where boxes are pushed to.
pub struct Destination {
    /// `oci://HOST/REPOSITORY`, or a folder.
    pub address: String,
    /// It is one for many boxes: a repository gets the box's name.
    pub below: bool,
    /// How servers are trusted.
    pub trust: Trust,
}

/// Sends a box to a destination, and tells how much of it was moved.
pub async fn push(context: &Context, installed: &InstalledBox, destination: &Destination) -> Result<Pushed> {
    let InstalledBox {
        name,
        version,
        provider,
        ..
    } = installed;
    let ui = context.ui.of("box");
    let shown = boxes::shown_address(&destination.address);
    ui.info(&format!(
        "Pushing box '{name}' (v{version}) for '{provider}' to {shown}"
    ));
    let desk = Desk::open(context, &destination.trust, None, &context.environment.working_folder())?;
    let observer = observer(context.ui.clone());
    let push = Push {
        installed,
        destination: &destination.address,
        below: destination.below,
    };
    let pushed = desk
        .attend(context, async |places, cancel| {
            places.push(&push, &observer, cancel).await
        })
        .await?;
    drop(observer);
    ui.success(&match pushed.was_there {
        true => format!("It is there already: {}", pushed.address),
        false => format!(
            "Pushed to {}: {} of {} moved",
            pushed.address,
            super::size(pushed.moved),
            super::size(pushed.size)
        ),
    });
    Ok(pushed)
}

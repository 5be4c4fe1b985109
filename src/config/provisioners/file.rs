//! The file provisioner's options, read: a file or folder of the host that is copied into the guest.

use schema::{Default, Descriptor, Kind};

use super::super::ProjectFacts;
use super::super::reader::Reader;
use crate::provisioners::file::File;

/// Reads the options.
pub fn read(reader: &mut Reader<'_>, project: &ProjectFacts) -> File {
    let written_source = reader.text("source").unwrap_or_default();
    let destination = reader.text("destination").unwrap_or_default();
    let source = project.expand(&written_source);
    if written_source.is_empty() {
        reader.mistake("source", "a file provisioner has no `source`");
    } else if !source.exists() {
        reader.mistake(
            "source",
            format!("{} is not there: it cannot be copied into the guest", source.display()),
        );
    }
    if destination.is_empty() {
        reader.mistake("destination", "a file provisioner has no `destination`");
    }
    File {
        source,
        written_source,
        destination,
    }
}

/// The options of the file provisioner.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "destination",
        Kind::GuestPath,
        Default::Nil,
        "Where the file or folder goes in the guest.",
    ),
    Descriptor::attribute(
        "source",
        Kind::HostPath,
        Default::Nil,
        "The file or folder on the host.",
    ),
];

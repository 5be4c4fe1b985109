//! The file provisioner: a file or folder of the host that is copied into the guest.

use std::path::PathBuf;

use schema::{Default, Descriptor, Kind};

use super::super::ProjectFacts;
use super::super::reader::Reader;

/// A file or folder that is copied into the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileUpload {
    /// The file or folder on the host, absolute.
    pub source: PathBuf,
    /// The source as it was written: `folder/.` means what is in the folder.
    pub written_source: String,
    /// Where it goes in the guest.
    pub destination: String,
}

impl FileUpload {
    /// Reads the options.
    pub fn read(reader: &mut Reader<'_>, project: &ProjectFacts) -> Self {
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
        Self {
            source,
            written_source,
            destination,
        }
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

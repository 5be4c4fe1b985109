//! A folder of the host as a plain tar archive, for whoever unpacks it elsewhere.

use std::path::Path;

use tokio::task::JoinHandle;

use super::archive::{self, Failure, Parcel, Sent};
use super::host;
use super::pipe;
use crate::exclude::Rules;
use crate::{Error, Input, Note, Result};

/// An archive that is being written while it is read.
#[derive(Debug)]
pub struct Packing {
    notes: Vec<Note>,
    writing: JoinHandle<Result<Sent, Failure>>,
}

/// Packs what is in a folder; `guest` is where it goes, for messages alone. The folder itself is not part of the archive, so
/// that unpacking leaves the target's owner and mode alone.
pub async fn pack(source: &Path, guest: &str) -> Result<(Input, Packing)> {
    let (root, target) = (source.to_owned(), guest.to_owned());
    let scan = move || host::scan(&root, &target, &Rules::default());
    let (tree, notes) = super::join(tokio::task::spawn_blocking(scan)).await?;
    let send = tree.into_iter().filter(|(path, _)| !path.is_empty()).collect();
    let parcel = Parcel {
        folder: Vec::new(),
        owner: (0, 0),
        delete: Vec::new(),
        send,
    };
    let (mut writer, reader) = pipe::pipe();
    let writing = tokio::task::spawn_blocking(move || {
        let written = archive::write_plain(&parcel, &mut writer);
        if matches!(written, Err(Failure::Read(..))) {
            writer.abort("a file of the host could not be read");
        }
        written
    });
    Ok((Box::pin(reader), Packing { notes, writing }))
}

impl Packing {
    /// Waits for the end, once the reader has it or is gone. A reader that went away early is no failure of the packing.
    pub async fn finish(self) -> Result<Vec<Note>> {
        match super::join(self.writing).await {
            Ok(sent) => Ok([self.notes, sent.notes].concat()),
            Err(Failure::Write(_)) => Ok(self.notes),
            Err(Failure::Read(path, source)) => Err(Error::Read { path, source }),
        }
    }
}

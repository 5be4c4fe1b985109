//! The kind `copy`: a one-way copy of the host's tree, over the connection that is open anyway.
//!
//! The guest needs `sh`, `find`, `stat` and `tar`, of GNU or of busybox, and nothing else. All folders together cost one
//! script in the guest when nothing changed (it lists what is there) and a second one when something did (it removes, then
//! unpacks a stream). The file's name, kind, mode, size, time to the second, owner and group are compared, as rsync does; the
//! content is not read.
//!
//! **Invariant:** the guest's listing is the truth of what the guest has, so a copy that was killed, and files that somebody
//! changed or removed in the guest, are made good by the next one.

mod archive;
mod compare;
mod host;
pub(crate) mod listing;
mod manifest;
mod pack;
mod pipe;
mod platform;

use std::path::PathBuf;

use async_trait::async_trait;

pub use self::pack::{Packing, pack};

use self::archive::{Failure, Parcel, Sent};
use self::host::{Kind, Tree};
use self::listing::Listing;
use self::manifest::{Manifest, Record};
use crate::exclude::Rules;
use crate::{Error, Folder, GuestShell, Note, OnProgress, Output, Progress, Result, Synced, SyncedFolder};

/// What is never copied, whatever the folder says.
pub(crate) const ALWAYS_EXCLUDED: &str = ".vagrant/";

/// The kind `copy`.
#[derive(Debug, Clone)]
pub struct OneWayCopy {
    state: PathBuf,
}

impl OneWayCopy {
    /// A copy that remembers in a folder of the host what it sent; the folder is made when it is needed.
    pub fn new(state: PathBuf) -> Self {
        Self { state }
    }

    fn manifest_file(&self, folder: &Folder) -> PathBuf {
        manifest::file(&self.state, &folder.id)
    }
}

#[async_trait]
impl SyncedFolder for OneWayCopy {
    fn name(&self) -> &'static str {
        "copy"
    }

    async fn sync(
        &self,
        folders: &[Folder],
        guest: &dyn GuestShell,
        progress: &mut OnProgress<'_>,
    ) -> Result<Vec<Synced>> {
        if folders.is_empty() {
            return Ok(Vec::new());
        }
        // The host first: what is wrong there is said before the guest is touched.
        let trees = scan(folders.to_vec()).await?;
        let listings = listing::list(folders, guest).await?;
        let mut copies = Vec::new();
        for ((folder, (tree, notes)), listing) in folders.iter().zip(trees).zip(listings) {
            copies.push(FolderCopy::decide(
                folder,
                tree,
                notes,
                &listing,
                self.manifest_file(folder),
            )?);
        }
        copies
            .iter()
            .filter(|it| it.has_work())
            .for_each(|it| progress(it.announcement()));
        if copies.iter().any(FolderCopy::has_work) {
            send(&mut copies, guest).await?;
        }
        copies.into_iter().map(FolderCopy::finish).collect()
    }
}

async fn scan(folders: Vec<Folder>) -> Result<Vec<(Tree, Vec<Note>)>> {
    let scan = move || {
        folders
            .iter()
            .map(|it| host::scan(&it.host, &it.guest, &rules(it)))
            .collect()
    };
    join(tokio::task::spawn_blocking(scan)).await
}

/// The result of a thread. None is ever cancelled: one that does not return has panicked, and so does its caller.
async fn join<T>(thread: tokio::task::JoinHandle<T>) -> T {
    thread
        .await
        .unwrap_or_else(|it| std::panic::resume_unwind(it.into_panic()))
}

fn rules(folder: &Folder) -> Rules {
    Rules::new(
        [ALWAYS_EXCLUDED]
            .into_iter()
            .chain(folder.exclude.iter().map(String::as_str)),
    )
}

/// One folder on its way.
struct FolderCopy {
    synced: Synced,
    manifest: Manifest,
    manifest_file: PathBuf,
    /// Taken when it is sent.
    parcel: Option<Parcel>,
}

impl FolderCopy {
    fn decide(folder: &Folder, tree: Tree, notes: Vec<Note>, guest: &Listing, manifest_file: PathBuf) -> Result<Self> {
        let mut manifest = Manifest::read(&manifest_file);
        let changes = compare::compare(&tree, guest, &manifest, &rules(folder))?;
        manifest.complete(&tree, &changes.unsure);
        let send: Vec<_> = changes.send.iter().filter_map(|it| tree.get_key_value(it)).collect();
        let files = send.iter().filter(|(_, entry)| entry.kind == Kind::File);
        let synced = Synced {
            id: folder.id.clone(),
            entries: send.len() as u64,
            bytes: files.map(|(_, entry)| entry.stamp.size).sum(),
            deletions: changes.delete.len() as u64,
            notes,
        };
        let parcel = Parcel {
            folder: guest.folder.strip_prefix(b"/").unwrap_or(&guest.folder).to_vec(),
            owner: guest.owner,
            delete: changes.delete,
            send: send
                .into_iter()
                .map(|(path, entry)| (path.clone(), entry.clone()))
                .collect(),
        };
        Ok(Self {
            synced,
            manifest,
            manifest_file,
            parcel: Some(parcel),
        })
    }

    fn has_work(&self) -> bool {
        self.synced.entries + self.synced.deletions > 0
    }

    fn announcement(&self) -> Progress<'_> {
        let Synced {
            id,
            entries,
            bytes,
            deletions,
            ..
        } = &self.synced;
        Progress::Changes {
            id,
            entries: *entries,
            bytes: *bytes,
            deletions: *deletions,
        }
    }

    fn note_sent(&mut self, sent: Sent) {
        for (path, stamp) in sent.files {
            self.manifest.insert(&path, stamp.map_or(Record::Unsure, Record::File));
        }
        self.synced.notes.extend(sent.notes);
    }

    fn finish(mut self) -> Result<Synced> {
        self.manifest.write(&self.manifest_file)?;
        Ok(self.synced)
    }
}

/// Removes and unpacks, all folders in one go.
async fn send(copies: &mut [FolderCopy], guest: &dyn GuestShell) -> Result<()> {
    let mut parcels = Vec::new();
    for copy in copies.iter_mut() {
        copy.manifest.write(&copy.manifest_file)?;
        parcels.extend(copy.parcel.take());
    }
    let (mut writer, reader) = pipe::pipe();
    let written = tokio::task::spawn_blocking(move || match archive::write(&parcels, &mut writer) {
        Err(Failure::Read(path, source)) => {
            writer.abort("a file of the host could not be read");
            Err(Failure::Read(path, source))
        }
        other => other,
    });
    let output = guest.run(UNPACK, true, Some(Box::pin(reader))).await;
    let sent = match (join(written).await, output) {
        (Err(Failure::Read(path, source)), _) => return Err(Error::Read { path, source }),
        (_, Err(error)) => return Err(error),
        (_, Ok(Output { code, stderr, .. })) if code != 0 => return Err(unpacking_failed(code, &stderr)),
        (Err(Failure::Write(source)), _) => return Err(Error::Connection(source.into())),
        (Ok(sent), Ok(_)) => sent,
    };
    copies
        .iter_mut()
        .zip(sent)
        .for_each(|(copy, sent)| copy.note_sent(sent));
    Ok(())
}

fn unpacking_failed(code: u32, stderr: &str) -> Error {
    let lines: Vec<&str> = stderr.trim().lines().collect();
    let stderr = lines[lines.len().saturating_sub(10)..].join("\n");
    Error::Guest {
        action: "unpack the synced folders".to_owned(),
        code,
        stderr,
    }
}

/// Reads paths up to an empty line and removes them, then unpacks what follows. `read` takes a byte at a time, so that tar
/// finds the stream where the list ends.
const UNPACK: &str = r#"LC_ALL=C
export LC_ALL
umask 022
cd / || exit
set --
while IFS= read -r line && [ -n "$line" ]; do
  case $line in *\\*) line=$(printf '%b.' "$line") && line=${line%.} ;; esac
  set -- "$@" "$line"
  if [ "$#" -ge 256 ]; then
    rm -rf -- "$@" || exit
    set --
  fi
done
if [ "$#" -gt 0 ]; then
  rm -rf -- "$@" || exit
fi
exec tar -xpf -
"#;

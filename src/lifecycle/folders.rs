//! Synced folders: which kind brings each of them over, and what the kinds need of the guest.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use synced_folders::copy::OneWayCopy;
use synced_folders::rsync::{Options, Rsync};
use synced_folders::{Folder, GuestShell, Input, Note, Output, Progress, SyncedFolder as Kind, exclude_nested};

use super::work::Work;
use crate::communicators::relay::Relay;
use crate::communicators::{Command, Communicator, Stream};
use crate::config::SyncedFolder;
use crate::error::{Error, Result};
use crate::machine::{Machine, user};
use crate::ui::TargetUi;

/// Brings the guest's side of every folder up to the host's.
pub async fn sync(work: &mut Work<'_>) -> Result<()> {
    let wanted = wanted(&work.machine);
    if wanted.is_empty() {
        return Ok(());
    }
    make_missing(&wanted)?;
    tell_foreign_kinds(work.ui(), &wanted);
    let only = work.only_folders.clone();
    let is_meant = |id: &String| only.as_ref().is_none_or(|it| it.contains(id));
    let (by_rsync, by_copy): (Vec<_>, Vec<_>) = wanted
        .iter()
        .zip(all_resolved(&wanted))
        .filter(|(wanted, _)| is_meant(&wanted.id))
        .partition(|(wanted, _)| wanted.kind.as_deref() == Some("rsync"));
    copy(work, by_copy.into_iter().map(|(_, folder)| folder).collect()).await?;
    for (wanted, folder) in by_rsync {
        rsync(work, wanted, folder).await?;
    }
    work.machine.folder.write_synced_folders(&listed(&wanted))?;
    Ok(())
}

/// What `rsync-auto` watches.
pub fn watched(machine: &Machine) -> Vec<Folder> {
    let wanted = wanted(machine);
    let folders = all_resolved(&wanted);
    let automatic = wanted.iter().zip(folders).filter(|(wanted, _)| wanted.rsync.auto);
    automatic.map(|(_, folder)| folder).collect()
}

fn wanted(machine: &Machine) -> Vec<SyncedFolder> {
    let all = machine.config.synced_folders.iter();
    all.filter(|it| !it.disabled && it.guest.is_some()).cloned().collect()
}

fn all_resolved(wanted: &[SyncedFolder]) -> Vec<Folder> {
    let mut folders: Vec<Folder> = wanted.iter().map(resolved).collect();
    exclude_nested(&mut folders);
    folders
}

/// Brings folders over by the built-in copy; provisioners have such folders, too.
pub async fn copy(work: &mut Work<'_>, folders: Vec<Folder>) -> Result<()> {
    if folders.is_empty() {
        return Ok(());
    }
    let kind = OneWayCopy::new(work.machine.folder.synced_folder_state());
    let guest = Guest {
        communicator: work.connection().await?,
        user: user(&work.machine),
    };
    bring_over(work.ui(), &kind, &folders, &guest).await
}

async fn rsync(work: &mut Work<'_>, wanted: &SyncedFolder, folder: Folder) -> Result<()> {
    let communicator = work.connection().await?;
    let relay = Relay::open(communicator.clone(), work.context.home.runtime()).map_err(Error::Runtime)?;
    let program = work.context.environment.program().display().to_string();
    let transport = vec![
        program,
        "rsync-transport".to_owned(),
        relay.socket().display().to_string(),
    ];
    let options = &wanted.rsync;
    let kind = Rsync::new(
        transport,
        Options {
            arguments: options.args.clone(),
            chown: options.chown,
            rsync_ownership: options.ownership || work.rsync_chown,
            rsync_path: options.rsync_path.clone(),
            verbose: options.verbose,
        },
    );
    let guest = Guest {
        communicator,
        user: user(&work.machine),
    };
    bring_over(work.ui(), &kind, &[folder], &guest).await
}

async fn bring_over(ui: TargetUi<'_>, kind: &dyn Kind, folders: &[Folder], guest: &Guest) -> Result<()> {
    for folder in folders {
        ui.info(&format!(
            "Syncing folder: {} => {}",
            folder.host.display(),
            folder.guest
        ));
    }
    let mut told = |progress: Progress<'_>| match progress {
        Progress::Changes {
            id,
            entries,
            bytes,
            deletions,
        } => {
            let folder = folders.iter().find(|it| it.id == id).map_or(id, |it| &it.guest);
            if let Some(text) = traffic(entries, bytes, deletions) {
                ui.detail(&format!("{folder}: {text}"));
            }
        }
        Progress::Line { line, .. } => ui.detail(line),
    };
    let synced = kind.sync(folders, guest, &mut told).await?;
    for note in synced.iter().flat_map(|it| &it.notes) {
        ui.detail(&said(note));
    }
    Ok(())
}

/// What travels; `None` where nothing does.
fn traffic(entries: u64, bytes: u64, deletions: u64) -> Option<String> {
    let noun = if entries == 1 { "entry" } else { "entries" };
    let sent = format!("{entries} {noun} to send ({} KiB)", bytes.div_ceil(1024));
    match (entries, deletions) {
        (0, 0) => None,
        (0, _) => Some(format!("{deletions} to remove")),
        (_, 0) => Some(sent),
        _ => Some(format!("{sent}, {deletions} to remove")),
    }
}

fn said(note: &Note) -> String {
    match note {
        Note::Followed { path, target } => {
            format!(
                "{} leads out of the folder: {} was copied in its place",
                path.display(),
                target.display()
            )
        }
        Note::Loop { path } => format!("{} leads back to where it is: it was left out", path.display()),
        Note::Special { path } => format!("{} is neither file, folder nor link: it was left out", path.display()),
        Note::Changing { path } => format!(
            "{} changed while it was read: the next copy sends it again",
            path.display()
        ),
        Note::Vanished { path } => format!("{} was gone when its turn came", path.display()),
    }
}

fn resolved(wanted: &SyncedFolder) -> Folder {
    let copied: &[String] = match wanted.kind.as_deref() {
        Some("rsync") => &[],
        _ => &wanted.copy_exclude,
    };
    Folder {
        id: wanted.id.clone(),
        host: wanted.host.clone(),
        guest: wanted.guest.clone().unwrap_or_default(),
        owner: wanted.owner.clone(),
        group: wanted.group.clone(),
        exclude: [wanted.rsync.exclude.as_slice(), copied].concat(),
    }
}

fn make_missing(folders: &[SyncedFolder]) -> Result<()> {
    for folder in folders.iter().filter(|it| it.create && !it.host.exists()) {
        make(&folder.host)?;
    }
    Ok(())
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    })
}

/// Files that were written for another provider name kinds that only that one has; the content gets there all the same.
fn tell_foreign_kinds(ui: TargetUi<'_>, folders: &[SyncedFolder]) {
    for folder in folders {
        if let Some(kind) = folder.kind.as_deref().filter(|it| !KINDS.contains(it)) {
            ui.detail(&format!(
                "{}: `{kind}` is not available here, so the folder is copied one way",
                folder.id
            ));
        }
    }
}

/// The kinds that are built in.
pub const KINDS: [&str; 2] = ["copy", "rsync"];

/// Vagrant's file `synced_folders`: the folders by kind and id.
fn listed(folders: &[SyncedFolder]) -> serde_json::Value {
    let mut list = json!({});
    for folder in folders {
        let kind = if folder.kind.as_deref() == Some("rsync") {
            "rsync"
        } else {
            "copy"
        };
        list[kind][&folder.id] =
            json!({ "guestpath": folder.guest, "hostpath": folder.host, "disabled": false, "__vagrantfile": true });
    }
    list
}

/// What the kinds of folder need of the guest, over the open connection.
struct Guest {
    communicator: Arc<dyn Communicator>,
    user: String,
}

#[async_trait]
impl GuestShell for Guest {
    async fn run(&self, script: &str, as_root: bool, input: Option<Input>) -> synced_folders::Result<Output> {
        let command = Command {
            as_root,
            input,
            ..Command::new(script)
        };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut said = |stream: Stream, bytes: &[u8]| match stream {
            Stream::Output => stdout.extend_from_slice(bytes),
            Stream::Error => stderr.extend_from_slice(bytes),
        };
        let exit = self.communicator.run(command, &mut said).await;
        let exit = exit.map_err(|error| synced_folders::Error::Connection(Box::new(error)))?;
        Ok(Output {
            code: exit.code,
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        })
    }

    fn user(&self) -> &str {
        &self.user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_travels_is_told_and_what_does_not_is_not() {
        let told = [(0, 0, 0), (1, 1, 0), (2, 5000, 3), (0, 0, 1)]
            .map(|(entries, bytes, deletions)| traffic(entries, bytes, deletions).unwrap_or_default());
        assert_eq!(
            told,
            [
                "",
                "1 entry to send (1 KiB)",
                "2 entries to send (5 KiB), 3 to remove",
                "1 to remove"
            ]
        );
    }
}

//! The step that provisions: which provisioners run, what they need first, and what becomes of their output.

use async_trait::async_trait;
use boxes::Checksum as BoxChecksum;
use synced_folders::Folder;

use super::work::Work;
use super::{boot, folders};
use crate::cli::ProvisionOptions;
use crate::communicators::{Command, Communicator, Stream};
use crate::digest;
use crate::error::{Error, Result};
use crate::http::{Http, Trust};
use crate::machine::{Machine, provisioners};
use crate::provisioners::file::File;
use crate::provisioners::puppet::SharedFolder;
use crate::provisioners::run::{Afterwards, Context as Surroundings, Fetch, Said, run};
use crate::provisioners::shell::Checksum;
use crate::provisioners::{Provisioner, Request, Run, Task, action_provision, due, unknown, was_provisioned};
use crate::state::journal::Entry;
use crate::ui::{Kind, TargetUi};

/// The largest script that is taken from a URL, in bytes.
const LARGEST_SCRIPT: usize = 16 << 20;

/// Which provisioners the user wants to run.
#[derive(Debug, Clone)]
pub enum ProvisionWish {
    /// Those that have not run yet, and those that always run.
    AsUsual,
    /// All of them again.
    Again,
    /// These names and kinds.
    Only(Vec<String>),
    /// None.
    Nothing,
}

impl From<ProvisionOptions> for ProvisionWish {
    fn from(options: ProvisionOptions) -> Self {
        match options {
            ProvisionOptions { no_provision: true, .. } => ProvisionWish::Nothing,
            ProvisionOptions {
                provision_with: Some(names),
                ..
            } => ProvisionWish::Only(names),
            ProvisionOptions { provision: true, .. } => ProvisionWish::Again,
            _ => ProvisionWish::AsUsual,
        }
    }
}

impl ProvisionWish {
    fn request(&self) -> Request<'_> {
        match self {
            ProvisionWish::AsUsual => Request::AsUsual,
            ProvisionWish::Again => Request::Again,
            ProvisionWish::Only(names) => Request::Only(names),
            ProvisionWish::Nothing => Request::Nothing,
        }
    }
}

/// Runs the provisioners that are due, each at most once where a broken-off command is gone on with.
pub async fn provision(work: &mut Work<'_>) -> Result<()> {
    let id = work.id()?.claim.to_string();
    let before = was_provisioned(work.machine.folder.action_provision()?.as_deref(), &id);
    let all = chosen(&work.machine, &work.provision)?;
    let wish = work.provision.clone();
    let due: Vec<Provisioner> = due(&all, wish.request(), before).into_iter().cloned().collect();
    if before && !all.is_empty() && matches!(wish, ProvisionWish::AsUsual) {
        work.ui().info(
            "The machine was provisioned before. `jaunt provision`, or `--provision`, runs all provisioners again.",
        );
    }
    share(work, &due).await?;
    let finished = work.journal.memory().provisioned;
    for (index, provisioner) in due.iter().enumerate() {
        let key = key(index, provisioner);
        let is_finished = matches!(wish, ProvisionWish::AsUsual) && finished.contains(&key);
        if is_finished && provisioner.run == Run::Once {
            work.ui().info(&format!(
                "The provisioner {} has run to its end before.",
                provisioner.title()
            ));
            continue;
        }
        run_one(work, provisioner).await?;
        work.journal.append(Entry::Provisioned { provisioner: key })?;
    }
    // Some by name do not finish what an `up` broke off: its other provisioners have still to run.
    let is_a_part = matches!(wish, ProvisionWish::Only(_)) && work.was_provisioning;
    if wish.request().counts() && (before || !is_a_part) {
        work.machine.folder.write_action_provision(&action_provision(&id))?;
    }
    Ok(())
}

/// What a finished provisioner is remembered by. Another one in its place, even of the same title, has another key.
fn key(index: usize, provisioner: &Provisioner) -> String {
    let digest = digest::sha256(format!("{provisioner:?}"));
    format!("{index} {} {digest:.16}", provisioner.title())
}

/// All provisioners; where names were given, these names must mean some, and others need not be built in.
pub fn chosen(machine: &Machine, wish: &ProvisionWish) -> Result<Vec<Provisioner>> {
    if matches!(wish, ProvisionWish::Nothing) {
        return Ok(Vec::new());
    }
    let all = provisioners(machine)?;
    if let ProvisionWish::Only(names) = wish {
        let strangers = unknown(&all, names);
        if !strangers.is_empty() {
            return Err(Error::Refused {
                what: format!("no provisioner is called {}", strangers.join(", ")),
                advice: format!(
                    "there are: {}",
                    all.iter().map(Provisioner::title).collect::<Vec<_>>().join(", ")
                ),
            });
        }
    }
    Ok(all)
}

/// Brings over what the provisioners need in the guest: Puppet's manifests and modules.
async fn share(work: &mut Work<'_>, due: &[Provisioner]) -> Result<()> {
    let shared = crate::provisioners::folders(due);
    shared
        .iter()
        .filter_map(other_kind)
        .for_each(|it| work.ui().detail(&it));
    folders::copy(work, shared.into_iter().map(folder).collect()).await
}

/// What to tell of a folder that was to come another way: its arguments mean nothing then either.
fn other_kind(shared: &SharedFolder) -> Option<String> {
    let kind = shared.kind.as_deref().filter(|it| *it != "copy")?;
    Some(format!(
        "{}: `{kind}` is not available for a provisioner's folder, so it is copied one way",
        shared.host.display()
    ))
}

fn folder(shared: SharedFolder) -> Folder {
    Folder {
        id: shared.guest.clone(),
        host: shared.host,
        guest: shared.guest,
        owner: shared.owner.map(str::to_owned),
        group: None,
        exclude: Vec::new(),
    }
}

/// Copies a file or a folder into the guest, as the file provisioner does; says from where to where.
pub async fn upload(work: &mut Work<'_>, mut file: File, temporary: bool) -> Result<(String, String)> {
    let connection = work.connection().await?;
    if temporary {
        let folder = temporary_folder(&*connection).await?;
        file.destination = format!("{folder}/{}", file.destination.trim_start_matches('/'));
    }
    let told = (file.written_source.clone(), file.destination.clone());
    let provisioner = Provisioner {
        name: None,
        run: Run::Never,
        task: Task::File(file),
    };
    let surroundings = Surroundings {
        communicator: &*connection,
        fetch: &Downloader(work.context),
        color: false,
    };
    run(&provisioner, &surroundings, &mut |_| {}).await?;
    Ok(told)
}

async fn temporary_folder(communicator: &dyn Communicator) -> Result<String> {
    let mut said = Vec::new();
    let exit = communicator
        .run(Command::new("mktemp -d"), &mut |_, bytes| said.extend_from_slice(bytes))
        .await?;
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    if exit.is_success() && said.starts_with('/') {
        return Ok(said);
    }
    Err(Error::Refused {
        what: format!("the guest could not make a temporary folder: {said}"),
        advice: "name a destination instead of `--temporary`".to_owned(),
    })
}

async fn run_one(work: &mut Work<'_>, provisioner: &Provisioner) -> Result<()> {
    work.ui()
        .info(&format!("Running provisioner: {}...", provisioner.title()));
    let connection = work.connection().await?;
    let color = work.context.ui.style().color;
    let afterwards = {
        let ui = work.ui();
        let surroundings = Surroundings {
            communicator: &*connection,
            fetch: &Downloader(work.context),
            color,
        };
        run(provisioner, &surroundings, &mut |said| show(ui, said)).await?
    };
    if afterwards != Afterwards::Reboot {
        keep_what_was_done(&*connection).await?;
    }
    match afterwards {
        Afterwards::Nothing => Ok(()),
        Afterwards::Reset => {
            work.close_connection().await;
            Ok(())
        }
        Afterwards::Reboot => boot::reboot(work).await,
    }
}

/// A machine may lose its power right after this, and what is noted as done must be on its disk then. A guest that has no `sync`
/// keeps things in its own way.
async fn keep_what_was_done(communicator: &dyn Communicator) -> Result<()> {
    communicator.run(Command::new("sync"), &mut |_, _| {}).await?;
    Ok(())
}

/// Output is shown line by line, in green and red as in Vagrant unless it has colours of its own.
fn show(ui: TargetUi<'_>, said: Said<'_>) {
    match said {
        Said::Message(text) => ui.detail(text),
        Said::Line {
            text, keep_color: true, ..
        } => ui.say(Kind::Output, text),
        Said::Line { text, stream, .. } => ui.output(stream == Stream::Error, text),
    }
}

/// Gets scripts from URLs.
struct Downloader<'a>(&'a crate::context::Context);

#[async_trait]
impl Fetch for Downloader<'_> {
    async fn fetch(
        &self,
        url: &str,
        checksum: Option<&Checksum>,
    ) -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let content = Http::for_user(self.0, &Trust::default())?
            .get(url, LARGEST_SCRIPT)
            .await?;
        match checksum {
            None => Ok(content),
            Some(expected) => {
                if let Some(digest) = BoxChecksum::parse(Some(&expected.kind), &expected.digest)? {
                    digest.verify(&content, url)?;
                }
                Ok(content)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::provisioners::Task;
    use crate::provisioners::file::File;

    fn upload(source: &str) -> Provisioner {
        Provisioner {
            name: None,
            run: Run::Once,
            task: Task::File(File {
                source: source.into(),
                written_source: source.to_owned(),
                destination: "/b".to_owned(),
            }),
        }
    }

    #[test]
    fn a_provisioner_that_was_put_in_front_is_not_taken_for_a_finished_one() {
        let finished = [key(0, &upload("/a"))];
        assert!(finished.contains(&key(0, &upload("/a"))));
        assert!(!finished.contains(&key(0, &upload("/new"))));
        assert!(!finished.contains(&key(1, &upload("/a"))));
        let (title, digest) = finished[0].rsplit_once(' ').unwrap();
        assert_eq!((title, digest.len()), ("0 file", 16));
    }

    #[test]
    fn a_folder_that_was_to_come_another_way_is_told_of() {
        let told = |kind: Option<&str>| {
            other_kind(&SharedFolder {
                host: "/project/manifests".into(),
                guest: "/tmp/vagrant-puppet/manifests".to_owned(),
                owner: None,
                kind: kind.map(str::to_owned),
                args: Vec::new(),
            })
        };
        assert_eq!(told(None), None);
        assert_eq!(told(Some("copy")), None);
        expect!["/project/manifests: `rsync` is not available for a provisioner's folder, so it is copied one way"]
            .assert_eq(&told(Some("rsync")).unwrap());
    }
}

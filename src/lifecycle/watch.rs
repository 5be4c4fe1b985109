//! `rsync-auto`: the folders of a machine are brought up to date whenever something in them changes.
//!
//! The machine's lock is held while a copy is made and not in between, so that other commands have their turn; the connection stays.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use providers::State;
use synced_folders::watch::{Watch, Watching};
use synced_folders::{Error as FolderError, Folder};

use super::plan::Step;
use super::work::Work;
use super::{ProvisionWish, folders, tell_provider};
use crate::communicators::ssh::SshCommunicator;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::project::Target;
use crate::state;

/// How often folders are looked at whose changes nobody tells.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long a machine is left to another command before it is tried again.
const TURN: Duration = Duration::from_millis(300);

/// How the user wants it done.
#[derive(Debug, Clone, Copy)]
pub struct WatchWish {
    /// All is looked at every second, instead of waiting for the system to tell.
    pub poll: bool,
    /// rsync itself sets the owner of the copies.
    pub rsync_chown: bool,
}

/// A machine whose folders are watched.
pub struct Watched {
    folders: Vec<Folder>,
    connection: Option<Arc<SshCommunicator>>,
    wish: WatchWish,
}

impl Watched {
    /// The folders to watch: those of a machine that exists, but for the ones with `rsync__auto: false`. `None` where there are none.
    pub async fn of(context: &Context, target: &Target, wish: WatchWish) -> Result<Option<Self>> {
        let machine = target.machine(context)?;
        machine.check()?;
        if machine.state().await? == State::NotCreated {
            return Ok(None);
        }
        tell_provider(context, &machine);
        let folders = folders::watched(&machine);
        let connection = None;
        Ok((!folders.is_empty()).then_some(Self {
            folders,
            connection,
            wish,
        }))
    }

    /// Copies what has changed until the user ends it. What fails is told, and the next change tries again.
    pub async fn follow(mut self, context: &Context, target: &Target, told: impl Fn(&Error)) -> Result<()> {
        // Watched first: what changes during the first copy is not missed.
        let watch = self.watch(context, target)?;
        let mut changed: BTreeSet<usize> = (0..self.folders.len()).collect();
        loop {
            match self.bring_over(context, target, &changed).await {
                Ok(()) => {}
                Err(error) if error.is_interrupt() => return Ok(()),
                Err(error) => told(&error),
            }
            changed = tokio::select! {
                changed = watch.changed() => changed,
                () = context.interrupt.raised() => break,
            };
        }
        if let Some(connection) = self.connection.take() {
            connection.connection().close().await;
        }
        Ok(())
    }

    fn watch(&self, context: &Context, target: &Target) -> Result<Watch> {
        let ui = context.ui.of(&target.name);
        let by_events = match self.wish.poll {
            true => Err(None),
            false => Watch::begin(&self.folders, Watching::Events).map_err(Some),
        };
        let watch = match by_events {
            Ok(watch) => watch,
            Err(Some(error @ FolderError::HostFolderMissing { .. })) => return Err(error.into()),
            Err(reason) => {
                if let Some(reason) = reason {
                    ui.warn(&format!("{reason}; they are looked at every second instead."));
                }
                Watch::begin(&self.folders, Watching::Polling(INTERVAL))?
            }
        };
        for folder in &self.folders {
            ui.info(&format!("Watching: {}", folder.host.display()));
        }
        Ok(watch)
    }

    async fn bring_over(&mut self, context: &Context, target: &Target, changed: &BTreeSet<usize>) -> Result<()> {
        let ids: BTreeSet<String> = changed
            .iter()
            .filter_map(|it| Some(self.folders.get(*it)?.id.clone()))
            .collect();
        let mut work = self.turn(context, target).await?;
        work.rsync_chown = self.wish.rsync_chown;
        work.only_folders = Some(ids);
        // What was open may belong to a guest that has been stopped since.
        let before = self.connection.take().filter(|it| !it.connection().is_closed());
        if let Some(connection) = before {
            work.lend_connection(connection);
        }
        self.connection = work.carry_out_and_keep(vec![Step::SyncFolders]).await?;
        Ok(())
    }

    /// The right to change the machine, when the commands that have it are done.
    async fn turn<'a>(&self, context: &'a Context, target: &Target) -> Result<Work<'a>> {
        loop {
            let machine = target.machine(context)?;
            machine.running_id().await?;
            match Work::begin(context, machine, "rsync-auto", ProvisionWish::Nothing).await {
                Err(Error::State(state::Error::Locked { .. })) => {}
                other => return other,
            }
            tokio::select! {
                () = tokio::time::sleep(TURN) => {}
                () = context.interrupt.raised() => return Err(Error::Interrupted),
            }
        }
    }
}

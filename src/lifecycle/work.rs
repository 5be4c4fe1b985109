//! One command's work on one machine: the lock, the journal, the identity, and one connection for all of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use providers::{MachineId, State, Stop};
use uuid::Uuid;

use super::plan::Step;
use super::provisioning::ProvisionWish;
use super::{boot, boxes, folders, provisioning, snapshots};
use crate::communicators::ssh::SshCommunicator;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::faults;
use crate::machine::{Machine, StateWords, machine_spec, open_provider};
use crate::state;
use crate::state::index::{Entry as IndexEntry, MachineIndex};
use crate::state::journal::{Entry, Journal};
use crate::state::lock::MachineLock;
use crate::ui::TargetUi;

/// How long a machine that hung up may take to be gone.
const ENDING: Duration = Duration::from_secs(5);

/// The right to change a machine, and what is known while doing so.
pub struct Work<'a> {
    pub context: &'a Context,
    /// The machine; replaced when its box, and with it its configuration, becomes known.
    pub machine: Machine,
    /// What it was doing when the work began.
    pub now: State,
    /// Which provisioners the user wants to run.
    pub provision: ProvisionWish,
    /// Whether an earlier command broke off while it provisioned.
    pub was_provisioning: bool,
    /// Whether the connection to the guest is compressed.
    pub compression: bool,
    /// Whether rsync itself is to set the owner of copies.
    pub rsync_chown: bool,
    /// The folders that are brought over, by their ids; all of them where it is not said.
    pub only_folders: Option<BTreeSet<String>>,
    /// The journal.
    pub journal: Journal,
    command: &'static str,
    snapshot: Option<String>,
    connection: Option<Arc<SshCommunicator>>,
    _lock: MachineLock,
}

impl<'a> Work<'a> {
    /// Takes the machine's lock, opens its journal and looks at it.
    pub async fn begin(
        context: &'a Context,
        machine: Machine,
        command: &'static str,
        provision: ProvisionWish,
    ) -> Result<Self> {
        machine.folder.create()?;
        let lock = MachineLock::take(&machine.folder.lock(), command)?;
        state::sweep(machine.folder.path());
        machine.claims.sweep();
        let mut journal = Journal::open(&machine.folder.journal())?;
        journal.compact()?;
        find_again(&machine, &mut journal).await?;
        if machine.folder.vagrant_cwd()?.is_none() {
            machine.folder.write_vagrant_cwd(&machine.project.root)?;
        }
        let now = machine.state().await?;
        let work = Self {
            context,
            machine,
            now,
            provision,
            was_provisioning: journal.memory().unfinished.contains(&Step::Provision),
            compression: false,
            rsync_chown: false,
            only_folders: None,
            snapshot: None,
            journal,
            command,
            connection: None,
            _lock: lock,
        };
        work.heal()?;
        Ok(work)
    }

    /// What the last command meant to do and did not.
    pub fn unfinished(&self) -> Vec<Step> {
        self.journal.memory().unfinished
    }

    /// Refuses to make a new machine in the place of one that its backend has lost.
    pub fn check_not_vanished(&self) -> Result<()> {
        if !self.machine.has_vanished(self.now)? {
            return Ok(());
        }
        Err(Error::Vanished {
            machine: self.machine.name.clone(),
            folder: self.machine.folder.path().to_owned(),
        })
    }

    /// The machine's voice.
    pub fn ui(&self) -> TargetUi<'_> {
        self.context.ui.of(&self.machine.name)
    }

    /// Carries the steps out, with the journal written around each.
    pub async fn carry_out(&mut self, steps: Vec<Step>) -> Result<()> {
        self.carry_out_connected(steps).await?;
        self.close_connection().await;
        Ok(())
    }

    /// The same, and hands on the connection that was made for it.
    pub async fn carry_out_and_keep(mut self, steps: Vec<Step>) -> Result<Option<Arc<SshCommunicator>>> {
        self.carry_out_connected(steps).await?;
        Ok(self.connection.take())
    }

    async fn carry_out_connected(&mut self, steps: Vec<Step>) -> Result<()> {
        if self.context.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        let before = self.journal.memory();
        self.journal.append(Entry::Plan {
            command: self.command.to_owned(),
            steps: steps.clone(),
        })?;
        if before.unfinished.contains(&Step::Provision) {
            // Provisioners that the broken-off command has finished need not run again in this one.
            for provisioner in before.provisioned {
                self.journal.append(Entry::Provisioned { provisioner })?;
            }
        }
        for step in steps {
            if let Err(error) = self.take_step(step).await {
                return Err(self.explained(error).await.at_step(&self.machine.name, step));
            }
        }
        Ok(())
    }

    /// Where a connection was lost because there is no machine any more, that is what has to be said, with its last words.
    async fn explained(&self, error: Error) -> Error {
        if !error.is_disconnect() {
            return error;
        }
        // Its connections end before the process has.
        match tokio::time::timeout(ENDING, boot::stopped(self)).await {
            Ok(()) => Error::Died {
                details: boot::console(self).await.join("\n"),
            },
            Err(_) => error,
        }
    }

    async fn take_step(&mut self, step: Step) -> Result<()> {
        let interrupt = self.context.interrupt.clone();
        if interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        tracing::debug!(machine = %self.machine.name, %step, "begins");
        self.journal.append(Entry::Begin { step })?;
        self.ui().step(&step.to_string(), "begin");
        self.pass("begin", step)?;
        if step.may_be_dropped() {
            let paused = self.until_paused(step)?;
            tokio::select! {
                done = self.run(step) => done?,
                error = paused => {
                    // Nobody there would hear that what runs in the guest is to end.
                    self.connection = None;
                    return Err(error);
                }
                () = interrupt.raised() => {
                    self.end_abandoned().await;
                    return Err(Error::Interrupted);
                }
            }
        } else {
            self.run(step).await?;
        }
        self.pass("did", step)?;
        if step != Step::Forget {
            self.journal.append(Entry::Done { step })?;
        }
        self.ui().step(&step.to_string(), "done");
        Ok(())
    }

    /// Watches for the end of a step that waits for a guest which QEMU holds, since its disk cannot be written. Shutting down is left
    /// alone: that cuts the power in the end.
    fn until_paused(&self, step: Step) -> Result<impl Future<Output = Error> + use<>> {
        let machine = self.machine.name.clone();
        let provider = open_provider(self.context, &machine, &self.machine.provider_name)?;
        let id = self.machine.id()?.filter(|_| step != Step::ShutDown);
        Ok(async move {
            let Some(id) = id else {
                return std::future::pending().await;
            };
            loop {
                tokio::time::sleep(boot::STILL_ALIVE).await;
                if matches!(provider.state(&id).await, Ok(State::Paused)) {
                    let folder = id.folder;
                    return Error::Paused { machine, folder };
                }
            }
        })
    }

    /// A point for tests.
    fn pass(&self, side: &str, step: Step) -> Result<()> {
        let passed = faults::pass(|| format!("{side} {step}"));
        Ok(passed.map_err(state::Error::file("write", &self.machine.folder.journal()))?)
    }

    async fn run(&mut self, step: Step) -> Result<()> {
        match step {
            Step::ShutDown => boot::shut_down(self).await,
            Step::CutPower => self.cut_power().await,
            Step::Suspend => self.suspend().await,
            Step::RestoreSnapshot => snapshots::restore_step(self).await,
            Step::FindBox => boxes::find(self).await,
            Step::Create => self.create().await,
            Step::Start => boot::start(self).await,
            Step::WaitForCommunicator => boot::wait_for_communicator(self).await,
            Step::SetClock => boot::set_clock(self).await,
            Step::SetHostname => boot::set_hostname(self).await,
            Step::SyncFolders => folders::sync(self).await,
            Step::Provision => provisioning::provision(self).await,
            Step::SaveSnapshot => snapshots::save_step(self).await,
            Step::DeleteSnapshot => snapshots::delete_step(self).await,
            Step::Destroy => self.destroy().await,
            Step::Forget => self.forget(),
        }
    }

    /// Takes the machine's identity from the journal, or gives it one. It is on disk before the provider hears of it: a crash can
    /// leave a name without a machine, which costs nothing, but never a machine without a name.
    fn claim(&mut self) -> Result<MachineId> {
        if let Some(id) = self.machine.id()? {
            self.machine.claims.note(id.claim, &id.folder)?;
            return Ok(id);
        }
        // A command that died right after it noted one has left it.
        let given = self.machine.claims.given_to(self.machine.folder.path())?;
        let claim = given.first().copied().unwrap_or_else(Uuid::new_v4);
        self.machine.claims.note(claim, self.machine.folder.path())?;
        self.journal.append(Entry::Claim { claim })?;
        Ok(MachineId {
            claim,
            folder: self.machine.folder.path().to_owned(),
        })
    }

    /// The machine's identity, which it must have been given before.
    pub fn id(&self) -> Result<MachineId> {
        self.machine.id()?.ok_or_else(|| Error::NotCreated {
            machine: self.machine.name.clone(),
        })
    }

    async fn create(&mut self) -> Result<()> {
        self.ui().info(&format!(
            "Creating the machine from the box '{}'...",
            self.machine.box_title()
        ));
        let disks = boxes::disks(&self.machine)?;
        let mut spec = machine_spec(&self.machine, disks, &[])?;
        let id = self.claim()?;
        // A destroy that died half-way may have left them, and the new guest has other keys and was never provisioned.
        self.machine.folder.forget_guest()?;
        spec.seed = self.machine.new_seed(&id, boot::key_type(&self.machine))?;
        if let Some(meta) = boxes::meta(self.context, &self.machine) {
            self.machine.folder.write_box_meta(&meta)?;
        }
        self.machine.provider.create(&id, &spec).await?;
        self.machine.folder.write_id(&id.claim.to_string())?;
        self.enter_into_index("stopped")
    }

    /// Has the provider remove what a machine leaves that did not stop in order: one whose power failed, or that was killed.
    pub async fn tidy(&self) -> Result<()> {
        match self.now {
            State::Stopped => Ok(self.machine.provider.stop(&self.id()?, Stop::Power).await?),
            _ => Ok(()),
        }
    }

    async fn cut_power(&mut self) -> Result<()> {
        self.ui().info("Cutting the machine's power...");
        self.machine.provider.stop(&self.id()?, Stop::Power).await?;
        self.enter_into_index("stopped")
    }

    async fn suspend(&mut self) -> Result<()> {
        self.ui().info("Saving the machine's memory and ending it...");
        self.close_connection().await;
        let provider = &*self.machine.provider;
        let suspend = provider.suspend().ok_or_else(|| Error::NoSuspending {
            provider: self.machine.provider_name.clone(),
        })?;
        suspend.save_memory(&self.id()?).await?;
        self.enter_into_index("saved")
    }

    /// Notes which snapshot the plan is about that comes next.
    pub fn about_snapshot(&mut self, name: &str) -> Result<()> {
        self.snapshot = Some(name.to_owned());
        Ok(self.journal.append(Entry::Snapshot { name: name.to_owned() })?)
    }

    /// The snapshot that the command is about.
    pub fn snapshot(&self) -> Result<String> {
        self.snapshot.clone().ok_or_else(|| Error::NoSuchSnapshot {
            machine: self.machine.name.clone(),
            name: String::new(),
        })
    }

    /// Writes what the machine is doing into the index of all machines, and gives it a key there if it has none.
    pub fn enter_into_index(&self, state: &str) -> Result<()> {
        let known = self.index_key()?;
        let key = known.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
        if self.machine.folder.index_uuid()?.as_ref() != Some(&key) {
            self.machine.folder.write_index_uuid(&key)?;
        }
        let project = &self.machine.project;
        let machine_box = self.machine.installed_box.as_ref();
        let entry = IndexEntry {
            name: self.machine.name.clone(),
            provider: self.machine.provider_name.clone(),
            state: state.to_owned(),
            vagrantfile_path: project.root.clone(),
            vagrantfile_name: project.unusual_file_name(),
            local_data_path: project.dot_vagrant.clone(),
            machine_box: machine_box.map(|it| (it.name.to_string(), it.provider.clone(), it.version.to_string())),
        };
        Ok(self.index().set(&key, &entry, &jiff::Timestamp::now().to_string())?)
    }

    /// The machine's key in the index: as its folder notes it, or else as the index itself knows the machine.
    pub(super) fn index_key(&self) -> Result<Option<String>> {
        if let Some(key) = self.machine.folder.index_uuid()? {
            return Ok(Some(key));
        }
        let machine = &self.machine;
        let data = &machine.project.dot_vagrant;
        Ok(self.index().key_of(&machine.name, &machine.provider_name, data)?)
    }

    /// Corrects the index where a command died before it could, or the project was moved.
    pub(super) fn mend_index(&self, now: State) -> Result<()> {
        let state = StateWords::of(now).id;
        let noted = match self.index_key()? {
            Some(key) => self.index().get(&key)?,
            None => None,
        };
        let place = &self.machine.project.dot_vagrant;
        let has_key = self.machine.folder.index_uuid()?.is_some();
        match noted {
            Some(noted) if noted.state == state && noted.local_data_path == *place && has_key => Ok(()),
            _ => self.enter_into_index(state),
        }
    }

    pub(super) fn index(&self) -> MachineIndex {
        MachineIndex::new(self.context.home.machine_index())
    }

    /// The connection to the guest; made when it is first needed, and kept until the end of the command.
    pub async fn connection(&mut self) -> Result<Arc<SshCommunicator>> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let connection = Arc::new(boot::connect(self).await?);
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    /// Ends what a step that was dropped has left running in the guest.
    async fn end_abandoned(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.end_abandoned().await;
            connection.connection().close().await;
        }
    }

    /// Keeps a connection that was made while waiting for the guest.
    pub fn keep_connection(&mut self, connection: SshCommunicator) {
        self.connection = Some(Arc::new(connection));
    }

    /// Takes a connection that an earlier command of this process has left open.
    pub fn lend_connection(&mut self, connection: Arc<SshCommunicator>) {
        self.connection = Some(connection);
    }

    /// Forgets a connection whose other end is about to go away.
    pub async fn close_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.connection().close().await;
        }
    }
}

/// Names a machine again whose folder has lost the files that did: its claim is noted in the user's home, too.
async fn find_again(machine: &Machine, journal: &mut Journal) -> Result<()> {
    if machine.id()?.is_some() {
        return Ok(());
    }
    let folder = machine.folder.path();
    for claim in machine.claims.given_to(folder)? {
        let id = MachineId {
            claim,
            folder: folder.to_owned(),
        };
        if machine.provider.state(&id).await? != State::NotCreated {
            return Ok(journal.append(Entry::Claim { claim })?);
        }
    }
    Ok(())
}

//! What commands do to machines: look, plan, carry out.
//!
//! Each function here is one command. It looks at the machine, asks [`plan`] for the steps, and has [`work`] carry them out.
//!
//! **Invariant:** what the Vagrantfile gets wrong is reported before the first effect, and nothing is written for a machine that
//! a command only looks at.

mod boot;
mod boxes;
mod cloud_init;
mod folders;
pub mod garbage;
pub mod interrupt;
mod package;
pub mod plan;
mod provisioning;
pub mod queue;
mod removal;
pub mod snapshots;
mod watch;
mod work;

use providers::State;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::guests::HostName;
use crate::machine::{Machine, locked_boxes, machine_spec};
use crate::project::{Target, Wish};
use crate::provisioners::file::File;
use crate::state::journal::Entry;
use plan::Step;
use work::Work;

pub use self::boxes::{tell_whether_outdated, update as update_box};
pub use folders::KINDS as FOLDER_KINDS;
pub use package::package;
pub use provisioning::ProvisionWish;
pub use removal::{adopt, destroy};
pub use watch::{WatchWish, Watched};

/// `up`: brings the machine up from whatever state it is in.
pub async fn up(context: &Context, target: &Target, wish: &Wish, provision: &ProvisionWish) -> Result<()> {
    let machine = target.machine_as(context, wish)?;
    check(&machine, provision)?;
    locked_boxes::check(context, &machine)?;
    let ui = context.ui.of(&target.name);
    tell_provider(context, &machine);
    ui.info(&format!(
        "Bringing machine '{}' up with '{}' provider...",
        target.name, machine.provider_name
    ));
    for notice in &machine.notices {
        ui.info(notice);
    }
    boxes::tell_if_newer(context, &machine).await;
    action(context, &target.name, "up", async {
        let mut work = Work::begin(context, machine, "up", provision.clone()).await?;
        work.check_not_vanished()?;
        if let Some(provider) = wish.settings_of.clone() {
            work.journal.append(Entry::SettingsOf { provider })?;
        }
        let steps = plan::up(work.now, &work.unfinished());
        if work.now == State::Running && steps == [Step::Provision] {
            ui.info("The machine is running already.");
        }
        work.carry_out(steps).await?;
        say_post_up_message(context, &work.machine);
        Ok(())
    })
    .await
}

/// `reload`: stops the machine and starts it as the Vagrantfile is now.
pub async fn reload(context: &Context, target: &Target, force: bool, provision: &ProvisionWish) -> Result<()> {
    let machine = target.machine(context)?;
    check(&machine, provision)?;
    let now = machine.state().await?;
    if now == State::NotCreated {
        return nothing_there(context, &machine);
    }
    tell_provider(context, &machine);
    action(context, &target.name, "reload", async {
        let mut work = Work::begin(context, machine, "reload", provision.clone()).await?;
        let steps = plan::reload(work.now, force);
        work.carry_out(steps).await
    })
    .await
}

/// `halt`: stops the machine.
pub async fn halt(context: &Context, target: &Target, force: bool) -> Result<()> {
    let machine = target.machine(context)?;
    if machine.state().await? == State::NotCreated {
        return nothing_there(context, &machine);
    }
    tell_provider(context, &machine);
    action(context, &target.name, "halt", async {
        // With the lock in hand, «stopped» means that nobody is about to start it.
        let mut work = Work::begin(context, machine, "halt", ProvisionWish::Nothing).await?;
        let steps = plan::halt(work.now, force);
        if steps.is_empty() {
            work.ui().info("The machine is stopped already.");
            work.tidy().await?;
        }
        work.carry_out(steps).await
    })
    .await
}

/// `suspend`: saves the machine's memory and ends it.
pub async fn suspend(context: &Context, target: &Target) -> Result<()> {
    let machine = target.machine(context)?;
    if machine.provider.suspend().is_none() {
        return Err(Error::NoSuspending {
            provider: machine.provider_name,
        });
    }
    if machine.state().await? == State::NotCreated {
        return nothing_there(context, &machine);
    }
    tell_provider(context, &machine);
    action(context, &target.name, "suspend", async {
        let mut work = Work::begin(context, machine, "suspend", ProvisionWish::Nothing).await?;
        let steps = plan::suspend(work.now);
        if steps.is_empty() {
            work.ui().info(match work.now {
                State::Saved => "The machine is suspended already.",
                _ => "The machine is not running, so there is nothing to suspend.",
            });
        }
        work.carry_out(steps).await
    })
    .await
}

/// `resume`: lets a suspended machine go on.
pub async fn resume(context: &Context, target: &Target, provision: &ProvisionWish) -> Result<()> {
    let machine = target.machine(context)?;
    check(&machine, provision)?;
    if machine.state().await? == State::NotCreated {
        return nothing_there(context, &machine);
    }
    tell_provider(context, &machine);
    action(context, &target.name, "resume", async {
        let mut work = Work::begin(context, machine, "resume", provision.clone()).await?;
        let steps = plan::resume(work.now, &work.unfinished());
        if steps.is_empty() {
            work.ui().info(match work.now {
                State::Running => "The machine is running already.",
                _ => "The machine is not suspended. `jaunt up` starts it.",
            });
        }
        work.carry_out(steps).await
    })
    .await
}

/// `provision`: runs the provisioners of a machine that runs.
pub async fn provision(context: &Context, target: &Target, wish: &ProvisionWish) -> Result<()> {
    let machine = target.machine(context)?;
    match machine.state().await? {
        State::NotCreated => nothing_there(context, &machine),
        State::Running => {
            check(&machine, wish)?;
            tell_provider(context, &machine);
            action(context, &target.name, "provision", async {
                let mut work = Work::begin(context, machine, "provision", wish.clone()).await?;
                let steps = plan::provision(work.now);
                work.carry_out(steps).await
            })
            .await
        }
        // Vagrant 2.3.4: a machine that does not run is left alone, and the exit code is 0.
        State::Stopped | State::Saved | State::Paused => {
            context
                .ui
                .of(&machine.name)
                .info("The machine is not running, so nothing is provisioned. `jaunt up` starts it.");
            Ok(())
        }
    }
}

/// `rsync`: brings the folders of a running machine up to date.
pub async fn sync(context: &Context, target: &Target, rsync_chown: bool) -> Result<()> {
    let machine = target.machine(context)?;
    machine.check()?;
    machine.running_id().await?;
    tell_provider(context, &machine);
    action(context, &target.name, "sync_folders", async {
        let mut work = Work::begin(context, machine, "rsync", ProvisionWish::Nothing).await?;
        work.rsync_chown = rsync_chown;
        work.carry_out(vec![Step::SyncFolders]).await
    })
    .await
}

/// How `upload` does it.
#[derive(Debug, Clone, Copy, Default)]
pub struct UploadWish {
    /// Into a new temporary folder.
    pub temporary: bool,
    /// Compressed on the way.
    pub compressed: bool,
}

/// `upload`: copies a file or a folder into a machine that runs.
pub async fn upload(context: &Context, target: &Target, file: File, wish: UploadWish) -> Result<()> {
    let machine = target.machine(context)?;
    machine.running_id().await?;
    tell_provider(context, &machine);
    let mut work = Work::begin(context, machine, "upload", ProvisionWish::Nothing).await?;
    work.compression = wish.compressed;
    let (from, to) = provisioning::upload(&mut work, file, wish.temporary).await?;
    work.ui().info(&format!("Uploaded: {from} => {to}"));
    work.close_connection().await;
    Ok(())
}

/// What `cap` does with a guest.
pub enum GuestCapability {
    /// It gets another host name.
    ChangeHostName(HostName),
    /// It is rebooted.
    Reboot,
}

/// `cap guest`: has a machine that runs do something that its family knows how to do.
pub async fn call_guest(context: &Context, target: &Target, capability: GuestCapability) -> Result<()> {
    let machine = target.machine(context)?;
    machine.running_id().await?;
    tell_provider(context, &machine);
    let mut work = Work::begin(context, machine, "cap", ProvisionWish::Nothing).await?;
    match capability {
        GuestCapability::ChangeHostName(name) => boot::change_host_name(&mut work, &name).await?,
        GuestCapability::Reboot => boot::reboot(&mut work).await?,
    }
    work.close_connection().await;
    Ok(())
}

/// What the configuration gets wrong, as far as it can be known before anything is done.
fn check(machine: &Machine, provision: &ProvisionWish) -> Result<()> {
    machine.check()?;
    machine_spec(machine, Vec::new(), &[])?;
    boot::host_name(machine)?;
    provisioning::chosen(machine, provision)?;
    Ok(())
}

/// The lines for programs around what a command does to one machine.
async fn action(context: &Context, target: &str, name: &str, work: impl Future<Output = Result<()>>) -> Result<()> {
    let ui = context.ui.of(target);
    ui.event("action", &[name, "start"]);
    let result = work.await;
    ui.event("action", &[name, "end"]);
    result
}

/// Vagrant 2.3.4: commands on a machine that was never created say so and exit 0.
fn nothing_there(context: &Context, machine: &Machine) -> Result<()> {
    tell_provider(context, machine);
    context
        .ui
        .of(&machine.name)
        .info("The machine has not been created. Nothing to do.");
    Ok(())
}

/// Vagrant 2.3.4: the first line for programs of every command on a machine.
fn tell_provider(context: &Context, machine: &Machine) {
    context
        .ui
        .of(&machine.name)
        .event("metadata", &["provider", &machine.provider_name]);
}

fn say_post_up_message(context: &Context, machine: &Machine) {
    let message = machine.config.vm.post_up_message.trim_end();
    if !message.is_empty() {
        context.ui.of(&machine.name).success(&format!(
            "\nMachine '{}' has a message for you:\n\n{message}\n",
            machine.name
        ));
    }
}

impl Error {
    /// The same error as the failure of a step of a machine.
    fn at_step(self, machine: &str, step: Step) -> Error {
        match self {
            Error::Interrupted => Error::Interrupted,
            source => Error::Step {
                machine: machine.to_owned(),
                step,
                source: Box::new(source),
            },
        }
    }
}

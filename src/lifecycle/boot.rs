//! From the power switch to a guest that answers, and back.

use std::time::Duration;

use providers::{BoundForward, State, Stop};

use super::work::Work;
use super::{boxes, cloud_init};
use crate::communicators::ssh::{
    BootFailure, Connection, Error as SshError, KeyType, Progress, SshCommunicator, SshTarget, Stage, insert_key,
    wait_until_ready,
};
use crate::communicators::{Command, Communicator};
use crate::error::{Error, Result};
use crate::guests::{self, Family, HostName};
use crate::machine::{Machine, machine_spec, shell_options, ssh_target};
use crate::state::journal::Entry;
use crate::ui::TargetUi;

/// How long a guest may ignore the power button before it is asked by SSH.
const BUTTON_ALONE: Duration = Duration::from_secs(5);

/// How often it is asked whether a machine that boots still runs.
pub(super) const STILL_ALIVE: Duration = Duration::from_secs(2);

/// How many lines of the serial console a report on a failed boot shows.
const CONSOLE_LINES: usize = 15;

/// Starts the machine with its ports forwarded.
pub async fn start(work: &mut Work<'_>) -> Result<()> {
    let remembered = work.journal.memory().ports;
    let disks = boxes::disks(&work.machine)?;
    let mut spec = machine_spec(&work.machine, disks, &remembered)?;
    let id = work.id()?;
    spec.seed = work.machine.renewed_seed(&id)?;
    let now = work.machine.provider.state(&id).await?;
    let wakes = matches!(now, State::Saved | State::Paused);
    work.ui().info(if wakes {
        "Resuming the machine..."
    } else {
        "Booting the machine..."
    });
    let bound = work.machine.provider.start(&id, &spec).await?;
    work.journal.append(Entry::Ports {
        forwards: bound.clone(),
    })?;
    tell_forwards(work.ui(), &bound, &spec.forwards);
    work.enter_into_index("running")
}

fn tell_forwards(ui: TargetUi<'_>, bound: &[BoundForward], wanted: &[providers::Forward]) {
    ui.info("Forwarding ports...");
    for forward in bound {
        let port = forward.host.port();
        let corrected = wanted.iter().find(|it| it.id == forward.id && it.host_port != port);
        if let Some(wanted) = corrected {
            ui.detail(&format!(
                "port {} of this computer is taken: {port} leads to the guest instead",
                wanted.host_port
            ));
        }
        ui.detail(&format!("{} (guest) => {port} (host)", forward.guest_port));
    }
}

/// Waits until the guest answers, and gives it a key of its own on first contact.
pub async fn wait_for_communicator(work: &mut Work<'_>) -> Result<()> {
    work.close_connection().await;
    let endpoint = work.machine.provider.endpoint(&work.id()?).await?;
    let target = ssh_target(work.context, &work.machine, &endpoint.forwards)?;
    let ui = work.ui();
    ui.info("Waiting for the machine to boot. This may take a few minutes...");
    ui.detail(&format!("SSH address: {}", target.address()));
    ui.detail(&format!("SSH username: {}", target.user));
    let timeout = work.machine.config.vm.boot_timeout;
    let mut told = |progress: Progress<'_>| tell_progress(ui, &progress);
    let connection = reached_or_dead(work, &target, timeout, &mut told).await?;
    let connection = with_own_key(work, connection, &target).await?;
    work.ui().info("The machine is up and answers.");
    let communicator = SshCommunicator::new(connection, shell_options(&work.machine));
    work.keep_connection(communicator);
    cloud_init::wait(work).await
}

/// Waits for the guest, and no longer than there is a machine to wait for.
async fn reached_or_dead(
    work: &Work<'_>,
    target: &SshTarget,
    patience: Duration,
    told: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Connection> {
    tokio::select! {
        reached = wait_until_ready(target, patience, told) => match reached {
            Err(SshError::NotReady(failure)) => Err(boot_report(work, &failure).await),
            other => Ok(other?),
        },
        () = stopped(work) => Err(Error::Died { details: console(work).await.join("\n") }),
    }
}

/// Returns when the machine does not run any more.
pub(super) async fn stopped(work: &Work<'_>) {
    loop {
        tokio::time::sleep(STILL_ALIVE).await;
        if matches!(work.machine.state().await, Ok(State::Stopped | State::NotCreated)) {
            return;
        }
    }
}

fn tell_progress(ui: TargetUi<'_>, progress: &Progress<'_>) {
    match progress {
        // That a guest which boots does not answer yet is no news.
        Progress::Retrying(
            SshError::Connect { .. }
            | SshError::NoBanner { .. }
            | SshError::ClosedBeforeBanner { .. }
            | SshError::Busy { .. },
        ) => {}
        Progress::Retrying(error) => ui.detail(&format!("{error}; trying again...")),
        Progress::OldAlgorithms => {
            ui.warn("The guest's SSH server knows only algorithms that are no longer sound; they are used for this machine.");
        }
    }
}

async fn with_own_key(work: &Work<'_>, connection: Connection, target: &SshTarget) -> Result<Connection> {
    let machine_key = work.machine.folder.private_key();
    if !work.machine.config.ssh.connect.insert_key || !insert_key::is_needed(&connection, &machine_key) {
        return Ok(connection);
    }
    work.ui()
        .detail("The guest trusts a key that everybody knows. It gets one of its own...");
    insert_key(&connection, target, &machine_key, key_type(&work.machine)).await?;
    work.ui()
        .detail("The published key is removed from the guest, which takes the new one.");
    Ok(connection)
}

/// The kind of key that the machine gets.
pub fn key_type(machine: &Machine) -> KeyType {
    match machine.config.ssh.connect.key_type.as_str() {
        "ecdsa256" => KeyType::Ecdsa256,
        "ecdsa384" => KeyType::Ecdsa384,
        "ecdsa521" => KeyType::Ecdsa521,
        "ed25519" => KeyType::Ed25519,
        "rsa" => KeyType::Rsa,
        _ => KeyType::Auto,
    }
}

/// What is known of a boot that did not come up: how far it got, what was tried, and the end of the serial console.
async fn boot_report(work: &Work<'_>, failure: &BootFailure) -> Error {
    let mut details = vec![
        format!("  address: {} (user `{}`)", failure.address, failure.user),
        format!("  keys: {}", failure.credentials.join(", ")),
    ];
    details.extend(failure.last.as_ref().map(|it| format!("  last attempt: {it}")));
    details.extend(console(work).await);
    Error::Boot {
        seconds: failure.waited.as_secs(),
        reached: reached(&failure.stage).to_owned(),
        details: details.join("\n"),
        advice: advice(&failure.stage).to_owned(),
    }
}

/// The end of the machine's serial console, for a report.
pub(super) async fn console(work: &Work<'_>) -> Vec<String> {
    let lines = match work.machine.id() {
        Ok(Some(id)) => work.machine.provider.console_tail(&id, CONSOLE_LINES).await,
        _ => None,
    };
    match lines {
        Some(lines) if !lines.is_empty() => {
            let lines = lines.iter().map(|it| format!("    | {it}"));
            ["  the last lines of its serial console:".to_owned()]
                .into_iter()
                .chain(lines)
                .collect()
        }
        _ => vec!["  its serial console has said nothing".to_owned()],
    }
}

fn reached(stage: &Stage) -> &'static str {
    match stage {
        Stage::Unreachable => "nothing accepts connections",
        Stage::Silent => "connections are accepted, but no SSH server has answered",
        Stage::Greeted => "an SSH server answers, but no connection could be made with it",
        Stage::Refused => "the SSH server refuses the login",
    }
}

fn advice(stage: &Stage) -> &'static str {
    match stage {
        Stage::Unreachable | Stage::Silent => {
            "if it is only slow, raise `config.vm.boot_timeout` and run `jaunt up` again: the machine is still running"
        }
        Stage::Greeted => "look at the serial console for what the SSH server says, and run `jaunt up` again",
        Stage::Refused => {
            "check `config.ssh.username`, `config.ssh.private_key_path` and `config.ssh.password`, and run `jaunt up` again"
        }
    }
}

/// A connection to a guest that is up already.
pub async fn connect(work: &Work<'_>) -> Result<SshCommunicator> {
    let endpoint = work.machine.provider.endpoint(&work.id()?).await?;
    let mut target = ssh_target(work.context, &work.machine, &endpoint.forwards)?;
    target.compression |= work.compression;
    let patience = target.connect_timeout.max(Duration::from_secs(30));
    let connection = reached_or_dead(work, &target, patience, &mut |_| {}).await?;
    Ok(SshCommunicator::new(connection, shell_options(&work.machine)))
}

/// Sets the clock of a guest whose memory was on disk. One that cannot be set is told, and no reason to stop.
pub async fn set_clock(work: &mut Work<'_>) -> Result<()> {
    let connection = work.connection().await?;
    let guest = family(work, &*connection).await?;
    let now = jiff::Timestamp::now().as_second().unsigned_abs();
    match run_in_guest(&*connection, guest.set_clock(now), "set its clock").await {
        Err(Error::Refused { what, .. }) => work.ui().warn(&format!("{what}; it may be wrong.")),
        other => other?,
    }
    Ok(())
}

/// Gives the guest the host name of the Vagrantfile.
pub async fn set_hostname(work: &mut Work<'_>) -> Result<()> {
    let Some(name) = host_name(&work.machine)? else {
        return Ok(());
    };
    work.ui().info("Setting the host name...");
    change_host_name(work, &name).await
}

/// Gives the guest a host name.
pub async fn change_host_name(work: &mut Work<'_>, name: &HostName) -> Result<()> {
    let connection = work.connection().await?;
    let guest = family(work, &*connection).await?;
    run_in_guest(&*connection, guest.change_host_name(name, None), "set its host name").await
}

/// The host name that the machine is to have, if any.
pub fn host_name(machine: &Machine) -> Result<Option<HostName>> {
    let Some(wanted) = &machine.config.vm.hostname else {
        return Ok(None);
    };
    let refused = || Error::Refused {
        what: format!("`{wanted}` cannot be a host name"),
        advice: "letters, digits, dashes and dots are allowed in `config.vm.hostname`".to_owned(),
    };
    HostName::new(wanted).map(Some).ok_or_else(refused)
}

/// The guest's family: what the Vagrantfile says, else what the guest says in one read.
async fn family(work: &Work<'_>, communicator: &dyn Communicator) -> Result<&'static Family> {
    if let Some(family) = work.machine.config.vm.guest.as_deref().and_then(Family::by_name) {
        return Ok(family);
    }
    let mut answer = Vec::new();
    communicator
        .run(Command::new(guests::DETECT), &mut |_, bytes| {
            answer.extend_from_slice(bytes)
        })
        .await?;
    Ok(guests::detect(&String::from_utf8_lossy(&answer)))
}

/// Runs a script as root whose output matters only if it fails.
async fn run_in_guest(communicator: &dyn Communicator, script: impl Into<String>, what: &str) -> Result<()> {
    let mut said = Vec::new();
    let exit = communicator
        .run(Command::as_root(script), &mut |_, bytes| said.extend_from_slice(bytes))
        .await?;
    if exit.is_success() {
        return Ok(());
    }
    Err(Error::Refused {
        what: format!(
            "the guest could not {what} (exit code {}): {}",
            exit.code,
            String::from_utf8_lossy(&said).trim()
        ),
        advice: "log in with `jaunt ssh` to see why".to_owned(),
    })
}

/// Asks the guest to shut down: by its power button, and by SSH when it does not care about that; then cuts the power.
pub async fn shut_down(work: &mut Work<'_>) -> Result<()> {
    work.ui().info("Asking the machine to shut down...");
    work.close_connection().await;
    let id = work.id()?;
    let patience = work.machine.config.vm.graceful_halt_timeout;
    {
        let button = work.machine.provider.stop(&id, Stop::PowerButton { patience });
        let ask = async {
            tokio::time::sleep(BUTTON_ALONE).await;
            // A guest that cannot be asked is stopped by the button, or has its power cut when patience ends.
            if let Err(error) = halt_by_ssh(work).await {
                tracing::debug!(%error, "the guest could not be asked by SSH");
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            stopped = button => stopped?,
            () = ask => {}
        }
    }
    work.enter_into_index("stopped")
}

async fn halt_by_ssh(work: &Work<'_>) -> Result<()> {
    let connection = connect(work).await?;
    let guest = family(work, &connection).await?;
    run_in_guest(&connection, guest.halt(), "shut down").await
}

/// Reboots the guest and waits until it answers again, as another boot.
pub async fn reboot(work: &mut Work<'_>) -> Result<()> {
    work.ui().info("Rebooting the machine...");
    let connection = work.connection().await?;
    let before = boot_id(&*connection).await?;
    let guest = family(work, &*connection).await?;
    match run_in_guest(&*connection, guest.reboot(), "reboot").await {
        // The connection may break before the guest has said that it will.
        Err(Error::Communicator(error)) if error.is_disconnect() => {}
        other => other?,
    }
    let patience = work.machine.config.vm.boot_timeout;
    let again = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            work.close_connection().await;
            // It is on its way down, or up: both look like a connection that fails.
            let Ok(connection) = work.connection().await else {
                continue;
            };
            if boot_id(&*connection).await.is_ok_and(|it| it != before) {
                return Ok(());
            }
        }
    };
    tokio::time::timeout(patience, again).await.unwrap_or_else(|_| {
        Err(Error::Refused {
            what: format!(
                "the guest did not come back from its reboot within {} seconds",
                patience.as_secs()
            ),
            advice: "raise `config.vm.boot_timeout`, or look at it with `jaunt ssh`".to_owned(),
        })
    })
}

async fn boot_id(communicator: &dyn Communicator) -> Result<Vec<u8>> {
    let mut id = Vec::new();
    communicator
        .run(Command::new(guests::BOOT_ID), &mut |_, bytes| {
            id.extend_from_slice(bytes)
        })
        .await?;
    Ok(id)
}

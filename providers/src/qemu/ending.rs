//! Ending a machine's process, by its guest's will or without it.

use std::time::Duration;

use super::files::MachineFiles;
use super::monitor::{Monitor, Unreachable};
use super::process::Process;
use super::{GLIMPSE, Qemu, TURN};
use crate::{Error, MachineId, Result};

/// How long QEMU may take to write down what it holds when it is told to end.
const ENDING: Duration = Duration::from_secs(10);

/// How often the power button is pressed again: a guest that is still booting misses the first time.
const BUTTON_INTERVAL: Duration = Duration::from_secs(10);

/// How a process is ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    /// It may write down what it holds.
    Asked,
    /// What it holds is not wanted any more.
    Killed,
}

impl Qemu {
    /// Presses the power button until the guest has gone or the time is over.
    pub(super) async fn power_button(&self, id: &MachineId, patience: Duration) {
        let Some(process) = self.process(id).await else { return };
        let files = self.files(id);
        let give_up = tokio::time::Instant::now() + patience;
        loop {
            let left = give_up.saturating_duration_since(tokio::time::Instant::now());
            if left.is_zero() {
                return;
            }
            // A QEMU that does not take it may have ended by itself; whether it has is looked at next.
            if let Ok(monitor) = open_any(&files, left.min(TURN)).await
                && let Err(error) = press(&monitor).await
            {
                tracing::debug!(%error, "the power button was not pressed");
            }
            if process.ends_within(left.min(BUTTON_INTERVAL)).await {
                return;
            }
        }
    }

    /// Ends the machine's process, and removes what it leaves in the file system.
    pub(super) async fn end(&self, id: &MachineId, how: Ending) -> Result<()> {
        if let Some(process) = self.process(id).await {
            end_process(&process, how).await?;
        }
        self.files(id).remove_traces_of_run()
    }

    /// The machine's process, whether it answers or not.
    pub(super) async fn process(&self, id: &MachineId) -> Option<Process> {
        let files = self.files(id);
        if let Some(process) = Process::from_pid_file(id.claim, &files.pid()) {
            return Some(process);
        }
        let monitor = Monitor::open(&files.reader_socket(), GLIMPSE).await.ok()?;
        Process::verified(id.claim, monitor.peer()?)
    }
}

async fn end_process(process: &Process, how: Ending) -> Result<()> {
    if let Ending::Asked = how {
        process.ask_to_end();
        if process.ends_within(ENDING).await {
            return Ok(());
        }
    }
    process.kill();
    if process.ends_within(ENDING).await {
        return Ok(());
    }
    Err(Error::NoAnswer {
        backend: "QEMU",
        what: "its process cannot be ended".to_owned(),
    })
}

/// A guest that is held sees no button.
async fn press(monitor: &Monitor) -> Result<()> {
    if monitor.is_held(GLIMPSE).await {
        monitor.cont().await?;
    }
    monitor.press_power_button().await
}

/// A conversation over whichever monitor is free.
async fn open_any(files: &MachineFiles, within: Duration) -> std::result::Result<Monitor, Unreachable> {
    match Monitor::open(&files.control_socket(), within / 2).await {
        Ok(monitor) => Ok(monitor),
        Err(_) => Monitor::open(&files.reader_socket(), within / 2).await,
    }
}

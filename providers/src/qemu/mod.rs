//! Machines run by QEMU, without root and without a daemon.
//!
//! A machine is an overlay disk in its folder, and while it runs a QEMU process with its claim as uuid and two monitors in the
//! runtime folder. It is not told what box the disk comes from, nor what the forwards are for.
//!
//! **Invariant:** a guest never runs before all its forwards are bound. QEMU starts paused; whatever dies before the guest is let go
//! leaves a QEMU that holds nothing, and counts as a machine that is stopped.

mod accelerator;
mod architecture;
mod arguments;
mod console;
mod devices;
mod disk;
mod ending;
mod export;
mod files;
mod firmware;
mod forwards;
mod image;
mod launch;
mod memory;
mod monitor;
mod options;
#[cfg(target_os = "linux")]
mod probe;
mod process;
mod programs;
mod room;
mod sectors;
mod snapshots;
mod starting;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use qapi::qmp::RunState;

use self::architecture::Architecture;
pub use self::devices::hardware_names;
use self::disk::Disks;
use self::ending::Ending;
use self::files::MachineFiles;
use self::memory::SavedMemory;
use self::monitor::{Monitor, Unreachable};
pub use self::options::{DEFAULT_CPUS, DEFAULT_MEMORY_MIB, DESCRIPTORS, OptionProblem, QemuBlock};
use self::process::Process;
use crate::{
    BoundForward, Endpoint, Error, Export, Features, MachineId, MachineSpec, Notices, Provider, Result, Snapshots,
    State, Stop, Suspend, file,
};

/// How long one who only looks waits for a word from QEMU.
const GLIMPSE: Duration = Duration::from_secs(1);

/// How long one waits who needs an answer: a host may be busy with more than this machine.
const PERSISTENCE: Duration = Duration::from_secs(5);

/// How long one who wants to change something waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// What this backend needs to know of the place where it runs.
#[derive(Clone)]
pub struct QemuSettings {
    /// A folder with a short path for sockets, this user's alone; made when it is needed.
    pub runtime_folder: PathBuf,
    /// A folder for what was found out about the host; made when it is needed.
    pub cache_folder: PathBuf,
    /// Where programs are looked for: the folders of `PATH`.
    pub search_path: Vec<PathBuf>,
    /// Where notices go.
    pub notices: Notices,
}

/// The backend.
#[derive(Clone)]
pub struct Qemu {
    settings: QemuSettings,
}

/// What is seen of a machine's process.
enum Sight {
    /// There is none.
    Absent,
    /// It has not let its guest go yet: the command that started it died, or is just there.
    Unreleased,
    /// It runs its guest, or holds it paused.
    Alive(Monitor),
    /// It is there and does not answer.
    Silent,
}

impl Qemu {
    /// A backend in this place; nothing is done yet.
    pub fn new(settings: QemuSettings) -> Self {
        Self { settings }
    }

    fn files(&self, id: &MachineId) -> MachineFiles {
        MachineFiles::of(id, &self.settings.runtime_folder)
    }

    /// Looks at the machine's process through the readers' monitor. One that is on its way out is seen when it is gone.
    async fn look(&self, id: &MachineId) -> Sight {
        let files = self.files(id);
        match self.ask_who_it_is(id, &files).await {
            Ok((_, RunState::prelaunch | RunState::inmigrate)) => Sight::Unreleased,
            Ok((monitor, _)) => Sight::Alive(monitor),
            Err(_) => match Process::from_pid_file(id.claim, &files.pid()) {
                Some(process) if process.is_ending() && process.ends_within(PERSISTENCE).await => Sight::Absent,
                Some(_) => Sight::Silent,
                None => Sight::Absent,
            },
        }
    }

    /// The same for one who cannot go on without an answer.
    async fn look_patiently(&self, id: &MachineId) -> Sight {
        let give_up = tokio::time::Instant::now() + PERSISTENCE;
        loop {
            match self.look(id).await {
                Sight::Silent if tokio::time::Instant::now() < give_up => {}
                seen => return seen,
            }
        }
    }

    async fn ask_who_it_is(
        &self,
        id: &MachineId,
        files: &MachineFiles,
    ) -> std::result::Result<(Monitor, RunState), Unreachable> {
        let monitor = Monitor::open(&files.reader_socket(), GLIMPSE).await?;
        match monitor.uuid(GLIMPSE).await {
            Ok(uuid) if uuid == id.claim => {}
            Ok(_) => return Err(Unreachable::Absent),
            Err(_) => return Err(Unreachable::Silent),
        }
        let state = monitor.run_state(GLIMPSE).await.map_err(|_| Unreachable::Silent)?;
        Ok((monitor, state))
    }
}

/// The forwards as they were written down last.
fn recorded(files: &MachineFiles) -> Result<Vec<BoundForward>> {
    Ok(file::read_json(&files.forwards())?.unwrap_or_default())
}

/// What is said of a QEMU that is there and says nothing.
fn silent() -> Error {
    Error::NoAnswer {
        backend: "QEMU",
        what: "its monitor is silent".to_owned(),
    }
}

#[async_trait]
impl Provider for Qemu {
    fn name(&self) -> &'static str {
        "qemu"
    }

    fn features(&self) -> Features {
        Features {
            box_optional: false,
            parallel: true,
            box_formats: &[
                "qemu",
                "libvirt",
                "kvm",
                "virtualbox",
                "vmware_desktop",
                "vmware_fusion",
                "vmware_workstation",
                "vmware",
                "hyperv",
            ],
        }
    }

    async fn state(&self, id: &MachineId) -> Result<State> {
        let files = self.files(id);
        if !files.disk().exists() {
            return Ok(State::NotCreated);
        }
        Ok(match self.look(id).await {
            Sight::Alive(monitor) if monitor.is_held(GLIMPSE).await => State::Paused,
            Sight::Alive(_) | Sight::Silent => State::Running,
            Sight::Absent if SavedMemory::is_pending(&files, false) => State::Saved,
            Sight::Unreleased if SavedMemory::is_pending(&files, true) => State::Saved,
            Sight::Absent | Sight::Unreleased => State::Stopped,
        })
    }

    async fn create(&self, id: &MachineId, spec: &MachineSpec) -> Result<()> {
        let files = self.files(id);
        if files.disk().exists() {
            return Ok(());
        }
        let qemu_img = &self.qemu_img()?;
        // Said now, not at the first start: a machine that cannot be started is not worth creating.
        let architecture = Architecture::named(&spec.architecture)?;
        self.program(spec, architecture)?;
        devices::check(spec, architecture)?;
        let files = &files;
        let notices = Disks { qemu_img, files }.create(spec).await?;
        for notice in notices.into_iter().chain(devices::notice_of_controller(spec)) {
            self.notify(id.claim, notice);
        }
        Ok(())
    }

    async fn start(&self, id: &MachineId, spec: &MachineSpec) -> Result<Vec<BoundForward>> {
        let files = self.files(id);
        if !files.disk().exists() {
            return Err(Error::NotCreated);
        }
        match self.look_patiently(id).await {
            Sight::Alive(monitor) => {
                // Forgotten before it runs: saved memory is of use only with the disk of that moment.
                SavedMemory::forget(&files)?;
                monitor.cont().await?;
                forwards::confirm(&monitor, recorded(&files)?).await
            }
            Sight::Silent => Err(silent()),
            Sight::Unreleased => {
                // Its guest has not run, and the Vagrantfile may have changed since: it is begun anew.
                self.end(id, Ending::Killed).await?;
                SavedMemory::take_back(&files)?;
                self.begin(id, spec).await
            }
            Sight::Absent => self.begin(id, spec).await,
        }
    }

    async fn endpoint(&self, id: &MachineId) -> Result<Endpoint> {
        match self.look_patiently(id).await {
            Sight::Alive(monitor) => {
                let recorded = recorded(&self.files(id))?;
                Ok(Endpoint {
                    forwards: forwards::confirm(&monitor, recorded).await?,
                })
            }
            Sight::Silent => Err(silent()),
            Sight::Absent | Sight::Unreleased => Err(Error::NotRunning),
        }
    }

    async fn stop(&self, id: &MachineId, how: Stop) -> Result<()> {
        if let Stop::PowerButton { patience } = how
            && matches!(self.look(id).await, Sight::Alive(_) | Sight::Silent)
        {
            self.power_button(id, patience).await;
        }
        self.end(id, Ending::Asked).await?;
        self.discard_memory(id).await
    }

    async fn destroy(&self, id: &MachineId) -> Result<()> {
        self.end(id, Ending::Killed).await?;
        self.files(id).remove_all()
    }

    async fn console_tail(&self, id: &MachineId, lines: usize) -> Option<Vec<String>> {
        console::tail(&self.files(id).console(), lines)
    }

    async fn whereabouts(&self, id: &MachineId) -> Option<PathBuf> {
        let disk = self.files(id).disk();
        let opened = self.process(id).await?.opened(disk.file_name()?)?;
        opened.parent().map(ToOwned::to_owned)
    }

    fn suspend(&self) -> Option<&dyn Suspend> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }

    fn export(&self) -> Option<&dyn Export> {
        Some(self)
    }
}

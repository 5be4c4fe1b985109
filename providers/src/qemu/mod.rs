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
mod disk;
mod files;
mod firmware;
mod forwards;
mod launch;
mod monitor;
mod options;
#[cfg(target_os = "linux")]
mod probe;
mod process;
mod programs;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use qapi::qmp::RunState;
use uuid::Uuid;

use self::accelerator::Accelerator;
use self::architecture::Architecture;
use self::arguments::CommandLine;
use self::files::MachineFiles;
use self::firmware::Firmware;
use self::monitor::{Monitor, Unreachable};
pub use self::options::{DEFAULT_CPUS, DEFAULT_MEMORY_MIB, DESCRIPTORS, OptionProblem, QemuBlock};
use self::process::Process;
use crate::{
    BoundForward, Endpoint, Error, Features, MachineId, MachineSpec, Notice, Notices, Provider, Result, State, Stop,
    file,
};

/// How long one who only looks waits for a word from QEMU.
const GLIMPSE: Duration = Duration::from_secs(1);

/// How long one who wants to change something waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// How long QEMU may take to write down what it holds when it is told to end.
const ENDING: Duration = Duration::from_secs(10);

/// How often the power button is pressed again: a guest that is still booting misses the first time.
const BUTTON_INTERVAL: Duration = Duration::from_secs(10);

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

    /// Looks at the machine's process through the readers' monitor.
    async fn look(&self, id: &MachineId) -> Sight {
        let files = self.files(id);
        match self.ask_who_it_is(id, &files).await {
            Ok((_, RunState::prelaunch | RunState::inmigrate)) => Sight::Unreleased,
            Ok((monitor, _)) => Sight::Alive(monitor),
            Err(_) if Process::from_pid_file(id.claim, &files.pid()).is_some() => Sight::Silent,
            Err(_) => Sight::Absent,
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

    /// The machine's process, whether it answers or not.
    async fn process(&self, id: &MachineId) -> Option<Process> {
        let files = self.files(id);
        if let Some(process) = Process::from_pid_file(id.claim, &files.pid()) {
            return Some(process);
        }
        let monitor = Monitor::open(&files.reader_socket(), GLIMPSE).await.ok()?;
        Process::verified(id.claim, monitor.peer()?)
    }

    /// Starts a QEMU, binds the forwards and lets the guest go.
    async fn launch(&self, id: &MachineId, spec: &MachineSpec) -> Result<Vec<BoundForward>> {
        let files = self.files(id);
        files.prepare_runtime_folder()?;
        files.remove_traces_of_run()?;
        let architecture = Architecture::named(&spec.architecture)?;
        let program = self.program(spec, architecture)?;
        let accelerator = self.accelerator(id, spec, architecture, &program).await;
        let firmware = Firmware::prepare(architecture, &program, &files)?;
        let (claim, firmware, sandbox) = (id.claim, firmware.as_ref(), true);
        let line = CommandLine {
            claim,
            spec,
            architecture,
            files: &files,
            accelerator: &accelerator,
            firmware,
            sandbox,
        };
        let monitor = self.launch_sandboxed(&program, line).await?;
        let released = release(&monitor, spec, &files).await;
        if released.is_err() {
            drop(monitor);
            self.end(id, Ending::Killed).await?;
        }
        released
    }

    fn program(&self, spec: &MachineSpec, architecture: Architecture) -> Result<PathBuf> {
        let search_path = &self.settings.search_path;
        match &spec.qemu.program {
            None => programs::find(architecture.program, search_path),
            Some(path) if path.is_absolute() && programs::is_program(path) => Ok(path.clone()),
            Some(name) => programs::find(&name.to_string_lossy(), search_path),
        }
    }

    /// The accelerator that the Vagrantfile names, or else the best one here.
    async fn accelerator(
        &self,
        id: &MachineId,
        spec: &MachineSpec,
        architecture: Architecture,
        program: &Path,
    ) -> Accelerator {
        if let Some(setting) = &spec.qemu.accelerator {
            return Accelerator::of_setting(setting);
        }
        if let Some(named) = spec.qemu.machine.as_deref().and_then(Accelerator::of_machine_type) {
            return named;
        }
        let choice = accelerator::choose(architecture, program, &self.settings.cache_folder).await;
        if let Some(text) = choice.notice {
            self.notify(id.claim, text);
        }
        choice.accelerator
    }

    /// Starts a QEMU that has given up what it does not need, or one that cannot, with a notice.
    async fn launch_sandboxed(&self, program: &Path, line: CommandLine<'_>) -> Result<Monitor> {
        match launch::launch(program, &line.arguments()?, line.files).await {
            Err(Error::Command { stderr, .. }) if line.sandbox && is_about_sandbox(&stderr) => {
                self.notify(
                    line.claim,
                    "this QEMU cannot confine itself (`-sandbox`): it runs without".to_owned(),
                );
                let line = CommandLine { sandbox: false, ..line };
                launch::launch(program, &line.arguments()?, line.files).await
            }
            decided => decided,
        }
    }

    fn notify(&self, claim: Uuid, text: String) {
        (self.settings.notices)(Notice { claim, text });
    }

    /// Presses the power button until the guest has gone or the time is over.
    async fn power_button(&self, id: &MachineId, process: &Process, patience: Duration) -> Result<()> {
        let files = self.files(id);
        let give_up = tokio::time::Instant::now() + patience;
        while let Some(left) = give_up
            .checked_duration_since(tokio::time::Instant::now())
            .filter(|it| !it.is_zero())
        {
            if let Ok(monitor) = open_any(&files, left.min(TURN)).await {
                monitor.press_power_button().await?;
            }
            if process.ends_within(left.min(BUTTON_INTERVAL)).await {
                break;
            }
        }
        Ok(())
    }

    /// Ends the machine's process, and removes what it leaves in the file system.
    async fn end(&self, id: &MachineId, how: Ending) -> Result<()> {
        if let Some(process) = self.process(id).await {
            let ended = match how {
                Ending::Asked => {
                    process.ask_to_end();
                    process.ends_within(ENDING).await
                }
                Ending::Killed => false,
            };
            if !ended {
                process.kill();
                if !process.ends_within(ENDING).await {
                    return Err(Error::NoAnswer {
                        backend: "QEMU",
                        what: "its process cannot be ended".to_owned(),
                    });
                }
            }
        }
        self.files(id).remove_traces_of_run()
    }
}

/// How a process is ended.
#[derive(Debug, Clone, Copy)]
enum Ending {
    /// It may write down what it holds.
    Asked,
    /// What it holds is not wanted any more.
    Killed,
}

/// What a QEMU says that was built without it, or a kernel that does not let it.
fn is_about_sandbox(complaint: &str) -> bool {
    ["sandbox", "seccomp"].iter().any(|it| complaint.contains(it))
}

/// Binds the forwards, writes down where, and lets the guest go, in this order.
async fn release(monitor: &Monitor, spec: &MachineSpec, files: &MachineFiles) -> Result<Vec<BoundForward>> {
    let bound = forwards::bind_all(monitor, &spec.forwards).await?;
    // QEMU knows no names of forwards.
    file::write_json(&files.forwards(), &bound)?;
    monitor.cont().await?;
    Ok(bound)
}

/// The forwards as they were written down last.
fn recorded(files: &MachineFiles) -> Result<Vec<BoundForward>> {
    Ok(file::read_json(&files.forwards())?.unwrap_or_default())
}

/// A conversation over whichever monitor is free.
async fn open_any(files: &MachineFiles, within: Duration) -> std::result::Result<Monitor, Unreachable> {
    match Monitor::open(&files.control_socket(), within / 2).await {
        Ok(monitor) => Ok(monitor),
        Err(_) => Monitor::open(&files.reader_socket(), within / 2).await,
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
        if !self.files(id).disk().exists() {
            return Ok(State::NotCreated);
        }
        Ok(match self.look(id).await {
            Sight::Absent | Sight::Unreleased => State::Stopped,
            Sight::Alive(_) | Sight::Silent => State::Running,
        })
    }

    async fn create(&self, id: &MachineId, spec: &MachineSpec) -> Result<()> {
        let files = self.files(id);
        if files.disk().exists() {
            return Ok(());
        }
        let base = spec.disk.as_ref().ok_or_else(|| Error::Unsupported {
            what: format!("the machine `{}` has no box, and QEMU needs the disk of one", spec.name),
        })?;
        let qemu_img = programs::find("qemu-img", &self.settings.search_path)?;
        // Said now, not at the first start: a machine that cannot be started is not worth creating.
        self.program(spec, Architecture::named(&spec.architecture)?)?;
        disk::create_overlay(&qemu_img, &files, base, spec.qemu.disk_size_mib).await
    }

    async fn start(&self, id: &MachineId, spec: &MachineSpec) -> Result<Vec<BoundForward>> {
        let files = self.files(id);
        if !files.disk().exists() {
            return Err(Error::NotCreated);
        }
        match self.look(id).await {
            Sight::Alive(monitor) => {
                monitor.cont().await?;
                forwards::confirm(&monitor, recorded(&files)?).await
            }
            Sight::Silent => Err(Error::NoAnswer {
                backend: "QEMU",
                what: "its monitor is silent".to_owned(),
            }),
            Sight::Unreleased => {
                // Its guest has not run, and the Vagrantfile may have changed since: it is begun anew.
                self.end(id, Ending::Killed).await?;
                self.launch(id, spec).await
            }
            Sight::Absent => self.launch(id, spec).await,
        }
    }

    async fn endpoint(&self, id: &MachineId) -> Result<Endpoint> {
        match self.look(id).await {
            Sight::Alive(monitor) => {
                let recorded = recorded(&self.files(id))?;
                Ok(Endpoint {
                    forwards: forwards::confirm(&monitor, recorded).await?,
                })
            }
            Sight::Silent => Err(Error::NoAnswer {
                backend: "QEMU",
                what: "its monitor is silent".to_owned(),
            }),
            Sight::Absent | Sight::Unreleased => Err(Error::NotRunning),
        }
    }

    async fn stop(&self, id: &MachineId, how: Stop) -> Result<()> {
        if let (Stop::PowerButton { patience }, Some(process)) = (how, self.process(id).await) {
            self.power_button(id, &process, patience).await?;
        }
        self.end(id, Ending::Asked).await
    }

    async fn destroy(&self, id: &MachineId) -> Result<()> {
        self.end(id, Ending::Killed).await?;
        self.files(id).remove_all()
    }

    async fn console_tail(&self, id: &MachineId, lines: usize) -> Option<Vec<String>> {
        console::tail(&self.files(id).console(), lines)
    }
}

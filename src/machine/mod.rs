//! A machine: what its Vagrantfile says of it, its box, its backend, and its folder on disk.
//!
//! **Invariant:** making a [`Machine`] reads only. What the machine is doing is asked of the backend each time.

mod box_hardware;
pub mod locked_boxes;
mod open;
mod provisioners;
mod qemu_block;
mod reach;
mod seed;
mod spec;
mod untrusted;

use std::rc::Rc;

use providers::{BoundForward, MachineId, Provider, State};
use uuid::Uuid;

use crate::config::{Config, Mistakes};
use crate::error::{Error, Result};
use crate::lifecycle::plan::Step;
use crate::project::Project;
use crate::state::claims::{Claims, Standing};
use crate::state::journal::{self, Memory};
use crate::state::machine_folder::MachineFolder;

pub use open::{box_architecture, box_constraints, box_providers, is_built_in, open_provider, store};
pub use provisioners::provisioners;
pub use reach::{shell_options, ssh_target, user};
pub use spec::machine_spec;

/// A machine of a project, with all that is known of it.
pub struct Machine {
    /// Its name in the Vagrantfile.
    pub name: String,
    /// The project that defines it.
    pub project: Rc<Project>,
    /// The backend's name.
    pub provider_name: String,
    /// The backend.
    pub provider: Box<dyn Provider>,
    /// The provider whose blocks of the Vagrantfile are applied.
    pub settings_of: String,
    /// Its folder on disk.
    pub folder: MachineFolder,
    /// What the Vagrantfile and the box say of it.
    pub config: Config,
    /// What the Vagrantfile says to QEMU alone.
    pub qemu: providers::qemu::QemuBlock,
    /// What is wrong with the Vagrantfile, ready to be shown; commands that only look or stop go on nevertheless.
    pub mistakes: Mistakes,
    /// The part of these that would reach this computer itself, without the user's trust in the file.
    pub untrusted: Option<String>,
    /// Its box, where that is installed.
    pub installed_box: Option<boxes::InstalledBox>,
    /// What the project's lock file says of its box.
    pub locked_box: Option<boxes::LockedBox>,
    /// The claims that were given to this user's machines.
    pub claims: Claims,
    /// What to tell of how its settings were chosen.
    pub notices: Vec<String>,
}

impl Machine {
    /// What the journal says of it.
    pub fn memory(&self) -> Result<Memory> {
        Ok(journal::read(&self.folder.journal())?)
    }

    /// Who it is at its backend, if it was given an identity.
    ///
    /// An `id` without a journal is ours if it is a claim; one that another program wrote is an error, so that nothing new is
    /// made beside a machine that cannot be seen. So is a claim that was not given to this folder: what lies beside it is
    /// somebody else's.
    pub fn id(&self) -> Result<Option<MachineId>> {
        let claim = || match self.memory()?.claim {
            Some(claim) => Ok(Some(claim)),
            None => self.folder.id()?.map(|it| self.claim_from(&it)).transpose(),
        };
        let Some((claim, standing)) = self.standing(claim)? else {
            return Ok(None);
        };
        self.check_standing(standing)?;
        Ok(Some(MachineId {
            claim,
            folder: self.folder.path().to_owned(),
        }))
    }

    /// Whether what lies in its folder is somebody else's machine, or that of another folder.
    pub fn is_foreign(&self) -> Result<bool> {
        let claim = || match self.memory()?.claim {
            Some(claim) => Ok(Some(claim)),
            None => Ok(self.folder.id()?.and_then(|it| Uuid::parse_str(&it).ok())),
        };
        let standing = self.standing(claim)?.map(|it| it.1);
        Ok(matches!(standing, Some(Standing::Copied(_) | Standing::Unknown)))
    }

    /// The claim in its folder, and what is known of it.
    ///
    /// A `destroy` that is about to end removes the claim from the folder first: one that nobody knows is a stranger's only where it
    /// is in the folder still.
    fn standing(&self, claim: impl Fn() -> Result<Option<Uuid>>) -> Result<Option<(Uuid, Standing)>> {
        let mut found = claim()?;
        while let Some(claimed) = found {
            let standing = self.claims.standing(claimed, self.folder.path())?;
            if standing != Standing::Unknown {
                return Ok(Some((claimed, standing)));
            }
            found = claim()?;
            if found == Some(claimed) {
                return Ok(Some((claimed, standing)));
            }
        }
        Ok(None)
    }

    fn check_standing(&self, standing: Standing) -> Result<()> {
        let (machine, folder) = (self.name.clone(), self.folder.path().to_owned());
        match standing {
            Standing::Ours | Standing::Moved => Ok(()),
            Standing::Copied(original) => Err(Error::OfAnotherFolder {
                machine,
                original,
                folder,
            }),
            Standing::Unknown => Err(Error::OfSomebodyElse { machine, folder }),
        }
    }

    fn claim_from(&self, id: &str) -> Result<Uuid> {
        Uuid::parse_str(id).map_err(|_| Error::OfAnotherProgram {
            machine: self.name.clone(),
            id: id.to_owned(),
            folder: self.folder.path().to_owned(),
        })
    }

    /// What it is doing, asked of the backend.
    pub async fn state(&self) -> Result<State> {
        match self.id()? {
            Some(id) => Ok(self.provider.state(&id).await?),
            None => Ok(State::NotCreated),
        }
    }

    /// Whether it was made, and its backend has it no more. One that was about to be destroyed may be gone.
    pub fn has_vanished(&self, now: State) -> Result<bool> {
        let was_ending = |it: &Step| matches!(it, Step::Destroy | Step::Forget);
        let was_made = now == State::NotCreated && self.folder.id()?.is_some();
        Ok(was_made && !self.memory()?.unfinished.iter().any(was_ending))
    }

    /// Its identity, if it runs; the error says what to do otherwise.
    pub async fn running_id(&self) -> Result<MachineId> {
        let machine = self.name.clone();
        let Some(id) = self.id()? else {
            return Err(Error::NotCreated { machine });
        };
        match self.provider.state(&id).await? {
            State::Running => Ok(id),
            State::NotCreated => Err(Error::NotCreated { machine }),
            State::Paused => Err(Error::Paused {
                machine,
                folder: id.folder,
            }),
            State::Stopped | State::Saved => Err(Error::NotRunning { machine }),
        }
    }

    /// The box as messages name it.
    pub fn box_title(&self) -> String {
        match &self.installed_box {
            Some(it) => format!("{} ({}, {})", it.name, it.provider, it.version),
            None => self.config.vm.box_name.clone().unwrap_or_else(|| "none".to_owned()),
        }
    }

    /// The mistakes of its Vagrantfile as an error, for commands that build on it.
    pub fn check(&self) -> Result<()> {
        match self.mistakes.is_empty() {
            false => Err(Error::Configuration {
                report: self.mistakes.to_string(),
            }),
            true => Ok(()),
        }
    }

    /// The same for commands that use what reaches this computer, and otherwise go on with mistakes.
    pub fn check_trust(&self) -> Result<()> {
        match &self.untrusted {
            Some(report) => Err(Error::Configuration { report: report.clone() }),
            None => Ok(()),
        }
    }

    /// The forward that leads to the guest's SSH server: the one called `ssh`, else the one to its port.
    pub fn ssh_forward<'a>(&self, forwards: &'a [BoundForward]) -> Option<&'a BoundForward> {
        let to_port = |it: &&BoundForward| it.guest_port == self.config.ssh.guest_port;
        forwards
            .iter()
            .find(|it| it.id == "ssh")
            .or_else(|| forwards.iter().find(to_port))
    }
}

/// What a state is called, for programs and for people.
pub struct StateWords {
    /// The word in machine-readable lines.
    pub id: &'static str,
    /// The word in tables.
    pub short: &'static str,
    /// A sentence with what to do next.
    pub long: &'static str,
}

impl StateWords {
    /// The words of a machine that was made, and that its backend has no more.
    pub fn of_vanished() -> Self {
        Self {
            long: "The machine was made, and its disk is gone. `jaunt destroy` forgets it.",
            ..Self::of(State::NotCreated)
        }
    }

    /// The words of a state, as the QEMU plugin of Vagrant and Vagrant itself have them.
    pub fn of(state: State) -> Self {
        let (id, short, long) = match state {
            State::NotCreated => (
                "not_created",
                "not created",
                "The machine has not been created. `jaunt up` creates it.",
            ),
            State::Stopped => ("stopped", "stopped", "The machine is stopped. `jaunt up` starts it."),
            State::Running => (
                "running",
                "running",
                "The machine is running. `jaunt halt` stops it, `jaunt ssh` goes into it, and `jaunt destroy`\nremoves it.",
            ),
            State::Paused => (
                "paused",
                "paused",
                "The machine is paused: its disk could not be written, as on a full file system, or a command that saved its\nmemory was broken off. `jaunt up` lets it go on.",
            ),
            State::Saved => (
                "saved",
                "saved",
                "The machine's memory is on disk. `jaunt up` lets it go on.",
            ),
        };
        Self { id, short, long }
    }
}

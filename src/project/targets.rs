//! Which machines a command means: by name, by pattern, by id in the index of all machines, or by the rules for none named.

use std::path::PathBuf;
use std::rc::Rc;

use regex::Regex;
use vagrantfile::MachineDefinition;

use super::Project;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::is_built_in;
use crate::state::index::{Entry, MachineIndex};
use crate::state::machine_folder::MachineFolder;

/// A machine that a command is about, in its project.
#[derive(Clone)]
pub struct Target {
    /// The project that defines it.
    pub project: Rc<Project>,
    /// The machine's name there.
    pub name: String,
}

/// What `up` was told of the backend.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The backend that runs new machines.
    pub provider: Option<String>,
    /// The provider whose blocks of the Vagrantfile are applied.
    pub settings_of: Option<String>,
    /// `validate --ignore-provider`: what is wrong in these blocks is no mistake.
    pub ignore_provider: bool,
}

/// What is to be done about a machine that is there, and that its Vagrantfile does not define any more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is meant by its name or its id.
    Taken,
    /// It cannot be worked on, which is an error of its own.
    Refused,
}

impl Project {
    /// The machines of these names; all of them where there are none.
    pub fn targets(context: &Context, names: &[String]) -> Result<Vec<Target>> {
        Self::select(context, names, |_| true, Left::Refused)
    }

    /// The same for commands that look or end: a name may be that of a machine that the Vagrantfile does not define any more.
    pub fn targets_that_are_there(context: &Context, names: &[String]) -> Result<Vec<Target>> {
        Self::select(context, names, |_| true, Left::Taken)
    }

    /// The machines of these names; those that start by themselves where there are none.
    pub fn autostart_targets(context: &Context, names: &[String]) -> Result<Vec<Target>> {
        Self::select(context, names, |it| it.autostart, Left::Refused)
    }

    /// The machines that are there and that the Vagrantfile does not define any more, by name.
    pub fn left(self: &Rc<Self>) -> Vec<Target> {
        let entries = std::fs::read_dir(self.dot_vagrant.join("machines"))
            .into_iter()
            .flatten();
        let names = entries.flatten().filter_map(|it| it.file_name().into_string().ok());
        let mut left: Vec<Target> = names
            .filter(|it| !self.defines(it))
            .map(|name| self.clone().target_called(name))
            .filter(Target::is_ours)
            .collect();
        left.sort_by(|one, other| one.name.cmp(&other.name));
        left
    }

    /// The machines of all projects that were running when they were last looked at.
    pub fn running_targets(context: &Context) -> Result<Vec<Target>> {
        let machines = MachineIndex::new(context.home.machine_index()).list()?;
        let running = machines.into_iter().filter(|(_, entry)| entry.state == "running");
        let targets: Result<Vec<_>> = running
            .map(|(_, entry)| indexed(context, entry, Left::Refused))
            .collect();
        Ok(targets?.into_iter().flatten().collect())
    }

    /// The one machine of this name; without a name the primary one, or the only one.
    pub fn target(context: &Context, name: Option<&str>) -> Result<Target> {
        if let Some(name) = name {
            let mut found = Self::targets(context, &[name.to_owned()])?;
            return match (found.pop(), found.is_empty()) {
                (Some(target), true) => Ok(target),
                _ => Err(Error::WhichMachine {
                    known: found.into_iter().map(|it| it.name).collect(),
                }),
            };
        }
        let project = Rc::new(Self::find(context)?);
        let chosen = match project.definitions.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|it| it.primary),
        };
        match chosen {
            Some(definition) => Ok(project.clone().target_of(definition)),
            None => {
                project.clone().learn_secrets(context);
                Err(Error::WhichMachine {
                    known: project.names.to_vec(),
                })
            }
        }
    }

    /// A name is a machine of this project first; only what this project does not define may be an id in the index.
    fn select(
        context: &Context,
        names: &[String],
        by_default: fn(&MachineDefinition) -> bool,
        left: Left,
    ) -> Result<Vec<Target>> {
        let here = Self::find(context).map(Rc::new);
        if names.is_empty() {
            let project = here?;
            let chosen = project.definitions.iter().filter(|it| by_default(it));
            return Ok(chosen.map(|it| project.clone().target_of(it)).collect());
        }
        let here = match here {
            Err(error @ Error::NoVagrantfile { .. }) if !names.iter().all(|it| may_be_id(it)) => return Err(error),
            Err(Error::NoVagrantfile { .. }) => None,
            other => Some(other?),
        };
        let mut targets: Vec<Target> = Vec::new();
        for name in names {
            let found = Self::meant(context, here.as_ref(), name, left).inspect_err(|_| {
                // The error names machines, and what must not be shown is known only of those that were opened.
                here.iter().for_each(|it| it.clone().learn_secrets(context));
            })?;
            let new: Vec<Target> = found
                .into_iter()
                .filter(|new| !targets.iter().any(|old| old.is_same(new)))
                .collect();
            targets.extend(new);
        }
        Ok(targets)
    }

    fn meant(context: &Context, here: Option<&Rc<Self>>, name: &str, left: Left) -> Result<Vec<Target>> {
        if let Some(project) = here.filter(|it| it.defines(name)) {
            return project.clone().named(name);
        }
        if let Some(found) = here.and_then(|it| it.left().into_iter().find(|it| it.name == name)) {
            return match left {
                Left::Taken => Ok(vec![found]),
                Left::Refused => Err(found.not_defined_any_more()),
            };
        }
        if may_be_id(name)
            && let Some(target) = target_by_id(context, name, left)?
        {
            return Ok(vec![target]);
        }
        match here {
            Some(project) => project.clone().named(name),
            None => Err(Error::UnknownMachine {
                name: name.to_owned(),
                known: Vec::new(),
            }),
        }
    }

    /// Has the user interface told what the machines' configurations keep secret.
    fn learn_secrets(self: Rc<Self>, context: &Context) {
        for definition in &self.definitions {
            let _is_broken = self.clone().target_of(definition).machine(context);
        }
    }

    fn named(self: Rc<Self>, name: &str) -> Result<Vec<Target>> {
        let found: Vec<Target> = match pattern(name)? {
            Some(pattern) => {
                let matching = self.definitions.iter().filter(|it| pattern.is_match(&it.name));
                matching.map(|it| self.clone().target_of(it)).collect()
            }
            None => self
                .definitions
                .iter()
                .filter(|it| it.name == name)
                .map(|it| self.clone().target_of(it))
                .collect(),
        };
        if found.is_empty() {
            return Err(Error::UnknownMachine {
                name: name.to_owned(),
                known: self.names.to_vec(),
            });
        }
        Ok(found)
    }

    fn target_of(self: Rc<Self>, definition: &MachineDefinition) -> Target {
        self.target_called(definition.name.clone())
    }

    fn target_called(self: Rc<Self>, name: String) -> Target {
        Target { project: self, name }
    }

    fn defines(&self, name: &str) -> bool {
        self.definitions.iter().any(|it| it.name == name)
    }
}

impl Target {
    /// Whether anything is known of the machine: then there is something to lose.
    pub fn is_known(&self) -> bool {
        !MachineFolder::providers_with_a_machine(&self.project.dot_vagrant, &self.name).is_empty()
    }

    /// Whether the Vagrantfile defines it; one that it does not define any more may still be there.
    pub fn is_defined(&self) -> bool {
        self.project.defines(&self.name)
    }

    /// Whether it is at a backend of ours; another program may have it otherwise.
    fn is_ours(&self) -> bool {
        let providers = MachineFolder::providers_with_a_machine(&self.project.dot_vagrant, &self.name);
        providers.iter().any(|it| is_built_in(it))
    }

    fn not_defined_any_more(&self) -> Error {
        Error::NotDefinedAnyMore {
            machine: self.name.clone(),
            project: self.project.root.clone(),
        }
    }

    /// Another machine of the same project.
    pub fn neighbour(&self, name: &str) -> Option<Target> {
        let definition = self.project.definitions.iter().find(|it| it.name == name)?;
        Some(self.project.clone().target_of(definition))
    }

    fn is_same(&self, other: &Target) -> bool {
        self.name == other.name && self.project.vagrantfile == other.project.vagrantfile
    }
}

/// `/pattern/` as in Vagrant; `None` for a plain name.
fn pattern(name: &str) -> Result<Option<Regex>> {
    let Some(inner) = name.strip_prefix('/').and_then(|it| it.strip_suffix('/')) else {
        return Ok(None);
    };
    let bad = |error: regex::Error| Error::BadPattern {
        pattern: name.to_owned(),
        reason: error.to_string(),
    };
    Regex::new(inner).map(Some).map_err(bad)
}

/// Whether a text has the form of an id: so many digits that it is hardly a machine's name.
fn may_be_id(name: &str) -> bool {
    (4..=32).contains(&name.len()) && name.chars().all(|it| matches!(it, '0'..='9' | 'a'..='f'))
}

/// The machine whose key in the index begins like this, in whatever project it is. One that is there and that no Vagrantfile defines any
/// more is an error that says how to come at it.
fn target_by_id(context: &Context, name: &str, left: Left) -> Result<Option<Target>> {
    let machines = MachineIndex::new(context.home.machine_index()).list()?;
    let mut found = machines.into_iter().filter(|(key, _)| key.starts_with(name));
    let (Some((key, entry)), None) = (found.next(), found.next()) else {
        return Ok(None);
    };
    let (machine, project) = (entry.name.clone(), entry.vagrantfile_path.clone());
    let is_there = MachineFolder::new(&entry.local_data_path, &machine, &entry.provider).has_index_uuid(&key);
    match indexed(context, entry, left)? {
        None if is_there => Err(Error::NotDefinedAnyMore { machine, project }),
        target => Ok(target),
    }
}

/// The machine of an entry of the index; nothing where its project is gone, or does not define it any more and that is refused.
fn indexed(context: &Context, entry: Entry, left: Left) -> Result<Option<Target>> {
    let file = entry
        .vagrantfile_name
        .clone()
        .map_or_else(|| PathBuf::from("Vagrantfile"), PathBuf::from);
    let vagrantfile = entry.vagrantfile_path.join(file);
    if !vagrantfile.is_file() {
        return Ok(None);
    }
    let project = Rc::new(Project::open(context, vagrantfile, entry.local_data_path)?);
    if !project.defines(&entry.name) && left == Left::Refused {
        return Ok(None);
    }
    Ok(Some(Target {
        project,
        name: entry.name,
    }))
}

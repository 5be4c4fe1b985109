//! A Vagrantfile that was read by itself: what it says, and what its machines resolve to.

use std::path::Path;

use serde_json::Value as Json;
use vagrantfile::host::MemoryHost;
use vagrantfile::layer::{Call, Entry, Layer, Setting, Value};
use vagrantfile::report::Result;
use vagrantfile::{FileId, MachineDefinition, Report, Role, Session, Settings};

use super::{Language, MachineScript, Scope, Script};
use crate::config::Merged;
use crate::config::json::{MachineFacts, of_machine, usual_provider};

/// No provider has this name: with it, nothing is overridden.
const NO_PROVIDER: &str = "";

/// No machine has this name: with it, only what holds for all of them is there.
const NO_MACHINE: &str = "";

/// A file in a session of its own, without the user's file and the box's.
///
/// What the blocks of one machine do to objects around them is there for the machines that are asked for after it. So each question
/// wants a fresh reading, and asks for the machines in the order of the file, as `jaunt config` does.
pub struct Reading {
    session: Session,
    file: FileId,
}

impl Reading {
    /// Reads a file.
    pub fn of(session: Session, path: &Path) -> Result<Self> {
        let file = session.load(path, Role::Project)?;
        Ok(Self { session, file })
    }

    /// Reads a text as a file that stands alone.
    pub fn of_text(language: Language, text: &str, settings: Settings) -> Result<Self> {
        let host = MemoryHost::default().with_file(language.file_name(), text);
        let session = Session::new(Box::new(host), settings)?;
        Self::of(session, &Path::new("/project").join(language.file_name()))
    }

    /// What the file says.
    pub fn script(self) -> Result<Script> {
        let root = self.layers(NO_MACHINE, NO_PROVIDER)?;
        let mut script = Script {
            root: Scope::of(&root),
            machines: Vec::new(),
        };
        for definition in self.machines()? {
            let Some(origin) = &definition.origin else { continue };
            let all = self.layers(&definition.name, NO_PROVIDER)?;
            script.machines.push(MachineScript {
                definition: Entry {
                    path: "vm.define".to_owned(),
                    setting: Setting::Call(Call {
                        positional: vec![Value::String(definition.name.clone())],
                        ..Call::default()
                    }),
                    origin: origin.clone(),
                },
                scope: own(&root, &all),
                primary: definition.primary,
                autostart: definition.autostart,
                name: definition.name,
            });
        }
        self.add_overrides(&mut script, root.len())?;
        Ok(script)
    }

    /// Adds what overrides the settings under each provider; `shared` is the count of the layers that hold for all machines.
    fn add_overrides(&self, script: &mut Script, shared: usize) -> Result<()> {
        for provider in script.providers() {
            let under = self.layers(NO_MACHINE, &provider)?;
            script.root.override_under(&provider, &under[shared..]);
            for machine in &mut script.machines {
                let plain = self.layers(&machine.name, NO_PROVIDER)?.len();
                let all = self.layers(&machine.name, &provider)?;
                machine
                    .scope
                    .override_under(&provider, &all[plain + under.len() - shared..]);
            }
        }
        Ok(())
    }

    /// What every machine resolves to, as `config --json` shows it: under a provider, or under the usual one.
    pub fn resolved(self, provider: Option<&str>, folder: &Path) -> Result<Vec<Json>> {
        let mut found = Vec::new();
        for machine in self.machines()? {
            let provider = match provider {
                Some(provider) => provider.to_owned(),
                None => usual_provider(&self.merged(&machine, "virtualbox")?).to_owned(),
            };
            found.push(self.shown(&machine, &provider, folder)?);
        }
        Ok(found)
    }

    fn shown(&self, machine: &MachineDefinition, provider: &str, folder: &Path) -> Result<Json> {
        let facts = MachineFacts {
            name: &machine.name,
            primary: machine.primary,
            autostart: machine.autostart,
            provider,
            folder,
            home: None,
        };
        Ok(of_machine(&facts, &self.merged(machine, provider)?))
    }

    fn merged(&self, machine: &MachineDefinition, provider: &str) -> Result<Merged> {
        Ok(Merged::of(&self.layers(&machine.name, provider)?))
    }

    fn machines(&self) -> Result<Vec<MachineDefinition>> {
        self.session.machines(&[self.file])
    }

    fn layers(&self, machine: &str, provider: &str) -> Result<Vec<Layer>> {
        let layers = self.session.layers(&[self.file], machine, provider)?;
        Report::refuse_mistakes(&layers)?;
        Ok(layers)
    }
}

/// What a machine says beyond what holds for all: what a machine's block said to the objects around it, and its own layers.
fn own(root: &[Layer], all: &[Layer]) -> Scope {
    let (around, own) = all.split_at(root.len());
    let added = root.iter().zip(around).flat_map(|(before, now)| added(before, now));
    Scope {
        entries: added.chain(own.iter().flat_map(|it| &it.entries)).cloned().collect(),
        overrides: Vec::new(),
    }
}

fn added<'a>(before: &Layer, now: &'a Layer) -> &'a [Entry] {
    now.entries.get(before.entries.len()..).unwrap_or_default()
}

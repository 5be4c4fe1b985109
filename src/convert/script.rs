//! What a Vagrantfile says, language aside, and how it is gathered from layers.

use vagrantfile::layer::{Entry, Layer, Origin, Setting, Value};

use crate::config::value::to_text;

/// What a file says.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// What holds for all machines.
    pub root: Scope,
    /// The machines that the file defines, in order.
    pub machines: Vec<MachineScript>,
}

/// Settings that stand side by side.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// What is assigned and called, in order.
    pub entries: Vec<Entry>,
    /// What overrides this under a provider.
    pub overrides: Vec<Override>,
}

/// What overrides settings under a provider.
#[derive(Debug, Clone)]
pub struct Override {
    /// The provider.
    pub provider: String,
    /// What is assigned and called, in order.
    pub entries: Vec<Entry>,
}

/// A machine that a file defines.
#[derive(Debug, Clone)]
pub struct MachineScript {
    /// Its name.
    pub name: String,
    /// Whether it is said to be the primary one.
    pub primary: bool,
    /// Whether `up` without a name starts it.
    pub autostart: bool,
    /// Its definition: a call with its name.
    pub definition: Entry,
    /// Its settings.
    pub scope: Scope,
}

impl Scope {
    /// The entries of layers, one behind the other.
    pub fn of(layers: &[Layer]) -> Self {
        Self {
            entries: layers.iter().flat_map(|it| it.entries.iter().cloned()).collect(),
            overrides: Vec::new(),
        }
    }

    /// Adds what overrides the settings under a provider.
    pub fn override_under(&mut self, provider: &str, layers: &[Layer]) {
        let entries: Vec<Entry> = layers.iter().flat_map(|it| it.entries.iter().cloned()).collect();
        if !entries.is_empty() {
            self.overrides.push(Override {
                provider: provider.to_owned(),
                entries,
            });
        }
    }

    /// The names of the providers that the settings name, in order.
    pub fn providers(&self) -> Vec<String> {
        let mut names = Vec::new();
        for entry in &self.entries {
            if let ("vm.provider", Setting::Call(call)) = (entry.path.as_str(), &entry.setting)
                && let Some(name) = call.positional.first().and_then(to_text)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        names
    }

    /// What overrides the settings under a provider.
    pub fn override_of(&self, provider: &str) -> Option<&Override> {
        self.overrides.iter().find(|it| it.provider == provider)
    }
}

impl Script {
    /// The providers that the file names, for any machine.
    pub fn providers(&self) -> Vec<String> {
        let mut names = self.root.providers();
        for name in self.machines.iter().flat_map(|it| it.scope.providers()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Leaves a mark in the place of what is code for later, since no other language can say it: blocks of triggers, procs as values.
    /// Returns what stood there.
    pub fn mark_code(&mut self) -> Vec<Entry> {
        let mut taken = Vec::new();
        for scope in std::iter::once(&mut self.root).chain(self.machines.iter_mut().map(|it| &mut it.scope)) {
            mark_code_of(&mut scope.entries, &mut taken);
            scope
                .overrides
                .iter_mut()
                .for_each(|it| mark_code_of(&mut it.entries, &mut taken));
        }
        taken
    }
}

/// What is left of code for later; see [`is_mark`].
const MARK: Setting = Setting::Assign(Value::Block(0));

/// Whether an entry only says that code for later stood there.
pub fn is_mark(entry: &Entry) -> bool {
    entry.setting == MARK
}

fn mark_code_of(entries: &mut [Entry], taken: &mut Vec<Entry>) {
    for entry in entries {
        let is_code = match &mut entry.setting {
            Setting::Assign(value) => holds_block(value),
            Setting::Call(call) => {
                mark_code_of(&mut call.body, taken);
                call.positional.iter().any(holds_block) || call.named.iter().any(|(_, it)| holds_block(it))
            }
        };
        if is_code {
            taken.push(entry.clone());
            entry.setting = MARK;
        }
    }
}

fn holds_block(value: &Value) -> bool {
    match value {
        Value::Block(_) => true,
        Value::List(items) => items.iter().any(holds_block),
        Value::Map(pairs) => pairs.iter().any(|(_, it)| holds_block(it)),
        _ => false,
    }
}

/// The place as a person writes it.
pub fn place(origin: &Origin) -> String {
    format!("{}:{}", origin.file.display(), origin.line)
}

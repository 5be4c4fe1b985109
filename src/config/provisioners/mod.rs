//! `config.vm.provision`: how provisioners are defined, overridden and ordered.
//!
//! A definition is what the calls of all layers left of one provisioner; a [`Provisioner`] is the same, typed and checked.

mod ansible;
mod cfengine;
mod chef;
mod containers;
mod file;
mod puppet;
mod puppet_server;
mod salt;
pub mod shell;

use schema::{Default as DefaultValue, Descriptor, Kind as ValueKind};
use vagrantfile::layer::{Call, Origin, Value};

use super::ProjectFacts;
use super::mistake::{Mistakes, did_you_mean};
use super::reader::Reader;
use super::table::{Body, Table};
use super::value::{Sourced, to_text, truthy};
use crate::provisioners::{Run, Task};

/// A kind of provisioner: its name, the section that its mistakes are listed under, and its options.
pub struct Kind {
    /// The name that a Vagrantfile uses.
    pub name: &'static str,
    /// Vagrant's name of the section.
    pub section: &'static str,
    /// Its options.
    pub options: &'static [&'static [Descriptor]],
}

/// The kinds of provisioner that Vagrant brings.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "ansible",
        section: "ansible remote provisioner",
        options: &[ansible::COMMON, ansible::HOST],
    },
    Kind {
        name: "ansible_local",
        section: "ansible local provisioner",
        options: &[ansible::COMMON, ansible::GUEST],
    },
    Kind {
        name: "cfengine",
        section: "CFEngine",
        options: &[cfengine::OPTIONS],
    },
    Kind {
        name: "chef_apply",
        section: "chef apply provisioner",
        options: &[chef::COMMON, chef::APPLY],
    },
    Kind {
        name: "chef_client",
        section: "chef client provisioner",
        options: &[chef::COMMON, chef::RUNNER, chef::CLIENT],
    },
    Kind {
        name: "chef_solo",
        section: "chef solo provisioner",
        options: &[chef::COMMON, chef::RUNNER, chef::FOLDERS, chef::SOLO],
    },
    Kind {
        name: "chef_zero",
        section: "chef zero provisioner",
        options: &[chef::COMMON, chef::RUNNER, chef::FOLDERS],
    },
    Kind {
        name: "container",
        section: "container provisioner",
        options: &[containers::COMMON],
    },
    Kind {
        name: "docker",
        section: "docker provisioner",
        options: &[containers::COMMON],
    },
    Kind {
        name: "file",
        section: "File provisioner",
        options: &[file::OPTIONS],
    },
    Kind {
        name: "podman",
        section: "podman provisioner",
        options: &[containers::COMMON, containers::PODMAN],
    },
    Kind {
        name: "puppet",
        section: "puppet provisioner",
        options: &[puppet::OPTIONS],
    },
    Kind {
        name: "puppet_server",
        section: "puppet server provisioner",
        options: &[puppet_server::OPTIONS],
    },
    Kind {
        name: "salt",
        section: "salt provisioner",
        options: &[salt::OPTIONS],
    },
    Kind {
        name: "shell",
        section: "shell provisioner",
        options: &[shell::OPTIONS],
    },
];

/// The options that every call of `vm.provision` takes, whatever the kind.
pub const CALL_OPTIONS: &[Descriptor] = &[
    Descriptor::text(
        "name",
        "The provisioner's name: later layers change it by it, and `--provision-with` takes it.",
    ),
    Descriptor::text("type", "The kind of provisioner, where the call itself has a name."),
    Descriptor::text("id", "An older way to give a name."),
    Descriptor::attribute(
        "run",
        ValueKind::Word(&["once", "always", "never"]),
        DefaultValue::Nil,
        "When it runs; unset is `once`.",
    ),
    Descriptor::text(
        "before",
        "Runs it before another one by its name, or before `each` or `all` of the others.",
    ),
    Descriptor::text(
        "after",
        "Runs it after another one by its name, or after `each` or `all` of the others.",
    ),
    Descriptor::flag(
        "preserve_order",
        false,
        "Leaves an overridden provisioner in its place; else it moves to the end.",
    ),
    Descriptor::flag(
        "communicator_required",
        true,
        "Waits for the guest to answer before it runs.",
    ),
    Descriptor::reading("config", "What the provisioner's block set."),
];

/// The kind of provisioner of that name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|it| it.name == name)
}

/// What all layers say of one provisioner.
#[derive(Debug, Clone, PartialEq)]
pub struct ProvisionerDefinition {
    /// Its name; provisioners without one are never the same.
    pub name: Option<String>,
    /// The kind.
    pub kind: String,
    /// When it runs; `None` is once.
    pub run: Option<Sourced<Value>>,
    /// Whether an override stays in the place of what it overrides.
    pub preserve_order: bool,
    /// What it runs before: a name, `each` or `all`.
    pub before: Option<Sourced<Value>>,
    /// What it runs after: a name, `each` or `all`.
    pub after: Option<Sourced<Value>>,
    /// Whether the guest must answer before it runs.
    pub communicator_required: bool,
    /// Its options.
    pub config: Body,
    /// Where it was last defined.
    pub origin: Origin,
}

/// The provisioners of a machine in the order of definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProvisionerDefinitions(Vec<ProvisionerDefinition>);

impl ProvisionerDefinitions {
    /// The provisioners in order.
    pub fn iter(&self) -> impl Iterator<Item = &ProvisionerDefinition> {
        self.0.iter()
    }

    /// Takes a call within a layer: the same name again adds to what is there.
    pub fn call(&mut self, call: &Call, origin: &Origin) {
        let mut options = Table::of_call(call, origin);
        let first = call.positional.first().and_then(to_text).unwrap_or_default();
        let (kind, mut name) = match options.remove("type") {
            Some(kind) => (to_text(&kind.value).unwrap_or_default(), Some(first)),
            None => (first, None),
        };
        if let Some(id) = options.remove("id") {
            name = to_text(&id.value);
        }
        let index = self.index(name, kind, &mut options, origin);
        let definition = &mut self.0[index];
        definition.take_options(&mut options);
        definition.origin = origin.clone();
        definition.add_config(&options, call);
    }

    fn index(&mut self, name: Option<String>, kind: String, options: &mut Table, origin: &Origin) -> usize {
        if let Some(index) = self.0.iter().position(|it| it.name.is_some() && it.name == name) {
            return index;
        }
        self.0.push(ProvisionerDefinition {
            name,
            kind,
            run: None,
            preserve_order: false,
            before: options.remove("before").filter(|it| truthy(&it.value)),
            after: options.remove("after").filter(|it| truthy(&it.value)),
            communicator_required: true,
            config: Body::default(),
            origin: origin.clone(),
        });
        self.0.len() - 1
    }

    /// Puts a later layer's provisioners over these. An override moves to the end, unless it preserves the order.
    pub fn merge(&mut self, later: ProvisionerDefinitions) {
        let mut later = later.0;
        let mut merged = Vec::new();
        for earlier in std::mem::take(&mut self.0) {
            let Some(index) = later.iter().position(|it| it.name.is_some() && it.name == earlier.name) else {
                merged.push(earlier);
                continue;
            };
            later[index].inherit(earlier);
            if later[index].preserve_order {
                merged.push(later.remove(index));
            }
        }
        merged.extend(later);
        self.0 = merged;
    }
}

impl ProvisionerDefinition {
    fn descriptors(&self) -> &'static [&'static [Descriptor]] {
        kind(&self.kind).map_or(&[], |it| it.options)
    }

    fn take_options(&mut self, options: &mut Table) {
        if let Some(preserve_order) = options.remove("preserve_order") {
            self.preserve_order = truthy(&preserve_order.value);
        }
        if let Some(run) = options.remove("run") {
            self.run = Some(run).filter(|it| truthy(&it.value));
        }
        if let Some(required) = options.remove("communicator_required") {
            self.communicator_required = truthy(&required.value);
        }
    }

    fn add_config(&mut self, options: &Table, call: &Call) {
        let descriptors = self.descriptors();
        let mut added = Body::default();
        for (name, value) in options.iter() {
            let origin = value.origin.as_ref().unwrap_or(&self.origin);
            added.assign(name, &value.value, origin, descriptors);
        }
        added.run(&call.body, descriptors);
        self.config.merge(&added, descriptors);
    }

    fn inherit(&mut self, earlier: ProvisionerDefinition) {
        let mut config = earlier.config;
        config.merge(&self.config, self.descriptors());
        self.config = config;
        self.run = self.run.take().or(earlier.run);
    }
}

/// A provisioner, typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioner {
    /// Its name: the one it was defined under, else the one among a shell provisioner's options.
    pub name: Option<String>,
    /// The kind: `shell`, `puppet`.
    pub kind: String,
    /// When it runs.
    pub run: Run,
    /// What it runs before.
    pub before: Option<Neighbour>,
    /// What it runs after.
    pub after: Option<Neighbour>,
    /// Whether the guest must answer before it runs.
    pub communicator_required: bool,
    /// Its options, typed where this version can run it.
    pub config: ProvisionerConfig,
    /// Its options as they were written.
    pub body: Body,
    /// Where it was last defined.
    pub origin: Origin,
}

/// What a provisioner runs before or after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Neighbour {
    /// Each of the others.
    Each,
    /// All of the others.
    All,
    /// The one of that name.
    Named(String),
}

/// A provisioner's options.
#[derive(Debug, Clone, PartialEq)]
pub enum ProvisionerConfig {
    /// What this version can run.
    BuiltIn(Box<Task>),
    /// Another kind; its options are in the provisioner's body.
    Other,
}

impl Provisioner {
    /// Reads the definitions, and returns them in the order in which they run.
    pub fn read_all(
        definitions: &ProvisionerDefinitions,
        project: &ProjectFacts,
        mistakes: &mut Mistakes,
    ) -> Vec<Self> {
        let provisioners: Vec<Self> = definitions.iter().map(|it| Self::read(it, project, mistakes)).collect();
        for provisioner in &provisioners {
            provisioner.validate_neighbours(&provisioners, mistakes);
        }
        in_order(provisioners)
    }

    fn read(definition: &ProvisionerDefinition, project: &ProjectFacts, mistakes: &mut Mistakes) -> Self {
        let config = read_config(definition, project, mistakes);
        Self {
            name: definition.name.clone().or_else(|| config.own_name()),
            kind: definition.kind.clone(),
            run: read_run(definition, mistakes),
            before: definition.before.as_ref().and_then(|it| Neighbour::read(it, mistakes)),
            after: definition.after.as_ref().and_then(|it| Neighbour::read(it, mistakes)),
            communicator_required: definition.communicator_required,
            config,
            body: definition.config.clone(),
            origin: definition.origin.clone(),
        }
    }

    fn validate_neighbours(&self, all: &[Provisioner], mistakes: &mut Mistakes) {
        if self.before.is_some() && self.after.is_some() {
            let mistake = mistakes.at(
                Some(&self.origin),
                "provisioner",
                "a provisioner has both `before` and `after`",
            );
            mistake.advise("keep one of them");
        }
        for neighbour in [&self.before, &self.after].into_iter().flatten() {
            let Neighbour::Named(name) = neighbour else { continue };
            match all
                .iter()
                .find(|it| it.name.as_ref() == Some(name) && it.name != self.name)
            {
                None => {
                    let message = format!("there is no provisioner called `{name}` to run before or after");
                    mistakes.at(Some(&self.origin), "provisioner", message);
                }
                Some(it) if it.before.is_some() || it.after.is_some() => {
                    let message = format!(
                        "the provisioner `{name}` has a `before` or `after` itself, and cannot be one's neighbour"
                    );
                    mistakes.at(Some(&self.origin), "provisioner", message);
                }
                Some(_) => {}
            }
        }
    }
}

impl ProvisionerConfig {
    /// The name among a shell provisioner's options.
    fn own_name(&self) -> Option<String> {
        match self {
            ProvisionerConfig::BuiltIn(task) => match &**task {
                Task::Shell(shell) => shell.name.clone(),
                Task::File(_) | Task::Puppet(_) => None,
            },
            ProvisionerConfig::Other => None,
        }
    }
}

fn read_config(
    definition: &ProvisionerDefinition,
    project: &ProjectFacts,
    mistakes: &mut Mistakes,
) -> ProvisionerConfig {
    let Some(kind) = kind(&definition.kind) else {
        let mistake = mistakes.at(
            Some(&definition.origin),
            "vm",
            format!("there is no provisioner called `{}`", definition.kind),
        );
        if let Some(meant) = did_you_mean(&definition.kind, KINDS.iter().map(|it| it.name)) {
            mistake.advise(format!("did you mean `{meant}`?"));
        }
        return ProvisionerConfig::Other;
    };
    let body = &definition.config;
    let mut reader = Reader::new(
        &body.options,
        kind.options,
        kind.section,
        Some(&definition.origin),
        mistakes,
    );
    reader.refuse_unknown(&format!("of the {} provisioner", kind.name), body);
    let task = match kind.name {
        "shell" => Task::Shell(shell::read(&mut reader, project)),
        "file" => Task::File(file::read(&mut reader, project)),
        "puppet" => Task::Puppet(puppet::read(&mut reader, project)),
        _ => {
            reader.refuse_other_words();
            return ProvisionerConfig::Other;
        }
    };
    ProvisionerConfig::BuiltIn(Box::new(task))
}

fn read_run(definition: &ProvisionerDefinition, mistakes: &mut Mistakes) -> Run {
    let Some(run) = &definition.run else { return Run::Once };
    match to_text(&run.value).as_deref() {
        Some("once") => Run::Once,
        Some("always") => Run::Always,
        Some("never") => Run::Never,
        _ => {
            let message = format!("`run` of a provisioner cannot be {}", super::value::shown(&run.value));
            mistakes
                .at(run.origin.as_ref(), "provisioner", message)
                .advise("it is one of: once, always, never");
            Run::Once
        }
    }
}

impl Neighbour {
    fn read(written: &Sourced<Value>, mistakes: &mut Mistakes) -> Option<Self> {
        match to_text(&written.value).as_deref() {
            Some("each") => Some(Neighbour::Each),
            Some("all") => Some(Neighbour::All),
            Some(name) => Some(Neighbour::Named(name.to_owned())),
            None => {
                let message = "`before` and `after` of a provisioner take a name, `each` or `all`";
                mistakes.at(written.origin.as_ref(), "provisioner", message);
                None
            }
        }
    }
}

/// Puts provisioners with neighbours where they belong: those beside a name first, then those beside each, then those beside all.
fn in_order(provisioners: Vec<Provisioner>) -> Vec<Provisioner> {
    let (mut ordered, dependent): (Vec<_>, Vec<_>) = provisioners
        .into_iter()
        .partition(|it| it.before.is_none() && it.after.is_none());
    for provisioner in &dependent {
        let position = |name: &str| ordered.iter().position(|it| it.name.as_deref() == Some(name));
        let index = match (&provisioner.before, &provisioner.after) {
            (Some(Neighbour::Named(name)), _) => position(name),
            (None, Some(Neighbour::Named(name))) => position(name).map(|it| it + 1),
            _ => None,
        };
        if let Some(index) = index {
            ordered.insert(index, provisioner.clone());
        }
    }
    let beside = |neighbour: Neighbour, before: bool| {
        let side = move |it: &&Provisioner| {
            if before {
                it.before == Some(neighbour.clone())
            } else {
                it.after == Some(neighbour.clone())
            }
        };
        dependent.iter().rev().filter(side).cloned().collect::<Vec<_>>()
    };
    let (before_each, after_each) = (beside(Neighbour::Each, true), beside(Neighbour::Each, false));
    let each = ordered
        .into_iter()
        .flat_map(|it| [before_each.clone(), vec![it], after_each.clone()].concat());
    // Those before all keep the order of the file, all other groups turn it round: so Vagrant does.
    let before_all = beside(Neighbour::All, true).into_iter().rev();
    before_all.chain(each).chain(beside(Neighbour::All, false)).collect()
}

//! What a machine is to be: the resolved configuration, made of the layers of its Vagrantfiles.
//!
//! [`Merged::of`] makes one of the layers, by Vagrant's rules; [`Config::look`] types and checks it. Each file here owns a part: its
//! options as descriptors, how its calls are merged, its typed form and what can be wrong with it. The options of providers and kinds
//! of folder belong to their crates, which read them from tables; here they only say how these are merged and spelt
//! ([`crate::options`]).
//!
//! **Invariant:** every default is filled in, and all mistakes of all layers come back at once.

pub mod cloud_init;
pub mod disks;
mod foreign;
pub mod hardware;
pub mod json;
pub mod merged;
pub mod mistake;
pub mod namespaces;
pub mod networks;
mod others;
pub mod providers;
pub mod provisioners;
pub mod pushes;
mod reader;
pub mod ssh;
pub mod synced_folders;
pub mod table;
pub mod triggers;
pub mod value;
pub mod vm;
pub mod winrm;

#[cfg(test)]
mod tests;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use schema::Descriptor;
use vagrantfile::layer::{Layer, Origin};

pub use cloud_init::CloudInit;
pub use disks::Disk;
pub use hardware::Hardware;
pub use merged::Merged;
pub use mistake::Mistakes;
pub use namespaces::AcceptedNamespaces;
pub use networks::Networks;
pub use providers::{ProviderConfig, ProviderConfigs};
pub use provisioners::Provisioner;
pub use pushes::Push;
pub use ssh::Ssh;
pub use synced_folders::SyncedFolder;
pub use triggers::Trigger;
pub use vm::Vm;
pub use winrm::Winrm;

use crate::options;

/// A machine's configuration: typed, checked, with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `config.vm`, lists aside.
    pub vm: Vm,
    /// The networks.
    pub networks: Networks,
    /// The synced folders, disabled ones among them, in the order of definition.
    pub synced_folders: Vec<SyncedFolder>,
    /// The provisioners in the order in which they run.
    pub provisioners: Vec<Provisioner>,
    /// The disks beside the box's, and what is said of that one, in the order of definition.
    pub disks: Vec<Disk>,
    /// Where `push` sends the project, in the order of definition.
    pub pushes: Vec<Push>,
    /// The triggers in the order of definition.
    pub triggers: Vec<Trigger>,
    /// `config.ssh`.
    pub ssh: Ssh,
    /// `config.winssh`.
    pub winssh: Ssh,
    /// `config.winrm`.
    pub winrm: Winrm,
    /// How big the machine is, as the chosen provider's block says, else that of the provider that it stands in for.
    pub hardware: Hardware,
    /// Data for the guest's cloud-init.
    pub cloud_init: Vec<CloudInit>,
    /// Values that are never to be shown.
    pub sensitive: Vec<String>,
    /// The same before it was typed: what providers and folder kinds read, and where each value was set.
    pub merged: Merged,
}

/// The provider that the machine is resolved for.
#[derive(Debug, Clone, Copy)]
pub struct ProviderChoice<'a> {
    /// Its name.
    pub name: &'a str,
    /// The options of its block; none means that they are not checked.
    pub options: &'a [&'static [Descriptor]],
    /// Whether it makes machines without a box.
    pub box_optional: bool,
    /// The provider that the file was written for, when this one stands in for it.
    pub stands_in_for: Option<&'a str>,
}

/// What is known of the project around a machine's configuration.
#[derive(Debug, Clone, Default)]
pub struct ProjectFacts {
    /// The folder of the Vagrantfile, absolute; relative paths start there.
    pub folder: PathBuf,
    /// The user's home, for paths that begin with `~`.
    pub home: Option<PathBuf>,
    /// The machines that the project defines; none means that names of machines are not checked.
    pub machines: Arc<[String]>,
    /// The kinds of synced folder that there are; none means that they are not checked.
    pub synced_folder_kinds: Vec<&'static str>,
    /// The namespaces of plugins that count as installed.
    pub accepted_namespaces: AcceptedNamespaces,
}

impl Config {
    /// Merges the layers of a machine, the lowest first, types and checks them. Commands that only look or stop work on what can be
    /// made of a file with mistakes.
    pub fn look(layers: &[Layer], provider: &ProviderChoice<'_>, project: &ProjectFacts) -> (Self, Mistakes) {
        let mut mistakes = Mistakes::default();
        layers.iter().for_each(|it| mistakes.note(&it.mistakes));
        let config = Self::read(Merged::of(layers), provider, project, &mut mistakes);
        mistakes.read_source_lines();
        (config, mistakes)
    }

    fn read(merged: Merged, provider: &ProviderChoice<'_>, project: &ProjectFacts, mistakes: &mut Mistakes) -> Self {
        let core = &merged.core.options;
        namespaces::refuse_unknown(&merged.core, &project.accepted_namespaces, mistakes);
        others::check_plugins(core, mistakes);
        others::check_words(core, mistakes);
        let config = Self {
            vm: Vm::read(core, project, provider.box_optional, mistakes),
            synced_folders: SyncedFolder::read_all(
                &merged.synced_folders,
                project,
                &project.synced_folder_kinds,
                mistakes,
            ),
            networks: Networks::read(&merged.networks, mistakes),
            hardware: read_hardware(&merged.providers, provider, mistakes),
            provisioners: Provisioner::read_all(&merged.provisioners, project, mistakes),
            disks: Disk::read_all(&merged.disks, project, mistakes),
            pushes: read_pushes(&merged, mistakes),
            ssh: Ssh::read(core, project, mistakes),
            winssh: Ssh::read_winssh(core, project, mistakes),
            winrm: Winrm::read(core, mistakes),
            triggers: merged
                .triggers
                .iter()
                .map(|it| Trigger::read(it, project, mistakes))
                .collect(),
            cloud_init: CloudInit::read_all(&merged.cloud_inits, project, mistakes),
            sensitive: others::read_sensitive(core, mistakes),
            merged: Merged::default(),
        };
        Self { merged, ..config }
    }

    /// What the file says of a provider: its options by name, and the calls on it, each with its origin.
    pub fn provider(&self, name: &str) -> Option<&ProviderConfig> {
        self.merged.providers.get(name)
    }

    /// Where an option of the core (`vm.box`) was set; `None` is a default.
    pub fn origin(&self, path: &str) -> Option<&Origin> {
        self.merged.core.options.get(path)?.origin.as_ref()
    }

    /// The providers that the file names, in order.
    pub fn providers_named(&self) -> Vec<&str> {
        self.merged.providers.iter().map(|it| it.name.as_str()).collect()
    }
}

/// The chosen provider's own block, checked, and where it says nothing, the one of the provider that it stands in for.
fn read_hardware(providers: &ProviderConfigs, choice: &ProviderChoice<'_>, mistakes: &mut Mistakes) -> Hardware {
    let own = providers.get(choice.name);
    if let Some(own) = own.filter(|_| !choice.options.is_empty()) {
        own.refuse_unknown(choice.options, mistakes);
    }
    let foreign = choice.stands_in_for.and_then(|it| providers.get(it));
    let known = foreign.and_then(|it| options::of_provider(&it.name));
    if let (Some(foreign), Some(known), false) = (foreign, known, choice.options.is_empty()) {
        foreign.refuse_unknown(&[known], mistakes);
        Hardware::refuse_words(foreign, mistakes);
        foreign::check(foreign, mistakes);
    }
    let of = |it: Option<&ProviderConfig>| it.map(Hardware::of).unwrap_or_default();
    of(own).or(of(foreign))
}

fn read_pushes(merged: &Merged, mistakes: &mut Mistakes) -> Vec<Push> {
    let pushes = Push::of_calls(&merged.pushes);
    pushes.iter().for_each(|it| it.validate(mistakes));
    pushes
}

impl ProjectFacts {
    /// The absolute path that a written one means, without `.` and `..` in it.
    pub fn expand(&self, written: &str) -> PathBuf {
        expanded(written, &self.folder, self.home.as_deref())
    }
}

/// The absolute path that a written one means: below a folder, or below the user's home where it begins with `~`.
fn expanded(written: &str, folder: &Path, home: Option<&Path>) -> PathBuf {
    let path = match (written.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => folder.join(written),
    };
    normalized(&path)
}

/// The path without `.` and `..`, as text: links are not followed.
fn normalized(path: &Path) -> PathBuf {
    let mut normalized = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normalized.pop();
            }
            other => normalized.push(other),
        }
    }
    normalized
}

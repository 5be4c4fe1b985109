//! The layers of a machine made one, by Vagrant's rules, before anything is typed or checked.
//!
//! Each layer is gathered on its own first and then put over the lower ones, because Vagrant's rules within a block differ from those
//! between blocks: a network that is defined twice in a block unites its options, one in a higher layer replaces the lower.
//!
//! **Invariant:** merging cannot fail and looks at nothing but the layers; `config --json` prints files that do not validate.

use vagrantfile::layer::{Call, Entry, Layer, Origin, Setting};

use super::namespaces;
use super::networks::NetworkDefinitions;
use super::providers::ProviderConfigs;
use super::provisioners::ProvisionerDefinitions;
use super::synced_folders::FolderDefinitions;
use super::table::{Body, Called};
use super::triggers::{Stage, TriggerDefinition};
use super::value::to_text;

/// What a machine's layers say together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// What was assigned, by whole paths (`vm.box`), and calls that nothing else here takes.
    pub core: Body,
    /// `vm.network`.
    pub networks: NetworkDefinitions,
    /// `vm.synced_folder`.
    pub synced_folders: FolderDefinitions,
    /// `vm.provision`.
    pub provisioners: ProvisionerDefinitions,
    /// `vm.provider`.
    pub providers: ProviderConfigs,
    /// `trigger.before` and `trigger.after`, in the order of definition.
    pub triggers: Vec<TriggerDefinition>,
    /// `vm.disk`.
    pub disks: Vec<Called>,
    /// `vm.cloud_init`.
    pub cloud_inits: Vec<Called>,
    /// `push.define`.
    pub pushes: Vec<Called>,
}

impl Merged {
    /// Merges layers, the lowest first, and adds what every machine has.
    pub fn of(layers: &[Layer]) -> Self {
        let mut merged = Self::default();
        for layer in layers {
            merged.merge(Self::of_layer(layer));
        }
        let communicator = merged.core.options.value("vm.communicator").and_then(to_text);
        merged.networks.finalize(communicator.as_deref());
        merged.synced_folders.finalize();
        merged
    }

    fn of_layer(layer: &Layer) -> Self {
        let mut gathered = Self::default();
        for entry in &layer.entries {
            gathered.take(entry);
        }
        gathered
    }

    fn take(&mut self, entry: &Entry) {
        match &entry.setting {
            Setting::Assign(value) => {
                let descriptors = namespaces::namespace_of(&entry.path).map_or(&[][..], |it| it.options);
                self.core.assign(&entry.path, value, &entry.origin, &[descriptors]);
            }
            Setting::Call(call) => self.take_call(&entry.path, call, &entry.origin),
        }
    }

    fn take_call(&mut self, path: &str, call: &Call, origin: &Origin) {
        let called = || Called {
            name: path.to_owned(),
            call: call.clone(),
            origin: origin.clone(),
        };
        match path {
            "vm.network" => self.networks.call(call, origin),
            "vm.synced_folder" => self.synced_folders.call(call, origin),
            "vm.provision" => self.provisioners.call(call, origin),
            "vm.provider" => self.providers.call(call, origin),
            "vm.disk" => self.disks.push(called()),
            "vm.cloud_init" => self.cloud_inits.push(called()),
            "push.define" => self.pushes.push(called()),
            "trigger.before" => self
                .triggers
                .extend(TriggerDefinition::of_call(Stage::Before, call, origin)),
            "trigger.after" => self
                .triggers
                .extend(TriggerDefinition::of_call(Stage::After, call, origin)),
            _ => self.core.calls.push(called()),
        }
    }

    fn merge(&mut self, later: Self) {
        self.core.merge(&later.core, &namespaces::options());
        self.networks.merge(later.networks);
        self.synced_folders.merge(later.synced_folders);
        self.provisioners.merge(later.provisioners);
        self.providers.merge(later.providers);
        self.triggers.extend(later.triggers);
        self.disks.extend(later.disks);
        self.cloud_inits.extend(later.cloud_inits);
        self.pushes.extend(later.pushes);
    }
}

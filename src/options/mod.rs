//! Every option that a Vagrantfile can set, by its owner: the one schema that editors, reference pages and checks are made from.
//!
//! Nothing is described here. The lists belong to those who read the options (the core's to [`crate::config`], the others to the
//! crates of providers and folders); this module only puts them side by side.

pub mod json_schema;
pub mod lua_annotations;
pub mod pages;

#[cfg(test)]
mod tests;

use schema::{Descriptor, Form};
use vagrantfile::{Plugins, Settings};

use crate::config::{cloud_init, disks, namespaces, networks, provisioners, pushes, synced_folders, triggers};

/// Something that has options: a namespace of `config`, a provider's block, a kind of provisioner.
#[derive(Debug, Clone)]
pub struct Owner {
    /// What it is.
    pub group: Group,
    /// The name that a Vagrantfile uses.
    pub name: &'static str,
    /// Its options, by their names below it.
    pub options: Vec<Descriptor>,
}

/// What an owner of options is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// A part of `config`, such as `config.vm`.
    Namespace,
    /// A provider.
    Provider,
    /// A kind of network.
    Network,
    /// A kind of synced folder; its options stand beside those of every folder.
    FolderKind,
    /// A kind of provisioner.
    Provisioner,
    /// A way to push.
    Push,
    /// What is made by a call and has a kind or none: a folder, a provisioner, a trigger, a disk.
    Object,
}

impl Owner {
    /// The options that are assigned.
    pub fn attributes(&self) -> impl Iterator<Item = &Descriptor> {
        self.options.iter().filter(|it| it.form == Form::Attribute)
    }

    /// The options that are called.
    pub fn calls(&self) -> impl Iterator<Item = &Descriptor> {
        self.options.iter().filter(|it| matches!(it.form, Form::Call { .. }))
    }
}

/// All owners, in the order in which they are shown.
pub fn owners() -> Vec<Owner> {
    let mut owners: Vec<Owner> = namespaces::NAMESPACES.iter().map(of_namespace).collect();
    owners.extend(networks());
    owners.extend(objects());
    owners.extend(
        ::synced_folders::options::KINDS
            .iter()
            .map(|it| owner(Group::FolderKind, it.name, &[it.options])),
    );
    owners.push(owner(Group::Provider, "qemu", &[providers::qemu::DESCRIPTORS]));
    owners.extend(
        providers::foreign::FOREIGN
            .iter()
            .map(|it| owner(Group::Provider, it.name, &[it.options])),
    );
    owners.extend(
        provisioners::KINDS
            .iter()
            .map(|it| owner(Group::Provisioner, it.name, it.options)),
    );
    owners.extend(
        pushes::STRATEGIES
            .iter()
            .map(|it| owner(Group::Push, it.name, &[it.options])),
    );
    owners
}

/// The owners of a group.
pub fn owners_of(group: Group) -> Vec<Owner> {
    owners().into_iter().filter(|it| it.group == group).collect()
}

/// The options of a provider's block; `None` where nobody knows them.
pub fn of_provider(name: &str) -> Option<&'static [Descriptor]> {
    match name {
        "qemu" => Some(providers::qemu::DESCRIPTORS),
        name => providers::foreign::options(name),
    }
}

/// The names of the positional arguments of a method of a provider or a provisioner; `None` where it is not known as one.
pub fn method_of(owner: &str, name: &str) -> Option<&'static [&'static str]> {
    settings(Plugins::BuiltIn)
        .method(owner, name)
        .map(|(_, positional)| positional)
}

/// The namespaces of plugins that are known by name only: everything in them is taken.
pub fn plugin_namespaces() -> impl Iterator<Item = &'static str> {
    namespaces::PLUGIN_NAMESPACES
        .iter()
        .flat_map(|(_, it)| it.iter().copied())
}

/// How Vagrantfiles are read, with all options known.
pub fn settings(plugins: Plugins) -> Settings {
    let mut owned: Vec<_> = [("qemu", providers::qemu::DESCRIPTORS)].into();
    owned.extend(providers::foreign::FOREIGN.iter().map(|it| (it.name, it.options)));
    for kind in provisioners::KINDS {
        owned.extend(kind.options.iter().map(|it| (kind.name, *it)));
    }
    owned.push(("trigger", triggers::OPTIONS));
    owned.extend(pushes::STRATEGIES.iter().map(|it| (it.name, it.options)));
    Settings {
        options: namespaces::options(),
        owned,
        plugins,
        ..Settings::default()
    }
}

fn of_namespace(namespace: &namespaces::Namespace) -> Owner {
    let below = |it: &Descriptor| {
        let path = it.path.strip_prefix(namespace.name).unwrap_or(it.path);
        Descriptor {
            path: path.strip_prefix('.').unwrap_or(path),
            ..*it
        }
    };
    Owner {
        group: Group::Namespace,
        name: namespace.name,
        options: namespace.options.iter().map(below).collect(),
    }
}

fn networks() -> Vec<Owner> {
    vec![
        owner(Group::Network, "forwarded_port", &[networks::FORWARDED_PORT_OPTIONS]),
        owner(Group::Network, "private_network", &[networks::NETWORK_OPTIONS]),
        owner(Group::Network, "public_network", &[networks::NETWORK_OPTIONS]),
    ]
}

fn objects() -> Vec<Owner> {
    vec![
        owner(Group::Object, "synced_folder", &[synced_folders::OPTIONS]),
        owner(Group::Object, "provisioner", &[provisioners::CALL_OPTIONS]),
        owner(Group::Object, "trigger", &[triggers::OPTIONS]),
        owner(Group::Object, "disk", &[disks::OPTIONS]),
        owner(Group::Object, "cloud_init", &[cloud_init::OPTIONS]),
    ]
}

fn owner(group: Group, name: &'static str, lists: &[&'static [Descriptor]]) -> Owner {
    Owner {
        group,
        name,
        options: lists.iter().copied().flatten().copied().collect(),
    }
}

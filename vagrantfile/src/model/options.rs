//! What the model knows of options: which exist, and which are collections that files fill in place.

use super::Owner;
use crate::layer::Value;
use schema::{Coercion, Default, Descriptor, Form};
use std::collections::{BTreeMap, BTreeSet};

/// The options that the reader's owner describes. Where there is no description, everything is accepted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    core: BTreeMap<&'static str, Descriptor>,
    aliases: BTreeMap<&'static str, &'static str>,
    namespaces: BTreeSet<&'static str>,
    /// Options of providers and provisioners, by the names of these.
    owned: Vec<(&'static str, &'static [Descriptor])>,
}

/// What is known of a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Look {
    /// Something with names of its own below it.
    Namespace,
    /// An option that nobody has set.
    Unset,
    /// An option that starts as an empty collection.
    Collection(Value),
    /// No option of a namespace that is known, or no such namespace; a plugin may have it.
    Unknown,
}

/// The namespaces of Vagrant itself.
const NAMESPACES: &[&str] = &[
    "vm",
    "ssh",
    "winrm",
    "winssh",
    "vagrant",
    "nfs",
    "smb",
    "package",
    "push",
    "trigger",
    "rdp",
    "windows",
    "solaris",
    "solaris11",
    "smartos",
];

/// Parts of a namespace that are objects themselves.
const INNER_NAMESPACES: &[&str] = &["ssh.default", "winssh.default"];

impl Options {
    /// The options of these lists, whose paths begin with the namespace, as in `vm.box`; and those of providers and provisioners.
    pub fn new(lists: &[&'static [Descriptor]], owned: &[(&'static str, &'static [Descriptor])]) -> Self {
        let mut options = Self {
            owned: owned.to_owned(),
            ..Self::default()
        };
        for descriptor in lists.iter().copied().flatten() {
            let namespace = descriptor.path.split('.').next().unwrap_or_default();
            options.namespaces.insert(namespace);
            options.core.insert(descriptor.path, *descriptor);
            for alias in descriptor.aliases {
                options.aliases.insert(alias, descriptor.path);
            }
        }
        options
    }

    /// The path that an alias stands for, or the path itself.
    pub(super) fn canonical(&self, owner: &Owner, path: &str) -> String {
        match self.aliases.get(path) {
            Some(path) if *owner == Owner::Root => (*path).to_owned(),
            _ => path.to_owned(),
        }
    }

    /// Whether a path is assigned, so that a call can only read it.
    pub(super) fn is_read(&self, owner: &Owner, path: &str) -> bool {
        let is_attribute = |it: &Descriptor| !matches!(it.form, Form::Call { .. });
        match owner {
            Owner::Root => {
                let option = self.core.get(self.canonical(owner, path).as_str());
                option.is_some_and(is_attribute)
            }
            // These two only have writers.
            Owner::Provider(name) if name == "virtualbox" && ["memory", "cpus"].contains(&path) => false,
            Owner::Provider(name) | Owner::Provisioner(name) | Owner::Body(name) => {
                let name = match name.as_str() {
                    "trigger.before" | "trigger.after" => "trigger",
                    name => name,
                };
                let mut lists = self.owned.iter().filter(|(it, _)| *it == name);
                lists.any(|(_, options)| options.iter().any(|it| it.path == path && is_attribute(it)))
            }
            Owner::Discarded => false,
        }
    }

    /// Whether Vagrant makes a symbol of what is assigned to a path.
    pub(super) fn becomes_symbol(&self, owner: &Owner, path: &str) -> bool {
        let descriptor = self.core.get(path).filter(|_| *owner == Owner::Root);
        descriptor.is_some_and(|it| it.coercion == Coercion::Symbol)
    }

    /// What is known of a path below an owner.
    pub(super) fn look(&self, owner: &Owner, path: &str) -> Look {
        match owner {
            Owner::Root => self.look_in_root(path),
            Owner::Discarded => Look::Namespace,
            Owner::Provider(name) | Owner::Provisioner(name) if self.lacks(name, path) => Look::Unknown,
            Owner::Provider(name) => self.collection(name, path).unwrap_or(Look::Namespace),
            Owner::Provisioner(name) | Owner::Body(name) => self.collection(name, path).unwrap_or(Look::Unset),
        }
    }

    /// What files fill in place, as in `puppet.facter["role"] = "web"`. Where nobody describes the owner, a name counts for what it is
    /// with others.
    fn collection(&self, owner: &str, path: &str) -> Option<Look> {
        let is_described = self.owned.iter().any(|(name, _)| *name == owner);
        let mut options = self
            .owned
            .iter()
            .filter(|(name, _)| *name == owner || !is_described)
            .flat_map(|(_, options)| options.iter());
        let found = options.find(|it| it.path == path && it.form == Form::Attribute)?;
        Some(look_of(found)).filter(|it| matches!(it, Look::Collection(_)))
    }

    /// Whether an owner is described, and has nothing of that name.
    fn lacks(&self, owner: &str, path: &str) -> bool {
        let mut lists = self.owned.iter().filter(|(name, _)| *name == owner).peekable();
        lists.peek().is_some()
            && !path.contains('.')
            && !lists.any(|(_, options)| options.iter().any(|it| it.path.split('.').next() == Some(path)))
    }

    fn look_in_root(&self, path: &str) -> Look {
        let (namespace, rest) = path.split_once('.').unwrap_or((path, ""));
        if rest.is_empty() && !NAMESPACES.contains(&namespace) {
            return Look::Unknown;
        }
        if rest.is_empty() || INNER_NAMESPACES.contains(&path) || !NAMESPACES.contains(&namespace) {
            return Look::Namespace;
        }
        match self.core.get(self.canonical(&Owner::Root, path).as_str()) {
            Some(descriptor) => look_of(descriptor),
            None if self.namespaces.contains(namespace) && !self.has_part(path) => Look::Unknown,
            None => Look::Unset,
        }
    }

    /// Whether a described option stands above or below the path.
    fn has_part(&self, path: &str) -> bool {
        self.core.keys().any(|it| {
            let below = it.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
            let above = path.strip_prefix(it).is_some_and(|rest| rest.starts_with('.'));
            below || above
        })
    }
}

fn look_of(descriptor: &Descriptor) -> Look {
    match (descriptor.default, descriptor.form) {
        (_, Form::Call { .. }) => Look::Unset,
        (Default::EmptyMap, _) => Look::Collection(Value::Map(Vec::new())),
        (Default::List([]), _) => Look::Collection(Value::List(Vec::new())),
        _ => Look::Unset,
    }
}

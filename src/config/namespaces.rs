//! The namespaces of the core: `vm`, `ssh` and their like, with their options.

use schema::Descriptor;

use super::mistake::{Mistakes, did_you_mean};
use super::table::{Body, descriptor};
use super::{others, ssh, triggers, vm, winrm};

/// A part of a configuration.
pub struct Namespace {
    /// What stands before the first dot.
    pub name: &'static str,
    /// Vagrant's name of the section in which its mistakes are listed.
    pub section: &'static str,
    /// Its options, by their whole paths.
    pub options: &'static [Descriptor],
}

/// The namespaces of the core.
pub const NAMESPACES: &[Namespace] = &[
    Namespace {
        name: "vm",
        section: "vm",
        options: vm::OPTIONS,
    },
    Namespace {
        name: "ssh",
        section: "SSH",
        options: ssh::SSH_OPTIONS,
    },
    Namespace {
        name: "winrm",
        section: "WinRM",
        options: winrm::OPTIONS,
    },
    Namespace {
        name: "winssh",
        section: "WinSSH",
        options: ssh::WINSSH_OPTIONS,
    },
    Namespace {
        name: "vagrant",
        section: "vagrant",
        options: others::VAGRANT,
    },
    Namespace {
        name: "trigger",
        section: "trigger",
        options: triggers::CALLS,
    },
    Namespace {
        name: "nfs",
        section: "NFS",
        options: others::NFS,
    },
    Namespace {
        name: "smb",
        section: "SMB",
        options: others::SMB,
    },
    Namespace {
        name: "package",
        section: "package",
        options: others::PACKAGE,
    },
    Namespace {
        name: "push",
        section: "push",
        options: others::PUSH,
    },
    Namespace {
        name: "rdp",
        section: "RDP",
        options: others::RDP,
    },
    Namespace {
        name: "windows",
        section: "windows",
        options: others::WINDOWS,
    },
    Namespace {
        name: "solaris",
        section: "solaris",
        options: others::SOLARIS,
    },
    Namespace {
        name: "solaris11",
        section: "solaris11",
        options: others::SOLARIS11,
    },
    Namespace {
        name: "smartos",
        section: "smartos",
        options: others::SMARTOS,
    },
];

/// The options of all namespaces.
pub fn options() -> Vec<&'static [Descriptor]> {
    NAMESPACES.iter().map(|it| it.options).collect()
}

/// The namespace that a path begins with.
pub fn namespace_of(path: &str) -> Option<&'static Namespace> {
    let name = path.split('.').next().unwrap_or(path);
    NAMESPACES.iter().find(|it| it.name == name)
}

/// Notes options that no namespace has, and namespaces that nobody knows. `accepted` are those of plugins that count as installed.
pub fn refuse_unknown(core: &Body, accepted: &[String], mistakes: &mut Mistakes) {
    let assigned = core.options.iter().map(|(path, value)| (path, value.origin.as_ref()));
    let called = core.calls.iter().map(|it| (it.name.as_str(), Some(&it.origin)));
    let mut refused: Vec<&str> = Vec::new();
    for (path, origin) in assigned.chain(called) {
        let namespace = path.split('.').next().unwrap_or(path);
        match namespace_of(path) {
            Some(it) => refuse_option(it, path, origin, mistakes),
            None if accepted.iter().any(|it| it == namespace) || refused.contains(&namespace) => {}
            None => {
                refused.push(namespace);
                refuse_namespace(namespace, origin, mistakes);
            }
        }
    }
}

fn refuse_option(
    namespace: &Namespace,
    path: &str,
    origin: Option<&vagrantfile::layer::Origin>,
    mistakes: &mut Mistakes,
) {
    if descriptor(&[namespace.options], path).is_some() {
        return;
    }
    let mistake = mistakes.at(origin, namespace.section, format!("there is no option `{path}`"));
    if let Some(meant) = did_you_mean(path, namespace.options.iter().map(|it| it.path)) {
        mistake.advise(format!("did you mean `{meant}`?"));
    }
}

fn refuse_namespace(name: &str, origin: Option<&vagrantfile::layer::Origin>, mistakes: &mut Mistakes) {
    let mistake = mistakes.at(origin, "Vagrant", format!("there is no configuration section `{name}`"));
    mistake.advise(match did_you_mean(name, NAMESPACES.iter().map(|it| it.name)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "it may belong to a plugin of Vagrant; put it behind `if Vagrant.has_plugin?(...)`".to_owned(),
    });
}

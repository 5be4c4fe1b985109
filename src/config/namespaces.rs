//! The namespaces of the core: `vm`, `ssh` and their like, with their options.

use schema::Descriptor;
use vagrantfile::Plugins;
use vagrantfile::layer::Call;
use vagrantfile::plugins::BUILT_IN;

use super::mistake::{Mistakes, did_you_mean};
use super::table::{Body, Called, descriptor};
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

/// Plugins of Vagrant that Vagrantfiles configure, and the namespaces that these have.
pub const PLUGIN_NAMESPACES: &[(&str, &[&str])] = &[
    ("landrush", &["landrush"]),
    ("vagrant-auto_network", &["auto_network"]),
    ("vagrant-berkshelf", &["berkshelf"]),
    ("vagrant-bindfs", &["bindfs"]),
    ("vagrant-cachier", &["cache"]),
    ("vagrant-disksize", &["disksize"]),
    ("vagrant-dns", &["dns"]),
    ("vagrant-env", &["env"]),
    ("vagrant-fsnotify", &["fsnotify"]),
    ("vagrant-gatling-rsync", &["gatling"]),
    ("vagrant-goodhosts", &["goodhosts"]),
    ("vagrant-hostmanager", &["hostmanager"]),
    ("vagrant-hostsupdater", &["hostsupdater"]),
    ("vagrant-ignition", &["ignition"]),
    ("vagrant-librarian-puppet", &["librarian_puppet"]),
    ("vagrant-notify-forwarder", &["notify_forwarder"]),
    ("vagrant-omnibus", &["omnibus"]),
    ("vagrant-pe_build", &["pe_build"]),
    ("vagrant-persistent-storage", &["persistent_storage"]),
    ("vagrant-proxyconf", PROXIES),
    ("vagrant-puppet-install", &["puppet_install"]),
    ("vagrant-registration", &["registration"]),
    ("vagrant-timezone", &["timezone"]),
    ("vagrant-vbguest", &["vbguest"]),
    ("vagrant-winnfsd", &["winnfsd"]),
];

const PROXIES: &[&str] = &[
    "proxy",
    "apt_proxy",
    "chef_proxy",
    "docker_proxy",
    "env_proxy",
    "git_proxy",
    "npm_proxy",
    "pear_proxy",
    "svn_proxy",
    "yum_proxy",
];

/// The namespaces of plugins that count as installed: nothing in them is a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptedNamespaces {
    /// All, for every plugin counts as installed.
    All,
    /// Those of these plugins.
    Of(Vec<String>),
}

impl Default for AcceptedNamespaces {
    fn default() -> Self {
        Self::Of(Vec::new())
    }
}

impl AcceptedNamespaces {
    /// The namespaces of what counts as installed.
    pub fn of(plugins: &Plugins) -> Self {
        match plugins {
            Plugins::All => Self::All,
            Plugins::Exactly(names) => Self::Of(names.clone()),
            Plugins::BuiltIn => Self::Of(BUILT_IN.iter().map(|it| it.name.to_owned()).collect()),
        }
    }

    /// A plugin that is not known has a namespace of its own name, as most have.
    fn accepts(&self, namespace: &str) -> bool {
        let Self::Of(plugins) = self else { return true };
        plugins.iter().any(|plugin| match namespaces_of_plugin(plugin) {
            Some(namespaces) => namespaces.contains(&namespace),
            None => plugin.trim_start_matches("vagrant-").replace('-', "_") == namespace,
        })
    }
}

fn namespaces_of_plugin(plugin: &str) -> Option<&'static [&'static str]> {
    PLUGIN_NAMESPACES
        .iter()
        .find(|(it, _)| *it == plugin)
        .map(|(_, it)| *it)
}

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
pub fn refuse_unknown(core: &Body, accepted: &AcceptedNamespaces, mistakes: &mut Mistakes) {
    let assigned = core.options.iter().map(|(path, value)| (path, value.origin.as_ref()));
    let called = core
        .calls
        .iter()
        .filter(|it| !is_overlooked(it))
        .map(|it| (it.name.as_str(), Some(&it.origin)));
    let mut refused: Vec<&str> = Vec::new();
    for (path, origin) in assigned.chain(called) {
        let namespace = path.split('.').next().unwrap_or(path);
        match namespace_of(path) {
            Some(it) => refuse_option(it, path, origin, mistakes),
            None if accepted.accepts(namespace) || refused.contains(&namespace) => {}
            None => {
                refused.push(namespace);
                refuse_namespace(namespace, origin, mistakes);
            }
        }
    }
}

/// Vagrant never looks at what it does not know of these two, and reading it does nothing.
fn is_overlooked(called: &Called) -> bool {
    called.call == Call::default() && ["winrm.", "windows."].iter().any(|it| called.name.starts_with(it))
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
    let plugin = PLUGIN_NAMESPACES.iter().find(|(_, it)| it.contains(&name));
    let meant = did_you_mean(name, NAMESPACES.iter().map(|it| it.name));
    mistake.advise(match (plugin, meant) {
        (Some((plugin, _)), _) => format!(
            "it belongs to {plugin}, which is not built in: put it behind `if Vagrant.has_plugin?(\"{plugin}\")`, or set \
             JAUNT_ASSUME_PLUGINS to have it taken as it is"
        ),
        (None, Some(meant)) => format!("did you mean `{meant}`?"),
        (None, None) => "it may belong to a plugin of Vagrant; put it behind `if Vagrant.has_plugin?(...)`".to_owned(),
    });
}

//! What `Vagrant.has_plugin?` answers. There are no plugins here; some have their job done by what is built in.

/// Which plugins a Vagrantfile is told to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plugins {
    /// Those whose job is built in ([`BUILT_IN`]).
    BuiltIn,
    /// Whatever is asked for.
    All,
    /// Exactly these.
    Exactly(Vec<String>),
}

/// A plugin whose job is built in, as far as a Vagrantfile can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// What stands in for it.
    pub instead: &'static str,
}

/// The plugins whose job is built in. One that a file would only miss later, when its machine comes up without it, is not here.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "vagrant-libvirt",
        instead: "QEMU runs libvirt's boxes, and takes memory and CPUs from its blocks",
    },
    BuiltIn {
        name: "vagrant-qemu",
        instead: "the provider `qemu`, with the plugin's names for its options",
    },
    BuiltIn {
        name: "vagrant-sshfs",
        instead: "folders of the type `sshfs` are copied, as all kinds that are not built in",
    },
    BuiltIn {
        name: "vagrant-vmware-desktop",
        instead: "QEMU runs VMware's boxes, and takes memory and CPUs from its blocks",
    },
];

impl Plugins {
    /// Reads the value of `JAUNT_ASSUME_PLUGINS`: `all`, `none`, or names with commas between them.
    pub fn parse(assumed: Option<&str>) -> Self {
        match assumed {
            None => Plugins::BuiltIn,
            Some("all") => Plugins::All,
            Some("none") => Plugins::Exactly(Vec::new()),
            Some(names) => Plugins::Exactly(names.split(',').map(|it| it.trim().to_owned()).collect()),
        }
    }

    /// Whether a plugin counts as installed.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Plugins::BuiltIn => BUILT_IN.iter().any(|it| it.name == name),
            Plugins::All => true,
            Plugins::Exactly(names) => names.iter().any(|it| it == name),
        }
    }

    /// Whether `require` finds a plugin's code. To assume a plugin is an answer and no code: only where its job is built in has a file
    /// nothing to miss of it.
    pub fn loads(&self, name: &str) -> bool {
        self.has(name) && BUILT_IN.iter().any(|it| it.name == name)
    }
}

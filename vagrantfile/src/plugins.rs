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

/// The plugins whose job is built in.
pub const BUILT_IN: &[&str] = &[
    "vagrant-aws",
    "vagrant-disksize",
    "vagrant-docker-compose",
    "vagrant-env",
    "vagrant-host-shell",
    "vagrant-libvirt",
    "vagrant-qemu",
    "vagrant-reload",
    "vagrant-rsync-back",
    "vagrant-scp",
    "vagrant-sshfs",
    "vagrant-triggers",
    "vagrant-vmware-desktop",
    "vagrant-winrm",
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
            Plugins::BuiltIn => BUILT_IN.contains(&name),
            Plugins::All => true,
            Plugins::Exactly(names) => names.iter().any(|it| it == name),
        }
    }
}

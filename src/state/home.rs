//! Where a user's boxes, keys, index and caches are.

use std::path::{Path, PathBuf};

use super::{Error, Result};
use crate::environment::Environment;

/// The folder with everything that belongs to the user rather than to a project.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
    vagrant: Option<PathBuf>,
    runtime: PathBuf,
}

impl Home {
    /// `$JAUNT_HOME`, else `$VAGRANT_HOME`, else the platform's folder for a user's data.
    pub fn find(environment: &Environment) -> Result<Self> {
        let user = directories::BaseDirs::new();
        let of_jaunt = environment.variable("JAUNT_HOME").map(PathBuf::from);
        let of_vagrant = environment.variable("VAGRANT_HOME").map(PathBuf::from);
        let vagrant = of_vagrant
            .clone()
            .or_else(|| user.as_ref().map(|it| it.home_dir().join(".vagrant.d")));
        let root = of_jaunt
            .or(of_vagrant)
            .or_else(|| user.as_ref().map(|it| it.data_dir().join("jaunt")))
            .ok_or(Error::NoHome)?;
        let root = environment.absolute(&root);
        Ok(Self {
            runtime: runtime_folder(environment, &root),
            root,
            vagrant,
        })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The store of boxes.
    pub fn boxes(&self) -> PathBuf {
        self.root.join("boxes")
    }

    /// Boxes that Vagrant has installed, which are read in place; absent where they are ours anyway.
    pub fn vagrant_boxes(&self) -> Option<PathBuf> {
        let vagrant = self.vagrant.as_ref().filter(|it| **it != self.root)?;
        Some(vagrant.join("boxes"))
    }

    /// The user's own layer: ours, else Vagrant's.
    pub fn vagrantfile(&self) -> Option<PathBuf> {
        let ours = self.root.join("Vagrantfile");
        let vagrants = self.vagrant.as_ref().map(|it| it.join("Vagrantfile"));
        [Some(ours), vagrants].into_iter().flatten().find(|it| it.is_file())
    }

    /// The user's settings.
    pub fn settings(&self) -> PathBuf {
        self.root.join("settings.toml")
    }

    /// The user's names for commands: ours, else Vagrant's.
    pub fn aliases(&self) -> Option<PathBuf> {
        let folders = [Some(&self.root), self.vagrant.as_ref()];
        let files = folders.into_iter().flatten().map(|it| it.join("aliases"));
        files.into_iter().find(|it| it.is_file())
    }

    /// The index of all machines.
    pub fn machine_index(&self) -> PathBuf {
        self.root.join("data/machine-index")
    }

    /// The claims that were given to machines.
    pub fn claims(&self) -> PathBuf {
        self.root.join("data/claims")
    }

    /// The digests of the Vagrantfiles that the user trusts.
    pub fn trusted(&self) -> PathBuf {
        self.root.join("data/trusted")
    }

    /// Downloads and unpacking.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// What can be found out again: the accelerator probe's result.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Sockets of running machines: a short path, since a socket's may have 108 bytes.
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }
}

/// `$XDG_RUNTIME_DIR/jaunt`, else a folder below the home where that is short enough, else one below the temporary folder.
fn runtime_folder(environment: &Environment, root: &Path) -> PathBuf {
    if let Some(folder) = environment.variable("XDG_RUNTIME_DIR").filter(|it| !it.is_empty()) {
        return Path::new(&folder).join("jaunt");
    }
    let below_home = root.join("run");
    // A socket's name is the machine's uuid with an ending: 45 bytes at most, of 107.
    if below_home.as_os_str().len() <= 60 {
        return below_home;
    }
    let user = rustix::process::getuid().as_raw();
    environment.temporary_folder().join(format!("jaunt-{user}"))
}

//! From a target to a machine: which backend, whose blocks, which box, and what the files say with all of that known.

use std::path::PathBuf;
use std::sync::Arc;

use boxes::{Architecture, InstalledBox, LockedBox, Query, Store, VersionConstraints};
use providers::Provider;
use providers::qemu::{Qemu, QemuBlock, QemuSettings};
use vagrantfile::layer::Layer;

use super::qemu_block::qemu_block;
use super::{Machine, locked_boxes, untrusted};
use crate::config::{AcceptedNamespaces, Config, Merged, Mistakes, ProjectFacts, ProviderChoice};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::lifecycle::FOLDER_KINDS;
use crate::project::{Target, Wish, assumed_plugins};
use crate::state::claims::Claims;
use crate::state::journal;
use crate::state::machine_folder::{BoxMeta, MachineFolder};

/// The backend where nothing names another.
const DEFAULT_PROVIDER: &str = "qemu";

/// The provider whose blocks count where a file has some, none of them for the backend, and nobody chose.
const USUAL_SETTINGS: &str = "virtualbox";

/// The password of the user `vagrant` in public boxes, which everybody knows.
const PUBLIC_PASSWORD: &str = "vagrant";

/// Kinds of folder that files name for other providers; what they share is copied here.
const FOREIGN_FOLDER_KINDS: [&str; 9] = [
    "nfs",
    "smb",
    "virtualbox",
    "vmware",
    "docker",
    "9p",
    "virtiofs",
    "sshfs",
    "parallels",
];

impl Target {
    /// The machine with what is known of it; mistakes of the Vagrantfile are in [`Machine::mistakes`].
    pub fn machine(&self, context: &Context) -> Result<Machine> {
        self.machine_as(context, &Wish::default())
    }

    /// The same, with what the user says of the backend.
    pub fn machine_as(&self, context: &Context, wish: &Wish) -> Result<Machine> {
        let provider_name = self.choose_provider(context, wish)?;
        let provider = open_provider(context, &self.name, &provider_name)?;
        let folder = MachineFolder::new(&self.project.dot_vagrant, &self.name, &provider_name);
        let opening = Opening {
            context,
            target: self,
            provider: &*provider,
            folder: &folder,
            ignore_provider: wish.ignore_provider,
        };
        let (settings_of, mut notices) = opening.choose_settings(wish)?;
        let mut ignored = Mistakes::default();
        let (config, mut mistakes, installed_box) = opening.configure(&settings_of)?;
        let locked_box = opening.locked_box(&config)?;
        let qemu = qemu_block(
            &config,
            if wish.ignore_provider {
                &mut ignored
            } else {
                &mut mistakes
            },
        );
        let no_block = QemuBlock::default();
        let block = if wish.ignore_provider { &no_block } else { &qemu };
        let untrusted = untrusted::mistakes_of(&config, block, || self.project.untrusted_code())?;
        let report_of = |it: &Mistakes| (!it.is_empty()).then(|| it.to_string());
        let untrusted_report = report_of(&untrusted);
        mistakes.extend(untrusted);
        keep_secrets(context, &config);
        notices.extend(left_out(&config, &qemu));
        Ok(Machine {
            name: self.name.clone(),
            project: self.project.clone(),
            mistakes,
            untrusted: untrusted_report,
            provider_name,
            provider,
            settings_of,
            folder,
            config,
            qemu,
            locked_box,
            installed_box,
            notices,
            claims: Claims::new(context.home.claims()),
        })
    }

    /// The Vagrantfile inside the machine's box, where that is installed and has one that counts.
    pub fn box_file(&self, context: &Context) -> Result<Option<PathBuf>> {
        let wish = Wish::default();
        let provider_name = self.choose_provider(context, &wish)?;
        let provider = open_provider(context, &self.name, &provider_name)?;
        let opening = Opening {
            context,
            target: self,
            provider: &*provider,
            folder: &MachineFolder::new(&self.project.dot_vagrant, &self.name, &provider_name),
            ignore_provider: true,
        };
        let (settings_of, _) = opening.choose_settings(&wish)?;
        let (config, _) = opening.resolve(&opening.layers(&settings_of, None)?, &settings_of);
        if config.vm.ignore_box_vagrantfile {
            return Ok(None);
        }
        Ok(opening.installed_box(&config)?.and_then(|it| it.vagrantfile()))
    }

    /// `--provider`, else the one where the machine exists, else `VAGRANT_DEFAULT_PROVIDER`, else QEMU.
    fn choose_provider(&self, context: &Context, wish: &Wish) -> Result<String> {
        // A machine that Vagrant itself has at another provider is Vagrant's.
        let existing = MachineFolder::providers_with_a_machine(&self.project.dot_vagrant, &self.name)
            .into_iter()
            .find(|it| is_built_in(it));
        match (&wish.provider, existing) {
            (Some(wanted), Some(existing)) if *wanted != existing => Err(Error::OtherProvider {
                machine: self.name.clone(),
                existing,
                wanted: wanted.clone(),
            }),
            (Some(wanted), _) => Ok(wanted.clone()),
            (None, Some(existing)) => Ok(existing),
            (None, None) => {
                let default = context.environment.text("VAGRANT_DEFAULT_PROVIDER");
                Ok(default.unwrap_or_else(|| DEFAULT_PROVIDER.to_owned()))
            }
        }
    }
}

/// The configuration's own secrets. The password that all public boxes have is none: half of all paths would be masked.
fn keep_secrets(context: &Context, config: &Config) {
    let ssh = &config.ssh;
    let passwords = [&ssh.connect.password, &ssh.default.password].into_iter().flatten();
    let secrets = passwords.filter(|it| *it != PUBLIC_PASSWORD).chain(&config.sensitive);
    for secret in secrets {
        context.ui.keep_secret(secret);
    }
}

/// What the file asks for and nobody does yet: said, rather than left out in silence.
fn left_out(config: &Config, qemu: &QemuBlock) -> Vec<String> {
    let mut notices = Vec::new();
    if !config.networks.others.is_empty() {
        notices.push(
            "Private and public networks are not built into this version: the machine is reached by its forwarded ports."
                .to_owned(),
        );
    }
    if !config.triggers.is_empty() {
        notices.push("Triggers are not built into this version: none of them fires.".to_owned());
    }
    let unmade: Vec<&str> = config
        .disks
        .iter()
        .filter(|it| !it.primary && !it.is_made() && !it.is_medium())
        .map(|it| it.name.as_str())
        .collect();
    if !unmade.is_empty() {
        notices.push(format!(
            "Disks of files of one's own and floppies without a file are not built into this version: {}.",
            unmade.join(", ")
        ));
    }
    if !qemu.without_effect.is_empty() {
        notices.push(format!(
            "Options of `qemu` without effect here: {}.",
            qemu.without_effect.join(", ")
        ));
    }
    notices
}

/// Whether this build has the backend.
pub fn is_built_in(name: &str) -> bool {
    name == DEFAULT_PROVIDER || (cfg!(feature = "fault-injection") && name == "fake")
}

/// The provider that runs nothing, for test builds alone. It misbehaves as `JAUNT_TEST_FAKE` says: `die after create`.
#[cfg(feature = "fault-injection")]
fn open_fake(context: &Context) -> Box<dyn Provider> {
    use providers::fake::{Fake, FakeSettings};
    let misbehaviour = context
        .environment
        .text("JAUNT_TEST_FAKE")
        .and_then(|it| it.parse().ok());
    Box::new(Fake::new(FakeSettings {
        misbehaviours: misbehaviour.into_iter().collect(),
        taken_ports: Vec::new(),
    }))
}

/// The backend of that name, for a machine.
pub fn open_provider(context: &Context, machine: &str, name: &str) -> Result<Box<dyn Provider>> {
    #[cfg(feature = "fault-injection")]
    if name == "fake" {
        return Ok(open_fake(context));
    }
    if name != DEFAULT_PROVIDER {
        return Err(Error::UnknownProvider { name: name.to_owned() });
    }
    let (ui, machine) = (context.ui.clone(), machine.to_owned());
    Ok(Box::new(Qemu::new(QemuSettings {
        runtime_folder: context.home.runtime().to_owned(),
        cache_folder: context.home.cache(),
        search_path: context.environment.search_path(),
        notices: Arc::new(move |notice| ui.of(&machine).detail(&notice.text)),
    })))
}

/// A machine whose backend and folder are known.
struct Opening<'a> {
    context: &'a Context,
    target: &'a Target,
    provider: &'a dyn Provider,
    folder: &'a MachineFolder,
    ignore_provider: bool,
}

impl Opening<'_> {
    /// Whose blocks of the Vagrantfile are applied, and what to tell of that.
    ///
    /// The backend's own, where the file has some; else those of one other provider: the one that `--for`
    /// named, now or before, else VirtualBox, else the first that the file names.
    fn choose_settings(&self, wish: &Wish) -> Result<(String, Vec<String>)> {
        if let Some(chosen) = &wish.settings_of {
            return Ok((chosen.clone(), self.notice_of(chosen)));
        }
        if let Some(before) = journal::read(&self.folder.journal()).ok().and_then(|it| it.settings_of) {
            return Ok((before, Vec::new()));
        }
        let own = self.provider.name();
        let providers = Merged::of(&self.layers(own, None)?).providers;
        let chosen = [own, USUAL_SETTINGS].into_iter().find(|it| providers.get(it).is_some());
        let first = || providers.iter().next().map(|it| it.name.as_str());
        let chosen = chosen.or_else(first).unwrap_or(own);
        Ok((chosen.to_owned(), self.notice_of(chosen)))
    }

    fn notice_of(&self, settings_of: &str) -> Vec<String> {
        if settings_of == self.provider.name() {
            return Vec::new();
        }
        vec![format!(
            "The Vagrantfile's settings for `{settings_of}` are applied: memory and CPUs count. `--for NAME` takes others."
        )]
    }

    /// The configuration with the box's own file below all others, and that box.
    fn configure(&self, settings_of: &str) -> Result<(Config, Mistakes, Option<InstalledBox>)> {
        let layers = self.layers(settings_of, None)?;
        let (config, mistakes) = self.resolve(&layers, settings_of);
        let Some(installed) = self.installed_box(&config)? else {
            return Ok((config, mistakes, None));
        };
        let file = installed.vagrantfile().filter(|_| !config.vm.ignore_box_vagrantfile);
        let Some(file) = file else {
            return Ok((config, mistakes, Some(installed)));
        };
        let layers = self.layers(settings_of, Some(file));
        let layers = layers.map_err(|it| it.with_report(&mistakes.to_string()))?;
        let (config, mistakes) = self.resolve(&layers, settings_of);
        Ok((config, mistakes, Some(installed)))
    }

    fn layers(&self, settings_of: &str, box_file: Option<PathBuf>) -> Result<Vec<Layer>> {
        self.target
            .project
            .layers(&self.target.name, settings_of, box_file.as_deref())
    }

    fn resolve(&self, layers: &[Layer], settings_of: &str) -> (Config, Mistakes) {
        let name = self.provider.name();
        let choice = ProviderChoice {
            name,
            options: if self.ignore_provider {
                &[]
            } else {
                &[providers::qemu::DESCRIPTORS]
            },
            box_optional: self.provider.features().box_optional,
            stands_in_for: (settings_of != name).then_some(settings_of),
        };
        let facts = ProjectFacts {
            folder: self.target.project.root.clone(),
            home: self.context.environment.user_home(),
            machines: self.target.project.names.clone(),
            synced_folder_kinds: FOLDER_KINDS.into_iter().chain(FOREIGN_FOLDER_KINDS).collect(),
            accepted_namespaces: AcceptedNamespaces::of(&assumed_plugins(self.context)),
        };
        Config::look(layers, &choice, &facts)
    }

    fn locked_box(&self, config: &Config) -> Result<Option<LockedBox>> {
        let providers = box_providers(self.provider);
        locked_boxes::locked_box(self.context, &self.target.project.root, config, &providers)
    }

    /// The box that the machine was made from, else that of the lock file, else the newest one that the configuration allows.
    fn installed_box(&self, config: &Config) -> Result<Option<InstalledBox>> {
        let store = store(self.context);
        // Before there is a machine, a note of a box is what an attempt left that failed.
        let is_made = self.folder.id()?.is_some();
        if let Some(meta) = self.folder.box_meta()?.filter(|_| is_made) {
            return Ok(made_from(&store, &meta)?);
        }
        let Some(name) = &config.vm.box_name else {
            return Ok(None);
        };
        if let Some(locked) = self.locked_box(config)? {
            let same = |it: &InstalledBox| it.version.as_str() == locked.version && it.provider == locked.provider;
            return Ok(store.named(name)?.into_iter().find(same));
        }
        Ok(store.find(&Query {
            name,
            version: &box_constraints(config)?,
            providers: &box_providers(self.provider),
            architecture: &box_architecture(config),
        })?)
    }
}

fn made_from(store: &Store, meta: &BoxMeta) -> boxes::Result<Option<InstalledBox>> {
    let same = |it: &InstalledBox| {
        it.version.to_string() == meta.version
            && it.provider == meta.provider
            && (meta.architecture.is_none() || it.architecture == meta.architecture)
    };
    Ok(store.named(&meta.name)?.into_iter().find(same))
}

/// The store of boxes, with Vagrant's own read in place.
pub fn store(context: &Context) -> Store {
    Store::new(context.home.boxes(), context.home.vagrant_boxes().into_iter().collect())
}

/// What the box's version must satisfy.
pub fn box_constraints(config: &Config) -> Result<VersionConstraints> {
    match config.vm.box_version.as_deref() {
        None | Some("") => Ok(VersionConstraints::any()),
        Some(text) => Ok(text.parse()?),
    }
}

/// The architecture that the box must have.
pub fn box_architecture(config: &Config) -> Architecture {
    match config.vm.box_architecture.as_deref() {
        None => Architecture::CatalogDefault,
        Some("auto") => Architecture::Auto {
            host: boxes::vagrant_name(std::env::consts::ARCH).to_owned(),
        },
        Some(name) => Architecture::Named(name.to_owned()),
    }
}

/// The providers whose boxes the backend takes, the preferred one first.
pub fn box_providers(provider: &dyn Provider) -> Vec<String> {
    provider
        .features()
        .box_formats
        .iter()
        .map(|it| (*it).to_owned())
        .collect()
}

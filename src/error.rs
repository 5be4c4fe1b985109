//! Everything that can go wrong, as a user is told it: what was attempted, why it failed, and what to do next.

use std::error::Error as StdError;
use std::path::PathBuf;

use miette::Diagnostic;

use crate::lifecycle::plan::Step;

/// A result of the package.
pub type Result<T> = std::result::Result<T, Error>;

/// What a command failed with.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    #[error("there is no Vagrantfile in {} or any folder above it", folder.display())]
    #[diagnostic(help("run `jaunt init NAME` here to write one, or change to your project's folder"))]
    NoVagrantfile { folder: PathBuf },

    #[error("there is no `{name}` in {} or any folder above it", folder.display())]
    #[diagnostic(help("VAGRANT_VAGRANTFILE names it: correct that, or take the variable away"))]
    NoNamedVagrantfile { folder: PathBuf, name: String },

    #[error("the machine stopped in the middle of it\n{details}")]
    #[diagnostic(help("`jaunt up` starts it again and goes on; its last words above may tell why it stopped"))]
    Died { details: String },

    #[error("{} has several Vagrantfiles: {}", folder.display(), names.join(", "))]
    #[diagnostic(help("keep one of them, or name one in VAGRANT_VAGRANTFILE"))]
    SeveralVagrantfiles { folder: PathBuf, names: Vec<String> },

    #[error("{} is there already", path.display())]
    #[diagnostic(help("`jaunt init --force` replaces it"))]
    VagrantfileExists { path: PathBuf },

    #[error("cannot write {}", path.display())]
    WriteFile { path: PathBuf, source: std::io::Error },

    #[error("cannot read {}", path.display())]
    ReadFile { path: PathBuf, source: std::io::Error },

    #[error("{report}")]
    Configuration { report: String },

    #[error("there is no machine called `{name}`")]
    #[diagnostic(help("there are: {}", if known.is_empty() { "none".to_owned() } else { known.join(", ") }))]
    UnknownMachine { name: String, known: Vec<String> },

    #[error("the machine `{machine}` is there, and the Vagrantfile of {} does not define it any more", project.display())]
    #[diagnostic(help(
        "there, `jaunt halt {machine}` stops it and `jaunt destroy {machine}` removes it; `config.vm.define \"{machine}\"` takes it back; where \
         that Vagrantfile is gone, `jaunt gc` knows more"
    ))]
    NotDefinedAnyMore { machine: String, project: PathBuf },

    #[error("`{pattern}` is no regular expression: {reason}")]
    #[diagnostic(help("write names as they are, and patterns as /pattern/"))]
    BadPattern { pattern: String, reason: String },

    #[error("this command works on one machine, and the Vagrantfile defines several: {}", known.join(", "))]
    #[diagnostic(help("name one of them, or mark one with `primary: true`"))]
    WhichMachine { known: Vec<String> },

    #[error("the provider `{name}` is not built into this version")]
    #[diagnostic(help(
        "the Vagrantfile's blocks for other providers are applied by `qemu` too: leave `--provider` and VAGRANT_DEFAULT_PROVIDER out, or name `qemu`"
    ))]
    UnknownProvider { name: String },

    #[error("the machine `{machine}` exists at the provider `{existing}`, and `{wanted}` was asked for")]
    #[diagnostic(help("destroy it first with `jaunt destroy {machine}`, or leave `--provider` out"))]
    OtherProvider {
        machine: String,
        existing: String,
        wanted: String,
    },

    #[error("the machine `{machine}` belongs to another folder, of which this one is a copy: {}", original.display())]
    #[diagnostic(help(
        "`jaunt destroy` removes what lies in {}, and nothing else; `jaunt up` makes a machine of its own then",
        folder.display()
    ))]
    OfAnotherFolder {
        machine: String,
        original: PathBuf,
        folder: PathBuf,
    },

    #[error("the machine `{machine}` was not made by you, or under another JAUNT_HOME")]
    #[diagnostic(help(
        "`jaunt destroy` removes what lies in {}, and nothing else; `jaunt up` makes a machine of its own then",
        folder.display()
    ))]
    OfSomebodyElse { machine: String, folder: PathBuf },

    #[error("the machine `{machine}` was made by another program, as `{id}`")]
    #[diagnostic(help("destroy it with that program, or move {} away if the machine is gone", folder.display()))]
    OfAnotherProgram {
        machine: String,
        id: String,
        folder: PathBuf,
    },

    #[error("nobody can confirm that {what}")]
    #[diagnostic(help("give `--force` where there is no terminal"))]
    Unconfirmed { what: String },

    #[error("the machine `{machine}` is left as it is: `{needed}`, which it depends on, failed")]
    #[diagnostic(help("see to `{needed}`, and run the same command again"))]
    NeededFailed { machine: String, needed: String },

    #[error("the machine `{machine}` has not been created")]
    #[diagnostic(help("`jaunt up {machine}` creates it"))]
    NotCreated { machine: String },

    #[error("the machine `{machine}` is not running")]
    #[diagnostic(help("`jaunt up {machine}` starts it"))]
    NotRunning { machine: String },

    #[error("the machine `{machine}` was made, and its disk is gone from {}", folder.display())]
    #[diagnostic(help(
        "bring the file back from a copy, if you have one. Otherwise what was in the machine is lost: `jaunt destroy {machine}` forgets it, \
         and `jaunt up {machine}` makes a new one"
    ))]
    Vanished { machine: String, folder: PathBuf },

    #[error("the machine `{machine}` is paused")]
    #[diagnostic(help(
        "`jaunt up {machine}` lets it go on; where its disk could not be written, make room on the file system of {} before",
        folder.display()
    ))]
    Paused { machine: String, folder: PathBuf },

    #[error("the machine `{machine}` has no snapshot `{name}`")]
    #[diagnostic(help("`jaunt snapshot list {machine}` shows which there are"))]
    NoSuchSnapshot { machine: String, name: String },

    #[error("the machine `{machine}` has a snapshot `{name}` already")]
    #[diagnostic(help("`--force` replaces it, or take another name"))]
    SnapshotExists { machine: String, name: String },

    #[error("the provider `{provider}` has no snapshots")]
    #[diagnostic(help("`jaunt package` makes a box of a machine, which keeps its disk as it is now"))]
    NoSnapshots { provider: String },

    #[error("the provider `{provider}` cannot suspend its machines")]
    #[diagnostic(help("`jaunt halt` stops them"))]
    NoSuspending { provider: String },

    #[error("there is no `jaunt {command}`: {reason}; {instead}")]
    Elsewhere {
        command: &'static str,
        reason: &'static str,
        instead: &'static str,
    },

    #[error("there is no template at {} or {}.erb", path.display(), path.display())]
    #[diagnostic(help("`--template` and VAGRANT_DEFAULT_TEMPLATE name a file of ERB"))]
    NoTemplate { path: PathBuf },

    #[error("the template {} cannot be rendered: {reason}", path.display())]
    #[diagnostic(help(
        "it may use `box_name`, `box_url` and `box_version`, and compute with them; it runs and reads nothing"
    ))]
    Template { path: PathBuf, reason: String },

    #[error("there is nothing to upload at {}", path.display())]
    #[diagnostic(help("the source is a path on this computer, from the folder where you are"))]
    NothingToUpload { path: PathBuf },

    #[error("the box of the machine `{machine}` is not installed: {name}")]
    #[diagnostic(help("`jaunt up` fetches boxes that have an address; `jaunt box add` adds one from a file"))]
    BoxMissing { machine: String, name: String },

    #[error("the machine `{machine}`: cannot {}", step.attempt())]
    Step {
        machine: String,
        step: Step,
        source: Box<Error>,
    },

    #[error("the guest did not answer within {seconds} seconds ({reached})\n{details}")]
    #[diagnostic(help("{advice}"))]
    Boot {
        seconds: u64,
        reached: String,
        details: String,
        advice: String,
    },

    #[error("the settings in {} cannot be used: {reason}", path.display())]
    #[diagnostic(help("docs/settings.md says what they may say"))]
    Settings { path: PathBuf, reason: String },

    #[error("interrupted")]
    #[diagnostic(help("run the same command again: it goes on where this one ended"))]
    Interrupted,

    #[error("{what}")]
    #[diagnostic(help("{advice}"))]
    Refused { what: String, advice: String },

    #[error("no machine was destroyed")]
    NothingDestroyed,

    #[error(transparent)]
    #[diagnostic(transparent)]
    State(#[from] crate::state::Error),

    #[error(transparent)]
    Provider(#[from] providers::Error),

    #[error(transparent)]
    Box(#[from] boxes::Error),

    #[error(transparent)]
    Folder(#[from] synced_folders::Error),

    #[error(transparent)]
    Ssh(#[from] crate::communicators::ssh::Error),

    #[error(transparent)]
    Communicator(#[from] crate::communicators::Error),

    #[error(transparent)]
    Provisioner(#[from] crate::provisioners::Error),

    #[error("cannot start the program's own machinery")]
    Runtime(#[source] std::io::Error),
}

impl From<vagrantfile::Report> for Error {
    fn from(report: vagrantfile::Report) -> Self {
        Error::Configuration {
            report: report.to_string(),
        }
    }
}

impl Error {
    /// The same with what else is wrong in the configuration, where it is about that.
    pub fn with_report(self, more: &str) -> Self {
        match self {
            Error::Configuration { report } if !more.is_empty() => Error::Configuration {
                report: format!("{}\n\n{more}", report.trim_end()),
            },
            other => other,
        }
    }

    /// The whole text for a user: the message, its causes, and the advice.
    pub fn render(&self) -> String {
        let mut text = self.explanation();
        if let Some(advice) = self.advice() {
            text.push_str(&format!("\n  what to do: {}", advice.replace('\n', "\n  ")));
        }
        text
    }

    /// The message and its causes.
    pub fn explanation(&self) -> String {
        let mut text = self.to_string();
        let mut cause = StdError::source(self);
        while let Some(error) = cause {
            text.push_str(&format!("\n  because: {}", error.to_string().replace('\n', "\n  ")));
            cause = error.source();
        }
        text
    }

    /// Whether a connection to a guest ended while it was in use.
    pub fn is_disconnect(&self) -> bool {
        use crate::communicators::{Error as Communicator, ssh::Error as Ssh};
        let mut cause: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = cause {
            let is_lost = error.downcast_ref().is_some_and(Communicator::is_disconnect);
            if is_lost || matches!(error.downcast_ref(), Some(Ssh::Disconnected { .. })) {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// What a machine-readable line calls it: Vagrant's class where there is one.
    pub fn class(&self) -> &'static str {
        match self {
            Error::NoVagrantfile { .. } | Error::NoNamedVagrantfile { .. } => "Vagrant::Errors::NoEnvironmentError",
            Error::Configuration { .. } => "Vagrant::Errors::ConfigInvalid",
            Error::UnknownMachine { .. } | Error::NotDefinedAnyMore { .. } => "Vagrant::Errors::MachineNotFound",
            Error::WhichMachine { .. } => "Vagrant::Errors::MultiVMTargetRequired",
            Error::UnknownProvider { .. } => "Vagrant::Errors::ProviderNotFound",
            Error::NotRunning { .. } | Error::Paused { .. } => "Vagrant::Errors::VMNotRunningError",
            Error::NotCreated { .. } => "Vagrant::Errors::VMNotCreatedError",
            Error::NoSuchSnapshot { .. } => "Vagrant::Errors::SnapshotNotFound",
            Error::SnapshotExists { .. } => "Vagrant::Errors::SnapshotConflictFailed",
            Error::NoSnapshots { .. } => "Vagrant::Errors::SnapshotNotSupported",
            Error::NoTemplate { .. } => "Vagrant::Errors::VagrantfileTemplateNotFoundError",
            Error::NothingToUpload { .. } => "Vagrant::Errors::UploadSourceMissing",
            Error::Boot { .. } => "Vagrant::Errors::VMBootTimeout",
            Error::Interrupted => "Vagrant::Errors::VagrantInterrupt",
            Error::Step { source, .. } => source.class(),
            Error::Box(error) => error.vagrant_class(),
            Error::Provider(providers::Error::PortTaken { .. }) => "Vagrant::Errors::ForwardPortCollision",
            _ => "Vagrant::Errors::VagrantError",
        }
    }

    /// A user's mistake is 1, and so is everything else that has no code of its own.
    pub fn exit_code(&self) -> u8 {
        1
    }

    /// Whether the user has ended the command.
    pub fn is_interrupt(&self) -> bool {
        match self {
            Error::Interrupted => true,
            Error::Step { source, .. } => source.is_interrupt(),
            _ => false,
        }
    }

    /// What to do next.
    pub fn advice(&self) -> Option<String> {
        self.own_advice().or_else(|| advice_of_io(self))
    }

    fn own_advice(&self) -> Option<String> {
        match self {
            Error::Step { source, .. } => source.own_advice(),
            Error::Provider(error) => advice_of_provider(error),
            Error::Box(error) => advice_of_box(error).map(str::to_owned),
            other => other.help().map(|it| it.to_string()),
        }
    }
}

/// What helps where a file system is full.
const MAKE_ROOM: &str =
    "make room on that file system, and run the same command again: it goes on where this one ended";

/// What helps where the file system refused, whoever asked it.
fn advice_of_io(error: &Error) -> Option<String> {
    use std::io::ErrorKind as K;
    let advice = |kind| match kind {
        K::StorageFull | K::QuotaExceeded => Some(MAKE_ROOM),
        K::ReadOnlyFilesystem | K::PermissionDenied => Some(
            "Jaunt keeps machines in the project's `.vagrant` and its own files in JAUNT_HOME: make the folder writable for you, or \
             name others in VAGRANT_DOTFILE_PATH and JAUNT_HOME",
        ),
        _ => None,
    };
    let mut cause = StdError::source(error);
    while let Some(it) = cause {
        if let Some(advice) = it.downcast_ref::<std::io::Error>().and_then(|it| advice(it.kind())) {
            return Some(advice.to_owned());
        }
        cause = it.source();
    }
    None
}

fn advice_of_box(error: &boxes::Error) -> Option<&'static str> {
    use boxes::Error as E;
    Some(match error {
        E::AccessDenied { .. } | E::FetchStatus { status: 401 | 403, .. } => {
            "tell who you are: an account for it in settings.toml (docs/settings.md), `docker login` for a registry, or \
             VAGRANT_CLOUD_TOKEN for Vagrant's server"
        }
        E::AlreadyExists { .. } => "`--force` replaces it",
        E::NameRequired { .. } => "`jaunt box add NAME ADDRESS`, or `--name NAME`, gives it one",
        E::ProviderAmbiguous { .. } => "`--provider` chooses one",
        E::RemoveMultiVersion { .. } => "`--box-version` names one, and `--all` takes them all",
        E::RemoveMultiProvider { .. } => "`--provider` names one, and `--all-providers` takes them all",
        E::RemoveMultiArchitecture { .. } => "`--architecture` names one, and `--all-architectures` takes them all",
        _ => return None,
    })
}

fn advice_of_provider(error: &providers::Error) -> Option<String> {
    use providers::Error as E;
    match error {
        E::NotInstalled { advice, .. } => Some((*advice).to_owned()),
        E::PortTaken { .. } => Some(
            "free the port, choose another `host:` in the Vagrantfile, or let Jaunt choose with `auto_correct: true`"
                .to_owned(),
        ),
        E::NoFreePort { .. } => Some("widen `config.vm.usable_port_range`".to_owned()),
        E::DamagedDisk { .. } => Some(
            "bring the file back from a copy, if you have one. Otherwise what was in the machine is lost: `jaunt destroy` removes it, and \
             `jaunt up` makes a new one"
                .to_owned(),
        ),
        E::UnusableBase { .. } => Some(
            "add the same version of its box again (`jaunt box add --force`): the machine's disk holds only what differs from it. Where that box \
             cannot be had any more, `jaunt destroy` removes the machine"
                .to_owned(),
        ),
        E::NoRoom { .. } => Some(MAKE_ROOM.to_owned()),
        E::Command { stderr: said, .. } | E::Refused { what: said, .. } if said.contains("No space left") => {
            Some(MAKE_ROOM.to_owned())
        }
        E::NoAnswer { .. } => Some("`jaunt halt --force` cuts the machine's power".to_owned()),
        _ => None,
    }
}

//! What is done in a guest so that it becomes the one its Vagrantfile describes: scripts, files, Puppet.
//!
//! Each kind turns its options into a list of [`Action`]s by pure code; [`run`](run::run) carries them out over an open
//! connection. Which provisioners run is decided here, purely too. Nothing here knows a Vagrantfile: options arrive typed, and in
//! the order in which they run.

pub mod file;
pub mod lines;
pub mod puppet;
pub mod run;
pub mod shell;

use std::path::PathBuf;

/// A provisioner of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioner {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// When it runs.
    pub run: Run,
    /// What it does.
    pub task: Task,
}

/// When a provisioner runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// On the first `up`, and when it is asked for.
    Once,
    /// On every `up` and `reload`.
    Always,
    /// Only when it is asked for by name.
    Never,
}

/// What a provisioner does.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Runs a script.
    Shell(shell::Shell),
    /// Copies a file or a folder.
    File(file::File),
    /// Runs `puppet apply`.
    Puppet(puppet::Puppet),
}

/// A step of a provisioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Tells a person what comes now.
    Say(String),
    /// Writes bytes to a path in the guest.
    UploadBytes {
        /// What is written.
        content: Vec<u8>,
        /// Where.
        to: String,
    },
    /// Writes a file of the host to a path in the guest.
    UploadFile {
        /// The file.
        from: PathBuf,
        /// Where.
        to: GuestPath,
    },
    /// Unpacks what is in a folder of the host into one of the guest.
    UploadFolder {
        /// The folder.
        from: PathBuf,
        /// Where it is unpacked.
        to: GuestPath,
    },
    /// Runs a script and shows what it says.
    Script(Script),
}

/// A script of a provisioner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The text for the guest's shell.
    pub text: String,
    /// Whether it runs as root.
    pub as_root: bool,
    /// The exit codes besides 0 that mean success.
    pub also_good: &'static [u32],
    /// The exit codes that mean that something is missing, and how to say so.
    pub refusals: &'static [(u32, Refusal)],
    /// Whether its output brings colours of its own.
    pub keep_color: bool,
    /// What is struck out of its output.
    pub secrets: Vec<String>,
}

/// What keeps a provisioner from being run at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The guest has no Puppet.
    NoPuppet,
    /// A folder that Puppet needs is not in the guest.
    NoFolder,
}

/// A path in the guest, as a person wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestPath(pub String);

impl Provisioner {
    /// The kind, as a Vagrantfile calls it.
    pub fn kind(&self) -> &'static str {
        match self.task {
            Task::Shell(_) => "shell",
            Task::File(_) => "file",
            Task::Puppet(_) => "puppet",
        }
    }

    /// What it is called in messages: `web (shell)`, or `shell`.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.kind()),
            None => self.kind().to_owned(),
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }
}

/// What a command was told about provisioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Nothing: a machine is provisioned once.
    AsUsual,
    /// `--provision`, or the command `provision`: it is provisioned again.
    Again,
    /// `--provision-with`: these names and kinds, whether the machine was provisioned or not.
    Only(&'a [String]),
    /// `--no-provision`.
    Nothing,
}

impl Request<'_> {
    /// Whether the machine counts as provisioned afterwards. It does even where only some of its provisioners were asked for, as in
    /// Vagrant.
    pub fn counts(self) -> bool {
        self != Request::Nothing
    }
}

/// Those that run, in order.
pub fn due<'a>(
    provisioners: &'a [Provisioner],
    request: Request<'_>,
    provisioned_before: bool,
) -> Vec<&'a Provisioner> {
    let is_due = |it: &&Provisioner| match (request, it.run) {
        (Request::Nothing, _) => false,
        (Request::Only(names), Run::Never) => names.iter().any(|name| it.is_called(name)),
        (Request::Only(names), _) => names.iter().any(|name| it.is_called(name) || name == it.kind()),
        (_, Run::Never) => false,
        (Request::Again, _) | (_, Run::Always) => true,
        (Request::AsUsual, Run::Once) => !provisioned_before,
    };
    provisioners.iter().filter(is_due).collect()
}

/// The names of `--provision-with` that neither a provisioner nor a kind has.
pub fn unknown<'a>(provisioners: &[Provisioner], names: &'a [String]) -> Vec<&'a str> {
    const KINDS: [&str; 3] = ["shell", "file", "puppet"];
    let is_known = |name: &str| KINDS.contains(&name) || provisioners.iter().any(|it| it.is_called(name));
    names.iter().map(String::as_str).filter(|it| !is_known(it)).collect()
}

/// Whether the file `action_provision` says that this machine was provisioned. A file without an id is of Vagrant 1.4 and older,
/// which wrote it for the machine beside it.
pub fn was_provisioned(action_provision: Option<&str>, machine_id: &str) -> bool {
    match action_provision.map(|it| it.trim_end().split_once(':')) {
        None => false,
        Some(None) => true,
        Some(Some((version, id))) => version == "1.5" && id == machine_id,
    }
}

/// The content of `action_provision` for a machine that is being provisioned.
pub fn action_provision(machine_id: &str) -> String {
    format!("1.5:{machine_id}")
}

/// The folders of the host that the provisioners need in the guest: they are synced with the machine's own.
pub fn folders(provisioners: &[Provisioner]) -> Vec<puppet::SharedFolder> {
    let mut folders: Vec<puppet::SharedFolder> = Vec::new();
    for provisioner in provisioners {
        if let Task::Puppet(puppet) = &provisioner.task {
            folders.extend(puppet.folders());
        }
    }
    let mut seen = std::collections::HashSet::new();
    folders.retain(|it| seen.insert(it.guest.clone()));
    folders
}

/// A text as one word of a POSIX shell.
fn quote(text: &str) -> String {
    crate::communicators::ssh::shell::quote(text)
}

/// Whether a text is the name of an environment variable.
fn is_variable_name(name: &str) -> bool {
    let starts = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_');
    starts && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// Variables as they stand before a command, a space behind each.
fn assignments<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<String, Error> {
    let mut text = String::new();
    for (name, value) in variables {
        if !is_variable_name(name) {
            return Err(Error::VariableName { name: name.to_owned() });
        }
        text += &format!("{name}={} ", quote(value));
    }
    Ok(text)
}

/// Why a provisioner failed, or could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its script ended with an exit code that does not mean success.
    #[error("the provisioner {title} failed with exit code {code}{}", shown(last_lines))]
    Failed {
        /// What the provisioner is called.
        title: String,
        /// The exit code.
        code: u32,
        /// What it said last.
        last_lines: Vec<String>,
    },

    /// The guest has no Puppet.
    #[error(
        "the guest has no `puppet`: install it in the box, or with a shell provisioner that comes first, as \
         `apt-get install -y puppet-agent`; where it is in an unusual place, set `binary_path`"
    )]
    NoPuppet,

    /// A folder that Puppet needs is not in the guest.
    #[error(
        "{folder} is not in the guest: `reload` the machine, so that it gets the folders of its Puppet provisioner"
    )]
    NoFolder {
        /// The folder, as the guest calls it.
        folder: String,
    },

    /// An environment variable's name cannot be one.
    #[error("{name:?} cannot be the name of an environment variable")]
    VariableName {
        /// The name.
        name: String,
    },

    /// A Puppet environment's name cannot be one.
    #[error("{name:?} cannot be the name of a Puppet environment: letters, digits and underscores are")]
    EnvironmentName {
        /// The name.
        name: String,
    },

    /// A file of the host could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },

    /// A script could not be downloaded.
    #[error("cannot download the script {}", boxes::shown_address(url))]
    Fetch {
        /// Where it was to come from; it may hold a password, and is shown without.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// A file could not be written in the guest.
    #[error("cannot write {to} in the guest as the login user (exit code {code}): {said}")]
    Write {
        /// The path in the guest.
        to: String,
        /// The exit code.
        code: u32,
        /// What the guest said.
        said: String,
    },

    /// A path could not be made out by the guest's shell.
    #[error("the guest's shell cannot make a path of {path:?}: {said}")]
    Path {
        /// The path.
        path: String,
        /// What the guest said.
        said: String,
    },

    /// A folder of the host could not be packed.
    #[error("cannot send a folder into the guest")]
    Folder(#[from] synced_folders::Error),

    /// The connection failed.
    #[error("the connection to the guest failed")]
    Communicator(#[from] crate::communicators::Error),
}

/// The last lines, as they follow a message.
fn shown(lines: &[String]) -> String {
    match lines {
        [] => String::new(),
        lines => format!("; its last lines:\n{}", lines.join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn provisioner(name: Option<&str>, run: Run) -> Provisioner {
        let task = Task::File(file::File {
            source: "/a".into(),
            written_source: "a".to_owned(),
            destination: "/b".to_owned(),
        });
        Provisioner {
            name: name.map(str::to_owned),
            run,
            task,
        }
    }

    fn check(request: Request<'_>, provisioned_before: bool, expected: Expect) {
        let provisioners = [
            provisioner(Some("first"), Run::Once),
            provisioner(None, Run::Always),
            provisioner(Some("rare"), Run::Never),
        ];
        let titles: Vec<_> = due(&provisioners, request, provisioned_before)
            .iter()
            .map(|it| it.title())
            .collect();
        expected.assert_eq(&titles.join(", "));
    }

    #[test]
    fn the_first_up_runs_all_but_those_that_never_run() {
        check(Request::AsUsual, false, expect!["first (file), file"]);
    }

    #[test]
    fn a_later_up_runs_those_that_always_run() {
        check(Request::AsUsual, true, expect!["file"]);
        check(Request::Again, true, expect!["first (file), file"]);
    }

    #[test]
    fn names_and_kinds_are_asked_for_and_what_never_runs_only_by_name() {
        check(Request::Only(&["file".to_owned()]), true, expect!["first (file), file"]);
        check(Request::Only(&["rare".to_owned()]), true, expect!["rare (file)"]);
        check(Request::Only(&["first".to_owned()]), false, expect!["first (file)"]);
    }

    #[test]
    fn no_provision_runs_nothing() {
        check(Request::Nothing, false, expect![""]);
    }

    #[test]
    fn a_machine_counts_as_provisioned_unless_nothing_was_to_run() {
        assert!(Request::AsUsual.counts() && Request::Again.counts());
        assert!(Request::Only(&["first".to_owned()]).counts());
        assert!(!Request::Nothing.counts());
    }

    #[test]
    fn a_machine_is_provisioned_if_the_file_says_so_of_it() {
        assert!(!was_provisioned(None, "id"));
        assert!(was_provisioned(Some("1.5:id\n"), "id"));
        assert!(!was_provisioned(Some("1.5:another"), "id"));
        assert!(was_provisioned(Some("1.4"), "id"));
        assert!(was_provisioned(Some(&action_provision("id:x")), "id:x"));
    }

    #[test]
    fn an_error_does_not_tell_what_is_secret_in_a_url() {
        let error = Error::Fetch {
            url: "https://me:secret@example.com/a.sh?token=secret".to_owned(),
            source: "no route".into(),
        };
        assert_eq!(error.to_string(), "cannot download the script https://example.com/a.sh");
    }

    #[test]
    fn names_that_nothing_has_are_found() {
        let provisioners = [provisioner(Some("first"), Run::Once)];
        let names = ["first".to_owned(), "puppet".to_owned(), "frist".to_owned()];
        assert_eq!(unknown(&provisioners, &names), ["frist"]);
    }
}

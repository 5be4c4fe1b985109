//! A project: where its Vagrantfile is, what that file defines, and the machines by the names that users give.
//!
//! **Invariant:** opening a project reads. What a Vagrantfile wants to do beyond that is decided in [`host`].

mod commands;
mod host;
mod indexed;
mod sockets;
mod survey;
mod targets;
mod trust;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vagrantfile::host::Code;
use vagrantfile::{Cancellation, FileId, MachineDefinition, Plugins, Role, Session, Settings};

pub use indexed::{IndexedMachine, Standing};
pub use survey::Survey;
pub use targets::{Target, Wish};
pub use trust::TRUST_ADVICE;
use trust::Trust;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::options;
use host::ProcessHost;
pub use host::Repeated;

/// The names that a Vagrantfile may have, in the order in which they are looked for.
const FILE_NAMES: [&str; 4] = ["Vagrantfile", "vagrantfile", "Vagrantfile.lua", "Vagrantfile.toml"];

/// A project whose files have been read.
pub struct Project {
    /// The folder of the Vagrantfile.
    pub root: PathBuf,
    /// The Vagrantfile.
    pub vagrantfile: PathBuf,
    /// The folder with the machines' state.
    pub dot_vagrant: PathBuf,
    /// The machines that the files define.
    pub definitions: Vec<MachineDefinition>,
    /// Their names.
    pub names: Arc<[String]>,
    session: Session,
    trust: Arc<Trust>,
    home_path: Option<PathBuf>,
    home_file: Option<FileId>,
    project_file: FileId,
}

impl Project {
    /// Finds and reads the project of the working folder, or of a folder above it.
    pub fn find(context: &Context) -> Result<Self> {
        let vagrantfile = Self::vagrantfile(context)?;
        let root = vagrantfile.parent().unwrap_or(Path::new("/"));
        let named = context.environment.variable("VAGRANT_DOTFILE_PATH");
        let dot_vagrant = root.join(named.map_or_else(|| PathBuf::from(".vagrant"), PathBuf::from));
        Self::open(context, vagrantfile, dot_vagrant)
    }

    /// The Vagrantfile of the working folder, or of a folder above it; it is not read.
    pub fn vagrantfile(context: &Context) -> Result<PathBuf> {
        let named = context.environment.variable("VAGRANT_VAGRANTFILE").map(PathBuf::from);
        find_upwards(&context.environment.working_folder(), named.as_deref())
    }

    /// The Vagrantfile in a folder, where it is one.
    fn vagrantfile_in(folder: &Path) -> Option<PathBuf> {
        let mut found = FILE_NAMES.iter().map(|it| folder.join(it)).filter(|it| it.is_file());
        let first = found.next()?;
        found.all(|it| same_file(&first, &it)).then_some(first)
    }

    /// Reads the project of a Vagrantfile, whose machines' state is in a folder.
    pub fn open(context: &Context, vagrantfile: PathBuf, dot_vagrant: PathBuf) -> Result<Self> {
        let trust = Arc::new(Trust::new(context));
        let host = ProcessHost::new(context, &vagrantfile, &trust);
        Self::read(context, vagrantfile, dot_vagrant, host, trust)
    }

    fn read(
        context: &Context,
        vagrantfile: PathBuf,
        dot_vagrant: PathBuf,
        host: ProcessHost,
        trust: Arc<Trust>,
    ) -> Result<Self> {
        let root = vagrantfile.parent().unwrap_or(Path::new("/")).to_owned();
        let session = Session::new(Box::new(host), settings(context))?;
        let home_path = context.home.vagrantfile();
        let home_file = home_path.as_ref().map(|it| session.load(it, Role::Home)).transpose();
        let (home_file, project_file) = both(home_file, session.load(&vagrantfile, Role::Project))?;
        let files: Vec<FileId> = home_file.into_iter().chain([project_file]).collect();
        let definitions = session.machines(&files)?;
        trust.keep(&session.code()?);
        Ok(Self {
            root,
            vagrantfile,
            dot_vagrant,
            names: definitions.iter().map(|it| it.name.clone()).collect(),
            definitions,
            session,
            trust,
            home_path,
            home_file,
            project_file,
        })
    }

    /// Whether a file has one of the names that are looked for.
    pub fn is_vagrantfile(path: &Path) -> bool {
        let name = path.file_name().and_then(|it| it.to_str());
        name.is_some_and(|it| FILE_NAMES.contains(&it))
    }

    /// A session in which nothing is read yet, for one of several readings of a Vagrantfile by itself.
    pub fn session(
        context: &Context,
        vagrantfile: &Path,
        repeated: &Arc<Repeated>,
    ) -> vagrantfile::report::Result<Session> {
        let trust = Arc::new(Trust::new(context));
        let host = ProcessHost::new(context, vagrantfile, &trust).repeated(repeated);
        Session::new(Box::new(host), settings(context))
    }

    /// What the files say of a machine, lowest layer first: the box's file, the user's, the project's, the machine's, and the
    /// overrides of a provider's blocks.
    pub fn layers(
        &self,
        machine: &str,
        provider: &str,
        box_file: Option<&Path>,
    ) -> Result<Vec<vagrantfile::layer::Layer>> {
        let box_file = box_file.map(|it| self.session.load(it, Role::Box)).transpose()?;
        let files: Vec<FileId> = box_file
            .into_iter()
            .chain(self.home_file)
            .chain([self.project_file])
            .collect();
        let layers = self.session.layers(&files, machine, provider)?;
        if self.trust.was_asked() {
            self.trust.keep(&self.session.code()?);
        }
        Ok(layers)
    }

    /// An environment variable, which the files may have set.
    pub fn variable(&self, name: &str) -> Result<Option<String>> {
        Ok(self.session.variable(name)?)
    }

    /// The files whose settings may not reach this computer: those of all Vagrantfiles that are not trusted as they were read. The user's
    /// own and the project's share an interpreter, and so its mistrust.
    pub fn untrusted_code(&self) -> Result<Vec<Code>> {
        let code = self.session.code()?;
        let strangers = self.trust.strangers(&code);
        let is_own = |it: &Path| it == self.vagrantfile || self.home_path.as_deref() == Some(it);
        let own_too = strangers.iter().any(|it| is_own(it));
        let is_strange = |it: &Code| strangers.contains(&it.vagrantfile) || (own_too && is_own(&it.vagrantfile));
        Ok(code.into_iter().filter(is_strange).collect())
    }

    /// The Vagrantfile's name, where it is not the usual one.
    pub fn unusual_file_name(&self) -> Option<String> {
        let name = self.vagrantfile.file_name()?.to_string_lossy().into_owned();
        (name != FILE_NAMES[0]).then_some(name)
    }
}

/// Both outcomes, or the mistakes of both.
fn both<A, B>(
    one: vagrantfile::report::Result<A>,
    other: vagrantfile::report::Result<B>,
) -> vagrantfile::report::Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(mut report), Err(other)) => {
            report.mistakes.extend(other.mistakes);
            Err(report)
        }
        (Err(report), Ok(_)) | (Ok(_), Err(report)) => Err(report),
    }
}

/// How the project's files are read; a raised interrupt ends it.
pub fn settings(context: &Context) -> Settings {
    Settings {
        cancellation: {
            let interrupt = context.interrupt.clone();
            Cancellation::when(move || interrupt.is_raised())
        },
        ..options::settings(assumed_plugins(context))
    }
}

/// The plugins that count as installed.
pub fn assumed_plugins(context: &Context) -> Plugins {
    Plugins::parse(context.environment.text("JAUNT_ASSUME_PLUGINS").as_deref())
}

fn find_upwards(start: &Path, named: Option<&Path>) -> Result<PathBuf> {
    for folder in start.ancestors() {
        let found = match named {
            Some(name) => vec![folder.join(name)],
            None => FILE_NAMES.iter().map(|it| folder.join(it)).collect(),
        };
        let found: Vec<PathBuf> = found.into_iter().filter(|it| it.is_file()).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one.clone()),
            // A file system that does not tell capitals from small letters shows the same file under two names.
            [first, second] if same_file(first, second) => return Ok(first.clone()),
            several => return Err(several_files(folder, several)),
        }
    }
    let folder = start.to_owned();
    Err(match named {
        Some(name) => Error::NoNamedVagrantfile {
            folder,
            name: name.display().to_string(),
        },
        None => Error::NoVagrantfile { folder },
    })
}

fn same_file(first: &Path, second: &Path) -> bool {
    matches!((std::fs::canonicalize(first), std::fs::canonicalize(second)), (Ok(first), Ok(second)) if first == second)
}

fn several_files(folder: &Path, files: &[PathBuf]) -> Error {
    let names = files
        .iter()
        .filter_map(|it| it.file_name())
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    Error::SeveralVagrantfiles {
        folder: folder.to_owned(),
        names,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vagrantfile_of_a_folder_above_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(folder.path().join("Vagrantfile"), "").unwrap();

        assert_eq!(find_upwards(&deep, None).unwrap(), folder.path().join("Vagrantfile"));
        std::fs::write(folder.path().join("a/Vagrantfile.lua"), "").unwrap();
        assert_eq!(
            find_upwards(&deep, None).unwrap(),
            folder.path().join("a/Vagrantfile.lua")
        );
        std::fs::write(folder.path().join("a/Vagrantfile.toml"), "").unwrap();
        let error = find_upwards(&deep, None).unwrap_err();
        assert!(
            error.to_string().contains("Vagrantfile.lua, Vagrantfile.toml"),
            "{error}"
        );
        let named = find_upwards(&deep, Some(Path::new("Vagrantfile"))).unwrap();
        assert_eq!(named, folder.path().join("Vagrantfile"));
    }
}

//! Reading a project's Vagrantfiles: [`Session`].
//!
//! A session keeps the languages on a thread of its own, with a large stack, and answers questions: which machines there are, what
//! the layers of one of them are, what a block returns. It knows nothing of defaults, of merging, or of which provider is chosen.
//!
//! **Invariant:** every file and every block of `Vagrant.configure`, of a machine and of an override runs at most once; the block of
//! a provider runs once for each [`Session::layers`]. A box's file has interpreters of its own: nothing that it defines or changes is
//! seen by the project's.

use crate::cancellation::Cancellation;
use crate::host::{Code, Domain, Host, World};
use crate::language::{self, Argument, Configure, Language, Shared};
use crate::layer::{Layer, Origin, Value};
use crate::model::{BlockId, Defined, LanguageName, Model, ObjectId, Options, Owner};
use crate::plugins::Plugins;
use crate::report::{Report, Result};
use schema::Descriptor;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// How a session reads.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The options of the core. A namespace without any accepts everything.
    pub options: Vec<&'static [Descriptor]>,
    /// The options of providers, provisioners and the like, by the names of these.
    pub owned: Vec<(&'static str, &'static [Descriptor])>,
    /// What `Vagrant.has_plugin?` answers.
    pub plugins: Plugins,
    /// `ARGV`.
    pub arguments: Vec<String>,
    /// How much a file may use before it is stopped.
    pub limits: Limits,
    /// What stops it before its end.
    pub cancellation: Cancellation,
}

/// How much the files of a session may use together.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Steps of evaluation.
    pub steps: u64,
    /// Bytes that values take.
    pub memory: usize,
    /// Bytes of stack.
    pub stack: usize,
}

/// Which of a machine's files it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one that came with the box.
    Box,
    /// The user's own, for all projects.
    Home,
    /// The project's.
    Project,
}

/// A file that was loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FileId(usize);

/// A machine as the files define it.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineDefinition {
    /// Its name.
    pub name: String,
    /// Whether commands that take one machine mean this one.
    pub primary: bool,
    /// Whether `up` without a name starts it.
    pub autostart: bool,
    /// Where it was first defined; `None` for the machine that is there when none is defined.
    pub origin: Option<Origin>,
}

/// An argument of a block that is called from outside.
pub type BlockArgument = Value;

/// An open set of Vagrantfiles.
pub struct Session {
    requests: mpsc::Sender<Request>,
    cancellation: Cancellation,
    /// The thread did not stop when it was asked to: nothing more is asked of it.
    is_lost: AtomicBool,
}

type Request = Box<dyn FnOnce(&mut Worker) + Send>;

/// How long the languages have for stopping in order when the user wants it.
const PATIENCE: Duration = Duration::from_secs(1);

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 30_000_000,
            memory: 512 << 20,
            stack: 256 << 20,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            options: Vec::new(),
            owned: Vec::new(),
            plugins: Plugins::BuiltIn,
            arguments: vec!["status".to_owned()],
            limits: Limits::default(),
            cancellation: Cancellation::default(),
        }
    }
}

impl Settings {
    /// A method of a provider, a provisioner or the like: its name and those of its positional arguments. Where nobody describes the
    /// owner, a name counts for what it is with others.
    pub fn method(&self, owner: &str, name: &str) -> Option<(&'static str, &'static [&'static str])> {
        let is_described = self.owned.iter().any(|(it, _)| *it == owner);
        let mut options = self
            .owned
            .iter()
            .filter(|(it, _)| *it == owner || !is_described)
            .flat_map(|(_, options)| options.iter());
        options.find_map(|it| match it.form {
            schema::Form::Call { positional } if it.path == name => Some((it.path, positional)),
            _ => None,
        })
    }
}

impl Session {
    /// Opens a session; nothing is read yet.
    pub fn new(host: Box<dyn Host>, settings: Settings) -> Result<Self> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let stack = settings.limits.stack;
        let cancellation = settings.cancellation.clone();
        let work = move || {
            let mut worker = Worker::new(host, settings);
            while let Ok(request) = inbox.recv() {
                request(&mut worker);
            }
            drop(worker);
            crate::ruby::bury_classes();
        };
        let started = thread::Builder::new()
            .name("vagrantfile".to_owned())
            .stack_size(stack)
            .spawn(work);
        match started {
            Ok(_) => Ok(Self {
                requests,
                cancellation,
                is_lost: AtomicBool::new(false),
            }),
            Err(error) => Err(Report::without_place(format!(
                "cannot start a thread for reading Vagrantfiles: {error}"
            ))),
        }
    }

    /// Runs a file, once; its language is known by its extension. What it hands to `Vagrant.configure` runs later.
    pub fn load(&self, path: &Path, role: Role) -> Result<FileId> {
        let path = path.to_owned();
        self.ask(move |worker| worker.load(&path, role))
    }

    /// The machines that the files define, in the order of their definition.
    pub fn machines(&self, files: &[FileId]) -> Result<Vec<MachineDefinition>> {
        let files = files.to_owned();
        self.ask(move |worker| worker.machines(&files))
    }

    /// What the files say of one machine under one provider: a layer for each block of `Vagrant.configure`, in the order of the files,
    /// then the machine's own, then the provider's overrides. A later layer stands over an earlier one.
    pub fn layers(&self, files: &[FileId], machine: &str, provider: &str) -> Result<Vec<Layer>> {
        let (files, machine, provider) = (files.to_owned(), machine.to_owned(), provider.to_owned());
        self.ask(move |worker| worker.layers(&files, &machine, &provider))
    }

    /// Calls a block that left in a layer.
    pub fn call(&self, block: u32, arguments: Vec<BlockArgument>) -> Result<Value> {
        self.ask(move |worker| worker.call(BlockId(block), arguments))
    }

    /// An environment variable as the user's own file and the project's have left it.
    pub fn variable(&self, name: &str) -> Result<Option<String>> {
        let name = name.to_owned();
        self.ask(move |worker| Ok(worker.shared.world.borrow().variable_of_the_project(&name)))
    }

    /// All texts that were run so far, of all files.
    pub fn code(&self) -> Result<Vec<Code>> {
        self.ask(|worker| Ok(worker.shared.world.borrow().code()))
    }

    fn ask<T: Send + 'static>(&self, question: impl FnOnce(&mut Worker) -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, inbox) = mpsc::sync_channel(1);
        let request = move |worker: &mut Worker| drop(answer.send(question(worker)));
        if self.is_lost.load(Ordering::Relaxed) {
            return Err(interrupted());
        }
        if self.requests.send(Box::new(request)).is_err() {
            return Err(stopped());
        }
        loop {
            // What runs in a library that does not count is not waited for.
            match inbox.recv_timeout(PATIENCE) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) if !self.cancellation.is_cancelled() => {}
                Err(RecvTimeoutError::Timeout) => {
                    self.is_lost.store(true, Ordering::Relaxed);
                    return Err(interrupted());
                }
                Err(RecvTimeoutError::Disconnected) => return Err(stopped()),
            }
        }
    }
}

fn interrupted() -> Report {
    Report::without_place("reading was interrupted")
}

fn stopped() -> Report {
    Report::without_place("the reader of Vagrantfiles stopped unexpectedly; this is a fault of ours")
}

impl Drop for Session {
    /// What files left for the end (`at_exit`) runs before the program goes on to end.
    fn drop(&mut self) {
        let _ = self.ask(|worker| {
            worker.finish();
            Ok(())
        });
    }
}

/// The thread's own state.
struct Worker {
    shared: Rc<Shared>,
    languages: Vec<Running>,
    files: Vec<File>,
    /// What a block recorded when it ran.
    roots: HashMap<BlockId, ObjectId>,
    /// The providers' blocks that have run before.
    settled: HashSet<BlockId>,
}

/// A language that was started.
struct Running {
    name: LanguageName,
    domain: Domain,
    language: Box<dyn Language>,
}

#[derive(Clone)]
struct File {
    path: Arc<Path>,
    role: Role,
    configures: Vec<Configure>,
}

impl Worker {
    fn new(host: Box<dyn Host>, settings: Settings) -> Self {
        let model = RefCell::new(Model::new(Options::new(&settings.options, &settings.owned)));
        let world = RefCell::new(World::new(host));
        let shared = Rc::new(Shared {
            model,
            world,
            settings,
            mistakes: RefCell::default(),
        });
        Self {
            shared,
            languages: Vec::new(),
            files: Vec::new(),
            roots: HashMap::new(),
            settled: HashSet::new(),
        }
    }

    fn load(&mut self, path: &Path, role: Role) -> Result<FileId> {
        let path: Arc<Path> = self.shared.world.borrow().absolute(path).into();
        if let Some(index) = self.files.iter().position(|it| it.path == path && it.role == role) {
            return Ok(FileId(index));
        }
        let id = FileId(self.files.len());
        let name = language::language_of(&path);
        let configures = Vec::new();
        self.files.push(File {
            path: path.clone(),
            role,
            configures,
        });
        let loaded = self.language(name, id)?.load(&path);
        match loaded {
            Ok(configures) => {
                self.files[id.0].configures = configures;
                Ok(id)
            }
            Err(report) => {
                self.files.pop();
                Err(report)
            }
        }
    }

    fn machines(&mut self, files: &[FileId]) -> Result<Vec<MachineDefinition>> {
        let defined = self.defined(files, |_| true)?;
        if defined.is_empty() {
            let name = "default".to_owned();
            return Ok(vec![MachineDefinition {
                name,
                primary: true,
                autostart: true,
                origin: None,
            }]);
        }
        let only = defined.len() == 1;
        let mut machines: Vec<_> = defined.into_iter().map(definition).collect();
        // Where two say that they are the primary one, Vagrant takes the first.
        let primary = if only {
            Some(0)
        } else {
            machines.iter().position(|it| it.primary)
        };
        for (index, machine) in machines.iter_mut().enumerate() {
            machine.primary = Some(index) == primary;
        }
        Ok(machines)
    }

    fn layers(&mut self, files: &[FileId], machine: &str, provider: &str) -> Result<Vec<Layer>> {
        let mut parts = Vec::new();
        for file in self.files_of(files) {
            let name = file.name();
            for configure in &file.configures {
                parts.push((name.clone(), self.root(configure.block, configure.is_version_one)?));
            }
        }
        for defined in self.defined(files, |name| name == machine)? {
            for &block in &defined.blocks {
                parts.push((format!("machine {machine}"), self.root(block, defined.is_version_one)?));
            }
        }
        let blocks: Vec<_> = parts
            .iter()
            .flat_map(|(_, it)| self.shared.model.borrow().provider_blocks(*it))
            .collect();
        for block in blocks.iter().filter(|it| it.overrides && it.provider == provider) {
            parts.push((
                format!("override of {provider}"),
                self.override_root(block.block, provider)?,
            ));
        }
        let mut bodies = Vec::new();
        for (_, root) in &parts {
            bodies.push(self.run_providers(*root)?);
        }
        let model = self.shared.model.borrow();
        let layer = |((name, root), bodies): ((String, ObjectId), Vec<ObjectId>)| Layer {
            name,
            entries: model.layer(root, &bodies),
            mistakes: Vec::new(),
        };
        let mut layers: Vec<Layer> = parts.into_iter().zip(bodies).map(layer).collect();
        if let Some(first) = layers.first_mut() {
            first.mistakes.clone_from(&self.shared.mistakes.borrow());
        }
        Ok(layers)
    }

    fn call(&mut self, block: BlockId, arguments: Vec<BlockArgument>) -> Result<Value> {
        let arguments: Vec<_> = arguments.into_iter().map(Argument::Value).collect();
        self.run(block, &arguments)
    }

    fn finish(&mut self) {
        let file = |it: &Running| self.files.iter().find(|file| file.domain() == it.domain).cloned();
        let files: Vec<_> = self.languages.iter().map(file).collect();
        for (running, file) in self.languages.iter_mut().zip(files) {
            if let Some(file) = file {
                self.shared.world.borrow_mut().enter(&running.domain, &file.path);
            }
            running.language.finish();
        }
    }

    /// Runs the blocks of a root's providers; returns what each of them filled.
    fn run_providers(&mut self, root: ObjectId) -> Result<Vec<ObjectId>> {
        let blocks = self.shared.model.borrow().provider_blocks(root);
        let mut bodies = Vec::new();
        for block in blocks {
            // Such a block may speak to the objects around it. Vagrant reads a machine's configuration twice, and keeps what the
            // first reading left in them: what the block said when it ran then, and nothing of a block that came with the second.
            if !self.settled.insert(block.block) || block.late {
                self.shared.model.borrow_mut().seal();
            }
            let body = self.shared.model.borrow_mut().open(Owner::Provider(block.provider));
            let mut arguments = vec![Argument::Object(body)];
            if block.overrides {
                arguments.push(Argument::Object(self.shared.model.borrow_mut().open(Owner::Discarded)));
            }
            let result = self.run(block.block, &arguments);
            self.shared.model.borrow_mut().unseal();
            result?;
            bodies.push(body);
        }
        Ok(bodies)
    }

    /// What a block of `Vagrant.configure` or of a machine recorded; it runs when it is asked for the first time.
    fn root(&mut self, block: BlockId, is_version_one: bool) -> Result<ObjectId> {
        if let Some(root) = self.roots.get(&block) {
            return Ok(*root);
        }
        let root = match is_version_one {
            true => self.shared.model.borrow_mut().open_version_one(),
            false => self.shared.model.borrow_mut().open(Owner::Root),
        };
        self.run(block, &[Argument::Object(root)])?;
        self.shared.model.borrow_mut().fill(root);
        self.roots.insert(block, root);
        Ok(root)
    }

    fn override_root(&mut self, block: BlockId, provider: &str) -> Result<ObjectId> {
        if let Some(root) = self.roots.get(&block) {
            return Ok(*root);
        }
        let body = self
            .shared
            .model
            .borrow_mut()
            .open(Owner::Provider(provider.to_owned()));
        let root = self.shared.model.borrow_mut().open(Owner::Root);
        self.run(block, &[Argument::Object(body), Argument::Object(root)])?;
        self.roots.insert(block, root);
        Ok(root)
    }

    /// The machines of all files whose name is wanted; one that several files define is one machine.
    fn defined(&mut self, files: &[FileId], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Defined>> {
        let mut all: Vec<Defined> = Vec::new();
        for file in self.files_of(files) {
            for configure in &file.configures {
                let root = self.root(configure.block, configure.is_version_one)?;
                let model = self.shared.model.borrow();
                for defined in model.defined(root).iter().filter(|it| is_wanted(&it.name)) {
                    unite(&mut all, defined.clone());
                }
            }
        }
        Ok(all)
    }

    fn files_of(&self, files: &[FileId]) -> Vec<File> {
        files.iter().filter_map(|it| self.files.get(it.0).cloned()).collect()
    }

    fn run(&mut self, block: BlockId, arguments: &[Argument]) -> Result<Value> {
        let Some((name, file)) = self.shared.model.borrow().owner_of(block) else {
            return Err(Report::without_place(format!(
                "there is no block {} in this session",
                block.0
            )));
        };
        Ok(self.language(name, file)?.run(block, arguments)?.snapshot())
    }

    /// The language in which a file goes on; the world and the model know from now on that it does.
    fn language(&mut self, name: LanguageName, file: FileId) -> Result<&mut Box<dyn Language>> {
        let domain = self.files[file.0].domain();
        self.shared.world.borrow_mut().enter(&domain, &self.files[file.0].path);
        self.shared.model.borrow_mut().speak_for(file);
        let same = |it: &Running| it.name == name && it.domain == domain;
        let index = match self.languages.iter().position(same) {
            Some(index) => index,
            None => {
                let missing = || Report::without_place(format!("{name:?} is not supported in this build"));
                let language = language::start(name, &self.shared).ok_or_else(missing)?;
                self.languages.push(Running { name, domain, language });
                self.languages.len() - 1
            }
        };
        Ok(&mut self.languages[index].language)
    }
}

impl File {
    fn domain(&self) -> Domain {
        match self.role {
            Role::Box => Domain::Box(self.path.clone()),
            Role::Home | Role::Project => Domain::Project,
        }
    }

    /// What the file is called in messages.
    fn name(&self) -> String {
        match self.role {
            Role::Box => "the box".to_owned(),
            Role::Home => "the user's Vagrantfile".to_owned(),
            Role::Project => self
                .path
                .file_name()
                .map_or_else(String::new, |it| it.to_string_lossy().into_owned()),
        }
    }
}

fn definition(defined: Defined) -> MachineDefinition {
    let option = |name: &str| {
        defined
            .options
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    let is_true = |value: &Value| !matches!(value, Value::Nil | Value::Boolean(false));
    MachineDefinition {
        primary: option("primary").is_some_and(is_true),
        autostart: option("autostart").is_none_or(is_true),
        origin: Some(defined.origin),
        name: defined.name,
    }
}

fn unite(all: &mut Vec<Defined>, new: Defined) {
    match all.iter_mut().find(|it| it.name == new.name) {
        Some(machine) => {
            machine
                .options
                .retain(|(key, _)| !new.options.iter().any(|(other, _)| other == key));
            machine.options.extend(new.options);
            machine.blocks.extend(new.blocks);
        }
        None => all.push(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::MemoryHost;

    #[test]
    fn a_reading_that_does_not_stop_is_not_waited_for() {
        // The user wants it to stop; the languages ask, and never get their answer.
        let hangs = || thread::current().name() == Some("vagrantfile");
        let cancellation = Cancellation::when(move || {
            while hangs() {
                thread::park();
            }
            true
        });
        for name in ["Vagrantfile", "Vagrantfile.lua"] {
            let host = MemoryHost::default().with_file(name, "while true do end");
            let settings = Settings {
                cancellation: cancellation.clone(),
                ..Settings::default()
            };
            let session = Session::new(Box::new(host), settings).expect("a thread starts");

            for _ in 0..2 {
                let report = session.load(&Path::new("/project").join(name), Role::Project);
                assert_eq!(report.unwrap_err().to_string(), "reading was interrupted");
            }
        }
    }
}

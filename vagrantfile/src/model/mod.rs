//! The live configuration: the objects that a Vagrantfile sees as `config`, `config.vm`, `vb`, `puppet` or `trigger`.
//!
//! A [`Model`] knows no language. A language (Ruby, Lua, TOML) drives it in four ways and hands everything else to it as plain data:
//!
//! - [`Model::get`] reads `object.name`: a value, a further object (`config.vm`, or anything below a namespace that nobody
//!   knows), or Vagrant's marker for what is unset;
//! - [`Model::set`] assigns `object.name = value`; [`Model::replace`] puts a value where an object stands (`vb.vmx["a"] = 1`);
//! - [`Model::call`] calls `object.name(positional, named) { block }` and says what becomes of the block ([`Outcome`]): `Done`
//!   (there was none, or the model kept it for later), or `Run(object)`: the language runs it now with that object as its argument;
//! - [`Model::keep_block`] gives a block of the language a number. The language keeps the block itself under that number and
//!   runs it when the session asks (`Language::run`): the blocks of `Vagrant.configure`, of machines and of providers.
//!
//! Values are [`Datum`]s: plain ones, or *live* ones that stay the language's own (a list that the file goes on filling after
//! it was assigned). A live one is read once, when the layer is made ([`Model::layer`]).
//!
//! **Invariant:** an object never changes what another run recorded: each `Vagrant.configure` block has a root of its own.

mod calls;
mod datum;
mod libvirt;
mod lists;
mod options;
mod signature;
mod version_one;

pub use datum::{Arguments, Datum, Live};
pub use options::Options;
pub use signature::Signature;

use crate::layer::{Call, Entry, Origin, Setting, Value};
use crate::session::FileId;
use std::collections::{BTreeMap, HashMap};

/// The objects of all runs of a session.
pub struct Model {
    options: Options,
    records: Vec<Record>,
    objects: Vec<Object>,
    blocks: Vec<Block>,
    /// Records before this one are closed.
    sealed: usize,
    /// The Vagrantfile that runs.
    speaker: FileId,
    /// How much was said to all objects.
    said: usize,
}

/// How much may be said to all objects, and how many of these a file may hold: a loop that never ends must not take all memory.
const MOST: usize = 500_000;

/// How many machines a file may define.
const MOST_MACHINES: usize = 10_000;

/// An object that a Vagrantfile holds: `config`, `config.vm`, `vb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectId(u32);

/// A block of one of the languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlockId(pub u32);

/// The languages, as owners of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LanguageName {
    /// Ruby.
    Ruby,
    /// Lua.
    Lua,
    /// TOML.
    Toml,
}

/// What stands behind a name.
#[derive(Clone)]
pub enum Reading {
    /// A value; `Value::Unset` for what nobody set.
    Value(Datum),
    /// A further object.
    Object(ObjectId),
    /// A further object below a name that nobody knows. The language tells [`Model::note_reading`] where it was read.
    Unknown(ObjectId),
    /// An empty collection that a file fills in place. The language makes one of its own and assigns it with [`Model::adopt`].
    Collection(Value),
}

/// What a call did, and what becomes of its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The call is complete.
    Done,
    /// The language runs the block now, with this object as its argument.
    Run(ObjectId),
    /// The call was a reading after all: nothing was recorded, and this object stands for what it returns.
    Object(ObjectId),
}

/// Why the model refuses an access.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A call that cannot mean anything.
    #[error("{0}")]
    Arguments(String),
    /// A network in the words of configuration version 1, which Vagrant's own translation refuses since Ruby 3.
    #[error(
        "cannot translate config.{0} of configuration version 1, nor can Vagrant: write config.vm.network in Vagrant.configure(\"2\")"
    )]
    NetworkOfVersionOne(String),
    /// Something that only configuration version 2 has.
    #[error("configuration version 1 has no config.{0}: write Vagrant.configure(\"2\") for it")]
    NotInVersionOne(String),
    /// More than anybody means.
    #[error("the files configure more than {MOST} things; look for a loop that never stops")]
    TooMuch,
    /// More machines than anybody has.
    #[error("the file defines more than {MOST_MACHINES} machines; look for a loop that never stops")]
    TooManyMachines,
}

/// A machine that a file defines, as far as one run knows it.
#[derive(Clone)]
pub struct Defined {
    /// Its name.
    pub name: String,
    /// `primary:`, `autostart:` and the like.
    pub options: Vec<(String, Value)>,
    /// Its blocks, in order.
    pub blocks: Vec<BlockId>,
    /// Whether the blocks speak configuration version 1.
    pub is_version_one: bool,
    /// Where it was first defined.
    pub origin: Origin,
}

/// The block of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderBlock {
    /// The provider's name.
    pub provider: String,
    /// The block.
    pub block: BlockId,
    /// Whether it takes a second argument, the override.
    pub overrides: bool,
    /// Whether the object was already filled when another one's block added this to it.
    pub late: bool,
}

struct Object {
    record: usize,
    prefix: String,
}

struct Block {
    language: LanguageName,
    file: FileId,
    arity: i32,
}

/// What one block did to one object: the log of a root, or of a provider, a provisioner, a trigger.
struct Record {
    owner: Owner,
    lines: Vec<Line>,
    attributes: HashMap<String, usize>,
    defined: Vec<Defined>,
    /// Where among these a name stands.
    machines: HashMap<String, usize>,
    /// Names that nobody knows and that were read, with where.
    unknown: BTreeMap<String, Origin>,
    is_version_one: bool,
    is_filled: bool,
}

/// Whose record it is; the text is the name of the provider, the type of the provisioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// `config`.
    Root,
    /// A provider's block.
    Provider(String),
    /// A provisioner's block.
    Provisioner(String),
    /// Any other block: a trigger's, a plugin's.
    Body(String),
    /// What is recorded here is thrown away: the override while the provider's own block runs.
    Discarded,
}

#[derive(Clone)]
struct Line {
    path: String,
    what: What,
    origin: Origin,
}

#[derive(Clone)]
enum What {
    Assign(Datum),
    /// A collection that was only read so far; it counts once something is in it.
    Adopted(Datum),
    Call {
        positional: Vec<Datum>,
        named: Vec<(String, Datum)>,
        body: Option<usize>,
        deferred: Option<ProviderBlock>,
    },
}

impl Model {
    /// An empty model that knows these options.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            records: Vec::new(),
            objects: Vec::new(),
            blocks: Vec::new(),
            speaker: FileId::default(),
            said: 0,
            sealed: 0,
        }
    }

    /// A fresh object for a block to fill.
    pub fn open(&mut self, owner: Owner) -> ObjectId {
        self.open_versioned(owner, false)
    }

    /// A fresh `config` of configuration version 1; what is said to it is recorded in the words of version 2.
    pub fn open_version_one(&mut self) -> ObjectId {
        self.open_versioned(Owner::Root, true)
    }

    fn open_versioned(&mut self, owner: Owner, is_version_one: bool) -> ObjectId {
        let record = self.records.len();
        let (lines, attributes, defined) = (Vec::new(), HashMap::new(), Vec::new());
        self.records.push(Record {
            owner,
            lines,
            attributes,
            defined,
            machines: HashMap::new(),
            unknown: BTreeMap::new(),
            is_version_one,
            is_filled: false,
        });
        self.object(record, String::new())
    }

    /// Notes that the block of an object has run to its end.
    pub fn fill(&mut self, object: ObjectId) {
        let record = self.objects[object.0 as usize].record;
        self.records[record].is_filled = true;
    }

    /// From now on blocks are those of a file.
    pub fn speak_for(&mut self, file: FileId) {
        self.speaker = file;
    }

    /// Numbers a block of a language. `arity` is the number of arguments that it takes.
    pub fn keep_block(&mut self, language: LanguageName, arity: i32) -> BlockId {
        let file = self.speaker;
        self.blocks.push(Block { language, file, arity });
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// The language that a block belongs to, and the Vagrantfile.
    pub fn owner_of(&self, block: BlockId) -> Option<(LanguageName, FileId)> {
        self.blocks.get(block.0 as usize).map(|it| (it.language, it.file))
    }

    /// Reads `object.name`.
    pub fn get(&mut self, object: ObjectId, name: &str) -> Result<Reading, Error> {
        self.check_size()?;
        let (record, path) = self.path(object, name);
        if let Some(&line) = self.records[record].attributes.get(&path) {
            return Ok(self.reading_of_line(record, line));
        }
        if let Some(list) = self.computed_list(record, &path) {
            return Ok(Reading::Value(Datum::Plain(list)));
        }
        match self.options.look(&self.records[record].owner, &path) {
            options::Look::Namespace => Ok(Reading::Object(self.object(record, path))),
            // Vagrant takes what it does not know for a namespace, too, and complains when the whole file is read.
            options::Look::Unknown => Ok(Reading::Unknown(self.object(record, path))),
            options::Look::Unset => Ok(Reading::Value(Datum::Plain(Value::Unset))),
            options::Look::Collection(value) => Ok(Reading::Collection(value)),
        }
    }

    /// Assigns `object.name = value`.
    pub fn set(&mut self, object: ObjectId, name: &str, value: Datum, origin: Origin) -> Result<(), Error> {
        self.check_size()?;
        let (record, path) = self.path(object, name);
        if self.records[record].is_version_one {
            version_one::check(&path)?;
            self.set_version_one(record, &path, value, origin);
            return Ok(());
        }
        let path = self.options.canonical(&self.records[record].owner, &path);
        // Booleans may be overwritten by what a later layer says.
        let is_harmless = matches!(value.snapshot(), Value::Nil | Value::Boolean(_));
        if !is_harmless && self.options.becomes_symbol(&self.records[record].owner, &path) {
            signature::check_name(&format!("config.{path}"), Some(&value))?;
        }
        self.assign(record, path, What::Assign(value), origin);
        Ok(())
    }

    /// Puts a value where the object itself stands.
    pub fn replace(&mut self, object: ObjectId, value: Datum, origin: Origin) {
        let Object { record, prefix } = &self.objects[object.0 as usize];
        let (record, path) = (*record, prefix.clone());
        self.assign(record, path, What::Assign(value), origin);
    }

    /// Notes where a name that nobody knows was read first. It counts as a call of that name, unless more is said below it.
    pub fn note_reading(&mut self, object: ObjectId, origin: Origin) {
        let Object { record, prefix } = &self.objects[object.0 as usize];
        let (record, path) = (*record, prefix.clone());
        if !self.is_closed(record) && !self.records[record].is_version_one {
            self.records[record].unknown.entry(path).or_insert(origin);
        }
    }

    /// Takes over the collection that a language made for [`Reading::Collection`].
    pub fn adopt(&mut self, object: ObjectId, name: &str, value: Datum, origin: Origin) {
        let (record, path) = self.path(object, name);
        self.assign(record, path, What::Adopted(value), origin);
    }

    /// What `object.name` takes, where Vagrant is strict about it.
    pub fn signature(&self, object: ObjectId, name: &str) -> Option<Signature> {
        let (record, path) = self.path(object, name);
        match &self.records[record] {
            record if record.is_version_one => None,
            record => Signature::of_method(&record.owner, &path)
                .or_else(|| self.options.is_read(&record.owner, &path).then_some(Signature::READER)),
        }
    }

    /// Whether `object.name` is a call even where nothing is passed to it.
    pub fn is_bare_call(&self, object: ObjectId, name: &str) -> bool {
        let (record, path) = self.path(object, name);
        match &self.records[record].owner {
            Owner::Root => matches!(path.as_str(), "trigger.before" | "trigger.after"),
            // These only have methods of such names, with options that may all be left out.
            owner @ Owner::Provider(name) if name == "libvirt" => Signature::of_method(owner, &path).is_some(),
            _ => false,
        }
    }

    /// Calls `object.name(arguments) { block }`.
    pub fn call(
        &mut self,
        object: ObjectId,
        name: &str,
        arguments: Arguments,
        origin: Origin,
    ) -> Result<Outcome, Error> {
        self.check_size()?;
        let (record, path) = self.path(object, name);
        let is_root = self.records[record].owner == Owner::Root;
        if self.records[record].is_version_one && is_root {
            return self.call_version_one(record, &path, arguments, origin);
        }
        if !self.is_closed(record) {
            match &self.records[record].owner {
                Owner::Root => signature::check_call(&path, &arguments)?,
                Owner::Provider(name) if name == "libvirt" => libvirt::check_call(&path, &arguments)?,
                _ => {}
            }
        }
        match path.as_str() {
            "vm.define" if is_root => self.define(record, arguments, origin),
            "vm.provider" if is_root => self.provider(record, arguments, origin),
            _ => self.record_call(record, path, arguments, origin),
        }
    }

    /// The machines that a root defines, in order.
    pub fn defined(&self, root: ObjectId) -> &[Defined] {
        &self.records[self.objects[root.0 as usize].record].defined
    }

    /// Closes all that was recorded so far: what is said to it from now on is thrown away.
    pub fn seal(&mut self) {
        self.sealed = self.records.len();
    }

    /// Takes the seal off.
    pub fn unseal(&mut self) {
        self.sealed = 0;
    }

    /// The blocks of providers in a root, in order.
    pub fn provider_blocks(&self, root: ObjectId) -> Vec<ProviderBlock> {
        let lines = &self.records[self.objects[root.0 as usize].record].lines;
        let blocks = lines.iter().filter_map(|it| match &it.what {
            What::Call { deferred, .. } => deferred.clone(),
            _ => None,
        });
        blocks.collect()
    }

    /// The entries of a record as they are now. `bodies` are the objects that the providers' blocks filled, in the order of
    /// [`Model::provider_blocks`].
    pub fn layer(&self, object: ObjectId, bodies: &[ObjectId]) -> Vec<Entry> {
        let mut bodies = bodies.iter();
        self.entries(self.objects[object.0 as usize].record, &mut bodies)
    }

    fn entries(&self, record: usize, bodies: &mut std::slice::Iter<'_, ObjectId>) -> Vec<Entry> {
        let mut entries = Vec::new();
        for Line { path, what, origin } in &self.records[record].lines {
            let setting = match what {
                What::Assign(value) => Setting::Assign(value.snapshot()),
                What::Adopted(value) => match value.snapshot() {
                    Value::List(items) if items.is_empty() => continue,
                    Value::Map(pairs) if pairs.is_empty() => continue,
                    value => Setting::Assign(value),
                },
                What::Call {
                    positional,
                    named,
                    body,
                    deferred,
                } => {
                    let late = deferred
                        .as_ref()
                        .and_then(|_| bodies.next())
                        .map(|it| self.objects[it.0 as usize].record);
                    let block = body.or(late);
                    let body = block.map(|it| self.entries(it, &mut [].iter())).unwrap_or_default();
                    let positional = positional.iter().map(Datum::snapshot).collect();
                    let named = named
                        .iter()
                        .map(|(name, value)| (name.clone(), value.snapshot()))
                        .collect();
                    Setting::Call(Call {
                        positional,
                        named,
                        has_block: block.is_some(),
                        body,
                    })
                }
            };
            entries.push(Entry {
                path: path.clone(),
                setting,
                origin: origin.clone(),
            });
        }
        entries.extend(self.unknown_entries(record));
        entries
    }

    /// The names that were only read, as calls.
    fn unknown_entries(&self, record: usize) -> impl Iterator<Item = Entry> {
        let Record { unknown, lines, .. } = &self.records[record];
        let is_more = |line: &Line, path: &str| {
            let rest = line.path.strip_prefix(path);
            rest.is_some_and(|it| it.is_empty() || it.starts_with('.'))
        };
        let only_read = unknown
            .iter()
            .filter(move |(path, _)| !lines.iter().any(|line| is_more(line, path)));
        only_read.map(|(path, origin)| Entry {
            path: path.clone(),
            setting: Setting::Call(Call::default()),
            origin: origin.clone(),
        })
    }

    fn object(&mut self, record: usize, prefix: String) -> ObjectId {
        self.objects.push(Object { record, prefix });
        ObjectId(self.objects.len() as u32 - 1)
    }

    /// The record behind an object and the path of a name below it.
    fn path(&self, object: ObjectId, name: &str) -> (usize, String) {
        let Object { record, prefix } = &self.objects[object.0 as usize];
        (
            *record,
            if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}.{name}")
            },
        )
    }

    fn reading_of_line(&self, record: usize, line: usize) -> Reading {
        match &self.records[record].lines[line].what {
            What::Assign(value) | What::Adopted(value) => Reading::Value(value.clone()),
            What::Call { .. } => Reading::Value(Datum::Plain(Value::Nil)),
        }
    }

    fn assign(&mut self, record: usize, path: String, what: What, origin: Origin) {
        if self.is_closed(record) {
            return;
        }
        let lines = self.records[record].lines.len();
        self.records[record].attributes.insert(path.clone(), lines);
        self.note(record, Line { path, what, origin });
    }

    fn note(&mut self, record: usize, line: Line) {
        self.said += 1;
        self.records[record].lines.push(line);
    }

    fn check_size(&self) -> Result<(), Error> {
        match self.said.max(self.objects.len()) > MOST {
            true => Err(Error::TooMuch),
            false => Ok(()),
        }
    }

    fn is_closed(&self, record: usize) -> bool {
        record < self.sealed || self.records[record].owner == Owner::Discarded
    }
}

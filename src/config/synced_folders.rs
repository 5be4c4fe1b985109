//! `config.vm.synced_folder`: folders of the host that the guest has too.

use std::path::PathBuf;

use ::synced_folders::options::{COPY, RSYNC};
use schema::{Default, Descriptor, Kind};
use vagrantfile::layer::{Call, Origin, Value};

use super::ProjectFacts;
use super::mistake::{Mistakes, did_you_mean};
use super::reader::Reader;
use super::table::Table;
use super::value::{Sourced, to_text, truthy};

const SECTION: &str = "vm";

/// A call of `config.vm.synced_folder`, as it stands after all layers.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderDefinition {
    /// The folder's key: its name, or the path in the guest as it was written.
    pub id: String,
    /// The options; `guestpath`, `hostpath` and `disabled` among them.
    pub options: Table,
    /// Where it was last defined; `None` for what Vagrant adds itself.
    pub origin: Option<Origin>,
}

/// The folders of a machine, in the order of definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FolderDefinitions(Vec<FolderDefinition>);

impl FolderDefinitions {
    /// The folders in order.
    pub fn iter(&self) -> impl Iterator<Item = &FolderDefinition> {
        self.0.iter()
    }

    /// Takes a call within a layer: the options of a folder with the same guest path are taken over.
    pub fn call(&mut self, call: &Call, origin: &Origin) {
        let host = call.positional.first().cloned().unwrap_or(Value::Nil);
        let guest = call.positional.get(1).and_then(to_text);
        let mut options = Table::of_call(call, origin);
        if options.value("nfs").is_some_and(truthy) {
            options.remove("nfs");
            options.set("type", Sourced::written(Value::Symbol("nfs".to_owned()), origin));
        }
        let name = options.remove("name").map(|it| to_text(&it.value).unwrap_or_default());
        let id = name.or_else(|| guest.clone()).unwrap_or_default();
        self.define(id, host, guest, options, Some(origin));
    }

    fn define(&mut self, id: String, host: Value, guest: Option<String>, options: Table, origin: Option<&Origin>) {
        let set = |options: &mut Table, name: &str, value| {
            options.set(
                name,
                Sourced {
                    value,
                    origin: origin.cloned(),
                },
            )
        };
        let mut later = options;
        if let Some(guest) = guest {
            let guest = guest.strip_suffix('/').unwrap_or(&guest);
            set(&mut later, "guestpath", Value::String(guest.to_owned()));
        }
        set(&mut later, "hostpath", host);
        if !later.contains("disabled") {
            set(&mut later, "disabled", Value::Boolean(false));
        }
        let path = later.value("guestpath").and_then(to_text);
        let earlier = self.0.iter().find(|it| Some(&it.id) == path.as_ref());
        let mut merged = earlier.map(|it| it.options.clone()).unwrap_or_default();
        merged.merge(&later, &[]);
        self.put(FolderDefinition {
            id,
            options: merged,
            origin: origin.cloned(),
        });
    }

    fn put(&mut self, definition: FolderDefinition) {
        match self.0.iter_mut().find(|it| it.id == definition.id) {
            Some(slot) => *slot = definition,
            None => self.0.push(definition),
        }
    }

    /// Puts a later layer's folders over these, option by option.
    pub fn merge(&mut self, later: FolderDefinitions) {
        for definition in later.0 {
            match self.0.iter_mut().find(|it| it.id == definition.id) {
                Some(earlier) => {
                    earlier.options.merge(&definition.options, &[]);
                    earlier.origin = definition.origin;
                }
                None => self.0.push(definition),
            }
        }
    }

    /// Shares the project's folder as `/vagrant`, unless it is shared or that name is taken.
    pub fn finalize(&mut self) {
        let is_shared = |it: &FolderDefinition| it.options.value("hostpath").and_then(Value::as_text) == Some(".");
        if !self.0.iter().any(|it| is_shared(it) || it.id == "/vagrant") {
            let (id, host) = ("/vagrant".to_owned(), Value::String(".".to_owned()));
            self.define(id.clone(), host, Some(id), Table::default(), None);
        }
    }
}

/// A folder of the host that the guest has too.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncedFolder {
    /// What tells it from others: its name, or the path in the guest.
    pub id: String,
    /// The folder on the host, absolute.
    pub host: PathBuf,
    /// The folder on the host as it was written.
    pub written_host: String,
    /// The folder in the guest; `None` where the kind of folder decides.
    pub guest: Option<String>,
    /// The kind of folder; `None` has one chosen.
    pub kind: Option<String>,
    /// Whether it is left out.
    pub disabled: bool,
    /// Whether the host's folder is made when it is missing.
    pub create: bool,
    /// Who owns it in the guest; `None` is the login user.
    pub owner: Option<String>,
    /// The group that owns it in the guest; `None` is the login user's.
    pub group: Option<String>,
    /// Options of the mount.
    pub mount_options: Vec<String>,
    /// Patterns of what the built-in copy leaves out, beside those of rsync.
    pub copy_exclude: Vec<String>,
    /// Options of the real rsync and of the built-in copy.
    pub rsync: Rsync,
    /// All options as they were written, for the kinds that know more of them.
    pub options: Table,
    /// Where it was written; `None` for the one that Vagrant adds itself.
    pub origin: Option<Origin>,
}

/// The options of a folder that begin with `rsync__`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rsync {
    /// The arguments of rsync; `None` are the usual ones.
    pub args: Option<Vec<String>>,
    /// Patterns of what is not copied.
    pub exclude: Vec<String>,
    /// Whether `rsync-auto` watches it.
    pub auto: bool,
    /// Whether owner and group are set after the copy.
    pub chown: bool,
    /// Whether owner and group are left to rsync.
    pub ownership: bool,
    /// The rsync of the guest, with sudo or without; `None` is the usual one.
    pub rsync_path: Option<String>,
    /// Whether rsync says what it copies.
    pub verbose: bool,
}

impl SyncedFolder {
    /// Reads the definitions. `kinds` are the kinds of folder that exist, none meaning that they are not checked.
    pub fn read_all(
        definitions: &FolderDefinitions,
        project: &ProjectFacts,
        kinds: &[&str],
        mistakes: &mut Mistakes,
    ) -> Vec<Self> {
        let folders: Vec<Self> = definitions
            .iter()
            .map(|it| Self::read(it, project, kinds, mistakes))
            .collect();
        refuse_shared_guest_paths(&folders, mistakes);
        folders
    }

    fn read(definition: &FolderDefinition, project: &ProjectFacts, kinds: &[&str], mistakes: &mut Mistakes) -> Self {
        let descriptors = [OPTIONS, COPY, RSYNC];
        let mut reader = Reader::new(
            &definition.options,
            &descriptors,
            SECTION,
            definition.origin.as_ref(),
            mistakes,
        );
        let written_host = reader.text("hostpath").unwrap_or_default();
        let folder = Self {
            id: definition.id.clone(),
            host: project.expand(&written_host),
            written_host,
            guest: reader.text("guestpath").filter(|it| !it.is_empty()),
            kind: reader.text("type").filter(|it| !it.is_empty()),
            disabled: reader.boolean("disabled"),
            create: reader.boolean("create"),
            owner: reader.text("owner"),
            group: reader.text("group"),
            mount_options: reader.texts("mount_options"),
            copy_exclude: reader.texts("copy__exclude"),
            rsync: Rsync::read(&mut reader),
            options: definition.options.clone(),
            origin: definition.origin.clone(),
        };
        if !folder.disabled {
            folder.validate(&mut reader, kinds);
        }
        folder
    }

    fn validate(&self, reader: &mut Reader<'_>, kinds: &[&str]) {
        match &self.guest {
            None if self.id.is_empty() => {
                reader.mistake("guestpath", "a synced folder needs a path in the guest, or a name");
            }
            Some(guest) if !is_absolute_in_guest(guest) => {
                let mistake = reader.mistake("guestpath", format!("the path of the guest `{guest}` is not absolute"));
                mistake.advise(format!("write `/{guest}`, or the whole path"));
            }
            _ => {}
        }
        if reader.value("hostpath").is_none_or(|it| *it == Value::Nil) {
            reader.mistake("hostpath", "a synced folder needs a folder of this computer");
        } else if !self.host.is_dir() && !self.create {
            let message = format!(
                "the folder {} is not there: it cannot be synced to {}",
                self.host.display(),
                self.id
            );
            let mistake = reader.mistake("hostpath", message);
            mistake.advise("make it, or add `create: true` to have it made");
        }
        if let Some(kind) = self
            .kind
            .as_deref()
            .filter(|it| !kinds.is_empty() && !kinds.contains(it))
        {
            let mistake = reader.mistake("type", format!("there is no kind of synced folder called `{kind}`"));
            mistake.advise(match did_you_mean(kind, kinds.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it is one of: {}", kinds.join(", ")),
            });
        }
        let mount_options = reader.value("mount_options").filter(|it| truthy(it));
        if mount_options.is_some_and(|it| !matches!(it, Value::List(_))) {
            reader.mistake("mount_options", "`mount_options` of a synced folder must be a list");
        }
        let quiet = reader.value("nfs__quiet").is_some_and(truthy);
        if self.kind.as_deref() == Some("nfs") && !quiet && (self.owner.is_some() || self.group.is_some()) {
            reader.mistake("owner", "NFS cannot set `owner` and `group` of a synced folder");
        }
    }
}

/// Folders that are not left out need paths of their own in the guest.
fn refuse_shared_guest_paths(folders: &[SyncedFolder], mistakes: &mut Mistakes) {
    let enabled: Vec<&SyncedFolder> = folders.iter().filter(|it| !it.disabled && it.guest.is_some()).collect();
    for (index, folder) in enabled.iter().enumerate() {
        if enabled[..index].iter().any(|it| it.guest == folder.guest) {
            let guest = folder.guest.as_deref().unwrap_or_default();
            mistakes.at(
                folder.origin.as_ref(),
                SECTION,
                format!("two synced folders go to {guest}"),
            );
        }
    }
}

/// Absolute in a Unix guest, or with a drive's letter in a Windows one.
fn is_absolute_in_guest(path: &str) -> bool {
    path.starts_with('/')
        || path
            .split_once(':')
            .is_some_and(|(drive, _)| !drive.is_empty() && drive.chars().all(|it| it.is_alphanumeric() || it == '_'))
}

impl Rsync {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            args: reader
                .value("rsync__args")
                .is_some()
                .then(|| reader.texts("rsync__args")),
            exclude: reader.texts("rsync__exclude"),
            auto: reader.boolean("rsync__auto"),
            chown: reader.boolean("rsync__chown"),
            ownership: reader.boolean("rsync__rsync_ownership"),
            rsync_path: reader.text("rsync__rsync_path"),
            verbose: reader.boolean("rsync__verbose"),
        }
    }
}

/// The options of a synced folder that do not belong to one kind.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "hostpath",
        Kind::HostPath,
        Default::Nil,
        "The folder on the host; relative ones start at the project's folder.",
    ),
    Descriptor::attribute("guestpath", Kind::GuestPath, Default::Nil, "The folder in the guest."),
    Descriptor::attribute("id", Kind::String, Default::Nil, "The name of the mount in the guest."),
    Descriptor::attribute(
        "type",
        Kind::String,
        Default::Nil,
        "The kind of folder; without it, the best one that works is taken.",
    ),
    Descriptor::attribute(
        "disabled",
        Kind::Boolean,
        Default::Boolean(false),
        "Leaves the folder out.",
    ),
    Descriptor::attribute(
        "create",
        Kind::Boolean,
        Default::Boolean(false),
        "Makes the host's folder when it is missing.",
    ),
    Descriptor::attribute(
        "owner",
        Kind::String,
        Default::Nil,
        "The user who owns the folder in the guest.",
    ),
    Descriptor::attribute(
        "group",
        Kind::String,
        Default::Nil,
        "The group that owns the folder in the guest.",
    ),
    Descriptor::attribute(
        "mount_options",
        Kind::List(&Kind::String),
        Default::Nil,
        "Options of the mount in the guest.",
    ),
    Descriptor::text(
        "name",
        "What tells the folder from others; unset is the path in the guest.",
    ),
    Descriptor::flag("nfs", false, "An older way to ask for the type `nfs`."),
];

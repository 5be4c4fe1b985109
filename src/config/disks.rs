//! `config.vm.disk`: disks that a machine has beside its box's, and the size of that one.

use std::path::PathBuf;

use schema::{Default, Descriptor, Kind};
use vagrantfile::layer::{Origin, Value};

use super::ProjectFacts;
use super::mistake::Mistakes;
use super::reader::Reader;
use super::table::{Body, Called, Table};
use super::value::{shown, to_text, truthy};

const SECTION: &str = "vm";

/// The name of the box's own disk where it is given none.
const PRIMARY: &str = "vagrant_primary";

/// A disk, typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Disk {
    /// What it is.
    pub kind: DiskKind,
    /// What tells it from others; letters, digits, `-` and `_`.
    pub name: String,
    /// Its size in bytes; a `dvd` and a `floppy` have none.
    pub size: Option<u64>,
    /// The file that is attached, absolute; `None` has one made.
    pub file: Option<PathBuf>,
    /// The format of the file that is made; `None` is the provider's choice.
    pub extension: Option<String>,
    /// Whether it is the box's own disk.
    pub primary: bool,
    /// Options that begin with a provider's name and `__`, by that whole name.
    pub provider_options: Table,
    /// Where it was written.
    pub origin: Origin,
}

/// What a disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskKind {
    /// A hard disk.
    Disk,
    /// A DVD in its drive.
    Dvd,
    /// A floppy in its drive.
    Floppy,
}

impl Disk {
    /// Reads the calls of all layers.
    pub fn read_all(calls: &[Called], project: &ProjectFacts, mistakes: &mut Mistakes) -> Vec<Self> {
        let disks: Vec<Self> = calls.iter().map(|it| Self::read(it, project, mistakes)).collect();
        refuse_second_primary(&disks, mistakes);
        refuse_shared(&disks, mistakes);
        disks
    }

    fn read(called: &Called, project: &ProjectFacts, mistakes: &mut Mistakes) -> Self {
        let (options, provider_options) = options_of(called);
        let descriptors = [OPTIONS];
        let mut reader = Reader::new(&options, &descriptors, SECTION, Some(&called.origin), mistakes);
        reader.refuse_unknown("of a disk", &Body::of_options(&options));
        let kind = read_kind(&mut reader);
        let primary = reader.boolean("primary");
        let disk = Self {
            kind,
            name: read_name(&mut reader, primary),
            size: read_size(&mut reader, kind),
            file: read_file(&mut reader, project, kind),
            extension: reader.text("disk_ext").map(|it| it.to_lowercase()),
            primary,
            provider_options,
            origin: called.origin.clone(),
        };
        if disk.primary && kind == DiskKind::Dvd {
            reader.mistake("primary", "a disk of the kind `dvd` cannot be the primary one");
        }
        disk
    }

    /// Whether it is an empty one that is made for the machine: no file of the user's, and not the box's own.
    pub fn is_made(&self) -> bool {
        self.kind == DiskKind::Disk && !self.primary && self.file.is_none()
    }

    /// Whether it is a file that lies in a drive.
    pub fn is_medium(&self) -> bool {
        self.kind != DiskKind::Disk && self.file.is_some()
    }
}

/// The call's options, its kind among them, and those that belong to one provider.
fn options_of(called: &Called) -> (Table, Table) {
    let (mut options, mut provider_options) = (Table::default(), Table::default());
    if let Some(kind) = called.call.positional.first() {
        options.set("type", super::value::Sourced::written(kind.clone(), &called.origin));
    }
    for (name, value) in Table::of_call(&called.call, &called.origin).iter() {
        let table = match name.contains("__") {
            true => &mut provider_options,
            false => &mut options,
        };
        table.set(name, value.clone());
    }
    (options, provider_options)
}

fn read_kind(reader: &mut Reader<'_>) -> DiskKind {
    match reader.word("type").as_deref() {
        Some("dvd") => DiskKind::Dvd,
        Some("floppy") => DiskKind::Floppy,
        _ => DiskKind::Disk,
    }
}

fn read_name(reader: &mut Reader<'_>, primary: bool) -> String {
    let allowed = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    match reader.text("name") {
        Some(name) => name.chars().map(|it| if allowed(it) { it } else { '_' }).collect(),
        None if primary => PRIMARY.to_owned(),
        None => {
            let mistake = reader.mistake("name", "a disk has no `name`");
            mistake.advise("give it one, or write `primary: true` where the box's own disk is meant");
            String::new()
        }
    }
}

fn read_size(reader: &mut Reader<'_>, kind: DiskKind) -> Option<u64> {
    let Some(written) = reader.value("size").filter(|it| truthy(it)) else {
        if kind == DiskKind::Disk {
            let mistake = reader.mistake("size", "a disk has no `size`");
            mistake.advise("write it with a unit, as in `size: \"40GB\"`");
        }
        return None;
    };
    let size = to_bytes(written);
    if size.is_none() {
        let mistake = reader.mistake("size", format!("`size` of a disk cannot be {}", shown(written)));
        mistake.advise("write a number of bytes, or a number with KB, MB, GB or TB, as in \"40GB\"");
    }
    size
}

/// A number of bytes, or text with a unit; units are powers of 1024, as in Vagrant.
fn to_bytes(value: &Value) -> Option<u64> {
    if let Value::Integer(bytes) = value {
        return u64::try_from(*bytes).ok().filter(|it| *it > 0);
    }
    let text = to_text(value)?.trim().to_ascii_uppercase();
    let digits = text
        .find(|it: char| !it.is_ascii_digit() && it != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * factor as f64;
    (bytes >= 1.0 && bytes < u64::MAX as f64).then_some(bytes as u64)
}

fn read_file(reader: &mut Reader<'_>, project: &ProjectFacts, kind: DiskKind) -> Option<PathBuf> {
    let Some(written) = reader.value("file").filter(|it| truthy(it)) else {
        if kind == DiskKind::Dvd {
            let mistake = reader.mistake("file", "a disk of the kind `dvd` has no `file`");
            mistake.advise("name the image, as in `file: \"tools.iso\"`");
        }
        return None;
    };
    let Value::String(written) = written else {
        reader.mistake(
            "file",
            format!("`file` of a disk must be text, and is {}", shown(written)),
        );
        return None;
    };
    let file = project.expand(written);
    if !file.is_file() {
        reader.mistake("file", format!("the file {} of a disk is not there", file.display()));
    }
    Some(file)
}

fn refuse_second_primary(disks: &[Disk], mistakes: &mut Mistakes) {
    let mut primary = disks.iter().filter(|it| it.primary && it.kind == DiskKind::Disk);
    if let (Some(_), Some(second)) = (primary.next(), primary.next()) {
        mistakes.at(Some(&second.origin), SECTION, "more than one disk is the primary one");
    }
}

/// Disks need names and files of their own.
fn refuse_shared(disks: &[Disk], mistakes: &mut Mistakes) {
    for (index, disk) in disks.iter().enumerate() {
        let earlier = &disks[..index];
        if !disk.name.is_empty() && earlier.iter().any(|it| it.name == disk.name) {
            let message = format!("two disks are called `{}`", disk.name);
            mistakes.at(Some(&disk.origin), SECTION, message);
        }
        if let Some(file) = disk
            .file
            .as_ref()
            .filter(|it| earlier.iter().any(|other| other.file.as_ref() == Some(it)))
        {
            let message = format!("two disks are made of the file {}", file.display());
            mistakes.at(Some(&disk.origin), SECTION, message);
        }
    }
}

/// The options of a disk.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "type",
        Kind::Word(&["disk", "dvd", "floppy"]),
        Default::Symbol("disk"),
        "What it is.",
    ),
    Descriptor::text("name", "What tells the disk from others."),
    Descriptor::attribute(
        "size",
        Kind::OneOf(&[Kind::Integer, Kind::String]),
        Default::Nil,
        "The size: bytes, or text with a unit, such as `40GB`.",
    ),
    Descriptor::attribute("file", Kind::HostPath, Default::Nil, "The file that is attached."),
    Descriptor::text("disk_ext", "The format of the file that is made, such as `vdi`.")
        .or(Default::Computed("the provider's usual one")),
    Descriptor::flag("primary", false, "Means the box's own disk, which can grow."),
    Descriptor::table(
        "provider_config",
        "Options that only one provider has; each begins with its name and `__`.",
    ),
    Descriptor::reading("id", "What Vagrant tells disks apart by."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_powers_of_1024() {
        let text = |it: &str| to_bytes(&Value::String(it.to_owned()));
        assert_eq!(text("40GB"), Some(40 << 30));
        assert_eq!(text("1.5 kb"), Some(1536));
        assert_eq!(to_bytes(&Value::Integer(512)), Some(512));
        for bad in ["", "GB", "40 apples", "0", "-1GB", "1e400"] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }
}

//! The shell provisioner: a script that runs in the guest.

use std::path::PathBuf;

use schema::{Default, Descriptor, Kind};
use vagrantfile::layer::Value;

use super::super::ProjectFacts;
use super::super::reader::Reader;
use super::super::value::{shown, to_text, truthy};
use super::super::vm::Checksum;

/// A script that runs in the guest.
#[derive(Debug, Clone, PartialEq)]
pub struct Shell {
    /// The script; `None` where the provisioner only reboots or resets.
    pub source: Option<ShellSource>,
    /// The arguments of the script.
    pub args: ShellArgs,
    /// Variables that the script sees.
    pub env: Vec<(String, String)>,
    /// Whether it runs as root.
    pub privileged: bool,
    /// Whether line ends are left as they are.
    pub binary: bool,
    /// Whether its output keeps its own colours.
    pub keep_color: bool,
    /// What it is called in the output.
    pub name: Option<String>,
    /// Whether the values of `env` are kept out of the output.
    pub sensitive: bool,
    /// Where the script is put in the guest; `None` is a place of its own in /tmp.
    pub upload_path: Option<String>,
    /// The digest that a script from a URL must have.
    pub checksum: Option<Checksum>,
    /// Arguments of PowerShell.
    pub powershell_args: String,
    /// Whether an elevated PowerShell is interactive.
    pub powershell_elevated_interactive: bool,
    /// Whether the guest is rebooted afterwards.
    pub reboot: bool,
    /// Whether the connection is opened anew afterwards.
    pub reset: bool,
}

/// Where a script comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellSource {
    /// It stands in the Vagrantfile.
    Inline(String),
    /// A file of the host, absolute.
    Path(PathBuf),
    /// It is downloaded.
    Url(String),
}

/// The arguments of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShellArgs {
    /// None.
    None,
    /// As a shell would read them: quoted by whoever wrote them.
    Text(String),
    /// One by one: to be quoted.
    List(Vec<String>),
}

impl Shell {
    /// Reads the options.
    pub fn read(reader: &mut Reader<'_>, project: &ProjectFacts) -> Self {
        let shell = Self {
            source: read_source(reader, project),
            args: read_args(reader),
            env: reader.pairs("env"),
            privileged: reader.boolean("privileged"),
            binary: reader.boolean("binary"),
            keep_color: reader.boolean("keep_color"),
            name: reader.text("name"),
            sensitive: reader.boolean("sensitive"),
            upload_path: reader.text("upload_path"),
            checksum: read_checksum(reader),
            powershell_args: reader.text("powershell_args").unwrap_or_default(),
            powershell_elevated_interactive: reader.boolean("powershell_elevated_interactive"),
            reboot: reader.boolean("reboot"),
            reset: reader.boolean("reset"),
        };
        if shell.source.is_none() && !shell.reboot && !shell.reset {
            let mistake = reader.mistake("inline", "a shell provisioner has neither `inline` nor `path`");
            mistake.advise("write the script as `inline`, or name its file as `path`");
        }
        if shell.powershell_elevated_interactive && !shell.privileged {
            let option = "powershell_elevated_interactive";
            reader.mistake(option, format!("`{option}` needs `privileged`"));
        }
        shell
    }
}

fn read_source(reader: &mut Reader<'_>, project: &ProjectFacts) -> Option<ShellSource> {
    let written = |it: &Value| truthy(it);
    let (inline, path) = (
        reader.value("inline").filter(|it| written(it)),
        reader.value("path").filter(|it| written(it)),
    );
    if inline.is_some() && path.is_some() {
        let mistake = reader.mistake("path", "a shell provisioner has both `inline` and `path`");
        mistake.advise("keep one of them");
    }
    if inline.is_some() {
        return reader.text("inline").map(ShellSource::Inline);
    }
    path?;
    let path = reader.text("path")?;
    if is_url(&path) {
        return Some(ShellSource::Url(path));
    }
    let file = project.expand(&path);
    if !file.is_file() {
        reader.mistake("path", format!("the script {} is not there", file.display()));
    }
    Some(ShellSource::Path(file))
}

fn is_url(path: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|it| path.starts_with(it))
}

fn read_args(reader: &mut Reader<'_>) -> ShellArgs {
    let Some(value) = reader.value("args").filter(|it| truthy(it)) else {
        return ShellArgs::None;
    };
    let args = match value {
        Value::List(items) => items.iter().map(read_arg).collect::<Option<_>>().map(ShellArgs::List),
        one => read_arg(one).map(ShellArgs::Text),
    };
    args.unwrap_or_else(|| {
        let message = format!(
            "`args` must be text or a list of texts and numbers, and is {}",
            shown(value)
        );
        reader.mistake("args", message);
        ShellArgs::None
    })
}

fn read_arg(value: &Value) -> Option<String> {
    match value {
        Value::String(_) | Value::Integer(_) => to_text(value),
        _ => None,
    }
}

fn read_checksum(reader: &mut Reader<'_>) -> Option<Checksum> {
    ["sha512", "sha384", "sha256", "sha1", "md5"]
        .into_iter()
        .find_map(|it| {
            Some(Checksum {
                kind: it.to_owned(),
                digest: reader.text(it)?,
            })
        })
}

/// The options of the shell provisioner.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "args",
        Kind::OneOf(&[Kind::String, Kind::List(&Kind::String)]),
        Default::Nil,
        "Arguments of the script.",
    ),
    Descriptor::attribute(
        "binary",
        Kind::Boolean,
        Default::Boolean(false),
        "Leaves the line ends of the script as they are.",
    ),
    Descriptor::attribute(
        "env",
        Kind::Map(&Kind::String),
        Default::EmptyMap,
        "Variables that the script sees.",
    ),
    Descriptor::attribute("inline", Kind::String, Default::Nil, "The script."),
    Descriptor::attribute(
        "keep_color",
        Kind::Boolean,
        Default::Boolean(false),
        "Leaves the colours of the output as they are.",
    ),
    Descriptor::attribute(
        "md5",
        Kind::String,
        Default::Nil,
        "The MD5 digest that a downloaded script must have.",
    ),
    Descriptor::attribute(
        "name",
        Kind::String,
        Default::Nil,
        "What the provisioner is called in the output.",
    ),
    Descriptor::attribute(
        "path",
        Kind::HostPath,
        Default::Nil,
        "The file of the script, or its URL.",
    ),
    Descriptor::attribute(
        "powershell_args",
        Kind::String,
        Default::String("-ExecutionPolicy Bypass"),
        "Arguments of PowerShell.",
    ),
    Descriptor::attribute(
        "powershell_elevated_interactive",
        Kind::Boolean,
        Default::Boolean(false),
        "Runs an elevated PowerShell with a desktop.",
    ),
    Descriptor::attribute(
        "privileged",
        Kind::Boolean,
        Default::Boolean(true),
        "Runs the script as root.",
    ),
    Descriptor::attribute(
        "reboot",
        Kind::Boolean,
        Default::Boolean(false),
        "Reboots the guest after the script.",
    ),
    Descriptor::attribute(
        "reset",
        Kind::Boolean,
        Default::Boolean(false),
        "Opens the connection anew after the script.",
    ),
    Descriptor::attribute(
        "sensitive",
        Kind::Boolean,
        Default::Boolean(false),
        "Keeps the values of `env` out of the output.",
    ),
    Descriptor::attribute(
        "sha1",
        Kind::String,
        Default::Nil,
        "The SHA-1 digest that a downloaded script must have.",
    ),
    Descriptor::attribute(
        "sha256",
        Kind::String,
        Default::Nil,
        "The SHA-256 digest that a downloaded script must have.",
    ),
    Descriptor::attribute(
        "sha384",
        Kind::String,
        Default::Nil,
        "The SHA-384 digest that a downloaded script must have.",
    ),
    Descriptor::attribute(
        "sha512",
        Kind::String,
        Default::Nil,
        "The SHA-512 digest that a downloaded script must have.",
    ),
    Descriptor::attribute(
        "upload_path",
        Kind::GuestPath,
        Default::Nil,
        "Where the script is put in the guest.",
    ),
];

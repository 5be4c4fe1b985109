//! The shell provisioner's options, read: a script that runs in the guest.

use schema::{Default, Descriptor, Kind};
use vagrantfile::layer::Value;

use super::super::ProjectFacts;
use super::super::reader::Reader;
use super::super::value::{shown, to_text, truthy};
use crate::provisioners::shell::{Args, Checksum, Shell, Source};

/// Reads the options.
pub fn read(reader: &mut Reader<'_>, project: &ProjectFacts) -> Shell {
    let shell = Shell {
        source: read_source(reader, project),
        args: read_args(reader),
        env: reader.pairs("env"),
        privileged: reader.boolean("privileged"),
        binary: reader.boolean("binary"),
        keep_color: reader.boolean("keep_color"),
        name: reader.text("name"),
        sensitive: reader.boolean("sensitive"),
        upload_path: reader.text("upload_path"),
        reboot: reader.boolean("reboot"),
        reset: reader.boolean("reset"),
    };
    if shell.source.is_none() && !shell.reboot && !shell.reset {
        let mistake = reader.mistake("inline", "a shell provisioner has neither `inline` nor `path`");
        mistake.advise("write the script as `inline`, or name its file as `path`");
    }
    validate_powershell(&shell, reader);
    shell
}

/// No guest here has PowerShell: its options are checked, and mean nothing.
fn validate_powershell(shell: &Shell, reader: &mut Reader<'_>) {
    reader.text("powershell_args");
    let option = "powershell_elevated_interactive";
    if reader.boolean(option) && !shell.privileged {
        reader.mistake(option, format!("`{option}` needs `privileged`"));
    }
}

fn read_source(reader: &mut Reader<'_>, project: &ProjectFacts) -> Option<Source> {
    let written = |it: &Value| truthy(it);
    let (inline, path) = (
        reader.value("inline").filter(|it| written(it)),
        reader.value("path").filter(|it| written(it)),
    );
    // Read whatever the source is, so that what is wrong with it is always said.
    let checksum = read_checksum(reader);
    if inline.is_some() && path.is_some() {
        let mistake = reader.mistake("path", "a shell provisioner has both `inline` and `path`");
        mistake.advise("keep one of them");
    }
    if inline.is_some() {
        return reader.text("inline").map(Source::Inline);
    }
    path?;
    let path = reader.text("path")?;
    if is_url(&path) {
        return Some(Source::Url { url: path, checksum });
    }
    let file = project.expand(&path);
    if !file.is_file() {
        reader.mistake("path", format!("the script {} is not there", file.display()));
    }
    Some(Source::Path(file))
}

fn is_url(path: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|it| path.starts_with(it))
}

fn read_args(reader: &mut Reader<'_>) -> Args {
    let Some(value) = reader.value("args").filter(|it| truthy(it)) else {
        return Args::None;
    };
    let args = match value {
        Value::List(items) => items.iter().map(read_arg).collect::<Option<_>>().map(Args::List),
        one => read_arg(one).map(Args::Text),
    };
    args.unwrap_or_else(|| {
        let message = format!(
            "`args` must be text or a list of texts and numbers, and is {}",
            shown(value)
        );
        reader.mistake("args", message);
        Args::None
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

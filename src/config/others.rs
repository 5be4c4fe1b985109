//! The small namespaces: `nfs`, `smb`, `package`, `push`, `rdp`, `vagrant`, `windows` and the Solaris family.

use schema::{Coercion, Default, Descriptor, Kind};
use vagrantfile::layer::Value;

use super::mistake::Mistakes;
use super::table::Table;
use super::value::{shown, to_text};

/// Checks what Vagrant checks of `config.vagrant`, and returns the values that are never to be shown.
pub fn read_sensitive(options: &Table, mistakes: &mut Mistakes) -> Vec<String> {
    let Some(written) = options.get("vagrant.sensitive") else {
        return Vec::new();
    };
    match &written.value {
        Value::Nil | Value::Boolean(false) => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::List(items) => items.iter().filter_map(to_text).collect(),
        _ => {
            mistakes.at(
                written.origin.as_ref(),
                "vagrant",
                "vagrant.sensitive must be text or a list of texts",
            );
            Vec::new()
        }
    }
}

/// Notes what cannot say which plugins a project asks Vagrant for: names, or a table of them with what is asked of each.
pub fn check_plugins(options: &Table, mistakes: &mut Mistakes) {
    let Some(written) = options.get("vagrant.plugins") else {
        return;
    };
    if let Err(message) = check_plugins_of(&written.value) {
        let mistake = mistakes.at(written.origin.as_ref(), "vagrant", message);
        mistake.advise("write a name, a list of names, or a table of names with `version`, `sources` or `entry_point`");
    }
}

/// Notes what Vagrant cannot take in small options that nothing here reads.
pub fn check_words(options: &Table, mistakes: &mut Mistakes) {
    let origin_of = |path: &str| options.get(path).and_then(|it| it.origin.as_ref());
    if options.value("vagrant.host") == Some(&Value::Boolean(true)) {
        mistakes.at(
            origin_of("vagrant.host"),
            "vagrant",
            "vagrant.host must be a name, and is true",
        );
    }
    let work_network = "windows.set_work_network";
    if options.get(work_network).is_some_and(|it| it.value == Value::Nil) {
        mistakes.at(
            origin_of(work_network),
            "windows",
            format!("{work_network} must be true or false"),
        );
    }
}

fn check_plugins_of(plugins: &Value) -> Result<(), String> {
    match plugins {
        Value::String(_) => Ok(()),
        Value::List(items) => items.iter().try_for_each(check_plugins_of),
        Value::Map(pairs) => pairs.iter().try_for_each(|(name, asked)| check_plugin(name, asked)),
        other => Err(format!("vagrant.plugins must name plugins, and holds {}", shown(other))),
    }
}

fn check_plugin(name: &Value, asked: &Value) -> Result<(), String> {
    let name = to_text(name).unwrap_or_default();
    let Value::Map(asked) = asked else {
        return Err(format!(
            "vagrant.plugins asks of {name} {}, which is no table",
            shown(asked)
        ));
    };
    let mut keys = asked.iter().filter_map(|(key, _)| to_text(key));
    match keys.find(|it| !["sources", "version", "entry_point"].contains(&it.as_str())) {
        Some(key) => Err(format!("vagrant.plugins asks of {name} `{key}`, which no plugin has")),
        None => Ok(()),
    }
}

/// The options of `config.vagrant`.
pub const VAGRANT: &[Descriptor] = &[
    Descriptor::attribute(
        "vagrant.host",
        Kind::String,
        Default::Symbol("detect"),
        "The host's operating system, where it is not to be found out.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "vagrant.plugins",
        Kind::Any,
        Default::EmptyMap,
        "Plugins that the project asks Vagrant for.",
    ),
    Descriptor::attribute(
        "vagrant.sensitive",
        Kind::List(&Kind::String),
        Default::Nil,
        "Values that are kept out of all output.",
    ),
];

/// The options of `config.nfs`.
pub const NFS: &[Descriptor] = &[
    Descriptor::attribute(
        "nfs.functional",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether NFS may be chosen for folders.",
    ),
    Descriptor::attribute(
        "nfs.map_gid",
        Kind::Any,
        Default::Symbol("auto"),
        "The group that files belong to on the host.",
    ),
    Descriptor::attribute(
        "nfs.map_uid",
        Kind::Any,
        Default::Symbol("auto"),
        "The user that files belong to on the host.",
    ),
    Descriptor::attribute(
        "nfs.verify_installed",
        Kind::Boolean,
        Default::Boolean(true),
        "Checks that the host can serve NFS.",
    ),
];

/// The options of `config.smb`.
pub const SMB: &[Descriptor] = &[Descriptor::attribute(
    "smb.functional",
    Kind::Boolean,
    Default::Boolean(true),
    "Whether SMB may be chosen for folders.",
)];

/// The options of `config.package`.
pub const PACKAGE: &[Descriptor] = &[Descriptor::attribute(
    "package.name",
    Kind::String,
    Default::Nil,
    "The file that `package` writes.",
)];

/// The calls of `config.push`.
pub const PUSH: &[Descriptor] = &[
    Descriptor::attribute(
        "push.name",
        Kind::String,
        Default::Nil,
        "Kept for Vagrant's sake; a strategy is named when it is defined.",
    ),
    Descriptor::call("push.define", &["name"], "Defines where `push` sends the project."),
];

/// The options of `config.rdp`.
pub const RDP: &[Descriptor] = &[
    Descriptor::attribute(
        "rdp.port",
        Kind::Integer,
        Default::Integer(3389),
        "The port of the remote desktop.",
    ),
    Descriptor::attribute(
        "rdp.search_port",
        Kind::Integer,
        Default::Integer(3389),
        "The port in the guest whose forward leads to the desktop.",
    ),
    Descriptor::attribute(
        "rdp.username",
        Kind::String,
        Default::Nil,
        "The user of the remote desktop.",
    ),
];

/// The options of `config.windows`.
pub const WINDOWS: &[Descriptor] = &[Descriptor::attribute(
    "windows.set_work_network",
    Kind::Boolean,
    Default::Boolean(false),
    "Makes the guest's networks work networks.",
)];

/// The options of `config.solaris`.
pub const SOLARIS: &[Descriptor] = &[
    Descriptor::attribute(
        "solaris.device",
        Kind::String,
        Default::String("e1000g"),
        "The name of the guest's network cards.",
    ),
    Descriptor::attribute(
        "solaris.halt_check_interval",
        Kind::Integer,
        Default::Nil,
        "Kept for Vagrant's sake.",
    ),
    Descriptor::attribute(
        "solaris.halt_timeout",
        Kind::Integer,
        Default::Nil,
        "Kept for Vagrant's sake.",
    ),
    Descriptor::attribute(
        "solaris.suexec_cmd",
        Kind::String,
        Default::String("sudo"),
        "The command that runs others as root.",
    ),
];

/// The options of `config.solaris11`.
pub const SOLARIS11: &[Descriptor] = &[
    Descriptor::attribute(
        "solaris11.device",
        Kind::String,
        Default::String("net"),
        "The name of the guest's network cards.",
    ),
    Descriptor::attribute(
        "solaris11.halt_check_interval",
        Kind::Integer,
        Default::Nil,
        "Kept for Vagrant's sake.",
    ),
    Descriptor::attribute(
        "solaris11.halt_timeout",
        Kind::Integer,
        Default::Nil,
        "Kept for Vagrant's sake.",
    ),
    Descriptor::attribute(
        "solaris11.suexec_cmd",
        Kind::String,
        Default::String("sudo"),
        "The command that runs others as root.",
    ),
];

/// The options of `config.smartos`.
pub const SMARTOS: &[Descriptor] = &[
    Descriptor::attribute(
        "smartos.device",
        Kind::String,
        Default::String("e1000g"),
        "The name of the guest's network cards.",
    ),
    Descriptor::attribute(
        "smartos.suexec_cmd",
        Kind::String,
        Default::String("pfexec"),
        "The command that runs others as root.",
    ),
];

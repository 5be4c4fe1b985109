//! Configuration version 1 (`Vagrant::Config.run`), said in the words of version 2.

use super::{Arguments, Datum, Error};
use crate::layer::Value;

/// What one call of version 1 means.
pub(super) enum Meaning {
    /// A call of version 2.
    Call(String, Arguments),
    /// A call on VirtualBox's block.
    VirtualBox(String, Arguments),
    /// Nothing: version 2 has no such thing.
    Nothing,
}

/// What version 1 knows of its own namespaces. Whatever else a file asks of these, Vagrant refuses.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "vm",
        &[
            "name",
            "auto_port_range",
            "base_mac",
            "boot_mode",
            "box",
            "box_url",
            "guest",
            "host_name",
            "forward_port",
            "share_folder",
            "network",
            "provision",
            "customize",
            "define",
        ],
    ),
    (
        "ssh",
        &[
            "username",
            "password",
            "host",
            "port",
            "guest_port",
            "max_tries",
            "timeout",
            "private_key_path",
            "forward_agent",
            "forward_x11",
            "forward_env",
            "shell",
        ],
    ),
    ("vagrant", &["dotfile_name", "host"]),
    ("nfs", &["map_uid", "map_gid"]),
    ("package", &["name"]),
];

/// Refuses what version 1 does not have.
pub(super) fn check(path: &str) -> Result<(), Error> {
    let Some((namespace, name)) = path.split_once('.') else {
        return Ok(());
    };
    let names = KNOWN.iter().find(|(it, _)| *it == namespace).map(|(_, names)| *names);
    match names {
        Some(names) if !names.contains(&name) => Err(Error::NotInVersionOne(path.to_owned())),
        _ => Ok(()),
    }
}

/// What an assignment of version 1 means: a path, and whether it is VirtualBox's own.
pub(super) fn assignment(path: &str, value: Datum) -> Option<(bool, String, Datum)> {
    match path {
        "vm.name" | "ssh.max_tries" | "ssh.timeout" | "ssh.password" => None,
        "vm.host_name" => Some((false, "vm.hostname".to_owned(), value)),
        "vm.auto_port_range" => Some((false, "vm.usable_port_range".to_owned(), value)),
        "vm.boot_mode" => {
            let is_gui = value.snapshot().as_text() == Some("gui");
            Some((true, "gui".to_owned(), Datum::Plain(Value::Boolean(is_gui))))
        }
        _ => Some((false, path.to_owned(), value)),
    }
}

/// What a call of version 1 means.
pub(super) fn call(path: &str, arguments: Arguments) -> Result<Meaning, Error> {
    check(path)?;
    let is_network = match path {
        "vm.forward_port" => true,
        "vm.network" => matches!(arguments.first_text().as_deref(), Some("hostonly" | "bridged")),
        _ => false,
    };
    match is_network {
        true => Err(Error::NetworkOfVersionOne(path.to_owned())),
        false => Ok(meaning(path, arguments)),
    }
}

fn meaning(path: &str, arguments: Arguments) -> Meaning {
    match path {
        "vm.network" => Meaning::Nothing,
        "vm.share_folder" => Meaning::Call("vm.synced_folder".into(), synced_folder(arguments)),
        // Blocks were for version 0; Vagrant drops them.
        "vm.customize" if arguments.positional.is_empty() => Meaning::Nothing,
        "vm.customize" => Meaning::VirtualBox("customize".into(), arguments),
        _ => Meaning::Call(path.to_owned(), arguments),
    }
}

fn synced_folder(arguments: Arguments) -> Arguments {
    let mut positional = arguments.positional.into_iter();
    let [name, guest, host] = std::array::from_fn(|_| positional.next().unwrap_or(Value::Nil.into()));
    let name = match name.snapshot().as_text() {
        Some("v-root") => Value::String("vagrant-root".into()).into(),
        _ => name,
    };
    let mut named = vec![("id".to_owned(), name)];
    // What version 1 says of every folder; the file's own words stand over it.
    let defaults = [("create", false), ("nfs", false), ("transient", false)];
    let missing = defaults
        .into_iter()
        .filter(|(name, _)| arguments.named.iter().all(|(it, _)| it != name));
    named.extend(missing.map(|(name, value)| (name.to_owned(), Value::Boolean(value).into())));
    named.extend(arguments.named);
    Arguments {
        positional: vec![host, guest],
        named,
        block: None,
    }
}

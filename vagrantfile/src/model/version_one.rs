//! Configuration version 1 (`Vagrant::Config.run`), said in the words of version 2.

use super::{Arguments, Datum};
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
pub(super) fn call(path: &str, arguments: Arguments) -> Meaning {
    match path {
        "vm.forward_port" => Meaning::Call("vm.network".into(), forwarded_port(arguments)),
        "vm.network" => network(arguments),
        "vm.share_folder" => Meaning::Call("vm.synced_folder".into(), synced_folder(arguments)),
        "vm.customize" => Meaning::VirtualBox("customize".into(), arguments),
        _ => Meaning::Call(path.to_owned(), arguments),
    }
}

fn forwarded_port(arguments: Arguments) -> Arguments {
    let [guest, host] = [0, 1].map(|it| arguments.positional.get(it).cloned().unwrap_or(Value::Nil.into()));
    let mut named = vec![("guest".to_owned(), guest), ("host".to_owned(), host)];
    named.extend(
        arguments
            .named
            .into_iter()
            .filter_map(|(name, value)| match name.as_str() {
                "adapter" | "protocol" => Some((format!("virtualbox__{name}"), value)),
                _ => None,
            }),
    );
    Arguments {
        positional: vec![Value::Symbol("forwarded_port".into()).into()],
        named,
        block: None,
    }
}

fn network(arguments: Arguments) -> Meaning {
    let kind = arguments.first_text().unwrap_or_default();
    let mut named = arguments.named;
    let kind = match kind.as_str() {
        "hostonly" => {
            named.extend(arguments.positional.into_iter().nth(1).map(|it| ("ip".to_owned(), it)));
            "private_network"
        }
        "bridged" => "public_network",
        _ => return Meaning::Nothing,
    };
    let positional = vec![Value::Symbol(kind.into()).into()];
    Meaning::Call(
        "vm.network".into(),
        Arguments {
            positional,
            named,
            block: None,
        },
    )
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

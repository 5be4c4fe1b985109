//! What Vagrant's own methods take, for languages that tell keywords from a hash at the end.

use super::{Arguments, Datum, Error, Owner};
use crate::layer::Value;

/// How many arguments a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Positional arguments, at least.
    pub least: usize,
    /// Positional arguments, at most.
    pub most: usize,
    /// Whether options are keywords; where they are not, they are one more positional argument.
    pub takes_keywords: bool,
}

impl Signature {
    /// Of what is assigned: reading it takes nothing.
    pub(super) const READER: Self = Self::new(0, 0, false);

    const fn new(least: usize, most: usize, takes_keywords: bool) -> Self {
        Self {
            least,
            most,
            takes_keywords,
        }
    }

    /// The signature of a method, where Vagrant refuses arguments that do not fit it.
    pub(super) fn of_method(owner: &Owner, path: &str) -> Option<Self> {
        Some(match (owner, path) {
            (Owner::Root, "vm.network" | "vm.provision" | "vm.disk" | "push.define") => Self::new(1, 1, true),
            (Owner::Root, "vm.cloud_init") => Self::new(0, 1, true),
            (Owner::Root, "vm.synced_folder") => Self::new(2, 3, false),
            (Owner::Root, "vm.define") => Self::new(1, 2, false),
            (Owner::Root, "vm.provider") => Self::new(1, 1, false),
            (Owner::Provider(name), "network_adapter") if name == "virtualbox" => Self::new(2, 2, true),
            (Owner::Provider(name), method) if name == "libvirt" => Self::of_libvirt(method)?,
            (Owner::Provider(name), "link") if name == "docker" => Self::new(1, 1, false),
            (Owner::Provisioner(kind), "add_recipe" | "add_role") if kind.starts_with("chef") => Self::new(1, 1, false),
            (Owner::Provisioner(kind), "pillar") if kind == "salt" => Self::new(1, 1, false),
            (Owner::Provisioner(kind), "build_image" | "post_install_provision" | "run")
                if ["docker", "podman"].contains(&kind.as_str()) =>
            {
                Self::new(1, 1, true)
            }
            _ => return None,
        })
    }

    fn of_libvirt(method: &str) -> Option<Self> {
        Some(match method {
            "boot" => Self::new(1, 1, false),
            "memorybacking" | "storage" => Self::new(1, 2, false),
            "channel" | "clock_timer" | "cpu_feature" | "cpuaffinitiy" | "cputopology" | "disk_driver"
            | "hyperv_feature" | "input" | "launchsecurity" | "memtune" | "pci" | "qemuargs" | "qemuenv" | "random"
            | "redirdev" | "redirfilter" | "serial" | "smartcard" | "usb" | "usb_controller" | "watchdog" => {
                Self::new(0, 1, false)
            }
            _ => return None,
        })
    }
}

/// Refuses the names of machines that Vagrant refuses, since they would be patterns on the command line; and those that would lead out
/// of the folder in which each machine has its own, or steer a terminal.
pub(super) fn check_machine_name(name: &str) -> Result<(), Error> {
    let is_folder = matches!(name, "" | "." | "..");
    if is_folder || name.contains(['[', ']', '{', '}', '/', '\\']) || name.contains(char::is_control) {
        return Err(Error::Arguments(format!(
            "`{name}` cannot be a machine's name: a name has none of the characters [ ] {{ }} / \\ and no control \
             characters, and is not empty"
        )));
    }
    Ok(())
}

/// Refuses what is no name where Vagrant makes a symbol of it.
pub(super) fn check_name(what: &str, value: Option<&Datum>) -> Result<(), Error> {
    match value.map(Datum::snapshot) {
        Some(Value::String(_) | Value::Symbol(_) | Value::Unset) => Ok(()),
        _ => Err(Error::Arguments(format!("{what} needs a name, as text or a symbol"))),
    }
}

/// Refuses the arguments of calls that Vagrant refuses at once.
pub(super) fn check_call(path: &str, arguments: &Arguments) -> Result<(), Error> {
    let named = |key: &str| arguments.named.iter().find(|(name, _)| name == key).map(|(_, it)| it);
    match path {
        "vm.network" => check_name("config.vm.network", arguments.positional.first()),
        "vm.provision" => {
            let kind = named("type").or(arguments.positional.first());
            check_name("config.vm.provision", kind)?;
            named("run").map_or(Ok(()), |it| check_name("`run` of config.vm.provision", Some(it)))
        }
        "vm.synced_folder" => check_options(path, arguments.positional.get(2)),
        "vm.define" => check_options(path, arguments.positional.get(1)),
        "trigger.before" | "trigger.after" => {
            let last = arguments.positional.last().map(Datum::snapshot);
            let has_options = !arguments.named.is_empty() || matches!(last, Some(Value::Map(_)));
            match arguments.block.is_some() || has_options {
                true => Ok(()),
                false => Err(Error::Arguments(format!(
                    "config.{path} needs a block or a hash of options"
                ))),
            }
        }
        _ => Ok(()),
    }
}

fn check_options(path: &str, options: Option<&Datum>) -> Result<(), Error> {
    match options.map(Datum::snapshot) {
        None | Some(Value::Nil | Value::Map(_)) => Ok(()),
        Some(_) => Err(Error::Arguments(format!("the options of config.{path} are a hash"))),
    }
}

//! The options of a `config.vm.provider "qemu"` block: what they are called, and what they come to.
//!
//! Names and meanings are those of the vagrant-qemu plugin where it has them. Options of its that steer what is decided otherwise
//! here are known, so that a file which sets them is read, and reported as having no effect.

use std::path::PathBuf;

use schema::{Default as Unset, Descriptor, Kind};
use serde_json::{Map, Value};

use crate::{Display, Firmware, QemuOptions};

/// Memory of a machine for which neither its file nor its box says a word, in MiB.
pub const DEFAULT_MEMORY_MIB: u64 = 1024;

/// CPUs of a machine for which neither its file nor its box says a word.
pub const DEFAULT_CPUS: u32 = 2;

/// A number of MiB, or a size as text.
const SIZE: Kind = Kind::OneOf(&[Kind::Integer, Kind::String]);

const FIRMWARES: &[&str] = &["bios", "efi"];

const DISPLAYS: &[&str] = &["none", "gtk", "sdl", "cocoa", "vnc"];

/// All options of the block.
pub static DESCRIPTORS: &[Descriptor] = &[
    Descriptor::attribute(
        "memory",
        SIZE,
        Unset::Computed("what the box says, else 1024"),
        "Memory: MiB, or a size as `2G`.",
    ),
    Descriptor::attribute(
        "cpus",
        SIZE,
        Unset::Computed("what the box says, else 2"),
        "The number of virtual CPUs.",
    )
    .also_called(&["smp"]),
    Descriptor::attribute(
        "machine",
        Kind::String,
        Unset::Computed("`pc`, and `virt` for arm64"),
        "QEMU's machine type, as `-machine` takes it.",
    ),
    Descriptor::attribute(
        "cpu",
        Kind::String,
        Unset::Computed("`host` with a hypervisor, else `max`"),
        "The processor, as `-cpu` takes it.",
    ),
    Descriptor::attribute(
        "accelerator",
        Kind::String,
        Unset::Computed("the host's hypervisor where it works, else `tcg`"),
        "What executes the guest: `kvm`, `hvf`, `whpx` or `tcg`.",
    )
    .also_called(&["accel"]),
    Descriptor::attribute(
        "disk_bus",
        Kind::String,
        Unset::Computed("what the box was made with, else `virtio`"),
        "The disk's bus: virtio, scsi, sata, ide, nvme, pvscsi, lsisas1068 or usb.",
    )
    .also_called(&["drive_interface"]),
    Descriptor::attribute(
        "disk_size",
        SIZE,
        Unset::Computed("the size of the box's disk"),
        "The size of the disk when it is created, where it is to be larger than the box's: MiB, or a size as `40G`.",
    )
    .also_called(&["disk_resize"]),
    Descriptor::attribute(
        "net_device",
        Kind::String,
        Unset::Computed("what the box was made with, else `virtio-net-pci`"),
        "The model of the network card, as `-device` takes it.",
    ),
    Descriptor::attribute(
        "further_net_devices",
        Kind::List(&Kind::String),
        Unset::List(&[]),
        "Models of further network cards, each in a network of its own that leads nowhere.",
    ),
    Descriptor::attribute(
        "firmware",
        Kind::Word(FIRMWARES),
        Unset::Computed("what the box was made with, else what its disk boots with"),
        "What starts the guest: `bios` or `efi`.",
    ),
    Descriptor::attribute(
        "display",
        Kind::Word(DISPLAYS),
        Unset::String("none"),
        "Where the screen is shown: none, gtk, sdl, cocoa, or vnc for a VNC client on this computer.",
    ),
    Descriptor::attribute(
        "extra_arguments",
        Kind::List(&Kind::String),
        Unset::List(&[]),
        "Further arguments for QEMU, given as they are.",
    )
    .also_called(&["extra_qemu_args"]),
    Descriptor::attribute(
        "extra_netdev_arguments",
        Kind::String,
        Unset::Nil,
        "Further settings of the user network, as `-netdev user` takes them.",
    )
    .also_called(&["extra_netdev_args"]),
    Descriptor::attribute(
        "program",
        Kind::OneOf(&[Kind::String, Kind::List(&Kind::String)]),
        Unset::Computed("the one for the guest's architecture"),
        "QEMU's program: a name that is looked for on PATH, or an absolute path.",
    )
    .also_called(&["qemu_bin"]),
    Descriptor::attribute(
        "architecture",
        Kind::String,
        Unset::Computed("the box's"),
        "The guest's architecture: `x86_64`, `aarch64`.",
    )
    .also_called(&["arch"]),
    Descriptor::attribute(
        "ssh_host",
        Kind::String,
        Unset::String("127.0.0.1"),
        "The address where SSH is forwarded.",
    ),
    Descriptor::attribute(
        "ssh_port",
        Kind::Integer,
        Unset::Nil,
        "The port on the host where SSH is forwarded.",
    ),
    Descriptor::attribute(
        "ssh_auto_correct",
        Kind::Boolean,
        Unset::Nil,
        "Whether another port may be taken for SSH when that one is not free.",
    ),
    Descriptor::attribute(
        "graceful_timeout",
        Kind::Integer,
        Unset::Nil,
        "Seconds a guest has for shutting down before its power is cut.",
    ),
    without_effect("image_path"),
    without_effect("qemu_dir"),
    without_effect("extra_drive_args"),
    without_effect("extra_image_opts"),
    without_effect("control_port"),
    without_effect("debug_port"),
    without_effect("no_daemonize"),
    without_effect("firmware_format"),
    without_effect("other_default"),
    without_effect("advanced_network"),
    without_effect("net_mode"),
    without_effect("vmnet_interface"),
    without_effect("tap_device"),
    without_effect("mcast_addr"),
    without_effect("socket_opts"),
];

/// What the documentation of an option says that is known and nothing more.
const NO_EFFECT: &str = "An option of vagrant-qemu that has no effect here.";

const fn without_effect(path: &'static str) -> Descriptor {
    Descriptor::attribute(path, Kind::Any, Unset::Nil, NO_EFFECT)
}

/// The block, read: `None` is what it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QemuBlock {
    /// Memory in MiB.
    pub memory_mib: Option<u64>,
    /// The number of virtual CPUs.
    pub cpus: Option<u32>,
    /// The guest's architecture.
    pub architecture: Option<String>,
    /// What starts the guest.
    pub firmware: Option<Firmware>,
    /// Where SSH is forwarded.
    pub ssh_host: Option<String>,
    /// The port of that.
    pub ssh_port: Option<u16>,
    /// Whether it may be another one.
    pub ssh_auto_correct: Option<bool>,
    /// Seconds for shutting down.
    pub graceful_timeout: Option<u64>,
    /// All that only this backend has.
    pub options: QemuOptions,
    /// Options that were set and have no effect, by name.
    pub without_effect: Vec<&'static str>,
}

/// What is wrong with the value of one option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{option}` {what}")]
pub struct OptionProblem {
    /// The option's own name, whatever alias the file uses.
    pub option: &'static str,
    /// The rest of the sentence.
    pub what: String,
}

impl QemuBlock {
    /// Reads the block from its values, by name or alias; reports all that is wrong at once.
    pub fn read(values: &Map<String, Value>) -> Result<Self, Vec<OptionProblem>> {
        let mut reader = Reader {
            values,
            problems: Vec::new(),
        };
        let block = Self {
            memory_mib: reader.read("memory", size_in_mib),
            cpus: reader.read("cpus", cpus),
            architecture: reader.read("architecture", text),
            firmware: reader.read("firmware", firmware),
            ssh_host: reader.read("ssh_host", text),
            ssh_port: reader.read("ssh_port", port),
            ssh_auto_correct: reader.read("ssh_auto_correct", boolean),
            graceful_timeout: reader.read("graceful_timeout", number),
            options: QemuOptions {
                machine: reader.read("machine", text),
                cpu: reader.read("cpu", text),
                accelerator: reader.read("accelerator", text),
                disk_bus: reader.read("disk_bus", text),
                net_device: reader.read("net_device", text),
                further_net_devices: reader.read("further_net_devices", list).unwrap_or_default(),
                display: reader.read("display", display).flatten(),
                extra_arguments: reader.read("extra_arguments", list).unwrap_or_default(),
                extra_netdev_arguments: reader.read("extra_netdev_arguments", text),
                disk_size_mib: reader.read("disk_size", size_in_mib),
                program: reader.read("program", program),
            },
            without_effect: reader.without_effect(),
        };
        if reader.problems.is_empty() {
            Ok(block)
        } else {
            Err(reader.problems)
        }
    }
}

/// Values on their way to types, and what is wrong with them.
struct Reader<'a> {
    values: &'a Map<String, Value>,
    problems: Vec<OptionProblem>,
}

impl Reader<'_> {
    fn read<T>(&mut self, option: &'static str, parse: fn(&Value) -> Result<T, String>) -> Option<T> {
        match parse(self.value(option)?) {
            Ok(value) => Some(value),
            Err(what) => {
                self.problems.push(OptionProblem { option, what });
                None
            }
        }
    }

    /// The value under the option's name, or else under an alias of it; nil is no value.
    fn value(&self, option: &str) -> Option<&Value> {
        let aliases = DESCRIPTORS
            .iter()
            .find(|it| it.path == option)
            .map_or(&[][..], |it| it.aliases);
        std::iter::once(&option)
            .chain(aliases)
            .find_map(|it| self.values.get(*it).filter(|it| !it.is_null()))
    }

    fn without_effect(&self) -> Vec<&'static str> {
        let known = DESCRIPTORS.iter().filter(|it| it.documentation == NO_EFFECT);
        known.map(|it| it.path).filter(|it| self.value(it).is_some()).collect()
    }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(format!("must be text, not {value}")),
    }
}

fn firmware(value: &Value) -> Result<Firmware, String> {
    match value.as_str() {
        Some("bios") => Ok(Firmware::Bios),
        Some("efi") => Ok(Firmware::Efi),
        _ => Err(not_among(FIRMWARES, value)),
    }
}

fn display(value: &Value) -> Result<Option<Display>, String> {
    match value.as_str() {
        Some("none") => Ok(None),
        Some("gtk") => Ok(Some(Display::Gtk)),
        Some("sdl") => Ok(Some(Display::Sdl)),
        Some("cocoa") => Ok(Some(Display::Cocoa)),
        Some("vnc") => Ok(Some(Display::Vnc)),
        _ => Err(not_among(DISPLAYS, value)),
    }
}

fn not_among(words: &[&str], value: &Value) -> String {
    format!("must be one of {}, not {value}", words.join(", "))
}

fn number(value: &Value) -> Result<u64, String> {
    let parsed = value
        .as_u64()
        .or_else(|| value.as_str().and_then(|it| it.trim().parse().ok()));
    parsed.ok_or_else(|| format!("must be a whole number, not {value}"))
}

fn port(value: &Value) -> Result<u16, String> {
    number(value)?
        .try_into()
        .ok()
        .filter(|it| *it != 0)
        .ok_or_else(|| format!("must be a port from 1 to 65535, not {value}"))
}

fn boolean(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| format!("must be true or false, not {value}"))
}

fn list(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(items) => items.iter().map(text).collect(),
        single => Ok(vec![text(single)?]),
    }
}

/// vagrant-qemu takes a list here too, for a program in front of QEMU; one entry is QEMU itself.
fn program(value: &Value) -> Result<PathBuf, String> {
    match list(value)?.as_slice() {
        [program] => Ok(program.into()),
        _ => Err("must be one program, without arguments".to_owned()),
    }
}

/// `2`, `"2"`, or `-smp`'s own `"2,sockets=1"` and `"cpus=2"`.
fn cpus(value: &Value) -> Result<u32, String> {
    let wrong = || format!("must be a number of CPUs from 1 on, not {value}");
    let text = text(value).map_err(|_| wrong())?;
    let parts = || text.split(',').map(str::trim);
    let count = parts()
        .find_map(|it| it.strip_prefix("cpus="))
        .or_else(|| parts().next())
        .unwrap_or_default();
    count.parse().ok().filter(|it| *it != 0).ok_or_else(wrong)
}

/// `2048`, `"2048"`, `"2G"`, `"512M"`, `"512 MiB"`.
fn size_in_mib(value: &Value) -> Result<u64, String> {
    let wrong = || format!("must be a number of MiB, or a size as \"2G\" or \"512M\", not {value}");
    let text = text(value).map_err(|_| wrong())?.trim().to_ascii_lowercase();
    let digits = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let mib_in_unit: u64 = match unit.trim() {
        "" | "m" | "mb" | "mib" => 1,
        "g" | "gb" | "gib" => 1024,
        "t" | "tb" | "tib" => 1024 * 1024,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(mib_in_unit).filter(|it| *it != 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn check(values: &Value, expected: Expect) {
        let text = match QemuBlock::read(values.as_object().unwrap()) {
            Ok(block) => format!("{block:#?}"),
            Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        };
        expected.assert_eq(&text);
    }

    #[test]
    fn a_block_of_vagrant_qemu_is_read() {
        check(
            &json!({
                "arch": "aarch64", "machine": "virt,accel=hvf,highmem=off", "cpu": "cortex-a72", "smp": "cpus=4,cores=4",
                "memory": "2G", "net_device": "virtio-net-pci", "drive_interface": "scsi", "ssh_port": 50122,
                "extra_qemu_args": ["-audiodev", "none,id=a"], "disk_resize": "40G", "no_daemonize": true, "cpus": null,
            }),
            expect![[r#"
                QemuBlock {
                    memory_mib: Some(
                        2048,
                    ),
                    cpus: Some(
                        4,
                    ),
                    architecture: Some(
                        "aarch64",
                    ),
                    firmware: None,
                    ssh_host: None,
                    ssh_port: Some(
                        50122,
                    ),
                    ssh_auto_correct: None,
                    graceful_timeout: None,
                    options: QemuOptions {
                        machine: Some(
                            "virt,accel=hvf,highmem=off",
                        ),
                        cpu: Some(
                            "cortex-a72",
                        ),
                        accelerator: None,
                        disk_bus: Some(
                            "scsi",
                        ),
                        net_device: Some(
                            "virtio-net-pci",
                        ),
                        further_net_devices: [],
                        display: None,
                        extra_arguments: [
                            "-audiodev",
                            "none,id=a",
                        ],
                        extra_netdev_arguments: None,
                        disk_size_mib: Some(
                            40960,
                        ),
                        program: None,
                    },
                    without_effect: [
                        "no_daemonize",
                    ],
                }"#]],
        );
    }

    #[test]
    fn memory_may_be_written_in_many_ways() {
        let written = [json!(2048), json!("2048"), json!("2G"), json!("512M"), json!("1 GiB")];

        let sizes = written.map(|it| size_in_mib(&it).unwrap());

        assert_eq!(sizes, [2048, 2048, 2048, 512, 1024]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        check(
            &json!({
                "memory": "lots", "cpus": 0, "ssh_port": 70000, "machine": ["q35"], "qemu_bin": ["sudo", "qemu"],
                "disk_size": "99999999999999999999T", "ssh_auto_correct": "yes",
            }),
            expect![[r#"
                `memory` must be a number of MiB, or a size as "2G" or "512M", not "lots"
                `cpus` must be a number of CPUs from 1 on, not 0
                `ssh_port` must be a port from 1 to 65535, not 70000
                `ssh_auto_correct` must be true or false, not "yes"
                `machine` must be text, not ["q35"]
                `disk_size` must be a number of MiB, or a size as "2G" or "512M", not "99999999999999999999T"
                `program` must be one program, without arguments"#]],
        );
    }

    #[test]
    fn no_two_options_share_a_name() {
        let mut names: Vec<&str> = DESCRIPTORS
            .iter()
            .flat_map(|it| std::iter::once(it.path).chain(it.aliases.iter().copied()))
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();

        assert_eq!(names.len(), count);
    }
}

//! Memory, CPUs and firmware, in every form in which Vagrantfiles ask providers for them.
//!
//! A file that was written for VirtualBox says how big its machine is in VirtualBox's words. Another provider that runs the machine
//! takes these from there, and nothing else.

use vagrantfile::layer::{Call, Entry, Origin, Setting, Value};

use super::mistake::Mistakes;
use super::providers::ProviderConfig;
use super::value::{Sourced, shown, to_i, to_list, to_text};

/// How big a machine is to be and what starts it, as far as a provider's block says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hardware {
    /// Memory in MiB.
    pub memory_mib: Option<Sourced<u64>>,
    /// The number of virtual CPUs.
    pub cpus: Option<Sourced<u32>>,
    /// Whether UEFI starts it, and not a BIOS.
    pub efi: Option<Sourced<bool>>,
}

impl Hardware {
    /// What a provider's blocks say; the last word counts.
    pub fn of(provider: &ProviderConfig) -> Self {
        let mut hardware = Self::default();
        for entry in &provider.entries {
            hardware.take(entry);
        }
        hardware
    }

    /// Notes figures of a provider's blocks that are none.
    pub fn refuse_words(provider: &ProviderConfig, mistakes: &mut Mistakes) {
        for name in ["memory", "cpus"] {
            let Some(written) = provider.body.options.get(name) else {
                continue;
            };
            let is_figure = match &written.value {
                Value::String(text) => text.trim_start().starts_with(|it: char| it.is_ascii_digit()),
                Value::Nil | Value::Integer(_) | Value::Float(_) => true,
                _ => false,
            };
            if !is_figure {
                let section = format!("{} provider", provider.name);
                let message = format!("{name} must be a number, and is {}", shown(&written.value));
                mistakes.at(written.origin.as_ref(), &section, message);
            }
        }
    }

    /// These figures, and another's where there is none here.
    pub fn or(self, other: Self) -> Self {
        Self {
            memory_mib: self.memory_mib.or(other.memory_mib),
            cpus: self.cpus.or(other.cpus),
            efi: self.efi.or(other.efi),
        }
    }

    fn take(&mut self, entry: &Entry) {
        let origin = &entry.origin;
        match (entry.path.as_str(), &entry.setting) {
            ("memory" | "memsize" | "maxmemory", Setting::Assign(value)) => self.set_memory(value, origin),
            ("cpus" | "cpu" | "numvcpus", Setting::Assign(value)) => self.set_cpus(value, origin),
            ("smp", Setting::Assign(value)) => self.set_smp(value, origin),
            // libvirt: the file of the firmware, which is UEFI's wherever somebody names one.
            ("loader", Setting::Assign(value)) => self.set_efi(value, origin),
            ("vmx", Setting::Assign(Value::Map(pairs))) => {
                for (key, value) in pairs {
                    self.take_vmx(&to_text(key).unwrap_or_default(), value, origin);
                }
            }
            ("customize", Setting::Call(call)) => self.take_customize(call, origin),
            (path, Setting::Assign(value)) => {
                if let Some(key) = path.strip_prefix("vmx.") {
                    self.take_vmx(key, value, origin);
                }
            }
            _ => {}
        }
    }

    fn take_vmx(&mut self, key: &str, value: &Value, origin: &Origin) {
        match key.to_ascii_lowercase().as_str() {
            "memsize" => self.set_memory(value, origin),
            "numvcpus" => self.set_cpus(value, origin),
            "firmware" => self.set_efi(value, origin),
            _ => {}
        }
    }

    /// `customize ["modifyvm", :id, "--memory", 1024]` of VirtualBox and `customize ["set", :id, "--memsize", 1024]` of Parallels,
    /// with or without the event in front.
    fn take_customize(&mut self, call: &Call, origin: &Origin) {
        let words: Vec<Value> = call.positional.iter().flat_map(to_list).collect();
        let texts: Vec<String> = words.iter().map(|it| to_text(it).unwrap_or_default()).collect();
        if !texts.iter().any(|it| it == "modifyvm" || it == "set") {
            return;
        }
        for (index, word) in texts.iter().enumerate() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(Value::String(value.to_owned()))),
                None => (word.as_str(), words.get(index + 1).cloned()),
            };
            match (flag, value) {
                ("--memory" | "--memsize", Some(value)) => self.set_memory(&value, origin),
                ("--cpus", Some(value)) => self.set_cpus(&value, origin),
                ("--firmware", Some(value)) => self.set_efi(&value, origin),
                _ => {}
            }
        }
    }

    fn set_memory(&mut self, value: &Value, origin: &Origin) {
        if let Some(memory) = mebibytes(value) {
            self.memory_mib = Some(Sourced::written(memory, origin));
        }
    }

    fn set_cpus(&mut self, value: &Value, origin: &Origin) {
        if let Some(cpus) = u32::try_from(to_i(value)).ok().filter(|it| *it > 0) {
            self.cpus = Some(Sourced::written(cpus, origin));
        }
    }

    /// `efi`, `efi64`, and paths as `/usr/share/OVMF/OVMF_CODE.fd`; `bios` is none of them.
    fn set_efi(&mut self, value: &Value, origin: &Origin) {
        let text = to_text(value).unwrap_or_default().to_ascii_lowercase();
        if !text.is_empty() {
            let efi = ["efi", "ovmf", "aavmf", "edk2"].iter().any(|it| text.contains(it));
            self.efi = Some(Sourced::written(efi, origin));
        }
    }

    /// `smp = "cpus=4,sockets=1"` or `smp = "4"`.
    fn set_smp(&mut self, value: &Value, origin: &Origin) {
        let text = to_text(value).unwrap_or_default();
        let count = text.split(',').find_map(|it| it.strip_prefix("cpus=")).unwrap_or(&text);
        self.set_cpus(&Value::String(count.to_owned()), origin);
    }
}

/// A number of MiB, or text with a unit: `2048`, `"2048"`, `"2G"`, `"2048MB"`.
fn mebibytes(value: &Value) -> Option<u64> {
    let number = u64::try_from(to_i(value)).ok().filter(|it| *it > 0)?;
    let unit = match value {
        Value::String(text) => text
            .trim()
            .trim_start_matches(|it: char| it.is_ascii_digit() || it == '_')
            .trim()
            .to_ascii_lowercase(),
        _ => String::new(),
    };
    match unit.as_str() {
        "g" | "gb" | "gib" => number.checked_mul(1024),
        "t" | "tb" | "tib" => number.checked_mul(1024 * 1024),
        "k" | "kb" | "kib" => Some(number / 1024),
        _ => Some(number),
    }
}

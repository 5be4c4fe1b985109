//! What the methods of libvirt's block cannot do without: vagrant-libvirt ends the reading of a file that leaves it out.

use super::{Arguments, Datum, Error};
use crate::layer::Value;

/// Options that a method needs; each place has those of which one is enough.
type Needed = &'static [&'static [&'static str]];

/// Refuses a call without the options that its method needs, or with a word that it does not take.
pub(super) fn check_call(method: &str, arguments: &Arguments) -> Result<(), Error> {
    let options = Options::of(arguments);
    options.need(method, needed(method, arguments))?;
    match method {
        "hyperv_feature" if options.is("name", "spinlocks") => options.need(method, &[&["retries"]]),
        "channel" if options.is("type", "unix") && options.is("target_type", "guestfwd") => {
            options.need(method, &[&["target_address"], &["target_port"], &["source_path"]])
        }
        "smartcard" => {
            options.check_word(method, "mode", &["passthrough"])?;
            match options.is("type", "tcp") {
                true => options.need(method, &[&["source_mode"], &["source_host"], &["source_service"]]),
                false => Ok(()),
            }
        }
        "usb" if !options.has("vendor") && !options.has("product") => options.need(method, &[&["bus"], &["device"]]),
        "memtune" => options.check_word(method, "type", &["hard_limit", "soft_limit", "swap_hard_limit"]),
        "launchsecurity" => options.check_word(method, "type", &["sev"]),
        "random" if options.has("model") => options.check_word(method, "model", &["random"]),
        "clock_timer" => options.check_timer(),
        _ => Ok(()),
    }
}

fn needed(method: &str, arguments: &Arguments) -> Needed {
    let what = arguments.positional.first().map(Datum::snapshot);
    match (method, what.as_ref()) {
        ("cpu_feature", _) => &[&["name"], &["policy"]],
        ("hyperv_feature", _) => &[&["name"], &["state"]],
        ("clock_timer", _) => &[&["name"]],
        ("cputopology", _) => &[&["sockets"], &["cores"], &["threads"]],
        ("memorybacking", Some(Value::Symbol(it))) if it == "source" => &[&["type"]],
        ("memorybacking", Some(Value::Symbol(it))) if it == "access" || it == "allocation" => &[&["mode"]],
        ("memtune", _) => &[&["type"], &["value"]],
        ("launchsecurity" | "channel" | "redirdev", _) => &[&["type"]],
        ("input", _) => &[&["type"], &["bus"]],
        ("pci", _) => &[&["bus"], &["slot"], &["function"]],
        ("watchdog" | "usb_controller", _) => &[&["model"]],
        ("usb", _) => &[&["vendor", "product", "bus"]],
        ("redirfilter", _) => &[&["allow"]],
        ("smartcard", _) => &[&["mode"]],
        _ => &[],
    }
}

/// The options of a call, whether it has them as keywords or as a table.
struct Options(Vec<(String, Value)>);

impl Options {
    fn of(arguments: &Arguments) -> Self {
        let named = arguments
            .named
            .iter()
            .map(|(name, value)| (name.clone(), value.snapshot()));
        let mut options: Vec<_> = named.collect();
        for value in arguments.positional.iter().map(Datum::snapshot) {
            if let Value::Map(pairs) = value {
                let pairs = pairs.into_iter();
                options.extend(pairs.filter_map(|(key, value)| Some((key.as_text()?.to_owned(), value))));
            }
        }
        Self(options)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().rev().find(|(it, _)| it == name).map(|(_, value)| value);
        found.filter(|it| !matches!(it, Value::Nil))
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn is(&self, name: &str, word: &str) -> bool {
        matches!(self.get(name), Some(Value::String(text)) if text == word)
    }

    fn need(&self, method: &str, needed: Needed) -> Result<(), Error> {
        match needed.iter().find(|names| !names.iter().any(|it| self.has(it))) {
            None => Ok(()),
            Some(names) => {
                let names: Vec<_> = names.iter().map(|it| format!("`{it}`")).collect();
                Err(refused(method, format!("needs {}", names.join(" or "))))
            }
        }
    }

    fn check_word(&self, method: &str, name: &str, words: &[&str]) -> Result<(), Error> {
        match words.iter().any(|it| self.is(name, it)) {
            true => Ok(()),
            false => Err(refused(
                method,
                format!("takes for `{name}` only the text {}", words.join(", ")),
            )),
        }
    }

    fn check_timer(&self) -> Result<(), Error> {
        const KNOWN: &[&str] = &["name", "track", "tickpolicy", "frequency", "mode", "present"];
        for (name, value) in &self.0 {
            if !KNOWN.contains(&name.as_str()) {
                return Err(refused("clock_timer", format!("has no option `{name}`")));
            }
            if *value == Value::Nil {
                return Err(refused("clock_timer", format!("takes no nil for `{name}`")));
            }
        }
        Ok(())
    }
}

fn refused(method: &str, what: String) -> Error {
    Error::Arguments(format!("`{method}` of the provider libvirt {what}"))
}

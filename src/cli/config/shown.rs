//! A machine's configuration for people: a line for each value, with the file and the line that set it.
//!
//! **Invariant:** no password, token or value that the file calls sensitive is in it. `--json` has them: it is what programs compare.

use std::path::{Path, PathBuf};

use vagrantfile::layer::{Origin, Value};

use crate::config::Merged;
use crate::config::table::{Body, Called, Table};
use crate::config::value::{shown, to_list, to_text};

/// What stands where a secret was.
const MASK: &str = "*****";

/// The password of public boxes, which everybody knows, is none: half of all paths would be masked.
const PUBLIC_PASSWORD: &str = "vagrant";

/// Where the layers lie.
pub struct Layers<'a> {
    /// The folder that files are named from, where they lie in it.
    pub working_folder: PathBuf,
    /// The box's.
    pub box_file: Option<&'a Path>,
    /// The user's.
    pub home_file: Option<PathBuf>,
}

/// What was set for a machine, with the places where it was set last.
pub fn machine(name: &str, provider: &str, merged: &Merged, layers: &Layers<'_>) -> String {
    let mut rows = Rows {
        lines: Vec::new(),
        secrets: to_texts(merged.core.options.value("vagrant.sensitive")),
        layers,
    };
    rows.body("  ", &merged.core);
    for network in merged.networks.iter() {
        rows.add("  ", &format!("network {}", network.kind), network.origin.as_ref());
        rows.table("    ", &network.options);
    }
    for folder in merged.synced_folders.iter() {
        rows.add("  ", &format!("synced_folder {}", folder.id), folder.origin.as_ref());
        rows.table("    ", &folder.options);
    }
    for provisioner in merged.provisioners.iter() {
        rows.add(
            "  ",
            &format!("provision {}", provisioner.kind),
            Some(&provisioner.origin),
        );
        rows.body("    ", &provisioner.config);
    }
    for block in merged.providers.iter() {
        rows.add("  ", &format!("provider {}", block.name), Some(&block.origin));
        rows.body("    ", &block.body);
    }
    for trigger in &merged.triggers {
        let text = format!("trigger {} {}", trigger.stage.word(), trigger.command);
        rows.add("  ", &text, Some(&trigger.origin));
        rows.body("    ", &trigger.body);
    }
    for called in [&merged.disks, &merged.cloud_inits, &merged.pushes]
        .into_iter()
        .flatten()
    {
        rows.call("  ", called);
    }
    format!("{name} ({provider})\n{}", rows.masked())
}

struct Rows<'a> {
    lines: Vec<String>,
    secrets: Vec<String>,
    layers: &'a Layers<'a>,
}

impl Rows<'_> {
    fn add(&mut self, indent: &str, text: &str, origin: Option<&Origin>) {
        let place = origin.map_or_else(|| "default".to_owned(), |it| self.place(it));
        self.lines.push(format!("{indent}{text}  # {place}"));
    }

    fn table(&mut self, indent: &str, options: &Table) {
        for (name, value) in options.iter() {
            self.value(indent, name, is_secret(name), &value.value, value.origin.as_ref());
        }
    }

    /// A value in one line, or a hash in a line for each of its keys.
    fn value(&mut self, indent: &str, path: &str, secret: bool, value: &Value, origin: Option<&Origin>) {
        if let Value::Map(pairs) = value
            && !pairs.is_empty()
        {
            for (key, inner) in pairs {
                let secret = secret || to_text(key).is_some_and(|it| is_secret(&it));
                self.value(indent, &format!("{path}[{}]", shown(key)), secret, inner, origin);
            }
            return;
        }
        let text = if secret && *value != Value::Nil {
            self.secrets.extend(to_text(value).filter(|it| it != PUBLIC_PASSWORD));
            MASK.to_owned()
        } else {
            shown(value)
        };
        self.add(indent, &format!("{path} = {text}"), origin);
    }

    fn body(&mut self, indent: &str, body: &Body) {
        self.table(indent, &body.options);
        body.calls.iter().for_each(|it| self.call(indent, it));
    }

    /// A call in one line, and its named arguments below it.
    fn call(&mut self, indent: &str, called: &Called) {
        let arguments: Vec<String> = called.call.positional.iter().map(shown).collect();
        let text = format!("{} {}", called.name, arguments.join(", "));
        self.add(indent, text.trim_end(), Some(&called.origin));
        self.table(&format!("{indent}  "), &Table::of_call(&called.call, &called.origin));
    }

    /// A place; whose it is, where it is not the project's.
    fn place(&self, origin: &Origin) -> String {
        let file = origin.file.strip_prefix(&self.layers.working_folder);
        let place = format!("{}:{}", file.unwrap_or(&origin.file).display(), origin.line);
        let is = |file: Option<&Path>| file == Some(&*origin.file);
        match (is(self.layers.box_file), is(self.layers.home_file.as_deref())) {
            (true, _) => format!("{place} (the box's)"),
            (_, true) => format!("{place} (the user's)"),
            _ => place,
        }
    }

    /// All lines, without the secrets that stand in them anywhere.
    fn masked(self) -> String {
        let secrets: Vec<_> = self.secrets.iter().filter(|it| !it.is_empty()).collect();
        let mask = |line: &String| {
            let line = secrets
                .iter()
                .fold(line.clone(), |line, it| line.replace(it.as_str(), MASK));
            format!("{line}\n")
        };
        self.lines.iter().map(mask).collect()
    }
}

/// Whether an option holds what nobody else should read, by its name.
fn is_secret(name: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let is_file = name.ends_with("_path") || name.ends_with("_file");
    !is_file
        && ["password", "passwd", "passphrase", "token", "secret", "api_key"]
            .iter()
            .any(|it| name.contains(it))
}

fn to_texts(value: Option<&Value>) -> Vec<String> {
    value
        .map(to_list)
        .unwrap_or_default()
        .iter()
        .filter_map(to_text)
        .collect()
}

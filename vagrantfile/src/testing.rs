//! For tests of the languages: a project in memory in, its layers as text out.

use std::fmt::Write;
use std::path::Path;

use schema::{Default, Descriptor, Kind};

use crate::host::MemoryHost;
use crate::layer::{Call, Entry, Setting, Value};
use crate::report::Result;
use crate::session::{Role, Session, Settings};

/// Some of what the package and its other crates describe.
const OWNED: &[(&str, &[Descriptor])] = &[
    (
        "virtualbox",
        &[
            Descriptor::list("customizations", "Commands."),
            Descriptor::call("customize", &[], "Adds a command."),
            Descriptor::call("network_adapter", &["slot", "type"], "Adds a card."),
        ],
    ),
    ("libvirt", &[Descriptor::call("storage", &["type"], "Adds a disk.")]),
    (
        "puppet",
        &[
            Descriptor::attribute("facter", Kind::Map(&Kind::Any), Default::EmptyMap, "Facts."),
            Descriptor::list("options", "Arguments."),
        ],
    ),
    (
        "chef_solo",
        &[
            Descriptor::list("run_list", "Recipes and roles."),
            Descriptor::table("json", "Attributes."),
            Descriptor::call("add_recipe", &["name"], "Adds a recipe."),
            Descriptor::call("add_role", &["name"], "Adds a role."),
        ],
    ),
    (
        "docker",
        &[
            Descriptor::call("pull_images", &["image"], "Pulls an image."),
            Descriptor::call("build_image", &["path"], "Builds an image."),
            Descriptor::call("run", &["name"], "Runs a container."),
            Descriptor::call("post_install_provision", &["name"], "Adds a provisioner."),
        ],
    ),
    ("salt", &[Descriptor::call("pillar", &[], "Adds to the pillar.")]),
    (
        "trigger",
        &[
            Descriptor::text("info", "What it says."),
            Descriptor::call("ruby", &[], "Calls a block."),
        ],
    ),
];

/// Settings in which some providers and provisioners are described.
pub fn settings() -> Settings {
    Settings {
        owned: OWNED.to_owned(),
        ..Settings::default()
    }
}

/// The layers of all machines that a file of `/project` defines, and what is wrong with it.
pub fn layers_of(host: MemoryHost, file: &str, settings: Settings) -> Result<String> {
    let session = Session::new(Box::new(host), settings)?;
    let file = session.load(&Path::new("/project").join(file), Role::Project)?;
    let (mut shown, mut mistakes) = (String::new(), Vec::new());
    for machine in session.machines(&[file])? {
        let primary = if machine.primary { ", primary" } else { "" };
        let _ = writeln!(shown, "== {}{primary}", machine.name);
        for layer in session.layers(&[file], &machine.name, "virtualbox")? {
            let _ = writeln!(shown, "# {}", layer.name);
            layer.entries.iter().for_each(|it| show_entry(it, "", &mut shown));
            mistakes.extend(
                layer
                    .mistakes
                    .into_iter()
                    .filter(|it| !mistakes.contains(it))
                    .collect::<Vec<_>>(),
            );
        }
    }
    for mistake in mistakes {
        let _ = writeln!(shown, "{mistake}");
    }
    Ok(shown)
}

fn show_entry(entry: &Entry, indent: &str, shown: &mut String) {
    let Entry { path, setting, origin } = entry;
    let place = format!("{}:{}", origin.line, origin.column);
    let _ = match setting {
        Setting::Assign(value) => writeln!(shown, "{indent}{place} {path} = {}", show_value(value)),
        Setting::Call(call) => writeln!(shown, "{indent}{place} {path}({})", show_arguments(call)),
    };
    if let Setting::Call(call) = setting {
        call.body
            .iter()
            .for_each(|it| show_entry(it, &format!("{indent}  "), shown));
    }
}

fn show_arguments(call: &Call) -> String {
    let positional = call.positional.iter().map(show_value);
    let named = call
        .named
        .iter()
        .map(|(name, value)| format!("{name}: {}", show_value(value)));
    positional.chain(named).collect::<Vec<_>>().join(", ")
}

fn show_value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Symbol(text) => format!(":{text}"),
        Value::List(items) => format!("[{}]", items.iter().map(show_value).collect::<Vec<_>>().join(", ")),
        Value::Map(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| format!("{} => {}", show_value(key), show_value(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Integer(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

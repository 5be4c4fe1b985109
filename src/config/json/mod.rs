//! A machine's resolved configuration as JSON, in the shape of Vagrant's own objects.
//!
//! Attributes have Vagrant's names and the values that they have once Vagrant has finalised them. Tables are in the order of their
//! keys, so that the same project gives the same bytes in each language. Nothing is checked: what does not validate is printed too.

#[cfg(test)]
mod data;
mod libvirt;
mod providers;
mod provisioners;
mod values;

#[cfg(test)]
pub mod tests;

use std::path::Path;

use schema::{Descriptor, Form};
use serde_json::{Map, Value as Json, json};
use vagrantfile::layer::Value;

use super::merged::Merged;
use super::namespaces::{NAMESPACES, Namespace, namespace_of};
use super::pushes::Push;
use super::reader::value_or_default;
use super::ssh::verify_host_key;
use super::table::{Body, Called, Table};
use super::triggers::{Stage, TriggerDefinition, read_block};
use super::value::{Sourced, to_list, truthy};
use super::vm::extra_download_options;
use super::{cloud_init, disks};
use values::{object, of_option, of_value};

/// What is known of a machine beside its configuration.
#[derive(Debug, Clone, Copy)]
pub struct MachineFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether commands that take one machine mean this one.
    pub primary: bool,
    /// Whether `up` without a name starts it.
    pub autostart: bool,
    /// The provider that it was resolved for.
    pub provider: &'a str,
    /// The folder of its Vagrantfile.
    pub folder: &'a Path,
    /// The user's home, for paths that begin with `~`.
    pub home: Option<&'a Path>,
}

/// The provider that a machine is shown for when nobody names one: `virtualbox` if the file names it or none, else the first.
pub fn usual_provider(merged: &Merged) -> &str {
    let mut named = merged.providers.iter().map(|it| it.name.as_str());
    match merged.providers.get("virtualbox") {
        Some(_) => "virtualbox",
        None => named.next().unwrap_or("virtualbox"),
    }
}

/// The machine as JSON.
pub fn of_machine(facts: &MachineFacts<'_>, merged: &Merged) -> Json {
    let mut machine = Map::new();
    machine.insert("name".to_owned(), json!(facts.name));
    machine.insert("primary".to_owned(), json!(facts.primary));
    machine.insert("autostart".to_owned(), json!(facts.autostart));
    machine.insert("provider".to_owned(), json!(facts.provider));
    machine.insert("vm".to_owned(), vm(&merged.core.options));
    machine.insert("networks".to_owned(), networks(merged));
    machine.insert("synced_folders".to_owned(), synced_folders(merged));
    machine.insert(
        "provisioners".to_owned(),
        merged
            .provisioners
            .iter()
            .map(|it| provisioners::of_definition(it, facts.folder, facts.home))
            .collect(),
    );
    machine.insert(
        "providers".to_owned(),
        merged.providers.iter().map(providers::of_config).collect(),
    );
    for namespace in NAMESPACES
        .iter()
        .filter(|it| !matches!(it.name, "vm" | "trigger" | "push"))
    {
        machine.insert(namespace.name.to_owned(), of_namespace(namespace, &merged.core.options));
    }
    machine.insert("disks".to_owned(), calls(&merged.disks, disks::OPTIONS));
    machine.insert("cloud_init".to_owned(), calls(&merged.cloud_inits, cloud_init::OPTIONS));
    machine.insert("push".to_owned(), pushes(merged));
    machine.insert("triggers".to_owned(), triggers(&merged.triggers));
    machine.insert("plugins".to_owned(), plugins(&merged.core.options));
    Json::Object(machine)
}

fn vm(options: &Table) -> Json {
    let namespace = &NAMESPACES[0];
    let mut vm = attributes(namespace.options, "vm.", options);
    // Attributes that Vagrant leaves out until somebody sets them.
    for name in ["allow_fstab_modification", "box_server_url"] {
        vm.retain(|(it, value)| it != name || !value.is_null());
    }
    for (name, value) in &mut vm {
        let written = options.value(&format!("vm.{name}"));
        *value = match (name.as_str(), written) {
            ("box_download_checksum", None | Some(Value::Nil | Value::Boolean(false))) => json!(""),
            ("usable_port_range", Some(written)) => super::value::to_range(written)
                .map_or_else(|| of_value(written), |(first, last)| json!(format!("{first}..{last}"))),
            _ => continue,
        };
    }
    let extra = options
        .value("vm.box_download_options")
        .map(extra_download_options)
        .unwrap_or_default();
    vm.push(("box_extra_download_options".to_owned(), of_value(&Value::List(extra))));
    object(vm)
}

/// What was assigned although nobody has such an option, as Vagrant keeps it until it validates.
fn invalid(descriptors: &[Descriptor], prefix: &str, options: &Table) -> Option<(String, Json)> {
    let is_known = |path: &str| descriptors.iter().any(|it| it.path == path);
    let mut names: Vec<&str> = options
        .iter()
        .filter(|(path, _)| !is_known(path))
        .filter_map(|(path, _)| path.strip_prefix(prefix))
        .filter(|name| !name.contains('.'))
        .collect();
    names.sort_unstable();
    (!names.is_empty()).then(|| ("$invalid".to_owned(), json!(names)))
}

/// The attributes of a list of descriptors, by their names without the prefix.
fn attributes(descriptors: &[Descriptor], prefix: &str, options: &Table) -> Vec<(String, Json)> {
    let mut attributes = Vec::new();
    for descriptor in descriptors.iter().filter(|it| it.form == Form::Attribute) {
        if let Some(name) = descriptor.path.strip_prefix(prefix) {
            attributes.push((
                name.to_owned(),
                of_option(descriptor, &value_or_default(options, descriptor)),
            ));
        }
    }
    attributes
}

fn of_namespace(namespace: &Namespace, options: &Table) -> Json {
    let prefix = format!("{}.", namespace.name);
    let mut found = attributes(namespace.options, &prefix, options);
    match namespace.name {
        "ssh" | "winssh" => {
            found.retain(|(name, _)| !name.starts_with("default."));
            finalize_connection(&mut found, &prefix, options);
            let inner = format!("{prefix}default.");
            let mut default = attributes(namespace.options, &inner, options);
            finalize_connection(&mut default, &inner, options);
            finalize_default(&mut default, &found);
            found.push(("default".to_owned(), object(default)));
        }
        "winrm" => finalize_winrm(&mut found, options),
        "vagrant" => finalize_plugins(&mut found, options),
        _ => {}
    }
    found.extend(invalid(namespace.options, &prefix, options));
    object(found)
}

fn finalize_connection(attributes: &mut [(String, Json)], prefix: &str, options: &Table) {
    let written = |name: &str| options.value(&format!("{prefix}{name}"));
    let username = written("username").map(of_value);
    for (name, value) in attributes {
        match (name.as_str(), written(name)) {
            ("verify_host_key", own) => {
                let paranoid = written("paranoid").filter(|it| truthy(it));
                *value = match paranoid.or(own) {
                    Some(word @ (Value::Boolean(_) | Value::String(_) | Value::Symbol(_))) => {
                        json!(verify_host_key(word))
                    }
                    Some(other) => of_value(other),
                    None if options.contains(&format!("{prefix}verify_host_key")) => Json::Null,
                    None => json!("never"),
                };
            }
            // Nil counts as nought there.
            ("connect_timeout", None) if options.contains(&format!("{prefix}connect_timeout")) => *value = json!(0),
            ("remote_user", None) if !options.contains(&format!("{prefix}remote_user")) => {
                *value = username.clone().unwrap_or(Json::Null);
            }
            _ => {}
        }
    }
}

/// What stands where the machine's own settings say nothing.
fn finalize_default(default: &mut [(String, Json)], own: &[(String, Json)]) {
    let guest_port = own
        .iter()
        .find(|(name, _)| name == "guest_port")
        .map_or(Json::Null, |(_, value)| value.clone());
    let username = default
        .iter()
        .find(|(name, _)| name == "username")
        .map_or(Json::Null, |(_, value)| value.clone());
    for (name, value) in default.iter_mut().filter(|(_, value)| value.is_null()) {
        match name.as_str() {
            "port" => *value = guest_port.clone(),
            "remote_user" => *value = username.clone(),
            _ => {}
        }
    }
}

fn finalize_winrm(attributes: &mut [(String, Json)], options: &Table) {
    let is_ssl = options.value("winrm.transport").and_then(Value::as_text) == Some("ssl");
    for (name, value) in attributes {
        let path = format!("winrm.{name}");
        if matches!(name.as_str(), "port" | "guest_port") && !options.contains(&path) {
            *value = json!(if is_ssl { 5986 } else { 5985 });
        }
    }
}

/// A list of names, or a name, is a table of plugins that nothing more is asked of.
fn finalize_plugins(attributes: &mut [(String, Json)], options: &Table) {
    let Some(written) = options.value("vagrant.plugins") else {
        return;
    };
    let mut plugins: Vec<(Value, Value)> = Vec::new();
    for item in to_list(written) {
        match item {
            Value::Map(pairs) => plugins.extend(pairs),
            name => plugins.push((name, Value::Map(Vec::new()))),
        }
    }
    if let Some((_, value)) = attributes.iter_mut().find(|(name, _)| name == "plugins") {
        *value = of_value(&Value::Map(plugins));
    }
}

fn networks(merged: &Merged) -> Json {
    let network = |it: &super::networks::NetworkDefinition| json!({ "type": it.kind, "options": options(&it.options) });
    merged.networks.iter().map(network).collect()
}

fn synced_folders(merged: &Merged) -> Json {
    let folder = |it: &super::synced_folders::FolderDefinition| {
        let mut folder = Map::new();
        folder.insert("id".to_owned(), json!(it.id));
        if let Json::Object(options) = options(&it.options) {
            folder.extend(options);
        }
        Json::Object(folder)
    };
    merged.synced_folders.iter().map(folder).collect()
}

fn options(table: &Table) -> Json {
    object(
        table
            .iter()
            .map(|(name, value)| (name.to_owned(), of_value(value)))
            .collect(),
    )
}

/// Calls whose first argument is a `type`, with the options that they were given.
fn calls(calls: &[Called], descriptors: &[Descriptor]) -> Json {
    let of_call = |it: &Called| {
        let mut body = Body::of_call(&it.call, &it.origin, &[descriptors]);
        if let Some(kind) = it.call.positional.first() {
            body.options.set("type", Sourced::written(kind.clone(), &it.origin));
        }
        options(&body.options)
    };
    calls.iter().map(of_call).collect()
}

fn pushes(merged: &Merged) -> Json {
    let push = |it: Push| {
        let called = it
            .body
            .calls
            .iter()
            .map(|it| json!([it.name, it.call.positional.iter().map(of_value).collect::<Json>()]));
        let called: Json = called.collect();
        json!({ "name": it.name, "strategy": it.strategy, "config": options(&it.body.options), "calls": called })
    };
    Push::of_calls(&merged.pushes).into_iter().map(push).collect()
}

fn triggers(definitions: &[TriggerDefinition]) -> Json {
    let of = |stage: Stage| definitions.iter().filter(move |it| it.stage == stage);
    of(Stage::Before).chain(of(Stage::After)).map(trigger).collect()
}

fn trigger(definition: &TriggerDefinition) -> Json {
    let descriptors = super::triggers::OPTIONS;
    let mut found = attributes(descriptors, "", &definition.body.options);
    for (name, value) in &mut found {
        let written = definition.body.options.value(name);
        *value = match (name.as_str(), written) {
            ("exit_codes", None) => json!([0]),
            ("abort", Some(Value::Boolean(true))) => json!(1),
            ("run" | "run_remote", Some(Value::Map(pairs))) => {
                let options = super::triggers::script_options(name, pairs, &definition.origin);
                provisioners::of_shell(&options)
            }
            ("ruby", _) => Json::Null,
            _ => continue,
        };
    }
    if read_block(&definition.body).is_some() {
        found.push(("ruby_block".to_owned(), json!(true)));
    }
    found.push(("command".to_owned(), json!(definition.command)));
    found.retain(|(_, value)| !value.is_null());
    let mut trigger = Map::from_iter([("when".to_owned(), json!(definition.stage.word()))]);
    if let Json::Object(found) = object(found) {
        trigger.extend(found);
    }
    Json::Object(trigger)
}

/// What was assigned in namespaces that nobody knows.
fn plugins(core: &Table) -> Json {
    let mut plugins: Vec<(String, Vec<(String, Json)>)> = Vec::new();
    for (path, value) in core.iter().filter(|(path, _)| namespace_of(path).is_none()) {
        let (namespace, option) = path.split_once('.').unwrap_or((path, ""));
        if option.is_empty() {
            continue;
        }
        let entry = (option.to_owned(), of_value(value));
        match plugins.iter_mut().find(|(it, _)| it == namespace) {
            Some((_, options)) => options.push(entry),
            None => plugins.push((namespace.to_owned(), vec![entry])),
        }
    }
    object(
        plugins
            .into_iter()
            .map(|(name, options)| (name, object(options)))
            .collect(),
    )
}

//! The options as a JSON Schema for `Vagrantfile.toml`, so that editors complete, explain and check while one types.
//!
//! Objects whose options are all known are closed: a misspelt key is refused. Strings may hold `${NAME}` wherever a value of another
//! type is meant, since TOML has no other place for a variable.

use schema::{Default, Descriptor, Kind};
use serde_json::{Map, Value as Json, json};

use super::{Group, Owner, owners_of, plugin_namespaces};

/// A text with a variable in it.
const VARIABLE: &str = r"\$\{";

/// Options that one provider has beside those of all: `virtualbox__intnet`.
const OF_A_PROVIDER: &str = "^[A-Za-z0-9]+(_[A-Za-z0-9]+)*__";

/// The schema.
pub fn schema() -> Json {
    let mut file = settings();
    file.insert(
        "include".to_owned(),
        described(list_of(json!({ "type": "string" })), INCLUDE),
    );
    file.insert(
        "machine".to_owned(),
        described(
            json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/machine" } }),
            MACHINE,
        ),
    );
    let mut schema = closed(file);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Vagrantfile.toml");
    schema["$defs"] = Json::Object(definitions());
    schema
}

const INCLUDE: &str = "Files of the same kind that are read before this one.";
const MACHINE: &str = "The machines, by name.";

/// What a file, a machine and an override have in common.
fn settings() -> Map<String, Json> {
    let mut properties = Map::new();
    for namespace in owners_of(Group::Namespace) {
        let definition = reference(&format!("config.{}", namespace.name));
        properties.insert(namespace.name.to_owned(), definition);
    }
    properties.insert("provider".to_owned(), reference("provider"));
    properties.insert("trigger".to_owned(), list_of(reference("trigger")));
    for namespace in plugin_namespaces() {
        properties.insert(namespace.to_owned(), json!({ "type": "object" }));
    }
    properties
}

fn definitions() -> Map<String, Json> {
    let mut definitions = Map::new();
    for namespace in owners_of(Group::Namespace).iter().filter(|it| it.name != "trigger") {
        definitions.insert(format!("config.{}", namespace.name), of_namespace(namespace));
    }
    definitions.insert("config.trigger".to_owned(), list_of(reference("trigger")));
    definitions.insert("nil".to_owned(), nil());
    definitions.insert("settings".to_owned(), closed(settings()));
    definitions.insert("machine".to_owned(), machine());
    definitions.insert("provider".to_owned(), providers());
    definitions.insert("network".to_owned(), by_type(Group::Network, &[]));
    definitions.insert("provisioner".to_owned(), provisioner());
    for object in owners_of(Group::Object) {
        match object.name {
            "trigger" => definitions.insert("trigger".to_owned(), trigger(&object)),
            "synced_folder" => definitions.insert("synced_folder".to_owned(), synced_folder(&object)),
            "provisioner" => None,
            _ => definitions.insert(object.name.to_owned(), of_call(&object)),
        };
    }
    definitions.insert("push".to_owned(), push());
    definitions
}

/// A namespace: its attributes, and below `vm` and `push` what is called.
fn of_namespace(namespace: &Owner) -> Json {
    let mut properties = Map::new();
    let mut inner = Map::new();
    for descriptor in namespace.attributes() {
        match descriptor.path.strip_prefix("default.") {
            Some(name) => insert(&mut inner, name, descriptor),
            None => insert(&mut properties, descriptor.path, descriptor),
        }
    }
    if !inner.is_empty() {
        properties.insert("default".to_owned(), closed(inner));
    }
    for call in namespace.calls() {
        let definition = match (namespace.name, call.path) {
            ("vm", "network") => "network",
            ("vm", "synced_folder") => "synced_folder",
            ("vm", "provision") => "provisioner",
            ("vm", "disk") => "disk",
            ("vm", "cloud_init") => "cloud_init",
            ("push", "define") => "push",
            // Machines and providers have tables of their own.
            _ => continue,
        };
        properties.insert(
            call.path.to_owned(),
            described(list_of(reference(definition)), call.documentation),
        );
    }
    closed(properties)
}

/// Ruby's nil, where leaving a key out does not mean the same.
fn nil() -> Json {
    let properties = Map::from_iter([("nil".to_owned(), json!({ "const": true }))]);
    required(closed(properties), &["nil"])
}

fn machine() -> Json {
    let mut properties = settings();
    for (name, documentation) in [
        ("primary", "Makes it the machine that commands without a name mean."),
        ("autostart", "Lets `up` without a name start it."),
    ] {
        properties.insert(name.to_owned(), described(of_kind(Kind::Boolean), documentation));
    }
    closed(properties)
}

/// Providers whose options are known are closed; of the others everything is taken.
fn providers() -> Json {
    let mut properties = Map::new();
    for provider in owners_of(Group::Provider) {
        let mut options = all_of(&provider);
        options.insert("override".to_owned(), reference("settings"));
        properties.insert(provider.name.to_owned(), closed(options));
    }
    let other = json!({ "type": "object", "properties": { "override": reference("settings") } });
    json!({ "type": "object", "properties": properties, "additionalProperties": other })
}

/// One of the owners of a group, told apart by `type`.
fn by_type(group: Group, beside: &[&Descriptor]) -> Json {
    let kinds = owners_of(group).into_iter().map(|kind| {
        let mut properties = all_of(&kind);
        beside.iter().for_each(|it| insert(&mut properties, it.path, it));
        properties.insert("type".to_owned(), json!({ "const": kind.name }));
        let inner = json!({ "type": "object" });
        // Puppet's `options` are arguments; as a table the word means the same as everywhere.
        let options = match properties.remove("options") {
            Some(own) => json!({ "anyOf": [own, inner] }),
            None => described(inner, OPTIONS),
        };
        properties.insert("options".to_owned(), options);
        with_provider_options(required(closed(properties), &["type"]))
    });
    json!({ "oneOf": kinds.collect::<Vec<_>>() })
}

const OPTIONS: &str = "Options whose names mean something else beside them, such as `type`.";

/// A provisioner; one that only has a name changes the one of that name.
fn provisioner() -> Json {
    let beside = owners_of(Group::Object).into_iter().find(|it| it.name == "provisioner");
    let beside: Vec<Descriptor> = beside.iter().flat_map(Owner::attributes).copied().collect();
    let mut schema = by_type(Group::Provisioner, &beside.iter().collect::<Vec<_>>());
    let mut any: Map<String, Json> = Map::new();
    owners_of(Group::Provisioner)
        .iter()
        .for_each(|it| any.extend(all_of(it)));
    beside.iter().for_each(|it| insert(&mut any, it.path, it));
    any.insert("run".to_owned(), json!({}));
    let mut only_named = required(closed(any), &["name"]);
    only_named["not"] = json!({ "required": ["type"] });
    if let Some(kinds) = schema["oneOf"].as_array_mut() {
        for kind in kinds.iter_mut() {
            // Docker's `run` is a list of containers; as one word it says when the provisioner runs.
            if let Some(run) = kind["properties"].get_mut("run") {
                *run = json!({ "anyOf": [run.clone(), { "type": ["array", "object"] }] });
            }
        }
        kinds.push(only_named);
    }
    schema
}

fn trigger(trigger: &Owner) -> Json {
    let mut properties = all_of(trigger);
    for shell in owners_of(Group::Provisioner).iter().filter(|it| it.name == "shell") {
        for script in ["run", "run_remote"] {
            properties.insert(script.to_owned(), closed(all_of(shell)));
        }
    }
    properties.insert("stage".to_owned(), json!({ "enum": ["before", "after"] }));
    properties.insert("on".to_owned(), list_of(json!({ "type": "string" })));
    required(closed(properties), &["stage", "on"])
}

fn synced_folder(folder: &Owner) -> Json {
    let mut properties = all_of(folder);
    for kind in owners_of(Group::FolderKind) {
        properties.extend(all_of(&kind));
    }
    for (written, named) in [("hostpath", "host"), ("guestpath", "guest")] {
        if let Some(path) = properties.remove(written) {
            properties.insert(named.to_owned(), path);
        }
    }
    properties.insert("options".to_owned(), described(json!({ "type": "object" }), OPTIONS));
    with_provider_options(required(closed(properties), &["host"]))
}

fn of_call(object: &Owner) -> Json {
    with_provider_options(required(closed(all_of(object)), &["type"]))
}

fn push() -> Json {
    let mut properties = Map::new();
    for strategy in owners_of(Group::Push) {
        properties.extend(all_of(&strategy));
    }
    properties.insert("name".to_owned(), json!({ "type": "string" }));
    let strategies: Vec<&str> = owners_of(Group::Push).iter().map(|it| it.name).collect();
    properties.insert("strategy".to_owned(), json!({ "enum": strategies }));
    required(closed(properties), &["name"])
}

/// Attributes with their types; of calls everything is taken.
fn all_of(owner: &Owner) -> Map<String, Json> {
    let mut properties = Map::new();
    for descriptor in owner.calls() {
        properties.insert(
            descriptor.path.to_owned(),
            json!({ "description": descriptor.documentation }),
        );
    }
    owner.attributes().for_each(|it| insert(&mut properties, it.path, it));
    properties
}

/// An option under its name and its aliases.
fn insert(properties: &mut Map<String, Json>, name: &str, descriptor: &Descriptor) {
    let mut property = described(or_nil(of_kind(descriptor.kind)), descriptor.documentation);
    if let Some(default) = default_of(descriptor) {
        property["default"] = default;
    }
    for alias in descriptor.aliases {
        let alias = alias.rsplit('.').next().unwrap_or(alias);
        let mut property = property.clone();
        property["deprecated"] = json!(true);
        properties.insert(alias.to_owned(), property);
    }
    properties.insert(name.to_owned(), property);
}

fn of_kind(kind: Kind) -> Json {
    match kind {
        Kind::Boolean => or_variable(json!({ "type": "boolean" })),
        Kind::Integer | Kind::Float => json!({ "type": ["number", "string"] }),
        Kind::String | Kind::HostPath | Kind::GuestPath => json!({ "type": ["string", "number"] }),
        Kind::Word(words) => or_variable(json!({ "enum": words })),
        Kind::List(item) => list_of(of_kind(*item)),
        Kind::Map(item) => json!({ "type": "object", "additionalProperties": of_kind(*item) }),
        Kind::OneOf(kinds) => json!({ "anyOf": kinds.iter().map(|it| of_kind(*it)).collect::<Vec<_>>() }),
        Kind::Any => json!({}),
    }
}

fn or_variable(schema: Json) -> Json {
    json!({ "anyOf": [schema, { "type": "string", "pattern": VARIABLE }] })
}

/// A value, or the table that says nil.
fn or_nil(schema: Json) -> Json {
    if schema == json!({}) {
        return schema;
    }
    json!({ "anyOf": [schema, reference("nil")] })
}

/// A list, or one of its items.
fn list_of(item: Json) -> Json {
    if item == json!({}) {
        return item;
    }
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

fn default_of(descriptor: &Descriptor) -> Option<Json> {
    Some(match descriptor.default {
        Default::Nil | Default::Computed(_) => return None,
        Default::Boolean(truth) => json!(truth),
        Default::Integer(number) => json!(number),
        Default::String(text) | Default::Symbol(text) => json!(text),
        Default::List(items) => json!(items),
        Default::EmptyMap => json!({}),
        Default::Range(first, last) => json!(format!("{first}..{last}")),
    })
}

fn described(mut schema: Json, documentation: &str) -> Json {
    schema["description"] = json!(documentation);
    schema
}

fn reference(definition: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn closed(properties: Map<String, Json>) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn required(mut schema: Json, keys: &[&str]) -> Json {
    schema["required"] = json!(keys);
    schema
}

fn with_provider_options(mut schema: Json) -> Json {
    schema["patternProperties"] = json!({ OF_A_PROVIDER: {} });
    schema
}

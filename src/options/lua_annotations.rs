//! The options as LuaCATS annotations for `Vagrantfile.lua`, which Lua language servers complete and check by.
//!
//! The text is a Lua file of comments and empty functions; nothing ever runs it.

use schema::{Default, Descriptor, Form, Kind};

use super::{Group, Owner, owners, owners_of};

/// The annotations.
pub fn annotations() -> String {
    let mut text = String::from(HEAD);
    for owner in owners() {
        text.push_str(&class(&owner));
    }
    text.push_str(&config());
    text.push_str(TAIL);
    text
}

const HEAD: &str = "---@meta\n-- Written by `jaunt config schema --format luacats`.\n";

const TAIL: &str = "\
Vagrant = {}

---Nil as a value in a table of options, which cannot hold nil itself.
---@type any
Vagrant.null = nil

---@param version string|integer
---@param block fun(config: jaunt.Config)
function Vagrant.configure(version, block) end

---@param name string
---@return boolean
function Vagrant.has_plugin(name) end
";

/// The class of an owner's options.
fn class(owner: &Owner) -> String {
    let mut text = format!("\n---@class {}\n", class_name(owner.group, owner.name));
    let mut inner = String::new();
    for descriptor in &owner.options {
        match descriptor.path.split_once('.') {
            None if descriptor.path == "default" => {}
            Some(("default", name)) => inner.push_str(&field(name, descriptor)),
            _ if is_overloaded(owner, descriptor) => text.push_str(&overloads(descriptor)),
            _ => text.push_str(&field(descriptor.path, descriptor)),
        }
    }
    if !inner.is_empty() {
        let name = format!("{}.Default", class_name(owner.group, owner.name));
        text.push_str(&format!("---@field default {name}\n\n---@class {name}\n{inner}"));
    }
    text
}

/// The methods of `config.vm` and `config.trigger`, whose arguments depend on what is made.
fn is_overloaded(owner: &Owner, descriptor: &Descriptor) -> bool {
    owner.group == Group::Namespace && matches!(descriptor.form, Form::Call { .. })
}

fn overloads(descriptor: &Descriptor) -> String {
    let documentation = descriptor.documentation;
    let signatures: Vec<String> = match descriptor.path {
        "network" => each(Group::Network, |name, class| {
            format!("fun(type: {name}, options?: {class})")
        }),
        "provision" => {
            let block = |name: &str, class: &str| format!("fun(type: {name}, block: fun(it: {class}))");
            let options = |name: &str, class: &str| {
                format!("fun(type: {name}, options?: {class}|jaunt.Object.provisioner, block?: fun(it: {class}))")
            };
            let named = "fun(name: string, options: table, block?: fun(it: any))".to_owned();
            let mut signatures = each(Group::Provisioner, block);
            signatures.extend(each(Group::Provisioner, options));
            signatures.push(named);
            signatures
        }
        "provider" => {
            let of_one = |name: &str, class: &str| {
                format!("fun(name: {name}, block?: fun(it: {class}, override: jaunt.Config))")
            };
            let other = "fun(name: string, block?: fun(it: any, override: jaunt.Config))".to_owned();
            each(Group::Provider, of_one).into_iter().chain([other]).collect()
        }
        "define" if documentation.contains("machine") => vec![
            "fun(name: string, block?: fun(machine: jaunt.Config))".to_owned(),
            "fun(name: string, options: table, block?: fun(machine: jaunt.Config))".to_owned(),
        ],
        "define" => each(Group::Push, |_, class| {
            format!("fun(name: string, options?: table, block?: fun(it: {class}))")
        }),
        "synced_folder" => vec!["fun(host: string, guest?: string, options?: jaunt.Object.synced_folder)".to_owned()],
        "disk" => vec!["fun(type: string, options?: jaunt.Object.disk)".to_owned()],
        "cloud_init" => vec!["fun(type: string, options?: jaunt.Object.cloud_init)".to_owned()],
        _ => vec![
            "fun(on: string|string[], block: fun(it: jaunt.Object.trigger))".to_owned(),
            "fun(on: string|string[], options: jaunt.Object.trigger, block?: fun(it: jaunt.Object.trigger))".to_owned(),
            "fun(on: string, further: string, block: fun(it: jaunt.Object.trigger))".to_owned(),
        ],
    };
    format!(
        "---@field {} {} {documentation}\n",
        descriptor.path,
        signatures.join("|")
    )
}

fn each(group: Group, signature: impl Fn(&str, &str) -> String) -> Vec<String> {
    owners_of(group)
        .iter()
        .map(|it| signature(&format!("\"{}\"", it.name), &class_name(group, it.name)))
        .collect()
}

fn field(name: &str, descriptor: &Descriptor) -> String {
    let types = match descriptor.form {
        Form::Attribute | Form::Reading => format!("? {}", type_of(descriptor.kind)),
        // A method is there; only attributes may be nil.
        Form::Call { .. } => " fun(...: any)".to_owned(),
    };
    let default = default_of(descriptor).map_or(String::new(), |it| format!(" Default: {it}."));
    let mut text = format!("---@field {name}{types} {}{default}\n", descriptor.documentation);
    for alias in descriptor.aliases {
        let alias = alias.rsplit('.').next().unwrap_or(alias);
        text.push_str(&format!("---@field {alias}{types} Another name of `{name}`.\n"));
    }
    text
}

fn type_of(kind: Kind) -> String {
    match kind {
        Kind::Boolean => "boolean".to_owned(),
        Kind::Integer => "integer|string".to_owned(),
        Kind::Float => "number".to_owned(),
        Kind::String | Kind::HostPath | Kind::GuestPath => "string".to_owned(),
        Kind::Word(words) => words.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join("|"),
        Kind::List(item) => {
            let item = type_of(*item);
            format!("{item}|({item})[]")
        }
        Kind::Map(item) => format!("table<string, {}>", type_of(*item)),
        Kind::OneOf(kinds) => kinds.iter().map(|it| type_of(*it)).collect::<Vec<_>>().join("|"),
        Kind::Any => "any".to_owned(),
    }
}

fn default_of(descriptor: &Descriptor) -> Option<String> {
    match descriptor.default {
        Default::Nil => None,
        Default::String("") | Default::List([]) | Default::EmptyMap => None,
        _ => Some(super::pages::default_text(descriptor)),
    }
}

/// `config` itself.
fn config() -> String {
    let mut text = String::from("\n---@class jaunt.Config\n---@field [string] any\n");
    for namespace in owners_of(Group::Namespace) {
        let class = class_name(Group::Namespace, namespace.name);
        text.push_str(&format!("---@field {} {class}\n", namespace.name));
    }
    text.push('\n');
    text
}

fn class_name(group: Group, name: &str) -> String {
    let group = match group {
        Group::Namespace => "Namespace",
        Group::Provider => "Provider",
        Group::Network => "Network",
        Group::FolderKind => "Folder",
        Group::Provisioner => "Provisioner",
        Group::Push => "Push",
        Group::Object => "Object",
    };
    format!("jaunt.{group}.{}", name.replace('-', "_"))
}

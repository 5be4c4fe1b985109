//! The schema is complete, and what is made from it is what others take it for.

mod every_option;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{expect, expect_file};
use schema::Default;
use serde_json::{Value as Json, json};
use vagrantfile::layer::{Entry, Setting};

use super::*;

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The descriptors of one of Vagrant's classes, by the name that the list of its attributes has for it.
fn described(class: &str) -> Vec<Descriptor> {
    let (group, name) = match class.split_once(' ').unwrap() {
        // What `ssh` and `winssh` have in common is a class of its own there.
        ("object", "ssh_connect") => (Group::Namespace, "ssh"),
        ("config", name) => (Group::Namespace, name),
        ("provider", name) => (Group::Provider, name),
        ("provisioner", name) => (Group::Provisioner, name),
        ("push", name) => (Group::Push, name),
        ("object", name) => (Group::Object, name),
        other => panic!("{other:?}"),
    };
    let found = owners_of(group).into_iter().filter(|it| it.name == name);
    found.flat_map(|it| it.options).collect()
}

fn is_called(descriptor: &Descriptor, name: &str) -> bool {
    let alias = |it: &&'static str| it.rsplit('.').next() == Some(name);
    descriptor.path == name || descriptor.aliases.iter().any(alias)
}

fn json_of(default: Default) -> Json {
    match default {
        Default::Nil | Default::Computed(_) => Json::Null,
        Default::Boolean(truth) => json!(truth),
        Default::Integer(number) => json!(number),
        Default::String(text) | Default::Symbol(text) => json!(text),
        Default::List(items) => json!(items),
        Default::EmptyMap => json!({}),
        Default::Range(first, last) => json!({ "range": format!("{first}..{last}") }),
    }
}

#[test]
fn every_attribute_of_vagrants_is_described_with_its_default() {
    let list = fs::read_to_string(fixture("fixtures/contract/attributes.tsv")).unwrap();
    let (mut missing, mut other, mut computed) = (Vec::new(), Vec::new(), Vec::new());
    for line in list.lines() {
        let [class, name, default] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let descriptors = described(class);
        match descriptors.iter().find(|it| is_called(it, name)) {
            None => missing.push(format!("{class} {name}")),
            Some(it) if it.path != name || default == "?" => {}
            Some(Descriptor {
                default: Default::Computed(_),
                ..
            }) => computed.push(format!("{class}: {name}")),
            Some(it) if json_of(it.default) == serde_json::from_str::<Json>(default).unwrap() => {}
            Some(it) => other.push(format!("{class} {name}: {default}, and not {:?}", it.default)),
        }
    }

    assert_eq!(list.lines().count(), 658);
    assert_eq!(missing, [""; 0]);
    assert_eq!(other, [""; 0]);
    // Their defaults are made when a configuration is finalised; the tests of that hold them against Vagrant.
    expect![[r#"
        config winrm: guest_port
        config winrm: port
        provider libvirt: inputs
        provider libvirt: serials
        provisioner chef_solo: cookbooks_path
        provisioner chef_zero: cookbooks_path
        provisioner puppet: environment
        provisioner puppet: manifest_file
        provisioner puppet: manifests_path
        push atlas: token
        object trigger: exit_codes"#]]
    .assert_eq(&computed.join("\n"));
}

#[test]
fn every_option_is_described_once_and_in_one_line() {
    for owner in owners() {
        let mut names = BTreeMap::new();
        for descriptor in &owner.options {
            let form = matches!(descriptor.form, schema::Form::Call { .. });
            assert!(
                names.insert((descriptor.path, form), ()).is_none(),
                "{} {} is there twice",
                owner.name,
                descriptor.path
            );
            let text = descriptor.documentation;
            assert!(
                text.ends_with('.') && !text.contains('\n'),
                "{} {}",
                owner.name,
                descriptor.path
            );
        }
    }
}

/// Fixtures about what a Vagrantfile may hold and no validation accepts.
const INVALID: &[&str] = &["foreign_namespaces"];

fn toml_fixtures() -> Vec<(String, Json)> {
    let mut found = Vec::new();
    for folder in fs::read_dir(fixture("fixtures/vagrantfiles"))
        .unwrap()
        .map(|it| it.unwrap())
    {
        let name = folder.file_name().to_string_lossy().into_owned();
        if let Ok(text) = fs::read_to_string(folder.path().join("Vagrantfile.toml"))
            && !INVALID.contains(&name.as_str())
        {
            found.push((name, toml::from_str(&text).unwrap()));
        }
    }
    assert!(found.len() > 15);
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn validator() -> impl Fn(&Json) -> Result<(), String> {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler
        .add_resource("vagrantfile.json", json_schema::schema())
        .unwrap();
    let index = compiler.compile("vagrantfile.json", &mut schemas).unwrap();
    move |instance| schemas.validate(instance, index).map_err(|it| format!("{it:#}"))
}

#[test]
fn the_json_schema_accepts_every_valid_file() {
    let validate = validator();
    for (name, file) in toml_fixtures() {
        if let Err(error) = validate(&file) {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn the_json_schema_refuses_every_misspelt_option() {
    let validate = validator();
    let mut count = 0;
    for (name, file) in toml_fixtures() {
        for (path, misspelt) in misspellings(&file, &mut Vec::new()) {
            count += 1;
            assert!(validate(&misspelt).is_err(), "{name}: {path}");
        }
    }
    assert!(count > 100, "only {count}");
}

/// The file with one key of the schema's misspelt, for each of them; keys that are names of the user's are left alone.
fn misspellings(file: &Json, path: &mut Vec<String>) -> Vec<(String, Json)> {
    const FREE: &[&str] = &[
        "machine",
        "groups",
        "extra_vars",
        "host_vars",
        "json",
        "pillar",
        "pillar_data",
        "facter",
        "env",
        "options",
        "box_download_options",
        "vmx",
        "run",
        "pull_images",
        "build_image",
        "provider",
        "network_adapter",
        "storage",
        "environment_variables",
        "post_install_provision",
        "plugins",
        "customize",
        "inputs",
        "boot",
    ];
    let mut found = Vec::new();
    match file {
        Json::Object(map) => {
            let is_free = path.last().is_some_and(|it| {
                FREE.contains(&it.as_str()) || it.contains("__") || plugin_namespaces().any(|name| name == it)
            });
            for (key, value) in map {
                if !is_free && !key.contains("__") {
                    let renamed = map.iter().map(|(it, value)| {
                        let name = if it == key { format!("{it}x") } else { it.clone() };
                        (name, value.clone())
                    });
                    found.push((format!("{}.{key}", path.join(".")), Json::Object(renamed.collect())));
                }
                // Below what belongs to the user, only machines and providers hold options again.
                if !is_free || matches!(path.last().map(String::as_str), Some("machine")) {
                    path.push(key.clone());
                    for (place, inner) in misspellings(value, path) {
                        let mut whole = map.clone();
                        whole.insert(key.clone(), inner);
                        found.push((place, Json::Object(whole)));
                    }
                    path.pop();
                }
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for (place, inner) in misspellings(item, path) {
                    let mut whole = items.clone();
                    whole[index] = inner;
                    found.push((place, Json::Array(whole)));
                }
            }
        }
        _ => {}
    }
    found
}

#[test]
fn the_lua_annotations_are_lua_whose_types_are_all_declared() {
    let text = lua_annotations::annotations();
    mlua::Lua::new().load(&text).exec().unwrap();

    let classes: Vec<&str> = text.lines().filter_map(|it| it.strip_prefix("---@class ")).collect();
    let used = regex::Regex::new(r"jaunt\.[A-Za-z0-9_.]+").unwrap();
    for name in used.find_iter(&text) {
        assert!(classes.contains(&name.as_str()), "{} is not declared", name.as_str());
    }
    for owner in owners() {
        for descriptor in owner.attributes().filter(|it| !it.path.contains('.')) {
            for name in descriptor.aliases.iter().chain([&descriptor.path]) {
                let name = name.rsplit('.').next().unwrap();
                assert!(text.contains(&format!("---@field {name}? ")), "{name}");
            }
        }
    }
}

/// The methods that a file calls on what it sets up first: a provider or a provisioner.
fn methods_called(file: &str, text: &str) -> Vec<String> {
    let host = vagrantfile::host::MemoryHost::default().with_file(file, text);
    let session = vagrantfile::Session::new(Box::new(host), settings(Plugins::BuiltIn)).unwrap();
    let id = session
        .load(&Path::new("/project").join(file), vagrantfile::Role::Project)
        .unwrap();
    let layers = session.layers(&[id], "default", "virtualbox").unwrap();
    let Setting::Call(call) = &layers[0].entries[0].setting else {
        panic!("{:?}", layers[0])
    };
    let is_call = |it: &&Entry| matches!(it.setting, Setting::Call(_));
    call.body.iter().filter(is_call).map(|it| it.path.clone()).collect()
}

/// Options without which a method of libvirt's block cannot be called, as Lua and TOML both write them.
fn needed(owner: &str, method: &str) -> &'static str {
    match (owner, method) {
        ("libvirt", "clock_timer") => "name = 'a'",
        ("libvirt", "memtune") => "type = 'hard_limit', value = 1",
        ("libvirt", "launchsecurity") => "type = 'sev'",
        ("libvirt", "smartcard") => "mode = 'passthrough'",
        ("libvirt", "random") => "model = 'random'",
        ("libvirt", "cputopology") => "sockets = 1, cores = 1, threads = 1",
        ("libvirt", "pci") => "bus = 1, slot = 1, [\"function\"] = 1",
        ("libvirt", _) => {
            "name = 'a', policy = 'a', state = 'a', type = 'a', bus = 'a', model = 'a', device = 'a', allow = 'a'"
        }
        _ => "a = 1",
    }
}

#[test]
fn every_method_can_be_called_from_lua_and_toml() {
    for group in [Group::Provider, Group::Provisioner] {
        for owner in owners_of(group) {
            let name = owner.name;
            let (toml, method) = match group {
                Group::Provider => (format!("[provider.{name}]"), "provider"),
                _ => (format!("[[vm.provision]]\ntype = \"{name}\""), "provision"),
            };
            for call in owner.calls().map(|it| it.path) {
                let options = needed(name, call);
                let lua = format!(
                    "Vagrant.configure('2', function(config) config.vm.{method}('{name}', function(it) it.{call}('a', {{ {options} }}) end) end)"
                );
                let options = options.replace("[\"function\"]", "function");
                let toml = format!("{toml}\n{call} = [{{ {options} }}]\n");

                assert_eq!(methods_called("Vagrantfile.lua", &lua), [call], "{name}");
                assert_eq!(methods_called("Vagrantfile.toml", &toml), [call], "{name}");
            }
        }
    }
}

#[test]
fn the_reference_pages_are_as_the_options_are() {
    let folder = fixture("docs/reference");
    let pages = pages::pages();
    for page in &pages {
        expect_file![folder.join(page.file)].assert_eq(&page.text);
    }
    let mut found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let mut expected: Vec<&str> = pages.iter().map(|it| it.file).collect();
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected, "a page that nobody writes any more");
}

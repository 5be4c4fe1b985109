//! The puppet provisioner's options, read: `puppet apply` in the guest.

use std::path::Path;

use schema::{Default, Descriptor, Kind, Merge};
use vagrantfile::layer::Value;

use super::super::ProjectFacts;
use super::super::reader::Reader;
use super::super::value::{to_json, to_list, to_text, truthy};
use crate::provisioners::puppet::{Place, Puppet};

/// Reads the options.
pub fn read(reader: &mut Reader<'_>, project: &ProjectFacts) -> Puppet {
    let environment_path = read_path(reader, "environment_path", project);
    let manifests_path = match (read_path(reader, "manifests_path", project), &environment_path) {
        (None, None) => Some(Place::Host(project.expand("manifests"))),
        (path, _) => path,
    };
    let (default_manifest, default_environment) = match &environment_path {
        Some(_) => (None, "production"),
        None => (Some("default.pp".to_owned()), ""),
    };
    let puppet = Puppet {
        manifests_path,
        manifest_file: reader.value("manifest_file").and_then(to_text).or(default_manifest),
        environment_path,
        environment: reader
            .value("environment")
            .and_then(to_text)
            .unwrap_or_else(|| default_environment.to_owned()),
        environment_variables: reader.pairs("environment_variables"),
        module_path: reader
            .texts("module_path")
            .iter()
            .map(|it| project.expand(it))
            .collect(),
        hiera_config_path: reader.text("hiera_config_path").map(|it| project.expand(&it)),
        facter: read_facts(reader),
        structured_facts: reader.boolean("structured_facts"),
        options: reader.texts("options"),
        synced_folder_type: read_folder_type(reader),
        synced_folder_args: reader.texts("synced_folder_args"),
        temp_dir: reader.text("temp_dir").unwrap_or_default(),
        working_directory: reader.text("working_directory"),
        binary_path: reader.text("binary_path"),
    };
    validate(&puppet, reader);
    puppet
}

fn validate(puppet: &Puppet, reader: &mut Reader<'_>) {
    match (&puppet.manifests_path, &puppet.environment_path) {
        (Some(Place::Host(folder)), _) => validate_manifest(puppet, folder, reader),
        (Some(Place::Guest(_)), _) => {}
        (None, Some(Place::Host(folder))) => validate_environment(puppet, folder, reader),
        (None, _) => {}
    }
    for path in puppet.module_path.iter().filter(|it| !it.is_dir()) {
        reader.mistake(
            "module_path",
            format!("the folder of Puppet modules {} is not there", path.display()),
        );
    }
    if let Some(path) = puppet.hiera_config_path.as_deref().filter(|it| !it.is_file()) {
        reader.mistake(
            "hiera_config_path",
            format!("Hiera's configuration {} is not there", path.display()),
        );
    }
}

fn validate_manifest(puppet: &Puppet, folder: &Path, reader: &mut Reader<'_>) {
    if !folder.is_dir() {
        let mistake = reader.mistake(
            "manifests_path",
            format!("the folder of Puppet manifests {} is not there", folder.display()),
        );
        mistake.advise("make it, or name another one as `manifests_path`");
        return;
    }
    let manifest = folder.join(puppet.manifest_file.as_deref().unwrap_or_default());
    if !manifest.exists() {
        let mistake = reader.mistake(
            "manifest_file",
            format!("the Puppet manifest {} is not there", manifest.display()),
        );
        mistake.advise("write it, or name another one as `manifest_file`");
    }
}

fn validate_environment(puppet: &Puppet, folder: &Path, reader: &mut Reader<'_>) {
    if !folder.is_dir() {
        reader.mistake(
            "environment_path",
            format!("the folder of Puppet environments {} is not there", folder.display()),
        );
        return;
    }
    let environment = folder.join(&puppet.environment);
    if !environment.exists() {
        reader.mistake(
            "environment",
            format!("the Puppet environment {} is not there", environment.display()),
        );
    }
}

/// A path of the host, or a pair of `host` or `vm` and a path.
fn read_path(reader: &mut Reader<'_>, option: &str, project: &ProjectFacts) -> Option<Place> {
    let parts: Vec<String> = to_list(reader.value(option)?).iter().filter_map(to_text).collect();
    match parts.as_slice() {
        [path] => Some(Place::Host(project.expand(path))),
        [side, path] if side == "host" => Some(Place::Host(project.expand(path))),
        [side, path] if matches!(side.as_str(), "vm" | "guest") => Some(Place::Guest(path.clone())),
        _ => {
            let mistake = reader.mistake(
                option,
                format!("`{option}` is neither a path nor a pair of a side and a path"),
            );
            mistake.advise("write a path of the host, or `[:vm, \"/path/in/the/guest\"]`");
            None
        }
    }
}

fn read_facts(reader: &mut Reader<'_>) -> Vec<(String, serde_json::Value)> {
    match reader.value("facter") {
        Some(Value::Map(pairs)) => pairs
            .iter()
            .filter_map(|(key, value)| Some((to_text(key)?, to_json(value))))
            .collect(),
        Some(other) if truthy(other) => {
            reader.mistake("facter", "`facter` must be a table of facts");
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// `nfs = true` is an older way to ask for NFS.
fn read_folder_type(reader: &mut Reader<'_>) -> Option<String> {
    match reader.value("nfs") {
        Some(value) if truthy(value) => Some("nfs".to_owned()),
        _ => reader.text("synced_folder_type"),
    }
}

/// A path of the host, or a list of whose it is (`host` or `vm`) and the path.
const WHOSE_PATH: Kind = Kind::OneOf(&[Kind::HostPath, Kind::List(&Kind::String)]);

/// The options of the puppet provisioner.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "binary_path",
        Kind::GuestPath,
        Default::Nil,
        "The folder in the guest that has Puppet.",
    ),
    Descriptor::attribute(
        "environment",
        Kind::String,
        Default::Computed("`production` with an environment_path, else empty"),
        "The environment.",
    ),
    Descriptor::attribute(
        "environment_path",
        WHOSE_PATH,
        Default::Nil,
        "The folder of the environments.",
    ),
    Descriptor::attribute(
        "environment_variables",
        Kind::Map(&Kind::String),
        Default::EmptyMap,
        "Variables that Puppet sees.",
    ),
    Descriptor::attribute(
        "facter",
        Kind::Map(&Kind::Any),
        Default::EmptyMap,
        "Facts that the manifests see.",
    )
    .merged(Merge::Keys),
    Descriptor::attribute(
        "hiera_config_path",
        Kind::HostPath,
        Default::Nil,
        "Hiera's configuration.",
    ),
    Descriptor::attribute(
        "manifest_file",
        Kind::String,
        Default::Computed("`default.pp` without an environment_path"),
        "The manifest that is applied.",
    ),
    Descriptor::attribute(
        "manifests_path",
        WHOSE_PATH,
        Default::Computed("`manifests` without an environment_path"),
        "The folder of the manifests.",
    ),
    Descriptor::attribute(
        "module_path",
        Kind::List(&Kind::HostPath),
        Default::Nil,
        "Folders of modules.",
    ),
    Descriptor::attribute("nfs", Kind::Boolean, Default::Nil, "An older way to ask for NFS."),
    Descriptor::attribute(
        "options",
        Kind::List(&Kind::String),
        Default::List(&[]),
        "Further arguments of Puppet.",
    ),
    Descriptor::attribute(
        "structured_facts",
        Kind::Boolean,
        Default::Nil,
        "Lets facts be tables and lists.",
    ),
    Descriptor::attribute(
        "synced_folder_args",
        Kind::List(&Kind::String),
        Default::Nil,
        "Arguments of the folders that Puppet's files come through.",
    ),
    Descriptor::attribute(
        "synced_folder_type",
        Kind::String,
        Default::Nil,
        "The kind of folder that Puppet's files come through.",
    ),
    Descriptor::attribute(
        "temp_dir",
        Kind::GuestPath,
        Default::String("/tmp/vagrant-puppet"),
        "Where Puppet's files are in the guest.",
    ),
    Descriptor::attribute(
        "working_directory",
        Kind::GuestPath,
        Default::Nil,
        "The folder in the guest that Puppet starts in.",
    ),
];

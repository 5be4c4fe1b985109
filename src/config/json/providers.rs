//! Providers as JSON: what their blocks set. Of VirtualBox's, memory and CPUs become the commands that Vagrant makes of them.

use serde_json::{Map, Value as Json, json};
use vagrantfile::layer::{Call, Setting, Value};

use super::super::providers::ProviderConfig;
use super::super::value::{to_i, to_text};
use super::libvirt;
use super::values::{object, of_value};

/// A provider.
pub fn of_config(provider: &ProviderConfig) -> Json {
    let mut shown = Map::from_iter([("name".to_owned(), json!(provider.name))]);
    if provider.has_block {
        shown.insert("config".to_owned(), config(provider));
    }
    Json::Object(shown)
}

fn config(provider: &ProviderConfig) -> Json {
    let mut found: Vec<(String, Json)> = provider
        .body
        .options
        .iter()
        .map(|(name, value)| (name.to_owned(), of_value(value)))
        .collect();
    if provider.name == "virtualbox" {
        found.retain(|(name, _)| name != "memory" && name != "cpus");
        found.extend(customizations(provider));
        found.extend(network_adapters(provider));
    }
    match provider.name.as_str() {
        "docker" => found.extend(links(provider)),
        "libvirt" => found.extend(libvirt::attributes(&provider.body)),
        "hyperv" => link_clones(&mut found),
        _ => {}
    }
    object(found)
}

/// The containers that `link` names, in order.
fn links(provider: &ProviderConfig) -> Option<(String, Json)> {
    let calls = provider.entries.iter().filter_map(|it| match &it.setting {
        Setting::Call(call) if it.path == "link" => call.positional.first().map(of_value),
        _ => None,
    });
    let links: Vec<Json> = calls.collect();
    (!links.is_empty()).then(|| ("links".to_owned(), Json::Array(links)))
}

/// Hyper-V's two names for the same wish follow each other.
fn link_clones(found: &mut Vec<(String, Json)>) {
    let value = |name: &str| found.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone());
    match (value("linked_clone"), value("differencing_disk")) {
        (Some(linked), None) => found.push(("differencing_disk".to_owned(), linked)),
        (None, Some(differencing)) => {
            found.push(("linked_clone".to_owned(), differencing));
            found.push(("_differencing_disk_deprecation".to_owned(), json!(true)));
        }
        _ => {}
    }
}

/// Commands of VBoxManage with when they run, in the order of the file.
fn customizations(provider: &ProviderConfig) -> Option<(String, Json)> {
    let mut commands = Vec::new();
    for entry in &provider.entries {
        match (entry.path.as_str(), &entry.setting) {
            ("memory", Setting::Assign(size)) => {
                commands.push(modify("--memory", json!(to_text(size).unwrap_or_default())))
            }
            ("cpus", Setting::Assign(count)) => commands.push(modify("--cpus", json!(to_i(count)))),
            ("customize", Setting::Call(call)) => commands.push(customization(call)),
            _ => {}
        }
    }
    (!commands.is_empty()).then(|| ("customizations".to_owned(), Json::Array(commands)))
}

fn modify(flag: &str, value: Json) -> Json {
    json!(["pre-boot", ["modifyvm", "id", flag, value]])
}

fn customization(call: &Call) -> Json {
    match call.positional.as_slice() {
        [Value::String(event), command, ..] => json!([event, of_value(command)]),
        [Value::String(event)] => json!([event, null]),
        [command, ..] => json!(["pre-boot", of_value(command)]),
        [] => json!(["pre-boot", null]),
    }
}

/// The first adapter is always there; Vagrant shows them only where there are more.
fn network_adapters(provider: &ProviderConfig) -> Option<(String, Json)> {
    let calls = provider.body.calls.iter().filter(|it| it.name == "network_adapter");
    let mut adapters = vec![("1".to_owned(), json!(["nat", {}]))];
    for called in calls {
        let slot = called.call.positional.first().and_then(to_text).unwrap_or_default();
        let kind = called.call.positional.get(1).map_or(Json::Null, of_value);
        let options = called
            .call
            .named
            .iter()
            .map(|(name, value)| (name.clone(), of_value(value)))
            .collect();
        adapters.push((slot, json!([kind, object(options)])));
    }
    (adapters.len() > 1).then(|| ("network_adapters".to_owned(), object(adapters)))
}

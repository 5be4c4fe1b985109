//! Provisioners as JSON, with the options that Vagrant computes when it finalises them.

use std::path::Path;

use serde_json::{Value as Json, json};
use vagrantfile::layer::{Call, Value};

use super::super::expanded;
use super::super::provisioners::{ProvisionerDefinition, kind, shell};
use super::super::table::{Body, Called, Table};
use super::super::value::{to_list, to_text, truthy};
use super::attributes;
use super::values::{object, of_value};

/// A provisioner.
pub fn of_definition(definition: &ProvisionerDefinition, folder: &Path, home: Option<&Path>) -> Json {
    let written = |it: &Option<super::super::value::Sourced<Value>>| it.as_ref().map_or(Json::Null, |it| of_value(it));
    json!({
        "name": definition.name,
        "type": definition.kind,
        "run": written(&definition.run),
        "before": written(&definition.before),
        "after": written(&definition.after),
        "preserve_order": definition.preserve_order,
        "communicator_required": definition.communicator_required,
        "known": kind(&definition.kind).is_some(),
        "config": config(definition, folder, home),
    })
}

/// The options of a script, nil ones among them, as a trigger shows them.
pub fn of_shell(options: &Table) -> Json {
    let mut found = attributes(shell::OPTIONS, "", options);
    finalize_args(&mut found, options);
    object(found)
}

fn config(definition: &ProvisionerDefinition, folder: &Path, home: Option<&Path>) -> Json {
    let Some(kind) = kind(&definition.kind) else {
        return assigned(&definition.config);
    };
    let body = &definition.config;
    let mut found: Vec<(String, Json)> = kind
        .options
        .iter()
        .flat_map(|it| attributes(it, "", &body.options))
        .collect();
    match kind.name {
        "shell" => finalize_args(&mut found, &body.options),
        "puppet" => finalize_puppet(&mut found, &body.options),
        "chef_solo" => {
            add_run_list(&mut found, body);
            finalize_chef_folders(&mut found, &body.options, beside_host);
        }
        "chef_zero" => {
            add_run_list(&mut found, body);
            finalize_chef_folders(&mut found, &body.options, |it| absolute(it, folder, home));
        }
        "chef_client" => add_run_list(&mut found, body),
        "docker" | "podman" => add_images(&mut found, body),
        "salt" => add_pillar(&mut found, body),
        _ => {}
    }
    found.retain(|(_, value)| !value.is_null());
    object(found)
}

/// What was assigned to a provisioner that nobody knows.
fn assigned(body: &Body) -> Json {
    object(
        body.options
            .iter()
            .map(|(name, value)| (name.to_owned(), of_value(value)))
            .collect(),
    )
}

fn set(found: &mut Vec<(String, Json)>, name: &str, value: Json) {
    found.retain(|(it, _)| it != name);
    found.push((name.to_owned(), value));
}

/// Arguments are text; numbers among them are written out.
fn finalize_args(found: &mut Vec<(String, Json)>, options: &Table) {
    let args = match options.value("args").filter(|it| truthy(it)) {
        Some(Value::List(items)) if items.iter().all(|it| to_text(it).is_some()) => {
            items.iter().map(|it| json!(to_text(it))).collect()
        }
        Some(one @ (Value::String(_) | Value::Integer(_))) => json!(to_text(one)),
        _ => return,
    };
    set(found, "args", args);
}

fn finalize_puppet(found: &mut Vec<(String, Json)>, options: &Table) {
    let environment = options.value("environment_path").map(beside_host);
    let manifests = options.value("manifests_path").map(beside_host);
    let in_environment = environment.is_some();
    let default_folder = (!in_environment).then(|| json!(["host", "manifests"]));
    set(found, "environment_path", environment.unwrap_or(Json::Null));
    set(
        found,
        "manifests_path",
        manifests.or(default_folder).unwrap_or(Json::Null),
    );
    let or_default = |name: &str, default: Json| options.get(name).map_or(default, |it| of_value(it));
    let manifest = if in_environment {
        Json::Null
    } else {
        json!("default.pp")
    };
    set(found, "manifest_file", or_default("manifest_file", manifest));
    set(
        found,
        "environment",
        or_default("environment", json!(if in_environment { "production" } else { "" })),
    );
    if let Some(nfs) = options.get("nfs") {
        set(
            found,
            "synced_folder_type",
            if truthy(nfs) { json!("nfs") } else { Json::Null },
        );
        set(found, "nfs", Json::Null);
    }
}

/// A path of the host, unless it says itself whose it is.
fn beside_host(path: &Value) -> Json {
    match path {
        Value::List(_) => of_value(path),
        path => json!(["host", of_value(path)]),
    }
}

/// The same with the whole path. Those that say whose they are stay as they are.
fn absolute(path: &Value, folder: &Path, home: Option<&Path>) -> Json {
    match to_text(path) {
        Some(path) => json!(["host", expanded(&path, folder, home)]),
        None => of_value(path),
    }
}

fn calls<'a>(body: &'a Body, name: &'a str) -> impl Iterator<Item = &'a Call> {
    body.calls.iter().filter(move |it| it.name == name).map(|it| &it.call)
}

/// Recipes and roles in the notation of Chef's run lists. One that was assigned as text stays text, and grows as text does.
fn add_run_list(found: &mut Vec<(String, Json)>, body: &Body) {
    let added = body.calls.iter().filter_map(run_list_item);
    let list = match body.options.value("run_list") {
        Some(Value::String(text)) => json!(text.clone() + &added.collect::<String>()),
        assigned => {
            let assigned = assigned.map(to_list).unwrap_or_default();
            assigned.iter().map(of_value).chain(added.map(Json::String)).collect()
        }
    };
    set(found, "run_list", list);
}

fn run_list_item(called: &Called) -> Option<String> {
    let kind = match called.name.as_str() {
        "add_recipe" => "recipe",
        "add_role" => "role",
        _ => return None,
    };
    let name = called.call.positional.first().and_then(to_text).unwrap_or_default();
    let is_whole = name.starts_with(&format!("{kind}["));
    Some(if is_whole { name } else { format!("{kind}[{name}]") })
}

/// Folders of Chef are pairs of whose they are and a path.
fn finalize_chef_folders(found: &mut Vec<(String, Json)>, options: &Table, of_path: impl Fn(&Value) -> Json) {
    for name in [
        "cookbooks_path",
        "data_bags_path",
        "nodes_path",
        "roles_path",
        "environments_path",
    ] {
        let folders = match options.value(name) {
            Some(Value::List(items)) if is_pair(items) => vec![of_value(&Value::List(items.clone()))],
            Some(written) => to_list(written).iter().map(&of_path).collect(),
            None if name == "cookbooks_path" && options.value("recipe_url").is_some() => {
                vec![json!(["vm", "cookbooks"])]
            }
            None if name == "cookbooks_path" => vec![json!(["host", "cookbooks"]), json!(["vm", "cookbooks"])],
            None => Vec::new(),
        };
        set(found, name, Json::Array(folders));
    }
}

/// Whether a list is one folder, `[:host, "path"]`, and not a list of folders.
fn is_pair(items: &[Value]) -> bool {
    items.len() == 2 && matches!(items[0].as_text(), Some("host" | "vm")) && items[1].as_text().is_some()
}

fn add_images(found: &mut Vec<(String, Json)>, body: &Body) {
    let mut images: Vec<String> = body
        .options
        .value("images")
        .map(to_list)
        .unwrap_or_default()
        .iter()
        .filter_map(to_text)
        .collect();
    for image in calls(body, "pull_images")
        .flat_map(|it| &it.positional)
        .flat_map(to_list)
        .filter_map(|it| to_text(&it))
    {
        if !images.contains(&image) {
            images.push(image);
        }
    }
    set(found, "images", json!(images));
}

fn add_pillar(found: &mut Vec<(String, Json)>, body: &Body) {
    let assigned = body.options.value("pillar_data").cloned();
    let mut pillar = match assigned {
        Some(Value::Map(pairs)) => pairs,
        _ => Vec::new(),
    };
    for call in calls(body, "pillar") {
        let named: Vec<(Value, Value)> = call
            .named
            .iter()
            .map(|(name, value)| (Value::String(name.clone()), value.clone()))
            .collect();
        for pairs in call.positional.iter().filter_map(|it| match it {
            Value::Map(pairs) => Some(pairs),
            _ => None,
        }) {
            merge_deeply(&mut pillar, pairs);
        }
        merge_deeply(&mut pillar, &named);
    }
    set(found, "pillar_data", of_value(&Value::Map(pillar)));
}

fn merge_deeply(into: &mut Vec<(Value, Value)>, later: &[(Value, Value)]) {
    for (key, value) in later {
        let slot = into
            .iter_mut()
            .find(|(it, _)| to_text(it) == to_text(key))
            .map(|(_, slot)| slot);
        match (slot, value) {
            (Some(Value::Map(inner)), Value::Map(pairs)) => merge_deeply(inner, pairs),
            (Some(slot), value) => *slot = value.clone(),
            (None, value) => into.push((key.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: Value, expected: Json) {
        let home = Path::new("/home/vagrant");
        assert_eq!(absolute(&path, Path::new("/project"), Some(home)), expected);
    }

    #[test]
    fn folders_of_chef_zero_begin_in_the_project_or_in_the_home() {
        let text = |it: &str| Value::String(it.to_owned());
        check(text("nodes"), json!(["host", "/project/nodes"]));
        check(text("../nodes"), json!(["host", "/nodes"]));
        check(text("~/chef/nodes"), json!(["host", "/home/vagrant/chef/nodes"]));
        check(text("~nodes"), json!(["host", "/project/~nodes"]));
        check(Value::List(vec![text("vm"), text("~/nodes")]), json!(["vm", "~/nodes"]));
    }
    #[test]
    fn a_run_list_is_a_list_or_the_text_that_was_assigned() {
        let origin = vagrantfile::layer::Origin {
            file: Path::new("/project/Vagrantfile").into(),
            line: 1,
            column: 1,
        };
        let text = |it: &str| Value::String(it.to_owned());
        for (assigned, expected) in [
            (text("role[web]"), json!("role[web]")),
            (Value::List(vec![text("role[web]")]), json!(["role[web]"])),
        ] {
            let mut body = Body::default();
            body.assign("run_list", &assigned, &origin, &[]);
            let mut found = Vec::new();
            add_run_list(&mut found, &body);
            assert_eq!(found, [("run_list".to_owned(), expected)]);
        }
    }
}

//! Where two configurations differ, in words.

use serde_json::{Map, Value as Json, json};

/// How many places are named.
const SHOWN: usize = 5;

/// The first places where the second list of machines is not the first; none where they are the same to the byte.
pub fn differences(before: &[Json], after: &[Json]) -> Vec<String> {
    let (before, after) = (json!(before), json!(after));
    let mut found = Vec::new();
    compare("machines", &before, &after, &mut found);
    // Tables are equal in any order; their texts are not.
    let (before, after) = (before.to_string(), after.to_string());
    if found.is_empty() && before != after {
        found.push("the order of the configuration".to_owned());
    }
    found
}

fn compare(path: &str, one: &Json, other: &Json, found: &mut Vec<String>) {
    if one == other || found.len() >= SHOWN {
        return;
    }
    match (one, other) {
        (Json::Object(one), Json::Object(other)) => compare_tables(path, one, other, found),
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                compare(&format!("{path}[{index}]"), one, other, found);
            }
        }
        _ => found.push(format!("{path}: {one} became {other}")),
    }
}

fn compare_tables(path: &str, one: &Map<String, Json>, other: &Map<String, Json>, found: &mut Vec<String>) {
    let added = other.keys().filter(|it| !one.contains_key(*it));
    for key in one.keys().chain(added) {
        let of = |it: &Map<String, Json>| it.get(key).cloned();
        match (of(one), of(other)) {
            (Some(one), Some(other)) => compare(&format!("{path}.{key}"), &one, &other, found),
            (Some(one), None) => found.push(format!("{path}.{key}: {one} is gone")),
            (None, other) => found.push(format!("{path}.{key}: {} was added", other.unwrap_or_default())),
        }
    }
}

/// Takes out what stands for code: a trigger's block, a proc as a value, and the tables that held nothing else.
pub fn without_code(json: &mut Json) {
    match json {
        Json::Object(entries) => {
            entries.retain(|name, value| {
                let had_entries = value.as_object().is_some_and(|it| !it.is_empty());
                without_code(value);
                let is_emptied = had_entries && value.as_object().is_some_and(Map::is_empty);
                name != "ruby_block" && !is_code(value) && !is_emptied
            });
        }
        Json::Array(items) => {
            items.retain(|it| !is_code(it));
            items.iter_mut().for_each(without_code);
        }
        _ => {}
    }
}

fn is_code(value: &Json) -> bool {
    value.get("$proc").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: Json, after: Json, expected: &[&str]) {
        assert_eq!(differences(&[before], &[after]), expected);
    }

    #[test]
    fn a_difference_is_named_by_its_path_and_both_values() {
        check(
            json!({"vm": {"box": "a", "hostname": null}, "networks": [1]}),
            json!({"vm": {"box": "b", "guest": 1}, "networks": []}),
            &[
                r#"machines[0].vm.box: "a" became "b""#,
                "machines[0].vm.hostname: null is gone",
                "machines[0].vm.guest: 1 was added",
                "machines[0].networks: [1] became []",
            ],
        );
    }

    #[test]
    fn the_same_in_another_order_is_not_the_same() {
        check(
            json!({"a": 1, "b": 2}),
            json!({"b": 2, "a": 1}),
            &["the order of the configuration"],
        );
    }
}

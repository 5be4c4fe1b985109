//! Values of a Vagrantfile for those who read JSON: the crates of the providers, and Puppet's facts.

use serde_json::Value as Json;
use vagrantfile::layer::Value;

use crate::config::value::to_text;

/// The value; symbols are text, and what has no counterpart is null.
pub fn json(value: &Value) -> Json {
    match value {
        Value::Nil | Value::Unset | Value::Block(_) => Json::Null,
        Value::Boolean(it) => Json::Bool(*it),
        Value::Integer(it) => Json::from(*it),
        Value::Float(it) => Json::from(*it),
        Value::String(it) | Value::Symbol(it) => Json::String(it.clone()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(pairs) => Json::Object(
            pairs
                .iter()
                .map(|(key, value)| (to_text(key).unwrap_or_default(), json(value)))
                .collect(),
        ),
        Value::Range(first, last) => Json::String(format!("{first}..{last}")),
    }
}

//! Values of a Vagrantfile as JSON.

use schema::{Coercion, Descriptor, Kind};
use serde_json::{Map, Number, Value as Json, json};
use vagrantfile::layer::Value;

use super::super::value::{to_i, to_list, to_text, truthy};

/// A value; tables are in the order of their keys, symbols are text.
pub fn of_value(value: &Value) -> Json {
    match value {
        Value::Nil | Value::Unset => Json::Null,
        Value::Boolean(truth) => json!(truth),
        Value::Integer(number) => json!(number),
        Value::Float(number) => Number::from_f64(*number).map_or_else(|| json!(number.to_string()), Json::Number),
        Value::String(text) | Value::Symbol(text) => json!(text),
        Value::List(items) => items.iter().map(of_value).collect(),
        Value::Map(pairs) => object(
            pairs
                .iter()
                .map(|(key, value)| (to_text(key).unwrap_or_default(), of_value(value)))
                .collect(),
        ),
        Value::Range(first, last) => json!(format!("{first}..{last}")),
        Value::Block(_) => json!({ "$proc": {} }),
    }
}

/// A value of an option, made into what Vagrant makes of it. Nil stays nil.
pub fn of_option(descriptor: &Descriptor, value: &Value) -> Json {
    if *value == Value::Nil {
        return Json::Null;
    }
    match descriptor.coercion {
        Coercion::None => of_kind(descriptor.kind, value),
        Coercion::Text | Coercion::List if *value == Value::Boolean(false) => json!(false),
        Coercion::Text => json!(to_text(value).unwrap_or_else(|| inspected(value))),
        // Symbols are text here; what is neither stays as it is.
        Coercion::Symbol => of_value(value),
        // What Ruby has no `to_i` for stays as it is.
        Coercion::Integer if matches!(value, Value::Boolean(_) | Value::List(_) | Value::Map(_)) => of_value(value),
        Coercion::Integer => json!(to_i(value)),
        Coercion::Boolean => json!(truthy(value)),
        Coercion::List => of_value(&Value::List(match value {
            Value::Map(pairs) => pairs
                .iter()
                .map(|(key, value)| Value::List(vec![key.clone(), value.clone()]))
                .collect(),
            value => to_list(value),
        })),
    }
}

/// A collection as the text that Ruby makes of it.
fn inspected(value: &Value) -> String {
    match value {
        Value::Nil | Value::Unset | Value::Block(_) => "nil".to_owned(),
        Value::String(text) => format!("{text:?}"),
        Value::Symbol(text) => format!(":{text}"),
        Value::List(items) => format!("[{}]", items.iter().map(inspected).collect::<Vec<_>>().join(", ")),
        Value::Map(pairs) => {
            let pair = |(key, value): &(Value, Value)| format!("{}=>{}", inspected(key), inspected(value));
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => to_text(other).unwrap_or_default(),
    }
}

/// A value of an option. Lua cannot tell an empty list from an empty table; the option's kind can.
fn of_kind(kind: Kind, value: &Value) -> Json {
    match (kind, value) {
        (Kind::List(_), Value::Map(pairs)) if pairs.is_empty() => json!([]),
        (Kind::Map(_), Value::List(items)) if items.is_empty() => json!({}),
        _ => of_value(value),
    }
}

/// An object in the order of its keys. Of two entries with one key the later stands.
pub fn object(mut entries: Vec<(String, Json)>) -> Json {
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Json::Object(Map::from_iter(entries))
}

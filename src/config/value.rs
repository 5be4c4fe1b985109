//! Values as a Vagrantfile holds them, and what Ruby makes of them where Vagrant converts.
//!
//! Nothing here knows an option. The conversions are Ruby's (`to_s`, `to_i`, `Array(...)`), so that `"8080"` is a port and `:web` a name
//! in each of the three languages.

use std::ops::Deref;

use serde_json::Value as Json;
use vagrantfile::layer::{Origin, Value};

/// A value and the place that set it. A default was set nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub origin: Option<Origin>,
}

impl<T> Sourced<T> {
    /// A value that was written in a file.
    pub fn written(value: T, origin: &Origin) -> Self {
        Self {
            value,
            origin: Some(origin.clone()),
        }
    }

    /// A value that nobody wrote.
    pub fn implied(value: T) -> Self {
        Self { value, origin: None }
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Neither nil nor false, which is what Ruby asks of a condition.
pub fn truthy(value: &Value) -> bool {
    !matches!(value, Value::Nil | Value::Boolean(false) | Value::Unset)
}

/// The value as text, where it is one value and not a collection.
pub fn to_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) | Value::Symbol(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(float_to_text(*number)),
        Value::Boolean(truth) => Some(truth.to_string()),
        Value::Range(first, last) => Some(format!("{first}..{last}")),
        Value::Nil | Value::Unset | Value::List(_) | Value::Map(_) | Value::Block(_) => None,
    }
}

/// A number with a fraction as Ruby writes it: always with a point or an exponent.
fn float_to_text(number: f64) -> String {
    format!("{number:?}")
}

/// The whole number that the value is, or reads as from end to end.
pub fn to_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
        Value::String(text) | Value::Symbol(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What Ruby's `to_i` makes of a value: the digits at the start of a text, else nought.
pub fn to_i(value: &Value) -> i64 {
    match value {
        Value::Integer(number) => *number,
        Value::Float(number) => *number as i64,
        Value::String(text) | Value::Symbol(text) => leading_digits(text.trim_start()),
        _ => 0,
    }
}

fn leading_digits(text: &str) -> i64 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    digits
        .chars()
        .filter(|it| *it != '_')
        .map_while(|it| it.to_digit(10))
        .fold(0_i64, |sum, digit| {
            sum.saturating_mul(10).saturating_add(i64::from(digit))
        })
        .saturating_mul(sign)
}

/// The value as a list: nil is none, a single value is a list of one.
pub fn to_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Nil | Value::Unset => Vec::new(),
        Value::List(items) => items.clone(),
        // Lua writes an empty list as it writes an empty table.
        Value::Map(pairs) if pairs.is_empty() => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The first and the last number of a range, written as one, as a list of two, or as the text `2200..2250`.
pub fn to_range(value: &Value) -> Option<(i64, i64)> {
    match value {
        Value::Range(first, last) => Some((*first, *last)),
        Value::List(items) => match items.as_slice() {
            [first, last] => Some((to_integer(first)?, to_integer(last)?)),
            _ => None,
        },
        Value::String(text) => {
            let (first, last) = text.split_once("..")?;
            Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
        }
        _ => None,
    }
}

/// The value for those who read JSON: the crates of the providers, and Puppet's facts. Symbols are text, and what has no counterpart
/// is null.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Nil | Value::Unset | Value::Block(_) => Json::Null,
        Value::Boolean(it) => Json::Bool(*it),
        Value::Integer(it) => Json::from(*it),
        Value::Float(it) => Json::from(*it),
        Value::String(it) | Value::Symbol(it) => Json::String(it.clone()),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(pairs) => Json::Object(
            pairs
                .iter()
                .map(|(key, value)| (to_text(key).unwrap_or_default(), to_json(value)))
                .collect(),
        ),
        Value::Range(first, last) => Json::String(format!("{first}..{last}")),
    }
}

/// What a person would call the kind of the value.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Nil | Value::Unset => "nothing",
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a fraction",
        Value::String(_) => "text",
        Value::Symbol(_) => "a symbol",
        Value::List(_) => "a list",
        Value::Map(_) => "a table",
        Value::Range(..) => "a range",
        Value::Block(_) => "a block",
    }
}

/// The value as a person would write it, cut to one short line.
pub fn shown(value: &Value) -> String {
    let whole = match value {
        Value::String(text) => format!("{text:?}"),
        Value::Symbol(text) => format!(":{text}"),
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Map(pairs) if pairs.is_empty() => "{}".to_owned(),
        Value::Map(_) => "{...}".to_owned(),
        other => to_text(other).unwrap_or_else(|| kind_of(other).to_owned()),
    };
    match whole.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &whole[..end]),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_text_as_ruby_reads_them() {
        let text = |it: &str| Value::String(it.to_owned());
        assert_eq!(to_i(&text("8080")), 8080);
        assert_eq!(to_i(&text(" 80tcp")), 80);
        assert_eq!(to_i(&text("web")), 0);
        assert_eq!(to_i(&text("99999999999999999999999")), i64::MAX);
        assert_eq!(to_integer(&text("80tcp")), None);
        assert_eq!(to_integer(&Value::Float(2.5)), None);
    }

    #[test]
    fn a_range_may_be_text_where_a_language_has_none() {
        assert_eq!(to_range(&Value::String("2200..2250".to_owned())), Some((2200, 2250)));
        assert_eq!(
            to_range(&Value::List(vec![Value::Integer(1), Value::Integer(2)])),
            Some((1, 2))
        );
        assert_eq!(to_range(&Value::Integer(1)), None);
    }

    #[test]
    fn symbols_and_ranges_are_text_in_json() {
        let symbol = |it: &str| Value::Symbol(it.to_owned());
        let facts = Value::Map(vec![
            (symbol("role"), symbol("web")),
            (Value::Integer(1), Value::List(vec![Value::Range(1, 2), Value::Nil])),
        ]);
        assert_eq!(to_json(&facts), serde_json::json!({"role": "web", "1": ["1..2", null]}));
    }
}

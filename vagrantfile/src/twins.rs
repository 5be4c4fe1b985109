//! What Lua and TOML have in common where their words are fewer than Ruby's.

use crate::layer::Value;

/// An argument of a method; `":id"` in a command for a provider is Ruby's symbol.
pub fn argument(method: &str, value: Value) -> Value {
    match (method, value) {
        ("customize", Value::String(text)) => match text.strip_prefix(':') {
            Some(name) if is_name(name) => Value::Symbol(name.to_owned()),
            _ => Value::String(text),
        },
        ("customize", Value::List(items)) => Value::List(items.into_iter().map(|it| argument(method, it)).collect()),
        (_, value) => value,
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

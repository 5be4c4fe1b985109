//! What Lua and TOML have in common where their words are fewer than Ruby's.

use crate::layer::Value;

/// Methods of providers, provisioners, pushes and triggers. Everything else on these is an option.
const CALLS: &[&str] = &[
    "add_recipe",
    "add_role",
    "build_image",
    "customize",
    "exclude",
    "include",
    "network_adapter",
    "pillar",
    "post_install_provision",
    "pull_images",
    "ruby",
    "run",
    "storage",
];

/// Whether a name on a provider, a provisioner or a trigger is a method.
pub fn is_call(name: &str) -> bool {
    CALLS.contains(&name)
}

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

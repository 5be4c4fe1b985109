//! `${NAME:default}` in a text: a variable of the environment, or what is written behind the colon where it is not set.
//!
//! A default is required, if an empty one. `${NAME}` stays as it is: scripts are full of it, and mean the guest's. So do `${NAME:-...}`
//! and its kin, and lower-case names. `$${NAME:default}` is the text without its first `$`.

use super::tree::{Item, Table};
use crate::layer::Value;

/// Fills in the variables of all texts of a table.
pub fn fill(table: &mut Table, variable: &dyn Fn(&str) -> Option<String>) {
    for (_, node) in &mut table.0 {
        fill_item(&mut node.item, variable);
    }
}

fn fill_item(item: &mut Item, variable: &dyn Fn(&str) -> Option<String>) {
    match item {
        Item::Scalar(Value::String(text)) if text.contains("${") => *text = fill_text(text, variable),
        Item::Scalar(_) => {}
        Item::List(items) => items.iter_mut().for_each(|it| fill_item(&mut it.item, variable)),
        Item::Table(table) => fill(table, variable),
    }
}

fn fill_text(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, at) = rest.split_at(start);
        match Reference::parse(at) {
            Some(it) if before.ends_with('$') => {
                filled.push_str(&before[..before.len() - 1]);
                filled.push_str(&at[..it.length]);
                rest = &at[it.length..];
            }
            Some(it) => {
                filled.push_str(before);
                filled.push_str(&variable(it.name).unwrap_or_else(|| it.default.to_owned()));
                rest = &at[it.length..];
            }
            None => {
                filled.push_str(before);
                filled.push_str("${");
                rest = &at[2..];
            }
        }
    }
    filled + rest
}

struct Reference<'a> {
    name: &'a str,
    default: &'a str,
    length: usize,
}

impl<'a> Reference<'a> {
    /// The reference at the start of a text that begins with `${`.
    fn parse(text: &'a str) -> Option<Self> {
        let end = text.find('}')?;
        let (name, default) = text[2..end].split_once(':')?;
        let is_name = name.starts_with(|it: char| it.is_ascii_uppercase() || it == '_')
            && name
                .chars()
                .all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_');
        let is_shells = default.starts_with(['-', '=', '+', '?']);
        (is_name && !is_shells).then_some(Self {
            name,
            default,
            length: end + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::fill_text;

    #[test]
    fn variables_have_a_default_and_what_a_shell_means_stays() {
        let variable = |name: &str| (name == "USER").then(|| "ann".to_owned());
        let check = |text: &str, expected: &str| assert_eq!(fill_text(text, &variable), expected, "{text}");
        check("box-${USER:nobody}-${ARCH:amd64}", "box-ann-amd64");
        check("${EMPTY:}", "");
        check(
            "echo ${USER} ${HOME:-/root} ${name:1} $USER",
            "echo ${USER} ${HOME:-/root} ${name:1} $USER",
        );
        check("$${USER:x} ${USER:x", "${USER:x} ${USER:x");
        check("${", "${");
    }
}

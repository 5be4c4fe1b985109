//! A [`Script`] as `Vagrantfile.lua`.

use vagrantfile::layer::{Call, Entry, Setting, Value};

use super::script::is_mark;
use super::{Comments, Refusal, Scope, Script};
use crate::config::value::to_text;

/// What a name has to be to stand behind a dot.
const WORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// The text of a file that does what the script does.
pub fn write(script: &Script, comments: &Comments<'_>) -> Result<String, Refusal> {
    let mut writer = Writer {
        text: String::from("Vagrant.configure(\"2\", function(config)\n"),
        comments: comments.clone(),
        depth: 1,
    };
    writer.scope("config", &script.root);
    for machine in &script.machines {
        writer.machine(machine, script.machines.len() > 1);
    }
    Ok(writer.text + "end)\n")
}

struct Writer<'a> {
    text: String,
    comments: Comments<'a>,
    depth: usize,
}

impl Writer<'_> {
    fn machine(&mut self, machine: &super::MachineScript, several: bool) {
        let mut options = Vec::new();
        if machine.primary && several {
            options.push("primary = true");
        }
        if !machine.autostart {
            options.push("autostart = false");
        }
        self.text.push('\n');
        self.comment(&machine.definition);
        let options = match options.is_empty() {
            true => String::new(),
            false => format!("{{ {} }}, ", options.join(", ")),
        };
        self.line(&format!(
            "config.vm.define({}, {options}function(machine)",
            text_of(&machine.name)
        ));
        self.inside(&machine.definition, |it| it.scope("machine", &machine.scope));
        self.line("end)");
    }

    fn scope(&mut self, owner: &str, scope: &Scope) {
        let mut overridden: Vec<&str> = Vec::new();
        for entry in &scope.entries {
            self.comment(entry);
            match &entry.setting {
                Setting::Call(call) if entry.path == "vm.provider" => {
                    let name = call.positional.first().and_then(to_text).unwrap_or_default();
                    let under = scope.overrides.iter().find(|it| it.provider == name);
                    // What overrides stands in the first block of the provider.
                    let under = under.filter(|it| !overridden.contains(&it.provider.as_str()));
                    overridden.extend(under.map(|it| it.provider.as_str()));
                    self.provider(owner, entry, (&name, call), under.map(|it| it.entries.as_slice()));
                }
                _ => self.entry(owner, entry),
            }
        }
    }

    fn provider(&mut self, owner: &str, entry: &Entry, (name, call): (&str, &Call), overrides: Option<&[Entry]>) {
        if call.body.is_empty() && overrides.is_none() {
            return self.line(&format!("{owner}.vm.provider({})", text_of(name)));
        }
        let parameters = if overrides.is_some() {
            "provider, override"
        } else {
            "provider"
        };
        self.line(&format!(
            "{owner}.vm.provider({}, function({parameters})",
            text_of(name)
        ));
        self.inside(entry, |it| {
            it.entries("provider", &call.body);
            it.entries("override", overrides.unwrap_or_default());
        });
        self.line("end)");
    }

    fn entries(&mut self, owner: &str, entries: &[Entry]) {
        for entry in entries {
            self.comment(entry);
            self.entry(owner, entry);
        }
    }

    fn entry(&mut self, owner: &str, entry: &Entry) {
        if is_mark(entry) {
            return;
        }
        let target = path(owner, &entry.path);
        match &entry.setting {
            Setting::Assign(value) => self.line(&format!("{target} = {}", to_lua(value))),
            Setting::Call(call) => {
                let arguments = arguments(&entry.path, call);
                if call.body.is_empty() {
                    return self.line(&format!("{target}({arguments})"));
                }
                let separator = if arguments.is_empty() { "" } else { ", " };
                self.line(&format!("{target}({arguments}{separator}function(it)"));
                self.inside(entry, |inner| inner.entries("it", &call.body));
                self.line("end)");
            }
        }
    }

    fn comment(&mut self, entry: &Entry) {
        if is_mark(entry) {
            let lines = self.comments.in_place_of(entry);
            return lines.iter().for_each(|it| self.line(&format!("-- {it}")));
        }
        if let Some(comment) = self.comments.on(entry) {
            self.line(&format!("-- {comment}"));
        }
    }

    fn inside(&mut self, entry: &Entry, write: impl FnOnce(&mut Self)) {
        let inner = self.comments.inside(entry);
        let outer = std::mem::replace(&mut self.comments, inner);
        self.depth += 1;
        write(self);
        self.depth -= 1;
        self.comments = outer;
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(&"  ".repeat(self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// The arguments of a call: the positional ones, and the named ones as a table at the end. A trigger has a table or a block, even
/// where nothing is said in it.
fn arguments(method: &str, call: &Call) -> String {
    let is_command = method == "customize";
    let is_bare = call.named.is_empty() && call.body.is_empty();
    let mut parts: Vec<String> = call
        .positional
        .iter()
        .map(|it| to_lua(&spelt(it, is_command)))
        .collect();
    if !call.named.is_empty() {
        let pairs: Vec<String> = call
            .named
            .iter()
            .map(|(name, value)| format!("{} = {}", key(name), within(value)))
            .collect();
        parts.push(format!("{{ {} }}", pairs.join(", ")));
    } else if is_bare && method.starts_with("trigger.") {
        parts.push("function() end".to_owned());
    }
    parts.join(", ")
}

/// A command for VBoxManage, whose symbols Lua has to spell.
fn spelt(value: &Value, is_command: bool) -> Value {
    match value {
        Value::Symbol(name) if is_command => Value::String(format!(":{name}")),
        Value::List(items) => Value::List(items.iter().map(|it| spelt(it, is_command)).collect()),
        other => other.clone(),
    }
}

fn to_lua(value: &Value) -> String {
    match value {
        Value::Nil | Value::Unset | Value::Block(_) => "nil".to_owned(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(i64::MIN) => "math.mininteger".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) if number.is_finite() => format!("{number:?}"),
        Value::Float(number) if number.is_nan() => "0/0".to_owned(),
        Value::Float(number) if *number > 0.0 => "math.huge".to_owned(),
        Value::Float(_) => "-math.huge".to_owned(),
        Value::String(text) | Value::Symbol(text) if text.contains('\n') => lines_of(text),
        Value::String(text) | Value::Symbol(text) => text_of(text),
        Value::Range(first, last) => text_of(&format!("{first}..{last}")),
        Value::List(items) if items.is_empty() => "{}".to_owned(),
        Value::List(items) => format!("{{ {} }}", items.iter().map(within).collect::<Vec<_>>().join(", ")),
        Value::Map(pairs) if pairs.is_empty() => "{}".to_owned(),
        Value::Map(pairs) => {
            let pair = |(name, value): &(Value, Value)| {
                format!("{} = {}", key(&to_text(name).unwrap_or_default()), within(value))
            };
            format!("{{ {} }}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A value in a table, where nil would be nothing.
fn within(value: &Value) -> String {
    match value {
        Value::Nil => "Vagrant.null".to_owned(),
        other => to_lua(other),
    }
}

/// A text of several lines as it is, between brackets that it does not hold itself.
fn lines_of(text: &str) -> String {
    let is_plain = |it: char| !it.is_control() || it == '\n' || it == '\t';
    if !text.chars().all(is_plain) {
        return text_of(text);
    }
    let level = (0..).find(|it| !text.contains(&format!("]{}]", "=".repeat(*it))));
    let signs = "=".repeat(level.unwrap_or(0));
    // A text that ends like the bracket begins would close it too soon.
    match text.ends_with(&format!("]{signs}")) {
        true => text_of(text),
        false => format!("[{signs}[\n{text}]{signs}]"),
    }
}

fn text_of(text: &str) -> String {
    let mut quoted = String::from("\"");
    for it in text.chars() {
        match it {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            it if it.is_control() => quoted.push_str(&format!("\\u{{{:x}}}", it as u32)),
            it => quoted.push(it),
        }
    }
    quoted.push('"');
    quoted
}

/// A path behind its owner; a part that is no name stands in brackets.
fn path(owner: &str, path: &str) -> String {
    let mut written = owner.to_owned();
    for part in path.split('.') {
        match is_name(part) {
            true => written.push_str(&format!(".{part}")),
            false => written.push_str(&format!("[{}]", text_of(part))),
        }
    }
    written
}

fn key(name: &str) -> String {
    match is_name(name) {
        true => name.to_owned(),
        false => format!("[{}]", text_of(name)),
    }
}

fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|it| it.is_ascii_alphabetic() || it == '_')
        && letters.all(|it| it.is_ascii_alphanumeric() || it == '_')
        && !WORDS.contains(&text)
}

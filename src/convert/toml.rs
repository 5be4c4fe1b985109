//! A [`Script`] as `Vagrantfile.toml`.

use vagrantfile::layer::{Call, Entry, Origin, Setting, Value};

use super::comments::one_line;
use super::script::{is_mark, place};
use super::{Comments, Refusal, Scope, Script};
use crate::config::table::Table;
use crate::config::value::{Sourced, to_list, to_text};
use crate::options;

/// Options of `[[vm.provision]]` that belong to the call and not to the provisioner's block.
const OF_THE_CALL: &[&str] = &[
    "name",
    "type",
    "run",
    "before",
    "after",
    "preserve_order",
    "communicator_required",
];

/// What makes one table.
#[derive(Default)]
struct Keys {
    /// Keys, texts of values, and the comments above them.
    lines: Vec<(String, String, Option<String>)>,
    /// Comments in the place of what is not there.
    gaps: Vec<String>,
}

/// The text of a file that says what the script does.
pub fn write(script: &Script, comments: &Comments<'_>) -> Result<String, Refusal> {
    let mut writer = Writer {
        text: String::new(),
        comments: comments.clone(),
    };
    writer.scope("", &script.root)?;
    for machine in &script.machines {
        let prefix = format!("machine.{}", key(&machine.name));
        let mut keys = Keys::default();
        if machine.primary && script.machines.len() > 1 {
            keys.set("primary", "true".to_owned());
        }
        if !machine.autostart {
            keys.set("autostart", "false".to_owned());
        }
        writer.array(&format!("[{prefix}]"), &keys, &machine.definition);
        writer.comments = comments.inside(&machine.definition);
        writer.scope(&format!("{prefix}."), &machine.scope)?;
        writer.comments = comments.clone();
    }
    Ok(writer.text)
}

struct Writer<'a> {
    text: String,
    comments: Comments<'a>,
}

impl Writer<'_> {
    fn scope(&mut self, prefix: &str, scope: &Scope) -> Result<(), Refusal> {
        self.attributes(prefix, &scope.entries);
        for entry in &scope.entries {
            if let Setting::Call(call) = &entry.setting {
                self.call(prefix, entry, call)?;
            }
        }
        for provider in scope.providers() {
            self.provider(prefix, scope, &provider)?;
        }
        Ok(())
    }

    /// What is assigned, a table for each namespace; what was assigned last stands.
    fn attributes(&mut self, prefix: &str, entries: &[Entry]) {
        let mut tables: Vec<(&str, Keys)> = Vec::new();
        for entry in entries {
            let Setting::Assign(value) = &entry.setting else {
                continue;
            };
            let (namespace, name) = entry.path.rsplit_once('.').unwrap_or(("", &entry.path));
            let index = tables.iter().position(|(it, _)| *it == namespace).unwrap_or_else(|| {
                tables.push((namespace, Keys::default()));
                tables.len() - 1
            });
            let keys = &mut tables[index].1;
            if is_mark(entry) {
                keys.gaps.extend(self.comments.in_place_of(entry));
            }
            match to_toml(value, true) {
                Some(text) => keys.put(name, text, self.comments.on(entry)),
                None => keys.remove(name),
            }
        }
        // Keys without a table belong above all tables.
        tables.sort_by_key(|(namespace, _)| !namespace.is_empty());
        for (namespace, keys) in &tables {
            match *namespace {
                _ if keys.lines.is_empty() => self.gaps(keys),
                "" if prefix.is_empty() => self.keys(keys),
                "" => self.table(&format!("[{}]", prefix.trim_end_matches('.')), keys),
                namespace => self.table(&format!("[{prefix}{namespace}]"), keys),
            }
        }
    }

    fn call(&mut self, prefix: &str, entry: &Entry, call: &Call) -> Result<(), Refusal> {
        let name = entry.path.as_str();
        let keys = match name {
            "vm.network" | "vm.disk" | "vm.cloud_init" => called(&["type"], entry, call)?,
            "vm.synced_folder" => called(&["host", "guest"], entry, call)?,
            "push.define" => called(&["name"], entry, call)?,
            "vm.provision" => provisioner(entry, call, &self.comments)?,
            "trigger.before" | "trigger.after" => {
                let keys = trigger(name, entry, call, &self.comments)?;
                self.array(&format!("[[{prefix}trigger]]"), &keys, entry);
                return Ok(());
            }
            "vm.provider" | "vm.define" => return Ok(()),
            _ if is_plugins(name) => {
                self.leave_out(entry);
                return Ok(());
            }
            _ => return Err(unsayable(entry)),
        };
        self.array(&format!("[[{prefix}{name}]]"), &keys, entry);
        Ok(())
    }

    /// A plugin's call, which nothing here takes, is a comment.
    fn leave_out(&mut self, entry: &Entry) {
        self.text.push_str(&format!(
            "\n# {}\n# is left out: nothing here takes `{}`.\n",
            self.comments.of(entry),
            one_line(&entry.path)
        ));
    }

    /// A table that stands for a call.
    fn array(&mut self, header: &str, keys: &Keys, entry: &Entry) {
        let comment = self.comments.on(entry).map(|it| format!("# {it}\n"));
        self.table(&format!("{}{header}", comment.unwrap_or_default()), keys);
    }

    /// All blocks of a provider as one table, and what overrides the other settings below it.
    fn provider(&mut self, prefix: &str, scope: &Scope, provider: &str) -> Result<(), Refusal> {
        let is_meant = |it: &&Call| it.positional.first().and_then(to_text).as_deref() == Some(provider);
        let calls = scope.entries.iter().filter(|it| it.path == "vm.provider");
        let body: Vec<Entry> = calls
            .filter_map(|it| match &it.setting {
                Setting::Call(call) => Some(call),
                Setting::Assign(_) => None,
            })
            .filter(is_meant)
            .flat_map(|it| it.body.iter().cloned())
            .collect();
        let body = if provider == "virtualbox" {
            in_one_order(body)
        } else {
            body
        };
        let keys = body_keys(provider, &body, &self.comments)?;
        let header = format!("{prefix}provider.{}", key(provider));
        self.table(&format!("[{header}]"), &keys);
        if let Some(overridden) = scope.override_of(provider) {
            let inner = Scope {
                entries: overridden.entries.clone(),
                overrides: Vec::new(),
            };
            self.scope(&format!("{header}.override."), &inner)?;
        }
        Ok(())
    }

    fn table(&mut self, header: &str, keys: &Keys) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("{header}\n"));
        self.keys(keys);
    }

    fn keys(&mut self, keys: &Keys) {
        for (name, value, comment) in &keys.lines {
            if let Some(comment) = comment {
                self.text.push_str(&format!("# {comment}\n"));
            }
            self.text.push_str(&format!("{} = {value}\n", key(name)));
        }
        self.gaps(keys);
    }

    fn gaps(&mut self, keys: &Keys) {
        for comment in &keys.gaps {
            self.text.push_str(&format!("# {comment}\n"));
        }
    }
}

fn is_plugins(path: &str) -> bool {
    let namespace = path.split('.').next().unwrap_or(path);
    options::plugin_namespaces().any(|it| it == namespace)
}

/// A call as a table: its positional arguments by their names, then the others.
fn called(names: &[&str], entry: &Entry, call: &Call) -> Result<Keys, Refusal> {
    let mut keys = Keys::default();
    let positional: Vec<&Value> = call
        .positional
        .iter()
        .filter(|it| !matches!(it, Value::Map(_)))
        .collect();
    for (name, value) in names.iter().zip(&positional) {
        match to_toml(value, true) {
            Some(text) => keys.set(name, text),
            None => break,
        }
    }
    let mut inner = Vec::new();
    let mut options = Table::of_call(call, &entry.origin);
    for line in &call.body {
        match &line.setting {
            Setting::Assign(value) => options.set(&line.path, Sourced::written(value.clone(), &line.origin)),
            Setting::Call(_) => return Err(unsayable(line)),
        }
    }
    for (name, value) in options.iter() {
        let Some(text) = to_toml(&value.value, true) else {
            continue;
        };
        if names.contains(&name) || name == "options" {
            inner.push(format!(
                "{} = {}",
                key(name),
                to_toml(&value.value, false).unwrap_or_default()
            ));
        } else {
            keys.put(name, text, None);
        }
    }
    if !inner.is_empty() {
        keys.set("options", format!("{{ {} }}", inner.join(", ")));
    }
    Ok(keys)
}

fn provisioner(entry: &Entry, call: &Call, comments: &Comments<'_>) -> Result<Keys, Refusal> {
    let mut options = Table::of_call(call, &entry.origin);
    let first = call
        .positional
        .first()
        .and_then(to_text)
        .ok_or_else(|| unsayable(entry))?;
    let mut keys = Keys::default();
    let kind = match options.remove("type") {
        Some(kind) => {
            keys.set("name", text_of(&first));
            to_text(&kind.value).unwrap_or_default()
        }
        None => first,
    };
    keys.set("type", text_of(&kind));
    for name in OF_THE_CALL.iter().filter(|it| !matches!(**it, "name" | "type")) {
        if let Some(value) = options.remove(name).and_then(|it| to_toml(&it.value, true)) {
            keys.set(name, value);
        }
    }
    let mut body: Vec<Entry> = options
        .iter()
        .map(|(name, it)| assigned(name, &it.value, &entry.origin))
        .collect();
    body.extend(call.body.iter().cloned());
    let mut inner = Vec::new();
    let said = body_keys(&kind, &body, &comments.inside(entry))?;
    keys.gaps = said.gaps;
    let header = comments.on(entry);
    for (name, value, comment) in said.lines {
        // A list is a provisioner's own even where the word is the call's: Docker's `run`.
        if OF_THE_CALL.contains(&name.as_str()) && !value.starts_with('[')
            || name == "options" && value.starts_with('{')
        {
            inner.push(format!("{} = {value}", key(&name)));
        } else {
            keys.put(&name, value, comment.filter(|it| Some(it) != header.as_ref()));
        }
    }
    if !inner.is_empty() {
        keys.set("options", format!("{{ {} }}", inner.join(", ")));
    }
    Ok(keys)
}

fn trigger(name: &str, entry: &Entry, call: &Call, comments: &Comments<'_>) -> Result<Keys, Refusal> {
    let mut keys = Keys::default();
    keys.set("stage", text_of(name.trim_start_matches("trigger.")));
    let commands: Vec<String> = call
        .positional
        .iter()
        .filter(|it| !matches!(it, Value::Map(_)))
        .flat_map(to_list)
        .filter_map(|it| to_text(&it))
        .map(|it| text_of(&it))
        .collect();
    keys.set("on", format!("[{}]", commands.join(", ")));
    let options = Table::of_call(call, &entry.origin);
    let named = options
        .iter()
        .map(|(name, it)| assigned(name, &it.value, &entry.origin));
    let body: Vec<Entry> = call.body.iter().cloned().chain(named).collect();
    let said = body_keys("", &body, &comments.inside(entry))?;
    keys.gaps = said.gaps;
    let header = comments.on(entry);
    for (name, value, comment) in said.lines {
        keys.put(&name, value, comment.filter(|it| Some(it) != header.as_ref()));
    }
    Ok(keys)
}

fn assigned(name: &str, value: &Value, origin: &Origin) -> Entry {
    Entry {
        path: name.to_owned(),
        setting: Setting::Assign(value.clone()),
        origin: origin.clone(),
    }
}

/// What a block says, with the calls of one method as one list.
fn body_keys(owner: &str, body: &[Entry], comments: &Comments<'_>) -> Result<Keys, Refusal> {
    let mut keys = Keys::default();
    let mut lists: Vec<(&str, Vec<String>)> = Vec::new();
    for entry in body {
        if is_mark(entry) {
            keys.gaps.extend(comments.in_place_of(entry));
        }
        match &entry.setting {
            Setting::Assign(value) => match to_toml(value, true) {
                Some(text) => keys.put(&entry.path, text, comments.on(entry)),
                None => keys.remove(&entry.path),
            },
            Setting::Call(call) => {
                let item = call_item(owner, entry, call)?;
                match lists.iter_mut().find(|(it, _)| *it == entry.path) {
                    Some((_, items)) => items.push(item),
                    None => {
                        keys.put(&entry.path, String::new(), None);
                        lists.push((&entry.path, vec![item]));
                    }
                }
            }
        }
    }
    for (name, items) in lists {
        let list = match items.as_slice() {
            [one] => format!("[{one}]"),
            several => format!("[\n  {},\n]", several.join(",\n  ")),
        };
        keys.set(name, list);
    }
    Ok(keys)
}

/// The arguments of a method as an item of the list that stands for its calls.
fn call_item(owner: &str, entry: &Entry, call: &Call) -> Result<String, Refusal> {
    let names = options::method_of(owner, &entry.path).ok_or_else(|| unsayable(entry))?;
    if !call.body.is_empty() {
        return Err(unsayable(entry));
    }
    let named = Table::of_call(call, &entry.origin);
    let positional: Vec<&Value> = call
        .positional
        .iter()
        .filter(|it| !matches!(it, Value::Map(_)))
        .collect();
    let is_command = entry.path == "customize";
    let text = |it: &Value| to_toml(&spelt(it, is_command), false);
    if named.iter().next().is_some() {
        if positional.len() > names.len() {
            return Err(unsayable(entry));
        }
        let first = names
            .iter()
            .zip(positional)
            .map(|(name, it)| Some(format!("{} = {}", key(name), text(it)?)));
        let pair = |(name, it): (&str, &Sourced<Value>)| Some(format!("{} = {}", key(name), text(&it.value)?));
        // A named argument may be called like one that has its name from its place.
        let (clashing, rest): (Vec<_>, Vec<_>) = named.iter().partition(|(name, _)| names.contains(name));
        let clashing: Vec<String> = clashing.into_iter().filter_map(pair).collect();
        let inner = (!clashing.is_empty()).then(|| format!("options = {{ {} }}", clashing.join(", ")));
        let rest = rest.into_iter().map(pair).chain([inner]);
        let parts: Vec<String> = first.chain(rest).flatten().collect();
        return Ok(format!("{{ {} }}", parts.join(", ")));
    }
    let parts: Vec<String> = positional.iter().filter_map(|it| text(it)).collect();
    match parts.as_slice() {
        [one] if names.is_empty() || !one.starts_with('[') => Ok(one.clone()),
        several if !several.is_empty() => Ok(format!("[{}]", several.join(", "))),
        _ => Err(unsayable(entry)),
    }
}

/// A command for VBoxManage, whose symbols TOML has to spell.
fn spelt(value: &Value, is_command: bool) -> Value {
    match value {
        Value::Symbol(name) if is_command => Value::String(format!(":{name}")),
        Value::List(items) => Value::List(items.iter().map(|it| spelt(it, is_command)).collect()),
        other => other.clone(),
    }
}

/// Memory and CPUs of VirtualBox are commands among others, in the order of the file. Where a table cannot keep that order, they
/// are written as the commands that they are.
fn in_one_order(body: Vec<Entry>) -> Vec<Entry> {
    let commands: Vec<&str> = body
        .iter()
        .map(|it| it.path.as_str())
        .filter(|it| matches!(*it, "memory" | "cpus" | "customize"))
        .collect();
    let once = |name: &str| commands.iter().filter(|it| **it == name).count() < 2;
    let first = commands
        .iter()
        .position(|it| *it == "customize")
        .unwrap_or(commands.len());
    if once("memory") && once("cpus") && commands[first..].iter().all(|it| *it == "customize") {
        return body;
    }
    body.into_iter().map(as_command).collect()
}

fn as_command(entry: Entry) -> Entry {
    let Setting::Assign(value) = &entry.setting else {
        return entry;
    };
    if is_mark(&entry) {
        return entry;
    }
    let value = match entry.path.as_str() {
        "memory" => Value::String(to_text(value).unwrap_or_default()),
        "cpus" => Value::Integer(crate::config::value::to_i(value)),
        _ => return entry,
    };
    let text = |it: &str| Value::String(it.to_owned());
    let command = vec![
        text("modifyvm"),
        Value::Symbol("id".to_owned()),
        text(&format!("--{}", entry.path)),
        value,
    ];
    Entry {
        path: "customize".to_owned(),
        setting: Setting::Call(Call {
            positional: vec![Value::List(command)],
            ..Call::default()
        }),
        origin: entry.origin,
    }
}

fn unsayable(entry: &Entry) -> Refusal {
    Refusal::Call {
        place: place(&entry.origin),
        name: entry.path.clone(),
    }
}

impl Keys {
    fn set(&mut self, name: &str, value: String) {
        self.put(name, value, None);
    }

    /// Sets a key in the place that it had.
    fn put(&mut self, name: &str, value: String, comment: Option<String>) {
        match self.lines.iter_mut().find(|(it, _, _)| it == name) {
            Some(slot) => (slot.1, slot.2) = (value, comment),
            None => self.lines.push((name.to_owned(), value, comment)),
        }
    }

    fn remove(&mut self, name: &str) {
        self.lines.retain(|(it, _, _)| it != name);
    }
}

/// The value; what nobody set has no text. Texts of several lines are written as such where there is `room`.
fn to_toml(value: &Value, room: bool) -> Option<String> {
    Some(match value {
        Value::Nil => "{ nil = true }".to_owned(),
        Value::Unset | Value::Block(_) => return None,
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) if number.is_nan() => "nan".to_owned(),
        Value::Float(number) => format!("{number:?}"),
        Value::String(text) | Value::Symbol(text) if room && text.contains('\n') => lines_of(text),
        Value::String(text) | Value::Symbol(text) => text_of(text),
        Value::Range(first, last) => text_of(&format!("{first}..{last}")),
        Value::List(items) => {
            let items: Vec<String> = items.iter().filter_map(|it| to_toml(it, false)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(pairs) => {
            let pairs: Vec<String> = pairs
                .iter()
                .filter_map(|(name, it)| Some(format!("{} = {}", key(&to_text(name)?), to_toml(it, false)?)))
                .collect();
            match pairs.is_empty() {
                true => "{}".to_owned(),
                false => format!("{{ {} }}", pairs.join(", ")),
            }
        }
    })
}

/// A text of several lines as it is, where TOML allows that.
fn lines_of(text: &str) -> String {
    let is_plain = |it: char| !it.is_control() || it == '\n' || it == '\t';
    if text.contains("'''") || text.ends_with('\'') || !text.chars().all(is_plain) || has_variable(text) {
        return text_of(text);
    }
    format!("'''\n{text}'''")
}

fn text_of(text: &str) -> String {
    let mut quoted = String::from("\"");
    for it in guarded(text).chars() {
        match it {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            it if it.is_control() => quoted.push_str(&format!("\\u{:04X}", it as u32)),
            it => quoted.push(it),
        }
    }
    quoted.push('"');
    quoted
}

/// Text that TOML's reader would take for a variable gets the sign that it is none.
fn guarded(text: &str) -> String {
    let mut guarded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        guarded.push_str(&rest[..start]);
        if is_variable(&rest[start + 2..]) {
            guarded.push('$');
        }
        guarded.push_str("${");
        rest = &rest[start + 2..];
    }
    guarded + rest
}

fn has_variable(text: &str) -> bool {
    text.match_indices("${")
        .any(|(index, _)| is_variable(&text[index + 2..]))
}

/// Whether a text goes on as `NAME:default}`.
fn is_variable(rest: &str) -> bool {
    let name = rest.trim_start_matches(|it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_');
    name.len() < rest.len() && name.starts_with(':') && !name.starts_with(":-")
}

/// A key, in quotes where it needs them.
fn key(name: &str) -> String {
    let is_bare = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => {
            let mut quoted = String::from("\"");
            name.chars().for_each(|it| match it {
                '"' | '\\' => quoted.extend(['\\', it]),
                it if it.is_control() => quoted.push_str(&format!("\\u{:04X}", it as u32)),
                it => quoted.push(it),
            });
            quoted + "\""
        }
    }
}

//! Tables as the assignments and calls that they stand for, on the model.

use std::rc::Rc;

use super::tree::{Item, Node, Table};
use super::{Block, Toml};
use crate::layer::{Origin, Value};
use crate::model::{Arguments, BlockId, Datum, Error, ObjectId, Outcome, Reading};
use crate::report::{Mistake, Place, Report, Result};
use crate::twins;

/// Keys of `[machine.NAME]` that are options of the machine itself.
pub const MACHINE_OPTIONS: &[&str] = &["primary", "autostart"];

/// Keys of `[[vm.provision]]` that are options of every provisioner.
pub const PROVISION_OPTIONS: &[&str] = &["run", "before", "after", "preserve_order", "communicator_required"];

/// A table of options whose names mean something else beside it: `options.type = "dhcp"` of a network, `options.name` of a script.
const OPTIONS: &str = "options";

#[derive(Clone, Copy)]
struct Call {
    name: &'static str,
    /// What the positional arguments are called in a table.
    positional: &'static [&'static str],
}

impl Toml {
    /// Drives a file's, a machine's or an override's table into `config`.
    pub(super) fn drive_root(&mut self, table: &Table, config: ObjectId) -> Result<()> {
        for (key, node) in &table.0 {
            match (key.as_str(), node.as_table()) {
                ("include", _) => {}
                (key, _) if MACHINE_OPTIONS.contains(&key) => {}
                ("vm", Some(vm)) => self.drive_vm(vm, config)?,
                ("provider", Some(providers)) => self.drive_providers(providers, config)?,
                ("machine", Some(machines)) => self.drive_machines(machines, config)?,
                ("trigger", _) => self.drive_triggers(node, config)?,
                (name, Some(options)) => self.drive_namespace(options, self.inner(config, name, &node.origin)?)?,
                (name, None) => self.set(config, name, node)?,
            }
        }
        Ok(())
    }

    fn drive_vm(&mut self, table: &Table, config: ObjectId) -> Result<()> {
        for (key, node) in &table.0 {
            let vm = self.inner(config, "vm", &node.origin)?;
            match key.as_str() {
                "network" | "disk" | "cloud_init" => self.drive_calls(vm, key, node, &["type"])?,
                "synced_folder" => self.drive_calls(vm, key, node, &["host", "guest"])?,
                "provision" => {
                    for item in node.items() {
                        self.drive_provisioner(item, vm)?;
                    }
                }
                _ => self.set(vm, key, node)?,
            }
        }
        Ok(())
    }

    fn drive_namespace(&mut self, table: &Table, namespace: ObjectId) -> Result<()> {
        for (key, node) in &table.0 {
            match (key.as_str(), node.as_table()) {
                ("define", _) => self.drive_calls(namespace, key, node, &["name"])?,
                ("default", Some(inner)) => {
                    let object = self.inner(namespace, "default", &node.origin)?;
                    for (key, node) in &inner.0 {
                        self.set(object, key, node)?;
                    }
                }
                _ => self.set(namespace, key, node)?,
            }
        }
        Ok(())
    }

    /// A call for each table of an array; `positional` names the arguments that stand before the named ones.
    fn drive_calls(&mut self, object: ObjectId, name: &str, node: &Node, positional: &[&str]) -> Result<()> {
        for item in node.items() {
            let arguments = call_arguments(item, positional);
            self.call(object, name, arguments, &item.origin)?;
        }
        Ok(())
    }

    fn drive_machines(&mut self, machines: &Table, config: ObjectId) -> Result<()> {
        for (name, node) in &machines.0 {
            let Some(table) = node.as_table() else { continue };
            let block = self.keep(Block::Root(Rc::new(table.clone())), 1);
            let arguments = Arguments {
                positional: vec![Value::Symbol(name.clone()).into()],
                named: named(table, |it| MACHINE_OPTIONS.contains(&it)),
                block: Some(block),
            };
            let vm = self.inner(config, "vm", &node.origin)?;
            self.call(vm, "define", arguments, &node.origin)?;
        }
        Ok(())
    }

    fn drive_providers(&mut self, providers: &Table, config: ObjectId) -> Result<()> {
        for (name, node) in &providers.0 {
            let Some(table) = node.as_table() else { continue };
            let arity = if table.get("override").is_some() { 2 } else { 1 };
            let block = (!table.0.is_empty())
                .then(|| self.keep(Block::Provider(name.as_str().into(), Rc::new(table.clone())), arity));
            let arguments = Arguments {
                positional: vec![Value::Symbol(name.clone()).into()],
                named: Vec::new(),
                block,
            };
            let vm = self.inner(config, "vm", &node.origin)?;
            self.call(vm, "provider", arguments, &node.origin)?;
        }
        Ok(())
    }

    /// Drives a provider's options into its object.
    pub(super) fn drive_provider(&mut self, name: &str, table: &Table, provider: ObjectId) -> Result<()> {
        self.drive_body(name, table, provider, |it| it != "override")
    }

    fn drive_provisioner(&mut self, item: &Node, vm: ObjectId) -> Result<()> {
        let Some(table) = item.as_table() else { return Ok(()) };
        let is_option = |key: &str| {
            let is_list = table.get(key).is_some_and(|it| !matches!(it.item, Item::Scalar(_)));
            PROVISION_OPTIONS.contains(&key) && !is_list
        };
        let (name, kind) = (table.get("name"), table.get("type"));
        let mut named = named(table, is_option);
        if let (Some(_), Some(kind)) = (name, kind) {
            named.push(("type".to_owned(), kind.value().into()));
        }
        let first = name.or(kind).map_or(Value::Nil, Node::value);
        let arguments = Arguments {
            positional: vec![first.into()],
            named,
            block: Some(self.body_block()),
        };
        if let Outcome::Run(body) = self.call(vm, "provision", arguments, &item.origin)? {
            let inner = table.table(OPTIONS);
            let is_taken =
                |it: &str| is_option(it) || it == "name" || it == "type" || (it == OPTIONS && inner.is_some());
            let owner = table.text("type").or(table.text("name")).unwrap_or_default();
            self.drive_body(owner, table, body, |it| !is_taken(it))?;
            if let Some(inner) = inner {
                self.drive_body(owner, inner, body, |_| true)?;
            }
        }
        Ok(())
    }

    fn drive_triggers(&mut self, node: &Node, config: ObjectId) -> Result<()> {
        for item in node.items() {
            let Some(table) = item.as_table() else { continue };
            let commands = table.get("on").map_or(&[][..], Node::items);
            let positional = commands.iter().map(|it| symbol(it.value()).into()).collect();
            let arguments = Arguments {
                positional,
                named: Vec::new(),
                block: Some(self.body_block()),
            };
            let triggers = self.inner(config, "trigger", &item.origin)?;
            let stage = table.text("stage").unwrap_or_default();
            if let Outcome::Run(body) = self.call(triggers, stage, arguments, &item.origin)? {
                for (key, node) in table.0.iter().filter(|(it, _)| it != "stage" && it != "on") {
                    self.set(body, key, node)?;
                }
            }
        }
        Ok(())
    }

    /// A number for a body that is driven at once and never called again.
    fn body_block(&mut self) -> BlockId {
        self.keep(Block::Root(Rc::new(Table(Vec::new()))), 1)
    }

    fn drive_body(
        &mut self,
        owner: &str,
        table: &Table,
        object: ObjectId,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<()> {
        for (key, node) in table.0.iter().filter(|(it, _)| wanted(it)) {
            match self.method(owner, key) {
                Some(call) => self.drive_body_call(object, &call, node)?,
                None => self.set(object, key, node)?,
            }
        }
        Ok(())
    }

    /// The method of that name, as the owner's descriptors have it.
    fn method(&self, owner: &str, name: &str) -> Option<Call> {
        let (name, positional) = self.shared.settings.method(owner, name)?;
        Some(Call { name, positional })
    }

    fn drive_body_call(&mut self, object: ObjectId, call: &Call, node: &Node) -> Result<()> {
        for item in node.items() {
            let arguments = match &item.item {
                Item::Table(_) if !call.positional.is_empty() => call_arguments(item, call.positional),
                Item::List(parts) if !call.positional.is_empty() => Arguments {
                    positional: parts
                        .iter()
                        .map(|it| twins::argument(call.name, it.value()).into())
                        .collect(),
                    ..Arguments::default()
                },
                // An event and a command, as in `["pre-boot", ["modifyvm", ...]]`.
                Item::List(parts)
                    if matches!(
                        parts.as_slice(),
                        [
                            _,
                            Node {
                                item: Item::List(_),
                                ..
                            }
                        ]
                    ) =>
                {
                    Arguments {
                        positional: parts
                            .iter()
                            .map(|it| twins::argument(call.name, it.value()).into())
                            .collect(),
                        ..Arguments::default()
                    }
                }
                _ => Arguments {
                    positional: vec![twins::argument(call.name, item.value()).into()],
                    ..Arguments::default()
                },
            };
            self.call(object, call.name, arguments, &item.origin)?;
        }
        Ok(())
    }

    fn inner(&self, object: ObjectId, name: &str, origin: &Origin) -> Result<ObjectId> {
        let mut model = self.shared.model.borrow_mut();
        match model.get(object, name) {
            Ok(Reading::Object(object)) => Ok(object),
            Ok(Reading::Unknown(object)) => {
                model.note_reading(object, origin.clone());
                Ok(object)
            }
            Ok(_) => Err(self.report(origin, format!("`{name}` is not a table"), None)),
            Err(error) => Err(self.refused(origin, &error)),
        }
    }

    fn set(&self, object: ObjectId, name: &str, node: &Node) -> Result<()> {
        let set = self
            .shared
            .model
            .borrow_mut()
            .set(object, name, Datum::Plain(node.value()), node.origin.clone());
        set.map_err(|error| self.refused(&node.origin, &error))
    }

    fn call(&self, object: ObjectId, name: &str, arguments: Arguments, origin: &Origin) -> Result<Outcome> {
        let called = self
            .shared
            .model
            .borrow_mut()
            .call(object, name, arguments, origin.clone());
        called.map_err(|error| self.refused(origin, &error))
    }

    fn refused(&self, origin: &Origin, error: &Error) -> Report {
        self.report(origin, error.to_string(), None)
    }

    fn report(&self, origin: &Origin, message: String, advice: Option<String>) -> Report {
        let text = self.shared.world.borrow().read(&origin.file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let source_line = text
            .lines()
            .nth(origin.line as usize - 1)
            .unwrap_or_default()
            .to_owned();
        let place = Place {
            file: origin.file.to_path_buf(),
            line: origin.line,
            column: origin.column,
            source_line,
        };
        Report::new(Mistake {
            advice,
            ..Mistake::new(message).at(place)
        })
    }
}

/// The arguments of a call that is written as a table. Positional ones end at the first that is missing.
fn call_arguments(item: &Node, positional: &[&str]) -> Arguments {
    let Some(table) = item.as_table() else {
        return Arguments {
            positional: vec![item.value().into()],
            ..Arguments::default()
        };
    };
    let written = positional.iter().map_while(|it| table.get(it));
    let count = written.clone().count();
    let mut named_ones = named(table, |it| it != OPTIONS && !positional[..count].contains(&it));
    if let Some(options) = table.table(OPTIONS) {
        named_ones.extend(named(options, |_| true));
    }
    Arguments {
        positional: written.map(|it| it.value().into()).collect(),
        named: named_ones,
        block: None,
    }
}

fn named(table: &Table, wanted: impl Fn(&str) -> bool) -> Vec<(String, Datum)> {
    table
        .0
        .iter()
        .filter(|(key, _)| wanted(key))
        .map(|(key, node)| (key.clone(), node.value().into()))
        .collect()
}

fn symbol(value: Value) -> Value {
    match value {
        Value::String(text) => Value::Symbol(text),
        other => other,
    }
}

//! Whether a file has the shape of a Vagrantfile: tables where tables belong. Which options there are, and their values, are the package's
//! to judge. So that all mistakes of a file come in one report, what has no meaning is noted and taken out of the table, or filled up with
//! what makes the rest of it readable; nobody acts on a file with mistakes.

use super::drive::{MACHINE_OPTIONS, PROVISION_OPTIONS};
use super::tree::{File, Item, Node, Source, Table};
use crate::layer::{Origin, Value};
use crate::report::Mistake;
use crate::spelling::closest;

/// Notes everything in a file that has no meaning, and leaves what has one.
pub fn root(file: &mut File, mistakes: &mut Vec<Mistake>) {
    let mut checker = Checker {
        source: &file.source,
        mistakes,
    };
    checker.root(&mut file.table, Place::File);
}

/// What a table of settings belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    File,
    Machine,
    Override,
}

struct Checker<'a> {
    source: &'a Source,
    mistakes: &'a mut Vec<Mistake>,
}

/// Looks at a table that stands somewhere, and says whether it can stay.
type Check<T> = fn(&mut T, &mut Table, &Origin) -> bool;

impl Checker<'_> {
    fn root(&mut self, table: &mut Table, place: Place) -> bool {
        table.0.retain_mut(|(key, node)| match key.as_str() {
            "include" if place == Place::File => true,
            "machine" if place == Place::File => {
                self.named_tables(node, "machine", |checker, it, _| checker.root(it, Place::Machine))
            }
            "provider" => self.named_tables(node, "provider", Self::provider),
            "trigger" => self.calls(node, "trigger", Self::trigger),
            "vm" => self.table("vm", node, Self::vm),
            key if place == Place::Machine && MACHINE_OPTIONS.contains(&key) => true,
            key if place == Place::Machine && node.as_table().is_none() => self.machine_option(key, node),
            key => self.table(key, node, if key == "push" { Self::push } else { |_, _, _| true }),
        });
        true
    }

    fn vm(&mut self, table: &mut Table, _: &Origin) -> bool {
        table.0.retain_mut(|(key, node)| match key.as_str() {
            "network" => self.calls(node, "vm.network", Self::network),
            "synced_folder" => self.calls(node, "vm.synced_folder", Self::synced_folder),
            "provision" => self.calls(node, "vm.provision", Self::provision),
            "disk" => self.calls(node, "vm.disk", |it, table, origin| it.has(table, "type", origin)),
            "cloud_init" => self.calls(node, "vm.cloud_init", |it, table, origin| it.has(table, "type", origin)),
            "provider" => self.elsewhere(node, "vm.provider", "provider"),
            "define" => self.elsewhere(node, "vm.define", "machine"),
            _ => true,
        });
        true
    }

    fn push(&mut self, table: &mut Table, _: &Origin) -> bool {
        table.0.retain_mut(|(key, node)| {
            key != "define" || self.calls(node, "push.define", |it, table, origin| it.has(table, "name", origin))
        });
        true
    }

    fn provider(&mut self, table: &mut Table, _: &Origin) -> bool {
        table.0.retain_mut(|(key, node)| {
            key != "override" || self.table("override", node, |checker, it, _| checker.root(it, Place::Override))
        });
        true
    }

    fn network(&mut self, table: &mut Table, origin: &Origin) -> bool {
        if !self.has(table, "type", origin) {
            let has_ports = table.get("guest").is_some() || table.get("host").is_some();
            let kind = if has_ports { "forwarded_port" } else { "private_network" };
            table.fill("type", text(kind), origin);
        }
        true
    }

    fn synced_folder(&mut self, table: &mut Table, origin: &Origin) -> bool {
        if !self.has(table, "host", origin) {
            table.fill("host", text("."), origin);
        }
        true
    }

    fn provision(&mut self, table: &mut Table, origin: &Origin) -> bool {
        for key in PROVISION_OPTIONS.iter().filter(|it| **it != "run") {
            if let Some(node) = table.get(key).filter(|it| !matches!(it.item, Item::Scalar(_))) {
                self.mistake(&node.origin, format!("`{key}` of a provisioner must be one value"));
            }
        }
        if table.get("type").is_some() || table.get("name").is_some() {
            return true;
        }
        let mistake = self.mistake(origin, "a provisioner has neither `type` nor `name`".to_owned());
        mistake.advice = Some("write its kind, as in `type = \"shell\"`".to_owned());
        let is_script = table.get("inline").is_some() || table.get("path").is_some();
        table.fill("type", text("shell"), origin);
        is_script
    }

    /// A trigger that says not when it fires is one of no command.
    fn trigger(&mut self, table: &mut Table, origin: &Origin) -> bool {
        let (has_stage, has_commands) = (self.has(table, "stage", origin), self.has(table, "on", origin));
        let is_stage = matches!(table.text("stage"), Some("before" | "after"));
        if let Some(stage) = table.get("stage").filter(|_| !is_stage) {
            let message = "`stage` of a trigger must be \"before\" or \"after\"".to_owned();
            self.mistake(&stage.origin, message);
        }
        if !(has_stage && has_commands && is_stage) {
            table.fill("stage", text("before"), origin);
            table.fill("on", text(""), origin);
        }
        true
    }

    fn machine_option(&mut self, key: &str, node: &Node) -> bool {
        match closest(key, MACHINE_OPTIONS.iter().copied()) {
            Some(meant) => {
                let mistake = self.mistake(&node.origin, format!("there is no option `{key}` of a machine"));
                mistake.advice = Some(format!("did you mean `{meant}`?"));
                false
            }
            None => self.not_a_table(key, &node.origin),
        }
    }

    fn elsewhere(&mut self, node: &Node, key: &str, instead: &str) -> bool {
        let mistake = self.mistake(&node.origin, format!("`{key}` is not said in TOML"));
        mistake.advice = Some(format!("write a table `[{instead}.NAME]`"));
        false
    }

    fn has(&mut self, table: &Table, key: &str, origin: &Origin) -> bool {
        let is_there = table.get(key).is_some();
        if !is_there {
            self.mistake(origin, format!("`{key}` is missing"));
        }
        is_there
    }

    fn calls(&mut self, node: &mut Node, name: &str, check: Check<Self>) -> bool {
        match &mut node.item {
            Item::List(items) => {
                items.retain_mut(|it| self.call(it, name, check));
                true
            }
            _ => self.call(node, name, check),
        }
    }

    fn call(&mut self, node: &mut Node, name: &str, check: Check<Self>) -> bool {
        if let Item::Table(table) = &mut node.item {
            return check(self, table, &node.origin);
        }
        let mistake = self.mistake(&node.origin, format!("`{name}` must be an array of tables"));
        mistake.advice = Some(format!("write each one below a line `[[{name}]]`"));
        false
    }

    fn named_tables(&mut self, node: &mut Node, name: &str, check: Check<Self>) -> bool {
        let Item::Table(table) = &mut node.item else {
            return self.not_a_table(name, &node.origin);
        };
        table
            .0
            .retain_mut(|(key, node)| self.table(&format!("{name}.{key}"), node, check));
        true
    }

    fn table(&mut self, name: &str, node: &mut Node, check: Check<Self>) -> bool {
        match &mut node.item {
            Item::Table(table) => check(self, table, &node.origin),
            _ => self.not_a_table(name, &node.origin),
        }
    }

    fn not_a_table(&mut self, name: &str, origin: &Origin) -> bool {
        let mistake = self.mistake(origin, format!("`{name}` must be a table"));
        mistake.advice = Some(format!("write its options below a line `[{name}]`"));
        false
    }

    fn mistake(&mut self, origin: &Origin, message: String) -> &mut Mistake {
        self.mistakes.push(Mistake::new(message).at(self.source.place(origin)));
        let last = self.mistakes.len() - 1;
        &mut self.mistakes[last]
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

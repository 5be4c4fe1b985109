//! Whether a file has the shape of a Vagrantfile: tables where tables belong. Which options there are, and their values, are the package's
//! to judge, so that all mistakes of a file come in one report.

use super::drive::{MACHINE_OPTIONS, PROVISION_OPTIONS};
use super::tree::{File, Item, Node, Source, Table};
use crate::report::Mistake;

/// Notes everything in a file that has no meaning.
pub fn root(file: &File, mistakes: &mut Vec<Mistake>) {
    let mut checker = Checker {
        source: &file.source,
        mistakes,
    };
    checker.root(&file.table, Place::File);
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

impl Checker<'_> {
    fn root(&mut self, table: &Table, place: Place) {
        for (key, node) in &table.0 {
            match key.as_str() {
                "include" if place == Place::File => {}
                "machine" if place == Place::File => {
                    self.named_tables(node, "machine", |checker, it| checker.root(it, Place::Machine))
                }
                "provider" => self.named_tables(node, "provider", Self::provider),
                "trigger" => self.calls(node, "trigger", Self::trigger),
                "vm" => self.vm(node),
                key if place == Place::Machine && MACHINE_OPTIONS.contains(&key) => {}
                _ => self.namespace(key, node),
            }
        }
    }

    fn vm(&mut self, node: &Node) {
        let Some(table) = node.as_table() else {
            return self.not_a_table("vm", node);
        };
        for (key, node) in &table.0 {
            match key.as_str() {
                "network" => self.calls(node, "vm.network", |checker, it, node| {
                    checker.require(it, &["type"], node)
                }),
                "synced_folder" => self.calls(node, "vm.synced_folder", |checker, it, node| {
                    checker.require(it, &["host"], node)
                }),
                "provision" => self.calls(node, "vm.provision", Self::provision),
                "disk" | "cloud_init" => self.calls(node, &format!("vm.{key}"), |checker, it, node| {
                    checker.require(it, &["type"], node)
                }),
                "provider" | "define" => {
                    let (instead, what) = if key == "provider" {
                        ("provider", "NAME")
                    } else {
                        ("machine", "NAME")
                    };
                    let mistake = self.mistake(node, format!("`vm.{key}` is not said in TOML"));
                    mistake.advice = Some(format!("write a table `[{instead}.{what}]`"));
                }
                _ => {}
            }
        }
    }

    fn namespace(&mut self, name: &str, node: &Node) {
        match node.as_table() {
            None => self.not_a_table(name, node),
            Some(table) => {
                if let Some(node) = table.get("define").filter(|_| name == "push") {
                    self.calls(node, "push.define", |checker, it, node| {
                        checker.require(it, &["name"], node)
                    });
                }
            }
        }
    }

    fn provider(&mut self, table: &Table) {
        let Some(node) = table.get("override") else { return };
        match node.as_table() {
            Some(inner) => self.root(inner, Place::Override),
            None => self.not_a_table("override", node),
        }
    }

    fn provision(&mut self, table: &Table, node: &Node) {
        if table.get("type").is_none() && table.get("name").is_none() {
            let mistake = self.mistake(node, "a provisioner has neither `type` nor `name`".to_owned());
            mistake.advice = Some("write its kind, as in `type = \"shell\"`".to_owned());
        }
        for key in PROVISION_OPTIONS.iter().filter(|it| **it != "run") {
            if let Some(node) = table.get(key).filter(|it| !matches!(it.item, Item::Scalar(_))) {
                self.mistake(node, format!("`{key}` of a provisioner must be one value"));
            }
        }
    }

    fn trigger(&mut self, table: &Table, node: &Node) {
        self.require(table, &["stage", "on"], node);
        if let Some(stage) = table
            .get("stage")
            .filter(|_| !matches!(table.text("stage"), Some("before" | "after")))
        {
            self.mistake(stage, "`stage` of a trigger must be \"before\" or \"after\"".to_owned());
        }
    }

    fn require(&mut self, table: &Table, keys: &[&str], node: &Node) {
        for key in keys.iter().filter(|it| table.get(it).is_none()) {
            self.mistake(node, format!("`{key}` is missing"));
        }
    }

    fn calls(&mut self, node: &Node, name: &str, mut check: impl FnMut(&mut Self, &Table, &Node)) {
        for item in node.items() {
            match item.as_table() {
                Some(table) => check(self, table, item),
                None => {
                    let mistake = self.mistake(item, format!("`{name}` must be an array of tables"));
                    mistake.advice = Some(format!("write each one below a line `[[{name}]]`"));
                }
            }
        }
    }

    fn named_tables(&mut self, node: &Node, name: &str, mut check: impl FnMut(&mut Self, &Table)) {
        let Some(table) = node.as_table() else {
            return self.not_a_table(name, node);
        };
        for (key, node) in &table.0 {
            match node.as_table() {
                Some(inner) => check(self, inner),
                None => self.not_a_table(&format!("{name}.{key}"), node),
            }
        }
    }

    fn not_a_table(&mut self, name: &str, node: &Node) {
        let mistake = self.mistake(node, format!("`{name}` must be a table"));
        mistake.advice = Some(format!("write its options below a line `[{name}]`"));
    }

    fn mistake(&mut self, node: &Node, message: String) -> &mut Mistake {
        self.mistakes
            .push(Mistake::new(message).at(self.source.place(&node.origin)));
        let last = self.mistakes.len() - 1;
        &mut self.mistakes[last]
    }
}

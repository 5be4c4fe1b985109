//! What Vagrant 2.3.4 makes of values and of pairs of values, as data: every attribute of the core's namespaces, held against ours.
//!
//! `fixtures/merges/generate.rb` made the tables with the real one: a namespace, an attribute, what one block of a file assigns (in
//! `merges.tsv`, what two of them do, one after the other), and what came out.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use expect_test::expect;
use vagrantfile::host::MemoryHost;
use vagrantfile::{Plugins, Role, Session};

use super::*;

/// One row: an attribute, the values that are assigned to it, and what Vagrant makes of these.
struct Row {
    namespace: String,
    attribute: String,
    values: Vec<String>,
    expected: Json,
}

fn rows(table: &str) -> Vec<Row> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/merges")
        .join(table);
    let text = fs::read_to_string(file).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [namespace, attribute, values @ .., expected] = cells.as_slice() else {
            panic!("{line}")
        };
        Row {
            namespace: (*namespace).to_owned(),
            attribute: (*attribute).to_owned(),
            values: values.iter().map(|it| (*it).to_owned()).collect(),
            expected: serde_json::from_str(expected).unwrap(),
        }
    };
    text.lines().map(row).collect()
}

/// A file with a machine for each row, which has a block for each value.
fn source(rows: &[Row]) -> String {
    let mut text = "Vagrant.configure(\"2\") do |config|\n".to_owned();
    for (index, row) in rows.iter().enumerate() {
        for value in &row.values {
            let Row {
                namespace, attribute, ..
            } = row;
            let _ = writeln!(
                text,
                "config.vm.define(\"m{index}\") {{ |m| m.{namespace}.{attribute} = {value} }}"
            );
        }
    }
    text + "end\n"
}

/// The rows of a table that come out in another way here, and how many there are in all.
fn differing(table: &str) -> (usize, String) {
    let rows = rows(table);
    let host = MemoryHost::default().with_file("Vagrantfile", &source(&rows));
    let session = Session::new(Box::new(host), crate::options::settings(Plugins::BuiltIn)).unwrap();
    let file = session.load(Path::new("/project/Vagrantfile"), Role::Project).unwrap();
    let mut shown = String::new();
    for (index, row) in rows.iter().enumerate() {
        let name = format!("m{index}");
        let merged = Merged::of(&session.layers(&[file], &name, "virtualbox").unwrap());
        let facts = MachineFacts {
            name: &name,
            primary: false,
            autostart: true,
            provider: "virtualbox",
            folder: Path::new("/project"),
            home: None,
        };
        let ours = of_machine(&facts, &merged)[&row.namespace][&row.attribute].clone();
        if ours != row.expected {
            let Row {
                namespace,
                attribute,
                values,
                expected,
            } = row;
            let _ = writeln!(
                shown,
                "{namespace}.{attribute} = {}: {expected}, and not {ours}",
                values.join(", ")
            );
        }
    }
    (rows.len(), shown)
}

// What is left differs only where validation refuses the value on both sides.

#[test]
fn every_value_becomes_what_vagrant_makes_of_it() {
    let (count, shown) = differing("settings.tsv");
    expect![[r#"
        ssh.private_key_path = { "a" => 1 }: [{"a":1}], and not [["a",1]]
        winssh.private_key_path = { "a" => 1 }: [{"a":1}], and not [["a",1]]
        vagrant.plugins = 7: "invalid_plugin_format", and not {"7":{}}
        vagrant.plugins = true: "invalid_plugin_format", and not {"true":{}}
        vagrant.plugins = false: "invalid_plugin_format", and not {"false":{}}
        vagrant.plugins = nil: "invalid_plugin_format", and not null
    "#]]
    .assert_eq(&shown);
    assert!(count > 600, "{count}");
}

#[test]
fn two_blocks_become_what_vagrant_makes_of_them() {
    let (count, shown) = differing("merges.tsv");
    expect![[r#"
        ssh.private_key_path = { "a" => 1 }, { "b" => 2 }: [{"b":2}], and not [["b",2]]
        winssh.private_key_path = { "a" => 1 }, { "b" => 2 }: [{"b":2}], and not [["b",2]]
        vagrant.plugins = 1, 2: "invalid_plugin_format", and not {"2":{}}
        vagrant.plugins = true, false: "invalid_plugin_format", and not {"false":{}}
        vagrant.plugins = "one", nil: "invalid_plugin_format", and not null
    "#]]
    .assert_eq(&shown);
    assert!(count > 500, "{count}");
}

//! The table of what Vagrant's commands do in each state of a machine, and of the texts that black-box suites look for: the binary is
//! held against `fixtures/commands/behaviour.tsv`, with the stand-in for a machine and with a real one.

use std::fs;
use std::process::Command;

use regex::Regex;

use super::{Ran, World};

/// What is held against the table.
pub struct Subject<'a> {
    pub world: &'a World,
    /// The backend's name.
    pub provider: &'static str,
    /// The command, ready to run.
    pub command: &'a dyn Fn(&[&str]) -> Command,
    /// Writes a Vagrantfile of a machine that has a forwarded port, a folder and a provisioner.
    pub write_vagrantfile: &'a dyn Fn(),
}

/// A row of the table.
struct Row {
    state: &'static str,
    command: &'static str,
    code: i32,
    stream: &'static str,
    pattern: String,
}

/// The rows for a backend: `PROVIDER` in a pattern is its name, and a state may be one backend's alone (`halted, qemu`).
fn rows(provider: &str) -> Vec<Row> {
    let table = include_str!("../../fixtures/commands/behaviour.tsv");
    let rows = table.lines().filter(|it| !it.starts_with('#')).filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [state, command, code, stream, pattern] = cells.as_slice() else {
            panic!("five columns: {line:?}");
        };
        let (state, only) = state.split_once(", ").unwrap_or((state, provider));
        (only == provider).then(|| Row {
            state,
            command,
            code: code.parse().unwrap(),
            stream,
            pattern: pattern.replace("PROVIDER", provider),
        })
    });
    rows.collect()
}

/// Box files and catalogs beside the project.
fn write_boxes(world: &World) {
    let make = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(world.path()).status();
        assert!(status.unwrap().success(), "{program} {arguments:?}");
    };
    let write = |name: &str, text: &str| fs::write(world.path().join(name), text).unwrap();
    make("qemu-img", &["create", "-q", "-f", "qcow2", "box.img", "1M"]);
    write(
        "metadata.json",
        r#"{"provider":"libvirt","format":"qcow2","virtual_size":1}"#,
    );
    write("info.json", r#"{"author":"somebody"}"#);
    make("tar", &["-czf", "tiny.box", "metadata.json", "box.img", "info.json"]);
    let catalog = |name: &str, versions: &[&str]| {
        let file = world.path().join("tiny.box");
        let version = |it: &&str| {
            let providers = format!(r#"[{{"name":"libvirt","url":"file://{}"}}]"#, file.display());
            format!(r#"{{"version":"{it}","providers":{providers}}}"#)
        };
        let versions: Vec<String> = versions.iter().map(version).collect();
        let text = format!(r#"{{"name":"team/{name}","versions":[{}]}}"#, versions.join(","));
        write(&format!("{name}.json"), &text);
    };
    catalog("old", &["1.0", "2.0"]);
    catalog("new", &["1.0"]);
}

impl Subject<'_> {
    /// Runs the table from its beginning to its end.
    pub fn check(&self) {
        write_boxes(self.world);
        let mut wrong = Vec::new();
        let mut before = "";
        for row in rows(self.provider) {
            if row.state != before {
                self.prepare(row.state);
                before = row.state;
            }
            wrong.extend(self.mistake(&row));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
    }

    fn run(&self, words: &[&str]) -> Ran {
        let output = (self.command)(words).env("JAUNT_COMPAT", "1").output().unwrap();
        self.world.ran(output)
    }

    /// Brings about what a row begins with. The rows before it have done so for the states of machines.
    fn prepare(&self, state: &str) {
        let word = match state {
            "no Vagrantfile" => return,
            "wrong Vagrantfile" => {
                let text = r#"Vagrant.configure("2") { |it| it.vm.nonsense = 1; it.ssh.nonsense = 2 }"#;
                return self.world.write("Vagrantfile", text);
            }
            "not created" => {
                (self.write_vagrantfile)();
                "not created"
            }
            "running" => "running",
            "suspended" => "saved",
            "halted" => "stopped",
            other => panic!("no such state: {other}"),
        };
        let status = self.run(&["status"]).success().stdout;
        let expected = format!("{word} ({})", self.provider);
        assert!(
            status.contains(&expected),
            "the rows before lead to «{state}»: {status}"
        );
    }

    /// What is wrong with a row, if anything is.
    fn mistake(&self, row: &Row) -> Option<String> {
        let words: Vec<&str> = row.command.split(' ').collect();
        let ran = self.run(&words);
        let (spoken, silent) = match row.stream {
            "stdout" => (ran.stdout.clone(), ran.stderr.as_str()),
            "stderr" => (ran.stderr.clone(), ran.stdout.as_str()),
            "stderr, too" => (ran.stderr.clone(), ""),
            _ => (format!("{}{}", ran.stdout, ran.stderr), ""),
        };
        let matches = Regex::new(&row.pattern).unwrap().is_match(&spoken);
        let is_right = ran.code == row.code && matches && silent.is_empty();
        let told = || {
            format!(
                "{}: `{}`: exit {} instead of {}, or not {} `{}`\n{}{}",
                row.state, row.command, ran.code, row.code, row.stream, row.pattern, ran.stdout, ran.stderr
            )
        };
        (!is_right).then(told)
    }
}

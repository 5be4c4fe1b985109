//! What Vagrant's commands do in each state of a machine, and the texts that black-box suites look for, as a table that the binary is held
//! against: `fixtures/commands/behaviour.tsv`.

#![cfg(test)]

mod support;

use std::fs;
use std::process::Command;

use regex::Regex;
use support::names_in;
use support::stand_in::StandIn;

/// A row of the table.
struct Row {
    state: &'static str,
    command: &'static str,
    code: i32,
    stream: &'static str,
    pattern: &'static str,
}

fn rows() -> Vec<Row> {
    let table = include_str!("../fixtures/commands/behaviour.tsv");
    let rows = table.lines().filter(|it| !it.starts_with('#'));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [state, command, code, stream, pattern] = cells.as_slice() else {
            panic!("five columns: {line:?}");
        };
        Row {
            state,
            command,
            code: code.parse().unwrap(),
            stream,
            pattern,
        }
    })
    .collect()
}

/// A server for the guest, a box file beside the project, and no Vagrantfile yet.
fn world() -> StandIn {
    let stand_in = StandIn::new();
    let make = |program: &str, arguments: &[&str]| {
        let status = Command::new(program)
            .args(arguments)
            .current_dir(stand_in.world.path())
            .status();
        assert!(status.unwrap().success(), "{program} {arguments:?}");
    };
    make("qemu-img", &["create", "-q", "-f", "qcow2", "box.img", "1M"]);
    let metadata = r#"{"provider":"libvirt","format":"qcow2","virtual_size":1}"#;
    fs::write(stand_in.world.path().join("metadata.json"), metadata).unwrap();
    make("tar", &["-czf", "tiny.box", "metadata.json", "box.img"]);
    stand_in
}

/// Brings about what a row begins with. The rows before it have done so for the states of machines.
fn prepare(stand_in: &StandIn, state: &str) {
    if state == "no Vagrantfile" {
        return;
    }
    if !stand_in.world.project().join("Vagrantfile").exists() {
        let guest = stand_in.guest();
        stand_in.write_vagrantfile(&format!(
            "config.vm.network \"forwarded_port\", guest: 80, host: {}, auto_correct: true\n  \
             config.vm.synced_folder \"shared\", \"{1}/shared\"\n  \
             config.vm.provision \"shell\", privileged: false, inline: \"echo ran >> {1}/log\"",
            support::free_port(),
            guest.display()
        ));
        stand_in.world.write("shared/file", "content\n");
    }
    let word = match state {
        "not created" => "not created (fake)",
        "running" => "running (fake)",
        "suspended" => "saved (fake)",
        "halted" => "stopped (fake)",
        other => panic!("no such state: {other}"),
    };
    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains(word), "the rows before lead to «{state}»: {status}");
}

/// What is wrong with a row, if anything is.
fn mistake(stand_in: &StandIn, row: &Row) -> Option<String> {
    let words: Vec<&str> = row.command.split(' ').collect();
    let output = stand_in.command(&words).env("JAUNT_COMPAT", "1").output().unwrap();
    let ran = stand_in.world.ran(output);
    let (spoken, silent) = match row.stream {
        "stdout" => (ran.stdout.clone(), ran.stderr.as_str()),
        "stderr" => (ran.stderr.clone(), ran.stdout.as_str()),
        "stderr, too" => (ran.stderr.clone(), ""),
        _ => (format!("{}{}", ran.stdout, ran.stderr), ""),
    };
    let matches = Regex::new(row.pattern).unwrap().is_match(&spoken);
    let is_right = ran.code == row.code && matches && silent.is_empty();
    let told = || {
        format!(
            "{}: `{}`: exit {} instead of {}\n{}{}",
            row.state, row.command, ran.code, row.code, ran.stdout, ran.stderr
        )
    };
    (!is_right).then(told)
}

#[test]
fn commands_do_in_each_state_what_vagrants_do() {
    let stand_in = world();
    let mut wrong = Vec::new();
    let mut before = "";
    for row in rows() {
        if row.state != before {
            prepare(&stand_in, row.state);
            before = row.state;
        }
        wrong.extend(mistake(&stand_in, &row));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn a_machine_has_the_files_that_vagrants_has_and_none_of_them_outlives_it() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    let folder = stand_in.machine_folder("default");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(Regex::new("^[0-9a-f]{32}$").unwrap().is_match(&read("index_uuid")));
    assert_eq!(read("action_provision"), format!("1.5:{}", read("id")));
    assert!(read("creator_uid").trim().parse::<u32>().is_ok());
    assert_eq!(
        read("vagrant_cwd").trim(),
        stand_in.world.project().canonicalize().unwrap().to_str().unwrap()
    );
    let folders: serde_json::Value = serde_json::from_str(&read("synced_folders")).unwrap();
    assert!(folders.is_object(), "{folders}");

    stand_in.run(&["destroy", "-f"]).success();

    let named = [
        "id",
        "index_uuid",
        "action_provision",
        "creator_uid",
        "synced_folders",
        "private_key",
        "journal",
    ];
    let left = names_in(&folder);
    assert!(!left.iter().any(|it| named.contains(&it.as_str())), "{left:?}");
    assert!(left.contains(&"vagrant_cwd".to_owned()), "{left:?}");
}

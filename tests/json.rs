//! What `--json` prints, against the published schemas.

#![cfg(test)]

mod support;

use serde_json::Value;
use support::{Ran, World, check_schema as check};

/// A command that reports prints one document, and nothing else.
#[track_caller]
fn document(world: &World, name: &str, command: &str) -> Value {
    let ran = world.run(command.split(' ').chain(["--json"]));
    assert_eq!(ran.stderr, "", "{command}");
    let value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{command}: {error}\n{}", ran.stdout));
    check(name, &value);
    value
}

/// Everything else prints events, the last of which is the end with the exit code.
#[track_caller]
fn events(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.stderr, "");
    let events: Vec<Value> = ran
        .stdout
        .lines()
        .map(|it| serde_json::from_str(it).unwrap_or_else(|error| panic!("{error}: {it}")))
        .collect();
    events.iter().for_each(|it| check("events", it));
    let ends = events.iter().filter(|it| it["event"] == "end").count();
    let last = events.last().expect("there is an end");
    assert_eq!(
        (ends, last["exit_code"].as_i64()),
        (1, Some(ran.code.into())),
        "{}",
        ran.stdout
    );
    events
}

const TWO: &str = r#"Vagrant.configure("2") do |config|
  config.vm.box = "none"
  config.vm.define "web"
  config.vm.define "db"
end"#;

#[test]
fn reports_are_documents_of_the_published_form() {
    let world = World::with_vagrantfile(TWO);

    let status = document(&world, "status", "status");
    assert_eq!(status["machines"][1]["name"], "db");
    assert_eq!(status["machines"][1]["state"], "not_created");
    assert_eq!(
        document(&world, "global-status", "global-status")["machines"],
        Value::Array(vec![])
    );
    assert_eq!(document(&world, "box-list", "box list")["boxes"], Value::Array(vec![]));
    assert_eq!(document(&world, "validate", "validate")["valid"], true);
    assert_eq!(document(&world, "provider", "provider db")["provider"], "qemu");
    assert_eq!(
        document(&world, "config", "config")["machines"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    document(&world, "version", "version");
    document(&world, "plugin-list", "plugin list");
    document(&world, "list-commands", "list-commands");
    document(&world, "snapshot-list", "snapshot list");
}

#[test]
fn a_wrong_file_is_a_report_of_validate_and_an_error_of_all_else() {
    let world =
        World::with_vagrantfile(r#"Vagrant.configure("2") { |config| config.vm.nonsense = 1; config.vm.box = "x" }"#);

    let report = document(&world, "validate", "validate");
    assert_eq!(report["valid"], false);
    assert!(report["report"].as_str().unwrap().contains("nonsense"), "{report:#}");
    let events = events(&world.run(["up", "--json"]));
    assert!(
        events.iter().any(|it| it["class"] == "Vagrant::Errors::ConfigInvalid"),
        "{events:#?}"
    );
}

#[test]
fn failures_are_events_with_what_to_do_next() {
    let world = World::with_vagrantfile(TWO);
    for command in [
        "status nobody",
        "port",
        "up --no-such-flag",
        "snapshot restore one",
        "cloud search x --json",
    ] {
        let ran = world.run(["--json"].into_iter().chain(command.split(' ')));
        let events = events(&ran);
        assert_eq!(ran.code, 1);
        assert!(events.iter().any(|it| it["event"] == "error"), "{command}: {events:#?}");
    }
}

#[test]
fn an_up_is_a_stream_of_steps_messages_and_output() {
    let world = World::with_small_guest(r#"  config.vm.provision "shell", inline: "echo from the guest""#);

    let up = events(&world.run(["up", "--json"]).success());

    let steps: Vec<String> = up
        .iter()
        .filter(|it| it["event"] == "step")
        .map(|it| format!("{} {}", it["step"].as_str().unwrap(), it["state"].as_str().unwrap()))
        .collect();
    assert_eq!(steps.first().map(String::as_str), Some("find box begin"));
    assert_eq!(steps.last().map(String::as_str), Some("provision done"));
    assert!(
        up.iter()
            .any(|it| it["event"] == "output" && it["text"] == "from the guest"),
        "{up:#?}"
    );
    assert!(
        up.iter()
            .filter(|it| it["event"] == "step")
            .all(|it| it["target"] == "default")
    );

    assert_eq!(document(&world, "status", "status")["machines"][0]["state"], "running");
    let all = document(&world, "global-status", "global-status");
    assert_eq!(all["machines"][0]["state"], "running");
    assert_eq!(document(&world, "port", "port")["forwarded_ports"][0]["guest_port"], 22);
    assert_eq!(
        document(&world, "ssh-config", "ssh-config")["hosts"][0]["user"],
        "vagrant"
    );
    assert_eq!(document(&world, "box-list", "box list -i")["boxes"][0]["name"], "small");
    events(&world.run(["snapshot", "save", "one", "--json"]).success());
    let list = document(&world, "snapshot-list", "snapshot list");
    assert_eq!(list["machines"][0]["snapshots"][0]["name"], "one");
    assert_eq!(
        world.run(["complete", "--", "snapshot", "restore", "o"]).stdout,
        "one\tsnapshot\n"
    );
    let ssh = world.run(["ssh", "-c", "echo raw", "--json"]).success();
    assert_eq!(ssh.stdout, "raw\n", "what a session prints is the guest's");
    events(&world.run(["destroy", "-f", "--json"]).success());
}

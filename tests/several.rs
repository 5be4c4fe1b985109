//! Several machines in one command: how many at once, in which order, and what becomes of the others when one fails.

#![cfg(test)]

mod support;

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use support::eventually;
use support::stand_in::StandIn;

/// A machine with lines of its own; each begins and ends its provisioning in the guests' log, and takes a moment.
fn machine(stand_in: &StandIn, name: &str, settings: &str) -> String {
    let log = stand_in.guest().join("log");
    format!(
        "config.vm.define \"{name}\" do |node|\n    {settings}\n    node.vm.provision \"shell\", privileged: false, \
         inline: \"echo begin {name} >> {0}; sleep 0.3; echo end {name} >> {0}\"\n  end\n",
        log.display()
    )
}

fn world(machines: &[(&str, &str)]) -> StandIn {
    let stand_in = StandIn::new();
    let text: Vec<String> = machines
        .iter()
        .map(|(name, settings)| machine(&stand_in, name, settings))
        .collect();
    stand_in.write_vagrantfile(&text.join("  "));
    stand_in
}

/// How many machines provisioned at the same time, at most.
fn most_at_once(log: &str) -> i32 {
    let (mut now, mut most) = (0, 0);
    for line in log.lines() {
        now += if line.starts_with("begin") { 1 } else { -1 };
        most = most.max(now);
    }
    most
}

#[test]
fn machines_come_up_at_once_and_no_more_than_the_bound() {
    let stand_in = world(&[("a", ""), ("b", ""), ("c", ""), ("d", ""), ("e", "")]);
    let up = stand_in.run(&["up", "--parallel=3"]).success();
    assert_eq!(
        most_at_once(&stand_in.guest_file("log")),
        3,
        "{}",
        stand_in.guest_file("log")
    );
    for line in up.stdout.lines().filter(|it| !it.is_empty()) {
        let is_whole = ["a", "b", "c", "d", "e"]
            .iter()
            .any(|it| line.starts_with(&format!("==> {it}: ")) || line.starts_with(&format!("    {it}: ")));
        assert!(is_whole, "a torn line, or one without its machine: {line:?}");
    }
    stand_in.run(&["destroy", "--parallel"]).success();

    for arguments in [["up", "--no-parallel"], ["up", "--parallel=1"]] {
        fs::remove_file(stand_in.guest().join("log")).unwrap();
        stand_in.run(&arguments).success();
        assert_eq!(most_at_once(&stand_in.guest_file("log")), 1);
        stand_in.run(&["destroy", "-f"]).success();
    }
    fs::remove_file(stand_in.guest().join("log")).unwrap();
    let output = stand_in.command(&["up"]).env("JAUNT_PARALLEL", "2").output().unwrap();
    stand_in.world.ran(output).success();
    assert_eq!(most_at_once(&stand_in.guest_file("log")), 2);
}

#[test]
fn a_vagrantfile_may_want_its_machines_one_after_the_other() {
    let stand_in = world(&[("a", "ENV['VAGRANT_NO_PARALLEL'] = 'yes'"), ("b", ""), ("c", "")]);

    stand_in.run(&["up", "--parallel=3"]).success();

    assert_eq!(most_at_once(&stand_in.guest_file("log")), 1);
}

#[test]
fn one_that_fails_is_reported_and_the_others_go_on() {
    let stand_in = world(&[
        (
            "bad",
            "node.vm.provision \"shell\", privileged: false, inline: \"exit 9\"",
        ),
        ("needs_bad", "node.vm.depends_on = [\"bad\"]"),
        ("good", ""),
    ]);

    let up = stand_in.run(&["up"]);

    assert_eq!(up.code, 1, "{}", up.stderr);
    assert!(
        up.stderr.contains("the machine `bad`: cannot provision it"),
        "{}",
        up.stderr
    );
    assert!(
        up.stderr
            .contains("the machine `needs_bad` is left as it is: `bad`, which it depends on, failed"),
        "{}",
        up.stderr
    );
    assert!(stand_in.guest_file("log").contains("end good"));
    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains("needs_bad                 not created"), "{status}");
    assert!(status.contains("good                      running"), "{status}");
}

#[test]
fn machines_come_up_after_those_they_need_and_go_down_before_them() {
    let stand_in = world(&[
        ("web", "node.vm.depends_on = [\"app\"]"),
        ("app", "node.vm.depends_on = \"db\""),
        ("db", ""),
        ("other", ""),
    ]);
    let order = |text: &str, mark: &str| -> Vec<String> {
        let lines = text.lines().filter(|it| it.contains(mark));
        lines
            .filter_map(|it| Some(it.strip_prefix("==> ")?.split(':').next()?.to_owned()))
            .collect()
    };
    let up = stand_in.run(&["up", "web"]).success();
    assert_eq!(order(&up.stdout, "Booting"), ["db", "app", "web"]);
    stand_in.run(&["up", "--parallel=4"]).success();

    let reload = stand_in.run(&["reload"]).success();
    let provision = stand_in.run(&["provision"]).success();
    let suspend = stand_in.run(&["suspend"]).success();
    let resume = stand_in.run(&["resume"]).success();
    stand_in.run(&["snapshot", "save", "one"]).success();
    let restore = stand_in.run(&["snapshot", "restore", "one"]).success();
    let halt = stand_in.run(&["halt"]).success();
    let destroy = stand_in.run(&["destroy", "-f"]).success();

    assert_eq!(order(&reload.stdout, "Booting"), ["db", "app", "web", "other"]);
    assert_eq!(order(&provision.stdout, "provisioner"), ["db", "app", "web", "other"]);
    assert_eq!(order(&suspend.stdout, "Saving"), ["web", "app", "db", "other"]);
    assert_eq!(order(&resume.stdout, "Resuming"), ["db", "app", "web", "other"]);
    assert_eq!(order(&restore.stdout, "snapshot"), ["db", "app", "web", "other"]);
    assert_eq!(order(&halt.stdout, "shut down"), ["other", "web", "app", "db"]);
    assert_eq!(order(&destroy.stdout, "Destroying"), ["other", "web", "app", "db"]);
}

#[test]
fn unknown_names_and_rings_are_mistakes_in_all_three_languages() {
    let ruby = world(&[("web", "node.vm.depends_on = [\"bd\"]"), ("db", "")]);
    let report = ruby.run(&["validate"]).fails_with("vm.depends_on names `bd`");
    assert!(report.stderr.contains("did you mean `db`?"), "{}", report.stderr);
    assert!(report.stderr.contains("Vagrantfile:10"), "{}", report.stderr);

    let lua = StandIn::new();
    lua.world.write(
        "Vagrantfile.lua",
        "Vagrant.configure(\"2\", function(config)\n  config.vm.define(\"web\", function(node)\n    node.vm.depends_on = { \"db\" }\n  \
         end)\n  config.vm.define(\"db\", function(node)\n    node.vm.depends_on = { \"web\" }\n  end)\nend)\n",
    );
    let toml = StandIn::new();
    toml.world.write(
        "Vagrantfile.toml",
        "[machine.web.vm]\ndepends_on = [\"db\"]\n\n[machine.db.vm]\ndepends_on = [\"web\"]\n",
    );
    for (world, place) in [(lua, "Vagrantfile.lua:3"), (toml, "Vagrantfile.toml:2")] {
        for command in ["validate", "up"] {
            let report = world
                .run(&[command])
                .fails_with("`web` depends on `db` depends on `web`");
            assert!(report.stderr.contains(place), "{}", report.stderr);
        }
        world.run(&["halt"]).success();
    }
}

#[test]
fn ctrl_c_ends_all_machines_and_begins_no_more() {
    let stand_in = world(&[("a", ""), ("b", ""), ("c", ""), ("d", "")]);
    let child = stand_in
        .command(&["up", "--parallel=2"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    eventually(Duration::from_secs(20), || stand_in.guest_file("log").contains("begin"));

    support::signal("INT", child.id());
    let output = child.wait_with_output().unwrap();

    let ran = stand_in.world.ran(output).fails_with("interrupted");
    assert_eq!(ran.stderr.matches("interrupted").count(), 1, "{}", ran.stderr);
    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains("d                         not created"), "{status}");
    stand_in.run(&["up"]).success();
    let status = stand_in.run(&["status"]).success().stdout;
    assert_eq!(status.matches("running (fake)").count(), 4, "{status}");
}

#[test]
fn names_patterns_and_ids_are_taken_by_every_command() {
    let stand_in = world(&[("web1", ""), ("web2", ""), ("db", "")]);
    stand_in.run(&["up", "/web/"]).success();
    let id = fs::read_to_string(stand_in.machine_folder("web2").join("index_uuid")).unwrap();
    for command in ["status", "port", "ssh-config", "provision", "reload", "halt"] {
        let one = stand_in.run(&[command, &id[..8]]).success();
        assert!(!one.stdout.contains("web1"), "{command}: {}", one.stdout);
    }
    let status = stand_in.run(&["status", "/^web\\d$/"]).success().stdout;
    assert!(
        status.contains("web1                      running") && status.contains("web2                      stopped")
    );
    assert!(!status.contains("db"), "{status}");
    stand_in.run(&["destroy", "-f", "/web/"]).success();
}

#[test]
fn a_machine_that_its_file_does_not_define_any_more_is_told_of_and_can_be_stopped_and_removed() {
    let stand_in = world(&[("web", ""), ("db", ""), ("other", "")]);
    stand_in.run(&["up", "web", "db"]).success();
    let id = fs::read_to_string(stand_in.machine_folder("web").join("index_uuid")).unwrap();
    let text = fs::read_to_string(stand_in.world.project().join("Vagrantfile")).unwrap();
    let renamed = text.replace("\"web\"", "\"www\"").replace("\"db\"", "\"database\"");
    stand_in.world.write("Vagrantfile", &renamed);

    let status = stand_in.run(&["status"]).success().stdout;
    for line in [
        "www                       not created (fake)",
        "web                       running (fake)",
        "`web` is not defined by the Vagrantfile any more: `jaunt destroy web` removes it.",
        "`db` is not defined",
    ] {
        assert!(status.contains(line), "{line}: {status}");
    }
    let json = stand_in.run(&["status", "--json"]).success().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    support::check_schema("status", &json);
    let defined: Vec<_> = json["machines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["defined"])
        .collect();
    assert_eq!(defined, [true, true, true, false, false]);
    for command in [["up", "web"], ["reload", &id[..8]], ["provision", "db"]] {
        let refused = stand_in.run(&command).fails_with("does not define it any more");
        assert!(refused.stderr.contains("`jaunt destroy "), "{}", refused.stderr);
    }
    stand_in
        .run(&["status", "nobody"])
        .fails_with("no machine called `nobody`");
    let gc = stand_in.run(&["gc", "--force"]).success().stdout;
    assert_eq!(
        gc.matches("machine that its Vagrantfile does not define any more: ")
            .count(),
        2,
        "{gc}"
    );
    assert!(gc.contains("`jaunt destroy web` in "), "{gc}");

    stand_in.run(&["halt", "web"]).success();
    let all = stand_in.run(&["destroy", "-f"]).success();
    assert!(all.stdout.contains("`jaunt destroy web` removes it"), "{}", all.stdout);
    let status = stand_in.run(&["status", &id[..8]]).success().stdout;
    assert!(status.contains("web                       stopped (fake)"), "{status}");
    stand_in.run(&["destroy", "-f", &id[..8]]).success();
    stand_in.run(&["destroy", "-f", "db"]).success();
    let global = stand_in.run(&["global-status"]).success().stdout;
    assert!(global.contains("No machine of yours is known"), "{global}");
    assert!(!stand_in.run(&["status"]).success().stdout.contains("any more"));
}

#[test]
fn a_needed_machine_that_cannot_be_provisioned_keeps_back_those_that_need_it() {
    let stand_in = world(&[("web", "node.vm.depends_on = [\"db\"]"), ("db", ""), ("other", "")]);
    stand_in.run(&["up"]).success();
    let text = fs::read_to_string(stand_in.world.project().join("Vagrantfile")).unwrap();
    stand_in
        .world
        .write("Vagrantfile", &text.replace("echo begin db", "exit 3; echo begin db"));
    fs::remove_file(stand_in.guest().join("log")).unwrap();

    let provision = stand_in
        .run(&["provision"])
        .fails_with("the machine `web` is left as it is: `db`");

    assert!(
        provision.stderr.contains("the machine `db`: cannot provision it"),
        "{}",
        provision.stderr
    );
    assert_eq!(stand_in.guest_file("log"), "begin other\nend other\n");
}

#[test]
fn names_that_would_steer_the_terminal_are_shown_and_secrets_in_them_are_not() {
    let stand_in = StandIn::new();
    stand_in.write_vagrantfile(
        "config.vagrant.sensitive = [\"hunter2\"]\n  config.vm.define \"we\\u202eb\"\n  config.vm.define \"of-hunter2\"",
    );
    stand_in.run(&["up", "--no-provision"]).success();

    for command in [
        "status",
        "global-status",
        "port /we/",
        "ssh-config",
        "snapshot list",
        "validate",
        "status nobody",
        "ssh",
        "suspend",
        "resume",
        "halt",
        "gc",
        "destroy -f",
    ] {
        let ran = stand_in.run(&command.split(' ').collect::<Vec<_>>());
        let shown = format!("{}{}", ran.stdout, ran.stderr);
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{202e}'),
            "{command}: {shown:?}"
        );
        // No Vagrantfile is read for these two: what is a secret is not known there.
        let reads_files = !["global-status", "gc"].contains(&command);
        assert!(!reads_files || !shown.contains("hunter2"), "{command}: {shown}");
    }
    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains("we\\u{202e}b "), "{status}");
    assert!(status.contains("of-*****"), "{status}");

    stand_in.write_vagrantfile("config.vm.define \"a\\e[2Jb\"");
    let refused = stand_in
        .run(&["status"])
        .fails_with("cannot be a machine's name")
        .stderr;
    assert!(
        refused.contains("a\\u{1b}[2Jb") && !refused.contains('\u{1b}'),
        "{refused}"
    );
}

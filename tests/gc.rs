//! `jaunt gc`: what no project owns any more is listed, and removed where that is wanted; what is in use stays.

#![cfg(test)]

mod support;

use std::fs;
use std::os::unix::net::UnixListener;

use support::names_in;
use support::stand_in::StandIn;

/// The claims that are noted, but for those that were given up.
fn claims(stand_in: &StandIn) -> usize {
    let names = names_in(&stand_in.world.home().join("data/claims"));
    names.iter().filter(|it| !it.ends_with(".given-up")).count()
}

#[test]
fn what_a_removed_project_left_is_listed_and_removed() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    let nothing = stand_in.run(&["gc", "--force"]).success();
    assert_eq!(nothing.stdout, "Everything belongs to a project.\n");
    fs::remove_dir_all(stand_in.world.project()).unwrap();
    fs::create_dir(stand_in.world.project()).unwrap();
    let run = stand_in.world.path().join("run/jaunt");
    fs::create_dir_all(&run).unwrap();
    drop(UnixListener::bind(run.join("dead.control")).unwrap());
    let living = UnixListener::bind(run.join("living.control")).unwrap();
    fs::create_dir_all(stand_in.world.home().join("tmp")).unwrap();
    fs::write(stand_in.world.home().join("tmp/jaunt-download-1"), "half").unwrap();

    let listed = stand_in.run(&["gc", "--dry-run"]).success().stdout;
    for what in [
        "machine whose folder is gone, or was moved: ",
        "entry of the index without a machine: ",
        "socket that nobody listens on: ",
        "download that was broken off: ",
    ] {
        assert!(listed.contains(what), "{what}: {listed}");
    }
    assert!(!listed.contains("living"), "{listed}");
    let json = stand_in.run(&["gc", "--json"]).success().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    support::check_schema("gc", &json);
    assert_eq!(json["garbage"].as_array().unwrap().len(), 4);
    assert_eq!(claims(&stand_in), 1, "nobody said that it is to be removed");

    stand_in.run(&["gc", "--force"]).success();

    assert_eq!(
        stand_in.run(&["gc"]).success().stdout,
        "Everything belongs to a project.\n"
    );
    assert_eq!(claims(&stand_in), 0);
    assert_eq!(names_in(&run), ["living.control"]);
    drop(living);
}

#[test]
fn a_machine_without_a_vagrantfile_goes_only_when_it_does_not_run() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    let vagrantfile = stand_in.world.project().join("Vagrantfile");
    let text = fs::read_to_string(&vagrantfile).unwrap();
    fs::remove_file(&vagrantfile).unwrap();

    let kept = stand_in.run(&["gc", "--force"]).success().stdout;
    assert!(
        kept.contains("machine whose Vagrantfile is gone") && kept.contains("(kept: it runs)"),
        "{kept}"
    );
    stand_in.world.write("Vagrantfile", &text);
    stand_in.run(&["halt"]).success();
    fs::remove_file(&vagrantfile).unwrap();
    stand_in.run(&["gc", "--force"]).success();

    assert_eq!(claims(&stand_in), 0);
    assert!(!stand_in.machine_folder("default").join("fake-machine.json").exists());
}

#[test]
fn a_moved_projects_machine_is_adopted() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    fs::remove_file(stand_in.world.home().join("data/machine-index/index")).unwrap();
    let moved = stand_in.world.path().join("moved");
    fs::rename(stand_in.world.project(), &moved).unwrap();

    let adopt = stand_in
        .command(&["gc", "--adopt"])
        .current_dir(&moved)
        .output()
        .unwrap();

    stand_in.world.ran(adopt).success();
    let global = stand_in
        .command(&["global-status"])
        .current_dir(&moved)
        .output()
        .unwrap();
    let global = stand_in.world.ran(global).success().stdout;
    assert!(global.contains("running") && global.contains("moved"), "{global}");
    let gc = stand_in.command(&["gc"]).current_dir(&moved).output().unwrap();
    assert_eq!(
        stand_in.world.ran(gc).success().stdout,
        "Everything belongs to a project.\n"
    );
}

#[test]
fn the_first_command_that_works_on_a_moved_projects_machine_notes_where_it_is() {
    for command in [&["provision"] as &[&str], &["halt"]] {
        let stand_in = StandIn::with_machine();
        stand_in.run(&["up"]).success();
        let moved = stand_in.world.path().join("moved");
        fs::rename(stand_in.world.project(), &moved).unwrap();
        let run = |command: &[&str]| {
            let output = stand_in.command(command).current_dir(&moved).output().unwrap();
            stand_in.world.ran(output).success().stdout
        };

        run(command);

        let global = run(&["global-status"]);
        assert!(global.contains("/moved") && !global.contains("gone"), "{global}");
        assert_eq!(run(&["gc"]), "Everything belongs to a project.\n");
    }
}

#[test]
fn a_moved_projects_machine_is_kept_and_one_that_went_too_far_still_works_when_it_turns_up() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    let in_folder = |folder: &std::path::Path, arguments: &[&str]| {
        let output = stand_in.command(arguments).current_dir(folder).output().unwrap();
        stand_in.world.ran(output).success().stdout
    };
    let renamed = stand_in.world.path().join("renamed");
    fs::rename(stand_in.world.project(), &renamed).unwrap();

    let kept = in_folder(&renamed, &["gc", "--force"]);

    assert!(kept.contains("machine whose project was moved: "), "{kept}");
    assert!(kept.contains("/renamed/.vagrant/machines/default/fake now"), "{kept}");
    assert!(in_folder(&renamed, &["status"]).contains("running (fake)"));
    assert_eq!(claims(&stand_in), 1);

    in_folder(&renamed, &["gc", "--adopt"]);
    let far = stand_in.world.path().join("guest/far/away");
    fs::create_dir_all(&far).unwrap();
    fs::rename(&renamed, far.join("site")).unwrap();
    let given_up = in_folder(&far, &["gc", "--force"]);

    assert!(
        given_up.contains("machine whose folder is gone, or was moved: "),
        "{given_up}"
    );
    assert_eq!(in_folder(&far, &["gc"]), "Everything belongs to a project.\n");
    let site = far.join("site");
    in_folder(&site, &["halt"]);
    in_folder(&site, &["up"]);
    assert!(in_folder(&site, &["status"]).contains("running (fake)"));
    in_folder(&site, &["destroy", "-f"]);
    assert_eq!(claims(&stand_in), 0);
}

#[test]
fn what_a_killed_package_was_making_is_listed_and_removed() {
    let stand_in = StandIn::new();
    let image = stand_in.world.path().join("disk.qcow2");
    let made = std::process::Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2"])
        .arg(&image)
        .arg("1M")
        .status();
    assert!(made.unwrap().success());
    let killed = stand_in
        .command(&["package", "--base", image.to_str().unwrap()])
        .env("JAUNT_TEST_FAULT", "die did pack")
        .status();
    assert!(!killed.unwrap().success());
    let left = names_in(&stand_in.world.project());
    assert_eq!(left.len(), 2, "{left:?}");

    let listed = stand_in.run(&["gc", "--dry-run"]).success().stdout;

    assert_eq!(listed.matches("box file that was broken off: ").count(), 2, "{listed}");
    let json = stand_in.run(&["gc", "--json"]).success().stdout;
    support::check_schema("gc", &serde_json::from_str(&json).unwrap());
    stand_in.run(&["gc", "--force"]).success();
    assert_eq!(names_in(&stand_in.world.project()), [] as [&str; 0]);
    assert_eq!(
        stand_in.run(&["gc"]).success().stdout,
        "Everything belongs to a project.\n"
    );
}

#[test]
fn a_machine_that_was_moved_aside_is_not_taken_for_what_the_next_one_left() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    let project = stand_in.world.project();
    fs::rename(project.join(".vagrant"), project.join(".vagrant-aside")).unwrap();
    stand_in.run(&["up"]).success();
    stand_in.run(&["destroy", "-f"]).success();

    let listed = stand_in.run(&["gc", "--dry-run"]).success().stdout;

    assert!(!listed.contains("disk without a machine"), "{listed}");
    stand_in.run(&["gc", "--force"]).success();
    fs::remove_dir_all(project.join(".vagrant")).unwrap();
    fs::rename(project.join(".vagrant-aside"), project.join(".vagrant")).unwrap();
    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains("running (fake)"), "{status}");
    stand_in.run(&["destroy", "-f"]).success();
}

#[test]
fn destroy_in_a_copied_folder_frees_it_for_a_machine_of_its_own() {
    let stand_in = StandIn::with_machine();
    stand_in.run(&["up"]).success();
    let copy = stand_in.world.path().join("copy");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .args([stand_in.world.project(), copy.clone()])
        .status();
    assert!(copied.unwrap().success());
    let in_copy = |arguments: &[&str]| {
        let output = stand_in.command(arguments).current_dir(&copy).output().unwrap();
        stand_in.world.ran(output)
    };
    in_copy(&["up"]).fails_with("of which this one is a copy");

    let destroyed = in_copy(&["destroy", "-f"]).success();

    assert!(
        destroyed.stdout.contains("no machine is touched"),
        "{}",
        destroyed.stdout
    );
    in_copy(&["up"]).success();
    assert_eq!(claims(&stand_in), 2);
    in_copy(&["destroy", "-f"]).success();
    let status = stand_in.run(&["status"]).success().stdout;
    assert!(status.contains("running (fake)"), "{status}");
}

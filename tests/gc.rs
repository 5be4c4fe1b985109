//! `jaunt gc`: what no project owns any more is listed, and removed where that is wanted; what is in use stays.

#![cfg(test)]

mod support;

use std::fs;
use std::os::unix::net::UnixListener;

use support::names_in;
use support::stand_in::StandIn;

fn claims(stand_in: &StandIn) -> usize {
    names_in(&stand_in.world.home().join("data/claims")).len()
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

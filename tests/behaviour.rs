//! What Vagrant's commands do in each state of a machine, with the stand-in for one.

#![cfg(test)]

mod support;

use std::fs;

use regex::Regex;
use support::behaviour::Subject;
use support::names_in;
use support::stand_in::StandIn;

#[test]
fn commands_do_in_each_state_what_vagrants_do() {
    let stand_in = StandIn::new();
    let write_vagrantfile = || {
        let guest = stand_in.guest();
        stand_in.write_vagrantfile(&format!(
            "config.vm.network \"forwarded_port\", guest: 80, host: {}, auto_correct: true\n  \
             config.vm.synced_folder \"shared\", \"{1}/shared\"\n  \
             config.vm.provision \"shell\", privileged: false, inline: \"echo ran >> {1}/log\"",
            support::free_port(),
            guest.display()
        ));
        stand_in.world.write("shared/file", "content\n");
    };
    let subject = Subject {
        world: &stand_in.world,
        provider: "fake",
        command: &|it| stand_in.command(it),
        write_vagrantfile: &write_vagrantfile,
    };
    subject.check();
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

//! A folder of the kind `rsync` on a guest that has the real one, once and watched: what changes and what goes away travels, what is
//! left out does not, and Ctrl-C is the end of the watching.

#![cfg(test)]

mod support;

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use support::{World, debian_box, eventually, signal};

/// How long a change may take to be seen in the guest.
const PATIENCE: Duration = Duration::from_secs(60);

fn world() -> World {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "debian"
  config.vm.synced_folder ".", "/vagrant", type: "rsync", rsync__exclude: ["*.tmp", "build/"]
  config.vm.provider("qemu") { |qemu| qemu.memory = 512 }
end
"#,
    );
    world.write("kept", "one");
    world.write("removed", "one");
    world.write("some.tmp", "the host's own");
    world.write("build/made", "the host's own");
    world.run(["box", "add", "debian", &debian_box()]).success();
    world
}

/// The files of the folder in the guest, each with what it holds.
fn in_guest(world: &World) -> String {
    let script = "cd /vagrant && for it in $(find . -type f ! -path './.vagrant*' ! -name 'Vagrantfile*' | sort); do echo \"$it=$(cat $it)\"; done";
    world
        .run(["ssh", "-c", script])
        .success()
        .stdout
        .replace(['\r', '\n'], " ")
}

#[track_caller]
fn check(world: &World, expected: &str) {
    assert_eq!(in_guest(world).trim(), expected);
}

struct Watching(Child);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn changes_and_removals_travel_by_rsync_and_what_is_excluded_does_not() {
    let world = world();
    world.run(["up"]).success();
    check(&world, "./kept=one ./removed=one");

    world.write("kept", "two");
    world.write("deep/er/new", "new");
    fs::remove_file(world.project().join("removed")).unwrap();
    world
        .run(["ssh", "-c", "mkdir /vagrant/build; echo guest > /vagrant/build/own"])
        .success();
    world.run(["rsync"]).success();
    check(&world, "./build/own=guest ./deep/er/new=new ./kept=two");

    watched(&world);
    world.run(["destroy", "-f"]).success();
}

fn watched(world: &World) {
    let said = world.path().join("said");
    let mut command = world.command(["rsync-auto"]);
    command.stdout(fs::File::create(&said).unwrap()).stderr(Stdio::null());
    let mut watching = Watching(command.spawn().unwrap());
    eventually(PATIENCE, || fs::read_to_string(&said).unwrap().contains("Watching: "));

    world.write("kept", "three");
    world.write("late.tmp", "left out");
    fs::remove_dir_all(world.project().join("deep")).unwrap();

    let expected = "./build/own=guest ./kept=three";
    eventually(PATIENCE, || in_guest(world).trim() == expected);
    signal("INT", watching.0.id());
    assert_eq!(watching.0.wait().unwrap().code(), Some(0));
    check(world, expected);
}

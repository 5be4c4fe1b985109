//! `rsync-auto` on a real guest, and a project that is moved while its machine runs.

#![cfg(test)]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use support::{World, eventually, processes_with, signal};

/// A command that must not outlive a test that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn in_folder(world: &World, folder: &Path, arguments: &[&str]) -> String {
    let output = world.command(arguments).current_dir(folder).output().unwrap();
    world.ran(output).success().stdout
}

#[test]
fn what_is_saved_arrives_soon_and_a_moved_projects_running_machine_is_kept() {
    let world = World::with_small_guest("");
    world.write("file", "one");
    world.run(["up"]).success();
    what_is_saved_arrives(&world);
    a_moved_machine_is_kept(&world);
}

fn what_is_saved_arrives(world: &World) {
    let said = world.path().join("said");
    let mut command = world.command(["rsync-auto"]);
    command.stdout(fs::File::create(&said).unwrap()).stderr(Stdio::null());
    let mut watching = Running(command.spawn().unwrap());
    eventually(Duration::from_secs(30), || {
        fs::read_to_string(&said).unwrap().contains("Syncing folder: ")
    });
    let mut slowest = Duration::ZERO;
    for number in 0..5 {
        let seen = format!("until [ -e /vagrant/saved-{number} ]; do sleep 0.02; done");
        let waiting = world.command(["ssh", "-c", &seen]).spawn().unwrap();
        let mut waiting = Running(waiting);
        // The waiting session is to be there before the file is.
        std::thread::sleep(Duration::from_secs(3));
        let start = Instant::now();
        world.write(&format!("saved-{number}"), "now");
        eventually(Duration::from_secs(30), || waiting.0.try_wait().unwrap().is_some());
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < Duration::from_secs(10), "it took {slowest:?}");
    if let Some(file) = std::env::var_os("JAUNT_TEST_LATENCY") {
        fs::write(file, format!("{slowest:?}")).unwrap();
    }
    signal("INT", watching.0.id());
    assert_eq!(watching.0.wait().unwrap().code(), Some(0));
}

/// Far away, where no search finds it: its QEMU knows.
fn a_moved_machine_is_kept(world: &World) {
    let far = world.path().join("far/far/away");
    fs::create_dir_all(&far).unwrap();
    let site = far.join("site");
    fs::rename(world.project(), &site).unwrap();

    let gc = in_folder(world, &far, &["gc", "--force"]);

    let place = "/far/far/away/site/.vagrant/machines/default/qemu now: `jaunt gc --adopt` there";
    assert!(gc.contains(place), "{gc}");
    assert_eq!(processes_with(&world.path().to_string_lossy()).len(), 1);
    in_folder(world, &site, &["gc", "--adopt"]);
    assert!(in_folder(world, &site, &["status"]).contains("running (qemu)"));
    assert_eq!(in_folder(world, &site, &["gc"]), "Everything belongs to a project.\n");
    in_folder(world, &site, &["destroy", "-f"]);
    assert_eq!(processes_with(&world.path().to_string_lossy()), [] as [u32; 0]);
}

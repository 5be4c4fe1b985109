//! A machine that QEMU runs, and all that can be seen of it: for suites that disturb commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{World, eventually, names_in, processes_with};

/// What a command writes into the project, which it does not write over.
pub const PRODUCT: &str = "package.box";

/// A world with a machine of the small guest that has a folder, a host name and a provisioner.
pub fn world() -> World {
    let world = World::with_small_guest(
        "  config.vm.hostname = \"evening\"\n  \
         config.vm.provision \"shell\", privileged: false, inline: \"touch ~/provisioned\"\n",
    );
    world.write("note", "from the host\n");
    world
}

fn machine_folder(world: &World) -> PathBuf {
    world.project().join(".vagrant/machines/default/qemu")
}

/// All that must be the same after a command was disturbed and run again. The first line is the machine's state.
pub fn seen(world: &World) -> String {
    let marker = world.path().to_string_lossy().into_owned();
    let status = world.run(["status"]);
    let runs = status.stdout.contains("running (qemu)");
    let index = fs::read_to_string(world.home().join("data/machine-index/index")).unwrap_or_default();
    let mut seen = vec![
        status.stdout.lines().nth(2).unwrap_or_default().to_owned(),
        format!("project: {}", names_in(&world.project()).join(" ")),
        format!("box: {}", names_in_box(&world.project().join(PRODUCT))),
        format!("files: {}", names_in(&machine_folder(world)).join(" ")),
        format!("processes: {}", processes_with(&marker).len()),
        format!("sockets: {}", names_in(&world.path().join("run/jaunt")).len()),
        format!("index: {}", index.matches("local_data_path").count()),
        format!("claims: {}", names_in(&world.home().join("data/claims")).len()),
        format!("downloads: {:?}", names_in(&world.home().join("tmp"))),
        format!("boxes: {:?}", names_in(&world.home().join("boxes/.jaunt"))),
    ];
    if runs {
        let guest = world.run([
            "ssh",
            "-c",
            "cat /vagrant/note; hostname; ls ~/provisioned; wc -l < ~/.ssh/authorized_keys",
        ]);
        seen.push(format!("guest {}: {}", guest.code, guest.stdout));
    }
    seen.join("\n")
}

/// What a box file holds, if there is one; a torn one holds nothing.
fn names_in_box(file: &Path) -> String {
    let listed = Command::new("tar").arg("-tzf").arg(file).output().unwrap();
    let mut names: Vec<_> = std::str::from_utf8(&listed.stdout).unwrap().lines().collect();
    names.sort_unstable();
    names.join(" ")
}

/// Kills the world's QEMU. Returns whether there was one.
pub fn kill_qemu(world: &World) -> bool {
    let marker = world.path().to_string_lossy().into_owned();
    let found = processes_with(&marker);
    for process in &found {
        let _ = Command::new("kill").args(["-9", &process.to_string()]).status();
    }
    eventually(Duration::from_secs(10), || processes_with(&marker).is_empty());
    !found.is_empty()
}

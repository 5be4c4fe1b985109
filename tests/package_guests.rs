//! Boxes that are made here: of a machine by `package`, of an image, and of a template by the real Packer. Each is added and booted.

#![cfg(test)]

mod support;

use std::fs;
use std::path::Path;

use support::{Ran, World, names_in, processes_with};

/// Lines for a machine whose project is not what the test is about.
const BARE: &str = "  config.vm.synced_folder \".\", \"/vagrant\", disabled: true";

/// What the guest answers when a machine of the box is up.
#[track_caller]
fn boot(world: &World, name: &str, file: &Path, command: &str) -> String {
    world.run(["box", "add", name, file.to_str().unwrap()]).success();
    boot_added(world, name, command)
}

#[track_caller]
fn boot_added(world: &World, name: &str, command: &str) -> String {
    let text = support::small_vagrantfile(BARE).replace("\"small\"", &format!("\"{name}\""));
    world.write("Vagrantfile", &text);
    world.run(["up"]).success();
    let said = world.run(["ssh", "-c", command]).success();
    world.run(["destroy", "-f"]).success();
    said.stdout
}

fn small_image() -> String {
    std::env::var("JAUNT_TEST_SMALL_IMAGE")
        .expect("scripts/test builds the small guest and names its disk in JAUNT_TEST_SMALL_IMAGE")
}

#[test]
fn a_machine_that_runs_becomes_a_box_with_all_that_it_is_given() {
    let world = World::with_small_guest(BARE);
    world.write("notes/inner.txt", "in its folder");
    world.write("alone.txt", "alone");
    world.write("info.json", r#"{"author":"a test"}"#);
    world.write(
        "more.rb",
        "Vagrant.configure(\"2\") { |config| config.vm.hostname = \"from-the-box\" }\n",
    );
    world.run(["up"]).success();
    world.run(["ssh", "-c", "echo kept > kept; sync"]).success();

    let packaged = world.run([
        "package",
        "--include",
        "notes,alone.txt",
        "--vagrantfile",
        "more.rb",
        "--info",
        "info.json",
        "--output",
        "mine.box",
    ]);
    says_that_it_stops_and_writes(packaged.success(), "mine.box");
    let marker = world.project().to_string_lossy().into_owned();
    assert_eq!(processes_with(&marker), [] as [u32; 0], "the machine is stopped");
    let left = names_in(&world.project());
    assert!(!left.iter().any(|it| it.starts_with(".package-")), "{left:?}");
    world
        .run(["package", "--output", "mine.box"])
        .fails_with("is there already");

    let file = world.project().join("mine.box");
    let other = World::new();
    let said = boot(&other, "mine", &file, "cat kept; hostname");
    assert_eq!(said, "kept\nfrom-the-box\n");
    let folder = other.home().join("boxes/mine/0/amd64/libvirt");
    assert_eq!(
        names_in(&folder.join("include")),
        ["_Vagrantfile", "alone.txt", "notes"]
    );
    assert_eq!(
        fs::read_to_string(folder.join("include/notes/inner.txt")).unwrap(),
        "in its folder"
    );
    let list = other.run(["box", "list", "-i"]).success();
    assert!(list.stdout.contains("  - author: a test\n"), "{}", list.stdout);
}

#[track_caller]
fn says_that_it_stops_and_writes(ran: Ran, name: &str) {
    for text in ["Asking the machine to shut down", "Exporting", name] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
}

#[test]
fn a_machine_that_is_stopped_becomes_a_box_and_goes_on_afterwards() {
    let world = World::with_small_guest(BARE);
    world.run(["package"]).fails_with("has not been created");
    world.run(["up"]).success();
    world.run(["ssh", "-c", "echo kept > kept; sync"]).success();
    world.run(["halt"]).success();

    world.run(["package"]).success();
    world.run(["up"]).success();
    assert_eq!(world.run(["ssh", "-c", "cat kept"]).success().stdout, "kept\n");

    let file = world.project().join("package.box");
    assert_eq!(boot(&World::new(), "mine", &file, "cat kept"), "kept\n");
}

#[test]
fn an_image_becomes_a_box() {
    let world = World::new();
    world
        .run(["package", "--base", "nothing.qcow2"])
        .fails_with("nothing.qcow2");
    let image = small_image();
    world
        .run(["package", "--base", &image, "--output", "image.box"])
        .success();
    assert_eq!(names_in(&world.project()), ["image.box"]);

    let file = world.project().join("image.box");
    assert_eq!(boot(&world, "image", &file, "whoami"), "vagrant\n");
}

/// A template for the real Packer: the small guest is changed by the command that stops it.
fn template(hcl: bool) -> (&'static str, String) {
    let image = small_image();
    let key = std::env::var("JAUNT_TEST_KEYS").unwrap() + "/vagrant.key.ed25519";
    let options = [
        ("vm_name", "\"small\""),
        ("iso_url", &format!("{image:?}")),
        ("iso_checksum", "\"none\""),
        ("disk_image", "true"),
        ("format", "\"qcow2\""),
        ("accelerator", "\"tcg\""),
        ("memory", "256"),
        ("headless", "true"),
        ("boot_wait", "\"1s\""),
        ("net_device", "\"virtio-net\""),
        ("disk_interface", "\"virtio\""),
        ("ssh_username", "\"vagrant\""),
        ("ssh_private_key_file", &format!("{key:?}")),
        ("shutdown_command", "\"echo built > built; sync; sudo poweroff\""),
        ("output_directory", "\"disk\""),
    ];
    if hcl {
        let lines = options.map(|(name, value)| format!("  {name} = {value}\n")).concat();
        let text = format!(
            "variable \"file\" {{\n  type = string\n}}\nsource \"qemu\" \"small\" {{\n{lines}}}\nbuild {{\n  \
             sources = [\"source.qemu.small\"]\n  post-processor \"vagrant\" {{\n    output = var.file\n  }}\n}}\n"
        );
        return ("small.pkr.hcl", text);
    }
    let lines = options.map(|(name, value)| format!("{name:?}: {value}")).join(", ");
    let text = format!(
        "{{\"variables\": {{\"file\": null}}, \"builders\": [{{\"type\": \"qemu\", {lines}}}], \
         \"post-processors\": [{{\"type\": \"vagrant\", \"output\": \"{{{{user `file`}}}}\"}}]}}"
    );
    ("small.json", text)
}

#[track_caller]
fn packer_builds(hcl: bool) {
    let world = World::new();
    let (name, text) = template(hcl);
    world.write(name, &text);
    // Packer calls home unless it is told not to.
    let build = |arguments: &[&str]| {
        let mut command = world.command(["box", "build", name, "--name", "built"]);
        world.ran(command.args(arguments).env("CHECKPOINT_DISABLE", "1").output().unwrap())
    };
    build(&[]).fails_with("Packer could not build");

    let built = build(&["--var", "file=out.box"]).success();

    assert!(
        built.stdout.contains("packer: ") && built.stdout.contains("Successfully added box 'built'"),
        "{}",
        built.stdout
    );
    assert_eq!(boot_added(&world, "built", "cat built"), "built\n");
}

#[test]
fn packer_builds_a_template_in_json_and_the_box_is_added() {
    packer_builds(false);
}

#[test]
fn packer_builds_a_template_in_hcl_and_the_box_is_added() {
    packer_builds(true);
}

//! What a user's mistakes look like: a clear error, exit code 1, nothing half-made.

#![cfg(test)]

mod support;

use expect_test::expect;
use support::World;

#[test]
fn without_a_vagrantfile_the_way_to_one_is_named() {
    World::new().run(["up"]).assert(expect![[r#"
        exit: 1
        ------- stderr -------
        there is no Vagrantfile in [WORLD]/project or any folder above it
          what to do: run `jaunt init NAME` here to write one, or change to your project's folder
    "#]]);
}

#[test]
fn an_unknown_command_is_one_and_an_unknown_flag_says_so_on_stderr() {
    let world = World::new();
    let unknown = world.run(["flounder"]);
    assert_eq!((unknown.code, unknown.stderr.as_str()), (1, ""));
    assert!(unknown.stdout.contains("Usage:"), "{}", unknown.stdout);
    world.run(["up", "--flounder"]).fails_with("--flounder");
}

#[test]
fn two_vagrantfiles_side_by_side_are_an_error_that_names_both() {
    let world = World::with_vagrantfile("Vagrant.configure(\"2\") { |config| }\n");
    world.write("Vagrantfile.toml", "[vm]\nbox = \"a\"\n");
    world.run(["status"]).fails_with("Vagrantfile.toml");
    let output = world
        .command(["status"])
        .env("VAGRANT_VAGRANTFILE", "Vagrantfile")
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn syntax_errors_show_their_line() {
    let world = World::with_vagrantfile("Vagrant.configure(\"2\") do |config|\n  config.vm.box = \nend\n");
    let validate = world.run(["validate"]);
    assert_eq!(validate.code, 1);
    assert!(
        validate.stderr.contains("Vagrantfile:2") || validate.stderr.contains("Vagrantfile:3"),
        "{}",
        validate.stderr
    );
}

#[test]
fn an_unknown_option_is_found_with_its_line_and_a_likely_name() {
    let world = World::with_vagrantfile(
        "Vagrant.configure(\"2\") do |config|\n  config.vm.box = \"small\"\n  config.vm.boot_timeuot = 3\nend\n",
    );
    let validate = world.run(["validate"]);
    assert_eq!(validate.code, 1);
    assert!(validate.stderr.contains("Vagrantfile:3"), "{}", validate.stderr);
    assert!(validate.stderr.contains("boot_timeout"), "{}", validate.stderr);
}

#[test]
fn an_unknown_box_is_named_and_nothing_is_made() {
    let world = World::with_vagrantfile("Vagrant.configure(\"2\") { |config| config.vm.box = \"nowhere\" }\n");
    let output = world
        .command(["up"])
        .env("VAGRANT_SERVER_URL", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let ran = world.ran(output).fails_with("nowhere");
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!(!world.project().join(".vagrant/machines/default/qemu/id").exists());
}

#[test]
fn a_file_that_is_no_box_is_refused_and_nothing_is_left() {
    let world = World::new();
    world.write("not.box", "this is no archive, whatever its name says\n");
    world.run(["box", "add", "broken", "not.box"]).fails_with("not.box");
    let list = world.run(["box", "list"]).success();
    assert!(list.stdout.contains("There are no installed boxes"), "{}", list.stdout);
}

#[test]
fn an_unknown_machine_is_named_beside_the_known_ones() {
    let world = World::with_vagrantfile(
        "Vagrant.configure(\"2\") do |config|\n  config.vm.define \"web\"\n  config.vm.define \"db\"\nend\n",
    );
    let status = world.run(["status", "wbe"]).fails_with("wbe");
    assert!(
        status.stderr.contains("web") && status.stderr.contains("db"),
        "{}",
        status.stderr
    );
}

#[test]
fn without_qemu_the_package_that_has_it_is_named() {
    let world = World::with_small_guest("");
    let empty = tempfile::tempdir().unwrap();
    let output = world.command(["up"]).env("PATH", empty.path()).output().unwrap();
    world.ran(output).fails_with("qemu");
    assert!(
        !world
            .project()
            .join(".vagrant/machines/default/qemu/disk.qcow2")
            .exists()
    );
}

#[test]
fn destroy_without_a_terminal_needs_force() {
    let world = World::with_small_guest("");
    world.run(["destroy"]).success();
}

#[test]
fn a_provider_that_is_not_built_in_is_named() {
    let world = World::with_vagrantfile("Vagrant.configure(\"2\") { |config| config.vm.box = \"small\" }\n");
    world
        .run(["up", "--provider", "virtualbox"])
        .fails_with("`virtualbox` is not built into");
    let output = world
        .command(["status"])
        .env("VAGRANT_DEFAULT_PROVIDER", "hyperv")
        .output()
        .unwrap();
    world.ran(output).fails_with("`hyperv` is not built into");
}

#[test]
fn an_error_does_not_steer_the_terminal() {
    let world = World::with_vagrantfile("system(\"reboot\\r\\e[2Kls\")\n");
    let status = world.run(["status"]).fails_with("reboot\\r\\u{1b}[2Kls");
    assert!(!status.stderr.contains(['\r', '\u{1b}']), "{:?}", status.stderr);
}

#[test]
fn a_password_is_kept_out_of_what_is_shown() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "hunter2"
  config.ssh.password = "hunter2"
  config.vm.boot_timeout = "hunter2"
end
"#,
    );
    let validate = world.run(["--debug", "validate"]).fails_with("boot_timeout");
    assert!(!validate.stderr.contains("hunter2"), "{}", validate.stderr);
}

#[test]
fn a_machine_that_a_stranger_left_in_the_project_is_not_touched() {
    let world = World::with_vagrantfile("Vagrant.configure(\"2\") { |config| config.vm.box = \"small\" }\n");
    world.write(
        ".vagrant/machines/default/qemu/id",
        "7d0e5a3c-7f0d-4a64-9a37-2f6ac9c8c1f4",
    );
    world.write(".vagrant/machines/default/qemu/disk.qcow2", "QFI\u{fb}");
    for command in [["up"], ["status"], ["halt"]] {
        world.run(command).fails_with("was not made by you");
    }
}

#[test]
fn all_mistakes_of_a_file_come_in_one_report() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "small"
  config.vm.network :forwarded_port, guest: 80, host: 99999
  config.vm.synced_folder "nowhere", "/nowhere"
  config.vm.provision "shell", inline: "true", path: "also.sh"
  config.vm.provider("qemu") { |q| q.memory = "much" }
end
"#,
    );
    let validate = world.run(["validate"]);
    assert_eq!(validate.code, 1);
    for line in ["Vagrantfile:3", "Vagrantfile:4", "Vagrantfile:5", "Vagrantfile:6"] {
        assert!(validate.stderr.contains(line), "{line}: {}", validate.stderr);
    }
    let without_provider = world.run(["validate", "--ignore-provider"]);
    assert!(
        !without_provider.stderr.contains("Vagrantfile:6"),
        "{}",
        without_provider.stderr
    );
    assert_eq!(without_provider.code, 1);
}

//! The commands on a real guest that boots in seconds: real QEMU, real SSH, a box of its own.

#![cfg(test)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use support::{World, eventually, free_port, names_in, processes_with};

fn machine_folder(world: &World) -> std::path::PathBuf {
    world.project().join(".vagrant/machines/default/qemu")
}

#[test]
fn a_machine_goes_through_its_life() {
    let port = free_port();
    let world = World::with_small_guest(&format!(
        "  config.vm.network :forwarded_port, guest: 8000, host: {port}\n  config.vm.hostname = \"morning\""
    ));
    world.write("notes/hello.txt", "hello from the host\n");

    let up = world.run(["up"]).success();
    assert!(up.stdout.contains("==> default: "), "{}", up.stdout);

    let status = world.run(["status"]).success();
    assert!(
        status.stdout.contains("default                   running (qemu)"),
        "{}",
        status.stdout
    );
    let port_list = world.run(["port"]).success();
    assert!(
        port_list.stdout.contains(&format!("8000 (guest) => {port} (host)")),
        "{}",
        port_list.stdout
    );
    assert_eq!(
        world.run(["port", "--guest", "8000"]).success().stdout,
        format!("{port}\n")
    );

    let ssh = world
        .run(["ssh", "-c", "cat /vagrant/notes/hello.txt; hostname"])
        .success();
    assert_eq!(ssh.stdout, "hello from the host\nmorning\n");
    assert_eq!(world.run(["ssh", "-c", "exit 37"]).code, 37);

    fetch_through(&world, port);

    a_copy_of_the_project_does_not_take_the_machine(&world);
    let again = world.run(["up"]).success();
    assert!(
        !again.stdout.contains("Booting"),
        "a machine that runs is not started again: {}",
        again.stdout
    );

    world.run(["halt"]).success();
    let status = world.run(["status"]).success();
    assert!(status.stdout.contains("stopped (qemu)"), "{}", status.stdout);
    world.run(["halt"]).success();
    world.run(["ssh", "-c", "true"]).fails_with("not running");

    world.run(["destroy", "-f"]).success();
    let status = world.run(["status"]).success();
    assert!(status.stdout.contains("not created (qemu)"), "{}", status.stdout);
    assert_eq!(processes_with(&world.project().to_string_lossy()), [] as [u32; 0]);
    assert_eq!(names_in(&machine_folder(&world)), ["lock", "vagrant_cwd"]);
    world.run(["destroy", "-f"]).success();
}

fn a_copy_of_the_project_does_not_take_the_machine(world: &World) {
    let copy = world.project().with_file_name("copy");
    assert!(
        std::process::Command::new("cp")
            .arg("-r")
            .arg(world.project())
            .arg(&copy)
            .status()
            .unwrap()
            .success()
    );
    for command in [["halt"], ["status"]] {
        let output = world.command(command).current_dir(&copy).output().unwrap();
        world.ran(output).fails_with("of which this one is a copy");
    }
}

/// The guest serves a page on the forwarded port, and it is fetched from the host.
fn fetch_through(world: &World, port: u16) {
    world
        .run([
            "ssh",
            "-c",
            "mkdir -p /tmp/www && echo served > /tmp/www/index.html && busybox httpd -p 8000 -h /tmp/www",
        ])
        .success();
    let mut page = String::new();
    eventually(Duration::from_secs(20), || {
        page = support::try_get(port).unwrap_or_default();
        page.ends_with("served\n")
    });
}

#[test]
fn bytes_go_through_ssh_as_they_are_in_both_directions() {
    let world = World::with_small_guest("  config.vm.synced_folder \".\", \"/vagrant\", disabled: true");
    world.run(["up"]).success();
    let bytes: Vec<u8> = (0..3_000_000_u32)
        .map(|it| (it.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();

    let output = world.run_with_input(["ssh", "-c", "cat"], &bytes);

    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        output.stdout == bytes,
        "{} of {} bytes came back",
        output.stdout.len(),
        bytes.len()
    );
    let split = world.run(["ssh", "-c", "echo out; echo err >&2; exit 3"]);
    assert_eq!(
        (split.code, split.stdout.as_str(), split.stderr.as_str()),
        (3, "out\n", "err\n")
    );
}

#[test]
fn the_published_key_is_replaced_and_no_longer_opens_the_guest() {
    let world = World::with_small_guest("");
    world.run(["up"]).success();

    let keys = world.run(["ssh", "-c", "cat ~/.ssh/authorized_keys"]).success();

    assert_eq!(
        keys.stdout.lines().filter(|it| !it.trim().is_empty()).count(),
        1,
        "{}",
        keys.stdout
    );
    assert!(!keys.stdout.contains("vagrant insecure"), "{}", keys.stdout);
    let private_key = machine_folder(&world).join("private_key");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&private_key).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    world.run(["reload"]).success();

    assert_eq!(
        world.run(["ssh", "-c", "cat ~/.ssh/authorized_keys"]).success().stdout,
        keys.stdout
    );
}

#[test]
fn plain_ssh_works_with_what_ssh_config_prints() {
    let world = World::with_small_guest("");
    world.run(["up"]).success();
    let config = world.run(["ssh-config"]).success().stdout;
    world.write("config", &config);

    let output = std::process::Command::new("ssh")
        .args(["-F", "config", "default", "echo through openssh"])
        .current_dir(world.project())
        .stdin(Stdio::null())
        .output()
        .unwrap();

    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "through openssh\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let forwarded = world
        .run(["ssh", "-c", "echo by option", "--", "-o", "LogLevel=ERROR"])
        .success();
    assert_eq!(forwarded.stdout, "by option\n");
}

#[test]
fn only_changes_are_copied_and_deleted_files_disappear() {
    let world = World::with_small_guest("  config.vm.synced_folder \".\", \"/vagrant\", rsync__exclude: [\"secret/\"]");
    world.write("a file with spaces.txt", "one");
    world.write("größe/naïve.txt", "zwei");
    world.write("gone.txt", "soon");
    world.write("secret/key", "no");
    std::os::unix::fs::symlink("a file with spaces.txt", world.project().join("link")).unwrap();
    world.run(["up"]).success();
    let list = "cd /vagrant && find . ! -type d | sort";
    assert_eq!(
        world.run(["ssh", "-c", list]).success().stdout,
        "./Vagrantfile\n./Vagrantfile.lock\n./a file with spaces.txt\n./gone.txt\n./größe/naïve.txt\n./link\n"
    );

    fs::remove_file(world.project().join("gone.txt")).unwrap();
    world.write("new.sh", "#!/bin/sh\necho ran\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(world.project().join("new.sh"), executable).unwrap();
    world.run(["rsync"]).success();

    assert_eq!(
        world.run(["ssh", "-c", list]).success().stdout,
        "./Vagrantfile\n./Vagrantfile.lock\n./a file with spaces.txt\n./größe/naïve.txt\n./link\n./new.sh\n"
    );
    assert_eq!(world.run(["ssh", "-c", "/vagrant/new.sh"]).success().stdout, "ran\n");
}

#[test]
fn provisioners_run_once_unless_asked_and_in_order() {
    let world = World::with_small_guest(
        r#"  config.vm.provision "shell", name: "first", privileged: false, inline: "echo first >> /home/vagrant/log"
  config.vm.provision "shell", name: "always", run: "always", privileged: false, inline: "echo always >> /home/vagrant/log"
  config.vm.provision "shell", name: "never", run: "never", privileged: false, inline: "echo never >> /home/vagrant/log"
  config.vm.provision "shell", name: "arguments", privileged: false, inline: "echo \"$GREETING $1 $(id -un)\" >> /home/vagrant/log",
    args: ["two words"], env: { "GREETING" => "it's" }
  config.vm.provision "file", source: "payload", destination: "/tmp/payload""#,
    );
    world.write("payload", "carried");
    let log = ["ssh", "-c", "cat /home/vagrant/log; rm /home/vagrant/log"];
    world.run(["up"]).success();
    assert_eq!(
        world.run(log).success().stdout,
        "first\nalways\nit's two words vagrant\n"
    );
    assert_eq!(world.run(["ssh", "-c", "cat /tmp/payload"]).success().stdout, "carried");

    world.run(["up"]).success();
    assert_eq!(world.run(log).success().stdout, "always\n");
    world.run(["provision", "--provision-with", "never,first"]).success();
    assert_eq!(world.run(log).success().stdout, "first\nnever\n");
    world.run(["reload", "--no-provision"]).success();
    assert_eq!(
        world
            .run(["ssh", "-c", "ls /home/vagrant/log 2>/dev/null | wc -l"])
            .success()
            .stdout
            .trim(),
        "0"
    );
}

#[test]
fn a_failing_provisioner_fails_the_command_and_says_whether_the_machine_is_still_there() {
    let world = World::with_small_guest(
        r#"  config.vm.provision "shell", name: "broken", inline: "echo about to fail; exit 9""#,
    );

    let up = world.run(["up"]).fails_with("broken");

    assert!(
        up.stderr.contains('9') && up.stderr.contains("about to fail"),
        "{}",
        up.stderr
    );
    world.run(["ssh", "-c", "true"]).success();
    world.write(
        "Vagrantfile",
        &support::small_vagrantfile(r#"  config.vm.provision "shell", name: "broken", inline: "echo mended""#),
    );
    let again = world.run(["up"]).success();
    assert!(
        again.stdout.contains("mended"),
        "the unfinished provisioner runs: {}",
        again.stdout
    );

    world.write(
        "Vagrantfile",
        &support::small_vagrantfile(r#"  config.vm.provision "shell", inline: "poweroff -f; sleep 60""#),
    );
    let gone = world
        .run(["provision"])
        .fails_with("the machine stopped in the middle of it");
    assert!(gone.stderr.contains("its serial console"), "{}", gone.stderr);
    world.run(["destroy", "-f"]).success();
}

#[test]
fn a_taken_port_is_one_clear_error_and_auto_correct_avoids_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let forward = format!("  config.vm.network :forwarded_port, guest: 80, host: {port}");
    let world = World::with_small_guest(&forward);

    world.run(["up"]).fails_with(&format!("port {port}"));
    world.write(
        "Vagrantfile",
        &support::small_vagrantfile(&format!("{forward}, auto_correct: true")),
    );
    world.run(["up"]).success();

    let chosen = world.run(["port", "--guest", "80"]).success().stdout;
    assert_ne!(chosen.trim(), port.to_string());
    world.run(["reload"]).success();
    assert_eq!(
        world.run(["port", "--guest", "80"]).success().stdout,
        chosen,
        "a chosen port is kept over reloads"
    );
}

#[test]
fn ctrl_c_while_booting_leaves_a_machine_that_can_be_used() {
    let world = World::with_small_guest("");
    let child = world
        .command(["up"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let marker = world.project().to_string_lossy().into_owned();
    eventually(Duration::from_secs(30), || !processes_with(&marker).is_empty());

    std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("interrupted"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    world.run(["up"]).success();
    assert_eq!(processes_with(&marker).len(), 1);
    assert_eq!(
        world
            .run(["ssh", "-c", "cat /vagrant/Vagrantfile | wc -l"])
            .success()
            .code,
        0
    );
}

#[test]
fn ctrl_c_while_provisioning_ends_what_the_provisioner_started_in_the_guest() {
    let world = World::with_small_guest(
        "  config.vm.synced_folder \".\", \"/vagrant\", disabled: true\n  config.vm.provision :shell, inline: \"echo begun; sleep 4711; echo ended\"",
    );
    let mut child = world.command(["up"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|it| it.unwrap().ends_with("begun")));

    std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let rest: Vec<String> = lines.map(|it| it.unwrap()).collect();

    assert_eq!(child.wait().unwrap().code(), Some(1), "{rest:?}");
    let left = world.run([
        "ssh",
        "-c",
        "ps | grep -c '[s]leep 4711'; ls /tmp | grep -c vagrant-shell",
    ]);
    assert_eq!(left.stdout, "0\n0\n");
}

#[test]
fn a_boot_that_does_not_come_up_ends_in_time_and_tells_what_is_known() {
    let world = World::with_small_guest(
        "  config.vm.boot_timeout = 4\n  config.ssh.guest_port = 2\n  config.vm.network :forwarded_port, id: \"ssh\", guest: 2, host: 2222, auto_correct: true",
    );
    let start = Instant::now();

    let up = world.run(["up"]).fails_with("did not answer within 4 seconds");

    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(
        up.stderr.contains("console"),
        "the serial console's last lines are shown: {}",
        up.stderr
    );
    world.run(["destroy", "-f"]).success();
}

#[test]
fn status_does_not_wait_for_another_command() {
    let world = World::with_small_guest(r#"  config.vm.provision "shell", inline: "sleep 20""#);
    let mut child = world
        .command(["up"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let marker = world.project().to_string_lossy().into_owned();
    eventually(Duration::from_secs(60), || !processes_with(&marker).is_empty());

    let start = Instant::now();
    world.run(["status"]).success();
    assert!(start.elapsed() < Duration::from_secs(5));
    world.run(["halt"]).fails_with("jaunt up");

    child.kill().unwrap();
    child.wait().unwrap();
    world.run(["destroy", "-f"]).success();
}

#[test]
fn a_guest_without_puppet_says_so_and_how_to_get_it() {
    let world = World::with_small_guest("  config.vm.provision :puppet");
    world.write("manifests/default.pp", "notify { 'hello': }\n");

    let up = world.run(["up"]).fails_with("no `puppet`");

    assert!(up.stderr.contains("apt-get install"), "{}", up.stderr);
    world.run(["ssh", "-c", "true"]).success();
}

#[test]
fn the_settings_for_another_provider_count_and_are_announced() {
    let world = World::with_vagrantfile(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "nowhere"
  config.vm.boot_timeout = 120
  config.vm.network "private_network", ip: "192.168.56.10"
  config.trigger.after(:up) { |trigger| trigger.info = "done" }
  config.vm.provider "vmware_desktop" do |v|
    v.vmx["memsize"] = "300"
  end
  config.vm.provider "virtualbox" do |vb, override|
    vb.customize ["modifyvm", :id, "--memory", "200", "--cpus", "1"]
    override.vm.box = "small"
  end
end
"#,
    );
    world.run(["box", "add", "small", &support::small_box()]).success();

    let up = world.run(["up"]).success();

    assert!(
        up.stdout.contains("settings for `virtualbox` are applied"),
        "{}",
        up.stdout
    );
    for left_out in ["Private and public networks are not", "Triggers are not"] {
        assert!(up.stdout.contains(left_out), "{}", up.stdout);
    }
    let total = world
        .run(["ssh", "-c", "awk '/MemTotal/ {print $2}' /proc/meminfo; nproc"])
        .success()
        .stdout;
    let mut lines = total.lines();
    let kib: u64 = lines.next().unwrap().parse().unwrap();
    assert!(
        (100 * 1024..200 * 1024).contains(&kib),
        "200 MiB less what the kernel keeps: {kib} KiB"
    );
    assert_eq!(lines.next(), Some("1"));
    world.run(["destroy", "-f"]).success();

    world.run(["up", "--for", "vmware_desktop"]).fails_with("nowhere");
}

#[test]
fn a_person_at_a_terminal_gets_a_shell_in_the_guest() {
    let world = World::with_small_guest("");
    world.run(["up"]).success();
    let terminal = support::Terminal::start(&world, "jaunt ssh; echo ended with $?");

    terminal.types("stty size; echo answer $((6 * 7))");
    terminal.shows("answer 42");
    assert!(terminal.screen().contains("30 100"), "{}", terminal.screen());
    terminal.types("sleep 60");
    terminal.presses("C-c");
    terminal.types("exit 5");
    terminal.shows("ended with 5");
    terminal.types("stty -a | grep -o -- ' echo '");
    terminal.shows("echo");
}

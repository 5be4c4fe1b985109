//! TOML in, layers and reports out.

use expect_test::{Expect, expect};

use crate::host::MemoryHost;
use crate::testing;

/// Loads `Vagrantfile.toml` of a project and prints the layers of all its machines, or the report.
fn check(host: MemoryHost, expected: Expect) {
    let shown = testing::layers_of(host, "Vagrantfile.toml", testing::settings());
    expected.assert_eq(&shown.unwrap_or_else(|report| report.to_string()));
}

fn check_file(text: &str, expected: Expect) {
    check(MemoryHost::default().with_file("Vagrantfile.toml", text), expected);
}

#[test]
fn the_twin_of_the_example_says_what_ruby_says() {
    check_file(
        r#"[vm]
box = "debian/12"

[[vm.synced_folder]]
host = "."
guest = "/vagrant"
type = "rsync"
rsync__exclude = [".git/"]

[[trigger]]
stage = "before"
on = ["destroy"]
info = "Saving the database"
run_remote = { inline = "pg_dump app > /vagrant/app.sql" }
on_error = "continue"

[machine.db]
[[machine.db.vm.network]]
type = "private_network"
ip = "192.168.56.10"

[machine.web]
primary = true
vm.hostname = "web"

[[machine.web.vm.network]]
type = "forwarded_port"
guest = 80
host = 8080
auto_correct = true

[machine.web.provider.virtualbox]
memory = 1024
customize = [["modifyvm", ":id", "--audio", "none"]]
override.vm.box = "debian/12-vbox"

[[machine.web.vm.provision]]
name = "base"
type = "shell"
inline = "apt-get update"

[[machine.web.vm.provision]]
type = "puppet"
run = "always"
manifest_file = "site.pp"
"#,
        expect![[r#"
            == db
            # Vagrantfile.toml
            2:1 vm.box = "debian/12"
            4:1 vm.synced_folder(".", "/vagrant", type: "rsync", rsync__exclude: [".git/"])
            10:1 trigger.before(:destroy)
              13:1 info = "Saving the database"
              14:1 run_remote = {"inline" => "pg_dump app > /vagrant/app.sql"}
              15:1 on_error = "continue"
            # machine db
            18:1 vm.network("private_network", ip: "192.168.56.10")
            == web, primary
            # Vagrantfile.toml
            2:1 vm.box = "debian/12"
            4:1 vm.synced_folder(".", "/vagrant", type: "rsync", rsync__exclude: [".git/"])
            10:1 trigger.before(:destroy)
              13:1 info = "Saving the database"
              14:1 run_remote = {"inline" => "pg_dump app > /vagrant/app.sql"}
              15:1 on_error = "continue"
            # machine web
            24:4 vm.hostname = "web"
            26:1 vm.network("forwarded_port", guest: 80, host: 8080, auto_correct: true)
            37:1 vm.provision("base", type: "shell")
              40:1 inline = "apt-get update"
            42:1 vm.provision("puppet", run: "always")
              45:1 manifest_file = "site.pp"
            32:23 vm.provider(:virtualbox)
              33:1 memory = 1024
              34:14 customize(["modifyvm", :id, "--audio", "none"])
            # override of virtualbox
            35:13 vm.box = "debian/12-vbox"
        "#]],
    );
}

#[test]
fn every_mistake_of_the_shape_is_in_one_report() {
    check_file(
        r#"vm = 3
[[trigger]]
stage = "while"
[ssh.defaults]
x = 1
[machine]
web = "x"
[[machine.db.vm.provision]]
inline = "true"
[machine.db.vm]
network = ["private_network"]
provider.virtualbox.memory = 3
broken = [
"#,
        expect![[r#"
            /project/Vagrantfile.toml:13:11: unclosed array, expected `]`
              broken = [
                        ^
            /project/Vagrantfile.toml:1:1: `vm` must be a table
              vm = 3
              ^
              write its options below a line `[vm]`
            /project/Vagrantfile.toml:2:1: `on` is missing
              [[trigger]]
              ^
            /project/Vagrantfile.toml:3:1: `stage` of a trigger must be "before" or "after"
              stage = "while"
              ^
            /project/Vagrantfile.toml:7:1: `machine.web` must be a table
              web = "x"
              ^
              write its options below a line `[machine.web]`
            /project/Vagrantfile.toml:8:1: a provisioner has neither `type` nor `name`
              [[machine.db.vm.provision]]
              ^
              write its kind, as in `type = "shell"`
            /project/Vagrantfile.toml:11:12: `vm.network` must be an array of tables
              network = ["private_network"]
                         ^
              write each one below a line `[[vm.network]]`
            /project/Vagrantfile.toml:12:1: `vm.provider` is not said in TOML
              provider.virtualbox.memory = 3
              ^
              write a table `[provider.NAME]`"#]],
    );
}

#[test]
fn what_has_no_meaning_is_noted_and_the_rest_is_read() {
    check_file(
        r#"vm.box = "debian"
plugin = 1
[[vm.network]]
host = 8080
[[vm.network]]
ip = "10.0.0.2"
[[vm.synced_folder]]
guest = "/srv"
[[vm.provision]]
inline = "true"
[[vm.provision]]
manifest_file = "site.pp"
[[trigger]]
info = "Hello"
[machine.db]
primry = true
[machine.db.provider.virtualbox]
memory = 1024
override = "x"
"#,
        expect![[r#"
            == db, primary
            # Vagrantfile.toml
            1:4 vm.box = "debian"
            3:1 vm.network("forwarded_port", host: 8080)
            5:1 vm.network("private_network", ip: "10.0.0.2")
            7:1 vm.synced_folder(".", "/srv")
            9:1 vm.provision("shell")
              10:1 inline = "true"
            13:1 trigger.before(:)
              14:1 info = "Hello"
            # machine db
            17:22 vm.provider(:virtualbox)
              18:1 memory = 1024
            /project/Vagrantfile.toml:3:1: `type` is missing
              [[vm.network]]
              ^
            /project/Vagrantfile.toml:5:1: `type` is missing
              [[vm.network]]
              ^
            /project/Vagrantfile.toml:7:1: `host` is missing
              [[vm.synced_folder]]
              ^
            /project/Vagrantfile.toml:9:1: a provisioner has neither `type` nor `name`
              [[vm.provision]]
              ^
              write its kind, as in `type = "shell"`
            /project/Vagrantfile.toml:11:1: a provisioner has neither `type` nor `name`
              [[vm.provision]]
              ^
              write its kind, as in `type = "shell"`
            /project/Vagrantfile.toml:2:1: `plugin` must be a table
              plugin = 1
              ^
              write its options below a line `[plugin]`
            /project/Vagrantfile.toml:13:1: `stage` is missing
              [[trigger]]
              ^
            /project/Vagrantfile.toml:13:1: `on` is missing
              [[trigger]]
              ^
            /project/Vagrantfile.toml:16:1: there is no option `primry` of a machine
              primry = true
              ^
              did you mean `primary`?
            /project/Vagrantfile.toml:19:1: `override` must be a table
              override = "x"
              ^
              write its options below a line `[override]`
        "#]],
    );
}

#[test]
fn included_files_are_layers_below_and_stay_inside_the_project() {
    let host = MemoryHost::default()
        .with_file(
            "Vagrantfile.toml",
            "include = [\"parts/base.toml\"]\nvm.box = \"${BOX:debian/12}\"\n",
        )
        .with_file(
            "parts/base.toml",
            "include = [\"deeper.toml\"]\nvm.hostname = \"${NAME:none}\"\n",
        )
        .with_file("parts/deeper.toml", "vm.guest = \"linux\"\n")
        .with_variable("NAME", "web");
    check(
        host,
        expect![[r#"
        == default, primary
        # Vagrantfile.toml
        1:4 vm.guest = "linux"
        # Vagrantfile.toml
        2:4 vm.hostname = "web"
        # Vagrantfile.toml
        2:4 vm.box = "debian/12"
    "#]],
    );

    let escaping = MemoryHost::default()
        .with_file(
            "Vagrantfile.toml",
            "include = [\"../secret.toml\", \"missing.toml\", 3, \"Vagrantfile.toml\"]\n",
        )
        .with_file("/secret.toml", "");
    check(
        escaping,
        expect![[r#"
            == default, primary
            # Vagrantfile.toml
            /project/Vagrantfile.toml:1:12: `../secret.toml` is outside of the project's folder and is not included
              include = ["../secret.toml", "missing.toml", 3, "Vagrantfile.toml"]
                         ^
            /project/Vagrantfile.toml:1:30: cannot include `missing.toml`: entity not found
              include = ["../secret.toml", "missing.toml", 3, "Vagrantfile.toml"]
                                           ^
            /project/Vagrantfile.toml:1:46: `include` takes paths of TOML files
              include = ["../secret.toml", "missing.toml", 3, "Vagrantfile.toml"]
                                                           ^
            /project/Vagrantfile.toml:1:49: `Vagrantfile.toml` includes itself
              include = ["../secret.toml", "missing.toml", 3, "Vagrantfile.toml"]
                                                              ^
        "#]],
    );
}

#[test]
fn calls_on_provisioners_and_providers_are_lists() {
    check_file(
        r#"
[provider.virtualbox]
customize = [["pre-boot", ["modifyvm", ":id", "--cpus", "2"]]]
network_adapter = [[2, "hostonly"]]
[provider.libvirt]
storage = [{ type = "file", size = "5G" }]
[[vm.provision]]
type = "docker"
pull_images = ["debian", "alpine"]
run = [{ name = "db", image = "postgres" }]
[[vm.provision]]
name = "chef"
type = "chef_solo"
run = "never"
add_recipe = "apache"
json = { apache = { port = 80 } }
"#,
        expect![[r#"
            == default, primary
            # Vagrantfile.toml
            2:11 vm.provider(:virtualbox)
              3:14 customize("pre-boot", ["modifyvm", :id, "--cpus", "2"])
              4:20 network_adapter(2, "hostonly")
            5:11 vm.provider(:libvirt)
              6:12 storage("file", size: "5G")
            7:1 vm.provision("docker")
              9:16 pull_images("debian")
              9:26 pull_images("alpine")
              10:8 run("db", image: "postgres")
            11:1 vm.provision("chef", run: "never", type: "chef_solo")
              15:1 add_recipe("apache")
              16:1 json = {"apache" => {"port" => 80}}
        "#]],
    );
}

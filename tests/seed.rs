//! The workflow that the project was made for, in each of its three languages: a Debian that Packer built, a forwarded port, a
//! folder, Puppet, and a manifest that changes.

mod support;

use std::fs;

use support::{World, debian_box, free_port, get};

/// The Vagrantfile of the seed; only the box's name and the port of the host are the test's own.
fn ruby(port: u16) -> String {
    format!(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "debian"
  config.vm.network :forwarded_port, guest: 80, host: {port}
  config.vm.synced_folder "../data", "/vagrant_data"
  config.vm.provision :puppet do |puppet|
    puppet.manifest_file = "site.pp"
  end
end
"#
    )
}

fn lua(port: u16) -> String {
    format!(
        r#"Vagrant.configure("2", function(config)
  config.vm.box = "debian"
  config.vm.network("forwarded_port", {{ guest = 80, host = {port} }})
  config.vm.synced_folder("../data", "/vagrant_data")
  config.vm.provision("puppet", function(puppet)
    puppet.manifest_file = "site.pp"
  end)
end)
"#
    )
}

fn toml(port: u16) -> String {
    format!(
        r#"[vm]
box = "debian"

[[vm.network]]
type = "forwarded_port"
guest = 80
host = {port}

[[vm.synced_folder]]
host = "../data"
guest = "/vagrant_data"

[[vm.provision]]
type = "puppet"
manifest_file = "site.pp"
"#
    )
}

/// The demonstration's manifest with another greeting.
fn manifest(greeting: &str) -> String {
    let manifest = include_str!("../fixtures/demo/project/manifests/site.pp");
    assert!(manifest.contains("Hello from the first manifest"));
    manifest.replace("Hello from the first manifest", greeting)
}

/// A project of the seed beside its data, with the box added.
fn world(file: &str, vagrantfile: &str) -> World {
    let world = World::new();
    world.write(file, vagrantfile);
    world.write("manifests/site.pp", &manifest("before"));
    fs::create_dir(world.project().join("../data")).unwrap();
    fs::write(world.project().join("../data/message.txt"), "from the folder beside").unwrap();
    world.run(["box", "add", "debian", &debian_box()]).success();
    world
}

#[test]
fn the_seed_in_ruby_from_up_to_destroy() {
    let port = free_port();
    let world = world("Vagrantfile", &ruby(port));

    world.run(["up"]).success();
    let page = get(port);
    assert!(
        page.contains("before") && page.contains("from the folder beside"),
        "{page}"
    );

    world.write("manifests/site.pp", &manifest("after"));
    world.run(["provision"]).success();
    let page = get(port);
    assert!(page.contains("after"), "{page}");

    world.write("manifests/site.pp", "fail('on purpose')\n");
    let failed = world.run(["provision"]).fails_with("puppet");
    assert!(failed.stderr.contains("on purpose"), "{}", failed.stderr);
    let version = world.run(["ssh", "-c", "puppet --version"]).success();
    assert!(version.stdout.starts_with('7'), "{}", version.stdout);

    world.run(["halt"]).success();
    world.run(["destroy", "-f"]).success();
}

#[test]
fn the_seed_in_lua_and_in_toml_comes_to_the_same_machine() {
    let (port, other) = (free_port(), free_port());
    let in_lua = world("Vagrantfile.lua", &lua(port));
    let in_toml = world("Vagrantfile.toml", &toml(other));
    for (world, port) in [(in_lua, port), (in_toml, other)] {
        world.run(["up"]).success();
        let page = get(port);
        assert!(
            page.contains("before") && page.contains("from the folder beside"),
            "{page}"
        );
        world.run(["destroy", "-f"]).success();
    }
}

//! Vagrantfiles and the layers that they make.

use super::{check_layers, check_layers_of, open};
use crate::host::MemoryHost;
use crate::layer::{Setting, Value};
use crate::session::Role;
use expect_test::expect;
use std::path::Path;

#[test]
fn the_vagrantfile_of_the_readme_makes_one_layer() {
    check_layers(
        r#"
Vagrant.configure("2") do |config|
  config.vm.box = "precise64"
  config.vm.network :forwarded_port, guest: 80, host: 8080
  config.vm.synced_folder "../data", "/vagrant_data"
  config.vm.provision :puppet do |puppet|
    puppet.manifest_file = "site.pp"
  end
end
"#,
        expect![[r#"
            machine default (primary)
              Vagrantfile
                3:3 vm.box = String("precise64")
                4:3 vm.network [Symbol("forwarded_port")] [("guest", Integer(80)), ("host", Integer(8080))]
                5:3 vm.synced_folder [String("../data"), String("/vagrant_data")] []
                6:3 vm.provision [Symbol("puppet")] []
                    7:5 manifest_file = String("site.pp")
        "#]],
    );
}

#[test]
fn machines_have_layers_of_their_own_and_overrides_come_last() {
    check_layers(
        r##"
Vagrant.configure("2") do |config|
  config.vm.box = "debian/12"
  config.vm.synced_folder ".", "/vagrant", type: "rsync", rsync__exclude: [".git/"]

  config.trigger.before :destroy do |trigger|
    trigger.info = "Saving the database"
    trigger.run_remote = { inline: "pg_dump app > /vagrant/app.sql" }
    trigger.on_error = :continue
  end

  config.vm.define "db" do |db|
    db.vm.network "private_network", ip: "192.168.56.10"
  end

  config.vm.define "web", primary: true do |web|
    web.vm.hostname = "web"
    web.vm.network "forwarded_port", guest: 80, host: 8080, auto_correct: true
    web.vm.provider "virtualbox" do |vb, override|
      vb.memory = 1024
      vb.customize ["modifyvm", :id, "--audio", "none"]
      override.vm.box = "debian/12-vbox"
    end
    web.vm.provision "base", type: "shell", inline: "apt-get update"
    web.vm.provision "puppet", run: "always" do |puppet|
      puppet.manifest_file = "site.pp"
    end
  end
end
"##,
        expect![[r#"
            machine db
              Vagrantfile
                3:3 vm.box = String("debian/12")
                4:3 vm.synced_folder [String("."), String("/vagrant")] [("type", String("rsync")), ("rsync__exclude", List([String(".git/")]))]
                6:3 trigger.before [Symbol("destroy")] []
                    7:5 info = String("Saving the database")
                    8:5 run_remote = Map([(Symbol("inline"), String("pg_dump app > /vagrant/app.sql"))])
                    9:5 on_error = Symbol("continue")
              machine db
                13:5 vm.network [String("private_network")] [("ip", String("192.168.56.10"))]
            machine web (primary)
              Vagrantfile
                3:3 vm.box = String("debian/12")
                4:3 vm.synced_folder [String("."), String("/vagrant")] [("type", String("rsync")), ("rsync__exclude", List([String(".git/")]))]
                6:3 trigger.before [Symbol("destroy")] []
                    7:5 info = String("Saving the database")
                    8:5 run_remote = Map([(Symbol("inline"), String("pg_dump app > /vagrant/app.sql"))])
                    9:5 on_error = Symbol("continue")
              machine web
                17:5 vm.hostname = String("web")
                18:5 vm.network [String("forwarded_port")] [("guest", Integer(80)), ("host", Integer(8080)), ("auto_correct", Boolean(true))]
                19:5 vm.provider [Symbol("virtualbox")] []
                    20:7 memory = Integer(1024)
                    21:7 customize [List([String("modifyvm"), Symbol("id"), String("--audio"), String("none")])] []
                24:5 vm.provision [String("base")] [("type", String("shell")), ("inline", String("apt-get update"))]
                25:5 vm.provision [String("puppet")] [("run", String("always"))]
                    26:7 manifest_file = String("site.pp")
              override of virtualbox
                22:7 vm.box = String("debian/12-vbox")
        "#]],
    );
}

#[test]
fn the_file_that_packer_puts_into_a_box_is_read() {
    let host = MemoryHost::default().with_file(
        "include/_Vagrantfile",
        "Vagrant.configure('2') { |c| c.ssh.username = 'admin' }",
    );
    check_layers_of(
        host,
        r##"
Vagrant.configure("2") do |config|
  config.vm.base_mac = "080027D14C66"
  config.vm.provider :libvirt do |libvirt|
    libvirt.driver = "qemu"
  end
  config.ssh.insert_key = false
end

# Load include vagrant file if it exists after the auto-generated
# so it can override any of the settings
include_vagrantfile = File.expand_path("../include/_Vagrantfile", __FILE__)
load include_vagrantfile if File.exist?(include_vagrantfile)
"##,
        expect![[r#"
            machine default (primary)
              Vagrantfile
                3:3 vm.base_mac = String("080027D14C66")
                4:3 vm.provider [Symbol("libvirt")] []
                    5:5 driver = String("qemu")
                7:3 ssh.insert_key = Boolean(false)
              Vagrantfile
                1:30 ssh.username = String("admin")
        "#]],
    );
}

#[test]
fn lists_are_filled_in_place_and_values_are_read_back() {
    check_layers(
        r##"
Vagrant.configure("2") do |config|
  config.vm.box ||= "never taken, since what is unset counts as set"
  config.vm.box = "a"
  config.vm.box += "b" if config.vm.box == "a"
  names = ["one"]
  config.hostmanager.aliases = names
  names << "two"
  config.vm.network "private_network", ip: "10.0.0.2"
  config.vm.hostname = "net#{config.vm.networks.length}"
  config.vm.provision "puppet" do |puppet|
    puppet.facter["role"] = "web"
    puppet.options << "--debug" unless puppet.options.nil?
  end
  config.vm.provider "vmware_desktop" do |v|
    v.vmx["memsize"] = "1024"
    v.vmx["numvcpus"] = "2"
    v.unknown.deeper = true
  end
  config.vbguest.auto_update = false if Vagrant.has_plugin?("vagrant-vbguest") || true
  config.vm.provision :shell, inline: <<-SHELL, privileged: false
    echo "hi"
  SHELL
end
"##,
        expect![[r#"
            machine default (primary)
              Vagrantfile
                4:3 vm.box = String("a")
                5:13 vm.box = String("ab")
                7:3 hostmanager.aliases = List([String("one"), String("two")])
                9:3 vm.network [String("private_network")] [("ip", String("10.0.0.2"))]
                10:3 vm.hostname = String("net1")
                11:3 vm.provision [String("puppet")] []
                    12:5 facter = Map([(String("role"), String("web"))])
                    13:40 options = List([String("--debug")])
                15:3 vm.provider [Symbol("vmware_desktop")] []
                    16:5 vmx = Map([(String("memsize"), String("1024")), (String("numvcpus"), String("2"))])
                    18:5 unknown.deeper = Boolean(true)
                20:3 vbguest.auto_update = Boolean(false)
                21:3 vm.provision [Symbol("shell")] [("inline", String("    echo \"hi\"\n")), ("privileged", Boolean(false))]
        "#]],
    );
}

#[test]
fn machines_come_from_loops_files_and_the_environment() {
    let host = MemoryHost::default().with_variable("NODES", "2").with_file(
        "nodes.yml",
        "- name: web\n  ip: 10.0.0.5\n  ports: [80, 443]\n- name: db\n  ip: 10.0.0.6\n  autostart: no\n",
    );
    check_layers_of(
        host,
        r##"
require 'yaml'
NODES = ENV.fetch("NODES", 1).to_i
nodes = YAML.load_file(File.join(File.dirname(__FILE__), "nodes.yml"))
Vagrant.configure(2) do |config|
  nodes.each_with_index do |node, index|
    config.vm.define node["name"], primary: index.zero?, autostart: node.fetch("autostart", true) do |machine|
      machine.vm.network :private_network, ip: node["ip"]
      (node["ports"] || []).each { |port| machine.vm.network :forwarded_port, guest: port, host: 8000 + port }
      machine.vm.provider(:virtualbox) { |vb| vb.name = "#{node['name']}-#{index + 1}" }
    end
  end
  (1..NODES).each do |i|
    config.vm.define("node#{i}") { |node| node.vm.hostname = format("node-%02d", i) }
  end
end
"##,
        expect![[r#"
            machine web (primary)
              Vagrantfile
              machine web
                8:7 vm.network [Symbol("private_network")] [("ip", String("10.0.0.5"))]
                9:43 vm.network [Symbol("forwarded_port")] [("guest", Integer(80)), ("host", Integer(8080))]
                9:43 vm.network [Symbol("forwarded_port")] [("guest", Integer(443)), ("host", Integer(8443))]
                10:7 vm.provider [Symbol("virtualbox")] []
                    10:47 name = String("web-1")
            machine db (not started)
              Vagrantfile
              machine db
                8:7 vm.network [Symbol("private_network")] [("ip", String("10.0.0.6"))]
                10:7 vm.provider [Symbol("virtualbox")] []
                    10:47 name = String("db-2")
            machine node1
              Vagrantfile
              machine node1
                14:43 vm.hostname = String("node-01")
            machine node2
              Vagrantfile
              machine node2
                14:43 vm.hostname = String("node-02")
        "#]],
    );
}

#[test]
fn configuration_version_1_is_said_in_the_words_of_version_2() {
    check_layers(
        r##"
Vagrant::Config.run do |config|
  config.vm.box = "lucid32"
  config.vm.host_name = "old"
  config.vm.network :unheard_of
  config.vm.share_folder "data", "/data", "../data", nfs: true
  config.vm.customize ["modifyvm", :id, "--memory", 512]
  config.vm.boot_mode = :gui
end
"##,
        expect![[r#"
            machine default (primary)
              Vagrantfile
                3:3 vm.box = String("lucid32")
                4:3 vm.hostname = String("old")
                6:3 vm.synced_folder [String("../data"), String("/data")] [("id", String("data")), ("create", Boolean(false)), ("transient", Boolean(false)), ("nfs", Boolean(true))]
                7:3 vm.provider [Symbol("virtualbox")] []
                    7:3 customize [List([String("modifyvm"), Symbol("id"), String("--memory"), Integer(512)])] []
                8:3 vm.provider [Symbol("virtualbox")] []
                    8:3 gui = Boolean(true)
        "#]],
    );
}

#[test]
fn mistakes_name_their_line() {
    check_layers(
        "Vagrant.configure(2) do |config|\n  config.vm.box = foo\nend",
        expect![[r#"
        /project/Vagrantfile:2:19: undefined local variable or method `foo' for main:Object (NameError)
            config.vm.box = foo
                            ^
    "#]],
    );
    check_layers(
        "Vagrant.configure(2) do |config|\n  config.vm.box = [1\n  config.vm.x = }\nend",
        expect![[r#"
        /project/Vagrantfile:3:1: syntax error: unexpected local variable or method; expected a `,` separator for the array elements
            config.vm.x = }
          ^
        /project/Vagrantfile:3:15: syntax error: expected an expression after `=`
            config.vm.x = }
                        ^
        /project/Vagrantfile:3:16: syntax error: unexpected '}'; expected a `,` separator for the array elements
            config.vm.x = }
                         ^
        /project/Vagrantfile:3:16: syntax error: expected an expression for the array element
            config.vm.x = }
                         ^
        /project/Vagrantfile:3:17: syntax error: unexpected '}'; expected a `]` to close the array
            config.vm.x = }
                          ^
        /project/Vagrantfile:3:17: syntax error: unexpected '}', expecting end-of-input
            config.vm.x = }
                          ^
        /project/Vagrantfile:3:17: syntax error: unexpected '}', ignoring it
            config.vm.x = }
                          ^
    "#]],
    );
    check_layers(
        "def helper\n  nil.upcase\nend\nVagrant.configure(2) { |config| helper }",
        expect![[r#"
        /project/Vagrantfile:2:7: undefined method `upcase' for nil:NilClass (NoMethodError)
            nil.upcase
                ^
    "#]],
    );
    check_layers(
        "abort 'install the plugin' unless Vagrant.has_plugin?('nope')",
        expect![[r#"
        /project/Vagrantfile:1:1: install the plugin
          abort 'install the plugin' unless Vagrant.has_plugin?('nope')
          ^
    "#]],
    );
    check_layers(
        "raise Vagrant::Errors::VagrantError.new, 'no'",
        expect![[r#"
        /project/Vagrantfile:1:1: no
          raise Vagrant::Errors::VagrantError.new, 'no'
          ^
    "#]],
    );
    check_layers(
        "Vagrant.require_version '>= 3.0'",
        expect![[r#"
        /project/Vagrantfile:1:9: this file asks for Vagrant >= 3.0; what it gets is compatible with 2.4.9
          Vagrant.require_version '>= 3.0'
                  ^
    "#]],
    );
    check_layers(
        "ENV.fetch('MISSING')",
        expect![[r#"
        /project/Vagrantfile:1:5: key not found: "MISSING" (KeyError)
          ENV.fetch('MISSING')
              ^
    "#]],
    );
    check_layers(
        "{ memory: 1 }.fetch(:memroy)",
        expect![[r#"
        /project/Vagrantfile:1:15: key not found: :memroy (KeyError)
          { memory: 1 }.fetch(:memroy)
                        ^
          did you mean `:memory`?
    "#]],
    );
    check_layers(
        "require 'yaml'\nYAML.load_file('missing.yml')",
        expect![[r#"
        /project/Vagrantfile:2:6: No such file or directory @ rb_sysopen - /project/missing.yml (Errno::ENOENT)
          YAML.load_file('missing.yml')
               ^
    "#]],
    );
    check_layers(
        "Vagrant.configure('3') { |config| }",
        expect![[r#"
        /project/Vagrantfile:1:9: there is no configuration version "3"; known are "1" and "2" (ArgumentError)
          Vagrant.configure('3') { |config| }
                  ^
    "#]],
    );
}

#[test]
fn a_patch_of_vagrant_itself_and_a_plugin_in_the_file_are_harmless() {
    check_layers(
        r##"
class VagrantPlugins::ProviderVirtualBox::Action::Network
  def dhcp_server_matches_config?(server, config)
    true
  end
end
module VagrantPlugins
  module Dummy
    class Plugin < Vagrant.plugin("2")
      name "dummy"
      communicator("dummy") { Communicator }
    end
  end
end
Vagrant.configure("2") { |config| config.vm.box = "x" }
"##,
        expect![[r#"
            machine default (primary)
              Vagrantfile
                15:35 vm.box = String("x")
        "#]],
    );
}

#[test]
fn the_block_of_a_trigger_can_be_called_later() {
    let source =
        "Vagrant.configure(2) { |c| c.trigger.after(:up) { |t| t.ruby { |env, machine| \"#{env} #{machine}\" } } }";
    let session = open(MemoryHost::default().with_file("Vagrantfile", source));
    let file = session.load(Path::new("Vagrantfile"), Role::Project).expect("it loads");
    let layers = session.layers(&[file], "default", "virtualbox").expect("it has layers");
    let Setting::Call(trigger) = &layers[0].entries[0].setting else {
        panic!("a trigger is a call")
    };
    let Setting::Assign(Value::Block(block)) = trigger.body[0].setting else {
        panic!("its block is a value")
    };

    let answer = session.call(block, vec![Value::String("a".into()), Value::Symbol("b".into())]);

    assert_eq!(answer, Ok(Value::String("a b".into())));
}

#[test]
fn methods_of_the_configuration_are_values_and_can_be_added() {
    check_layers(
        r#"
Vagrant.configure("2") do |config|
  config.vm.method(:network).call("private_network", ip: "10.0.0.2")
  %w[a b].each(&config.vm.method(:define))
  def config.boxed(name)
    vm.box = name
  end
  config.boxed "debian"
end
"#,
        expect![[r#"
            machine a
              Vagrantfile
                3:3 vm.network [String("private_network")] [("ip", String("10.0.0.2"))]
                6:5 vm.box = String("debian")
            machine b
              Vagrantfile
                3:3 vm.network [String("private_network")] [("ip", String("10.0.0.2"))]
                6:5 vm.box = String("debian")
        "#]],
    );
}

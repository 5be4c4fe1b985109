//! Vagrantfiles and the layers that they make.

use super::{check_layers, check_layers_of};
use crate::host::MemoryHost;
use expect_test::expect;

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

//! Lua in, layers and reports out.

mod limits;

use expect_test::{Expect, expect};
use schema::{Default, Descriptor, Form, Kind};

use crate::host::MemoryHost;
use crate::session::Settings;
use crate::testing;

const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute("vm.box", Kind::String, Default::Nil, "The box."),
    call("vm.define"),
    call("vm.network"),
    call("vm.provider"),
    call("vm.provision"),
    call("vm.synced_folder"),
    Descriptor::attribute("vm.hostname", Kind::String, Default::Nil, "The name."),
];

const fn call(path: &'static str) -> Descriptor {
    let option = Descriptor::attribute(path, Kind::Any, Default::EmptyMap, "A call.");
    Descriptor {
        form: Form::Call { positional: &[] },
        ..option
    }
}

/// A core of few options, and limits that tests can reach.
fn settings() -> Settings {
    let limits = crate::Limits {
        steps: 1_000_000,
        memory: 32 << 20,
        ..crate::Limits::default()
    };
    Settings {
        options: vec![OPTIONS],
        limits,
        ..crate::testing::settings()
    }
}

/// A state as a file gets it.
pub fn sandboxed() -> mlua::Lua {
    let shared = crate::language::Shared {
        model: crate::model::Model::new(crate::model::Options::new(&[], &[])).into(),
        world: crate::host::World::new(Box::new(MemoryHost::default())).into(),
        settings: settings(),
        mistakes: Vec::new().into(),
    };
    super::Lua::new(shared.into()).state().unwrap()
}

/// Loads `Vagrantfile.lua` of a project and prints the layers of all its machines, or the report.
fn check(host: MemoryHost, expected: Expect) {
    let shown = testing::layers_of(host, "Vagrantfile.lua", settings());
    expected.assert_eq(&shown.unwrap_or_else(|report| report.to_string()));
}

fn check_file(text: &str, expected: Expect) {
    check(MemoryHost::default().with_file("Vagrantfile.lua", text), expected);
}

/// The error of a body of `Vagrant.configure`, cut to its first line.
fn refusal(body: &str) -> String {
    let text = format!("Vagrant.configure(\"2\", function(config)\n{body}\nend)");
    let host = MemoryHost::default()
        .with_file("Vagrantfile.lua", &text)
        .with_file("/secret.lua", "return 1");
    match testing::layers_of(host, "Vagrantfile.lua", settings()) {
        Ok(layers) => layers,
        Err(report) => report.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn the_twin_of_the_example_says_what_ruby_says() {
    check_file(
        r#"Vagrant.configure("2", function(config)
  config.vm.box = "debian/12"
  config.vm.synced_folder(".", "/vagrant", { type = "rsync", rsync__exclude = { ".git/" } })

  config.trigger.before("destroy", function(trigger)
    trigger.info = "Saving the database"
    trigger.run_remote = { inline = "pg_dump app > /vagrant/app.sql" }
    trigger.on_error = "continue"
  end)

  config.vm.define("db", function(db)
    db.vm:network("private_network", { ip = "192.168.56.10" })
  end)

  config.vm.define("web", { primary = true }, function(web)
    web.vm.hostname = "web"
    web.vm.network("forwarded_port", { guest = 80, host = 8080, auto_correct = true })
    web.vm.provider("virtualbox", function(vb, override)
      vb.memory = 1024
      vb.customize({ "modifyvm", ":id", "--audio", "none" })
      override.vm.box = "debian/12-vbox"
    end)
    web.vm.provision("base", { type = "shell", inline = "apt-get update" })
    web.vm.provision("puppet", { run = "always" }, function(puppet)
      puppet.manifest_file = "site.pp"
      puppet.facter.role = "web"
    end)
  end)
end)
"#,
        expect![[r#"
            == db
            # Vagrantfile.lua
            2:3 vm.box = "debian/12"
            3:3 vm.synced_folder(".", "/vagrant", rsync__exclude: [".git/"], type: "rsync")
            5:3 trigger.before("destroy")
              6:5 info = "Saving the database"
              7:5 run_remote = {"inline" => "pg_dump app > /vagrant/app.sql"}
              8:5 on_error = "continue"
            # machine db
            12:5 vm.network("private_network", ip: "192.168.56.10")
            == web, primary
            # Vagrantfile.lua
            2:3 vm.box = "debian/12"
            3:3 vm.synced_folder(".", "/vagrant", rsync__exclude: [".git/"], type: "rsync")
            5:3 trigger.before("destroy")
              6:5 info = "Saving the database"
              7:5 run_remote = {"inline" => "pg_dump app > /vagrant/app.sql"}
              8:5 on_error = "continue"
            # machine web
            16:5 vm.hostname = "web"
            17:5 vm.network("forwarded_port", auto_correct: true, guest: 80, host: 8080)
            18:5 vm.provider(:virtualbox)
              19:7 memory = 1024
              20:7 customize(["modifyvm", :id, "--audio", "none"])
            23:5 vm.provision("base", inline: "apt-get update", type: "shell")
            24:5 vm.provision("puppet", run: "always")
              25:7 manifest_file = "site.pp"
              26:7 facter = {"role" => "web"}
            # override of virtualbox
            21:7 vm.box = "debian/12-vbox"
        "#]],
    );
}

#[test]
fn files_of_the_project_are_required_and_read_once() {
    let host = MemoryHost::default()
        .with_file(
            "Vagrantfile.lua",
            r#"
local names = require("lib.names")
assert(names == require("lib.names"))
print("loading", #names)
Vagrant.configure("2", function(config)
  for _, name in ipairs(names) do
    config.vm.define(name, function(machine)
      machine.vm.hostname = name .. "." .. (os.getenv("DOMAIN") or "test")
      for line in io.lines("ports.txt") do
        machine.vm.network("forwarded_port", { guest = tonumber(line), host = 8000 + tonumber(line) })
      end
    end)
  end
end)
"#,
        )
        .with_file("lib/names.lua", "return { \"one\", \"two\" }")
        .with_file("ports.txt", "80\n443\n")
        .with_variable("DOMAIN", "example");
    check(
        host,
        expect![[r#"
        == one
        # Vagrantfile.lua
        # machine one
        8:7 vm.hostname = "one.example"
        10:9 vm.network("forwarded_port", guest: 80, host: 8080)
        10:9 vm.network("forwarded_port", guest: 443, host: 8443)
        == two
        # Vagrantfile.lua
        # machine two
        8:7 vm.hostname = "two.example"
        10:9 vm.network("forwarded_port", guest: 80, host: 8080)
        10:9 vm.network("forwarded_port", guest: 443, host: 8443)
    "#]],
    );
}

#[test]
fn errors_have_the_line_and_the_calls_that_led_there() {
    check_file(
        "Vagrant.configure(\"2\", function(config\n  config.vm.box = 1\nend)",
        expect![[r#"
        /project/Vagrantfile.lua:2:3: ')' expected near 'config'
            config.vm.box = 1
            ^"#]],
    );
    check_file(
        "local function ports(config)\n  config.nothing()()\nend\nVagrant.configure(\"2\", function(config)\n  ports(config)\nend)",
        expect![[r#"
            /project/Vagrantfile.lua:2:3: attempt to call a nil value
                config.nothing()()
                ^"#]],
    );
    check_file(
        "Vagrant.configure(\"3\", function(config) end)",
        expect![[r#"
        /project/Vagrantfile.lua:1:1: there is no configuration version 3
          Vagrant.configure("3", function(config) end)
          ^
          write `Vagrant.configure("2", function(config) ... end)`"#]],
    );
    check_file(
        "error(\"the project needs ports\")",
        expect![[r#"
        /project/Vagrantfile.lua:1:1: the project needs ports
          error("the project needs ports")
          ^"#]],
    );
}

#[test]
fn nothing_runs_writes_or_leaves_the_project() {
    for body in [
        "os.execute('id')",
        "io.popen('id')",
        "io.open('x', 'w')",
        "os.remove('x')",
        "require('...secret')",
        "assert(io.open('../secret.lua'))",
        "assert(io.open('/secret.lua'))",
        "load('return 1')",
        "loadfile('x')",
        "dofile('x')",
        "string.dump(print)",
        "debug.getinfo(1)",
        "package.loadlib('x', 'y')",
    ] {
        let refusal = refusal(body);
        assert!(refusal.contains("Vagrantfile.lua:2:1: "), "{body}: {refusal}");
    }
}

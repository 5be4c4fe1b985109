//! Every fixture in every other language, and what has no words there.

use expect_test::{Expect, expect};
use vagrantfile::host::{Host, MemoryHost};
use vagrantfile::{Plugins, Session};

use super::*;
use crate::config::json::tests::{fixtures, with_files};
use crate::options;

const FILES: [&str; 3] = ["Vagrantfile", "Vagrantfile.lua", "Vagrantfile.toml"];

/// A file of a host in another language.
fn converted(host: &MemoryHost, file: &str, to: Language) -> Result<String, String> {
    let settings = || options::settings(Plugins::BuiltIn);
    let path = Path::new("/project").join(file);
    let original = Original {
        path: &path,
        read: &|| Reading::of(Session::new(Box::new(host.clone()), settings())?, &path),
        text: &|it| String::from_utf8(host.read(it).unwrap_or_default()).unwrap(),
    };
    let read_back = |text: &str| Reading::of_text(to, text, settings());
    let converted = convert(&original, to, read_back).map(|it| it.text);
    converted.map_err(|it| match it {
        Failure::Read(report) => report.to_string(),
        Failure::Other(refusal) => refusal.to_string(),
    })
}

fn check(ruby: &str, to: Language, expected: Expect) {
    let host = MemoryHost::default().with_file("Vagrantfile", ruby);
    let text = converted(&host, "Vagrantfile", to).unwrap_or_else(|it| format!("refused: {it}"));
    let own = text.split_once("\n\n").map_or(text.as_str(), |(_, own)| own);
    expected.assert_eq(own);
}

#[test]
fn every_fixture_says_the_same_in_the_other_languages() {
    let (mut found, mut count) = (Vec::new(), 0);
    for folder in fixtures() {
        // The user's own layer is no part of the file.
        let host = with_files(MemoryHost::default(), &folder, Path::new(""));
        for file in FILES.into_iter().filter(|it| folder.join(it).exists()) {
            for to in [Language::Toml, Language::Lua] {
                if Language::of(Path::new(file)) == Some(to) {
                    continue;
                }
                count += 1;
                if let Err(refusal) = converted(&host, file, to) {
                    let name = folder.file_name().unwrap().to_string_lossy();
                    found.push(format!("{name}/{file} to {}: {refusal}", to.title()));
                }
            }
        }
    }
    assert!(count > 290, "only {count}");
    assert_eq!(found, [""; 0]);
}

#[test]
fn what_is_computed_stands_as_it_came_out_below_the_line_that_says_it() {
    let ruby = r#"Vagrant.configure("2") do |config|
  config.vm.box = "debian/#{4 * 3}"
  (1..2).each do |number|
    config.vm.define "node-#{number}" do |node|
      node.vm.hostname = "node"
      node.vm.network :private_network, ip: "192.168.56.1#{number}"
    end
  end
  config.vm.post_up_message = %w[de bian].join + "/12"
  # debian/12
end
"#;
    check(
        ruby,
        Language::Toml,
        expect![[r#"
            [vm]
            # Vagrantfile:2: config.vm.box = "debian/#{4 * 3}"
            box = "debian/12"
            # Vagrantfile:9: config.vm.post_up_message = %w[de bian].join + "/12"
            post_up_message = "debian/12"

            # Vagrantfile:3: (1..2).each do |number|
            [machine.node-1]

            [machine.node-1.vm]
            hostname = "node"

            # Vagrantfile:6: node.vm.network :private_network, ip: "192.168.56.1#{number}"
            [[machine.node-1.vm.network]]
            type = "private_network"
            ip = "192.168.56.11"

            # Vagrantfile:3: (1..2).each do |number|
            [machine.node-2]

            [machine.node-2.vm]
            hostname = "node"

            # Vagrantfile:6: node.vm.network :private_network, ip: "192.168.56.1#{number}"
            [[machine.node-2.vm.network]]
            type = "private_network"
            ip = "192.168.56.12"
        "#]],
    );
    check(
        ruby,
        Language::Lua,
        expect![[r#"
            Vagrant.configure("2", function(config)
              -- Vagrantfile:2: config.vm.box = "debian/#{4 * 3}"
              config.vm.box = "debian/12"
              -- Vagrantfile:9: config.vm.post_up_message = %w[de bian].join + "/12"
              config.vm.post_up_message = "debian/12"

              -- Vagrantfile:3: (1..2).each do |number|
              config.vm.define("node-1", function(machine)
                machine.vm.hostname = "node"
                -- Vagrantfile:6: node.vm.network :private_network, ip: "192.168.56.1#{number}"
                machine.vm.network("private_network", { ip = "192.168.56.11" })
              end)

              -- Vagrantfile:3: (1..2).each do |number|
              config.vm.define("node-2", function(machine)
                machine.vm.hostname = "node"
                -- Vagrantfile:6: node.vm.network :private_network, ip: "192.168.56.1#{number}"
                machine.vm.network("private_network", { ip = "192.168.56.12" })
              end)
            end)
        "#]],
    );
}

#[test]
fn nil_and_what_looks_like_a_variable_survive() {
    let ruby = r#"Vagrant.configure("2") do |config|
  config.vm.box = "debian"
  config.vm.provision "shell", inline: 'echo "${HOME:default}"', env: { "A" => nil, "b c" => "]]" }
  config.vm.provider "docker" do |docker, override|
    docker.image = "debian"
    override.vm.box = nil
  end
end
"#;
    check(
        ruby,
        Language::Toml,
        expect![[r#"
        [vm]
        box = "debian"

        [[vm.provision]]
        type = "shell"
        inline = "echo \"$${HOME:default}\""
        env = { A = { nil = true }, "b c" = "]]" }

        [provider.docker]
        image = "debian"

        [provider.docker.override.vm]
        box = { nil = true }
    "#]],
    );
    check(
        ruby,
        Language::Lua,
        expect![[r#"
            Vagrant.configure("2", function(config)
              config.vm.box = "debian"
              config.vm.provision("shell", { inline = "echo \"${HOME:default}\"", env = { A = Vagrant.null, ["b c"] = "]]" } })
              config.vm.provider("docker", function(provider, override)
                provider.image = "debian"
                override.vm.box = nil
              end)
            end)
        "#]],
    );
}

#[test]
fn calls_that_other_people_s_providers_take_have_their_words() {
    let ruby = r#"Vagrant.configure("2") do |config|
  config.vm.box = "debian"
  config.vm.provider "parallels" do |parallels|
    parallels.customize ["set", :id, "--longer-battery-life", "off"]
  end
  config.vm.provider "libvirt" do |libvirt|
    libvirt.storage :file, size: "16G", type: "qcow2"
  end
  config.trigger.before(:up) { |trigger| }
end
"#;
    check(
        ruby,
        Language::Toml,
        expect![[r#"
        [vm]
        box = "debian"

        [[trigger]]
        stage = "before"
        on = ["up"]

        [provider.parallels]
        customize = [["set", ":id", "--longer-battery-life", "off"]]

        [provider.libvirt]
        storage = [{ type = "file", size = "16G", options = { type = "qcow2" } }]
    "#]],
    );
    check(
        ruby,
        Language::Lua,
        expect![[r#"
            Vagrant.configure("2", function(config)
              config.vm.box = "debian"
              config.vm.provider("parallels", function(provider)
                provider.customize({ "set", ":id", "--longer-battery-life", "off" })
              end)
              config.vm.provider("libvirt", function(provider)
                provider.storage("file", { size = "16G", type = "qcow2" })
              end)
              config.trigger.before("up", function() end)
            end)
        "#]],
    );
}

#[test]
fn code_for_later_is_left_out_and_named_by_its_lines() {
    let ruby = r#"Vagrant.configure("2") do |config|
  config.trigger.before :up do |trigger|
    trigger.info = "Up"
    trigger.ruby { |env, machine| puts machine.name }
  end
  config.trigger.after(:up) { |trigger| trigger.ruby { puts "up" } }
  config.hostmanager.enabled = true
  config.hostmanager.ip_resolver = proc { |vm| "10.0.0.1" }
  config.vm.define("web") { |web| web.vm.box = "debian" }
end
"#;
    let host = MemoryHost::default().with_file("Vagrantfile", ruby);
    let show = |to: Language| converted(&host, "Vagrantfile", to).unwrap_or_else(|it| format!("refused: {it}"));
    expect![[r##"
        # Made from Vagrantfile by `jaunt config convert`. What is computed there stands here as it came out, below the line that says it.

        [hostmanager]
        enabled = true
        # Vagrantfile:8: config.hostmanager.ip_resolver = proc { |vm| "10.0.0.1" }
        # is left out: it is code that runs later.

        [[trigger]]
        stage = "before"
        on = ["up"]
        info = "Up"
        # Vagrantfile:4: trigger.ruby { |env, machine| puts machine.name }
        # is left out: it is code that runs later.

        [[trigger]]
        stage = "after"
        on = ["up"]
        # Vagrantfile:6: config.trigger.after(:up) { |trigger| trigger.ruby { puts "up" } }
        # is left out: it is code that runs later.

        [machine.web]

        [machine.web.vm]
        box = "debian"
    "##]].assert_eq(&show(Language::Toml));
    expect![[r#"
        -- Made from Vagrantfile by `jaunt config convert`. What is computed there stands here as it came out, below the line that says it.

        Vagrant.configure("2", function(config)
          config.trigger.before("up", function(it)
            it.info = "Up"
            -- Vagrantfile:4: trigger.ruby { |env, machine| puts machine.name }
            -- is left out: it is code that runs later.
          end)
          config.trigger.after("up", function(it)
            -- Vagrantfile:6: config.trigger.after(:up) { |trigger| trigger.ruby { puts "up" } }
            -- is left out: it is code that runs later.
          end)
          config.hostmanager.enabled = true
          -- Vagrantfile:8: config.hostmanager.ip_resolver = proc { |vm| "10.0.0.1" }
          -- is left out: it is code that runs later.

          config.vm.define("web", function(machine)
            machine.vm.box = "debian"
          end)
        end)
    "#]].assert_eq(&show(Language::Lua));
}

#[test]
fn texts_that_were_made_to_break_out_stay_texts() {
    for text in [
        "]]\nos.exit()",
        "'''\n[vm]\nbox = 1",
        "a\u{1}b",
        "\\",
        "]=]\n]]\n]",
        "$${A:b}",
        "\r\n",
    ] {
        let quoted = format!("{text:?}").replace("\\u{1}", "\\u0001").replace("${", "$\\{");
        let ruby = format!("Vagrant.configure('2') {{ |c| c.vm.post_up_message = {quoted} }}\n");
        let host = MemoryHost::default().with_file("Vagrantfile", &ruby);
        for to in [Language::Toml, Language::Lua] {
            let text = converted(&host, "Vagrantfile", to);
            assert!(text.is_ok(), "{quoted}: {text:?}");
        }
    }
}

#[test]
fn names_of_files_and_lines_do_not_leave_their_comments() {
    let helper = "def box(config) # \u{1}\n  config.vm.box = 'a' * 3\nend\n";
    let host = MemoryHost::default().with_file("x\nos.exit()\n.rb", helper).with_file(
        "Vagrantfile",
        "load \"x\\nos.exit()\\n.rb\"\nVagrant.configure('2') { |config| box(config) }\n",
    );

    let text = converted(&host, "Vagrantfile", Language::Lua).unwrap();

    assert!(text.contains("-- x os.exit() .rb:1: def box(config) #  \n"), "{text}");
}

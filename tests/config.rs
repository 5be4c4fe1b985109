//! `jaunt config`, `config convert` and `validate`: what the layers say together, said in other ways.

#![cfg(test)]

mod support;

use std::fs;

use support::World;

const RUBY: &str = r#"Vagrant.configure("2") do |config|
  config.vm.box = "debian"
  config.vm.define "web" do |web|
    web.vm.hostname = "web"
  end
end
"#;

fn shown(world: &World) -> String {
    world.run(["config", "--json"]).success().stdout.clone()
}

#[test]
fn a_converted_file_is_read_as_the_one_that_it_replaced() {
    let world = World::with_vagrantfile(RUBY);
    let before = shown(&world);

    world.run(["config", "convert", "--to", "toml", "--replace"]).success();

    assert_eq!(shown(&world), before);
    assert_eq!(
        fs::read_to_string(world.project().join("Vagrantfile.old")).unwrap(),
        RUBY
    );
    assert!(!world.project().join("Vagrantfile").exists());

    world.run(["config", "convert", "--to", "lua", "--replace"]).success();
    assert_eq!(shown(&world), before);
    assert!(world.project().join("Vagrantfile.toml.old").exists());
}

#[test]
fn a_converted_file_is_printed_or_written_where_nothing_is() {
    let world = World::with_vagrantfile(RUBY);
    let convert = |more: &[&str]| world.run([&["config", "convert", "--to", "lua"][..], more].concat());
    let printed = convert(&[]).success().stdout.clone();

    convert(&["--output", "other.lua"]).success();

    assert_eq!(fs::read_to_string(world.project().join("other.lua")).unwrap(), printed);
    convert(&["--output", "other.lua"]).fails_with("is there already");
    convert(&["--output", "Vagrantfile.lua"]).fails_with("would stand beside");
    convert(&["--output", "nowhere/other.lua"]).fails_with("cannot write");
    convert(&["--output", "third.lua", "--replace"]).fails_with("cannot be used with");
    assert_eq!(fs::read_to_string(world.project().join("other.lua")).unwrap(), printed);
}

#[test]
fn what_cannot_be_replaced_is_left_as_it_is() {
    let world = World::with_vagrantfile(RUBY);
    let replace = || world.run(["config", "convert", "--to", "toml", "--replace"]);

    world.write("Vagrantfile.old", "mine");
    replace().fails_with("Vagrantfile.old is there already");
    fs::remove_file(world.project().join("Vagrantfile.old")).unwrap();
    world.write("Vagrantfile", "Vagrant.configure('2') { |c| c.vm.frobnicate(1) }\n");
    replace().fails_with("Vagrantfile:1: the call of `vm.frobnicate` has no counterpart there");
    world.write("Vagrantfile", "Vagrant.configure('2') { |c| c.vm.box = `id` }\n");
    replace().fails_with("trust");

    let names: Vec<_> = fs::read_dir(world.project())
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(names, ["Vagrantfile"]);
}

#[test]
fn a_file_that_rolls_dice_is_converted_and_what_it_prints_is_shown_once() {
    let world = World::with_vagrantfile(
        "require 'securerandom'\nputs 'rolling'\nNAME = SecureRandom.hex(8)\nDIE = rand(1_000_000)\nNOW = Time.now.to_f\n\
         Vagrant.configure('2') do |config|\n  config.vm.box = \"#{NAME}-#{DIE}-#{NOW}\"\n\
         \u{20} config.vm.provider(:virtualbox) { |it, override| override.vm.hostname = \"h#{DIE}\" }\nend\n",
    );

    for to in ["toml", "lua"] {
        let converted = world.run(["config", "convert", "--to", to]).success();
        assert_eq!(converted.stderr.matches("rolling").count(), 1, "{}", converted.stderr);
    }
}

#[test]
fn a_file_that_is_in_that_language_is_not_converted() {
    let world = World::new();
    world.write("Vagrantfile.toml", "[vm]\nbox = \"debian\"\n");
    world
        .run(["config", "convert", "--to", "toml"])
        .fails_with("is TOML already");
    world.run(["config", "convert", "--to", "lua"]).success();
}

#[test]
fn config_names_the_layer_of_each_value_and_shows_no_secrets() {
    let world = World::new();
    let source = world.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(
        source.join("Vagrantfile"),
        "Vagrant.configure('2') { |config| config.vm.base_mac = '080027000001' }\n",
    )
    .unwrap();
    fs::write(
        source.join("metadata.json"),
        r#"{"provider":"libvirt","format":"qcow2","virtual_size":1}"#,
    )
    .unwrap();
    let disk = source.join("box.img");
    let mut qemu_img = std::process::Command::new("qemu-img");
    qemu_img.args(["create", "-q", "-f", "qcow2"]).arg(&disk).arg("1M");
    assert!(qemu_img.status().unwrap().success());
    let file = world.path().join("layers.box");
    let mut tar = std::process::Command::new("tar");
    tar.arg("-czf")
        .arg(&file)
        .arg("-C")
        .arg(&source)
        .args(["Vagrantfile", "metadata.json", "box.img"]);
    assert!(tar.status().unwrap().success());
    world.run(["box", "add", "layers", &file.to_string_lossy()]).success();
    fs::write(
        world.home().join("Vagrantfile"),
        "Vagrant.configure('2') { |config| config.ssh.password = 'hunter2' }\n",
    )
    .unwrap();
    world.write(
        "Vagrantfile",
        "Vagrant.configure('2') do |config|\n  config.vm.box = 'layers'\n  config.vm.network :forwarded_port, guest: 80, host: 8080\n  \
         config.vm.provision :shell, inline: 'login hunter2', env: { 'DB_PASSWORD' => 'hunter3', 'STAGE' => 'test' }\n  \
         config.trigger.after(:up) { |trigger| trigger.info = 'done' }\nend\n",
    );

    let shown = world.run(["config"]).success().stdout.clone();

    let line = |text: &str| {
        shown
            .lines()
            .find(|it| it.contains(text))
            .unwrap_or_else(|| panic!("{text}: {shown}"))
    };
    assert!(line("vm.base_mac").ends_with("Vagrantfile:1 (the box's)"), "{shown}");
    assert!(
        line("ssh.password = *****").ends_with("Vagrantfile:1 (the user's)"),
        "{shown}"
    );
    assert!(line("guest = 80").ends_with("# Vagrantfile:3"), "{shown}");
    assert!(line("inline").contains("login *****"), "{shown}");
    assert!(
        line("env[\"DB_PASSWORD\"] = *****").ends_with("# Vagrantfile:4"),
        "{shown}"
    );
    assert!(line("env[\"STAGE\"]").contains("\"test\""), "{shown}");
    assert!(line("trigger after up").ends_with("# Vagrantfile:5"), "{shown}");
    assert!(line("info = \"done\"").ends_with("# Vagrantfile:5"), "{shown}");
    assert!(!shown.contains("hunter"), "{shown}");
    let json = world.run(["config", "--json"]).success().stdout.clone();
    assert!(json.contains("080027000001") && json.contains("hunter2"), "{json}");
}

#[test]
fn validate_reports_the_mistakes_of_all_layers_and_machines_at_once() {
    let ruby = r#"Vagrant.configure("2") do |config|
  config.vm.box = "none"
  config.vm.boot_timeuot = 3
  config.vm.define "web" do |web|
    web.vm.hostnam = "web"
    web.vm.provider("hyperv") { |_, override| override.vm.gust = "linux" }
  end
  config.vm.define("db") { |db| db.ssh.prot = 22 }
end
"#;
    let lua = r#"Vagrant.configure("2", function(config)
  config.vm.box = "none"
  config.vm.boot_timeuot = 3
  config.vm.define("web", function(web)
    web.vm.hostnam = "web"
    web.vm.provider("hyperv", function(_, override) override.vm.gust = "linux" end)
  end)
  config.vm.define("db", function(db) db.ssh.prot = 22 end)
end)
"#;
    let toml = r#"[vm]
box = "none"
boot_timeuot = 3
[machine.web]
vm.hostnam = "web"
[machine.web.provider.hyperv.override]
vm.gust = "linux"
[machine.db]
ssh.prot = 22
"#;
    for (file, text) in [
        ("Vagrantfile", ruby),
        ("Vagrantfile.lua", lua),
        ("Vagrantfile.toml", toml),
    ] {
        let world = World::new();
        world.write(file, text);
        let of_the_user = "Vagrant.configure('2') { |config| config.vm.bx = 1 }\n";
        fs::write(world.home().join("Vagrantfile"), of_the_user).unwrap();

        let report = world.run(["validate"]).fails_with("").stderr;

        for word in ["boot_timeuot", "hostnam", "gust", "prot"] {
            let times = report
                .matches(&format!("`{word}`"))
                .count()
                .max(report.matches(&format!(".{word}`")).count());
            assert_eq!(times, 1, "{file}, {word}: {report}");
        }
        assert!(report.contains("boot_timeout") && report.contains('^'), "{report}");
        assert!(report.contains("vm.bx"), "{report}");
    }
}

#[test]
fn validate_reports_what_keeps_the_user_s_file_and_the_project_s_from_being_read() {
    let world = World::with_vagrantfile("Vagrant.configure('2') do |config|\n  config.vm.box = \nend\n");
    fs::write(world.home().join("Vagrantfile"), "nonsense_of_the_user\n").unwrap();

    let report = world.run(["validate"]).fails_with("nonsense_of_the_user").stderr;

    assert!(report.contains("home/Vagrantfile:1"), "{report}");
    assert!(report.contains("project/Vagrantfile:"), "{report}");
}

/// Puts a box without a disk worth the name into the store, with a Vagrantfile.
fn add_box(world: &World, vagrantfile: &str) {
    let folder = world.home().join("boxes/strange/0/libvirt");
    fs::create_dir_all(&folder).unwrap();
    let metadata = "{\"provider\": \"libvirt\", \"format\": \"qcow2\", \"virtual_size\": 1}";
    fs::write(folder.join("metadata.json"), metadata).unwrap();
    fs::write(folder.join("box.img"), "").unwrap();
    fs::write(folder.join("Vagrantfile"), vagrantfile).unwrap();
}

#[test]
fn validate_reports_the_box_s_mistakes_with_the_project_s() {
    for (file, text) in [
        (
            "Vagrantfile",
            "Vagrant.configure('2') do |config|\n  config.vm.box = 'strange'\n  config.ssh.prot = 1\nend\n",
        ),
        ("Vagrantfile.toml", "[vm]\nbox = \"strange\"\n[ssh]\nprot = 1\n"),
    ] {
        let world = World::new();
        world.write(file, text);
        add_box(
            &world,
            "Vagrant.configure('2') do |config|\n  config.vm.base_mcc = '080027000001'\n  config.vm.boot_timeout = 'x'\nend\n",
        );

        let report = world.run(["validate"]).fails_with("`ssh.prot`").stderr;

        assert!(report.contains("libvirt/Vagrantfile:2:"), "{report}");
        assert!(report.contains("did you mean `vm.base_mac`?"), "{report}");
        assert!(report.contains("libvirt/Vagrantfile:3:"), "{report}");

        add_box(
            &world,
            "Vagrant.configure('2') do |config|\n  config.vm.base_mac = \nend\n",
        );

        let report = world.run(["validate"]).fails_with("`ssh.prot`").stderr;

        assert!(report.contains("libvirt/Vagrantfile:"), "{report}");
    }
}

#[test]
fn validate_reports_values_that_vagrant_stumbles_over() {
    for (line, message) in [
        (
            "config.trigger.before(:up) { |it| it.ignore = 5 }",
            "`ignore` of a trigger must be names of commands, and holds 5",
        ),
        (
            "config.trigger.before(:up) { |it| it.ruby = 5 }",
            "`ruby` of a trigger must be a block",
        ),
        (
            "config.vm.network 'private_network', ip: 5",
            "`ip` of a network must be text, and is 5",
        ),
        (
            "config.vm.synced_folder nil, '/x'",
            "a synced folder needs a folder of this computer",
        ),
        (
            "config.vm.synced_folder '.', '/x', mount_options: 'ro'",
            "`mount_options` of a synced folder must be a list",
        ),
    ] {
        let world = World::new();
        let text = format!("Vagrant.configure('2') do |config|\n  config.vm.box = 'b'\n  {line}\nend\n");
        world.write("Vagrantfile", &text);

        let report = world.run(["validate"]).fails_with(message).stderr;

        assert!(report.contains("Vagrantfile:3:"), "{report}");
    }
}

/// A line of a file in Ruby, in Lua and in TOML (nothing where it cannot be said), and what is said of it.
const WRONG_KINDS: &[[&str; 4]] = &[
    [
        "config.vm.box = 5",
        "config.vm.box = 5",
        "vm.box = 5",
        "vm.box must be text, and is 5",
    ],
    ["config.vm.box = :b", "", "", "vm.box must be text, and is :b"],
    [
        "config.vm.guest = true",
        "config.vm.guest = true",
        "vm.guest = true",
        "vm.guest must be a name, and is true",
    ],
    [
        "config.vm.allowed_synced_folder_types = 5",
        "config.vm.allowed_synced_folder_types = 5",
        "vm.allowed_synced_folder_types = 5",
        "vm.allowed_synced_folder_types must be a list of words, and holds 5",
    ],
    [
        "config.vm.allow_hosts_modification = 'yes'",
        "config.vm.allow_hosts_modification = 'yes'",
        "vm.allow_hosts_modification = 'yes'",
        "vm.allow_hosts_modification must be true or false",
    ],
    [
        "config.vm.allow_fstab_modification = nil",
        "",
        "",
        "vm.allow_fstab_modification must be true or false",
    ],
    [
        "config.vm.box_download_options = { retry: 5 }",
        "config.vm.box_download_options = { retry = 5 }",
        "vm.box_download_options.retry = 5",
        "vm.box_download_options must hold texts and booleans, and retry is 5",
    ],
    [
        "config.winrm.basic_auth_only = 5",
        "config.winrm.basic_auth_only = 5",
        "winrm.basic_auth_only = 5",
        "winrm.basic_auth_only must be true or false, and is 5",
    ],
    [
        "config.vagrant.plugins = 5",
        "config.vagrant.plugins = 5",
        "vagrant.plugins = 5",
        "vagrant.plugins must name plugins, and holds 5",
    ],
    [
        "config.vagrant.plugins = { 'a' => { 'of' => 1 } }",
        "config.vagrant.plugins = { a = { of = 1 } }",
        "vagrant.plugins.a.of = 1",
        "vagrant.plugins asks of a `of`, which no plugin has",
    ],
    [
        "config.vm.no_such_thing",
        "local it = config.vm.no_such_thing",
        "",
        "there is no option `vm.no_such_thing`",
    ],
    [
        "config.no_such_thing",
        "local it = config.no_such_thing",
        "no_such_thing = {}",
        "there is no configuration section `no_such_thing`",
    ],
    [
        "config.vm.provider('virtualbox') { |vb| vb.no_such_thing }",
        "config.vm.provider('virtualbox', function(vb) local it = vb.no_such_thing end)",
        "",
        "there is no option `no_such_thing` of the provider virtualbox",
    ],
    [
        "config.vm.provider('virtualbox') { |vb| vb.customize 'post-bood', ['modifyvm'] }",
        "config.vm.provider('virtualbox', function(vb) vb.customize('post-bood', { 'modifyvm' }) end)",
        "provider.virtualbox.customize = [['post-bood', ['modifyvm']]]",
        "customize knows no event `post-bood`",
    ],
    [
        "config.vm.provider('libvirt') { |it| it.cputopology sockets: 1, cores: 2 }",
        "config.vm.provider('libvirt', function(it) it.cputopology({ sockets = 1, cores = 2 }) end)",
        "provider.libvirt.cputopology = [{ sockets = 1, cores = 2 }]",
        "`cputopology` of the provider libvirt needs `threads`",
    ],
];

#[test]
fn what_is_of_a_kind_that_vagrant_refuses_is_refused_by_its_line_in_each_language() {
    for [ruby, lua, toml, said] in WRONG_KINDS {
        let ruby_text = format!("Vagrant.configure('2') do |config|\n  config.vm.box = 'b'\n  {ruby}\nend\n");
        let lua_text = format!("Vagrant.configure('2', function(config)\n  config.vm.box = 'b'\n  {lua}\nend)\n");
        let names_box = toml.starts_with("vm.box =");
        let toml_text = format!("\n{}\n{toml}\n", if names_box { "" } else { "vm.box = 'b'" });
        for (file, line, text) in [
            ("Vagrantfile", ruby, ruby_text),
            ("Vagrantfile.lua", lua, lua_text),
            ("Vagrantfile.toml", toml, toml_text),
        ] {
            if line.is_empty() {
                continue;
            }
            let world = World::new();
            world.write(file, &text);
            let report = world.run(["validate"]).fails_with(said).stderr;
            assert!(report.contains(&format!("{file}:3:")), "{text}: {report}");
            assert_eq!(report.matches(&format!("{file}:")).count(), 1, "{text}: {report}");
        }
    }
}

#[test]
fn what_vagrant_takes_for_nothing_is_no_mistake() {
    let world = World::new();
    let text = r#"Vagrant.configure("2") do |config|
  config.vm.box = "b"
  config.vm.clone = false
  config.vm.guest = false
  config.vm.box_download_ca_cert = false
  config.ssh.config = false
  config.ssh.private_key_path = false
  config.winrm.no_such_thing
  config.vagrant.plugins = ["one", { "two" => { "version" => "1" } }]
  config.trigger.before(:up) { |it| it.info = false; it.ignore = false; it.exit_codes = false }
  config.vm.provider("virtualbox") { |vb| vb.customize "pre-boot", ["modifyvm", :id, "--audio", "none"] }
end
"#;
    world.write("Vagrantfile", text);
    world.run(["validate"]).success();
}

#[test]
fn a_machine_s_name_leads_nowhere_in_any_language() {
    for (file, text) in [
        (
            "Vagrantfile",
            "Vagrant.configure('2') do |config|\n  config.vm.define('../../../x') { }\nend\n",
        ),
        (
            "Vagrantfile.lua",
            "Vagrant.configure('2', function(config)\n  config.vm.define('../../../x', function() end)\nend)\n",
        ),
        ("Vagrantfile.toml", "vm.box = 'b'\n[machine.'../../../x']\n"),
    ] {
        let world = World::new();
        world.write(file, text);
        for command in ["status", "up"] {
            let report = world.run([command]).fails_with("cannot be a machine's name").stderr;

            assert!(report.contains(&format!("{file}:2:")), "{report}");
        }
    }
}

/// Fifteen mistakes of one file, by their lines and what their messages hold.
fn check_mistakes(file: &str, text: &str, expected: &[(u32, &str)]) {
    let world = World::new();
    world.write(file, text);

    let report = world.run(["validate"]).fails_with("box").stderr.clone();

    assert_eq!(expected.len(), 15);
    for (line, message) in expected {
        let place = format!("{file}:{line}:");
        let lines = report.lines().skip_while(|it| !it.contains(message));
        let told: Vec<&str> = lines.take(4).collect();
        let [said, at, source, caret] = told[..] else {
            panic!("{message} is missing: {report}")
        };
        assert!(at.contains(&place), "{said} is not at {place}: {report}");
        let written = text.lines().nth(*line as usize - 1).unwrap();
        assert!(source.ends_with(written) && caret.trim_end().ends_with('^'), "{told:?}");
    }
}

#[test]
fn every_mistake_of_a_toml_file_is_in_one_report() {
    let text = r#"include = ["gone.toml"]
[vm]
boot_timeuot = 3
boot_timeout = "soon"
hostname = "my_host!"
box_url = { a = 1 }
[[vm.network]]
ip = "192.168.56.10"
auto_config = "no"
[[vm.network]]
type = "privat_network"
[[vm.synced_folder]]
guest = "srv"
[[vm.provision]]
type = "shell"
inlin = "true"
[[trigger]]
on = ["up"]
inffo = "x"
[vmm]
x = 1
[provider.virtualbox]
memory = "lots"
[machine]
web = "x"
[machine.db]
primry = true
"#;
    check_mistakes(
        "Vagrantfile.toml",
        text,
        &[
            (1, "cannot include `gone.toml`"),
            (3, "no option `vm.boot_timeuot`"),
            (4, "vm.boot_timeout must be a whole number"),
            (5, "`my_host!` cannot be"),
            (6, "vm.box_url must be a list"),
            (7, "`type` is missing"),
            (7, "auto_config must be true or false"),
            (10, "no kind of network called `privat_network`"),
            (12, "`host` is missing"),
            (16, "no option `inlin`"),
            (17, "`stage` is missing"),
            (21, "no configuration section `vmm`"),
            (23, "memory must be a number"),
            (25, "`machine.web` must be a table"),
            (27, "no option `primry` of a machine"),
        ],
    );
}

const MISTAKES: &[(u32, &str)] = &[
    (2, "no option `vm.boot_timeuot`"),
    (3, "vm.boot_timeout must be a whole number"),
    (4, "`my_host!` cannot be"),
    (5, "vm.box_url must be a list"),
    (6, "ssh.keep_alive must be true or false"),
    (7, "no kind of network called `privat_network`"),
    (8, "`guest` of a forwarded port must be a port"),
    (9, "the path of the guest `srv` is not absolute"),
    (10, "no option `inlin`"),
    (11, "no provisioner called `pupet`"),
    (13, "no option `inffo`"),
    (15, "ssh.forward_agent must be true or false"),
    (16, "no configuration section `vmm`"),
    (18, "memory must be a number"),
    (19, "no option `cpuss`"),
];

#[test]
fn every_mistake_of_a_ruby_file_is_in_one_report() {
    let text = r#"Vagrant.configure("2") do |config|
  config.vm.boot_timeuot = 3
  config.vm.boot_timeout = "soon"
  config.vm.hostname = "my_host!"
  config.vm.box_url = { a: 1 }
  config.ssh.keep_alive = "no"
  config.vm.network "privat_network"
  config.vm.network "forwarded_port", guest: "eighty", host: 8080
  config.vm.synced_folder ".", "srv"
  config.vm.provision "shell", inlin: "true"
  config.vm.provision "pupet"
  config.trigger.before "up" do |trigger|
    trigger.inffo = "x"
  end
  config.ssh.forward_agent = "no"
  config.vmm.x = 1
  config.vm.provider "virtualbox" do |vb|
    vb.memory = "lots"
    vb.cpuss = 2
  end
end
"#;
    check_mistakes("Vagrantfile", text, MISTAKES);
}

#[test]
fn every_mistake_of_a_lua_file_is_in_one_report() {
    let text = r#"Vagrant.configure("2", function(config)
  config.vm.boot_timeuot = 3
  config.vm.boot_timeout = "soon"
  config.vm.hostname = "my_host!"
  config.vm.box_url = { a = 1 }
  config.ssh.keep_alive = "no"
  config.vm.network("privat_network")
  config.vm.network("forwarded_port", { guest = "eighty", host = 8080 })
  config.vm.synced_folder(".", "srv")
  config.vm.provision("shell", { inlin = "true" })
  config.vm.provision("pupet")
  config.trigger.before("up", function(trigger)
    trigger.inffo = "x"
  end)
  config.ssh.forward_agent = "no"
  config.vmm.x = 1
  config.vm.provider("virtualbox", function(vb)
    vb.memory = "lots"
    vb.cpuss = 2
  end)
end)
"#;
    check_mistakes("Vagrantfile.lua", text, MISTAKES);
}

#[test]
fn a_file_with_mistakes_of_its_shape_is_neither_shown_nor_converted() {
    let world = World::new();
    world.write("Vagrantfile.toml", "vm.box = \"debian\"\n[[vm.network]]\nguest = 80\n");
    for command in [&["config"][..], &["config", "convert", "--to", "lua"], &["up"]] {
        world.run(command).fails_with("`type` is missing");
    }
    world.run(["status"]).success();
}

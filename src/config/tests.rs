//! Layers in, configurations and reports out.

use expect_test::{Expect, expect};
use vagrantfile::layer::{Call, Entry, Layer, Origin, Setting, Value};

use super::networks::ForwardedPort;
use super::provisioners::ProvisionerConfig;
use super::*;
use crate::provisioners::Task;

mod provisioners;

/// Resolves layers for QEMU standing in for VirtualBox, in a folder with `data/`, and prints the report or what `show` shows.
fn check(layers: Vec<Layer>, show: impl Fn(&Config) -> String, expected: Expect) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let project = ProjectFacts {
        folder: folder.path().to_owned(),
        ..ProjectFacts::default()
    };
    let provider = ProviderChoice {
        name: "qemu",
        options: &[::providers::qemu::DESCRIPTORS],
        box_optional: false,
        stands_in_for: Some("virtualbox"),
    };
    let (config, mistakes) = Config::look(&layers, &provider, &project);
    let shown = if mistakes.is_empty() {
        show(&config)
    } else {
        mistakes.to_string()
    };
    expected.assert_eq(&shown.replace(&folder.path().display().to_string(), "PROJECT"));
}

fn layer(entries: Vec<Entry>) -> Layer {
    let entries = entries.into_iter().enumerate();
    let entries = entries
        .map(|(index, it)| Entry {
            origin: Origin {
                line: index as u32 + 1,
                ..it.origin
            },
            ..it
        })
        .collect();
    Layer {
        name: "Vagrantfile".to_owned(),
        entries,
        mistakes: Vec::new(),
    }
}

fn entry(path: &str, setting: Setting) -> Entry {
    let origin = Origin {
        file: std::path::Path::new("/nowhere/Vagrantfile").into(),
        line: 1,
        column: 3,
    };
    Entry {
        path: path.to_owned(),
        setting,
        origin,
    }
}

fn set(path: &str, value: impl Into<Item>) -> Entry {
    entry(path, Setting::Assign(value.into().0))
}

fn call(path: &str, positional: &[&str], named: Vec<(&str, Item)>, body: Vec<Entry>) -> Entry {
    let positional = positional.iter().map(|it| Value::String((*it).to_owned())).collect();
    let named = named
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.0))
        .collect();
    entry(
        path,
        Setting::Call(Call {
            has_block: true,
            positional,
            named,
            body,
        }),
    )
}

fn a_box() -> Entry {
    set("vm.box", "debian/12")
}

/// A value, written briefly.
struct Item(Value);

impl From<&str> for Item {
    fn from(text: &str) -> Self {
        Item(Value::String(text.to_owned()))
    }
}

impl From<i64> for Item {
    fn from(number: i64) -> Self {
        Item(Value::Integer(number))
    }
}

impl From<bool> for Item {
    fn from(truth: bool) -> Self {
        Item(Value::Boolean(truth))
    }
}

impl From<Vec<Item>> for Item {
    fn from(items: Vec<Item>) -> Self {
        Item(Value::List(items.into_iter().map(|it| it.0).collect()))
    }
}

fn forwards(config: &Config) -> String {
    let line = |it: &ForwardedPort| {
        format!(
            "{} {:?}:{} -> {} {:?}\n",
            it.id,
            it.host_ip.as_deref(),
            it.host,
            it.guest,
            it.protocol
        )
    };
    config.networks.forwarded_ports.iter().map(line).collect()
}

#[test]
fn a_machine_without_settings_has_vagrants_defaults() {
    let show = |it: &Config| {
        let folder = &it.synced_folders[0];
        format!(
            "{}{} -> {:?}\nboot {:?}, halt {:?}, ports {:?}, shell {}, user {:?}\n",
            forwards(it),
            folder.host.display(),
            folder.guest,
            it.vm.boot_timeout,
            it.vm.graceful_halt_timeout,
            it.vm.usable_port_range,
            it.ssh.shell,
            it.ssh.default.username
        )
    };
    check(
        vec![layer(vec![a_box()])],
        show,
        expect![[r#"
            ssh Some("127.0.0.1"):2222 -> 22 Tcp
            PROJECT -> Some("/vagrant")
            boot 300s, halt 60s, ports 2200..=2250, shell bash -l, user Some("vagrant")
        "#]],
    );
}

#[test]
fn all_mistakes_of_all_layers_come_in_one_report() {
    check(
        vec![
            layer(vec![
                set("vm.hostnam", "web"),
                set("vm.boot_timeout", "soon"),
                call("vm.network", &["forwarded_port"], vec![("guest", 80.into())], vec![]),
                call("vm.network", &["forwarded_prot"], vec![], vec![]),
                call("vm.synced_folder", &["src", "srv"], vec![], vec![]),
            ]),
            layer(vec![
                call("vm.provision", &["shell"], vec![("inlin", "true".into())], vec![]),
                call(
                    "vm.provision",
                    &["puppet"],
                    vec![],
                    vec![set("manifest_file", "site.pp")],
                ),
                set("vbguest.auto_update", false),
                set("ssh.forward_agent", "no"),
            ]),
        ],
        |_| String::new(),
        expect![[r#"
            vm:
            * there is no option `vm.hostnam`
              at /nowhere/Vagrantfile:1:3
              did you mean `vm.hostname`?
            * vm.boot_timeout must be a whole number, and is "soon"
              at /nowhere/Vagrantfile:2:3
            * no box is named
              set `config.vm.box`, for example to "debian/12"
            * the path of the guest `srv` is not absolute
              at /nowhere/Vagrantfile:5:3
              write `/srv`, or the whole path
            * the folder PROJECT/src is not there: it cannot be synced to srv
              at /nowhere/Vagrantfile:5:3
              make it, or add `create: true` to have it made
            * a forwarded port needs a `host` port
              at /nowhere/Vagrantfile:3:3
              write both, as in `guest: 80, host: 8080`
            * there is no kind of network called `forwarded_prot`
              at /nowhere/Vagrantfile:4:3
              did you mean `forwarded_port`?

            Vagrant:
            * there is no configuration section `vbguest`
              at /nowhere/Vagrantfile:3:3
              it belongs to vagrant-vbguest, which is not built in: put it behind `if Vagrant.has_plugin?("vagrant-vbguest")`, or set JAUNT_ASSUME_PLUGINS to have it taken as it is

            shell provisioner:
            * there is no option `inlin` of the shell provisioner
              at /nowhere/Vagrantfile:1:3
              did you mean `inline`?
            * a shell provisioner has neither `inline` nor `path`
              at /nowhere/Vagrantfile:1:3
              write the script as `inline`, or name its file as `path`

            puppet provisioner:
            * the folder of Puppet manifests PROJECT/manifests is not there
              at /nowhere/Vagrantfile:2:3
              make it, or name another one as `manifests_path`

            SSH:
            * ssh.forward_agent must be true or false, and is "no"
              at /nowhere/Vagrantfile:4:3
              write `false`: Ruby takes every text and every number for true
        "#]],
    );
}

#[test]
fn a_forward_is_known_by_its_id_or_its_place_on_the_host() {
    let lower = layer(vec![
        a_box(),
        call(
            "vm.network",
            &["forwarded_port"],
            vec![("guest", 80.into()), ("host", 8080.into())],
            vec![],
        ),
        call(
            "vm.network",
            &["forwarded_port"],
            vec![("guest", 53.into()), ("host", 8053.into()), ("protocol", "udp".into())],
            vec![],
        ),
        call(
            "vm.network",
            &["forwarded_port"],
            vec![("guest", 22.into()), ("host", 2200.into()), ("id", "ssh".into())],
            vec![],
        ),
    ]);
    let higher = layer(vec![call(
        "vm.network",
        &["forwarded_port"],
        vec![("guest", "8000".into()), ("host", "8080".into())],
        vec![],
    )]);
    check(
        vec![lower, higher],
        forwards,
        expect![[r#"
        tcp8080 None:8080 -> 8000 Tcp
        udp8053 None:8053 -> 53 Udp
        ssh None:2200 -> 22 Tcp
    "#]],
    );
}

#[test]
fn folders_merge_option_by_option_and_the_projects_own_is_left_out_when_it_is_shared() {
    let lower = layer(vec![
        a_box(),
        call(
            "vm.synced_folder",
            &["data", "/srv/"],
            vec![("owner", "www".into()), ("disabled", true.into())],
            vec![],
        ),
        call(
            "vm.synced_folder",
            &[".", "/app"],
            vec![("type", "rsync".into())],
            vec![],
        ),
    ]);
    let higher = layer(vec![call(
        "vm.synced_folder",
        &["./data/..", "/srv/"],
        vec![("group", "www".into())],
        vec![],
    )]);
    let show = |it: &Config| {
        let line = |it: &SyncedFolder| {
            format!(
                "{} {} -> {:?} {:?} {:?}:{:?} {}\n",
                it.id,
                it.host.display(),
                it.guest,
                it.kind,
                it.owner,
                it.group,
                it.disabled
            )
        };
        it.synced_folders.iter().map(line).collect()
    };
    check(
        vec![lower, higher],
        show,
        expect![[r#"
        /srv/ PROJECT -> Some("/srv") None Some("www"):Some("www") false
        /app PROJECT -> Some("/app") Some("rsync") None:None false
    "#]],
    );
}

#[test]
fn memory_and_cpus_are_found_in_every_provider_s_words() {
    let sizes = |provider: &str, body: Vec<Entry>| {
        let merged = Merged::of(&[layer(vec![call("vm.provider", &[provider], vec![], body)])]);
        let hardware = Hardware::of(merged.providers.get(provider).unwrap());
        (hardware.memory_mib.map(|it| it.value), hardware.cpus.map(|it| it.value))
    };
    let customize = |words: &[&str]| {
        let list: Vec<Item> = words.iter().map(|it| Item::from(*it)).collect();
        entry(
            "customize",
            Setting::Call(Call {
                has_block: true,
                positional: vec![Item::from(list).0],
                ..Call::default()
            }),
        )
    };
    let vmx = Value::Map(vec![
        (Item::from("memsize").0, Item::from("2048").0),
        (Item::from("numvcpus").0, Item::from(3).0),
    ]);

    assert_eq!(
        sizes("virtualbox", vec![set("memory", "1024"), set("cpus", 2)]),
        (Some(1024), Some(2))
    );
    let words = ["modifyvm", ":id", "--memory", "512", "--cpus", "4"];
    assert_eq!(
        sizes("virtualbox", vec![set("memory", 1024), customize(&words)]),
        (Some(512), Some(4))
    );
    assert_eq!(
        sizes("vmware_desktop", vec![entry("vmx", Setting::Assign(vmx))]),
        (Some(2048), Some(3))
    );
    assert_eq!(
        sizes("parallels", vec![customize(&["set", ":id", "--memsize", "768"])]),
        (Some(768), None)
    );
    assert_eq!(
        sizes("qemu", vec![set("memory", "2G"), set("smp", "cpus=2,cores=2")]),
        (Some(2048), Some(2))
    );
    assert_eq!(
        sizes("hyperv", vec![set("maxmemory", 4096), set("cpus", 0)]),
        (Some(4096), None)
    );
}

#[test]
fn disks_data_for_cloud_init_and_pushes_are_checked_as_vagrant_does() {
    check(
        vec![layer(vec![
            set("vm.box", "debian"),
            call(
                "vm.disk",
                &["disk"],
                vec![("size", "40GB".into()), ("primary", true.into())],
                vec![],
            ),
            call(
                "vm.disk",
                &["disk"],
                vec![("size", "4 apples".into()), ("name", "a b".into())],
                vec![],
            ),
            call(
                "vm.disk",
                &["dvd"],
                vec![("name", "a_b".into()), ("sise", 1.into())],
                vec![],
            ),
            call("vm.disk", &["disc"], vec![("primary", true.into())], vec![]),
            call(
                "vm.cloud_init",
                &["user_data"],
                vec![("path", "gone.yml".into()), ("inline", "x".into())],
                vec![],
            ),
            call(
                "vm.cloud_init",
                &["meta_data"],
                vec![("content_type", "text/plain".into())],
                vec![],
            ),
            call("push.define", &["ftp"], vec![], vec![set("host", "ftp.example.com")]),
            call("push.define", &["run"], vec![("strategy", "local-exec".into())], vec![]),
            call("push.define", &["away"], vec![("strategy", "herokoo".into())], vec![]),
        ])],
        |config| {
            format!(
                "{:?}\n",
                config.disks.iter().map(|it| (&it.name, it.size)).collect::<Vec<_>>()
            )
        },
        expect![[r#"
            vm:
            * `size` of a disk cannot be "4 apples"
              at /nowhere/Vagrantfile:3:3
              write a number of bytes, or a number with KB, MB, GB or TB, as in "40GB"
            * there is no option `sise` of a disk
              at /nowhere/Vagrantfile:4:3
              did you mean `size`?
            * a disk of the kind `dvd` has no `file`
              at /nowhere/Vagrantfile:4:3
              name the image, as in `file: "tools.iso"`
            * type cannot be `disc`
              at /nowhere/Vagrantfile:5:3
              it is one of: disk, dvd, floppy
            * a disk has no `size`
              at /nowhere/Vagrantfile:5:3
              write it with a unit, as in `size: "40GB"`
            * more than one disk is the primary one
              at /nowhere/Vagrantfile:5:3
            * two disks are called `a_b`
              at /nowhere/Vagrantfile:4:3
            * two disks are called `vagrant_primary`
              at /nowhere/Vagrantfile:5:3
            * cloud_init needs a `content_type`
              at /nowhere/Vagrantfile:6:3
              `text/cloud-config` is the usual one
            * cloud_init needs either `inline` or `path`
              at /nowhere/Vagrantfile:6:3
            * type cannot be `meta_data`
              at /nowhere/Vagrantfile:7:3
              it is one of: user_data
            * content_type cannot be `text/plain`
              at /nowhere/Vagrantfile:7:3
              it is one of: text/cloud-boothook, text/cloud-config, text/cloud-config-archive, text/jinja2, text/part-handler, text/upstart-job, text/x-include-once-url, text/x-include-url, text/x-shellscript
            * cloud_init needs either `inline` or `path`
              at /nowhere/Vagrantfile:7:3

            FTP push:
            * the push `ftp` has no `username`
              at /nowhere/Vagrantfile:8:3

            Local Exec push:
            * the push `run` has no `script`
              at /nowhere/Vagrantfile:9:3
              name a file as `script`, or write commands as `inline`

            push:
            * there is no way of pushing called `herokoo`
              at /nowhere/Vagrantfile:10:3
              did you mean `heroku`?
        "#]],
    );
}

#[test]
fn the_block_of_the_provider_that_qemu_stands_in_for_is_checked() {
    check(
        vec![layer(vec![
            set("vm.box", "debian"),
            call(
                "vm.provider",
                &["virtualbox"],
                vec![],
                vec![set("memroy", 512), set("gui", true)],
            ),
            call(
                "vm.provider",
                &["hyperv"],
                vec![],
                vec![set("auto_stop_action", "Explode")],
            ),
        ])],
        |_| String::new(),
        expect![[r#"
            virtualbox provider:
            * there is no option `memroy` of the provider virtualbox
              at /nowhere/Vagrantfile:1:3
              did you mean `memory`?
        "#]],
    );
}

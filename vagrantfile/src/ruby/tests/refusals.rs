//! Arguments that Vagrant's own methods refuse.

use super::layers;
use crate::host::MemoryHost;
use crate::session::{Session, Settings};
use schema::{Coercion, Default, Descriptor, Kind};

/// Some of what the package describes.
const CORE: &[Descriptor] = &[
    Descriptor::attribute("vm.box", Kind::String, Default::Nil, "The box."),
    Descriptor::attribute("vm.guest", Kind::String, Default::Nil, "The system.").coerced(Coercion::Symbol),
];

/// Lines within `Vagrant.configure("2")`, and a part of what is said about each.
const REFUSED: &[(&str, &str)] = &[
    (
        "o = { ip: '10.0.0.2' }; config.vm.network :private_network, o",
        "wrong number of arguments (given 2, expected 1; a hash of options needs ** before it)",
    ),
    (
        "config.vm.network(*['private_network', { ip: '10.0.0.2' }])",
        "given 2, expected 1",
    ),
    ("config.vm.network", "given 0, expected 1"),
    ("config.vm.network nil", "config.vm.network needs a name"),
    ("config.vm.provision 'shell', 'true'", "given 2, expected 1"),
    ("config.vm.provision 'x', type: nil", "config.vm.provision needs a name"),
    (
        "config.vm.provision 'shell', run: 5",
        "`run` of config.vm.provision needs a name",
    ),
    ("config.vm.provider 'virtualbox', memory: 1", "given 2, expected 1"),
    ("config.vm.define", "given 0, expected 1..2"),
    ("config.vm.synced_folder '.'", "given 1, expected 2..3"),
    (
        "config.vm.synced_folder '.', '/x', 'y'",
        "options of config.vm.synced_folder are a hash",
    ),
    ("config.vm.box 'debian'", "given 1, expected 0"),
    ("config.vm.guest = 5", "config.vm.guest needs a name"),
    (
        "config.trigger.before :up",
        "config.trigger.before needs a block or a hash of options",
    ),
    (
        "config.trigger.after",
        "config.trigger.after needs a block or a hash of options",
    ),
    ("config.trigger.before(:up) { |it| it.info 'x' }", "given 1, expected 0"),
    (
        "config.vm.define 'a', 'b'",
        "the options of config.vm.define are a hash",
    ),
    ("config.vm.define '../a'", "`../a` cannot be a machine's name"),
    ("config.vm.define '..'", "`..` cannot be a machine's name"),
    (
        "config.vm.provider(:libvirt) { |it| it.storage }",
        "given 0, expected 1..2",
    ),
    ("config.vm.provider(:libvirt) { |it| it.boot }", "given 0, expected 1"),
    (
        "config.vm.provider(:libvirt) { |it| it.cputopology sockets: 1, cores: nil, threads: 1 }",
        "`cputopology` of the provider libvirt needs `cores`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.usb bus: 1 }",
        "`usb` of the provider libvirt needs `device`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.usb startupPolicy: 'x' }",
        "`usb` of the provider libvirt needs `vendor` or `product` or `bus`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.memorybacking :access }",
        "`memorybacking` of the provider libvirt needs `mode`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.memtune type: :hard_limit, value: 1 }",
        "takes for `type` only the text hard_limit, soft_limit, swap_hard_limit",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.channel type: 'unix', target_type: 'guestfwd', target_port: 1 }",
        "`channel` of the provider libvirt needs `target_address`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.hyperv_feature name: 'spinlocks', state: 'on' }",
        "`hyperv_feature` of the provider libvirt needs `retries`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.smartcard mode: 'host' }",
        "takes for `mode` only the text passthrough",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.clock_timer name: 'rtc', trak: 'x' }",
        "`clock_timer` of the provider libvirt has no option `trak`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.launchsecurity }",
        "`launchsecurity` of the provider libvirt needs `type`",
    ),
    (
        "config.vm.provider(:libvirt) { |it| it.random model: 'egd' }",
        "takes for `model` only the text random",
    ),
    (
        "Vagrant.plugin('3')",
        "Plugin superclass not found for version/component: 3",
    ),
    (
        "Vagrant.plugin(2, :nonsense)",
        "Plugin superclass not found for version/component: 2 nonsense",
    ),
];

/// Lines that look like these, and are right.
const TAKEN: &[&str] = &[
    "o = { ip: '10.0.0.2' }; config.vm.network :private_network, **o",
    "config.vm.send(:network, :private_network, ip: '10.0.0.2')",
    "config.vm.network 'private_network', **{}",
    "config.vm.synced_folder '.', '/x', { disabled: true }",
    "config.vm.synced_folder '.', '/x', disabled: true",
    "config.vm.define 'a', { primary: true }",
    "config.vm.provision 'a', type: :shell, inline: 'true'",
    "config.vm.guest = nil",
    "config.trigger.before :up, { info: 'x' }",
    "config.trigger.before { |it| it.info = 'x' }",
    "config.trigger.before(:up) { |it| it.ruby { } }",
    "config.vm.define 'a', nil",
    "config.vm.provider(:libvirt) { |it| it.storage :file, size: '1G' }",
    "config.vm.provider(:libvirt) { |it| it.usb vendor: 1; it.random; it.random model: 'random' }",
    "config.vm.provider(:libvirt) { |it| it.memorybacking :nosharepages; it.pci bus: 1, slot: 2, function: 0 }",
    "config.vm.provider(:libvirt) { |it| it.smartcard mode: 'passthrough'; it.clock_timer name: 'rtc', track: 'x' }",
    "Class.new(Vagrant.plugin(2, :command)) && Class.new(Vagrant.plugin('2'))",
    "config.unheard_of.thing 1, 2",
    "raise 'no symbol' unless config.vm.box.is_a?(Symbol) && config.vm.box == :__UNSET__VALUE__",
];

fn refusal(source: &str) -> Option<String> {
    let settings = Settings {
        options: vec![CORE],
        ..crate::testing::settings()
    };
    let host = MemoryHost::default().with_file("Vagrantfile", source);
    let session = Session::new(Box::new(host), settings).expect("a thread starts");
    layers(&session, "virtualbox").err().map(|it| it.to_string())
}

#[test]
fn what_vagrants_methods_refuse_is_refused_by_its_line() {
    for (line, said) in REFUSED {
        let text = refusal(&format!("Vagrant.configure('2') do |config|\n{line}\nend"));
        let text = text.unwrap_or_else(|| panic!("{line}: it was taken"));
        assert!(text.starts_with("/project/Vagrantfile:2:"), "{line}: {text}");
        assert!(text.contains(said), "{line}: {text}");
    }
}

#[test]
fn what_they_take_is_taken() {
    for line in TAKEN {
        let text = refusal(&format!("Vagrant.configure('2') do |config|\n{line}\nend"));
        assert_eq!(text, None, "{line}");
    }
}

#[test]
fn what_only_version_2_has_is_refused_in_version_1() {
    for line in [
        "config.vm.synced_folder '.', '/x'",
        "config.vm.hostname = 'x'",
        "config.ssh.insert_key = false",
    ] {
        let text = refusal(&format!("Vagrant.configure('1') do |config|\n{line}\nend")).unwrap_or_default();
        assert!(text.starts_with("/project/Vagrantfile:2:"), "{text}");
        assert!(text.contains("configuration version 1 has no config."), "{text}");
    }
    let known = "config.vm.box = 'x'; config.vm.host_name = 'y'; config.foreign.thing = 1; config.vm.customize { |vm| vm.name = 'z' }; config.vm.customize ['modifyvm', :id]";
    let taken = refusal(&format!("Vagrant::Config.run {{ |config| {known} }}"));
    assert_eq!(taken, None);
}

#[test]
fn networks_of_configuration_version_1_are_refused_as_by_vagrant() {
    for (method, line) in [
        ("forward_port", "config.vm.forward_port 80, 8080"),
        ("network", "config.vm.network :hostonly, '10.0.0.2'"),
    ] {
        let text = refusal(&format!("Vagrant::Config.run do |config|\n{line}\nend")).unwrap_or_default();
        let said = format!("cannot translate config.vm.{method} of configuration version 1, nor can Vagrant");
        assert!(
            text.starts_with("/project/Vagrantfile:2:") && text.contains(&said),
            "{text}"
        );
    }
}

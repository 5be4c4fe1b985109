//! The options of `config.vm.provider "virtualbox"`.

use schema::{Default, Descriptor, Kind, Merge};

/// The options.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::flag(
        "auto_nat_dns_proxy",
        true,
        "Lets the host's resolver answer where that is needed.",
    ),
    Descriptor::flag(
        "check_guest_additions",
        true,
        "Warns of guest additions that are missing or old.",
    ),
    Descriptor::attribute("cpus", Kind::Integer, Default::Nil, "The number of virtual CPUs."),
    Descriptor::list("customizations", "The commands that `customize` has gathered.").merged(Merge::Append),
    Descriptor::text("default_nic_type", "The model of network cards that name none."),
    Descriptor::flag(
        "destroy_unused_network_interfaces",
        false,
        "Removes host-only networks that no machine uses any more.",
    ),
    Descriptor::flag(
        "functional_vboxsf",
        true,
        "Says that VirtualBox's own shared folders work.",
    ),
    Descriptor::flag("gui", false, "Shows the machine's screen."),
    Descriptor::flag("linked_clone", false, "Makes the disk an overlay on the box's."),
    Descriptor::text("linked_clone_snapshot", "The snapshot that overlays are made from."),
    Descriptor::attribute("memory", Kind::Integer, Default::Nil, "Memory in MiB."),
    Descriptor::text("name", "The machine's name in VirtualBox."),
    Descriptor::table(
        "network_adapters",
        "The network cards that `network_adapter` has gathered.",
    )
    .or(Default::Computed("card 1 with `:nat`")),
    Descriptor::call(
        "customize",
        &[],
        "A command for VBoxManage, after the event before which it runs.",
    ),
    Descriptor::call("network_adapter", &["slot", "type"], "Sets a network card."),
];

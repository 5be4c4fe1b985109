//! The options of `config.vm.provider "hyperv"`.

use schema::{Coercion, Default, Descriptor, Kind};

/// The options.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "auto_start_action",
        Kind::Word(&["Nothing", "StartIfRunning", "Start"]),
        Default::String("Nothing"),
        "What happens to the machine when the host starts.",
    ),
    Descriptor::attribute(
        "auto_stop_action",
        Kind::Word(&["ShutDown", "TurnOff", "Save"]),
        Default::String("ShutDown"),
        "What happens to the machine when the host stops.",
    ),
    Descriptor::attribute("cpus", Kind::Integer, Default::Nil, "The number of virtual CPUs."),
    Descriptor::flag("differencing_disk", false, "An older name of `linked_clone`."),
    Descriptor::flag(
        "enable_automatic_checkpoints",
        false,
        "Makes a checkpoint at every start.",
    )
    .coerced(Coercion::Boolean),
    Descriptor::flag("enable_checkpoints", true, "Lets checkpoints be made.").coerced(Coercion::Boolean),
    Descriptor::flag("enable_enhanced_session_mode", false, "Allows enhanced sessions."),
    Descriptor::flag(
        "enable_virtualization_extensions",
        false,
        "Lets the guest run machines itself.",
    ),
    Descriptor::attribute(
        "ip_address_timeout",
        Kind::Integer,
        Default::Integer(120),
        "Seconds that the machine has to tell its address.",
    ),
    Descriptor::flag("linked_clone", false, "Makes the disk an overlay on the box's."),
    Descriptor::text("mac", "The MAC address of the network card."),
    Descriptor::attribute(
        "maxmemory",
        Kind::Integer,
        Default::Nil,
        "The most memory that the machine may grow to, in MiB.",
    ),
    Descriptor::attribute("memory", Kind::Integer, Default::Nil, "Memory in MiB."),
    Descriptor::attribute("vlan_id", Kind::Integer, Default::Nil, "The VLAN of the network card."),
    Descriptor::attribute(
        "vm_integration_services",
        Kind::Map(&Kind::Boolean),
        Default::EmptyMap,
        "Integration services that are switched on or off.",
    ),
    Descriptor::text("vmname", "The machine's name in Hyper-V."),
];

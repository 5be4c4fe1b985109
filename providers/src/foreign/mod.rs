//! The options of providers that Vagrantfiles name and that are not built in: what their blocks may say, and what it means there.
//!
//! Nothing here runs a machine. Another provider that stands in for one of these takes memory and CPUs from its block; the rest is
//! known so that it can be checked, completed by editors and written out again.

mod docker;
mod hyperv;
mod libvirt;
mod virtualbox;

use schema::Descriptor;

/// A provider that is known by its options only.
#[derive(Debug, Clone, Copy)]
pub struct ForeignProvider {
    /// The name a Vagrantfile uses.
    pub name: &'static str,
    /// The name that people use.
    pub title: &'static str,
    /// What its blocks take.
    pub options: &'static [Descriptor],
}

/// The providers whose options are known.
pub const FOREIGN: &[ForeignProvider] = &[
    ForeignProvider {
        name: "docker",
        title: "Docker",
        options: docker::OPTIONS,
    },
    ForeignProvider {
        name: "hyperv",
        title: "Hyper-V",
        options: hyperv::OPTIONS,
    },
    ForeignProvider {
        name: "libvirt",
        title: "libvirt",
        options: libvirt::OPTIONS,
    },
    ForeignProvider {
        name: "virtualbox",
        title: "VirtualBox",
        options: virtualbox::OPTIONS,
    },
];

/// The options of a provider that is not built in; `None` where they are not known.
pub fn options(name: &str) -> Option<&'static [Descriptor]> {
    FOREIGN.iter().find(|it| it.name == name).map(|it| it.options)
}

//! The options of the provisioner `puppet_server`, which runs the agent of Puppet.

use schema::{Default, Descriptor, Kind, Merge};

/// The options.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "binary_path",
        Kind::String,
        Default::Nil,
        "The folder in the guest that has the program.",
    ),
    Descriptor::attribute(
        "client_cert_path",
        Kind::String,
        Default::Nil,
        "The client's certificate.",
    ),
    Descriptor::attribute(
        "client_private_key_path",
        Kind::String,
        Default::Nil,
        "The client's key.",
    ),
    Descriptor::attribute(
        "facter",
        Kind::Map(&Kind::Any),
        Default::EmptyMap,
        "Facts that the manifests see.",
    )
    .merged(Merge::Keys),
    Descriptor::attribute(
        "options",
        Kind::List(&Kind::String),
        Default::List(&[]),
        "Further arguments.",
    ),
    Descriptor::attribute("puppet_node", Kind::String, Default::Nil, "The node's name."),
    Descriptor::attribute("puppet_server", Kind::String, Default::String("puppet"), "The server."),
];

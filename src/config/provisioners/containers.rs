//! The options of the provisioners `container`, `docker` and `podman`.

use schema::{Default, Descriptor, Kind, Merge};

/// What all have.
pub const COMMON: &[Descriptor] = &[
    Descriptor::attribute(
        "images",
        Kind::List(&Kind::String),
        Default::List(&[]),
        "Images that are pulled.",
    )
    .merged(Merge::Append),
    Descriptor::attribute(
        "post_install_provisioner",
        Kind::Any,
        Default::Nil,
        "What runs once it is installed.",
    ),
    Descriptor::call("build_image", &["path"], "Builds an image."),
    Descriptor::call("pull_images", &["image"], "Pulls images."),
    Descriptor::call("run", &["name"], "Runs a container."),
    Descriptor::call(
        "post_install_provision",
        &["name"],
        "Runs a provisioner once it is installed.",
    ),
];

/// What only `podman` has.
pub const PODMAN: &[Descriptor] = &[Descriptor::attribute(
    "kubic",
    Kind::Boolean,
    Default::Boolean(false),
    "Installs from the Kubic project.",
)];

//! The options that the kinds of this crate read from `config.vm.synced_folder`.

use schema::{Default, Descriptor, Kind};

/// The options of the kind `copy`.
pub const COPY: &[Descriptor] = &[Descriptor::attribute(
    "copy__exclude",
    Kind::List(&Kind::String),
    Default::List(&[]),
    "Patterns in rsync's syntax of what is not copied; `rsync__exclude` is obeyed as well, and `.vagrant/` never travels.",
)];

/// The options of the kind `rsync`.
pub const RSYNC: &[Descriptor] = &[
    Descriptor::attribute(
        "rsync__args",
        Kind::List(&Kind::String),
        Default::List(crate::rsync::DEFAULT_ARGUMENTS),
        "The arguments of rsync.",
    ),
    Descriptor::attribute(
        "rsync__auto",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether `rsync-auto` watches the folder.",
    ),
    Descriptor::attribute(
        "rsync__chown",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether the copies are given to the folder's owner and group.",
    ),
    Descriptor::attribute(
        "rsync__exclude",
        Kind::List(&Kind::String),
        Default::List(&[]),
        "Patterns of what rsync leaves out; `.vagrant/` never travels.",
    ),
    Descriptor::attribute(
        "rsync__rsync_ownership",
        Kind::Boolean,
        Default::Boolean(false),
        "Whether rsync itself sets owner and group, with `--chown`.",
    ),
    Descriptor::attribute(
        "rsync__rsync_path",
        Kind::String,
        Default::Computed("`sudo rsync`"),
        "The command that starts rsync in the guest.",
    ),
    Descriptor::attribute(
        "rsync__verbose",
        Kind::Boolean,
        Default::Boolean(false),
        "Whether rsync's output is shown.",
    ),
];

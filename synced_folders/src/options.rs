//! The options that the kinds of this crate read from `config.vm.synced_folder`.

use schema::{Default, Descriptor, Kind as Value};

/// A kind of folder, by its options.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The name a Vagrantfile uses.
    pub name: &'static str,
    /// What it takes beside what every folder does.
    pub options: &'static [Descriptor],
}

/// The kinds of folder whose options are known: those of this crate first, then those that only other providers have.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "copy",
        options: COPY,
    },
    Kind {
        name: "rsync",
        options: RSYNC,
    },
    Kind {
        name: "nfs",
        options: NFS,
    },
    Kind {
        name: "smb",
        options: SMB,
    },
    Kind {
        name: "virtualbox",
        options: VIRTUALBOX,
    },
    Kind {
        name: "docker",
        options: DOCKER,
    },
    Kind {
        name: "9p",
        options: NINE_P,
    },
    Kind {
        name: "virtiofs",
        options: VIRTIOFS,
    },
    Kind {
        name: "sshfs",
        options: SSHFS,
    },
];

/// The options of the kind `copy`.
pub const COPY: &[Descriptor] = &[Descriptor::attribute(
    "copy__exclude",
    Value::List(&Value::String),
    Default::List(&[]),
    "Patterns in rsync's syntax of what is not copied; `rsync__exclude` is obeyed as well, and `.vagrant/` never travels.",
)];

/// The options of the kind `rsync`.
pub const RSYNC: &[Descriptor] = &[
    Descriptor::attribute(
        "rsync__args",
        Value::List(&Value::String),
        Default::List(crate::rsync::DEFAULT_ARGUMENTS),
        "The arguments of rsync.",
    ),
    Descriptor::attribute(
        "rsync__auto",
        Value::Boolean,
        Default::Boolean(true),
        "Whether `rsync-auto` watches the folder.",
    ),
    Descriptor::attribute(
        "rsync__chown",
        Value::Boolean,
        Default::Boolean(true),
        "Whether the copies are given to the folder's owner and group.",
    ),
    Descriptor::attribute(
        "rsync__exclude",
        Value::List(&Value::String),
        Default::List(&[]),
        "Patterns of what rsync leaves out; `.vagrant/` never travels.",
    ),
    Descriptor::attribute(
        "rsync__rsync_ownership",
        Value::Boolean,
        Default::Boolean(false),
        "Whether rsync itself sets owner and group, with `--chown`.",
    ),
    Descriptor::attribute(
        "rsync__rsync_path",
        Value::String,
        Default::Computed("`sudo rsync`"),
        "The command that starts rsync in the guest.",
    ),
    Descriptor::attribute(
        "rsync__verbose",
        Value::Boolean,
        Default::Boolean(false),
        "Whether rsync's output is shown.",
    ),
];

/// The options of the kind `nfs`.
pub const NFS: &[Descriptor] = &[
    Descriptor::flag("nfs_export", true, "Enters the folder into the host's exports."),
    Descriptor::flag("nfs_udp", true, "Mounts through UDP.").or(Default::Computed("`true`, but for version 4")),
    Descriptor::attribute(
        "nfs_version",
        Value::Any,
        Default::Integer(3),
        "The protocol's version.",
    ),
    Descriptor::flag(
        "nfs__quiet",
        false,
        "Takes an owner that NFS cannot set without complaint.",
    ),
    Descriptor::attribute(
        "linux__nfs_options",
        Value::List(&Value::String),
        Default::Nil,
        "Options of the export on a Linux host.",
    ),
    Descriptor::attribute(
        "bsd__nfs_options",
        Value::List(&Value::String),
        Default::Nil,
        "Options of the export on a BSD or macOS host.",
    ),
    Descriptor::attribute(
        "map_uid",
        Value::Any,
        Default::Symbol("auto"),
        "The user that files belong to on the host.",
    ),
    Descriptor::attribute(
        "map_gid",
        Value::Any,
        Default::Symbol("auto"),
        "The group that files belong to on the host.",
    ),
];

/// The options of the kind `smb`.
pub const SMB: &[Descriptor] = &[
    Descriptor::text("smb_host", "The host's address, as the guest sees it."),
    Descriptor::text("smb_id", "The name of the share."),
    Descriptor::text("smb_username", "The user of the login."),
    Descriptor::text("smb_password", "The password of the login."),
];

/// The options of the kind `virtualbox`.
pub const VIRTUALBOX: &[Descriptor] = &[
    Descriptor::flag("automount", false, "Lets the guest mount the folder by itself."),
    Descriptor::flag(
        "SharedFoldersEnableSymlinksCreate",
        true,
        "Lets the guest make links in the folder.",
    ),
];

/// The options of the kind `docker`.
pub const DOCKER: &[Descriptor] = &[Descriptor::text(
    "docker_consistency",
    "How soon changes must be seen on both sides: `cached`, `delegated`, `consistent`.",
)];

/// The options of the kind `9p`.
pub const NINE_P: &[Descriptor] = &[
    Descriptor::attribute(
        "accessmode",
        Value::Word(&["passthrough", "mapped", "squash"]),
        Default::String("passthrough"),
        "Whose rights count on the host.",
    ),
    Descriptor::flag("mount", true, "Mounts the folder in the guest."),
    Descriptor::text("mount_opts", "Options of the mount, with commas between them."),
    Descriptor::text("mount_tag", "The name of the share."),
    Descriptor::flag("readonly", false, "Keeps the guest from writing."),
];

/// The options of the kind `virtiofs`.
pub const VIRTIOFS: &[Descriptor] = &[
    Descriptor::flag("mount", true, "Mounts the folder in the guest."),
    Descriptor::text("mount_opts", "Options of the mount, with commas between them."),
    Descriptor::text("mount_tag", "The name of the share."),
];

/// The options of the kind `sshfs`.
pub const SSHFS: &[Descriptor] = &[
    Descriptor::text("ssh_host", "The host's address, as the guest sees it."),
    Descriptor::attribute(
        "ssh_port",
        Value::Integer,
        Default::Nil,
        "The port of the host's SSH server.",
    ),
    Descriptor::text("ssh_username", "The user of the login on the host."),
    Descriptor::text("ssh_password", "The password of the login on the host."),
    Descriptor::text("ssh_opts_append", "Further options of `ssh`."),
    Descriptor::text("sshfs_opts_append", "Further options of `sshfs`."),
];

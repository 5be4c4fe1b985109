//! The options of the provisioner `cfengine`.

use schema::{Coercion, Default, Descriptor, Kind};

/// The options.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "am_policy_hub",
        Kind::Boolean,
        Default::Boolean(false),
        "Makes the guest a policy hub.",
    ),
    Descriptor::attribute(
        "classes",
        Kind::List(&Kind::String),
        Default::Nil,
        "Classes that are defined.",
    ),
    Descriptor::attribute(
        "deb_repo_file",
        Kind::String,
        Default::String("/etc/apt/sources.list.d/cfengine-community.list"),
        "The file of APT's source.",
    ),
    Descriptor::attribute(
        "deb_repo_line",
        Kind::String,
        Default::String("deb https://cfengine.com/pub/apt/packages stable main"),
        "APT's source.",
    ),
    Descriptor::attribute(
        "extra_agent_args",
        Kind::String,
        Default::Nil,
        "Further arguments of the agent.",
    ),
    Descriptor::attribute(
        "files_path",
        Kind::HostPath,
        Default::Nil,
        "Files that are copied into the guest.",
    ),
    Descriptor::attribute(
        "force_bootstrap",
        Kind::Boolean,
        Default::Boolean(false),
        "Bootstraps again.",
    ),
    Descriptor::attribute(
        "install",
        Kind::Any,
        Default::Boolean(true),
        "Installs the program where it is missing.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "mode",
        Kind::String,
        Default::Symbol("bootstrap"),
        "What is done: `bootstrap` or `single_run`.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "package_name",
        Kind::String,
        Default::String("cfengine-community"),
        "The package to install.",
    ),
    Descriptor::attribute(
        "policy_server_address",
        Kind::String,
        Default::Nil,
        "The address of the policy server.",
    ),
    Descriptor::attribute(
        "repo_gpg_key_url",
        Kind::String,
        Default::String("https://cfengine.com/pub/gpg.key"),
        "The key of the package's source.",
    ),
    Descriptor::attribute("run_file", Kind::HostPath, Default::Nil, "The file that is run."),
    Descriptor::attribute(
        "upload_path",
        Kind::String,
        Default::String("/tmp/vagrant-cfengine-file"),
        "Where it is put in the guest.",
    ),
    Descriptor::attribute(
        "yum_repo_file",
        Kind::String,
        Default::String("/etc/yum.repos.d/cfengine-community.repo"),
        "The file of YUM's source.",
    ),
    Descriptor::attribute(
        "yum_repo_url",
        Kind::String,
        Default::String("https://cfengine.com/pub/yum/$basearch"),
        "YUM's source.",
    ),
];

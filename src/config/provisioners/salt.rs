//! The options of the provisioner `salt`.

use schema::{Default, Descriptor, Kind};

use super::call;

/// The options.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "always_install",
        Kind::Boolean,
        Default::Nil,
        "Installs again every time.",
    ),
    Descriptor::attribute(
        "bootstrap_options",
        Kind::Any,
        Default::Nil,
        "Arguments of the bootstrap script.",
    ),
    Descriptor::attribute(
        "bootstrap_script",
        Kind::HostPath,
        Default::Nil,
        "The bootstrap script.",
    ),
    Descriptor::attribute("colorize", Kind::Boolean, Default::Nil, "Colours the output."),
    Descriptor::attribute("grains_config", Kind::HostPath, Default::Nil, "A file of grains."),
    Descriptor::attribute(
        "install_args",
        Kind::Any,
        Default::Nil,
        "Arguments of the installation.",
    ),
    Descriptor::attribute("install_master", Kind::Boolean, Default::Nil, "Installs a master."),
    Descriptor::attribute("install_syndic", Kind::Boolean, Default::Nil, "Installs a syndic."),
    Descriptor::attribute(
        "install_type",
        Kind::String,
        Default::Nil,
        "What is installed: `stable`, `git`, `daily` or `testing`.",
    ),
    Descriptor::attribute("log_level", Kind::Any, Default::Nil, "How much is logged."),
    Descriptor::attribute("master_config", Kind::HostPath, Default::Nil, "The master's settings."),
    Descriptor::attribute("master_id", Kind::String, Default::Nil, "The master's name."),
    Descriptor::attribute(
        "master_json_config",
        Kind::String,
        Default::Nil,
        "The master's settings as JSON.",
    ),
    Descriptor::attribute("master_key", Kind::HostPath, Default::Nil, "The master's key."),
    Descriptor::attribute("master_pub", Kind::HostPath, Default::Nil, "The master's public key."),
    Descriptor::attribute(
        "masterless",
        Kind::Boolean,
        Default::Boolean(false),
        "Runs without a master.",
    ),
    Descriptor::attribute("minion_config", Kind::HostPath, Default::Nil, "The minion's settings."),
    Descriptor::attribute("minion_id", Kind::String, Default::Nil, "The minion's name."),
    Descriptor::attribute(
        "minion_json_config",
        Kind::String,
        Default::Nil,
        "The minion's settings as JSON.",
    ),
    Descriptor::attribute("minion_key", Kind::HostPath, Default::Nil, "The minion's key."),
    Descriptor::attribute("minion_pub", Kind::HostPath, Default::Nil, "The minion's public key."),
    Descriptor::attribute("no_minion", Kind::Boolean, Default::Nil, "Installs no minion."),
    Descriptor::attribute(
        "orchestrations",
        Kind::List(&Kind::String),
        Default::Nil,
        "Orchestrations that run.",
    ),
    Descriptor::attribute("pillar_data", Kind::Map(&Kind::Any), Default::EmptyMap, "The pillar."),
    Descriptor::attribute("python_version", Kind::Any, Default::Nil, "The version of Python."),
    Descriptor::attribute(
        "run_highstate",
        Kind::Boolean,
        Default::Nil,
        "Brings the guest to its highest state.",
    ),
    Descriptor::attribute("run_overstate", Kind::Boolean, Default::Nil, "Runs the overstate."),
    Descriptor::attribute("run_service", Kind::Boolean, Default::Nil, "Starts the service."),
    Descriptor::attribute(
        "salt_args",
        Kind::List(&Kind::String),
        Default::Nil,
        "Arguments of the orchestration.",
    ),
    Descriptor::attribute(
        "salt_call_args",
        Kind::List(&Kind::String),
        Default::Nil,
        "Arguments of `salt-call`.",
    ),
    Descriptor::attribute(
        "seed_master",
        Kind::Any,
        Default::Nil,
        "Keys of minions that the master accepts.",
    ),
    Descriptor::attribute(
        "temp_config_dir",
        Kind::String,
        Default::Nil,
        "Where settings are put in the guest.",
    ),
    Descriptor::attribute("verbose", Kind::Any, Default::Nil, "How much is said."),
    Descriptor::attribute("version", Kind::Any, Default::Nil, "The version to install."),
    call("pillar", &["data"], "Adds to the pillar."),
];

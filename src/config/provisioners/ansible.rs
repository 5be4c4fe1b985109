//! The options of the provisioners `ansible` and `ansible_local`.

use schema::{Default, Descriptor, Kind};

/// What both have.
pub const COMMON: &[Descriptor] = &[
    Descriptor::attribute(
        "become",
        Kind::Boolean,
        Default::Boolean(false),
        "Runs the tasks as another user.",
    )
    .also_called(&["sudo"]),
    Descriptor::attribute(
        "become_user",
        Kind::String,
        Default::Nil,
        "The user that the tasks run as.",
    )
    .also_called(&["sudo_user"]),
    Descriptor::attribute(
        "compatibility_mode",
        Kind::Word(&["auto", "1.8", "2.0"]),
        Default::String("auto"),
        "The version of Ansible to write arguments for.",
    ),
    Descriptor::attribute("config_file", Kind::HostPath, Default::Nil, "Ansible's settings."),
    Descriptor::attribute(
        "extra_vars",
        Kind::Any,
        Default::Nil,
        "Variables for the playbook, or a file of them.",
    ),
    Descriptor::attribute(
        "galaxy_command",
        Kind::String,
        Default::String("ansible-galaxy install --role-file=%{role_file} --roles-path=%{roles_path} --force"),
        "How roles are installed.",
    ),
    Descriptor::attribute(
        "galaxy_role_file",
        Kind::HostPath,
        Default::Nil,
        "The file that lists the roles to install.",
    ),
    Descriptor::attribute(
        "galaxy_roles_path",
        Kind::HostPath,
        Default::Nil,
        "Where roles are installed.",
    ),
    Descriptor::attribute(
        "groups",
        Kind::Map(&Kind::Any),
        Default::EmptyMap,
        "Groups of the inventory and their machines.",
    ),
    Descriptor::attribute(
        "host_vars",
        Kind::Map(&Kind::Any),
        Default::EmptyMap,
        "Variables of single machines.",
    ),
    Descriptor::attribute(
        "inventory_path",
        Kind::HostPath,
        Default::Nil,
        "The inventory, where none is to be made.",
    ),
    Descriptor::attribute(
        "limit",
        Kind::Any,
        Default::Nil,
        "The machines that the playbook runs on.",
    ),
    Descriptor::attribute("playbook", Kind::HostPath, Default::Nil, "The playbook."),
    Descriptor::attribute(
        "playbook_command",
        Kind::String,
        Default::String("ansible-playbook"),
        "The program that runs the playbook.",
    ),
    Descriptor::attribute(
        "raw_arguments",
        Kind::List(&Kind::String),
        Default::Nil,
        "Further arguments, as they are.",
    ),
    Descriptor::attribute(
        "skip_tags",
        Kind::List(&Kind::String),
        Default::Nil,
        "Tags of tasks that do not run.",
    ),
    Descriptor::attribute("start_at_task", Kind::String, Default::Nil, "The task to start with."),
    Descriptor::attribute(
        "tags",
        Kind::List(&Kind::String),
        Default::Nil,
        "Tags of the only tasks that run.",
    ),
    Descriptor::attribute(
        "vault_password_file",
        Kind::HostPath,
        Default::Nil,
        "The file with the vault's password.",
    ),
    Descriptor::attribute("verbose", Kind::Any, Default::Boolean(false), "How much is said."),
    Descriptor::attribute("version", Kind::Any, Default::String(""), "The version to install."),
];

/// What only `ansible` has, which runs on the host.
pub const HOST: &[Descriptor] = &[
    Descriptor::attribute(
        "ask_become_pass",
        Kind::Boolean,
        Default::Boolean(false),
        "Asks for the password of `become`.",
    )
    .also_called(&["ask_sudo_pass"]),
    Descriptor::attribute(
        "ask_vault_pass",
        Kind::Boolean,
        Default::Boolean(false),
        "Asks for the vault's password.",
    ),
    Descriptor::attribute(
        "force_remote_user",
        Kind::Boolean,
        Default::Boolean(true),
        "Logs in as the user of Vagrant, whatever the inventory says.",
    ),
    Descriptor::attribute(
        "host_key_checking",
        Kind::Boolean,
        Default::Boolean(false),
        "Checks the guest's host key.",
    ),
    Descriptor::attribute(
        "raw_ssh_args",
        Kind::List(&Kind::String),
        Default::Nil,
        "Further arguments of SSH.",
    ),
];

/// What only `ansible_local` has, which runs in the guest.
pub const GUEST: &[Descriptor] = &[
    Descriptor::attribute(
        "install",
        Kind::Any,
        Default::Boolean(true),
        "Installs the program where it is missing.",
    ),
    Descriptor::attribute(
        "install_mode",
        Kind::String,
        Default::Symbol("default"),
        "How it is installed.",
    ),
    Descriptor::attribute("pip_args", Kind::String, Default::String(""), "Arguments of pip."),
    Descriptor::attribute(
        "pip_install_cmd",
        Kind::String,
        Default::String(""),
        "How pip is installed.",
    ),
    Descriptor::attribute(
        "provisioning_path",
        Kind::String,
        Default::String("/vagrant"),
        "The folder in the guest that it starts in.",
    ),
    Descriptor::attribute(
        "tmp_path",
        Kind::String,
        Default::String("/tmp/vagrant-ansible"),
        "Where files are put in the guest.",
    ),
];

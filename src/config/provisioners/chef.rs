//! The options of the provisioners `chef_apply`, `chef_client`, `chef_solo` and `chef_zero`.

use schema::{Coercion, Default, Descriptor, Kind, Merge};

/// What all have.
pub const COMMON: &[Descriptor] = &[
    Descriptor::attribute(
        "binary_env",
        Kind::String,
        Default::Nil,
        "Variables before the program.",
    ),
    Descriptor::attribute(
        "binary_path",
        Kind::String,
        Default::Nil,
        "The folder in the guest that has the program.",
    ),
    Descriptor::attribute(
        "channel",
        Kind::String,
        Default::String("stable"),
        "The channel to install from.",
    ),
    Descriptor::attribute(
        "install",
        Kind::Any,
        Default::Boolean(true),
        "Installs the program where it is missing.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "installer_download_path",
        Kind::String,
        Default::Nil,
        "Where the installer is put.",
    ),
    Descriptor::attribute("log_level", Kind::Any, Default::Symbol("info"), "How much is logged.")
        .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "omnibus_url",
        Kind::String,
        Default::String("https://omnitruck.chef.io"),
        "Where the installer comes from.",
    ),
    Descriptor::attribute(
        "product",
        Kind::String,
        Default::String("chef"),
        "The product to install.",
    ),
    Descriptor::attribute(
        "version",
        Kind::Any,
        Default::Symbol("latest"),
        "The version to install.",
    )
    .coerced(Coercion::Symbol),
];

/// What those with a run list have.
pub const RUNNER: &[Descriptor] = &[
    Descriptor::attribute("arguments", Kind::String, Default::Nil, "Further arguments."),
    Descriptor::attribute("attempts", Kind::Integer, Default::Integer(1), "How often it is tried."),
    Descriptor::attribute(
        "custom_config_path",
        Kind::HostPath,
        Default::Nil,
        "Settings that are added.",
    ),
    Descriptor::attribute(
        "enable_reporting",
        Kind::Boolean,
        Default::Boolean(true),
        "Reports to the server.",
    ),
    Descriptor::attribute(
        "encrypted_data_bag_secret_key_path",
        Kind::HostPath,
        Default::Nil,
        "The key of encrypted data bags.",
    ),
    Descriptor::attribute("environment", Kind::Any, Default::Nil, "The environment."),
    Descriptor::attribute(
        "file_backup_path",
        Kind::String,
        Default::Nil,
        "Where backups are kept in the guest.",
    ),
    Descriptor::attribute(
        "file_cache_path",
        Kind::String,
        Default::Nil,
        "Where files are cached in the guest.",
    ),
    Descriptor::attribute("formatter", Kind::String, Default::Nil, "The form of the output."),
    Descriptor::attribute("http_proxy", Kind::String, Default::Nil, "The proxy for HTTP."),
    Descriptor::attribute(
        "http_proxy_pass",
        Kind::String,
        Default::Nil,
        "The password at the proxy for HTTP.",
    ),
    Descriptor::attribute(
        "http_proxy_user",
        Kind::String,
        Default::Nil,
        "The user at the proxy for HTTP.",
    ),
    Descriptor::attribute("https_proxy", Kind::String, Default::Nil, "The proxy for HTTPS."),
    Descriptor::attribute(
        "https_proxy_pass",
        Kind::String,
        Default::Nil,
        "The password at the proxy for HTTPS.",
    ),
    Descriptor::attribute(
        "https_proxy_user",
        Kind::String,
        Default::Nil,
        "The user at the proxy for HTTPS.",
    ),
    Descriptor::attribute(
        "json",
        Kind::Map(&Kind::Any),
        Default::EmptyMap,
        "Attributes of the node.",
    )
    .merged(Merge::Keys),
    Descriptor::attribute("no_proxy", Kind::String, Default::Nil, "Addresses that need no proxy."),
    Descriptor::attribute("node_name", Kind::String, Default::Nil, "The node's name."),
    Descriptor::attribute(
        "provisioning_path",
        Kind::String,
        Default::Nil,
        "The folder in the guest that it starts in.",
    ),
    Descriptor::attribute(
        "run_list",
        Kind::List(&Kind::String),
        Default::List(&[]),
        "Recipes and roles, in order.",
    )
    .merged(Merge::Append),
    Descriptor::attribute(
        "verbose_logging",
        Kind::Boolean,
        Default::Boolean(false),
        "Logs everything.",
    ),
    Descriptor::call("add_recipe", &["name"], "Puts a recipe on the run list."),
    Descriptor::call("add_role", &["name"], "Puts a role on the run list."),
];

/// What those without a server have.
pub const FOLDERS: &[Descriptor] = &[
    Descriptor::attribute(
        "cookbooks_path",
        Kind::Any,
        Default::Computed("[:host, \"cookbooks\"] and [:vm, \"cookbooks\"]"),
        "Folders of cookbooks.",
    ),
    Descriptor::attribute("data_bags_path", Kind::Any, Default::List(&[]), "Folders of data bags."),
    Descriptor::attribute(
        "environments_path",
        Kind::Any,
        Default::List(&[]),
        "Folders of environments.",
    )
    .coerced(Coercion::List),
    Descriptor::attribute("nodes_path", Kind::Any, Default::List(&[]), "Folders of nodes."),
    Descriptor::attribute("roles_path", Kind::Any, Default::List(&[]), "Folders of roles."),
    Descriptor::attribute(
        "synced_folder_type",
        Kind::String,
        Default::Nil,
        "The kind of folder that its files come through.",
    ),
];

/// What only `chef_apply` has.
pub const APPLY: &[Descriptor] = &[
    Descriptor::attribute("recipe", Kind::String, Default::Nil, "The recipe."),
    Descriptor::attribute(
        "upload_path",
        Kind::String,
        Default::String("/tmp/vagrant-chef-apply"),
        "Where it is put in the guest.",
    ),
];

/// What only `chef_client` has.
pub const CLIENT: &[Descriptor] = &[
    Descriptor::attribute("chef_server_url", Kind::String, Default::Nil, "The server."),
    Descriptor::attribute(
        "client_key_path",
        Kind::String,
        Default::Nil,
        "Where the client's key is in the guest.",
    ),
    Descriptor::attribute(
        "delete_client",
        Kind::Boolean,
        Default::Boolean(false),
        "Deletes the client with the machine.",
    ),
    Descriptor::attribute(
        "delete_node",
        Kind::Boolean,
        Default::Boolean(false),
        "Deletes the node with the machine.",
    ),
    Descriptor::attribute(
        "validation_client_name",
        Kind::String,
        Default::String("chef-validator"),
        "The name of the validator.",
    ),
    Descriptor::attribute(
        "validation_key_path",
        Kind::HostPath,
        Default::Nil,
        "The validator's key.",
    ),
];

/// What only `chef_solo` has.
pub const SOLO: &[Descriptor] = &[
    Descriptor::attribute(
        "legacy_mode",
        Kind::Boolean,
        Default::Boolean(false),
        "Runs the old Chef Solo.",
    ),
    Descriptor::attribute("recipe_url", Kind::String, Default::Nil, "An archive of cookbooks."),
];

//! The options of `config.vm.provider "docker"`.

use schema::{Coercion, Default, Descriptor, Kind, Merge};

/// The options.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::text("auth_server", "The registry that is logged in to."),
    Descriptor::list("build_args", "Further arguments of `docker build`."),
    Descriptor::text("build_dir", "The folder with the Dockerfile to build from."),
    Descriptor::list("cmd", "The command that the container runs."),
    Descriptor::flag("compose", false, "Runs the container through Docker Compose."),
    Descriptor::table("compose_configuration", "What is added to the Compose file."),
    Descriptor::list("create_args", "Further arguments of `docker run`."),
    Descriptor::text("dockerfile", "The Dockerfile's name, where it is not the usual one."),
    Descriptor::text("email", "The mail address of the login.").or(Default::String("")),
    Descriptor::table("env", "Variables that the container sees.").merged(Merge::Keys),
    Descriptor::list("expose", "Ports that other containers see.").merged(Merge::Append),
    Descriptor::flag(
        "force_host_vm",
        false,
        "Runs Docker in a machine of its own on Linux, too.",
    ),
    Descriptor::text("git_repo", "The repository to build from."),
    Descriptor::flag("has_ssh", false, "Says that the container runs an SSH server."),
    Descriptor::attribute(
        "host_vm_build_dir_options",
        Kind::Map(&Kind::Any),
        Default::Nil,
        "Options of the folder that `build_dir` reaches Docker's machine through.",
    ),
    Descriptor::text("image", "The image that the container is made of."),
    Descriptor::text("name", "The container's name."),
    Descriptor::text("password", "The password of the login.").or(Default::String("")),
    Descriptor::list("ports", "Ports as `docker run -p` takes them."),
    Descriptor::flag("privileged", false, "Gives the container the host's rights."),
    Descriptor::flag("pull", false, "Fetches the image every time."),
    Descriptor::flag("remains_running", true, "Takes a container that ends for a failure."),
    Descriptor::attribute(
        "stop_timeout",
        Kind::Integer,
        Default::Integer(1),
        "Seconds that the container has to stop.",
    ),
    Descriptor::text("username", "The user of the login.").or(Default::String("")),
    Descriptor::text("vagrant_machine", "The machine that runs Docker.").coerced(Coercion::Symbol),
    Descriptor::text("vagrant_vagrantfile", "The Vagrantfile that defines that machine."),
    Descriptor::list("volumes", "Volumes as `docker run -v` takes them."),
    Descriptor::call("link", &["name"], "Links another container, as `name:alias`."),
];

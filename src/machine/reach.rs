//! From a machine to how its guest is logged in to.

use std::path::PathBuf;
use std::time::Duration;

use providers::BoundForward;

use super::Machine;
use crate::communicators::ssh::{KeySource, Secret, ShellOptions, SshTarget, keys};
use crate::context::Context;
use crate::error::{Error, Result};

/// Where the guest's SSH server is, and all that a login needs. `forwards` are the ports that are bound.
pub fn ssh_target(context: &Context, machine: &Machine, forwards: &[BoundForward]) -> Result<SshTarget> {
    let ssh = &machine.config.ssh;
    let forward = machine.ssh_forward(forwards);
    let port = ssh.connect.port.or_else(|| forward.map(|it| it.host.port()));
    let Some(port) = port else {
        return Err(Error::Refused {
            what: format!("no port leads to the SSH server of the machine `{}`", machine.name),
            advice: format!("forward port {} of the guest under the id `ssh`", ssh.guest_port),
        });
    };
    let host = ssh
        .connect
        .host
        .clone()
        .or_else(|| forward.map(|it| reachable(it.host.ip())));
    let mut target = SshTarget::new(host.unwrap_or_else(|| "127.0.0.1".to_owned()), port, user(machine));
    target.proxy_command = ssh.proxy_command.clone();
    target.password = ssh
        .connect
        .password
        .clone()
        .or_else(|| ssh.default.password.clone())
        .map(Secret::new);
    target.private_keys = private_keys(machine);
    target.agent_for_login = agent(context).filter(|_| !ssh.connect.keys_only);
    target.agent_for_guest = agent(context).filter(|_| ssh.forward_agent);
    target.host_key_file = Some(machine.folder.host_key());
    target.connect_timeout = ssh.connect.connect_timeout.max(Duration::from_secs(1));
    target.keep_alive = ssh.keep_alive;
    target.environment = passed_on(context, machine);
    Ok(target)
}

/// Which shell runs scripts in the guest, and how it becomes root.
pub fn shell_options(machine: &Machine) -> ShellOptions {
    let ssh = &machine.config.ssh;
    ShellOptions {
        shell: ssh.shell.clone(),
        sudo_command: ssh.sudo_command.clone(),
        pty: ssh.pty,
        forward_agent: ssh.forward_agent,
    }
}

/// The user who logs in.
pub fn user(machine: &Machine) -> String {
    let ssh = &machine.config.ssh;
    ssh.connect
        .username
        .clone()
        .or_else(|| ssh.default.username.clone())
        .unwrap_or_else(|| "vagrant".to_owned())
}

fn private_keys(machine: &Machine) -> Vec<KeySource> {
    let ssh = &machine.config.ssh;
    let configured = match ssh.connect.private_key_path.as_slice() {
        [] => ssh.default.private_key_path.clone(),
        own => own.to_vec(),
    };
    keys::candidates(
        &machine.folder.private_key(),
        &configured,
        ssh.connect.password.is_some(),
    )
}

/// A port that is bound on all addresses is reached on the loopback one.
fn reachable(address: std::net::IpAddr) -> String {
    if address.is_unspecified() {
        "127.0.0.1".to_owned()
    } else {
        address.to_string()
    }
}

fn agent(context: &Context) -> Option<PathBuf> {
    context.environment.variable("SSH_AUTH_SOCK").map(PathBuf::from)
}

fn passed_on(context: &Context, machine: &Machine) -> Vec<(String, String)> {
    let names = &machine.config.ssh.forward_env;
    names
        .iter()
        .filter_map(|it| Some((it.clone(), context.environment.text(it)?)))
        .collect()
}

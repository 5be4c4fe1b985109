//! `jaunt ssh`.

use std::path::PathBuf;

use clap::Args;

use super::report;
use crate::communicators::ssh::openssh::OpensshSession;
use crate::communicators::ssh::terminal::{Session, TerminalUse, attach};
use crate::communicators::ssh::{Connection, Error as SshError, KeySource, SshTarget, keys};
use crate::context::Context;
use crate::error::Result;
use crate::machine::{Machine, shell_options, ssh_target};
use crate::project::Project;

/// Go into a machine, or run a command in it
#[derive(Debug, Args)]
pub struct SshArgs {
    /// Name or id of the machine
    #[arg(value_name = "MACHINE")]
    machine: Option<String>,

    /// Run this command, and end with its exit code
    #[arg(short, long, value_name = "COMMAND")]
    command: Option<String>,

    /// Let the installed `ssh` log in by its own means: no user and no key is given to it
    #[arg(short, long)]
    plain: bool,

    /// Give the command a terminal even where this one is none; `--no-tty` gives it none
    #[arg(short, long)]
    tty: bool,

    /// Arguments for the installed `ssh`
    #[arg(last = true, value_name = "SSH ARGUMENTS")]
    arguments: Vec<String>,
}

/// OpenSSH's exit code for a connection that broke; no other error has it.
const CONNECTION_BROKE: u8 = 255;

impl SshArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let machine = Project::target(context, self.machine.as_deref())?.machine(context)?;
        machine.check_trust()?;
        let id = machine.running_id().await?;
        let endpoint = machine.provider.endpoint(&id).await?;
        let target = ssh_target(context, &machine, &endpoint.forwards)?;
        let mut by_openssh = self.openssh_session(context, &machine, &target);
        let exit = match by_openssh.reason() {
            Some(_) => {
                by_openssh.private_keys = key_files(context, &target)?;
                by_openssh.run().await
            }
            None => attach(&Connection::open(&target).await?, &self.session(context, &machine)).await,
        };
        match exit {
            Ok(exit) => Ok(u8::try_from(exit.code).unwrap_or(u8::MAX)),
            Err(error @ SshError::Disconnected { .. }) => {
                report(&context.ui, &error.into());
                Ok(CONNECTION_BROKE)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn session(&self, context: &Context, machine: &Machine) -> Session {
        Session {
            command: self.command.as_ref().map(|it| shell_options(machine).login_command(it)),
            terminal: match (self.tty, context.no_tty) {
                (true, _) => TerminalUse::Always,
                (false, true) => TerminalUse::Never,
                (false, false) => TerminalUse::WhenInteractive,
            },
            term: context.environment.text("TERM").unwrap_or_else(|| "xterm".to_owned()),
        }
    }

    /// The same for an installed `ssh`, which is used for what only it can do; still without the files of keys.
    fn openssh_session(&self, context: &Context, machine: &Machine, target: &SshTarget) -> OpensshSession {
        let ssh = &machine.config.ssh;
        OpensshSession {
            program: ssh.ssh_command.clone().unwrap_or_default(),
            host: target.host.clone(),
            port: target.port,
            user: target.user.clone(),
            private_keys: Vec::new(),
            plain: self.plain,
            keys_only: ssh.connect.keys_only,
            host_key_file: target.host_key_file.clone(),
            compression: ssh.connect.compression,
            forward_agent: ssh.forward_agent,
            forward_x11: ssh.forward_x11,
            forward_env: ssh.forward_env.clone(),
            config: ssh.connect.config.clone(),
            proxy_command: ssh.proxy_command.clone(),
            log_level: None,
            extra_args: ssh.connect.extra_args.iter().chain(&self.arguments).cloned().collect(),
            command: self.command.as_ref().map(|it| shell_options(machine).login_command(it)),
            tty: self.tty || (!context.no_tty && context.environment.stdin_is_terminal),
        }
    }
}

/// The files of the keys; the published ones are written out, since OpenSSH takes files only.
pub fn key_files(context: &Context, target: &SshTarget) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for source in &target.private_keys {
        match source {
            KeySource::File(path) => files.push(path.clone()),
            KeySource::Insecure(_) => {
                let placed = keys::place_insecure_keys(context.home.root())?;
                files.extend(placed.into_iter().filter(|it| !files.contains(it)).collect::<Vec<_>>());
            }
        }
    }
    Ok(files)
}

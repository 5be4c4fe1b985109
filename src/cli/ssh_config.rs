//! `jaunt ssh-config`.

use clap::Args;
use serde_json::json;

use super::ssh;
use crate::communicators::ssh::KeySource;
use crate::communicators::ssh::config_block::ConfigBlock;
use crate::context::Context;
use crate::error::Result;
use crate::machine::{Machine, ssh_target};
use crate::project::Project;

/// Print what OpenSSH needs to know of running machines
#[derive(Debug, Args)]
pub struct SshConfigArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,

    /// The name after `Host`
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
}

impl SshConfigArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let mut hosts = Vec::new();
        for target in Project::targets(context, &self.machines)? {
            let machine = target.machine(context)?;
            machine.check_trust()?;
            let block = self.block(context, &machine).await?;
            if context.ui.style().json {
                hosts.push(document(&machine.name, &block));
                continue;
            }
            let block = block.to_string();
            context
                .ui
                .of(&machine.name)
                .event("metadata", &["provider", &machine.provider_name]);
            context.ui.of(&machine.name).event("ssh-config", &[&block]);
            context.ui.data(&format!("{block}\n"));
        }
        if context.ui.style().json {
            context.ui.report(&json!({ "hosts": hosts }));
        }
        Ok(0)
    }

    async fn block(&self, context: &Context, machine: &Machine) -> Result<ConfigBlock> {
        let id = machine.running_id().await?;
        let endpoint = machine.provider.endpoint(&id).await?;
        let mut target = ssh_target(context, machine, &endpoint.forwards)?;
        // The machine's own key is enough where it has one.
        let own = KeySource::File(machine.folder.private_key());
        if target.private_keys.contains(&own) {
            target.private_keys.retain(|it| matches!(it, KeySource::File(_)));
        }
        let ssh = &machine.config.ssh;
        Ok(ConfigBlock {
            host: self.host.clone().unwrap_or_else(|| machine.name.clone()),
            private_keys: ssh::key_files(context, &target)?,
            host_name: target.host,
            user: target.user,
            port: target.port,
            verify_host_key: false,
            keys_only: ssh.connect.keys_only,
            forward_agent: ssh.forward_agent,
            forward_x11: ssh.forward_x11,
            proxy_command: ssh.proxy_command.clone(),
            log_level: None,
            config: ssh.connect.config.clone(),
        })
    }
}

/// The same as OpenSSH's block, which is in it, too.
fn document(machine: &str, block: &ConfigBlock) -> serde_json::Value {
    json!({
        "machine": machine,
        "host": block.host,
        "host_name": block.host_name,
        "user": block.user,
        "port": block.port,
        "identity_files": block.private_keys,
        "forward_agent": block.forward_agent,
        "text": block.to_string(),
    })
}

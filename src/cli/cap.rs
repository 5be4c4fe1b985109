//! `jaunt cap`: capabilities of guests and providers, called by their names in Vagrant.

use clap::Args;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::guests::HostName;
use crate::lifecycle::{self, GuestCapability, snapshots};
use crate::project::{Project, Target};

/// Call a capability of a machine's guest or provider
#[derive(Debug, Args)]
pub struct CapArgs {
    /// Say by the exit code whether there is such a capability, and do not call it
    #[arg(long)]
    check: bool,

    /// Name or id of the machine
    #[arg(short, long, value_name = "MACHINE")]
    target_guest: Option<String>,

    /// `guest`, `provider` or `host`
    #[arg(value_name = "TYPE")]
    kind: String,

    /// The capability
    name: String,

    /// What it takes
    #[arg(value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// What can be called. The host is not changed here, so it has none.
const CAPABILITIES: [(&str, &str); 5] = [
    ("guest", "change_host_name"),
    ("guest", "halt"),
    ("guest", "reboot"),
    ("provider", "forwarded_ports"),
    ("provider", "snapshot_list"),
];

impl CapArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let is_known = CAPABILITIES.contains(&(self.kind.as_str(), self.name.as_str()));
        if self.check {
            return Ok(u8::from(!is_known));
        }
        let target = Project::target(context, self.target_guest.as_deref())?;
        match self.name.as_str() {
            _ if !is_known => Err(self.unknown()),
            "change_host_name" => self.change_host_name(context, &target).await,
            "halt" => lifecycle::halt(context, &target, false).await,
            "reboot" => lifecycle::call_guest(context, &target, GuestCapability::Reboot).await,
            "forwarded_ports" => forwarded_ports(context, &target).await,
            _ => snapshot_list(context, &target).await,
        }?;
        Ok(0)
    }

    async fn change_host_name(&self, context: &Context, target: &Target) -> Result<()> {
        let wanted = self.arguments.first().map(String::as_str).unwrap_or_default();
        let name = HostName::new(wanted).ok_or_else(|| Error::Refused {
            what: format!("`{wanted}` cannot be a host name"),
            advice: "write it behind the capability: letters, digits, dashes and dots".to_owned(),
        })?;
        lifecycle::call_guest(context, target, GuestCapability::ChangeHostName(name)).await
    }

    fn unknown(&self) -> Error {
        let known: Vec<String> = CAPABILITIES
            .iter()
            .map(|(kind, name)| format!("{kind} {name}"))
            .collect();
        Error::Refused {
            what: format!("there is no capability `{}` of the type `{}`", self.name, self.kind),
            advice: format!("there are: {}", known.join(", ")),
        }
    }
}

async fn forwarded_ports(context: &Context, target: &Target) -> Result<()> {
    let machine = target.machine(context)?;
    let id = machine.running_id().await?;
    for forward in machine.provider.endpoint(&id).await?.forwards {
        let line = format!("{} => {}\n", forward.host.port(), forward.guest_port);
        context.ui.data(&line);
    }
    Ok(())
}

async fn snapshot_list(context: &Context, target: &Target) -> Result<()> {
    for snapshot in snapshots::list(&target.machine(context)?).await?.unwrap_or_default() {
        context.ui.data(&format!("{}\n", snapshot.name));
    }
    Ok(())
}

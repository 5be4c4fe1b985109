//! `jaunt port`.

use clap::Args;
use providers::{BoundForward, Protocol};
use serde_json::json;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::project::Project;

/// Show which ports of this computer lead into a machine
#[derive(Debug, Args)]
pub struct PortArgs {
    /// Name or id of the machine
    #[arg(value_name = "MACHINE")]
    machine: Option<String>,

    /// Print the host's port for this port of the guest only
    #[arg(long, value_name = "PORT")]
    guest: Option<u16>,
}

impl PortArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let machine = Project::target(context, self.machine.as_deref())?.machine(context)?;
        let id = machine.running_id().await?;
        let forwards = machine.provider.endpoint(&id).await?.forwards;
        let forwards: Vec<BoundForward> = forwards
            .into_iter()
            .filter(|it| self.guest.is_none_or(|guest| it.guest_port == guest))
            .collect();
        if forwards.is_empty() {
            return Err(self.nothing(&machine.name));
        }
        if context.ui.style().json {
            context.ui.report(&document(&machine.name, &forwards));
            return Ok(0);
        }
        context
            .ui
            .of(&machine.name)
            .event("metadata", &["provider", &machine.provider_name]);
        for forward in &forwards {
            let (guest, host) = (forward.guest_port.to_string(), forward.host.port().to_string());
            context.ui.of(&machine.name).event("forwarded_port", &[&guest, &host]);
        }
        context.ui.data(&if self.guest.is_some() {
            host_port(&forwards)
        } else {
            table(&forwards)
        });
        Ok(0)
    }

    fn nothing(&self, machine: &str) -> Error {
        Error::Refused {
            what: match self.guest {
                Some(guest) => format!("port {guest} of the machine `{machine}` is not forwarded"),
                None => format!("no port of the machine `{machine}` is forwarded"),
            },
            advice:
                "forward it with `config.vm.network \"forwarded_port\", guest: ..., host: ...` and run `jaunt reload`"
                    .to_owned(),
        }
    }
}

fn document(machine: &str, forwards: &[BoundForward]) -> serde_json::Value {
    let of_one = |it: &BoundForward| {
        json!({
            "id": it.id,
            "protocol": match it.protocol {
                Protocol::Tcp => "tcp",
                Protocol::Udp => "udp",
            },
            "guest_port": it.guest_port,
            "host_address": it.host.ip().to_string(),
            "host_port": it.host.port(),
        })
    };
    json!({ "machine": machine, "forwarded_ports": forwards.iter().map(of_one).collect::<Vec<_>>() })
}

fn host_port(forwards: &[BoundForward]) -> String {
    forwards
        .first()
        .map(|it| format!("{}\n", it.host.port()))
        .unwrap_or_default()
}

fn table(forwards: &[BoundForward]) -> String {
    let mut text =
        "Ports of the machine and where they are on this computer. Jaunt may have chosen others than\nthe Vagrantfile \
                    names, where it was allowed to.\n\n"
            .to_owned();
    for forward in forwards {
        text.push_str(&format!(
            "{:>6} (guest) => {} (host)\n",
            forward.guest_port,
            forward.host.port()
        ));
    }
    text
}

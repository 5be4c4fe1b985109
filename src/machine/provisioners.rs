//! A machine's provisioners, all of a kind that this version can run.

use super::Machine;
use crate::config::provisioners::{Provisioner as Configured, ProvisionerConfig};
use crate::error::{Error, Result};
use crate::provisioners::Provisioner;

/// The machine's provisioners in the order in which they run. The error names one that is not built in.
pub fn provisioners(machine: &Machine) -> Result<Vec<Provisioner>> {
    machine.config.provisioners.iter().map(provisioner).collect()
}

fn provisioner(configured: &Configured) -> Result<Provisioner> {
    match &configured.config {
        ProvisionerConfig::BuiltIn(task) => Ok(Provisioner {
            name: configured.name.clone(),
            run: configured.run,
            task: (**task).clone(),
        }),
        ProvisionerConfig::Other => Err(Error::Refused {
            what: format!("the provisioner `{}` is not built into this version", configured.kind),
            advice: "`--provision-with` with the names of others leaves it out".to_owned(),
        }),
    }
}

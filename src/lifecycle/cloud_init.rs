//! Waiting until the guest's cloud-init has done what the Vagrantfile gave it.

use super::work::Work;
use crate::communicators::{Command, Communicator};
use crate::error::{Error, Result};

/// Cloud-init answers 0 when it is done, 1 after an error, and 2 when it is done and something could be better.
const DONE: [u32; 2] = [0, 2];

/// What the guest's shell answers where there is no cloud-init.
const NO_SUCH_COMMAND: u32 = 127;

/// Waits, at the first boot alone unless the Vagrantfile wants it at each. A Vagrantfile without data for cloud-init waits for
/// nothing: that the guest let somebody in is enough.
pub async fn wait(work: &mut Work<'_>) -> Result<()> {
    let config = &work.machine.config;
    let over = config.vm.cloud_init_first_boot_only && work.machine.folder.has_waited_for_cloud_init();
    if config.cloud_init.is_empty() || over {
        return Ok(());
    }
    work.ui().info("Waiting for cloud-init to finish...");
    let connection = work.connection().await?;
    let mut said = Vec::new();
    let command = Command::as_root("command -v cloud-init >/dev/null || exit 127; cloud-init status --wait --long");
    let exit = connection
        .run(command, &mut |_, bytes| said.extend_from_slice(bytes))
        .await?;
    if DONE.contains(&exit.code) {
        let id = work.id()?.claim.to_string();
        return Ok(work.machine.folder.note_cloud_init(&id)?);
    }
    let machine = &work.machine.name;
    if exit.code == NO_SUCH_COMMAND {
        return Err(Error::Refused {
            what: format!("the machine `{machine}` has no cloud-init, and the Vagrantfile has data for it"),
            advice: "take a box with cloud-init, or remove `config.vm.cloud_init`".to_owned(),
        });
    }
    Err(Error::Refused {
        what: format!(
            "cloud-init failed in the machine `{machine}`: {}",
            String::from_utf8_lossy(&said).trim()
        ),
        advice: "/var/log/cloud-init-output.log in the guest tells more".to_owned(),
    })
}

//! Which machines rest on a box: their disks are overlays on the box's.

use boxes::InstalledBox;

use crate::context::Context;
use crate::error::Result;
use crate::state::index::MachineIndex;

/// The machines that were made from a box, each as `NAME in FOLDER`.
pub fn machines_made_from(context: &Context, installed: &InstalledBox) -> Result<Vec<String>> {
    let key = (
        installed.name.clone(),
        installed.provider.clone(),
        installed.version.to_string(),
    );
    let machines = MachineIndex::new(context.home.machine_index()).list()?;
    let users = machines
        .into_iter()
        .filter(|(_, it)| it.machine_box.as_ref() == Some(&key));
    Ok(users
        .map(|(_, it)| format!("{} in {}", it.name, it.vagrantfile_path.display()))
        .collect())
}

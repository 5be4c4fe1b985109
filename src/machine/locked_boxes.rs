//! `Vagrantfile.lock` of a project: read before a machine's box is looked for, written when it is found.
//!
//! It stands beside the Vagrantfile. The settings may do without it; then it is neither read nor written.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use boxes::{InstalledBox, LockFile, LockedBox};

use crate::config::Config;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::{Machine, box_constraints};
use crate::settings::Settings;
use crate::state::write_atomically;

const FILE_NAME: &str = "Vagrantfile.lock";
/// A lock file is text of a few lines.
const LARGEST: u64 = 1 << 20;

/// The box that the lock file of a project has for a configuration, unless the Vagrantfile wants another version by now.
pub fn locked_box(
    context: &Context,
    folder: &Path,
    config: &Config,
    providers: &[String],
) -> Result<Option<LockedBox>> {
    let Some(name) = &config.vm.box_name else {
        return Ok(None);
    };
    let Some(file) = read(context, folder)? else {
        return Ok(None);
    };
    let architecture = match config.vm.box_architecture.as_deref() {
        Some("auto") => Some(std::env::consts::ARCH),
        other => other,
    };
    let Some(locked) = file.get(name, providers, architecture.map(boxes::vagrant_name)) else {
        return Ok(None);
    };
    let constraints = box_constraints(config)?;
    let version = boxes::Version::parse(&locked.version);
    Ok(version.filter(|it| constraints.allow(it)).map(|_| locked.clone()))
}

/// `--locked`: the lock file names the machine's box, and it is that one.
pub fn check(context: &Context, machine: &Machine) -> Result<()> {
    if !context.locked || machine.config.vm.box_name.is_none() {
        return Ok(());
    }
    let Some(locked) = machine.locked_box.as_ref() else {
        return Err(Error::Refused {
            what: format!(
                "{FILE_NAME} has no box for `{}`, or none that the Vagrantfile allows",
                machine.box_title()
            ),
            advice: "`jaunt up` without `--locked` writes it; keep it with the project".to_owned(),
        });
    };
    match &machine.installed_box {
        Some(installed) => Ok(locked.check(installed)?),
        None => Ok(()),
    }
}

/// Notes the box that a new machine gets. One that is another than the file says is told of.
pub fn note(context: &Context, machine: &Machine) -> Result<()> {
    check(context, machine)?;
    let Some(installed) = &machine.installed_box else {
        return Ok(());
    };
    if let Some(error) = machine.locked_box.as_ref().and_then(|it| it.check(installed).err()) {
        context
            .ui
            .of(&machine.name)
            .warn(&format!("{error}. {FILE_NAME} is changed; `--locked` would refuse."));
    }
    write(context, &machine.project.root, installed)
}

/// Writes a box into the lock file of a project, where that is another by it.
pub fn write(context: &Context, folder: &Path, installed: &InstalledBox) -> Result<()> {
    // A box that another program installed has no digest that anybody could compare.
    let (Some(mut file), Some(locked)) = (read(context, folder)?, installed.locked()) else {
        return Ok(());
    };
    if !file.put(locked) {
        return Ok(());
    }
    let path = path(folder);
    if let Err(error) = write_atomically(&path, file.text()?.as_bytes()) {
        // A project that one may only read can be used all the same.
        tracing::warn!(path = %path.display(), %error, "the lock file is not written");
    }
    Ok(())
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

/// What the file says; an empty one where there is none, and `None` where the user does without.
fn read(context: &Context, folder: &Path) -> Result<Option<LockFile>> {
    if !Settings::load(context)?.lock && !context.locked {
        return Ok(None);
    }
    let path = path(folder);
    let unreadable = |source| Error::ReadFile {
        path: path.clone(),
        source,
    };
    let mut text = String::new();
    match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Some(LockFile::default())),
        other => other
            .and_then(|it| it.take(LARGEST).read_to_string(&mut text))
            .map_err(unreadable)?,
    };
    Ok(Some(LockFile::parse(&text)?))
}

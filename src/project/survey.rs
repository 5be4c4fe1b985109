//! What a Vagrantfile is made of and what it wants of this computer, found out without granting it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use vagrantfile::host::{Act, Code};

use super::host::ProcessHost;
use super::trust::{Trust, of, vagrantfiles};
use super::{Project, settings};
use crate::context::Context;
use crate::error::Result;
use vagrantfile::{FileId, Role, Session};

/// The providers whose blocks are read, too.
const PROVIDERS: [&str; 2] = ["qemu", "virtualbox"];

/// What was found of some Vagrantfiles.
pub struct Survey {
    /// The Vagrantfiles, each with the code that it is made of.
    pub files: Vec<(PathBuf, Vec<Code>)>,
    /// What they want to do, in order.
    pub wishes: Vec<Act>,
    /// Why reading ended early, where it did: what comes behind is not in here.
    pub stopped: Option<String>,
}

impl Survey {
    /// Reads a Vagrantfile and, for a project's, the user's own. What is not trusted yet does not happen, and is noted.
    pub fn of(context: &Context, vagrantfile: &Path) -> Result<Self> {
        let wishes = Arc::new(Mutex::new(Vec::new()));
        let trust = Arc::new(Trust::new(context));
        let host = ProcessHost::new(context, vagrantfile, &trust).survey(wishes.clone());
        let session = Session::new(Box::new(host), settings(context))?;
        let read = read(context, &session, vagrantfile);
        let code = session.code()?;
        let files = vagrantfiles(&code).into_iter();
        let files = files.map(|it| (it.to_path_buf(), of(&it, &code)));
        let wishes = wishes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Self {
            files: files.collect(),
            wishes,
            stopped: read.err().map(|it| it.to_string()),
        })
    }
}

impl Survey {
    /// The names of the machines that the Vagrantfile in a folder defines; `None` where it has none, several, or one that cannot be read.
    pub fn names(context: &Context, project: &Path) -> Option<Vec<String>> {
        let vagrantfile = Project::vagrantfile_in(project)?;
        let trust = Arc::new(Trust::new(context));
        let host = ProcessHost::new(context, &vagrantfile, &trust).survey(Arc::default());
        let session = Session::new(Box::new(host), settings(context)).ok()?;
        let home = context.home.vagrantfile();
        let mut files = Vec::new();
        for (path, role) in home
            .map(|it| (it, Role::Home))
            .into_iter()
            .chain([(vagrantfile, Role::Project)])
        {
            files.push(session.load(&path, role).ok()?);
        }
        let machines = session.machines(&files).ok()?;
        Some(machines.into_iter().map(|it| it.name).collect())
    }
}

fn read(context: &Context, session: &Session, vagrantfile: &Path) -> vagrantfile::report::Result<()> {
    let mut files: Vec<FileId> = Vec::new();
    let is_project = Project::vagrantfile(context).is_ok_and(|it| it == vagrantfile);
    if let Some(home) = context.home.vagrantfile().filter(|_| is_project) {
        files.push(session.load(&home, Role::Home)?);
    }
    files.push(session.load(vagrantfile, Role::Project)?);
    for machine in session.machines(&files)? {
        for provider in PROVIDERS {
            session.layers(&files, &machine.name, provider)?;
        }
    }
    Ok(())
}

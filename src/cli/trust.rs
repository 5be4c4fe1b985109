//! `jaunt trust`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use vagrantfile::host::Act;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::project::{Project, Survey};
use crate::state::trust::Trusted;
use crate::ui::visible::{visible, visible_lines};

/// Let the project's Vagrantfile, as it is now, run commands, connect and write on this computer
///
/// The user's own Vagrantfile is trusted with it. All code counts that they are made of: files that they load, and texts that they
/// evaluate. A change of any of it ends the trust. What they were seen to want is shown.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// Another Vagrantfile instead, such as the one of a box, or the folder of one
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Show what would be trusted, and change nothing
    #[arg(long)]
    show: bool,

    /// List the trusted Vagrantfiles
    #[arg(long, conflicts_with_all = ["file", "show", "revoke"])]
    list: bool,

    /// End the trust in the Vagrantfile
    #[arg(long, conflicts_with = "show")]
    revoke: bool,
}

impl TrustArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let trusted = Trusted::new(context.home.trusted());
        if self.list {
            context.ui.data(&listed(&trusted));
            return Ok(0);
        }
        let vagrantfile = self.vagrantfile(context)?;
        if self.revoke {
            let was = trusted.remove(&vagrantfile)?;
            let state = if was { "is no longer trusted" } else { "was not trusted" };
            context.ui.data(&format!("{} {state}.\n", vagrantfile.display()));
            return Ok(0);
        }
        let survey = Survey::of(context, &vagrantfile)?;
        context.ui.data(&visible_lines(&shown(&survey)));
        if !self.show {
            for (vagrantfile, code) in &survey.files {
                trusted.add(vagrantfile, code)?;
            }
            context
                .ui
                .data("Trusted as it is now, where it is now. A change of any of these files ends that.\n");
        }
        Ok(0)
    }

    fn vagrantfile(&self, context: &Context) -> Result<PathBuf> {
        let Some(named) = &self.file else {
            return Project::vagrantfile(context);
        };
        let path = context.environment.working_folder().join(named);
        let path = if path.is_dir() { path.join("Vagrantfile") } else { path };
        match path.is_file() {
            true => Ok(path),
            false => Err(Error::NoNamedVagrantfile {
                folder: path.parent().unwrap_or(Path::new("/")).to_owned(),
                name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            }),
        }
    }
}

fn listed(trusted: &Trusted) -> String {
    let mut text = String::new();
    for entry in trusted.all() {
        let _ = writeln!(text, "{}", visible(&entry.vagrantfile.display().to_string()));
        for piece in entry.code {
            let _ = writeln!(text, "  {}", code_line(&piece.file, piece.evaluated, &piece.sha256));
        }
    }
    if text.is_empty() {
        "No Vagrantfile is trusted.\n".to_owned()
    } else {
        text
    }
}

fn shown(survey: &Survey) -> String {
    let mut text = String::from("Code:\n");
    for code in survey.files.iter().flat_map(|(_, code)| code) {
        let _ = writeln!(text, "  {}", code_line(&code.file, code.is_evaluated, &code.digest));
    }
    if !survey.wishes.is_empty() {
        text.push_str("It wants to:\n");
    }
    for wish in &survey.wishes {
        let _ = match wish {
            Act::Run(command) => writeln!(text, "  run `{}`", command.line.text().escape_debug()),
            Act::Connect(target) => writeln!(text, "  connect to {}", target.escape_debug()),
            Act::Listen(place) => writeln!(text, "  listen on {}", place.escape_debug()),
            Act::Pipe => writeln!(text, "  open a pipe"),
            Act::Write(path) => writeln!(text, "  write {}", path.display()),
        };
    }
    if let Some(reason) = &survey.stopped {
        let _ = writeln!(
            text,
            "Reading it ended early; code that comes behind this place needs trust of its own:\n{reason}"
        );
    }
    text
}

fn code_line(file: &Path, is_evaluated: bool, digest: &str) -> String {
    let what = if is_evaluated {
        " (a text that it evaluates)"
    } else {
        ""
    };
    format!("{} {}{what}", digest.get(..12).unwrap_or(digest), file.display())
}

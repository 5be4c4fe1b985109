//! `jaunt box build`: Packer makes a box, and the store gets it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::Args;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::context::Context;
use crate::downloads::{self, Wanted};
use crate::error::{Error, Result};

/// Have Packer build a template (JSON or HCL), and add the box that comes out
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The template, or a folder with several HCL files
    template: PathBuf,

    /// The name that the box gets
    #[arg(long, value_name = "NAME")]
    name: String,

    /// A variable of the template: `NAME=VALUE`
    #[arg(long, value_name = "NAME=VALUE")]
    var: Vec<String>,

    /// A file with variables of the template
    #[arg(long, value_name = "FILE")]
    var_file: Vec<PathBuf>,

    /// Replace a box that is there, and what an earlier build left
    #[arg(short, long)]
    force: bool,
}

impl BuildArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        boxes::check_name(&self.name)?;
        let files = self.build(context).await?;
        if files.is_empty() {
            return Err(Error::Refused {
                what: format!("Packer built {} and wrote no box", self.template.display()),
                advice: "give the template the post-processor `vagrant`".to_owned(),
            });
        }
        for file in files {
            downloads::add(context, &self.wanted(context, &file)).await?;
        }
        Ok(0)
    }

    /// Runs Packer in the working folder, tells what it says, and returns the box files that it names as its artifacts.
    async fn build(&self, context: &Context) -> Result<Vec<String>> {
        let mut child = self.command().spawn().map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::Refused {
                what: "`packer` is not installed, or not on PATH".to_owned(),
                advice: "install it: `apt install packer` on Debian; packer.io has it for others".to_owned(),
            },
            _ => Error::ReadFile {
                path: "packer".into(),
                source,
            },
        })?;
        let mut files = Vec::new();
        if let Some(output) = child.stdout.take() {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                match Line::parse(&line) {
                    Some(Line::Said(text)) => context.ui.of("packer").detail(&text),
                    Some(Line::Artifact(path)) if path.ends_with(".box") => files.push(path),
                    _ => {}
                }
            }
        }
        let status = child.wait().await.map_err(|source| Error::ReadFile {
            path: "packer".into(),
            source,
        })?;
        if context.interrupt.is_raised() {
            return Err(Error::Interrupted);
        }
        if status.success() {
            return Ok(files);
        }
        Err(Error::Refused {
            what: format!("Packer could not build {} ({status})", self.template.display()),
            advice: "what it said is above; an HCL template with plugins needs `packer init` once".to_owned(),
        })
    }

    /// Packer shares the terminal's Ctrl-C, and cleans up after itself.
    fn command(&self) -> Command {
        let mut command = Command::new("packer");
        command.args(["build", "-machine-readable"]);
        if self.force {
            command.arg("-force");
        }
        for it in &self.var {
            command.arg("-var").arg(it);
        }
        for it in &self.var_file {
            command.arg("-var-file").arg(it);
        }
        command.arg(&self.template).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    fn wanted(&self, context: &Context, file: &str) -> Wanted {
        let path = context.environment.absolute(Path::new(file));
        Wanted {
            name: Some(self.name.clone()),
            force: self.force,
            ..Wanted::at(context, path.display().to_string())
        }
    }
}

/// A line of Packer's for programs: time, target, kind and data, with commas between.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// What is for a person.
    Said(String),
    /// A file that a build ends in.
    Artifact(String),
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(4, ',').skip(2);
        let (kind, data) = (parts.next()?, parts.next()?);
        let plain = |text: &str| {
            text.replace("%!(PACKER_COMMA)", ",")
                .replace("\\n", "\n")
                .replace("\\r", "")
        };
        match kind {
            "ui" => Some(Self::Said(plain(data.split_once(',')?.1))),
            // artifact,NUMBER,file,NUMBER,PATH
            "artifact" => match data.splitn(4, ',').collect::<Vec<_>>()[..] {
                [_, "file", _, path] => Some(Self::Artifact(plain(path))),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packers_lines_tell_what_is_said_and_what_is_made() {
        let cases = [
            (
                "1700000000,,ui,say,==> qemu: Halting%!(PACKER_COMMA) now",
                Some(Line::Said("==> qemu: Halting, now".to_owned())),
            ),
            (
                "1700000000,qemu,artifact,0,file,0,out/a.box",
                Some(Line::Artifact("out/a.box".to_owned())),
            ),
            (
                "1700000000,qemu,artifact,0,builder-id,mitchellh.post-processor.vagrant",
                None,
            ),
            ("nonsense", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Line::parse(line), expected, "{line}");
        }
    }
}

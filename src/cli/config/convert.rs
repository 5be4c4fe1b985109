//! `jaunt config convert`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tempfile::NamedTempFile;

use crate::context::Context;
use crate::convert::{Failure, Language, Original, Reading, convert};
use crate::error::{Error, Result};
use crate::project::{self, Project, Repeated};
use crate::ui::Kind;

/// Print the project's Vagrantfile in another language, once it is sure to mean the same
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// The language to write
    #[arg(long, value_enum)]
    to: Language,

    /// Write it to a file that is not there yet
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write it beside the Vagrantfile, which is renamed to NAME.old
    #[arg(long, conflicts_with = "output")]
    replace: bool,
}

impl ConvertArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let source = Project::vagrantfile(context)?;
        if Language::of(&source) == Some(self.to) {
            let what = format!("{} is {} already", source.display(), self.to.title());
            return Err(refused(what, "name another language with `--to`"));
        }
        let destination = self.destination(context, &source)?;
        let text = self.text(context, &source)?;
        match destination {
            None => context.ui.data(&text),
            Some(Destination::Output(file)) => {
                let written = prepared(&file, &source, &text)?;
                place(written, &file)?;
                context.ui.say(Kind::Success, &format!("Wrote {}", file.display()));
            }
            Some(Destination::Replace(replacement)) => {
                replacement.carry_out(&source, &text)?;
                context.ui.say(Kind::Success, &replacement.told(&source));
            }
        }
        Ok(0)
    }

    /// Where the text goes, if that is free; `None` is the standard output.
    fn destination(&self, context: &Context, source: &Path) -> Result<Option<Destination>> {
        if self.replace {
            return Replacement::of(source, self.to).map(|it| Some(Destination::Replace(it)));
        }
        let Some(name) = &self.output else { return Ok(None) };
        let file = context.environment.working_folder().join(name);
        refuse_taken(&file, "name another file with `--output`, or move this one away")?;
        if Project::is_vagrantfile(&file) && file.parent() == source.parent() {
            let what = format!("{} would stand beside {}", file.display(), source.display());
            return Err(refused(what, "`--replace` renames the Vagrantfile that is there"));
        }
        Ok(Some(Destination::Output(file)))
    }

    fn text(&self, context: &Context, source: &Path) -> Result<String> {
        let repeated = Arc::new(Repeated::new());
        let original = Original {
            path: source,
            read: &|| Reading::of(Project::session(context, source, &repeated)?, source),
            text: &|it| String::from_utf8_lossy(&std::fs::read(it).unwrap_or_default()).into_owned(),
        };
        let read_back = |text: &str| Reading::of_text(self.to, text, project::settings(context));
        match convert(&original, self.to, read_back) {
            Ok(converted) => {
                for line in &converted.left_out {
                    let language = self.to.title();
                    let told = format!("{line}\n  is code for later, which {language} cannot say: it is left out\n");
                    context.ui.aside(&told);
                }
                Ok(converted.text)
            }
            Err(Failure::Read(report)) => Err(report.into()),
            Err(Failure::Other(refusal)) => Err(refused(refusal.to_string(), refusal.advice())),
        }
    }
}

/// A place that was found free.
enum Destination {
    /// A file of the user's choice.
    Output(PathBuf),
    /// The Vagrantfile's own folder.
    Replace(Replacement),
}

/// Puts the new file in the place of the old one, which keeps its content under another name.
struct Replacement {
    new: PathBuf,
    old: PathBuf,
}

impl Replacement {
    fn of(source: &Path, to: Language) -> Result<Self> {
        if !Project::is_vagrantfile(source) {
            let what = format!("VAGRANT_VAGRANTFILE names {}, and would still do so", source.display());
            return Err(refused(what, "write to a file with `--output`, and name that instead"));
        }
        let mut old = source.as_os_str().to_owned();
        old.push(".old");
        let this = Self {
            new: source.with_file_name(to.file_name()),
            old: old.into(),
        };
        for taken in [&this.new, &this.old] {
            refuse_taken(taken, "move it away, and run the same command again")?;
        }
        Ok(this)
    }

    /// The content of both is on the disk before either has its name, and there are never two Vagrantfiles side by side.
    fn carry_out(&self, source: &Path, text: &str) -> Result<()> {
        let written = prepared(&self.new, source, text)?;
        std::fs::rename(source, &self.old).map_err(write_error(&self.old))?;
        place(written, &self.new).inspect_err(|_| {
            // The error that is on its way says more than one of undoing could: the content is in `.old` then.
            let _ = std::fs::rename(&self.old, source);
        })
    }

    fn told(&self, source: &Path) -> String {
        let (new, old) = (self.new.display(), self.old.display());
        format!("Wrote {new}; {} is {old} now", source.display())
    }
}

fn refuse_taken(path: &Path, advice: &str) -> Result<()> {
    match path.symlink_metadata() {
        Ok(_) => Err(refused(format!("{} is there already", path.display()), advice)),
        Err(_) => Ok(()),
    }
}

/// The text in a nameless file beside its place, as readable as the file that it was made of.
fn prepared(file: &Path, source: &Path, text: &str) -> Result<NamedTempFile> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    let write = || -> io::Result<NamedTempFile> {
        let mut written = NamedTempFile::new_in(folder)?;
        written.write_all(text.as_bytes())?;
        written
            .as_file()
            .set_permissions(std::fs::metadata(source)?.permissions())?;
        written.as_file().sync_all()?;
        Ok(written)
    };
    write().map_err(write_error(file))
}

fn place(written: NamedTempFile, file: &Path) -> Result<()> {
    let placed = written.persist_noclobber(file);
    placed.map(drop).map_err(|it| write_error(file)(it.error))
}

fn write_error(path: &Path) -> impl Fn(io::Error) -> Error + '_ {
    |source| Error::WriteFile {
        path: path.to_owned(),
        source,
    }
}

fn refused(what: String, advice: &str) -> Error {
    Error::Refused {
        what,
        advice: advice.to_owned(),
    }
}

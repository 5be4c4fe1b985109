//! `jaunt box repackage`.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use boxes::{Cancel, InstalledBox, Version};
use clap::Args;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::faults;
use crate::machine::store;
use crate::state::unfinished::Unfinished;

/// Vagrant's name for what comes out.
const FILE_NAME: &str = "package.box";

/// Write a box that is installed as a file again
#[derive(Debug, Args)]
pub struct RepackageArgs {
    /// The box's name
    name: String,

    /// The provider that it is for
    provider: String,

    /// Its version
    version: String,

    /// The file to write
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    output: PathBuf,
}

impl RepackageArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let installed = self.installed(context)?;
        let output = context.environment.absolute(&self.output);
        let unfinished = unfinished_in(context, output.parent())?;
        if output.exists() {
            return Err(Error::Refused {
                what: format!("{} is there already", output.display()),
                advice: "move it away, or name another file with `--output`".to_owned(),
            });
        }
        context
            .ui
            .of("box")
            .info(&format!("Repackaging to {}", output.display()));
        write(context, &unfinished, &output, move |writer, cancel| {
            installed.repackage(writer, cancel)
        })
        .await?;
        context.ui.of("box").success(&format!("Wrote {}", output.display()));
        Ok(0)
    }

    fn installed(&self, context: &Context) -> Result<InstalledBox> {
        let version = Version::parse(&self.version).ok_or_else(|| boxes::Error::VersionInvalid {
            text: self.version.clone(),
        })?;
        let named = store(context).named(&self.name)?;
        let found = named
            .into_iter()
            .find(|it| it.provider == self.provider && it.version == version);
        found.ok_or_else(|| Error::Refused {
            what: format!(
                "the box `{}` {} for {} is not installed",
                self.name, self.version, self.provider
            ),
            advice: "`jaunt box list` shows what is".to_owned(),
        })
    }
}

/// Writes beside the file first, so that a file of that name is always whole.
pub async fn write(
    context: &Context,
    unfinished: &Unfinished,
    output: &Path,
    pack: impl FnOnce(BufWriter<File>, &Cancel) -> boxes::Result<()> + Send + 'static,
) -> Result<()> {
    let failed = |source| Error::WriteFile {
        path: output.to_owned(),
        source,
    };
    let mut name = tempfile::Builder::new();
    let file = name.prefix(unfinished.prefix()).tempfile_in(unfinished.folder());
    let file = file.map_err(failed)?;
    let (cancel, writer) = (Cancel::new(), file.reopen().map_err(failed)?);
    let wish = cancel.clone();
    let mut work = tokio::task::spawn_blocking(move || pack(BufWriter::new(writer), &wish));
    let done = tokio::select! {
        done = &mut work => done,
        () = context.interrupt.raised() => {
            cancel.cancel();
            work.await
        }
    };
    match done {
        Ok(Err(boxes::Error::Cancelled)) | Err(_) => return Err(Error::Interrupted),
        Ok(done) => done?,
    }
    make_readable(file.path()).map_err(failed)?;
    faults::pass(|| "did pack".to_owned()).map_err(failed)?;
    file.persist_noclobber(output).map_err(|it| failed(it.error))?;
    Ok(())
}

/// The right to make a box in the folder that it will be in, which must have room for it anyway.
pub fn unfinished_in(context: &Context, folder: Option<&Path>) -> Result<Unfinished> {
    let folder = folder.unwrap_or(Path::new("/"));
    Ok(Unfinished::begin(&context.home.temporary(), folder)?)
}

/// A temporary file is its maker's alone; a box file is like any other.
#[cfg(unix)]
fn make_readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

//! `jaunt package`.

use std::path::{Path, PathBuf};

use boxes::{Cancel, Import, Limits, Store, Version};
use clap::Args;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::lifecycle;
use crate::packaging::Extras;
use crate::project::Project;

/// Vagrant's name for what comes out.
const FILE_NAME: &str = "package.box";

/// Make a box of a machine, which is stopped for it
#[derive(Debug, Args)]
pub struct PackageArgs {
    /// The machine, where the Vagrantfile defines several
    #[arg(value_name = "MACHINE")]
    machine: Option<String>,

    /// A disk image that becomes a box, instead of a machine
    #[arg(long, value_name = "IMAGE", conflicts_with = "machine")]
    base: Option<PathBuf>,

    /// The file to write
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    output: PathBuf,

    /// Further files and folders for the box, separated by commas
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    include: Vec<PathBuf>,

    /// A JSON file with what `box list -i` is to show
    #[arg(long, value_name = "FILE")]
    info: Option<PathBuf>,

    /// A Vagrantfile that machines of the box start from
    #[arg(long, value_name = "FILE")]
    vagrantfile: Option<PathBuf>,
}

impl PackageArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let absolute = |it: &PathBuf| context.environment.absolute(it);
        let output = absolute(&self.output);
        // First: a command that was killed at its very end has left a box, and what it was made of.
        let unfinished = super::r#box::unfinished_in(context, output.parent())?;
        refuse_taken(&output)?;
        let extras = Extras {
            include: self.include.clone(),
            folder: context.environment.absolute(Path::new(".")),
            vagrantfile: self.vagrantfile.as_ref().map(absolute),
            info: self.info.as_ref().map(absolute),
        };
        extras.check()?;
        let mut name = tempfile::Builder::new();
        let folder = name.prefix(unfinished.prefix()).tempdir_in(unfinished.folder());
        let folder = folder.map_err(|source| Error::WriteFile {
            path: unfinished.folder().to_owned(),
            source,
        })?;
        let contents = match &self.base {
            Some(image) => of_image(&absolute(image), &extras, folder.path())?,
            None => {
                let target = Project::target(context, self.machine.as_deref())?;
                lifecycle::package(context, &target, &extras, folder.path()).await?;
                folder.path().to_owned()
            }
        };
        let ui = context.ui.of("box");
        ui.info(&format!("Compressing the box to {}", output.display()));
        super::r#box::write_box(context, &unfinished, &output, move |writer, cancel| {
            boxes::pack(&contents, writer, cancel)
        })
        .await?;
        ui.success(&format!("Wrote {}", output.display()));
        Ok(0)
    }
}

fn refuse_taken(output: &Path) -> Result<()> {
    let what = match output {
        it if it.is_dir() => format!("{} is a folder, and a box is a file", it.display()),
        it if it.exists() => format!("{} is there already", it.display()),
        _ => return Ok(()),
    };
    Err(Error::Refused {
        what,
        advice: "move it away, or name another file with `--output`".to_owned(),
    })
}

/// An image goes the way of every box that is added, checks and all, into a store of its own.
fn of_image(image: &Path, extras: &Extras, folder: &Path) -> Result<PathBuf> {
    const VERSION: &str = "0";
    let failed = |source| Error::ReadFile {
        path: image.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(image).map_err(failed)?;
    let version = Version::parse(VERSION).ok_or_else(|| boxes::Error::VersionInvalid {
        text: VERSION.to_owned(),
    })?;
    let source = image.display().to_string();
    let import = Import {
        name: "base",
        version: &version,
        providers: &[],
        architecture: None,
        force: false,
        checksums: &[],
        locked: None,
        metadata_url: None,
        source: &source,
        limits: Limits::default(),
    };
    let store = Store::new(folder.join("store"), Vec::new());
    let installed = store.import(&mut file, &import, &|_| {}, &Cancel::new())?;
    if extras.vagrantfile.is_some() {
        let text = crate::packaging::vagrantfile(&crate::packaging::Needs::default(), false, true);
        let path = installed.directory.join("Vagrantfile");
        std::fs::write(&path, text).map_err(|source| Error::WriteFile { path, source })?;
    }
    extras.copy_into(&installed.directory)?;
    Ok(installed.directory)
}

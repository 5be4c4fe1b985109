//! `include = ["base.toml"]`: further files, as layers below the one that names them.

use std::path::{Path, PathBuf};

use super::Findings;
use super::tree::{File, Item, Node};
use super::variables;
use crate::host::World;
use crate::layer::Value;
use crate::report::Mistake;

/// How many files may include one another.
const DEEPEST: usize = 16;

/// The file and all that it includes, the lowest layer first. What is wrong is noted.
pub fn read(path: &Path, world: &mut World, findings: &mut Findings) -> Vec<File> {
    let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
    let mut reader = Reader {
        folder,
        world,
        files: Vec::new(),
        open: Vec::new(),
    };
    match reader.parse(path, findings) {
        Ok(file) => reader.take(path.to_owned(), file, findings),
        Err(message) => findings.broken.push(Mistake::new(message)),
    }
    reader.files
}

struct Reader<'a> {
    /// The folder of the file that was asked for. Nothing outside of it is included.
    folder: PathBuf,
    world: &'a mut World,
    files: Vec<File>,
    open: Vec<PathBuf>,
}

impl Reader<'_> {
    fn take(&mut self, path: PathBuf, file: File, findings: &mut Findings) {
        self.open.push(path);
        if let Some(include) = file.table.get("include").cloned() {
            for item in include.items() {
                if let Err(message) = self.include(item, findings) {
                    findings
                        .noted
                        .push(Mistake::new(message).at(file.source.place(&item.origin)));
                }
            }
        }
        self.open.pop();
        self.files.push(file);
    }

    fn include(&mut self, item: &Node, findings: &mut Findings) -> Result<(), String> {
        let Item::Scalar(Value::String(written)) = &item.item else {
            return Err("`include` takes paths of TOML files".to_owned());
        };
        let base = self.open.last().and_then(|it| it.parent()).unwrap_or(&self.folder);
        let path = self.world.absolute(&base.join(written));
        if self.open.contains(&path) {
            return Err(format!("`{written}` includes itself"));
        }
        if self.open.len() >= DEEPEST {
            return Err(format!("`{written}` is included by more than {DEEPEST} files in a row"));
        }
        let real = self
            .world
            .canonical(&path)
            .map_err(|error| format!("cannot include `{written}`: {error}"))?;
        let folder = self
            .world
            .canonical(&self.folder)
            .unwrap_or_else(|_| self.folder.clone());
        if !real.starts_with(&folder) {
            return Err(format!(
                "`{written}` is outside of the project's folder and is not included"
            ));
        }
        let file = self.parse(&path, findings)?;
        self.take(path, file, findings);
        Ok(())
    }

    fn parse(&mut self, path: &Path, findings: &mut Findings) -> Result<File, String> {
        let bytes = self
            .world
            .read(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        self.world.note_file(path, &bytes);
        let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8 text", path.display()))?;
        let mut file = File::parse(path, text, &mut findings.broken);
        variables::fill(&mut file.table, &|name| self.world.variable(name).map(str::to_owned));
        Ok(file)
    }
}

//! A folder becomes a box file: what `package` and `box repackage` write.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header, HeaderMode};

use crate::cancel::Cancel;
use crate::record;
use crate::store::InstalledBox;
use crate::{Error, Result};

/// As fast as unpacking can be kept up with; disk images gain little from more.
const LEVEL: Compression = Compression::new(6);

/// Writes all files of a folder as a gzipped tar archive, which is the same whenever the files are.
///
/// Notes of Jaunt's own stay out. Errors name the file that was read; those of the writer name the folder.
pub fn pack(folder: &Path, writer: impl Write, cancel: &Cancel) -> Result<()> {
    let mut builder = Builder::new(GzEncoder::new(writer, LEVEL));
    for name in names(folder)? {
        cancel.check()?;
        append(&mut builder, folder, &name)?;
    }
    let finished = builder
        .into_inner()
        .and_then(GzEncoder::finish)
        .and_then(|mut it| it.flush());
    finished.map_err(Error::file("pack", folder))
}

impl InstalledBox {
    /// Writes the box as a file that Vagrant and Jaunt can add again: `box repackage`.
    pub fn repackage(&self, writer: impl Write, cancel: &Cancel) -> Result<()> {
        pack(&self.directory, writer, cancel)
    }
}

fn append(builder: &mut Builder<impl Write>, folder: &Path, name: &Path) -> Result<()> {
    let path = folder.join(name);
    let metadata = path.symlink_metadata().map_err(Error::file("read", &path))?;
    let mut header = Header::new_gnu();
    header.set_metadata_in_mode(&metadata, HeaderMode::Complete);
    // Who made the box, and when, is nobody's business, and would make every file another.
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let appended = match header.entry_type() {
        EntryType::Symlink => {
            let target = fs::read_link(&path).map_err(Error::file("read", &path))?;
            builder.append_link(&mut header, name, target)
        }
        EntryType::Regular => {
            let file = File::open(&path).map_err(Error::file("read", &path))?;
            builder.append_data(&mut header, name, file)
        }
        _ => builder.append_data(&mut header, name.join(""), std::io::empty()),
    };
    appended.map_err(Error::file("pack", &path))
}

/// Everything below a folder, relative to it, in order; a folder comes before what is in it, and `metadata.json` before all,
/// since it says what the rest is for.
fn names(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(below) = folders.pop() {
        let place = folder.join(&below);
        for entry in fs::read_dir(&place).map_err(Error::file("read", &place))? {
            let entry = entry.map_err(Error::file("read", &place))?;
            let name = below.join(entry.file_name());
            if entry.file_type().map_err(Error::file("read", entry.path()))?.is_dir() {
                folders.push(name.clone());
            }
            names.push(name);
        }
    }
    names.retain(|it| it != Path::new(record::FILE_NAME));
    names.sort_by_key(|it| (it != Path::new(crate::metadata::FILE_NAME), it.clone()));
    Ok(names)
}

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
/// What a tar archive is made of.
const BLOCK: u64 = 512;

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

/// A file in a plain archive: where its content is.
pub(crate) struct Segment {
    pub(crate) start: u64,
    pub(crate) length: u64,
    pub(crate) path: PathBuf,
}

/// The same archive without compression; returns where the files' contents are in it.
pub(crate) fn plain(folder: &Path, writer: impl Write, cancel: &Cancel) -> Result<Vec<Segment>> {
    let mut builder = Builder::new(Counted { writer, count: 0 });
    let mut segments = Vec::new();
    for name in names(folder)? {
        cancel.check()?;
        append(&mut builder, folder, &name)?;
        let path = folder.join(&name);
        let metadata = path.symlink_metadata().map_err(Error::file("read", &path))?;
        if metadata.is_file() {
            // The content ends with the archive so far, but for what fills up its last block.
            let length = metadata.len();
            let start = builder.get_ref().count.saturating_sub(length.next_multiple_of(BLOCK));
            segments.push(Segment { start, length, path });
        }
    }
    let finished = builder.into_inner().and_then(|mut it| it.flush());
    finished.map_err(Error::file("pack", folder))?;
    Ok(segments)
}

/// How long that archive becomes, but for what long names take.
pub(crate) fn plain_size(folder: &Path) -> Result<u64> {
    let mut size = 2 * BLOCK;
    for name in names(folder)? {
        let path = folder.join(name);
        let metadata = path.symlink_metadata().map_err(Error::file("read", &path))?;
        let content = if metadata.is_file() { metadata.len() } else { 0 };
        size += BLOCK + content.next_multiple_of(BLOCK);
    }
    Ok(size)
}

/// A writer that knows how far it is.
struct Counted<W> {
    writer: W,
    count: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
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

//! Files that only the user may read, written so that a kill leaves either the old one or the new one.

use std::io::Write;
use std::path::Path;

use super::error::Error;

/// Writes a file with mode 0600, whole or not at all.
pub(super) fn write_private(path: &Path, content: &str) -> Result<(), Error> {
    write(path, content).map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, content: &str) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // `tempfile` creates with 0600, and the rename keeps that.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

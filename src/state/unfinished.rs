//! What is being made outside the home, in folders of the user's: a note in the home tells of it, so that what a killed command leaves
//! there is found again.
//!
//! **Invariant:** the note is on disk before the thing is, and locked as long as its maker lives.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{Error, Result, create_folder, read_optional, remove_if_there};

/// What the notes' names begin with.
const NOTE: &str = "jaunt-unfinished-";

/// What the names of unfinished files and folders begin with; the process that makes them follows.
const UNFINISHED: &str = ".package-";

/// The right to make something in a folder, under names with a beginning of its own.
#[derive(Debug)]
pub struct Unfinished {
    _note: NamedTempFile,
    place: Place,
}

/// Where something is made, and how its names begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    folder: PathBuf,
    prefix: String,
}

impl Unfinished {
    /// Notes in a folder of notes that something is made in a folder, and removes there what killed commands have left.
    pub fn begin(notes: &Path, folder: &Path) -> Result<Self> {
        for left in leftovers(notes)?.iter().filter(|it| it.parent() == Some(folder)) {
            remove(notes, left)?;
        }
        create_folder(notes)?;
        let place = Place {
            folder: folder.to_owned(),
            prefix: format!("{UNFINISHED}{}-", uuid::Uuid::new_v4().simple()),
        };
        let note = write_note(notes, &place).map_err(Error::file("write", notes))?;
        Ok(Self { _note: note, place })
    }

    /// How the names of what is made must begin.
    pub fn prefix(&self) -> &str {
        &self.place.prefix
    }

    /// Where it is made.
    pub fn folder(&self) -> &Path {
        &self.place.folder
    }
}

fn write_note(notes: &Path, place: &Place) -> io::Result<NamedTempFile> {
    loop {
        let mut note = tempfile::Builder::new().prefix(NOTE).tempfile_in(notes)?;
        note.as_file().lock()?;
        // Before it was locked, another command may have taken it for an abandoned one.
        if note.path().exists() {
            note.write_all(serde_json::json!(place).to_string().as_bytes())?;
            note.as_file().sync_all()?;
            return Ok(note);
        }
    }
}

/// The files and folders that killed commands have left. Notes that lead to nothing any more are removed.
pub fn leftovers(notes: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(notes).into_iter().flatten().flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(NOTE) {
            continue;
        }
        let Some(_lock) = lock_of_the_dead(&path) else { continue };
        // A note that was torn was not followed by anything.
        let place = read_optional(&path)?.and_then(|it| serde_json::from_str(&it).ok());
        let left = place.as_ref().map(left_in).unwrap_or_default();
        if left.is_empty() {
            remove_if_there(&path)?;
        }
        found.extend(left);
    }
    Ok(found)
}

/// The lock of a note, where its maker does not live any more.
fn lock_of_the_dead(note: &Path) -> Option<File> {
    let file = File::open(note).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

fn left_in(place: &Place) -> Vec<PathBuf> {
    // Only what has a name of ours is ever removed, whatever a note says.
    if !place.prefix.starts_with(UNFINISHED) || place.prefix.len() <= UNFINISHED.len() {
        return Vec::new();
    }
    let begins = |name: OsString| name.to_string_lossy().starts_with(&place.prefix);
    let entries = fs::read_dir(&place.folder).into_iter().flatten().flatten();
    let named = entries.filter(|it| begins(it.file_name()));
    named.map(|it| it.path()).collect()
}

/// Removes what a killed command has left, and its note with the last of it.
pub fn remove(notes: &Path, left: &Path) -> Result<()> {
    if left.is_dir() && !left.is_symlink() {
        fs::remove_dir_all(left).map_err(Error::file("remove", left))?;
    } else {
        remove_if_there(left)?;
    }
    leftovers(notes).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_command_left_is_found_and_what_a_living_one_makes_is_not() {
        let home = tempfile::tempdir().unwrap();
        let (notes, folder) = (home.path().join("tmp"), home.path().join("work"));
        fs::create_dir(&folder).unwrap();
        let living = Unfinished::begin(&notes, &folder).unwrap();
        let made = folder.join(format!("{}a", living.prefix()));
        fs::create_dir(&made).unwrap();
        fs::write(folder.join(".package-of-the-users-own"), "").unwrap();
        assert_eq!(leftovers(&notes).unwrap(), [] as [PathBuf; 0]);

        // A process that is killed removes nothing, and loses its lock.
        let (file, path) = living._note.keep().unwrap();
        drop(file);

        assert_eq!(leftovers(&notes).unwrap(), std::slice::from_ref(&made));
        let next = Unfinished::begin(&notes, &folder).unwrap();
        assert!(!made.exists());
        assert!(folder.join(".package-of-the-users-own").exists());
        drop(next);
        assert_eq!(leftovers(&notes).unwrap(), [] as [PathBuf; 0]);
        assert!(!path.exists());
    }
}

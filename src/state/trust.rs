//! Which Vagrantfiles the user trusts: a file for each, with the digests of all the code that it was made of.
//!
//! A changed Vagrantfile is another one, and so is one with a changed helper; and so is the same text elsewhere, which may load other
//! files from beside it. Data that a Vagrantfile reads, and programs that it starts, are its own business: they are trusted with it.
//!
//! **Invariant:** an entry that cannot be read trusts nothing.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vagrantfile::host::Code;

use super::{Error, Result, create_folder, write_atomically};
use crate::digest;

/// The trusted Vagrantfiles of a home folder.
#[derive(Debug, Clone)]
pub struct Trusted {
    folder: PathBuf,
}

/// A trusted Vagrantfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The Vagrantfile, links resolved.
    pub vagrantfile: PathBuf,
    /// What it was made of when the user said so, itself among it.
    pub code: Vec<Piece>,
}

/// A text that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The file; for an evaluated text the one that evaluates it.
    pub file: PathBuf,
    /// Whether it is a text that the file evaluates, and not the file.
    pub evaluated: bool,
    /// Its digest.
    pub sha256: String,
}

impl Trusted {
    /// The trusted files noted in a folder, which need not be there.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What is noted of a Vagrantfile.
    pub fn entry(&self, vagrantfile: &Path) -> Option<Entry> {
        let vagrantfile = canonical(vagrantfile);
        let entry = read(&self.file_of(&vagrantfile))?;
        (entry.vagrantfile == vagrantfile).then_some(entry)
    }

    /// Notes that the user trusts a Vagrantfile and the code that it is made of. Another version of a file that was noted is forgotten.
    pub fn add(&self, vagrantfile: &Path, code: &[Code]) -> Result<()> {
        let mut pieces: Vec<Piece> = code.iter().map(Piece::of).collect();
        let before = self.entry(vagrantfile).map_or_else(Vec::new, |it| it.code);
        let is_older = |it: &Piece| {
            pieces
                .iter()
                .any(|new| (&new.file, new.evaluated) == (&it.file, it.evaluated))
        };
        let kept: Vec<Piece> = before.into_iter().filter(|it| !is_older(it)).collect();
        pieces.extend(kept);
        let vagrantfile = canonical(vagrantfile);
        create_folder(&self.folder)?;
        let file = self.file_of(&vagrantfile);
        let entry = Entry {
            vagrantfile,
            code: pieces,
        };
        let text = serde_json::to_vec_pretty(&entry).map_err(|error| Error::File {
            action: "write",
            path: file.clone(),
            source: error.into(),
        })?;
        write_atomically(&file, &text)
    }

    /// Forgets a Vagrantfile; whether it was trusted.
    pub fn remove(&self, vagrantfile: &Path) -> Result<bool> {
        let file = self.file_of(&canonical(vagrantfile));
        match fs::remove_file(&file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(Error::file("remove", &file)(source)),
        }
    }

    /// All trusted Vagrantfiles, by their paths.
    pub fn all(&self) -> Vec<Entry> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut all: Vec<Entry> = files.filter_map(|it| read(&it.path())).collect();
        all.sort_by(|one, other| one.vagrantfile.cmp(&other.vagrantfile));
        all
    }

    fn file_of(&self, vagrantfile: &Path) -> PathBuf {
        let name = digest::sha256(vagrantfile.as_os_str().as_encoded_bytes());
        self.folder.join(name + ".json")
    }
}

impl Entry {
    /// Whether a text was noted as it is.
    pub fn covers(&self, code: &Code) -> bool {
        self.code.contains(&Piece::of(code))
    }
}

impl Piece {
    fn of(code: &Code) -> Self {
        Self {
            file: code.file.clone(),
            evaluated: code.is_evaluated,
            sha256: code.digest.clone(),
        }
    }
}

fn read(file: &Path) -> Option<Entry> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// The path with its links resolved, so that a Vagrantfile is the same by every path.
fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(file: &str, is_evaluated: bool, digest: &str) -> Code {
        Code {
            vagrantfile: Path::new("/p/Vagrantfile").into(),
            file: file.into(),
            is_evaluated,
            digest: digest.to_owned(),
        }
    }

    #[test]
    fn a_changed_text_is_no_longer_covered_and_takes_the_place_of_the_older() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = Trusted::new(folder.path().join("trusted"));
        let vagrantfile = Path::new("/p/Vagrantfile");
        let (main, old, new) = (
            code("/p/Vagrantfile", false, "1"),
            code("/p/helper.rb", false, "2"),
            code("/p/helper.rb", false, "3"),
        );
        trusted.add(vagrantfile, &[main.clone(), old.clone()]).unwrap();
        let covers = |it: &Code| trusted.entry(vagrantfile).unwrap().covers(it);
        assert!(covers(&main) && covers(&old) && !covers(&new));
        assert!(!covers(&code("/p/Vagrantfile", true, "1")));

        trusted.add(vagrantfile, &[main.clone(), new.clone()]).unwrap();

        assert!(covers(&main) && !covers(&old) && covers(&new));
        assert!(trusted.remove(vagrantfile).unwrap());
        assert!(!trusted.remove(vagrantfile).unwrap());
        assert_eq!(trusted.entry(vagrantfile), None);
    }

    #[test]
    fn a_file_is_the_same_by_another_path_and_a_damaged_note_trusts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = Trusted::new(folder.path().join("trusted"));
        fs::create_dir(folder.path().join("a")).unwrap();
        let file = folder.path().join("a/Vagrantfile");
        fs::write(&file, "").unwrap();

        trusted.add(&file, &[code("/x", false, "1")]).unwrap();

        assert!(trusted.entry(&folder.path().join("a/../a/Vagrantfile")).is_some());
        assert_eq!(trusted.all().len(), 1);
        let note = fs::read_dir(folder.path().join("trusted"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        fs::write(note.path(), "{").unwrap();
        assert_eq!((trusted.entry(&file), trusted.all().len()), (None, 0));
    }
}

//! Which machines are this user's: every claim that was given, with the folder that it was given to.
//!
//! A machine's folder lies in the project, and a project can come from anywhere. A claim that is not noted here was not given here:
//! disks and recorded arguments beside it are a stranger's, and are not handed to a hypervisor.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{Result, create_folder, journal, read_optional, remove_if_there, write_atomically};

/// The claims that were given in a home folder.
#[derive(Debug, Clone)]
pub struct Claims {
    folder: PathBuf,
}

/// What is known of a claim that stands in a machine's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It was given to this folder.
    Ours,
    /// It was given to a folder that is gone: the project was moved.
    Moved,
    /// It was given to a folder that still has it: this one is a copy.
    Copied(PathBuf),
    /// It was not given here.
    Unknown,
}

impl Claims {
    /// The claims in a folder, which need not be there.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Notes that a claim is given to a machine's folder.
    pub fn note(&self, claim: Uuid, machine: &Path) -> Result<()> {
        create_folder(&self.folder)?;
        write_atomically(&self.file(claim), machine.as_os_str().as_encoded_bytes())
    }

    /// Forgets a claim.
    pub fn forget(&self, claim: Uuid) -> Result<()> {
        remove_if_there(&self.file(claim))
    }

    /// Whether a claim that stands in a folder is the folder's own.
    pub fn standing(&self, claim: Uuid, machine: &Path) -> Result<Standing> {
        let Some(noted) = read_optional(&self.file(claim))? else {
            return Ok(Standing::Unknown);
        };
        let noted = PathBuf::from(noted);
        if is_same_folder(&noted, machine) {
            return Ok(Standing::Ours);
        }
        let is_there = journal::read(&noted.join("journal")).is_ok_and(|it| it.claim == Some(claim));
        Ok(if is_there {
            Standing::Copied(noted)
        } else {
            Standing::Moved
        })
    }

    fn file(&self, claim: Uuid) -> PathBuf {
        self.folder.join(claim.to_string())
    }
}

/// The same folder may be reached by two paths.
fn is_same_folder(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::journal::{Entry, Journal};

    #[test]
    fn a_copied_folder_is_told_from_a_moved_one_and_from_a_strangers() {
        let home = tempfile::tempdir().unwrap();
        let claims = Claims::new(home.path().join("claims"));
        let claim = Uuid::from_u128(7);
        let (first, second) = (home.path().join("first"), home.path().join("second"));
        for folder in [&first, &second] {
            std::fs::create_dir(folder).unwrap();
            let mut journal = Journal::open(&folder.join("journal")).unwrap();
            journal.append(Entry::Claim { claim }).unwrap();
        }
        assert_eq!(claims.standing(claim, &first).unwrap(), Standing::Unknown);

        claims.note(claim, &first).unwrap();

        assert_eq!(claims.standing(claim, &first).unwrap(), Standing::Ours);
        assert_eq!(
            claims.standing(claim, &second).unwrap(),
            Standing::Copied(first.clone())
        );
        std::fs::remove_dir_all(&first).unwrap();
        assert_eq!(claims.standing(claim, &second).unwrap(), Standing::Moved);
        claims.forget(claim).unwrap();
        assert_eq!(claims.standing(claim, &second).unwrap(), Standing::Unknown);
    }
}

//! Which machines are this user's: every claim that was given, with the folder that it was given to.
//!
//! A machine's folder lies in the project, and a project can come from anywhere. A claim that is not noted here was not given here:
//! disks and recorded arguments beside it are a stranger's, and are not handed to a hypervisor.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Error, Result, create_folder, journal, moved, read_optional, remove_if_there, sweep, write_atomically};

/// The claims that were given in a home folder.
#[derive(Debug, Clone)]
pub struct Claims {
    folder: PathBuf,
}

/// A claim, and the machine's folder that it was given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The claim.
    pub claim: Uuid,
    /// The folder, which may be gone.
    pub folder: PathBuf,
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

    /// Removes what writers that were killed have left.
    pub fn sweep(&self) {
        sweep(&self.folder);
    }

    /// Notes that a claim is given to a machine's folder.
    pub fn note(&self, claim: Uuid, machine: &Path) -> Result<()> {
        create_folder(&self.folder)?;
        let text = serde_json::json!({ "folder": machine, "place": place(machine) }).to_string();
        write_atomically(&self.file(claim), text.as_bytes())?;
        remove_if_there(&self.given_up(claim))
    }

    /// The claims that were given to a machine's folder, and not to another one that was in its place.
    pub fn given_to(&self, machine: &Path) -> Result<Vec<Uuid>> {
        let Some(here) = place(machine) else {
            return Ok(Vec::new());
        };
        let mut given = Vec::new();
        for (claim, file) in self.all()? {
            // Whoever asks for one machine does not fail for what is noted of another.
            let noted = read_optional(&file)?.and_then(|it| serde_json::from_str::<Noted>(&it).ok());
            if noted.is_some_and(|it| it.place == Some(here) && is_same_folder(&it.folder, machine)) {
                given.push(claim);
            }
        }
        Ok(given)
    }

    /// All claims that were given, as far as they can be read.
    pub fn list(&self) -> Result<Vec<Given>> {
        let mut list = Vec::new();
        for (claim, file) in self.all()? {
            let noted = read_optional(&file)?.and_then(|it| serde_json::from_str::<Noted>(&it).ok());
            list.extend(noted.map(|it| Given {
                claim,
                folder: it.folder,
            }));
        }
        list.sort_by(|one, other| one.folder.cmp(&other.folder));
        Ok(list)
    }

    /// The claim that a file is about, if it is one of these.
    pub fn noted_in(&self, file: &Path) -> Option<Uuid> {
        let name = file.strip_prefix(&self.folder).ok()?;
        Uuid::parse_str(name.to_str()?).ok()
    }

    /// All claims, with the files that they are noted in.
    fn all(&self) -> Result<Vec<(Uuid, PathBuf)>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::file("read", &self.folder)(error)),
        };
        let files = entries.flatten().map(|it| it.path());
        let claim = |it: &PathBuf| Uuid::parse_str(it.file_name()?.to_str()?).ok();
        Ok(files.filter_map(|it| Some((claim(&it)?, it))).collect())
    }

    /// Where the folder of a claim is now, if it was moved to where it is looked for.
    pub fn moved_to(&self, claim: Uuid) -> Result<Option<PathBuf>> {
        let Some(Noted {
            folder,
            place: Some(noted),
        }) = self.noted(claim)?
        else {
            return Ok(None);
        };
        // A number is given again to other folders.
        let is_it = |it: &Path| place(it) == Some(noted) && has_claim(it, claim);
        Ok(moved::find(&folder, is_it))
    }

    /// Forgets a claim.
    pub fn forget(&self, claim: Uuid) -> Result<()> {
        remove_if_there(&self.file(claim))?;
        remove_if_there(&self.given_up(claim))
    }

    /// Lists a claim no longer whose folder is not where it was. Should the folder turn up, it is still known to be this user's.
    pub fn give_up(&self, claim: Uuid) -> Result<()> {
        match std::fs::rename(self.file(claim), self.given_up(claim)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::file("rename", &self.file(claim))(error))
            }
            _ => Ok(()),
        }
    }

    /// Whether a claim that stands in a folder is the folder's own.
    pub fn standing(&self, claim: Uuid, machine: &Path) -> Result<Standing> {
        let Some(noted) = self.noted(claim)? else {
            return Ok(Standing::Unknown);
        };
        if is_same_folder(&noted.folder, machine) {
            return Ok(Standing::Ours);
        }
        let (noted, moved) = (noted.folder, noted.place.is_some() && noted.place == place(machine));
        Ok(match (has_claim(&noted, claim), moved) {
            (true, _) => Standing::Copied(noted),
            (false, true) => Standing::Moved,
            // A copy of a folder that was moved or removed since.
            (false, false) => Standing::Unknown,
        })
    }

    fn noted(&self, claim: Uuid) -> Result<Option<Noted>> {
        for file in [self.file(claim), self.given_up(claim)] {
            if let Some(text) = read_optional(&file)? {
                let damaged = |error: serde_json::Error| Error::Damaged {
                    path: file.clone(),
                    reason: error.to_string(),
                };
                return serde_json::from_str(&text).map(Some).map_err(damaged);
            }
        }
        Ok(None)
    }

    fn file(&self, claim: Uuid) -> PathBuf {
        self.folder.join(claim.to_string())
    }

    /// No uuid, and so in no list.
    fn given_up(&self, claim: Uuid) -> PathBuf {
        self.folder.join(format!("{claim}.given-up"))
    }
}

fn has_claim(folder: &Path, claim: Uuid) -> bool {
    journal::read(&folder.join("journal")).is_ok_and(|it| it.claim == Some(claim))
}

/// What is noted of a claim.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    folder: PathBuf,
    /// Device and number of the folder's inode: they stay when it is moved, and are others in a copy.
    place: Option<(u64, u64)>,
}

fn place(folder: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(folder).ok().map(|it| (it.dev(), it.ino()))
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
        let third = home.path().join("third");
        std::fs::rename(&first, &third).unwrap();
        assert_eq!(claims.standing(claim, &third).unwrap(), Standing::Moved);
        assert_eq!(claims.moved_to(claim).unwrap(), Some(third.clone()));
        claims.give_up(claim).unwrap();
        assert_eq!(claims.list().unwrap(), []);
        assert_eq!(claims.standing(claim, &third).unwrap(), Standing::Moved);
        assert_eq!(claims.standing(claim, &second).unwrap(), Standing::Unknown);
        claims.forget(claim).unwrap();
        assert_eq!(claims.standing(claim, &second).unwrap(), Standing::Unknown);
    }
}

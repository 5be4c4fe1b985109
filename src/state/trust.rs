//! Which Vagrantfiles the user trusts, by the digest of their place and content: a changed file is another file, and so is the
//! same text elsewhere, which may load other files from beside it.
//!
//! The files that a trusted one loads are not looked at: they are trusted with it.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Error, Result, create_folder, write_atomically};

/// The digests of the trusted Vagrantfiles in a home folder.
#[derive(Debug, Clone)]
pub struct Trusted {
    folder: PathBuf,
}

impl Trusted {
    /// The trusted files noted in a folder, which need not be there.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether the user trusts the file as it is now, where it is now.
    pub fn has(&self, vagrantfile: &Path) -> bool {
        digest(vagrantfile).is_ok_and(|it| self.folder.join(it).is_file())
    }

    /// Notes that the user trusts the file as it is now, where it is now.
    pub fn add(&self, vagrantfile: &Path) -> Result<()> {
        create_folder(&self.folder)?;
        write_atomically(
            &self.folder.join(digest(vagrantfile)?),
            vagrantfile.as_os_str().as_encoded_bytes(),
        )
    }
}

fn digest(vagrantfile: &Path) -> Result<String> {
    let content = std::fs::read(vagrantfile).map_err(Error::file("read", vagrantfile))?;
    let place = std::fs::canonicalize(vagrantfile).map_err(Error::file("read", vagrantfile))?;
    let mut hasher = Sha256::new();
    hasher.update(place.as_os_str().as_encoded_bytes());
    // No path has a zero in it, so that no path and content can be taken for another pair.
    hasher.update([0]);
    hasher.update(content);
    Ok(hasher.finalize().iter().map(|it| format!("{it:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_no_longer_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("Vagrantfile");
        std::fs::write(&file, "one").unwrap();
        let trusted = Trusted::new(folder.path().join("trusted"));
        assert!(!trusted.has(&file));

        trusted.add(&file).unwrap();

        assert!(trusted.has(&file));
        std::fs::write(&file, "two").unwrap();
        assert!(!trusted.has(&file));
    }

    #[test]
    fn the_same_text_elsewhere_is_not_trusted_and_the_same_file_by_another_path_is() {
        let folder = tempfile::tempdir().unwrap();
        let trusted = Trusted::new(folder.path().join("trusted"));
        for name in ["a", "b"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("Vagrantfile"), "load 'other.rb'").unwrap();
        }

        trusted.add(&folder.path().join("a/Vagrantfile")).unwrap();

        assert!(!trusted.has(&folder.path().join("b/Vagrantfile")));
        assert!(trusted.has(&folder.path().join("b/../a/Vagrantfile")));
    }
}

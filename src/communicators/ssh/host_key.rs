//! The guest's host key, pinned on first contact in a file of the machine's folder.
//!
//! The file is one line in OpenSSH's `known_hosts` format for any host name, since a machine's port changes: what is
//! pinned belongs to the machine, not to an address. It goes when the machine's folder goes.

use std::path::Path;

use russh::keys::{HashAlg, PublicKey};

use super::error::Error;
use super::files::write_private;

/// Reads the pinned key; `None` before first contact.
pub fn read(file: &Path) -> Result<Option<PublicKey>, Error> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Error::Read {
                path: file.to_owned(),
                source,
            });
        }
    };
    let key = text
        .trim()
        .strip_prefix("* ")
        .and_then(|it| PublicKey::from_openssh(it).ok());
    key.map(Some)
        .ok_or_else(|| Error::HostKeyUnreadable { file: file.to_owned() })
}

/// Pins a key.
pub fn pin(file: &Path, key: &PublicKey) -> Result<(), Error> {
    let mut key = key.clone();
    key.set_comment("");
    let line = key
        .to_openssh()
        .map_err(|source| Error::GenerateKey { source: source.into() })?;
    write_private(file, &format!("* {}\n", line.trim_end()))
}

/// A key as people compare it: `ssh-ed25519 SHA256:...`.
pub fn fingerprint(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::communicators::ssh::insecure_keys::InsecureKey;

    fn key() -> PublicKey {
        PublicKey::from_openssh(InsecureKey::Ed25519.public_key()).expect("the key is readable")
    }

    #[test]
    fn nothing_is_pinned_before_first_contact() {
        let folder = tempfile::tempdir().expect("a temporary folder");

        assert_eq!(read(&folder.path().join("host_key")).expect("no file is fine"), None);
    }

    #[test]
    fn what_was_pinned_is_read_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("machine").join("host_key");

        pin(&file, &key()).expect("the folder is writable");

        assert_eq!(read(&file).expect("it was just written"), Some(key()));
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_a_first_contact() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("host_key");
        std::fs::write(&file, "* ssh-ed25519 AAAA").expect("the folder is writable");

        let error = read(&file).expect_err("half a key is no key");

        assert_eq!(
            error.to_string(),
            format!(
                "{} does not hold a host key; delete it to accept the guest's key anew",
                file.display()
            )
        );
    }
}

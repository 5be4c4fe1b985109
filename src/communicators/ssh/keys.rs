//! Private keys on the host: reading the user's, making a machine's own, and which of them a machine is offered.
//!
//! **Invariant:** a private key is on disk, mode 0600, before its public half reaches a guest. It waits under a name of
//! its own (`private_key.new`) until the guest trusts nothing else, so that a crash at any point leaves a way in.

use std::path::{Path, PathBuf};

use russh::keys::ssh_key::LineEnding;
use russh::keys::ssh_key::private::RsaKeypair;
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey, PublicKey};

use super::error::Error;
use super::files::write_private;
use super::insecure_keys::InsecureKey;
use super::target::KeySource;

/// What kind of key a machine gets (`config.ssh.key_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// Ed25519, or RSA where the server cannot.
    Auto,
    Ed25519,
    Ecdsa256,
    Ecdsa384,
    Ecdsa521,
    Rsa,
}

impl KeyType {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Auto | Self::Ed25519 => Algorithm::Ed25519,
            Self::Ecdsa256 => Algorithm::Ecdsa {
                curve: EcdsaCurve::NistP256,
            },
            Self::Ecdsa384 => Algorithm::Ecdsa {
                curve: EcdsaCurve::NistP384,
            },
            Self::Ecdsa521 => Algorithm::Ecdsa {
                curve: EcdsaCurve::NistP521,
            },
            Self::Rsa => Algorithm::Rsa { hash: None },
        }
    }
}

/// The keys to offer a machine, in Vagrant's order: its own where it has one, else what the Vagrantfile names, else
/// the insecure ones.
///
/// The insecure keys come behind the machine's own, too: a snapshot from before the first contact knows only those.
pub fn candidates(machine_key: &Path, configured: &[PathBuf], has_password: bool) -> Vec<KeySource> {
    let own = [machine_key.to_owned(), pending(machine_key)]
        .into_iter()
        .filter(|it| it.is_file());
    let mut keys = own
        .chain(configured.iter().cloned())
        .map(KeySource::File)
        .collect::<Vec<_>>();
    if configured.is_empty() && !has_password {
        keys.extend(InsecureKey::ALL.map(KeySource::Insecure));
    }
    keys
}

/// Makes a machine's own key at once, for a guest that is told of it before its first boot, and returns the line that lets
/// it in.
pub fn make_machine_key(machine_key: &Path, key_type: KeyType) -> Result<String, Error> {
    let key = generate(key_type)?;
    write(machine_key, &key)?;
    authorized_line(key.public_key())
}

/// The line that lets a private key of the host's in.
pub fn line_of(path: &Path) -> Result<String, Error> {
    authorized_line(read(path)?.public_key())
}

/// Where a machine's new key waits until the guest trusts it alone.
pub(super) fn pending(machine_key: &Path) -> PathBuf {
    let mut name = machine_key.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Reads a private key.
pub(super) fn load(source: &KeySource) -> Result<PrivateKey, Error> {
    match source {
        KeySource::File(path) => read(path),
        KeySource::Insecure(key) => russh::keys::decode_secret_key(key.private_key(), None)
            .map_err(|it| Error::GenerateKey { source: it.into() }),
    }
}

fn read(path: &Path) -> Result<PrivateKey, Error> {
    match russh::keys::load_secret_key(path, None) {
        Ok(key) if key.is_encrypted() => Err(Error::PrivateKeyLocked { path: path.to_owned() }),
        Ok(key) => Ok(key),
        Err(russh::keys::Error::KeyIsEncrypted) => Err(Error::PrivateKeyLocked { path: path.to_owned() }),
        Err(source) => Err(Error::PrivateKey {
            path: path.to_owned(),
            source: source.into(),
        }),
    }
}

/// Makes a key pair.
pub(super) fn generate(key_type: KeyType) -> Result<PrivateKey, Error> {
    let failed = |source: russh::keys::ssh_key::Error| Error::GenerateKey { source: source.into() };
    let mut random = russh::keys::key::safe_rng();
    let mut key = match key_type {
        // The library's own default of 4096 bits takes many seconds.
        KeyType::Rsa => RsaKeypair::random(&mut random, 3072).and_then(|it| PrivateKey::new(it.into(), "")),
        _ => PrivateKey::random(&mut random, key_type.algorithm()),
    }
    .map_err(failed)?;
    key.set_comment("jaunt");
    Ok(key)
}

/// Writes a private key in OpenSSH's format, mode 0600.
pub(super) fn write(path: &Path, key: &PrivateKey) -> Result<(), Error> {
    let text = key
        .to_openssh(LineEnding::LF)
        .map_err(|source| Error::GenerateKey { source: source.into() })?;
    write_private(path, &text)
}

/// A public key as a line of `authorized_keys`: `TYPE BASE64 COMMENT`.
pub(super) fn authorized_line(key: &PublicKey) -> Result<String, Error> {
    key.to_openssh()
        .map_err(|source| Error::GenerateKey { source: source.into() })
}

/// Puts the insecure private keys where Vagrant keeps them, for programs that want files, and returns their paths.
pub fn place_insecure_keys(home: &Path) -> Result<Vec<PathBuf>, Error> {
    let place = |key: InsecureKey| {
        let path = home.join("insecure_private_keys").join(match key {
            InsecureKey::Rsa => "vagrant.key.rsa",
            InsecureKey::Ed25519 => "vagrant.key.ed25519",
        });
        if !std::fs::read_to_string(&path).is_ok_and(|it| it == key.private_key()) {
            write_private(&path, key.private_key())?;
        }
        Ok(path)
    };
    InsecureKey::ALL.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_key_is_private_and_reads_back() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("private_key");
        for key_type in [
            KeyType::Ed25519,
            KeyType::Ecdsa256,
            KeyType::Ecdsa384,
            KeyType::Ecdsa521,
        ] {
            let key = generate(key_type).expect("there is randomness");

            write(&path, &key).expect("the folder is writable");

            assert_eq!(
                load(&KeySource::File(path.clone()))
                    .expect("it was just written")
                    .public_key(),
                key.public_key()
            );
            assert_private(&path);
        }
    }

    #[cfg(unix)]
    fn assert_private(path: &Path) {
        use std::os::unix::fs::PermissionsExt;
        let mode = path.metadata().expect("the file is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[cfg(not(unix))]
    fn assert_private(_: &Path) {}

    #[test]
    fn a_machine_without_a_key_of_its_own_is_offered_the_insecure_ones() {
        let offered = candidates(Path::new("/nowhere/private_key"), &[], false);

        assert_eq!(offered, InsecureKey::ALL.map(KeySource::Insecure));
    }

    #[test]
    fn a_key_that_waits_is_offered_after_a_crash() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("private_key");
        std::fs::write(pending(&path), "x").expect("the folder is writable");

        let offered = candidates(&path, &[], false);

        assert_eq!(offered.first(), Some(&KeySource::File(pending(&path))));
    }

    #[test]
    fn a_configured_key_or_password_takes_the_place_of_the_insecure_ones() {
        let own = PathBuf::from("/keys/mine");

        assert_eq!(
            candidates(Path::new("/nowhere/k"), std::slice::from_ref(&own), false),
            [KeySource::File(own)]
        );
        assert_eq!(candidates(Path::new("/nowhere/k"), &[], true), []);
    }

    #[test]
    fn a_key_with_a_pass_phrase_says_so() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("locked");
        let key = generate(KeyType::Ed25519).expect("there is randomness");
        let locked = key
            .encrypt(&mut russh::keys::key::safe_rng(), "secret")
            .expect("the key can be locked");
        write(&path, &locked).expect("the folder is writable");

        let error = load(&KeySource::File(path)).expect_err("nobody gave the pass phrase");

        assert!(matches!(error, Error::PrivateKeyLocked { .. }), "{error:?}");
    }
}

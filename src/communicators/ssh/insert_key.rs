//! Giving a machine a key of its own on first contact (`config.ssh.insert_key`), and taking the insecure one away.
//!
//! The order makes every crash harmless: the new key is on the host's disk, then in the guest, then the guest's server says that
//! it lets it in, and only then does the insecure key go. Each part may run twice.

use std::path::Path;

use russh::keys::PrivateKey;

use super::connection::Connection;
use super::error::Error;
use super::insecure_keys::InsecureKey;
use super::keys::{self, KeyType};
use super::login::Login;
use super::shell::quote;
use super::target::{KeySource, SshTarget};
use crate::communicators::Stream;

/// Whether a machine lacks a key of its own, or the work of giving it one was interrupted.
pub fn is_needed(connection: &Connection, machine_key: &Path) -> bool {
    connection.login().is_insecure() || entered_with(connection, &keys::pending(machine_key))
}

/// Gives the machine a key of its own, which is at `machine_key` afterwards, and removes the insecure ones from the guest.
pub async fn insert_key(
    connection: &Connection,
    target: &SshTarget,
    machine_key: &Path,
    key_type: KeyType,
) -> Result<(), Error> {
    let pending = keys::pending(machine_key);
    if !entered_with(connection, &pending) {
        add_and_verify(connection, target, machine_key, key_type).await?;
    }
    let key = keys::load(&KeySource::File(pending.clone()))?;
    remove_insecure(connection, target, &key).await?;
    std::fs::rename(&pending, machine_key).map_err(|source| Error::Write {
        path: machine_key.to_owned(),
        source,
    })
}

fn entered_with(connection: &Connection, key: &Path) -> bool {
    matches!(connection.login(), Login::Key { source: KeySource::File(path), .. } if path == key)
}

async fn add_and_verify(
    connection: &Connection,
    target: &SshTarget,
    machine_key: &Path,
    key_type: KeyType,
) -> Result<(), Error> {
    let pending = keys::pending(machine_key);
    for &key_type in types_to_try(key_type, connection.banner()) {
        keys::write(&pending, &key_to_insert(machine_key, key_type)?)?;
        // As it is on the disk: a key that cannot be read back opens nothing.
        let key = keys::load(&KeySource::File(pending.clone()))?;
        // A slow guest takes as long to greet as to write a line, and can do both at once.
        let (added, doorstep) = tokio::join!(add(connection, target, &key), connection.approach(target));
        added?;
        if doorstep?.would_accept(target, &key).await? {
            return Ok(());
        }
        remove(connection, target, &[blob(&key)?], None).await?;
        std::fs::remove_file(&pending).map_err(|source| Error::Write {
            path: pending.clone(),
            source,
        })?;
    }
    Err(Error::NewKeyRefused {
        user: target.user.clone(),
    })
}

/// A key that an earlier run left behind, or the machine had before (its disk may be older than its key), or a fresh one.
fn key_to_insert(machine_key: &Path, key_type: KeyType) -> Result<PrivateKey, Error> {
    for known in [keys::pending(machine_key), machine_key.to_owned()] {
        if known.is_file()
            && let Ok(key) = keys::load(&KeySource::File(known))
        {
            return Ok(key);
        }
    }
    keys::generate(key_type)
}

fn types_to_try(wanted: KeyType, banner: &str) -> &'static [KeyType] {
    match wanted {
        KeyType::Auto if knows_ed25519(banner) => &[KeyType::Ed25519, KeyType::Rsa],
        KeyType::Auto | KeyType::Rsa => &[KeyType::Rsa],
        KeyType::Ed25519 => &[KeyType::Ed25519],
        KeyType::Ecdsa256 => &[KeyType::Ecdsa256],
        KeyType::Ecdsa384 => &[KeyType::Ecdsa384],
        KeyType::Ecdsa521 => &[KeyType::Ecdsa521],
    }
}

/// OpenSSH knows ed25519 since 6.5; of other servers nothing is known until they refuse.
fn knows_ed25519(banner: &str) -> bool {
    let Some((_, version)) = banner.split_once("OpenSSH_") else {
        return true;
    };
    let mut numbers = version
        .split(|it: char| !it.is_ascii_digit())
        .filter_map(|it| it.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(u32::MAX), numbers.next().unwrap_or(0));
    version >= (6, 5)
}

async fn add(connection: &Connection, target: &SshTarget, key: &PrivateKey) -> Result<(), Error> {
    let (line, blob) = (quote(&keys::authorized_line(key.public_key())?), quote(&blob(key)?));
    let script = format!(
        r#"set -e
umask 077
mkdir -p "$HOME/.ssh"
chmod 700 "$HOME/.ssh"
file=$HOME/.ssh/authorized_keys
touch "$file"
if ! grep -qF {blob} "$file"; then
  if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then echo >> "$file"; fi
  echo {line} >> "$file"
fi
chmod 600 "$file"
"#
    );
    change(connection, target, "add the new key to", &script).await
}

async fn remove_insecure(connection: &Connection, target: &SshTarget, own: &PrivateKey) -> Result<(), Error> {
    let insecure = InsecureKey::ALL.map(|it| it.public_key().split(' ').nth(1).unwrap_or_default().to_owned());
    remove(connection, target, &insecure, Some(blob(own)?)).await
}

/// Takes lines out of the list, unless what must stay in it would go too.
async fn remove(
    connection: &Connection,
    target: &SshTarget,
    blobs: &[String],
    keep: Option<String>,
) -> Result<(), Error> {
    let patterns = blobs
        .iter()
        .map(|it| format!("-e {}", quote(it)))
        .collect::<Vec<_>>()
        .join(" ");
    let keep = keep
        .map(|it| format!("grep -qF {} \"$file.jaunt\"", quote(&it)))
        .unwrap_or_default();
    // The guest may be killed right after this, and must not come back with the old list or half a list: hence `sync`. One that
    // knows no file names writes everything.
    let script = format!(
        r#"set -e
umask 077
file=$HOME/.ssh/authorized_keys
[ -f "$file" ] || exit 0
grep -vF {patterns} "$file" > "$file.jaunt" || [ $? -eq 1 ]
{keep}
chmod 600 "$file.jaunt"
mv -f "$file.jaunt" "$file"
sync "$file" "$HOME/.ssh" 2>/dev/null || sync
"#
    );
    change(connection, target, "remove a key from", &script).await
}

async fn change(connection: &Connection, target: &SshTarget, attempt: &'static str, script: &str) -> Result<(), Error> {
    let mut said = Vec::new();
    let mut collect = |_: Stream, bytes: &[u8]| said.extend_from_slice(bytes);
    let exit = connection
        .execute(&format!("sh -c {}", quote(script)), None, &mut collect)
        .await?;
    match exit.code {
        0 => Ok(()),
        code => {
            let said = String::from_utf8_lossy(&said).trim().to_owned();
            Err(Error::AuthorizedKeys {
                attempt,
                user: target.user.clone(),
                code,
                said,
            })
        }
    }
}

/// The part of a public key that identifies it in a list, whatever its comment and options are.
fn blob(key: &PrivateKey) -> Result<String, Error> {
    Ok(keys::authorized_line(key.public_key())?
        .split(' ')
        .nth(1)
        .unwrap_or_default()
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_before_openssh_6_5_get_rsa() {
        assert!(!knows_ed25519("SSH-2.0-OpenSSH_5.9p1 Debian-5ubuntu1.10"));
        assert!(!knows_ed25519("SSH-2.0-OpenSSH_6.4"));
        assert!(knows_ed25519("SSH-2.0-OpenSSH_6.5p1"));
        assert!(knows_ed25519("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"));
        assert!(knows_ed25519("SSH-2.0-OpenSSH_for_Windows_8.1"));
        assert!(knows_ed25519("SSH-2.0-dropbear_2022.83"));
    }
}

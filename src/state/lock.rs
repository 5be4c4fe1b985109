//! A lock on one machine: who changes it holds one, who only reads needs none.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::{Error, Result, open_own};

/// The right to change one machine; given back when dropped, or when the process dies.
#[derive(Debug)]
pub struct MachineLock {
    _file: File,
}

impl MachineLock {
    /// Takes the lock at once or says who has it. `command` is what the next one is told.
    pub fn take(path: &Path, command: &str) -> Result<Self> {
        let mut file = open_own(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked {
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(source)) => {
                return Err(Error::File {
                    action: "lock",
                    path: path.to_owned(),
                    source,
                });
            }
        }
        sign(&mut file, command).map_err(Error::file("write", path))?;
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File, command: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "`jaunt {command}`, process {}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(length) if length > 0 => text,
        _ => "it has not said its name yet".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_is_told_who_was_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = MachineLock::take(&path, "up").unwrap();

        let second = MachineLock::take(&path, "halt").unwrap_err();

        let expected = format!(
            "another command works on this machine: `jaunt up`, process {}",
            std::process::id()
        );
        assert_eq!(second.to_string(), expected);
        drop(first);
        MachineLock::take(&path, "halt").unwrap();
    }
}

#[cfg(test)]
mod link_tests {
    use super::*;

    #[test]
    fn a_link_in_the_locks_place_is_refused_and_its_target_stays() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join("lock")).unwrap();

        MachineLock::take(&folder.path().join("lock"), "up").unwrap_err();

        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    }
}

//! A lock on one machine: who changes it holds one, who only reads needs none.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

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
        for _ in 0..GLANCES {
            match file.try_lock() {
                Ok(()) => {
                    sign(&mut file, command).map_err(Error::file("write", path))?;
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(Error::file("lock", path)(source)),
            }
            if let Some(holder) = holder(&mut file).map_err(Error::file("read", path))? {
                return Err(Error::Locked { holder });
            }
            std::thread::sleep(GLANCE);
        }
        Err(Error::Locked {
            holder: "it has not said its name yet".to_owned(),
        })
    }
}

/// Who takes the lock signs it at once; until then the file has nobody's name, or that of somebody who is gone.
const GLANCES: u32 = 50;
const GLANCE: Duration = Duration::from_millis(10);

fn sign(file: &mut File, command: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "`jaunt {command}`, process {}", std::process::id())
}

/// The one who signed, unless that process has ended.
fn holder(file: &mut File) -> io::Result<Option<String>> {
    file.rewind()?;
    let mut signature = Vec::new();
    file.read_to_end(&mut signature)?;
    let text = String::from_utf8_lossy(&signature).into_owned();
    let process = text.rsplit_once(' ').and_then(|it| it.1.parse().ok());
    let lives = |it| rustix::process::test_kill_process(it) != Err(rustix::io::Errno::SRCH);
    let signed = process.and_then(rustix::process::Pid::from_raw).is_some_and(lives);
    Ok(signed.then_some(text))
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

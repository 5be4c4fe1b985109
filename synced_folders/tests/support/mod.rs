//! A guest that is this host's own shell: scripts run for real, in a temporary folder, with GNU's tools or with busybox's.

#![allow(dead_code, reason = "every suite uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test helper")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use synced_folders::copy::OneWayCopy;
use synced_folders::{Error, Folder, GuestShell, Input, Output, Result, Synced, SyncedFolder};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Whose `sh`, `find`, `stat` and `tar` the guest has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tools {
    Host,
    /// The host's, with the shell that Vagrant asks guests for.
    Bash,
    Busybox,
}

pub const ALL_TOOLS: [Tools; 3] = [Tools::Host, Tools::Bash, Tools::Busybox];

/// This host's shell in the place of a guest.
pub struct LocalShell {
    user: String,
    shell: Vec<OsString>,
    path: OsString,
    bin: TempDir,
    /// How many scripts ran.
    pub runs: AtomicUsize,
    /// After how many bytes of input the connection breaks.
    pub breaks_after: AtomicU64,
}

impl LocalShell {
    pub fn new(tools: Tools) -> Self {
        let bin = tempfile::tempdir().unwrap();
        let (shell, path) = match tools {
            Tools::Host => (vec!["/bin/sh".into()], std::env::var_os("PATH").unwrap()),
            Tools::Bash => (vec!["/bin/bash".into(), "-l".into()], std::env::var_os("PATH").unwrap()),
            Tools::Busybox => {
                for applet in ["find", "stat", "tar", "rm", "mkdir", "id", "grep", "chown", "sh"] {
                    symlink("/bin/busybox", bin.path().join(applet)).unwrap();
                }
                (vec![bin.path().join("sh").into_os_string()], bin.path().into())
            }
        };
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap().trim().to_owned();
        let breaks_after = AtomicU64::new(u64::MAX);
        Self {
            user,
            shell,
            path,
            bin,
            runs: AtomicUsize::new(0),
            breaks_after,
        }
    }

    /// The same with nothing on its PATH but the named programs.
    pub fn with_only(programs: &[&str]) -> Self {
        let mut shell = Self::new(Tools::Host);
        for program in programs {
            symlink(Path::new("/usr/bin").join(program), shell.bin.path().join(program)).unwrap();
        }
        shell.path = shell.bin.path().into();
        shell
    }

    pub fn runs(&self) -> usize {
        self.runs.swap(0, Ordering::SeqCst)
    }
}

#[async_trait]
impl GuestShell for LocalShell {
    async fn run(&self, script: &str, _as_root: bool, input: Option<Input>) -> Result<Output> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let mut command = tokio::process::Command::new(&self.shell[0]);
        command
            .args(&self.shell[1..])
            .arg("-c")
            .arg(script)
            .env_clear()
            .env("PATH", &self.path);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let limit = self.breaks_after.load(Ordering::SeqCst);
        let feed = async move {
            let Some(mut input) = input else {
                return Ok::<_, std::io::Error>(true);
            };
            let mut left = limit;
            let mut buffer = vec![0; 4096];
            loop {
                let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if wanted == 0 {
                    return Ok(false);
                }
                match input.read(&mut buffer[..wanted]).await? {
                    0 => return Ok(true),
                    read if stdin.write_all(&buffer[..read]).await.is_err() => return Ok(read > 0),
                    read => left -= read as u64,
                }
            }
        };
        let (fed, output) = tokio::join!(feed, child.wait_with_output());
        let output = output.unwrap();
        match fed {
            Ok(true) => Ok(Output {
                code: output.status.code().map_or(255, |it| it as u32),
                stdout: output.stdout,
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
            Ok(false) => Err(Error::Connection("cut by the test".into())),
            Err(error) => Err(Error::Connection(error.into())),
        }
    }

    fn user(&self) -> &str {
        &self.user
    }
}

/// A host tree, a guest folder and the state of a copy between them.
pub struct World {
    pub temporary: TempDir,
    pub shell: LocalShell,
    pub exclude: Vec<String>,
    pub guest_name: &'static str,
}

impl World {
    pub fn new(tools: Tools) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        fs::create_dir(temporary.path().join("host")).unwrap();
        Self {
            temporary,
            shell: LocalShell::new(tools),
            exclude: Vec::new(),
            guest_name: "guest",
        }
    }

    pub fn host(&self) -> PathBuf {
        self.temporary.path().join("host")
    }

    pub fn guest(&self) -> PathBuf {
        self.temporary.path().join(self.guest_name)
    }

    pub fn folder(&self) -> Folder {
        Folder {
            id: "/vagrant".to_owned(),
            host: self.host(),
            guest: self.guest().to_str().unwrap().to_owned(),
            owner: None,
            group: None,
            exclude: self.exclude.clone(),
        }
    }

    pub async fn try_copy(&self) -> Result<Synced> {
        let copy = OneWayCopy::new(self.temporary.path().join("state"));
        let mut synced = copy.sync(&[self.folder()], &self.shell, &mut |_| {}).await?;
        Ok(synced.remove(0))
    }

    pub async fn copy(&self) -> Synced {
        self.try_copy().await.unwrap()
    }

    /// Copies, and asserts that the guest has what the host has.
    #[track_caller]
    pub fn assert_same(&self) {
        assert_eq!(tree(&self.guest()), tree(&self.host()));
    }
}

/// Everything below a folder: name to kind, mode, time and content. Times of folders and links are left aside.
pub fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for child in fs::read_dir(&folder).unwrap() {
            let path = child.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o7777;
            let text = if metadata.is_symlink() {
                format!("-> {:?}", fs::read_link(&path).unwrap())
            } else if metadata.is_dir() {
                folders.push(path.clone());
                format!("{mode:o}/")
            } else {
                let content = fs::read(&path).unwrap();
                format!(
                    "{mode:o} {} {} {:?}",
                    metadata.mtime(),
                    content.len(),
                    &content[..content.len().min(40)]
                )
            };
            found.insert(format!("{:?}", path.strip_prefix(root).unwrap()), text);
        }
    }
    found
}

/// Writes a file, making the folders above it.
pub fn write(path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Sets the time of a file's last change.
pub fn touch(path: &Path, seconds: u64) {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    fs::File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

pub fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A name of any bytes.
pub fn name(bytes: &[u8]) -> OsString {
    let name = OsString::from_vec(bytes.to_vec());
    assert_eq!(name.as_bytes(), bytes);
    name
}

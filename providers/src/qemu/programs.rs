//! Finding QEMU's programs and running the short ones.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::{Error, Result};

/// How long a program that only edits a file may take.
const SHORT_RUN: Duration = Duration::from_secs(60);

/// How long one may take that copies a disk.
const LONG_RUN: Duration = Duration::from_secs(4 * 60 * 60);

/// The program of that name in the first folder that has one which can be run.
pub(super) fn find(name: &str, search_path: &[PathBuf]) -> Result<PathBuf> {
    search_path
        .iter()
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|it| is_program(it))
        .ok_or_else(|| Error::NotInstalled {
            program: name.to_owned(),
            advice: advice(),
        })
}

/// Whether the file is there and may be run.
pub(super) fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// What installs QEMU here.
fn advice() -> &'static str {
    if cfg!(target_os = "macos") {
        "install QEMU with `brew install qemu`"
    } else if cfg!(target_os = "windows") {
        "install QEMU with `winget install SoftwareFreedomConservancy.QEMU` and put its folder on PATH"
    } else if cfg!(target_os = "freebsd") {
        "install QEMU with `pkg install qemu-nox11`"
    } else {
        "install QEMU: `apt install qemu-system qemu-utils` on Debian and Ubuntu, `dnf install qemu-kvm qemu-img` on Fedora, \
         `pacman -S qemu-base` on Arch, `zypper install qemu qemu-tools` on openSUSE, `apk add qemu-system-x86_64 qemu-img` on Alpine"
    }
}

/// Runs a short program to its end; its complaint is the error.
pub(super) async fn run(program: &Path, arguments: &[OsString]) -> Result<()> {
    output(program, arguments).await.map(drop)
}

/// The same for one that answers; returns what it writes.
///
/// Ctrl-C at a terminal goes to a whole group of processes: in one of its own, it leaves no image half-edited.
pub(super) async fn output(program: &Path, arguments: &[OsString]) -> Result<Vec<u8>> {
    let mut command = command(program, arguments);
    command.process_group(0);
    output_within(program, command, SHORT_RUN).await
}

/// The same for one that copies whole disks, which the user may end.
pub(super) async fn run_long(program: &Path, arguments: &[OsString]) -> Result<()> {
    let command = command(program, arguments);
    output_within(program, command, LONG_RUN).await.map(drop)
}

fn command(program: &Path, arguments: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

async fn output_within(program: &Path, mut command: Command, patience: Duration) -> Result<Vec<u8>> {
    let name = name_of(program);
    let failed = |source| Error::File {
        action: "run",
        path: program.to_owned(),
        source,
    };
    let output = tokio::time::timeout(patience, command.output())
        .await
        .map_err(|_| Error::NoAnswer {
            backend: "QEMU",
            what: format!("`{name}` did not end within {} s", patience.as_secs()),
        })?
        .map_err(failed)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(Error::Command {
        program: name,
        status: output.status,
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// The name of a program, without its folder.
pub(super) fn name_of(program: &Path) -> String {
    program
        .file_name()
        .unwrap_or(OsStr::new("qemu"))
        .to_string_lossy()
        .into_owned()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_edits_an_image_is_no_part_of_the_terminals_group_of_processes() {
        let script = ["-c", "cut -d' ' -f5 /proc/$$/stat; echo $$"].map(OsString::from);

        let said = output(Path::new("/bin/sh"), &script).await.unwrap();

        let said = String::from_utf8(said).unwrap();
        let (group, process) = said.trim().split_once('\n').unwrap();
        assert_eq!(group, process);
    }
}

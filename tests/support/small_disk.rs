//! A file system that is soon full: a tmpfs over a folder, which a test can mount as root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::processes_with;

/// What the kernel shows as the source of these file systems; the process of the test follows.
const SOURCE: &str = "jaunt-test-";

/// A file system of its own, with little room. Gone when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn at(path: &Path, size: &str) -> Self {
        remove_leftovers();
        let disk = Self(path.to_owned());
        let source = format!("{SOURCE}{}", std::process::id());
        disk.mount(&["-t", "tmpfs", "-o", &format!("size={size}"), &source]);
        disk
    }

    pub fn mount(&self, arguments: &[&str]) {
        let status = Command::new("mount").args(arguments).arg(&self.0).status().unwrap();
        assert!(
            status.success(),
            "this test mounts a file system, for which it must run as root"
        );
    }

    /// Fills it, but for so many pages.
    pub fn fill(&self, free: u64) {
        let space = rustix::fs::statvfs(&self.0).unwrap();
        let bytes = space.f_bavail.saturating_sub(free) * space.f_frsize;
        fs::write(self.0.join("filler"), vec![0; usize::try_from(bytes).unwrap()]).unwrap();
    }

    pub fn empty(&self) {
        let _ = fs::remove_file(self.0.join("filler"));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A run that was killed has dropped nothing: its file systems stay mounted, and its machines run.
fn remove_leftovers() {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    for line in mounts.lines() {
        let Some((process, rest)) = line.strip_prefix(SOURCE).and_then(|it| it.split_once(' ')) else {
            continue;
        };
        if Path::new("/proc").join(process).exists() {
            continue;
        }
        let path = Path::new(rest.split(' ').next().unwrap_or_default());
        let is_world = |it: &&Path| {
            it.file_name()
                .is_some_and(|it| it.to_string_lossy().starts_with("jaunt-"))
        };
        let Some(world) = path.ancestors().find(is_world) else {
            continue;
        };
        for process in processes_with(&world.to_string_lossy()) {
            let _ = Command::new("kill").args(["-9", &process.to_string()]).status();
        }
        let _ = Command::new("umount").arg("-l").arg(path).status();
        let _ = fs::remove_dir_all(world);
    }
}

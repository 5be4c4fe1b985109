//! A file system that is soon full: a tmpfs over a folder, which a test can mount as root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own, with little room. Gone when dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    pub fn at(path: &Path, size: &str) -> Self {
        let disk = Self(path.to_owned());
        disk.mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]);
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

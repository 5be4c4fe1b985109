//! Whether KVM is worth having: the same small program runs once under it and once without it.
//!
//! A `/dev/kvm` that opens may be the work of an outer emulator, in which a guest takes for ever. Such a one is told by time alone. The
//! answer is remembered until the host boots again or QEMU changes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::time::Instant;

use crate::file;

/// A boot sector that counts down from 16 million and ends QEMU.
const PAYLOAD: &[u8] = &[
    0x66, 0xb9, 0x00, 0x00, 0x00, 0x01, // mov ecx, 0x1000000
    0x66, 0x49, // count: dec ecx
    0x75, 0xfc, // jnz count
    0xb0, 0x2a, // mov al, 0x2a
    0xba, 0xf4, 0x00, // mov dx, 0xf4       the debug exit device
    0xee, // out dx, al
    0xf4, // hlt
];

/// How QEMU ends when the payload arrives there: twice what it wrote, and one.
const ARRIVED: i32 = 0x2a * 2 + 1;

/// How long the program may take without KVM; it needs a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Finding {
    /// The host and the QEMU that it was found on.
    place: Fingerprint,
    kvm_works: bool,
}

/// A host since its last boot, and a QEMU.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Fingerprint {
    kernel: String,
    boot: String,
    processor: String,
    program: PathBuf,
    /// A file's size and time tell its version without running it.
    program_size: u64,
    program_changed: i64,
}

/// Whether guests should be given KVM; found out once.
pub(super) async fn kvm_works(program: &Path, cache_folder: &Path) -> bool {
    let path = cache_folder.join("qemu-kvm.json");
    let place = Fingerprint::take(program);
    if let Some(works) = remembered(&path, &place) {
        return works;
    }
    // Machines that start together would disturb each other's measurement: one measures, the others wait for its finding.
    let _turn = take_turn(cache_folder).await;
    if let Some(works) = remembered(&path, &place) {
        return works;
    }
    let kvm_works = measure(program, cache_folder).await;
    // A finding that cannot be kept is found again.
    if let Err(error) = file::write_json(&path, &Finding { place, kvm_works }) {
        tracing::debug!(%error, "the finding about KVM is not kept");
    }
    kvm_works
}

fn remembered(path: &Path, place: &Fingerprint) -> Option<bool> {
    let finding = file::read_json::<Finding>(path).ok()??;
    (finding.place == *place).then_some(finding.kvm_works)
}

/// A lock that ends with the value, or nothing where none can be had in time.
async fn take_turn(cache_folder: &Path) -> Option<fs::File> {
    fs::create_dir_all(cache_folder).ok()?;
    let lock = fs::File::create(cache_folder.join("qemu-kvm.lock")).ok()?;
    let give_up = Instant::now() + PATIENCE;
    while Instant::now() < give_up {
        if lock.try_lock().is_ok() {
            return Some(lock);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

/// Measures a second time before it condemns: the host may have been busy at just that moment.
async fn measure(program: &Path, cache_folder: &Path) -> bool {
    let image = cache_folder.join("qemu-probe.img");
    if fs::create_dir_all(cache_folder)
        .and_then(|()| fs::write(&image, boot_disk()))
        .is_err()
    {
        return true;
    }
    for _ in 0..2 {
        let emulated = run(program, &image, "tcg", "max", PATIENCE).await;
        let limit = limit(emulated);
        let accelerated = run(program, &image, "kvm", "host", limit).await;
        tracing::debug!(?emulated, ?accelerated, ?limit, "KVM measured");
        match accelerated {
            Run::Arrived(_) => return true,
            Run::Failed => return false,
            Run::TooSlow => {}
        }
    }
    false
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Arrived(Duration),
    Failed,
    TooSlow,
}

/// How long KVM may take when emulation took that: as long, and a little for what varies.
fn limit(emulated: Run) -> Duration {
    match emulated {
        Run::Arrived(duration) => duration + Duration::from_millis(250),
        // A QEMU without emulation; nothing to compare with.
        Run::Failed | Run::TooSlow => Duration::from_secs(3),
    }
}

async fn run(program: &Path, image: &Path, accelerator: &str, cpu: &str, patience: Duration) -> Run {
    let mut command = Command::new(program);
    command.args([
        "-no-user-config",
        "-nodefaults",
        "-display",
        "none",
        "-no-reboot",
        "-machine",
        "pc",
        "-m",
        "16",
    ]);
    command.args([
        "-accel",
        accelerator,
        "-cpu",
        cpu,
        "-device",
        "isa-debug-exit,iobase=0xf4,iosize=1",
    ]);
    let mut floppy = std::ffi::OsString::from("if=none,id=probe,format=raw,readonly=on,file=");
    floppy.push(super::arguments::escaped_path(image));
    command
        .arg("-drive")
        .arg(floppy)
        .args(["-device", "floppy,drive=probe"]);
    command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let begin = Instant::now();
    match tokio::time::timeout(patience, command.status()).await {
        Err(_) => Run::TooSlow,
        Ok(Ok(status)) if status.code() == Some(ARRIVED) => Run::Arrived(begin.elapsed()),
        Ok(_) => Run::Failed,
    }
}

fn boot_disk() -> Vec<u8> {
    let mut image = vec![0; 64 * 1024];
    image[..PAYLOAD.len()].copy_from_slice(PAYLOAD);
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    image
}

impl Fingerprint {
    fn take(program: &Path) -> Self {
        let metadata = program.metadata().ok();
        Self {
            kernel: first_line("/proc/sys/kernel/osrelease"),
            boot: first_line("/proc/sys/kernel/random/boot_id"),
            processor: processor(),
            program: program.to_owned(),
            program_size: metadata.as_ref().map_or(0, |it| it.len()),
            program_changed: metadata.as_ref().map_or(0, MetadataExt::mtime),
        }
    }
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines()
        .find(|it| it.starts_with("model name"))
        .unwrap_or_default()
        .to_owned()
}

fn first_line(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kvm_may_take_no_longer_than_emulation_did() {
        let limits = [Run::Arrived(Duration::from_millis(100)), Run::Failed].map(limit);

        assert_eq!(limits, [Duration::from_millis(350), Duration::from_secs(3)]);
    }

    #[tokio::test]
    async fn a_finding_of_this_host_and_program_is_believed_without_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let program = Path::new("/nowhere/qemu");
        let finding = Finding {
            place: Fingerprint::take(program),
            kvm_works: true,
        };
        file::write_json(&folder.path().join("qemu-kvm.json"), &finding).unwrap();

        assert!(kvm_works(program, folder.path()).await);
    }

    #[tokio::test]
    async fn a_finding_of_another_boot_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let program = Path::new("/nowhere/qemu");
        let place = Fingerprint {
            boot: "the last one".to_owned(),
            ..Fingerprint::take(program)
        };
        file::write_json(
            &folder.path().join("qemu-kvm.json"),
            &Finding { place, kvm_works: true },
        )
        .unwrap();

        assert!(!kvm_works(program, folder.path()).await);
    }
}

//! What executes the guest's instructions: the host's hypervisor where it works, else QEMU itself (TCG).
//!
//! KVM on Linux is measured before it is trusted. HVF on macOS and WHPX on Windows are chosen where the system says it has them; that
//! code has never been run.

use std::path::Path;

use super::architecture::Architecture;

/// The accelerators to be tried, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accelerator {
    names: Vec<String>,
}

impl Accelerator {
    /// Those of a setting: `kvm`, `tcg,thread=multi`, `kvm:tcg`.
    pub(super) fn of_setting(setting: &str) -> Self {
        Self {
            names: setting.split(':').map(str::to_owned).collect(),
        }
    }

    /// QEMU's own.
    pub(super) fn tcg() -> Self {
        Self::of_setting("tcg")
    }

    /// Those that a machine type names in itself: `q35,accel=kvm:tcg`.
    pub(super) fn of_machine_type(machine: &str) -> Option<Self> {
        machine
            .split(',')
            .find_map(|it| it.strip_prefix("accel="))
            .map(Self::of_setting)
    }

    /// What `-accel` is given.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the guest can be given the host's own processor.
    pub(super) fn has_host_cpu(&self) -> bool {
        self.names
            .iter()
            .all(|it| matches!(it.split(',').next(), Some("kvm" | "hvf")))
    }
}

/// An accelerator, and why it is not a better one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) accelerator: Accelerator,
    pub(super) notice: Option<String>,
}

impl Choice {
    fn hypervisor(name: &str) -> Self {
        Self {
            accelerator: Accelerator::of_setting(name),
            notice: None,
        }
    }

    fn emulation(reason: &str) -> Self {
        let notice = format!("{reason}; the machine is emulated (TCG), which is slow");
        Self {
            accelerator: Accelerator::tcg(),
            notice: Some(notice),
        }
    }
}

/// Chooses for a guest on this host.
pub(super) async fn choose(architecture: Architecture, program: &Path, cache_folder: &Path) -> Choice {
    if !architecture.runs_on(std::env::consts::ARCH) {
        let (guest, host) = (architecture.name, std::env::consts::ARCH);
        return Choice::emulation(&format!("the guest's processor is {guest} and this host's is {host}"));
    }
    choose_hypervisor(architecture, program, cache_folder).await
}

#[cfg(target_os = "linux")]
async fn choose_hypervisor(architecture: Architecture, program: &Path, cache_folder: &Path) -> Choice {
    use std::io::ErrorKind;

    let device = std::fs::OpenOptions::new().read(true).write(true).open("/dev/kvm");
    match device.map_err(|it| it.kind()) {
        Ok(_) if !architecture.is_pc() || super::probe::kvm_works(program, cache_folder).await => {
            Choice::hypervisor("kvm")
        }
        Ok(_) => Choice::emulation(
            "`/dev/kvm` is there, but a small program runs in it no faster than without it, or not at all (it is probably emulated)",
        ),
        Err(ErrorKind::PermissionDenied) => Choice::emulation(
            "this user may not use `/dev/kvm` (`sudo usermod -aG kvm $USER` and a new login give access)",
        ),
        Err(_) => Choice::emulation(
            "this host has no `/dev/kvm` (virtualisation is off in its firmware, or the module kvm_intel or kvm_amd is not loaded)",
        ),
    }
}

#[cfg(target_os = "macos")]
async fn choose_hypervisor(_: Architecture, _: &Path, _: &Path) -> Choice {
    let asked = tokio::process::Command::new("/usr/sbin/sysctl")
        .args(["-n", "kern.hv_support"])
        .output()
        .await;
    match asked {
        Ok(answer) if answer.stdout.starts_with(b"1") => Choice::hypervisor("hvf"),
        _ => Choice::emulation("this Mac has no hypervisor framework"),
    }
}

#[cfg(target_os = "windows")]
async fn choose_hypervisor(_: Architecture, _: &Path, _: &Path) -> Choice {
    if Path::new(r"C:\Windows\System32\WinHvPlatform.dll").exists() {
        return Choice::hypervisor("whpx");
    }
    Choice::emulation("the feature `Windows Hypervisor Platform` is off")
}

#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
async fn choose_hypervisor(_: Architecture, _: &Path, _: &Path) -> Choice {
    Choice::emulation("no hypervisor is known on this system")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_type_may_name_accelerators() {
        let accelerator = Accelerator::of_machine_type("virt,accel=hvf:tcg,highmem=off").unwrap();

        assert_eq!(accelerator.names(), ["hvf", "tcg"]);
        assert!(!accelerator.has_host_cpu());
    }

    #[tokio::test]
    async fn a_guest_of_another_architecture_is_emulated_and_that_is_said() {
        let foreign = if cfg!(target_arch = "s390x") {
            "aarch64"
        } else {
            "s390x"
        };

        let choice = choose(
            Architecture::named(foreign).unwrap(),
            Path::new("/nowhere"),
            Path::new("/nowhere"),
        )
        .await;

        assert_eq!(choice.accelerator.names(), ["tcg"]);
        assert!(choice.notice.unwrap().contains("is emulated"));
    }
}

//! UEFI: packages carry it in two files, the code, which is shared, and the variables, of which each machine has its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::architecture::Architecture;
use super::files::{MachineFiles, VARIABLES};
use super::programs;
use crate::{Error, Result};

/// UEFI, ready for one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Uefi {
    code: PathBuf,
    variables: PathBuf,
}

/// Where packages put code and variables, for each architecture; a relative one is below the folder that holds `bin`.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "x86_64",
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_VARS_4M.fd",
    ),
    ("x86_64", "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    (
        "x86_64",
        "/usr/share/edk2/ovmf/OVMF_CODE.fd",
        "/usr/share/edk2/ovmf/OVMF_VARS.fd",
    ),
    (
        "x86_64",
        "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
        "/usr/share/edk2/x64/OVMF_VARS.4m.fd",
    ),
    (
        "x86_64",
        "/usr/share/qemu/ovmf-x86_64-code.bin",
        "/usr/share/qemu/ovmf-x86_64-vars.bin",
    ),
    (
        "x86_64",
        "share/qemu/edk2-x86_64-code.fd",
        "share/qemu/edk2-i386-vars.fd",
    ),
    (
        "i386",
        "/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd",
        "/usr/share/OVMF/OVMF32_VARS_4M.fd",
    ),
    ("i386", "share/qemu/edk2-i386-code.fd", "share/qemu/edk2-i386-vars.fd"),
    (
        "aarch64",
        "/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd",
        "/usr/share/AAVMF/AAVMF_VARS.fd",
    ),
    (
        "aarch64",
        "/usr/share/AAVMF/AAVMF_CODE.fd",
        "/usr/share/AAVMF/AAVMF_VARS.fd",
    ),
    (
        "aarch64",
        "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw",
        "/usr/share/edk2/aarch64/vars-template-pflash.raw",
    ),
    (
        "aarch64",
        "share/qemu/edk2-aarch64-code.fd",
        "share/qemu/edk2-arm-vars.fd",
    ),
    (
        "arm",
        "/usr/share/AAVMF/AAVMF32_CODE.fd",
        "/usr/share/AAVMF/AAVMF32_VARS.fd",
    ),
    ("arm", "share/qemu/edk2-arm-code.fd", "share/qemu/edk2-arm-vars.fd"),
    (
        "riscv64",
        "/usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd",
        "/usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd",
    ),
    (
        "riscv64",
        "share/qemu/edk2-riscv-code.fd",
        "share/qemu/edk2-riscv-vars.fd",
    ),
];

impl Uefi {
    /// UEFI for this architecture, with variables of the machine's own. They are in a format that snapshots can be taken of.
    pub(super) async fn prepare(
        architecture: Architecture,
        program: &Path,
        qemu_img: &Path,
        files: &MachineFiles,
    ) -> Result<Self> {
        let (code, template) = find(architecture.name, program).ok_or(Error::NotInstalled {
            program: format!("the UEFI firmware of {} machines", architecture.name),
            advice: "install it: `apt install ovmf qemu-efi-aarch64 qemu-efi-arm` on Debian and Ubuntu, `dnf install edk2-ovmf \
                     edk2-aarch64` on Fedora, `pacman -S edk2-ovmf` on Arch; Homebrew's `qemu` brings it along",
        })?;
        let variables = files.firmware_variables();
        if !variables.exists() {
            let unfinished = files.unfinished(&variables);
            let mut arguments: Vec<OsString> = ["convert", "-q", "-f", "raw", "-O", "qcow2"].map(Into::into).into();
            arguments.extend([template.into(), unfinished.clone().into()]);
            programs::run(qemu_img, &arguments).await?;
            super::disk::finish(&unfinished, &variables)?;
        }
        Ok(Self { code, variables })
    }

    /// Adds it to a command line.
    pub(super) fn add_to(&self, arguments: &mut Vec<OsString>) {
        let part = |settings: &str, path: &Path| {
            let mut drive = OsString::from(format!("if=pflash,{settings},file="));
            drive.push(super::arguments::escaped_path(path));
            ["-drive".into(), drive]
        };
        arguments.extend(part("unit=0,format=raw,readonly=on", &self.code));
        let settings = format!("unit=1,format=qcow2,node-name={VARIABLES}");
        arguments.extend(part(&settings, &self.variables));
    }
}

fn find(architecture: &str, program: &Path) -> Option<(PathBuf, PathBuf)> {
    let program = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let prefix = program.parent().and_then(Path::parent).unwrap_or(Path::new("/usr"));
    KNOWN
        .iter()
        .filter(|it| it.0 == architecture)
        .map(|it| (prefix.join(it.1), prefix.join(it.2)))
        .find(|it| it.0.exists() && it.1.exists())
}

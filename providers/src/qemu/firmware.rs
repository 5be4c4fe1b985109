//! The firmware of machines that boot through UEFI alone: QEMU's packages carry it in two files, the code and its variables.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::architecture::Architecture;
use super::files::MachineFiles;
use crate::{Error, Result};

/// A firmware, ready for one machine: the code is shared, the variables are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Firmware {
    code: PathBuf,
    variables: PathBuf,
}

/// Where packages put code and variables, for each architecture; a relative one is below the folder that holds `bin`.
const KNOWN: &[(&str, &str, &str)] = &[
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

impl Firmware {
    /// The firmware that this architecture cannot do without, with variables of the machine's own.
    pub(super) fn prepare(architecture: Architecture, program: &Path, files: &MachineFiles) -> Result<Option<Self>> {
        if !architecture.needs_uefi {
            return Ok(None);
        }
        let (code, template) = find(architecture.name, program).ok_or(Error::NotInstalled {
            program: format!("the UEFI firmware of {} machines", architecture.name),
            advice: "install it: `apt install qemu-efi-aarch64 qemu-efi-arm` on Debian and Ubuntu, `dnf install edk2-aarch64` on \
                     Fedora; Homebrew's `qemu` brings it along",
        })?;
        let variables = files.firmware_variables();
        if !variables.exists() {
            let bytes = fs::read(&template).map_err(|source| Error::File {
                action: "read",
                path: template,
                source,
            })?;
            crate::file::write(&variables, &bytes)?;
        }
        Ok(Some(Self { code, variables }))
    }

    /// Adds it to a command line.
    pub(super) fn add_to(&self, arguments: &mut Vec<OsString>) {
        let part = |path: &Path, unit: u8, read_only: &str| {
            let mut drive = OsString::from(format!("if=pflash,format=raw,unit={unit},readonly={read_only},file="));
            drive.push(super::arguments::escaped_path(path));
            ["-drive".into(), drive]
        };
        arguments.extend(part(&self.code, 0, "on"));
        arguments.extend(part(&self.variables, 1, "off"));
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

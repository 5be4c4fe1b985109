//! What differs between the architectures of guests: QEMU's program, its machine, its processor and how it reaches devices.

use crate::{Error, Result};

/// An architecture that QEMU machines are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Architecture {
    /// QEMU's name of it.
    pub(super) name: &'static str,
    /// The program that runs it.
    pub(super) program: &'static str,
    /// The machine, unless the Vagrantfile chooses one. For PCs it is the one that Packer's QEMU builder uses, so that a box finds
    /// its devices where they were when it was built.
    pub(super) machine: &'static str,
    /// The processor when it is emulated; `None` is the machine's own.
    pub(super) emulated_cpu: Option<&'static str>,
    /// How virtio devices are attached: `pci`, `ccw`.
    pub(super) virtio_bus: &'static str,
    /// Whether the machine boots through UEFI alone.
    pub(super) needs_uefi: bool,
}

const fn pc(name: &'static str, program: &'static str) -> Architecture {
    Architecture {
        name,
        program,
        machine: "pc",
        emulated_cpu: Some("max"),
        virtio_bus: "pci",
        needs_uefi: false,
    }
}

const ARCHITECTURES: &[Architecture] = &[
    pc("x86_64", "qemu-system-x86_64"),
    pc("i386", "qemu-system-i386"),
    Architecture {
        name: "aarch64",
        program: "qemu-system-aarch64",
        machine: "virt",
        emulated_cpu: Some("max,pauth-impdef=on"),
        virtio_bus: "pci",
        needs_uefi: true,
    },
    Architecture {
        name: "arm",
        program: "qemu-system-arm",
        machine: "virt",
        emulated_cpu: Some("max"),
        virtio_bus: "pci",
        needs_uefi: true,
    },
    Architecture {
        name: "riscv64",
        program: "qemu-system-riscv64",
        machine: "virt",
        emulated_cpu: None,
        virtio_bus: "pci",
        needs_uefi: true,
    },
    Architecture {
        name: "ppc64",
        program: "qemu-system-ppc64",
        machine: "pseries",
        emulated_cpu: None,
        virtio_bus: "pci",
        needs_uefi: false,
    },
    Architecture {
        name: "s390x",
        program: "qemu-system-s390x",
        machine: "s390-ccw-virtio",
        emulated_cpu: Some("max"),
        virtio_bus: "ccw",
        needs_uefi: false,
    },
];

impl Architecture {
    /// The architecture of that name; boxes and Vagrantfiles use several for some.
    pub(super) fn named(name: &str) -> Result<Self> {
        let canonical = match name {
            "amd64" | "x64" => "x86_64",
            "arm64" => "aarch64",
            "x86" | "i486" | "i586" | "i686" => "i386",
            "armv7" | "armv7l" | "armhf" => "arm",
            "ppc64le" | "ppc64el" => "ppc64",
            other => other,
        };
        ARCHITECTURES
            .iter()
            .find(|it| it.name == canonical)
            .copied()
            .ok_or_else(|| Error::Unsupported {
                what: format!(
                    "QEMU machines of the architecture `{name}` are not supported; those of {} are",
                    all_names()
                ),
            })
    }

    /// Whether it is a PC.
    pub(super) fn is_pc(&self) -> bool {
        matches!(self.name, "x86_64" | "i386")
    }

    /// Whether a hypervisor on such a host can run it.
    pub(super) fn runs_on(&self, host: &str) -> bool {
        self.name == host || (self.name == "i386" && host == "x86_64")
    }
}

fn all_names() -> String {
    ARCHITECTURES.iter().map(|it| it.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_boxes_use_are_understood() {
        let names = ["amd64", "x86_64", "arm64", "i686"].map(|it| Architecture::named(it).unwrap().program);

        assert_eq!(
            names,
            [
                "qemu-system-x86_64",
                "qemu-system-x86_64",
                "qemu-system-aarch64",
                "qemu-system-i386"
            ]
        );
    }

    #[test]
    fn an_unknown_architecture_is_answered_with_the_known_ones() {
        let error = Architecture::named("vax").unwrap_err();

        expect_test::expect!["QEMU machines of the architecture `vax` are not supported; those of x86_64, i386, aarch64, arm, riscv64, ppc64, s390x are"]
            .assert_eq(&error.to_string());
    }
}

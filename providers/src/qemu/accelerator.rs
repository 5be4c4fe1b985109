//! What executes the guest's instructions: the host's hypervisor, or QEMU itself (TCG).

/// The accelerators to be tried, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accelerator {
    names: Vec<String>,
}

impl Accelerator {
    /// Those of a setting: `kvm`, `tcg,thread=multi`, `kvm:tcg`.
    pub(super) fn chosen(setting: &str) -> Self {
        Self {
            names: setting.split(':').map(str::to_owned).collect(),
        }
    }

    /// QEMU's own interpreter and compiler.
    pub(super) fn tcg() -> Self {
        Self::chosen("tcg")
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

//! What a machine is to be: plain, resolved data. Whoever makes it has decided everything but what a backend alone can know.

use std::net::IpAddr;
use std::path::PathBuf;

/// A machine as a provider is to make it.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineSpec {
    /// The machine's name in its Vagrantfile, for messages and for the backend's own lists.
    pub name: String,
    /// The box's disks, the one that it boots from first; they stay untouched below the machine's own.
    pub disks: Vec<CheckedDisk>,
    /// Empty disks beside the box's, by their sizes in bytes. They are made with the machine.
    pub empty_disks: Vec<u64>,
    /// What lies in its drives at its next start.
    pub media: Vec<Medium>,
    /// A further disk with what the guest is to find at its first boot.
    pub seed: Option<Seed>,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The number of virtual CPUs.
    pub cpus: u32,
    /// What to forward, the SSH port among it.
    pub forwards: Vec<Forward>,
    /// The guest's architecture as QEMU calls it (`x86_64`, `aarch64`).
    pub architecture: String,
    /// The firmware, the controller and the network cards, as the box or the Vagrantfile states them.
    pub devices: Devices,
    /// The options that only QEMU has.
    pub qemu: QemuOptions,
}

/// A small disk that tells a guest who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The disk, byte for byte.
    pub image: Vec<u8>,
    /// Whether it is written again at every start, and not only with the machine.
    pub at_every_start: bool,
}

/// A file of the user's that lies in a drive. The guest reads it, and writes nothing to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    /// The drive.
    pub drive: Drive,
    /// The image, absolute: bytes as they are.
    pub path: PathBuf,
}

/// Drives whose media can be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// For DVDs and CDs.
    Dvd,
    /// For floppies.
    Floppy,
}

/// The hardware that a guest was installed on; `None` and no card mean: as the backend chooses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Devices {
    /// What starts the guest.
    pub firmware: Option<Firmware>,
    /// What its disks are attached to.
    pub controller: Option<DiskController>,
    /// Its network cards. The first one has the forwards; a machine has at least that one.
    pub network_cards: Vec<NetworkCard>,
}

/// What starts a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// A PC's BIOS.
    Bios,
    /// UEFI.
    Efi,
}

/// What disks are attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskController {
    /// IDE.
    Ide,
    /// AHCI.
    Sata,
    /// SCSI: LSI Logic 53C1030.
    LsiLogic,
    /// SAS: LSI Logic SAS 1068.
    LsiLogicSas,
    /// SCSI: BusLogic.
    BusLogic,
    /// SCSI: VMware's own.
    ParavirtualScsi,
    /// SCSI over virtio.
    VirtioScsi,
    /// NVM Express.
    Nvme,
}

/// A network card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkCard {
    /// Which one it is.
    pub model: Option<CardModel>,
    /// Its address: twelve hex digits.
    pub mac_address: Option<String>,
    /// Where the guest is to find it.
    pub place: Option<CardPlace>,
}

/// Models of network cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardModel {
    /// Intel PRO/1000.
    E1000,
    /// Intel 82574.
    E1000e,
    /// AMD PCnet.
    PcNet,
    /// virtio.
    Virtio,
    /// VMware's own.
    Vmxnet3,
}

/// Where a network card is, as far as a guest names it after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardPlace {
    /// A device of the first bus that is in no slot of its own: 3 is `enp0s3`.
    Device(u8),
    /// A slot with a number: 33 is `ens33`.
    Slot(u16),
}

/// Where a machine's screen is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Display {
    /// In a window of GTK's.
    Gtk,
    /// In a window of SDL's.
    Sdl,
    /// In a window of macOS's.
    Cocoa,
    /// To a VNC client on this computer.
    Vnc,
}

/// QEMU's own options, resolved; `None` means: as this crate chooses.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct QemuOptions {
    /// `-machine`: `q35`, `pc`, `virt`.
    pub machine: Option<String>,
    /// `-cpu`.
    pub cpu: Option<String>,
    /// `-accel`: `kvm`, `tcg`, `hvf`, `whpx`; the probe is not asked then.
    pub accelerator: Option<String>,
    /// The disk's bus: `virtio`, `scsi`, `sata`, `ide`, `nvme`.
    pub disk_bus: Option<String>,
    /// The network card's model: `virtio-net-pci`, `e1000`, `rtl8139`.
    pub net_device: Option<String>,
    /// The models of further network cards, each in a network of its own.
    pub further_net_devices: Vec<String>,
    /// Where the screen is shown; `None` is nowhere.
    pub display: Option<Display>,
    /// Further arguments, as they are.
    pub extra_arguments: Vec<String>,
    /// Further settings of the user network, as `-netdev` takes them: `dns=10.0.2.9,hostname=web`.
    pub extra_netdev_arguments: Option<String>,
    /// The size of the machine's disk in MiB, where it is to be larger than the box's.
    pub disk_size_mib: Option<u64>,
    /// The program to start instead of the one for the guest's architecture; a name is looked for on the search path.
    pub program: Option<PathBuf>,
}

/// A disk that was checked when its box was imported: it has no backing file or extent outside itself.
///
/// Only the place that asks the store for a box's disk makes one ([`CheckedDisk::vouched_for`]); no other disk may be handed to
/// a hypervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedDisk {
    path: PathBuf,
    format: DiskFormat,
}

impl CheckedDisk {
    /// A disk that the box store vouches for.
    pub fn vouched_for(path: PathBuf, format: DiskFormat) -> Self {
        Self { path, format }
    }

    /// The file, absolute.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The file's format; QEMU is told, and never guesses.
    pub fn format(&self) -> DiskFormat {
        self.format
    }
}

/// Formats of disk images, by the names that QEMU gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFormat {
    /// QEMU's own.
    Qcow2,
    /// Bytes as they are.
    Raw,
    /// VMware's.
    Vmdk,
    /// VirtualBox's.
    Vdi,
    /// Hyper-V's first one.
    Vpc,
    /// Hyper-V's second one.
    Vhdx,
}

impl DiskFormat {
    /// QEMU's name of the format.
    pub fn name(self) -> &'static str {
        match self {
            DiskFormat::Qcow2 => "qcow2",
            DiskFormat::Raw => "raw",
            DiskFormat::Vmdk => "vmdk",
            DiskFormat::Vdi => "vdi",
            DiskFormat::Vpc => "vpc",
            DiskFormat::Vhdx => "vhdx",
        }
    }
}

/// A port of the guest that is to be reachable on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// What the Vagrantfile calls it (`ssh`), or Vagrant's default id.
    pub id: String,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The address in the guest; `None` is the address that the guest got.
    pub guest_address: Option<IpAddr>,
    /// The port in the guest.
    pub guest_port: u16,
    /// The address on the host.
    pub host_address: IpAddr,
    /// The port on the host that is wanted.
    pub host_port: u16,
    /// Where to look, first to last, when the wanted port is taken; `None` makes that an error.
    pub correct_within: Option<(u16, u16)>,
}

/// What is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

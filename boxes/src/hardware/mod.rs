//! What a box says of the machine that it was: in OVF for VirtualBox, in VMX for VMware.
//!
//! It is read to run the box on something else, so the words are those of the hardware and no hypervisor's.

mod ovf;
mod vmx;
mod xml;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::metadata::Metadata;
use crate::refusal::Refusal;
use crate::{Error, Result};

/// A description of hardware is read whole, and may not be larger.
pub(crate) const LARGEST: u64 = 4 << 20;

/// What a machine consisted of; `None` where the box does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hardware {
    /// Memory in MiB.
    pub memory_mib: Option<u64>,
    /// Virtual CPUs.
    pub cpus: Option<u32>,
    /// What starts it.
    pub firmware: Option<Firmware>,
    /// What its first disk is attached to.
    pub controller: Option<DiskController>,
    /// Its network cards, the first one first.
    pub network_cards: Vec<NetworkCard>,
    /// The files of its disks, in the order in which it tries to boot from them.
    pub(crate) disks: Vec<String>,
}

/// What starts a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// A PC's BIOS.
    Bios,
    /// UEFI.
    Efi,
}

/// What disks are attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskController {
    /// IDE, as PIIX3, PIIX4 and ICH6 have it.
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

/// A network card of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkCard {
    /// Which one it is.
    pub model: Option<CardModel>,
    /// Its address: twelve hex digits in upper case.
    pub mac_address: Option<String>,
    /// Where the guest found it, which its name there follows from.
    pub place: Option<CardPlace>,
}

/// Where a network card is, as far as a guest names it after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardPlace {
    /// A device of the first bus that is in no slot of its own: 3 is `enp0s3`.
    Device(u8),
    /// A slot with a number: 33 is `ens33`.
    Slot(u16),
}

/// Models of network cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardModel {
    /// Intel PRO/1000: 82540EM, 82545EM, 82543GC.
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

/// What the box in a folder says of its machine; nothing where it has no description that is known.
pub(crate) fn read(directory: &Path, metadata: &Metadata) -> Result<Hardware> {
    match metadata.provider.as_str() {
        "virtualbox" => match description(directory, "box.ovf", "ovf")? {
            Some(path) => ovf::parse(&read_limited(&path)?).map_err(|problem| problem.about(&path)),
            None => Ok(Hardware::default()),
        },
        provider if provider.starts_with("vmware") => {
            let named = metadata
                .all
                .get("vmx_file")
                .and_then(|it| it.as_str())
                .unwrap_or("box.vmx");
            match description(directory, named, "vmx")? {
                Some(path) => Ok(vmx::parse(&String::from_utf8_lossy(&read_limited(&path)?))),
                None => Ok(Hardware::default()),
            }
        }
        "hyperv" => Ok(Hardware {
            disks: hard_disks(directory)?,
            ..Hardware::default()
        }),
        _ => Ok(Hardware::default()),
    }
}

/// Looks for what no description may have, before a box is installed.
pub(crate) fn check(directory: &Path) -> Result<()> {
    for path in files_with_ending(directory, &["ovf"])? {
        match ovf::parse(&read_limited(&path)?) {
            Err(problem @ Problem::Refused(_)) => return Err(problem.about(&path)),
            // What cannot be read may be of use to its own hypervisor.
            Ok(_) | Err(Problem::Malformed(_)) => {}
        }
    }
    Ok(())
}

/// What is wrong with a description.
#[derive(Debug)]
enum Problem {
    Refused(Refusal),
    Malformed(String),
}

impl Problem {
    fn about(self, path: &Path) -> Error {
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .escape_debug()
            .to_string();
        match self {
            Problem::Refused(reason) => Error::Refused { entry: file, reason },
            Problem::Malformed(what) => Error::HardwareMalformed { file, what },
        }
    }
}

/// The file that is named so, else the only one of its kind, else the first.
fn description(directory: &Path, name: &str, ending: &str) -> Result<Option<PathBuf>> {
    let files = files_with_ending(directory, &[ending])?;
    let named = files
        .iter()
        .find(|it| it.file_name().is_some_and(|it| it == name))
        .cloned();
    Ok(named.or_else(|| files.into_iter().next()))
}

/// Hyper-V keeps its disks in a folder of their own. Its other files are in a format of their own, too.
fn hard_disks(directory: &Path) -> Result<Vec<String>> {
    const FOLDER: &str = "Virtual Hard Disks";
    let disks = files_with_ending(&directory.join(FOLDER), &["vhdx", "vhd"])?;
    let name = |it: PathBuf| it.file_name().map(|it| format!("{FOLDER}/{}", it.to_string_lossy()));
    Ok(disks.into_iter().filter_map(name).collect())
}

/// The files of a folder with one of some endings, in the order of their names. A folder that does not exist has none.
fn files_with_ending(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(Error::file("read", folder))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|it| it.path())
        .filter(|it| {
            it.extension()
                .is_some_and(|it| endings.iter().any(|ending| it.eq_ignore_ascii_case(ending)))
        })
        .filter(|it| it.is_file())
        .collect();
    files.sort();
    Ok(files)
}

fn read_limited(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|it| it.take(LARGEST).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(Error::file("read", path))
}

/// An address of a network card in the form that all of them are told in; `None` for what is none.
fn mac_address(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|it| !matches!(it, ':' | '-' | '.')).collect();
    let sound = digits.len() == 12 && digits.bytes().all(|it| it.is_ascii_hexdigit());
    sound.then(|| digits.to_ascii_uppercase())
}

//! Boxes that were made for other providers: which disk they boot from, and what they ran on.

use boxes::{DiskController, DiskFormat, Error, Firmware};

use crate::archive::Tar;
use crate::disks;
use crate::world::World;

const OVF: &str = r#"<Envelope><References><File id="f" href="HREF"/></References>
    <DiskSection><Disk diskId="d" fileRef="f"/></DiskSection>
    <VirtualSystem><VirtualHardwareSection>
    <Item><InstanceID>1</InstanceID><ResourceType>20</ResourceType><ResourceSubType>AHCI</ResourceSubType></Item>
    <Item><HostResource>/disk/d</HostResource><Parent>1</Parent><ResourceType>17</ResourceType></Item>
    </VirtualHardwareSection></VirtualSystem></Envelope>"#;

fn virtualbox(href: &str) -> Tar {
    Tar::new()
        .file("metadata.json", br#"{"provider":"virtualbox"}"#)
        .file("box.ovf", OVF.replace("HREF", href).as_bytes())
}

fn vmdk() -> Vec<u8> {
    disks::vmdk_sparse(&disks::vmdk_text(&["RW 2097152 SPARSE \"other-name.vmdk\""]))
}

#[test]
fn the_disk_of_a_virtualbox_box_is_the_one_that_its_description_names() {
    let world = World::new();
    let tar = virtualbox("box-disk2.vmdk")
        .file("box-disk1.vmdk", &vmdk())
        .file("box-disk2.vmdk", &vmdk());
    let installed = world.import(&tar.end()).unwrap();
    let disk = installed.disk().unwrap();
    assert!(disk.path.ends_with("box-disk2.vmdk"));
    assert_eq!((disk.format, disk.virtual_size), (DiskFormat::Vmdk, 1 << 30));
    assert_eq!(installed.hardware().unwrap().controller, Some(DiskController::Sata));
}

#[test]
fn an_appliance_becomes_a_box_of_virtualbox() {
    let world = World::new();
    let tar = Tar::new().file("demo.ovf", OVF.replace("HREF", "demo-disk001.vmdk").as_bytes());
    let installed = world
        .import(&tar.file("demo-disk001.vmdk", &vmdk()).file("demo.mf", b"").end())
        .unwrap();
    assert_eq!(installed.provider, "virtualbox");
    assert!(installed.disk().unwrap().path.ends_with("demo-disk001.vmdk"));
}

#[test]
fn a_vmware_box_is_described_by_its_vmx() {
    let world = World::new();
    let vmx =
        "memsize = \"1024\"\nfirmware = \"efi\"\nscsi0.virtualDev = \"pvscsi\"\nscsi0:0.fileName = \"disk.vmdk\"\n";
    let text = disks::vmdk_text(&["RW 1024 SPARSE \"disk-s001.vmdk\"", "RW 1024 SPARSE \"disk-s002.vmdk\""]);
    let tar = Tar::new()
        .file("metadata.json", br#"{"provider":"vmware_desktop"}"#)
        .file("debian.vmx", vmx.as_bytes())
        .file("disk.vmdk", &text)
        .file("disk-s001.vmdk", &disks::vmdk_sparse(b""))
        .file("disk-s002.vmdk", &disks::vmdk_sparse(b""));
    let installed = world.import(&tar.end()).unwrap();
    let hardware = installed.hardware().unwrap();
    assert_eq!(
        (hardware.memory_mib, hardware.firmware),
        (Some(1024), Some(Firmware::Efi))
    );
    assert_eq!(hardware.controller, Some(DiskController::ParavirtualScsi));
    let disk = installed.disk().unwrap();
    assert!(disk.path.ends_with("disk.vmdk"));
    assert_eq!(disk.virtual_size, 1 << 20);
}

#[test]
fn the_disk_of_a_hyperv_box_is_in_a_folder_of_its_own() {
    let world = World::new();
    let tar = Tar::new()
        .file("metadata.json", br#"{"provider":"hyperv"}"#)
        .file("Virtual Machines/box.vmcx", b"")
        .file("Virtual Hard Disks/debian.vhdx", &disks::vhdx(0));
    let disk = world.import(&tar.end()).unwrap().disk().unwrap();
    assert_eq!((disk.format, disk.virtual_size), (DiskFormat::Vhdx, 1 << 30));
}

#[test]
fn all_disks_of_a_libvirt_box_are_known() {
    let world = World::new();
    let metadata = br#"{"provider":"libvirt","disks":[{"path":"box_0.img"},{"path":"box_1.img","format":"raw"}]}"#;
    let tar = Tar::new()
        .file("metadata.json", metadata)
        .file("box_1.img", &disks::raw())
        .file("box_0.img", &disks::qcow2());
    let disks = world.import(&tar.end()).unwrap().disks().unwrap();
    assert_eq!(
        disks.iter().map(|it| it.format).collect::<Vec<_>>(),
        [DiskFormat::Qcow2, DiskFormat::Raw]
    );
}

#[test]
fn the_only_image_of_a_box_is_its_disk() {
    let world = World::new();
    let tar = Tar::new()
        .file("metadata.json", br#"{"provider":"qemu"}"#)
        .file("any.qcow2", &disks::qcow2());
    assert!(
        world
            .import(&tar.end())
            .unwrap()
            .disk()
            .unwrap()
            .path
            .ends_with("any.qcow2")
    );
}

#[test]
fn a_box_without_a_disk_is_an_error_of_whoever_needs_one() {
    let world = World::new();
    let installed = world
        .import(&Tar::new().file("metadata.json", br#"{"provider":"aws"}"#).end())
        .unwrap();
    assert!(matches!(installed.disk(), Err(Error::DiskMissing { .. })));
}

#[test]
fn a_description_that_names_a_disk_outside_is_refused() {
    let world = World::new();
    std::fs::write(world.path("victim"), "").unwrap();
    let installed = world.import(&virtualbox("../../../../victim").end()).unwrap();
    assert!(matches!(installed.disk(), Err(Error::Refused { .. })));
}

#[test]
fn a_description_with_a_document_type_is_refused_with_its_box() {
    let world = World::new();
    let bomb = br#"<!DOCTYPE x [<!ENTITY a "aaaa">]><Envelope>&a;</Envelope>"#;
    let error = world.import(&Tar::new().file("box.ovf", bomb).end()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the box was refused: box.ovf: it has a document type of its own"
    );
    assert_eq!(world.everything(), Vec::<String>::new());
}

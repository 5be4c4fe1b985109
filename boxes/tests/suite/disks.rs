//! Headers of disk images, as far as anybody looks at them.

/// A qcow2 image of one GiB: version 3, nothing allocated.
pub fn qcow2() -> Vec<u8> {
    let mut image = vec![0; 4096];
    image[..4].copy_from_slice(b"QFI\xfb");
    image[4..8].copy_from_slice(&3u32.to_be_bytes());
    image[20..24].copy_from_slice(&16u32.to_be_bytes());
    image[24..32].copy_from_slice(&(1u64 << 30).to_be_bytes());
    image[100..104].copy_from_slice(&104u32.to_be_bytes());
    image
}

pub fn qcow2_with_backing(name: &str) -> Vec<u8> {
    let mut image = qcow2();
    image[8..16].copy_from_slice(&1024u64.to_be_bytes());
    image[16..20].copy_from_slice(&(name.len() as u32).to_be_bytes());
    image[1024..1024 + name.len()].copy_from_slice(name.as_bytes());
    image
}

pub fn qcow2_with_data_file(name: &str) -> Vec<u8> {
    let mut image = qcow2();
    image[79] |= 4;
    image[104..108].copy_from_slice(&0x4441_5441u32.to_be_bytes());
    image[108..112].copy_from_slice(&(name.len() as u32).to_be_bytes());
    image[112..112 + name.len()].copy_from_slice(name.as_bytes());
    image
}

/// A description of a disk, with its lines of extents.
pub fn vmdk_text(lines: &[&str]) -> Vec<u8> {
    let head = "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n";
    format!("{head}{}\n", lines.join("\n")).into_bytes()
}

/// A stream-optimized image of one GiB around a description.
pub fn vmdk_sparse(description: &[u8]) -> Vec<u8> {
    let mut image = vec![0; 512];
    image[..4].copy_from_slice(b"KDMV");
    image[4..8].copy_from_slice(&3u32.to_le_bytes());
    image[12..20].copy_from_slice(&((1u64 << 30) / 512).to_le_bytes());
    image[28..36].copy_from_slice(&1u64.to_le_bytes());
    image[36..44].copy_from_slice(&20u64.to_le_bytes());
    image.extend_from_slice(description);
    image.resize(21 * 512, 0);
    image
}

pub fn vdi(kind: u32) -> Vec<u8> {
    let mut image = vec![0; 1024];
    image[64..68].copy_from_slice(&[0x7f, 0x10, 0xda, 0xbe]);
    image[0x4c..0x50].copy_from_slice(&kind.to_le_bytes());
    image[0x170..0x178].copy_from_slice(&(1u64 << 30).to_le_bytes());
    image
}

pub fn vhd(kind: u32) -> Vec<u8> {
    let mut footer = vec![0; 512];
    footer[..8].copy_from_slice(b"conectix");
    footer[48..56].copy_from_slice(&(1u64 << 30).to_be_bytes());
    footer[60..64].copy_from_slice(&kind.to_be_bytes());
    [&footer[..], &[0; 1024], &footer[..]].concat()
}

pub fn vhdx(flags: u32) -> Vec<u8> {
    const METADATA: usize = 320 << 10;
    let mut image = vec![0; METADATA + (128 << 10)];
    image[..8].copy_from_slice(b"vhdxfile");
    let region = (192 << 10) + 16;
    image[region..region + 16].copy_from_slice(b"\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e");
    image[region + 16..region + 24].copy_from_slice(&(METADATA as u64).to_le_bytes());
    let mut item = |index: usize, id: &[u8; 16], value: &[u8]| {
        let entry = METADATA + 32 + index * 32;
        let place = (64 << 10) + index * 16;
        image[entry..entry + 16].copy_from_slice(id);
        image[entry + 16..entry + 20].copy_from_slice(&(place as u32).to_le_bytes());
        image[METADATA + place..METADATA + place + value.len()].copy_from_slice(value);
    };
    let parameters = [(32u32 << 20).to_le_bytes(), flags.to_le_bytes()].concat();
    item(
        0,
        b"\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b",
        &parameters,
    );
    item(
        1,
        b"\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8",
        &(1u64 << 30).to_le_bytes(),
    );
    image
}

/// A disk with nothing but the mark of a boot sector.
pub fn raw() -> Vec<u8> {
    let mut image = vec![0; 1 << 20];
    image[510..512].copy_from_slice(&[0x55, 0xaa]);
    image
}

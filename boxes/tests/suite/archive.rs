//! Box files, well-meant and otherwise, byte by byte.

use std::io::{Cursor, Write};

use tar::{EntryType, Header};

/// A tar archive in the making. Names are written as they are, whatever they say.
#[derive(Default, Clone)]
pub struct Tar {
    bytes: Vec<u8>,
}

impl Tar {
    pub fn new() -> Self {
        Self::default()
    }

    /// What every box has.
    pub fn of_libvirt() -> Self {
        Self::new().file(
            "metadata.json",
            br#"{"provider":"libvirt","format":"qcow2","virtual_size":1}"#,
        )
    }

    pub fn file(self, name: &str, contents: &[u8]) -> Self {
        self.entry(EntryType::Regular, name.as_bytes(), b"", contents)
    }

    pub fn folder(self, name: &str) -> Self {
        self.entry(EntryType::Directory, name.as_bytes(), b"", b"")
    }

    pub fn symbolic_link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, name.as_bytes(), target.as_bytes(), b"")
    }

    pub fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Link, name.as_bytes(), target.as_bytes(), b"")
    }

    pub fn entry(self, kind: EntryType, name: &[u8], link: &[u8], contents: &[u8]) -> Self {
        let header = header(kind, name, link, contents.len() as u64);
        self.raw(header.as_bytes()).padded(contents)
    }

    /// A header of a size that need not be true.
    pub fn header_only(self, kind: EntryType, name: &str, size: u64) -> Self {
        let header = header(kind, name.as_bytes(), b"", size);
        self.raw(header.as_bytes())
    }

    pub fn with_mode(self, name: &str, mode: u32, contents: &[u8]) -> Self {
        let mut header = header(EntryType::Regular, name.as_bytes(), b"", contents.len() as u64);
        header.set_mode(mode);
        header.set_cksum();
        self.raw(header.as_bytes()).padded(contents)
    }

    /// A pax header before the next entry.
    pub fn pax(self, pairs: &[(&str, &str)]) -> Self {
        let records: String = pairs.iter().map(|(key, value)| record(key, value)).collect();
        self.entry(EntryType::XHeader, b"PaxHeaders/x", b"", records.as_bytes())
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn padded(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    pub fn end(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&[0; 1024]);
        self.bytes
    }

    /// Without the blocks at the end.
    pub fn cut(self) -> Vec<u8> {
        self.bytes
    }
}

fn header(kind: EntryType, name: &[u8], link: &[u8], size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
    header.as_gnu_mut().unwrap().linkname[..link.len()].copy_from_slice(link);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// `LENGTH KEY=VALUE\n`, where the length counts itself.
fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len() + 1;
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}")
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    liblzma::encode_all(bytes, 1).unwrap()
}

pub fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// A zip archive of files, links (a target after an arrow in the name) and folders (a slash at the end).
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, contents) in entries {
        if let Some((name, target)) = name.split_once(" -> ") {
            writer.add_symlink(name, target, options).unwrap();
        } else if name.ends_with('/') {
            writer.add_directory(*name, options).unwrap();
        } else {
            writer.start_file(*name, options).unwrap();
            writer.write_all(contents).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

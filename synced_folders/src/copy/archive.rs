//! The stream that travels: a list of what to remove, then a tar archive, written as fast as the guest reads.
//!
//! Only the forms that every tar knows are used: the old header, and GNU's entries for long names. Names are bytes; nobody
//! normalises them on the way.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use tar::{EntryType, Header};

use super::host::{Entry, Kind, Stamp, TreePath};
use super::platform;
use crate::Note;

/// What is written for one folder.
pub(super) struct Parcel {
    /// The guest's folder without the slash at its beginning; empty for the root.
    pub(super) folder: Vec<u8>,
    /// The user and group of everything in it.
    pub(super) owner: (u64, u64),
    pub(super) delete: Vec<TreePath>,
    pub(super) send: Vec<(TreePath, Entry)>,
}

/// What became of the files of one parcel: the stamp of what was read, or `None` where no stamp vouches for it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) files: Vec<(TreePath, Option<Stamp>)>,
    pub(super) notes: Vec<Note>,
}

/// Why the stream could not be written.
#[derive(Debug)]
pub(super) enum Failure {
    /// A file of the host.
    Read(std::path::PathBuf, io::Error),
    /// The guest's end.
    Write(io::Error),
}

/// Writes the parcels: all removals first, a line each and an empty one at the end, then the archive.
pub(super) fn write(parcels: &[Parcel], out: &mut impl Write) -> Result<Vec<Sent>, Failure> {
    for (parcel, path) in parcels
        .iter()
        .flat_map(|parcel| parcel.delete.iter().map(move |path| (parcel, path)))
    {
        out.write_all(&line(&super::host::join(&parcel.folder, path)))
            .map_err(Failure::Write)?;
    }
    out.write_all(b"\n").map_err(Failure::Write)?;
    let sent = parcels
        .iter()
        .map(|it| write_parcel(it, out))
        .collect::<Result<_, _>>()?;
    write_end(out)?;
    Ok(sent)
}

/// Writes one parcel as an archive and nothing else.
pub(super) fn write_plain(parcel: &Parcel, out: &mut impl Write) -> Result<Sent, Failure> {
    let sent = write_parcel(parcel, out)?;
    write_end(out)?;
    Ok(sent)
}

fn write_end(out: &mut impl Write) -> Result<(), Failure> {
    out.write_all(&[0; 1024])
        .and_then(|()| out.flush())
        .map_err(Failure::Write)
}

/// A path as a line that the guest's `printf %b` turns back into it.
fn line(path: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(path.len() + 1);
    for &byte in path {
        match byte {
            b' '..=b'~' if byte != b'\\' => line.push(byte),
            _ => line.extend_from_slice(format!("\\0{byte:03o}").as_bytes()),
        }
    }
    line.push(b'\n');
    line
}

fn write_parcel(parcel: &Parcel, out: &mut impl Write) -> Result<Sent, Failure> {
    let mut sent = Sent::default();
    for (path, entry) in &parcel.send {
        let name = if path.is_empty() {
            parcel.folder.clone()
        } else {
            super::host::join(&parcel.folder, path)
        };
        match &entry.kind {
            Kind::File => write_file(parcel, path, &name, &entry.source, out, &mut sent)?,
            Kind::Folder => {
                let header = header(parcel, EntryType::Directory, entry.mode, &entry.stamp, 0);
                write_header(header, &name, b"", out).map_err(Failure::Write)?;
            }
            Kind::Link { target } => {
                let header = header(parcel, EntryType::Symlink, 0o777, &entry.stamp, 0);
                write_header(header, &name, target, out).map_err(Failure::Write)?;
            }
        }
    }
    Ok(sent)
}

fn write_file(
    parcel: &Parcel,
    path: &TreePath,
    name: &[u8],
    source: &Path,
    out: &mut impl Write,
    sent: &mut Sent,
) -> Result<(), Failure> {
    let failed = |it| Failure::Read(source.to_owned(), it);
    let mut file = match File::open(source) {
        Err(it) if it.kind() == io::ErrorKind::NotFound => {
            sent.notes.push(Note::Vanished {
                path: source.to_owned(),
            });
            sent.files.push((path.clone(), None));
            return Ok(());
        }
        other => other.map_err(failed)?,
    };
    let metadata = file.metadata().map_err(failed)?;
    let before = platform::stamp(&metadata);
    let header = header(
        parcel,
        EntryType::Regular,
        platform::mode(&metadata),
        &before,
        before.size,
    );
    write_header(header, name, b"", out).map_err(Failure::Write)?;
    copy_exactly(&mut file, before.size, source, out)?;
    let stays = platform::stamp(&file.metadata().map_err(failed)?) == before;
    if !stays {
        sent.notes.push(Note::Changing {
            path: source.to_owned(),
        });
    }
    sent.files.push((path.clone(), stays.then_some(before)));
    Ok(())
}

/// Writes as many bytes as the header promised: a file that has shrunk since is filled up, one that grew is cut. Both are
/// sent again by the next copy.
fn copy_exactly(file: &mut File, size: u64, source: &Path, out: &mut impl Write) -> Result<(), Failure> {
    let mut buffer = vec![0; 64 * 1024];
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let mut read = match file.read(&mut buffer[..wanted]) {
            Err(it) if it.kind() == io::ErrorKind::Interrupted => continue,
            other => other.map_err(|it| Failure::Read(source.to_owned(), it))?,
        };
        if read == 0 {
            buffer.fill(0);
            read = wanted;
        }
        out.write_all(&buffer[..read]).map_err(Failure::Write)?;
        left -= read as u64;
    }
    pad(size, out).map_err(Failure::Write)
}

fn header(parcel: &Parcel, kind: EntryType, mode: u32, stamp: &Stamp, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(parcel.owner.0);
    header.set_gid(parcel.owner.1);
    header.set_mtime(stamp.seconds());
    header.set_size(size);
    header
}

fn write_header(mut header: Header, name: &[u8], target: &[u8], out: &mut impl Write) -> io::Result<()> {
    let fields = header.as_old_mut();
    let long_name = !fill(&mut fields.name, name);
    let long_target = !fill(&mut fields.linkname, target);
    if long_target {
        write_long(EntryType::GNULongLink, target, out)?;
    }
    if long_name {
        write_long(EntryType::GNULongName, name, out)?;
    }
    header.set_cksum();
    out.write_all(header.as_bytes())
}

/// Puts a name into its field; what is too long is cut there, and `false`.
fn fill(field: &mut [u8; 100], name: &[u8]) -> bool {
    let fits = name.len() < field.len();
    let kept = name.len().min(field.len() - 1);
    field[..kept].copy_from_slice(&name[..kept]);
    fits
}

fn write_long(kind: EntryType, name: &[u8], out: &mut impl Write) -> io::Result<()> {
    let mut header = Header::new_gnu();
    fill(&mut header.as_old_mut().name, b"././@LongLink");
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(name.len() as u64 + 1);
    header.set_cksum();
    out.write_all(header.as_bytes())?;
    out.write_all(name)?;
    out.write_all(&[0])?;
    pad(name.len() as u64 + 1, out)
}

fn pad(size: u64, out: &mut impl Write) -> io::Result<()> {
    let over = usize::try_from(size % 512).unwrap_or(0);
    out.write_all(&[0; 512][..(512 - over) % 512])
}

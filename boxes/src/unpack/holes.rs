//! Writing a file without its zeros.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::limits::Meter;

/// Zeros are left out in pieces of this size; file systems have none that are larger.
const BLOCK: usize = 64 << 10;
const BUFFER: usize = 256 << 10;

/// Writes a file from its beginning; long runs of zeros become holes.
pub(super) struct HoleWriter {
    file: File,
    /// Where the next byte belongs.
    position: u64,
    /// Where the file's cursor stands, behind `position` after a hole.
    cursor: u64,
}

impl HoleWriter {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            position: 0,
            cursor: 0,
        }
    }

    /// Copies all that `source` has. Every byte is shown to the meter, which may end it.
    pub(super) fn copy(&mut self, source: &mut dyn Read, meter: &mut Meter<'_>) -> Result<u64, CopyError> {
        let mut buffer = vec![0; BUFFER];
        let mut copied = 0;
        loop {
            let filled = fill(source, &mut buffer).map_err(CopyError::Read)?;
            if filled == 0 {
                return Ok(copied);
            }
            copied += filled as u64;
            self.write(&buffer[..filled], meter)?;
        }
    }

    /// Leaves a hole up to `position`, or nothing where that is passed already.
    pub(super) fn skip_to(&mut self, position: u64) {
        self.position = self.position.max(position);
    }

    /// Gives the file its length, and hands it back.
    pub(super) fn finish(self) -> io::Result<File> {
        if self.position != self.cursor {
            self.file.set_len(self.position)?;
        }
        Ok(self.file)
    }

    fn write(&mut self, bytes: &[u8], meter: &mut Meter<'_>) -> Result<(), CopyError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let zeros = leading_blocks(rest, is_zero);
            meter.holes(zeros as u64).map_err(CopyError::Stop)?;
            self.position += zeros as u64;
            rest = &rest[zeros..];
            let data = leading_blocks(rest, |it| !is_zero(it));
            meter.data(data as u64).map_err(CopyError::Stop)?;
            self.write_data(&rest[..data]).map_err(CopyError::Write)?;
            rest = &rest[data..];
        }
        Ok(())
    }

    fn write_data(&mut self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        if self.cursor != self.position {
            self.file.seek(SeekFrom::Start(self.position))?;
        }
        self.file.write_all(data)?;
        self.position += data.len() as u64;
        self.cursor = self.position;
        Ok(())
    }
}

/// What ended a copy.
pub(super) enum CopyError {
    Read(io::Error),
    Write(io::Error),
    Stop(crate::Error),
}

/// Reads until the buffer is full or the source at its end.
pub(super) fn fill(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn leading_blocks(bytes: &[u8], belongs: impl Fn(&[u8]) -> bool) -> usize {
    bytes.chunks(BLOCK).take_while(|it| belongs(it)).map(<[u8]>::len).sum()
}

/// Compares the block with itself, moved by one byte: `memcmp` is fast even where this crate is not optimised.
fn is_zero(block: &[u8]) -> bool {
    block.first() == Some(&0) && block[1..] == block[..block.len() - 1]
}

//! Chunks that are on this computer already, in boxes of the same name.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::Digest;
use super::cut::{Grain, digest_of, each_chunk};
use crate::cancel::Cancel;
use crate::pack::Segment;
use crate::{Result, store::InstalledBox};

/// Where chunks lie in files of installed boxes.
#[derive(Default)]
pub(super) struct Seeds {
    places: HashMap<Digest, Seed>,
    files: Vec<PathBuf>,
}

struct Seed {
    file: usize,
    offset: u64,
    length: u32,
}

impl Seeds {
    /// Looks through installed boxes for chunks that are wanted, of a box cut so. It reads all of them, so that a few must do.
    pub(super) fn find(
        boxes: &[InstalledBox],
        wanted: &HashSet<Digest>,
        grain: Grain,
        cancel: &Cancel,
    ) -> Result<Self> {
        let mut seeds = Self::default();
        for installed in boxes {
            let mut found = Vec::new();
            let segments = each_chunk(&installed.directory, grain, cancel, |data, offset| {
                let digest = digest_of(data);
                if wanted.contains(&digest) {
                    found.push((digest, offset, data.len() as u32));
                }
                Ok(())
            })?;
            for (digest, offset, length) in found {
                seeds.note(digest, offset, length, &segments);
            }
        }
        Ok(seeds)
    }

    /// A chunk that lies across the border of a file is no use.
    fn note(&mut self, digest: Digest, offset: u64, length: u32, segments: &[Segment]) {
        let end = offset + u64::from(length);
        let around = segments
            .iter()
            .find(|it| it.start <= offset && end <= it.start + it.length);
        let Some(segment) = around else { return };
        let file = self.files.iter().position(|it| *it == segment.path).unwrap_or_else(|| {
            self.files.push(segment.path.clone());
            self.files.len() - 1
        });
        let offset = offset - segment.start;
        self.places.insert(digest, Seed { file, offset, length });
    }

    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.places.contains_key(digest)
    }

    /// The chunk, unless its file has changed by now.
    pub(super) fn read(&self, digest: &Digest) -> Option<Vec<u8>> {
        let seed = self.places.get(digest)?;
        let mut file = File::open(self.files.get(seed.file)?).ok()?;
        let mut data = vec![0; seed.length as usize];
        file.seek(SeekFrom::Start(seed.offset)).ok()?;
        file.read_exact(&mut data).ok()?;
        (digest_of(&data) == *digest).then_some(data)
    }
}

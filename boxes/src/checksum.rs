//! Checksums of boxes: the kinds that Vagrant knows, and all of them at once over a stream.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{Error, Result};

/// A kind of checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksumKind {
    /// MD5, 32 digits.
    Md5,
    /// SHA-1, 40 digits.
    Sha1,
    /// SHA-256, 64 digits.
    Sha256,
    /// SHA-384, 96 digits.
    Sha384,
    /// SHA-512, 128 digits.
    Sha512,
}

impl ChecksumKind {
    const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// `md5`, `sha1` ...
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// How many hex digits it has.
    pub fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }
}

/// A checksum that something is expected to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    kind: ChecksumKind,
    digest: String,
}

impl Checksum {
    /// A checksum as the command line, a Vagrantfile or a catalog states it. `None` for the kind means: as its length tells.
    ///
    /// Empty texts state none, as in Vagrant.
    pub fn parse(kind: Option<&str>, digest: &str) -> Result<Option<Self>> {
        let digest = digest.trim().to_ascii_lowercase();
        let kind = kind.map(str::trim).unwrap_or_default().to_ascii_lowercase();
        if digest.is_empty() {
            return Ok(None);
        }
        let kind = match kind.as_str() {
            "" => ChecksumKind::ALL.into_iter().find(|it| it.digits() == digest.len()),
            name => ChecksumKind::ALL
                .into_iter()
                .find(|it| it.name() == name.replace("sha-", "sha")),
        }
        .ok_or(Error::ChecksumKindUnknown { kind })?;
        if digest.len() != kind.digits() || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::ChecksumMalformed {
                digest,
                kind: kind.name(),
                length: kind.digits(),
            });
        }
        Ok(Some(Self { kind, digest }))
    }

    /// Its kind.
    pub fn kind(&self) -> ChecksumKind {
        self.kind
    }

    /// Its hex digits, in lower case.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Fails unless the bytes have this checksum. `url` is where they came from, which the message names without its secrets.
    pub fn verify(&self, bytes: &[u8], url: &str) -> Result<()> {
        let mut hasher = Hasher::expecting(std::slice::from_ref(self));
        hasher.update(bytes);
        hasher.finish(&crate::address::shown(url)).map(|_| ())
    }
}

/// Sums a stream up: SHA-256 always, and whatever else is expected of it.
pub(crate) struct Hasher {
    sha256: Sha256,
    others: Vec<(Checksum, Running)>,
    expected_sha256: Vec<Checksum>,
}

enum Running {
    Md5(Md5),
    Sha1(Sha1),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn expecting(checksums: &[Checksum]) -> Self {
        let (expected_sha256, others): (Vec<_>, Vec<_>) = checksums
            .iter()
            .cloned()
            .partition(|it| it.kind == ChecksumKind::Sha256);
        let others = others
            .into_iter()
            .filter_map(|it| Running::new(it.kind).map(|running| (it, running)))
            .collect();
        Self {
            sha256: Sha256::new(),
            others,
            expected_sha256,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        for (_, running) in &mut self.others {
            running.update(bytes);
        }
    }

    /// The SHA-256, when everything that was expected came true. `what` is what the message speaks of.
    pub(crate) fn finish(self, what: &str) -> Result<String> {
        let sha256 = hex(&self.sha256.finalize());
        let sums = self.expected_sha256.into_iter().map(|it| (it, sha256.clone()));
        for (expected, actual) in sums.chain(self.others.into_iter().map(|(it, running)| (it, running.finish()))) {
            if expected.digest != actual {
                let (kind, expected) = (expected.kind.name(), expected.digest);
                return Err(Error::ChecksumMismatch {
                    what: what.to_owned(),
                    kind,
                    expected,
                    actual,
                });
            }
        }
        Ok(sha256)
    }
}

impl Running {
    fn new(kind: ChecksumKind) -> Option<Self> {
        Some(match kind {
            ChecksumKind::Md5 => Running::Md5(Md5::new()),
            ChecksumKind::Sha1 => Running::Sha1(Sha1::new()),
            ChecksumKind::Sha256 => return None,
            ChecksumKind::Sha384 => Running::Sha384(Sha384::new()),
            ChecksumKind::Sha512 => Running::Sha512(Sha512::new()),
        })
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Running::Md5(it) => it.update(bytes),
            Running::Sha1(it) => it.update(bytes),
            Running::Sha384(it) => it.update(bytes),
            Running::Sha512(it) => it.update(bytes),
        }
    }

    fn finish(self) -> String {
        match self {
            Running::Md5(it) => hex(&it.finalize()),
            Running::Sha1(it) => hex(&it.finalize()),
            Running::Sha384(it) => hex(&it.finalize()),
            Running::Sha512(it) => hex(&it.finalize()),
        }
    }
}

/// Bytes as hex digits in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `printf abc | KINDsum` prints.
    const OF_ABC: &[(&str, &str)] = &[
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "sha256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "sha384",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            "sha512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];

    #[test]
    fn a_mismatch_does_not_tell_what_is_secret_in_the_url() {
        let checksum = Checksum::parse(Some("md5"), OF_ABC[0].1).unwrap().unwrap();
        let error = checksum.verify(b"other", "https://me:secret@example.com/a.sh?token=secret");
        let text = error.unwrap_err().to_string();
        assert!(text.contains("https://example.com/a.sh"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }

    fn check(kind: &str, digest: &str, bytes: &[u8]) -> Result<String> {
        let mut hasher = Hasher::expecting(&[Checksum::parse(Some(kind), digest).unwrap().unwrap()]);
        hasher.update(bytes);
        hasher.finish("x.box")
    }

    #[test]
    fn every_kind_accepts_its_own_sum_and_no_other() {
        for (kind, digest) in OF_ABC {
            assert_eq!(check(kind, &digest.to_uppercase(), b"abc").unwrap(), OF_ABC[2].1);
            assert!(
                matches!(check(kind, digest, b"abd"), Err(Error::ChecksumMismatch { .. })),
                "{kind}"
            );
        }
    }

    #[test]
    fn the_kind_follows_from_the_length() {
        for (kind, digest) in OF_ABC {
            assert_eq!(Checksum::parse(None, digest).unwrap().unwrap().kind().name(), *kind);
        }
    }

    #[test]
    fn what_is_no_checksum_is_said_to_be_none() {
        assert_eq!(
            Checksum::parse(Some("crc32"), "ab").unwrap_err().to_string(),
            "`crc32` is no kind of checksum: md5, sha1, sha256, sha384 and sha512 are"
        );
        assert!(matches!(
            Checksum::parse(Some("md5"), "zz"),
            Err(Error::ChecksumMalformed { .. })
        ));
        assert!(Checksum::parse(Some("md5"), " ").unwrap().is_none());
    }
}

//! Names that follow from contents. Whoever needs fewer digits cuts them off: `{:.16}`.

use sha2::{Digest, Sha256};

/// The SHA-256 of something, in hexadecimal digits.
pub fn sha256(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().map(|it| format!("{it:02x}")).collect()
}

//! Which algorithms are offered to a guest. Old ones, of which some are broken, are offered on a second try only: a
//! box as old as precise64 (OpenSSH 5.9) knows nothing else, and everything newer is never asked to use them.

use std::borrow::Cow;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKey};
use russh::{AlgorithmKind, Preferred, cipher, compression, kex, mac};

/// Which generation of algorithms a connection is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithms {
    /// What is sound today.
    Current,
    /// That, and what servers before about 2014 need: SHA-1, small groups, CBC.
    Old,
}

/// What is offered, most wanted first; a pinned host key's own algorithm comes before the others, so that a guest
/// with several host keys shows the same one every time.
pub(super) fn preferred(algorithms: Algorithms, pinned: Option<&PublicKey>) -> Preferred {
    let old = algorithms == Algorithms::Old;
    Preferred {
        kex: with(&current_key_exchanges(), OLD_KEY_EXCHANGES, old),
        key: host_keys(old, pinned),
        cipher: with(&Preferred::DEFAULT.cipher, OLD_CIPHERS, old),
        mac: with(&Preferred::DEFAULT.mac, OLD_MACS, old),
        // The guest is on this host or near: compressing costs more than it saves, unless somebody wants it.
        compression: Cow::Borrowed(&[compression::NONE]),
        ..Preferred::DEFAULT
    }
}

/// The same with everything compressed, where the server can.
pub(super) fn preferred_compressed(algorithms: Algorithms, pinned: Option<&PublicKey>) -> Preferred {
    Preferred {
        compression: Cow::Borrowed(&[compression::ZLIB_LEGACY, compression::ZLIB, compression::NONE]),
        ..preferred(algorithms, pinned)
    }
}

/// What kind of algorithm the two sides could not agree on, in words.
pub(super) fn kind_name(kind: &AlgorithmKind) -> &'static str {
    match kind {
        AlgorithmKind::Kex => "key exchange",
        AlgorithmKind::Key => "host key type",
        AlgorithmKind::Cipher => "cipher",
        AlgorithmKind::Compression => "compression",
        AlgorithmKind::Mac => "message authentication code",
    }
}

fn with<T: Clone>(current: &[T], old: &[T], wanted: bool) -> Cow<'static, [T]> {
    let old = if wanted { old } else { &[] };
    [current, old].concat().into()
}

/// The library leaves the NIST curves out of its defaults; hardened (FIPS) servers know nothing else.
fn current_key_exchanges() -> Vec<kex::Name> {
    let nist = [
        kex::ECDH_SHA2_NISTP256,
        kex::ECDH_SHA2_NISTP384,
        kex::ECDH_SHA2_NISTP521,
    ];
    [&Preferred::DEFAULT.kex, nist.as_slice()].concat()
}

const OLD_KEY_EXCHANGES: &[kex::Name] = &[kex::DH_G14_SHA1, kex::DH_GEX_SHA1, kex::DH_G1_SHA1];
const OLD_CIPHERS: &[cipher::Name] = &[cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC];
const OLD_MACS: &[mac::Name] = &[mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];

fn host_keys(old: bool, pinned: Option<&PublicKey>) -> Cow<'static, [Algorithm]> {
    let mut all = vec![
        Algorithm::Ed25519,
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP256,
        },
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP384,
        },
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP521,
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        },
    ];
    if old {
        all.push(Algorithm::Rsa { hash: None });
    }
    if let Some(pinned) = pinned {
        let pinned = pinned.algorithm();
        // The sort is stable: the other types keep their order.
        all.sort_by_key(|it| !(*it == pinned || it.clone().is_rsa() && pinned.clone().is_rsa()));
    }
    all.into()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::communicators::ssh::insecure_keys::InsecureKey;

    fn check(algorithms: Algorithms, pinned: Option<InsecureKey>, expected: Expect) {
        let pinned = pinned.map(|it| PublicKey::from_openssh(it.public_key()).expect("the key is readable"));
        let names = preferred(algorithms, pinned.as_ref())
            .key
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        expected.assert_eq(&names.join(" "));
    }

    #[test]
    fn sha1_is_never_offered_on_the_first_try() {
        let first = preferred(Algorithms::Current, None);
        let names = format!("{:?} {:?} {:?}", first.kex, first.mac, first.cipher);

        assert!(!names.contains("sha1") && !names.contains("cbc"), "{names}");
        check(
            Algorithms::Current,
            None,
            expect![
                "ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 rsa-sha2-512 rsa-sha2-256"
            ],
        );
    }

    #[test]
    fn the_second_try_adds_the_old_ones_behind_the_others() {
        check(
            Algorithms::Old,
            None,
            expect![
                "ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 rsa-sha2-512 rsa-sha2-256 ssh-rsa"
            ],
        );
    }

    #[test]
    fn the_type_of_the_pinned_key_is_asked_for_first() {
        check(
            Algorithms::Current,
            Some(InsecureKey::Rsa),
            expect![
                "rsa-sha2-512 rsa-sha2-256 ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521"
            ],
        );
    }
}

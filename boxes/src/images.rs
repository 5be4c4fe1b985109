//! The distributions' own cloud images, by short names: `debian/12`, `ubuntu/24.04`.
//!
//! The table says where each image and its list of checksums are. The addresses are those of the newest build, which the
//! distribution replaces now and then: such an image has no version of its own.

use url::Url;

use crate::add::Places;
use crate::address::Address;
use crate::architecture::{Architecture, vagrant_name};
use crate::checksum::Checksum;
use crate::event::{Event, Observer};
use crate::place::mirrored;
use crate::resolve::{Offer, is_of_the_place, tell_passed};
use crate::{Error, Result};

/// One distribution's images. `{release}` is what follows the slash of the name, and `{arch}` the architecture in the
/// distribution's word.
struct Family {
    name: &'static str,
    /// Releases, each with the word that the addresses have for it.
    releases: &'static [(&'static str, &'static str)],
    /// The words for amd64 and arm64.
    architectures: (&'static str, &'static str),
    image: &'static str,
    /// The list of checksums: where it is, relative to the image, and how they are made.
    checksums: (&'static str, &'static str),
}

const DEBIAN_WORDS: (&str, &str) = ("amd64", "arm64");
const KERNEL_WORDS: (&str, &str) = ("x86_64", "aarch64");

const FAMILIES: &[Family] = &[
    Family {
        name: "debian",
        releases: &[
            ("11", "bullseye/latest/debian-11"),
            ("12", "bookworm/latest/debian-12"),
            ("13", "trixie/latest/debian-13"),
        ],
        architectures: DEBIAN_WORDS,
        image: "https://cloud.debian.org/images/cloud/{release}-genericcloud-{arch}.qcow2",
        checksums: ("SHA512SUMS", "sha512"),
    },
    Family {
        name: "ubuntu",
        releases: &[
            ("20.04", "20.04"),
            ("22.04", "22.04"),
            ("24.04", "24.04"),
            ("25.10", "25.10"),
        ],
        architectures: DEBIAN_WORDS,
        image: "https://cloud-images.ubuntu.com/releases/{release}/release/ubuntu-{release}-server-cloudimg-{arch}.img",
        checksums: ("SHA256SUMS", "sha256"),
    },
    Family {
        name: "almalinux",
        releases: &[("8", "8"), ("9", "9"), ("10", "10")],
        architectures: KERNEL_WORDS,
        image: "https://repo.almalinux.org/almalinux/{release}/cloud/{arch}/images/AlmaLinux-{release}-GenericCloud-latest.{arch}.qcow2",
        checksums: ("CHECKSUM", "sha256"),
    },
    Family {
        name: "rockylinux",
        releases: &[("8", "8"), ("9", "9"), ("10", "10")],
        architectures: KERNEL_WORDS,
        image: "https://dl.rockylinux.org/pub/rocky/{release}/images/{arch}/Rocky-{release}-GenericCloud-Base.latest.{arch}.qcow2",
        checksums: ("{file}.CHECKSUM", "sha256"),
    },
    Family {
        name: "centos",
        releases: &[("stream9", "9"), ("stream10", "10")],
        architectures: KERNEL_WORDS,
        image: "https://cloud.centos.org/centos/{release}-stream/{arch}/images/CentOS-Stream-GenericCloud-{release}-latest.{arch}.qcow2",
        checksums: ("{file}.SHA256SUM", "sha256"),
    },
    Family {
        name: "opensuse",
        releases: &[("15.6", "15.6")],
        architectures: KERNEL_WORDS,
        image: "https://download.opensuse.org/distribution/leap/{release}/appliances/openSUSE-Leap-{release}-Minimal-VM.{arch}-Cloud.qcow2",
        checksums: ("{file}.sha256", "sha256"),
    },
    Family {
        name: "archlinux",
        releases: &[("latest", "latest")],
        architectures: ("x86_64", ""),
        image: "https://geo.mirror.pkgbuild.com/images/{release}/Arch-Linux-{arch}-cloudimg.qcow2",
        checksums: ("{file}.SHA256", "sha256"),
    },
];

/// An image and its checksums, as the distribution has them.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    url: String,
    checksums: String,
    checksum_kind: &'static str,
}

/// Whether the table has a name.
pub(crate) fn has(name: &str, architecture: &Architecture) -> bool {
    find(name, word_of(architecture)).is_some()
}

/// The image of a name, with the checksum that its distribution has for it now.
///
/// `base`, where there is one, is another server that has the images under their hosts' names: `BASE/HOST/PATH`.
pub(crate) async fn offer(
    places: &Places<'_>,
    base: &str,
    name: &str,
    architecture: &Architecture,
    observer: &Observer,
) -> Result<Offer> {
    let image = find(name, word_of(architecture)).ok_or_else(|| Error::ServerHasNoBox {
        name: name.to_owned(),
        url: "the table of cloud images".to_owned(),
    })?;
    let (url, list_url) = (at(base, &image.url)?, at(base, &image.checksums)?);
    let list = list(places, &list_url, observer).await?;
    let file = url
        .path_segments()
        .and_then(|mut it| it.next_back())
        .unwrap_or_default();
    let digest = digest_in(&list, file).ok_or_else(|| Error::ServerHasNoBox {
        name: name.to_owned(),
        url: crate::address::shown(list_url.as_str()),
    })?;
    Ok(Offer::BoxFile {
        checksums: Checksum::parse(Some(image.checksum_kind), &digest)?
            .into_iter()
            .collect(),
        address: Address::Web(url),
        version: None,
    })
}

async fn list(places: &Places<'_>, url: &Url, observer: &Observer) -> Result<String> {
    observer(Event::Catalog {
        url: crate::address::shown(url.as_str()),
    });
    let mut passed: Option<(String, Error)> = None;
    for url in mirrored(places.mirrors, url) {
        tell_passed(observer, passed.take());
        match places.text(&url, "text/plain, */*").await {
            Err(error) if is_of_the_place(&error) => {
                passed = Some((crate::address::shown(url.as_str()), error));
            }
            other => return other,
        }
    }
    let nowhere = || Error::FetchStatus {
        url: crate::address::shown(url.as_str()),
        status: 404,
    };
    Err(passed.map_or_else(nowhere, |(_, error)| error))
}

fn word_of(architecture: &Architecture) -> &str {
    match architecture {
        Architecture::Auto { host } => vagrant_name(host),
        Architecture::CatalogDefault => "amd64",
        Architecture::Named(name) => vagrant_name(name),
    }
}

/// What the table says of a name and an architecture in Vagrant's word.
fn find(name: &str, architecture: &str) -> Option<Image> {
    let (family, release) = name.split_once('/')?;
    let family = FAMILIES.iter().find(|it| it.name == family)?;
    let (_, release) = family.releases.iter().find(|(it, _)| *it == release)?;
    let word = match architecture {
        "amd64" => family.architectures.0,
        "arm64" => family.architectures.1,
        _ => "",
    };
    if word.is_empty() {
        return None;
    }
    let url = family.image.replace("{release}", release).replace("{arch}", word);
    let (folder, file) = url.rsplit_once('/')?;
    let (list, checksum_kind) = family.checksums;
    Some(Image {
        checksums: format!("{folder}/{}", list.replace("{file}", file)),
        checksum_kind,
        url,
    })
}

fn at(base: &str, url: &str) -> Result<Url> {
    let text = match (base, url.strip_prefix("https://")) {
        ("", _) | (_, None) => url.to_owned(),
        (base, Some(rest)) => format!("{base}/{rest}"),
    };
    Url::parse(&text).map_err(|_| Error::AddressInvalid {
        address: crate::address::shown(&text),
        reason: "it is no URL",
    })
}

/// The digest of a file in a list: `DIGEST  FILE`, `DIGEST *FILE` or `SHA256 (FILE) = DIGEST`.
fn digest_in(list: &str, file: &str) -> Option<String> {
    list.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [digest, name] if name.trim_start_matches('*') == file => Some((*digest).to_owned()),
            [_, name, "=", digest] if name.trim_matches(['(', ')']) == file => Some((*digest).to_owned()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(name: &str, architecture: &str, expected: Expect) {
        let shown = find(name, architecture).map(|it| format!("{}\n{} {}\n", it.url, it.checksum_kind, it.checksums));
        expected.assert_eq(&shown.unwrap_or_else(|| "nothing".to_owned()));
    }

    #[test]
    fn a_short_name_is_an_image_and_a_list_of_checksums() {
        check(
            "debian/12",
            "amd64",
            expect![[r#"
                https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-genericcloud-amd64.qcow2
                sha512 https://cloud.debian.org/images/cloud/bookworm/latest/SHA512SUMS
            "#]],
        );
        check(
            "ubuntu/24.04",
            "arm64",
            expect![[r#"
                https://cloud-images.ubuntu.com/releases/24.04/release/ubuntu-24.04-server-cloudimg-arm64.img
                sha256 https://cloud-images.ubuntu.com/releases/24.04/release/SHA256SUMS
            "#]],
        );
        check(
            "rockylinux/9",
            "amd64",
            expect![[r#"
                https://dl.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud-Base.latest.x86_64.qcow2
                sha256 https://dl.rockylinux.org/pub/rocky/9/images/x86_64/Rocky-9-GenericCloud-Base.latest.x86_64.qcow2.CHECKSUM
            "#]],
        );
        check("archlinux/latest", "arm64", expect!["nothing"]);
        check("debian/bookworm64", "amd64", expect!["nothing"]);
    }

    #[test]
    fn every_address_of_the_table_is_a_url() {
        for family in FAMILIES {
            for (release, _) in family.releases {
                let image = find(&format!("{}/{release}", family.name), "amd64").unwrap();
                assert!(
                    Url::parse(&image.url).is_ok_and(|it| it.scheme() == "https"),
                    "{}",
                    image.url
                );
                assert!(
                    !image.url.contains('{') && !image.checksums.contains('{'),
                    "{}",
                    image.url
                );
            }
        }
    }

    #[test]
    fn the_digest_is_found_in_every_form_of_list() {
        let find = |list: &str| digest_in(list, "a.qcow2");
        assert_eq!(find("00 b.qcow2\n11  a.qcow2\n").unwrap(), "11");
        assert_eq!(find("11 *a.qcow2").unwrap(), "11");
        assert_eq!(find("# a.qcow2: 5 bytes\nSHA256 (a.qcow2) = 11\n").unwrap(), "11");
        assert_eq!(find("11 x/a.qcow2"), None);
        assert_eq!(find(""), None);
    }
}

//! `oci://HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]`: the address of a box in a registry.

use std::fmt;

use sha2::{Digest as _, Sha256};
use url::Url;

use crate::checksum;
use crate::{Error, Result};

/// What the addresses begin with.
pub(crate) const SCHEME: &str = "oci://";

/// A repository of a registry, and perhaps what of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// `HOST[:PORT]`.
    pub(crate) host: String,
    /// `team/debian`.
    pub(crate) repository: String,
    pub(crate) part: Part,
}

/// What of a repository is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    Tag(String),
    Digest(String),
}

impl Reference {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let rest = text.strip_prefix(SCHEME).unwrap_or(text);
        if rest.split('/').next().is_some_and(|it| it.contains('@')) {
            return Err(invalid(
                text,
                "a password in an address is seen by everybody who lists processes: settings.toml is the place for it",
            ));
        }
        let (host, rest) = rest
            .split_once('/')
            .ok_or_else(|| invalid(text, "it names no repository"))?;
        Url::parse(&format!("https://{host}/"))
            .ok()
            .filter(|it| it.has_host() && it.path() == "/" && !host.contains(['?', '#']))
            .ok_or_else(|| invalid(text, "it names no host"))?;
        let (repository, part) = match rest.split_once('@') {
            Some((repository, digest)) if is_digest(digest) => (repository, Part::Digest(digest.to_owned())),
            Some(_) => return Err(invalid(text, "what follows the @ is no sha256 digest")),
            None => match rest.rsplit_once(':') {
                Some((repository, tag)) if is_tag(tag) => (repository, Part::Tag(tag.to_owned())),
                Some(_) => return Err(invalid(text, "what follows the colon is no tag")),
                None => (rest, Part::All),
            },
        };
        if !repository.split('/').all(is_component) {
            return Err(invalid(
                text,
                "a repository's name has small letters, digits, and `.`, `_` or `-` between them",
            ));
        }
        Ok(Self {
            host: host.to_owned(),
            repository: repository.to_owned(),
            part,
        })
    }

    /// The repository of a box of this name, below a prefix. Names that no repository can have get one that says which they were.
    pub(crate) fn of_name(prefix: &str, name: &str) -> Result<Self> {
        let repository: Vec<String> = name.split('/').map(component_of).collect();
        Self::parse(&format!("{}/{}", prefix.trim_end_matches('/'), repository.join("/")))
    }

    pub(crate) fn with(&self, part: Part) -> Self {
        Self { part, ..self.clone() }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.host, self.repository)?;
        match &self.part {
            Part::All => Ok(()),
            Part::Tag(tag) => write!(f, ":{tag}"),
            Part::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

fn invalid(text: &str, reason: &'static str) -> Error {
    Error::AddressInvalid {
        address: crate::address::shown(text),
        reason,
    }
}

pub(crate) fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
}

pub(crate) fn is_tag(text: &str) -> bool {
    let is_word = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|it| is_word(it) || matches!(it, b'.' | b'-'))
}

fn is_component(text: &str) -> bool {
    let is_inner = |it: u8| matches!(it, b'a'..=b'z' | b'0'..=b'9');
    let ends_well = |it: Option<u8>| it.is_some_and(is_inner);
    ends_well(text.bytes().next())
        && ends_well(text.bytes().last())
        && text.bytes().all(|it| is_inner(it) || matches!(it, b'.' | b'_' | b'-'))
        && !["..", "._", "_.", ".-", "-.", "_-", "-_", "___"]
            .iter()
            .any(|it| text.contains(it))
}

/// The part of a name itself, or, where it cannot be one of a repository's, what is left of it and a digest of it.
fn component_of(part: &str) -> String {
    if is_component(part) {
        return part.to_owned();
    }
    let kept: String = part
        .to_lowercase()
        .chars()
        .filter(|it| it.is_ascii_alphanumeric())
        .collect();
    let digest = checksum::hex(&Sha256::digest(part.as_bytes()));
    let digest = digest.get(..8).unwrap_or(&digest);
    if kept.is_empty() {
        digest.to_owned()
    } else {
        format!("{kept}-{digest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: std::result::Result<(&str, &str, Part), &str>) {
        match (Reference::parse(text), expected) {
            (Ok(it), Ok((host, repository, part))) => {
                assert_eq!(
                    (it.host.as_str(), it.repository.as_str(), &it.part),
                    (host, repository, &part)
                );
                assert_eq!(it.to_string(), text);
            }
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (outcome, _) => panic!("{text}: {outcome:?}"),
        }
    }

    #[test]
    fn a_reference_has_a_host_a_repository_and_perhaps_a_tag() {
        check("oci://host/debian", Ok(("host", "debian", Part::All)));
        check(
            "oci://host:5000/a/b:1.0",
            Ok(("host:5000", "a/b", Part::Tag("1.0".to_owned()))),
        );
        let digest = format!("sha256:{}", "0a".repeat(32));
        check(
            &format!("oci://host/a@{digest}"),
            Ok(("host", "a", Part::Digest(digest))),
        );
    }

    #[test]
    fn what_is_no_reference_says_why() {
        check("oci://host", Err("names no repository"));
        check("oci:///x", Err("names no host"));
        check("oci://host/../x", Err("small letters"));
        check("oci://host/A", Err("small letters"));
        check("oci://host/a?x", Err("small letters"));
        check("oci://host/a:", Err("no tag"));
        check("oci://host/a@sha256:12", Err("no sha256 digest"));
        check("oci://user:secret@host/a", Err("seen by everybody"));
    }

    #[test]
    fn every_name_of_a_box_has_a_repository_of_its_own() {
        let of = |name: &str| Reference::of_name("oci://host/team", name).unwrap().repository;
        assert_eq!(of("debian/12"), "team/debian/12");
        assert_eq!(of("Win 10"), "team/win10-771bf899");
        assert_ne!(of("win 10"), of("Win 10"));
        assert_eq!(of("a/..").len(), "team/a/".len() + 8);
    }
}

//! Where a box is said to be: a path, a URL, or a name that servers are asked for.

use std::path::{Path, PathBuf};

use url::Url;

use crate::oci::Reference;
use crate::{Error, Result};

/// A place of a box, or of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A file of the host.
    File(PathBuf),
    /// `http:` or `https:`.
    Web(Url),
    /// A box in a registry.
    Oci(Reference),
    /// `USER/BOX`, which a server knows.
    Name(String),
}

impl Address {
    /// What a text means that a person wrote. Paths are relative to a folder.
    ///
    /// A file that exists comes before a name that a server could know, as in Vagrant.
    pub(crate) fn parse(text: &str, relative_to: &Path) -> Result<Self> {
        if let Some((scheme, rest)) = text.split_once("://") {
            return Self::of_url(text, scheme, rest);
        }
        let path = text.strip_prefix("file:").unwrap_or(text);
        // Without the dots in `./FILE`.
        let file: PathBuf = relative_to.join(path).components().collect();
        match () {
            () if file.is_file() => Ok(Address::File(file)),
            () if is_short_name(text) => Ok(Address::Name(text.to_owned())),
            () if is_like_a_path(text) => Err(Error::FileNotFound { path: file }),
            () => Err(Error::ShortNameNotFound { name: text.to_owned() }),
        }
    }

    fn of_url(text: &str, scheme: &str, rest: &str) -> Result<Self> {
        let invalid = |reason| Error::AddressInvalid {
            address: shown(text),
            reason,
        };
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => Url::parse(text).map(Address::Web).map_err(|_| invalid("it is no URL")),
            "file" => {
                let url = Url::parse(text).map_err(|_| invalid("it is no URL"))?;
                // What people write after `file://` is not always escaped.
                let path = url
                    .to_file_path()
                    .ok()
                    .filter(|it| it.is_file())
                    .unwrap_or_else(|| PathBuf::from(rest));
                if path.is_file() {
                    Ok(Address::File(path))
                } else {
                    Err(Error::FileNotFound { path })
                }
            }
            "oci" => Reference::parse(text).map(Address::Oci),
            _ => Err(invalid("only files, http, https and oci are known")),
        }
    }

    /// What an address means that stands in a catalog, relative to the catalog's own.
    pub(crate) fn within(text: &str, catalog: &Address) -> Result<Self> {
        match catalog {
            Address::Web(base) => {
                let invalid = |reason| Error::AddressInvalid {
                    address: shown(text),
                    reason,
                };
                let url = base.join(text.trim()).map_err(|_| invalid("it is no URL"))?;
                match url.scheme() {
                    "http" | "https" => Ok(Address::Web(url)),
                    "file" => Err(invalid("a catalog on a server may not name files of this host")),
                    _ => Err(invalid("only http and https are known on a server")),
                }
            }
            Address::File(path) => Self::parse(text, path.parent().unwrap_or(path)),
            Address::Oci(_) | Address::Name(_) => Self::parse(text, Path::new("")),
        }
    }

    /// The address for messages and notes, without secrets.
    pub(crate) fn shown(&self) -> String {
        match self {
            Address::File(path) => path.display().to_string(),
            Address::Web(url) => shown(url.as_str()),
            Address::Oci(reference) => reference.to_string(),
            Address::Name(name) => name.clone(),
        }
    }
}

/// A URL without what may be secret in it: user, password, and the query.
pub fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if url.has_host() => {
            // Neither fails for a URL with a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            url.into()
        }
        _ => text
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .escape_debug()
            .to_string(),
    }
}

/// `USER/BOX`, and nothing that must be a path.
fn is_short_name(text: &str) -> bool {
    let mut parts = text.split('/');
    let (user, name, more) = (parts.next(), parts.next(), parts.next());
    let is_part = |it: Option<&str>| it.is_some_and(|it| !it.is_empty() && !it.starts_with(['.', '~']));
    is_part(user) && is_part(name) && more.is_none() && !text.contains(['\\', ' ']) && !text.ends_with(".box")
}

fn is_like_a_path(text: &str) -> bool {
    text.contains(['/', '\\']) || text.ends_with(".box") || text.starts_with("file:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("here.box"), "").unwrap();
        std::fs::create_dir(folder.path().join("user")).unwrap();
        std::fs::write(folder.path().join("user/box"), "").unwrap();
        let text = text.replace("FOLDER", &folder.path().display().to_string());
        let outcome = match Address::parse(&text, folder.path()) {
            Ok(it) => format!("{it:?}").split(" {").next().unwrap().to_owned() + " " + &it.shown(),
            Err(error) => error.to_string(),
        };
        let outcome = outcome.split_once('(').map_or(outcome.clone(), |(kind, rest)| {
            format!("{kind} {}", rest.rsplit(' ').next().unwrap_or_default())
        });
        expected.assert_eq(&outcome.replace(&folder.path().display().to_string(), "FOLDER"));
    }

    #[test]
    fn a_file_that_is_there_is_a_file() {
        check("here.box", expect!["File FOLDER/here.box"]);
        check("user/box", expect!["File FOLDER/user/box"]);
        check("file:here.box", expect!["File FOLDER/here.box"]);
        check("file://FOLDER/here.box", expect!["File FOLDER/here.box"]);
    }

    #[test]
    fn what_is_no_file_may_be_a_name() {
        check("debian/12", expect!["Name debian/12"]);
        check("a/b/c", expect!["there is no box file FOLDER/a/b/c"]);
        check("./b", expect!["there is no box file FOLDER/b"]);
        check("gone.box", expect!["there is no box file FOLDER/gone.box"]);
        check(
            "precise64",
            expect!["there is no box `precise64`: no such file, and not of the form USER/BOX that a catalog has"],
        );
    }

    #[test]
    fn urls_are_shown_without_their_secrets() {
        check(
            "https://user:secret@host/x.box?access_token=secret#x",
            expect!["Web https://host/x.box"],
        );
        check(
            "ftp://user:secret@host/x",
            expect!["`ftp://host/x` cannot be a place of boxes: only files, http, https and oci are known"],
        );
        check(
            "https://",
            expect!["`https://` cannot be a place of boxes: it is no URL"],
        );
    }

    #[test]
    fn a_catalog_on_a_server_names_no_files_of_the_host() {
        let catalog = Address::Web(Url::parse("https://host/boxes/x.json").unwrap());
        let within = |text| {
            Address::within(text, &catalog)
                .map(|it| it.shown())
                .map_err(|it| it.to_string())
        };
        assert_eq!(within("y/z.box").unwrap(), "https://host/boxes/y/z.box");
        assert_eq!(within("/z.box").unwrap(), "https://host/z.box");
        assert_eq!(within("http://other/z.box").unwrap(), "http://other/z.box");
        assert!(within("file:///etc/passwd").is_err());
        assert!(within("file:/etc/passwd").is_err());
    }
}

//! The places that are asked for a box by its name, one after the other, and what they ask back.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// Somewhere that knows boxes by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// How it is asked.
    pub kind: PlaceKind,
    /// Where its names begin: a URL, or a folder's path.
    pub url: String,
}

/// How a place is asked for a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// Vagrant's catalogs, one for each name: `URL/NAME`, or `URL/NAME.json` where files are served.
    Catalog,
    /// Box files in folders that a web server lists: `URL/NAME/VERSION/[ARCHITECTURE/]PROVIDER.box`.
    Files,
    /// The package registry of Gitea or Forgejo.
    Gitea,
    /// The API of HCP Vagrant.
    Hcp,
    /// The table of the distributions' own cloud images. The URL, where there is one, stands before theirs.
    Images,
    /// A registry of OCI artifacts.
    Oci,
}

/// What a server lets in.
#[derive(Clone, PartialEq, Eq)]
pub enum Access {
    /// A bearer's token.
    Token(String),
    /// A user with a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
}

/// Who this is to a server. It is shown to that server alone: to the same scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The server.
    pub url: String,
    /// What it lets in.
    pub access: Access,
}

/// Another place of all that begins with a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// What the original addresses begin with.
    pub of: String,
    /// What stands there instead.
    pub at: String,
}

impl PlaceKind {
    /// The kind that settings call so.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "catalog" => PlaceKind::Catalog,
            "files" => PlaceKind::Files,
            "gitea" => PlaceKind::Gitea,
            "hcp" => PlaceKind::Hcp,
            "images" => PlaceKind::Images,
            "oci" => PlaceKind::Oci,
            _ => return None,
        })
    }
}

impl Place {
    /// What messages call it, without secrets.
    pub(crate) fn shown(&self) -> String {
        match self.kind {
            PlaceKind::Images if self.url.is_empty() => "the distributions' cloud images".to_owned(),
            _ => crate::address::shown(&self.url),
        }
    }
}

impl Access {
    /// The value of the header `authorization`.
    pub(crate) fn header(&self) -> String {
        match self {
            Access::Token(token) => format!("Bearer {token}"),
            Access::Password { user, password } => format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
        }
    }
}

/// Secrets do not get into logs by accident.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Access::Token(_) => f.write_str("Token(...)"),
            Access::Password { user, .. } => write!(f, "Password({user}, ...)"),
        }
    }
}

/// What is shown to a server, by the accounts that there are.
pub(crate) fn access_to<'a>(accounts: &'a [Account], url: &Url) -> Option<&'a Access> {
    let is_the_server = |it: &&Account| Url::parse(&it.url).is_ok_and(|it| it.origin() == url.origin());
    accounts.iter().find(is_the_server).map(|it| &it.access)
}

/// The addresses to try for one address: the mirrors' in their order, then itself.
pub(crate) fn mirrored(mirrors: &[Mirror], url: &Url) -> Vec<Url> {
    let at_mirrors = mirrors.iter().filter_map(|mirror| {
        let rest = url.as_str().strip_prefix(&mirror.of)?;
        Url::parse(&format!("{}{rest}", mirror.at)).ok()
    });
    at_mirrors.chain([url.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_come_before_the_original_in_their_order() {
        let mirror = |of: &str, at: &str| Mirror {
            of: of.to_owned(),
            at: at.to_owned(),
        };
        let mirrors = [
            mirror("https://a/x/", "http://one/"),
            mirror("https://b/", "http://other/"),
            mirror("https://a/", "http://two/a/"),
        ];
        let urls = mirrored(&mirrors, &Url::parse("https://a/x/y.box").unwrap());
        let urls: Vec<&str> = urls.iter().map(Url::as_str).collect();
        assert_eq!(urls, ["http://one/y.box", "http://two/a/x/y.box", "https://a/x/y.box"]);
    }

    #[test]
    fn an_account_is_shown_to_its_own_server_alone() {
        let account = Account {
            url: "https://a:8443/path".to_owned(),
            access: Access::Token("t".to_owned()),
        };
        let is_shown = |url: &str| access_to(std::slice::from_ref(&account), &Url::parse(url).unwrap()).is_some();
        assert!(is_shown("https://a:8443/other"));
        assert!(!is_shown("https://a/path"));
        assert!(!is_shown("http://a:8443/path"));
        assert!(!is_shown("https://b:8443/path"));
    }

    #[test]
    fn the_secret_is_not_in_the_debug_form() {
        let password = Access::Password {
            user: "u".to_owned(),
            password: "secret".to_owned(),
        };
        assert_eq!(format!("{password:?}"), "Password(u, ...)");
        assert_eq!(password.header(), "Basic dTpzZWNyZXQ=");
    }
}

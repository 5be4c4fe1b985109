//! Which architecture of a box is asked for, and Vagrant's names for them.

use std::fmt;

/// What the Vagrantfile or the command line says of the architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Architecture {
    /// `:auto`: the host's, else a box that does not say.
    Auto {
        /// The host's, in Vagrant's words (see [`vagrant_name`]).
        host: String,
    },
    /// `nil`: the one that the catalog marks as its default.
    CatalogDefault,
    /// This one and no other.
    Named(String),
}

/// The architecture of a box that somebody made without saying.
pub(crate) const UNKNOWN: &str = "unknown";

/// Vagrant's name of an architecture that Rust, `uname` or Debian call otherwise.
pub fn vagrant_name(name: &str) -> &str {
    match name {
        "x86_64" | "x64" => "amd64",
        "aarch64" => "arm64",
        "x86" | "386" | "i486" | "i586" | "i686" => "i386",
        "armv6l" | "armv7l" | "armhf" => "arm",
        "powerpc64le" | "ppc64el" => "ppc64le",
        "powerpc64" => "ppc64",
        "mips64el" => "mips64le",
        "mipsel" => "mipsle",
        other => other,
    }
}

impl Architecture {
    /// How well a box or an entry of a catalog suits: the lower the better, `None` for not at all.
    ///
    /// `own` is the architecture it names, if it does; `marked_default` is the catalog's mark.
    pub(crate) fn rank(&self, own: Option<&str>, marked_default: bool) -> Option<u8> {
        let own = own.map(vagrant_name);
        match (self, own) {
            (Architecture::Auto { host }, Some(own)) if own == vagrant_name(host) => Some(0),
            (Architecture::Auto { .. }, None) => Some(1),
            (Architecture::Auto { .. }, Some(UNKNOWN)) if marked_default => Some(2),
            (Architecture::Auto { .. }, Some(_)) => None,
            (Architecture::CatalogDefault, _) if marked_default => Some(0),
            (Architecture::CatalogDefault, None) => Some(1),
            (Architecture::CatalogDefault, Some(_)) => None,
            (Architecture::Named(wanted), Some(own)) if own == vagrant_name(wanted) => Some(0),
            (Architecture::Named(_), _) => None,
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Architecture::Auto { host } => write!(f, "{} (the host's)", vagrant_name(host)),
            Architecture::CatalogDefault => f.write_str("that the catalog marks as default"),
            Architecture::Named(name) => f.write_str(vagrant_name(name)),
        }
    }
}

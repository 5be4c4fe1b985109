//! `metadata.json` of a box: the provider it is for, and what else is needed to run it.
//!
//! Keys that are not known here belong to some provider and are kept as they are.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use crate::{Error, Result, architecture, name};

/// What Vagrant calls the file.
pub(crate) const FILE_NAME: &str = "metadata.json";
/// A file that is read whole may not be larger.
pub(crate) const LARGEST: u64 = 1 << 20;

/// What a box says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// The provider it was made for: `libvirt`, `virtualbox`, `vmware_desktop` ...
    pub provider: String,
    /// The architecture in Vagrant's words, where the box names one.
    pub architecture: Option<String>,
    /// Everything that the file says.
    pub all: Map<String, Value>,
}

impl Metadata {
    /// What `metadata.json` of a box says.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let value: Value =
            serde_json::from_slice(json).map_err(|error| malformed(format!("is not JSON (line {})", error.line())))?;
        let Value::Object(all) = value else {
            return Err(malformed("is not a JSON object".to_owned()));
        };
        let provider = match all.get("provider") {
            Some(Value::String(provider)) if name::is_plain_word(provider) => provider.clone(),
            Some(_) => return Err(malformed("names a provider that cannot be one".to_owned())),
            None => return Err(malformed("names no `provider`".to_owned())),
        };
        let architecture = match all.get("architecture") {
            None | Some(Value::Null) => None,
            Some(Value::String(it)) if it.is_empty() => None,
            Some(Value::String(it)) if name::is_plain_word(it) => Some(architecture::vagrant_name(it).to_owned()),
            Some(_) => return Err(malformed("names an architecture that cannot be one".to_owned())),
        };
        Ok(Self {
            provider,
            architecture,
            all,
        })
    }

    /// What the box in a folder says of itself.
    pub fn read(directory: &Path) -> Result<Self> {
        let path = directory.join(FILE_NAME);
        let mut json = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(LARGEST).read_to_end(&mut json))
            .map_err(Error::file("read", &path))?;
        Self::parse(&json)
    }

    /// A box that says no more than its provider.
    pub(crate) fn of_provider(provider: &str) -> Self {
        let all = Map::from_iter([("provider".to_owned(), provider.into())]);
        Self {
            provider: provider.to_owned(),
            architecture: None,
            all,
        }
    }
}

fn malformed(what: String) -> Error {
    Error::MetadataMalformed { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        let answer = match Metadata::parse(json.as_bytes()) {
            Ok(it) => format!("{} {:?}", it.provider, it.architecture),
            Err(error) => error.to_string(),
        };
        assert_eq!(answer, expected, "{json}");
    }

    #[test]
    fn the_provider_and_the_architecture_are_read() {
        check(
            r#"{"provider":"libvirt","format":"qcow2","virtual_size":4}"#,
            "libvirt None",
        );
        check(
            r#"{"provider":"virtualbox","architecture":"x86_64"}"#,
            "virtualbox Some(\"amd64\")",
        );
    }

    #[test]
    fn a_file_that_is_not_of_a_box_is_an_error() {
        check("", "metadata.json of the box is not JSON (line 1)");
        check("[]", "metadata.json of the box is not a JSON object");
        check("{}", "metadata.json of the box names no `provider`");
        check(
            r#"{"provider":"../../x"}"#,
            "metadata.json of the box names a provider that cannot be one",
        );
        check(
            r#"{"provider":7}"#,
            "metadata.json of the box names a provider that cannot be one",
        );
        check(
            r#"{"provider":"qemu","architecture":".."}"#,
            "metadata.json of the box names an architecture that cannot be one",
        );
    }
}

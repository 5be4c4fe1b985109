//! Names: of boxes, and of the parts of a box's place in the store.
//!
//! **Invariant:** a text that passed here is one component of a path and names neither its folder nor the one above.

use crate::{Error, Result};

const SLASH: &str = "-VAGRANTSLASH-";
const COLON: &str = "-VAGRANTCOLON-";
const LONGEST_NAME: usize = 200;

/// The folder of a box, by Vagrant's rule: `user/box` is `user-VAGRANTSLASH-box`.
pub(crate) fn folder(name: &str) -> Result<String> {
    check(name)?;
    let folder = name.replace('/', SLASH);
    Ok(if cfg!(windows) {
        folder.replace(':', COLON)
    } else {
        folder
    })
}

/// The box's name, from its folder's.
pub(crate) fn from_folder(folder: &str) -> String {
    folder.replace(COLON, ":").replace(SLASH, "/")
}

/// Whether this can be the name of a box.
pub fn check(name: &str) -> Result<()> {
    let reason = match name {
        "" => "it is empty",
        it if it.starts_with('.') => "it starts with a dot",
        it if it.len() > LONGEST_NAME => "it is too long",
        it if it.contains(char::is_control) => "it has control characters",
        it if it.contains('\\') => "it has a backslash",
        _ => return Ok(()),
    };
    Err(Error::NameInvalid {
        name: name.escape_debug().to_string(),
        reason,
    })
}

/// Whether this can be the name of a provider or an architecture.
pub(crate) fn is_plain_word(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 64
        && !word.starts_with('.')
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_is_spelled_out_and_read_back() {
        assert_eq!(folder("debian/12").unwrap(), "debian-VAGRANTSLASH-12");
        assert_eq!(from_folder("debian-VAGRANTSLASH-12"), "debian/12");
    }

    #[test]
    fn a_name_that_climbs_stays_one_component() {
        assert_eq!(
            folder("a/../../b").unwrap(),
            "a-VAGRANTSLASH-..-VAGRANTSLASH-..-VAGRANTSLASH-b"
        );
    }

    #[test]
    fn names_that_are_no_file_names_are_refused() {
        for name in ["", ".", "..", ".jaunt", "a\nb", "a\0b", "a\\b", &"x".repeat(201)] {
            assert!(folder(name).is_err(), "{name:?}");
        }
    }
}

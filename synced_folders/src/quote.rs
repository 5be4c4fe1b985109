//! Text for a POSIX shell.

/// The text as one word that no shell looks into.
pub(crate) fn quote(text: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "/._-+:@%=".contains(it);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_quote_within_is_closed_escaped_and_opened_again() {
        assert_eq!(quote("it's"), r"'it'\''s'");
    }

    #[test]
    fn nothing_is_still_a_word() {
        assert_eq!(quote(""), "''");
    }
}

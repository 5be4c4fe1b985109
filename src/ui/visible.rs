//! Strangers' text made fit for a question: what would steer the terminal is shown instead of obeyed.

/// The text with control, direction and invisible characters as escapes, on one line.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if character.is_control() || is_unseen(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// What changes the direction of the text around it, breaks the line, or has no width.
fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_hide_a_part_of_a_command_is_shown() {
        assert_eq!(visible("rm -rf ~\r\u{1b}[2Kls"), "rm -rf ~\\r\\u{1b}[2Kls");
        assert_eq!(visible("a\nb\u{202e}c\u{200b}"), "a\\nb\\u{202e}c\\u{200b}");
        assert_eq!(visible("echo 'grün' | sort"), "echo 'grün' | sort");
    }
}

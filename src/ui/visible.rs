//! Strangers' text made fit for questions and errors: what would steer the terminal is shown instead of obeyed.

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

/// The same for a text of several lines.
pub fn visible_lines(text: &str) -> String {
    text.split_inclusive(['\n', '\t'])
        .map(|piece| match piece.strip_suffix(['\n', '\t']) {
            Some(start) => visible(start) + &piece[start.len()..],
            None => visible(piece),
        })
        .collect()
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

    #[test]
    fn lines_and_tabs_of_a_report_stay() {
        assert_eq!(visible_lines("a\n\tb\u{1b}[2K\n\nc"), "a\n\tb\\u{1b}[2K\n\nc");
    }
}

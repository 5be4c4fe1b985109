//! The end of the serial console, made fit for a terminal: what a guest wrote there may hold anything.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// No more than this is read from the end.
const TAIL_LIMIT: u64 = 64 * 1024;

/// The last lines of the console, or `None` where nothing was ever written.
pub(super) fn tail(path: &Path, lines: usize) -> Option<Vec<String>> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_LIMIT))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL_LIMIT).read_to_end(&mut bytes).ok()?;
    Some(last_lines(&String::from_utf8_lossy(&bytes), lines))
}

fn last_lines(text: &str, count: usize) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(printable).filter(|it| !it.is_empty()).collect();
    lines.split_off(lines.len().saturating_sub(count))
}

/// The line as a terminal would show it in the end, without escape sequences, control and direction characters.
fn printable(line: &str) -> String {
    let mut shown = String::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => skip_escape(&mut characters),
            '\t' => shown.push(' '),
            it if it.is_control() || is_directional(it) => {}
            it => shown.push(it),
        }
    }
    shown.trim_end().to_owned()
}

/// Skips `ESC [ ... letter`, or the one character after `ESC`.
fn skip_escape(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if characters.next() != Some('[') {
        return;
    }
    for character in characters.by_ref() {
        if character.is_ascii_alphabetic() || character == '@' || character == '~' {
            return;
        }
    }
}

fn is_directional(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, count: usize, expected: Expect) {
        expected.assert_eq(&last_lines(text, count).join("\n"));
    }

    #[test]
    fn the_last_lines_are_kept_and_empty_ones_are_not() {
        check("one\n\ntwo\r\n\r\nthree\n", 2, expect!["two\nthree"]);
    }

    #[test]
    fn what_would_steer_a_terminal_is_taken_out() {
        check(
            "\u{1b}[2J\u{1b}[1;31mred\u{1b}[0m\u{7}\n\u{1b}cplain\u{202e}text\n",
            9,
            expect!["red\nplaintext"],
        );
    }
}

//! Output that comes in pieces, handed on line by line.

use std::collections::VecDeque;

use crate::communicators::Stream;

/// How long a line may grow before it is handed on without its end.
const LONGEST_LINE: usize = 64 * 1024;

/// How many lines are remembered.
const REMEMBERED: usize = 10;

/// What stands where a secret stood.
const STRUCK_OUT: &str = "*****";

/// Makes lines of the pieces of both streams, strikes secrets out, and remembers the last ones.
pub struct Lines<'a> {
    secrets: &'a [String],
    output: Vec<u8>,
    error: Vec<u8>,
    last: VecDeque<String>,
}

impl<'a> Lines<'a> {
    /// Lines without any of the secrets.
    pub fn new(secrets: &'a [String]) -> Self {
        Self {
            secrets,
            output: Vec::new(),
            error: Vec::new(),
            last: VecDeque::new(),
        }
    }

    /// Takes a piece and hands on the lines that it completes.
    pub fn take(&mut self, stream: Stream, piece: &[u8], on_line: &mut (dyn FnMut(Stream, &str) + Send)) {
        for part in piece.split_inclusive(|it| *it == b'\n') {
            self.begun(stream).extend_from_slice(part);
            if part.ends_with(b"\n") || self.begun(stream).len() >= LONGEST_LINE {
                self.hand_on(stream, on_line);
            }
        }
    }

    /// Hands on what has no end, and returns the last lines of all.
    pub fn finish(mut self, on_line: &mut (dyn FnMut(Stream, &str) + Send)) -> Vec<String> {
        for stream in [Stream::Output, Stream::Error] {
            if !self.begun(stream).is_empty() {
                self.hand_on(stream, on_line);
            }
        }
        self.last.into()
    }

    fn begun(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Output => &mut self.output,
            Stream::Error => &mut self.error,
        }
    }

    fn hand_on(&mut self, stream: Stream, on_line: &mut (dyn FnMut(Stream, &str) + Send)) {
        let bytes = std::mem::take(self.begun(stream));
        let text = String::from_utf8_lossy(&bytes);
        let mut line = text.trim_end_matches(['\n', '\r']).to_owned();
        for secret in self.secrets.iter().filter(|it| !it.is_empty()) {
            line = line.replace(secret, STRUCK_OUT);
        }
        on_line(stream, &line);
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(pieces: &[(Stream, &[u8])], secrets: &[&str], expected: Expect) {
        let secrets: Vec<String> = secrets.iter().map(|it| (*it).to_owned()).collect();
        let mut text = String::new();
        let mut on_line = |stream: Stream, line: &str| text += &format!("{stream:?} {line:?}\n");
        let mut lines = Lines::new(&secrets);
        for (stream, piece) in pieces {
            lines.take(*stream, piece, &mut on_line);
        }
        lines.finish(&mut on_line);
        expected.assert_eq(&text);
    }

    #[test]
    fn lines_are_put_together_from_pieces_of_either_stream() {
        let (out, err) = (Stream::Output, Stream::Error);
        check(
            &[
                (out, b"one\r\ntw"),
                (err, b"bad\n"),
                (out, b"o\n\n\xc3"),
                (out, b"\xa4"),
                (err, b"no end"),
            ],
            &[],
            expect![[r#"
                Output "one"
                Error "bad"
                Output "two"
                Output ""
                Output "ä"
                Error "no end"
            "#]],
        );
    }

    #[test]
    fn secrets_are_struck_out_even_where_pieces_part_them() {
        check(
            &[(Stream::Output, b"the key is hun"), (Stream::Output, b"ter2\n")],
            &["hunter2", ""],
            expect![[r#"
            Output "the key is *****"
        "#]],
        );
    }

    #[test]
    fn a_line_without_end_does_not_grow_for_ever() {
        let mut count = 0;
        let mut lines = Lines::new(&[]);
        let mut on_line = |_: Stream, _: &str| count += 1;
        for _ in 0..1_000 {
            lines.take(Stream::Output, &[b'x'; 1_000], &mut on_line);
        }
        assert_eq!(lines.finish(&mut on_line).len(), 10);
        assert_eq!(count, 16);
    }
}

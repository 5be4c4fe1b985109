//! What libyaml and the parser here disagree about: tabs, which libyaml takes after a colon and within quotes and nowhere before what
//! begins a line of a block, and quoted text whose further lines stand left of it, which libyaml takes.

use super::Problem;
use saphyr_parser::{Event, Span};
use std::collections::HashSet;

/// Spaces that nothing stands left of; before a line of quoted text they mean nothing.
const FAR: &str = "                                                                ";

/// Longer texts are left as they are: spaces for each of their lines would be many.
const LONGEST: usize = 1 << 20;

/// The text written so that the parser takes it, where it stumbled over what libyaml takes.
pub fn mended(text: &str, problem: &Problem) -> Option<String> {
    match problem.what.as_str() {
        _ if text.len() > LONGEST => None,
        "tab cannot be used as indentation" => without_tab(text, problem.offset, FAR),
        "':' must be followed by a valid YAML whitespace" => without_tab(text, problem.offset.checked_sub(1)?, " "),
        "invalid indentation in quoted scalar" => indented(text, problem.offset),
        _ => None,
    }
}

fn without_tab(text: &str, at: usize, spaces: &str) -> Option<String> {
    let (start, tab) = text.char_indices().nth(at)?;
    (tab == '\t').then(|| [&text[..start], spaces, &text[start + 1..]].concat())
}

/// The lines of the quoted text that begins at a place, with spaces before them.
fn indented(text: &str, at: usize) -> Option<String> {
    let (start, quote) = text.char_indices().nth(at)?;
    let (before, quoted) = text.split_at(start + quote.len_utf8());
    let end = end_of_quoted(quoted, quote)?;
    let (quoted, after) = quoted.split_at(end);
    let deeper = quoted.replace('\n', &format!("\n{FAR}"));
    // What was mended once and is refused again is no matter of spaces.
    (!quoted.contains(&format!("\n{FAR}")) && deeper != quoted).then(|| [before, &deeper, after].concat())
}

/// Where the quote stands that ends a text: no doubled one within single quotes, and none behind a backslash within double ones.
fn end_of_quoted(quoted: &str, quote: char) -> Option<usize> {
    let mut letters = quoted.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let is_pair = match letter {
            '\\' => quote == '"',
            '\'' => quote == '\'' && letters.peek().is_some_and(|(_, next)| *next == quote),
            _ => false,
        };
        if is_pair {
            letters.next();
        } else if letter == quote {
            return Some(at);
        }
    }
    None
}

/// The tabs at the beginning of lines, and what may hold them.
pub struct Tabs {
    tabs: Vec<Problem>,
    /// Where scalars and collections in brackets begin and end, in characters.
    holders: Vec<(usize, usize)>,
    /// The collections that are open; those in brackets with where they begin.
    open: Vec<Option<usize>>,
    /// Where brackets open.
    brackets: HashSet<usize>,
}

impl Tabs {
    /// Looks for tabs that may be misplaced.
    pub fn of(text: &str) -> Self {
        let mut tabs = Vec::new();
        let mut brackets = HashSet::new();
        if text.contains('\t') {
            let mut offset = 0;
            for (index, line) in text.split('\n').enumerate() {
                tabs.extend(first_of_line(line).map(|column| Problem {
                    what: "found character that cannot start any token while scanning for the next token".to_owned(),
                    line: index + 1,
                    column,
                    offset: offset + column,
                }));
                offset += line.chars().count() + 1;
            }
            let opening = text.chars().enumerate().filter(|(_, it)| matches!(it, '[' | '{'));
            brackets.extend(opening.map(|(at, _)| at));
        }
        Self {
            tabs,
            holders: Vec::new(),
            open: Vec::new(),
            brackets,
        }
    }

    /// Notes what an event of the parser spans.
    pub fn pass(&mut self, event: &Event<'_>, span: &Span) {
        if self.tabs.is_empty() {
            return;
        }
        let (start, end) = (span.start.index(), span.end.index());
        match event {
            Event::Scalar(..) if span.start.line() != span.end.line() => self.holders.push((start, end)),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.open.push(self.brackets.contains(&start).then_some(start));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(start) = self.open.pop().flatten() {
                    self.holders.push((start, end));
                }
            }
            _ => {}
        }
    }

    /// The first tab that nothing holds.
    pub fn misplaced(self) -> Option<Problem> {
        let Self { tabs, mut holders, .. } = self;
        holders.sort_unstable();
        let (mut holders, mut held_until) = (holders.into_iter().peekable(), 0);
        tabs.into_iter().find(|tab| {
            while let Some((_, end)) = holders.next_if(|(start, _)| *start <= tab.offset) {
                held_until = held_until.max(end);
            }
            tab.offset >= held_until
        })
    }
}

/// The column of the tab before what begins a line. Before the end of the line or a comment only the first column is none of the
/// scalar's that ended above.
fn first_of_line(line: &str) -> Option<usize> {
    let mut rest = line.trim_start_matches(' ');
    while let Some(item) = rest.strip_prefix('-').filter(|it| it.starts_with([' ', '\t'])) {
        rest = item.trim_start_matches(' ');
    }
    let is_empty = matches!(rest.trim_start().chars().next(), None | Some('#'));
    let column = line.chars().count() - rest.chars().count();
    (rest.starts_with('\t') && (column == 0 || !is_empty)).then_some(column)
}

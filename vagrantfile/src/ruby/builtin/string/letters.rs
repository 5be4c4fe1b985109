//! Sets of letters, as `tr` and `count` read them, and the successor of a text.

use super::{new, own};
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::value::*;

/// The next text in the order in which ranges go: `az` before `ba`, `Zz` before `AAa`.
pub fn successor(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let has_letters = letters.iter().any(char::is_ascii_alphanumeric);
    if letters.is_empty() {
        return String::new();
    }
    let mut at = letters.len();
    let mut last = None;
    while at > 0 {
        at -= 1;
        if has_letters && !letters[at].is_ascii_alphanumeric() {
            continue;
        }
        last = Some(at);
        let (next, carries) = match letters[at] {
            'z' => ('a', true),
            'Z' => ('A', true),
            '9' => ('0', true),
            other => (char::from_u32(other as u32 + 1).unwrap_or(other), false),
        };
        letters[at] = next;
        if !carries {
            return letters.into_iter().collect();
        }
    }
    if let Some(at) = last {
        let more = match letters[at] {
            '0' => '1',
            other => other,
        };
        letters.insert(at, more);
    }
    letters.into_iter().collect()
}

pub(super) struct Letters {
    negated: bool,
    list: Vec<char>,
}

impl Letters {
    pub fn holds(&self, letter: char) -> bool {
        self.list.contains(&letter) != self.negated
    }
}

/// The letters that a pattern of `tr` names: `a-z`, `^0-9`.
pub(super) fn letters(pattern: &str) -> Letters {
    let (negated, pattern) = match pattern.strip_prefix('^') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, pattern),
    };
    let chars: Vec<char> = pattern.chars().collect();
    let mut list = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1), chars.get(at + 2)) {
            ('\\', Some(letter), _) => {
                list.push(*letter);
                at += 2;
            }
            (first, Some('-'), Some(last)) if first <= *last => {
                list.extend((first..=*last).take(1000));
                at += 3;
            }
            (letter, ..) => {
                list.push(letter);
                at += 1;
            }
        }
    }
    Letters { negated, list }
}

pub(super) fn translate(it: &mut Interpreter, this: &Value, arguments: &Arguments, squeeze: bool) -> Eval {
    let (from, to) = (
        letters(&it.text_of(arguments.get(0))?),
        letters(&it.text_of(arguments.get(1))?),
    );
    let mut text = String::new();
    let mut before = None;
    let own = own(this);
    it.work(own.len().saturating_mul(from.list.len()))?;
    for letter in own.chars() {
        if !from.holds(letter) {
            text.push(letter);
            before = None;
            continue;
        }
        let at = if from.negated {
            usize::MAX
        } else {
            from.list.iter().position(|it| *it == letter).unwrap_or(0)
        };
        let Some(new) = to.list.get(at).or(to.list.last()) else {
            continue;
        };
        if !squeeze || before != Some(*new) {
            text.push(*new);
        }
        before = Some(*new);
    }
    new(text)
}

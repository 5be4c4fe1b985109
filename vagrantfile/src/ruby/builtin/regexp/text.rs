//! What strings do with regular expressions: `split`, `sub` and `scan`.

use super::found::Found;
use super::{argument, find_all, remember};
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;

/// `text.split(...)`
pub fn split(it: &mut Interpreter, text: &str, arguments: &Arguments) -> Eval {
    let limit = match arguments.get(1) {
        Some(limit) => it.integer_of(Some(limit))?,
        None => 0,
    };
    it.work(text.len())?;
    let most = if limit > 0 { limit as usize } else { usize::MAX };
    let mut parts: Vec<Value> = match arguments.get(0) {
        None | Some(Value::Nil) => words(it, text, limit, most)?,
        Some(Value::String(separator)) if *separator.text.borrow() == " " => words(it, text, limit, most)?,
        Some(Value::Regexp(pattern)) => split_by(it, text, &pattern.clone(), most)?,
        separator => {
            let separator = it.text_of(separator)?;
            match separator.is_empty() {
                true => it.gather(letters_of(text, most))?,
                false => it.gather(text.splitn(most, &separator).map(Value::string))?,
            }
        }
    };
    if text.is_empty() {
        parts.clear();
    }
    if limit == 0 {
        while parts.last().and_then(Value::text).is_some_and(|it| it.is_empty()) {
            parts.pop();
        }
    }
    match &arguments.block {
        Some(block) => {
            for part in parts {
                it.yield_to(block, &[part])?;
            }
            Ok(Value::string(text))
        }
        None => Ok(Value::array(parts)),
    }
}

fn words(it: &mut Interpreter, text: &str, limit: i64, most: usize) -> Outcome<Vec<Value>> {
    let mut words = it.gather(Words { rest: text, most }.map(Value::string))?;
    // What stands behind the last space counts where a limit is given.
    if limit != 0 && words.len() < most && text.ends_with(|it: char| it.is_ascii_whitespace()) {
        words.push(Value::string(""));
    }
    Ok(words)
}

/// The letters of a text, with all that is left as the last one.
fn letters_of(text: &str, most: usize) -> impl Iterator<Item = Value> {
    let ends = text.char_indices().map(|(at, letter)| (at, at + letter.len_utf8()));
    ends.take(most).enumerate().map(move |(index, (start, end))| {
        let end = if index + 1 == most { text.len() } else { end };
        Value::string(&text[start..end])
    })
}

/// The words of a text between white space, at most so many.
struct Words<'a> {
    rest: &'a str,
    most: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|it: char| it.is_ascii_whitespace()).unwrap_or(rest.len());
        let end = if self.most == 1 { rest.len() } else { end };
        self.most -= 1;
        self.rest = &rest[end..];
        Some(&rest[..end])
    }
}

pub(super) fn split_by(it: &mut Interpreter, text: &str, pattern: &Regexp, most: usize) -> Outcome<Vec<Value>> {
    let mut parts = Vec::new();
    let mut last = 0;
    for found in find_all(it, pattern, text, usize::MAX)? {
        let (start, end) = (found.start(0).unwrap_or(0), found.end(0).unwrap_or(0));
        if parts.len() + 1 >= most {
            break;
        }
        if end == start && (start == 0 || start >= text.len()) {
            continue;
        }
        parts.push(Value::string(&text[last..start]));
        let groups = (1..found.spans.len()).filter_map(|index| found.group(index));
        parts.extend(groups.map(Value::string));
        it.tick()?;
        last = end;
    }
    parts.push(Value::string(&text[last..]));
    Ok(parts)
}

/// `sub` and `gsub`: the new text, and whether anything was found.
pub fn substitute(it: &mut Interpreter, text: &str, arguments: &Arguments, all: bool) -> Outcome<(String, bool)> {
    let pattern = argument(it, arguments.get(0))?;
    let found = find_all(it, &pattern, text, if all { usize::MAX } else { 1 })?;
    let any = !found.is_empty();
    let mut out = String::new();
    let mut last = 0;
    for found in found {
        let (start, end) = (found.start(0).unwrap_or(0), found.end(0).unwrap_or(0));
        out.push_str(&text[last..start]);
        let whole = found.group(0).unwrap_or_default().to_owned();
        let new = match (arguments.get(1), &arguments.block) {
            (Some(Value::Hash(_)), _) => {
                let table = arguments.list[1].clone();
                let value = crate::ruby::builtin::hash::look_up(it, &table, &Value::string(whole))?;
                it.to_s(&value)?
            }
            (Some(template), _) => {
                let template = it.text_of(Some(template))?;
                expand(&template, &found)
            }
            (None, Some(block)) => {
                remember(it, Some(found));
                let value = it.yield_to(&block.clone(), &[Value::string(whole)])?;
                it.to_s(&value)?
            }
            (None, None) => return Err(it.wrong_count(1, 2, Some(2))),
        };
        out.push_str(&new);
        it.check_length(out.len())?;
        last = end;
    }
    out.push_str(&text[last..]);
    Ok((out, any))
}

/// A replacement with `\1`, `\k<name>` and `\0` in it.
pub(super) fn expand(template: &str, found: &Found) -> String {
    let mut out = String::new();
    let mut letters = template.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some(digit @ '0'..='9') => out.push_str(found.group(digit as usize - '0' as usize).unwrap_or_default()),
            Some('&') => out.push_str(found.group(0).unwrap_or_default()),
            Some('k') if letters.peek() == Some(&'<') => {
                letters.next();
                let name: String = letters.by_ref().take_while(|it| *it != '>').collect();
                let index = found.names.iter().position(|it| it.as_deref() == Some(name.as_str()));
                out.push_str(index.and_then(|it| found.group(it)).unwrap_or_default());
            }
            Some('\\') => out.push('\\'),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// `text.scan(pattern)`
pub fn scan(it: &mut Interpreter, text: &str, arguments: &Arguments) -> Eval {
    let pattern = argument(it, arguments.get(0))?;
    let mut results = Vec::new();
    for found in find_all(it, &pattern, text, usize::MAX)? {
        let result = match found.spans.len() {
            1 => Value::string(found.group(0).unwrap_or_default()),
            count => Value::array(
                (1..count)
                    .map(|index| found.group(index).map_or(Value::Nil, Value::string))
                    .collect(),
            ),
        };
        match &arguments.block {
            Some(block) => {
                remember(it, Some(found));
                it.yield_to(block, &[result])?;
            }
            None => results.push(result),
        }
        it.tick()?;
    }
    Ok(if arguments.block.is_some() {
        Value::string(text)
    } else {
        Value::array(results)
    })
}

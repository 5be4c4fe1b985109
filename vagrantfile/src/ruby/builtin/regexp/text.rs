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
    let mut parts: Vec<String> = match arguments.get(0) {
        None | Some(Value::Nil) => words(text, most),
        Some(Value::String(separator)) if *separator.text.borrow() == " " => words(text, most),
        Some(Value::Regexp(pattern)) => split_by(it, text, &pattern.clone(), most)?,
        separator => {
            let separator = it.text_of(separator)?;
            match separator.is_empty() {
                true => text.chars().map(String::from).collect(),
                false => text.splitn(most, &separator).map(str::to_owned).collect(),
            }
        }
    };
    if text.is_empty() {
        parts.clear();
    }
    if limit == 0 {
        while parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
    }
    let parts: Vec<Value> = parts.into_iter().map(Value::string).collect();
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

pub(super) fn words(text: &str, most: usize) -> Vec<String> {
    let mut rest = text.trim_start();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        if parts.len() + 1 >= most {
            parts.push(rest.to_owned());
            break;
        }
        match rest.find(|it: char| it.is_ascii_whitespace()) {
            Some(end) => {
                parts.push(rest[..end].to_owned());
                rest = rest[end..].trim_start();
            }
            None => {
                parts.push(rest.to_owned());
                break;
            }
        }
    }
    parts
}

pub(super) fn split_by(it: &mut Interpreter, text: &str, pattern: &Regexp, most: usize) -> Outcome<Vec<String>> {
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
        parts.push(text[last..start].to_owned());
        parts.extend(
            (1..found.spans.len())
                .filter_map(|index| found.group(index))
                .map(str::to_owned),
        );
        last = end;
    }
    parts.push(text[last..].to_owned());
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
    }
    Ok(if arguments.block.is_some() {
        Value::string(text)
    } else {
        Value::array(results)
    })
}

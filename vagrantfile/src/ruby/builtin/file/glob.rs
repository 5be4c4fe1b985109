//! Patterns of names: `Dir.glob` and `File.fnmatch`.

use super::names::flat_texts;
use super::path_argument;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use std::path::{Path, PathBuf};

pub(super) fn fnmatch(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let [pattern, path] = [it.text_of(arguments.get(0))?, it.text_of(arguments.get(1))?];
    it.work(pattern.len().saturating_mul(path.len()))?;
    Ok(Value::Boolean(
        alternatives(&pattern).iter().any(|it| name_matches(it, &path)),
    ))
}

pub(super) fn glob_argument(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let (list, _) = arguments.split();
    let mut patterns = Vec::new();
    flat_texts(
        it,
        &list
            .iter()
            .filter(|it| !matches!(it, Value::Integer(_)))
            .cloned()
            .collect::<Vec<_>>(),
        &mut patterns,
    )?;
    let base = match arguments.keyword("base") {
        Some(base) => path_argument(it, Some(&base))?,
        None => it.shared.world.borrow().directory().to_owned(),
    };
    let mut found = Vec::new();
    for pattern in patterns {
        for pattern in alternatives(&pattern) {
            glob(it, &base, &pattern, &mut found)?;
        }
    }
    let found: Vec<Value> = found.into_iter().map(Value::string).collect();
    match &arguments.block {
        Some(block) => {
            for path in found {
                it.yield_to(block, &[path])?;
            }
            Ok(Value::Nil)
        }
        None => Ok(Value::array(found)),
    }
}

/// `a{b,c}` as `ab` and `ac`.
pub(super) fn alternatives(pattern: &str) -> Vec<String> {
    const MOST_BRACES: usize = 32;
    let Some(open) = pattern.find('{') else {
        return vec![pattern.to_owned()];
    };
    if pattern.matches('{').count() > MOST_BRACES {
        return vec![pattern.to_owned()];
    }
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for (at, letter) in pattern[open + 1..].char_indices() {
        match letter {
            '}' if depth == 0 => {
                let rest = &pattern[open + 1 + at + 1..];
                let all = parts
                    .iter()
                    .take(64)
                    .flat_map(|part| alternatives(&format!("{}{part}{rest}", &pattern[..open])));
                return all.take(256).collect();
            }
            ',' if depth == 0 => parts.push(String::new()),
            letter => {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                parts.last_mut().into_iter().for_each(|it| it.push(letter));
            }
        }
    }
    vec![pattern.to_owned()]
}

pub(super) fn glob(it: &mut Interpreter, base: &Path, pattern: &str, found: &mut Vec<String>) -> Outcome<()> {
    let is_absolute = pattern.starts_with('/');
    let parts: Vec<&str> = pattern.split('/').filter(|it| !it.is_empty()).collect();
    let start = if is_absolute {
        PathBuf::from("/")
    } else {
        base.to_owned()
    };
    walk(it, &start, if is_absolute { "/" } else { "" }, &parts, found)
}

pub(super) fn walk(
    it: &mut Interpreter,
    folder: &Path,
    shown: &str,
    parts: &[&str],
    found: &mut Vec<String>,
) -> Outcome<()> {
    it.tick()?;
    let Some((part, rest)) = parts.split_first() else {
        return Ok(());
    };
    let name = |name: &str| format!("{shown}{name}");
    if *part == "**" && !rest.is_empty() {
        walk(it, folder, shown, rest, found)?;
        let names = it.shared.world.borrow().list(folder).unwrap_or_default();
        for child in names.into_iter().filter(|it| !it.starts_with('.')) {
            let path = folder.join(&child);
            let is_folder = it.shared.world.borrow().metadata(&path).is_ok_and(|it| it.is_directory);
            if is_folder {
                walk(it, &path, &format!("{}/", name(&child)), parts, found)?;
            }
        }
        return Ok(());
    }
    let children = if part.contains(['*', '?', '[']) {
        let names = it.shared.world.borrow().list(folder).unwrap_or_default();
        names
            .into_iter()
            .filter(|it| part.starts_with('.') || !it.starts_with('.'))
            .filter(|it| name_matches(part, it))
            .collect()
    } else {
        vec![(*part).to_owned()]
    };
    for child in children {
        let path = folder.join(&child);
        let metadata = it.shared.world.borrow().metadata(&path);
        match metadata {
            Ok(_) if rest.is_empty() => found.push(name(&child)),
            Ok(metadata) if metadata.is_directory => walk(it, &path, &format!("{}/", name(&child)), rest, found)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether a name fits a pattern of `*`, `?` and `[a-z]`.
pub(super) fn name_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('[') => class_matches(&pattern[p..], name[n]),
            Some('\\') if pattern.get(p + 1) == Some(&name[n]) => Some(2),
            Some(letter) if *letter == name[n] => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|it| *it == '*')
}

/// The length of a class of letters where it holds the letter.
pub(super) fn class_matches(pattern: &[char], letter: char) -> Option<usize> {
    let end = pattern.iter().skip(2).position(|it| *it == ']')? + 2;
    let (negated, body) = match pattern[1] {
        '!' | '^' => (true, &pattern[2..end]),
        _ => (false, &pattern[1..end]),
    };
    let mut holds = false;
    let mut at = 0;
    while at < body.len() {
        if at + 2 < body.len() && body[at + 1] == '-' {
            holds |= (body[at]..=body[at + 2]).contains(&letter);
            at += 3;
        } else {
            holds |= body[at] == letter;
            at += 1;
        }
    }
    (holds != negated).then_some(end + 1)
}

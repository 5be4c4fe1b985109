//! Finding and replacing within a string, and its parts by index.

use super::changing::{change, substitute_here};
use super::own;
use crate::ruby::builtin::Methods;
use crate::ruby::builtin::enumerator;
use crate::ruby::builtin::regexp;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::value::*;

pub(super) const SEARCHING: Methods = &[
    ("split", |it, this, arguments| regexp::split(it, &own(this), arguments)),
    ("sub", |it, this, arguments| {
        Ok(Value::string(regexp::substitute(it, &own(this), arguments, false)?.0))
    }),
    ("gsub", |it, this, arguments| {
        if arguments.block.is_none() && arguments.len() == 1 {
            return Ok(enumerator::with(this, "gsub", arguments));
        }
        Ok(Value::string(regexp::substitute(it, &own(this), arguments, true)?.0))
    }),
    ("sub!", |it, this, arguments| {
        substitute_here(it, this, arguments, false)
    }),
    ("gsub!", |it, this, arguments| {
        substitute_here(it, this, arguments, true)
    }),
    ("scan", |it, this, arguments| regexp::scan(it, &own(this), arguments)),
    ("index", |it, this, arguments| position(it, this, arguments, false)),
    ("rindex", |it, this, arguments| position(it, this, arguments, true)),
    ("partition", |it, this, arguments| {
        let (text, pattern) = (own(this), regexp::argument(it, arguments.get(0))?);
        let parts = match regexp::find(it, &pattern, &text, 0)? {
            Some(found) => {
                let (start, end) = (found.start(0).unwrap_or(0), found.end(0).unwrap_or(0));
                [
                    text[..start].to_owned(),
                    text[start..end].to_owned(),
                    text[end..].to_owned(),
                ]
            }
            None => [text, String::new(), String::new()],
        };
        Ok(Value::array(parts.into_iter().map(Value::string).collect()))
    }),
    ("rpartition", |it, this, arguments| {
        let (text, part) = (own(this), it.text_of(arguments.get(0))?);
        let parts = match text.rsplit_once(part.as_str()) {
            Some((before, after)) => [before.to_owned(), part, after.to_owned()],
            None => [String::new(), String::new(), text],
        };
        Ok(Value::array(parts.into_iter().map(Value::string).collect()))
    }),
    ("slice!", |it, this, arguments| {
        let part = index(it, &own(this), arguments)?;
        if let Some(removed) = part.text() {
            let rest = own(this).replacen(&removed, "", 1);
            change(it, this, rest)?;
        }
        Ok(part)
    }),
    ("[]=", |it, this, arguments| {
        let text = own(this);
        let value = arguments.list.last().cloned().unwrap_or(Value::Nil);
        let new = it.text_of(Some(&value))?;
        let changed = match arguments.get(0) {
            Some(Value::Integer(at)) => {
                let count = if arguments.len() > 2 {
                    it.integer_of(arguments.get(1))?.max(0) as usize
                } else {
                    1
                };
                let length = text.chars().count() as i64;
                let at = if *at < 0 { (length + at).max(0) } else { *at } as usize;
                text.chars()
                    .take(at)
                    .chain(new.chars())
                    .chain(text.chars().skip(at + count))
                    .collect()
            }
            Some(Value::Regexp(pattern)) => match regexp::find(it, pattern, &text, 0)? {
                Some(found) => format!(
                    "{}{new}{}",
                    &text[..found.start(0).unwrap_or(0)],
                    &text[found.end(0).unwrap_or(0)..]
                ),
                None => text,
            },
            other => text.replacen(&it.text_of(other)?, &new, 1),
        };
        change(it, this, changed)?;
        Ok(value)
    }),
];

pub(super) fn arguments_with_block(arguments: &Arguments) -> Arguments {
    Arguments {
        block: arguments.block.clone(),
        ..Arguments::default()
    }
}

/// `text[...]`
pub(super) fn index(it: &mut Interpreter, text: &str, arguments: &Arguments) -> Eval {
    let length = text.chars().count() as i64;
    match (arguments.get(0), arguments.get(1)) {
        (Some(Value::Integer(start)), Some(count)) => {
            let count = it.integer_of(Some(count))?;
            Ok(part(text, length, *start, count))
        }
        (Some(Value::Integer(at)), None) => {
            let at = if *at < 0 { length + at } else { *at };
            let letter = usize::try_from(at).ok().and_then(|at| text.chars().nth(at));
            Ok(letter.map_or(Value::Nil, |it| Value::string(it.to_string())))
        }
        (Some(Value::Range(range)), None) => Ok(match crate::ruby::builtin::range::bounds(it, range, length)? {
            Some((start, count)) => part(text, length, start, count),
            None => Value::Nil,
        }),
        (Some(Value::Regexp(pattern)), group) => {
            let matched = regexp::match_method(it, &pattern.clone(), &Value::string(text), None)?;
            match group {
                None => Ok(regexp::group(&matched, 0)),
                Some(Value::Integer(group)) => {
                    Ok(regexp::group(&matched, usize::try_from(*group).unwrap_or(usize::MAX)))
                }
                Some(name) => Ok(regexp::named_group(&matched, &name.text().unwrap_or_default())),
            }
        }
        (part, _) => {
            let part = it.text_of(part)?;
            Ok(if text.contains(&part) {
                Value::string(part)
            } else {
                Value::Nil
            })
        }
    }
}

pub(super) fn part(text: &str, length: i64, start: i64, count: i64) -> Value {
    let start = if start < 0 { length + start } else { start };
    if start < 0 || start > length || count < 0 {
        return Value::Nil;
    }
    Value::string(
        text.chars()
            .skip(start as usize)
            .take(count as usize)
            .collect::<String>(),
    )
}

pub(super) fn position(it: &mut Interpreter, this: &Value, arguments: &Arguments, last: bool) -> Eval {
    let text = own(this);
    let from = match arguments.get(1) {
        Some(from) => it.integer_of(Some(from))?,
        None => 0,
    };
    let offset = text
        .char_indices()
        .nth(usize::try_from(from).unwrap_or(0))
        .map_or(text.len(), |(at, _)| at);
    let found = match arguments.get(0) {
        Some(Value::Regexp(pattern)) if last => {
            let mut found = None;
            let mut at = 0;
            while let Some(next) = regexp::find(it, pattern, &text, at)? {
                found = next.start(0);
                at = found.unwrap_or(0) + text[found.unwrap_or(0)..].chars().next().map_or(1, char::len_utf8);
                if at > text.len() {
                    break;
                }
            }
            found
        }
        Some(Value::Regexp(pattern)) => regexp::find(it, pattern, &text, offset)?.and_then(|it| it.start(0)),
        part => {
            let part = it.text_of(part)?;
            if last {
                text.rfind(&part)
            } else {
                text[offset..].find(&part).map(|it| it + offset)
            }
        }
    };
    Ok(found.map_or(Value::Nil, |at| Value::Integer(text[..at].chars().count() as i64)))
}

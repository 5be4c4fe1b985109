//! Regular expressions: Ruby's syntax is put into that of the regex crates, which give back-references and look-around up only
//! after a bounded number of steps.

mod found;
mod text;
mod translate;

use crate::ruby::builtin::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::ir::Flags;
use crate::ruby::value::*;
use found::MATCH;
pub use found::{Found, group, named_group};
use std::rc::Rc;
pub use text::{scan, split, substitute};
use translate::translate;
pub use translate::{embedded, escape, inspect};

pub fn install(it: &mut Interpreter) {
    let regexp = it.core.regexp.clone();
    it.methods(&regexp, METHODS);
    it.own_methods(
        &regexp,
        &[
            ("new", create),
            ("compile", create),
            ("escape", |it, _, arguments| {
                Ok(Value::string(escape(&it.text_of(arguments.get(0))?)))
            }),
            ("quote", |it, _, arguments| {
                Ok(Value::string(escape(&it.text_of(arguments.get(0))?)))
            }),
            ("union", |it, _, arguments| {
                let mut parts = Vec::new();
                let list = match arguments.list.as_slice() {
                    [Value::Array(list)] => list.to_vec(),
                    list => list.to_vec(),
                };
                for part in &list {
                    parts.push(match part {
                        Value::Regexp(pattern) => embedded(pattern),
                        other => escape(&it.text_of(Some(other))?),
                    });
                }
                it.regexp(&parts.join("|"), Flags::default())
            }),
            ("last_match", |it, _, arguments| {
                let matched = it.frames.last().map_or(Value::Nil, |it| it.matched.borrow().clone());
                match arguments.get(0) {
                    Some(Value::Integer(index)) => Ok(group(&matched, usize::try_from(*index).unwrap_or(usize::MAX))),
                    _ => Ok(matched),
                }
            }),
        ],
    );
    for (name, value) in [("IGNORECASE", 1), ("EXTENDED", 2), ("MULTILINE", 4)] {
        it.put(&regexp, name, Value::Integer(value));
    }
    let matched = it.core.class_at("MatchData", &it.core.object.clone());
    it.methods(&matched, MATCH);
}

const METHODS: Methods = &[
    ("=~", |it, this, arguments| match (this, arguments.get(0)) {
        (Value::Regexp(pattern), Some(text)) => match_operator(it, &pattern.clone(), &text.clone()),
        _ => Ok(Value::Nil),
    }),
    ("===", |it, this, arguments| match (this, arguments.get(0)) {
        (Value::Regexp(pattern), Some(text @ (Value::String(_) | Value::Symbol(_)))) => Ok(Value::Boolean(
            !match_operator(it, &pattern.clone(), &text.clone())?.is_nil(),
        )),
        _ => Ok(Value::Boolean(false)),
    }),
    ("match", |it, this, arguments| match (this, arguments.get(0)) {
        (Value::Regexp(pattern), Some(text)) => match_method(it, &pattern.clone(), &text.clone(), arguments.get(1)),
        _ => Ok(Value::Nil),
    }),
    ("match?", |it, this, arguments| {
        match (this, arguments.get(0).and_then(Value::text)) {
            (Value::Regexp(pattern), Some(text)) => Ok(Value::Boolean(find(it, &pattern.clone(), &text, 0)?.is_some())),
            _ => Ok(Value::Boolean(false)),
        }
    }),
    ("source", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| Value::string(it.text.clone())))
    }),
    ("to_s", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| Value::string(embedded(it))))
    }),
    ("inspect", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| Value::string(inspect(it))))
    }),
    ("==", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("names", |_, this, _| {
        let names = own(this).map(|it| it.compiled.capture_names().flatten().map(Value::string).collect());
        Ok(Value::array(names.unwrap_or_default()))
    }),
    ("options", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| {
            let Flags {
                ignore_case,
                extended,
                multi_line,
            } = it.flags;
            Value::Integer(i64::from(ignore_case) + 2 * i64::from(extended) + 4 * i64::from(multi_line))
        }))
    }),
];

impl Interpreter {
    /// Compiles a regular expression.
    pub fn regexp(&mut self, text: &str, flags: Flags) -> Eval {
        self.work(text.len() * 64)?;
        let mut options = fancy_regex::RegexBuilder::new(&translate(text, flags));
        let built = options
            .backtrack_limit(200_000)
            .delegate_size_limit(8 << 20)
            .delegate_dfa_size_limit(8 << 20)
            .build();
        match built {
            Ok(compiled) => {
                charge(text.len() * 64 + 1024);
                let names = compiled.capture_names().map(|it| it.map(str::to_owned));
                Ok(Value::Regexp(Rc::new(Regexp {
                    names: names.collect(),
                    text: text.to_owned(),
                    flags,
                    compiled,
                })))
            }
            Err(error) => {
                let message = error.to_string();
                let first = message.lines().last().unwrap_or_default().to_owned();
                Err(self.error("RegexpError", format!("{first}: /{text}/")))
            }
        }
    }
}

fn own(this: &Value) -> Option<&Regexp> {
    match this {
        Value::Regexp(regexp) => Some(regexp),
        _ => None,
    }
}

fn create(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    if let Some(Value::Regexp(pattern)) = arguments.get(0) {
        return Ok(Value::Regexp(pattern.clone()));
    }
    let text = it.text_of(arguments.get(0))?;
    let flags = match arguments.get(1) {
        Some(Value::Integer(bits)) => Flags {
            ignore_case: bits & 1 != 0,
            extended: bits & 2 != 0,
            multi_line: bits & 4 != 0,
        },
        Some(value) if value.is_true() => Flags {
            ignore_case: true,
            ..Flags::default()
        },
        _ => Flags::default(),
    };
    it.regexp(&text, flags)
}

/// An argument as a regular expression; text stands for itself.
pub fn argument(it: &mut Interpreter, value: Option<&Value>) -> Outcome<Rc<Regexp>> {
    if let Some(Value::Regexp(pattern)) = value {
        return Ok(pattern.clone());
    }
    let text = escape(&it.text_of(value)?);
    match it.regexp(&text, Flags::default())? {
        Value::Regexp(pattern) => Ok(pattern),
        _ => Err(it.error("TypeError", "wrong argument type (expected Regexp)")),
    }
}

/// Searches from a byte on.
pub fn find(it: &mut Interpreter, pattern: &Regexp, text: &str, from: usize) -> Outcome<Option<Found>> {
    if from > text.len() {
        return Ok(None);
    }
    find_within(it, pattern, &Rc::from(text), from)
}

fn find_within(it: &mut Interpreter, pattern: &Regexp, text: &Rc<str>, from: usize) -> Outcome<Option<Found>> {
    it.work(text.len().saturating_sub(from))?;
    match pattern.compiled.captures_from_pos(text, from) {
        Ok(None) => Ok(None),
        Ok(Some(captures)) => {
            let spans: Vec<_> = (0..captures.len())
                .map(|index| captures.get(index).map(|it| (it.start(), it.end())))
                .collect();
            Ok(Some(Found {
                _weight: Weight::of(spans.len() * 24 + 128),
                text: text.clone(),
                spans,
                names: pattern.names.clone(),
            }))
        }
        Err(_) => Err(it.error(
            "RegexpError",
            format!("this regular expression takes too long: {}", inspect(pattern)),
        )),
    }
}

fn remember(it: &mut Interpreter, found: Option<Found>) -> Value {
    let value = match found {
        None => Value::Nil,
        Some(found) => {
            let class = it.core.class_at("MatchData", &it.core.object.clone());
            let matched = it.core.instance(&class);
            if let Value::Object(object) = &matched {
                *object.native.borrow_mut() = Some(Rc::new(found));
            }
            matched
        }
    };
    if let Some(frame) = it.frames.last() {
        *frame.matched.borrow_mut() = value.clone();
    }
    value
}

/// `text =~ pattern`
pub fn match_operator(it: &mut Interpreter, pattern: &Regexp, text: &Value) -> Eval {
    let Some(text) = text.text() else {
        remember(it, None);
        return Ok(Value::Nil);
    };
    let found = find(it, pattern, &text, 0)?;
    let at = found
        .as_ref()
        .and_then(|it| it.start(0))
        .map(|at| text[..at].chars().count() as i64);
    remember(it, found);
    Ok(at.map_or(Value::Nil, Value::Integer))
}

/// `pattern.match(text)`
pub fn match_method(it: &mut Interpreter, pattern: &Regexp, text: &Value, from: Option<&Value>) -> Eval {
    let Some(text) = text.text() else {
        remember(it, None);
        return Ok(Value::Nil);
    };
    let from = match from {
        Some(Value::Integer(from)) => text
            .char_indices()
            .nth(usize::try_from(*from).unwrap_or(0))
            .map_or(text.len(), |(at, _)| at),
        _ => 0,
    };
    let found = find(it, pattern, &text, from)?;
    Ok(remember(it, found))
}

/// Every place where a pattern is found, without overlaps.
fn find_all(it: &mut Interpreter, pattern: &Regexp, text: &str, limit: usize) -> Outcome<Vec<Found>> {
    let mut all = Vec::new();
    let mut at = 0;
    let text: Rc<str> = Rc::from(text);
    let _weight = Weight::of(text.len());
    while all.len() < limit && at <= text.len() {
        let Some(found) = find_within(it, pattern, &text, at)? else {
            break;
        };
        let (start, end) = (found.start(0).unwrap_or(at), found.end(0).unwrap_or(at));
        at = match end == start {
            true => end + text[end..].chars().next().map_or(1, char::len_utf8),
            false => end,
        };
        all.push(found);
    }
    Ok(all)
}

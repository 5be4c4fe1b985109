//! Regular expressions: Ruby's syntax is put into that of the regex crates, which give back-references and look-around up only
//! after a bounded number of steps.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::ir::Flags;
use crate::ruby::value::*;
use std::rc::Rc;

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

const MATCH: Methods = &[
    ("[]", |it, this, arguments| match arguments.get(0) {
        Some(Value::Integer(index)) => {
            let found = found_of(this);
            let count = found.as_ref().map_or(0, |it| it.spans.len()) as i64;
            let index = if *index < 0 { count + index } else { *index };
            Ok(group(this, usize::try_from(index).unwrap_or(usize::MAX)))
        }
        Some(name @ (Value::String(_) | Value::Symbol(_))) => Ok(named_group(this, &name.text().unwrap_or_default())),
        other => {
            let list = Value::array(groups(this));
            it.send(&list, "[]", other.cloned().into_iter().collect())
        }
    }),
    ("to_a", |_, this, _| Ok(Value::array(groups(this)))),
    ("captures", |_, this, _| {
        Ok(Value::array(groups(this).into_iter().skip(1).collect()))
    }),
    ("deconstruct", |_, this, _| {
        Ok(Value::array(groups(this).into_iter().skip(1).collect()))
    }),
    ("named_captures", |_, this, _| {
        let names = found_of(this).map(|it| it.names.clone()).unwrap_or_default();
        Ok(Value::hash(
            names
                .into_iter()
                .flatten()
                .map(|name| {
                    let value = named_group(this, &name);
                    (Value::string(name), value)
                })
                .collect::<Vec<_>>(),
        ))
    }),
    ("names", |_, this, _| {
        let names = found_of(this).map(|it| it.names.clone()).unwrap_or_default();
        Ok(Value::array(names.into_iter().flatten().map(Value::string).collect()))
    }),
    ("to_s", |_, this, _| Ok(group(this, 0))),
    ("pre_match", |_, this, _| {
        Ok(found_of(this).map_or(Value::Nil, |it| Value::string(&it.text[..it.start(0).unwrap_or(0)])))
    }),
    ("post_match", |_, this, _| {
        Ok(found_of(this).map_or(Value::Nil, |it| Value::string(&it.text[it.end(0).unwrap_or(0)..])))
    }),
    ("begin", |it, this, arguments| {
        let index = it.integer_of(arguments.get(0))? as usize;
        Ok(found_of(this)
            .and_then(|it| Some(Value::Integer(it.text[..it.start(index)?].chars().count() as i64)))
            .unwrap_or(Value::Nil))
    }),
    ("end", |it, this, arguments| {
        let index = it.integer_of(arguments.get(0))? as usize;
        Ok(found_of(this)
            .and_then(|it| Some(Value::Integer(it.text[..it.end(index)?].chars().count() as i64)))
            .unwrap_or(Value::Nil))
    }),
    ("size", |_, this, _| Ok(Value::Integer(groups(this).len() as i64))),
    ("values_at", |_, this, arguments| {
        let wanted = arguments.list.iter().filter_map(|it| match it {
            Value::Integer(index) => usize::try_from(*index).ok(),
            _ => None,
        });
        Ok(Value::array(wanted.map(|index| group(this, index)).collect()))
    }),
];

/// What a search found: the spans of its groups, in bytes.
pub struct Found {
    text: Rc<str>,
    spans: Vec<Option<(usize, usize)>>,
    names: Vec<Option<String>>,
}

impl Found {
    pub fn start(&self, group: usize) -> Option<usize> {
        self.spans.get(group).copied().flatten().map(|(start, _)| start)
    }

    pub fn end(&self, group: usize) -> Option<usize> {
        self.spans.get(group).copied().flatten().map(|(_, end)| end)
    }

    fn group(&self, group: usize) -> Option<&str> {
        let (start, end) = self.spans.get(group).copied().flatten()?;
        self.text.get(start..end)
    }
}

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
                Ok(Value::Regexp(Rc::new(Regexp {
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

/// Ruby's syntax in that of the regex crate.
fn translate(text: &str, flags: Flags) -> String {
    let mut out = String::from("(?m");
    out.push_str(if flags.ignore_case { "i" } else { "" });
    out.push_str(if flags.multi_line { "s" } else { "" });
    out.push_str(if flags.extended { "x" } else { "" });
    out.push(')');
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut in_class) = (0, 0_u32);
    while at < letters.len() {
        let letter = letters[at];
        at += 1;
        match letter {
            '\\' => {
                let next = letters.get(at).copied();
                at += 1;
                match next {
                    Some('h') if in_class > 0 => out.push_str("0-9a-fA-F"),
                    Some('h') => out.push_str("[0-9a-fA-F]"),
                    Some('H') => out.push_str("[^0-9a-fA-F]"),
                    Some('Z') => out.push_str("(?=\\n?\\z)"),
                    Some('R') => out.push_str("(?:\\r\\n|[\\n\\r\\x0b\\x0c])"),
                    Some('e') => out.push_str("\\x1b"),
                    Some('/') => out.push('/'),
                    Some(
                        sign @ ('<' | '>' | '"' | '\'' | '`' | '@' | ',' | ';' | ':' | '=' | '!' | '%' | '_' | ' '
                        | '\n'),
                    ) => {
                        if sign == ' ' || sign == '\n' {
                            out.push_str("\\x20");
                        } else {
                            out.push(sign);
                        }
                    }
                    Some(other) => {
                        out.push('\\');
                        out.push(other);
                    }
                    None => out.push_str("\\\\"),
                }
            }
            '[' if letters.get(at) == Some(&':') && in_class > 0 => {
                // A class by name is copied to its end.
                let end = letters[at..]
                    .iter()
                    .position(|it| *it == ']')
                    .map_or(letters.len(), |it| at + it + 1);
                out.push('[');
                out.extend(&letters[at..end]);
                at = end;
            }
            '[' => {
                in_class += 1;
                out.push('[');
                if letters.get(at) == Some(&'^') {
                    out.push('^');
                    at += 1;
                }
                if letters.get(at) == Some(&']') {
                    out.push_str("\\]");
                    at += 1;
                }
            }
            ']' if in_class > 0 => {
                in_class -= 1;
                out.push(']');
            }
            ']' => out.push_str("\\]"),
            '{' if in_class == 0 && !is_counter(&letters[at..]) => out.push_str("\\{"),
            '}' if in_class == 0 && !out_has_counter(&out) => out.push_str("\\}"),
            '~' | '&' if in_class > 0 && letters.get(at) == Some(&letter) && letter == '~' => out.push_str("\\~"),
            '(' if letters[at..].starts_with(&['?', 'm', ':']) => {
                out.push_str("(?s:");
                at += 3;
            }
            '(' if letters[at..].starts_with(&['?', 'm', 'i', 'x', '-'])
                || letters[at..].starts_with(&['?', '-', 'm', 'i', 'x', ':']) =>
            {
                out.push('(');
            }
            other => out.push(other),
        }
    }
    out
}

/// Whether `{` begins a number of repetitions.
fn is_counter(rest: &[char]) -> bool {
    let Some(end) = rest.iter().position(|it| *it == '}') else {
        return false;
    };
    end > 0 && rest[..end].iter().all(|it| it.is_ascii_digit() || *it == ',') && rest[..end] != [',']
}

fn out_has_counter(out: &str) -> bool {
    let Some(open) = out.rfind('{') else { return false };
    !out[..open].ends_with('\\') && out[open + 1..].chars().all(|it| it.is_ascii_digit() || it == ',')
        || out[..open].ends_with("\\p")
        || out[..open].ends_with("\\P")
        || out[..open].ends_with("\\u")
        || out[..open].ends_with("\\x")
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

/// A text in which nothing has a meaning to a regular expression.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            ' ' => escaped.push_str("\\ "),
            '.' | '*' | '?' | '+' | '^' | '$' | '|' | '\\' | '(' | ')' | '[' | ']' | '{' | '}' | '-' | '#' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A regular expression as a part of another one.
pub fn embedded(regexp: &Regexp) -> String {
    let Flags {
        ignore_case,
        extended,
        multi_line,
    } = regexp.flags;
    let mut on = String::new();
    let mut off = String::new();
    for (letter, set) in [('m', multi_line), ('i', ignore_case), ('x', extended)] {
        if set { on.push(letter) } else { off.push(letter) }
    }
    let off = if off.is_empty() {
        String::new()
    } else {
        format!("-{off}")
    };
    format!("(?{on}{off}:{})", regexp.text)
}

/// A regular expression as it is written.
pub fn inspect(regexp: &Regexp) -> String {
    let Flags {
        ignore_case,
        extended,
        multi_line,
    } = regexp.flags;
    let flags: String = [('m', multi_line), ('i', ignore_case), ('x', extended)]
        .iter()
        .filter(|it| it.1)
        .map(|it| it.0)
        .collect();
    format!("/{}/{flags}", regexp.text.replace('/', "\\/"))
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
    it.work(text.len().saturating_sub(from))?;
    if from > text.len() {
        return Ok(None);
    }
    match pattern.compiled.captures_from_pos(text, from) {
        Ok(None) => Ok(None),
        Ok(Some(captures)) => {
            let spans = (0..captures.len())
                .map(|index| captures.get(index).map(|it| (it.start(), it.end())))
                .collect();
            let names = pattern
                .compiled
                .capture_names()
                .map(|it| it.map(str::to_owned))
                .collect();
            charge(text.len() + 128);
            Ok(Some(Found {
                text: Rc::from(text),
                spans,
                names,
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

fn found_of(matched: &Value) -> Option<Rc<Found>> {
    let Value::Object(object) = matched else { return None };
    let native = object.native.borrow().clone();
    native?.downcast::<Found>().ok()
}

fn groups(matched: &Value) -> Vec<Value> {
    let count = found_of(matched).map_or(0, |it| it.spans.len());
    (0..count).map(|index| group(matched, index)).collect()
}

/// A group of what was matched.
pub fn group(matched: &Value, index: usize) -> Value {
    found_of(matched)
        .and_then(|it| it.group(index).map(Value::string))
        .unwrap_or(Value::Nil)
}

/// A group by its name.
pub fn named_group(matched: &Value, name: &str) -> Value {
    let Some(found) = found_of(matched) else {
        return Value::Nil;
    };
    let index = found.names.iter().position(|it| it.as_deref() == Some(name));
    index.map_or(Value::Nil, |index| group(matched, index))
}

/// Every place where a pattern is found, without overlaps.
fn find_all(it: &mut Interpreter, pattern: &Regexp, text: &str, limit: usize) -> Outcome<Vec<Found>> {
    let mut all = Vec::new();
    let mut at = 0;
    while all.len() < limit {
        let Some(found) = find(it, pattern, text, at)? else {
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

fn words(text: &str, most: usize) -> Vec<String> {
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

fn split_by(it: &mut Interpreter, text: &str, pattern: &Regexp, most: usize) -> Outcome<Vec<String>> {
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
                let value = super::hash::look_up(it, &table, &Value::string(whole))?;
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
fn expand(template: &str, found: &Found) -> String {
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

//! Strings.

use super::Methods;
use super::regexp;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let string = it.core.string.clone();
    it.methods(&string, METHODS);
    it.methods(&string, CHANGING);
    it.methods(&string, SEARCHING);
    it.methods(&string, SHARED_WITH_SYMBOLS);
    it.own_methods(
        &string,
        &[("new", |it, _, arguments| match arguments.split().0.first() {
            Some(text) => Ok(Value::string(it.text_of(Some(&text.clone()))?)),
            None => Ok(Value::string("")),
        })],
    );
    let encoding = it.core.class_at("Encoding", &it.core.object.clone());
    for (constant, name) in [
        ("UTF_8", "UTF-8"),
        ("ASCII_8BIT", "ASCII-8BIT"),
        ("BINARY", "ASCII-8BIT"),
        ("US_ASCII", "US-ASCII"),
    ] {
        it.put(&encoding, constant, Value::string(name));
    }
    it.own_methods(
        &encoding,
        &[
            ("default_external=", |_, _, arguments| {
                Ok(arguments.get(0).cloned().unwrap_or(Value::Nil))
            }),
            ("default_internal=", |_, _, arguments| {
                Ok(arguments.get(0).cloned().unwrap_or(Value::Nil))
            }),
            ("default_external", |_, _, _| Ok(Value::string("UTF-8"))),
        ],
    );
}

/// The text of the receiver.
pub fn own(this: &Value) -> String {
    this.text().unwrap_or_default()
}

fn new(text: impl Into<String>) -> Eval {
    Ok(Value::string(text))
}

/// Methods that a symbol has too, by its text.
pub const SHARED_WITH_SYMBOLS: Methods = &[
    ("length", |_, this, _| {
        Ok(Value::Integer(own(this).chars().count() as i64))
    }),
    ("size", |_, this, _| {
        Ok(Value::Integer(own(this).chars().count() as i64))
    }),
    ("empty?", |_, this, _| Ok(Value::Boolean(own(this).is_empty()))),
    ("[]", |it, this, arguments| index(it, &own(this), arguments)),
    ("slice", |it, this, arguments| index(it, &own(this), arguments)),
    ("start_with?", |it, this, arguments| {
        for prefix in &arguments.list {
            let text = own(this);
            let starts = match prefix {
                Value::Regexp(pattern) => {
                    regexp::find(it, pattern, &text, 0)?.is_some_and(|found| found.start(0) == Some(0))
                }
                other => text.starts_with(&it.text_of(Some(other))?),
            };
            if starts {
                return Ok(Value::Boolean(true));
            }
        }
        Ok(Value::Boolean(false))
    }),
    ("end_with?", |it, this, arguments| {
        for suffix in &arguments.list {
            if own(this).ends_with(&it.text_of(Some(suffix))?) {
                return Ok(Value::Boolean(true));
            }
        }
        Ok(Value::Boolean(false))
    }),
    ("=~", |it, this, arguments| match arguments.get(0) {
        Some(Value::Regexp(pattern)) => regexp::match_operator(it, &pattern.clone(), this),
        Some(other) => it.send(&other.clone(), "=~", vec![this.clone()]),
        None => Ok(Value::Nil),
    }),
    ("match", |it, this, arguments| {
        let pattern = regexp::argument(it, arguments.get(0))?;
        regexp::match_method(it, &pattern, this, arguments.get(1))
    }),
    ("match?", |it, this, arguments| {
        let pattern = regexp::argument(it, arguments.get(0))?;
        Ok(Value::Boolean(regexp::find(it, &pattern, &own(this), 0)?.is_some()))
    }),
];

const METHODS: Methods = &[
    ("to_s", |_, this, _| Ok(this.clone())),
    ("to_str", |_, this, _| Ok(this.clone())),
    ("to_sym", |_, this, _| Ok(Value::symbol(&own(this)))),
    ("intern", |_, this, _| Ok(Value::symbol(&own(this)))),
    ("to_i", |it, this, arguments| {
        let base = match arguments.get(0) {
            Some(Value::Integer(base)) if (2..=36).contains(base) => *base as u32,
            None => 10,
            Some(_) => return Err(it.error("ArgumentError", "invalid radix")),
        };
        Ok(Value::Integer(super::number::leading_integer(&own(this), base)))
    }),
    ("to_f", |_, this, _| {
        Ok(Value::Float(super::number::leading_float(&own(this))))
    }),
    ("to_r", |_, this, _| {
        Ok(Value::Float(super::number::leading_float(&own(this))))
    }),
    ("to_c", |_, this, _| {
        Ok(Value::Float(super::number::leading_float(&own(this))))
    }),
    ("hex", |_, this, _| {
        Ok(Value::Integer(super::number::leading_integer(&own(this), 16)))
    }),
    ("oct", |_, this, _| {
        Ok(Value::Integer(super::number::leading_integer(&own(this), 8)))
    }),
    ("ord", |_, this, _| {
        Ok(own(this)
            .chars()
            .next()
            .map_or(Value::Nil, |it| Value::Integer(i64::from(it as u32))))
    }),
    ("inspect", |it, this, _| new(it.inspect(this)?)),
    ("dump", |it, this, _| new(it.inspect(this)?)),
    ("==", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("===", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("eql?", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("<=>", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(it
            .try_compare(this, &other)?
            .map_or(Value::Nil, |it| Value::Integer(it as i64)))
    }),
    ("casecmp", |it, this, arguments| {
        let other = it.text_of(arguments.get(0))?;
        Ok(Value::Integer(
            own(this).to_lowercase().cmp(&other.to_lowercase()) as i64
        ))
    }),
    ("casecmp?", |it, this, arguments| {
        let other = it.text_of(arguments.get(0))?;
        Ok(Value::Boolean(own(this).to_lowercase() == other.to_lowercase()))
    }),
    ("+", |it, this, arguments| {
        let (mut text, other) = (own(this), it.text_of(arguments.get(0))?);
        text.push_str(&other);
        it.check_length(text.len())?;
        new(text)
    }),
    ("*", |it, this, arguments| {
        let (text, count) = (own(this), it.integer_of(arguments.get(0))?);
        if count < 0 {
            return Err(it.error("ArgumentError", "argument must be non-negative"));
        }
        it.reserve(text.len().saturating_mul(count as usize))?;
        new(text.repeat(count as usize))
    }),
    ("%", |it, this, arguments| {
        let mut values = vec![this.clone()];
        match arguments.get(0) {
            Some(Value::Array(list)) => values.extend(list.to_vec()),
            Some(other) => values.push(other.clone()),
            None => {}
        }
        new(super::format::format(it, &values)?)
    }),
    ("+@", |_, this, _| match this {
        Value::String(text) if text.frozen.get() => new(own(this)),
        _ => Ok(this.clone()),
    }),
    ("-@", |_, this, _| Ok(this.clone())),
    ("upcase", |_, this, _| new(own(this).to_uppercase())),
    ("downcase", |_, this, _| new(own(this).to_lowercase())),
    ("capitalize", |_, this, _| new(capitalized(&own(this)))),
    ("swapcase", |_, this, _| {
        new(own(this)
            .chars()
            .map(|it| {
                if it.is_uppercase() {
                    it.to_ascii_lowercase()
                } else {
                    it.to_ascii_uppercase()
                }
            })
            .collect::<String>())
    }),
    ("strip", |_, this, _| new(own(this).trim_matches(is_space).to_owned())),
    ("lstrip", |_, this, _| {
        new(own(this).trim_start_matches(is_space).to_owned())
    }),
    ("rstrip", |_, this, _| {
        new(own(this).trim_end_matches(is_space).to_owned())
    }),
    ("chomp", |it, this, arguments| {
        let text = own(this);
        match arguments.get(0) {
            Some(suffix) => {
                let suffix = it.text_of(Some(suffix))?;
                new(text.strip_suffix(suffix.as_str()).unwrap_or(&text).to_owned())
            }
            None => new(text
                .strip_suffix("\r\n")
                .or(text.strip_suffix(['\n', '\r']))
                .unwrap_or(&text)
                .to_owned()),
        }
    }),
    ("chop", |_, this, _| {
        let mut text = own(this);
        text.pop();
        new(text)
    }),
    ("chr", |_, this, _| new(own(this).chars().take(1).collect::<String>())),
    ("reverse", |_, this, _| new(own(this).chars().rev().collect::<String>())),
    ("succ", |_, this, _| new(successor(&own(this)))),
    ("next", |_, this, _| new(successor(&own(this)))),
    ("ljust", |it, this, arguments| {
        justify(it, this, arguments, |missing| (0, missing))
    }),
    ("rjust", |it, this, arguments| {
        justify(it, this, arguments, |missing| (missing, 0))
    }),
    ("center", |it, this, arguments| {
        justify(it, this, arguments, |missing| (missing / 2, missing - missing / 2))
    }),
    ("chars", |it, this, arguments| {
        each(
            it,
            this,
            own(this).chars().map(|it| Value::string(it.to_string())).collect(),
            arguments,
        )
    }),
    ("each_char", |it, this, arguments| {
        each(
            it,
            this,
            own(this).chars().map(|it| Value::string(it.to_string())).collect(),
            arguments,
        )
    }),
    ("bytes", |it, this, arguments| {
        each(
            it,
            this,
            own(this).bytes().map(|it| Value::Integer(i64::from(it))).collect(),
            arguments,
        )
    }),
    ("each_byte", |it, this, arguments| {
        each(
            it,
            this,
            own(this).bytes().map(|it| Value::Integer(i64::from(it))).collect(),
            arguments,
        )
    }),
    ("codepoints", |it, this, arguments| {
        each(
            it,
            this,
            own(this)
                .chars()
                .map(|it| Value::Integer(i64::from(it as u32)))
                .collect(),
            arguments,
        )
    }),
    ("lines", |it, this, arguments| {
        each(it, this, lines_of(&own(this), chomps(arguments)), arguments)
    }),
    ("each_line", |it, this, arguments| {
        each(it, this, lines_of(&own(this), chomps(arguments)), arguments)
    }),
    ("bytesize", |_, this, _| Ok(Value::Integer(own(this).len() as i64))),
    ("include?", |it, this, arguments| {
        let part = it.text_of(arguments.get(0))?;
        Ok(Value::Boolean(own(this).contains(&part)))
    }),
    ("delete_prefix", |it, this, arguments| {
        let (text, prefix) = (own(this), it.text_of(arguments.get(0))?);
        new(text.strip_prefix(prefix.as_str()).unwrap_or(&text).to_owned())
    }),
    ("delete_suffix", |it, this, arguments| {
        let (text, suffix) = (own(this), it.text_of(arguments.get(0))?);
        new(text.strip_suffix(suffix.as_str()).unwrap_or(&text).to_owned())
    }),
    ("tr", |it, this, arguments| translate(it, this, arguments, false)),
    ("tr_s", |it, this, arguments| translate(it, this, arguments, true)),
    ("delete", |it, this, arguments| {
        let set = letters(&it.text_of(arguments.get(0))?);
        new(own(this).chars().filter(|it| !set.holds(*it)).collect::<String>())
    }),
    ("squeeze", |it, this, arguments| {
        let set = match arguments.get(0) {
            Some(set) => Some(letters(&it.text_of(Some(set))?)),
            None => None,
        };
        let mut text = String::new();
        for letter in own(this).chars() {
            if text.ends_with(letter) && set.as_ref().is_none_or(|it| it.holds(letter)) {
                continue;
            }
            text.push(letter);
        }
        new(text)
    }),
    ("count", |it, this, arguments| {
        let set = letters(&it.text_of(arguments.get(0))?);
        Ok(Value::Integer(
            own(this).chars().filter(|it| set.holds(*it)).count() as i64
        ))
    }),
    ("sum", |_, this, _| {
        Ok(Value::Integer(own(this).bytes().map(i64::from).sum::<i64>() & 0xffff))
    }),
    ("unpack", |_, this, _| Ok(Value::array(vec![this.clone()]))),
    ("unpack1", |it, this, arguments| unpack_one(it, this, arguments)),
    ("upto", |it, this, arguments| {
        let last = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let range = it.range(this.clone(), last, false)?;
        it.call(
            &range,
            crate::ruby::symbol::Symbol::new("each"),
            arguments_with_block(arguments),
        )
    }),
    ("between?", |it, this, arguments| {
        let [low, high] = [0, 1].map(|index| arguments.get(index).cloned().unwrap_or(Value::Nil));
        Ok(Value::Boolean(
            it.compare(this, &low)?.is_ge() && it.compare(this, &high)?.is_le(),
        ))
    }),
    ("encoding", |_, _, _| new("UTF-8")),
    ("force_encoding", |_, this, _| Ok(this.clone())),
    ("encode", |_, this, _| new(own(this))),
    ("unicode_normalize", |_, this, _| new(own(this))),
    ("scrub", |_, this, _| new(own(this))),
    ("b", |_, this, _| new(own(this))),
    ("valid_encoding?", |_, _, _| Ok(Value::Boolean(true))),
    ("ascii_only?", |_, this, _| Ok(Value::Boolean(own(this).is_ascii()))),
    ("crypt", |it, _, _| {
        Err(it.error("NotImplementedError", "crypt is not supported in a Vagrantfile"))
    }),
    ("hash", |_, this, _| {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        own(this).hash(&mut hasher);
        Ok(Value::Integer((hasher.finish() >> 2) as i64))
    }),
];

const SEARCHING: Methods = &[
    ("split", |it, this, arguments| regexp::split(it, &own(this), arguments)),
    ("sub", |it, this, arguments| {
        Ok(Value::string(regexp::substitute(it, &own(this), arguments, false)?.0))
    }),
    ("gsub", |it, this, arguments| {
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

const CHANGING: Methods = &[
    ("<<", |it, this, arguments| append(it, this, arguments)),
    ("concat", |it, this, arguments| append(it, this, arguments)),
    ("prepend", |it, this, arguments| {
        let text = it.text_of(arguments.get(0))? + &own(this);
        change(it, this, text)
    }),
    ("insert", |it, this, arguments| {
        let (at, part) = (it.integer_of(arguments.get(0))?, it.text_of(arguments.get(1))?);
        let text = own(this);
        let length = text.chars().count() as i64;
        let at = if at < 0 { length + at + 1 } else { at }.clamp(0, length) as usize;
        let changed: String = text
            .chars()
            .take(at)
            .chain(part.chars())
            .chain(text.chars().skip(at))
            .collect();
        change(it, this, changed)
    }),
    ("replace", |it, this, arguments| {
        let text = it.text_of(arguments.get(0))?;
        change(it, this, text)
    }),
    ("clear", |it, this, _| change(it, this, String::new())),
    ("upcase!", |it, this, arguments| here(it, this, "upcase", arguments)),
    ("downcase!", |it, this, arguments| here(it, this, "downcase", arguments)),
    ("capitalize!", |it, this, arguments| {
        here(it, this, "capitalize", arguments)
    }),
    ("swapcase!", |it, this, arguments| here(it, this, "swapcase", arguments)),
    ("strip!", |it, this, arguments| here(it, this, "strip", arguments)),
    ("lstrip!", |it, this, arguments| here(it, this, "lstrip", arguments)),
    ("rstrip!", |it, this, arguments| here(it, this, "rstrip", arguments)),
    ("chomp!", |it, this, arguments| here(it, this, "chomp", arguments)),
    ("chop!", |it, this, arguments| here(it, this, "chop", arguments)),
    ("reverse!", |it, this, arguments| here(it, this, "reverse", arguments)),
    ("succ!", |it, this, arguments| here(it, this, "succ", arguments)),
    ("next!", |it, this, arguments| here(it, this, "succ", arguments)),
    ("tr!", |it, this, arguments| here(it, this, "tr", arguments)),
    ("delete!", |it, this, arguments| here(it, this, "delete", arguments)),
    ("squeeze!", |it, this, arguments| here(it, this, "squeeze", arguments)),
    ("delete_prefix!", |it, this, arguments| {
        here(it, this, "delete_prefix", arguments)
    }),
    ("delete_suffix!", |it, this, arguments| {
        here(it, this, "delete_suffix", arguments)
    }),
];

fn arguments_with_block(arguments: &Arguments) -> Arguments {
    Arguments {
        block: arguments.block.clone(),
        ..Arguments::default()
    }
}

fn is_space(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == '\0' || letter == '\u{b}'
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|it| it.to_uppercase().collect()).unwrap_or_default();
    first + &letters.as_str().to_lowercase()
}

/// Changes the receiver, unless it is frozen.
pub fn change(it: &mut Interpreter, this: &Value, text: String) -> Eval {
    let Value::String(own) = this else {
        return Ok(this.clone());
    };
    if own.frozen.get() {
        let shown = it.inspect(this)?;
        return Err(it.error("FrozenError", format!("can't modify frozen String: {shown}")));
    }
    it.check_length(text.len())?;
    charge(text.len());
    *own.text.borrow_mut() = text;
    Ok(this.clone())
}

fn append(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut added = String::new();
    for value in &arguments.list {
        match value {
            Value::Integer(code) => added.extend(u32::try_from(*code).ok().and_then(char::from_u32)),
            other => added.push_str(&it.text_of(Some(other))?),
        }
    }
    let Value::String(own) = this else {
        return Ok(this.clone());
    };
    if own.frozen.get() {
        let shown = it.inspect(this)?;
        return Err(it.error("FrozenError", format!("can't modify frozen String: {shown}")));
    }
    charge(added.len());
    own.text.borrow_mut().push_str(&added);
    it.tick()?;
    Ok(this.clone())
}

/// A method in its `!` form: nil where nothing changed.
fn here(it: &mut Interpreter, this: &Value, name: &str, arguments: &Arguments) -> Eval {
    let changed = it.send(this, name, arguments.list.clone())?;
    let text = changed.text().unwrap_or_default();
    if text == own(this) {
        return Ok(Value::Nil);
    }
    change(it, this, text)
}

fn substitute_here(it: &mut Interpreter, this: &Value, arguments: &Arguments, all: bool) -> Eval {
    let (text, changed) = regexp::substitute(it, &own(this), arguments, all)?;
    if changed {
        change(it, this, text)
    } else {
        Ok(Value::Nil)
    }
}

fn each(it: &mut Interpreter, this: &Value, items: Vec<Value>, arguments: &Arguments) -> Eval {
    it.work(items.len())?;
    match &arguments.block {
        Some(block) => {
            for item in items {
                it.yield_to(block, &[item])?;
            }
            Ok(this.clone())
        }
        None => Ok(Value::array(items)),
    }
}

fn chomps(arguments: &Arguments) -> bool {
    arguments.keyword("chomp").is_some_and(|it| it.is_true())
}

/// The lines of a text, each with its end unless told otherwise.
pub fn lines_of(text: &str, chomp: bool) -> Vec<Value> {
    let lines = text.split_inclusive('\n');
    lines
        .map(|it| Value::string(if chomp { it.trim_end_matches(['\n', '\r']) } else { it }))
        .collect()
}

fn justify(it: &mut Interpreter, this: &Value, arguments: &Arguments, divide: fn(usize) -> (usize, usize)) -> Eval {
    let width = it.integer_of(arguments.get(0))?.max(0) as usize;
    let padding = match arguments.get(1) {
        Some(padding) => it.text_of(Some(padding))?,
        None => " ".to_owned(),
    };
    if padding.is_empty() {
        return Err(it.error("ArgumentError", "zero width padding"));
    }
    let text = own(this);
    let missing = width.saturating_sub(text.chars().count());
    it.reserve(missing.saturating_mul(4))?;
    let (left, right) = divide(missing);
    let fill = |count: usize| padding.chars().cycle().take(count).collect::<String>();
    new(format!("{}{text}{}", fill(left), fill(right)))
}

/// `text[...]`
fn index(it: &mut Interpreter, text: &str, arguments: &Arguments) -> Eval {
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
        (Some(Value::Range(range)), None) => Ok(match super::range::bounds(it, range, length)? {
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

fn part(text: &str, length: i64, start: i64, count: i64) -> Value {
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

fn position(it: &mut Interpreter, this: &Value, arguments: &Arguments, last: bool) -> Eval {
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
            if last.is_some() {
                // A sign between letters ends the carry.
                break;
            }
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

struct Letters {
    negated: bool,
    list: Vec<char>,
}

impl Letters {
    fn holds(&self, letter: char) -> bool {
        self.list.contains(&letter) != self.negated
    }
}

/// The letters that a pattern of `tr` names: `a-z`, `^0-9`.
fn letters(pattern: &str) -> Letters {
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

fn translate(it: &mut Interpreter, this: &Value, arguments: &Arguments, squeeze: bool) -> Eval {
    let (from, to) = (
        letters(&it.text_of(arguments.get(0))?),
        letters(&it.text_of(arguments.get(1))?),
    );
    let mut text = String::new();
    let mut before = None;
    for letter in own(this).chars() {
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

fn unpack_one(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let how = it.text_of(arguments.get(0))?;
    let text = own(this);
    match how.as_str() {
        "H*" => new(text.bytes().map(|it| format!("{it:02x}")).collect::<String>()),
        "m" | "m0" => new(String::from_utf8_lossy(&super::digest::from_base64(&text)).into_owned()),
        _ => Err(it.error(
            "NotImplementedError",
            format!("unpack1({how:?}) is not supported in a Vagrantfile"),
        )),
    }
}

/// A string's shared text, for what changes it in place.
pub fn shared(this: &Value) -> Option<Rc<Text>> {
    match this {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// An argument as text, or a default.
pub fn text_or(it: &mut Interpreter, value: Option<&Value>, default: &str) -> Outcome<String> {
    match value {
        Some(Value::Nil) | None => Ok(default.to_owned()),
        value => it.text_of(value),
    }
}

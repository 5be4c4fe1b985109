//! Strings.

mod changing;
mod letters;
mod search;

use crate::ruby::builtin::Methods;
use crate::ruby::builtin::enumerator;
use crate::ruby::builtin::regexp;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use changing::CHANGING;
pub use letters::successor;
use letters::{letters, translate};
use search::{SEARCHING, arguments_with_block, index};

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
        ("UTF_16LE", "UTF-16LE"),
        ("UTF_16BE", "UTF-16BE"),
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

/// The base that a number is written in: `0x1f` in 16, `017` in 8.
fn written_base(text: &str) -> u32 {
    let digits = text.trim_start().trim_start_matches(['-', '+']).to_ascii_lowercase();
    match digits.as_bytes() {
        [b'0', b'x', ..] => 16,
        [b'0', b'b', ..] => 2,
        [b'0', _, ..] => 8,
        _ => 10,
    }
}

const METHODS: Methods = &[
    ("to_s", |_, this, _| Ok(this.clone())),
    ("to_str", |_, this, _| Ok(this.clone())),
    ("to_sym", |_, this, _| Ok(Value::symbol(&own(this)))),
    ("intern", |_, this, _| Ok(Value::symbol(&own(this)))),
    ("to_i", |it, this, arguments| {
        let base = match arguments.get(0) {
            Some(Value::Integer(base)) if (2..=36).contains(base) => *base as u32,
            Some(Value::Integer(0)) => written_base(&own(this)),
            None => 10,
            Some(_) => return Err(it.error("ArgumentError", "invalid radix")),
        };
        Ok(super::number::leading_integer(&own(this), base))
    }),
    ("to_f", |_, this, _| {
        Ok(Value::Float(super::number::leading_float(&own(this))))
    }),
    ("to_r", |it, this, _| {
        let rational = super::kernel::convert(it, "Rational", &Arguments::of(vec![Value::Integer(0)]))?;
        let class = Value::Class(it.class_of(&rational));
        let found = it.send(&class, "of_text", vec![this.clone()])?;
        Ok(if found.is_nil() { rational } else { found })
    }),
    ("_to_r", |_, this, _| {
        Ok(Value::Float(super::number::leading_float(&own(this))))
    }),
    ("to_c", |_, this, _| {
        Ok(Value::Float(super::number::leading_float(&own(this))))
    }),
    ("hex", |_, this, _| Ok(super::number::leading_integer(&own(this), 16))),
    ("oct", |_, this, _| Ok(super::number::leading_integer(&own(this), 8))),
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
        let text = own(this);
        let letters = it.gather(text.chars().map(|it| Value::string(it.to_string())))?;
        each(it, this, letters, arguments)
    }),
    ("each_char", |it, this, arguments| {
        if arguments.block.is_none() {
            return Ok(enumerator::with(this, "each_char", arguments));
        }
        let text = own(this);
        let letters = it.gather(text.chars().map(|it| Value::string(it.to_string())))?;
        each(it, this, letters, arguments)
    }),
    ("bytes", |it, this, arguments| {
        let bytes = it.gather(own(this).bytes().map(|it| Value::Integer(i64::from(it))))?;
        each(it, this, bytes, arguments)
    }),
    ("each_byte", |it, this, arguments| {
        if arguments.block.is_none() {
            return Ok(enumerator::with(this, "each_byte", arguments));
        }
        let bytes = it.gather(own(this).bytes().map(|it| Value::Integer(i64::from(it))))?;
        each(it, this, bytes, arguments)
    }),
    ("codepoints", |it, this, arguments| {
        let text = own(this);
        let codes = it.gather(text.chars().map(|it| Value::Integer(i64::from(it as u32))))?;
        each(it, this, codes, arguments)
    }),
    ("lines", |it, this, arguments| {
        let lines = lines_of(it, &own(this), chomps(arguments))?;
        each(it, this, lines, arguments)
    }),
    ("each_line", |it, this, arguments| {
        if arguments.block.is_none() {
            return Ok(enumerator::with(this, "each_line", arguments));
        }
        let lines = lines_of(it, &own(this), chomps(arguments))?;
        each(it, this, lines, arguments)
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
    ("unpack", |it, this, arguments| {
        let template = it.text_of(arguments.get(0))?;
        Ok(Value::array(super::pack::unpack(it, &own(this), &template)?))
    }),
    ("unpack1", |it, this, arguments| {
        let template = it.text_of(arguments.get(0))?;
        let values = super::pack::unpack(it, &own(this), &template)?;
        Ok(values.into_iter().next().unwrap_or(Value::Nil))
    }),
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
    ("encode", |it, this, arguments| encode(it, &own(this), arguments.get(0))),
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

/// Other encodings as far as texts of UTF-8 can hold their bytes: UTF-16 of what is ASCII.
fn encode(it: &mut Interpreter, text: &str, encoding: Option<&Value>) -> Eval {
    let name = match encoding {
        Some(name @ (Value::String(_) | Value::Object(_) | Value::Class(_))) => it.to_s(name)?.to_uppercase(),
        _ => return new(text),
    };
    let wide: fn(char) -> [char; 2] = match name.as_str() {
        "UTF-16LE" => |letter| [letter, '\0'],
        "UTF-16BE" => |letter| ['\0', letter],
        _ => return new(text),
    };
    if !text.is_ascii() {
        let message = format!("only letters of ASCII can be put into {name} in a Vagrantfile");
        return Err(it.error("NotImplementedError", message));
    }
    it.work(text.len() * 2)?;
    new(text.chars().flat_map(wide).collect::<String>())
}

fn is_space(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == '\0' || letter == '\u{b}'
}

/// The text with a capital first, and small letters behind it.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|it| it.to_uppercase().collect()).unwrap_or_default();
    first + &letters.as_str().to_lowercase()
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
pub fn lines_of(it: &mut Interpreter, text: &str, chomp: bool) -> Outcome<Vec<Value>> {
    let lines = text.split_inclusive('\n');
    it.gather(lines.map(|it| Value::string(if chomp { it.trim_end_matches(['\n', '\r']) } else { it })))
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

/// An argument as text, or a default.
pub fn text_or(it: &mut Interpreter, value: Option<&Value>, default: &str) -> Outcome<String> {
    match value {
        Some(Value::Nil) | None => Ok(default.to_owned()),
        value => it.text_of(value),
    }
}

//! `JSON`.

use super::Methods;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

/// How deep JSON may be nested, as Ruby has it.
const DEEPEST: usize = 100;

pub fn install(it: &mut Interpreter) {
    let json = it.core.module_at("JSON");
    let error = it.core.class_at("JSON::JSONError", &it.core.standard_error.clone());
    it.core.class_at("JSON::ParserError", &error);
    it.core.class_at("JSON::GeneratorError", &error);
    it.own_methods(&json, METHODS);
    let object = it.core.object.clone();
    it.methods(
        &object,
        &[("to_json", |it, this, _| {
            let mut text = String::new();
            generate(it, this, None, 0, &mut text)?;
            Ok(Value::string(text))
        })],
    );
}

const METHODS: Methods = &[
    ("parse", |it, _, arguments| {
        let text = it.text_of(arguments.get(0))?;
        read(it, &text, arguments)
    }),
    ("parse!", |it, _, arguments| {
        let text = it.text_of(arguments.get(0))?;
        read(it, &text, arguments)
    }),
    ("load", |it, _, arguments| {
        let text = match arguments.get(0) {
            Some(stream @ Value::Object(_)) => {
                let text = it.send(&stream.clone(), "read", Vec::new())?;
                it.to_s(&text)?
            }
            other => it.text_of(other)?,
        };
        read(it, &text, arguments)
    }),
    ("load_file", |it, _, arguments| {
        let text = super::file::read_argument(it, arguments.get(0))?;
        read(it, &text, arguments)
    }),
    ("generate", |it, _, arguments| write(it, arguments, None)),
    ("dump", |it, _, arguments| write(it, arguments, None)),
    ("pretty_generate", |it, _, arguments| write(it, arguments, Some("  "))),
];

fn read(it: &mut Interpreter, text: &str, arguments: &Arguments) -> Eval {
    // The smallest items are two bytes long, and take forty times as much as values.
    it.afford(text.len().saturating_mul(40))?;
    it.work(text.len())?;
    let option = |name: &str| {
        arguments.list.iter().skip(1).find_map(|it| match it {
            Value::Hash(table) => table.get_symbol(name),
            _ => None,
        })
    };
    let symbols = option("symbolize_names").is_some_and(|it| it.is_true());
    let mut reader = Reader { text, at: 0, symbols };
    match reader.document() {
        Ok(value) => Ok(value),
        Err(message) => Err(parser_error(it, &message, text, reader.at)),
    }
}

fn parser_error(it: &mut Interpreter, message: &str, text: &str, at: usize) -> Box<Flow> {
    let line = text[..at.min(text.len())].matches('\n').count() + 1;
    let near: String = text[at.min(text.len())..].chars().take(20).collect();
    it.error(
        "JSON::ParserError",
        format!("{message} at line {line} of the JSON, at '{near}'"),
    )
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    symbols: bool,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Value, String> {
        let value = self.value(0)?;
        self.space();
        if self.at < self.text.len() {
            Err("unexpected text".to_owned())
        } else {
            Ok(value)
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            let comment = if trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |it| it + 2)
            } else {
                0
            };
            self.at += rest.len() - trimmed.len() + comment;
            if comment == 0 {
                return;
            }
        }
    }

    fn eat(&mut self, part: &str) -> bool {
        let found = self.rest().starts_with(part);
        if found {
            self.at += part.len();
        }
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST {
            return Err(format!("nesting of {depth} is too deep"));
        }
        self.space();
        match self.rest().chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string().map(Value::string),
            Some('-' | '0'..='9') => self.number(),
            _ if self.eat("true") => Ok(Value::Boolean(true)),
            _ if self.eat("false") => Ok(Value::Boolean(false)),
            _ if self.eat("null") => Ok(Value::Nil),
            None => Err("unexpected end".to_owned()),
            _ => Err("unexpected token".to_owned()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut pairs = Vec::new();
        self.space();
        if self.eat("}") {
            return Ok(Value::hash(pairs));
        }
        loop {
            self.space();
            if !self.rest().starts_with('"') {
                return Err("expected the name of a member".to_owned());
            }
            let key = self.string()?;
            self.space();
            if !self.eat(":") {
                return Err("expected ':'".to_owned());
            }
            let key = if self.symbols {
                Value::symbol(&key)
            } else {
                Value::string(key)
            };
            pairs.push((key, self.value(depth + 1)?));
            self.space();
            if self.eat("}") {
                return Ok(Value::hash(pairs));
            }
            if !self.eat(",") {
                return Err("expected ',' or '}'".to_owned());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.eat("]") {
            return Ok(Value::array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.eat("]") {
                return Ok(Value::array(items));
            }
            if !self.eat(",") {
                return Err("expected ',' or ']'".to_owned());
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let mut out = String::new();
        let text = self.text;
        let mut letters = text.get(self.at + 1..).unwrap_or_default().char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += at + 2;
                    return Ok(out);
                }
                '\\' => match letters.next().map(|it| it.1) {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some('b') => out.push('\u{8}'),
                    Some('f') => out.push('\u{c}'),
                    Some('u') => out.push(unicode(&mut letters)),
                    Some(other) => out.push(other),
                    None => break,
                },
                other => out.push(other),
            }
        }
        Err("unexpected end of a string".to_owned())
    }

    fn number(&mut self) -> Result<Value, String> {
        let rest = self.rest();
        let length = rest
            .find(|it: char| !matches!(it, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'))
            .unwrap_or(rest.len());
        let number = &rest[..length];
        let is_whole = !number.contains(['.', 'e', 'E', '+']) && number.len() < 1000;
        let value = match number.parse::<i64>() {
            Ok(value) => Some(Value::Integer(value)),
            Err(_) if is_whole && !number[1..].contains('-') => Some(super::number::leading_integer(number, 10)),
            Err(_) => number.parse::<f64>().ok().map(Value::Float),
        };
        self.at += length;
        value.ok_or_else(|| "not a number".to_owned())
    }
}

fn unicode(letters: &mut std::str::CharIndices<'_>) -> char {
    let mut four = || {
        letters
            .by_ref()
            .take(4)
            .try_fold(0, |sum, (_, it)| Some(sum * 16 + it.to_digit(16)?))
            .unwrap_or(0xfffd)
    };
    let first = four();
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first).unwrap_or('\u{fffd}');
    }
    // The second half of a pair stands behind it, as `\uXXXX` again.
    letters.nth(1);
    let second = letters
        .by_ref()
        .take(4)
        .try_fold(0, |sum, (_, it)| Some(sum * 16 + it.to_digit(16)?))
        .unwrap_or(0);
    let code = 0x10000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00);
    char::from_u32(code).unwrap_or('\u{fffd}')
}

fn write(it: &mut Interpreter, arguments: &Arguments, indent: Option<&str>) -> Eval {
    let mut text = String::new();
    let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
    generate(it, &value, indent, 0, &mut text)?;
    Ok(Value::string(text))
}

fn generate(it: &mut Interpreter, value: &Value, indent: Option<&str>, depth: usize, text: &mut String) -> Outcome<()> {
    if depth > DEEPEST {
        return Err(it.error("JSON::NestingError", format!("nesting of {depth} is too deep")));
    }
    it.tick()?;
    let line = |depth: usize| indent.map_or_else(String::new, |it| format!("\n{}", it.repeat(depth)));
    match value {
        Value::Nil | Value::Boolean(_) | Value::Integer(_) | Value::Big(_) | Value::Float(_) => {
            text.push_str(if value.is_nil() { "null" } else { "" });
            text.push_str(&it.to_s(value)?);
        }
        Value::Array(list) => {
            let items = list.to_vec();
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&line(depth + 1));
                generate(it, item, indent, depth + 1, text)?;
            }
            // Ruby leaves an empty line in an empty list.
            text.push_str(if items.is_empty() && indent.is_some() { "\n" } else { "" });
            text.push_str(&line(depth));
            text.push(']');
        }
        Value::Hash(table) => {
            let pairs = table.to_pairs();
            text.push('{');
            for (index, (key, item)) in pairs.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                text.push_str(&line(depth + 1));
                text.push_str(&quoted(&it.to_s(key)?));
                text.push_str(if indent.is_some() { ": " } else { ":" });
                generate(it, item, indent, depth + 1, text)?;
            }
            text.push_str(&line(depth));
            text.push('}');
        }
        Value::Object(_) => {
            let own = it
                .find_method(value, Symbol::new("to_json"))
                .filter(|it| !matches!(it.body, MethodBody::Native(_)));
            match own {
                Some(method) => {
                    let own = it.invoke(&method, value, Arguments::default())?;
                    text.push_str(&it.to_s(&own)?);
                }
                None if it.find_method(value, Symbol::new("to_h")).is_some() => {
                    let pairs = it.send(value, "to_h", Vec::new())?;
                    generate(it, &pairs, indent, depth + 1, text)?;
                }
                None => text.push_str(&quoted(&it.to_s(value)?)),
            }
        }
        other => text.push_str(&quoted(&it.to_s(other)?)),
    }
    it.check_length(text.len())
}

/// A text as JSON writes it.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            letter if (letter as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}

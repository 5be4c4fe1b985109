//! `YAML`, as Psych reads it: YAML 1.1 for plain scalars, `:symbols`, `<<` merges, the last of two equal keys.

mod differences;
mod dump;

use super::Methods;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// How deep a document may be nested.
const DEEPEST: usize = 500;

pub fn install(it: &mut Interpreter) {
    let psych = it.core.module_at("Psych");
    let runtime = it.core.named("RuntimeError");
    let error = it.core.class_at("Psych::Exception", &runtime);
    let syntax = it.core.class_at("Psych::SyntaxError", &error);
    it.methods(&syntax, PLACES);
    it.core.class_at("Psych::DisallowedClass", &error);
    let alias = it.core.class_at("Psych::BadAlias", &error);
    it.core.class_at("Psych::AliasesNotEnabled", &alias);
    it.core.class_at("Psych::AnchorNotDefined", &alias);
    it.own_methods(&psych, METHODS);
    it.put(&it.core.object.clone(), "YAML", Value::Class(psych));
    let object = it.core.object.clone();
    it.methods(
        &object,
        &[("to_yaml", |it, this, arguments| {
            Ok(Value::string(dump::dump(it, this, arguments)?))
        })],
    );
}

const METHODS: Methods = &[
    ("load", |it, _, arguments| load(it, arguments, Trust::SymbolsOnly)),
    ("safe_load", |it, _, arguments| load(it, arguments, Trust::Nothing)),
    ("unsafe_load", |it, _, arguments| load(it, arguments, Trust::Everything)),
    ("load_file", |it, _, arguments| {
        load_file(it, arguments, Trust::SymbolsOnly)
    }),
    ("safe_load_file", |it, _, arguments| {
        load_file(it, arguments, Trust::Nothing)
    }),
    ("unsafe_load_file", |it, _, arguments| {
        load_file(it, arguments, Trust::Everything)
    }),
    ("load_stream", |it, _, arguments| {
        let text = it.text_of(arguments.get(0))?;
        Ok(Value::array(documents(
            it,
            &text,
            Options::of(Trust::SymbolsOnly, arguments),
            "(stream)",
        )?))
    }),
    ("dump", |it, _, arguments| {
        let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let text = dump::dump(it, &value, arguments)?;
        // `dump(value, io)`
        match arguments.get(1) {
            Some(io @ Value::Object(_)) => {
                it.send(io, "write", vec![Value::string(text)])?;
                Ok(io.clone())
            }
            _ => Ok(Value::string(text)),
        }
    }),
    ("dump_stream", |it, _, arguments| {
        let mut texts = String::new();
        for value in &arguments.list {
            texts += &dump::dump(it, value, &Arguments::default())?;
        }
        Ok(Value::string(texts))
    }),
];

/// What a syntax error tells of its place.
const PLACES: Methods = &[
    ("file", |_, this, _| Ok(told(this, "@file"))),
    ("line", |_, this, _| Ok(told(this, "@line"))),
    ("column", |_, this, _| Ok(told(this, "@column"))),
    ("offset", |_, this, _| Ok(told(this, "@offset"))),
    ("problem", |_, this, _| Ok(told(this, "@problem"))),
    ("context", |_, _, _| Ok(Value::Nil)),
];

fn told(error: &Value, name: &str) -> Value {
    match error {
        Value::Object(error) => error
            .instance
            .borrow()
            .get(&Symbol::new(name))
            .cloned()
            .unwrap_or(Value::Nil),
        _ => Value::Nil,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Trust {
    Nothing,
    SymbolsOnly,
    Everything,
}

#[derive(Clone, Copy)]
struct Options {
    symbols: bool,
    dates: bool,
    regexps: bool,
    aliases: bool,
    symbol_names: bool,
}

impl Options {
    fn of(trust: Trust, arguments: &Arguments) -> Self {
        let mut permitted = Vec::new();
        if let Some(Value::Array(classes)) = arguments.keyword("permitted_classes") {
            permitted = classes
                .to_vec()
                .iter()
                .filter_map(|it| match it {
                    Value::Class(class) => Some(class.name.borrow().clone()),
                    _ => None,
                })
                .collect();
        }
        // The old form: `YAML.safe_load(text, [Symbol], [], true)`.
        if let Some(Value::Array(classes)) = arguments.get(1) {
            permitted.extend(classes.to_vec().iter().filter_map(|it| match it {
                Value::Class(class) => Some(class.name.borrow().clone()),
                _ => None,
            }));
        }
        let allows = |name: &str| permitted.iter().any(|it| it == name);
        let aliases =
            arguments.keyword("aliases").is_some_and(|it| it.is_true()) || arguments.get(3).is_some_and(Value::is_true);
        Options {
            symbols: trust != Trust::Nothing || allows("Symbol"),
            dates: trust == Trust::Everything || allows("Date") || allows("Time"),
            regexps: trust == Trust::Everything || allows("Regexp"),
            aliases: trust == Trust::Everything || aliases,
            symbol_names: arguments.keyword("symbolize_names").is_some_and(|it| it.is_true()),
        }
    }
}

fn load(it: &mut Interpreter, arguments: &Arguments, trust: Trust) -> Eval {
    let text = match arguments.get(0) {
        Some(stream @ Value::Object(_)) if it.find_method(stream, Symbol::new("read")).is_some() => {
            let text = it.send(&stream.clone(), "read", Vec::new())?;
            it.to_s(&text)?
        }
        other => it.text_of(other)?,
    };
    let empty = empty_document(trust, arguments);
    first(it, &text, Options::of(trust, arguments), "(<unknown>)", empty)
}

/// What a text without any document is.
fn empty_document(trust: Trust, arguments: &Arguments) -> Value {
    let usual = match trust {
        Trust::Everything => Value::Boolean(false),
        Trust::Nothing | Trust::SymbolsOnly => Value::Nil,
    };
    arguments.keyword("fallback").unwrap_or(usual)
}

fn load_file(it: &mut Interpreter, arguments: &Arguments, trust: Trust) -> Eval {
    let text = super::file::read_argument(it, arguments.get(0))?;
    let path = super::file::path_argument(it, arguments.get(0))?;
    first(
        it,
        &text,
        Options::of(trust, arguments),
        &format!("({})", path.display()),
        empty_document(trust, arguments),
    )
}

fn first(it: &mut Interpreter, text: &str, options: Options, name: &str, empty: Value) -> Eval {
    Ok(documents(it, text, options, name)?.into_iter().next().unwrap_or(empty))
}

/// A list or a table whose end has not come yet.
struct Open {
    is_table: bool,
    anchor: usize,
    items: Vec<Value>,
    /// Which of the items are plain `<<`.
    merges: Vec<bool>,
}

struct Builder {
    options: Options,
    open: Vec<Open>,
    anchors: HashMap<usize, Value>,
    documents: Vec<Value>,
}

fn documents(it: &mut Interpreter, text: &str, options: Options, name: &str) -> Outcome<Vec<Value>> {
    it.work(text.len() * 7)?;
    let mut text = Cow::Borrowed(text);
    loop {
        it.work(text.len())?;
        let problem = match read(it, &text, options)? {
            Ok(documents) => return Ok(documents),
            Err(problem) => problem,
        };
        match differences::mended(&text, &problem) {
            Some(mended) => text = Cow::Owned(mended),
            None => return Err(refused(it, &text, &problem, name)),
        }
    }
}

/// What keeps a text from being YAML.
struct Problem {
    what: String,
    line: usize,
    /// From 0, in characters.
    column: usize,
    /// How many characters stand before it.
    offset: usize,
}

fn read(it: &mut Interpreter, text: &str, options: Options) -> Outcome<Result<Vec<Value>, Problem>> {
    let mut builder = Builder {
        options,
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
    };
    let mut tabs = differences::Tabs::of(text);
    for event in Parser::new_from_str(text) {
        it.tick()?;
        match event {
            Ok((event, span)) => {
                tabs.pass(&event, &span);
                builder.take(it, event)?;
            }
            Err(error) => {
                let place = error.marker();
                return Ok(Err(Problem {
                    what: error.info().to_owned(),
                    line: place.line(),
                    column: place.col(),
                    offset: place.index(),
                }));
            }
        }
    }
    Ok(match tabs.misplaced() {
        Some(problem) => Err(problem),
        None => Ok(builder.documents),
    })
}

fn refused(it: &mut Interpreter, text: &str, problem: &Problem, name: &str) -> Box<Flow> {
    if problem.what.contains("unknown anchor") {
        let rest = text.chars().skip(problem.offset).skip_while(|it| *it == '*');
        let anchor: String = rest
            .take_while(|it| it.is_alphanumeric() || matches!(it, '-' | '_'))
            .collect();
        let message = format!("An alias referenced an unknown anchor: {anchor}");
        return it.error("Psych::AnchorNotDefined", message);
    }
    let (line, column) = (problem.line, problem.column + 1);
    let message = format!("{name}: {} at line {line} column {column}", problem.what);
    let flow = it.error("Psych::SyntaxError", message);
    if let Flow::Raise(Value::Object(error)) = &*flow {
        let file = name.trim_matches(['(', ')']);
        let file = if file == "<unknown>" {
            Value::Nil
        } else {
            Value::string(file)
        };
        let number = |it: usize| Value::Integer(it as i64);
        let told = [
            ("@file", file),
            ("@line", number(line)),
            ("@column", number(column)),
            ("@offset", number(problem.offset)),
            ("@problem", Value::string(problem.what.as_str())),
        ];
        let told = told.map(|(name, value)| (Symbol::new(name), value));
        error.instance.borrow_mut().extend(told);
    }
    flow
}

impl Builder {
    fn take(&mut self, it: &mut Interpreter, event: Event<'_>) -> Outcome<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_merge = style == ScalarStyle::Plain && text == "<<";
                let value = self.scalar(it, &text, style, tag.as_deref())?;
                self.put(it, value, anchor, is_merge)?;
            }
            Event::Alias(anchor) => {
                if !self.options.aliases {
                    let message = "Alias parsing was not enabled. To enable it, pass `aliases: true` to `Psych::load` or `Psych::safe_load`.";
                    return Err(it.error("Psych::AliasesNotEnabled", message));
                }
                let value = self.anchors.get(&anchor).cloned().unwrap_or(Value::Nil);
                self.put(it, value, 0, false)?;
            }
            Event::SequenceStart(anchor, tag) => self.start(it, false, anchor, tag.as_deref())?,
            Event::MappingStart(anchor, tag) => self.start(it, true, anchor, tag.as_deref())?,
            Event::SequenceEnd | Event::MappingEnd => self.end(it)?,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn start(&mut self, it: &mut Interpreter, is_table: bool, anchor: usize, tag: Option<&Tag>) -> Outcome<()> {
        refuse_objects(it, self.options, tag)?;
        if self.open.len() >= DEEPEST {
            return Err(it.error("Psych::SyntaxError", "this document is nested too deeply"));
        }
        self.open.push(Open {
            is_table,
            anchor,
            items: Vec::new(),
            merges: Vec::new(),
        });
        Ok(())
    }

    fn end(&mut self, it: &mut Interpreter) -> Outcome<()> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.is_table {
            false => Value::array(open.items),
            true => self.table(it, &open)?,
        };
        self.put(it, value, open.anchor, false)
    }

    fn table(&mut self, it: &mut Interpreter, open: &Open) -> Eval {
        let table = Table::default();
        for (pair, merges) in open.items.chunks(2).zip(open.merges.chunks(2)) {
            let [key, value] = pair else { continue };
            if merges[0] && merge(&table, value) {
                continue;
            }
            let key = match key {
                Value::String(text) if self.options.symbol_names => Value::symbol(&text.text.borrow()),
                key => key.clone(),
            };
            table.insert(key, value.clone());
        }
        it.tick()?;
        Ok(Value::Hash(std::rc::Rc::new(table)))
    }

    fn put(&mut self, _: &mut Interpreter, value: Value, anchor: usize, is_merge: bool) -> Outcome<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            Some(open) => {
                open.items.push(value);
                open.merges.push(is_merge);
            }
            None => self.documents.push(value),
        }
        Ok(())
    }

    fn scalar(&mut self, it: &mut Interpreter, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Eval {
        refuse_objects(it, self.options, tag)?;
        if let Some(tag) = tag {
            match tag.suffix.as_str() {
                "str" => return Ok(Value::string(text)),
                "int" => return Ok(super::number::leading_integer(text, 10)),
                "float" => return Ok(Value::Float(super::number::leading_float(text))),
                "ruby/sym" | "ruby/symbol" => return Ok(Value::symbol(text)),
                "binary" => {
                    return Ok(Value::string(
                        String::from_utf8_lossy(&super::digest::from_base64(text)).into_owned(),
                    ));
                }
                "ruby/regexp" => return regexp(it, text),
                "bool" | "null" => return self.plain(it, text),
                _ if tag.handle == "!" => return Ok(Value::string(text)),
                _ => {}
            }
        }
        if style != ScalarStyle::Plain {
            return Ok(Value::string(text));
        }
        self.plain(it, text)
    }

    /// A plain scalar, as YAML 1.1 and Psych read it.
    fn plain(&mut self, it: &mut Interpreter, text: &str) -> Eval {
        if let Some(value) = word(text) {
            return Ok(value);
        }
        if let Some(name) = text.strip_prefix(':').filter(|it| !it.is_empty()) {
            if !self.options.symbols {
                return Err(it.error("Psych::DisallowedClass", "Tried to load unspecified class: Symbol"));
            }
            let quoted = |sign| name.strip_prefix(sign).and_then(|it: &str| it.strip_suffix(sign));
            return Ok(Value::symbol(quoted('"').or(quoted('\'')).unwrap_or(name)));
        }
        if is_date(text) {
            if !self.options.dates {
                return Err(it.error("Psych::DisallowedClass", "Tried to load unspecified class: Date"));
            }
            let class = Value::Class(it.core.class_at("Date", &it.core.object.clone()));
            return it.send(&class, "parse", vec![Value::string(text)]);
        }
        Ok(number(text).unwrap_or_else(|| Value::string(text)))
    }
}

fn refuse_objects(it: &mut Interpreter, options: Options, tag: Option<&Tag>) -> Outcome<()> {
    match tag {
        Some(tag) if tag.suffix == "ruby/regexp" && options.regexps => Ok(()),
        Some(tag) if tag.suffix.starts_with("ruby/") && !tag.suffix.starts_with("ruby/sym") => {
            let class = match tag.suffix.as_str() {
                "ruby/regexp" => "Regexp",
                "ruby/range" => "Range",
                suffix => suffix.split(':').nth(1).unwrap_or("Object"),
            };
            Err(it.error(
                "Psych::DisallowedClass",
                format!("Tried to load unspecified class: {class}"),
            ))
        }
        _ => Ok(()),
    }
}

/// `/text/letters`
fn regexp(it: &mut Interpreter, text: &str) -> Eval {
    let (source, letters) = text.trim_start_matches('/').rsplit_once('/').unwrap_or((text, ""));
    let class = Value::Class(it.core.regexp.clone());
    it.send(&class, "new", vec![Value::string(source), Value::string(letters)])
}

fn merge(table: &Table, value: &Value) -> bool {
    match value {
        Value::Hash(other) => {
            other
                .to_pairs()
                .into_iter()
                .for_each(|(key, value)| table.insert(key, value));
            true
        }
        Value::Array(list) => {
            let list = list.to_vec();
            if !list.iter().all(|it| matches!(it, Value::Hash(_))) {
                return false;
            }
            for item in list.iter().rev() {
                merge(table, item);
            }
            true
        }
        _ => false,
    }
}

fn word(text: &str) -> Option<Value> {
    if text.len() > 5 {
        return None;
    }
    match text.to_ascii_lowercase().as_str() {
        "" | "~" | "null" => Some(Value::Nil),
        "yes" | "true" | "on" => Some(Value::Boolean(true)),
        "no" | "false" | "off" => Some(Value::Boolean(false)),
        ".inf" | "+.inf" => Some(Value::Float(f64::INFINITY)),
        "-.inf" => Some(Value::Float(f64::NEG_INFINITY)),
        ".nan" => Some(Value::Float(f64::NAN)),
        _ => None,
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let digits = |part: &str, least: usize, most: usize| {
        (least..=most).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_digit())
    };
    let within = |part: &str, last: u32| part.parse::<u32>().is_ok_and(|it| it <= last);
    digits(year, 4, 4) && digits(month, 1, 2) && digits(day, 1, 2) && within(month, 12) && within(day, 31)
}

fn number(text: &str) -> Option<Value> {
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => (-1, body),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if !body.starts_with(|it: char| it.is_ascii_digit() || it == '.') {
        return None;
    }
    let plain: String = body.chars().filter(|it| !matches!(it, '_' | ',')).collect();
    let radix = |prefix: &str, base: u32| i64::from_str_radix(plain.strip_prefix(prefix)?, base).ok();
    if let Some(value) = radix("0x", 16).or_else(|| radix("0b", 2)) {
        return Some(Value::Integer(sign * value));
    }
    if let Some(value) = sexagesimal(body) {
        return Some(Value::Integer(sign * value));
    }
    let is_digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if is_digits(&plain) && body.starts_with(|it: char| it.is_ascii_digit()) && !body.ends_with([',', '_']) {
        return match plain.len() > 1 && plain.starts_with('0') {
            true => i64::from_str_radix(&plain, 8).ok().map(|it| Value::Integer(sign * it)),
            false => plain.parse::<i64>().ok().map(|it| Value::Integer(sign * it)),
        };
    }
    float(&plain).map(|it| Value::Float(f64::from(sign as i32) * it))
}

/// `1:30:00`, which YAML 1.1 takes for a number; Psych counts the first part as hours whether or not seconds follow.
fn sexagesimal(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len())
        || !parts[0].bytes().all(|it| it.is_ascii_digit() || it == b'_')
        || parts[0].is_empty()
    {
        return None;
    }
    let fits =
        |it: &&str| (1..=2).contains(&it.len()) && it.parse::<u8>().is_ok_and(|it| it < 60) && !it.starts_with('+');
    if !parts[1..].iter().all(fits) {
        return None;
    }
    let places = [3600_i64, 60, 1];
    parts.iter().zip(places).try_fold(0_i64, |sum, (part, place)| {
        sum.checked_add(part.replace('_', "").parse::<i64>().ok()?.checked_mul(place)?)
    })
}

fn float(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_once('.')?;
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let is_digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if exponent.is_some_and(|it| !it.starts_with(['+', '-']) || it.len() < 2 || !is_digits(&it[1..])) {
        return None;
    }
    format!("{whole}.{fraction}0e{}", exponent.unwrap_or("0")).parse().ok()
}

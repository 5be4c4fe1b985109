//! YAML as Psych writes it. How a text looks is Psych's decision (`yaml_tree.rb`) where it makes one, and libyaml's everywhere else.

use super::{is_date, number, word};
use crate::ruby::interpreter::{Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use libyaml_safer::{Break, Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};
use std::collections::HashMap;

/// `line_width: 80, indentation: 2` and the like.
struct Options {
    width: i32,
    indentation: i32,
}

/// What is written next.
enum Step {
    Scalar(Scalar),
    Start {
        is_table: bool,
        tag: Option<String>,
        /// The number by which it is known, where it is met again.
        anchor: Option<usize>,
    },
    End {
        is_table: bool,
    },
    Alias(usize),
}

struct Scalar {
    text: String,
    tag: Option<&'static str>,
    /// Whether it may stand without quotes, and with them.
    plain: bool,
    quoted: bool,
    style: ScalarStyle,
}

/// `value.to_yaml(options)`
pub fn dump(it: &mut Interpreter, value: &Value, arguments: &Arguments) -> Outcome<String> {
    let number = |name| match arguments.keyword(name) {
        Some(Value::Integer(number)) => i32::try_from(number).unwrap_or(0),
        _ => 0,
    };
    let options = Options {
        width: number("line_width"),
        indentation: number("indentation"),
    };
    let mut tree = Tree {
        longest: usize::try_from(options.width).ok().filter(|it| *it > 0),
        indentation: usize::try_from(options.indentation).unwrap_or(0).clamp(2, 9),
        ..Tree::default()
    };
    tree.visit(it, value)?;
    let text = written(&tree.steps, &options);
    text.map_err(|error| it.error("RuntimeError", error))
}

/// The steps that write some values, and where each of the ones that can be met again began.
#[derive(Default)]
struct Tree {
    steps: Vec<Step>,
    starts: HashMap<usize, usize>,
    aliases: usize,
    depth: usize,
    /// How many columns each level takes.
    indentation: usize,
    /// About how many bytes all of it takes.
    length: usize,
    /// The most characters of a text that is not folded.
    longest: Option<usize>,
}

impl Tree {
    fn visit(&mut self, it: &mut Interpreter, value: &Value) -> Outcome<()> {
        it.tick()?;
        // What stands deeper is written further to the right.
        self.length += size_of::<Step>() + self.depth * self.indentation;
        it.check_length(self.length)?;
        if matches!(value, Value::Array(_) | Value::Hash(_) | Value::Object(_)) {
            if let Some(&start) = self.starts.get(&value.identity()) {
                self.alias(start);
                return Ok(());
            }
            self.starts.insert(value.identity(), self.steps.len());
        }
        match value {
            Value::Array(list) => {
                self.start(false, None);
                for item in list.to_vec() {
                    self.visit(it, &item)?;
                }
                self.end(false);
            }
            Value::Hash(table) => self.table(it, None, table.to_pairs())?,
            Value::Object(_) => self.object(it, value)?,
            Value::Range(range) => {
                let pairs = [
                    ("begin", range.first.clone()),
                    ("end", range.last.clone()),
                    ("excl", Value::Boolean(range.exclusive)),
                ];
                let pairs = pairs.map(|(name, value)| (Value::string(name), value));
                self.table(it, Some("!ruby/range".to_owned()), pairs.into())?;
            }
            other => self.scalar(it, other)?,
        }
        Ok(())
    }

    fn scalar(&mut self, it: &mut Interpreter, value: &Value) -> Outcome<()> {
        let scalar = match value {
            Value::Nil => Scalar::tagged(String::new(), "tag:yaml.org,2002:null", true),
            Value::String(text) => Scalar::of_text(&text.text.borrow(), self.longest),
            Value::Symbol(symbol) if symbol.text().is_empty() => Scalar::tagged(String::new(), "!ruby/symbol", false),
            Value::Symbol(symbol) => Scalar::plain(format!(":{}", symbol.text())),
            Value::Float(number) if number.is_nan() => Scalar::plain(".nan".to_owned()),
            Value::Float(number) if number.is_infinite() => {
                Scalar::plain(if *number > 0.0 { ".inf" } else { "-.inf" }.to_owned())
            }
            Value::Regexp(_) => Scalar::tagged(it.inspect(value)?, "!ruby/regexp", false),
            Value::Class(class) => Scalar {
                style: ScalarStyle::SingleQuoted,
                ..Scalar::tagged(
                    class.name.borrow().clone(),
                    if class.is_module { "!ruby/module" } else { "!ruby/class" },
                    false,
                )
            },
            other => Scalar::plain(it.to_s(other)?),
        };
        self.push(scalar);
        Ok(())
    }

    fn table(&mut self, it: &mut Interpreter, tag: Option<String>, pairs: Vec<(Value, Value)>) -> Outcome<()> {
        self.start(true, tag);
        for (key, value) in pairs {
            self.visit(it, &key)?;
            self.visit(it, &value)?;
        }
        self.end(true);
        Ok(())
    }

    fn object(&mut self, it: &mut Interpreter, value: &Value) -> Outcome<()> {
        let class = it.class_of(value).name.borrow().clone();
        let format = match class.as_str() {
            "Date" => Some("%Y-%m-%d"),
            "Time" if it.send(value, "utc?", Vec::new())?.is_true() => Some("%Y-%m-%d %H:%M:%S.%9N Z"),
            "Time" => Some("%Y-%m-%d %H:%M:%S.%9N %:z"),
            _ => None,
        };
        if let Some(format) = format {
            let text = it.send(value, "strftime", vec![Value::string(format)])?;
            self.push(Scalar::plain(it.to_s(&text)?));
            return Ok(());
        }
        let structure = it.core.named("Struct");
        let (kind, fields) = if it.is_a(value, &structure) {
            ("struct", it.send(value, "to_h", Vec::new())?)
        } else if class == "OpenStruct" {
            ("object", it.send(value, "to_h", Vec::new())?)
        } else {
            ("object", own_variables(value))
        };
        let pairs = match (class.as_str(), &fields) {
            ("Set", Value::Hash(table)) => {
                vec![(Value::string("hash"), table.get_symbol("table").unwrap_or(Value::Nil))]
            }
            (_, Value::Hash(table)) => table.to_pairs(),
            _ => Vec::new(),
        };
        let named = |(name, value): (Value, Value)| (name.text().map_or(name, Value::string), value);
        let pairs = pairs.into_iter().map(named).collect();
        self.table(it, Some(format!("!ruby/{kind}:{class}")), pairs)
    }

    fn push(&mut self, scalar: Scalar) {
        self.length += scalar.text.len();
        self.steps.push(Step::Scalar(scalar));
    }

    fn start(&mut self, is_table: bool, tag: Option<String>) {
        self.depth += 1;
        let anchor = None;
        self.steps.push(Step::Start { is_table, tag, anchor });
    }

    fn end(&mut self, is_table: bool) {
        self.depth -= 1;
        self.steps.push(Step::End { is_table });
    }

    /// Writes again what began there.
    fn alias(&mut self, start: usize) {
        // A scalar has no anchor: it is written again.
        let next = self.aliases + 1;
        let number = match self.steps.get_mut(start) {
            Some(Step::Start { anchor, .. }) => *anchor.get_or_insert(next),
            Some(Step::Scalar(scalar)) => {
                let again = Scalar::plain(scalar.text.clone());
                self.push(again);
                return;
            }
            _ => return,
        };
        self.aliases = self.aliases.max(number);
        self.steps.push(Step::Alias(number));
    }
}

/// The variables of an object, by their names without `@`.
fn own_variables(value: &Value) -> Value {
    let Value::Object(object) = value else {
        return Value::Nil;
    };
    let variables = object.instance.borrow();
    let name = |name: &Symbol| Value::symbol(name.text().trim_start_matches('@'));
    Value::hash(variables.iter().map(|(key, value)| (name(key), value.clone())))
}

impl Scalar {
    fn plain(text: String) -> Self {
        Self {
            text,
            tag: None,
            plain: true,
            quoted: false,
            style: ScalarStyle::Any,
        }
    }

    fn tagged(text: String, tag: &'static str, plain: bool) -> Self {
        Self {
            tag: Some(tag),
            plain,
            ..Self::plain(text)
        }
    }

    /// A text, in the style that Psych asks for (`visit_String` of Psych 5.1).
    fn of_text(text: &str, longest: Option<usize>) -> Self {
        let quoted = Self {
            quoted: true,
            style: ScalarStyle::Plain,
            ..Self::plain(text.to_owned())
        };
        if text == "<<" {
            return Self {
                style: ScalarStyle::SingleQuoted,
                ..Self::tagged(text.to_owned(), "tag:yaml.org,2002:str", false)
            };
        }
        let style = match () {
            () if has_lines(text) => ScalarStyle::Literal,
            () if matches!(text, "y" | "Y" | "n" | "N") => ScalarStyle::DoubleQuoted,
            () if longest.is_some_and(|it| text.chars().count() > it) => ScalarStyle::Folded,
            () if begins_strangely(text) => ScalarStyle::DoubleQuoted,
            () if reads_otherwise(text) => ScalarStyle::SingleQuoted,
            () => return quoted,
        };
        Self { style, ..quoted }
    }
}

/// `/\n(?!\Z)/`
fn has_lines(text: &str) -> bool {
    text.match_indices('\n').any(|(at, _)| {
        let rest = &text[at + 1..];
        !rest.is_empty() && rest != "\n"
    })
}

/// `/^[^[:word:]][^"]*$/`
fn begins_strangely(text: &str) -> bool {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    starts.into_iter().any(|start| {
        let mut rest = text[start..].chars();
        match rest.next() {
            None => false,
            Some(first) if first.is_alphanumeric() || first == '_' => false,
            Some(_) => !rest.as_str().lines().next().unwrap_or_default().contains('"'),
        }
    })
}

/// Whether it would be read as something else than a text, here or by others (`/\A0[0-7]*[89]/`).
fn reads_otherwise(text: &str) -> bool {
    let octal = text
        .strip_prefix('0')
        .map(|it| it.trim_start_matches(|it: char| it.is_digit(8)));
    text.is_empty()
        || word(text).is_some()
        || number(text).is_some()
        || is_date(text)
        || octal.is_some_and(|it| it.starts_with(['8', '9']))
}

fn written(steps: &[Step], options: &Options) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut emitter = Emitter::new();
    emitter.set_output_string(&mut bytes);
    emitter.set_unicode(true);
    emitter.set_break(Break::Ln);
    emitter.set_width(options.width);
    emitter.set_indent(options.indentation);
    let start = [
        Event::stream_start(Encoding::Utf8),
        Event::document_start(None, &[], false),
    ];
    let end = [Event::document_end(true), Event::stream_end()];
    for event in start.into_iter().chain(steps.iter().map(event)).chain(end) {
        emitter.emit(event).map_err(|error| error.to_string())?;
    }
    emitter.flush().map_err(|error| error.to_string())?;
    drop(emitter);
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn event(step: &Step) -> Event {
    match step {
        Step::Scalar(it) => Event::scalar(None, it.tag, &it.text, it.plain, it.quoted, it.style),
        Step::Start { is_table, tag, anchor } => {
            let anchor = anchor.map(|it| it.to_string());
            let (anchor, tag) = (anchor.as_deref(), tag.as_deref());
            match is_table {
                true => Event::mapping_start(anchor, tag, tag.is_none(), MappingStyle::Block),
                false => Event::sequence_start(anchor, tag, tag.is_none(), SequenceStyle::Block),
            }
        }
        Step::End { is_table: true } => Event::mapping_end(),
        Step::End { is_table: false } => Event::sequence_end(),
        Step::Alias(number) => Event::alias(&number.to_string()),
    }
}

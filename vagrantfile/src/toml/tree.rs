//! A TOML file as tables that know where everything stands, in the order of the file.

use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::layer::{Origin, Value};
use crate::report::{Mistake, Place};

/// A file that was read.
pub struct File {
    /// Its text, for the lines of messages.
    pub source: Rc<Source>,
    /// What is in it.
    pub table: Table,
}

/// The text of a file.
pub struct Source {
    path: Arc<Path>,
    text: String,
    /// Where each line starts.
    lines: Vec<usize>,
}

/// Keys and what stands behind them, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table(pub Vec<(String, Node)>);

/// Something that stands somewhere: a value at its key, an item of a list at itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub item: Item,
    /// Where it stands.
    pub origin: Origin,
}

/// What stands behind a key or in a list.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// One value.
    Scalar(Value),
    /// A list, or an array of tables.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

impl File {
    /// Parses a text. What cannot be parsed is noted; the rest is there all the same.
    pub fn parse(path: &Path, text: String, mistakes: &mut Vec<Mistake>) -> Self {
        let source = Rc::new(Source::new(path, text));
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        for error in &errors {
            let place = source.place(&source.origin(error.span().unwrap_or(0..0)));
            mistakes.push(Mistake::new(error.message().to_owned()).at(place));
        }
        let table = source.table(table.get_ref(), mistakes);
        Self { source, table }
    }
}

impl Source {
    fn new(path: &Path, text: String) -> Self {
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(index, _)| index + 1))
            .collect();
        Self {
            path: path.into(),
            text,
            lines,
        }
    }

    /// The place of an origin, with its line.
    pub fn place(&self, origin: &Origin) -> Place {
        let start = self.lines.get(origin.line as usize - 1).copied().unwrap_or_default();
        let line = self.text[start..].lines().next().unwrap_or_default();
        Place {
            file: self.path.to_path_buf(),
            line: origin.line,
            column: origin.column,
            source_line: line.to_owned(),
        }
    }

    fn origin(&self, span: Range<usize>) -> Origin {
        let line = self.lines.partition_point(|it| *it <= span.start);
        let before = self.text.get(self.lines[line - 1]..span.start).unwrap_or_default();
        Origin {
            file: self.path.clone(),
            line: line as u32,
            column: before.chars().count() as u32 + 1,
        }
    }

    fn table(&self, table: &DeTable<'_>, mistakes: &mut Vec<Mistake>) -> Table {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let node = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Node {
            item: self.item(value, mistakes),
            origin: self.origin(key.span()),
        };
        let names: Vec<String> = entries.iter().map(|(key, _)| key.get_ref().to_string()).collect();
        Table(names.into_iter().zip(entries.into_iter().map(node)).collect())
    }

    fn item(&self, value: &Spanned<DeValue<'_>>, mistakes: &mut Vec<Mistake>) -> Item {
        match value.get_ref() {
            DeValue::String(text) => Item::Scalar(Value::String(text.to_string())),
            DeValue::Boolean(truth) => Item::Scalar(Value::Boolean(*truth)),
            DeValue::Datetime(moment) => Item::Scalar(Value::String(moment.to_string())),
            DeValue::Integer(number) => Item::Scalar(
                self.number(
                    i64::from_str_radix(number.as_str(), number.radix())
                        .ok()
                        .map(Value::Integer),
                    value.span(),
                    mistakes,
                ),
            ),
            DeValue::Float(number) => {
                let parsed = number.as_str().parse().ok().map(Value::Float);
                Item::Scalar(self.number(parsed, value.span(), mistakes))
            }
            DeValue::Array(items) => Item::List(
                items
                    .iter()
                    .map(|it| Node {
                        item: self.item(it, mistakes),
                        origin: self.origin(it.span()),
                    })
                    .collect(),
            ),
            DeValue::Table(table) if is_nil(table) => Item::Scalar(Value::Nil),
            DeValue::Table(table) => Item::Table(self.table(table, mistakes)),
        }
    }

    fn number(&self, number: Option<Value>, span: Range<usize>, mistakes: &mut Vec<Mistake>) -> Value {
        number.unwrap_or_else(|| {
            mistakes.push(Mistake::new("the number is too large").at(self.place(&self.origin(span))));
            Value::Nil
        })
    }
}

/// `{ nil = true }`: Ruby's nil, where leaving a key out does not mean the same.
fn is_nil(table: &DeTable<'_>) -> bool {
    let is_true = |it: &DeValue<'_>| matches!(it, DeValue::Boolean(true));
    table.len() == 1 && table.get("nil").is_some_and(|it| is_true(it.get_ref()))
}

impl Table {
    /// What stands behind a key.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, node)| node)
    }

    /// Puts a value behind a key, whatever stood there.
    pub fn fill(&mut self, name: &str, value: Value, origin: &Origin) {
        self.0.retain(|(it, _)| it != name);
        let item = Item::Scalar(value);
        let origin = origin.clone();
        self.0.push((name.to_owned(), Node { item, origin }));
    }

    /// The table behind a key.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.get(name)?.as_table()
    }

    /// The text behind a key.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.get(name)?.item {
            Item::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The table as a value.
    pub fn value(&self) -> Value {
        Value::Map(
            self.0
                .iter()
                .map(|(key, node)| (Value::String(key.clone()), node.value()))
                .collect(),
        )
    }
}

impl Node {
    /// The node as a value.
    pub fn value(&self) -> Value {
        match &self.item {
            Item::Scalar(value) => value.clone(),
            Item::List(items) => Value::List(items.iter().map(Node::value).collect()),
            Item::Table(table) => table.value(),
        }
    }

    /// The table that it is.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.item {
            Item::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Its items; what is no list is a list of one.
    pub fn items(&self) -> &[Node] {
        match &self.item {
            Item::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }
}

//! Where the original has logic: the comments that name its lines.
//!
//! A value that does not stand in its line as it came out was computed there; a line below `if`, `each` and their like was reached by
//! logic. Both are found in the text of the original, for what was recorded does not tell.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use regex::Regex;
use vagrantfile::layer::{Entry, Origin, Setting, Value};

use crate::config::value::to_text;

/// How many lines of a statement are looked through for its values.
const STATEMENT: usize = 60;

/// The texts of the original files, and where in the new file a comment would stand.
#[derive(Clone)]
pub struct Comments<'a> {
    text_of: &'a dyn Fn(&Path) -> String,
    files: Rc<RefCell<HashMap<Arc<Path>, Vec<String>>>>,
    logic: Option<Regex>,
    /// The logic of what the comment would stand in, which is said there.
    said: Option<(Arc<Path>, usize)>,
}

impl<'a> Comments<'a> {
    /// Comments on files whose texts are asked for when they are needed.
    pub fn new(text_of: &'a dyn Fn(&Path) -> String) -> Self {
        Self {
            text_of,
            files: Rc::default(),
            logic: Regex::new(
                r"\b(if|unless|elsif|elseif|else|case|when|for|while|until|each\w*|times|upto|step|map|def|function \w+)\b",
            )
            .ok(),
            said: None,
        }
    }

    /// Comments on what stands inside an entry: the logic that the entry itself was reached by is not said again.
    pub fn inside(&self, entry: &Entry) -> Self {
        let line = self.deciding_line(&entry.origin);
        Self {
            said: line.map(|it| (entry.origin.file.clone(), it)),
            ..self.clone()
        }
    }

    /// What is to be said of an entry: the line of the logic that it was reached by, or else its own where its values were computed.
    pub fn on(&self, entry: &Entry) -> Option<String> {
        let values = match &entry.setting {
            Setting::Assign(value) => vec![value],
            Setting::Call(call) => call
                .positional
                .iter()
                .chain(call.named.iter().map(|(_, it)| it))
                .collect(),
        };
        let line = self
            .deciding_line(&entry.origin)
            .filter(|it| !self.is_said(&entry.origin, *it))
            .or_else(|| (!self.stand_in_text(&values, &entry.origin)).then_some(entry.origin.line as usize))?;
        Some(self.quoted(&entry.origin, line))
    }

    /// What is said in the place of code for later: the line that it stands in, and that it is not here.
    pub fn in_place_of(&self, entry: &Entry) -> [String; 2] {
        [self.of(entry), "is left out: it is code that runs later.".to_owned()]
    }

    /// The line of an entry, with its number.
    pub fn of(&self, entry: &Entry) -> String {
        self.quoted(&entry.origin, entry.origin.line as usize)
    }

    fn is_said(&self, origin: &Origin, line: usize) -> bool {
        self.said
            .as_ref()
            .is_some_and(|(file, said)| *file == origin.file && *said == line)
    }

    fn quoted(&self, origin: &Origin, line: usize) -> String {
        let file = origin.file.file_name().unwrap_or_default().to_string_lossy();
        let text = self.line(origin, line).unwrap_or_default();
        one_line(&format!("{file}:{line}: {}", shortened(text.trim())))
    }

    /// The line that decides whether, or how often, the entry's line is reached: its own, or one that it is indented below.
    fn deciding_line(&self, origin: &Origin) -> Option<usize> {
        let logic = self.logic.as_ref()?;
        let own = self.line(origin, origin.line as usize)?;
        if is_decided(&own) {
            return Some(origin.line as usize);
        }
        let mut indent = indent_of(&own);
        for number in (1..origin.line as usize).rev() {
            let line = self.line(origin, number)?;
            if line.trim().is_empty() || line.trim_start().starts_with('#') || indent_of(&line) >= indent {
                continue;
            }
            indent = indent_of(&line);
            if logic.is_match(without_text(&line).as_str()) && !line.contains("Vagrant.configure") {
                return Some(number);
            }
            if indent == 0 {
                break;
            }
        }
        None
    }

    /// Whether all values stand in the statement that begins at a line as they came out.
    fn stand_in_text(&self, values: &[&Value], origin: &Origin) -> bool {
        let lines: Vec<String> = (0..STATEMENT)
            .map_while(|it| self.line(origin, origin.line as usize + it))
            .collect();
        let indent = lines.first().map_or(0, |it| indent_of(it));
        let is_own = |it: &&String| it.trim().is_empty() || indent_of(it) > indent;
        let own: Vec<&str> = lines
            .iter()
            .take(1)
            .chain(lines.iter().skip(1).take_while(is_own))
            .map(String::as_str)
            .collect();
        let statement = Statement {
            own: own.join("\n"),
            with_text_below: lines.join("\n"),
        };
        values.iter().all(|it| statement.holds(it))
    }

    fn line(&self, origin: &Origin, number: usize) -> Option<String> {
        let mut files = self.files.borrow_mut();
        let lines = files.entry(origin.file.clone()).or_insert_with(|| {
            let text = (self.text_of)(&origin.file);
            text.lines().map(str::to_owned).collect()
        });
        lines.get(number.checked_sub(1)?).cloned()
    }
}

/// A statement with its condition behind it, as Ruby has it.
fn is_decided(line: &str) -> bool {
    let code = without_text(line);
    code.contains(" if ") || code.contains(" unless ") || code.contains(" ? ")
}

/// The line without what stands between quotes.
fn without_text(line: &str) -> String {
    let mut quote = None;
    line.chars()
        .filter(|it| match (quote, it) {
            (None, '"' | '\'') => {
                quote = Some(*it);
                false
            }
            (Some(open), _) => {
                if open == *it {
                    quote = None;
                }
                false
            }
            (None, _) => true,
        })
        .collect()
}

/// Where values are looked for.
struct Statement {
    /// A line and those that are indented below it.
    own: String,
    /// All that follows, too: the texts of heredocs stand as far to the left as they like.
    with_text_below: String,
}

impl Statement {
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::Nil | Value::Unset | Value::Boolean(_) => true,
            Value::List(items) => items.iter().all(|it| self.holds(it)),
            Value::Map(pairs) => pairs.iter().all(|(_, it)| self.holds(it)),
            scalar => {
                let written = to_text(scalar).unwrap_or_default();
                let place = if written.contains('\n') {
                    &self.with_text_below
                } else {
                    &self.own
                };
                written
                    .lines()
                    .all(|line| place.contains(line.trim()) || place.replace('_', "").contains(line.trim()))
            }
        }
    }
}

/// Text that cannot leave the line of a comment, nor be forbidden in one.
pub fn one_line(text: &str) -> String {
    text.replace(|it: char| it.is_control(), " ")
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

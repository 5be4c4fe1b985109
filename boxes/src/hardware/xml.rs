//! XML as a tree, without namespaces, entities of its own or limits that a stranger could set.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Problem;
use crate::refusal::Refusal;

const DEEPEST: usize = 64;
/// A hundred times what an export of a large machine has; each takes far more memory than its letters in the file.
const MOST: usize = 100_000;

/// An element with what is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
}

impl Element {
    /// The root of a document.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let text = str::from_utf8(bytes).map_err(|_| Problem::Malformed("is not UTF-8".to_owned()))?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        // The last one is the element that is open, the first one stands for the document.
        let mut open = vec![Element::default()];
        let mut count = 0;
        loop {
            let event = reader.read_event().map_err(|error| malformed(&error))?;
            count += usize::from(matches!(event, Event::Start(_) | Event::Empty(_)));
            match event {
                Event::DocType(_) => return Err(Problem::Refused(Refusal::DocumentType)),
                Event::Start(_) | Event::Empty(_) if count > MOST => {
                    return Err(Problem::Refused(Refusal::TooManyElements(MOST)));
                }
                Event::Start(start) if open.len() < DEEPEST => open.push(Self::of(&start)?),
                Event::Start(_) => return Err(Problem::Refused(Refusal::NestedTooDeep(DEEPEST))),
                Event::Empty(start) => close(&mut open, Self::of(&start)?),
                Event::End(_) => {
                    if let Some(element) = open.pop() {
                        close(&mut open, element);
                    }
                }
                Event::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Event::Eof if open.len() > 1 => return Err(Problem::Malformed("ends too early".to_owned())),
                Event::Eof => break,
                _ => {}
            }
        }
        let document = open.into_iter().next().unwrap_or_default();
        document
            .children
            .into_iter()
            .next()
            .ok_or_else(|| Problem::Malformed("is empty".to_owned()))
    }

    fn of(start: &BytesStart<'_>) -> Result<Self, Problem> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| malformed(&error))?;
            let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| malformed(&error))?;
            attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self {
            name: start.local_name().as_ref().to_owned(),
            attributes,
            ..Self::default()
        })
    }

    /// The value of an attribute, whatever its namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|it| it.name == name)
    }

    /// The text of the first child of a name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|it| it.text.trim())
    }

    /// All elements of a name, at any depth, in the order of the document.
    pub(super) fn all(&self, name: &str) -> Vec<&Element> {
        let mut found = Vec::new();
        self.collect(name, &mut found);
        found
    }

    fn collect<'a>(&'a self, name: &str, found: &mut Vec<&'a Element>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.collect(name, found);
        }
    }
}

fn close(open: &mut [Element], element: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(element);
    }
}

fn malformed(error: &dyn std::fmt::Display) -> Problem {
    Problem::Malformed(format!("is not XML that can be read: {error}"))
}

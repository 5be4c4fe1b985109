//! Reads typed settings out of a table of options, by their descriptors, and notes what does not fit.
//!
//! A reader never fails: what does not fit is noted as a mistake and read as its default, so that one run finds all of them.

use std::ops::RangeInclusive;
use std::time::Duration;

use schema::{Default, Descriptor, Kind};
use vagrantfile::layer::{Origin, Value};

use super::mistake::{Mistake, Mistakes, did_you_mean};
use super::table::{Body, Table, descriptor};
use super::value::{Sourced, shown, to_integer, to_list, to_range, to_text, truthy};

/// A table of options on its way to a typed struct.
pub struct Reader<'a> {
    options: &'a Table,
    descriptors: &'a [&'static [Descriptor]],
    section: &'a str,
    fallback: Option<&'a Origin>,
    mistakes: &'a mut Mistakes,
}

impl<'a> Reader<'a> {
    /// Reads `options`; mistakes go below `section`, and stand at `fallback` where the option itself was not written.
    pub fn new(
        options: &'a Table,
        descriptors: &'a [&'static [Descriptor]],
        section: &'a str,
        fallback: Option<&'a Origin>,
        mistakes: &'a mut Mistakes,
    ) -> Self {
        Self {
            options,
            descriptors,
            section,
            fallback,
            mistakes,
        }
    }

    /// Notes a mistake in an option.
    pub fn mistake(&mut self, path: &str, message: impl Into<String>) -> &mut Mistake {
        let origin = self
            .options
            .get(path)
            .and_then(|it| it.origin.as_ref())
            .or(self.fallback);
        self.mistakes.at(origin, self.section, message)
    }

    /// The option as it was written; `None` where it was not, or is nil.
    pub fn value(&self, path: &str) -> Option<&'a Value> {
        self.options.value(path)
    }

    /// The option as it was written, nil too.
    pub fn written(&self, path: &str) -> Option<&'a Value> {
        self.options.get(path).map(|it| &it.value)
    }

    /// A yes or a no, as Ruby takes a value in a condition.
    pub fn boolean(&mut self, path: &str) -> bool {
        let Some(written) = self.options.get(path) else {
            return self.default(path) == Some(Default::Boolean(true));
        };
        if reads_as_no(&written.value) {
            let message = format!("{path} must be true or false, and is {}", shown(&written.value));
            self.mistake(path, message)
                .advise("write `false`: Ruby takes every text and every number for true");
        }
        truthy(&written.value)
    }

    /// A yes or a no that is written as one: Vagrant refuses all else, nil too.
    pub fn strict_boolean(&mut self, path: &str) -> bool {
        match self.written(path) {
            None | Some(Value::Boolean(_)) => {}
            Some(other) => {
                let message = format!("{path} must be true or false, and is {}", shown(other));
                self.mistake(path, message);
                return truthy(other);
            }
        }
        self.boolean(path)
    }

    /// A whole number.
    pub fn integer(&mut self, path: &str) -> Option<i64> {
        match self.value(path) {
            None => match self.default(path) {
                Some(Default::Integer(number)) if !self.options.contains(path) => Some(number),
                _ => None,
            },
            Some(value) => {
                let number = to_integer(value);
                if number.is_none() {
                    self.mistake(path, format!("{path} must be a whole number, and is {}", shown(value)));
                }
                number
            }
        }
    }

    /// A number of seconds, a fraction included; nil is none at all.
    pub fn seconds(&mut self, path: &str) -> Duration {
        let seconds = match self.value(path) {
            Some(Value::Float(number)) => *number,
            _ => self.integer(path).unwrap_or(0) as f64,
        };
        Duration::try_from_secs_f64(seconds).unwrap_or_else(|_| {
            self.mistake(path, format!("{path} must be a number of seconds, and is {seconds}"));
            Duration::ZERO
        })
    }

    /// A port.
    pub fn port(&mut self, path: &str) -> Option<u16> {
        let number = self.integer(path)?;
        let port = u16::try_from(number).ok().filter(|it| *it > 0);
        if port.is_none() {
            self.mistake(path, format!("{path} must be a port from 1 to 65535, and is {number}"));
        }
        port
    }

    /// Text; a symbol, a number or `true` is taken for the text that it is written as, and `false` is none.
    pub fn text(&mut self, path: &str) -> Option<String> {
        match self.value(path).filter(|it| truthy(it)) {
            None => match self.default(path) {
                Some(Default::String(text) | Default::Symbol(text)) if !self.options.contains(path) => {
                    Some(text.to_owned())
                }
                _ => None,
            },
            Some(value) => {
                let text = to_text(value);
                if text.is_none() {
                    self.mistake(path, format!("{path} must be text, and is {}", shown(value)));
                }
                text
            }
        }
    }

    /// Text and nothing else: Vagrant asks of the value what only text can answer.
    pub fn only_text(&mut self, path: &str) -> Option<String> {
        match self.value(path)? {
            Value::String(text) => Some(text.clone()),
            other => {
                self.mistake(path, format!("{path} must be text, and is {}", shown(other)));
                None
            }
        }
    }

    /// A name, as text or a symbol; `false` is none.
    pub fn name(&mut self, path: &str) -> Option<String> {
        if self.value(path) == Some(&Value::Boolean(true)) {
            self.mistake(path, format!("{path} must be a name, and is true"));
        }
        self.text(path)
    }

    /// One of the words of the option's descriptor.
    pub fn word(&mut self, path: &str) -> Option<String> {
        let word = self.text(path)?;
        if let Some(Kind::Word(words)) = self.kind(path)
            && !words.contains(&word.as_str())
        {
            let mistake = self.mistake(path, format!("{path} cannot be `{word}`"));
            mistake.advise(format!("it is one of: {}", words.join(", ")));
        }
        Some(word)
    }

    /// A list of texts; one text is a list of one, and `false` is none.
    pub fn texts(&mut self, path: &str) -> Vec<String> {
        let Some(value) = self.value(path).filter(|it| truthy(it)) else {
            return match self.default(path) {
                Some(Default::List(items)) if !self.options.contains(path) => {
                    items.iter().map(|it| (*it).to_owned()).collect()
                }
                _ => Vec::new(),
            };
        };
        let mut texts = Vec::new();
        for item in to_list(value) {
            match to_text(&item) {
                Some(text) => texts.push(text),
                None => {
                    self.mistake(
                        path,
                        format!("{path} must be a list of texts, and holds {}", shown(&item)),
                    );
                }
            }
        }
        texts
    }

    /// A table from names to texts. A nil is an empty text, as a shell has it.
    pub fn pairs(&mut self, path: &str) -> Vec<(String, String)> {
        match self.value(path) {
            None => Vec::new(),
            Some(Value::Map(pairs)) => pairs
                .iter()
                .filter_map(|(key, value)| Some((to_text(key)?, to_text(value).unwrap_or_default())))
                .collect(),
            Some(Value::List(items)) if items.is_empty() => Vec::new(),
            Some(other) => {
                self.mistake(path, format!("{path} must be a table, and is {}", shown(other)));
                Vec::new()
            }
        }
    }

    /// A range of ports.
    pub fn ports(&mut self, path: &str) -> RangeInclusive<u16> {
        let default = match self.default(path) {
            Some(Default::Range(first, last)) => (first, last),
            _ => (0, 0),
        };
        let written = self.value(path);
        let (first, last) = written.map_or(Some(default), to_range).unwrap_or((0, -1));
        match (u16::try_from(first), u16::try_from(last)) {
            (Ok(first), Ok(last)) if first <= last => first..=last,
            _ => {
                let message = format!(
                    "{path} must be a range of ports, and is {}",
                    written.map_or(String::new(), shown)
                );
                self.mistake(path, message).advise("write it as `2200..2250`");
                0..=0
            }
        }
    }

    /// Notes every option and call that the descriptors do not know. `owner` stands before the name in the message.
    pub fn refuse_unknown(&mut self, owner: &str, body: &Body) {
        for (name, value) in body.options.iter() {
            self.refuse(owner, name, value.origin.as_ref());
        }
        for called in &body.calls {
            self.refuse(owner, &called.name, Some(&called.origin));
        }
    }

    /// Notes every option that takes one of a few words and has another. For objects that nobody reads option by option.
    pub fn refuse_other_words(&mut self) {
        for (name, _) in self.options.iter() {
            if matches!(self.kind(name), Some(Kind::Word(_))) {
                self.word(name);
            }
        }
    }

    fn refuse(&mut self, owner: &str, name: &str, origin: Option<&Origin>) {
        if descriptor(self.descriptors, name).is_some() {
            return;
        }
        let mistake = self
            .mistakes
            .at(origin, self.section, format!("there is no option `{name}` {owner}"));
        let known = self.descriptors.iter().flat_map(|it| it.iter()).map(|it| it.path);
        if let Some(meant) = did_you_mean(name, known) {
            mistake.advise(format!("did you mean `{meant}`?"));
        }
    }

    fn default(&self, path: &str) -> Option<Default> {
        descriptor(self.descriptors, path).map(|it| it.default)
    }

    fn kind(&self, path: &str) -> Option<Kind> {
        descriptor(self.descriptors, path).map(|it| it.kind)
    }
}

/// What a person means as a no, and Ruby takes for a yes.
fn reads_as_no(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number == 0,
        Value::String(text) | Value::Symbol(text) => {
            matches!(text.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0" | "")
        }
        Value::List(_) | Value::Map(_) | Value::Block(_) | Value::Range(..) => true,
        _ => false,
    }
}

/// The value that an option has when nobody sets it, as a Vagrantfile would write it.
pub fn default_value(descriptor: &Descriptor) -> Value {
    match descriptor.default {
        Default::Nil | Default::Computed(_) => Value::Nil,
        Default::Boolean(truth) => Value::Boolean(truth),
        Default::Integer(number) => Value::Integer(number),
        Default::String(text) => Value::String(text.to_owned()),
        Default::Symbol(text) => Value::Symbol(text.to_owned()),
        Default::List(items) => Value::List(items.iter().map(|it| Value::String((*it).to_owned())).collect()),
        Default::EmptyMap => Value::Map(Vec::new()),
        Default::Range(first, last) => Value::Range(first, last),
    }
}

/// The option's value with where it was set, or its default.
pub fn value_or_default(options: &Table, descriptor: &Descriptor) -> Sourced<Value> {
    options
        .get(descriptor.path)
        .cloned()
        .unwrap_or_else(|| Sourced::implied(default_value(descriptor)))
}

//! Errors of the interpreter as reports with places.

use std::fmt;

use super::Inner;
use crate::model;
use crate::report::{Mistake, Place, Report};

/// Why the model or the sandbox refused something, on its way through the interpreter.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// Where it is, when the calls that led there do not tell.
    pub place: Option<Place>,
}

impl Failure {
    /// The error that a callback returns.
    pub fn raise(message: impl Into<String>, advice: Option<String>) -> mlua::Error {
        mlua::Error::external(Self {
            message: message.into(),
            advice,
            place: None,
        })
    }

    /// The same for what the model says.
    pub fn of_model(error: &model::Error) -> mlua::Error {
        Self::raise(error.to_string(), None)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Inner {
    /// The report of an error that left the interpreter.
    pub(super) fn report(&self, error: &mlua::Error) -> Report {
        let mut traceback = Vec::new();
        let mut innermost = error;
        while let mlua::Error::CallbackError {
            traceback: calls,
            cause,
        } = innermost
        {
            if traceback.is_empty() {
                traceback = self.places(calls);
            }
            innermost = cause;
        }
        let failure = self.budget.ended().or_else(|| innermost.downcast_ref().cloned());
        let mut mistake = match failure {
            Some(Failure { message, advice, place }) => Mistake {
                advice,
                place,
                ..Mistake::new(message)
            },
            None => self.mistake(innermost, &mut traceback),
        };
        let mut places = traceback.into_iter();
        mistake.place = mistake.place.or_else(|| places.next()).or_else(|| self.last_place());
        mistake.trace = places.collect();
        Report::new(mistake)
    }

    /// The mistake of an error of Lua's own. Its text begins with a place, and may end with the calls that led there.
    fn mistake(&self, error: &mlua::Error, traceback: &mut Vec<Place>) -> Mistake {
        let text = match error {
            mlua::Error::SyntaxError { message, .. } | mlua::Error::RuntimeError(message) => message.clone(),
            mlua::Error::MemoryError(_) => "the file uses too much memory".to_owned(),
            other => other.to_string(),
        };
        let (message, calls) = text.split_once("\nstack traceback:").unwrap_or((&text, ""));
        if traceback.is_empty() {
            *traceback = self.places(calls);
        }
        match parse_place(message) {
            Some((chunk, line, rest)) => {
                // The first call of the trace is the place itself.
                traceback.retain(|it| *it != self.place(chunk, line));
                Mistake::new(rest.trim().to_owned()).at(self.place(chunk, line))
            }
            None => Mistake::new(without_guard(message.trim()).to_owned()),
        }
    }

    /// The line that began last. An error of memory leaves nothing else to go by.
    fn last_place(&self) -> Option<Place> {
        self.line.get().map(|(chunk, line)| self.place(chunk, line))
    }

    /// The places in a traceback, each once.
    fn places(&self, traceback: &str) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for (chunk, line, _) in traceback.lines().filter_map(|it| parse_place(it.trim_start())) {
            let place = self.place(chunk, line);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

/// The message without its place in the sandbox's own Lua.
fn without_guard(message: &str) -> &str {
    let told = ["guards:", "io:"].iter().find_map(|it| message.strip_prefix(it));
    let parts = told.and_then(|it| it.split_once(": "));
    parts
        .filter(|(line, _)| line.parse::<usize>().is_ok())
        .map_or(message, |(_, told)| told)
}

/// `#0:12: what is wrong` in parts.
fn parse_place(text: &str) -> Option<(usize, usize, &str)> {
    let (chunk, rest) = text.strip_prefix('#')?.split_once(':')?;
    let (line, rest) = rest.split_once(':')?;
    Some((chunk.parse().ok()?, line.parse().ok()?, rest))
}

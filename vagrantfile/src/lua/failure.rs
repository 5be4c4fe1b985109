//! Errors of the interpreter as reports with places.

use std::fmt;

use super::Inner;
use crate::model;
use crate::report::{Mistake, Place, Report};

/// Why the model or the sandbox refused something, on its way through the interpreter.
#[derive(Debug)]
pub struct Failure {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Failure {
    /// The error that a callback returns.
    pub fn raise(message: impl Into<String>, advice: Option<String>) -> mlua::Error {
        mlua::Error::external(Self {
            message: message.into(),
            advice,
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
        let mut mistake = match innermost.downcast_ref::<Failure>() {
            Some(failure) => Mistake {
                advice: failure.advice.clone(),
                ..Mistake::new(failure.message.clone())
            },
            None => self.mistake(innermost, &mut traceback),
        };
        let mut places = traceback.into_iter();
        mistake.place = mistake.place.or_else(|| places.next());
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
            None => Mistake::new(message.trim().to_owned()),
        }
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

/// `#0:12: what is wrong` in parts.
fn parse_place(text: &str) -> Option<(usize, usize, &str)> {
    let (chunk, rest) = text.strip_prefix('#')?.split_once(':')?;
    let (line, rest) = rest.split_once(':')?;
    Some((chunk.parse().ok()?, line.parse().ok()?, rest))
}

//! What is wrong with a Vagrantfile: a [`Report`] of one or more [`Mistake`]s, each with its place in the source.
//!
//! A report is plain data. Whoever shows it may use its own layout; its `Display` is a usable one.

use std::fmt;
use std::path::PathBuf;

use crate::layer::Layer;

/// Why a Vagrantfile could not be read: every mistake that was found, in the order of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// At least one mistake.
    pub mistakes: Vec<Mistake>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do about it, where that is known.
    pub advice: Option<String>,
    /// Where it is, where it has a place at all.
    pub place: Option<Place>,
    /// The calls that led there, innermost first.
    pub trace: Vec<Place>,
}

/// A place in a file, with the line that stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, absolute.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The text of the line.
    pub source_line: String,
}

/// The outcome of reading.
pub type Result<T> = std::result::Result<T, Report>;

impl Report {
    /// A report of one mistake.
    pub fn new(mistake: Mistake) -> Self {
        Self {
            mistakes: vec![mistake],
        }
    }

    /// The mistakes that were noted while layers were read, for those who take no layers with mistakes.
    pub fn refuse_mistakes(layers: &[Layer]) -> Result<()> {
        let mistakes: Vec<Mistake> = layers.iter().flat_map(|it| it.mistakes.clone()).collect();
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(Self { mistakes }),
        }
    }

    /// A report of one mistake that has no place in a file.
    pub fn without_place(message: impl Into<String>) -> Self {
        Self::new(Mistake::new(message))
    }
}

impl Mistake {
    /// A mistake of which only the message is known.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            advice: None,
            place: None,
            trace: Vec::new(),
        }
    }

    /// The same mistake at a place.
    pub fn at(self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }

    /// The same mistake with what to do about it.
    pub fn with_advice(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{mistake}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => {
                let Place {
                    file,
                    line,
                    column,
                    source_line,
                } = place;
                writeln!(formatter, "{}:{line}:{column}: {}", file.display(), self.message)?;
                writeln!(formatter, "  {source_line}")?;
                // Of a very long line only the beginning is there.
                if *column as usize <= source_line.chars().count() + 1 {
                    write!(formatter, "  {}^", " ".repeat((*column as usize).saturating_sub(1)))?;
                }
            }
            None => write!(formatter, "{}", self.message)?,
        }
        match &self.advice {
            Some(advice) => write!(formatter, "\n  {advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Report {}

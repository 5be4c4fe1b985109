//! A project's Vagrantfile in another language.
//!
//! A [`Script`] is what a file says, language aside: the settings of all machines, those of each machine, and what overrides them
//! under a provider. It is made of the layers that were recorded when the file ran, so what the file computes stands in it as it
//! came out. [`toml`] and [`lua`] write it down; none of them is trusted to be right.
//!
//! **Invariant:** a text leaves [`convert`] only after it was read back, and gave the same machines to the byte.

mod comments;
mod differences;
mod lua;
mod reading;
mod script;
mod toml;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::Path;

use comments::Comments;
use differences::{differences, without_code};
pub use reading::Reading;
use script::{MachineScript, Scope, Script};
use vagrantfile::report::Report;

/// A language that a Vagrantfile can be converted to. Ruby is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// `Vagrantfile.toml`.
    Toml,
    /// `Vagrantfile.lua`.
    Lua,
}

/// Why a file was not converted.
#[derive(Debug)]
pub enum Failure {
    /// The file cannot be read.
    Read(Report),
    /// It can be read, and not be said in the other language.
    Other(Refusal),
}

/// What cannot be said in the other language.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A call of a form that the other language has no words for.
    #[error("{place}: the call of `{name}` has no counterpart there")]
    Call {
        /// The file and the line.
        place: String,
        /// What is called.
        name: String,
    },
    /// The text means something else, or nothing.
    #[error("the {language} that came out does not mean the same, and was not written:\n{}", differences.join("\n"))]
    Different {
        /// The language that was written.
        language: &'static str,
        /// Where the two differ.
        differences: Vec<String>,
    },
}

/// A file that is to be converted.
pub struct Original<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Reads it, each time anew.
    pub read: &'a dyn Fn() -> Result<Reading, Report>,
    /// The text of it, or of a file that it loads.
    pub text: &'a dyn Fn(&Path) -> String,
}

/// A file in another language.
#[derive(Debug)]
pub struct Converted {
    /// Its text.
    pub text: String,
    /// The lines of the original, with their numbers, that are code for later and were left out.
    pub left_out: Vec<String>,
}

/// The text in another language that means the same as a file, code for later aside; `read_back` reads such a text.
pub fn convert(
    original: &Original<'_>,
    to: Language,
    read_back: impl Fn(&str) -> Result<Reading, Report>,
) -> Result<Converted, Failure> {
    let read = original.read;
    let folder = original.path.parent().unwrap_or(Path::new("/"));
    let mut script = read()?.script()?;
    let comments = Comments::new(original.text);
    let mut left_out: Vec<String> = script.mark_code().iter().map(|it| comments.of(it)).collect();
    // A line that a loop reaches for each machine is told of once.
    let mut told = HashSet::new();
    left_out.retain(|it| told.insert(it.clone()));
    let text = to.write(&script, original, &comments)?;
    let different = |differences| Refusal::Different {
        language: to.title(),
        differences,
    };
    read_back(&text).map_err(|it| different(vec![it.to_string()]))?;
    let providers = script.providers();
    let providers = providers.iter().map(|it| Some(it.as_str()));
    for provider in std::iter::once(None).chain(providers) {
        let mut before = read()?.resolved(provider, folder)?;
        before.iter_mut().for_each(without_code);
        let after = read_back(&text)?.resolved(provider, folder)?;
        let found = differences(&before, &after);
        if !found.is_empty() {
            return Err(different(found).into());
        }
    }
    Ok(Converted { text, left_out })
}

impl Refusal {
    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Refusal::Call { .. } => "take the call out, and say what it does by hand",
            Refusal::Different { .. } => "say these settings in another way in the Vagrantfile, or convert it by hand",
        }
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Failure::Read(report)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Other(refusal)
    }
}

impl Language {
    /// The language of a Vagrantfile, by its name; `None` is Ruby.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension().and_then(|it| it.to_str()) {
            Some("toml") => Some(Language::Toml),
            Some("lua") => Some(Language::Lua),
            _ => None,
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Language::Toml => "TOML",
            Language::Lua => "Lua",
        }
    }

    /// The name of a project's Vagrantfile in this language.
    pub fn file_name(self) -> &'static str {
        match self {
            Language::Toml => "Vagrantfile.toml",
            Language::Lua => "Vagrantfile.lua",
        }
    }

    /// The text of a file that says what the script does, which was made of the original.
    fn write(self, script: &Script, original: &Original<'_>, comments: &Comments<'_>) -> Result<String, Refusal> {
        let (sign, body) = match self {
            Language::Toml => ("#", toml::write(script, comments)?),
            Language::Lua => ("--", lua::write(script, comments)?),
        };
        let name = original.path.file_name().unwrap_or_default().to_string_lossy();
        let head = comments::one_line(&format!("Made from {name} by `jaunt config convert`."));
        Ok(format!(
            "{sign} {head} What is computed there stands here as it came out, below the line that says it.\n\n{body}"
        ))
    }
}

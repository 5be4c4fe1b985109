//! What is wrong in a configuration: all of it at once, by section, each with the line that it was written on.
//!
//! A mistake is data. Whoever finds one goes on looking; only the one who asked for the configuration decides that it is an error.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use vagrantfile::layer::Origin;

/// One mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// The part of the configuration, by the name that Vagrant lists it under: `vm`, `SSH`, `shell provisioner`.
    pub section: String,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// Where it was written; a setting that is missing was written nowhere.
    pub origin: Option<Origin>,
    /// The line of the file.
    pub source_line: Option<String>,
}

/// All mistakes of a machine's configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mistakes {
    list: Vec<Mistake>,
}

impl Mistakes {
    /// Adds a mistake that was written at `origin`.
    pub fn at(&mut self, origin: Option<&Origin>, section: &str, message: impl Into<String>) -> &mut Mistake {
        self.list.push(Mistake {
            section: section.to_owned(),
            message: message.into(),
            advice: None,
            origin: origin.cloned(),
            source_line: None,
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Adds what reading a Vagrantfile noted.
    pub fn note(&mut self, noted: &[vagrantfile::Mistake]) {
        for mistake in noted {
            let place = mistake.place.as_ref().map(|it| Origin {
                file: it.file.as_path().into(),
                line: it.line,
                column: it.column,
            });
            let noted = self.at(place.as_ref(), "Vagrantfile", &mistake.message);
            noted.advice.clone_from(&mistake.advice);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The mistakes by section, the sections in the order in which they first came up.
    pub fn by_section(&self) -> Vec<(&str, Vec<&Mistake>)> {
        let mut sections: Vec<(&str, Vec<&Mistake>)> = Vec::new();
        for mistake in &self.list {
            match sections.iter_mut().find(|(name, _)| *name == mistake.section) {
                Some((_, mistakes)) => mistakes.push(mistake),
                None => sections.push((&mistake.section, vec![mistake])),
            }
        }
        sections
    }

    /// Adds another's mistakes.
    pub fn extend(&mut self, other: Mistakes) {
        self.list.extend(other.list);
    }

    /// Adds what is not there yet: what all machines have in common is wrong once.
    pub fn unite(&mut self, other: Mistakes) {
        for mistake in other.list {
            if !self.list.contains(&mistake) {
                self.list.push(mistake);
            }
        }
    }

    /// Fills in the lines of the files. What cannot be read any more stays without.
    pub fn read_source_lines(&mut self) {
        let mut files: HashMap<Arc<Path>, Option<String>> = HashMap::new();
        for mistake in &mut self.list {
            let Some(origin) = &mistake.origin else { continue };
            let text = files
                .entry(origin.file.clone())
                .or_insert_with(|| std::fs::read_to_string(&origin.file).ok());
            let line = text
                .as_deref()
                .and_then(|it| it.lines().nth(origin.line.saturating_sub(1) as usize));
            mistake.source_line = line.map(str::to_owned);
        }
    }
}

impl Mistake {
    /// Says what to do about it.
    pub fn advise(&mut self, advice: impl Into<String>) {
        self.advice = Some(advice.into());
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (section, mistakes)) in self.by_section().into_iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            writeln!(out, "{section}:")?;
            for mistake in mistakes {
                write!(out, "{mistake}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "* {}", self.message)?;
        if let Some(origin) = &self.origin {
            writeln!(out, "  at {}:{}:{}", origin.file.display(), origin.line, origin.column)?;
            if let Some(line) = &self.source_line {
                write_source_line(out, origin, line)?;
            }
        }
        if let Some(advice) = &self.advice {
            writeln!(out, "  {advice}")?;
        }
        Ok(())
    }
}

/// The line with a caret below the column. Tabs stay tabs, so that the caret stands where the eye expects it.
fn write_source_line(out: &mut fmt::Formatter<'_>, origin: &Origin, line: &str) -> fmt::Result {
    let number = origin.line.to_string();
    let before = line.chars().take(origin.column.saturating_sub(1) as usize);
    let indent: String = before.map(|it| if it == '\t' { '\t' } else { ' ' }).collect();
    writeln!(out, "  {number} | {line}")?;
    writeln!(out, "  {:width$} | {indent}^", "", width = number.len())
}

impl std::error::Error for Mistakes {}

/// The known word that the unknown one was probably meant to be.
pub fn did_you_mean<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = unknown.chars().count().div_ceil(3);
    known
        .map(|it| (distance(unknown, it), it))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, it)| it)
}

/// How many characters must be put in, taken out, changed or swapped to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = rows[i][j] + usize::from(a != b);
            let mut best = changed.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_misspelt_option_is_recognised_and_a_foreign_word_is_not() {
        let known = ["memory", "cpus", "hostname"];
        assert_eq!(did_you_mean("memroy", known.into_iter()), Some("memory"));
        assert_eq!(did_you_mean("host_name", known.into_iter()), Some("hostname"));
        assert_eq!(did_you_mean("provider", known.into_iter()), None);
    }

    #[test]
    fn a_report_lists_mistakes_by_section_with_a_caret_below_the_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n\tconfig.vm.bx = 1\n").unwrap();
        let origin = Origin {
            file: file.path().into(),
            line: 2,
            column: 2,
        };
        let mut mistakes = Mistakes::default();
        mistakes.at(None, "vm", "a box is missing").advise("set vm.box");
        mistakes.at(None, "SSH", "the key is missing");
        mistakes.at(Some(&origin), "vm", "there is no option vm.bx");
        mistakes.read_source_lines();

        let report = mistakes.to_string().replace(&file.path().display().to_string(), "FILE");
        expect![[r#"
            vm:
            * a box is missing
              set vm.box
            * there is no option vm.bx
              at FILE:2:2
              2 | 	config.vm.bx = 1
                | 	^

            SSH:
            * the key is missing
        "#]]
        .assert_eq(&report);
    }
}

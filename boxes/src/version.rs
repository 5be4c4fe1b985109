//! Versions of boxes and what a Vagrantfile may ask of them, ordered and matched as RubyGems does it.
//!
//! Vagrant hands both to RubyGems, so its rules are the rules here, the odd ones too: `1.0` equals `1`, a letter anywhere makes
//! a prerelease, a dash means `.pre.`, and a prerelease satisfies a constraint like any other version.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// The version of a box. Keeps the text it was read from: the store's folders are named by it.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Number(u128),
    Word(String),
}

/// What is taken for the parts that the shorter one of two versions lacks.
const ZERO: Segment = Segment::Number(0);

impl Version {
    /// Reads a version; `None` for a text that RubyGems would not take for one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self {
                text: "0".to_owned(),
                segments: vec![ZERO],
            });
        }
        if !is_well_formed(text) {
            return None;
        }
        let segments = segments(&text.replace('-', ".pre."))?;
        Some(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// The version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a letter in it makes it one that comes before its release.
    pub fn is_prerelease(&self) -> bool {
        self.segments.iter().any(|it| matches!(it, Segment::Word(_)))
    }

    /// The leading numbers, without what makes it a prerelease.
    fn release(&self) -> Vec<Segment> {
        let mut segments = self.segments.clone();
        while segments.iter().any(|it| matches!(it, Segment::Word(_))) {
            segments.pop();
        }
        segments
    }

    /// The first version that `~>` of this one excludes: the last number goes, the one before it grows.
    fn bump(&self) -> Vec<Segment> {
        let mut segments = self.release();
        if segments.len() > 1 {
            segments.pop();
        }
        if let Some(Segment::Number(last)) = segments.last_mut() {
            *last = last.saturating_add(1);
        }
        segments
    }
}

/// Digits, then parts of letters and digits after dots, then at most one dash that starts the same again with dashes allowed.
fn is_well_formed(text: &str) -> bool {
    let (numbers, suffix) = match text.split_once('-') {
        Some((numbers, suffix)) => (numbers, Some(suffix)),
        None => (text, None),
    };
    let mut parts = numbers.split('.');
    let first = parts
        .next()
        .is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()));
    first
        && parts.all(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && suffix.is_none_or(|suffix| {
            suffix
                .split('.')
                .all(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        })
}

/// Runs of digits and runs of letters; `None` when a number is too large to compare.
fn segments(text: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let same_kind: fn(u8) -> bool = match first {
            b'0'..=b'9' => |byte| byte.is_ascii_digit(),
            b'a'..=b'z' | b'A'..=b'Z' => |byte| byte.is_ascii_alphabetic(),
            _ => {
                rest = &rest[1..];
                continue;
            }
        };
        let length = rest.bytes().position(|byte| !same_kind(byte)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(length);
        segments.push(match first.is_ascii_digit() {
            true => Segment::Number(run.parse().ok()?),
            false => Segment::Word(run.to_owned()),
        });
        rest = tail;
    }
    Some(segments)
}

/// The segments without zeros at the end of the numbers and at the end of all: `1.0.a.0` is `1.a`.
fn canonical(segments: &[Segment]) -> Vec<Segment> {
    let split = segments
        .iter()
        .position(|it| matches!(it, Segment::Word(_)))
        .unwrap_or(segments.len());
    let (numbers, words) = segments.split_at(split);
    [without_trailing_zeros(numbers), without_trailing_zeros(words)].concat()
}

fn without_trailing_zeros(segments: &[Segment]) -> &[Segment] {
    let length = segments.iter().rposition(|it| *it != ZERO).map_or(0, |last| last + 1);
    &segments[..length]
}

fn compare(left: &[Segment], right: &[Segment]) -> Ordering {
    let (left, right) = (canonical(left), canonical(right));
    for index in 0..left.len().max(right.len()) {
        let pair = (left.get(index).unwrap_or(&ZERO), right.get(index).unwrap_or(&ZERO));
        let ordering = match pair {
            (Segment::Number(left), Segment::Number(right)) => left.cmp(right),
            (Segment::Word(left), Segment::Word(right)) => left.cmp(right),
            (Segment::Word(_), Segment::Number(_)) => Ordering::Less,
            (Segment::Number(_), Segment::Word(_)) => Ordering::Greater,
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.segments, &other.segments)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a Vagrantfile asks of a version: a list between commas, all of which must hold. The empty list takes every version.
#[derive(Debug, Clone, Default)]
pub struct VersionConstraints {
    text: String,
    all: Vec<Constraint>,
}

#[derive(Debug, Clone)]
struct Constraint {
    operator: Operator,
    version: Version,
}

#[derive(Debug, Clone, Copy)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Pessimistic,
}

/// Longer ones first, since `>` is the beginning of `>=`.
const OPERATORS: &[(&str, Operator)] = &[
    ("~>", Operator::Pessimistic),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("=", Operator::Equal),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

impl VersionConstraints {
    /// Takes every version.
    pub fn any() -> Self {
        Self::default()
    }

    /// Takes this version and those that equal it.
    pub fn exactly(version: &Version) -> Self {
        let constraint = Constraint {
            operator: Operator::Equal,
            version: version.clone(),
        };
        Self {
            text: version.to_string(),
            all: vec![constraint],
        }
    }

    /// Whether every constraint of the list holds.
    pub fn allow(&self, version: &Version) -> bool {
        self.all.iter().all(|it| it.allows(version))
    }

    /// The constraints as they were written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Constraint {
    fn allows(&self, version: &Version) -> bool {
        let ordering = version.cmp(&self.version);
        match self.operator {
            Operator::Equal => ordering.is_eq(),
            Operator::NotEqual => ordering.is_ne(),
            Operator::Less => ordering.is_lt(),
            Operator::LessOrEqual => ordering.is_le(),
            Operator::Greater => ordering.is_gt(),
            Operator::GreaterOrEqual => ordering.is_ge(),
            Operator::Pessimistic => ordering.is_ge() && compare(&version.release(), &self.version.bump()).is_lt(),
        }
    }
}

impl FromStr for VersionConstraints {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let all = match text.trim() {
            "" => Vec::new(),
            list => list.split(',').map(|it| constraint(it.trim())).collect::<Result<_>>()?,
        };
        Ok(Self {
            text: text.trim().to_owned(),
            all,
        })
    }
}

fn constraint(text: &str) -> Result<Constraint> {
    let (operator, version) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| text.strip_prefix(sign).map(|version| (*operator, version)))
        .unwrap_or((Operator::Equal, text));
    Some(version.trim())
        .filter(|it| !it.is_empty())
        .and_then(Version::parse)
        .map(|version| Constraint { operator, version })
        .ok_or_else(|| Error::VersionInvalid { text: text.to_owned() })
}

impl fmt::Display for VersionConstraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { ">= 0" } else { &self.text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line a case, made by `fixtures/versions/generate.rb`: `LEFT<tab>RIGHT<tab>ORDER`.
    const PAIRS: &str = include_str!("../../fixtures/versions/pairs.tsv");
    /// `VERSION<tab>CONSTRAINTS<tab>true|false|error`.
    const CONSTRAINTS: &str = include_str!("../../fixtures/versions/constraints.tsv");
    /// `TEXT<tab>true|false`.
    const WELL_FORMED: &str = include_str!("../../fixtures/versions/well-formed.tsv");

    fn cells(table: &str) -> impl Iterator<Item = Vec<&str>> {
        table.lines().map(|line| line.split('\t').collect())
    }

    #[test]
    fn versions_are_ordered_as_rubygems_orders_them() {
        let mut count = 0;
        for row in cells(PAIRS) {
            let [left, right, order] = row[..] else {
                panic!("a row of three cells: {row:?}")
            };
            let ordering = Version::parse(left).unwrap().cmp(&Version::parse(right).unwrap());
            assert_eq!((ordering as i8).to_string(), order, "{left:?} <=> {right:?}");
            count += 1;
        }
        assert!(count > 1000, "{count} pairs");
    }

    #[test]
    fn constraints_hold_as_rubygems_says() {
        let mut count = 0;
        for row in cells(CONSTRAINTS) {
            let [version, constraints, expected] = row[..] else {
                panic!("a row of three cells: {row:?}")
            };
            let answer = match constraints.parse::<VersionConstraints>() {
                Ok(it) => it.allow(&Version::parse(version).unwrap()).to_string(),
                Err(_) => "error".to_owned(),
            };
            assert_eq!(answer, expected, "{version:?} in {constraints:?}");
            count += 1;
        }
        assert!(count > 1000, "{count} constraints");
    }

    #[test]
    fn what_is_no_version_for_rubygems_is_none_here() {
        for row in cells(WELL_FORMED) {
            let [text, expected] = row[..] else {
                panic!("a row of two cells: {row:?}")
            };
            assert_eq!(Version::parse(text).is_some().to_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_text_of_a_version_is_kept() {
        assert_eq!(Version::parse(" 1.0-beta.2 ").unwrap().to_string(), "1.0-beta.2");
    }

    #[test]
    fn a_constraint_that_is_none_is_named() {
        let error = ">= 1, about 2".parse::<VersionConstraints>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`about 2` is not a version or a constraint on versions"
        );
    }
}

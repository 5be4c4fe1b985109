//! Patterns in rsync's syntax: which paths of a tree are left out.
//!
//! A rule sees a path relative to the folder that is synced. As in rsync, the first rule that matches decides, a folder that is
//! left out takes all below it along (the caller does not descend), `+ PATTERN` keeps, `- PATTERN` and a bare `PATTERN` leave
//! out, and `!` forgets all rules before it. Matching takes time proportional to the path times the pattern: a stranger's
//! pattern cannot make it hang.

/// A list of rules; the first that matches decides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    excludes: bool,
    folders_only: bool,
    anchor: Anchor,
    /// `PATTERN/***` means the folder itself as well.
    with_the_folder: bool,
    tokens: Vec<Token>,
}

/// Where in a path a pattern may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    /// `/foo`: at the root of the tree.
    Root,
    /// `foo`: only the last name is looked at.
    Name,
    /// `foo/bar`, `foo**`: at the start of any name, up to the path's end.
    AnyName,
    /// `**/foo`: the whole path, with a slash put before it.
    Slashed,
}

#[derive(Debug, Clone)]
enum Token {
    Byte(u8),
    /// `?`
    One,
    /// `*`
    Some,
    /// `**`
    Across,
    /// `[a-z]`
    Class(Class),
    /// An unfinished `[` or a trailing backslash.
    Never,
}

#[derive(Debug, Clone, Default)]
struct Class {
    negated: bool,
    ranges: Vec<(u8, u8)>,
    named: Vec<fn(&u8) -> bool>,
}

impl Rules {
    /// Reads the patterns, in their order.
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut rules = Vec::new();
        for pattern in patterns {
            match pattern {
                "!" => rules.clear(),
                _ => rules.extend(Rule::new(pattern)),
            }
        }
        Self(rules)
    }

    /// Whether the path itself is left out; its parents are not looked at.
    pub(crate) fn exclude(&self, path: &[u8], is_folder: bool) -> bool {
        self.0
            .iter()
            .find(|it| it.matches(path, is_folder))
            .is_some_and(|it| it.excludes)
    }
}

impl Rule {
    fn new(text: &str) -> Option<Self> {
        let (excludes, text) = match (text.strip_prefix("+ "), text.strip_prefix("- ")) {
            (Some(pattern), _) => (false, pattern),
            (None, Some(pattern)) => (true, pattern),
            (None, None) => (true, text),
        };
        let folders_only = text.len() > 1 && text.ends_with('/');
        let pattern = if folders_only { &text[..text.len() - 1] } else { text };
        let anchor = Anchor::of(pattern);
        let wild = pattern.contains(['*', '?', '[']);
        let matched = if anchor == Anchor::Root { &pattern[1..] } else { pattern }.as_bytes();
        (!text.is_empty()).then(|| Self {
            excludes,
            folders_only,
            anchor,
            with_the_folder: pattern.ends_with("***"),
            tokens: if wild {
                tokens(matched)
            } else {
                matched.iter().map(|&it| Token::Byte(it)).collect()
            },
        })
    }

    fn matches(&self, path: &[u8], is_folder: bool) -> bool {
        if self.folders_only && !is_folder {
            return false;
        }
        let mut text = Vec::with_capacity(path.len() + 2);
        if self.anchor == Anchor::Slashed {
            text.push(b'/');
        }
        text.extend_from_slice(path);
        if is_folder && self.with_the_folder {
            text.push(b'/');
        }
        match self.anchor {
            Anchor::Root | Anchor::Slashed => matches(&self.tokens, &text),
            Anchor::Name => matches(&self.tokens, text.rsplit(|&it| it == b'/').next().unwrap_or_default()),
            Anchor::AnyName => starts_of_names(&text).any(|it| matches(&self.tokens, &text[it..])),
        }
    }
}

impl Anchor {
    fn of(pattern: &str) -> Self {
        match pattern {
            _ if pattern.starts_with('/') => Self::Root,
            _ if pattern.starts_with("**") => Self::Slashed,
            _ if pattern.contains('/') || pattern.contains("**") => Self::AnyName,
            _ => Self::Name,
        }
    }
}

fn starts_of_names(path: &[u8]) -> impl Iterator<Item = usize> {
    let after_slashes = path
        .iter()
        .enumerate()
        .filter(|(_, it)| **it == b'/')
        .map(|(at, _)| at + 1);
    std::iter::once(0).chain(after_slashes)
}

fn tokens(pattern: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some((&first, after)) = rest.split_first() {
        let (token, after) = match first {
            b'?' => (Token::One, after),
            b'*' => stars(after),
            b'[' => Class::read(after).map_or((Token::Never, &[][..]), |(class, after)| (Token::Class(class), after)),
            b'\\' => after
                .split_first()
                .map_or((Token::Never, after), |(&byte, after)| (Token::Byte(byte), after)),
            byte => (Token::Byte(byte), after),
        };
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// One star, or as many as there are.
fn stars(after: &[u8]) -> (Token, &[u8]) {
    match after.iter().take_while(|it| **it == b'*').count() {
        0 => (Token::Some, after),
        more => (Token::Across, &after[more..]),
    }
}

impl Class {
    /// Reads what follows `[` up to its `]`; a `]` that comes first stands for itself.
    fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let negated = matches!(text.first(), Some(b'!' | b'^'));
        let mut class = Self {
            negated,
            ..Self::default()
        };
        let mut rest = &text[usize::from(negated)..];
        let mut first = true;
        loop {
            match rest {
                [b']', after @ ..] if !first => return Some((class, after)),
                [b'[', b':', after @ ..] => rest = class.read_name(after)?,
                _ => rest = class.read_range(rest)?,
            }
            first = false;
        }
    }

    fn read_name<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let end = text.windows(2).position(|it| it == b":]")?;
        self.named.push(named(&text[..end])?);
        Some(&text[end + 2..])
    }

    fn read_range<'a>(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let (low, rest) = read_byte(text)?;
        let (high, rest) = match rest {
            [b'-', after @ ..] if after.first() != Some(&b']') => read_byte(after)?,
            _ => (low, rest),
        };
        self.ranges.push((low, high));
        Some(rest)
    }

    fn contains(&self, byte: u8) -> bool {
        let in_ranges = self.ranges.iter().any(|&(low, high)| low <= byte && byte <= high);
        (in_ranges || self.named.iter().any(|it| it(&byte))) != self.negated
    }
}

fn read_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'\\', byte, after @ ..] | [byte, after @ ..] => Some((*byte, after)),
        [] => None,
    }
}

fn named(name: &[u8]) -> Option<fn(&u8) -> bool> {
    Some(match name {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |it| matches!(it, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |it| it.is_ascii_graphic() || *it == b' ',
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |it| it.is_ascii_whitespace() || *it == 0x0b,
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    })
}

/// Whether the tokens match the whole text. All positions a pattern could be at are carried along at once, so that no text
/// makes it start over.
fn matches(tokens: &[Token], text: &[u8]) -> bool {
    let mut at = vec![false; tokens.len() + 1];
    at[0] = true;
    pass_stars(tokens, &mut at);
    for &byte in text {
        let mut next = vec![false; tokens.len() + 1];
        for (index, token) in tokens.iter().enumerate().filter(|(index, _)| at[*index]) {
            match token {
                Token::Some if byte != b'/' => next[index] = true,
                Token::Across => next[index] = true,
                _ => next[index + 1] |= token.takes(byte),
            }
        }
        pass_stars(tokens, &mut next);
        at = next;
    }
    at[tokens.len()]
}

fn pass_stars(tokens: &[Token], at: &mut [bool]) {
    for (index, token) in tokens.iter().enumerate() {
        at[index + 1] |= at[index] && matches!(token, Token::Some | Token::Across);
    }
}

impl Token {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Byte(wanted) => *wanted == byte,
            Self::One => byte != b'/',
            Self::Class(class) => byte != b'/' && class.contains(byte),
            Self::Some | Self::Across | Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths that end with a slash are folders; `excluded` is what is left out of `paths`.
    fn check(patterns: &[&str], paths: &[&str], excluded: &[&str]) {
        let rules = Rules::new(patterns.iter().copied());
        let is_excluded = |path: &&str| rules.exclude(path.trim_end_matches('/').as_bytes(), path.ends_with('/'));
        let out: Vec<&str> = paths.iter().copied().filter(is_excluded).collect();
        assert_eq!(out, excluded, "{patterns:?}");
    }

    #[test]
    fn a_bare_name_is_left_out_wherever_it_stands() {
        check(
            &["foo"],
            &["foo", "a/foo", "a/b/foo/", "foo2", "a/xfoo"],
            &["foo", "a/foo", "a/b/foo/"],
        );
    }

    #[test]
    fn a_leading_slash_holds_it_to_the_root() {
        check(&["/foo"], &["foo", "a/foo"], &["foo"]);
    }

    #[test]
    fn a_trailing_slash_holds_it_to_folders() {
        check(
            &[".vagrant/"],
            &[".vagrant/", ".vagrant", "a/.vagrant/"],
            &[".vagrant/", "a/.vagrant/"],
        );
    }

    #[test]
    fn a_slash_within_matches_the_end_of_the_path() {
        check(&["a/b"], &["a/b", "x/a/b", "xa/b", "a/b/c"], &["a/b", "x/a/b"]);
    }

    #[test]
    fn one_star_stays_within_a_name_and_two_do_not() {
        check(&["/a/*"], &["a/b", "a/b/c"], &["a/b"]);
        check(&["/a/**"], &["a/b", "a/b/c", "a/"], &["a/b", "a/b/c"]);
        check(&["/a/***"], &["a/b", "a/b/c", "a/", "a"], &["a/b", "a/b/c", "a/"]);
    }

    #[test]
    fn a_later_rule_does_not_undo_an_earlier_one() {
        check(&["+ keep.log", "*.log"], &["keep.log", "a.log"], &["a.log"]);
        check(&["*.log", "+ keep.log"], &["keep.log", "a.log"], &["keep.log", "a.log"]);
        check(&["*.log", "!", "*.tmp"], &["a.log", "a.tmp"], &["a.tmp"]);
    }

    #[test]
    fn a_backslash_counts_only_beside_a_wildcard() {
        check(&[r"a\b"], &[r"a\b", "ab"], &[r"a\b"]);
        check(&[r"a\*?"], &["a*b", "axb"], &["a*b"]);
    }

    #[test]
    fn many_stars_take_no_longer_than_few() {
        let pattern = "*a".repeat(200);
        check(
            &[&pattern],
            &[&"a".repeat(199), &"a".repeat(4000)],
            &[&"a".repeat(4000)],
        );
    }
}

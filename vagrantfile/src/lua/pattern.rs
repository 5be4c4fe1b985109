//! Lua's patterns, with every step counted.
//!
//! The library of Lua matches in C, where no instruction is counted, and a pattern of a few characters can keep it busy for years. This
//! is the same language of patterns, on the budget of the file.

use mlua::{Function, Lua as State, LuaString, MultiValue, Table, Value as LuaValue};
use std::cell::Cell;

use super::Inner;
use super::budget::Budget;
use super::failure::Failure;

/// How many captures a pattern may have.
const MOST_CAPTURES: usize = 32;

/// How deep a match may nest: a repeated group of one character counts once.
const DEEPEST: usize = 200;

/// Puts the counted functions in place of the library's own.
pub fn install(state: &State) -> mlua::Result<()> {
    let strings: Table = state.globals().get("string")?;
    strings.raw_set(
        "find",
        state.create_function(|state, it: Arguments| find(state, it, true))?,
    )?;
    strings.raw_set(
        "match",
        state.create_function(|state, it: Arguments| find(state, it, false))?,
    )?;
    strings.raw_set("gmatch", state.create_function(gmatch)?)?;
    strings.raw_set("gsub", state.create_function(gsub)?)
}

type Arguments = (LuaString, LuaString, Option<i64>, Option<bool>);

fn find(state: &State, (text, pattern, init, plain): Arguments, with_place: bool) -> mlua::Result<MultiValue> {
    let (text, pattern) = (text.as_bytes().to_vec(), pattern.as_bytes().to_vec());
    let Some(start) = start_of(init, text.len()) else {
        return Ok(MultiValue::from_vec(vec![LuaValue::Nil]));
    };
    let inner = Inner::of(state)?;
    if with_place && plain == Some(true) {
        charge(&inner.budget, text.len().saturating_mul(pattern.len()) / 16)?;
        let found = if pattern.is_empty() {
            Some(0)
        } else {
            text[start..].windows(pattern.len()).position(|it| it == pattern)
        };
        let place = found.map(|it| [(start + it + 1) as i64, (start + it + pattern.len()) as i64]);
        return Ok(place.map_or(MultiValue::from_vec(vec![LuaValue::Nil]), |it| {
            it.map(LuaValue::Integer).into_iter().collect()
        }));
    }
    let (anchored, rest) = anchor(&pattern);
    let mut matcher = Matcher::new(&text, rest, &inner.budget);
    for at in start..=text.len() {
        if let Some(end) = matcher.run(at)? {
            let mut values = Vec::new();
            if with_place {
                values.extend([LuaValue::Integer(at as i64 + 1), LuaValue::Integer(end as i64)]);
            }
            values.extend(matcher.values(state, at, end, !with_place)?);
            return Ok(MultiValue::from_vec(values));
        }
        if anchored {
            break;
        }
    }
    Ok(MultiValue::from_vec(vec![LuaValue::Nil]))
}

fn gmatch(state: &State, (text, pattern, init): (LuaString, LuaString, Option<i64>)) -> mlua::Result<Function> {
    let (text, pattern) = (text.as_bytes().to_vec(), pattern.as_bytes().to_vec());
    let next = Cell::new(start_of(init, text.len()).unwrap_or(text.len() + 1));
    let last = Cell::new(None);
    state.create_function(move |state, ()| {
        let inner = Inner::of(state)?;
        let mut matcher = Matcher::new(&text, &pattern, &inner.budget);
        for at in next.get()..=text.len() {
            if let Some(end) = matcher.run(at)?.filter(|it| Some(*it) != last.get()) {
                next.set(end);
                last.set(Some(end));
                return Ok(MultiValue::from_vec(matcher.values(state, at, end, true)?));
            }
        }
        next.set(text.len() + 1);
        Ok(MultiValue::from_vec(vec![LuaValue::Nil]))
    })
}

type Substitution = (LuaString, LuaString, LuaValue, Option<i64>);

fn gsub(state: &State, (text, pattern, with, most): Substitution) -> mlua::Result<(LuaString, i64)> {
    let (text, pattern) = (text.as_bytes().to_vec(), pattern.as_bytes().to_vec());
    let inner = Inner::of(state)?;
    let (anchored, rest) = anchor(&pattern);
    let mut matcher = Matcher::new(&text, rest, &inner.budget);
    let (mut out, mut at, mut count, mut last) = (Vec::new(), 0, 0, None);
    while most.is_none_or(|it| count < it) {
        match matcher.run(at)?.filter(|it| Some(*it) != last) {
            Some(end) => {
                count += 1;
                matcher.substitute(state, at, end, &with, &mut out)?;
                (at, last) = (end, Some(end));
            }
            None if at < text.len() => {
                out.push(text[at]);
                at += 1;
            }
            None => break,
        }
        if out.len() > inner.shared.settings.limits.memory {
            return Err(mlua::Error::MemoryError("the text became too long".to_owned()));
        }
        if anchored {
            break;
        }
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
    Ok((state.create_string(out)?, count))
}

/// Where the search starts; `None` behind the end.
fn start_of(init: Option<i64>, length: usize) -> Option<usize> {
    let start = match init.unwrap_or(1) {
        0 => 0,
        init if init > 0 => usize::try_from(init - 1).ok()?,
        init => length.saturating_sub(usize::try_from(init.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    (start <= length).then_some(start)
}

fn anchor(pattern: &[u8]) -> (bool, &[u8]) {
    match pattern.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, pattern),
    }
}

fn malformed(what: &str) -> mlua::Error {
    Failure::raise(format!("malformed pattern ({what})"), None)
}

/// Takes steps off the file's budget.
fn charge(budget: &Budget, steps: usize) -> mlua::Result<()> {
    budget.charge(steps as u64, "does a pattern in it try too much?")
}

struct Matcher<'a> {
    text: &'a [u8],
    pattern: &'a [u8],
    captures: Vec<Capture>,
    budget: &'a Budget,
    depth: usize,
}

#[derive(Clone, Copy)]
struct Capture {
    start: usize,
    length: Length,
}

#[derive(Clone, Copy, PartialEq)]
enum Length {
    Open,
    Position,
    Closed(usize),
}

impl<'a> Matcher<'a> {
    fn new(text: &'a [u8], pattern: &'a [u8], budget: &'a Budget) -> Self {
        Self {
            text,
            pattern,
            captures: Vec::new(),
            budget,
            depth: 0,
        }
    }

    /// The end of a match that starts here.
    fn run(&mut self, at: usize) -> mlua::Result<Option<usize>> {
        self.captures.clear();
        self.depth = 0;
        self.matches(at, 0)
    }

    fn step(&self) -> mlua::Result<()> {
        charge(self.budget, 1)
    }

    /// A look at one letter takes longer, the longer the class is.
    fn look(&self, pattern: usize, after: usize) -> mlua::Result<()> {
        charge(self.budget, 1 + (after - pattern) / 8)
    }

    fn matches(&mut self, at: usize, pattern: usize) -> mlua::Result<Option<usize>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Failure::raise("the pattern is too complex", None));
        }
        let end = self.follow(at, pattern);
        self.depth -= 1;
        end
    }

    fn follow(&mut self, mut at: usize, mut pattern: usize) -> mlua::Result<Option<usize>> {
        loop {
            self.step()?;
            let Some(&letter) = self.pattern.get(pattern) else {
                return Ok(Some(at));
            };
            match (letter, self.pattern.get(pattern + 1)) {
                (b'(', Some(b')')) => return self.open(at, pattern + 2, Length::Position),
                (b'(', _) => return self.open(at, pattern + 1, Length::Open),
                (b')', _) => return self.close(at, pattern + 1),
                (b'$', None) => return Ok((at == self.text.len()).then_some(at)),
                (b'%', Some(b'b')) => match self.balanced(at, pattern + 2)? {
                    Some(end) => (at, pattern) = (end, pattern + 4),
                    None => return Ok(None),
                },
                (b'%', Some(b'f')) => match self.frontier(at, pattern + 2)? {
                    Some(after) => pattern = after,
                    None => return Ok(None),
                },
                (b'%', Some(digit)) if digit.is_ascii_digit() => match self.repeated(at, *digit)? {
                    Some(end) => (at, pattern) = (end, pattern + 2),
                    None => return Ok(None),
                },
                _ => {
                    let after = self.class_end(pattern)?;
                    self.look(pattern, after)?;
                    match self.pattern.get(after) {
                        Some(b'?') => {
                            if self.single(at, pattern, after)
                                && let Some(end) = self.matches(at + 1, after + 1)?
                            {
                                return Ok(Some(end));
                            }
                            pattern = after + 1;
                        }
                        Some(b'+') if !self.single(at, pattern, after) => return Ok(None),
                        Some(b'+') => return self.most(at + 1, pattern, after),
                        Some(b'*') => return self.most(at, pattern, after),
                        Some(b'-') => return self.fewest(at, pattern, after),
                        _ if !self.single(at, pattern, after) => return Ok(None),
                        _ => (at, pattern) = (at + 1, after),
                    }
                }
            }
        }
    }

    fn open(&mut self, at: usize, pattern: usize, length: Length) -> mlua::Result<Option<usize>> {
        if self.captures.len() >= MOST_CAPTURES {
            return Err(Failure::raise("too many captures", None));
        }
        self.captures.push(Capture { start: at, length });
        let end = self.matches(at, pattern)?;
        if end.is_none() {
            self.captures.pop();
        }
        Ok(end)
    }

    fn close(&mut self, at: usize, pattern: usize) -> mlua::Result<Option<usize>> {
        let open = self.captures.iter().rposition(|it| it.length == Length::Open);
        let index = open.ok_or_else(|| Failure::raise("invalid pattern capture", None))?;
        self.captures[index].length = Length::Closed(at - self.captures[index].start);
        let end = self.matches(at, pattern)?;
        if end.is_none() {
            self.captures[index].length = Length::Open;
        }
        Ok(end)
    }

    fn most(&mut self, at: usize, pattern: usize, after: usize) -> mlua::Result<Option<usize>> {
        let mut count = 0;
        while self.single(at + count, pattern, after) {
            self.look(pattern, after)?;
            count += 1;
        }
        loop {
            if let Some(end) = self.matches(at + count, after + 1)? {
                return Ok(Some(end));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn fewest(&mut self, mut at: usize, pattern: usize, after: usize) -> mlua::Result<Option<usize>> {
        loop {
            if let Some(end) = self.matches(at, after + 1)? {
                return Ok(Some(end));
            }
            self.look(pattern, after)?;
            if !self.single(at, pattern, after) {
                return Ok(None);
            }
            at += 1;
        }
    }

    fn balanced(&self, at: usize, pattern: usize) -> mlua::Result<Option<usize>> {
        let (Some(&open), Some(&close)) = (self.pattern.get(pattern), self.pattern.get(pattern + 1)) else {
            return Err(malformed("missing arguments to '%b'"));
        };
        if self.text.get(at) != Some(&open) {
            return Ok(None);
        }
        let mut depth = 1;
        for (index, &letter) in self.text.iter().enumerate().skip(at + 1) {
            self.step()?;
            if letter == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(index + 1));
                }
            } else if letter == open {
                depth += 1;
            }
        }
        Ok(None)
    }

    /// Where the pattern goes on when a set begins to match here; the ends of the text count as a nought.
    fn frontier(&self, at: usize, pattern: usize) -> mlua::Result<Option<usize>> {
        if self.pattern.get(pattern) != Some(&b'[') {
            return Err(malformed("missing '[' after '%f'"));
        }
        let after = self.class_end(pattern)?;
        self.look(pattern, after)?;
        let before = if at == 0 { 0 } else { self.text[at - 1] };
        let here = self.text.get(at).copied().unwrap_or(0);
        let begins = !self.in_set(before, pattern, after - 1) && self.in_set(here, pattern, after - 1);
        Ok(begins.then_some(after))
    }

    fn repeated(&self, at: usize, digit: u8) -> mlua::Result<Option<usize>> {
        let capture = usize::from(digit)
            .checked_sub(usize::from(b'1'))
            .and_then(|it| self.captures.get(it));
        let Some(Capture {
            start,
            length: Length::Closed(length),
        }) = capture.copied()
        else {
            return Err(Failure::raise(
                format!("invalid capture index %{}", digit as char),
                None,
            ));
        };
        charge(self.budget, length / 16)?;
        let same = self
            .text
            .get(at..at + length)
            .is_some_and(|it| *it == self.text[start..start + length]);
        Ok(same.then_some(at + length))
    }

    /// Where the single-character class ends that starts here.
    fn class_end(&self, pattern: usize) -> mlua::Result<usize> {
        match self.pattern[pattern] {
            b'%' if pattern + 1 >= self.pattern.len() => Err(malformed("ends with '%'")),
            b'%' => Ok(pattern + 2),
            b'[' => {
                let mut at = pattern + 1;
                if self.pattern.get(at) == Some(&b'^') {
                    at += 1;
                }
                // A bracket that stands first is one of the set.
                loop {
                    match self.pattern.get(at) {
                        None => return Err(malformed("missing ']'")),
                        Some(b'%') => at += 2,
                        Some(_) => at += 1,
                    }
                    if self.pattern.get(at) == Some(&b']') {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(pattern + 1),
        }
    }

    fn single(&self, at: usize, pattern: usize, after: usize) -> bool {
        let Some(&letter) = self.text.get(at) else { return false };
        match self.pattern[pattern] {
            b'.' => true,
            b'%' => in_class(letter, self.pattern[pattern + 1]),
            b'[' => self.in_set(letter, pattern, after - 1),
            own => own == letter,
        }
    }

    /// Whether a set, from its bracket to `end`, has the letter.
    fn in_set(&self, letter: u8, pattern: usize, end: usize) -> bool {
        let mut at = pattern + 1;
        let negated = self.pattern.get(at) == Some(&b'^');
        if negated {
            at += 1;
        }
        while at < end {
            let own = self.pattern[at];
            let found = if own == b'%' {
                at += 2;
                in_class(letter, self.pattern[at - 1])
            } else if self.pattern.get(at + 1) == Some(&b'-') && at + 2 < end {
                at += 3;
                (own..=self.pattern[at - 1]).contains(&letter)
            } else {
                at += 1;
                own == letter
            };
            if found {
                return !negated;
            }
        }
        negated
    }

    /// The captures as values; the whole match where there are none and it is wanted.
    fn values(&self, state: &State, start: usize, end: usize, whole: bool) -> mlua::Result<Vec<LuaValue>> {
        if self.captures.is_empty() && whole {
            return Ok(vec![LuaValue::String(state.create_string(&self.text[start..end])?)]);
        }
        self.captures.iter().map(|it| self.value(state, *it)).collect()
    }

    fn value(&self, state: &State, capture: Capture) -> mlua::Result<LuaValue> {
        match capture.length {
            Length::Position => Ok(LuaValue::Integer(capture.start as i64 + 1)),
            Length::Closed(length) => Ok(LuaValue::String(
                state.create_string(&self.text[capture.start..capture.start + length])?,
            )),
            Length::Open => Err(Failure::raise("unfinished capture", None)),
        }
    }

    fn substitute(
        &self,
        state: &State,
        start: usize,
        end: usize,
        with: &LuaValue,
        out: &mut Vec<u8>,
    ) -> mlua::Result<()> {
        let values = || self.values(state, start, end, true);
        let value = match with {
            LuaValue::Table(table) => table.get(values()?.into_iter().next().unwrap_or(LuaValue::Nil))?,
            LuaValue::Function(function) => function.call(MultiValue::from_vec(values()?))?,
            LuaValue::String(text) => return self.expand(state, start, end, &text.as_bytes(), out),
            LuaValue::Integer(_) | LuaValue::Number(_) => with.clone(),
            other => {
                return Err(Failure::raise(
                    format!("a {} cannot replace text", other.type_name()),
                    None,
                ));
            }
        };
        match value {
            LuaValue::Nil | LuaValue::Boolean(false) => out.extend_from_slice(&self.text[start..end]),
            LuaValue::String(text) => out.extend_from_slice(&text.as_bytes()),
            number @ (LuaValue::Integer(_) | LuaValue::Number(_)) => {
                out.extend_from_slice(number.to_string()?.as_bytes())
            }
            other => {
                return Err(Failure::raise(
                    format!("invalid replacement value (a {})", other.type_name()),
                    None,
                ));
            }
        }
        Ok(())
    }

    /// A replacement with `%0` to `%9` filled in.
    fn expand(&self, state: &State, start: usize, end: usize, with: &[u8], out: &mut Vec<u8>) -> mlua::Result<()> {
        charge(self.budget, with.iter().filter(|it| **it == b'%').count())?;
        let values = self.values(state, start, end, true)?;
        let mut letters = with.iter();
        while let Some(&letter) = letters.next() {
            match (letter, if letter == b'%' { letters.next() } else { None }) {
                (b'%', Some(b'%')) => out.push(b'%'),
                (b'%', Some(b'0')) => out.extend_from_slice(&self.text[start..end]),
                (b'%', Some(digit)) if digit.is_ascii_digit() => {
                    let value = values.get(usize::from(digit - b'1'));
                    let value =
                        value.ok_or_else(|| Failure::raise("invalid capture index in the replacement", None))?;
                    out.extend_from_slice(value.to_string()?.as_bytes());
                }
                (b'%', _) => return Err(Failure::raise("invalid use of '%' in the replacement", None)),
                (letter, _) => out.push(letter),
            }
        }
        Ok(())
    }
}

/// Whether a letter is of the class behind a percent sign; a capital letter is the opposite.
fn in_class(letter: u8, class: u8) -> bool {
    let found = match class.to_ascii_lowercase() {
        b'a' => letter.is_ascii_alphabetic(),
        b'c' => letter.is_ascii_control(),
        b'd' => letter.is_ascii_digit(),
        b'g' => letter.is_ascii_graphic(),
        b'l' => letter.is_ascii_lowercase(),
        b'p' => letter.is_ascii_punctuation(),
        b's' => letter.is_ascii_whitespace() || letter == 0x0b,
        b'u' => letter.is_ascii_uppercase(),
        b'w' => letter.is_ascii_alphanumeric(),
        b'x' => letter.is_ascii_hexdigit(),
        _ => return class == letter,
    };
    found != class.is_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lua's own library and ours say the same of each of these.
    #[test]
    fn patterns_mean_what_they_mean_in_lua() {
        let ours = crate::lua::tests::sandboxed();
        let own = mlua::Lua::new();
        let cases = [
            r#"("hello world"):find("o w")"#,
            r#"("hello"):find("l", 1, true)"#,
            r#"("hello"):find("xyz")"#,
            r#"("hello"):find("", 10)"#,
            r#"("hello"):find("l+", -3)"#,
            r#"("key = value "):match("^(%w+)%s*=%s*(.-)%s*$")"#,
            r#"("[[x]]"):match("%[%[(.*)%]%]")"#,
            r#"("f(a(b)c)d"):match("%b()")"#,
            r#"("THE (quick) fox"):find("%f[%a]%a+%f[%A]", 5)"#,
            r#"("abcabc"):match("(abc)%1")"#,
            r#"("hello"):match("()ll()")"#,
            r#"("a,b,,c"):gsub(",", ";", 2)"#,
            r#"("abc"):gsub("", "-")"#,
            r#"("abc"):gsub("%w", "%0%0")"#,
            r#"("hello world"):gsub("(%w+) (%w+)", "%2 %1")"#,
            r#"("$name is $age"):gsub("%$(%w+)", { name = "x", age = 3 })"#,
            r#"("abc"):gsub("%w", function(it) if it == "b" then return it:upper() end end)"#,
            r#"("abc"):gsub("^a", "x")"#,
            r#"("x^y"):gsub("%^", "")"#,
            r#"("a.b-c]d"):gsub("[]%-.]", "_")"#,
            r#"("0x1F"):match("^0[xX](%x+)$")"#,
            r#"("aaa"):find("a-", 2)"#,
            r#"("aXb"):gsub("%u", "%%")"#,
            r#"(function() local t = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do t[#t + 1] = k .. v end return table.concat(t, "|") end)()"#,
            r#"(function() local t = {} for it in ("abc"):gmatch("") do t[#t + 1] = it end return #t end)()"#,
        ];
        for case in cases {
            let shown = |state: &State| {
                let values: MultiValue = state.load(format!("return {case}")).eval().unwrap();
                format!("{values:?}")
            };
            assert_eq!(shown(&ours), shown(&own), "{case}");
        }
    }

    #[test]
    fn malformed_patterns_are_errors() {
        let state = crate::lua::tests::sandboxed();
        for pattern in ["%", "[a", "%b", "(a", "a)", "%1", "%f", "[%"] {
            let result: mlua::Result<MultiValue> = state.load(format!("return ('aa'):find({pattern:?})")).eval();
            assert!(result.is_err(), "{pattern}");
        }
    }
}

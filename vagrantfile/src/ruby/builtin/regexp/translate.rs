//! From Ruby's syntax of regular expressions to that of the engine.

use crate::ruby::ir::Flags;
use crate::ruby::value::*;

/// Ruby's syntax in that of the regex crate.
pub(super) fn translate(text: &str, flags: Flags) -> String {
    let mut out = String::from("(?m");
    out.push_str(if flags.ignore_case { "i" } else { "" });
    out.push_str(if flags.multi_line { "s" } else { "" });
    out.push_str(if flags.extended { "x" } else { "" });
    out.push(')');
    let letters: Vec<char> = text.chars().collect();
    let (mut at, mut in_class) = (0, 0_u32);
    while at < letters.len() {
        let letter = letters[at];
        at += 1;
        match letter {
            '\\' => {
                let next = letters.get(at).copied();
                at += 1;
                match next {
                    Some(sign @ ('p' | 'P')) if letters.get(at) == Some(&'{') => {
                        let end = letters[at..]
                            .iter()
                            .position(|it| *it == '}')
                            .map_or(letters.len(), |it| at + it);
                        let name: String = letters[at + 1..end].iter().collect();
                        out.push_str(&property(sign, &name));
                        at = (end + 1).min(letters.len());
                    }
                    Some('h') if in_class > 0 => out.push_str("0-9a-fA-F"),
                    Some('h') => out.push_str("[0-9a-fA-F]"),
                    Some('H') => out.push_str("[^0-9a-fA-F]"),
                    Some('Z') => out.push_str("(?=\\n?\\z)"),
                    Some('R') => out.push_str("(?:\\r\\n|[\\n\\r\\x0b\\x0c])"),
                    Some('e') => out.push_str("\\x1b"),
                    Some('/') => out.push('/'),
                    Some(
                        sign @ ('<' | '>' | '"' | '\'' | '`' | '@' | ',' | ';' | ':' | '=' | '!' | '%' | '_' | ' '
                        | '\n'),
                    ) => {
                        if sign == ' ' || sign == '\n' {
                            out.push_str("\\x20");
                        } else {
                            out.push(sign);
                        }
                    }
                    Some(other) => {
                        out.push('\\');
                        out.push(other);
                    }
                    None => out.push_str("\\\\"),
                }
            }
            '[' if letters.get(at) == Some(&':') && in_class > 0 => {
                // A class by name is copied to its end.
                let end = letters[at..]
                    .iter()
                    .position(|it| *it == ']')
                    .map_or(letters.len(), |it| at + it + 1);
                out.push('[');
                out.extend(&letters[at..end]);
                at = end;
            }
            '[' => {
                in_class += 1;
                out.push('[');
                if letters.get(at) == Some(&'^') {
                    out.push('^');
                    at += 1;
                }
                if letters.get(at) == Some(&']') {
                    out.push_str("\\]");
                    at += 1;
                }
            }
            ']' if in_class > 0 => {
                in_class -= 1;
                out.push(']');
            }
            ']' => out.push_str("\\]"),
            '{' if in_class == 0 && !is_counter(&letters[at..]) => out.push_str("\\{"),
            '}' if in_class == 0 && !out_has_counter(&out) => out.push_str("\\}"),
            '~' | '&' if in_class > 0 && letters.get(at) == Some(&letter) && letter == '~' => out.push_str("\\~"),
            '(' if letters[at..].starts_with(&['?', 'm', ':']) => {
                out.push_str("(?s:");
                at += 3;
            }
            '(' if letters[at..].starts_with(&['?', 'm', 'i', 'x', '-'])
                || letters[at..].starts_with(&['?', '-', 'm', 'i', 'x', ':']) =>
            {
                out.push('(');
            }
            other => out.push(other),
        }
    }
    out
}

/// A property of letters by Ruby's name in the engine's.
fn property(sign: char, name: &str) -> String {
    let (negated, name) = match name.strip_prefix('^') {
        Some(name) => (sign == 'p', name),
        None => (sign == 'P', name),
    };
    let known = match name.to_ascii_lowercase().as_str() {
        "alnum" => r"[\p{Alphabetic}\p{Nd}]",
        "alpha" => r"\p{Alphabetic}",
        "blank" => r"[\p{Zs}\t]",
        "cntrl" => r"\p{Cc}",
        "digit" => r"\p{Nd}",
        "lower" => r"\p{Lowercase}",
        "punct" => r"[\p{P}$+<=>^`|~]",
        "space" => r"\p{White_Space}",
        "upper" => r"\p{Uppercase}",
        "word" => r"\w",
        "xdigit" => "[0-9a-fA-F]",
        "ascii" => r"[\x00-\x7f]",
        _ => "",
    };
    match (known, negated) {
        ("", false) => format!(r"\p{{{name}}}"),
        ("", true) => format!(r"\P{{{name}}}"),
        (known, false) => known.to_owned(),
        (known, true) => format!("[^{known}]"),
    }
}

/// Whether `{` begins a number of repetitions.
pub(super) fn is_counter(rest: &[char]) -> bool {
    let Some(end) = rest.iter().position(|it| *it == '}') else {
        return false;
    };
    end > 0 && rest[..end].iter().all(|it| it.is_ascii_digit() || *it == ',') && rest[..end] != [',']
}

pub(super) fn out_has_counter(out: &str) -> bool {
    let Some(open) = out.rfind('{') else { return false };
    !out[..open].ends_with('\\') && out[open + 1..].chars().all(|it| it.is_ascii_digit() || it == ',')
        || out[..open].ends_with("\\p")
        || out[..open].ends_with("\\P")
        || out[..open].ends_with("\\u")
        || out[..open].ends_with("\\x")
}

/// A text in which nothing has a meaning to a regular expression.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\r' => escaped.push_str("\\r"),
            ' ' => escaped.push_str("\\ "),
            '.' | '*' | '?' | '+' | '^' | '$' | '|' | '\\' | '(' | ')' | '[' | ']' | '{' | '}' | '-' | '#' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A regular expression as a part of another one.
pub fn embedded(regexp: &Regexp) -> String {
    let Flags {
        ignore_case,
        extended,
        multi_line,
    } = regexp.flags;
    let mut on = String::new();
    let mut off = String::new();
    for (letter, set) in [('m', multi_line), ('i', ignore_case), ('x', extended)] {
        if set { on.push(letter) } else { off.push(letter) }
    }
    let off = if off.is_empty() {
        String::new()
    } else {
        format!("-{off}")
    };
    format!("(?{on}{off}:{})", regexp.text)
}

/// A regular expression as it is written.
pub fn inspect(regexp: &Regexp) -> String {
    let Flags {
        ignore_case,
        extended,
        multi_line,
    } = regexp.flags;
    let flags: String = [('m', multi_line), ('i', ignore_case), ('x', extended)]
        .iter()
        .filter(|it| it.1)
        .map(|it| it.0)
        .collect();
    format!("/{}/{flags}", regexp.text.replace('/', "\\/"))
}

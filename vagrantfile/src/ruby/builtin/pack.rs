//! `Array#pack` and `String#unpack`: values as bytes and back.
//!
//! Strings are UTF-8 here. Bytes that are no UTF-8 become the letters of these numbers (U+0080 to U+00FF), so that nothing is lost.

use super::digest::{from_base64, to_base64};
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;

/// One letter of a template, and how often it counts.
struct Directive {
    kind: char,
    count: Count,
    is_big_endian: bool,
}

#[derive(Clone, Copy)]
enum Count {
    One,
    Times(usize),
    All,
}

impl Count {
    /// How many of the values that are left it takes.
    fn of(self, left: usize) -> usize {
        match self {
            Count::One => 1,
            Count::Times(count) => count,
            Count::All => left,
        }
    }
}

/// The values as text, as the template says.
pub fn pack(it: &mut Interpreter, values: &[Value], template: &str) -> Eval {
    let mut bytes = Vec::new();
    let mut rest = values.iter();
    for directive in directives(it, template)? {
        match directive.kind {
            'a' | 'A' | 'Z' | 'b' | 'B' | 'h' | 'H' | 'm' | 'M' | 'u' => {
                let text = it.to_s(rest.next().unwrap_or(&Value::Nil))?;
                pack_text(it, &directive, &text, &mut bytes)?;
            }
            'x' => {
                let count = directive.count.of(0);
                it.reserve(count)?;
                bytes.resize(bytes.len().saturating_add(count), 0);
            }
            _ => {
                for _ in 0..directive.count.of(rest.len()) {
                    let Some(value) = rest.next() else {
                        return Err(it.error("ArgumentError", "too few arguments"));
                    };
                    pack_number(it, &directive, value, &mut bytes)?;
                }
            }
        }
        it.check_length(bytes.len())?;
    }
    Ok(Value::string(text_of(bytes)))
}

/// The values that a text holds, as the template says.
pub fn unpack(it: &mut Interpreter, text: &str, template: &str) -> Outcome<Vec<Value>> {
    let bytes = text.as_bytes();
    it.work(bytes.len())?;
    let (mut at, mut values) = (0, Vec::new());
    for directive in directives(it, template)? {
        let rest = bytes.get(at..).unwrap_or_default();
        match directive.kind {
            'a' | 'A' | 'Z' | 'b' | 'B' | 'h' | 'H' | 'm' | 'M' | 'u' => {
                let (value, taken) = unpack_text(&directive, rest);
                values.push(value);
                at += taken;
            }
            'x' => at += directive.count.of(rest.len()),
            'U' => {
                let letters = String::from_utf8_lossy(rest);
                let letters: Vec<char> = letters.chars().take(directive.count.of(rest.len())).collect();
                at += letters.iter().map(|it| it.len_utf8()).sum::<usize>();
                values.extend(letters.iter().map(|it| Value::Integer(i64::from(*it as u32))));
            }
            kind => {
                let size = size_of(it, kind)?;
                let count = directive.count.of(rest.len() / size);
                for index in 0..count.min(bytes.len() + 1) {
                    let chunk = rest.get(index * size..(index + 1) * size);
                    values.push(chunk.map_or(Value::Nil, |it| number(&directive, it)));
                    at += chunk.map_or(0, <[u8]>::len);
                }
            }
        }
    }
    it.gather(values)
}

fn directives(it: &mut Interpreter, template: &str) -> Outcome<Vec<Directive>> {
    let mut found = Vec::new();
    let mut letters = template.chars().filter(|it| !it.is_whitespace()).peekable();
    while let Some(kind) = letters.next() {
        let mut is_big_endian = matches!(kind, 'n' | 'N' | 'G' | 'g');
        while let Some(mark) = letters.next_if(|it| matches!(it, '_' | '!' | '<' | '>')) {
            is_big_endian |= mark == '>';
        }
        let mut digits = String::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let count = match digits.parse() {
            Ok(count) => Count::Times(count),
            Err(_) if letters.next_if_eq(&'*').is_some() => Count::All,
            Err(_) => Count::One,
        };
        if !"aAZbBhHmMuxUcCsSlLqQjJnNvVwdDfFeEgG".contains(kind) {
            return Err(it.error(
                "ArgumentError",
                format!("unknown pack directive '{kind}' in '{template}'"),
            ));
        }
        it.work(1)?;
        found.push(Directive {
            kind,
            count,
            is_big_endian,
        });
    }
    Ok(found)
}

fn pack_text(it: &mut Interpreter, directive: &Directive, text: &str, bytes: &mut Vec<u8>) -> Outcome<()> {
    let raw = text.as_bytes();
    match directive.kind {
        'm' => {
            let line = match directive.count {
                Count::Times(0) => usize::MAX,
                Count::Times(count) if count >= 3 => count / 3 * 3,
                _ => 45,
            };
            for chunk in raw.chunks(line) {
                bytes.extend(to_base64(chunk).bytes());
                bytes.extend((line != usize::MAX).then_some(b'\n'));
            }
        }
        'H' | 'h' | 'B' | 'b' => bytes.extend(packed_digits(directive, text)),
        'a' | 'A' | 'Z' => {
            let count = match directive.count {
                Count::All => raw.len() + usize::from(directive.kind == 'Z'),
                count => count.of(0),
            };
            it.reserve(count)?;
            let filler = if directive.kind == 'A' { b' ' } else { 0 };
            let padded = raw.iter().copied().chain(std::iter::repeat(filler));
            bytes.extend(padded.take(count));
        }
        kind => return Err(unsupported(it, kind)),
    }
    Ok(())
}

/// Hexadecimal or binary digits as bytes; the small letter has the low end first.
fn packed_digits(directive: &Directive, text: &str) -> Vec<u8> {
    let (radix, width) = match directive.kind {
        'H' | 'h' => (16, 2),
        _ => (2, 8),
    };
    let wanted = match directive.count {
        Count::All => text.len(),
        count => count.of(0).min(text.len()),
    };
    let digits: Vec<u8> = text
        .chars()
        .take(wanted)
        .map(|it| it.to_digit(radix).unwrap_or(0) as u8)
        .collect();
    let bits = 8 / width;
    let byte = |chunk: &[u8]| {
        (0..width).fold(0_u8, |byte, place| {
            let from = if directive.kind.is_ascii_uppercase() {
                place
            } else {
                width - 1 - place
            };
            byte << bits | chunk.get(from).copied().unwrap_or(0)
        })
    };
    digits.chunks(width).map(byte).collect()
}

fn unpack_text(directive: &Directive, rest: &[u8]) -> (Value, usize) {
    match directive.kind {
        'm' | 'M' | 'u' => {
            let text = from_base64(&String::from_utf8_lossy(rest));
            (Value::string(text_of(text)), rest.len())
        }
        'H' | 'h' | 'B' | 'b' => {
            let (width, bits) = if matches!(directive.kind, 'H' | 'h') {
                (2, 4)
            } else {
                (8, 1)
            };
            let all = rest.len() * width;
            let count = directive.count.of(all).min(all);
            let digit = |index: usize| {
                let place = index % width;
                let place = if directive.kind.is_ascii_uppercase() {
                    width - 1 - place
                } else {
                    place
                };
                let digit = rest[index / width] >> (place * bits) & ((1 << bits) - 1);
                char::from_digit(u32::from(digit), 16).unwrap_or('0')
            };
            let text: String = (0..count).map(digit).collect();
            (Value::string(text), count.div_ceil(width))
        }
        kind => {
            let taken = &rest[..directive.count.of(rest.len()).min(rest.len())];
            let text = text_of(taken.to_vec());
            let text = match kind {
                'A' => text.trim_end_matches([' ', '\0']),
                'Z' => text.split('\0').next().unwrap_or_default(),
                _ => &text,
            };
            (Value::string(text), taken.len())
        }
    }
}

fn pack_number(it: &mut Interpreter, directive: &Directive, value: &Value, bytes: &mut Vec<u8>) -> Outcome<()> {
    match directive.kind {
        'U' => {
            let code = it.integer_of(Some(value))?;
            let Some(letter) = u32::try_from(code).ok().and_then(char::from_u32) else {
                return Err(it.error("RangeError", "pack(U): value out of range"));
            };
            bytes.extend(letter.to_string().bytes());
        }
        'd' | 'D' | 'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let number = it.send(value, "to_f", Vec::new())?;
            let Value::Float(number) = number else {
                return Err(it.error("TypeError", "can't convert into Float"));
            };
            let mut raw = match size_of(it, directive.kind)? {
                4 => (number as f32).to_le_bytes().to_vec(),
                _ => number.to_le_bytes().to_vec(),
            };
            if directive.is_big_endian {
                raw.reverse();
            }
            bytes.extend(raw);
        }
        kind => {
            let size = size_of(it, kind)?;
            let number = it.integer_of(Some(value))?;
            let mut raw = number.to_le_bytes()[..size].to_vec();
            if directive.is_big_endian {
                raw.reverse();
            }
            bytes.extend(raw);
        }
    }
    Ok(())
}

fn number(directive: &Directive, chunk: &[u8]) -> Value {
    let mut raw = chunk.to_vec();
    if directive.is_big_endian {
        raw.reverse();
    }
    let is_negative = raw.last().is_some_and(|it| it & 0x80 != 0);
    let is_signed = matches!(directive.kind, 'c' | 's' | 'l' | 'q' | 'j');
    let filler = if is_signed && is_negative { 0xff } else { 0 };
    let mut whole = [filler; 8];
    for (place, byte) in whole.iter_mut().zip(&raw) {
        *place = *byte;
    }
    match directive.kind {
        'f' | 'F' | 'e' | 'g' => Value::Float(f64::from(f32::from_bits(u64::from_le_bytes(whole) as u32))),
        'd' | 'D' | 'E' | 'G' => Value::Float(f64::from_le_bytes(whole)),
        'Q' | 'J' if is_negative => Value::Big(std::rc::Rc::new(u64::from_le_bytes(whole).into())),
        _ => Value::Integer(i64::from_le_bytes(whole)),
    }
}

fn size_of(it: &mut Interpreter, kind: char) -> Outcome<usize> {
    match kind {
        'c' | 'C' => Ok(1),
        's' | 'S' | 'n' | 'v' => Ok(2),
        'l' | 'L' | 'N' | 'V' | 'f' | 'F' | 'e' | 'g' => Ok(4),
        'q' | 'Q' | 'j' | 'J' | 'd' | 'D' | 'E' | 'G' => Ok(8),
        kind => Err(unsupported(it, kind)),
    }
}

fn unsupported(it: &mut Interpreter, kind: char) -> Box<crate::ruby::interpreter::Flow> {
    it.error(
        "NotImplementedError",
        format!("`{kind}` of pack is not supported in a Vagrantfile"),
    )
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().iter().map(|it| char::from(*it)).collect())
}

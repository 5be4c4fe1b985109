//! Numbers in texts: at their beginning, or as the whole of them.

use super::{big, float_argument};
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::value::*;
use num_bigint::BigInt;

/// The number at the beginning of a text; 0 where there is none.
pub fn leading_integer(text: &str, base: u32) -> Value {
    let text = text.trim_start();
    let (negative, text) = match text.strip_prefix('-') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = text.to_ascii_lowercase();
    let text = match base {
        16 => lower.strip_prefix("0x").unwrap_or(&lower),
        2 => lower.strip_prefix("0b").unwrap_or(&lower),
        8 => lower.strip_prefix("0o").unwrap_or(&lower),
        _ => &lower,
    };
    let mut digits = String::new();
    let mut last_was_line = true;
    for letter in text.chars() {
        match letter {
            letter if letter.is_digit(base) => digits.push(letter),
            '_' if !last_was_line => {}
            _ => break,
        }
        last_was_line = letter == '_';
    }
    let value = big::read(&digits, base).unwrap_or(BigInt::ZERO);
    big::value(if negative { -value } else { value })
}

/// The number at the beginning of a text, with its fraction.
pub fn leading_float(text: &str) -> f64 {
    let text = text.trim_start().replace('_', "");
    let mut end = 0;
    let (mut seen_point, mut seen_exponent, mut seen_digit) = (false, false, false);
    let bytes = text.as_bytes();
    while end < bytes.len() {
        match bytes[end] {
            b'0'..=b'9' => seen_digit = true,
            b'+' | b'-' if end == 0 || matches!(bytes[end - 1], b'e' | b'E') => {}
            b'.' if !seen_point && !seen_exponent && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => {
                seen_point = true
            }
            b'e' | b'E' if seen_digit && !seen_exponent => seen_exponent = true,
            _ => break,
        }
        end += 1;
    }
    let number = &text[..end];
    number
        .parse()
        .or_else(|_| number.trim_end_matches(['e', 'E', '+', '-']).parse())
        .unwrap_or(0.0)
}

/// `Integer(value)`: the whole text must be a number.
pub fn to_integer(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let quiet = matches!(arguments.keyword("exception"), Some(Value::Boolean(false)));
    match arguments.get(0) {
        Some(Value::String(text)) => {
            let text = text.copied();
            let base = match arguments.get(1) {
                Some(Value::Integer(base)) => *base as u32,
                _ => 0,
            };
            match strict_integer(&text, base) {
                Some(value) => Ok(value),
                None if quiet => Ok(Value::Nil),
                None => Err(it.error(
                    "ArgumentError",
                    format!(
                        "invalid value for Integer(): {}",
                        crate::ruby::convert::inspect_text(&text)
                    ),
                )),
            }
        }
        Some(Value::Nil) if quiet => Ok(Value::Nil),
        Some(Value::Nil) => Err(it.error("TypeError", "can't convert nil into Integer")),
        Some(value @ Value::Object(_)) => it.send(&value.clone(), "to_i", Vec::new()),
        Some(value @ Value::Big(_)) => Ok(value.clone()),
        Some(value @ Value::Float(_)) => it.send(&value.clone(), "to_i", Vec::new()),
        value => Ok(Value::Integer(it.integer_of(value)?)),
    }
}

fn strict_integer(text: &str, base: u32) -> Option<Value> {
    let text = text.trim().replace('_', "").to_ascii_lowercase();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let prefixes = [("0x", 16), ("0b", 2), ("0o", 8)];
    let prefixed = prefixes
        .iter()
        .find_map(|(prefix, of)| Some((digits.strip_prefix(prefix)?, *of)));
    let (digits, found) = match prefixed {
        Some((digits, of)) => (digits, of),
        None if base == 0 && digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        None => (digits, if base == 0 { 10 } else { base }),
    };
    if !(2..=36).contains(&found) || digits.starts_with(['+', '-']) {
        return None;
    }
    let value = big::read(digits, found)?;
    Some(big::value(if negative { -value } else { value }))
}

/// `Float(value)`: the whole text must be a number.
pub fn to_float(it: &mut Interpreter, arguments: &Arguments) -> Eval {
    let quiet = matches!(arguments.keyword("exception"), Some(Value::Boolean(false)));
    match arguments.get(0) {
        Some(Value::String(text)) => {
            let text = text.copied();
            match text.trim().replace('_', "").parse::<f64>() {
                Ok(value) => Ok(Value::Float(value)),
                Err(_) if quiet => Ok(Value::Nil),
                Err(_) => Err(it.error(
                    "ArgumentError",
                    format!(
                        "invalid value for Float(): {}",
                        crate::ruby::convert::inspect_text(&text)
                    ),
                )),
            }
        }
        Some(Value::Nil) if quiet => Ok(Value::Nil),
        Some(Value::Nil) => Err(it.error("TypeError", "can't convert nil into Float")),
        value => Ok(Value::Float(float_argument(it, value)?)),
    }
}

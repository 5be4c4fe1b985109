//! Whole numbers of 64 bits, and numbers with a fraction.

use super::Methods;
use crate::ruby::convert::float_text;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::value::*;

pub fn install(it: &mut Interpreter) {
    let (numeric, integer, float) = (it.core.numeric.clone(), it.core.integer.clone(), it.core.float.clone());
    it.methods(&numeric, NUMERIC);
    it.methods(&integer, INTEGER);
    it.methods(&float, FLOAT);
    it.put(&integer, "MAX", Value::Integer(i64::MAX));
    for (name, value) in [
        ("INFINITY", f64::INFINITY),
        ("NAN", f64::NAN),
        ("EPSILON", f64::EPSILON),
        ("MAX", f64::MAX),
    ] {
        it.put(&float, name, Value::Float(value));
    }
    let math = it.core.module_at("Math");
    it.put(&math, "PI", Value::Float(std::f64::consts::PI));
    it.own_methods(&math, MATH);
    it.put(&it.core.object.clone(), "Fixnum", Value::Class(integer));
}

const NUMERIC: Methods = &[
    ("+", |it, this, arguments| {
        arithmetic(it, this, arguments, i64::checked_add, |one, two| one + two)
    }),
    ("-", |it, this, arguments| {
        arithmetic(it, this, arguments, i64::checked_sub, |one, two| one - two)
    }),
    ("*", |it, this, arguments| {
        arithmetic(it, this, arguments, i64::checked_mul, |one, two| one * two)
    }),
    ("/", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        arithmetic(it, this, arguments, floor_div, |one, two| one / two)
    }),
    ("%", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        arithmetic(it, this, arguments, floor_mod, |one, two| {
            one - two * (one / two).floor()
        })
    }),
    ("modulo", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        arithmetic(it, this, arguments, floor_mod, |one, two| {
            one - two * (one / two).floor()
        })
    }),
    ("div", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        let result = arithmetic(it, this, arguments, floor_div, |one, two| (one / two).floor())?;
        Ok(Value::Integer(it.integer_of(Some(&result))?))
    }),
    ("fdiv", |it, this, arguments| {
        let other = float_argument(it, arguments.get(0))?;
        Ok(Value::Float(as_float(this) / other))
    }),
    ("divmod", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        let one = arithmetic(it, this, arguments, floor_div, |one, two| (one / two).floor())?;
        let two = arithmetic(it, this, arguments, floor_mod, |one, two| {
            one - two * (one / two).floor()
        })?;
        Ok(Value::array(vec![one, two]))
    }),
    ("**", power),
    ("pow", power),
    ("-@", |it, this, _| {
        arithmetic(
            it,
            &Value::Integer(0),
            &Arguments::of(vec![this.clone()]),
            i64::checked_sub,
            |one, two| one - two,
        )
    }),
    ("+@", |_, this, _| Ok(this.clone())),
    ("coerce", |_, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::array(vec![
            Value::Float(as_float(&other)),
            Value::Float(as_float(this)),
        ]))
    }),
    ("==", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::Boolean(it.equal(this, &other)?))
    }),
    ("===", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::Boolean(it.equal(this, &other)?))
    }),
    ("<=>", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(it
            .try_compare(this, &other)?
            .map_or(Value::Nil, |it| Value::Integer(it as i64)))
    }),
    ("to_i", to_i),
    ("to_int", to_i),
    ("truncate", to_i),
    ("to_f", |_, this, _| Ok(Value::Float(as_float(this)))),
    ("to_r", |_, this, _| Ok(Value::Float(as_float(this)))),
    ("to_c", |_, this, _| Ok(this.clone())),
    ("abs", |_, this, _| {
        Ok(match this {
            Value::Integer(value) => Value::Integer(value.saturating_abs()),
            other => Value::Float(as_float(other).abs()),
        })
    }),
    ("zero?", |_, this, _| Ok(Value::Boolean(as_float(this) == 0.0))),
    ("nonzero?", |_, this, _| {
        Ok(if as_float(this) == 0.0 {
            Value::Nil
        } else {
            this.clone()
        })
    }),
    ("positive?", |_, this, _| Ok(Value::Boolean(as_float(this) > 0.0))),
    ("negative?", |_, this, _| Ok(Value::Boolean(as_float(this) < 0.0))),
    ("integer?", |_, this, _| {
        Ok(Value::Boolean(matches!(this, Value::Integer(_))))
    }),
    ("finite?", |_, this, _| Ok(Value::Boolean(as_float(this).is_finite()))),
    ("infinite?", |_, this, _| {
        Ok(if as_float(this).is_infinite() {
            Value::Integer(1)
        } else {
            Value::Nil
        })
    }),
    ("round", |it, this, arguments| rounded(it, this, arguments, f64::round)),
    ("floor", |it, this, arguments| rounded(it, this, arguments, f64::floor)),
    ("ceil", |it, this, arguments| rounded(it, this, arguments, f64::ceil)),
    ("step", |it, this, arguments| {
        let limit = arguments
            .get(0)
            .filter(|it| !matches!(it, Value::Hash(_)))
            .cloned()
            .or_else(|| arguments.keyword("to"))
            .unwrap_or(Value::Nil);
        let by = arguments
            .get(1)
            .filter(|it| !matches!(it, Value::Hash(_)))
            .cloned()
            .or_else(|| arguments.keyword("by"));
        super::range::step(
            it,
            this,
            &limit,
            &by.unwrap_or(Value::Integer(1)),
            false,
            arguments.block.as_ref(),
        )
    }),
];

const INTEGER: Methods = &[
    ("to_s", |it, this, arguments| in_base(it, this, arguments)),
    ("inspect", |it, this, arguments| in_base(it, this, arguments)),
    ("times", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(super::enumerator::with(this, "times", arguments));
        };
        let Value::Integer(count) = this else {
            return Ok(Value::Nil);
        };
        for index in 0..*count {
            it.yield_to(block, &[Value::Integer(index)])?;
        }
        Ok(this.clone())
    }),
    ("upto", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(super::enumerator::with(this, "upto", arguments));
        };
        let (Value::Integer(first), last) = (this, it.integer_of(arguments.get(0))?) else {
            return Ok(Value::Nil);
        };
        for index in *first..=last {
            it.yield_to(block, &[Value::Integer(index)])?;
        }
        Ok(this.clone())
    }),
    ("downto", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(super::enumerator::with(this, "downto", arguments));
        };
        let (Value::Integer(first), last) = (this, it.integer_of(arguments.get(0))?) else {
            return Ok(Value::Nil);
        };
        for index in (last..=*first).rev() {
            it.yield_to(block, &[Value::Integer(index)])?;
        }
        Ok(this.clone())
    }),
    ("succ", |_, this, _| {
        Ok(Value::Integer(as_integer(this).saturating_add(1)))
    }),
    ("next", |_, this, _| {
        Ok(Value::Integer(as_integer(this).saturating_add(1)))
    }),
    ("pred", |_, this, _| {
        Ok(Value::Integer(as_integer(this).saturating_sub(1)))
    }),
    ("chr", |_, this, _| {
        Ok(Value::string(
            u32::try_from(as_integer(this))
                .ok()
                .and_then(char::from_u32)
                .unwrap_or('?')
                .to_string(),
        ))
    }),
    ("ord", |_, this, _| Ok(this.clone())),
    ("even?", |_, this, _| Ok(Value::Boolean(as_integer(this) % 2 == 0))),
    ("odd?", |_, this, _| Ok(Value::Boolean(as_integer(this) % 2 != 0))),
    ("gcd", |it, this, arguments| {
        let (mut one, mut two) = (
            as_integer(this).unsigned_abs(),
            it.integer_of(arguments.get(0))?.unsigned_abs(),
        );
        while two != 0 {
            (one, two) = (two, one % two);
        }
        Ok(Value::Integer(one as i64))
    }),
    ("digits", |_, this, _| {
        let text = as_integer(this).unsigned_abs().to_string();
        Ok(Value::array(
            text.bytes()
                .rev()
                .map(|it| Value::Integer(i64::from(it - b'0')))
                .collect(),
        ))
    }),
    ("bit_length", |_, this, _| {
        Ok(Value::Integer(64 - i64::from(as_integer(this).leading_zeros())))
    }),
    ("size", |_, _, _| Ok(Value::Integer(8))),
    ("&", |it, this, arguments| {
        Ok(Value::Integer(as_integer(this) & it.integer_of(arguments.get(0))?))
    }),
    ("|", |it, this, arguments| {
        Ok(Value::Integer(as_integer(this) | it.integer_of(arguments.get(0))?))
    }),
    ("^", |it, this, arguments| {
        Ok(Value::Integer(as_integer(this) ^ it.integer_of(arguments.get(0))?))
    }),
    ("~", |_, this, _| Ok(Value::Integer(!as_integer(this)))),
    ("<<", |it, this, arguments| {
        let by = it.integer_of(arguments.get(0))?;
        shift(it, as_integer(this), by)
    }),
    (">>", |it, this, arguments| {
        let by = it.integer_of(arguments.get(0))?;
        shift(it, as_integer(this), by.saturating_neg())
    }),
    ("[]", |it, this, arguments| {
        let index = it.integer_of(arguments.get(0))?.clamp(0, 63);
        Ok(Value::Integer((as_integer(this) >> index) & 1))
    }),
    ("dup", |_, this, _| Ok(this.clone())),
];

const FLOAT: Methods = &[
    ("to_s", |_, this, _| Ok(Value::string(float_text(as_float(this))))),
    ("inspect", |_, this, _| Ok(Value::string(float_text(as_float(this))))),
    ("nan?", |_, this, _| Ok(Value::Boolean(as_float(this).is_nan()))),
];

const MATH: Methods = &[
    ("sqrt", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.sqrt()))
    }),
    ("log", |it, _, arguments| {
        let value = float_argument(it, arguments.get(0))?;
        match arguments.get(1) {
            Some(base) => Ok(Value::Float(value.ln() / float_argument(it, Some(base))?.ln())),
            None => Ok(Value::Float(value.ln())),
        }
    }),
    ("log2", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.log2()))
    }),
    ("log10", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.log10()))
    }),
    ("sin", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.sin()))
    }),
    ("cos", |it, _, arguments| {
        Ok(Value::Float(float_argument(it, arguments.get(0))?.cos()))
    }),
    ("pow", |it, _, arguments| {
        Ok(Value::Float(
            float_argument(it, arguments.get(0))?.powf(float_argument(it, arguments.get(1))?),
        ))
    }),
];

fn as_integer(value: &Value) -> i64 {
    match value {
        Value::Integer(value) => *value,
        _ => 0,
    }
}

fn as_float(value: &Value) -> f64 {
    match value {
        Value::Integer(value) => *value as f64,
        Value::Float(value) => *value,
        _ => 0.0,
    }
}

fn float_argument(it: &mut Interpreter, value: Option<&Value>) -> Outcome<f64> {
    match value {
        Some(value @ (Value::Integer(_) | Value::Float(_))) => Ok(as_float(value)),
        Some(other) => Err(it.no_conversion(&other.clone(), "Float")),
        None => Err(it.wrong_count(0, 1, Some(1))),
    }
}

fn arithmetic(
    it: &mut Interpreter,
    this: &Value,
    arguments: &Arguments,
    whole: fn(i64, i64) -> Option<i64>,
    fraction: fn(f64, f64) -> f64,
) -> Eval {
    match (this, arguments.get(0)) {
        (Value::Integer(one), Some(Value::Integer(two))) => match whole(*one, *two) {
            Some(result) => Ok(Value::Integer(result)),
            None => Err(too_big(it)),
        },
        (one, Some(two @ (Value::Integer(_) | Value::Float(_)))) => {
            Ok(Value::Float(fraction(as_float(one), as_float(two))))
        }
        (_, Some(other)) => {
            let shown = match other {
                Value::Nil | Value::Boolean(_) => it.inspect(&other.clone())?,
                other => it.class_of(other).name.borrow().clone(),
            };
            let own = it.class_of(this).name.borrow().clone();
            Err(it.error("TypeError", format!("{shown} can't be coerced into {own}")))
        }
        (_, None) => Err(it.wrong_count(0, 1, Some(1))),
    }
}

fn too_big(it: &mut Interpreter) -> Box<Flow> {
    it.error("RangeError", "this number does not fit into 64 bits")
}

fn refuse_zero(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Outcome<()> {
    match (this, arguments.get(0)) {
        (Value::Integer(_), Some(Value::Integer(0))) => Err(it.error("ZeroDivisionError", "divided by 0")),
        _ => Ok(()),
    }
}

fn floor_div(one: i64, two: i64) -> Option<i64> {
    let quotient = one.checked_div(two)?;
    Some(if one % two != 0 && (one < 0) != (two < 0) {
        quotient - 1
    } else {
        quotient
    })
}

fn floor_mod(one: i64, two: i64) -> Option<i64> {
    let rest = one.checked_rem(two)?;
    Some(if rest != 0 && (rest < 0) != (two < 0) {
        rest + two
    } else {
        rest
    })
}

fn power(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    match (this, arguments.get(0)) {
        (Value::Integer(base), Some(Value::Integer(exponent))) if *exponent >= 0 => {
            let result = u32::try_from(*exponent).ok().and_then(|it| base.checked_pow(it));
            result.map(Value::Integer).ok_or_else(|| too_big(it))
        }
        (base, exponent) => {
            let exponent = float_argument(it, exponent)?;
            Ok(Value::Float(as_float(base).powf(exponent)))
        }
    }
}

fn shift(it: &mut Interpreter, value: i64, by: i64) -> Eval {
    if by <= 0 {
        return Ok(Value::Integer(value >> by.unsigned_abs().min(63)));
    }
    let shifted = u32::try_from(by)
        .ok()
        .filter(|it| *it < 63)
        .and_then(|it| value.checked_mul(1_i64 << it));
    shifted.map(Value::Integer).ok_or_else(|| too_big(it))
}

fn to_i(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    match this {
        Value::Float(value) if !value.is_finite() => Err(it.error("FloatDomainError", float_text(*value))),
        Value::Float(value) => Ok(Value::Integer(*value as i64)),
        other => Ok(other.clone()),
    }
}

fn rounded(it: &mut Interpreter, this: &Value, arguments: &Arguments, how: fn(f64) -> f64) -> Eval {
    let digits = match arguments.get(0) {
        Some(Value::Integer(digits)) => *digits,
        _ => 0,
    };
    match this {
        Value::Integer(value) if digits >= 0 => Ok(Value::Integer(*value)),
        Value::Integer(value) => {
            let unit = 10_f64.powi(digits.unsigned_abs().min(18) as i32);
            Ok(Value::Integer((how(*value as f64 / unit) * unit) as i64))
        }
        Value::Float(value) if digits > 0 => {
            let unit = 10_f64.powi(digits.min(15) as i32);
            Ok(Value::Float(how(value * unit) / unit))
        }
        Value::Float(value) => to_i(it, &Value::Float(how(*value)), arguments),
        other => Ok(other.clone()),
    }
}

fn in_base(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let base = match arguments.get(0) {
        Some(Value::Integer(base)) if (2..=36).contains(base) => *base as u32,
        None => 10,
        Some(_) => return Err(it.error("ArgumentError", "invalid radix")),
    };
    Ok(Value::string(digits(as_integer(this), base)))
}

/// A number's digits in a base, with its sign.
pub fn digits(value: i64, base: u32) -> String {
    let mut rest = value.unsigned_abs();
    let mut digits = Vec::new();
    while rest > 0 || digits.is_empty() {
        digits.push(char::from_digit((rest % u64::from(base)) as u32, base).unwrap_or('0'));
        rest /= u64::from(base);
    }
    if value < 0 {
        digits.push('-');
    }
    digits.into_iter().rev().collect()
}

/// The number at the beginning of a text; 0 where there is none.
pub fn leading_integer(text: &str, base: u32) -> i64 {
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
    let mut value = 0_i64;
    let mut last_was_line = true;
    for letter in text.chars() {
        match letter.to_digit(base) {
            Some(digit) => value = value.saturating_mul(i64::from(base)).saturating_add(i64::from(digit)),
            None if letter == '_' && !last_was_line => {}
            None => break,
        }
        last_was_line = letter == '_';
    }
    if negative { -value } else { value }
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
                Some(value) => Ok(Value::Integer(value)),
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
        value => Ok(Value::Integer(it.integer_of(value)?)),
    }
}

fn strict_integer(text: &str, base: u32) -> Option<i64> {
    let text = text.trim().replace('_', "").to_ascii_lowercase();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
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
    i64::from_str_radix(digits, found).ok().map(|it| it * sign)
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

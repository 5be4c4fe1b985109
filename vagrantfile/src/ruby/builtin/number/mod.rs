//! Whole numbers, and numbers with a fraction.

mod big;
mod math;
mod text;

use super::Methods;
use crate::ruby::convert::float_text;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use math::MATH;
use num_bigint::BigInt;
use num_traits::ToPrimitive;
pub use text::{leading_float, leading_integer, to_float, to_integer};

pub fn install(it: &mut Interpreter) {
    let (numeric, integer, float) = (it.core.numeric.clone(), it.core.integer.clone(), it.core.float.clone());
    it.methods(&numeric, NUMERIC);
    it.methods(&integer, INTEGER);
    it.methods(&float, FLOAT);
    it.own_methods(
        &integer,
        &[("sqrt", |it, _, arguments| {
            let number = it.integer_of(arguments.get(0))?;
            match u64::try_from(number) {
                Ok(number) => Ok(Value::Integer(number.isqrt() as i64)),
                Err(_) => Err(it.error("Math::DomainError", "Numerical argument is out of domain - \"isqrt\"")),
            }
        })],
    );
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
    it.put(&math, "E", Value::Float(std::f64::consts::E));
    it.own_methods(&math, MATH);
    let argument_error = it.core.named("ArgumentError");
    it.core.class_at("Math::DomainError", &argument_error);
    it.put(&it.core.object.clone(), "Fixnum", Value::Class(integer));
}

const NUMERIC: Methods = &[
    ("+", |it, this, arguments| arithmetic(it, this, arguments, &ADD)),
    ("-", |it, this, arguments| arithmetic(it, this, arguments, &SUBTRACT)),
    ("*", |it, this, arguments| arithmetic(it, this, arguments, &MULTIPLY)),
    ("/", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        arithmetic(it, this, arguments, &DIVIDE)
    }),
    ("%", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        arithmetic(it, this, arguments, &REST)
    }),
    ("modulo", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        arithmetic(it, this, arguments, &REST)
    }),
    ("div", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        let result = arithmetic(it, this, arguments, &QUOTIENT)?;
        to_i(it, &result, arguments)
    }),
    ("fdiv", |it, this, arguments| {
        let other = float_argument(it, arguments.get(0))?;
        Ok(Value::Float(as_float(this) / other))
    }),
    ("divmod", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        let one = arithmetic(it, this, arguments, &QUOTIENT)?;
        let one = to_i(it, &one, arguments)?;
        let two = arithmetic(it, this, arguments, &REST)?;
        Ok(Value::array(vec![one, two]))
    }),
    ("**", power),
    ("pow", power),
    ("-@", |it, this, _| {
        if let Value::Float(value) = this {
            return Ok(Value::Float(-value));
        }
        arithmetic(it, &Value::Integer(0), &Arguments::of(vec![this.clone()]), &SUBTRACT)
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
    ("truncate", |it, this, arguments| {
        rounded(it, this, arguments, f64::trunc)
    }),
    ("to_f", |_, this, _| Ok(Value::Float(as_float(this)))),
    ("to_r", |it, this, _| {
        super::kernel::convert(it, "Rational", &Arguments::of(vec![this.clone()]))
    }),
    ("rationalize", rationalize),
    ("to_c", |it, this, _| {
        super::kernel::convert(it, "Complex", &Arguments::of(vec![this.clone()]))
    }),
    ("real?", |_, _, _| Ok(Value::Boolean(true))),
    ("numerator", |it, this, _| part_of_fraction(it, this, "numerator")),
    ("denominator", |it, this, _| part_of_fraction(it, this, "denominator")),
    ("abs", |_, this, _| {
        Ok(match this {
            Value::Integer(value) => big::magnitude(&BigInt::from(*value)),
            Value::Big(value) => big::magnitude(value),
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
        Ok(Value::Boolean(matches!(this, Value::Integer(_) | Value::Big(_))))
    }),
    ("finite?", |_, this, _| Ok(Value::Boolean(as_float(this).is_finite()))),
    ("infinite?", |_, this, _| {
        Ok(if as_float(this).is_infinite() {
            Value::Integer(1)
        } else {
            Value::Nil
        })
    }),
    ("round", |it, this, arguments| {
        let half = arguments.keyword("half").and_then(|it| it.text());
        let how = match half.as_deref() {
            Some("even") => f64::round_ties_even,
            Some("down") => |value: f64| (value.abs() - 0.5).ceil().copysign(value),
            _ => match (this, arguments.get(0)) {
                (Value::Float(value), Some(Value::Integer(digits @ 1..=14))) => {
                    return Ok(Value::Float(rounded_half_up(*value, *digits as i32)));
                }
                _ => f64::round,
            },
        };
        rounded(it, this, arguments, how)
    }),
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
    ("succ", |it, this, _| {
        arithmetic(it, this, &Arguments::of(vec![Value::Integer(1)]), &ADD)
    }),
    ("next", |it, this, _| {
        arithmetic(it, this, &Arguments::of(vec![Value::Integer(1)]), &ADD)
    }),
    ("pred", |it, this, _| {
        arithmetic(it, this, &Arguments::of(vec![Value::Integer(1)]), &SUBTRACT)
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
    ("even?", |_, this, _| Ok(Value::Boolean(as_bits(this) & 1 == 0))),
    ("odd?", |_, this, _| Ok(Value::Boolean(as_bits(this) & 1 != 0))),
    ("gcd", |it, this, arguments| {
        big::both(it, this, arguments, num_integer::Integer::gcd)
    }),
    ("lcm", |it, this, arguments| {
        big::both(it, this, arguments, num_integer::Integer::lcm)
    }),
    ("remainder", |it, this, arguments| {
        refuse_zero(it, this, arguments)?;
        big::both(it, this, arguments, |one, two| one % two)
    }),
    ("digits", big::digits),
    ("bit_length", |_, this, _| Ok(Value::Integer(big::bit_length(this)))),
    ("size", |_, _, _| Ok(Value::Integer(8))),
    ("&", |it, this, arguments| {
        big::both(it, this, arguments, |one, two| one & two)
    }),
    ("|", |it, this, arguments| {
        big::both(it, this, arguments, |one, two| one | two)
    }),
    ("^", |it, this, arguments| {
        big::both(it, this, arguments, |one, two| one ^ two)
    }),
    ("~", |_, this, _| {
        Ok(big::of(this).map_or(Value::Nil, |it| big::value(!it)))
    }),
    ("<<", |it, this, arguments| {
        let by = it.integer_of(arguments.get(0))?;
        big::shift(it, this, by)
    }),
    (">>", |it, this, arguments| {
        let by = it.integer_of(arguments.get(0))?;
        big::shift(it, this, by.saturating_neg())
    }),
    ("[]", |it, this, arguments| {
        let index = it.integer_of(arguments.get(0))?;
        let shifted = big::shift(it, this, index.max(0).saturating_neg())?;
        Ok(Value::Integer(if index < 0 { 0 } else { as_bits(&shifted) & 1 }))
    }),
    ("dup", |_, this, _| Ok(this.clone())),
];

const FLOAT: Methods = &[
    ("to_s", |_, this, _| Ok(Value::string(float_text(as_float(this))))),
    ("inspect", |_, this, _| Ok(Value::string(float_text(as_float(this))))),
    ("nan?", |_, this, _| Ok(Value::Boolean(as_float(this).is_nan()))),
];

fn as_integer(value: &Value) -> i64 {
    match value {
        Value::Integer(value) => *value,
        _ => 0,
    }
}

/// A whole number of any length; nought for what is none.
pub fn whole(value: &Value) -> BigInt {
    big::of(value).unwrap_or(BigInt::ZERO)
}

/// The lowest bits of a whole number.
fn as_bits(value: &Value) -> i64 {
    match value {
        Value::Big(value) => i64::from(value.bit(0)),
        other => as_integer(other),
    }
}

fn as_float(value: &Value) -> f64 {
    match value {
        Value::Integer(value) => *value as f64,
        Value::Big(value) => value.to_f64().unwrap_or(f64::INFINITY),
        Value::Float(value) => *value,
        _ => 0.0,
    }
}

fn float_argument(it: &mut Interpreter, value: Option<&Value>) -> Outcome<f64> {
    match value {
        Some(value @ (Value::Integer(_) | Value::Big(_) | Value::Float(_))) => Ok(as_float(value)),
        Some(other @ Value::Object(_)) if it.find_method(other, Symbol::new("to_f")).is_some() => {
            let number = it.send(&other.clone(), "to_f", Vec::new())?;
            Ok(as_float(&number))
        }
        Some(other) => Err(it.no_conversion(&other.clone(), "Float")),
        None => Err(it.wrong_count(0, 1, Some(1))),
    }
}

/// What an operator does with whole numbers of 64 bits where the result fits, with any others, and with fractions.
struct Operator {
    name: &'static str,
    whole: fn(i64, i64) -> Option<i64>,
    big: fn(&BigInt, &BigInt) -> BigInt,
    fraction: fn(f64, f64) -> f64,
}

const ADD: Operator = Operator {
    name: "+",
    whole: i64::checked_add,
    big: |one, two| one + two,
    fraction: |one, two| one + two,
};

const SUBTRACT: Operator = Operator {
    name: "-",
    whole: i64::checked_sub,
    big: |one, two| one - two,
    fraction: |one, two| one - two,
};

const MULTIPLY: Operator = Operator {
    name: "*",
    whole: i64::checked_mul,
    big: |one, two| one * two,
    fraction: |one, two| one * two,
};

const DIVIDE: Operator = Operator {
    name: "/",
    whole: floor_div,
    big: num_integer::Integer::div_floor,
    fraction: |one, two| one / two,
};

const QUOTIENT: Operator = Operator {
    name: "div",
    whole: floor_div,
    big: num_integer::Integer::div_floor,
    fraction: |one, two| (one / two).floor(),
};

const REST: Operator = Operator {
    name: "%",
    whole: floor_mod,
    big: num_integer::Integer::mod_floor,
    fraction: |one, two| one - two * (one / two).floor(),
};

fn arithmetic(it: &mut Interpreter, this: &Value, arguments: &Arguments, operator: &Operator) -> Eval {
    match (this, arguments.get(0)) {
        (Value::Integer(one), Some(Value::Integer(two))) => match (operator.whole)(*one, *two) {
            Some(result) => Ok(Value::Integer(result)),
            None => Ok(big::value((operator.big)(&BigInt::from(*one), &BigInt::from(*two)))),
        },
        (one, Some(two @ (Value::Integer(_) | Value::Big(_) | Value::Float(_)))) => {
            match (big::of(one), big::of(two)) {
                (Some(one), Some(two)) => {
                    big::check(it, one.bits().saturating_add(two.bits()))?;
                    Ok(big::value((operator.big)(&one, &two)))
                }
                _ => Ok(Value::Float((operator.fraction)(as_float(one), as_float(two)))),
            }
        }
        (_, Some(other @ Value::Object(_))) if it.find_method(other, Symbol::new("coerce")).is_some() => {
            let pair = it.send(&other.clone(), "coerce", vec![this.clone()])?;
            match it.to_items(&pair)?.as_slice() {
                [one, two] => it.send(one, operator.name, vec![two.clone()]),
                _ => Err(it.error("TypeError", "coerce must return [x, y]")),
            }
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

fn refuse_zero(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Outcome<()> {
    match (this, arguments.get(0)) {
        (Value::Integer(_) | Value::Big(_), Some(Value::Integer(0))) => {
            Err(it.error("ZeroDivisionError", "divided by 0"))
        }
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
    if let Some(modulus) = arguments.get(1) {
        return big::power_within(it, this, arguments.get(0), &modulus.clone());
    }
    match (this, arguments.get(0)) {
        (base @ (Value::Integer(_) | Value::Big(_)), Some(Value::Integer(exponent))) if *exponent >= 0 => {
            big::power(it, base, *exponent)
        }
        (base @ (Value::Integer(_) | Value::Big(_)), Some(Value::Integer(_))) => {
            let base = super::kernel::convert(it, "Rational", &Arguments::of(vec![base.clone()]))?;
            it.send(&base, "**", arguments.list.clone())
        }
        (base, exponent) => {
            let exponent = float_argument(it, exponent)?;
            Ok(Value::Float(as_float(base).powf(exponent)))
        }
    }
}

/// The simplest fraction that is as close to the number as the argument says; without one, what its decimal digits say.
fn rationalize(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(within) = arguments.get(0) else {
        let digits = Value::string(it.to_s(this)?);
        return super::kernel::convert(it, "Rational", &Arguments::of(vec![digits]));
    };
    let (value, within) = (as_float(this), float_argument(it, Some(&within.clone()))?.abs());
    let close = |bottom: &i64| ((value * *bottom as f64).round() / *bottom as f64 - value).abs() <= within;
    let bottom = (1..=1_000_000).find(close).unwrap_or(1_000_000);
    let parts = [(value * bottom as f64).round() as i64, bottom].map(Value::Integer);
    super::kernel::convert(it, "Rational", &Arguments::of(parts.into()))
}

fn part_of_fraction(it: &mut Interpreter, this: &Value, part: &str) -> Eval {
    let fraction = super::kernel::convert(it, "Rational", &Arguments::of(vec![this.clone()]))?;
    it.send(&fraction, part, Vec::new())
}

fn to_i(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    match this {
        Value::Float(value) if !value.is_finite() => Err(it.error("FloatDomainError", float_text(*value))),
        Value::Float(value) => Ok(big::from_float(*value)),
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
        Value::Float(value) => {
            let whole = to_i(it, &Value::Float(how(*value)), arguments)?;
            match digits {
                ..0 => rounded(it, &whole, arguments, how),
                _ => Ok(whole),
            }
        }
        other => Ok(other.clone()),
    }
}

/// What is written as halfway between two counts as more, although it is a little less (`round_half_up` of Ruby 3.3's `numeric.c`).
fn rounded_half_up(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    let scaled = (value.abs() * unit).round();
    // What has no digits to lose stays as it is.
    if !scaled.is_finite() || scaled >= 2_f64.powi(53) {
        return value;
    }
    let is_half = (scaled + 0.5) / unit <= value.abs();
    ((if is_half { scaled + 1.0 } else { scaled }) / unit).copysign(value)
}

fn in_base(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let base = match arguments.get(0) {
        Some(Value::Integer(base)) if (2..=36).contains(base) => *base as u32,
        None => 10,
        Some(_) => return Err(it.error("ArgumentError", "invalid radix")),
    };
    Ok(Value::string(match this {
        Value::Big(value) => value.to_str_radix(base),
        other => digits(as_integer(other), base),
    }))
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

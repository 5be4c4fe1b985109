//! Whole numbers beyond 64 bits.
//!
//! **Invariant:** a number that fits into 64 bits is never a big one, and no number has more than [`MOST_BITS`].

use super::as_integer;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
use num_bigint::{BigInt, Sign};
use num_traits::{FromPrimitive, ToPrimitive};
use std::rc::Rc;

/// How long a number may become. Digests, addresses and keys have a few hundred bits.
const MOST_BITS: u64 = 1 << 16;

/// A number as a value.
pub fn value(number: BigInt) -> Value {
    match number.to_i64() {
        Some(number) => Value::Integer(number),
        None => {
            let bytes = (number.bits() / 8) as usize;
            charge(bytes + 64);
            handle(bytes * 64);
            Value::Big(Rc::new(number))
        }
    }
}

/// A whole number, whatever its length.
pub fn of(value: &Value) -> Option<BigInt> {
    match value {
        Value::Integer(value) => Some(BigInt::from(*value)),
        Value::Big(value) => Some(BigInt::clone(value)),
        _ => None,
    }
}

/// Refuses numbers of too many bits before they are made.
pub fn check(it: &mut Interpreter, bits: u64) -> Outcome<()> {
    if bits <= MOST_BITS {
        return Ok(());
    }
    Err(it.error("RangeError", format!("this number has more than {MOST_BITS} bits")))
}

/// Digits of a base; nothing where they are none, or too many.
pub fn read(digits: &str, base: u32) -> Option<BigInt> {
    if digits.len() as u64 > MOST_BITS / 4 {
        return None;
    }
    BigInt::parse_bytes(digits.as_bytes(), base)
}

/// The number without its sign.
pub fn magnitude(number: &BigInt) -> Value {
    value(BigInt::from(number.magnitude().clone()))
}

/// The whole part of a number with a fraction, which is finite.
pub fn from_float(number: f64) -> Value {
    BigInt::from_f64(number).map_or(Value::Integer(0), value)
}

/// An operation on two whole numbers.
pub fn both(it: &mut Interpreter, this: &Value, arguments: &Arguments, how: fn(&BigInt, &BigInt) -> BigInt) -> Eval {
    let other = match arguments.get(0) {
        Some(other @ Value::Big(_)) => of(other),
        other => Some(BigInt::from(it.integer_of(other)?)),
    };
    let (Some(one), Some(two)) = (of(this), other) else {
        return Ok(Value::Nil);
    };
    check(it, one.bits().saturating_add(two.bits()))?;
    Ok(value(how(&one, &two)))
}

/// `base ** exponent`
pub fn power(it: &mut Interpreter, base: &Value, exponent: i64) -> Eval {
    let Some(base) = of(base) else { return Ok(Value::Nil) };
    if base.magnitude().bits() > 1 {
        check(it, base.bits().saturating_mul(exponent.unsigned_abs()))?;
    }
    // What remains is small, or nought and one, of which only the parity of the exponent counts.
    let exponent = u32::try_from(exponent).unwrap_or(2 + (exponent & 1) as u32);
    Ok(value(base.pow(exponent)))
}

/// `base.pow(exponent, modulus)`
pub fn power_within(it: &mut Interpreter, base: &Value, exponent: Option<&Value>, modulus: &Value) -> Eval {
    let numbers = (of(base), exponent.and_then(of), of(modulus));
    match numbers {
        (_, _, Some(modulus)) if modulus.sign() == Sign::NoSign => Err(it.error("ZeroDivisionError", "divided by 0")),
        (Some(base), Some(exponent), Some(modulus)) if exponent.sign() != Sign::Minus => {
            it.work((modulus.bits() as usize).saturating_mul(exponent.bits() as usize))?;
            Ok(value(base.modpow(&exponent, &modulus)))
        }
        _ => Err(it.error(
            "TypeError",
            "Integer#pow() 2nd argument not allowed unless all arguments are integers",
        )),
    }
}

/// A number moved to the left; to the right where `by` is negative.
pub fn shift(it: &mut Interpreter, this: &Value, by: i64) -> Eval {
    let Some(number) = of(this) else { return Ok(Value::Nil) };
    if number.sign() == Sign::NoSign {
        return Ok(Value::Integer(0));
    }
    if by <= 0 {
        return Ok(value(number >> by.unsigned_abs().min(MOST_BITS)));
    }
    check(it, number.bits().saturating_add(by.unsigned_abs()))?;
    Ok(value(number << by))
}

/// The digits of a number, the last one first.
pub fn digits(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let base = match arguments.get(0) {
        Some(base) => it.integer_of(Some(base))?,
        None => 10,
    };
    if base < 2 {
        return Err(it.error("ArgumentError", format!("invalid radix {base}")));
    }
    let Some(mut rest) = of(this).filter(|it| it.sign() != Sign::Minus) else {
        return Err(it.error("Math::DomainError", "out of domain"));
    };
    let mut digits = Vec::new();
    while rest.sign() != Sign::NoSign || digits.is_empty() {
        handle((rest.bits() / 8) as usize);
        it.tick()?;
        digits.push(value(&rest % base));
        rest /= base;
    }
    Ok(Value::array(digits))
}

/// How many bits a number has, without its sign.
pub fn bit_length(this: &Value) -> i64 {
    match this {
        Value::Big(number) if number.sign() == Sign::Minus => (BigInt::clone(number) + 1_i32).bits() as i64,
        Value::Big(number) => number.bits() as i64,
        other => {
            let number = as_integer(other);
            64 - i64::from((number ^ (number >> 63)).leading_zeros())
        }
    }
}

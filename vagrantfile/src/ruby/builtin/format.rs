//! `%`-formats: `"%02d" % n`, `sprintf`, `printf`.

use crate::ruby::interpreter::{Interpreter, Outcome};
use crate::ruby::value::*;
use num_bigint::{BigInt, Sign};

#[derive(Default)]
struct Directive {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// The first value is the format, the others fill it.
pub fn format(it: &mut Interpreter, values: &[Value]) -> Outcome<String> {
    let template = it.text_of(values.first())?;
    let mut formatter = Formatter {
        values: values.get(1..).unwrap_or_default(),
        next: 0,
        output: String::new(),
    };
    let letters: Vec<char> = template.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        if letters[at] != '%' {
            formatter.output.push(letters[at]);
            at += 1;
            continue;
        }
        at = formatter.directive(it, &letters, at + 1)?;
        it.check_length(formatter.output.len())?;
    }
    Ok(formatter.output)
}

struct Formatter<'a> {
    values: &'a [Value],
    next: usize,
    output: String,
}

impl Formatter<'_> {
    /// Reads one directive and returns where the text goes on.
    fn directive(&mut self, it: &mut Interpreter, letters: &[char], mut at: usize) -> Outcome<usize> {
        let mut directive = Directive::default();
        let mut named: Option<Value> = None;
        loop {
            let Some(&letter) = letters.get(at) else {
                return Err(it.error(
                    "ArgumentError",
                    "incomplete format specifier; use %% (double %) instead",
                ));
            };
            at += 1;
            match letter {
                '-' => directive.left = true,
                '0' => directive.zero = true,
                '+' => directive.plus = true,
                ' ' => directive.space = true,
                '#' => directive.alternate = true,
                '1'..='9' => {
                    let (number, end) = number(letters, at - 1);
                    at = end;
                    if letters.get(at) == Some(&'$') {
                        at += 1;
                        named = self.values.get(number.wrapping_sub(1)).cloned();
                    } else {
                        directive.width = number;
                    }
                }
                '*' => {
                    let value = self.take(it)?;
                    let width = it.integer_of(Some(&value))?;
                    directive.left |= width < 0;
                    directive.width = width.unsigned_abs() as usize;
                }
                '.' => {
                    let (number, end) = number(letters, at);
                    (directive.precision, at) = (Some(number), end);
                }
                '<' | '{' => {
                    let close = if letter == '<' { '>' } else { '}' };
                    let Some(length) = letters[at..].iter().position(|it| *it == close) else {
                        return Err(it.error("ArgumentError", "malformed name - unmatched parenthesis"));
                    };
                    let name: String = letters[at..at + length].iter().collect();
                    at += length + 1;
                    let value = self.look_up(it, &name)?;
                    if letter == '{' {
                        let text = it.to_s(&value)?;
                        self.pad(it, &directive, text)?;
                        return Ok(at);
                    }
                    named = Some(value);
                }
                '%' => {
                    self.output.push('%');
                    return Ok(at);
                }
                '\n' | '\0' => {
                    self.output.push('%');
                    self.output.push(letter);
                    return Ok(at);
                }
                kind => {
                    let value = match named.take() {
                        Some(value) => value,
                        None => self.take(it)?,
                    };
                    let text = convert(it, &mut directive, kind, &value)?;
                    self.pad(it, &directive, text)?;
                    return Ok(at);
                }
            }
        }
    }

    fn take(&mut self, it: &mut Interpreter) -> Outcome<Value> {
        self.next += 1;
        match self.values.get(self.next - 1) {
            Some(value) => Ok(value.clone()),
            None => Err(it.error("ArgumentError", "too few arguments")),
        }
    }

    fn look_up(&mut self, it: &mut Interpreter, name: &str) -> Outcome<Value> {
        let found = match self.values.first() {
            Some(Value::Hash(table)) => table.get_symbol(name),
            _ => return Err(it.error("ArgumentError", "one hash required")),
        };
        found.ok_or_else(|| it.error("KeyError", format!("key<{name}> not found")))
    }

    fn pad(&mut self, it: &mut Interpreter, directive: &Directive, text: String) -> Outcome<()> {
        let missing = directive.width.saturating_sub(text.chars().count());
        it.reserve(missing)?;
        if directive.left {
            self.output.push_str(&text);
            self.output.extend(std::iter::repeat_n(' ', missing));
        } else if directive.zero {
            let (sign, digits) = text.split_at(text.find(|it: char| !matches!(it, '-' | '+' | ' ')).unwrap_or(0));
            self.output.push_str(sign);
            self.output.extend(std::iter::repeat_n('0', missing));
            self.output.push_str(digits);
        } else {
            self.output.extend(std::iter::repeat_n(' ', missing));
            self.output.push_str(&text);
        }
        Ok(())
    }
}

fn number(letters: &[char], mut at: usize) -> (usize, usize) {
    let mut value = 0_usize;
    while let Some(digit) = letters.get(at).and_then(|it| it.to_digit(10)) {
        value = value.saturating_mul(10).saturating_add(digit as usize);
        at += 1;
    }
    (value, at)
}

fn convert(it: &mut Interpreter, directive: &mut Directive, kind: char, value: &Value) -> Outcome<String> {
    let text = match kind {
        'd' | 'i' | 'u' => {
            let number = whole(it, value)?;
            signed(directive, &number, 10)
        }
        'x' | 'X' | 'o' | 'b' | 'B' => {
            let number = whole(it, value)?;
            in_base(directive, kind, &number)
        }
        'f' => {
            let precision = directive.precision.unwrap_or(6).min(300);
            with_sign(directive, fixed(fraction(it, value)?, precision))
        }
        'e' | 'E' | 'g' | 'G' => {
            let number = fraction(it, value)?;
            let precision = directive.precision.unwrap_or(6).min(300);
            let text = match kind.to_ascii_lowercase() {
                'g' => shortest(number, precision.max(1)),
                _ => exponential(number, precision),
            };
            let text = with_sign(directive, text);
            if kind.is_ascii_uppercase() {
                text.to_uppercase()
            } else {
                text
            }
        }
        's' => limited(directive, it.to_s(value)?),
        'p' => limited(directive, it.inspect(value)?),
        'c' => match value {
            Value::Integer(code) => u32::try_from(*code)
                .ok()
                .and_then(char::from_u32)
                .unwrap_or('?')
                .to_string(),
            other => it.to_s(other)?.chars().take(1).collect(),
        },
        other => return Err(it.error("ArgumentError", format!("malformed format string - %{other}"))),
    };
    directive.zero &= !matches!(kind, 's' | 'p' | 'c');
    Ok(text)
}

fn limited(directive: &Directive, text: String) -> String {
    match directive.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    }
}

fn signed(directive: &Directive, number: &BigInt, base: u32) -> String {
    let digits = number.magnitude().to_str_radix(base);
    let width = directive.precision.unwrap_or(0).min(300);
    let sign = if number.sign() == Sign::Minus { "-" } else { "" };
    with_sign(directive, format!("{sign}{digits:0>width$}"))
}

/// A number in base 2, 8 or 16. A negative one without a wish for a sign is shown as the two's complement that goes on for ever.
fn in_base(directive: &Directive, kind: char, number: &BigInt) -> String {
    let (bits, prefix) = match kind.to_ascii_lowercase() {
        'x' => (4_u32, "0x"),
        'o' => (3, "0"),
        _ => (1, "0b"),
    };
    let prefix = if directive.alternate { prefix } else { "" };
    let text = if number.sign() != Sign::Minus || directive.plus || directive.space {
        prefixed(prefix, &signed(directive, number, 1 << bits))
    } else {
        let places = number.bits() / u64::from(bits) + 1;
        let complement = (BigInt::from(1) << (places * u64::from(bits))) + number;
        let digits = complement.to_str_radix(1 << bits);
        let last = char::from_digit((1 << bits) - 1, 1 << bits).unwrap_or('1');
        format!("{prefix}..{last}{}", digits.trim_start_matches(last))
    };
    if kind == 'X' { text.to_uppercase() } else { text }
}

/// The prefix behind the sign.
fn prefixed(prefix: &str, text: &str) -> String {
    let (sign, digits) = text.split_at(text.find(|it: char| !matches!(it, '-' | '+' | ' ')).unwrap_or(0));
    format!("{sign}{prefix}{digits}")
}

/// `%g`: with an exponent where the number is very large or small, and no noughts at the end.
fn shortest(number: f64, precision: usize) -> String {
    let scientific = exponential(number, precision - 1);
    let exponent: i32 = scientific.split_once('e').and_then(|it| it.1.parse().ok()).unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        return format!("{}e{exponent}", without_noughts(mantissa));
    }
    let places = (precision as i32 - 1 - exponent).max(0) as usize;
    without_noughts(&format!("{number:.places$}")).to_owned()
}

fn without_noughts(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

fn with_sign(directive: &Directive, text: String) -> String {
    match () {
        () if text.starts_with('-') => text,
        () if directive.plus => format!("+{text}"),
        () if directive.space => format!(" {text}"),
        () => text,
    }
}

fn exponential(value: f64, precision: usize) -> String {
    if !value.is_finite() {
        return crate::ruby::convert::float_text(value);
    }
    let text = format!("{value:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |it| ('-', it));
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn whole(it: &mut Interpreter, value: &Value) -> Outcome<BigInt> {
    let number = match value {
        Value::Float(value) => it.send(&Value::Float(*value), "floor", Vec::new())?,
        other => super::number::to_integer(it, &Arguments::of(vec![other.clone()]))?,
    };
    Ok(super::number::whole(&number))
}

/// With so many digits behind the point. What is written as halfway between two goes to the even one, whatever is behind the digits that
/// are shown of it (`BSD__dtoa` of Ruby 3.3, for up to 14 digits).
fn fixed(value: f64, precision: usize) -> String {
    const MOST_DIGITS: usize = 15;
    let shown = format!("{value}");
    let digits = shown.bytes().filter(u8::is_ascii_digit).count();
    let behind = shown.split_once('.').map_or(0, |(_, behind)| behind.len());
    if behind != precision + 1 || !shown.ends_with('5') || digits > MOST_DIGITS {
        return format!("{value:.precision$}");
    }
    let cut = shown[..shown.len() - 1].trim_end_matches('.');
    match cut.ends_with(['0', '2', '4', '6', '8']) {
        true => cut.to_owned(),
        // A bit more than halfway: the digits that are cut off come to no more than that.
        false => format!("{:.precision$}", format!("{shown}1").parse().unwrap_or(value)),
    }
}

fn fraction(it: &mut Interpreter, value: &Value) -> Outcome<f64> {
    match super::number::to_float(it, &Arguments::of(vec![value.clone()]))? {
        Value::Float(value) => Ok(value),
        _ => Ok(0.0),
    }
}

//! What values are as text, as numbers and as lists; when two are equal, and which comes first.

use super::interpreter::{Eval, Flow, Interpreter, Outcome};
use super::symbol::Symbol;
use super::value::*;
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use std::cmp::Ordering;
use std::rc::Rc;

#[expect(
    clippy::wrong_self_convention,
    reason = "Ruby's names; converting may run code of the file"
)]
impl Interpreter {
    /// The text of a value, as interpolation makes it.
    pub fn to_s(&mut self, value: &Value) -> Outcome<String> {
        match value {
            Value::Nil => Ok(String::new()),
            Value::String(text) => Ok(text.copied()),
            Value::Symbol(symbol) => Ok(symbol.text().to_string()),
            Value::Integer(value) => Ok(value.to_string()),
            Value::Big(value) => Ok(value.to_string()),
            Value::Boolean(value) => Ok(value.to_string()),
            Value::Float(value) => Ok(float_text(*value)),
            Value::Array(_) | Value::Hash(_) => self.inspect(value),
            Value::Range(range) => {
                let (first, last) = (self.to_s(&range.first)?, self.to_s(&range.last)?);
                Ok(format!("{first}{}{last}", if range.exclusive { "..." } else { ".." }))
            }
            Value::Config(_) => Ok("#<Vagrant::Config>".to_owned()),
            other => match self.send(other, "to_s", Vec::new())? {
                Value::String(text) => Ok(text.copied()),
                _ => Ok(self.plain_name(other)),
            },
        }
    }

    /// A value without a text of its own.
    pub fn plain_name(&mut self, value: &Value) -> String {
        format!("#<{}>", self.class_of(value).name.borrow())
    }

    /// A value as `inspect` shows it.
    pub fn inspect(&mut self, value: &Value) -> Outcome<String> {
        let mut shown = String::new();
        self.inspect_into(value, &mut shown)?;
        Ok(shown)
    }

    /// Shows a value behind what is shown already: one text for all, so that its length can be limited.
    fn inspect_into(&mut self, value: &Value, shown: &mut String) -> Outcome<()> {
        self.tick()?;
        match value {
            Value::Nil => shown.push_str("nil"),
            Value::String(text) => shown.push_str(&inspect_text(&text.copied())),
            Value::Symbol(symbol) => shown.push_str(&inspect_symbol(&symbol.text())),
            Value::Array(list) => {
                shown.push('[');
                for (index, item) in list.to_vec().iter().enumerate() {
                    shown.push_str(if index > 0 { ", " } else { "" });
                    if item.is_same(value) {
                        shown.push_str("[...]");
                    } else {
                        self.inspect_into(item, shown)?;
                    }
                }
                shown.push(']');
            }
            Value::Hash(table) => {
                shown.push('{');
                for (index, (key, item)) in table.to_pairs().iter().enumerate() {
                    shown.push_str(if index > 0 { ", " } else { "" });
                    self.inspect_into(key, shown)?;
                    shown.push_str("=>");
                    if item.is_same(value) {
                        shown.push_str("{...}");
                    } else {
                        self.inspect_into(item, shown)?;
                    }
                }
                shown.push('}');
            }
            Value::Range(range) => {
                if !range.first.is_nil() {
                    self.inspect_into(&range.first, shown)?;
                }
                shown.push_str(if range.exclusive { "..." } else { ".." });
                if !range.last.is_nil() {
                    self.inspect_into(&range.last, shown)?;
                }
            }
            Value::Regexp(regexp) => shown.push_str(&super::builtin::regexp::inspect(regexp)),
            Value::Proc(proc) => shown.push_str(if proc.is_lambda { "#<Proc (lambda)>" } else { "#<Proc>" }),
            Value::Class(class) => shown.push_str(&class.name.borrow()),
            Value::Object(_) => match self.send(value, "inspect", Vec::new())? {
                Value::String(text) => shown.push_str(&text.copied()),
                _ => shown.push_str(&self.plain_name(value)),
            },
            other => shown.push_str(&self.to_s(other)?),
        }
        self.check_length(shown.len())
    }

    /// `one == two`
    pub fn equal(&mut self, one: &Value, two: &Value) -> Outcome<bool> {
        self.tick()?;
        match (one, two) {
            (Value::Integer(one), Value::Integer(two)) => Ok(one == two),
            (Value::Integer(one), Value::Float(two)) | (Value::Float(two), Value::Integer(one)) => {
                Ok(*one as f64 == *two)
            }
            (Value::Float(one), Value::Float(two)) => Ok(one == two),
            (Value::Big(one), Value::Float(two)) | (Value::Float(two), Value::Big(one)) => {
                Ok(one.to_f64() == Some(*two))
            }
            (Value::String(one), Value::String(two)) => Ok(*one.text.borrow() == *two.text.borrow()),
            (Value::Array(one), Value::Array(two)) => {
                let (one, two) = (one.to_vec(), two.to_vec());
                self.all_equal(&one, &two)
            }
            (Value::Hash(one), Value::Hash(two)) => self.equal_tables(one, two),
            (Value::Range(one), Value::Range(two)) => Ok(one.exclusive == two.exclusive
                && self.equal(&one.first, &two.first)?
                && self.equal(&one.last, &two.last)?),
            (Value::Regexp(one), Value::Regexp(two)) => Ok(one.text == two.text && one.flags == two.flags),
            (Value::Object(_), _) if !one.is_same(two) => match self.find_method(one, Symbol::new("==")) {
                Some(method) => Ok(self.invoke(&method, one, Arguments::of(vec![two.clone()]))?.is_true()),
                None => Ok(false),
            },
            _ => Ok(one.is_same(two)),
        }
    }

    fn all_equal(&mut self, one: &[Value], two: &[Value]) -> Outcome<bool> {
        if one.len() != two.len() {
            return Ok(false);
        }
        for (one, two) in one.iter().zip(two) {
            if !self.equal(one, two)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equal_tables(&mut self, one: &Rc<Table>, two: &Rc<Table>) -> Outcome<bool> {
        if one.len() != two.len() {
            return Ok(false);
        }
        for (key, value) in one.to_pairs() {
            match two.get(&key) {
                Some(other) if self.equal(&value, &other)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// `wanted === value`, as `case` asks.
    pub fn case_equal(&mut self, wanted: &Value, value: &Value) -> Outcome<bool> {
        match wanted {
            Value::Class(class) => {
                if self
                    .find_method(wanted, Symbol::new("==="))
                    .is_some_and(|it| !matches!(it.body, MethodBody::Native(_)))
                {
                    return Ok(self.send(wanted, "===", vec![value.clone()])?.is_true());
                }
                Ok(self.is_a(value, class))
            }
            Value::Range(_) => Ok(self.send(wanted, "===", vec![value.clone()])?.is_true()),
            Value::Regexp(_) => match value {
                Value::String(_) | Value::Symbol(_) => Ok(self.send(wanted, "===", vec![value.clone()])?.is_true()),
                _ => Ok(false),
            },
            Value::Proc(_) => Ok(self.yield_to(wanted, std::slice::from_ref(value))?.is_true()),
            Value::Object(_) => Ok(self.send(wanted, "===", vec![value.clone()])?.is_true()),
            _ => self.equal(wanted, value),
        }
    }

    /// Whether a value is of a class.
    pub fn is_a(&mut self, value: &Value, class: &Rc<Class>) -> bool {
        if self.class_of(value).is_a(class) {
            return true;
        }
        match value {
            Value::Object(object) => object.singleton.borrow().as_ref().is_some_and(|it| it.is_a(class)),
            Value::Class(own) => own.singleton.borrow().as_ref().is_some_and(|it| it.is_a(class)),
            _ => false,
        }
    }

    /// `one <=> two`; an error where they cannot be compared.
    pub fn compare(&mut self, one: &Value, two: &Value) -> Outcome<Ordering> {
        match self.try_compare(one, two)? {
            Some(ordering) => Ok(ordering),
            None => {
                let first = self.class_of(one).name.borrow().clone();
                let second = match two {
                    Value::Nil | Value::Integer(_) | Value::Big(_) | Value::Float(_) | Value::Boolean(_) => {
                        self.inspect(two)?
                    }
                    other => self.class_of(other).name.borrow().clone(),
                };
                Err(self.error("ArgumentError", format!("comparison of {first} with {second} failed")))
            }
        }
    }

    /// `one <=> two`; nothing where they cannot be compared.
    pub fn try_compare(&mut self, one: &Value, two: &Value) -> Outcome<Option<Ordering>> {
        self.tick()?;
        Ok(match (one, two) {
            (Value::Integer(one), Value::Integer(two)) => Some(one.cmp(two)),
            (Value::Integer(one), Value::Float(two)) => (*one as f64).partial_cmp(two),
            (Value::Float(one), Value::Integer(two)) => one.partial_cmp(&(*two as f64)),
            (Value::Float(one), Value::Float(two)) => one.partial_cmp(two),
            (Value::Big(one), Value::Big(two)) => Some(one.cmp(two)),
            (Value::Big(one), Value::Integer(two)) => Some((**one).cmp(&BigInt::from(*two))),
            (Value::Integer(one), Value::Big(two)) => Some(BigInt::from(*one).cmp(two)),
            (Value::Big(one), Value::Float(two)) => one.to_f64().and_then(|it| it.partial_cmp(two)),
            (Value::Float(one), Value::Big(two)) => two.to_f64().and_then(|it| one.partial_cmp(&it)),
            (Value::String(one), Value::String(two)) => {
                Some(one.text.borrow().as_bytes().cmp(two.text.borrow().as_bytes()))
            }
            (Value::Symbol(one), Value::Symbol(two)) => Some(one.text().cmp(&two.text())),
            (Value::Boolean(one), Value::Boolean(two)) if one == two => Some(Ordering::Equal),
            (Value::Nil, Value::Nil) => Some(Ordering::Equal),
            (Value::Array(one), Value::Array(two)) => {
                let (one, two) = (one.to_vec(), two.to_vec());
                for (one, two) in one.iter().zip(&two) {
                    match self.try_compare(one, two)? {
                        Some(Ordering::Equal) => {}
                        other => return Ok(other),
                    }
                }
                Some(one.len().cmp(&two.len()))
            }
            (Value::Object(_), _) if self.find_method(one, Symbol::new("<=>")).is_some() => {
                match self.send(one, "<=>", vec![two.clone()])? {
                    Value::Integer(order) => Some(order.cmp(&0)),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// Sorts by `<=>` or by a block.
    pub fn sort(&mut self, items: Vec<Value>, block: Option<&Value>) -> Outcome<Vec<Value>> {
        // Merging by hand, since a comparison may raise, and may be inconsistent.
        if items.len() <= 1 {
            return Ok(items);
        }
        let mut left = items;
        let right = left.split_off(left.len() / 2);
        let (left, right) = (self.sort(left, block)?, self.sort(right, block)?);
        let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
        let mut sorted = Vec::with_capacity(left.len() + right.len());
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            let order = match block {
                Some(block) => {
                    let result = self.yield_to(block, &[one.clone(), two.clone()])?;
                    self.compare(&result, &Value::Integer(0))?
                }
                None => self.compare(one, two)?,
            };
            sorted.extend(if order == Ordering::Greater {
                right.next()
            } else {
                left.next()
            });
        }
        sorted.extend(left);
        sorted.extend(right);
        Ok(sorted)
    }

    /// The items of anything that has some.
    pub fn to_items(&mut self, value: &Value) -> Outcome<Vec<Value>> {
        match value {
            Value::Array(list) => Ok(list.to_vec()),
            Value::Hash(table) => Ok(table
                .to_pairs()
                .into_iter()
                .map(|(key, value)| Value::array(vec![key, value]))
                .collect()),
            Value::Range(range) => super::builtin::range::items(self, range),
            Value::Nil => Err(self.no_each(value)),
            _ => {
                if self.find_method(value, Symbol::new("each")).is_none() {
                    return Err(self.no_each(value));
                }
                let items = Rc::new(std::cell::RefCell::new(Vec::new()));
                let collected = items.clone();
                let block = Value::native_block(-1, move |it, arguments| {
                    it.tick()?;
                    let item = match arguments.list.as_slice() {
                        [one] => one.clone(),
                        several => Value::array(several.to_vec()),
                    };
                    collected.borrow_mut().push(item);
                    Ok(Value::Nil)
                });
                let arguments = Arguments {
                    block: Some(block),
                    ..Arguments::default()
                };
                self.call(value, Symbol::new("each"), arguments)?;
                let items = items.take();
                Ok(items)
            }
        }
    }

    fn no_each(&mut self, value: &Value) -> Box<Flow> {
        let shown = self.describe(value);
        self.error("NoMethodError", format!("undefined method `each' for {shown}"))
    }

    /// A range; its ends must be comparable.
    pub fn range(&mut self, first: Value, last: Value, exclusive: bool) -> Eval {
        let fits = match (&first, &last) {
            (Value::Nil, _) | (_, Value::Nil) => true,
            (Value::Array(_) | Value::Hash(_) | Value::Range(_) | Value::Proc(_), _) => false,
            _ => self.try_compare(&first, &last)?.is_some(),
        };
        if !fits {
            return Err(self.error("ArgumentError", "bad value for range"));
        }
        charge(64);
        Ok(Value::Range(Rc::new(Range { first, last, exclusive })))
    }

    /// An argument as text; `nil` and numbers are an error.
    pub fn text_of(&mut self, value: Option<&Value>) -> Outcome<String> {
        match value {
            Some(Value::String(text)) => Ok(text.copied()),
            Some(Value::Symbol(symbol)) => Ok(symbol.text().to_string()),
            Some(Value::Object(_)) => {
                let value = value.cloned().unwrap_or(Value::Nil);
                for name in ["to_str", "to_path"] {
                    if self.find_method(&value, Symbol::new(name)).is_some() {
                        let text = self.send(&value, name, Vec::new())?;
                        return self.text_of(Some(&text));
                    }
                }
                Err(self.no_conversion(&value, "String"))
            }
            Some(other) => Err(self.no_conversion(&other.clone(), "String")),
            None => Err(self.wrong_count(0, 1, None)),
        }
    }

    /// An argument as a whole number.
    pub fn integer_of(&mut self, value: Option<&Value>) -> Outcome<i64> {
        match value {
            Some(Value::Integer(value)) => Ok(*value),
            Some(Value::Float(value)) if value.is_finite() => Ok(*value as i64),
            Some(Value::Big(_)) => Err(self.error("RangeError", "bignum too big to convert into `long'")),
            Some(other) => Err(self.no_conversion(&other.clone(), "Integer")),
            None => Err(self.wrong_count(0, 1, None)),
        }
    }

    /// The error for a value that is not what it should be.
    pub fn no_conversion(&mut self, value: &Value, wanted: &str) -> Box<Flow> {
        let shown = match value {
            Value::Nil => "nil".to_owned(),
            Value::Boolean(value) => value.to_string(),
            other => self.class_of(other).name.borrow().clone(),
        };
        let into = if matches!(value, Value::Nil) && wanted == "Integer" {
            "from nil to integer".to_owned()
        } else {
            format!("of {shown} into {wanted}")
        };
        self.error("TypeError", format!("no implicit conversion {into}"))
    }
}

/// A number with a fraction, as Ruby writes it.
pub fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e15).contains(&magnitude) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = if mantissa.contains('.') {
            mantissa.to_owned()
        } else {
            format!("{mantissa}.0")
        };
        let (sign, digits) = exponent.strip_prefix('-').map_or(("+", exponent), |it| ("-", it));
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let text = value.to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// A text between quotes, with escapes.
pub fn inspect_text(text: &str) -> String {
    let mut shown = String::from("\"");
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            '\u{1b}' => shown.push_str("\\e"),
            '\0' => shown.push_str("\\u0000"),
            '\u{7}' => shown.push_str("\\a"),
            '\u{8}' => shown.push_str("\\b"),
            '\u{b}' => shown.push_str("\\v"),
            '\u{c}' => shown.push_str("\\f"),
            '#' if matches!(letters.peek(), Some('{' | '$' | '@')) => shown.push_str("\\#"),
            letter if letter.is_control() => shown.push_str(&format!("\\u{:04X}", letter as u32)),
            letter => shown.push(letter),
        }
    }
    shown.push('"');
    shown
}

/// A symbol, in quotes where it needs them.
pub fn inspect_symbol(text: &str) -> String {
    if is_plain_symbol(text) {
        format!(":{text}")
    } else {
        format!(":{}", inspect_text(text))
    }
}

fn is_plain_symbol(text: &str) -> bool {
    const OPERATORS: &[&str] = &[
        "+", "-", "*", "/", "%", "**", "==", "!=", "<", ">", "<=", ">=", "<=>", "===", "[]", "[]=", "<<", ">>", "!",
        "=~", "!~", "&", "|", "^", "~", "+@", "-@", "`",
    ];
    if OPERATORS.contains(&text) {
        return true;
    }
    let body = text
        .strip_prefix("@@")
        .or(text.strip_prefix('@'))
        .or(text.strip_prefix('$'))
        .unwrap_or(text);
    let body = body.strip_suffix(['?', '!', '=']).unwrap_or(body);
    let mut letters = body.chars();
    letters.next().is_some_and(|it| it.is_alphabetic() || it == '_')
        && letters.all(|it| it.is_alphanumeric() || it == '_')
}

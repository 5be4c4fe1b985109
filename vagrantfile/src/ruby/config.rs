//! `config` and everything below it: calls on objects of the live model, and values on their way in and out of it.

use super::interpreter::{Eval, Flow, Interpreter, Outcome};
use super::symbol::Symbol;
use super::value::*;
use crate::layer;
use crate::model::{self, Datum, LanguageName, Live, ObjectId, Reading, Signature};
use num_traits::ToPrimitive;
use std::any::Any;
use std::rc::Rc;

/// Vagrant's marker for what nobody has set: a symbol that files can read, compare and print.
pub const UNSET: &str = "__UNSET__VALUE__";

/// A value that the file may still change after it was assigned.
struct LiveValue(Value);

impl Live for LiveValue {
    fn snapshot(&self) -> layer::Value {
        plain(&self.0, 64, &mut 1_000_000)
    }

    fn as_any(&self) -> &dyn Any {
        &self.0
    }
}

/// Calls a method of a configuration object.
pub fn dispatch(it: &mut Interpreter, object: ObjectId, name: Symbol, arguments: Arguments) -> Eval {
    if let Some(singleton) = it.config_singletons.get(&object).cloned()
        && let Some(method) = it.find_in(&singleton, name)
    {
        return it.invoke(&method, &Value::Config(object), arguments);
    }
    let text = name.text();
    if let Some(method) = universal(it, &text) {
        return it.invoke(&method, &Value::Config(object), arguments);
    }
    check_count(it, object, &text, &arguments)?;
    match (&*text, arguments.list.as_slice()) {
        ("==" | "equal?" | "eql?", [other]) => Ok(Value::Boolean(Value::Config(object).is_same(other))),
        ("!=", [other]) => Ok(Value::Boolean(!Value::Config(object).is_same(other))),
        ("respond_to?", [asked, ..]) => {
            let asked = it.text_of(Some(asked))?;
            let known = it
                .shared
                .model
                .borrow_mut()
                .get(object, asked.trim_end_matches('='))
                .is_ok();
            Ok(Value::Boolean(known))
        }
        ("[]", [key]) => {
            let key = it.to_s(key)?;
            get(it, object, &key)
        }
        ("[]=", [key, value]) => {
            let hash = Value::hash([(key.clone(), value.clone())]);
            replace(it, object, hash);
            Ok(value.clone())
        }
        ("<<" | "push" | "append", items) if !items.is_empty() => {
            let list = Value::array(items.to_vec());
            replace(it, object, list.clone());
            Ok(list)
        }
        ("merge!" | "update", [Value::Hash(_)]) if !arguments.has_keywords => {
            replace(it, object, arguments.list[0].clone());
            Ok(arguments.list[0].clone())
        }
        (_, [value]) if text.ends_with('=') && !text.ends_with("==") => set(it, object, &text[..text.len() - 1], value),
        (_, []) if arguments.block.is_none() && !it.shared.model.borrow().is_bare_call(object, &text) => {
            get(it, object, &text)
        }
        _ => call(it, object, &text, arguments),
    }
}

/// Refuses arguments that Vagrant's own method refuses: since Ruby 3 a hash at the end is no keywords.
fn check_count(it: &mut Interpreter, object: ObjectId, name: &str, arguments: &Arguments) -> Outcome<()> {
    let signature = it.shared.model.borrow().signature(object, name);
    let Some(Signature {
        least,
        most,
        takes_keywords,
    }) = signature
    else {
        return Ok(());
    };
    let (positional, keywords) = arguments.split();
    let as_positional = keywords.is_some_and(|it| !takes_keywords && it.len() > 0);
    let given = positional.len() + usize::from(as_positional);
    if (least..=most).contains(&given) {
        return Ok(());
    }
    let expected = match least == most {
        true => least.to_string(),
        false => format!("{least}..{most}"),
    };
    let advice = match (takes_keywords, positional.last()) {
        (true, Some(Value::Hash(_))) => "; a hash of options needs ** before it",
        _ => "",
    };
    let message = format!("wrong number of arguments (given {given}, expected {expected}{advice})");
    Err(it.error("ArgumentError", message))
}

/// Methods that every object has, as far as no option is called like them.
fn universal(it: &mut Interpreter, name: &str) -> Option<Rc<Method>> {
    const NAMES: &[&str] = &[
        "class",
        "is_a?",
        "kind_of?",
        "instance_of?",
        "nil?",
        "inspect",
        "to_s",
        "send",
        "__send__",
        "public_send",
        "tap",
        "then",
        "object_id",
        "instance_eval",
        "instance_exec",
        "instance_variable_get",
        "instance_variable_set",
        "instance_variables",
        "instance_variable_defined?",
        "method",
        "frozen?",
        "extend",
        "===",
        "=~",
        "!",
        "itself",
        "raise",
        "puts",
    ];
    if !NAMES.contains(&name) {
        return None;
    }
    let class = it.core.object.clone();
    it.find_in(&class, Symbol::new(name))
}

fn get(it: &mut Interpreter, object: ObjectId, name: &str) -> Eval {
    let reading = it.shared.model.borrow_mut().get(object, name);
    match reading {
        Ok(Reading::Object(inner)) => Ok(Value::Config(inner)),
        Ok(Reading::Unknown(inner)) => {
            let origin = it.origin();
            it.shared.model.borrow_mut().note_reading(inner, origin);
            Ok(Value::Config(inner))
        }
        Ok(Reading::Value(datum)) => {
            let value = from_datum(it, &datum);
            Ok(if name == "provisioners" {
                provisioners(it, value)
            } else {
                value
            })
        }
        Ok(Reading::Collection(empty)) => {
            let value = from_layer(it, &empty);
            let origin = it.origin();
            it.shared
                .model
                .borrow_mut()
                .adopt(object, name, Datum::Live(Rc::new(LiveValue(value.clone()))), origin);
            Ok(value)
        }
        Err(error) => Err(refused(it, error)),
    }
}

fn set(it: &mut Interpreter, object: ObjectId, name: &str, value: &Value) -> Eval {
    let (datum, origin) = (to_datum(it, value)?, it.origin());
    let result = it.shared.model.borrow_mut().set(object, name, datum, origin);
    match result {
        Ok(()) => Ok(value.clone()),
        Err(error) => Err(refused(it, error)),
    }
}

fn replace(it: &mut Interpreter, object: ObjectId, value: Value) {
    let origin = it.origin();
    it.shared
        .model
        .borrow_mut()
        .replace(object, Datum::Live(Rc::new(LiveValue(value))), origin);
}

fn call(it: &mut Interpreter, object: ObjectId, name: &str, arguments: Arguments) -> Eval {
    if let ("ruby", Some(block), []) = (name, &arguments.block, arguments.list.as_slice()) {
        return set(it, object, "ruby", &block.clone());
    }
    let origin = it.origin();
    let mut passed = model::Arguments::default();
    let (positional, table) = split(&arguments);
    for value in positional {
        passed.positional.push(to_datum(it, value)?);
    }
    for (key, value) in table.map(|it| it.to_pairs()).unwrap_or_default() {
        let key = it.to_s(&key)?;
        passed.named.push((key, to_datum(it, &value)?));
    }
    passed.block = arguments.block.as_ref().map(|block| keep(it, block));
    let outcome = it.shared.model.borrow_mut().call(object, name, passed, origin);
    match outcome {
        Ok(model::Outcome::Done) => Ok(Value::Nil),
        Ok(model::Outcome::Object(inner)) => Ok(Value::Config(inner)),
        Ok(model::Outcome::Run(inner)) => {
            if let Some(block) = &arguments.block {
                it.yield_to(block, &[Value::Config(inner)])?;
            }
            Ok(Value::Nil)
        }
        Err(error) => Err(refused(it, error)),
    }
}

/// Options may be written as keywords or as a hash at the end.
fn split(arguments: &Arguments) -> (&[Value], Option<Rc<Table>>) {
    match arguments.list.split_last() {
        Some((Value::Hash(table), before)) if arguments.has_keywords || is_options(table, before) => {
            (before, Some(table.clone()))
        }
        _ => (&arguments.list, None),
    }
}

fn is_options(table: &Table, before: &[Value]) -> bool {
    let pairs = table.pairs.borrow();
    !before.is_empty() && !pairs.is_empty() && pairs.values().all(|(key, _)| matches!(key, Value::Symbol(_)))
}

/// Numbers a block, so that it can be called from outside.
pub fn keep(it: &mut Interpreter, block: &Value) -> model::BlockId {
    let arity = match block {
        Value::Proc(proc) => super::builtin::proc::arity_of(proc),
        _ => -1,
    };
    let id = it.shared.model.borrow_mut().keep_block(LanguageName::Ruby, arity);
    it.blocks.insert(id, block.clone());
    id
}

fn refused(it: &mut Interpreter, error: model::Error) -> Box<Flow> {
    it.error("ArgumentError", error.to_string())
}

fn provisioners(it: &mut Interpreter, list: Value) -> Value {
    let Value::Array(items) = &list else { return list };
    let class = it.core.named("VagrantPlugins::Kernel_V2::VagrantConfigProvisioner");
    let objects = items.to_vec().into_iter().map(|item| {
        let object = it.core.instance(&class);
        if let (Value::Object(object), Value::Hash(table)) = (&object, &item) {
            for (key, value) in table.to_pairs() {
                let name = key.text().unwrap_or_default();
                object
                    .instance
                    .borrow_mut()
                    .insert(Symbol::new(&format!("@{name}")), value);
            }
        }
        object
    });
    Value::array(objects.collect())
}

/// A value on its way into the model. Objects that are no plain data go as their text.
pub fn to_datum(it: &mut Interpreter, value: &Value) -> Outcome<Datum> {
    Ok(match value {
        Value::String(_) | Value::Array(_) | Value::Hash(_) => Datum::Live(Rc::new(LiveValue(value.clone()))),
        Value::Proc(_) => Datum::Plain(layer::Value::Block(keep(it, value).0)),
        Value::Object(_) | Value::Class(_) | Value::Regexp(_) => Datum::Plain(layer::Value::String(it.to_s(value)?)),
        Value::Range(_) => match plain(value, 1, &mut 100) {
            layer::Value::Nil => Datum::Plain(layer::Value::String(it.to_s(value)?)),
            range => Datum::Plain(range),
        },
        other => Datum::Plain(plain(other, 1, &mut 100)),
    })
}

/// A value as plain data; `depth` bounds lists that hold themselves, `budget` those that hold the same list again and again.
pub fn plain(value: &Value, depth: usize, budget: &mut usize) -> layer::Value {
    use layer::Value as P;
    *budget = budget.saturating_sub(1);
    match value {
        Value::Nil => P::Nil,
        Value::Boolean(value) => P::Boolean(*value),
        Value::Integer(value) => P::Integer(*value),
        Value::Big(value) => P::Float(value.to_f64().unwrap_or(f64::INFINITY)),
        Value::Float(value) => P::Float(*value),
        Value::Symbol(symbol) => match &*symbol.text() {
            UNSET => P::Unset,
            text => P::Symbol(text.to_owned()),
        },
        Value::String(text) => P::String(text.copied()),
        Value::Array(_) | Value::Hash(_) if depth == 0 || *budget == 0 => P::Nil,
        Value::Array(list) => P::List(
            list.items
                .borrow()
                .iter()
                .map(|it| plain(it, depth - 1, budget))
                .collect(),
        ),
        Value::Hash(table) => {
            let pairs = table.pairs.borrow();
            P::Map(
                pairs
                    .values()
                    .map(|(key, value)| (plain(key, depth - 1, budget), plain(value, depth - 1, budget)))
                    .collect(),
            )
        }
        Value::Range(range) => match (&range.first, &range.last) {
            (Value::Integer(first), Value::Integer(last)) => {
                P::Range(*first, last.saturating_sub(i64::from(range.exclusive)))
            }
            _ => P::Nil,
        },
        Value::Object(object) => match object.instance.borrow().get(&Symbol::new("@path")) {
            Some(Value::String(path)) => P::String(path.text.borrow().clone()),
            _ => P::String(format!("#<{}>", object.class.name.borrow())),
        },
        Value::Class(class) => P::String(class.name.borrow().clone()),
        Value::Regexp(regexp) => P::String(super::builtin::regexp::embedded(regexp)),
        Value::Config(_) => P::Unset,
        Value::Proc(_) => P::Nil,
    }
}

/// A value that the model gives back; one that Ruby put in is the same object again.
pub fn from_datum(it: &mut Interpreter, datum: &Datum) -> Value {
    match datum {
        Datum::Plain(value) => from_layer(it, value),
        Datum::Live(live) => match live.as_any().downcast_ref::<Value>() {
            Some(value) => value.clone(),
            None => from_layer(it, &live.snapshot()),
        },
    }
}

/// Plain data as a value of Ruby's.
pub fn from_layer(it: &mut Interpreter, value: &layer::Value) -> Value {
    use layer::Value as P;
    match value {
        P::Nil => Value::Nil,
        P::Boolean(value) => Value::Boolean(*value),
        P::Integer(value) => Value::Integer(*value),
        P::Float(value) => Value::Float(*value),
        P::String(text) => Value::string(text.clone()),
        P::Symbol(text) => Value::symbol(text),
        P::List(items) => Value::array(items.iter().map(|item| from_layer(it, item)).collect()),
        P::Map(pairs) => {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(key, value)| (from_layer(it, key), from_layer(it, value)))
                .collect();
            Value::hash(pairs)
        }
        P::Range(first, last) => Value::Range(Rc::new(Range {
            first: Value::Integer(*first),
            last: Value::Integer(*last),
            exclusive: false,
        })),
        P::Block(id) => it.blocks.get(&model::BlockId(*id)).cloned().unwrap_or(Value::Nil),
        P::Unset => Value::symbol(UNSET),
    }
}

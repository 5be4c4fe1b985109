//! Hashes.

use super::Methods;
use super::enumerator;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::collections::HashSet;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let hash = it.core.hash.clone();
    it.methods(&hash, METHODS);
    it.methods(&hash, CHANGING);
    it.own_methods(
        &hash,
        &[
            ("new", |_, _, arguments| {
                let table = Table::default();
                *table.default.borrow_mut() = arguments.get(0).cloned().unwrap_or(Value::Nil);
                *table.default_block.borrow_mut() = arguments.block.clone();
                Ok(Value::Hash(Rc::new(table)))
            }),
            ("[]", |it, _, arguments| match arguments.list.as_slice() {
                [Value::Hash(table)] => Ok(Value::hash(table.to_pairs())),
                [list @ Value::Array(_)] => it.send(list, "to_h", Vec::new()),
                list => Ok(Value::hash(
                    list.chunks_exact(2).map(|it| (it[0].clone(), it[1].clone())),
                )),
            }),
        ],
    );
}

const METHODS: Methods = &[
    ("[]", |it, this, arguments| {
        look_up(it, this, arguments.get(0).unwrap_or(&Value::Nil))
    }),
    ("fetch", fetch),
    ("dig", |it, this, arguments| super::array::dig(it, this, arguments)),
    ("key?", has_key),
    ("has_key?", has_key),
    ("include?", has_key),
    ("member?", has_key),
    ("value?", has_value),
    ("has_value?", has_value),
    ("key", |it, this, arguments| {
        let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
        for (key, value) in pairs(this) {
            if it.equal(&value, &wanted)? {
                return Ok(key);
            }
        }
        Ok(Value::Nil)
    }),
    ("assoc", |it, this, arguments| {
        let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
        found_pair(it, this, &wanted, |(key, _)| key)
    }),
    ("rassoc", |it, this, arguments| {
        let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
        found_pair(it, this, &wanted, |(_, value)| value)
    }),
    ("flatten", |it, this, arguments| {
        let depth = match arguments.get(0) {
            Some(depth) => usize::try_from(it.integer_of(Some(depth))?).unwrap_or(usize::MAX),
            None => 1,
        };
        let rows = pairs(this)
            .into_iter()
            .map(|(key, value)| Value::array(vec![key, value]));
        let (rows, mut flat) = (it.gather(rows)?, Vec::new());
        super::array::flatten(it, rows, depth, &mut flat)?;
        Ok(Value::array(flat))
    }),
    ("deconstruct_keys", |_, this, _| Ok(this.clone())),
    ("keys", |_, this, _| {
        Ok(Value::array(pairs(this).into_iter().map(|(key, _)| key).collect()))
    }),
    ("values", |_, this, _| {
        Ok(Value::array(pairs(this).into_iter().map(|(_, value)| value).collect()))
    }),
    ("values_at", |it, this, arguments| {
        let mut values = Vec::new();
        for key in &arguments.list {
            values.push(look_up(it, this, key)?);
        }
        Ok(Value::array(values))
    }),
    ("fetch_values", |it, this, arguments| {
        let mut values = Vec::new();
        for key in &arguments.list {
            values.push(fetch(
                it,
                this,
                &Arguments {
                    list: vec![key.clone()],
                    has_keywords: false,
                    block: arguments.block.clone(),
                },
            )?);
        }
        Ok(Value::array(values))
    }),
    ("length", |_, this, _| Ok(Value::Integer(length(this) as i64))),
    ("size", |_, this, _| Ok(Value::Integer(length(this) as i64))),
    ("empty?", |_, this, _| Ok(Value::Boolean(length(this) == 0))),
    ("each", each),
    ("each_pair", each),
    ("each_key", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "each_key", arguments));
        };
        for (key, _) in pairs(this) {
            it.yield_to(block, &[key])?;
        }
        Ok(this.clone())
    }),
    ("each_value", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "each_value", arguments));
        };
        for (_, value) in pairs(this) {
            it.yield_to(block, &[value])?;
        }
        Ok(this.clone())
    }),
    ("to_h", |it, this, arguments| match &arguments.block {
        None => Ok(this.clone()),
        Some(block) => {
            let table = Table::default();
            for (key, value) in pairs(this) {
                let pair = it.yield_to(block, &[key, value])?;
                let pair = super::array::items(&pair);
                if let [key, value] = pair.as_slice() {
                    table.insert(key.clone(), value.clone());
                }
            }
            Ok(Value::Hash(Rc::new(table)))
        }
    }),
    ("to_hash", |_, this, _| Ok(this.clone())),
    ("to_s", |it, this, _| Ok(Value::string(it.inspect(this)?))),
    ("inspect", |it, this, _| Ok(Value::string(it.inspect(this)?))),
    ("to_proc", |_, this, _| {
        let this = this.clone();
        Ok(Value::native_block(1, move |it, arguments| {
            look_up(it, &this, arguments.get(0).unwrap_or(&Value::Nil))
        }))
    }),
    ("==", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("eql?", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("select", |it, this, arguments| {
        filtered(it, this, arguments, "select", true)
    }),
    ("filter", |it, this, arguments| {
        filtered(it, this, arguments, "filter", true)
    }),
    ("reject", |it, this, arguments| {
        filtered(it, this, arguments, "reject", false)
    }),
    ("any?", |it, this, arguments| match &arguments.block {
        None => Ok(Value::Boolean(length(this) > 0)),
        Some(block) => {
            for (key, value) in pairs(this) {
                if it.yield_to(block, &[key, value])?.is_true() {
                    return Ok(Value::Boolean(true));
                }
            }
            Ok(Value::Boolean(false))
        }
    }),
    ("map", |it, this, arguments| mapped(it, this, arguments)),
    ("collect", |it, this, arguments| mapped(it, this, arguments)),
    ("find", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(Value::Nil);
        };
        for (key, value) in pairs(this) {
            if it.yield_to(block, &[key.clone(), value.clone()])?.is_true() {
                return Ok(Value::array(vec![key, value]));
            }
        }
        Ok(Value::Nil)
    }),
    ("merge", |it, this, arguments| {
        let copy = super::object::copy(it, this)?;
        merge(it, &copy, arguments)
    }),
    ("slice", |_, this, arguments| {
        let Value::Hash(table) = this else {
            return Ok(Value::Nil);
        };
        let found = arguments
            .list
            .iter()
            .filter_map(|key| Some((key.clone(), table.get(key)?)));
        Ok(Value::hash(found.collect::<Vec<_>>()))
    }),
    ("except", |it, this, arguments| {
        let gone: HashSet<Key> = it.keys(&arguments.list)?.into_iter().collect();
        Ok(Value::hash(
            pairs(this).into_iter().filter(|(key, _)| !gone.contains(&key.key())),
        ))
    }),
    ("invert", |_, this, _| {
        Ok(Value::hash(pairs(this).into_iter().map(|(key, value)| (value, key))))
    }),
    ("transform_values", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "transform_values", arguments));
        };
        let table = Table::default();
        for (key, value) in pairs(this) {
            table.insert(key, it.yield_to(block, &[value])?);
        }
        Ok(Value::Hash(Rc::new(table)))
    }),
    ("transform_keys", |it, this, arguments| {
        let table = Table::default();
        for (key, value) in pairs(this) {
            let key = match (&arguments.block, arguments.get(0)) {
                (_, Some(Value::Hash(names))) => names.get(&key).unwrap_or(key),
                (Some(block), _) => it.yield_to(block, &[key])?,
                (None, _) => key,
            };
            table.insert(key, value);
        }
        Ok(Value::Hash(Rc::new(table)))
    }),
    ("compact", |_, this, _| {
        Ok(Value::hash(
            pairs(this).into_iter().filter(|(_, value)| !value.is_nil()),
        ))
    }),
    ("sort", |it, this, arguments| {
        let items = it.to_items(this)?;
        Ok(Value::array(it.sort(items, arguments.block.as_ref())?))
    }),
    ("default", |_, this, _| match this {
        Value::Hash(table) => Ok(table.default.borrow().clone()),
        _ => Ok(Value::Nil),
    }),
    (">=", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        holds(it, this, &other)
    }),
    ("<=", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        holds(it, &other, this)
    }),
    ("deconstruct_keys", |_, this, _| Ok(this.clone())),
    ("key_order", |_, this, _| Ok(this.clone())),
    ("stringify_keys", |it, this, _| {
        let table = Table::default();
        for (key, value) in pairs(this) {
            table.insert(Value::string(it.to_s(&key)?), value);
        }
        Ok(Value::Hash(Rc::new(table)))
    }),
];

const CHANGING: Methods = &[
    ("compare_by_identity", |it, this, _| {
        own(it, this)?.compare_by_identity();
        Ok(this.clone())
    }),
    ("compare_by_identity?", |it, this, _| {
        Ok(Value::Boolean(own(it, this)?.by_identity.get()))
    }),
    ("[]=", store),
    ("store", store),
    ("delete", |it, this, arguments| {
        let key = arguments.get(0).cloned().unwrap_or(Value::Nil);
        match (own(it, this)?.remove(&key), &arguments.block) {
            (Some(value), _) => Ok(value),
            (None, Some(block)) => it.yield_to(block, &[key]),
            (None, None) => Ok(Value::Nil),
        }
    }),
    ("delete_if", |it, this, arguments| {
        filter_here(it, this, arguments, false)
    }),
    ("reject!", |it, this, arguments| filter_here(it, this, arguments, false)),
    ("select!", |it, this, arguments| filter_here(it, this, arguments, true)),
    ("filter!", |it, this, arguments| filter_here(it, this, arguments, true)),
    ("keep_if", |it, this, arguments| filter_here(it, this, arguments, true)),
    ("merge!", |it, this, arguments| {
        own(it, this)?;
        merge(it, this, arguments)
    }),
    ("update", |it, this, arguments| {
        own(it, this)?;
        merge(it, this, arguments)
    }),
    ("replace", |it, this, arguments| {
        let new = arguments.get(0).map(pairs).unwrap_or_default();
        set(it, this, new)
    }),
    ("clear", |it, this, _| set(it, this, Vec::new())),
    ("shift", |it, this, _| {
        let first = own(it, this)?.pairs.borrow_mut().shift_remove_index(0);
        Ok(first.map_or(Value::Nil, |(_, (key, value))| Value::array(vec![key, value])))
    }),
    ("transform_values!", |it, this, arguments| {
        here(it, this, "transform_values", arguments)
    }),
    ("transform_keys!", |it, this, arguments| {
        here(it, this, "transform_keys", arguments)
    }),
    ("compact!", |it, this, arguments| here(it, this, "compact", arguments)),
    ("default=", |it, this, arguments| {
        let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
        *own(it, this)?.default.borrow_mut() = value.clone();
        Ok(value)
    }),
    ("default_proc", |_, this, _| match this {
        Value::Hash(table) => Ok(table.default_block.borrow().clone().unwrap_or(Value::Nil)),
        _ => Ok(Value::Nil),
    }),
    ("default_proc=", |it, this, arguments| {
        let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
        *own(it, this)?.default_block.borrow_mut() = Some(value.clone()).filter(|it| !it.is_nil());
        Ok(value)
    }),
];

/// The pairs of a hash as they are now.
pub fn pairs(this: &Value) -> Vec<(Value, Value)> {
    match this {
        Value::Hash(table) => table.to_pairs(),
        _ => Vec::new(),
    }
}

fn length(this: &Value) -> usize {
    match this {
        Value::Hash(table) => table.len(),
        _ => 0,
    }
}

fn own(it: &mut Interpreter, this: &Value) -> Outcome<Rc<Table>> {
    match this {
        Value::Hash(table) if table.frozen.get() => {
            let shown = it.inspect(this)?;
            Err(it.error("FrozenError", format!("can't modify frozen Hash: {shown}")))
        }
        Value::Hash(table) => Ok(table.clone()),
        _ => Err(it.error("TypeError", "this is not a hash")),
    }
}

fn set(it: &mut Interpreter, this: &Value, new: Vec<(Value, Value)>) -> Eval {
    let table = own(it, this)?;
    let old = std::mem::take(&mut *table.pairs.borrow_mut());
    drop(old);
    new.into_iter().for_each(|(key, value)| table.insert(key, value));
    Ok(this.clone())
}

/// `hash[key]`, with the default.
pub fn look_up(it: &mut Interpreter, this: &Value, key: &Value) -> Eval {
    let Value::Hash(table) = this else {
        return Ok(Value::Nil);
    };
    if let Some(value) = table.get(key) {
        return Ok(value);
    }
    let block = table.default_block.borrow().clone();
    match block {
        Some(block) => it.yield_to(&block, &[this.clone(), key.clone()]),
        None => Ok(table.default.borrow().clone()),
    }
}

fn fetch(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let key = arguments.get(0).cloned().unwrap_or(Value::Nil);
    let Value::Hash(table) = this else {
        return Ok(Value::Nil);
    };
    match (table.get(&key), &arguments.block, arguments.get(1)) {
        (Some(value), ..) => Ok(value),
        (None, Some(block), _) => it.yield_to(block, &[key]),
        (None, None, Some(default)) => Ok(default.clone()),
        (None, None, None) => Err(key_error(it, this, &key)),
    }
}

/// The error for a key that is not there.
pub fn key_error(it: &mut Interpreter, this: &Value, key: &Value) -> Box<crate::ruby::interpreter::Flow> {
    let shown = it.inspect(key).unwrap_or_default();
    let known: Vec<String> = pairs(this).iter().filter_map(|(key, _)| it.inspect(key).ok()).collect();
    let similar = crate::spelling::closest(&shown, known.iter().map(String::as_str));
    let hint = similar.map_or_else(String::new, |it| format!("\nDid you mean?  {it}"));
    let error = it.error("KeyError", format!("key not found: {shown}{hint}"));
    if let crate::ruby::interpreter::Flow::Raise(Value::Object(object)) = &*error {
        object.instance.borrow_mut().insert(Symbol::new("@key"), key.clone());
        object
            .instance
            .borrow_mut()
            .insert(Symbol::new("@receiver"), this.clone());
    }
    error
}

fn has_key(_: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let key = arguments.get(0).cloned().unwrap_or(Value::Nil);
    Ok(Value::Boolean(
        matches!(this, Value::Hash(table) if table.get(&key).is_some()),
    ))
}

/// Whether a hash has all pairs of another one.
fn holds(it: &mut Interpreter, this: &Value, other: &Value) -> Eval {
    for (key, value) in pairs(other) {
        let own = match this {
            Value::Hash(table) => table.get(&key),
            _ => None,
        };
        let Some(own) = own else {
            return Ok(Value::Boolean(false));
        };
        if !it.equal(&own, &value)? {
            return Ok(Value::Boolean(false));
        }
    }
    Ok(Value::Boolean(true))
}

fn has_value(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
    for (_, value) in pairs(this) {
        if it.equal(&value, &wanted)? {
            return Ok(Value::Boolean(true));
        }
    }
    Ok(Value::Boolean(false))
}

fn each(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, "each", arguments));
    };
    for (key, value) in pairs(this) {
        it.yield_to(block, &[Value::array(vec![key, value])])?;
    }
    Ok(this.clone())
}

fn mapped(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, "map", arguments));
    };
    let mut list = Vec::new();
    for (key, value) in pairs(this) {
        list.push(it.yield_to(block, &[Value::array(vec![key, value])])?);
    }
    Ok(Value::array(list))
}

fn kept(it: &mut Interpreter, this: &Value, block: &Value, wanted: bool) -> Outcome<Vec<(Value, Value)>> {
    let mut kept = Vec::new();
    for (key, value) in pairs(this) {
        if it.yield_to(block, &[key.clone(), value.clone()])?.is_true() == wanted {
            kept.push((key, value));
        }
    }
    Ok(kept)
}

fn filtered(it: &mut Interpreter, this: &Value, arguments: &Arguments, name: &'static str, wanted: bool) -> Eval {
    match &arguments.block {
        Some(block) => Ok(Value::hash(kept(it, this, block, wanted)?)),
        None => Ok(enumerator::with(this, name, arguments)),
    }
}

fn filter_here(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: bool) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(this.clone());
    };
    let new = kept(it, this, block, wanted)?;
    set(it, this, new)
}

fn here(it: &mut Interpreter, this: &Value, name: &str, arguments: &Arguments) -> Eval {
    let changed = it.call(this, Symbol::new(name), arguments.clone())?;
    set(it, this, pairs(&changed))
}

fn store(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let [key, value] = [0, 1].map(|index| arguments.get(index).cloned().unwrap_or(Value::Nil));
    own(it, this)?.insert(key, value.clone());
    Ok(value)
}

fn merge(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Value::Hash(table) = this else {
        return Ok(Value::Nil);
    };
    for other in &arguments.list {
        let other = match other {
            Value::Hash(other) => other.to_pairs(),
            other => return Err(it.no_conversion(&other.clone(), "Hash")),
        };
        for (key, value) in other {
            let value = match (&arguments.block, table.get(&key)) {
                (Some(block), Some(old)) => it.yield_to(block, &[key.clone(), old, value])?,
                _ => value,
            };
            table.insert(key, value);
        }
    }
    Ok(this.clone())
}

/// The pair whose key or value is the wanted one.
fn found_pair(it: &mut Interpreter, this: &Value, wanted: &Value, part: fn(&(Value, Value)) -> &Value) -> Eval {
    for pair in pairs(this) {
        if it.equal(part(&pair), wanted)? {
            return Ok(Value::array(vec![pair.0, pair.1]));
        }
    }
    Ok(Value::Nil)
}

//! Arrays, and what everything with `each` can do.

pub mod access;
pub mod changing;

use crate::ruby::builtin::Methods;
use crate::ruby::builtin::enumerable::{ENUMERABLE, find, find_index, unique};
use crate::ruby::builtin::enumerator;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::value::*;
pub use access::dig;
use access::{index, place};
use changing::CHANGING;
use std::collections::HashSet;

pub fn install(it: &mut Interpreter) {
    let (array, enumerable) = (it.core.array.clone(), it.core.enumerable.clone());
    it.methods(&enumerable, ENUMERABLE);
    it.methods(&array, ARRAY);
    it.methods(&array, CHANGING);
    it.own_methods(
        &array,
        &[
            ("new", new_array),
            ("[]", |_, _, arguments| Ok(Value::array(arguments.list.clone()))),
        ],
    );
}

const ARRAY: Methods = &[
    ("each", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "each", arguments));
        };
        let Value::Array(list) = this else {
            return Ok(Value::Nil);
        };
        let mut index = 0;
        loop {
            let item = list.items.borrow().get(index).cloned();
            let Some(item) = item else { break };
            it.yield_to(block, &[item])?;
            index += 1;
        }
        Ok(this.clone())
    }),
    ("each_index", |it, this, arguments| {
        let count = items(this).len();
        each_of(
            it,
            this,
            (0..count as i64).map(Value::Integer).collect(),
            arguments,
            "each_index",
        )
    }),
    ("to_ary", |_, this, _| Ok(this.clone())),
    ("to_a", |_, this, _| Ok(this.clone())),
    ("to_s", |it, this, _| Ok(Value::string(it.inspect(this)?))),
    ("inspect", |it, this, _| Ok(Value::string(it.inspect(this)?))),
    ("==", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("eql?", |it, this, arguments| {
        Ok(Value::Boolean(it.equal(this, arguments.get(0).unwrap_or(&Value::Nil))?))
    }),
    ("<=>", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(it
            .try_compare(this, &other)?
            .map_or(Value::Nil, |it| Value::Integer(it as i64)))
    }),
    ("length", |_, this, _| Ok(Value::Integer(length(this) as i64))),
    ("size", |_, this, _| Ok(Value::Integer(length(this) as i64))),
    ("empty?", |_, this, _| Ok(Value::Boolean(length(this) == 0))),
    ("[]", index),
    ("slice", index),
    ("at", index),
    ("dig", |it, this, arguments| dig(it, this, arguments)),
    ("fetch", |it, this, arguments| {
        let at = it.integer_of(arguments.get(0))?;
        let list = items(this);
        let found = place(at, list.len()).and_then(|it| list.get(it).cloned());
        match (found, &arguments.block, arguments.get(1)) {
            (Some(value), ..) => Ok(value),
            (None, Some(block), _) => it.yield_to(block, &[Value::Integer(at)]),
            (None, None, Some(default)) => Ok(default.clone()),
            (None, None, None) => {
                let count = list.len() as i64;
                Err(it.error(
                    "IndexError",
                    format!("index {at} outside of array bounds: {}...{count}", -count),
                ))
            }
        }
    }),
    ("values_at", |it, this, arguments| {
        let list = items(this);
        let mut values = Vec::new();
        for at in &arguments.list {
            let at = it.integer_of(Some(at))?;
            values.push(
                place(at, list.len())
                    .and_then(|it| list.get(it).cloned())
                    .unwrap_or(Value::Nil),
            );
        }
        Ok(Value::array(values))
    }),
    ("last", |it, this, arguments| {
        let list = items(this);
        match arguments.get(0) {
            Some(count) => {
                let count = it.integer_of(Some(count))?.max(0) as usize;
                Ok(Value::array(list[list.len().saturating_sub(count)..].to_vec()))
            }
            None => Ok(list.last().cloned().unwrap_or(Value::Nil)),
        }
    }),
    ("+", |it, this, arguments| {
        let Some(Value::Array(other)) = arguments.get(0) else {
            let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
            return Err(it.no_conversion(&other, "Array"));
        };
        Ok(Value::array(items(this).into_iter().chain(other.to_vec()).collect()))
    }),
    ("-", difference),
    ("difference", difference),
    ("*", |it, this, arguments| match arguments.get(0) {
        Some(Value::String(_)) => join(it, this, arguments),
        count => {
            let count = it.integer_of(count)?.max(0) as usize;
            let list = items(this);
            it.reserve(list.len().saturating_mul(count).saturating_mul(16))?;
            // An empty list is not walked through again and again.
            let count = if list.is_empty() { 0 } else { count };
            Ok(Value::array(std::iter::repeat_n(list, count).flatten().collect()))
        }
    }),
    ("&", |it, this, arguments| {
        let kept = common(it, this, arguments)?;
        Ok(Value::array(unique(it, kept, None)?))
    }),
    ("|", union),
    ("union", union),
    ("intersection", |it, this, arguments| {
        let kept = common(it, this, arguments)?;
        Ok(Value::array(unique(it, kept, None)?))
    }),
    ("intersect?", |it, this, arguments| {
        Ok(Value::Boolean(!common(it, this, arguments)?.is_empty()))
    }),
    ("join", join),
    ("reverse", |_, this, _| {
        Ok(Value::array(items(this).into_iter().rev().collect()))
    }),
    ("rotate", |it, this, arguments| {
        let mut list = items(this);
        let by = if arguments.list.is_empty() {
            1
        } else {
            it.integer_of(arguments.get(0))?
        };
        if !list.is_empty() {
            let by = by.rem_euclid(list.len() as i64) as usize;
            list.rotate_left(by);
        }
        Ok(Value::array(list))
    }),
    ("compact", |_, this, _| {
        Ok(Value::array(
            items(this).into_iter().filter(|it| !it.is_nil()).collect(),
        ))
    }),
    ("flatten", |it, this, arguments| {
        let depth = match arguments.get(0) {
            Some(Value::Integer(depth)) if *depth >= 0 => *depth as usize,
            _ => 500,
        };
        let mut flat = Vec::new();
        flatten(it, items(this), depth, &mut flat)?;
        Ok(Value::array(flat))
    }),
    ("index", find_index),
    ("rindex", |it, this, arguments| {
        for (at, item) in items(this).into_iter().enumerate().rev() {
            let fits = match (arguments.get(0), &arguments.block) {
                (Some(wanted), _) => it.equal(&item, wanted)?,
                (None, Some(block)) => it.yield_to(block, &[item])?.is_true(),
                (None, None) => false,
            };
            if fits {
                return Ok(Value::Integer(at as i64));
            }
        }
        Ok(Value::Nil)
    }),
    ("transpose", |it, this, _| {
        let mut rows = Vec::new();
        for row in items(this) {
            rows.push(it.to_items(&row)?);
        }
        let width = rows.first().map_or(0, Vec::len);
        if let Some(row) = rows.iter().find(|it| it.len() != width) {
            let message = format!("element size differs ({} should be {width})", row.len());
            return Err(it.error("IndexError", message));
        }
        let column = |at: usize| Value::array(rows.iter().map(|row| row[at].clone()).collect());
        Ok(Value::array(it.gather((0..width).map(column))?))
    }),
    ("assoc", |it, this, arguments| {
        let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
        for item in items(this) {
            if let Value::Array(pair) = &item {
                let first = pair.items.borrow().first().cloned().unwrap_or(Value::Nil);
                if it.equal(&first, &wanted)? {
                    return Ok(item);
                }
            }
        }
        Ok(Value::Nil)
    }),
    ("sample", |it, this, arguments| {
        let shuffled = it.send(this, "shuffle", Vec::new())?;
        let mut list = items(&shuffled);
        match arguments.split().0.first() {
            Some(count) => {
                let count = it.integer_of(Some(count))?.max(0) as usize;
                list.truncate(count);
                Ok(Value::array(list))
            }
            None => Ok(list.into_iter().next().unwrap_or(Value::Nil)),
        }
    }),
    ("shuffle", |it, this, _| {
        let mut list = items(this);
        for at in (1..list.len()).rev() {
            let bits = it.shared.world.borrow_mut().host.random();
            list.swap(at, (bits % (at as u64 + 1)) as usize);
        }
        Ok(Value::array(list))
    }),
    ("product", product),
    ("combination", |it, this, arguments| {
        let (list, count) = (items(this), it.integer_of(arguments.get(0))?);
        let rows = chosen(it, &list, count, |row, length| {
            row.last().map_or(0, |it| it + 1)..length
        })?;
        each_of(it, this, rows, arguments, "combination")
    }),
    ("permutation", |it, this, arguments| {
        let list = items(this);
        let count = match arguments.get(0) {
            Some(count) => it.integer_of(Some(count))?,
            None => list.len() as i64,
        };
        let rows = chosen(it, &list, count, |_, length| 0..length)?;
        each_of(it, this, rows, arguments, "permutation")
    }),
    ("pack", |it, this, arguments| {
        let template = it.text_of(arguments.get(0))?;
        super::pack::pack(it, &items(this), &template)
    }),
    ("bsearch", find),
    ("none", |_, _, _| Ok(Value::Nil)),
    ("deconstruct", |_, this, _| Ok(this.clone())),
];

/// The items of an array as they are now.
pub fn items(this: &Value) -> Vec<Value> {
    match this {
        Value::Array(list) => list.to_vec(),
        _ => Vec::new(),
    }
}

fn length(this: &Value) -> usize {
    match this {
        Value::Array(list) => list.items.borrow().len(),
        _ => 0,
    }
}

fn argument_items(it: &mut Interpreter, arguments: &Arguments) -> Outcome<Vec<Value>> {
    let mut all = Vec::new();
    for value in &arguments.list {
        all.extend(it.to_items(value)?);
    }
    Ok(all)
}

fn new_array(it: &mut Interpreter, _: &Value, arguments: &Arguments) -> Eval {
    let count = match arguments.get(0) {
        None => 0,
        Some(Value::Array(list)) => return Ok(Value::array(list.to_vec())),
        Some(count) => it.integer_of(Some(&count.clone()))?.max(0) as usize,
    };
    it.reserve(count.saturating_mul(16))?;
    let mut items = Vec::new();
    for index in 0..count {
        items.push(match &arguments.block {
            Some(block) => it.yield_to(block, &[Value::Integer(index as i64)])?,
            None => arguments.get(1).cloned().unwrap_or(Value::Nil),
        });
    }
    Ok(Value::array(items))
}

pub fn flatten(it: &mut Interpreter, items: Vec<Value>, depth: usize, flat: &mut Vec<Value>) -> Outcome<()> {
    it.tick()?;
    for item in items {
        match &item {
            Value::Array(list) if depth > 0 => flatten(it, list.to_vec(), depth - 1, flat)?,
            _ => flat.push(item),
        }
    }
    it.afford(flat.len().saturating_mul(16))
}

pub fn each_of(
    it: &mut Interpreter,
    this: &Value,
    list: Vec<Value>,
    arguments: &Arguments,
    name: &'static str,
) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, name, arguments));
    };
    for item in list {
        it.yield_to(block, &[item])?;
    }
    Ok(this.clone())
}

fn product(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut rows: Vec<Vec<Value>> = items(this).into_iter().map(|it| vec![it]).collect();
    for (count, other) in arguments.list.iter().enumerate() {
        let other = it.to_items(other)?;
        let each = (count + 6).saturating_mul(16);
        it.reserve(rows.len().saturating_mul(other.len()).saturating_mul(each))?;
        rows = rows
            .iter()
            .flat_map(|row| {
                other
                    .iter()
                    .map(move |it| [row.as_slice(), std::slice::from_ref(it)].concat())
            })
            .collect();
    }
    Ok(Value::array(rows.into_iter().map(Value::array).collect()))
}

/// Every choice of so many items, none twice; `next` says which places may follow those of a row.
fn chosen(
    it: &mut Interpreter,
    list: &[Value],
    count: i64,
    next: fn(&[usize], usize) -> std::ops::Range<usize>,
) -> Outcome<Vec<Value>> {
    let Some(count) = usize::try_from(count).ok().filter(|it| *it <= list.len()) else {
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    let mut row: Vec<usize> = Vec::new();
    // The places that are still to be tried, for each place of the row.
    let mut open = vec![next(&row, list.len())];
    if count == 0 {
        return Ok(vec![Value::array(Vec::new())]);
    }
    while let Some(places) = open.last_mut() {
        it.tick()?;
        let Some(at) = places.next() else {
            open.pop();
            row.pop();
            continue;
        };
        if row.contains(&at) {
            continue;
        }
        row.push(at);
        if row.len() == count {
            rows.push(Value::array(row.iter().map(|it| list[*it].clone()).collect()));
            row.pop();
        } else {
            open.push(next(&row, list.len()));
        }
    }
    Ok(rows)
}

fn difference(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let gone = argument_items(it, arguments)?;
    let gone: HashSet<Key> = it.keys(&gone)?.into_iter().collect();
    Ok(Value::array(
        items(this).into_iter().filter(|it| !gone.contains(&it.key())).collect(),
    ))
}

/// The items that every argument has, too.
fn common(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Outcome<Vec<Value>> {
    let mut kept = items(this);
    for other in &arguments.list {
        let other = it.to_items(other)?;
        let keys: HashSet<Key> = it.keys(&other)?.into_iter().collect();
        kept.retain(|it| keys.contains(&it.key()));
    }
    Ok(kept)
}

fn union(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut all = items(this);
    all.extend(argument_items(it, arguments)?);
    Ok(Value::array(unique(it, all, None)?))
}

fn join(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let separator = crate::ruby::builtin::string::text_or(it, arguments.get(0), "")?;
    let mut text = String::new();
    join_into(it, &items(this), &separator, &mut text)?;
    Ok(Value::string(text))
}

fn join_into(it: &mut Interpreter, list: &[Value], separator: &str, text: &mut String) -> Outcome<()> {
    it.tick()?;
    for (index, item) in list.iter().enumerate() {
        if index > 0 {
            text.push_str(separator);
        }
        match item {
            Value::Array(inner) => join_into(it, &inner.to_vec(), separator, text)?,
            other => text.push_str(&it.to_s(other)?),
        }
        it.check_length(text.len())?;
    }
    Ok(())
}

//! What everything with `each` can do.

use crate::ruby::builtin::Methods;
use crate::ruby::builtin::array::{each_of, flatten, items};
use crate::ruby::builtin::enumerator;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::cmp::Ordering;
use std::rc::Rc;

pub(super) const ENUMERABLE: Methods = &[
    ("to_a", |it, this, _| Ok(Value::array(it.to_items(this)?))),
    ("entries", |it, this, _| Ok(Value::array(it.to_items(this)?))),
    ("to_set", |it, this, _| {
        let set = Value::Class(it.core.object.clone());
        let set = it.send(&set, "const_get", vec![Value::symbol("Set")])?;
        it.send(&set, "new", vec![this.clone()])
    }),
    ("map", map),
    ("collect", map),
    ("flat_map", flat_map),
    ("collect_concat", flat_map),
    ("each_entry", |it, this, arguments| match arguments.block {
        Some(_) => it.call(this, Symbol::new("each"), arguments.clone()),
        None => Ok(enumerator::with(this, "each_entry", arguments)),
    }),
    ("filter_map", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "filter_map", arguments));
        };
        let mut kept = Vec::new();
        for item in it.to_items(this)? {
            let value = it.yield_to(block, &[item])?;
            if value.is_true() {
                kept.push(value);
            }
        }
        Ok(Value::array(kept))
    }),
    ("select", |it, this, arguments| {
        keep_if(it, this, arguments, "select", true)
    }),
    ("filter", |it, this, arguments| {
        keep_if(it, this, arguments, "filter", true)
    }),
    ("find_all", |it, this, arguments| {
        keep_if(it, this, arguments, "find_all", true)
    }),
    ("reject", |it, this, arguments| {
        keep_if(it, this, arguments, "reject", false)
    }),
    ("find", find),
    ("detect", find),
    ("find_index", find_index),
    ("each_with_index", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "each_with_index", arguments));
        };
        for (index, item) in it.to_items(this)?.into_iter().enumerate() {
            it.yield_to(block, &[item, Value::Integer(index as i64)])?;
        }
        Ok(this.clone())
    }),
    ("each_with_object", |it, this, arguments| {
        let memo = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "each_with_object", arguments));
        };
        for item in it.to_items(this)? {
            it.yield_to(block, &[item, memo.clone()])?;
        }
        Ok(memo)
    }),
    ("inject", inject),
    ("reduce", inject),
    ("sum", |it, this, arguments| {
        let mut sum = arguments.get(0).cloned().unwrap_or(Value::Integer(0));
        // What the additions of fractions lost so far, as Ruby keeps it (Kahan and Babuska).
        let mut lost = 0.0;
        for item in it.to_items(this)? {
            let item = through(it, arguments.block.as_ref(), item)?;
            let next = it.send(&sum, "+", vec![item.clone()])?;
            if let (Value::Float(one), Value::Float(two), Value::Float(both)) = (&sum, &item, &next) {
                let (large, small) = if one.abs() >= two.abs() { (one, two) } else { (two, one) };
                lost += (large - both) + small;
            }
            sum = next;
        }
        Ok(match sum {
            Value::Float(sum) if lost.is_finite() => Value::Float(sum + lost),
            sum => sum,
        })
    }),
    ("count", |it, this, arguments| {
        let items = it.to_items(this)?;
        let mut count = 0;
        for item in &items {
            let counts = match (arguments.get(0), &arguments.block) {
                (Some(wanted), _) => it.equal(item, wanted)?,
                (None, Some(block)) => it.yield_to(block, std::slice::from_ref(item))?.is_true(),
                (None, None) => true,
            };
            count += i64::from(counts);
        }
        Ok(Value::Integer(count))
    }),
    ("first", first),
    ("take", |it, this, arguments| first(it, this, arguments)),
    ("drop", |it, this, arguments| {
        let count = it.integer_of(arguments.get(0))?.max(0) as usize;
        Ok(Value::array(it.to_items(this)?.into_iter().skip(count).collect()))
    }),
    ("take_while", |it, this, arguments| divide(it, this, arguments, true)),
    ("drop_while", |it, this, arguments| divide(it, this, arguments, false)),
    ("include?", includes),
    ("member?", includes),
    ("any?", |it, this, arguments| {
        Ok(Value::Boolean(is_there_one(it, this, arguments, true)?))
    }),
    ("none?", |it, this, arguments| {
        Ok(Value::Boolean(!is_there_one(it, this, arguments, true)?))
    }),
    ("one?", |it, this, arguments| {
        Ok(Value::Boolean(matching(it, this, arguments)? == 1))
    }),
    ("all?", |it, this, arguments| {
        Ok(Value::Boolean(!is_there_one(it, this, arguments, false)?))
    }),
    ("min", |it, this, arguments| {
        extreme(it, this, arguments, Ordering::Less)
    }),
    ("max", |it, this, arguments| {
        extreme(it, this, arguments, Ordering::Greater)
    }),
    ("minmax", |it, this, arguments| {
        let low = extreme(it, this, arguments, Ordering::Less)?;
        Ok(Value::array(vec![
            low,
            extreme(it, this, arguments, Ordering::Greater)?,
        ]))
    }),
    ("min_by", |it, this, arguments| match arguments.block {
        Some(_) => extreme_by(it, this, arguments, Ordering::Less),
        None => Ok(enumerator::with(this, "min_by", arguments)),
    }),
    ("max_by", |it, this, arguments| match arguments.block {
        Some(_) => extreme_by(it, this, arguments, Ordering::Greater),
        None => Ok(enumerator::with(this, "max_by", arguments)),
    }),
    ("sort", |it, this, arguments| {
        let items = it.to_items(this)?;
        Ok(Value::array(it.sort(items, arguments.block.as_ref())?))
    }),
    ("sort_by", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "sort_by", arguments));
        };
        let items = it.to_items(this)?;
        Ok(Value::array(sorted_by(it, items, block)?))
    }),
    ("group_by", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "group_by", arguments));
        };
        let groups = Table::default();
        for item in it.to_items(this)? {
            let key = it.yield_to(block, std::slice::from_ref(&item))?;
            match groups.get(&key) {
                Some(Value::Array(list)) => list.items.borrow_mut().push(item),
                _ => groups.insert(key, Value::array(vec![item])),
            }
        }
        Ok(Value::Hash(Rc::new(groups)))
    }),
    ("partition", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "partition", arguments));
        };
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for item in it.to_items(this)? {
            let fits = it.yield_to(block, std::slice::from_ref(&item))?.is_true();
            if fits { yes.push(item) } else { no.push(item) }
        }
        Ok(Value::array(vec![Value::array(yes), Value::array(no)]))
    }),
    ("tally", |it, this, _| {
        let counts = Table::default();
        for item in it.to_items(this)? {
            let count = match counts.get(&item) {
                Some(Value::Integer(count)) => count + 1,
                _ => 1,
            };
            counts.insert(item, Value::Integer(count));
        }
        Ok(Value::Hash(Rc::new(counts)))
    }),
    ("uniq", |it, this, arguments| {
        let items = it.to_items(this)?;
        Ok(Value::array(unique(it, items, arguments.block.as_ref())?))
    }),
    ("to_h", to_h),
    ("zip", |it, this, arguments| {
        let mut others = Vec::new();
        for other in &arguments.list {
            others.push(it.to_items(other)?);
        }
        let own = it.to_items(this)?;
        let rows = own.into_iter().enumerate().map(|(index, item)| {
            let rest = others
                .iter()
                .map(|other| other.get(index).cloned().unwrap_or(Value::Nil));
            Value::array(std::iter::once(item).chain(rest).collect())
        });
        let rows = it.gather(rows)?;
        match &arguments.block {
            Some(block) => {
                for row in rows {
                    it.yield_to(block, &[row])?;
                }
                Ok(Value::Nil)
            }
            None => Ok(Value::array(rows)),
        }
    }),
    ("each_slice", |it, this, arguments| {
        let count = it.integer_of(arguments.get(0))?.max(1) as usize;
        let items = it.to_items(this)?;
        let slices = it.gather(items.chunks(count).map(|it| Value::array(it.to_vec())))?;
        each_of(it, this, slices, arguments, "each_slice")
    }),
    ("each_cons", |it, this, arguments| {
        let count = it.integer_of(arguments.get(0))?.max(1) as usize;
        let items = it.to_items(this)?;
        let slices = it.gather(items.windows(count).map(|it| Value::array(it.to_vec())))?;
        each_of(it, this, slices, arguments, "each_cons")
    }),
    ("minmax_by", |it, this, arguments| {
        let low = extreme_by(it, this, arguments, Ordering::Less)?;
        Ok(Value::array(vec![
            low,
            extreme_by(it, this, arguments, Ordering::Greater)?,
        ]))
    }),
    ("chunk", |it, this, arguments| {
        let mut chunks: Vec<(Value, Vec<Value>)> = Vec::new();
        for item in it.to_items(this)? {
            let key = through(it, arguments.block.as_ref(), item.clone())?;
            match chunks.last_mut() {
                Some((last, items)) if it.equal(last, &key)? => items.push(item),
                _ => chunks.push((key, vec![item])),
            }
        }
        let rows = chunks
            .into_iter()
            .map(|(key, items)| Value::array(vec![key, Value::array(items)]));
        Ok(Value::array(it.gather(rows)?))
    }),
    ("chunk_while", |it, this, arguments| {
        let Some(block) = &arguments.block else {
            return Ok(this.clone());
        };
        let mut chunks: Vec<Vec<Value>> = Vec::new();
        for item in it.to_items(this)? {
            let last = chunks.last().and_then(|it| it.last()).cloned();
            let goes_on = match last {
                Some(last) => it.yield_to(block, &[last, item.clone()])?.is_true(),
                None => false,
            };
            match chunks.last_mut() {
                Some(chunk) if goes_on => chunk.push(item),
                _ => chunks.push(vec![item]),
            }
        }
        Ok(Value::array(chunks.into_iter().map(Value::array).collect()))
    }),
    ("cycle", |it, this, arguments| {
        let items = it.to_items(this)?;
        let Some(block) = &arguments.block else {
            return Ok(enumerator::with(this, "cycle", arguments));
        };
        let mut left = match arguments.get(0) {
            Some(Value::Integer(count)) => *count,
            _ => i64::MAX,
        };
        while left > 0 && !items.is_empty() {
            for item in &items {
                it.yield_to(block, std::slice::from_ref(item))?;
            }
            left -= 1;
        }
        Ok(Value::Nil)
    }),
    ("reverse_each", |it, this, arguments| {
        let items: Vec<Value> = it.to_items(this)?.into_iter().rev().collect();
        each_of(it, this, items, arguments, "reverse_each")
    }),
    ("grep", |it, this, arguments| grep(it, this, arguments, true)),
    ("grep_v", |it, this, arguments| grep(it, this, arguments, false)),
    ("lazy", |it, this, _| {
        let object = Value::Class(it.core.object.clone());
        let class = it.send(&object, "const_get", vec![Value::symbol("LazyList")])?;
        it.send(&class, "new", vec![this.clone()])
    }),
    ("slice_when", |it, this, arguments| {
        let block = arguments.block.clone().unwrap_or(Value::Nil);
        let opposite = Value::native_block(2, move |it, arguments| {
            Ok(Value::Boolean(!it.yield_to(&block, &arguments.list)?.is_true()))
        });
        it.call(
            this,
            Symbol::new("chunk_while"),
            Arguments {
                block: Some(opposite),
                ..Arguments::default()
            },
        )
    }),
    ("force", |it, this, _| Ok(Value::array(it.to_items(this)?))),
];

pub(super) fn through(it: &mut Interpreter, block: Option<&Value>, item: Value) -> Eval {
    match block {
        Some(block) => it.yield_to(block, &[item]),
        None => Ok(item),
    }
}

pub(super) fn map(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, "map", arguments));
    };
    let mut mapped = Vec::new();
    for item in it.to_items(this)? {
        mapped.push(it.yield_to(block, &[item])?);
    }
    Ok(Value::array(mapped))
}

pub(super) fn flat_map(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mapped = map(it, this, arguments)?;
    let mut flat = Vec::new();
    flatten(it, items(&mapped), 1, &mut flat)?;
    Ok(Value::array(flat))
}

pub(super) fn keep_if(
    it: &mut Interpreter,
    this: &Value,
    arguments: &Arguments,
    name: &'static str,
    wanted: bool,
) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, name, arguments));
    };
    let mut kept = Vec::new();
    for item in it.to_items(this)? {
        if it.yield_to(block, std::slice::from_ref(&item))?.is_true() == wanted {
            kept.push(item);
        }
    }
    Ok(Value::array(kept))
}

pub(super) fn find(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, "find", arguments));
    };
    for item in it.to_items(this)? {
        if it.yield_to(block, std::slice::from_ref(&item))?.is_true() {
            return Ok(item);
        }
    }
    Ok(Value::Nil)
}

pub(super) fn find_index(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    for (at, item) in it.to_items(this)?.into_iter().enumerate() {
        let fits = match (arguments.get(0), &arguments.block) {
            (Some(wanted), _) => it.equal(&item, wanted)?,
            (None, Some(block)) => it.yield_to(block, &[item])?.is_true(),
            (None, None) => return Ok(enumerator::with(this, "find_index", arguments)),
        };
        if fits {
            return Ok(Value::Integer(at as i64));
        }
    }
    Ok(Value::Nil)
}

pub(super) fn inject(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut given = arguments.list.clone();
    let operator = match (&arguments.block, given.last()) {
        (None, Some(Value::Symbol(_) | Value::String(_))) => given.pop().and_then(|it| it.text()),
        _ => None,
    };
    let mut all = it.to_items(this)?.into_iter();
    let Some(mut memo) = given.into_iter().next().or_else(|| all.next()) else {
        return Ok(Value::Nil);
    };
    for item in all {
        memo = match (&operator, &arguments.block) {
            (Some(operator), _) => it.send(&memo, operator, vec![item])?,
            (None, Some(block)) => it.yield_to(block, &[memo, item])?,
            (None, None) => return Err(it.error("LocalJumpError", "no block given")),
        };
    }
    Ok(memo)
}

pub(super) fn first(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    match arguments.get(0) {
        None => match this {
            Value::Array(list) => Ok(list.items.borrow().first().cloned().unwrap_or(Value::Nil)),
            Value::Range(range) => Ok(range.first.clone()),
            Value::Object(_) => Ok(enumerator::take(it, this, 1)?.into_iter().next().unwrap_or(Value::Nil)),
            _ => Ok(it.to_items(this)?.into_iter().next().unwrap_or(Value::Nil)),
        },
        Some(count) => {
            let count = it.integer_of(Some(count))?.max(0) as usize;
            if let Value::Range(range) = this {
                return Ok(Value::array(super::range::first_items(it, range, count)?));
            }
            if let Value::Object(_) = this {
                return Ok(Value::array(enumerator::take(it, this, count)?));
            }
            Ok(Value::array(it.to_items(this)?.into_iter().take(count).collect()))
        }
    }
}

pub(super) fn divide(it: &mut Interpreter, this: &Value, arguments: &Arguments, take: bool) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(Value::Nil);
    };
    let list = it.to_items(this)?;
    let mut at = 0;
    while at < list.len() && it.yield_to(block, std::slice::from_ref(&list[at]))?.is_true() {
        at += 1;
    }
    Ok(Value::array(if take {
        list[..at].to_vec()
    } else {
        list[at..].to_vec()
    }))
}

pub(super) fn includes(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
    for item in it.to_items(this)? {
        if it.equal(&item, &wanted)? {
            return Ok(Value::Boolean(true));
        }
    }
    Ok(Value::Boolean(false))
}

/// How many items fit a pattern, a block, or are true; and how many there are.
/// How many of the items fit.
pub(super) fn matching(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Outcome<usize> {
    let mut count = 0;
    for item in it.to_items(this)? {
        count += usize::from(fits(it, arguments, &item)?);
    }
    Ok(count)
}

/// Whether one of the items fits, or does not; those after it are not asked.
pub(super) fn is_there_one(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: bool) -> Outcome<bool> {
    for item in it.to_items(this)? {
        if fits(it, arguments, &item)? == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether an item matches the pattern, satisfies the block, or is true.
fn fits(it: &mut Interpreter, arguments: &Arguments, item: &Value) -> Outcome<bool> {
    match (arguments.get(0), &arguments.block) {
        (Some(pattern), _) => it.case_equal(&pattern.clone(), item),
        (None, Some(block)) => Ok(it.yield_to(block, std::slice::from_ref(item))?.is_true()),
        (None, None) => Ok(item.is_true()),
    }
}

pub(super) fn extreme(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: Ordering) -> Eval {
    let list = it.to_items(this)?;
    if let Some(count) = arguments.get(0) {
        let count = it.integer_of(Some(count))?.max(0) as usize;
        let mut sorted = it.sort(list, arguments.block.as_ref())?;
        if wanted == Ordering::Greater {
            sorted.reverse();
        }
        sorted.truncate(count);
        return Ok(Value::array(sorted));
    }
    let mut best: Option<Value> = None;
    for item in list {
        let better = match &best {
            None => true,
            Some(best) => match &arguments.block {
                Some(block) => {
                    let order = it.yield_to(block, &[item.clone(), best.clone()])?;
                    it.compare(&order, &Value::Integer(0))? == wanted
                }
                None => it.compare(best, &item)? == wanted.reverse(),
            },
        };
        if better {
            best = Some(item);
        }
    }
    Ok(best.unwrap_or(Value::Nil))
}

pub(super) fn extreme_by(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: Ordering) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(Value::Nil);
    };
    let mut best: Option<(Value, Value)> = None;
    for item in it.to_items(this)? {
        let key = it.yield_to(block, std::slice::from_ref(&item))?;
        let better = match &best {
            None => true,
            Some((best, _)) => it.compare(&key, best)? == wanted,
        };
        if better {
            best = Some((key, item));
        }
    }
    Ok(best.map_or(Value::Nil, |(_, item)| item))
}

pub(super) fn sorted_by(it: &mut Interpreter, list: Vec<Value>, block: &Value) -> Outcome<Vec<Value>> {
    let mut keyed = Vec::new();
    for item in list {
        let key = it.yield_to(block, std::slice::from_ref(&item))?;
        keyed.push(Value::array(vec![key, item]));
    }
    let by_key = Value::native_block(2, |it, arguments| {
        let key = |value: Option<&Value>| {
            value
                .map(items)
                .and_then(|it| it.first().cloned())
                .unwrap_or(Value::Nil)
        };
        let (one, two) = (key(arguments.get(0)), key(arguments.get(1)));
        Ok(Value::Integer(it.compare(&one, &two)? as i64))
    });
    let sorted = it.sort(keyed, Some(&by_key))?;
    Ok(sorted.iter().filter_map(|it| items(it).into_iter().nth(1)).collect())
}

pub(super) fn unique(it: &mut Interpreter, list: Vec<Value>, block: Option<&Value>) -> Outcome<Vec<Value>> {
    let mut seen = std::collections::HashSet::new();
    let mut weights = Vec::new();
    let mut kept = Vec::new();
    for item in list {
        let key = through(it, block, item.clone())?.key();
        weights.push(Weight::of(key.size()));
        it.tick()?;
        if seen.insert(key) {
            kept.push(item);
        }
    }
    Ok(kept)
}

pub(super) fn to_h(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let table = Table::default();
    for item in it.to_items(this)? {
        let pair = through(it, arguments.block.as_ref(), item)?;
        match &pair {
            Value::Array(list) if list.items.borrow().len() == 2 => {
                let pair = list.to_vec();
                table.insert(pair[0].clone(), pair[1].clone());
            }
            other => {
                let class = it.class_of(other).name.borrow().clone();
                return Err(it.error("TypeError", format!("wrong element type {class} (expected array)")));
            }
        }
    }
    Ok(Value::Hash(Rc::new(table)))
}

pub(super) fn grep(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: bool) -> Eval {
    let pattern = arguments.get(0).cloned().unwrap_or(Value::Nil);
    let mut found = Vec::new();
    for item in it.to_items(this)? {
        if it.case_equal(&pattern, &item)? == wanted {
            found.push(through(it, arguments.block.as_ref(), item)?);
        }
    }
    Ok(Value::array(found))
}

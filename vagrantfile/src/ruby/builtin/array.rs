//! Arrays, and what everything with `each` can do.

use super::Methods;
use super::enumerator;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::cmp::Ordering;
use std::rc::Rc;

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

const ENUMERABLE: Methods = &[
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
    ("each_entry", |it, this, arguments| {
        it.call(this, Symbol::new("each"), arguments.clone())
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
        for item in it.to_items(this)? {
            let item = through(it, arguments.block.as_ref(), item)?;
            sum = it.send(&sum, "+", vec![item])?;
        }
        Ok(sum)
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
    ("take", |it, this, arguments| {
        let count = it.integer_of(arguments.get(0))?.max(0) as usize;
        Ok(Value::array(it.to_items(this)?.into_iter().take(count).collect()))
    }),
    ("drop", |it, this, arguments| {
        let count = it.integer_of(arguments.get(0))?.max(0) as usize;
        Ok(Value::array(it.to_items(this)?.into_iter().skip(count).collect()))
    }),
    ("take_while", |it, this, arguments| divide(it, this, arguments, true)),
    ("drop_while", |it, this, arguments| divide(it, this, arguments, false)),
    ("include?", includes),
    ("member?", includes),
    ("any?", |it, this, arguments| {
        Ok(Value::Boolean(matching(it, this, arguments)?.0 > 0))
    }),
    ("none?", |it, this, arguments| {
        Ok(Value::Boolean(matching(it, this, arguments)?.0 == 0))
    }),
    ("one?", |it, this, arguments| {
        Ok(Value::Boolean(matching(it, this, arguments)?.0 == 1))
    }),
    ("all?", |it, this, arguments| {
        let (matching, all) = matching(it, this, arguments)?;
        Ok(Value::Boolean(matching == all))
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
    ("min_by", |it, this, arguments| {
        extreme_by(it, this, arguments, Ordering::Less)
    }),
    ("max_by", |it, this, arguments| {
        extreme_by(it, this, arguments, Ordering::Greater)
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
        let rows = it.to_items(this)?.into_iter().enumerate().map(|(index, item)| {
            let rest = others
                .iter()
                .map(|other| other.get(index).cloned().unwrap_or(Value::Nil));
            Value::array(std::iter::once(item).chain(rest).collect())
        });
        let rows: Vec<Value> = rows.collect();
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
        let slices = it
            .to_items(this)?
            .chunks(count)
            .map(|it| Value::array(it.to_vec()))
            .collect();
        each_of(it, this, slices, arguments, "each_slice")
    }),
    ("each_cons", |it, this, arguments| {
        let count = it.integer_of(arguments.get(0))?.max(1) as usize;
        let items = it.to_items(this)?;
        it.reserve(items.len().saturating_mul(count.min(items.len())).saturating_mul(16))?;
        let slices = items.windows(count).map(|it| Value::array(it.to_vec())).collect();
        each_of(it, this, slices, arguments, "each_cons")
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
                let count = list.len();
                Err(it.error(
                    "IndexError",
                    format!("index {at} outside of array bounds: -{count}...{count}"),
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
            Ok(Value::array(std::iter::repeat_n(list, count).flatten().collect()))
        }
    }),
    ("&", |it, this, arguments| {
        let other = argument_items(it, arguments)?;
        let keys: Vec<Key> = other.iter().map(Value::key).collect();
        let kept = items(this).into_iter().filter(|it| keys.contains(&it.key())).collect();
        Ok(Value::array(unique(it, kept, None)?))
    }),
    ("|", union),
    ("union", union),
    ("intersection", |it, this, arguments| {
        let other = argument_items(it, arguments)?;
        let keys: Vec<Key> = other.iter().map(Value::key).collect();
        Ok(Value::array(
            items(this).into_iter().filter(|it| keys.contains(&it.key())).collect(),
        ))
    }),
    ("intersect?", |it, this, arguments| {
        let other = argument_items(it, arguments)?;
        let keys: Vec<Key> = other.iter().map(Value::key).collect();
        Ok(Value::Boolean(items(this).iter().any(|it| keys.contains(&it.key()))))
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
        let column = |at: usize| {
            Value::array(
                rows.iter()
                    .map(|row| row.get(at).cloned().unwrap_or(Value::Nil))
                    .collect(),
            )
        };
        Ok(Value::array((0..width).map(column).collect()))
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
    ("product", |it, this, arguments| {
        let mut rows: Vec<Vec<Value>> = items(this).into_iter().map(|it| vec![it]).collect();
        for other in &arguments.list {
            let other = it.to_items(other)?;
            it.reserve(rows.len().saturating_mul(other.len()).saturating_mul(64))?;
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
    }),
    ("combination", |it, this, arguments| {
        let count = it.integer_of(arguments.get(0))?.max(0) as usize;
        let list = items(this);
        let mut rows = vec![Vec::new()];
        for _ in 0..count {
            let mut longer = Vec::new();
            for row in &rows {
                let start = row.last().map_or(0, |it| it + 1);
                longer.extend((start..list.len()).map(|at| [row.as_slice(), &[at]].concat()));
            }
            rows = longer;
            it.reserve(rows.len().saturating_mul(64))?;
        }
        let rows = rows
            .into_iter()
            .map(|row| Value::array(row.into_iter().map(|at| list[at].clone()).collect()))
            .collect();
        each_of(it, this, rows, arguments, "combination")
    }),
    ("pack", |it, this, arguments| {
        let how = it.text_of(arguments.get(0))?;
        let list = items(this);
        match how.as_str() {
            "m" | "m0" => Ok(Value::string(super::digest::to_base64(
                it.to_s(&list.first().cloned().unwrap_or(Value::Nil))?.as_bytes(),
            ))),
            "C*" | "c*" | "U*" => {
                let letters = list.iter().filter_map(|it| match it {
                    Value::Integer(code) => u32::try_from(*code).ok().and_then(char::from_u32),
                    _ => None,
                });
                Ok(Value::string(letters.collect::<String>()))
            }
            _ => Err(it.error(
                "NotImplementedError",
                format!("pack({how:?}) is not supported in a Vagrantfile"),
            )),
        }
    }),
    ("bsearch", find),
    ("none", |_, _, _| Ok(Value::Nil)),
    ("deconstruct", |_, this, _| Ok(this.clone())),
];

const CHANGING: Methods = &[
    ("<<", |it, this, arguments| push(it, this, arguments)),
    ("push", |it, this, arguments| push(it, this, arguments)),
    ("append", |it, this, arguments| push(it, this, arguments)),
    ("concat", |it, this, arguments| {
        let mut more = Vec::new();
        for other in &arguments.list {
            more.extend(it.to_items(other)?);
        }
        push(it, this, &Arguments::of(more))
    }),
    ("pop", |it, this, arguments| {
        let list = own(it, this)?;
        match arguments.get(0) {
            Some(count) => {
                let count = it.integer_of(Some(count))?.max(0) as usize;
                let mut items = list.items.borrow_mut();
                let at = items.len().saturating_sub(count);
                Ok(Value::array(items.split_off(at)))
            }
            None => Ok(list.items.borrow_mut().pop().unwrap_or(Value::Nil)),
        }
    }),
    ("shift", |it, this, arguments| {
        let list = own(it, this)?;
        let mut items = list.items.borrow_mut();
        match arguments.get(0) {
            Some(Value::Integer(count)) => {
                let count = (*count).clamp(0, items.len() as i64) as usize;
                Ok(Value::array(items.drain(..count).collect()))
            }
            _ if items.is_empty() => Ok(Value::Nil),
            _ => Ok(items.remove(0)),
        }
    }),
    ("unshift", |it, this, arguments| {
        let list = own(it, this)?;
        charge(arguments.list.len() * 16);
        list.items.borrow_mut().splice(0..0, arguments.list.iter().cloned());
        Ok(this.clone())
    }),
    ("prepend", |it, this, arguments| {
        let list = own(it, this)?;
        charge(arguments.list.len() * 16);
        list.items.borrow_mut().splice(0..0, arguments.list.iter().cloned());
        Ok(this.clone())
    }),
    ("insert", |it, this, arguments| {
        let (at, list) = (it.integer_of(arguments.get(0))?, own(it, this)?);
        let mut items = list.items.borrow_mut();
        let at = if at < 0 {
            (items.len() as i64 + at + 1).max(0)
        } else {
            at
        } as usize;
        if at > items.len() {
            let missing = at - items.len();
            drop(items);
            it.reserve(missing.saturating_mul(16))?;
            items = list.items.borrow_mut();
            items.resize(at, Value::Nil);
        }
        items.splice(at..at, arguments.list[1..].iter().cloned());
        Ok(this.clone())
    }),
    ("[]=", assign),
    ("clear", |it, this, _| {
        let list = own(it, this)?;
        let old = std::mem::take(&mut *list.items.borrow_mut());
        drop(old);
        Ok(this.clone())
    }),
    ("replace", |it, this, arguments| {
        let new = argument_items(it, arguments)?;
        set(it, this, new)
    }),
    ("fill", |it, this, arguments| {
        let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let count = length(this);
        set(it, this, vec![value; count])
    }),
    ("delete", |it, this, arguments| {
        let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let (mut kept, mut removed) = (Vec::new(), Value::Nil);
        for item in items(this) {
            if it.equal(&item, &wanted)? {
                removed = item
            } else {
                kept.push(item)
            }
        }
        set(it, this, kept)?;
        Ok(removed)
    }),
    ("delete_at", |it, this, arguments| {
        let (at, list) = (it.integer_of(arguments.get(0))?, own(it, this)?);
        let mut items = list.items.borrow_mut();
        match place(at, items.len()).filter(|it| *it < items.len()) {
            Some(at) => Ok(items.remove(at)),
            None => Ok(Value::Nil),
        }
    }),
    ("slice!", |it, this, arguments| {
        let removed = index(it, this, arguments)?;
        let gone: Vec<usize> = match &removed {
            Value::Array(list) => list.items.borrow().iter().map(Value::identity).collect(),
            other => vec![other.identity()],
        };
        let kept = items(this)
            .into_iter()
            .filter(|it| !gone.contains(&it.identity()))
            .collect();
        set(it, this, kept)?;
        Ok(removed)
    }),
    ("map!", |it, this, arguments| here(it, this, "map", arguments)),
    ("collect!", |it, this, arguments| here(it, this, "map", arguments)),
    ("select!", |it, this, arguments| here(it, this, "select", arguments)),
    ("filter!", |it, this, arguments| here(it, this, "select", arguments)),
    ("keep_if", |it, this, arguments| here(it, this, "select", arguments)),
    ("reject!", |it, this, arguments| here(it, this, "reject", arguments)),
    ("delete_if", |it, this, arguments| here(it, this, "reject", arguments)),
    ("sort!", |it, this, arguments| here(it, this, "sort", arguments)),
    ("sort_by!", |it, this, arguments| here(it, this, "sort_by", arguments)),
    ("reverse!", |it, this, arguments| here(it, this, "reverse", arguments)),
    ("shuffle!", |it, this, arguments| here(it, this, "shuffle", arguments)),
    ("rotate!", |it, this, arguments| here(it, this, "rotate", arguments)),
    ("compact!", |it, this, arguments| {
        here_or_nil(it, this, "compact", arguments)
    }),
    ("uniq!", |it, this, arguments| here_or_nil(it, this, "uniq", arguments)),
    ("flatten!", |it, this, arguments| {
        here_or_nil(it, this, "flatten", arguments)
    }),
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

fn place(at: i64, length: usize) -> Option<usize> {
    usize::try_from(if at < 0 { length as i64 + at } else { at }).ok()
}

/// The receiver, for changing it.
fn own(it: &mut Interpreter, this: &Value) -> Outcome<Rc<List>> {
    match this {
        Value::Array(list) if list.frozen.get() => {
            let shown = it.inspect(this)?;
            Err(it.error("FrozenError", format!("can't modify frozen Array: {shown}")))
        }
        Value::Array(list) => Ok(list.clone()),
        _ => Err(it.error("TypeError", "this is not an array")),
    }
}

fn set(it: &mut Interpreter, this: &Value, items: Vec<Value>) -> Eval {
    let list = own(it, this)?;
    charge(items.len() * 16);
    let old = std::mem::replace(&mut *list.items.borrow_mut(), items);
    drop(old);
    Ok(this.clone())
}

fn push(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let list = own(it, this)?;
    charge(arguments.list.len() * 16);
    list.items.borrow_mut().extend(arguments.list.iter().cloned());
    Ok(this.clone())
}

fn here(it: &mut Interpreter, this: &Value, name: &str, arguments: &Arguments) -> Eval {
    let changed = it.call(this, Symbol::new(name), arguments.clone())?;
    set(it, this, items(&changed))
}

fn here_or_nil(it: &mut Interpreter, this: &Value, name: &str, arguments: &Arguments) -> Eval {
    let before = length(this);
    here(it, this, name, arguments)?;
    Ok(if length(this) == before {
        Value::Nil
    } else {
        this.clone()
    })
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

fn index(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Value::Array(list) = this else {
        return Ok(Value::Nil);
    };
    let length = list.items.borrow().len();
    let (start, count) = match (arguments.get(0), arguments.get(1)) {
        (Some(Value::Integer(at)), None) => {
            return Ok(place(*at, length)
                .and_then(|it| list.items.borrow().get(it).cloned())
                .unwrap_or(Value::Nil));
        }
        (Some(Value::Range(range)), None) => match super::range::bounds(it, range, length as i64)? {
            Some((start, count)) => (start, count),
            None => return Ok(Value::Nil),
        },
        (start, Some(count)) => (it.integer_of(start)?, it.integer_of(Some(count))?),
        (start, None) => {
            let at = it.integer_of(start)?;
            return Ok(place(at, length)
                .and_then(|it| list.items.borrow().get(it).cloned())
                .unwrap_or(Value::Nil));
        }
    };
    match place(start, length) {
        Some(start) if start <= length && count >= 0 => Ok(Value::array(
            list.items
                .borrow()
                .iter()
                .skip(start)
                .take(count as usize)
                .cloned()
                .collect(),
        )),
        _ => Ok(Value::Nil),
    }
}

fn assign(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let list = own(it, this)?;
    let value = arguments.list.last().cloned().unwrap_or(Value::Nil);
    let length = list.items.borrow().len();
    let (start, count) = match arguments.list.as_slice() {
        [Value::Range(range), _] => super::range::bounds(it, range, length as i64)?.unwrap_or((0, 0)),
        [start, count, _] => (it.integer_of(Some(start))?, it.integer_of(Some(count))?),
        [at, _] => {
            let at = it.integer_of(Some(at))?;
            let Some(at) = place(at, length) else {
                return Err(it.error("IndexError", "index is out of range"));
            };
            it.reserve(at.saturating_sub(length).saturating_mul(16))?;
            let mut items = list.items.borrow_mut();
            if at >= items.len() {
                items.resize(at + 1, Value::Nil);
            }
            items[at] = value.clone();
            return Ok(value);
        }
        _ => return Err(it.wrong_count(arguments.len(), 2, Some(3))),
    };
    let start = place(start, length).unwrap_or(0);
    it.reserve(start.saturating_sub(length).saturating_mul(16))?;
    let new = it.splat(value.clone())?;
    let mut items = list.items.borrow_mut();
    if start > items.len() {
        items.resize(start, Value::Nil);
    }
    let end = start.saturating_add(count.max(0) as usize).min(items.len());
    items.splice(start..end, new);
    Ok(value)
}

fn through(it: &mut Interpreter, block: Option<&Value>, item: Value) -> Eval {
    match block {
        Some(block) => it.yield_to(block, &[item]),
        None => Ok(item),
    }
}

fn map(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, "map", arguments));
    };
    let mut mapped = Vec::new();
    for item in it.to_items(this)? {
        mapped.push(it.yield_to(block, &[item])?);
    }
    Ok(Value::array(mapped))
}

fn flat_map(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mapped = map(it, this, arguments)?;
    let mut flat = Vec::new();
    flatten(it, items(&mapped), 1, &mut flat)?;
    Ok(Value::array(flat))
}

fn flatten(it: &mut Interpreter, items: Vec<Value>, depth: usize, flat: &mut Vec<Value>) -> Outcome<()> {
    it.tick()?;
    for item in items {
        match &item {
            Value::Array(list) if depth > 0 => flatten(it, list.to_vec(), depth - 1, flat)?,
            _ => flat.push(item),
        }
    }
    charge(flat.len());
    Ok(())
}

fn keep_if(it: &mut Interpreter, this: &Value, arguments: &Arguments, name: &'static str, wanted: bool) -> Eval {
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

fn find(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
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

fn find_index(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
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

fn inject(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
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

fn first(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
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

fn divide(it: &mut Interpreter, this: &Value, arguments: &Arguments, take: bool) -> Eval {
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

fn includes(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let wanted = arguments.get(0).cloned().unwrap_or(Value::Nil);
    for item in it.to_items(this)? {
        if it.equal(&item, &wanted)? {
            return Ok(Value::Boolean(true));
        }
    }
    Ok(Value::Boolean(false))
}

/// How many items fit a pattern, a block, or are true; and how many there are.
fn matching(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Outcome<(usize, usize)> {
    let list = it.to_items(this)?;
    let mut count = 0;
    for item in &list {
        let fits = match (arguments.get(0), &arguments.block) {
            (Some(pattern), _) => it.case_equal(&pattern.clone(), item)?,
            (None, Some(block)) => it.yield_to(block, std::slice::from_ref(item))?.is_true(),
            (None, None) => item.is_true(),
        };
        count += usize::from(fits);
    }
    Ok((count, list.len()))
}

fn extreme(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: Ordering) -> Eval {
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
                None => it.compare(&item, best)? == wanted,
            },
        };
        if better {
            best = Some(item);
        }
    }
    Ok(best.unwrap_or(Value::Nil))
}

fn extreme_by(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: Ordering) -> Eval {
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

fn sorted_by(it: &mut Interpreter, list: Vec<Value>, block: &Value) -> Outcome<Vec<Value>> {
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

fn unique(it: &mut Interpreter, list: Vec<Value>, block: Option<&Value>) -> Outcome<Vec<Value>> {
    let mut seen = std::collections::HashSet::new();
    let mut kept = Vec::new();
    for item in list {
        let key = through(it, block, item.clone())?.key();
        if seen.insert(key) {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn to_h(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
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

fn each_of(it: &mut Interpreter, this: &Value, list: Vec<Value>, arguments: &Arguments, name: &'static str) -> Eval {
    let Some(block) = &arguments.block else {
        return Ok(enumerator::with(this, name, arguments));
    };
    for item in list {
        it.yield_to(block, &[item])?;
    }
    Ok(this.clone())
}

fn grep(it: &mut Interpreter, this: &Value, arguments: &Arguments, wanted: bool) -> Eval {
    let pattern = arguments.get(0).cloned().unwrap_or(Value::Nil);
    let mut found = Vec::new();
    for item in it.to_items(this)? {
        if it.case_equal(&pattern, &item)? == wanted {
            found.push(through(it, arguments.block.as_ref(), item)?);
        }
    }
    Ok(Value::array(found))
}

fn difference(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let gone: std::collections::HashSet<Key> = argument_items(it, arguments)?.iter().map(Value::key).collect();
    Ok(Value::array(
        items(this).into_iter().filter(|it| !gone.contains(&it.key())).collect(),
    ))
}

fn union(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut all = items(this);
    all.extend(argument_items(it, arguments)?);
    Ok(Value::array(unique(it, all, None)?))
}

fn join(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let separator = super::string::text_or(it, arguments.get(0), "")?;
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

/// `dig`, for lists and hashes.
pub fn dig(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let mut value = this.clone();
    for key in &arguments.list {
        if value.is_nil() {
            return Ok(Value::Nil);
        }
        value = it.send(&value, "[]", vec![key.clone()])?;
    }
    Ok(value)
}

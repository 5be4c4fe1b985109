//! What a regular expression matched: `MatchData`.

use crate::ruby::builtin::Methods;
use crate::ruby::value::*;
use std::rc::Rc;

pub(super) const MATCH: Methods = &[
    ("[]", |it, this, arguments| match arguments.get(0) {
        Some(Value::Integer(index)) => {
            let found = found_of(this);
            let count = found.as_ref().map_or(0, |it| it.spans.len()) as i64;
            let index = if *index < 0 { count + index } else { *index };
            Ok(group(this, usize::try_from(index).unwrap_or(usize::MAX)))
        }
        Some(name @ (Value::String(_) | Value::Symbol(_))) => Ok(named_group(this, &name.text().unwrap_or_default())),
        other => {
            let list = Value::array(groups(this));
            it.send(&list, "[]", other.cloned().into_iter().collect())
        }
    }),
    ("to_a", |_, this, _| Ok(Value::array(groups(this)))),
    ("captures", |_, this, _| {
        Ok(Value::array(groups(this).into_iter().skip(1).collect()))
    }),
    ("deconstruct", |_, this, _| {
        Ok(Value::array(groups(this).into_iter().skip(1).collect()))
    }),
    ("named_captures", |_, this, _| {
        let found = found_of(this);
        let names = found.iter().flat_map(|it| it.names.iter().flatten());
        Ok(Value::hash(
            names.map(|name| (Value::string(name), named_group(this, name))),
        ))
    }),
    ("names", |_, this, _| {
        let found = found_of(this);
        let names = found.iter().flat_map(|it| it.names.iter().flatten());
        Ok(Value::array(names.map(Value::string).collect()))
    }),
    ("to_s", |_, this, _| Ok(group(this, 0))),
    ("pre_match", |_, this, _| {
        Ok(found_of(this).map_or(Value::Nil, |it| Value::string(&it.text[..it.start(0).unwrap_or(0)])))
    }),
    ("post_match", |_, this, _| {
        Ok(found_of(this).map_or(Value::Nil, |it| Value::string(&it.text[it.end(0).unwrap_or(0)..])))
    }),
    ("begin", |it, this, arguments| {
        let index = it.integer_of(arguments.get(0))? as usize;
        Ok(found_of(this)
            .and_then(|it| Some(Value::Integer(it.text[..it.start(index)?].chars().count() as i64)))
            .unwrap_or(Value::Nil))
    }),
    ("end", |it, this, arguments| {
        let index = it.integer_of(arguments.get(0))? as usize;
        Ok(found_of(this)
            .and_then(|it| Some(Value::Integer(it.text[..it.end(index)?].chars().count() as i64)))
            .unwrap_or(Value::Nil))
    }),
    ("size", |_, this, _| Ok(Value::Integer(groups(this).len() as i64))),
    ("values_at", |_, this, arguments| {
        let wanted = arguments.list.iter().filter_map(|it| match it {
            Value::Integer(index) => usize::try_from(*index).ok(),
            _ => None,
        });
        Ok(Value::array(wanted.map(|index| group(this, index)).collect()))
    }),
];

/// What a search found: the spans of its groups, in bytes.
pub struct Found {
    pub _weight: Weight,
    pub text: Rc<str>,
    pub spans: Vec<Option<(usize, usize)>>,
    pub names: Rc<[Option<String>]>,
}

impl Found {
    pub fn start(&self, group: usize) -> Option<usize> {
        self.spans.get(group).copied().flatten().map(|(start, _)| start)
    }

    pub fn end(&self, group: usize) -> Option<usize> {
        self.spans.get(group).copied().flatten().map(|(_, end)| end)
    }

    pub fn group(&self, group: usize) -> Option<&str> {
        let (start, end) = self.spans.get(group).copied().flatten()?;
        self.text.get(start..end)
    }
}

pub(super) fn found_of(matched: &Value) -> Option<Rc<Found>> {
    let Value::Object(object) = matched else { return None };
    let native = object.native.borrow().clone();
    native?.downcast::<Found>().ok()
}

pub(super) fn groups(matched: &Value) -> Vec<Value> {
    let count = found_of(matched).map_or(0, |it| it.spans.len());
    (0..count).map(|index| group(matched, index)).collect()
}

/// A group of what was matched.
pub fn group(matched: &Value, index: usize) -> Value {
    found_of(matched)
        .and_then(|it| it.group(index).map(Value::string))
        .unwrap_or(Value::Nil)
}

/// A group by its name.
pub fn named_group(matched: &Value, name: &str) -> Value {
    let Some(found) = found_of(matched) else {
        return Value::Nil;
    };
    let index = found.names.iter().position(|it| it.as_deref() == Some(name));
    index.map_or(Value::Nil, |index| group(matched, index))
}

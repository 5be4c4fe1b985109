//! Values on their way between Lua and the model.

use std::any::Any;
use std::rc::Rc;

use mlua::{Table, Value as LuaValue};

use super::failure::Failure;
use crate::layer::Value;
use crate::model::{Datum, Live};

/// How deep tables may stand within one another.
const DEEPEST: usize = 64;

/// How many values one table may hold together with those within it.
const LARGEST: usize = 1 << 20;

/// A table that the file may still change.
pub struct LiveTable(pub Table);

impl Live for LiveTable {
    fn snapshot(&self) -> Value {
        table_to_value(&self.0, &mut Budget::default()).unwrap_or(Value::Nil)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A value of Lua's for the model. Tables stay Lua's own.
pub fn to_datum(value: &LuaValue) -> mlua::Result<Datum> {
    match value {
        LuaValue::Table(table) => {
            // Read once now, so that what cannot be a value is refused on the line that assigns it.
            table_to_value(table, &mut Budget::default())?;
            Ok(Datum::Live(Rc::new(LiveTable(table.clone()))))
        }
        other => Ok(Datum::Plain(to_value(other)?)),
    }
}

/// A value of Lua's as it is now.
pub fn to_value(value: &LuaValue) -> mlua::Result<Value> {
    convert(value, &mut Budget::default())
}

struct Budget {
    depth: usize,
    values: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            depth: DEEPEST,
            values: LARGEST,
        }
    }
}

fn convert(value: &LuaValue, budget: &mut Budget) -> mlua::Result<Value> {
    if budget.values == 0 {
        return Err(Failure::raise(
            format!("a table holds more than {LARGEST} values"),
            None,
        ));
    }
    budget.values -= 1;
    match value {
        LuaValue::Nil => Ok(Value::Nil),
        null if null.is_null() => Ok(Value::Nil),
        LuaValue::Boolean(truth) => Ok(Value::Boolean(*truth)),
        LuaValue::Integer(number) => Ok(Value::Integer(*number)),
        LuaValue::Number(number) => Ok(Value::Float(*number)),
        LuaValue::String(text) => Ok(Value::String(text.to_string_lossy())),
        LuaValue::Table(table) => table_to_value(table, budget),
        other => {
            let advice = "an option takes texts, numbers, booleans and tables of them".to_owned();
            Err(Failure::raise(
                format!("a {} cannot be the value of an option", other.type_name()),
                Some(advice),
            ))
        }
    }
}

/// A table whose keys are 1, 2, 3 ... is a list, any other a table in the order of its keys: Lua keeps no order of its own.
fn table_to_value(table: &Table, budget: &mut Budget) -> mlua::Result<Value> {
    if budget.depth == 0 {
        return Err(Failure::raise(
            format!("tables stand within one another more than {DEEPEST} deep"),
            None,
        ));
    }
    budget.depth -= 1;
    let mut pairs = Vec::new();
    for pair in table.pairs::<LuaValue, LuaValue>() {
        let (key, value) = pair?;
        pairs.push((convert(&key, budget)?, convert(&value, budget)?));
    }
    budget.depth += 1;
    pairs.sort_by_cached_key(|(key, _)| order(key));
    let is_list = !pairs.is_empty()
        && pairs
            .iter()
            .zip(1..)
            .all(|((key, _), index)| *key == Value::Integer(index));
    match is_list {
        true => Ok(Value::List(pairs.into_iter().map(|(_, value)| value).collect())),
        false => Ok(Value::Map(pairs)),
    }
}

/// Numbers before texts, each in their own order.
fn order(key: &Value) -> (u8, i64, String) {
    match key {
        Value::Integer(number) => (0, *number, String::new()),
        Value::String(text) => (1, 0, text.clone()),
        other => (2, 0, format!("{other:?}")),
    }
}

/// A value of the model for Lua; a table of Lua's own comes back as itself.
pub fn datum_to_lua(state: &mlua::Lua, datum: &Datum) -> mlua::Result<LuaValue> {
    match datum {
        Datum::Plain(value) => to_lua(state, value),
        Datum::Live(live) => match live.as_any().downcast_ref::<LiveTable>() {
            Some(LiveTable(table)) => Ok(LuaValue::Table(table.clone())),
            None => to_lua(state, &live.snapshot()),
        },
    }
}

/// A plain value for Lua.
pub fn to_lua(state: &mlua::Lua, value: &Value) -> mlua::Result<LuaValue> {
    Ok(match value {
        Value::Nil | Value::Unset | Value::Block(_) => LuaValue::Nil,
        Value::Boolean(truth) => LuaValue::Boolean(*truth),
        Value::Integer(number) => LuaValue::Integer(*number),
        Value::Float(number) => LuaValue::Number(*number),
        Value::String(text) | Value::Symbol(text) => LuaValue::String(state.create_string(text)?),
        Value::Range(first, last) => LuaValue::String(state.create_string(format!("{first}..{last}"))?),
        Value::List(items) => {
            let table = state.create_table()?;
            for item in items {
                table.raw_push(to_lua(state, item)?)?;
            }
            LuaValue::Table(table)
        }
        Value::Map(pairs) => {
            let table = state.create_table()?;
            for (key, value) in pairs {
                let key = to_lua(state, key)?;
                if !key.is_nil() {
                    table.raw_set(key, to_lua(state, value)?)?;
                }
            }
            LuaValue::Table(table)
        }
    })
}

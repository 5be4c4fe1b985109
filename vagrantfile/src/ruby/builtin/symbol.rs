//! Symbols. What they share with strings is done by their text.

use super::Methods;
use crate::ruby::interpreter::Interpreter;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

pub fn install(it: &mut Interpreter) {
    let symbol = it.core.symbol.clone();
    it.methods(&symbol, METHODS);
    for (name, native) in super::string::SHARED_WITH_SYMBOLS {
        it.define(
            &symbol,
            Symbol::new(name),
            MethodBody::Native(*native),
            Visibility::Public,
        );
    }
    // The methods that give symbols need their own name, which a plain function does not know.
    it.methods(
        &symbol,
        &[
            ("upcase", |it, this, _| changed(it, this, "upcase")),
            ("downcase", |it, this, _| changed(it, this, "downcase")),
            ("capitalize", |it, this, _| changed(it, this, "capitalize")),
            ("swapcase", |it, this, _| changed(it, this, "swapcase")),
            ("succ", |it, this, _| changed(it, this, "succ")),
        ],
    );
}

fn changed(it: &mut Interpreter, this: &Value, name: &str) -> crate::ruby::interpreter::Eval {
    let text = Value::string(this.text().unwrap_or_default());
    let changed = it.send(&text, name, Vec::new())?;
    Ok(Value::symbol(&changed.text().unwrap_or_default()))
}

const METHODS: Methods = &[
    ("to_sym", |_, this, _| Ok(this.clone())),
    ("to_s", |_, this, _| Ok(Value::string(this.text().unwrap_or_default()))),
    ("name", |_, this, _| Ok(Value::string(this.text().unwrap_or_default()))),
    ("id2name", |_, this, _| {
        Ok(Value::string(this.text().unwrap_or_default()))
    }),
    ("to_proc", |_, this, _| match this {
        Value::Symbol(name) => Ok(crate::ruby::eval::symbol_block(*name)),
        _ => Ok(Value::Nil),
    }),
    ("<=>", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(it
            .try_compare(this, &other)?
            .map_or(Value::Nil, |it| Value::Integer(it as i64)))
    }),
];

//! `Struct`: classes with fields.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let structure = it.core.class_at("Struct", &it.core.object.clone());
    structure.included.borrow_mut().push(it.core.enumerable.clone());
    it.methods(&structure, METHODS);
    it.own_methods(&structure, &[("new", create)]);
}

const METHODS: Methods = &[
    ("initialize", |it, this, arguments| {
        let members = members(it, this);
        let by_keyword = keyword_init(it, this);
        let pairs = match arguments.list.last() {
            Some(Value::Hash(table)) if arguments.has_keywords && (by_keyword || arguments.len() == 1) => {
                Some(table.clone())
            }
            _ => None,
        };
        if let Some(table) = pairs {
            for (key, _) in table.to_pairs() {
                if !members.iter().any(|it| Some(it.text().to_string()) == key.text()) {
                    let key = it.to_s(&key)?;
                    return Err(it.error("ArgumentError", format!("unknown keywords: {key}")));
                }
            }
            for name in members {
                let value = table.get(&Value::Symbol(name)).unwrap_or(Value::Nil);
                it.set_instance_variable(this, variable(name), value)?;
            }
            return Ok(Value::Nil);
        }
        if by_keyword && arguments.len() > 0 {
            return Err(it.wrong_count(arguments.len(), 0, Some(0)));
        }
        if arguments.len() > members.len() {
            return Err(it.error("ArgumentError", "struct size differs"));
        }
        for (index, name) in members.into_iter().enumerate() {
            let value = arguments.get(index).cloned().unwrap_or(Value::Nil);
            it.set_instance_variable(this, variable(name), value)?;
        }
        Ok(Value::Nil)
    }),
    ("to_a", |it, this, _| Ok(Value::array(values(it, this)))),
    ("deconstruct", |it, this, _| Ok(Value::array(values(it, this)))),
    ("values", |it, this, _| Ok(Value::array(values(it, this)))),
    ("members", |it, this, _| {
        Ok(Value::array(members(it, this).into_iter().map(Value::Symbol).collect()))
    }),
    ("to_h", |it, this, _| Ok(as_hash(it, this))),
    ("deconstruct_keys", |it, this, _| Ok(as_hash(it, this))),
    ("each", |it, this, arguments| {
        let list = Value::array(values(it, this));
        it.call(&list, Symbol::new("each"), arguments.clone())?;
        Ok(this.clone())
    }),
    ("each_pair", |it, this, arguments| {
        let pairs = as_hash(it, this);
        let each = it.call(&pairs, Symbol::new("each"), arguments.clone())?;
        Ok(if arguments.block.is_some() { this.clone() } else { each })
    }),
    ("[]", |it, this, arguments| match arguments.get(0) {
        Some(Value::Integer(index)) => {
            let list = Value::array(values(it, this));
            it.send(&list, "[]", vec![Value::Integer(*index)])
        }
        name => {
            let name = it.text_of(name)?;
            Ok(it.instance_variable(this, Symbol::new(&format!("@{name}"))))
        }
    }),
    ("[]=", |it, this, arguments| {
        let value = arguments.get(1).cloned().unwrap_or(Value::Nil);
        let name = match arguments.get(0) {
            Some(Value::Integer(index)) => members(it, this)
                .get(*index as usize)
                .map_or_else(String::new, Symbol::to_string),
            name => it.text_of(name)?,
        };
        it.set_instance_variable(this, Symbol::new(&format!("@{name}")), value.clone())?;
        Ok(value)
    }),
    ("values_at", |it, this, arguments| {
        let list = Value::array(values(it, this));
        it.send(&list, "values_at", arguments.list.clone())
    }),
    ("dig", |it, this, arguments| super::array::dig(it, this, arguments)),
    ("==", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        if !Rc::ptr_eq(&it.class_of(this), &it.class_of(&other)) {
            return Ok(Value::Boolean(false));
        }
        let (one, two) = (Value::array(values(it, this)), Value::array(values(it, &other)));
        Ok(Value::Boolean(it.equal(&one, &two)?))
    }),
    ("size", size),
    ("length", size),
    ("eql?", |it, this, arguments| {
        it.call(this, Symbol::new("=="), arguments.clone())
    }),
    ("to_s", inspect),
    ("inspect", inspect),
];

fn size(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    Ok(Value::Integer(members(it, this).len() as i64))
}

fn variable(name: Symbol) -> Symbol {
    Symbol::new(&format!("@{name}"))
}

fn create(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Value::Class(parent) = this else {
        return Ok(Value::Nil);
    };
    let is_struct_itself = &*parent.name.borrow() == "Struct";
    if !is_struct_itself {
        let object = it.core.instance(parent);
        it.dispatch(&object, Symbol::new("initialize"), arguments.clone(), true)?;
        return Ok(object);
    }
    let class = Class::new("", Some(parent.clone()), false);
    let (list, keywords) = arguments.split();
    let mut names = Vec::new();
    for value in list {
        match value {
            Value::String(name) => {
                it.set_constant(parent, Symbol::new(&name.text.borrow()), Value::Class(class.clone()))
            }
            other => names.push(Symbol::new(&it.text_of(Some(other))?)),
        }
    }
    for name in &names {
        it.define(&class, *name, MethodBody::Reader(variable(*name)), Visibility::Public);
        it.define(
            &class,
            Symbol::new(&format!("{name}=")),
            MethodBody::Writer(variable(*name)),
            Visibility::Public,
        );
    }
    it.put(
        &class,
        "MEMBERS",
        Value::array(names.into_iter().map(Value::Symbol).collect()),
    );
    let by_keyword = keywords
        .and_then(|it| it.get_symbol("keyword_init"))
        .is_some_and(|it| it.is_true());
    it.put(&class, "KEYWORD_INIT", Value::Boolean(by_keyword));
    it.own_methods(
        &class,
        &[
            ("[]", |it, this, arguments| {
                it.call(this, Symbol::new("new"), arguments.clone())
            }),
            ("members", |it, this, _| {
                let Value::Class(class) = this else {
                    return Ok(Value::Nil);
                };
                let object = it.core.instance(class);
                Ok(Value::array(
                    members(it, &object).into_iter().map(Value::Symbol).collect(),
                ))
            }),
        ],
    );
    let value = Value::Class(class.clone());
    if let Some(block) = &arguments.block {
        it.call_with_self(block, &value, class, vec![value.clone()])?;
    }
    Ok(value)
}

fn constant(it: &Interpreter, this: &Value, name: &str) -> Option<Value> {
    let class = it.class_of(this);
    class
        .ancestors()
        .iter()
        .find_map(|class| class.constants.borrow().get(&Symbol::new(name)).cloned())
}

fn members(it: &Interpreter, this: &Value) -> Vec<Symbol> {
    let list = constant(it, this, "MEMBERS")
        .map(|it| super::array::items(&it))
        .unwrap_or_default();
    list.iter()
        .filter_map(|it| match it {
            Value::Symbol(name) => Some(*name),
            _ => None,
        })
        .collect()
}

fn keyword_init(it: &Interpreter, this: &Value) -> bool {
    constant(it, this, "KEYWORD_INIT").is_some_and(|it| it.is_true())
}

fn values(it: &Interpreter, this: &Value) -> Vec<Value> {
    members(it, this)
        .into_iter()
        .map(|name| it.instance_variable(this, variable(name)))
        .collect()
}

fn as_hash(it: &Interpreter, this: &Value) -> Value {
    let names = members(it, this);
    Value::hash(
        names
            .into_iter()
            .map(|name| (Value::Symbol(name), it.instance_variable(this, variable(name))))
            .collect::<Vec<_>>(),
    )
}

fn inspect(it: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    let mut shown = Vec::new();
    for name in members(it, this) {
        let value = it.instance_variable(this, variable(name));
        shown.push(format!("{name}={}", it.inspect(&value)?));
    }
    let class = it.class_of(this).name.borrow().clone();
    let space = if class.is_empty() { "" } else { " " };
    Ok(Value::string(format!("#<struct {class}{space}{}>", shown.join(", "))))
}

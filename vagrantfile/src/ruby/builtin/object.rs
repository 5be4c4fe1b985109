//! What every object can do.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let object = it.core.object.clone();
    it.methods(&object, METHODS);
    if let Some(method) = object.methods.borrow().get(&Symbol::new("initialize")) {
        method.visibility.set(Visibility::Private);
    }
    for class in [
        it.core.nil.clone(),
        it.core.true_class.clone(),
        it.core.false_class.clone(),
    ] {
        it.methods(&class, LOGIC);
    }
    let nil = it.core.nil.clone();
    it.methods(&nil, NIL);
    let main = it.main.clone();
    if let Ok(singleton) = it.singleton(&main) {
        it.methods(&singleton, MAIN);
    }
}

const METHODS: Methods = &[
    ("initialize", |_, _, _| Ok(Value::Nil)),
    ("class", |it, this, _| Ok(Value::Class(it.class_of(this)))),
    ("singleton_class", |it, this, _| Ok(Value::Class(it.singleton(this)?))),
    ("is_a?", is_a),
    ("kind_of?", is_a),
    ("instance_of?", |it, this, arguments| match arguments.get(0) {
        Some(Value::Class(class)) => Ok(Value::Boolean(Rc::ptr_eq(&it.class_of(this), class))),
        _ => Err(it.error("TypeError", "class or module required")),
    }),
    ("nil?", |_, this, _| Ok(Value::Boolean(this.is_nil()))),
    ("!", |_, this, _| Ok(Value::Boolean(!this.is_true()))),
    ("==", |_, this, arguments| {
        Ok(Value::Boolean(arguments.get(0).is_some_and(|it| it.is_same(this))))
    }),
    ("!=", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::Boolean(!it.equal(this, &other)?))
    }),
    ("equal?", |_, this, arguments| {
        Ok(Value::Boolean(arguments.get(0).is_some_and(|it| it.is_same(this))))
    }),
    ("eql?", |_, this, arguments| {
        Ok(Value::Boolean(
            arguments.get(0).is_some_and(|it| it.key() == this.key()),
        ))
    }),
    ("===", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::Boolean(it.equal(this, &other)?))
    }),
    ("=~", |_, _, _| Ok(Value::Nil)),
    ("!~", |it, this, arguments| {
        Ok(Value::Boolean(!it.send(this, "=~", arguments.list.clone())?.is_true()))
    }),
    ("<=>", |it, this, arguments| {
        let other = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(if it.equal(this, &other)? {
            Value::Integer(0)
        } else {
            Value::Nil
        })
    }),
    ("hash", |_, this, _| {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        this.key().hash(&mut hasher);
        Ok(Value::Integer((hasher.finish() >> 2) as i64))
    }),
    ("object_id", |_, this, _| {
        Ok(Value::Integer((this.identity() & 0x7fff_ffff_ffff) as i64))
    }),
    ("__id__", |_, this, _| {
        Ok(Value::Integer((this.identity() & 0x7fff_ffff_ffff) as i64))
    }),
    ("to_s", |it, this, _| Ok(Value::string(plain_text(it, this)?))),
    ("inspect", |it, this, _| Ok(Value::string(plain_inspect(it, this)?))),
    ("itself", |_, this, _| Ok(this.clone())),
    ("tap", |it, this, arguments| {
        if let Some(block) = &arguments.block {
            it.yield_to(block, std::slice::from_ref(this))?;
        }
        Ok(this.clone())
    }),
    ("then", then),
    ("yield_self", then),
    ("freeze", |_, this, _| {
        match this {
            Value::String(text) => text.frozen.set(true),
            Value::Array(list) => list.frozen.set(true),
            Value::Hash(table) => table.frozen.set(true),
            Value::Object(object) => object.frozen.set(true),
            _ => {}
        }
        Ok(this.clone())
    }),
    ("frozen?", |_, this, _| {
        Ok(Value::Boolean(match this {
            Value::String(text) => text.frozen.get(),
            Value::Array(list) => list.frozen.get(),
            Value::Hash(table) => table.frozen.get(),
            Value::Object(object) => object.frozen.get(),
            Value::Class(_) | Value::Proc(_) => false,
            _ => true,
        }))
    }),
    ("dup", |it, this, _| copy(it, this)),
    ("clone", |it, this, _| copy(it, this)),
    ("send", send_any),
    ("__send__", send_any),
    ("public_send", |it, this, arguments| {
        let (name, arguments) = named(it, arguments)?;
        it.call(this, name, arguments)
    }),
    ("respond_to?", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        let with_private = arguments.get(1).is_some_and(Value::is_true);
        let found = it.find_method(this, name);
        if found.is_some_and(|it| with_private || it.visibility.get() == Visibility::Public) {
            return Ok(Value::Boolean(true));
        }
        match it.find_method(this, Symbol::new("respond_to_missing?")) {
            Some(method) => {
                let passed = Arguments::of(vec![Value::Symbol(name), Value::Boolean(with_private)]);
                Ok(Value::Boolean(it.invoke(&method, this, passed)?.is_true()))
            }
            None => Ok(Value::Boolean(false)),
        }
    }),
    ("method", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        if let Value::Config(_) = this {
            return Ok(super::method::bound_call(it, name, this));
        }
        let Some(method) = it.find_method(this, name) else {
            let shown = it.describe(this);
            return Err(it.error("NameError", format!("undefined method `{name}' for {shown}")));
        };
        Ok(super::method::bound(method, this.clone()))
    }),
    ("methods", |it, this, _| Ok(method_names(it, this, false))),
    ("public_methods", |it, this, _| Ok(method_names(it, this, false))),
    ("singleton_methods", |it, this, _| Ok(method_names(it, this, true))),
    ("define_singleton_method", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        let block = arguments.block.clone().or_else(|| arguments.get(1).cloned());
        let singleton = it.singleton(this)?;
        if let Some(Value::Proc(proc)) = block {
            it.define(&singleton, name, MethodBody::Proc(proc), Visibility::Public);
        }
        Ok(Value::Symbol(name))
    }),
    ("extend", |it, this, arguments| {
        let singleton = it.singleton(this)?;
        for module in &arguments.list {
            if let Value::Class(class) = module {
                singleton.included.borrow_mut().push(class.clone());
                it.forget_methods();
                if it.find_method(module, Symbol::new("extended")).is_some() {
                    it.dispatch(module, Symbol::new("extended"), Arguments::of(vec![this.clone()]), true)?;
                }
            }
        }
        Ok(this.clone())
    }),
    ("instance_eval", |it, this, arguments| {
        instance_eval(it, this, arguments, vec![this.clone()])
    }),
    ("instance_exec", |it, this, arguments| {
        instance_eval(it, this, arguments, arguments.list.clone())
    }),
    ("instance_variable_get", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(it.instance_variable(this, name))
    }),
    ("instance_variable_set", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        let value = arguments.get(1).cloned().unwrap_or(Value::Nil);
        it.set_instance_variable(this, name, value.clone())?;
        Ok(value)
    }),
    ("instance_variable_defined?", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(Value::Boolean(
            matches!(this, Value::Object(object) if object.instance.borrow().contains_key(&name)),
        ))
    }),
    ("instance_variables", |_, this, _| {
        let names = match this {
            Value::Object(object) => object.instance.borrow().keys().copied().map(Value::Symbol).collect(),
            Value::Class(class) => class.instance.borrow().keys().copied().map(Value::Symbol).collect(),
            _ => Vec::new(),
        };
        Ok(Value::array(names))
    }),
    ("enum_for", |_, this, arguments| {
        Ok(super::enumerator::of(this, arguments))
    }),
    ("to_enum", |_, this, arguments| {
        Ok(super::enumerator::of(this, arguments))
    }),
    ("display", |it, this, _| {
        let text = it.to_s(this)?;
        super::kernel::print(it, &text)
    }),
    ("instance_variable_names", |_, _, _| Ok(Value::array(Vec::new()))),
];

const LOGIC: Methods = &[
    ("&", |_, this, arguments| {
        Ok(Value::Boolean(
            this.is_true() && arguments.get(0).is_some_and(Value::is_true),
        ))
    }),
    ("|", |_, this, arguments| {
        Ok(Value::Boolean(
            this.is_true() || arguments.get(0).is_some_and(Value::is_true),
        ))
    }),
    ("^", |_, this, arguments| {
        Ok(Value::Boolean(
            this.is_true() != arguments.get(0).is_some_and(Value::is_true),
        ))
    }),
];

const NIL: Methods = &[
    ("to_a", |_, _, _| Ok(Value::array(Vec::new()))),
    ("to_h", |_, _, _| Ok(Value::hash([]))),
    ("to_i", |_, _, _| Ok(Value::Integer(0))),
    ("to_f", |_, _, _| Ok(Value::Float(0.0))),
];

/// What the top level of a file can do on top of it.
const MAIN: Methods = &[
    ("to_s", |_, _, _| Ok(Value::string("main"))),
    ("inspect", |_, _, _| Ok(Value::string("main"))),
    ("include", |it, _, arguments| {
        let object = Value::Class(it.core.object.clone());
        it.dispatch(&object, Symbol::new("include"), arguments.clone(), true)
    }),
    ("public", |_, _, _| Ok(Value::Nil)),
    ("private", |_, _, _| Ok(Value::Nil)),
    ("define_method", |it, _, arguments| {
        let object = Value::Class(it.core.object.clone());
        it.dispatch(&object, Symbol::new("define_method"), arguments.clone(), true)
    }),
];

fn is_a(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    match arguments.get(0) {
        Some(Value::Class(class)) => Ok(Value::Boolean(it.is_a(this, class))),
        _ => Err(it.error("TypeError", "class or module required")),
    }
}

fn then(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    match &arguments.block {
        Some(block) => it.yield_to(block, std::slice::from_ref(this)),
        None => Ok(this.clone()),
    }
}

/// The name of a method that stands as the first argument, and the rest.
fn named(it: &mut Interpreter, arguments: &Arguments) -> Outcome<(Symbol, Arguments)> {
    let name = it.text_of(arguments.get(0))?;
    let mut rest = arguments.clone();
    rest.list.remove(0);
    Ok((Symbol::new(&name), rest))
}

fn send_any(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let (name, arguments) = named(it, arguments)?;
    it.dispatch(this, name, arguments, true)
}

fn instance_eval(it: &mut Interpreter, this: &Value, arguments: &Arguments, values: Vec<Value>) -> Eval {
    if let (None, Some(Value::String(text))) = (&arguments.block, arguments.get(0)) {
        let text = text.copied();
        let class = it.singleton(this).unwrap_or_else(|_| it.core.object.clone());
        let context = Context {
            this: this.clone(),
            variables: Variables::within(None),
            source: it.source.clone(),
            scope: Rc::new(Scope {
                class,
                parent: None,
                visibility: std::cell::Cell::new(Visibility::Public),
                module_function: std::cell::Cell::new(false),
            }),
            frame: Rc::new(Frame {
                id: it.fresh_id(),
                method: None,
                arguments: std::cell::RefCell::default(),
                matched: std::cell::RefCell::new(Value::Nil),
            }),
            tag: 0,
        };
        let path = arguments.get(1).and_then(Value::text);
        return crate::ruby::load::evaluate(it, text, path, 1, &Rc::new(context));
    }
    let Some(block) = &arguments.block else {
        return Err(it.wrong_count(0, 1, Some(3)));
    };
    let class = match this {
        Value::Object(_) | Value::Class(_) => it.singleton(this)?,
        _ => it.class_of(this),
    };
    it.call_with_self(block, this, class, values)
}

fn plain_text(it: &mut Interpreter, this: &Value) -> Outcome<String> {
    match this {
        Value::Object(object) => {
            let address = this.identity() & 0xffff_ffff_ffff;
            Ok(format!("#<{}:0x{address:016x}>", object.class.name.borrow()))
        }
        Value::Class(class) => Ok(class.name.borrow().clone()),
        Value::Regexp(regexp) => Ok(super::regexp::embedded(regexp)),
        Value::Proc(_) => it.inspect(this),
        other => it.to_s(other),
    }
}

fn plain_inspect(it: &mut Interpreter, this: &Value) -> Outcome<String> {
    let Value::Object(object) = this else {
        return it.inspect(this);
    };
    let text = it.find_method(this, Symbol::new("to_s"));
    let has_own_text = text.is_some_and(|it| !matches!(it.body, MethodBody::Native(_)));
    let variables: Vec<(Symbol, Value)> = object
        .instance
        .borrow()
        .iter()
        .map(|(name, value)| (*name, value.clone()))
        .collect();
    if variables.is_empty() && has_own_text {
        return it.to_s(this);
    }
    let mut shown = Vec::new();
    for (name, value) in variables.iter().filter(|(name, _)| name.text().starts_with('@')) {
        shown.push(format!("{name}={}", it.inspect(value)?));
    }
    let class = object.class.name.borrow().clone();
    Ok(if shown.is_empty() {
        format!("#<{class}>")
    } else {
        format!("#<{class} {}>", shown.join(", "))
    })
}

/// A copy of the value itself; what it holds is shared.
pub fn copy(it: &mut Interpreter, this: &Value) -> Eval {
    Ok(match this {
        Value::String(text) => Value::string(text.copied()),
        Value::Array(list) => Value::array(list.to_vec()),
        Value::Hash(table) => {
            let copy = Table::default();
            table
                .to_pairs()
                .into_iter()
                .for_each(|(key, value)| copy.insert(key, value));
            *copy.default.borrow_mut() = table.default.borrow().clone();
            *copy.default_block.borrow_mut() = table.default_block.borrow().clone();
            Value::Hash(Rc::new(copy))
        }
        Value::Object(object) => {
            let copy = it.core.instance(&object.class);
            if let Value::Object(new) = &copy {
                *new.instance.borrow_mut() = object.instance.borrow().clone();
                *new.native.borrow_mut() = object.native.borrow().clone();
                *new.singleton.borrow_mut() = object.singleton.borrow().clone();
            }
            if it.find_method(&copy, Symbol::new("initialize_copy")).is_some() {
                it.dispatch(
                    &copy,
                    Symbol::new("initialize_copy"),
                    Arguments::of(vec![this.clone()]),
                    true,
                )?;
            }
            copy
        }
        Value::Class(class) => {
            let copy = Class::new("", class.superclass.clone(), class.is_module);
            *copy.methods.borrow_mut() = class.methods.borrow().clone();
            *copy.constants.borrow_mut() = class.constants.borrow().clone();
            *copy.included.borrow_mut() = class.included.borrow().clone();
            Value::Class(copy)
        }
        other => other.clone(),
    })
}

fn method_names(it: &mut Interpreter, this: &Value, own: bool) -> Value {
    let chain = it.method_chain(this);
    let chain = chain.into_iter().take_while(|class| !own || class.is_singleton);
    let mut names: Vec<Symbol> = chain
        .flat_map(|it| it.methods.borrow().keys().copied().collect::<Vec<_>>())
        .collect();
    names.sort_by_key(|it| it.text());
    names.dedup();
    Value::array(names.into_iter().map(Value::Symbol).collect())
}

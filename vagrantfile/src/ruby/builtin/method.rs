//! `Method` and `UnboundMethod`: methods taken off their objects.

use super::Methods;
use super::proc::parameters_of;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::ir::Function;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let method = it.core.method.clone();
    it.methods(&method, METHOD);
    it.methods(&method, COMMON);
    let unbound = it.core.class_at("UnboundMethod", &it.core.object.clone());
    it.methods(&unbound, UNBOUND);
    it.methods(&unbound, COMMON);
}

const METHOD: Methods = &[
    ("receiver", |_, this, _| Ok(receiver_of(this))),
    ("unbind", |it, this, _| match method_of(this) {
        Some(method) => Ok(unbound(it, method)),
        None => Ok(this.clone()),
    }),
    ("super_method", |it, this, _| {
        let (Some(method), receiver) = (method_of(this), receiver_of(this)) else {
            return Ok(Value::Nil);
        };
        let ancestors = it.class_of(&receiver).ancestors();
        let own = ancestors.iter().position(|class| Rc::ptr_eq(class, &method.owner));
        let above = &ancestors[own.map_or(0, |at| at + 1)..];
        let next = above
            .iter()
            .find_map(|it| it.methods.borrow().get(&method.name).cloned());
        Ok(next.map_or(Value::Nil, |next| bound(next, receiver)))
    }),
];

const UNBOUND: Methods = &[
    ("bind", |it, this, arguments| {
        let receiver = arguments.get(0).cloned().unwrap_or(Value::Nil);
        match method_of(this) {
            Some(method) => Ok(bound(method, receiver)),
            None => Err(it.error("TypeError", "this is not a method")),
        }
    }),
    ("bind_call", |it, this, arguments| {
        let mut arguments = arguments.clone();
        if arguments.list.is_empty() {
            return Err(it.wrong_count(0, 1, None));
        }
        let receiver = arguments.list.remove(0);
        match method_of(this) {
            Some(method) => it.invoke(&method, &receiver, arguments),
            None => Err(it.error("TypeError", "this is not a method")),
        }
    }),
];

const COMMON: Methods = &[
    ("arity", |_, this, _| {
        let Some(method) = method_of(this) else {
            return Ok(Value::Nil);
        };
        let arity = match (&method.body, function_of(&method)) {
            (_, Some(function)) => crate::ruby::bind::arity(&function.parameters, true),
            (MethodBody::Reader(_), _) => 0,
            (MethodBody::Writer(_), _) => 1,
            _ => -1,
        };
        Ok(Value::Integer(i64::from(arity)))
    }),
    ("parameters", |_, this, _| {
        let function = method_of(this).and_then(|it| function_of(&it));
        Ok(match function {
            Some(function) => parameters_of(&function, true),
            None => Value::array(vec![Value::array(vec![Value::symbol("rest")])]),
        })
    }),
    ("name", name),
    ("original_name", name),
    ("owner", |_, this, _| {
        Ok(method_of(this).map_or(Value::Nil, |it| Value::Class(it.owner.clone())))
    }),
    ("source_location", |_, this, _| {
        let function = method_of(this).and_then(|it| function_of(&it));
        Ok(function.map_or(Value::Nil, |it| super::proc::location_of(&it)))
    }),
    ("inspect", |it, this, _| {
        let class = it.class_of(this).name.borrow().clone();
        let Some(method) = method_of(this) else {
            return Ok(Value::string(class));
        };
        let owner = method.owner.name.borrow();
        Ok(Value::string(format!("#<{class}: {owner}#{}>", method.name)))
    }),
];

/// A method of an object, as `object.method(:name)` gives it.
pub fn bound(method: Rc<Method>, receiver: Value) -> Value {
    Value::Proc(Rc::new(Proc {
        _weight: Weight::of(96),
        code: Code::Native {
            block: {
                let (method, receiver) = (method.clone(), receiver.clone());
                Rc::new(move |it, arguments| it.invoke(&method, &receiver, arguments.clone()))
            },
            arity: -1,
            method: Some((method, receiver)),
        },
        is_lambda: true,
        tag: 0,
    }))
}

/// The same for an object of the configuration, whose methods are no code of Ruby's.
pub fn bound_call(it: &Interpreter, name: Symbol, receiver: &Value) -> Value {
    let method = Rc::new(Method {
        name,
        owner: it.class_of(receiver),
        visibility: std::cell::Cell::new(Visibility::Public),
        body: MethodBody::Undefined,
    });
    Value::Proc(Rc::new(Proc {
        _weight: Weight::of(96),
        code: Code::Native {
            block: {
                let receiver = receiver.clone();
                Rc::new(move |it, arguments| it.call(&receiver, name, arguments.clone()))
            },
            arity: -1,
            method: Some((method, receiver.clone())),
        },
        is_lambda: true,
        tag: 0,
    }))
}

/// A method of a class, without an object.
pub fn unbound(it: &mut Interpreter, method: Rc<Method>) -> Value {
    let class = it.core.class_at("UnboundMethod", &it.core.object.clone());
    let unbound = it.core.instance(&class);
    if let Value::Object(object) = &unbound {
        *object.native.borrow_mut() = Some(method);
    }
    unbound
}

fn name(_: &mut Interpreter, this: &Value, _: &Arguments) -> Eval {
    Ok(method_of(this).map_or(Value::Nil, |it| Value::Symbol(it.name)))
}

fn method_of(this: &Value) -> Option<Rc<Method>> {
    match this {
        Value::Proc(proc) => match &proc.code {
            Code::Native { method, .. } => method.as_ref().map(|(it, _)| it.clone()),
            Code::Function { .. } => None,
        },
        Value::Object(object) => object.native.borrow().clone()?.downcast().ok(),
        _ => None,
    }
}

fn receiver_of(this: &Value) -> Value {
    match this {
        Value::Proc(proc) => match &proc.code {
            Code::Native {
                method: Some((_, receiver)),
                ..
            } => receiver.clone(),
            _ => Value::Nil,
        },
        _ => Value::Nil,
    }
}

fn function_of(method: &Method) -> Option<Rc<Function>> {
    match &method.body {
        MethodBody::Function { function, .. } => Some(function.clone()),
        MethodBody::Proc(proc) => match &proc.code {
            Code::Function { function, .. } => Some(function.clone()),
            Code::Native { .. } => None,
        },
        _ => None,
    }
}

/// Whether a proc is a method that was taken off an object.
pub fn is_bound(proc: &Proc) -> bool {
    matches!(&proc.code, Code::Native { method: Some(_), .. })
}

//! Procs, lambdas, and methods taken off their objects.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter};
use crate::ruby::ir::{Function, Target};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let proc = it.core.proc.clone();
    it.methods(&proc, METHODS);
    it.own_methods(
        &proc,
        &[("new", |it, _, arguments| match &arguments.block {
            Some(block) => Ok(block.clone()),
            None => Err(it.error("ArgumentError", "tried to create Proc object without a block")),
        })],
    );
    let binding = it.core.class_at("Binding", &it.core.object.clone());
    it.methods(&binding, BINDING);
}

const METHODS: Methods = &[
    ("call", call),
    ("()", call),
    ("[]", call),
    ("===", call),
    ("yield", call),
    ("to_proc", |_, this, _| Ok(this.clone())),
    ("unbind", |_, this, _| Ok(this.clone())),
    ("lambda?", |_, this, _| {
        Ok(Value::Boolean(matches!(this, Value::Proc(proc) if proc.is_lambda)))
    }),
    ("arity", |_, this, _| match this {
        Value::Proc(proc) => Ok(Value::Integer(i64::from(arity_of(proc)))),
        _ => Ok(Value::Nil),
    }),
    ("parameters", |_, this, _| Ok(parameters(this))),
    ("source_location", |_, this, _| match this {
        Value::Proc(proc) => match &proc.code {
            Code::Function { function, .. } => Ok(location_of(function)),
            Code::Native { .. } => Ok(Value::Nil),
        },
        _ => Ok(Value::Nil),
    }),
    ("curry", |_, this, arguments| {
        let count = match (arguments.get(0), this) {
            (Some(Value::Integer(count)), _) => *count as usize,
            (_, Value::Proc(proc)) => arity_of(proc).unsigned_abs() as usize,
            _ => 0,
        };
        Ok(curried(this.clone(), count, Vec::new()))
    }),
    (">>", |it, this, arguments| {
        Ok(composed(it, this.clone(), arguments.get(0).cloned()))
    }),
    ("<<", |it, this, arguments| {
        let first = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(composed(it, first, Some(this.clone())))
    }),
    ("binding", |it, this, _| {
        let class = it.core.class_at("Binding", &it.core.object.clone());
        let binding = it.core.instance(&class);
        if let (Value::Object(object), Value::Proc(proc)) = (&binding, this)
            && let Code::Function { context, .. } = &proc.code
        {
            *object.native.borrow_mut() = Some(context.clone());
        }
        Ok(binding)
    }),
];

const BINDING: Methods = &[
    ("local_variable_get", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(context_of(this)
            .and_then(|it| it.variables.get(name))
            .unwrap_or(Value::Nil))
    }),
    ("local_variable_set", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        let value = arguments.get(1).cloned().unwrap_or(Value::Nil);
        if let Some(context) = context_of(this) {
            context.variables.set(name, 0, value.clone());
        }
        Ok(value)
    }),
    ("local_variable_defined?", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(Value::Boolean(
            context_of(this).is_some_and(|it| it.variables.get(name).is_some()),
        ))
    }),
    ("local_variables", |_, this, _| {
        let names = context_of(this).map(|it| it.variables.names().into_iter().map(Value::Symbol).collect());
        Ok(Value::array(names.unwrap_or_default()))
    }),
    ("receiver", |_, this, _| {
        Ok(context_of(this).map_or(Value::Nil, |it| it.this.clone()))
    }),
    ("eval", |it, this, arguments| {
        let text = it.text_of(arguments.get(0))?;
        match context_of(this) {
            Some(context) => crate::ruby::load::evaluate(it, text, None, 1, &context),
            None => Ok(Value::Nil),
        }
    }),
];

/// The context that a binding stands for.
pub fn context_of(binding: &Value) -> Option<Rc<Context>> {
    let Value::Object(object) = binding else { return None };
    let native = object.native.borrow().clone();
    native?.downcast::<Context>().ok()
}

fn call(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    match this {
        Value::Proc(proc) => it.call_proc(&proc.clone(), arguments.clone(), None),
        _ => Ok(Value::Nil),
    }
}

/// The number of arguments that a proc takes.
pub fn arity_of(proc: &Proc) -> i32 {
    match &proc.code {
        Code::Function { function, .. } => crate::ruby::bind::arity(&function.parameters, proc.is_lambda),
        Code::Native { arity, .. } => *arity,
    }
}

fn parameters(this: &Value) -> Value {
    let Value::Proc(proc) = this else { return Value::Nil };
    match &proc.code {
        Code::Function { function, .. } => parameters_of(function, proc.is_lambda),
        Code::Native { .. } => Value::array(Vec::new()),
    }
}

/// Where a function stands: its file and line.
pub fn location_of(function: &Function) -> Value {
    let (line, _) = function.source.place(function.at);
    let path = Value::string(function.source.path.to_string_lossy());
    Value::array(vec![path, Value::Integer(i64::from(line))])
}

/// The kinds and names of parameters, as `parameters` lists them.
pub fn parameters_of(function: &Function, is_lambda: bool) -> Value {
    let kind = if is_lambda { "req" } else { "opt" };
    let named = |kind: &str, name: Symbol| Value::array(vec![Value::symbol(kind), Value::Symbol(name)]);
    let mut list = Vec::new();
    for target in &function.parameters.required {
        if let Target::Local(name, _) = target {
            list.push(named(kind, *name));
        }
    }
    list.extend(function.parameters.optional.iter().map(|(name, _)| named("opt", *name)));
    list.extend(function.parameters.rest.flatten().map(|name| named("rest", name)));
    for target in &function.parameters.after {
        if let Target::Local(name, _) = target {
            list.push(named(kind, *name));
        }
    }
    for (name, default) in &function.parameters.keywords {
        list.push(named(if default.is_some() { "key" } else { "keyreq" }, *name));
    }
    list.extend(
        function
            .parameters
            .keyword_rest
            .flatten()
            .map(|name| named("keyrest", name)),
    );
    list.extend(function.parameters.block.flatten().map(|name| named("block", name)));
    Value::array(list)
}

fn curried(proc: Value, count: usize, given: Vec<Value>) -> Value {
    Value::native_block(-1, move |it, arguments| {
        let mut all = given.clone();
        all.extend(arguments.list.iter().cloned());
        if all.len() >= count {
            it.yield_to(&proc, &all)
        } else {
            Ok(curried(proc.clone(), count, all))
        }
    })
}

fn composed(_: &mut Interpreter, first: Value, second: Option<Value>) -> Value {
    let second = second.unwrap_or(Value::Nil);
    Value::native_block(-1, move |it, arguments| {
        let between = it.call(&first, Symbol::new("call"), arguments.clone())?;
        it.send(&second, "call", vec![between])
    })
}

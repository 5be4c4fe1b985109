//! Enumerators: an iteration that has no block yet.

use super::Methods;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    static CLASS: std::cell::RefCell<Option<Rc<Class>>> = const { std::cell::RefCell::new(None) };
}

/// What is iterated over, and how.
struct Iteration {
    this: Value,
    name: Symbol,
    arguments: Vec<Value>,
    next: Cell<usize>,
}

pub fn install(it: &mut Interpreter) {
    let class = it.core.class_at("Enumerator", &it.core.object.clone());
    class.included.borrow_mut().push(it.core.enumerable.clone());
    it.methods(&class, METHODS);
    it.own_methods(
        &class,
        &[("new", |_, _, arguments| {
            let block = arguments.block.clone().unwrap_or(Value::Nil);
            Ok(made(&block, Symbol::new("call"), Vec::new()))
        })],
    );
    CLASS.set(Some(class));
}

const METHODS: Methods = &[
    ("each", |it, this, arguments| match &arguments.block {
        Some(block) => run(it, this, block.clone()),
        None => Ok(this.clone()),
    }),
    ("with_index", with_index),
    ("each_with_index", with_index),
    ("with_object", |it, this, arguments| {
        let memo = arguments.get(0).cloned().unwrap_or(Value::Nil);
        let Some(block) = arguments.block.clone() else {
            return Ok(this.clone());
        };
        let inner = memo.clone();
        let outer = Value::native_block(-1, move |it, arguments| {
            it.yield_to(&block, &[packed(arguments), inner.clone()])
        });
        run(it, this, outer)?;
        Ok(memo)
    }),
    ("next", |it, this, _| {
        let Some(iteration) = iteration(this) else {
            return Ok(Value::Nil);
        };
        let at = iteration.next.get();
        iteration.next.set(at + 1);
        let items = take(it, this, at + 1)?;
        items
            .get(at)
            .cloned()
            .ok_or_else(|| it.error("StopIteration", "iteration reached an end"))
    }),
    ("peek", |it, this, _| {
        let at = iteration(this).map_or(0, |it| it.next.get());
        let items = take(it, this, at + 1)?;
        items
            .get(at)
            .cloned()
            .ok_or_else(|| it.error("StopIteration", "iteration reached an end"))
    }),
    ("rewind", |_, this, _| {
        if let Some(iteration) = iteration(this) {
            iteration.next.set(0);
        }
        Ok(this.clone())
    }),
    ("size", |it, this, _| {
        Ok(Value::Integer(it.to_items(this)?.len() as i64))
    }),
    ("inspect", |_, _, _| Ok(Value::string("#<Enumerator: ...>"))),
];

fn made(this: &Value, name: Symbol, arguments: Vec<Value>) -> Value {
    let Some(class) = CLASS.with_borrow(Clone::clone) else {
        return Value::Nil;
    };
    let iteration = Iteration {
        this: this.clone(),
        name,
        arguments,
        next: Cell::new(0),
    };
    charge(256);
    Value::Object(Rc::new(Object {
        class,
        singleton: std::cell::RefCell::default(),
        instance: std::cell::RefCell::default(),
        native: std::cell::RefCell::new(Some(Rc::new(iteration))),
        frozen: Cell::new(false),
    }))
}

/// The iteration that a method without its block stands for.
pub fn with(this: &Value, name: &str, arguments: &Arguments) -> Value {
    made(this, Symbol::new(name), arguments.list.clone())
}

/// `enum_for`: the name is the first argument.
pub fn of(this: &Value, arguments: &Arguments) -> Value {
    let name = arguments
        .get(0)
        .and_then(Value::text)
        .unwrap_or_else(|| "each".to_owned());
    made(
        this,
        Symbol::new(&name),
        arguments.list.iter().skip(1).cloned().collect(),
    )
}

fn iteration(this: &Value) -> Option<Rc<Iteration>> {
    let Value::Object(object) = this else { return None };
    let native = object.native.borrow().clone();
    native?.downcast::<Iteration>().ok()
}

/// Runs the iteration with a block. One that was made by `Enumerator.new` hands its items to a yielder instead.
fn run(it: &mut Interpreter, this: &Value, block: Value) -> Eval {
    let Some(iteration) = iteration(this) else {
        return Ok(Value::Nil);
    };
    if matches!(iteration.this, Value::Proc(_)) {
        let class = it.core.class_at("Enumerator::Yielder", &it.core.object.clone());
        it.methods(&class, &[("<<", hand_over), ("yield", hand_over), ("call", hand_over)]);
        let yielder = it.core.instance(&class);
        it.set_instance_variable(&yielder, Symbol::new("@block"), block)?;
        return it.yield_to(&iteration.this, &[yielder]);
    }
    let arguments = Arguments {
        list: iteration.arguments.clone(),
        has_keywords: false,
        block: Some(block),
    };
    it.call(&iteration.this, iteration.name, arguments)
}

/// The first items of anything that has `each`; it is stopped as soon as there are enough.
pub fn take(it: &mut Interpreter, this: &Value, count: usize) -> Outcome<Vec<Value>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let tag = it.fresh_id();
    let items = Rc::new(std::cell::RefCell::new(Vec::new()));
    let taken = items.clone();
    let block = Value::native_block(-1, move |it, arguments| {
        it.tick()?;
        taken.borrow_mut().push(packed(arguments));
        if taken.borrow().len() >= count {
            Err(Box::new(Flow::Break(tag, Value::Nil)))
        } else {
            Ok(Value::Nil)
        }
    });
    let arguments = Arguments {
        block: Some(block),
        ..Arguments::default()
    };
    match it.call(this, Symbol::new("each"), arguments) {
        Err(flow) if matches!(&*flow, Flow::Break(of, _) if *of == tag) => {}
        result => drop(result?),
    }
    Ok(items.take())
}

fn hand_over(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let block = it.instance_variable(this, Symbol::new("@block"));
    it.yield_to(&block, &arguments.list)?;
    Ok(this.clone())
}

fn packed(arguments: &Arguments) -> Value {
    match arguments.list.as_slice() {
        [one] => one.clone(),
        several => Value::array(several.to_vec()),
    }
}

fn with_index(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let first = match arguments.get(0) {
        Some(Value::Integer(first)) => *first,
        _ => 0,
    };
    let Some(block) = arguments.block.clone() else {
        return Ok(with(this, "each_with_index", arguments));
    };
    let index = Cell::new(first);
    let outer = Value::native_block(-1, move |it, arguments| {
        let at = index.get();
        index.set(at.saturating_add(1));
        it.yield_to(&block, &[packed(arguments), Value::Integer(at)])
    });
    run(it, this, outer)
}

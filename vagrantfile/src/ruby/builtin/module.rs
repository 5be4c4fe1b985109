//! What classes and modules can do.

use super::Methods;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

pub fn install(it: &mut Interpreter) {
    let (module, class) = (it.core.module.clone(), it.core.class.clone());
    it.methods(&module, MODULE);
    it.methods(&class, CLASS);
    it.own_methods(&class, &[("new", new_class)]);
    it.own_methods(&module, &[("new", new_module)]);
}

const MODULE: Methods = &[
    ("name", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| Value::string(it.name.borrow().clone())))
    }),
    ("to_s", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| Value::string(it.name.borrow().clone())))
    }),
    ("inspect", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| Value::string(it.name.borrow().clone())))
    }),
    ("===", |it, this, arguments| {
        let value = arguments.get(0).cloned().unwrap_or(Value::Nil);
        Ok(Value::Boolean(own(this).is_some_and(|class| it.is_a(&value, class))))
    }),
    ("<", |_, this, arguments| {
        compare(this, arguments, |one, two| one.is_a(two) && !Rc::ptr_eq(one, two))
    }),
    ("<=", |_, this, arguments| {
        compare(this, arguments, |one, two| one.is_a(two))
    }),
    (">", |_, this, arguments| {
        compare(this, arguments, |one, two| two.is_a(one) && !Rc::ptr_eq(one, two))
    }),
    (">=", |_, this, arguments| {
        compare(this, arguments, |one, two| two.is_a(one))
    }),
    ("ancestors", |_, this, _| {
        Ok(own(this).map_or(Value::Nil, |it| {
            Value::array(it.ancestors().into_iter().map(Value::Class).collect())
        }))
    }),
    ("include", |it, this, arguments| {
        mix_in(it, this, arguments, "included", |class| &class.included)
    }),
    ("prepend", |it, this, arguments| {
        mix_in(it, this, arguments, "prepended", |class| &class.prepended)
    }),
    ("refine", |it, _, arguments| {
        // A refinement counts for the rest of the reading: what `using` would keep apart is one program here.
        let module = Value::Class(Class::new("", None, true));
        if let (Value::Class(class), Some(block)) = (&module, &arguments.block) {
            it.call_with_self(block, &module, class.clone(), vec![module.clone()])?;
        }
        let class = arguments.get(0).cloned().unwrap_or(Value::Nil);
        it.send(&class, "prepend", vec![module.clone()])?;
        Ok(module)
    }),
    ("using", |_, this, _| Ok(this.clone())),
    ("included", |_, _, _| Ok(Value::Nil)),
    ("extended", |_, _, _| Ok(Value::Nil)),
    ("prepended", |_, _, _| Ok(Value::Nil)),
    ("method_added", |_, _, _| Ok(Value::Nil)),
    ("include?", |_, this, arguments| {
        compare(this, arguments, |one, two| one.is_a(two) && !Rc::ptr_eq(one, two))
    }),
    ("attr_reader", |it, this, arguments| {
        attributes(it, this, arguments, true, false)
    }),
    ("attr", |it, this, arguments| {
        attributes(it, this, arguments, true, false)
    }),
    ("attr_writer", |it, this, arguments| {
        attributes(it, this, arguments, false, true)
    }),
    ("attr_accessor", |it, this, arguments| {
        attributes(it, this, arguments, true, true)
    }),
    ("define_method", |it, this, arguments| {
        let (Some(class), name) = (own(this), Symbol::new(&it.text_of(arguments.get(0))?)) else {
            return Ok(Value::Nil);
        };
        let block = arguments.block.clone().or_else(|| arguments.get(1).cloned());
        if let Some(Value::Proc(proc)) = block {
            it.define(class, name, MethodBody::Proc(proc), Visibility::Public);
        }
        Ok(Value::Symbol(name))
    }),
    ("alias_method", |it, this, arguments| {
        let [new, old] = [0, 1].map(|index| arguments.get(index).and_then(Value::text).unwrap_or_default());
        match own(this) {
            Some(class) => it.alias(&class.clone(), Symbol::new(&new), Symbol::new(&old)),
            None => Ok(Value::Nil),
        }
    }),
    ("remove_method", |it, this, arguments| {
        remove_methods(it, this, arguments, false)
    }),
    ("undef_method", |it, this, arguments| {
        remove_methods(it, this, arguments, true)
    }),
    ("private", |it, this, arguments| {
        set_visibility(it, this, arguments, Visibility::Private)
    }),
    ("public", |it, this, arguments| {
        set_visibility(it, this, arguments, Visibility::Public)
    }),
    ("protected", |it, this, arguments| {
        set_visibility(it, this, arguments, Visibility::Protected)
    }),
    ("private_constant", |_, _, _| Ok(Value::Nil)),
    ("public_constant", |_, _, _| Ok(Value::Nil)),
    ("private_class_method", |it, this, arguments| {
        let singleton = Value::Class(it.singleton(this)?);
        set_visibility(it, &singleton, arguments, Visibility::Private)
    }),
    ("public_class_method", |it, this, arguments| {
        let singleton = Value::Class(it.singleton(this)?);
        set_visibility(it, &singleton, arguments, Visibility::Public)
    }),
    ("module_function", |it, this, arguments| {
        let singleton = it.singleton(this)?;
        for value in &arguments.list {
            let name = Symbol::new(&it.text_of(Some(value))?);
            if let Some(method) = own(this).and_then(|class| it.find_in(class, name)) {
                it.define(&singleton, name, method.body.clone(), Visibility::Public);
            }
        }
        Ok(Value::Nil)
    }),
    ("const_get", |it, this, arguments| {
        let path = it.text_of(arguments.get(0))?;
        let mut around = this.clone();
        for part in path.split("::").filter(|it| !it.is_empty()) {
            let Value::Class(class) = &around else {
                return Err(it.error("TypeError", "this is not a class or module"));
            };
            let scope = scope_of(class);
            around = it.constant(Symbol::new(part), &scope)?;
        }
        Ok(around)
    }),
    ("const_set", |it, this, arguments| {
        let name = it.text_of(arguments.get(0))?;
        let value = arguments.get(1).cloned().unwrap_or(Value::Nil);
        if let Some(class) = own(this) {
            it.set_constant(&class.clone(), Symbol::new(&name), value.clone());
        }
        Ok(value)
    }),
    ("const_defined?", |it, this, arguments| {
        let path = it.text_of(arguments.get(0))?;
        let mut around = this.clone();
        for part in path.split("::").filter(|it| !it.is_empty()) {
            let Value::Class(class) = &around else {
                return Ok(Value::Boolean(false));
            };
            let scope = scope_of(class);
            match it.find_constant(Symbol::new(part), &scope)? {
                Some(value) => around = value,
                None => return Ok(Value::Boolean(false)),
            }
        }
        Ok(Value::Boolean(true))
    }),
    ("constants", |_, this, _| {
        let names = own(this).map(|it| it.constants.borrow().keys().copied().map(Value::Symbol).collect());
        Ok(Value::array(names.unwrap_or_default()))
    }),
    ("remove_const", |it, this, arguments| {
        let name = it.text_of(arguments.get(0))?;
        let removed = own(this).and_then(|class| class.constants.borrow_mut().shift_remove(&Symbol::new(&name)));
        Ok(removed.unwrap_or(Value::Nil))
    }),
    ("class_variable_get", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(own(this)
            .and_then(|it| it.class_variables.borrow().get(&name).cloned())
            .unwrap_or(Value::Nil))
    }),
    ("class_variable_set", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        let value = arguments.get(1).cloned().unwrap_or(Value::Nil);
        if let Some(class) = own(this) {
            class.class_variables.borrow_mut().insert(name, value.clone());
        }
        Ok(value)
    }),
    ("class_variable_defined?", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(Value::Boolean(
            own(this).is_some_and(|it| it.class_variables.borrow().contains_key(&name)),
        ))
    }),
    ("class_eval", class_eval),
    ("module_eval", class_eval),
    ("class_exec", class_eval),
    ("module_exec", class_eval),
    ("method_defined?", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(Value::Boolean(
            own(this).is_some_and(|class| it.find_in(class, name).is_some()),
        ))
    }),
    ("public_method_defined?", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        Ok(Value::Boolean(
            own(this).is_some_and(|class| it.find_in(class, name).is_some()),
        ))
    }),
    ("instance_method", |it, this, arguments| {
        let name = Symbol::new(&it.text_of(arguments.get(0))?);
        let Some(method) = own(this).and_then(|class| it.find_in(class, name)) else {
            return Err(it.error("NameError", format!("undefined method `{name}'")));
        };
        Ok(super::method::unbound(it, method))
    }),
    ("instance_methods", |_, this, arguments| {
        Ok(instance_methods(this, arguments))
    }),
    ("public_instance_methods", |_, this, arguments| {
        Ok(instance_methods(this, arguments))
    }),
];

const CLASS: Methods = &[
    ("new", |it, this, arguments| {
        let Some(class) = own(this) else { return Ok(Value::Nil) };
        let object = it.core.instance(class);
        it.dispatch(&object, Symbol::new("initialize"), arguments.clone(), true)?;
        Ok(object)
    }),
    ("allocate", |it, this, _| {
        Ok(own(this).map_or(Value::Nil, |class| it.core.instance(class)))
    }),
    ("superclass", |_, this, _| {
        Ok(own(this)
            .and_then(|it| it.superclass.clone())
            .map_or(Value::Nil, Value::Class))
    }),
    ("inherited", |_, _, _| Ok(Value::Nil)),
];

/// The names of the methods that instances have, private ones aside; those of the classes above unless the argument is false.
fn instance_methods(this: &Value, arguments: &Arguments) -> Value {
    let Some(class) = own(this) else {
        return Value::array(Vec::new());
    };
    let with_inherited = arguments.get(0).is_none_or(Value::is_true);
    let classes = if with_inherited {
        class.ancestors()
    } else {
        vec![class.clone()]
    };
    let mut names: Vec<Symbol> = Vec::new();
    for class in &classes {
        for (name, method) in &*class.methods.borrow() {
            if method.visibility.get() != Visibility::Private && !names.contains(name) {
                names.push(*name);
            }
        }
    }
    names.sort_by_key(|it| it.text());
    Value::array(names.into_iter().map(Value::Symbol).collect())
}

fn own(this: &Value) -> Option<&Rc<Class>> {
    match this {
        Value::Class(class) => Some(class),
        _ => None,
    }
}

/// A scope in which a class is open.
pub fn scope_of(class: &Rc<Class>) -> Rc<Scope> {
    Rc::new(Scope {
        class: class.clone(),
        parent: None,
        visibility: std::cell::Cell::new(Visibility::Public),
        module_function: std::cell::Cell::new(false),
    })
}

fn new_class(it: &mut Interpreter, _this: &Value, arguments: &Arguments) -> Eval {
    let parent = match arguments.get(0) {
        Some(Value::Class(class)) => class.clone(),
        _ => it.core.object.clone(),
    };
    let class = Class::new("", Some(parent.clone()), false);
    it.inherited(&parent, &class)?;
    open(it, class, arguments)
}

fn new_module(it: &mut Interpreter, _this: &Value, arguments: &Arguments) -> Eval {
    let module = Class::new("", None, true);
    open(it, module, arguments)
}

fn open(it: &mut Interpreter, class: Rc<Class>, arguments: &Arguments) -> Eval {
    let value = Value::Class(class.clone());
    if let Some(block) = &arguments.block {
        it.call_with_self(block, &value, class, vec![value.clone()])?;
    }
    Ok(value)
}

fn class_eval(it: &mut Interpreter, this: &Value, arguments: &Arguments) -> Eval {
    let Some(class) = own(this).cloned() else {
        return Ok(Value::Nil);
    };
    if let (None, Some(Value::String(text))) = (&arguments.block, arguments.get(0)) {
        let text = text.copied();
        let frame = Frame {
            id: it.fresh_id(),
            method: None,
            arguments: std::cell::RefCell::default(),
            matched: std::cell::RefCell::new(Value::Nil),
        };
        let context = Context {
            this: this.clone(),
            variables: Variables::within(None),
            source: it.source.clone(),
            scope: scope_of(&class),
            frame: Rc::new(frame),
            tag: 0,
        };
        return crate::ruby::load::evaluate(it, text, None, 1, &Rc::new(context));
    }
    match &arguments.block {
        Some(block) => it.call_with_self(
            block,
            this,
            class,
            if arguments.list.is_empty() {
                vec![this.clone()]
            } else {
                arguments.list.clone()
            },
        ),
        None => Ok(Value::Nil),
    }
}

fn compare(this: &Value, arguments: &Arguments, test: fn(&Rc<Class>, &Rc<Class>) -> bool) -> Eval {
    match (own(this), arguments.get(0)) {
        (Some(one), Some(Value::Class(two))) => Ok(Value::Boolean(test(one, two))),
        _ => Ok(Value::Nil),
    }
}

fn mix_in(
    it: &mut Interpreter,
    this: &Value,
    arguments: &Arguments,
    hook: &str,
    list: fn(&Rc<Class>) -> &std::cell::RefCell<Vec<Rc<Class>>>,
) -> Eval {
    let Some(class) = own(this) else { return Ok(Value::Nil) };
    for module in arguments.list.iter().rev() {
        let Value::Class(mixed) = module else {
            return Err(it.error("TypeError", "wrong argument type (expected module)"));
        };
        if Rc::ptr_eq(mixed, class) {
            return Err(it.error("ArgumentError", "cyclic include detected"));
        }
        if !list(class).borrow().iter().any(|it| Rc::ptr_eq(it, mixed)) {
            list(class).borrow_mut().push(mixed.clone());
        }
        it.forget_methods();
        it.dispatch(module, Symbol::new(hook), Arguments::of(vec![this.clone()]), true)?;
    }
    Ok(this.clone())
}

fn attributes(it: &mut Interpreter, this: &Value, arguments: &Arguments, reader: bool, writer: bool) -> Eval {
    let Some(class) = own(this).cloned() else {
        return Ok(Value::Nil);
    };
    for value in &arguments.list {
        let name = it.text_of(Some(value))?;
        let variable = Symbol::new(&format!("@{name}"));
        if reader {
            it.define(
                &class,
                Symbol::new(&name),
                MethodBody::Reader(variable),
                Visibility::Public,
            );
        }
        if writer {
            it.define(
                &class,
                Symbol::new(&format!("{name}=")),
                MethodBody::Writer(variable),
                Visibility::Public,
            );
        }
    }
    Ok(Value::array(arguments.list.clone()))
}

fn remove_methods(it: &mut Interpreter, this: &Value, arguments: &Arguments, hide: bool) -> Eval {
    let Some(class) = own(this).cloned() else {
        return Ok(Value::Nil);
    };
    for value in &arguments.list {
        let name = Symbol::new(&it.text_of(Some(value))?);
        if hide {
            it.define(&class, name, MethodBody::Undefined, Visibility::Public);
        } else {
            class.methods.borrow_mut().remove(&name);
            it.forget_methods();
        }
    }
    Ok(this.clone())
}

fn set_visibility(it: &mut Interpreter, this: &Value, arguments: &Arguments, visibility: Visibility) -> Eval {
    let Some(class) = own(this).cloned() else {
        return Ok(Value::Nil);
    };
    let names: Vec<Value> = arguments
        .list
        .iter()
        .flat_map(|it| match it {
            Value::Array(list) => list.to_vec(),
            other => vec![other.clone()],
        })
        .collect();
    for value in &names {
        let name = Symbol::new(&it.text_of(Some(value))?);
        if let Some(method) = it.find_in(&class, name) {
            let body = method.body.clone();
            it.define(&class, name, body, visibility);
        }
    }
    Ok(arguments.get(0).cloned().unwrap_or(Value::Nil))
}

/// Used where a class is needed and only a value is at hand.
pub fn class_argument(it: &mut Interpreter, value: Option<&Value>) -> Outcome<Rc<Class>> {
    match value {
        Some(Value::Class(class)) => Ok(class.clone()),
        _ => Err(it.error("TypeError", "class or module required")),
    }
}

//! How methods are found, defined and called by name.

use super::interpreter::{Eval, Flow, Interpreter, Outcome};
use super::symbol::Symbol;
use super::value::*;
use std::rc::Rc;

impl Interpreter {
    /// The class whose methods a value has.
    pub fn class_of(&self, value: &Value) -> Rc<Class> {
        let core = &self.core;
        match value {
            Value::Nil => &core.nil,
            Value::Boolean(true) => &core.true_class,
            Value::Boolean(false) => &core.false_class,
            Value::Integer(_) | Value::Big(_) => &core.integer,
            Value::Float(_) => &core.float,
            Value::Symbol(_) => &core.symbol,
            Value::String(_) => &core.string,
            Value::Array(_) => &core.array,
            Value::Hash(_) => &core.hash,
            Value::Range(_) => &core.range,
            Value::Regexp(_) => &core.regexp,
            Value::Proc(proc) if super::builtin::method::is_bound(proc) => &core.method,
            Value::Proc(_) => &core.proc,
            Value::Class(class) if class.is_module => &core.module,
            Value::Class(_) => &core.class,
            Value::Object(object) => &object.class,
            Value::Config(_) => &core.config,
        }
        .clone()
    }

    /// Finds the method that a value has under a name.
    pub fn find_method(&mut self, value: &Value, name: Symbol) -> Option<Rc<Method>> {
        match value {
            Value::Object(object) => {
                let singleton = object.singleton.borrow().clone();
                let found = singleton.and_then(|it| self.find_in(&it, name));
                found.or_else(|| self.find_in(&object.class.clone(), name))
            }
            Value::Class(class) => self.find_class_method(class, name),
            _ => {
                let singleton = self.value_singleton(value);
                let found = singleton.and_then(|it| self.find_in(&it, name));
                found.or_else(|| self.find_in(&self.class_of(value), name))
            }
        }
    }

    fn value_singleton(&self, value: &Value) -> Option<Rc<Class>> {
        if self.value_singletons.is_empty() {
            return None;
        }
        let (owner, singleton) = self.value_singletons.get(&value.identity())?;
        owner.is_same(value).then(|| singleton.clone())
    }

    pub(super) fn find_class_method(&mut self, class: &Rc<Class>, name: Symbol) -> Option<Rc<Method>> {
        let mut next = Some(class.clone());
        while let Some(class) = next {
            let singleton = class.singleton.borrow().clone();
            if let Some(found) = singleton.and_then(|it| self.find_in(&it, name)) {
                return Some(found);
            }
            next = class.superclass.clone();
        }
        let class = if class.is_module {
            self.core.module.clone()
        } else {
            self.core.class.clone()
        };
        self.find_in(&class, name)
    }

    /// Finds the method that instances of a class have under a name.
    pub fn find_in(&mut self, class: &Rc<Class>, name: Symbol) -> Option<Rc<Method>> {
        let key = (Rc::as_ptr(class) as usize, name);
        if let Some(found) = self.cache.get(&key) {
            return found.clone();
        }
        let found = class
            .ancestors()
            .iter()
            .find_map(|it| it.methods.borrow().get(&name).cloned());
        let found = found.filter(|it| !matches!(it.body, MethodBody::Undefined));
        self.cache.insert(key, found.clone());
        found
    }

    /// Forgets what was found: a class changed.
    pub fn forget_methods(&mut self) {
        self.cache.clear();
    }

    /// Gives a class a method.
    pub fn define(&mut self, class: &Rc<Class>, name: Symbol, body: MethodBody, visibility: Visibility) {
        charge(128);
        let method = Method {
            name,
            owner: class.clone(),
            visibility: std::cell::Cell::new(visibility),
            body,
        };
        class.methods.borrow_mut().insert(name, Rc::new(method));
        self.forget_methods();
    }

    /// The class of the methods that one value has alone; it is made where there is none.
    pub fn singleton(&mut self, value: &Value) -> Outcome<Rc<Class>> {
        let cell = match value {
            Value::Object(object) => &object.singleton,
            Value::Class(class) => &class.singleton,
            Value::Config(object) => {
                self.cache.clear();
                let singletons = &mut self.config_singletons;
                let singleton = singletons
                    .entry(*object)
                    .or_insert_with(|| Class::singleton_of("", None));
                return Ok(singleton.clone());
            }
            Value::String(_) | Value::Array(_) | Value::Hash(_) | Value::Proc(_) => {
                self.cache.clear();
                let made = self.value_singletons.entry(value.identity());
                let (_, singleton) = made.or_insert_with(|| (value.clone(), Class::singleton_of("", None)));
                return Ok(singleton.clone());
            }
            _ => return Err(self.error("TypeError", "can't define singleton")),
        };
        if cell.borrow().is_none() {
            self.cache.clear();
            let name = match value {
                Value::Class(class) => class.name.borrow().clone(),
                _ => String::new(),
            };
            *cell.borrow_mut() = Some(Class::singleton_of(&name, None));
        }
        let singleton = cell.borrow().clone();
        singleton.ok_or_else(|| self.error("TypeError", "can't define singleton"))
    }

    /// Calls a public method with positional arguments.
    pub fn send(&mut self, this: &Value, name: &str, list: Vec<Value>) -> Eval {
        self.call(this, Symbol::new(name), Arguments::of(list))
    }

    /// Calls a method as code outside of the object may.
    pub fn call(&mut self, this: &Value, name: Symbol, arguments: Arguments) -> Eval {
        self.dispatch(this, name, arguments, false)
    }

    /// Calls a method; `from_self` allows private ones.
    pub fn dispatch(&mut self, this: &Value, name: Symbol, arguments: Arguments, from_self: bool) -> Eval {
        if let Value::Config(object) = this {
            return super::config::dispatch(self, *object, name, arguments);
        }
        match self.find_method(this, name) {
            Some(method) if from_self || self.may_call(&method) => self.invoke(&method, this, arguments),
            Some(_) if self.find_method(this, Symbol::new("method_missing")).is_some() => {
                self.missing(this, name, arguments, false)
            }
            Some(method) => {
                let kind = if method.visibility.get() == Visibility::Private {
                    "private"
                } else {
                    "protected"
                };
                let shown = self.describe(this);
                Err(self.error("NoMethodError", format!("{kind} method `{name}' called for {shown}")))
            }
            None => self.missing(this, name, arguments, false),
        }
    }

    pub(super) fn may_call(&self, method: &Method) -> bool {
        match method.visibility.get() {
            Visibility::Public => true,
            Visibility::Private => false,
            // Whoever runs a method of the same class may.
            Visibility::Protected => self
                .frames
                .last()
                .and_then(|it| it.method.as_ref())
                .is_some_and(|it| it.owner.is_a(&method.owner)),
        }
    }

    /// What happens when there is no such method.
    pub fn missing(&mut self, this: &Value, name: Symbol, mut arguments: Arguments, is_bare: bool) -> Eval {
        if let Some(method) = self.find_method(this, Symbol::new("method_missing")) {
            arguments.list.insert(0, Value::Symbol(name));
            return self.invoke(&method, this, arguments);
        }
        let shown = self.describe(this);
        let (class, what) = if is_bare {
            ("NameError", "undefined local variable or method")
        } else {
            ("NoMethodError", "undefined method")
        };
        let similar = self.similar_method(this, name);
        let hint = similar.map_or_else(String::new, |it| format!("\nDid you mean?  {it}"));
        let error = self.error(class, format!("{what} `{name}' for {shown}{hint}"));
        if let Flow::Raise(Value::Object(object)) = &*error {
            object
                .instance
                .borrow_mut()
                .insert(Symbol::new("@name"), Value::Symbol(name));
            object
                .instance
                .borrow_mut()
                .insert(Symbol::new("@receiver"), this.clone());
        }
        Err(error)
    }

    pub(super) fn similar_method(&self, this: &Value, name: Symbol) -> Option<String> {
        let ancestors = self.class_of(this).ancestors();
        let mut names: Vec<Rc<str>> = ancestors
            .iter()
            .flat_map(|it| it.methods.borrow().keys().map(|it| it.text()).collect::<Vec<_>>())
            .collect();
        names.sort();
        let wanted = name.text();
        if wanted.len() < 3 {
            return None;
        }
        crate::spelling::closest(&wanted, names.iter().map(|it| &**it).filter(|it| it.len() > 2))
    }

    /// A value as messages name it.
    pub fn describe(&mut self, value: &Value) -> String {
        match value {
            Value::Nil => "nil:NilClass".to_owned(),
            Value::Boolean(true) => "true:TrueClass".to_owned(),
            Value::Boolean(false) => "false:FalseClass".to_owned(),
            Value::Object(_) if self.main.is_same(value) => "main:Object".to_owned(),
            Value::Class(class) => {
                let kind = if class.is_module { "Module" } else { "Class" };
                format!("{}:{kind}", class.name.borrow())
            }
            Value::Object(object) => format!("#<{}>", object.class.name.borrow()),
            _ => {
                let class = self.class_of(value).name.borrow().clone();
                let shown = self.inspect(value).unwrap_or_default();
                let short: String = shown.chars().take(60).collect();
                format!("{short}:{class}")
            }
        }
    }
}

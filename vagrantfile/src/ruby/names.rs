//! Constants, globals and class variables.

use super::interpreter::{Eval, Interpreter, Outcome};
use super::ir::Node;
use super::symbol::Symbol;
use super::value::*;
use std::rc::Rc;

impl Interpreter {
    /// A constant, as the code in a scope sees it.
    pub fn constant(&mut self, name: Symbol, scope: &Rc<Scope>) -> Eval {
        match self.find_constant(name, scope)? {
            Some(value) => Ok(value),
            None => self.constant_missing(&scope.class.clone(), name),
        }
    }

    /// The same, or nothing where there is no such constant.
    pub fn find_constant(&mut self, name: Symbol, scope: &Rc<Scope>) -> Outcome<Option<Value>> {
        let mut next = Some(scope.clone());
        while let Some(scope) = next {
            if let Some(value) = scope.class.constants.borrow().get(&name) {
                return Ok(Some(value.clone()));
            }
            next = scope.parent.clone();
        }
        self.find_constant_in(&scope.class.clone(), name, true)
    }

    fn find_constant_in(&mut self, class: &Rc<Class>, name: Symbol, with_object: bool) -> Outcome<Option<Value>> {
        for ancestor in class.ancestors() {
            if !with_object && Rc::ptr_eq(&ancestor, &self.core.object) && !Rc::ptr_eq(class, &self.core.object) {
                continue;
            }
            if let Some(value) = ancestor.constants.borrow().get(&name) {
                return Ok(Some(value.clone()));
            }
        }
        if with_object || Rc::ptr_eq(class, &self.core.object) {
            let object = self.core.object.clone();
            if let Some(value) = object.constants.borrow().get(&name) {
                return Ok(Some(value.clone()));
            }
            if super::library::start(self, &name.text())? {
                return Ok(object.constants.borrow().get(&name).cloned());
            }
        }
        Ok(None)
    }

    pub(super) fn constant_of(&mut self, node: &Node, scope: Option<&Node>, name: Symbol, here: &Rc<Context>) -> Eval {
        let class = match scope {
            None => self.core.object.clone(),
            Some(scope) => match self.eval(scope, here)? {
                Value::Class(class) => class,
                other => {
                    let shown = self.inspect(&other)?;
                    return Err(self.error("TypeError", format!("{shown} is not a class/module")));
                }
            },
        };
        (self.at, self.name_at) = (node.at, node.at);
        match self.find_constant_in(&class, name, false)? {
            Some(value) => Ok(value),
            None => self.constant_missing(&class, name),
        }
    }

    fn constant_missing(&mut self, class: &Rc<Class>, name: Symbol) -> Eval {
        let this = Value::Class(class.clone());
        if let Some(method) = self.find_method(&this, Symbol::new("const_missing")) {
            return self.invoke(&method, &this, Arguments::of(vec![Value::Symbol(name)]));
        }
        let around = class.name.borrow().clone();
        // Files patch Vagrant's own classes. Here these patches have nothing to change, and do no harm.
        if around.starts_with("VagrantPlugins") || around.starts_with("Vagrant::Action") {
            let placeholder = Class::new(&format!("{around}::{name}"), Some(self.core.object.clone()), false);
            self.set_constant(class, name, Value::Class(placeholder.clone()));
            return Ok(Value::Class(placeholder));
        }
        let full = if around == "Object" || around.is_empty() {
            name.to_string()
        } else {
            format!("{around}::{name}")
        };
        let mut known: Vec<Rc<str>> = self.core.object.constants.borrow().keys().map(|it| it.text()).collect();
        known.sort();
        let similar = crate::spelling::closest(&name.text(), known.iter().map(|it| &**it));
        let hint = similar.map_or_else(String::new, |it| format!("\nDid you mean?  {it}"));
        Err(self.error("NameError", format!("uninitialized constant {full}{hint}")))
    }

    /// Sets a constant; a class without a name takes it for its own.
    pub fn set_constant(&mut self, class: &Rc<Class>, name: Symbol, value: Value) {
        if let Value::Class(named) = &value
            && named.name.borrow().is_empty()
        {
            let around = class.name.borrow().clone();
            let full = if around == "Object" {
                name.to_string()
            } else {
                format!("{around}::{name}")
            };
            *named.name.borrow_mut() = full;
        }
        charge(64);
        class.constants.borrow_mut().insert(name, value);
    }

    /// The value of a global variable.
    pub fn global(&mut self, name: Symbol) -> Eval {
        match &*name.text() {
            "$~" => Ok(self.frames.last().map_or(Value::Nil, |it| it.matched.borrow().clone())),
            "$`" | "$'" | "$+" => {
                let matched = self.frames.last().map_or(Value::Nil, |it| it.matched.borrow().clone());
                match &*name.text() {
                    _ if matched.is_nil() => Ok(Value::Nil),
                    "$`" => self.send(&matched, "pre_match", Vec::new()),
                    "$'" => self.send(&matched, "post_match", Vec::new()),
                    _ => {
                        let groups = self.send(&matched, "captures", Vec::new())?;
                        let groups = self.send(&groups, "compact", Vec::new())?;
                        self.send(&groups, "last", Vec::new())
                    }
                }
            }
            "$0" | "$PROGRAM_NAME" => Ok(Value::string("vagrant")),
            "$," | "$;" => Ok(Value::Nil),
            "$/" => Ok(Value::string("\n")),
            "$$" => Ok(Value::Integer(i64::from(
                self.shared.world.borrow().host.facts().process_id,
            ))),
            _ => Ok(self.globals.get(&name).cloned().unwrap_or(Value::Nil)),
        }
    }

    pub(super) fn set_global(&mut self, name: Symbol, value: Value) -> Outcome<()> {
        charge(48);
        self.globals.insert(name, value);
        Ok(())
    }

    /// The class that class variables of a scope belong to.
    fn variable_holder(&self, here: &Rc<Context>) -> Rc<Class> {
        let mut scope = here.scope.clone();
        while scope.class.is_singleton {
            match &scope.parent {
                Some(parent) => scope = parent.clone(),
                None => break,
            }
        }
        scope.class.clone()
    }

    pub(super) fn find_class_variable(&self, name: Symbol, here: &Rc<Context>) -> Option<Value> {
        let ancestors = self.variable_holder(here).ancestors();
        ancestors
            .iter()
            .find_map(|it| it.class_variables.borrow().get(&name).cloned())
    }

    pub(super) fn class_variable(&mut self, name: Symbol, here: &Rc<Context>) -> Eval {
        match self.find_class_variable(name, here) {
            Some(value) => Ok(value),
            None => {
                let class = self.variable_holder(here).name.borrow().clone();
                Err(self.error("NameError", format!("uninitialized class variable {name} in {class}")))
            }
        }
    }

    pub(super) fn set_class_variable(&mut self, name: Symbol, value: Value, here: &Rc<Context>) -> Outcome<()> {
        let holder = self.variable_holder(here);
        let owner = holder
            .ancestors()
            .into_iter()
            .find(|it| it.class_variables.borrow().contains_key(&name));
        owner.unwrap_or(holder).class_variables.borrow_mut().insert(name, value);
        Ok(())
    }
}

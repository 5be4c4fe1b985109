//! Definitions: of methods, classes and modules.

use super::Here;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

impl Interpreter {
    pub(super) fn eval_define(
        &mut self,
        receiver: Option<&Node>,
        name: Symbol,
        function: &Rc<Function>,
        here: &Here,
    ) -> Eval {
        let scope = here.scope.clone();
        match receiver {
            Some(receiver) => {
                let object = self.eval(receiver, here)?;
                let singleton = self.singleton(&object)?;
                let body = MethodBody::Function {
                    function: function.clone(),
                    scope,
                };
                self.define(&singleton, name, body, Visibility::Public);
            }
            None => {
                // Methods of the top level are everybody's.
                let class = scope.class.clone();
                let visibility = scope.visibility.get();
                let body = MethodBody::Function {
                    function: function.clone(),
                    scope: scope.clone(),
                };
                if scope.module_function.get() {
                    let singleton = self.singleton(&Value::Class(class.clone()))?;
                    self.define(&singleton, name, body.clone(), Visibility::Public);
                }
                let is_initialize = matches!(&*name.text(), "initialize" | "initialize_copy" | "respond_to_missing?");
                let visibility = if is_initialize { Visibility::Private } else { visibility };
                self.define(&class, name, body, visibility);
            }
        }
        Ok(Value::Symbol(name))
    }

    pub(super) fn scope_class(&mut self, scope: Option<&Node>, here: &Here) -> Outcome<Rc<Class>> {
        match scope {
            None => Ok(here.scope.class.clone()),
            Some(scope) => match self.eval(scope, here)? {
                Value::Class(class) => Ok(class),
                other => {
                    let shown = self.inspect(&other)?;
                    Err(self.error("TypeError", format!("{shown} is not a class/module")))
                }
            },
        }
    }

    pub(super) fn eval_class(
        &mut self,
        scope: Option<&Node>,
        name: Symbol,
        superclass: Option<&Node>,
        body: &Rc<Option<Node>>,
        here: &Here,
    ) -> Eval {
        let around = self.scope_class(scope, here)?;
        let superclass = match superclass {
            Some(node) => match self.eval(node, here)? {
                Value::Class(class) if !class.is_module => Some(class),
                _ => return Err(self.error("TypeError", "superclass must be a Class")),
            },
            None => None,
        };
        let existing = match around.constants.borrow().get(&name).cloned() {
            Some(found) => Some(found),
            None if scope.is_none() => None,
            None => None,
        };
        let existing = match existing {
            None if Rc::ptr_eq(&around, &self.core.object) => self.find_constant(name, &here.scope)?,
            found => found,
        };
        let class = match existing {
            Some(Value::Class(class)) if !class.is_module => {
                if let (Some(wanted), Some(given)) = (&superclass, &class.superclass)
                    && !Rc::ptr_eq(wanted, given)
                {
                    return Err(self.error("TypeError", format!("superclass mismatch for class {name}")));
                }
                class
            }
            Some(_) => return Err(self.error("TypeError", format!("{name} is not a class"))),
            None => {
                let parent = superclass.unwrap_or_else(|| self.core.object.clone());
                let class = Class::new(&self.full_name(&around, name), Some(parent.clone()), false);
                self.set_constant(&around, name, Value::Class(class.clone()));
                self.inherited(&parent, &class)?;
                class
            }
        };
        let this = Value::Class(class.clone());
        self.eval_body(class, &this, body, here)
    }

    /// Tells a class that it has a new subclass.
    pub fn inherited(&mut self, parent: &Rc<Class>, class: &Rc<Class>) -> Outcome<()> {
        let parent = Value::Class(parent.clone());
        if let Some(method) = self.find_method(&parent, Symbol::new("inherited")) {
            self.invoke(&method, &parent, Arguments::of(vec![Value::Class(class.clone())]))?;
        }
        Ok(())
    }

    pub(super) fn eval_module(
        &mut self,
        scope: Option<&Node>,
        name: Symbol,
        body: &Rc<Option<Node>>,
        here: &Here,
    ) -> Eval {
        let around = self.scope_class(scope, here)?;
        let mut existing = around.constants.borrow().get(&name).cloned();
        if existing.is_none() && Rc::ptr_eq(&around, &self.core.object) {
            existing = self.find_constant(name, &here.scope)?;
        }
        let module = match existing {
            Some(Value::Class(module)) => module,
            Some(_) => return Err(self.error("TypeError", format!("{name} is not a module"))),
            None => {
                let module = Class::new(&self.full_name(&around, name), None, true);
                self.set_constant(&around, name, Value::Class(module.clone()));
                module
            }
        };
        let this = Value::Class(module.clone());
        self.eval_body(module, &this, body, here)
    }

    pub(super) fn full_name(&self, around: &Rc<Class>, name: Symbol) -> String {
        match Rc::ptr_eq(around, &self.core.object) {
            true => name.to_string(),
            false => format!("{}::{name}", around.name.borrow()),
        }
    }

    pub(super) fn eval_body(&mut self, class: Rc<Class>, this: &Value, body: &Rc<Option<Node>>, here: &Here) -> Eval {
        let Some(body) = &**body else { return Ok(Value::Nil) };
        let scope = Rc::new(Scope {
            class,
            parent: Some(here.scope.clone()),
            visibility: Cell::new(Visibility::Public),
            module_function: Cell::new(false),
        });
        let frame = Frame {
            id: self.fresh_id(),
            method: None,
            arguments: RefCell::default(),
            matched: RefCell::new(Value::Nil),
        };
        let context = Context {
            this: this.clone(),
            variables: Variables::within(None),
            source: here.source.clone(),
            scope,
            frame: Rc::new(frame),
            tag: 0,
        };
        self.eval(body, &Rc::new(context))
    }

    /// Gives a method another name.
    pub fn alias(&mut self, class: &Rc<Class>, new: Symbol, old: Symbol) -> Eval {
        match self.find_in(class, old) {
            Some(method) => {
                let (body, visibility) = (method.body.clone(), method.visibility.get());
                self.define(class, new, body, visibility);
                Ok(Value::Symbol(new))
            }
            None => {
                let name = class.name.borrow().clone();
                Err(self.error("NameError", format!("undefined method `{old}' for class `{name}'")))
            }
        }
    }
}

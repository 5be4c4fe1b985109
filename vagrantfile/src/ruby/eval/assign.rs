//! Assignments: to one target, to several, and with an operator.

use super::Here;
use crate::ruby::interpreter::{Eval, Interpreter, Outcome};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

impl Interpreter {
    /// A list that stands alone behind `=` is the value; `a = *b` makes one.
    pub(super) fn eval_assigned(&mut self, value: &Node, here: &Here) -> Eval {
        match &value.kind {
            Kind::Splat(Some(inner)) => {
                let value = self.eval(inner, here)?;
                Ok(Value::array(self.splat(value)?))
            }
            _ => self.eval(value, here),
        }
    }

    pub(super) fn eval_multi_assign(&mut self, targets: &Targets, value: &Node, here: &Here) -> Eval {
        let value = self.eval_assigned(value, here)?;
        self.assign_several_as(targets, &value, here, false)?;
        Ok(value)
    }

    /// Takes a value apart over several targets; new variables are the block's own when they are parameters.
    pub(in crate::ruby) fn assign_several_as(
        &mut self,
        targets: &Targets,
        value: &Value,
        here: &Here,
        declare: bool,
    ) -> Outcome<()> {
        let items = match value {
            Value::Array(list) => list.to_vec(),
            Value::Object(_) if self.find_method(value, Symbol::new("to_ary")).is_some() => {
                let list = self.send(value, "to_ary", Vec::new())?;
                self.splat(list)?
            }
            other => vec![other.clone()],
        };
        let after = targets.after.len();
        let mut items = items.into_iter();
        let give = |it: &mut Self, target: &Target, value: Value| match (declare, target) {
            (true, Target::Local(name, _)) => {
                here.variables.declare(*name, value);
                Ok(())
            }
            (_, Target::Several(inner)) => it.assign_several_as(inner, &value, here, declare),
            _ => it.assign(target, value, here),
        };
        for target in &targets.before {
            give(self, target, items.next().unwrap_or(Value::Nil))?;
        }
        if let Some(rest) = &targets.rest {
            let count = items.len().saturating_sub(after);
            let taken: Vec<Value> = items.by_ref().take(count).collect();
            give(self, rest, Value::array(taken))?;
        }
        for target in &targets.after {
            give(self, target, items.next().unwrap_or(Value::Nil))?;
        }
        Ok(())
    }

    /// Gives a target a value.
    pub(in crate::ruby) fn assign(&mut self, target: &Target, value: Value, here: &Here) -> Outcome<()> {
        match target {
            Target::Local(name, depth) => here.variables.set(*name, *depth, value),
            Target::Instance(name) => self.set_instance_variable(&here.this.clone(), *name, value)?,
            Target::Global(name) => self.set_global(*name, value)?,
            Target::ClassVariable(name) => self.set_class_variable(*name, value, here)?,
            Target::Constant(name) => self.set_constant(&here.scope.class.clone(), *name, value),
            Target::ConstantOf(scope, name) => {
                let scope = match scope {
                    Some(scope) => self.eval(scope, here)?,
                    None => Value::Class(self.core.object.clone()),
                };
                let Value::Class(class) = scope else {
                    return Err(self.error("TypeError", "this is not a class or module"));
                };
                self.set_constant(&class, *name, value);
            }
            Target::Attribute {
                receiver,
                name,
                safe,
                at,
            } => {
                let this = self.eval(receiver, here)?;
                if *safe && this.is_nil() {
                    return Ok(());
                }
                self.mark(*at);
                self.set_attribute(&this, *name, value, matches!(receiver.kind, Kind::SelfReference))?;
            }
            Target::Index {
                receiver,
                arguments,
                at,
            } => {
                let this = self.eval(receiver, here)?;
                let mut list = self.eval_items(arguments, here)?;
                list.push(value);
                self.mark(*at);
                self.dispatch(&this, Symbol::new("[]="), Arguments::of(list), true)?;
            }
            Target::Several(targets) => self.assign_several_as(targets, &value, here, false)?,
            Target::Nothing => {}
        }
        Ok(())
    }

    pub(super) fn set_attribute(&mut self, this: &Value, name: Symbol, value: Value, from_self: bool) -> Outcome<()> {
        let text = name.text();
        let writer = if text.ends_with('=') {
            name
        } else {
            Symbol::new(&format!("{text}="))
        };
        self.dispatch(this, writer, Arguments::of(vec![value]), from_self)
            .map(drop)
    }

    pub(super) fn eval_update(&mut self, node: &Node, update: &Update, here: &Here) -> Eval {
        // Receivers and indices are evaluated once, although they are read and written.
        let target = self.settle(&update.target, here)?;
        let old = self.read(&target, update.operator, here)?;
        let value = match update.operator {
            Operator::Or if old.is_true() => return Ok(old),
            Operator::And if !old.is_true() => return Ok(old),
            Operator::Or | Operator::And => self.eval(&update.value, here)?,
            Operator::Method(name) => {
                let value = self.eval(&update.value, here)?;
                self.mark(node.at);
                self.dispatch(&old, name, Arguments::of(vec![value]), false)?
            }
        };
        match target {
            Settled::Plain(target) => self.assign(target, value.clone(), here)?,
            Settled::Attribute {
                this,
                name,
                at,
                from_self,
            } => {
                self.mark(at);
                self.set_attribute(&this, name, value.clone(), from_self)?;
            }
            Settled::Index { this, mut list, at } => {
                list.push(value.clone());
                self.mark(at);
                self.dispatch(&this, Symbol::new("[]="), Arguments::of(list), true)?;
            }
            Settled::Nothing => {}
        }
        Ok(value)
    }

    pub(super) fn settle<'a>(&mut self, target: &'a Target, here: &Here) -> Outcome<Settled<'a>> {
        Ok(match target {
            Target::Attribute {
                receiver,
                name,
                safe,
                at,
            } => {
                let this = self.eval(receiver, here)?;
                if *safe && this.is_nil() {
                    return Ok(Settled::Nothing);
                }
                let from_self = matches!(receiver.kind, Kind::SelfReference);
                Settled::Attribute {
                    this,
                    name: *name,
                    at: *at,
                    from_self,
                }
            }
            Target::Index {
                receiver,
                arguments,
                at,
            } => {
                let this = self.eval(receiver, here)?;
                Settled::Index {
                    this,
                    list: self.eval_items(arguments, here)?,
                    at: *at,
                }
            }
            other => Settled::Plain(other),
        })
    }

    pub(super) fn read(&mut self, target: &Settled<'_>, operator: Operator, here: &Here) -> Eval {
        let may_be_missing = matches!(operator, Operator::Or);
        match target {
            Settled::Plain(Target::Local(name, _)) => Ok(here.variables.get(*name).unwrap_or(Value::Nil)),
            Settled::Plain(Target::Instance(name)) => Ok(self.instance_variable(&here.this, *name)),
            Settled::Plain(Target::Global(name)) => self.global(*name),
            Settled::Plain(Target::ClassVariable(name)) if may_be_missing => {
                Ok(self.find_class_variable(*name, here).unwrap_or(Value::Nil))
            }
            Settled::Plain(Target::ClassVariable(name)) => self.class_variable(*name, here),
            Settled::Plain(Target::Constant(name)) if may_be_missing => {
                Ok(self.find_constant(*name, &here.scope)?.unwrap_or(Value::Nil))
            }
            Settled::Plain(Target::Constant(name)) => self.constant(*name, &here.scope),
            Settled::Plain(Target::ConstantOf(Some(scope), name)) => {
                let Value::Class(class) = self.eval(scope, here)? else {
                    return Ok(Value::Nil);
                };
                let found = class.constants.borrow().get(name).cloned();
                Ok(found.unwrap_or(Value::Nil))
            }
            Settled::Attribute {
                this,
                name,
                at,
                from_self,
            } => {
                self.mark(*at);
                self.dispatch(this, *name, Arguments::default(), *from_self)
            }
            Settled::Index { this, list, at } => {
                self.mark(*at);
                self.dispatch(this, Symbol::new("[]"), Arguments::of(list.clone()), true)
            }
            _ => Ok(Value::Nil),
        }
    }

    pub(super) fn eval_match_names(&mut self, call: &Node, names: &[Symbol], here: &Here) -> Eval {
        let result = self.eval(call, here)?;
        let matched = here.frame.matched.borrow().clone();
        for name in names {
            let value = crate::ruby::builtin::regexp::named_group(&matched, &name.text());
            here.variables.set(*name, 0, value);
        }
        Ok(result)
    }
}

/// A target whose receiver was evaluated.
pub(super) enum Settled<'a> {
    Plain(&'a Target),
    Attribute {
        this: Value,
        name: Symbol,
        at: u32,
        from_self: bool,
    },
    Index {
        this: Value,
        list: Vec<Value>,
        at: u32,
    },
    Nothing,
}

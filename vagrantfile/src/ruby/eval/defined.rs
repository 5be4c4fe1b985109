//! `defined?`: what an expression is, without running more of it than must be.

use super::Here;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::ir::*;
use crate::ruby::value::*;

impl Interpreter {
    pub(super) fn eval_defined(&mut self, node: &Node, here: &Here) -> Eval {
        let what = match &node.kind {
            Kind::Local(_) => Some("local-variable"),
            Kind::Instance(name) => {
                let is_set = match &here.this {
                    Value::Object(object) => object.instance.borrow().contains_key(name),
                    Value::Class(class) => class.instance.borrow().contains_key(name),
                    _ => false,
                };
                is_set.then_some("instance-variable")
            }
            Kind::Global(name) => self.globals.contains_key(name).then_some("global-variable"),
            Kind::ClassVariable(name) => self.find_class_variable(*name, here).map(|_| "class variable"),
            Kind::Constant(name) => self.find_constant(*name, &here.scope)?.map(|_| "constant"),
            Kind::ConstantOf(..) => self.quietly(node, here)?.map(|_| "constant"),
            Kind::Call(call) => self.is_callable(call, here)?.then_some("method"),
            Kind::Yield(_) => here.frame.arguments.borrow().block.as_ref().map(|_| "yield"),
            Kind::Super { .. } => match &here.frame.method {
                Some(method) => self.method_above(&here.this, &method.clone()).map(|_| "super"),
                None => None,
            },
            Kind::SelfReference => Some("self"),
            Kind::Nil => Some("expression"),
            Kind::Assign(..) | Kind::Update(_) | Kind::MultiAssign(..) => Some("assignment"),
            Kind::Group(_) => self
                .quietly(node, here)?
                .filter(|it| !it.is_nil())
                .map(|_| "global-variable"),
            _ => self.quietly(node, here)?.map(|_| "expression"),
        };
        Ok(what.map_or(Value::Nil, Value::string))
    }

    pub(super) fn is_callable(&mut self, call: &Call, here: &Here) -> Outcome<bool> {
        match &call.receiver {
            None => Ok(here.variables.get(call.name).is_some() || self.find_method(&here.this, call.name).is_some()),
            Some(receiver) => match self.quietly(receiver, here)? {
                Some(Value::Config(_)) => Ok(true),
                Some(value) => Ok(self.find_method(&value, call.name).is_some()),
                None => Ok(false),
            },
        }
    }

    /// The value of a node, or nothing where it raises.
    pub(super) fn quietly(&mut self, node: &Node, here: &Here) -> Outcome<Option<Value>> {
        match self.eval(node, here) {
            Ok(value) => Ok(Some(value)),
            Err(flow) if matches!(*flow, Flow::Raise(_)) => Ok(None),
            Err(flow) => Err(flow),
        }
    }
}

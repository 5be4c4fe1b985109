//! Calls: of methods, of `super` and of `yield`, with their arguments and blocks.

use super::Here;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

impl Interpreter {
    pub(super) fn eval_call(&mut self, node: &Node, call: &Call, here: &Here) -> Eval {
        let Some(receiver) = &call.receiver else {
            return self.eval_own_call(node, call, here);
        };
        let this = self.eval(receiver, here)?;
        if call.safe && this.is_nil() {
            return Ok(Value::Nil);
        }
        if let Some(result) = quick(&this, call) {
            return Ok(result);
        }
        let arguments = self.eval_arguments(&call.arguments, call.block.as_ref(), here)?;
        let assigned = if call.is_assignment {
            arguments.list.last().cloned()
        } else {
            None
        };
        (self.at, self.name_at) = (node.at, call.name_at);
        let result = self.with_block(call.block.as_ref(), arguments, |it, arguments| {
            it.dispatch(&this, call.name, arguments, call.ignores_visibility)
        })?;
        Ok(assigned.unwrap_or(result))
    }

    pub(super) fn eval_own_call(&mut self, node: &Node, call: &Call, here: &Here) -> Eval {
        if call.is_bare {
            // Text that is evaluated does not know the variables around it until it runs.
            if let Some(value) = here.variables.get(call.name) {
                return Ok(value);
            }
        }
        (self.at, self.name_at) = (node.at, call.name_at);
        if let Some(result) = crate::ruby::builtin::kernel::with_context(self, call, here)? {
            return Ok(result);
        }
        let arguments = self.eval_arguments(&call.arguments, call.block.as_ref(), here)?;
        (self.at, self.name_at) = (node.at, call.name_at);
        self.with_block(call.block.as_ref(), arguments, |it, arguments| {
            match it.find_method(&here.this, call.name) {
                Some(method) => it.invoke(&method, &here.this, arguments),
                None if matches!(here.this, Value::Config(_)) => it.dispatch(&here.this, call.name, arguments, true),
                None => it.missing(&here.this, call.name, arguments, call.is_bare),
            }
        })
    }

    /// Runs a call; a `break` of its own block ends it.
    pub(super) fn with_block(
        &mut self,
        block: Option<&BlockArgument>,
        arguments: Arguments,
        run: impl FnOnce(&mut Self, Arguments) -> Eval,
    ) -> Eval {
        let tag = match (&arguments.block, block) {
            (Some(Value::Proc(proc)), Some(BlockArgument::Literal(_))) => Some(proc.tag),
            _ => None,
        };
        match (run(self, arguments), tag) {
            (Err(flow), Some(tag)) => match *flow {
                Flow::Break(of, value) if of == tag => Ok(value),
                other => Err(Box::new(other)),
            },
            (result, _) => result,
        }
    }

    /// The arguments of a call, with its block.
    pub(in crate::ruby) fn eval_arguments(
        &mut self,
        nodes: &[Node],
        block: Option<&BlockArgument>,
        here: &Here,
    ) -> Outcome<Arguments> {
        let mut arguments = Arguments::of(self.eval_items(nodes, here)?);
        arguments.has_keywords = self.ends_with_keywords(nodes, &mut arguments.list);
        if let Some(Node {
            kind: Kind::Splat(Some(inner)),
            ..
        }) = nodes.last()
            && matches!(&inner.kind, Kind::Local(name) if &*name.text() == "...")
        {
            let passed = here.frame.arguments.borrow();
            arguments.has_keywords = passed.has_keywords;
            arguments.block = passed.block.clone();
        }
        match block {
            None => {}
            Some(BlockArgument::Literal(function)) => {
                let tag = self.fresh_id();
                let code = Code::Function {
                    function: function.clone(),
                    context: here.clone(),
                };
                arguments.block = Some(Value::Proc(Rc::new(Proc {
                    _weight: Weight::of(96),
                    code,
                    is_lambda: false,
                    tag,
                })));
            }
            Some(BlockArgument::Pass(None)) => arguments.block = here.frame.arguments.borrow().block.clone(),
            Some(BlockArgument::Pass(Some(node))) => {
                let value = self.eval(node, here)?;
                arguments.block = self.to_block(value)?;
            }
        }
        Ok(arguments)
    }

    /// Whether the last argument is written as keywords; an empty `**{}` is no argument at all.
    pub(super) fn ends_with_keywords(&mut self, nodes: &[Node], list: &mut Vec<Value>) -> bool {
        let Some(Node {
            kind: Kind::Keywords(_),
            ..
        }) = nodes.last()
        else {
            return false;
        };
        if matches!(list.last(), Some(Value::Hash(table)) if table.len() == 0) {
            list.pop();
            return false;
        }
        true
    }

    /// What `&value` passes on as a block.
    #[expect(
        clippy::wrong_self_convention,
        reason = "Ruby's name; converting may run code of the file"
    )]
    pub fn to_block(&mut self, value: Value) -> Outcome<Option<Value>> {
        match &value {
            Value::Nil => Ok(None),
            Value::Proc(_) => Ok(Some(value)),
            Value::Symbol(name) => Ok(Some(symbol_block(*name))),
            _ => match self.send(&value, "to_proc", Vec::new())? {
                Value::Nil => Ok(None),
                block => Ok(Some(block)),
            },
        }
    }

    pub(super) fn eval_super(
        &mut self,
        node: &Node,
        arguments: Option<&[Node]>,
        block: Option<&BlockArgument>,
        here: &Here,
    ) -> Eval {
        let Some(method) = here.frame.method.clone() else {
            self.mark(node.at);
            return Err(self.error("RuntimeError", "super called outside of method"));
        };
        let mut passed = match arguments {
            Some(nodes) => self.eval_arguments(nodes, block, here)?,
            None => {
                let mut passed = self.current_arguments(here);
                if let Some(block) = block {
                    passed.block = self.eval_arguments(&[], Some(block), here)?.block;
                }
                passed
            }
        };
        if passed.block.is_none() && block.is_none() {
            passed.block = here.frame.arguments.borrow().block.clone();
        }
        self.mark(node.at);
        let next = self.method_above(&here.this, &method);
        match next {
            Some(next) => self.with_block(block, passed, |it, passed| it.invoke(&next, &here.this, passed)),
            None if &*method.name.text() == "initialize" || &*method.name.text() == "inherited" => Ok(Value::Nil),
            None if &*method.name.text() == "respond_to_missing?" => Ok(Value::Boolean(false)),
            None => {
                let shown = self.describe(&here.this);
                Err(self.error(
                    "NoMethodError",
                    format!("super: no superclass method `{}' for {shown}", method.name),
                ))
            }
        }
    }

    /// What `super` alone passes on: the parameters as they are now.
    pub(super) fn current_arguments(&mut self, here: &Here) -> Arguments {
        let given = here.frame.arguments.borrow().clone();
        let Some(MethodBody::Function { function, .. }) = here.frame.method.as_ref().map(|it| &it.body) else {
            return given;
        };
        let parameters = &function.parameters;
        let is_simple =
            parameters.rest.is_none() && parameters.keywords.is_empty() && parameters.keyword_rest.is_none();
        if !is_simple || given.has_keywords {
            return given;
        }
        let names = parameters.required.iter().filter_map(|it| match it {
            Target::Local(name, _) => Some(*name),
            _ => None,
        });
        let names = names.chain(parameters.optional.iter().map(|(name, _)| *name));
        let list = names.filter_map(|it| here.variables.get(it)).collect();
        Arguments { list, ..given }
    }

    /// The method that a method hides.
    pub(super) fn method_above(&mut self, this: &Value, method: &Rc<Method>) -> Option<Rc<Method>> {
        let chain = self.method_chain(this);
        let own = chain.iter().position(|it| Rc::ptr_eq(it, &method.owner))?;
        chain[own + 1..]
            .iter()
            .find_map(|it| it.methods.borrow().get(&method.name).cloned())
    }

    /// The classes in which methods of a value are looked for, in order.
    pub fn method_chain(&mut self, this: &Value) -> Vec<Rc<Class>> {
        let mut chain = Vec::new();
        match this {
            Value::Object(object) => {
                if let Some(singleton) = object.singleton.borrow().clone() {
                    chain.extend(singleton.ancestors());
                }
            }
            Value::Class(class) => {
                let mut next = Some(class.clone());
                while let Some(class) = next {
                    if let Some(singleton) = class.singleton.borrow().clone() {
                        chain.extend(singleton.ancestors());
                    }
                    next = class.superclass.clone();
                }
            }
            _ => {}
        }
        chain.extend(self.class_of(this).ancestors());
        chain
    }

    pub(super) fn eval_yield(&mut self, node: &Node, arguments: &[Node], here: &Here) -> Eval {
        let block = here.frame.arguments.borrow().block.clone();
        let Some(Value::Proc(proc)) = block else {
            self.mark(node.at);
            return Err(self.error("LocalJumpError", "no block given (yield)"));
        };
        let arguments = self.eval_arguments(arguments, None, here)?;
        self.mark(node.at);
        self.call_proc(&proc, arguments, None)
    }
}

/// `&:name`
pub fn symbol_block(name: Symbol) -> Value {
    Value::native_block(-2, move |it, arguments| {
        let mut arguments = arguments.clone();
        if arguments.list.is_empty() {
            return Err(it.error("ArgumentError", "no receiver given"));
        }
        let this = arguments.list.remove(0);
        it.call(&this, name, arguments)
    })
}

/// Arithmetic with a number that stands in the text, without the detour over a method.
pub(super) fn quick(this: &Value, call: &Call) -> Option<Value> {
    let (
        Value::Integer(one),
        [
            Node {
                kind: Kind::Integer(two),
                ..
            },
        ],
    ) = (this, call.arguments.as_slice())
    else {
        return None;
    };
    match &*call.name.text() {
        "+" => one.checked_add(*two).map(Value::Integer),
        "-" => one.checked_sub(*two).map(Value::Integer),
        "<" => Some(Value::Boolean(one < two)),
        ">" => Some(Value::Boolean(one > two)),
        "==" => Some(Value::Boolean(one == two)),
        _ => None,
    }
}

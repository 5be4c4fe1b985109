//! How functions and blocks run: each with a frame, a context and variables of its own.

use super::interpreter::{Eval, Flow, Interpreter};
use super::ir::Function;
use super::value::*;
use std::rc::Rc;

impl Interpreter {
    /// Runs a method that was found.
    pub fn invoke(&mut self, method: &Rc<Method>, this: &Value, arguments: Arguments) -> Eval {
        match &method.body {
            MethodBody::Native(native) => {
                self.tick()?;
                native(self, this, &arguments)
            }
            MethodBody::Function { function, scope } => {
                self.run_function(&function.clone(), &scope.clone(), Some(method), this, arguments)
            }
            MethodBody::Reader(name) => Ok(self.instance_variable(this, *name)),
            MethodBody::Writer(name) => {
                let value = arguments.list.into_iter().next().unwrap_or(Value::Nil);
                self.set_instance_variable(this, *name, value.clone())?;
                Ok(value)
            }
            MethodBody::Proc(proc) => self.call_proc_as_method(&proc.clone(), method, this, arguments),
            MethodBody::Undefined => self.missing(this, method.name, arguments, false),
        }
    }

    pub(super) fn run_function(
        &mut self,
        function: &Rc<Function>,
        scope: &Rc<Scope>,
        method: Option<&Rc<Method>>,
        this: &Value,
        arguments: Arguments,
    ) -> Eval {
        self.tick()?;
        let id = self.fresh_id();
        let frame = Rc::new(Frame {
            id,
            method: method.cloned(),
            arguments: std::cell::RefCell::new(arguments.clone()),
            matched: std::cell::RefCell::new(Value::Nil),
        });
        let context = Rc::new(Context {
            this: this.clone(),
            variables: Variables::within(None),
            source: function.source.clone(),
            scope: scope.clone(),
            frame: frame.clone(),
            tag: 0,
        });
        let result = self.inside(function, frame, |it| {
            it.bind_parameters(&function.parameters, arguments, &context, true)?;
            match &function.body {
                Some(body) => it.eval(body, &context),
                None => Ok(Value::Nil),
            }
        });
        match result {
            Err(flow) => match *flow {
                Flow::Return(to, value) if to == id => Ok(value),
                Flow::Next(value) => Ok(value),
                other => Err(Box::new(other)),
            },
            result => result,
        }
    }

    /// Runs something as the code of a function: places belong to its source, and the caller is on the trace.
    pub(super) fn inside(
        &mut self,
        function: &Rc<Function>,
        frame: Rc<Frame>,
        run: impl FnOnce(&mut Self) -> Eval,
    ) -> Eval {
        let (at, name_at) = (self.at, self.name_at);
        if self.source.is_library && !function.source.is_library {
            // What is wrong before its first line is the fault of the call that is shown, not of a place in the library.
            let (source, at) = self.shown_position(name_at);
            self.name_at = if Rc::ptr_eq(&source, &function.source) { at } else { 0 };
        }
        let caller = std::mem::replace(&mut self.source, function.source.clone());
        self.trace.push((caller, name_at));
        self.frames.push(frame);
        let result = run(self);
        self.frames.pop();
        if let Some((caller, _)) = self.trace.pop() {
            self.source = caller;
        }
        (self.at, self.name_at) = (at, name_at);
        result
    }

    /// Calls a block with these values, as `yield` does.
    pub fn yield_to(&mut self, block: &Value, values: &[Value]) -> Eval {
        match block {
            Value::Proc(proc) => self.call_proc(&proc.clone(), Arguments::of(values.to_vec()), None),
            other => self.send(&other.clone(), "call", values.to_vec()),
        }
    }

    /// Calls a proc; `this` stands in for its `self`.
    pub fn call_proc(&mut self, proc: &Rc<Proc>, arguments: Arguments, this: Option<(Value, Rc<Scope>)>) -> Eval {
        self.tick()?;
        match &proc.code {
            Code::Native { block, .. } => block.clone()(self, &arguments),
            Code::Function { function, context } => {
                let (this, scope) = this.unwrap_or_else(|| (context.this.clone(), context.scope.clone()));
                let frame = match proc.is_lambda {
                    true => self.lambda_frame(&context.frame),
                    false => context.frame.clone(),
                };
                self.run_block(proc, function, context, frame, this, scope, arguments)
            }
        }
    }

    pub(super) fn lambda_frame(&mut self, around: &Rc<Frame>) -> Rc<Frame> {
        Rc::new(Frame {
            id: self.fresh_id(),
            method: around.method.clone(),
            arguments: std::cell::RefCell::new(around.arguments.borrow().clone()),
            matched: std::cell::RefCell::new(Value::Nil),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of where the block runs")]
    pub(super) fn run_block(
        &mut self,
        proc: &Rc<Proc>,
        function: &Rc<Function>,
        around: &Rc<Context>,
        frame: Rc<Frame>,
        this: Value,
        scope: Rc<Scope>,
        arguments: Arguments,
    ) -> Eval {
        let id = frame.id;
        let context = Rc::new(Context {
            this,
            variables: Variables::within(Some(around.variables.clone())),
            source: function.source.clone(),
            scope,
            frame: frame.clone(),
            tag: proc.tag,
        });
        let mut again = Some(arguments);
        while let Some(arguments) = again.take() {
            let kept = arguments.clone();
            let result = self.inside(function, frame.clone(), |it| {
                it.bind_parameters(&function.parameters, arguments, &context, proc.is_lambda)?;
                match &function.body {
                    Some(body) => it.eval(body, &context),
                    None => Ok(Value::Nil),
                }
            });
            match result {
                Ok(value) => return Ok(value),
                Err(flow) => match *flow {
                    Flow::Next(value) => return Ok(value),
                    Flow::Return(to, value) if proc.is_lambda && to == id => return Ok(value),
                    Flow::Break(tag, value) if proc.is_lambda && tag == proc.tag => return Ok(value),
                    Flow::Redo => again = Some(kept),
                    other => return Err(Box::new(other)),
                },
            }
        }
        Ok(Value::Nil)
    }

    pub(super) fn call_proc_as_method(
        &mut self,
        proc: &Rc<Proc>,
        method: &Rc<Method>,
        this: &Value,
        arguments: Arguments,
    ) -> Eval {
        match &proc.code {
            Code::Native { block, .. } => block.clone()(self, &arguments),
            Code::Function { function, context } => {
                let frame = Rc::new(Frame {
                    id: self.fresh_id(),
                    method: Some(method.clone()),
                    arguments: std::cell::RefCell::new(arguments.clone()),
                    matched: std::cell::RefCell::new(Value::Nil),
                });
                let lambda = Proc {
                    _weight: Weight::of(96),
                    code: Code::Function {
                        function: function.clone(),
                        context: context.clone(),
                    },
                    is_lambda: true,
                    tag: proc.tag,
                };
                let scope = context.scope.clone();
                self.run_block(
                    &Rc::new(lambda),
                    function,
                    context,
                    frame,
                    this.clone(),
                    scope,
                    arguments,
                )
            }
        }
    }

    /// Calls a block with another `self`, as `instance_eval` does.
    pub fn call_with_self(&mut self, block: &Value, this: &Value, class: Rc<Class>, values: Vec<Value>) -> Eval {
        let Value::Proc(proc) = block else {
            return Err(self.error("ArgumentError", "wrong number of arguments (given 0, expected 1..3)"));
        };
        let parent = match &proc.code {
            Code::Function { context, .. } => Some(context.scope.clone()),
            Code::Native { .. } => None,
        };
        let scope = Rc::new(Scope {
            class,
            parent,
            visibility: std::cell::Cell::new(Visibility::Public),
            module_function: std::cell::Cell::new(false),
        });
        let mut arguments = Arguments::of(values);
        arguments.block = None;
        self.call_proc(&proc.clone(), arguments, Some((this.clone(), scope)))
    }
}

//! The state of an interpreter, and how methods are found and called.

use super::ir::{Function, Source};
use super::symbol::Symbol;
use super::value::*;
use crate::language::{Configure, Shared};
use crate::layer::Origin;
use crate::model::BlockId;
use crate::report::{Mistake, Place, Report};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

/// What evaluating gives.
pub type Eval = Result<Value, Box<Flow>>;

/// The outcome of Rust code that evaluates.
pub type Outcome<T> = Result<T, Box<Flow>>;

/// Why evaluating stopped before its end.
pub enum Flow {
    Raise(Value),
    Break(u64, Value),
    Next(Value),
    Return(u64, Value),
    Throw(Value, Value),
    Redo,
    Retry,
    /// A limit was reached, or something that the file may not rescue.
    Stop(Report),
}

/// A Ruby that reads Vagrantfiles.
pub struct Interpreter {
    pub shared: Rc<Shared>,
    pub core: super::core::Core,
    pub globals: HashMap<Symbol, Value>,
    pub main: Value,
    /// What was handed to `Vagrant.configure` since the file began.
    pub configures: Vec<Configure>,
    /// The blocks that the model or a layer knows by number.
    pub blocks: HashMap<BlockId, Value>,
    /// Files that `require` has read, and libraries that were started.
    pub required: HashSet<PathBuf>,
    pub libraries: HashSet<&'static str>,
    pub(super) source: Rc<Source>,
    /// Where the call that runs begins, and where its name stands.
    pub(super) at: u32,
    pub(super) name_at: u32,
    pub(super) trace: Vec<(Rc<Source>, u32)>,
    pub(super) frames: Vec<Rc<Frame>>,
    next_id: u64,
    steps: u64,
    memory_before: usize,
    stack_base: usize,
    cache: HashMap<(usize, Symbol), Option<Rc<Method>>>,
}

/// The stack that is left for what is not measured, such as the regular expressions' own recursion.
const STACK_RESERVE: usize = 4 << 20;

impl Interpreter {
    /// A fresh interpreter; it must stay on the thread that made it.
    pub fn new(shared: Rc<Shared>) -> Self {
        let core = super::core::Core::new();
        let main = core.instance(&core.object);
        let source = Rc::new(Source::new(std::path::Path::new("").into(), String::new(), 1, true));
        let mut interpreter = Self {
            shared,
            core,
            globals: HashMap::new(),
            main,
            configures: Vec::new(),
            blocks: HashMap::new(),
            required: HashSet::new(),
            libraries: HashSet::new(),
            source,
            at: 0,
            name_at: 0,
            trace: Vec::new(),
            frames: Vec::new(),
            next_id: 1,
            steps: 0,
            memory_before: charged(),
            stack_base: stack_pointer(),
            cache: HashMap::new(),
        };
        super::builtin::install(&mut interpreter);
        interpreter
    }

    /// A number that nothing else has.
    pub fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Starts counting steps and memory anew, for the next file or block.
    pub fn begin(&mut self) {
        self.stack_base = stack_pointer();
        self.trace.clear();
        self.frames.clear();
    }

    /// Counts a step and stops what runs too long, too deep or takes too much.
    #[inline]
    pub(super) fn tick(&mut self) -> Outcome<()> {
        self.steps += 1;
        let limits = &self.shared.settings.limits;
        if self.steps > limits.steps {
            return Err(self.stop("this file does not come to an end", "look for a loop that never stops"));
        }
        if charged().saturating_sub(self.memory_before) > limits.memory {
            return Err(self.stop(
                "this file takes too much memory",
                "look for a text or list that keeps growing",
            ));
        }
        if self.stack_base.abs_diff(stack_pointer()) + STACK_RESERVE > limits.stack {
            return Err(self.error("SystemStackError", "stack level too deep"));
        }
        Ok(())
    }

    /// Checks before something big is made at once.
    pub fn reserve(&mut self, bytes: usize) -> Outcome<()> {
        if bytes > self.shared.settings.limits.memory / 4 {
            return Err(self.stop(
                "this file takes too much memory",
                "look for a text or list of this size",
            ));
        }
        charge(bytes);
        self.tick()
    }

    /// Counts work that one call does, such as each character that is looked at.
    pub fn work(&mut self, amount: usize) -> Outcome<()> {
        self.steps = self.steps.saturating_add((amount / 64) as u64);
        self.tick()
    }

    fn stop(&self, message: &str, advice: &str) -> Box<Flow> {
        let mut mistake = Mistake::new(message).with_advice(advice);
        mistake.place = Some(self.place());
        Box::new(Flow::Stop(Report::new(mistake)))
    }

    /// The place that a person is shown for what happens now: the innermost one in a file of theirs.
    pub fn place(&self) -> Place {
        let (source, at) = self.shown_position(self.name_at);
        super::lower::place(&source, at)
    }

    /// Where an entry of a layer was written.
    pub fn origin(&self) -> Origin {
        let (source, at) = self.shown_position(self.at);
        let (line, column) = source.place(at);
        Origin {
            file: source.path.clone(),
            line,
            column,
        }
    }

    fn shown_position(&self, at: u32) -> (Rc<Source>, u32) {
        if !self.source.is_library {
            return (self.source.clone(), at);
        }
        let shown = self.trace.iter().rev().find(|(source, _)| !source.is_library);
        shown.cloned().unwrap_or_else(|| (self.source.clone(), at))
    }

    /// The calls that led here, innermost first.
    pub fn backtrace(&self) -> Vec<Place> {
        let here = std::iter::once(self.place());
        let callers = self.trace.iter().rev().filter(|(source, _)| !source.is_library);
        here.chain(callers.take(50).map(|(source, at)| super::lower::place(source, *at)))
            .collect()
    }

    /// Raises an error of a class of the core.
    pub fn error(&mut self, class: &str, message: impl Into<String>) -> Box<Flow> {
        let class = self.core.named(class);
        self.error_of(&class, message.into())
    }

    /// Raises an error of a class.
    pub fn error_of(&mut self, class: &Rc<Class>, message: String) -> Box<Flow> {
        let error = self.core.instance(class);
        if let Value::Object(object) = &error {
            object
                .instance
                .borrow_mut()
                .insert(Symbol::new("@message"), Value::string(message));
        }
        self.mark_place(&error);
        Box::new(Flow::Raise(error))
    }

    /// Remembers in an error where it was raised, unless it knows already.
    pub fn mark_place(&mut self, error: &Value) {
        if let Value::Object(object) = error {
            let mut native = object.native.borrow_mut();
            if native.is_none() {
                *native = Some(Rc::new(self.backtrace()));
            }
        }
    }

    /// The class whose methods a value has.
    pub fn class_of(&self, value: &Value) -> Rc<Class> {
        let core = &self.core;
        match value {
            Value::Nil => &core.nil,
            Value::Boolean(true) => &core.true_class,
            Value::Boolean(false) => &core.false_class,
            Value::Integer(_) => &core.integer,
            Value::Float(_) => &core.float,
            Value::Symbol(_) => &core.symbol,
            Value::String(_) => &core.string,
            Value::Array(_) => &core.array,
            Value::Hash(_) => &core.hash,
            Value::Range(_) => &core.range,
            Value::Regexp(_) => &core.regexp,
            Value::Proc(_) => &core.proc,
            Value::Class(class) if class.is_module => &core.module,
            Value::Class(_) => &core.class,
            Value::Object(object) => &object.class,
            Value::Config(_) => &core.config,
            Value::Unset => &core.object,
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
            _ => self.find_in(&self.class_of(value), name),
        }
    }

    fn find_class_method(&mut self, class: &Rc<Class>, name: Symbol) -> Option<Rc<Method>> {
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

    fn may_call(&self, method: &Method) -> bool {
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

    fn similar_method(&self, this: &Value, name: Symbol) -> Option<String> {
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

    fn run_function(
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

    fn lambda_frame(&mut self, around: &Rc<Frame>) -> Rc<Frame> {
        Rc::new(Frame {
            id: self.fresh_id(),
            method: around.method.clone(),
            arguments: std::cell::RefCell::new(around.arguments.borrow().clone()),
            matched: std::cell::RefCell::new(Value::Nil),
        })
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of where the block runs")]
    fn run_block(
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

    fn call_proc_as_method(
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

    /// An instance variable; nil where it was never set.
    pub fn instance_variable(&self, this: &Value, name: Symbol) -> Value {
        let found = match this {
            Value::Object(object) => object.instance.borrow().get(&name).cloned(),
            Value::Class(class) => class.instance.borrow().get(&name).cloned(),
            _ => None,
        };
        found.unwrap_or(Value::Nil)
    }

    /// Sets an instance variable.
    pub fn set_instance_variable(&mut self, this: &Value, name: Symbol, value: Value) -> Outcome<()> {
        charge(48);
        match this {
            Value::Object(object) if object.frozen.get() => {
                let shown = self.describe(this);
                return Err(self.error("FrozenError", format!("can't modify frozen {shown}")));
            }
            Value::Object(object) => drop(object.instance.borrow_mut().insert(name, value)),
            Value::Class(class) => drop(class.instance.borrow_mut().insert(name, value)),
            _ => {}
        }
        Ok(())
    }
}

/// About where the stack ends now.
fn stack_pointer() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&marker)) as usize
}

//! The evaluator: what each node of the tree does.

use super::interpreter::{Eval, Flow, Interpreter, Outcome};
use super::ir::*;
use super::symbol::Symbol;
use super::value::*;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Here = Rc<Context>;

impl Interpreter {
    /// The value of a node.
    pub fn eval(&mut self, node: &Node, here: &Here) -> Eval {
        self.tick()?;
        match &node.kind {
            Kind::Nil => Ok(Value::Nil),
            Kind::True => Ok(Value::Boolean(true)),
            Kind::False => Ok(Value::Boolean(false)),
            Kind::SelfReference => Ok(here.this.clone()),
            Kind::Integer(value) => Ok(Value::Integer(*value)),
            Kind::Float(value) => Ok(Value::Float(*value)),
            Kind::String(text) => Ok(Value::string(&**text)),
            Kind::Symbol(symbol) => Ok(Value::Symbol(*symbol)),
            Kind::Local(name) => Ok(here.variables.get(*name).unwrap_or(Value::Nil)),
            Kind::Instance(name) => Ok(self.instance_variable(&here.this, *name)),
            Kind::Sequence(nodes) => self.eval_sequence(nodes, here),
            Kind::Call(call) => self.eval_call(node, call, here),
            Kind::Assign(target, value) => {
                let value = self.eval_assigned(value, here)?;
                self.assign(target, value.clone(), here)?;
                Ok(value)
            }
            Kind::If(condition, yes, no) => {
                let branch = if self.eval(condition, here)?.is_true() { yes } else { no };
                self.eval_maybe(branch.as_deref(), here)
            }
            Kind::And(one, two) => {
                let value = self.eval(one, here)?;
                if value.is_true() {
                    self.eval(two, here)
                } else {
                    Ok(value)
                }
            }
            Kind::Or(one, two) => {
                let value = self.eval(one, here)?;
                if value.is_true() {
                    Ok(value)
                } else {
                    self.eval(two, here)
                }
            }
            Kind::Not(value) => self.eval_not(node, value, here),
            _ => self.eval_literal(node, here),
        }
    }

    /// A list that stands alone behind `=` is the value; `a = *b` makes one.
    fn eval_assigned(&mut self, value: &Node, here: &Here) -> Eval {
        match &value.kind {
            Kind::Splat(Some(inner)) => {
                let value = self.eval(inner, here)?;
                Ok(Value::array(self.splat(value)?))
            }
            _ => self.eval(value, here),
        }
    }

    fn eval_not(&mut self, node: &Node, value: &Node, here: &Here) -> Eval {
        let value = self.eval(value, here)?;
        if let Value::Object(_) = value
            && let Some(method) = self.find_method(&value, Symbol::new("!"))
        {
            self.at = node.at;
            return self.invoke(&method, &value, Arguments::default());
        }
        Ok(Value::Boolean(!value.is_true()))
    }

    fn eval_literal(&mut self, node: &Node, here: &Here) -> Eval {
        match &node.kind {
            Kind::Interpolated(parts) => Ok(Value::string(self.eval_parts(parts, here)?)),
            Kind::InterpolatedSymbol(parts) => Ok(Value::symbol(&self.eval_parts(parts, here)?)),
            Kind::Command(parts) => {
                let line = self.eval_parts(parts, here)?;
                self.mark(node.at);
                let this = here.this.clone();
                self.dispatch(&this, Symbol::new("`"), Arguments::of(vec![Value::string(line)]), true)
            }
            Kind::Regexp(literal) => {
                self.mark(node.at);
                self.regexp(&literal.text, literal.flags)
            }
            Kind::InterpolatedRegexp(parts, flags) => {
                let text = self.eval_regexp_parts(parts, here)?;
                self.mark(node.at);
                self.regexp(&text, *flags)
            }
            Kind::Array(items) => Ok(Value::array(self.eval_items(items, here)?)),
            Kind::Hash(pairs) | Kind::Keywords(pairs) => self.eval_hash(pairs, here),
            Kind::Range { first, last, exclusive } => {
                let first = self.eval_maybe(first.as_deref(), here)?;
                let last = self.eval_maybe(last.as_deref(), here)?;
                self.mark(node.at);
                self.range(first, last, *exclusive)
            }
            Kind::Splat(inner) => {
                let value = self.eval_maybe(inner.as_deref(), here)?;
                Ok(Value::array(self.splat(value)?))
            }
            Kind::File => Ok(Value::string(here.source.path.to_string_lossy())),
            Kind::Line(line) => Ok(Value::Integer(i64::from(*line))),
            Kind::Global(name) => self.global(*name),
            Kind::Group(index) => {
                let matched = here.frame.matched.borrow().clone();
                Ok(super::builtin::regexp::group(&matched, *index))
            }
            Kind::ClassVariable(name) => self.class_variable(*name, here),
            Kind::Constant(name) => {
                self.mark(node.at);
                self.constant(*name, &here.scope)
            }
            Kind::ConstantOf(scope, name) => self.constant_of(node, scope.as_deref(), *name, here),
            Kind::Lambda(function) => {
                let tag = self.fresh_id();
                charge(96);
                let code = Code::Function {
                    function: function.clone(),
                    context: here.clone(),
                };
                Ok(Value::Proc(Rc::new(Proc {
                    code,
                    is_lambda: true,
                    tag,
                })))
            }
            _ => self.eval_statement(node, here),
        }
    }

    fn eval_statement(&mut self, node: &Node, here: &Here) -> Eval {
        match &node.kind {
            Kind::MultiAssign(targets, value) => self.eval_multi_assign(targets, value, here),
            Kind::Update(update) => self.eval_update(node, update, here),
            Kind::Super { arguments, block } => self.eval_super(node, arguments.as_deref(), block.as_deref(), here),
            Kind::Yield(arguments) => self.eval_yield(node, arguments, here),
            Kind::Defined(value) => self.eval_defined(value, here),
            Kind::While {
                condition,
                body,
                until,
                body_first,
            } => self.eval_while(condition, body.as_deref(), *until, *body_first, here),
            Kind::For {
                target,
                collection,
                body,
            } => self.eval_for(target, collection, body.as_deref(), here),
            Kind::Case {
                subject,
                branches,
                otherwise,
            } => self.eval_case(subject.as_deref(), branches, otherwise.as_deref(), here),
            Kind::CaseIn {
                subject,
                branches,
                otherwise,
            } => self.eval_case_in(node, subject, branches, otherwise, here),
            Kind::MatchPattern {
                subject,
                pattern,
                required,
            } => {
                let value = self.eval(subject, here)?;
                let matches = self.matches(pattern, &value, here)?;
                match (required, matches) {
                    (true, false) => {
                        let shown = self.inspect(&value)?;
                        Err(self.error("NoMatchingPatternError", shown))
                    }
                    (true, true) => Ok(Value::Nil),
                    (false, matches) => Ok(Value::Boolean(matches)),
                }
            }
            Kind::Begin(begin) => self.eval_begin(begin, here),
            Kind::Return(value) => {
                let value = self.eval_maybe(value.as_deref(), here)?;
                Err(Box::new(Flow::Return(here.frame.id, value)))
            }
            Kind::Break(value) => {
                let value = self.eval_maybe(value.as_deref(), here)?;
                Err(Box::new(Flow::Break(here.tag, value)))
            }
            Kind::Next(value) => {
                let value = self.eval_maybe(value.as_deref(), here)?;
                Err(Box::new(Flow::Next(value)))
            }
            Kind::Redo => Err(Box::new(Flow::Redo)),
            Kind::Retry => Err(Box::new(Flow::Retry)),
            _ => self.eval_definition(node, here),
        }
    }

    fn eval_definition(&mut self, node: &Node, here: &Here) -> Eval {
        match &node.kind {
            Kind::Define {
                receiver,
                name,
                function,
            } => self.eval_define(receiver.as_deref(), *name, function, here),
            Kind::Class {
                scope,
                name,
                superclass,
                body,
            } => {
                self.mark(node.at);
                self.eval_class(scope.as_deref(), *name, superclass.as_deref(), body, here)
            }
            Kind::Module { scope, name, body } => {
                self.mark(node.at);
                self.eval_module(scope.as_deref(), *name, body, here)
            }
            Kind::SingletonClass { object, body } => {
                let object = self.eval(object, here)?;
                let singleton = self.singleton(&object)?;
                let this = Value::Class(singleton.clone());
                self.eval_body(singleton, &this, body, here)
            }
            Kind::Alias(new, old) => {
                let class = here.scope.class.clone();
                self.alias(&class, *new, *old)
            }
            Kind::AliasGlobal(new, old) => {
                let value = self.global(*old)?;
                self.globals.insert(*new, value);
                Ok(Value::Nil)
            }
            Kind::Undefine(names) => {
                for name in names {
                    let class = here.scope.class.clone();
                    self.define(&class, *name, MethodBody::Undefined, Visibility::Public);
                }
                Ok(Value::Nil)
            }
            Kind::MatchNames(call, names) => self.eval_match_names(call, names, here),
            Kind::Unsupported(what) => {
                self.mark(node.at);
                Err(self.error(
                    "NotImplementedError",
                    format!("{what} is not supported in a Vagrantfile"),
                ))
            }
            _ => Ok(Value::Nil),
        }
    }

    /// Remembers the place of what is done next, for errors and origins.
    fn mark(&mut self, at: u32) {
        (self.at, self.name_at) = (at, at);
    }

    pub(super) fn eval_maybe(&mut self, node: Option<&Node>, here: &Here) -> Eval {
        match node {
            Some(node) => self.eval(node, here),
            None => Ok(Value::Nil),
        }
    }

    fn eval_sequence(&mut self, nodes: &[Node], here: &Here) -> Eval {
        let mut value = Value::Nil;
        for node in nodes {
            value = self.eval(node, here)?;
        }
        Ok(value)
    }

    /// The values of a list's nodes; `*list` gives several.
    fn eval_items(&mut self, nodes: &[Node], here: &Here) -> Outcome<Vec<Value>> {
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            match &node.kind {
                Kind::Splat(inner) => {
                    let value = match inner {
                        Some(inner) => self.eval(inner, here)?,
                        None => here.variables.get(Symbol::new("*")).unwrap_or(Value::Nil),
                    };
                    items.extend(self.splat(value)?);
                }
                _ => items.push(self.eval(node, here)?),
            }
        }
        Ok(items)
    }

    /// The values that `*value` stands for.
    pub fn splat(&mut self, value: Value) -> Outcome<Vec<Value>> {
        match &value {
            Value::Array(list) => Ok(list.to_vec()),
            Value::Nil => Ok(Vec::new()),
            Value::Hash(_) | Value::Range(_) => self.to_items(&value),
            Value::Object(_) if self.find_method(&value, Symbol::new("to_a")).is_some() => {
                match self.send(&value, "to_a", Vec::new())? {
                    Value::Array(list) => Ok(list.to_vec()),
                    other => Ok(vec![other]),
                }
            }
            _ => Ok(vec![value]),
        }
    }

    fn eval_hash(&mut self, pairs: &[Pair], here: &Here) -> Eval {
        let table = Table::default();
        for pair in pairs {
            match pair {
                Pair::Pair(key, value) => {
                    let key = self.eval(key, here)?;
                    table.insert(key, self.eval(value, here)?);
                }
                Pair::Splat(inner) => {
                    let value = match inner {
                        Some(inner) => self.eval(inner, here)?,
                        None => here.variables.get(Symbol::new("**")).unwrap_or(Value::Nil),
                    };
                    self.take_over(&table, value)?;
                }
            }
        }
        Ok(Value::Hash(Rc::new(table)))
    }

    fn take_over(&mut self, table: &Table, value: Value) -> Outcome<()> {
        match value {
            Value::Nil => {}
            Value::Hash(other) => other
                .to_pairs()
                .into_iter()
                .for_each(|(key, value)| table.insert(key, value)),
            other => match self.send(&other, "to_hash", Vec::new())? {
                Value::Hash(other) => other
                    .to_pairs()
                    .into_iter()
                    .for_each(|(key, value)| table.insert(key, value)),
                _ => return Err(self.error("TypeError", "no implicit conversion into Hash")),
            },
        }
        Ok(())
    }

    fn eval_parts(&mut self, parts: &[Node], here: &Here) -> Outcome<String> {
        let mut text = String::new();
        for part in parts {
            match &part.kind {
                Kind::String(literal) => text.push_str(literal),
                _ => {
                    let value = self.eval(part, here)?;
                    text.push_str(&self.to_s(&value)?);
                }
            }
            self.check_length(text.len())?;
        }
        Ok(text)
    }

    /// Texts that become too long are stopped before they take the memory.
    pub(super) fn check_length(&mut self, length: usize) -> Outcome<()> {
        if length > 1 << 20 { self.reserve(length) } else { Ok(()) }
    }

    fn eval_regexp_parts(&mut self, parts: &[Node], here: &Here) -> Outcome<String> {
        let mut text = String::new();
        for part in parts {
            match &part.kind {
                Kind::String(literal) => text.push_str(literal),
                _ => match self.eval(part, here)? {
                    Value::Regexp(regexp) => text.push_str(&super::builtin::regexp::embedded(&regexp)),
                    value => text.push_str(&self.to_s(&value)?),
                },
            }
        }
        Ok(text)
    }

    fn eval_call(&mut self, node: &Node, call: &Call, here: &Here) -> Eval {
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

    fn eval_own_call(&mut self, node: &Node, call: &Call, here: &Here) -> Eval {
        if call.is_bare {
            // Text that is evaluated does not know the variables around it until it runs.
            if let Some(value) = here.variables.get(call.name) {
                return Ok(value);
            }
        }
        (self.at, self.name_at) = (node.at, call.name_at);
        if let Some(result) = super::builtin::kernel::with_context(self, call, here)? {
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
    fn with_block(
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
    pub(super) fn eval_arguments(
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
                charge(96);
                let tag = self.fresh_id();
                let code = Code::Function {
                    function: function.clone(),
                    context: here.clone(),
                };
                arguments.block = Some(Value::Proc(Rc::new(Proc {
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
    fn ends_with_keywords(&mut self, nodes: &[Node], list: &mut Vec<Value>) -> bool {
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

    fn eval_super(
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
    fn current_arguments(&mut self, here: &Here) -> Arguments {
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
    fn method_above(&mut self, this: &Value, method: &Rc<Method>) -> Option<Rc<Method>> {
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

    fn eval_yield(&mut self, node: &Node, arguments: &[Node], here: &Here) -> Eval {
        let block = here.frame.arguments.borrow().block.clone();
        let Some(Value::Proc(proc)) = block else {
            self.mark(node.at);
            return Err(self.error("LocalJumpError", "no block given (yield)"));
        };
        let arguments = self.eval_arguments(arguments, None, here)?;
        self.mark(node.at);
        self.call_proc(&proc, arguments, None)
    }

    fn eval_multi_assign(&mut self, targets: &Targets, value: &Node, here: &Here) -> Eval {
        let value = self.eval_assigned(value, here)?;
        self.assign_several_as(targets, &value, here, false)?;
        Ok(value)
    }

    /// Takes a value apart over several targets; new variables are the block's own when they are parameters.
    pub(super) fn assign_several_as(
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
    pub(super) fn assign(&mut self, target: &Target, value: Value, here: &Here) -> Outcome<()> {
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

    fn set_attribute(&mut self, this: &Value, name: Symbol, value: Value, from_self: bool) -> Outcome<()> {
        let text = name.text();
        let writer = if text.ends_with('=') {
            name
        } else {
            Symbol::new(&format!("{text}="))
        };
        self.dispatch(this, writer, Arguments::of(vec![value]), from_self)
            .map(drop)
    }

    fn eval_update(&mut self, node: &Node, update: &Update, here: &Here) -> Eval {
        // Receivers and indices are evaluated once, although they are read and written.
        let target = self.settle(&update.target, here)?;
        let old = self.read(&target, update.operator, here)?;
        let value = match update.operator {
            Operator::Or if old.is_true() && !matches!(old, Value::Unset) => return Ok(old),
            Operator::Or if matches!(old, Value::Unset) => return Ok(old),
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

    fn settle<'a>(&mut self, target: &'a Target, here: &Here) -> Outcome<Settled<'a>> {
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

    fn read(&mut self, target: &Settled<'_>, operator: Operator, here: &Here) -> Eval {
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

    fn eval_defined(&mut self, node: &Node, here: &Here) -> Eval {
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

    fn is_callable(&mut self, call: &Call, here: &Here) -> Outcome<bool> {
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
    fn quietly(&mut self, node: &Node, here: &Here) -> Outcome<Option<Value>> {
        match self.eval(node, here) {
            Ok(value) => Ok(Some(value)),
            Err(flow) if matches!(*flow, Flow::Raise(_)) => Ok(None),
            Err(flow) => Err(flow),
        }
    }

    fn eval_while(
        &mut self,
        condition: &Node,
        body: Option<&Node>,
        until: bool,
        body_first: bool,
        here: &Here,
    ) -> Eval {
        let mut skip = body_first;
        while std::mem::take(&mut skip) || self.eval(condition, here)?.is_true() != until {
            match self.eval_maybe(body, here) {
                Ok(_) => {}
                Err(flow) => match *flow {
                    Flow::Break(tag, value) if tag == here.tag => return Ok(value),
                    Flow::Next(_) => {}
                    other => return Err(Box::new(other)),
                },
            }
        }
        Ok(Value::Nil)
    }

    fn eval_for(&mut self, target: &Target, collection: &Node, body: Option<&Node>, here: &Here) -> Eval {
        let collection = self.eval(collection, here)?;
        for item in self.to_items(&collection)? {
            self.assign(target, item, here)?;
            match self.eval_maybe(body, here) {
                Ok(_) => {}
                Err(flow) => match *flow {
                    Flow::Break(tag, value) if tag == here.tag => return Ok(value),
                    Flow::Next(_) => {}
                    other => return Err(Box::new(other)),
                },
            }
        }
        Ok(collection)
    }

    fn eval_case(
        &mut self,
        subject: Option<&Node>,
        branches: &[(Vec<Node>, Option<Node>)],
        otherwise: Option<&Node>,
        here: &Here,
    ) -> Eval {
        let value = match subject {
            Some(subject) => Some(self.eval(subject, here)?),
            None => None,
        };
        for (conditions, body) in branches {
            for condition in self.eval_items(conditions, here)? {
                let fits = match &value {
                    Some(value) => self.case_equal(&condition, value)?,
                    None => condition.is_true(),
                };
                if fits {
                    return self.eval_maybe(body.as_ref(), here);
                }
            }
        }
        self.eval_maybe(otherwise, here)
    }

    fn eval_begin(&mut self, begin: &Begin, here: &Here) -> Eval {
        let result = self.eval_rescued(begin, here);
        match &begin.ensure {
            Some(ensure) => {
                if let Err(flow) = &result
                    && matches!(**flow, Flow::Stop(_))
                {
                    return result;
                }
                self.eval(ensure, here)?;
                result
            }
            None => result,
        }
    }

    fn eval_rescued(&mut self, begin: &Begin, here: &Here) -> Eval {
        loop {
            let (depth, frames, source) = (self.trace.len(), self.frames.len(), self.source.clone());
            let result = self.eval_maybe(begin.body.as_ref(), here);
            let error = match result {
                Ok(value) => {
                    return match &begin.otherwise {
                        Some(otherwise) => self.eval(otherwise, here),
                        None => Ok(value),
                    };
                }
                Err(flow) => match *flow {
                    Flow::Raise(error) => error,
                    other => return Err(Box::new(other)),
                },
            };
            self.trace.truncate(depth);
            self.frames.truncate(frames);
            self.source = source;
            let Some(rescue) = self.find_rescue(&begin.rescues, &error, here)? else {
                return Err(Box::new(Flow::Raise(error)));
            };
            let name = Symbol::new("$!");
            let before = self.globals.insert(name, error.clone());
            if let Some(target) = &rescue.target {
                self.assign(target, error, here)?;
            }
            let result = self.eval_maybe(rescue.body.as_ref(), here);
            self.globals.insert(name, before.unwrap_or(Value::Nil));
            match result {
                Err(flow) if matches!(*flow, Flow::Retry) => self.tick()?,
                result => return result,
            }
        }
    }

    fn find_rescue<'a>(&mut self, rescues: &'a [Rescue], error: &Value, here: &Here) -> Outcome<Option<&'a Rescue>> {
        for rescue in rescues {
            if rescue.classes.is_empty() {
                let standard = self.core.standard_error.clone();
                if self.class_of(error).is_a(&standard) {
                    return Ok(Some(rescue));
                }
            }
            for class in self.eval_items(&rescue.classes, here)? {
                if self.case_equal(&class, error)? {
                    return Ok(Some(rescue));
                }
            }
        }
        Ok(None)
    }

    fn eval_define(&mut self, receiver: Option<&Node>, name: Symbol, function: &Rc<Function>, here: &Here) -> Eval {
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

    fn scope_class(&mut self, scope: Option<&Node>, here: &Here) -> Outcome<Rc<Class>> {
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

    fn eval_class(
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

    fn eval_module(&mut self, scope: Option<&Node>, name: Symbol, body: &Rc<Option<Node>>, here: &Here) -> Eval {
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

    fn full_name(&self, around: &Rc<Class>, name: Symbol) -> String {
        match Rc::ptr_eq(around, &self.core.object) {
            true => name.to_string(),
            false => format!("{}::{name}", around.name.borrow()),
        }
    }

    fn eval_body(&mut self, class: Rc<Class>, this: &Value, body: &Rc<Option<Node>>, here: &Here) -> Eval {
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

    fn eval_match_names(&mut self, call: &Node, names: &[Symbol], here: &Here) -> Eval {
        let result = self.eval(call, here)?;
        let matched = here.frame.matched.borrow().clone();
        for name in names {
            let value = super::builtin::regexp::named_group(&matched, &name.text());
            here.variables.set(*name, 0, value);
        }
        Ok(result)
    }
}

/// A target whose receiver was evaluated.
enum Settled<'a> {
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
fn quick(this: &Value, call: &Call) -> Option<Value> {
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

//! The evaluator: what each node of the tree does.

mod assign;
mod calls;
mod control;
mod define;
mod defined;

use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;
use std::rc::Rc;

pub use calls::symbol_block;

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
            Kind::Big(value) => Ok(Value::Big(value.clone())),
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
                let code = Code::Function {
                    function: function.clone(),
                    context: here.clone(),
                };
                Ok(Value::Proc(Rc::new(Proc {
                    _weight: Weight::of(96),
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
        if length > 1 << 20 { self.afford(length) } else { Ok(()) }
    }

    fn eval_regexp_parts(&mut self, parts: &[Node], here: &Here) -> Outcome<String> {
        let mut text = String::new();
        for part in parts {
            match &part.kind {
                Kind::String(literal) => text.push_str(literal),
                _ => match self.eval(part, here)? {
                    Value::Regexp(regexp) => text.push_str(&crate::ruby::builtin::regexp::embedded(&regexp)),
                    value => text.push_str(&self.to_s(&value)?),
                },
            }
        }
        Ok(text)
    }
}

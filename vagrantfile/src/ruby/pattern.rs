//! `case ... in`: values held against patterns.

use super::interpreter::{Eval, Interpreter, Outcome};
use super::ir::*;
use super::symbol::Symbol;
use super::value::*;
use std::rc::Rc;

type Here = Rc<Context>;

impl Interpreter {
    pub(super) fn eval_case_in(
        &mut self,
        _node: &Node,
        subject: &Node,
        branches: &[InBranch],
        otherwise: &Option<Option<Box<Node>>>,
        here: &Here,
    ) -> Eval {
        let value = self.eval(subject, here)?;
        for branch in branches {
            if !self.matches(&branch.pattern, &value, here)? {
                continue;
            }
            let is_let_in = match &branch.guard {
                Some(guard) => self.eval(guard, here)?.is_true(),
                None => true,
            };
            if is_let_in {
                return self.eval_maybe(branch.body.as_ref(), here);
            }
        }
        match otherwise {
            Some(body) => self.eval_maybe(body.as_deref(), here),
            None => {
                let shown = self.inspect(&value)?;
                Err(self.error("NoMatchingPatternError", shown))
            }
        }
    }

    /// Whether a value fits a pattern; its names are bound on the way.
    pub(super) fn matches(&mut self, pattern: &Pattern, value: &Value, here: &Here) -> Outcome<bool> {
        self.tick()?;
        match pattern {
            Pattern::Value(node) => {
                let wanted = self.eval(node, here)?;
                self.case_equal(&wanted, value)
            }
            Pattern::Bind(name) => {
                here.variables.set(*name, 0, value.clone());
                Ok(true)
            }
            Pattern::Any(patterns) => {
                for pattern in patterns {
                    if self.matches(pattern, value, here)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Pattern::Capture(pattern, name) => {
                let fits = self.matches(pattern, value, here)?;
                if fits {
                    here.variables.set(*name, 0, value.clone());
                }
                Ok(fits)
            }
            Pattern::List {
                constant,
                before,
                rest,
                after,
            } => {
                let Some(items) = self.list_of(constant.as_deref(), value, here)? else {
                    return Ok(false);
                };
                self.matches_list(before, rest.as_ref(), after, &items, here)
            }
            Pattern::Find {
                constant,
                before,
                middle,
                after,
            } => {
                let Some(items) = self.list_of(constant.as_deref(), value, here)? else {
                    return Ok(false);
                };
                self.finds(*before, middle, *after, &items, here)
            }
            Pattern::Table { constant, pairs, rest } => {
                self.matches_table(constant.as_deref(), pairs, rest, value, here)
            }
        }
    }

    fn fits_constant(&mut self, constant: Option<&Node>, value: &Value, here: &Here) -> Outcome<bool> {
        match constant {
            Some(constant) => {
                let constant = self.eval(constant, here)?;
                self.case_equal(&constant, value)
            }
            None => Ok(true),
        }
    }

    fn list_of(&mut self, constant: Option<&Node>, value: &Value, here: &Here) -> Outcome<Option<Vec<Value>>> {
        if !self.fits_constant(constant, value, here)? {
            return Ok(None);
        }
        match value {
            Value::Array(list) => Ok(Some(list.to_vec())),
            Value::Object(_) if self.find_method(value, Symbol::new("deconstruct")).is_some() => {
                let list = self.send(value, "deconstruct", Vec::new())?;
                self.splat(list).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn matches_list(
        &mut self,
        before: &[Pattern],
        rest: Option<&Option<Symbol>>,
        after: &[Pattern],
        items: &[Value],
        here: &Here,
    ) -> Outcome<bool> {
        let fixed = before.len() + after.len();
        if items.len() < fixed || (rest.is_none() && items.len() != fixed) {
            return Ok(false);
        }
        let end = items.len() - after.len();
        for (pattern, item) in before.iter().zip(items).chain(after.iter().zip(&items[end..])) {
            if !self.matches(pattern, item, here)? {
                return Ok(false);
            }
        }
        if let Some(Some(name)) = rest {
            here.variables
                .set(*name, 0, Value::array(items[before.len()..end].to_vec()));
        }
        Ok(true)
    }

    fn finds(
        &mut self,
        before: Option<Symbol>,
        middle: &[Pattern],
        after: Option<Symbol>,
        items: &[Value],
        here: &Here,
    ) -> Outcome<bool> {
        for start in 0..=items.len().saturating_sub(middle.len()) {
            let end = start + middle.len();
            if end > items.len() || !self.matches_list(middle, None, &[], &items[start..end], here)? {
                continue;
            }
            for (name, part) in [(before, &items[..start]), (after, &items[end..])] {
                if let Some(name) = name {
                    here.variables.set(name, 0, Value::array(part.to_vec()));
                }
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn matches_table(
        &mut self,
        constant: Option<&Node>,
        pairs: &[(Symbol, Option<Pattern>)],
        rest: &TableRest,
        value: &Value,
        here: &Here,
    ) -> Outcome<bool> {
        if !self.fits_constant(constant, value, here)? {
            return Ok(false);
        }
        let table = match value {
            Value::Hash(table) => table.clone(),
            Value::Object(_) if self.find_method(value, Symbol::new("deconstruct_keys")).is_some() => {
                match self.send(value, "deconstruct_keys", vec![Value::Nil])? {
                    Value::Hash(table) => table,
                    _ => return Ok(false),
                }
            }
            _ => return Ok(false),
        };
        let left = Table::default();
        table
            .to_pairs()
            .into_iter()
            .for_each(|(key, value)| left.insert(key, value));
        for (name, pattern) in pairs {
            let Some(item) = left.remove(&Value::Symbol(*name)) else {
                return Ok(false);
            };
            match pattern {
                Some(pattern) if !self.matches(pattern, &item, here)? => return Ok(false),
                Some(_) => {}
                None => here.variables.set(*name, 0, item),
            }
        }
        match rest {
            TableRest::Anything => Ok(!pairs.is_empty() || table.len() == 0 || constant.is_some()),
            TableRest::Nothing => Ok(left.len() == 0),
            TableRest::Bind(name) => {
                here.variables.set(*name, 0, Value::Hash(Rc::new(left)));
                Ok(true)
            }
        }
    }
}

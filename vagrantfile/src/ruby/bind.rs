//! Arguments become parameters.

use super::interpreter::{Flow, Interpreter, Outcome};
use super::ir::{Parameters, Target};
use super::symbol::Symbol;
use super::value::*;
use std::collections::VecDeque;
use std::rc::Rc;

impl Interpreter {
    /// Gives parameters their values. Methods and lambdas are strict about the number; blocks are not, and take one list apart.
    pub(super) fn bind_parameters(
        &mut self,
        parameters: &Parameters,
        arguments: Arguments,
        context: &Rc<Context>,
        strict: bool,
    ) -> Outcome<()> {
        let variables = &context.variables;
        let block = arguments.block.clone();
        if is_plain(parameters)
            && !arguments.has_keywords
            && arguments.list.len() == parameters.required.len()
            && (strict || parameters.required.len() != 1 || matches!(parameters.required[0], Target::Local(..)))
        {
            return self.bind_plain(parameters, arguments.list, context);
        }
        if parameters.numbered > 0 {
            self.bind_numbered(parameters.numbered, arguments.list, variables);
            return Ok(());
        }
        if parameters.forwards {
            variables.declare(Symbol::new("..."), Value::array(arguments.list.clone()));
        }
        let takes_keywords = !parameters.keywords.is_empty() || parameters.keyword_rest.is_some();
        let (mut list, mut keywords) = (VecDeque::from(arguments.list), None);
        if takes_keywords && arguments.has_keywords {
            keywords = list.pop_back();
        } else if arguments.has_keywords && matches!(list.back(), Some(Value::Hash(table)) if table.len() == 0) {
            list.pop_back();
        }
        if !strict {
            spread(parameters, &mut list);
        }
        if strict {
            self.check_count(parameters, list.len())?;
        }
        self.bind_positional(parameters, list, context)?;
        self.bind_keywords(parameters, keywords, context, strict)?;
        if let Some(Some(name)) = parameters.block {
            variables.declare(name, block.unwrap_or(Value::Nil));
        }
        for name in &parameters.own {
            variables.declare(*name, Value::Nil);
        }
        Ok(())
    }

    fn bind_plain(&mut self, parameters: &Parameters, list: Vec<Value>, context: &Rc<Context>) -> Outcome<()> {
        for (target, value) in parameters.required.iter().zip(list) {
            self.bind_target(target, value, context)?;
        }
        for name in &parameters.own {
            context.variables.declare(*name, Value::Nil);
        }
        Ok(())
    }

    fn bind_target(&mut self, target: &Target, value: Value, context: &Rc<Context>) -> Outcome<()> {
        match target {
            Target::Local(name, _) => context.variables.declare(*name, value),
            Target::Several(targets) => self.assign_several_as(targets, &value, context, true)?,
            other => self.assign(other, value, context)?,
        }
        Ok(())
    }

    fn bind_numbered(&mut self, count: usize, mut list: Vec<Value>, variables: &Rc<Variables>) {
        if count > 1
            && let [Value::Array(inner)] = list.as_slice()
        {
            list = inner.to_vec();
        }
        for index in 0..count {
            let value = list.get(index).cloned().unwrap_or(Value::Nil);
            variables.declare(Symbol::new(&format!("_{}", index + 1)), value);
        }
    }

    fn check_count(&mut self, parameters: &Parameters, given: usize) -> Outcome<()> {
        let least = parameters.required.len() + parameters.after.len();
        let most = least + parameters.optional.len();
        let open = parameters.rest.is_some() || parameters.forwards;
        if given >= least && (open || given <= most) {
            return Ok(());
        }
        Err(self.wrong_count(given, least, if open { None } else { Some(most) }))
    }

    /// The error for a wrong number of arguments.
    pub fn wrong_count(&mut self, given: usize, least: usize, most: Option<usize>) -> Box<Flow> {
        let expected = match most {
            None => format!("{least}+"),
            Some(most) if most == least => least.to_string(),
            Some(most) => format!("{least}..{most}"),
        };
        self.error(
            "ArgumentError",
            format!("wrong number of arguments (given {given}, expected {expected})"),
        )
    }

    fn bind_positional(
        &mut self,
        parameters: &Parameters,
        mut list: VecDeque<Value>,
        context: &Rc<Context>,
    ) -> Outcome<()> {
        let variables = &context.variables;
        for target in &parameters.required {
            let value = list.pop_front().unwrap_or(Value::Nil);
            self.bind_target(target, value, context)?;
        }
        let after = parameters.after.len();
        for (name, default) in &parameters.optional {
            let value = match list.len() > after {
                true => list.pop_front().unwrap_or(Value::Nil),
                false => self.eval(default, context)?,
            };
            variables.declare(*name, value);
        }
        if let Some(rest) = parameters.rest {
            let count = list.len().saturating_sub(after);
            let taken: Vec<Value> = list.drain(..count).collect();
            variables.declare(rest.unwrap_or_else(|| Symbol::new("*")), Value::array(taken));
        } else {
            list.truncate(list.len().max(after));
        }
        for target in &parameters.after {
            let value = list.pop_front().unwrap_or(Value::Nil);
            self.bind_target(target, value, context)?;
        }
        Ok(())
    }

    fn bind_keywords(
        &mut self,
        parameters: &Parameters,
        keywords: Option<Value>,
        context: &Rc<Context>,
        strict: bool,
    ) -> Outcome<()> {
        if parameters.keywords.is_empty() && parameters.keyword_rest.is_none() {
            return Ok(());
        }
        let given = match keywords {
            Some(Value::Hash(table)) => table.to_pairs(),
            _ => Vec::new(),
        };
        let rest = Value::hash(given);
        let Value::Hash(rest_table) = &rest else { return Ok(()) };
        let mut missing = Vec::new();
        for (name, default) in &parameters.keywords {
            let value = match (rest_table.remove(&Value::Symbol(*name)), default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.eval(default, context)?,
                (None, None) => {
                    missing.push(format!(":{name}"));
                    Value::Nil
                }
            };
            context.variables.declare(*name, value);
        }
        if !missing.is_empty() && strict {
            let plural = if missing.len() > 1 { "s" } else { "" };
            return Err(self.error(
                "ArgumentError",
                format!("missing keyword{plural}: {}", missing.join(", ")),
            ));
        }
        match parameters.keyword_rest {
            Some(name) => context
                .variables
                .declare(name.unwrap_or_else(|| Symbol::new("**")), rest),
            None if rest_table.len() > 0 && strict => return Err(self.unknown_keywords(rest_table)),
            None => {}
        }
        Ok(())
    }

    fn unknown_keywords(&mut self, table: &Table) -> Box<Flow> {
        let pairs = table.to_pairs();
        let names: Vec<String> = pairs
            .iter()
            .map(|(key, _)| self.inspect(key).unwrap_or_default())
            .collect();
        let plural = if names.len() > 1 { "s" } else { "" };
        self.error(
            "ArgumentError",
            format!("unknown keyword{plural}: {}", names.join(", ")),
        )
    }
}

fn is_plain(parameters: &Parameters) -> bool {
    parameters.optional.is_empty()
        && parameters.rest.is_none()
        && parameters.after.is_empty()
        && parameters.keywords.is_empty()
        && parameters.keyword_rest.is_none()
        && parameters.block.is_none()
        && !parameters.forwards
        && !parameters.trailing_comma
        && parameters.numbered == 0
}

/// A block with several parameters that is given one list takes the list apart.
fn spread(parameters: &Parameters, list: &mut VecDeque<Value>) {
    let named = parameters.required.len() + parameters.optional.len() + parameters.after.len();
    let wants_several = named > 1 || parameters.trailing_comma || (named > 0 && parameters.rest.is_some());
    if !wants_several || list.len() != 1 {
        return;
    }
    if let Some(Value::Array(inner)) = list.front().cloned() {
        *list = inner.to_vec().into();
    }
}

/// The number of arguments that a proc takes, as Ruby counts it.
pub fn arity(parameters: &Parameters, is_lambda: bool) -> i32 {
    let required = (parameters.required.len() + parameters.after.len()) as i32;
    if parameters.numbered > 0 {
        return parameters.numbered as i32;
    }
    let needs_keywords = parameters.keywords.iter().any(|(_, default)| default.is_none());
    let required = required + i32::from(needs_keywords && is_lambda);
    // Keywords that may be left out open the end only where none is required.
    let has_open_keywords = !needs_keywords && (!parameters.keywords.is_empty() || parameters.keyword_rest.is_some());
    let open = parameters.rest.is_some() || (is_lambda && (!parameters.optional.is_empty() || has_open_keywords));
    let optional_block = !is_lambda && !parameters.optional.is_empty();
    if open || optional_block {
        -required - 1
    } else {
        required
    }
}

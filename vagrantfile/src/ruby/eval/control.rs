//! Loops, branches and rescues.

use super::Here;
use crate::ruby::interpreter::{Eval, Flow, Interpreter, Outcome};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use crate::ruby::value::*;

impl Interpreter {
    pub(super) fn eval_while(
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

    pub(super) fn eval_for(&mut self, target: &Target, collection: &Node, body: Option<&Node>, here: &Here) -> Eval {
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

    pub(super) fn eval_case(
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

    pub(super) fn eval_begin(&mut self, begin: &Begin, here: &Here) -> Eval {
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

    pub(super) fn eval_rescued(&mut self, begin: &Begin, here: &Here) -> Eval {
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

    pub(super) fn find_rescue<'a>(
        &mut self,
        rescues: &'a [Rescue],
        error: &Value,
        here: &Here,
    ) -> Outcome<Option<&'a Rescue>> {
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
}

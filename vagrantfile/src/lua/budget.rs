//! How much a file may still do, and why it was ended.
//!
//! Instructions, the steps of patterns and time are taken off one budget. Lua cannot count while an error of its hook is on its way up
//! the stack, so the guards ask here before they let anything go on.

use std::cell::{Cell, RefCell};

use super::failure::Failure;
use crate::report::Place;

/// Seconds that one call into a file may take: an instruction may copy much, so counting them is not enough.
const LONGEST: i64 = 20;

/// What is left for the files of one interpreter.
pub struct Budget {
    steps: Cell<u64>,
    /// When the call into a file began that runs now, in seconds since 1970.
    started: Cell<i64>,
    ended: RefCell<Option<Failure>>,
}

impl Budget {
    /// A budget of this many steps.
    pub fn new(steps: u64) -> Self {
        Self {
            steps: Cell::new(steps),
            started: Cell::default(),
            ended: RefCell::default(),
        }
    }

    /// A call into a file begins.
    pub fn start(&self, now: i64) {
        self.started.set(now);
    }

    /// Takes steps off. `advice` says what may have taken them.
    pub fn charge(&self, count: u64, advice: &str) -> mlua::Result<()> {
        match self.steps.get().checked_sub(count) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => Err(self.end("the file takes too long", Some(advice))),
        }
    }

    /// Ends the file where the call into it began too long ago.
    pub fn keep_time(&self, now: i64) -> mlua::Result<()> {
        if now - self.started.get() > LONGEST {
            return Err(self.end("the file takes too long", Some("what takes so much time?")));
        }
        Ok(())
    }

    /// Why nothing may go on, where that is so.
    pub fn ended(&self) -> Option<Failure> {
        self.ended.borrow().clone()
    }

    /// The same as an error.
    pub fn check(&self) -> mlua::Result<()> {
        self.ended().map_or(Ok(()), |it| Err(mlua::Error::external(it)))
    }

    /// Nothing may go on. The first reason counts.
    pub fn end(&self, message: &str, advice: Option<&str>) -> mlua::Error {
        let failure = || Failure {
            message: message.to_owned(),
            advice: advice.map(str::to_owned),
            place: None,
        };
        self.steps.set(0);
        mlua::Error::external(self.ended.borrow_mut().get_or_insert_with(failure).clone())
    }

    /// Notes where the file was ended.
    pub fn ended_at(&self, place: Place) {
        if let Some(failure) = &mut *self.ended.borrow_mut() {
            failure.place.get_or_insert(place);
        }
    }
}

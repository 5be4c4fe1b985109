//! The state of an interpreter, and how methods are found and called.

use super::ir::Source;
use super::symbol::{Symbol, SymbolMap};
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
    pub globals: SymbolMap<Value>,
    pub main: Value,
    /// What was handed to `Vagrant.configure` since the file began.
    pub configures: Vec<Configure>,
    /// The blocks that the model or a layer knows by number.
    pub blocks: HashMap<BlockId, Value>,
    /// Files that `require` has read, and libraries that were started.
    pub required: HashSet<PathBuf>,
    pub libraries: HashSet<&'static str>,
    /// The blocks of `at_exit`.
    pub last_blocks: Vec<Value>,
    /// What files defined for one object of the configuration alone.
    pub(super) config_singletons: HashMap<crate::model::ObjectId, Rc<Class>>,
    /// What files defined for one text, list, hash or block alone, by its identity; it is kept here, so that no other one gets that.
    pub(super) value_singletons: HashMap<usize, (Value, Rc<Class>)>,
    /// When the `Timeout.timeout` around what runs ends, in seconds since 1970.
    pub deadline: Option<f64>,
    /// The commands that were started and not waited for yet.
    pub children: Vec<Box<dyn crate::host::Child>>,
    pub(super) source: Rc<Source>,
    /// Where the call that runs begins, and where its name stands.
    pub(super) at: u32,
    pub(super) name_at: u32,
    pub(super) trace: Vec<(Rc<Source>, u32)>,
    pub(super) frames: Vec<Rc<Frame>>,
    /// What `catch` waits for, outermost first.
    pub(super) tags: Vec<Value>,
    next_id: u64,
    steps: u64,
    memory_before: usize,
    stack_base: usize,
    pub(super) cache: HashMap<(usize, Symbol), Option<Rc<Method>>, foldhash::fast::RandomState>,
}

/// Where an error was raised, and the calls that led there.
pub struct Trace {
    _weight: Weight,
    pub places: Vec<Place>,
    /// The error that was being rescued then.
    pub cause: Value,
}

/// Every how many steps, less one, somebody is asked whether the reading shall go on.
const CANCELLATION_STRIDE: u64 = 0xff;

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
            globals: SymbolMap::default(),
            main,
            configures: Vec::new(),
            blocks: HashMap::new(),
            required: HashSet::new(),
            libraries: HashSet::new(),
            last_blocks: Vec::new(),
            config_singletons: HashMap::new(),
            value_singletons: HashMap::new(),
            deadline: None,
            children: Vec::new(),
            source,
            at: 0,
            name_at: 0,
            trace: Vec::new(),
            frames: Vec::new(),
            tags: Vec::new(),
            next_id: 1,
            steps: 0,
            memory_before: charged(),
            stack_base: stack_pointer(),
            cache: HashMap::default(),
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
        self.tags.clear();
    }

    /// Counts a step and stops what runs too long, too deep or takes too much.
    #[inline]
    pub(super) fn tick(&mut self) -> Outcome<()> {
        // Copying some hundred bytes takes about as long as a step.
        self.steps = self.steps.saturating_add(1 + (take_handled() / 512) as u64);
        let limits = &self.shared.settings.limits;
        if self.steps > limits.steps {
            return Err(self.stop("this file does not come to an end", "look for a loop that never stops"));
        }
        self.check_memory()?;
        let limits = &self.shared.settings.limits;
        if self.stack_base.abs_diff(stack_pointer()) + STACK_RESERVE > limits.stack {
            return Err(self.error("SystemStackError", "stack level too deep"));
        }
        if self.steps & CANCELLATION_STRIDE == 0 {
            self.check_cancelled()?;
        }
        Ok(())
    }

    /// Stops where the user has asked for it.
    pub(super) fn check_cancelled(&mut self) -> Outcome<()> {
        match self.shared.settings.cancellation.is_cancelled() {
            true => Err(self.stop("reading was interrupted", "nothing was changed; run the command again")),
            false => Ok(()),
        }
    }

    /// Stops what takes too much.
    #[inline]
    fn check_memory(&mut self) -> Outcome<()> {
        if charged().saturating_sub(self.memory_before) <= self.shared.settings.limits.memory {
            return Ok(());
        }
        Err(self.stop(
            "this file takes too much memory",
            "look for a text or list that keeps growing",
        ))
    }

    /// Checks that something can be made which counts itself once it is there.
    pub fn afford(&mut self, bytes: usize) -> Outcome<()> {
        let taken = charged().saturating_sub(self.memory_before);
        if taken.saturating_add(bytes) <= self.shared.settings.limits.memory {
            return Ok(());
        }
        Err(self.stop(
            "this file takes too much memory",
            "look for a text or list of this size",
        ))
    }

    /// Puts values into a list one by one, and looks at the limit of memory while it grows.
    pub fn gather(&mut self, values: impl IntoIterator<Item = Value>) -> Outcome<Vec<Value>> {
        const STRIDE: usize = 256;
        let mut list = Vec::new();
        let mut weights = Vec::new();
        for value in values {
            if list.len() % STRIDE == 0 {
                weights.push(Weight::of(STRIDE * size_of::<Value>()));
                self.tick()?;
            }
            list.push(value);
            self.check_memory()?;
        }
        Ok(list)
    }

    /// What identifies each of some values, with a look at the limit of memory, since texts are in it.
    pub fn keys(&mut self, values: &[Value]) -> Outcome<Vec<Key>> {
        let mut keys = Vec::new();
        let mut weights = Vec::new();
        for value in values {
            let key = value.key();
            weights.push(Weight::of(key.size()));
            keys.push(key);
            self.check_memory()?;
        }
        Ok(keys)
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

    /// Checks that there is stack for a text to be parsed: the parser recurses uncounted, and its depth is bounded.
    pub fn leave_stack_for(&mut self, text: &str) -> Outcome<()> {
        let needed = text.len().min(10_000) * 2048 + text.len().min(1_500) * 8192;
        let used = self.stack_base.abs_diff(stack_pointer());
        if used + needed + STACK_RESERVE > self.shared.settings.limits.stack {
            return Err(self.error("SystemStackError", "stack level too deep"));
        }
        Ok(())
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

    pub(super) fn shown_position(&self, at: u32) -> (Rc<Source>, u32) {
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
                let places = self.backtrace();
                let cause = self.globals.get(&Symbol::new("$!")).cloned().unwrap_or(Value::Nil);
                let sizes = places.iter().map(|it| it.source_line.len() + 256);
                *native = Some(Rc::new(Trace {
                    _weight: Weight::of(sizes.sum()),
                    places,
                    cause,
                }));
            }
        }
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

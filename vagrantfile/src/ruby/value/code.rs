//! Classes, methods and procs, and where code runs.

use super::burial::remember;
use super::collections::Arguments;
use super::variables::Variables;
use super::{Value, Weight, charge};
use crate::ruby::ir::{Function, Source};
use crate::ruby::symbol::{Symbol, SymbolMap};
use indexmap::IndexMap;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A block, proc or lambda.
pub struct Proc {
    pub _weight: Weight,
    pub code: Code,
    pub is_lambda: bool,
    /// Marks the `break` that belongs to it.
    pub tag: u64,
}

/// A block that is made of Rust code: `&:upcase`, `method(:x)`, the collectors of enumerators.
pub type NativeBlock =
    Rc<dyn Fn(&mut crate::ruby::interpreter::Interpreter, &Arguments) -> crate::ruby::interpreter::Eval>;

/// What a proc runs.
pub enum Code {
    Function {
        function: Rc<Function>,
        context: Rc<Context>,
    },
    Native {
        block: NativeBlock,
        arity: i32,
        /// The method that it calls, and on what, where it is one that was taken off an object.
        method: Option<(Rc<Method>, Value)>,
    },
}

/// A class or module.
pub struct Class {
    pub name: RefCell<String>,
    pub is_module: bool,
    pub is_singleton: bool,
    pub superclass: Option<Rc<Class>>,
    pub methods: RefCell<SymbolMap<Rc<Method>>>,
    pub constants: RefCell<IndexMap<Symbol, Value>>,
    pub class_variables: RefCell<IndexMap<Symbol, Value>>,
    pub instance: RefCell<IndexMap<Symbol, Value>>,
    pub included: RefCell<Vec<Rc<Class>>>,
    pub prepended: RefCell<Vec<Rc<Class>>>,
    /// Methods of the class itself.
    pub singleton: RefCell<Option<Rc<Class>>>,
}

/// A method.
pub struct Method {
    pub name: Symbol,
    pub owner: Rc<Class>,
    pub visibility: Cell<Visibility>,
    pub body: MethodBody,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Public,
    Protected,
    Private,
}

/// A method written in Rust.
pub type Native = fn(&mut crate::ruby::interpreter::Interpreter, &Value, &Arguments) -> crate::ruby::interpreter::Eval;

/// What a method runs.
#[derive(Clone)]
pub enum MethodBody {
    Native(Native),
    Function {
        function: Rc<Function>,
        scope: Rc<Scope>,
    },
    Reader(Symbol),
    Writer(Symbol),
    Proc(Rc<Proc>),
    /// `undef`: the method is not there, although an ancestor has it.
    Undefined,
}

/// The classes that stand around a piece of code.
pub struct Scope {
    pub class: Rc<Class>,
    pub parent: Option<Rc<Scope>>,
    pub visibility: Cell<Visibility>,
    pub module_function: Cell<bool>,
}

/// Where a piece of code runs.
pub struct Context {
    pub this: Value,
    pub variables: Rc<Variables>,
    pub source: Rc<Source>,
    pub scope: Rc<Scope>,
    pub frame: Rc<Frame>,
    /// Marks the `break` of this block.
    pub tag: u64,
}

/// The method call that a piece of code belongs to.
pub struct Frame {
    /// Marks its `return`.
    pub id: u64,
    pub method: Option<Rc<Method>>,
    pub arguments: RefCell<Arguments>,
    /// What the last regular expression matched.
    pub matched: RefCell<Value>,
}

impl Class {
    /// A class or module without anything in it.
    pub fn new(name: &str, superclass: Option<Rc<Class>>, is_module: bool) -> Rc<Self> {
        Self::plain(name, superclass, is_module, false)
    }

    /// What holds the methods of one object alone.
    pub fn singleton_of(name: &str, superclass: Option<Rc<Class>>) -> Rc<Self> {
        Self::plain(name, superclass, false, true)
    }

    fn plain(name: &str, superclass: Option<Rc<Class>>, is_module: bool, is_singleton: bool) -> Rc<Self> {
        charge(512);
        let class = Rc::new(Self {
            name: RefCell::new(name.to_owned()),
            is_module,
            is_singleton,
            superclass,
            methods: RefCell::default(),
            constants: RefCell::default(),
            class_variables: RefCell::default(),
            instance: RefCell::default(),
            included: RefCell::default(),
            prepended: RefCell::default(),
            singleton: RefCell::default(),
        });
        remember(&class);
        class
    }

    /// The class, what it mixes in, and the same of all above it, in the order in which methods are looked for.
    pub fn ancestors(self: &Rc<Self>) -> Vec<Rc<Class>> {
        let mut ancestors: Vec<Rc<Class>> = Vec::new();
        let mut next = Some(self.clone());
        while let Some(class) = next {
            for module in class.prepended.borrow().iter().rev() {
                push_module(&mut ancestors, module);
            }
            ancestors.push(class.clone());
            for module in class.included.borrow().iter().rev() {
                push_module(&mut ancestors, module);
            }
            next = class.superclass.clone();
        }
        ancestors
    }

    /// Whether the class is, or comes from, or mixes in another one.
    pub fn is_a(self: &Rc<Self>, other: &Rc<Class>) -> bool {
        Rc::ptr_eq(self, other) || self.ancestors().iter().any(|it| Rc::ptr_eq(it, other))
    }
}

pub(super) fn push_module(ancestors: &mut Vec<Rc<Class>>, module: &Rc<Class>) {
    if ancestors.len() > 256 || ancestors.iter().any(|it| Rc::ptr_eq(it, module)) {
        return;
    }
    ancestors.push(module.clone());
    for inner in module.included.borrow().iter().rev() {
        push_module(ancestors, inner);
    }
}

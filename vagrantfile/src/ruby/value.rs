//! Ruby's values.
//!
//! A value is cheap to clone: what can change is shared. Memory is counted when values are made ([`charge`]) and never given back: the
//! count bounds what a file may use, it is not an account of what it holds.

use super::ir::{Flags, Function, Source};
use super::symbol::Symbol;
use crate::model::ObjectId;
use indexmap::IndexMap;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

thread_local! {
    static CHARGED: Cell<usize> = const { Cell::new(0) };
    static DYING: RefCell<Option<Vec<Value>>> = const { RefCell::new(None) };
}

/// Counts bytes that were taken for values.
pub fn charge(bytes: usize) {
    CHARGED.set(CHARGED.get().saturating_add(bytes));
}

/// How many bytes were taken on this thread.
pub fn charged() -> usize {
    CHARGED.get()
}

/// Any value.
#[derive(Clone)]
pub enum Value {
    Nil,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Symbol(Symbol),
    String(Rc<Text>),
    Array(Rc<List>),
    Hash(Rc<Table>),
    Range(Rc<Range>),
    Regexp(Rc<Regexp>),
    Proc(Rc<Proc>),
    Class(Rc<Class>),
    Object(Rc<Object>),
    /// An object of the live configuration.
    Config(ObjectId),
    /// Vagrant's marker for what nobody has set.
    Unset,
}

/// A string. Strings are UTF-8 here; other bytes were replaced when they came in.
pub struct Text {
    pub text: RefCell<String>,
    pub frozen: Cell<bool>,
}

/// An array.
pub struct List {
    pub items: RefCell<Vec<Value>>,
    pub frozen: Cell<bool>,
}

/// A hash: keys in the order in which they came.
pub struct Table {
    pub pairs: RefCell<IndexMap<Key, (Value, Value)>>,
    pub default: RefCell<Value>,
    pub default_block: RefCell<Option<Value>>,
    pub frozen: Cell<bool>,
}

/// What makes two keys of a hash the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Nil,
    Boolean(bool),
    Integer(i64),
    Float(u64),
    Symbol(Symbol),
    Text(String),
    List(Vec<Key>),
    Identity(usize),
}

/// A range.
pub struct Range {
    pub first: Value,
    pub last: Value,
    pub exclusive: bool,
}

/// A regular expression.
pub struct Regexp {
    pub text: String,
    pub flags: Flags,
    pub compiled: fancy_regex::Regex,
}

/// A block, proc or lambda.
pub struct Proc {
    pub code: Code,
    pub is_lambda: bool,
    /// Marks the `break` that belongs to it.
    pub tag: u64,
}

/// A block that is made of Rust code: `&:upcase`, `method(:x)`, the collectors of enumerators.
pub type NativeBlock = Rc<dyn Fn(&mut super::interpreter::Interpreter, &Arguments) -> super::interpreter::Eval>;

/// What a proc runs.
pub enum Code {
    Function {
        function: Rc<Function>,
        context: Rc<Context>,
    },
    Native {
        block: NativeBlock,
        arity: i32,
    },
}

/// A class or module.
pub struct Class {
    pub name: RefCell<String>,
    pub is_module: bool,
    pub is_singleton: bool,
    pub superclass: Option<Rc<Class>>,
    pub methods: RefCell<HashMap<Symbol, Rc<Method>>>,
    pub constants: RefCell<IndexMap<Symbol, Value>>,
    pub class_variables: RefCell<IndexMap<Symbol, Value>>,
    pub instance: RefCell<IndexMap<Symbol, Value>>,
    pub included: RefCell<Vec<Rc<Class>>>,
    pub prepended: RefCell<Vec<Rc<Class>>>,
    /// Methods of the class itself.
    pub singleton: RefCell<Option<Rc<Class>>>,
}

/// An instance of a class.
pub struct Object {
    pub class: Rc<Class>,
    pub singleton: RefCell<Option<Rc<Class>>>,
    pub instance: RefCell<IndexMap<Symbol, Value>>,
    /// What a class written in Rust keeps in its instances.
    pub native: RefCell<Option<Rc<dyn Any>>>,
    pub frozen: Cell<bool>,
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
pub type Native = fn(&mut super::interpreter::Interpreter, &Value, &Arguments) -> super::interpreter::Eval;

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

/// The arguments of a call.
#[derive(Clone, Default)]
pub struct Arguments {
    pub list: Vec<Value>,
    /// Whether the last of the list is the hash of the keyword arguments.
    pub has_keywords: bool,
    pub block: Option<Value>,
}

/// Local variables of a method or block.
pub struct Variables {
    pub values: RefCell<Vec<(Symbol, Value)>>,
    pub parent: Option<Rc<Variables>>,
    /// Text that was evaluated sees the variables around it by name alone.
    pub is_evaluated: bool,
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

impl Value {
    /// A new string.
    pub fn string(text: impl Into<String>) -> Self {
        let text = text.into();
        charge(text.len() + 64);
        Value::String(Rc::new(Text {
            text: RefCell::new(text),
            frozen: Cell::new(false),
        }))
    }

    /// A new array.
    pub fn array(items: Vec<Value>) -> Self {
        charge(items.len() * 16 + 64);
        Value::Array(Rc::new(List {
            items: RefCell::new(items),
            frozen: Cell::new(false),
        }))
    }

    /// A new hash.
    pub fn hash(pairs: impl IntoIterator<Item = (Value, Value)>) -> Self {
        let table = Table::default();
        for (key, value) in pairs {
            table.insert(key, value);
        }
        Value::Hash(Rc::new(table))
    }

    /// The symbol of a text.
    pub fn symbol(text: &str) -> Self {
        Value::Symbol(Symbol::new(text))
    }

    /// A block of Rust code.
    pub fn native_block(
        arity: i32,
        block: impl Fn(&mut super::interpreter::Interpreter, &Arguments) -> super::interpreter::Eval + 'static,
    ) -> Self {
        charge(96);
        Value::Proc(Rc::new(Proc {
            code: Code::Native {
                block: Rc::new(block),
                arity,
            },
            is_lambda: true,
            tag: 0,
        }))
    }

    /// Everything but `nil` and `false`.
    pub fn is_true(&self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }

    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The text of a string or symbol.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::String(text) => Some(text.text.borrow().clone()),
            Value::Symbol(symbol) => Some(symbol.text().to_string()),
            _ => None,
        }
    }

    /// What identifies the value among the keys of a hash.
    pub fn key(&self) -> Key {
        self.key_within(32, &mut 10_000)
    }

    /// `budget` bounds lists that hold the same list again and again.
    fn key_within(&self, depth: usize, budget: &mut usize) -> Key {
        *budget = budget.saturating_sub(1);
        match self {
            Value::Nil => Key::Nil,
            Value::Boolean(value) => Key::Boolean(*value),
            Value::Integer(value) => Key::Integer(*value),
            Value::Float(value) => Key::Float(value.to_bits()),
            Value::Symbol(symbol) => Key::Symbol(*symbol),
            Value::String(text) => Key::Text(text.text.borrow().clone()),
            Value::Array(list) if depth > 0 && *budget > 0 => Key::List(
                list.items
                    .borrow()
                    .iter()
                    .map(|it| it.key_within(depth - 1, budget))
                    .collect(),
            ),
            Value::Object(object) if object.class.constants.borrow().contains_key(&Symbol::new("MEMBERS")) => {
                Key::List(
                    object
                        .instance
                        .borrow()
                        .values()
                        .map(|it| it.key_within(depth.saturating_sub(1), budget))
                        .collect(),
                )
            }
            other => Key::Identity(other.identity()),
        }
    }

    /// A number that tells objects apart.
    pub fn identity(&self) -> usize {
        match self {
            Value::Nil => 8,
            Value::Boolean(value) => {
                if *value {
                    20
                } else {
                    0
                }
            }
            Value::Integer(value) => (*value as usize).wrapping_mul(2).wrapping_add(1),
            Value::Float(value) => value.to_bits() as usize,
            Value::Symbol(symbol) => symbol.text().as_ptr() as usize,
            Value::String(it) => Rc::as_ptr(it) as usize,
            Value::Array(it) => Rc::as_ptr(it) as usize,
            Value::Hash(it) => Rc::as_ptr(it) as usize,
            Value::Range(it) => Rc::as_ptr(it) as usize,
            Value::Regexp(it) => Rc::as_ptr(it) as usize,
            Value::Proc(it) => Rc::as_ptr(it) as usize,
            Value::Class(it) => Rc::as_ptr(it) as usize,
            Value::Object(it) => Rc::as_ptr(it) as usize,
            Value::Config(_) => 24,
            Value::Unset => 16,
        }
    }

    /// Whether both are the same object.
    pub fn is_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Config(one), Value::Config(two)) => one == two,
            (Value::String(_), Value::String(_)) | (Value::Integer(_), Value::Integer(_)) => {
                self.identity() == other.identity()
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other) && self.identity() == other.identity(),
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        charge(128);
        Self {
            pairs: RefCell::default(),
            default: RefCell::new(Value::Nil),
            default_block: RefCell::new(None),
            frozen: Cell::new(false),
        }
    }
}

impl Table {
    /// Puts a pair in; a key that is there keeps its place.
    pub fn insert(&self, key: Value, value: Value) {
        charge(64);
        let identity = key.key();
        // A string is copied as a key, so that changing it later does not lose the pair.
        let key = match &key {
            Value::String(text) if !text.frozen.get() => {
                let copy = Value::string(text.text.borrow().clone());
                if let Value::String(copy) = &copy {
                    copy.frozen.set(true);
                }
                copy
            }
            _ => key,
        };
        let mut pairs = self.pairs.borrow_mut();
        match pairs.get_mut(&identity) {
            Some(pair) => pair.1 = value,
            None => drop(pairs.insert(identity, (key, value))),
        }
    }

    /// The value of a key, without the default.
    pub fn get(&self, key: &Value) -> Option<Value> {
        self.pairs.borrow().get(&key.key()).map(|(_, value)| value.clone())
    }

    /// The value of a key that is a symbol.
    pub fn get_symbol(&self, name: &str) -> Option<Value> {
        self.pairs
            .borrow()
            .get(&Key::Symbol(Symbol::new(name)))
            .map(|(_, value)| value.clone())
    }

    /// Takes a pair out.
    pub fn remove(&self, key: &Value) -> Option<Value> {
        self.pairs.borrow_mut().shift_remove(&key.key()).map(|(_, value)| value)
    }

    /// The pairs as they are now.
    pub fn to_pairs(&self) -> Vec<(Value, Value)> {
        let pairs = self.pairs.borrow();
        charge(pairs.len() * 32);
        pairs.values().cloned().collect()
    }

    pub fn len(&self) -> usize {
        self.pairs.borrow().len()
    }
}

impl List {
    /// The items as they are now.
    pub fn to_vec(&self) -> Vec<Value> {
        let items = self.items.borrow();
        charge(items.len() * 16);
        items.clone()
    }
}

impl Arguments {
    /// Positional arguments alone.
    pub fn of(list: Vec<Value>) -> Self {
        Self {
            list,
            has_keywords: false,
            block: None,
        }
    }

    /// The argument at a place, if there.
    pub fn get(&self, index: usize) -> Option<&Value> {
        self.list.get(index)
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The arguments that are not keywords, and the hash of those that are.
    pub fn split(&self) -> (&[Value], Option<Rc<Table>>) {
        match (self.has_keywords, self.list.split_last()) {
            (true, Some((Value::Hash(table), before))) => (before, Some(table.clone())),
            _ => (&self.list, None),
        }
    }

    /// A keyword argument.
    pub fn keyword(&self, name: &str) -> Option<Value> {
        match self.list.last() {
            Some(Value::Hash(table)) => table.get_symbol(name),
            _ => None,
        }
    }
}

impl Variables {
    /// Variables within others.
    pub fn within(parent: Option<Rc<Variables>>) -> Rc<Self> {
        charge(64);
        Rc::new(Self {
            values: RefCell::default(),
            parent,
            is_evaluated: false,
        })
    }

    /// The value of a variable of this or an outer block.
    pub fn get(&self, name: Symbol) -> Option<Value> {
        let mut variables = self;
        loop {
            if let Some((_, value)) = variables.values.borrow().iter().find(|(it, _)| *it == name) {
                return Some(value.clone());
            }
            variables = variables.parent.as_deref()?;
        }
    }

    /// Sets a variable that belongs to the block `depth` blocks out.
    pub fn set(&self, name: Symbol, depth: u32, value: Value) {
        let mut variables = self;
        for _ in 0..depth {
            match variables.parent.as_deref() {
                Some(parent) => variables = parent,
                None => break,
            }
        }
        let own = variables;
        loop {
            if let Some((_, old)) = variables.values.borrow_mut().iter_mut().find(|(it, _)| *it == name) {
                *old = value;
                return;
            }
            match (variables.is_evaluated, variables.parent.as_deref()) {
                (true, Some(parent)) => variables = parent,
                _ => break,
            }
        }
        own.declare(name, value);
    }

    /// Sets a variable of this very block.
    pub fn declare(&self, name: Symbol, value: Value) {
        let mut values = self.values.borrow_mut();
        match values.iter_mut().find(|(it, _)| *it == name) {
            Some((_, old)) => *old = value,
            None => values.push((name, value)),
        }
    }

    /// The names of all variables in sight, inner ones first.
    pub fn names(&self) -> Vec<Symbol> {
        let mut names: Vec<Symbol> = Vec::new();
        let mut next = Some(self);
        while let Some(variables) = next {
            names.extend(variables.values.borrow().iter().map(|(name, _)| *name));
            next = variables.parent.as_deref();
        }
        names
    }
}

impl Class {
    /// A class or module without anything in it.
    pub fn new(name: &str, superclass: Option<Rc<Class>>, is_module: bool) -> Rc<Self> {
        Rc::new(Self::plain(name, superclass, is_module, false))
    }

    /// What holds the methods of one object alone.
    pub fn singleton_of(name: &str, superclass: Option<Rc<Class>>) -> Rc<Self> {
        Rc::new(Self::plain(name, superclass, false, true))
    }

    fn plain(name: &str, superclass: Option<Rc<Class>>, is_module: bool, is_singleton: bool) -> Self {
        charge(512);
        Self {
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
        }
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

fn push_module(ancestors: &mut Vec<Rc<Class>>, module: &Rc<Class>) {
    if ancestors.len() > 256 || ancestors.iter().any(|it| Rc::ptr_eq(it, module)) {
        return;
    }
    ancestors.push(module.clone());
    for inner in module.included.borrow().iter().rev() {
        push_module(ancestors, inner);
    }
}

/// Drops values without recursion, however deep they are nested.
fn bury(values: Vec<Value>) {
    let first = DYING.try_with(|dying| match &mut *dying.borrow_mut() {
        Some(queue) => {
            queue.extend(values.into_iter().filter(is_nested));
            None
        }
        empty => {
            *empty = Some(Vec::new());
            Some(values)
        }
    });
    let Ok(Some(values)) = first else { return };
    drop(values);
    loop {
        let next = DYING.with_borrow_mut(|dying| dying.as_mut().and_then(Vec::pop));
        match next {
            Some(value) => drop(value),
            None => break,
        }
    }
    DYING.set(None);
}

fn is_nested(value: &Value) -> bool {
    matches!(
        value,
        Value::Array(_) | Value::Hash(_) | Value::Object(_) | Value::Proc(_) | Value::Range(_)
    )
}

impl Drop for List {
    fn drop(&mut self) {
        let items = self.items.get_mut();
        if items.iter().any(is_nested) {
            bury(std::mem::take(items));
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let pairs = std::mem::take(self.pairs.get_mut());
        let values: Vec<Value> = pairs
            .into_values()
            .flat_map(|(key, value)| [key, value])
            .filter(is_nested)
            .collect();
        if !values.is_empty() {
            bury(values);
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let instance = std::mem::take(self.instance.get_mut());
        let values: Vec<Value> = instance.into_values().filter(is_nested).collect();
        if !values.is_empty() {
            bury(values);
        }
    }
}

impl Drop for Variables {
    fn drop(&mut self) {
        let values: Vec<Value> = self
            .values
            .get_mut()
            .drain(..)
            .map(|(_, value)| value)
            .filter(is_nested)
            .collect();
        if !values.is_empty() {
            bury(values);
        }
    }
}

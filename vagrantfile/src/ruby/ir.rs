//! The tree that the evaluator walks. It is our own: nothing outside `lower` knows the parser.

use super::symbol::Symbol;
use super::value::{Weight, handle};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// The text of a file, with where its lines begin.
#[derive(Debug)]
pub struct Source {
    /// The file, absolute.
    pub path: Arc<Path>,
    /// Its text.
    pub text: String,
    /// Whether it is part of the language rather than of a project; such places are not shown to people.
    pub is_library: bool,
    /// The number of the first line: evaluated text may begin anywhere.
    pub first_line: u32,
    lines: Vec<u32>,
    /// What the tree that is made of the text takes, too: it lives as long as the text does.
    _weight: Weight,
}

/// A node with its place.
#[derive(Debug)]
pub struct Node {
    /// Where it begins, in bytes.
    pub at: u32,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    Nil,
    True,
    False,
    SelfReference,
    Integer(i64),
    Big(Rc<num_bigint::BigInt>),
    Float(f64),
    String(Rc<str>),
    Symbol(Symbol),
    Interpolated(Vec<Node>),
    InterpolatedSymbol(Vec<Node>),
    Command(Vec<Node>),
    Regexp(Rc<RegexpLiteral>),
    InterpolatedRegexp(Vec<Node>, Flags),
    Array(Vec<Node>),
    Hash(Vec<Pair>),
    /// The pairs at the end of a call's arguments, without braces.
    Keywords(Vec<Pair>),
    Range {
        first: Option<Box<Node>>,
        last: Option<Box<Node>>,
        exclusive: bool,
    },
    Splat(Option<Box<Node>>),
    File,
    Line(u32),

    Local(Symbol),
    Instance(Symbol),
    Global(Symbol),
    ClassVariable(Symbol),
    Constant(Symbol),
    ConstantOf(Option<Box<Node>>, Symbol),
    /// `$~`, `$&`, `$1`: group 0 is the whole match.
    Group(usize),
    Assign(Box<Target>, Box<Node>),
    MultiAssign(Box<Targets>, Box<Node>),
    Update(Box<Update>),

    Call(Box<Call>),
    Super {
        arguments: Option<Vec<Node>>,
        block: Option<Box<BlockArgument>>,
    },
    Yield(Vec<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Defined(Box<Node>),
    Lambda(Rc<Function>),

    Sequence(Vec<Node>),
    If(Box<Node>, Option<Box<Node>>, Option<Box<Node>>),
    While {
        condition: Box<Node>,
        body: Option<Box<Node>>,
        until: bool,
        body_first: bool,
    },
    For {
        target: Box<Target>,
        collection: Box<Node>,
        body: Option<Box<Node>>,
    },
    Case {
        subject: Option<Box<Node>>,
        branches: Vec<(Vec<Node>, Option<Node>)>,
        otherwise: Option<Box<Node>>,
    },
    CaseIn {
        subject: Box<Node>,
        branches: Vec<InBranch>,
        otherwise: Option<Option<Box<Node>>>,
    },
    MatchPattern {
        subject: Box<Node>,
        pattern: Box<Pattern>,
        required: bool,
    },
    Begin(Box<Begin>),
    Return(Option<Box<Node>>),
    Break(Option<Box<Node>>),
    Next(Option<Box<Node>>),
    Redo,
    Retry,
    Define {
        receiver: Option<Box<Node>>,
        name: Symbol,
        function: Rc<Function>,
    },
    Class {
        scope: Option<Box<Node>>,
        name: Symbol,
        superclass: Option<Box<Node>>,
        body: Rc<Option<Node>>,
    },
    Module {
        scope: Option<Box<Node>>,
        name: Symbol,
        body: Rc<Option<Node>>,
    },
    SingletonClass {
        object: Box<Node>,
        body: Rc<Option<Node>>,
    },
    Alias(Symbol, Symbol),
    AliasGlobal(Symbol, Symbol),
    Undefine(Vec<Symbol>),
    /// `regexp =~ text` whose named groups become local variables.
    MatchNames(Box<Node>, Vec<Symbol>),
    /// Ruby that is not supported; the text says what it is.
    Unsupported(&'static str),
}

/// A pair of a hash, or a hash whose pairs are taken over.
#[derive(Debug)]
pub enum Pair {
    Pair(Node, Node),
    Splat(Option<Node>),
}

/// A call.
#[derive(Debug)]
pub struct Call {
    pub receiver: Option<Node>,
    pub name: Symbol,
    /// Where the name stands, in bytes.
    pub name_at: u32,
    pub arguments: Vec<Node>,
    pub block: Option<BlockArgument>,
    /// `&.`
    pub safe: bool,
    /// `x = ...` or `x[...] = ...` through a call: its value is what was assigned.
    pub is_assignment: bool,
    /// Could be a local variable: no receiver, arguments or parentheses.
    pub is_bare: bool,
    /// The receiver is written `self`, so private methods can be called.
    pub ignores_visibility: bool,
}

/// What stands for a call's block.
#[derive(Debug)]
pub enum BlockArgument {
    /// `{ ... }` or `do ... end`.
    Literal(Rc<Function>),
    /// `&expression`; `&` alone passes on the block of the method.
    Pass(Option<Node>),
}

/// The code of a method, block or lambda.
#[derive(Debug)]
pub struct Function {
    pub source: Rc<Source>,
    pub parameters: Parameters,
    pub body: Option<Node>,
    pub at: u32,
}

/// What a method, block or lambda takes.
#[derive(Debug, Default)]
pub struct Parameters {
    pub required: Vec<Target>,
    pub optional: Vec<(Symbol, Node)>,
    /// `*rest`; `None` within is `*` alone.
    pub rest: Option<Option<Symbol>>,
    pub after: Vec<Target>,
    /// Keywords; one without a node is required.
    pub keywords: Vec<(Symbol, Option<Node>)>,
    pub keyword_rest: Option<Option<Symbol>>,
    pub refuses_keywords: bool,
    pub block: Option<Option<Symbol>>,
    /// `(...)`
    pub forwards: bool,
    /// `|a,|` takes the first of a list.
    pub trailing_comma: bool,
    /// Variables that the block has for itself: `|a; b|`.
    pub own: Vec<Symbol>,
    /// Parameters that nobody named: `_1`, `it`.
    pub numbered: usize,
}

/// Where a value goes.
#[derive(Debug)]
pub enum Target {
    /// The second is how many blocks out the variable was first named.
    Local(Symbol, u32),
    Instance(Symbol),
    Global(Symbol),
    ClassVariable(Symbol),
    Constant(Symbol),
    ConstantOf(Option<Node>, Symbol),
    Attribute {
        receiver: Node,
        name: Symbol,
        safe: bool,
        at: u32,
    },
    Index {
        receiver: Node,
        arguments: Vec<Node>,
        at: u32,
    },
    Several(Box<Targets>),
    Nothing,
}

/// The left side of a multiple assignment.
#[derive(Debug, Default)]
pub struct Targets {
    pub before: Vec<Target>,
    pub rest: Option<Target>,
    pub after: Vec<Target>,
}

/// `a += b`, `a ||= b`, `a &&= b`.
#[derive(Debug)]
pub struct Update {
    pub target: Target,
    pub operator: Operator,
    pub value: Node,
}

/// What `Update` does with the old value.
#[derive(Debug, Clone, Copy)]
pub enum Operator {
    Or,
    And,
    Method(Symbol),
}

/// `begin ... rescue ... else ... ensure ... end`.
#[derive(Debug)]
pub struct Begin {
    pub body: Option<Node>,
    pub rescues: Vec<Rescue>,
    pub otherwise: Option<Node>,
    pub ensure: Option<Node>,
}

/// One `rescue`.
#[derive(Debug)]
pub struct Rescue {
    pub classes: Vec<Node>,
    pub target: Option<Target>,
    pub body: Option<Node>,
}

/// One `in`.
#[derive(Debug)]
pub struct InBranch {
    pub pattern: Pattern,
    pub guard: Option<Node>,
    pub body: Option<Node>,
}

/// What a value is held against in `case ... in`.
#[derive(Debug)]
pub enum Pattern {
    /// `===`
    Value(Node),
    Bind(Symbol),
    Any(Vec<Pattern>),
    Capture(Box<Pattern>, Symbol),
    List {
        constant: Option<Box<Node>>,
        before: Vec<Pattern>,
        rest: Option<Option<Symbol>>,
        after: Vec<Pattern>,
    },
    Find {
        constant: Option<Box<Node>>,
        before: Option<Symbol>,
        middle: Vec<Pattern>,
        after: Option<Symbol>,
    },
    Table {
        constant: Option<Box<Node>>,
        pairs: Vec<(Symbol, Option<Pattern>)>,
        rest: TableRest,
    },
}

/// What may stand beside the pairs of a pattern.
#[derive(Debug)]
pub enum TableRest {
    Anything,
    Nothing,
    Bind(Symbol),
}

/// The options of a regular expression.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    pub ignore_case: bool,
    pub extended: bool,
    pub multi_line: bool,
}

/// A regular expression without interpolation; it is compiled when it is used first.
#[derive(Debug)]
pub struct RegexpLiteral {
    pub text: String,
    pub flags: Flags,
}

/// About how many bytes of tree a byte of text makes where it makes most.
const TREE: usize = 64;

impl Source {
    /// A source whose first line is line `first_line`.
    pub fn new(path: Arc<Path>, text: String, first_line: u32, is_library: bool) -> Self {
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1))
            .collect();
        Self {
            _weight: Weight::of(text.len().saturating_mul(TREE) + 256),
            path,
            text,
            is_library,
            first_line,
            lines,
        }
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub fn place(&self, at: u32) -> (u32, u32) {
        let line = self.lines.partition_point(|it| *it <= at).saturating_sub(1);
        let start = self.lines[line] as usize;
        let before = self.text.get(start..at as usize).unwrap_or_default();
        handle(before.len());
        (line as u32 + self.first_line, before.chars().count() as u32 + 1)
    }

    /// The text of a line, as `place` numbers it.
    pub fn line(&self, number: u32) -> &str {
        let index = number.saturating_sub(self.first_line) as usize;
        self.text.lines().nth(index).unwrap_or_default()
    }
}

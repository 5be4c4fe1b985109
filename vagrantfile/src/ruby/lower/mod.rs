//! From the parser's tree to ours. This is the only module that knows ruby-prism.

mod calls;
mod control;
mod literals;
mod patterns;
mod targets;

use crate::report::{Mistake, Place, Report};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use literals::symbol_text;
use ruby_prism as prism;
use std::rc::Rc;

/// How deep a file may be nested; real ones reach about 30.
const DEEPEST: u32 = 1500;

/// How long a file may be.
const LONGEST: usize = 1 << 20;

/// How many syntax errors one report holds; behind that they only follow from each other.
const MOST_MISTAKES: usize = 20;

/// How much of a line is shown.
const LONGEST_LINE: usize = 240;

/// Parses a source; a report holds every syntax error of it.
pub fn parse(source: &Rc<Source>) -> Result<Option<Node>, Report> {
    if source.text.len() > LONGEST {
        return Err(too_much(source, 0, "this file is longer than 1 MiB"));
    }
    let parsed = prism::parse(source.text.as_bytes());
    let mistakes: Vec<_> = parsed
        .errors()
        .take(MOST_MISTAKES)
        .map(|error| syntax_error(source, &error))
        .collect();
    if !mistakes.is_empty() {
        return Err(Report { mistakes });
    }
    let mut lower = Lower {
        source: source.clone(),
        depth: 0,
        too_deep: None,
    };
    let body = parsed
        .node()
        .as_program_node()
        .and_then(|it| lower.statements(Some(it.statements())));
    match lower.too_deep {
        Some(at) => Err(too_much(source, at, "this is nested too deeply")),
        None => Ok(body),
    }
}

/// The place of a byte of a source.
pub fn place(source: &Source, at: u32) -> Place {
    let (line, column) = source.place(at);
    let source_line = source.line(line).chars().take(LONGEST_LINE).collect();
    Place {
        file: source.path.to_path_buf(),
        line,
        column,
        source_line,
    }
}

fn syntax_error(source: &Source, error: &prism::Diagnostic<'_>) -> Mistake {
    let message = String::from_utf8_lossy(error.message()).into_owned();
    Mistake::new(format!("syntax error: {message}")).at(place(source, error.location().start()))
}

fn too_much(source: &Source, at: u32, message: &str) -> Report {
    Report::new(Mistake::new(message).at(place(source, at)))
}

struct Lower {
    source: Rc<Source>,
    depth: u32,
    too_deep: Option<u32>,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn symbol(id: &prism::ConstantId<'_>) -> Symbol {
    Symbol::new(&String::from_utf8_lossy(id.as_slice()))
}

fn start(location: &prism::Location<'_>) -> u32 {
    location.start()
}

impl Lower {
    fn node(&mut self, node: &prism::Node<'_>) -> Node {
        let at = start(&node.location());
        if self.depth >= DEEPEST {
            self.too_deep.get_or_insert(at);
            return Node { at, kind: Kind::Nil };
        }
        self.depth += 1;
        let kind = self.kind(node, at);
        self.depth -= 1;
        Node { at, kind }
    }

    fn boxed(&mut self, node: &prism::Node<'_>) -> Box<Node> {
        Box::new(self.node(node))
    }

    fn maybe(&mut self, node: Option<prism::Node<'_>>) -> Option<Box<Node>> {
        node.map(|it| self.boxed(&it))
    }

    fn nodes(&mut self, nodes: &prism::NodeList<'_>) -> Vec<Node> {
        nodes.iter().map(|it| self.node(&it)).collect()
    }

    fn statements(&mut self, statements: Option<prism::StatementsNode<'_>>) -> Option<Node> {
        let statements = statements?;
        let mut nodes = self.nodes(&statements.body());
        match nodes.len() {
            0 => None,
            1 => nodes.pop(),
            _ => Some(Node {
                at: nodes[0].at,
                kind: Kind::Sequence(nodes),
            }),
        }
    }

    fn block_of(&mut self, statements: Option<prism::StatementsNode<'_>>) -> Option<Box<Node>> {
        self.statements(statements).map(Box::new)
    }

    fn arguments(&mut self, arguments: Option<prism::ArgumentsNode<'_>>) -> Vec<Node> {
        arguments.map(|it| self.nodes(&it.arguments())).unwrap_or_default()
    }

    fn kind(&mut self, node: &prism::Node<'_>, at: u32) -> Kind {
        self.literal(node, at)
            .or_else(|| self.variable(node))
            .or_else(|| self.assignment(node, at))
            .or_else(|| self.update_node(node, at))
            .or_else(|| self.call_node(node, at))
            .or_else(|| self.control(node, at))
            .or_else(|| self.definition(node, at))
            .unwrap_or(Kind::Unsupported("this construct"))
    }

    fn definition(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
        use prism::Node as P;
        Some(match node {
            P::DefNode { .. } => {
                let it = node.as_def_node()?;
                let name = symbol(&it.name());
                let receiver = self.maybe(it.receiver());
                let function = self.function(it.parameters().map(|it| it.as_node()), it.body(), at);
                Kind::Define {
                    receiver,
                    name,
                    function,
                }
            }
            P::ClassNode { .. } => {
                let it = node.as_class_node()?;
                let scope = self.scope_of(&it.constant_path());
                let superclass = self.maybe(it.superclass());
                let body = Rc::new(it.body().map(|it| self.body(&it)));
                Kind::Class {
                    scope,
                    name: symbol(&it.name()),
                    superclass,
                    body,
                }
            }
            P::ModuleNode { .. } => {
                let it = node.as_module_node()?;
                let scope = self.scope_of(&it.constant_path());
                let body = Rc::new(it.body().map(|it| self.body(&it)));
                Kind::Module {
                    scope,
                    name: symbol(&it.name()),
                    body,
                }
            }
            P::SingletonClassNode { .. } => {
                let it = node.as_singleton_class_node()?;
                let object = self.boxed(&it.expression());
                Kind::SingletonClass {
                    object,
                    body: Rc::new(it.body().map(|it| self.body(&it))),
                }
            }
            P::AliasMethodNode { .. } => {
                let it = node.as_alias_method_node()?;
                let [new, old] = [it.new_name(), it.old_name()].map(|it| symbol_text(&it));
                Kind::Alias(new?, old?)
            }
            P::AliasGlobalVariableNode { .. } => {
                let it = node.as_alias_global_variable_node()?;
                let [new, old] = [it.new_name(), it.old_name()].map(|it| global_name(&it));
                Kind::AliasGlobal(new?, old?)
            }
            P::UndefNode { .. } => {
                let names = node.as_undef_node()?.names();
                Kind::Undefine(names.iter().filter_map(|it| symbol_text(&it)).collect())
            }
            _ => return None,
        })
    }

    fn scope_of(&mut self, path: &prism::Node<'_>) -> Option<Box<Node>> {
        self.maybe(path.as_constant_path_node()?.parent())
    }
}

fn global_name(node: &prism::Node<'_>) -> Option<Symbol> {
    Some(symbol(&node.as_global_variable_read_node()?.name()))
}

//! From the parser's tree to ours. This is the only module that knows ruby-prism.

use super::ir::*;
use super::symbol::Symbol;
use crate::report::{Mistake, Place, Report};
use ruby_prism as prism;
use std::rc::Rc;

/// How deep a file may be nested; real ones reach about 30.
const DEEPEST: u32 = 1500;

/// How long a file may be.
const LONGEST: usize = 4 << 20;

/// How many syntax errors one report holds; behind that they only follow from each other.
const MOST_MISTAKES: usize = 20;

/// How much of a line is shown.
const LONGEST_LINE: usize = 240;

/// Parses a source; a report holds every syntax error of it.
pub fn parse(source: &Rc<Source>) -> Result<Option<Node>, Report> {
    if source.text.len() > LONGEST {
        return Err(too_much(source, 0, "this file is longer than 4 MiB"));
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

macro_rules! variable_updates {
    ($lower:ident, $node:ident, $at:ident, $target:expr, $operator:expr) => {
        $lower.update($target, $operator, &$node.value(), $at)
    };
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

    /// What `return`, `break` and `next` give: nothing, one value, or a list.
    fn result(&mut self, arguments: Option<prism::ArgumentsNode<'_>>, at: u32) -> Option<Box<Node>> {
        let mut nodes = self.arguments(arguments);
        let is_splat = matches!(
            nodes.first(),
            Some(Node {
                kind: Kind::Splat(_),
                ..
            })
        );
        match nodes.len() {
            0 => None,
            1 if !is_splat => nodes.pop().map(Box::new),
            _ => Some(Box::new(Node {
                at,
                kind: Kind::Array(nodes),
            })),
        }
    }

    fn pairs(&mut self, elements: &prism::NodeList<'_>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for element in elements.iter() {
            if let Some(pair) = element.as_assoc_node() {
                let key = self.node(&pair.key());
                pairs.push(Pair::Pair(key, self.node(&pair.value())));
            } else if let Some(splat) = element.as_assoc_splat_node() {
                pairs.push(Pair::Splat(splat.value().map(|it| self.node(&it))));
            }
        }
        pairs
    }

    fn parts(&mut self, parts: &prism::NodeList<'_>) -> Vec<Node> {
        let mut nodes = Vec::new();
        for part in parts.iter() {
            let at = start(&part.location());
            if let Some(embedded) = part.as_embedded_statements_node() {
                nodes.push(
                    self.statements(embedded.statements())
                        .unwrap_or(Node { at, kind: Kind::Nil }),
                );
            } else if let Some(embedded) = part.as_embedded_variable_node() {
                nodes.push(self.node(&embedded.variable()));
            } else {
                nodes.push(self.node(&part));
            }
        }
        nodes
    }

    fn update(&mut self, target: Target, operator: Operator, value: &prism::Node<'_>, _at: u32) -> Kind {
        let value = self.node(value);
        Kind::Update(Box::new(Update {
            target,
            operator,
            value,
        }))
    }

    fn constant_target(&mut self, path: &prism::ConstantPathNode<'_>) -> Target {
        let scope = path.parent().map(|it| self.node(&it));
        let name = path.name().map_or_else(|| Symbol::new(""), |it| symbol(&it));
        Target::ConstantOf(scope, name)
    }

    fn attribute_target(
        &mut self,
        receiver: Option<prism::Node<'_>>,
        name: &prism::ConstantId<'_>,
        safe: bool,
        at: u32,
    ) -> Target {
        let receiver = receiver.map_or(
            Node {
                at,
                kind: Kind::SelfReference,
            },
            |it| self.node(&it),
        );
        Target::Attribute {
            receiver,
            name: symbol(name),
            safe,
            at,
        }
    }

    fn index_target(
        &mut self,
        receiver: Option<prism::Node<'_>>,
        arguments: Option<prism::ArgumentsNode<'_>>,
        at: u32,
    ) -> Target {
        let receiver = receiver.map_or(
            Node {
                at,
                kind: Kind::SelfReference,
            },
            |it| self.node(&it),
        );
        Target::Index {
            receiver,
            arguments: self.arguments(arguments),
            at,
        }
    }

    fn target(&mut self, node: &prism::Node<'_>) -> Target {
        use prism::Node as P;
        match node {
            P::LocalVariableTargetNode { .. } => match node.as_local_variable_target_node() {
                Some(it) => Target::Local(symbol(&it.name()), it.depth()),
                None => Target::Nothing,
            },
            P::RequiredParameterNode { .. } => match node.as_required_parameter_node() {
                Some(it) => Target::Local(symbol(&it.name()), 0),
                None => Target::Nothing,
            },
            _ => self.other_target(node),
        }
    }

    fn other_target(&mut self, node: &prism::Node<'_>) -> Target {
        if let Some(it) = node.as_instance_variable_target_node() {
            Target::Instance(symbol(&it.name()))
        } else if let Some(it) = node.as_global_variable_target_node() {
            Target::Global(symbol(&it.name()))
        } else if let Some(it) = node.as_class_variable_target_node() {
            Target::ClassVariable(symbol(&it.name()))
        } else if let Some(it) = node.as_constant_target_node() {
            Target::Constant(symbol(&it.name()))
        } else if let Some(it) = node.as_constant_path_target_node() {
            let scope = it.parent().map(|it| self.node(&it));
            Target::ConstantOf(scope, it.name().map_or_else(|| Symbol::new(""), |it| symbol(&it)))
        } else if let Some(it) = node.as_call_target_node() {
            let at = start(&it.message_loc());
            self.attribute_target(Some(it.receiver()), &it.name(), it.is_safe_navigation(), at)
        } else if let Some(it) = node.as_index_target_node() {
            self.index_target(Some(it.receiver()), it.arguments(), start(&it.opening_loc()))
        } else if let Some(it) = node.as_multi_target_node() {
            Target::Several(Box::new(self.targets(&it.lefts(), it.rest(), &it.rights())))
        } else if let Some(it) = node.as_splat_node() {
            it.expression().map_or(Target::Nothing, |it| self.target(&it))
        } else {
            Target::Nothing
        }
    }

    fn targets(
        &mut self,
        lefts: &prism::NodeList<'_>,
        rest: Option<prism::Node<'_>>,
        rights: &prism::NodeList<'_>,
    ) -> Targets {
        Targets {
            before: lefts.iter().map(|it| self.target(&it)).collect(),
            rest: rest.map(|it| self.target(&it)),
            after: rights.iter().map(|it| self.target(&it)).collect(),
        }
    }

    fn block(&mut self, block: Option<prism::Node<'_>>) -> Option<BlockArgument> {
        let block = block?;
        if let Some(literal) = block.as_block_node() {
            let at = start(&literal.location());
            return Some(BlockArgument::Literal(self.function(
                literal.parameters(),
                literal.body(),
                at,
            )));
        }
        let passed = block.as_block_argument_node()?;
        Some(BlockArgument::Pass(passed.expression().map(|it| self.node(&it))))
    }

    fn function(
        &mut self,
        parameters: Option<prism::Node<'_>>,
        body: Option<prism::Node<'_>>,
        at: u32,
    ) -> Rc<Function> {
        let parameters = parameters.map(|it| self.block_parameters(&it)).unwrap_or_default();
        let body = body.map(|it| self.body(&it));
        Rc::new(Function {
            source: self.source.clone(),
            parameters,
            body,
            at,
        })
    }

    /// The body of a method or block: statements, or statements with `rescue`.
    fn body(&mut self, body: &prism::Node<'_>) -> Node {
        let at = start(&body.location());
        match body.as_statements_node() {
            Some(statements) => self
                .statements(Some(statements))
                .unwrap_or(Node { at, kind: Kind::Nil }),
            None => self.node(body),
        }
    }

    fn block_parameters(&mut self, node: &prism::Node<'_>) -> Parameters {
        if let Some(it) = node.as_numbered_parameters_node() {
            return Parameters {
                numbered: it.maximum() as usize,
                ..Parameters::default()
            };
        }
        if node.as_it_parameters_node().is_some() {
            return Parameters {
                numbered: 1,
                ..Parameters::default()
            };
        }
        if let Some(it) = node.as_parameters_node() {
            return self.parameters(&it);
        }
        let Some(block) = node.as_block_parameters_node() else {
            return Parameters::default();
        };
        let mut parameters = block.parameters().map(|it| self.parameters(&it)).unwrap_or_default();
        let own = block.locals();
        parameters.own = own
            .iter()
            .filter_map(|it| Some(symbol(&it.as_block_local_variable_node()?.name())))
            .collect();
        parameters
    }

    fn parameters(&mut self, node: &prism::ParametersNode<'_>) -> Parameters {
        let mut parameters = Parameters {
            required: node.requireds().iter().map(|it| self.target(&it)).collect(),
            after: node.posts().iter().map(|it| self.target(&it)).collect(),
            ..Parameters::default()
        };
        for optional in node.optionals().iter().filter_map(|it| it.as_optional_parameter_node()) {
            parameters
                .optional
                .push((symbol(&optional.name()), self.node(&optional.value())));
        }
        if let Some(rest) = node.rest() {
            match rest.as_rest_parameter_node() {
                Some(rest) => parameters.rest = Some(rest.name().map(|it| symbol(&it))),
                None => parameters.trailing_comma = true,
            }
        }
        for keyword in node.keywords().iter() {
            if let Some(it) = keyword.as_required_keyword_parameter_node() {
                parameters.keywords.push((symbol(&it.name()), None));
            } else if let Some(it) = keyword.as_optional_keyword_parameter_node() {
                parameters
                    .keywords
                    .push((symbol(&it.name()), Some(self.node(&it.value()))));
            }
        }
        if let Some(rest) = node.keyword_rest() {
            if let Some(it) = rest.as_keyword_rest_parameter_node() {
                parameters.keyword_rest = Some(it.name().map(|it| symbol(&it)));
            }
            parameters.refuses_keywords = rest.as_no_keywords_parameter_node().is_some();
            parameters.forwards = rest.as_forwarding_parameter_node().is_some();
        }
        let block = node.block().and_then(|it| it.as_block_parameter_node());
        parameters.block = block.map(|it| it.name().map(|it| symbol(&it)));
        parameters
    }

    fn rescues(&mut self, clause: Option<prism::RescueNode<'_>>) -> Vec<Rescue> {
        let mut rescues = Vec::new();
        let mut next = clause;
        while let Some(clause) = next {
            rescues.push(Rescue {
                classes: self.nodes(&clause.exceptions()),
                target: clause.reference().map(|it| self.target(&it)),
                body: self.statements(clause.statements()),
            });
            next = clause.subsequent();
        }
        rescues
    }

    fn branch_otherwise(&mut self, clause: Option<prism::ElseNode<'_>>) -> Option<Box<Node>> {
        clause.and_then(|it| self.block_of(it.statements()))
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

    fn literal(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
        use prism::Node as P;
        Some(match node {
            P::NilNode { .. } => Kind::Nil,
            P::TrueNode { .. } => Kind::True,
            P::FalseNode { .. } => Kind::False,
            P::SelfNode { .. } => Kind::SelfReference,
            P::IntegerNode { .. } => integer(&node.as_integer_node()?.value()),
            P::FloatNode { .. } => Kind::Float(node.as_float_node()?.value()),
            P::RationalNode { .. } => {
                let it = node.as_rational_node()?;
                match (integer(&it.numerator()), integer(&it.denominator())) {
                    (Kind::Integer(one), Kind::Integer(two)) if two != 0 => Kind::Float(one as f64 / two as f64),
                    _ => Kind::Unsupported("a rational number"),
                }
            }
            P::ImaginaryNode { .. } => Kind::Unsupported("an imaginary number"),
            P::StringNode { .. } => Kind::String(text(node.as_string_node()?.unescaped()).into()),
            P::SymbolNode { .. } => Kind::Symbol(Symbol::new(&text(node.as_symbol_node()?.unescaped()))),
            P::XStringNode { .. } => {
                let command = Kind::String(text(node.as_x_string_node()?.unescaped()).into());
                Kind::Command(vec![Node { at, kind: command }])
            }
            P::InterpolatedStringNode { .. } => {
                Kind::Interpolated(self.parts(&node.as_interpolated_string_node()?.parts()))
            }
            P::InterpolatedSymbolNode { .. } => {
                Kind::InterpolatedSymbol(self.parts(&node.as_interpolated_symbol_node()?.parts()))
            }
            P::InterpolatedXStringNode { .. } => {
                Kind::Command(self.parts(&node.as_interpolated_x_string_node()?.parts()))
            }
            P::RegularExpressionNode { .. } => {
                let it = node.as_regular_expression_node()?;
                let flags = Flags {
                    ignore_case: it.is_ignore_case(),
                    extended: it.is_extended(),
                    multi_line: it.is_multi_line(),
                };
                Kind::Regexp(Rc::new(RegexpLiteral {
                    text: text(it.unescaped()),
                    flags,
                }))
            }
            P::InterpolatedRegularExpressionNode { .. } => {
                let it = node.as_interpolated_regular_expression_node()?;
                let flags = Flags {
                    ignore_case: it.is_ignore_case(),
                    extended: it.is_extended(),
                    multi_line: it.is_multi_line(),
                };
                Kind::InterpolatedRegexp(self.parts(&it.parts()), flags)
            }
            P::ArrayNode { .. } => Kind::Array(self.nodes(&node.as_array_node()?.elements())),
            P::HashNode { .. } => Kind::Hash(self.pairs(&node.as_hash_node()?.elements())),
            P::KeywordHashNode { .. } => Kind::Keywords(self.pairs(&node.as_keyword_hash_node()?.elements())),
            P::RangeNode { .. } => {
                let it = node.as_range_node()?;
                let exclusive = it.is_exclude_end();
                Kind::Range {
                    first: self.maybe(it.left()),
                    last: self.maybe(it.right()),
                    exclusive,
                }
            }
            P::SplatNode { .. } => Kind::Splat(self.maybe(node.as_splat_node()?.expression())),
            P::SourceFileNode { .. } => Kind::File,
            P::SourceLineNode { .. } => Kind::Line(self.source.place(at).0),
            P::SourceEncodingNode { .. } => Kind::String("UTF-8".into()),
            P::ImplicitNode { .. } => return Some(self.node(&node.as_implicit_node()?.value()).kind),
            _ => return None,
        })
    }

    fn variable(&mut self, node: &prism::Node<'_>) -> Option<Kind> {
        use prism::Node as P;
        Some(match node {
            P::LocalVariableReadNode { .. } => Kind::Local(symbol(&node.as_local_variable_read_node()?.name())),
            P::ItLocalVariableReadNode { .. } => Kind::Local(Symbol::new("_1")),
            P::InstanceVariableReadNode { .. } => {
                Kind::Instance(symbol(&node.as_instance_variable_read_node()?.name()))
            }
            P::GlobalVariableReadNode { .. } => Kind::Global(symbol(&node.as_global_variable_read_node()?.name())),
            P::ClassVariableReadNode { .. } => Kind::ClassVariable(symbol(&node.as_class_variable_read_node()?.name())),
            P::ConstantReadNode { .. } => Kind::Constant(symbol(&node.as_constant_read_node()?.name())),
            P::ConstantPathNode { .. } => {
                let it = node.as_constant_path_node()?;
                Kind::ConstantOf(self.maybe(it.parent()), it.name().map(|it| symbol(&it))?)
            }
            P::NumberedReferenceReadNode { .. } => {
                Kind::Group(node.as_numbered_reference_read_node()?.number() as usize)
            }
            P::BackReferenceReadNode { .. } => match &*symbol(&node.as_back_reference_read_node()?.name()).text() {
                "$&" => Kind::Group(0),
                _ => Kind::Global(symbol(&node.as_back_reference_read_node()?.name())),
            },
            P::ParenthesesNode { .. } => {
                let body = node.as_parentheses_node()?.body();
                body.map_or(Kind::Nil, |it| self.body(&it).kind)
            }
            _ => return None,
        })
    }

    fn assignment(&mut self, node: &prism::Node<'_>, _at: u32) -> Option<Kind> {
        use prism::Node as P;
        let (target, value) = match node {
            P::LocalVariableWriteNode { .. } => {
                let it = node.as_local_variable_write_node()?;
                (Target::Local(symbol(&it.name()), it.depth()), it.value())
            }
            P::InstanceVariableWriteNode { .. } => {
                let it = node.as_instance_variable_write_node()?;
                (Target::Instance(symbol(&it.name())), it.value())
            }
            P::GlobalVariableWriteNode { .. } => {
                let it = node.as_global_variable_write_node()?;
                (Target::Global(symbol(&it.name())), it.value())
            }
            P::ClassVariableWriteNode { .. } => {
                let it = node.as_class_variable_write_node()?;
                (Target::ClassVariable(symbol(&it.name())), it.value())
            }
            P::ConstantWriteNode { .. } => {
                let it = node.as_constant_write_node()?;
                (Target::Constant(symbol(&it.name())), it.value())
            }
            P::ConstantPathWriteNode { .. } => {
                let it = node.as_constant_path_write_node()?;
                (self.constant_target(&it.target()), it.value())
            }
            P::MultiWriteNode { .. } => {
                let it = node.as_multi_write_node()?;
                let targets = self.targets(&it.lefts(), it.rest(), &it.rights());
                return Some(Kind::MultiAssign(Box::new(targets), self.boxed(&it.value())));
            }
            P::MatchWriteNode { .. } => {
                let it = node.as_match_write_node()?;
                let targets = it.targets();
                let names = targets
                    .iter()
                    .filter_map(|it| Some(symbol(&it.as_local_variable_target_node()?.name())));
                let names = names.collect();
                return Some(Kind::MatchNames(self.boxed(&it.call().as_node()), names));
            }
            P::ShareableConstantNode { .. } => {
                return Some(self.node(&node.as_shareable_constant_node()?.write()).kind);
            }
            _ => return None,
        };
        Some(Kind::Assign(Box::new(target), self.boxed(&value)))
    }

    fn update_node(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
        use prism::Node as P;
        Some(match node {
            P::LocalVariableOrWriteNode { .. } => {
                let it = node.as_local_variable_or_write_node()?;
                variable_updates!(
                    self,
                    it,
                    at,
                    Target::Local(symbol(&it.name()), it.depth()),
                    Operator::Or
                )
            }
            P::LocalVariableAndWriteNode { .. } => {
                let it = node.as_local_variable_and_write_node()?;
                variable_updates!(
                    self,
                    it,
                    at,
                    Target::Local(symbol(&it.name()), it.depth()),
                    Operator::And
                )
            }
            P::LocalVariableOperatorWriteNode { .. } => {
                let it = node.as_local_variable_operator_write_node()?;
                let operator = Operator::Method(symbol(&it.binary_operator()));
                variable_updates!(self, it, at, Target::Local(symbol(&it.name()), it.depth()), operator)
            }
            P::InstanceVariableOrWriteNode { .. } => {
                let it = node.as_instance_variable_or_write_node()?;
                variable_updates!(self, it, at, Target::Instance(symbol(&it.name())), Operator::Or)
            }
            P::InstanceVariableAndWriteNode { .. } => {
                let it = node.as_instance_variable_and_write_node()?;
                variable_updates!(self, it, at, Target::Instance(symbol(&it.name())), Operator::And)
            }
            P::InstanceVariableOperatorWriteNode { .. } => {
                let it = node.as_instance_variable_operator_write_node()?;
                let operator = Operator::Method(symbol(&it.binary_operator()));
                variable_updates!(self, it, at, Target::Instance(symbol(&it.name())), operator)
            }
            P::GlobalVariableOrWriteNode { .. } => {
                let it = node.as_global_variable_or_write_node()?;
                variable_updates!(self, it, at, Target::Global(symbol(&it.name())), Operator::Or)
            }
            P::GlobalVariableAndWriteNode { .. } => {
                let it = node.as_global_variable_and_write_node()?;
                variable_updates!(self, it, at, Target::Global(symbol(&it.name())), Operator::And)
            }
            P::GlobalVariableOperatorWriteNode { .. } => {
                let it = node.as_global_variable_operator_write_node()?;
                let operator = Operator::Method(symbol(&it.binary_operator()));
                variable_updates!(self, it, at, Target::Global(symbol(&it.name())), operator)
            }
            P::ClassVariableOrWriteNode { .. } => {
                let it = node.as_class_variable_or_write_node()?;
                variable_updates!(self, it, at, Target::ClassVariable(symbol(&it.name())), Operator::Or)
            }
            P::ClassVariableAndWriteNode { .. } => {
                let it = node.as_class_variable_and_write_node()?;
                variable_updates!(self, it, at, Target::ClassVariable(symbol(&it.name())), Operator::And)
            }
            P::ClassVariableOperatorWriteNode { .. } => {
                let it = node.as_class_variable_operator_write_node()?;
                let operator = Operator::Method(symbol(&it.binary_operator()));
                variable_updates!(self, it, at, Target::ClassVariable(symbol(&it.name())), operator)
            }
            P::ConstantOrWriteNode { .. } => {
                let it = node.as_constant_or_write_node()?;
                variable_updates!(self, it, at, Target::Constant(symbol(&it.name())), Operator::Or)
            }
            P::ConstantAndWriteNode { .. } => {
                let it = node.as_constant_and_write_node()?;
                variable_updates!(self, it, at, Target::Constant(symbol(&it.name())), Operator::And)
            }
            P::ConstantOperatorWriteNode { .. } => {
                let it = node.as_constant_operator_write_node()?;
                let operator = Operator::Method(symbol(&it.binary_operator()));
                variable_updates!(self, it, at, Target::Constant(symbol(&it.name())), operator)
            }
            P::ConstantPathOrWriteNode { .. } => {
                let it = node.as_constant_path_or_write_node()?;
                let target = self.constant_target(&it.target());
                variable_updates!(self, it, at, target, Operator::Or)
            }
            _ => return self.call_update(node, at),
        })
    }

    fn call_update(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
        use prism::Node as P;
        Some(match node {
            P::CallOrWriteNode { .. } => {
                let it = node.as_call_or_write_node()?;
                let place = it.message_loc().map_or(at, |it| start(&it));
                let target = self.attribute_target(it.receiver(), &it.read_name(), it.is_safe_navigation(), place);
                variable_updates!(self, it, at, target, Operator::Or)
            }
            P::CallAndWriteNode { .. } => {
                let it = node.as_call_and_write_node()?;
                let place = it.message_loc().map_or(at, |it| start(&it));
                let target = self.attribute_target(it.receiver(), &it.read_name(), it.is_safe_navigation(), place);
                variable_updates!(self, it, at, target, Operator::And)
            }
            P::CallOperatorWriteNode { .. } => {
                let it = node.as_call_operator_write_node()?;
                let place = it.message_loc().map_or(at, |it| start(&it));
                let target = self.attribute_target(it.receiver(), &it.read_name(), it.is_safe_navigation(), place);
                variable_updates!(self, it, at, target, Operator::Method(symbol(&it.binary_operator())))
            }
            P::IndexOrWriteNode { .. } => {
                let it = node.as_index_or_write_node()?;
                let target = self.index_target(it.receiver(), it.arguments(), start(&it.opening_loc()));
                variable_updates!(self, it, at, target, Operator::Or)
            }
            P::IndexAndWriteNode { .. } => {
                let it = node.as_index_and_write_node()?;
                let target = self.index_target(it.receiver(), it.arguments(), start(&it.opening_loc()));
                variable_updates!(self, it, at, target, Operator::And)
            }
            P::IndexOperatorWriteNode { .. } => {
                let it = node.as_index_operator_write_node()?;
                let target = self.index_target(it.receiver(), it.arguments(), start(&it.opening_loc()));
                variable_updates!(self, it, at, target, Operator::Method(symbol(&it.binary_operator())))
            }
            _ => return None,
        })
    }

    fn call_node(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
        use prism::Node as P;
        Some(match node {
            P::CallNode { .. } => self.call(&node.as_call_node()?, at),
            P::SuperNode { .. } => {
                let it = node.as_super_node()?;
                let arguments = Some(self.arguments(it.arguments()));
                Kind::Super {
                    arguments,
                    block: self.block(it.block()).map(Box::new),
                }
            }
            P::ForwardingSuperNode { .. } => {
                let it = node.as_forwarding_super_node()?;
                let block = self.block(it.block().map(|it| it.as_node()));
                Kind::Super {
                    arguments: None,
                    block: block.map(Box::new),
                }
            }
            P::ForwardingArgumentsNode { .. } => Kind::Splat(Some(Box::new(Node {
                at,
                kind: Kind::Local(Symbol::new("...")),
            }))),
            P::YieldNode { .. } => Kind::Yield(self.arguments(node.as_yield_node()?.arguments())),
            P::AndNode { .. } => {
                let it = node.as_and_node()?;
                Kind::And(self.boxed(&it.left()), self.boxed(&it.right()))
            }
            P::OrNode { .. } => {
                let it = node.as_or_node()?;
                Kind::Or(self.boxed(&it.left()), self.boxed(&it.right()))
            }
            P::DefinedNode { .. } => Kind::Defined(self.boxed(&node.as_defined_node()?.value())),
            P::LambdaNode { .. } => {
                let it = node.as_lambda_node()?;
                Kind::Lambda(self.function(it.parameters(), it.body(), at))
            }
            _ => return None,
        })
    }

    fn call(&mut self, call: &prism::CallNode<'_>, at: u32) -> Kind {
        let name = symbol(&call.name());
        let receiver = call.receiver().map(|it| self.node(&it));
        if &*name.text() == "!" && call.arguments().is_none() {
            return Kind::Not(Box::new(receiver.unwrap_or(Node {
                at,
                kind: Kind::SelfReference,
            })));
        }
        Kind::Call(Box::new(Call {
            ignores_visibility: call.is_ignore_visibility(),
            receiver,
            name,
            name_at: call.message_loc().map_or(at, |it| start(&it)),
            arguments: self.arguments(call.arguments()),
            block: self.block(call.block()),
            safe: call.is_safe_navigation(),
            is_assignment: call.is_attribute_write(),
            is_bare: call.is_variable_call(),
        }))
    }

    fn control(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
        use prism::Node as P;
        Some(match node {
            P::StatementsNode { .. } => self.statements(node.as_statements_node())?.kind,
            P::IfNode { .. } => {
                let it = node.as_if_node()?;
                let condition = self.boxed(&it.predicate());
                let body = self.block_of(it.statements());
                Kind::If(condition, body, self.maybe(it.subsequent()))
            }
            P::ElseNode { .. } => self
                .statements(node.as_else_node()?.statements())
                .map_or(Kind::Nil, |it| it.kind),
            P::UnlessNode { .. } => {
                let it = node.as_unless_node()?;
                let condition = self.boxed(&it.predicate());
                let body = self.block_of(it.statements());
                Kind::If(condition, self.branch_otherwise(it.else_clause()), body)
            }
            P::WhileNode { .. } => {
                let it = node.as_while_node()?;
                let (condition, body_first) = (self.boxed(&it.predicate()), it.is_begin_modifier());
                Kind::While {
                    condition,
                    body: self.block_of(it.statements()),
                    until: false,
                    body_first,
                }
            }
            P::UntilNode { .. } => {
                let it = node.as_until_node()?;
                let (condition, body_first) = (self.boxed(&it.predicate()), it.is_begin_modifier());
                Kind::While {
                    condition,
                    body: self.block_of(it.statements()),
                    until: true,
                    body_first,
                }
            }
            P::ForNode { .. } => {
                let it = node.as_for_node()?;
                let target = Box::new(self.target(&it.index()));
                let collection = self.boxed(&it.collection());
                Kind::For {
                    target,
                    collection,
                    body: self.block_of(it.statements()),
                }
            }
            P::CaseNode { .. } => self.case(&node.as_case_node()?),
            P::CaseMatchNode { .. } => self.case_in(&node.as_case_match_node()?)?,
            P::MatchPredicateNode { .. } => {
                let it = node.as_match_predicate_node()?;
                let (subject, pattern) = (self.boxed(&it.value()), Box::new(self.pattern(&it.pattern())));
                Kind::MatchPattern {
                    subject,
                    pattern,
                    required: false,
                }
            }
            P::MatchRequiredNode { .. } => {
                let it = node.as_match_required_node()?;
                let (subject, pattern) = (self.boxed(&it.value()), Box::new(self.pattern(&it.pattern())));
                Kind::MatchPattern {
                    subject,
                    pattern,
                    required: true,
                }
            }
            P::BeginNode { .. } => self.begin(&node.as_begin_node()?),
            P::RescueModifierNode { .. } => {
                let it = node.as_rescue_modifier_node()?;
                let body = Some(self.node(&it.expression()));
                let rescue = Rescue {
                    classes: Vec::new(),
                    target: None,
                    body: Some(self.node(&it.rescue_expression())),
                };
                Kind::Begin(Box::new(Begin {
                    body,
                    rescues: vec![rescue],
                    otherwise: None,
                    ensure: None,
                }))
            }
            P::ReturnNode { .. } => Kind::Return(self.result(node.as_return_node()?.arguments(), at)),
            P::BreakNode { .. } => Kind::Break(self.result(node.as_break_node()?.arguments(), at)),
            P::NextNode { .. } => Kind::Next(self.result(node.as_next_node()?.arguments(), at)),
            P::RedoNode { .. } => Kind::Redo,
            P::RetryNode { .. } => Kind::Retry,
            P::PreExecutionNode { .. } => self
                .statements(node.as_pre_execution_node()?.statements())
                .map_or(Kind::Nil, |it| it.kind),
            P::PostExecutionNode { .. } => Kind::Nil,
            P::FlipFlopNode { .. } => Kind::Unsupported("a flip-flop"),
            _ => return None,
        })
    }

    fn begin(&mut self, node: &prism::BeginNode<'_>) -> Kind {
        Kind::Begin(Box::new(Begin {
            body: self.statements(node.statements()),
            rescues: self.rescues(node.rescue_clause()),
            otherwise: node.else_clause().and_then(|it| self.statements(it.statements())),
            ensure: node.ensure_clause().and_then(|it| self.statements(it.statements())),
        }))
    }

    fn case(&mut self, node: &prism::CaseNode<'_>) -> Kind {
        let subject = self.maybe(node.predicate());
        let mut branches = Vec::new();
        for when in node.conditions().iter().filter_map(|it| it.as_when_node()) {
            let conditions = self.nodes(&when.conditions());
            branches.push((conditions, self.statements(when.statements())));
        }
        Kind::Case {
            subject,
            branches,
            otherwise: self.branch_otherwise(node.else_clause()),
        }
    }

    fn case_in(&mut self, node: &prism::CaseMatchNode<'_>) -> Option<Kind> {
        let subject = self.maybe(node.predicate())?;
        let mut branches = Vec::new();
        for branch in node.conditions().iter().filter_map(|it| it.as_in_node()) {
            let (pattern, guard) = self.guarded(&branch.pattern());
            branches.push(InBranch {
                pattern,
                guard,
                body: self.statements(branch.statements()),
            });
        }
        let otherwise = node.else_clause().map(|it| self.block_of(it.statements()));
        Some(Kind::CaseIn {
            subject,
            branches,
            otherwise,
        })
    }

    /// A pattern with `if` or `unless` behind it.
    fn guarded(&mut self, node: &prism::Node<'_>) -> (Pattern, Option<Node>) {
        if let Some(it) = node.as_if_node() {
            let guard = self.node(&it.predicate());
            let pattern = it.statements().and_then(|it| it.body().first());
            return (
                pattern.map_or(Pattern::Any(Vec::new()), |it| self.pattern(&it)),
                Some(guard),
            );
        }
        if let Some(it) = node.as_unless_node() {
            let at = start(&node.location());
            let guard = Node {
                at,
                kind: Kind::Not(self.boxed(&it.predicate())),
            };
            let pattern = it.statements().and_then(|it| it.body().first());
            return (
                pattern.map_or(Pattern::Any(Vec::new()), |it| self.pattern(&it)),
                Some(guard),
            );
        }
        (self.pattern(node), None)
    }

    fn pattern(&mut self, node: &prism::Node<'_>) -> Pattern {
        if self.depth >= DEEPEST {
            self.too_deep.get_or_insert(start(&node.location()));
            return Pattern::Any(Vec::new());
        }
        self.depth += 1;
        let pattern = self.any_pattern(node);
        self.depth -= 1;
        pattern
    }

    fn any_pattern(&mut self, node: &prism::Node<'_>) -> Pattern {
        if let Some(it) = node.as_local_variable_target_node() {
            return Pattern::Bind(symbol(&it.name()));
        }
        if let Some(it) = node.as_alternation_pattern_node() {
            return Pattern::Any(vec![self.pattern(&it.left()), self.pattern(&it.right())]);
        }
        if let Some(it) = node.as_capture_pattern_node() {
            let name = symbol(&it.target().name());
            return Pattern::Capture(Box::new(self.pattern(&it.value())), name);
        }
        if let Some(it) = node.as_pinned_variable_node() {
            return Pattern::Value(self.node(&it.variable()));
        }
        if let Some(it) = node.as_pinned_expression_node() {
            return Pattern::Value(self.node(&it.expression()));
        }
        if let Some(it) = node.as_parentheses_node().and_then(|it| it.body()) {
            let inner = it.as_statements_node().and_then(|it| it.body().first());
            return inner.map_or_else(|| Pattern::Any(Vec::new()), |it| self.pattern(&it));
        }
        if let Some(it) = node.as_array_pattern_node() {
            return Pattern::List {
                constant: self.maybe(it.constant()),
                before: it.requireds().iter().map(|it| self.pattern(&it)).collect(),
                rest: it.rest().map(|it| splat_name(&it)),
                after: it.posts().iter().map(|it| self.pattern(&it)).collect(),
            };
        }
        if let Some(it) = node.as_find_pattern_node() {
            return Pattern::Find {
                constant: self.maybe(it.constant()),
                before: splat_name(&it.left().as_node()),
                middle: it.requireds().iter().map(|it| self.pattern(&it)).collect(),
                after: splat_name(&it.right().as_node()),
            };
        }
        match node.as_hash_pattern_node() {
            Some(it) => self.table_pattern(&it),
            None => Pattern::Value(self.node(node)),
        }
    }

    fn table_pattern(&mut self, node: &prism::HashPatternNode<'_>) -> Pattern {
        let constant = self.maybe(node.constant());
        let mut pairs = Vec::new();
        for pair in node.elements().iter().filter_map(|it| it.as_assoc_node()) {
            let Some(key) = pair.key().as_symbol_node() else {
                continue;
            };
            let pattern = match pair.value().as_implicit_node() {
                Some(_) => None,
                None => Some(self.pattern(&pair.value())),
            };
            pairs.push((Symbol::new(&text(key.unescaped())), pattern));
        }
        let rest = match node.rest() {
            None => TableRest::Anything,
            Some(rest) if rest.as_no_keywords_parameter_node().is_some() => TableRest::Nothing,
            Some(rest) => {
                let value = rest.as_assoc_splat_node().and_then(|it| it.value());
                let name = value.and_then(|it| Some(symbol(&it.as_local_variable_target_node()?.name())));
                name.map_or(TableRest::Anything, TableRest::Bind)
            }
        };
        Pattern::Table { constant, pairs, rest }
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

fn integer(value: &prism::Integer<'_>) -> Kind {
    let (negative, digits) = value.to_u32_digits();
    let magnitude = digits
        .iter()
        .rev()
        .try_fold(0_i128, |sum, it| sum.checked_mul(1 << 32)?.checked_add(i128::from(*it)));
    let signed = magnitude.and_then(|it| i64::try_from(if negative { -it } else { it }).ok());
    signed.map_or(Kind::Unsupported("a number of more than 64 bits"), Kind::Integer)
}

fn symbol_text(node: &prism::Node<'_>) -> Option<Symbol> {
    Some(Symbol::new(&text(node.as_symbol_node()?.unescaped())))
}

fn global_name(node: &prism::Node<'_>) -> Option<Symbol> {
    Some(symbol(&node.as_global_variable_read_node()?.name()))
}

fn splat_name(node: &prism::Node<'_>) -> Option<Symbol> {
    let target = node.as_splat_node()?.expression()?;
    Some(symbol(&target.as_local_variable_target_node()?.name()))
}

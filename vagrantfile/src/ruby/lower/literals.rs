//! Literals and variables.

use super::{Lower, start, symbol, text};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use num_bigint::{BigInt, Sign};
use num_traits::ToPrimitive;
use ruby_prism as prism;
use std::rc::Rc;

impl Lower {
    pub(super) fn literal(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
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
                let parts = [integer(&it.numerator()), integer(&it.denominator())];
                made("Rational", parts.map(|kind| Node { at, kind }).into())
            }
            P::ImaginaryNode { .. } => {
                let imaginary = self.node(&node.as_imaginary_node()?.numeric());
                let kind = Kind::Integer(0);
                made("Complex", vec![Node { at, kind }, imaginary])
            }
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

    pub(super) fn variable(&mut self, node: &prism::Node<'_>) -> Option<Kind> {
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

    pub(super) fn pairs(&mut self, elements: &prism::NodeList<'_>) -> Vec<Pair> {
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

    pub(super) fn parts(&mut self, parts: &prism::NodeList<'_>) -> Vec<Node> {
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
}

/// A call that makes a number which has no literal in the tree.
fn made(class: &str, arguments: Vec<Node>) -> Kind {
    Kind::Call(Box::new(Call {
        receiver: None,
        name: Symbol::new(class),
        name_at: arguments.first().map_or(0, |it| it.at),
        arguments,
        block: None,
        safe: false,
        is_assignment: false,
        is_bare: false,
        ignores_visibility: true,
    }))
}

pub(super) fn integer(value: &prism::Integer<'_>) -> Kind {
    let (negative, digits) = value.to_u32_digits();
    let sign = if negative { Sign::Minus } else { Sign::Plus };
    let number = BigInt::from_slice(sign, digits);
    number
        .to_i64()
        .map_or_else(|| Kind::Big(Rc::new(number.clone())), Kind::Integer)
}

pub(super) fn symbol_text(node: &prism::Node<'_>) -> Option<Symbol> {
    Some(Symbol::new(&text(node.as_symbol_node()?.unescaped())))
}

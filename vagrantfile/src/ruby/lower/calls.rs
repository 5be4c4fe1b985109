//! Calls, their blocks, and parameters.

use super::{Lower, start, symbol};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use ruby_prism as prism;
use std::rc::Rc;

impl Lower {
    pub(super) fn block(&mut self, block: Option<prism::Node<'_>>) -> Option<BlockArgument> {
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

    pub(super) fn function(
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
    pub(super) fn body(&mut self, body: &prism::Node<'_>) -> Node {
        let at = start(&body.location());
        match body.as_statements_node() {
            Some(statements) => self
                .statements(Some(statements))
                .unwrap_or(Node { at, kind: Kind::Nil }),
            None => self.node(body),
        }
    }

    pub(super) fn block_parameters(&mut self, node: &prism::Node<'_>) -> Parameters {
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

    pub(super) fn parameters(&mut self, node: &prism::ParametersNode<'_>) -> Parameters {
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

    pub(super) fn call_node(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
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

    pub(super) fn call(&mut self, call: &prism::CallNode<'_>, at: u32) -> Kind {
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
}

pub(super) fn splat_name(node: &prism::Node<'_>) -> Option<Symbol> {
    let target = node.as_splat_node()?.expression()?;
    Some(symbol(&target.as_local_variable_target_node()?.name()))
}

//! Branches, loops and rescues.

use super::Lower;
use crate::ruby::ir::*;
use ruby_prism as prism;

impl Lower {
    pub(super) fn control(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
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

    pub(super) fn begin(&mut self, node: &prism::BeginNode<'_>) -> Kind {
        Kind::Begin(Box::new(Begin {
            body: self.statements(node.statements()),
            rescues: self.rescues(node.rescue_clause()),
            otherwise: node.else_clause().and_then(|it| self.statements(it.statements())),
            ensure: node.ensure_clause().and_then(|it| self.statements(it.statements())),
        }))
    }

    pub(super) fn rescues(&mut self, clause: Option<prism::RescueNode<'_>>) -> Vec<Rescue> {
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

    pub(super) fn branch_otherwise(&mut self, clause: Option<prism::ElseNode<'_>>) -> Option<Box<Node>> {
        clause.and_then(|it| self.block_of(it.statements()))
    }

    pub(super) fn case(&mut self, node: &prism::CaseNode<'_>) -> Kind {
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

    /// What `return`, `break` and `next` give: nothing, one value, or a list.
    pub(super) fn result(&mut self, arguments: Option<prism::ArgumentsNode<'_>>, at: u32) -> Option<Box<Node>> {
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
}

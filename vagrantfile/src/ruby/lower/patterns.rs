//! `case`/`in`: patterns.

use super::calls::splat_name;
use super::{DEEPEST, Lower, start, symbol, text};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use ruby_prism as prism;

impl Lower {
    pub(super) fn case_in(&mut self, node: &prism::CaseMatchNode<'_>) -> Option<Kind> {
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
    pub(super) fn guarded(&mut self, node: &prism::Node<'_>) -> (Pattern, Option<Node>) {
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

    pub(super) fn pattern(&mut self, node: &prism::Node<'_>) -> Pattern {
        if self.depth >= DEEPEST {
            self.too_deep.get_or_insert(start(&node.location()));
            return Pattern::Any(Vec::new());
        }
        self.depth += 1;
        let pattern = self.any_pattern(node);
        self.depth -= 1;
        pattern
    }

    pub(super) fn any_pattern(&mut self, node: &prism::Node<'_>) -> Pattern {
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

    pub(super) fn table_pattern(&mut self, node: &prism::HashPatternNode<'_>) -> Pattern {
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
}

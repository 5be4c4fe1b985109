//! What stands left of `=`, and assignments with an operator.

use super::{Lower, start, symbol};
use crate::ruby::ir::*;
use crate::ruby::symbol::Symbol;
use ruby_prism as prism;

macro_rules! variable_updates {
    ($lower:ident, $node:ident, $at:ident, $target:expr, $operator:expr) => {
        $lower.update($target, $operator, &$node.value(), $at)
    };
}

impl Lower {
    pub(super) fn update(&mut self, target: Target, operator: Operator, value: &prism::Node<'_>, _at: u32) -> Kind {
        let value = self.node(value);
        Kind::Update(Box::new(Update {
            target,
            operator,
            value,
        }))
    }

    pub(super) fn constant_target(&mut self, path: &prism::ConstantPathNode<'_>) -> Target {
        let scope = path.parent().map(|it| self.node(&it));
        let name = path.name().map_or_else(|| Symbol::new(""), |it| symbol(&it));
        Target::ConstantOf(scope, name)
    }

    pub(super) fn attribute_target(
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

    pub(super) fn index_target(
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

    pub(super) fn target(&mut self, node: &prism::Node<'_>) -> Target {
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

    pub(super) fn other_target(&mut self, node: &prism::Node<'_>) -> Target {
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

    pub(super) fn targets(
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

    pub(super) fn assignment(&mut self, node: &prism::Node<'_>, _at: u32) -> Option<Kind> {
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

    pub(super) fn update_node(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
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

    pub(super) fn call_update(&mut self, node: &prism::Node<'_>, at: u32) -> Option<Kind> {
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
}

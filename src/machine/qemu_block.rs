//! From a provider's block, as the Vagrantfile has it, to what the crate of the provider reads.

use providers::qemu::QemuBlock;
use serde_json::{Map, Value as Json};

use crate::config::value::to_json;
use crate::config::{Config, Mistakes};

/// The section under which mistakes in the block are listed.
const SECTION: &str = "qemu provider";

/// What the file says in its blocks for QEMU; what is wrong there is added to the mistakes.
pub fn qemu_block(config: &Config, mistakes: &mut Mistakes) -> QemuBlock {
    let Some(block) = config.provider("qemu") else {
        return QemuBlock::default();
    };
    let options = &block.body.options;
    let values: Map<String, Json> = options
        .iter()
        .map(|(name, it)| (name.to_owned(), to_json(&it.value)))
        .collect();
    QemuBlock::read(&values).unwrap_or_else(|problems| {
        for problem in problems {
            let origin = options.get(problem.option).and_then(|it| it.origin.as_ref());
            mistakes.at(origin, SECTION, problem.to_string());
        }
        QemuBlock::default()
    })
}

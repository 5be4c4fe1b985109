//! `jaunt box list`.

use boxes::InstalledBox;
use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::Result;
use crate::machine::store;

/// Show the boxes that are installed
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Show what the makers of the boxes say of them, too
    #[arg(short = 'i', long)]
    box_info: bool,
}

impl ListArgs {
    pub fn run(self, context: &Context) -> Result<u8> {
        let boxes = store(context).list()?;
        if context.ui.style().json {
            context.ui.report(&self.document(&boxes));
            return Ok(0);
        }
        if boxes.is_empty() {
            context
                .ui
                .data("There are no installed boxes! `jaunt box add` adds some.\n");
            return Ok(0);
        }
        let width = boxes.iter().map(|it| it.name.chars().count()).max().unwrap_or(0);
        for it in &boxes {
            context.ui.data(&format!("{:width$} {}\n", it.name, parentheses(it)));
            self.tell_programs(context, it);
            self.tell_info(context, it);
        }
        Ok(0)
    }

    fn document(&self, boxes: &[InstalledBox]) -> serde_json::Value {
        let of_one = |it: &InstalledBox| {
            let mut document = json!({
                "name": it.name.to_string(),
                "provider": it.provider,
                "version": it.version.as_str(),
                "architecture": it.architecture,
            });
            if self.box_info {
                document["info"] = it.info().into_iter().collect::<serde_json::Map<_, _>>().into();
            }
            document
        };
        json!({ "boxes": boxes.iter().map(of_one).collect::<Vec<_>>() })
    }

    fn tell_programs(&self, context: &Context, installed: &InstalledBox) {
        context.ui.event("", "box-name", &[&installed.name]);
        context.ui.event("", "box-provider", &[&installed.provider]);
        context.ui.event("", "box-version", &[installed.version.as_str()]);
        context.ui.event(
            "",
            "box-architecture",
            &[installed.architecture.as_deref().unwrap_or("n/a")],
        );
    }

    fn tell_info(&self, context: &Context, installed: &InstalledBox) {
        if !self.box_info {
            return;
        }
        for (key, value) in installed.info() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            context.ui.event("", "box-info", &[&key, &text]);
            context.ui.data(&format!("  - {key}: {text}\n"));
        }
    }
}

/// Vagrant 2.4's form: the architecture only where the box states one.
fn parentheses(installed: &InstalledBox) -> String {
    let InstalledBox { provider, version, .. } = installed;
    match &installed.architecture {
        Some(architecture) => format!("({provider}, {version}, ({architecture}))"),
        None => format!("({provider}, {version})"),
    }
}

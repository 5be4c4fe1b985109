//! `jaunt status`.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::Result;
use crate::machine::{Machine, StateWords};
use crate::project::Project;
use crate::ui::visible::visible;

/// Show what the project's machines are doing
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Names, /patterns/ or ids of machines; all of them where none is given
    #[arg(value_name = "MACHINE")]
    machines: Vec<String>,
}

impl StatusArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let mut rows = Vec::new();
        for target in Project::targets(context, &self.machines)? {
            let machine = target.machine(context)?;
            let state = StateWords::of(machine.state().await?);
            tell_programs(context, &machine, &state);
            rows.push((machine.name.clone(), machine.provider_name.clone(), state));
        }
        if context.ui.style().json {
            context.ui.report(&document(&rows));
            return Ok(0);
        }
        context.ui.data(&table(&rows));
        Ok(0)
    }
}

fn document(rows: &[(String, String, StateWords)]) -> serde_json::Value {
    let of_one = |(name, provider, state): &(String, String, StateWords)| {
        json!({
            "name": name,
            "provider": provider,
            "state": state.id,
            "state_short": state.short,
            "state_long": state.long,
        })
    };
    json!({ "machines": rows.iter().map(of_one).collect::<Vec<_>>() })
}

fn tell_programs(context: &Context, machine: &Machine, state: &StateWords) {
    let ui = context.ui.of(&machine.name);
    ui.event("metadata", &["provider", &machine.provider_name]);
    ui.event("provider-name", &[&machine.provider_name]);
    ui.event("state", &[state.id]);
    ui.event("state-human-short", &[state.short]);
    ui.event("state-human-long", &[state.long]);
}

/// Vagrant's table: the state begins in column 26, or two behind the longest name.
fn table(rows: &[(String, String, StateWords)]) -> String {
    let names: Vec<String> = rows.iter().map(|(name, ..)| visible(name)).collect();
    let longest = names.iter().map(|it| it.chars().count()).max().unwrap_or(0);
    let width = (longest + 2).max(25);
    let mut text = "Current machine states:\n\n".to_owned();
    for (name, (_, provider, state)) in names.iter().zip(rows) {
        text.push_str(&format!("{name:width$} {} ({provider})\n", state.short));
    }
    text.push('\n');
    text.push_str(match rows {
        [(_, _, state)] => state.long,
        _ => "These are the machines of this project with the states they are in now.\n`jaunt status NAME` says more of one.",
    });
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use providers::State;

    use super::*;

    #[test]
    fn states_begin_in_the_same_column() {
        let row = |name: &str, state| (name.to_owned(), "qemu".to_owned(), StateWords::of(state));
        expect![[r#"
            Current machine states:

            web                       running (qemu)
            db                        not created (qemu)

            These are the machines of this project with the states they are in now.
            `jaunt status NAME` says more of one.
        "#]]
        .assert_eq(&table(&[row("web", State::Running), row("db", State::NotCreated)]));
    }
}

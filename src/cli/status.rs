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

/// What is told of one machine.
struct Row {
    name: String,
    provider: String,
    state: StateWords,
    is_defined: bool,
}

impl StatusArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let mut rows = Vec::new();
        let mut targets = Project::targets_that_are_there(context, &self.machines)?;
        if let Some(first) = targets.first().filter(|_| self.machines.is_empty()) {
            targets.extend(first.project.left());
        }
        for target in targets {
            let machine = target.machine(context)?;
            let state = match machine.state().await? {
                now if machine.has_vanished(now)? => StateWords::of_vanished(),
                now => StateWords::of(now),
            };
            tell_programs(context, &machine, &state);
            rows.push(Row {
                name: machine.name.clone(),
                provider: machine.provider_name.clone(),
                state,
                is_defined: target.is_defined(),
            });
        }
        if context.ui.style().json {
            context.ui.report(&document(&rows));
            return Ok(0);
        }
        context.ui.data(&table(&rows));
        Ok(0)
    }
}

fn document(rows: &[Row]) -> serde_json::Value {
    let of_one = |row: &Row| {
        json!({
            "name": row.name,
            "provider": row.provider,
            "state": row.state.id,
            "state_short": row.state.short,
            "state_long": row.state.long,
            "defined": row.is_defined,
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
fn table(rows: &[Row]) -> String {
    let names: Vec<String> = rows.iter().map(|it| visible(&it.name)).collect();
    let longest = names.iter().map(|it| it.chars().count()).max().unwrap_or(0);
    let width = (longest + 2).max(25);
    let mut text = "Current machine states:\n\n".to_owned();
    for (name, Row { provider, state, .. }) in names.iter().zip(rows) {
        text.push_str(&format!("{name:width$} {} ({provider})\n", state.short));
    }
    text.push('\n');
    text.push_str(match rows {
        [one] => one.state.long,
        _ => "These are the machines of this project with the states they are in now.\n`jaunt status NAME` says more of one.",
    });
    text.push('\n');
    for name in rows.iter().filter(|it| !it.is_defined).map(|it| visible(&it.name)) {
        text.push_str(&format!(
            "\n`{name}` is not defined by the Vagrantfile any more: `jaunt destroy {name}` removes it.\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use providers::State;

    use super::*;

    #[test]
    fn states_begin_in_the_same_column() {
        let row = |name: &str, state, is_defined| Row {
            name: name.to_owned(),
            provider: "qemu".to_owned(),
            state: StateWords::of(state),
            is_defined,
        };
        expect![[r#"
            Current machine states:

            web                       running (qemu)
            db                        not created (qemu)
            old                       stopped (qemu)

            These are the machines of this project with the states they are in now.
            `jaunt status NAME` says more of one.

            `old` is not defined by the Vagrantfile any more: `jaunt destroy old` removes it.
        "#]]
        .assert_eq(&table(&[
            row("web", State::Running, true),
            row("db", State::NotCreated, true),
            row("old", State::Stopped, false),
        ]));
    }
}

//! `jaunt global-status`: the machines of all projects.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::Result;
use crate::project::{IndexedMachine, Standing};
use crate::ui::visible::visible;

/// Show the machines of all projects of this user
#[derive(Debug, Args)]
pub struct GlobalStatusArgs {
    /// Forget the machines that are gone
    #[arg(long)]
    prune: bool,
}

/// How many digits of an id are shown: enough for people, and taken by every command.
const ID_LENGTH: usize = 7;

impl GlobalStatusArgs {
    pub async fn run(self, context: &Context) -> Result<u8> {
        let mut machines = IndexedMachine::all(context).await?;
        if self.prune {
            for gone in machines.iter().filter(|it| it.standing == Standing::Gone) {
                gone.forget(context)?;
            }
            machines.retain(|it| it.standing != Standing::Gone);
        }
        if context.ui.style().json {
            context.ui.report(&document(&machines));
            return Ok(0);
        }
        tell_programs(context, &machines);
        context.ui.data(&match machines.as_slice() {
            [] => "No machine of yours is known. `jaunt up` in a project makes one.\n".to_owned(),
            some => table(some),
        });
        Ok(0)
    }
}

fn document(machines: &[IndexedMachine]) -> serde_json::Value {
    let of_one = |it: &IndexedMachine| {
        json!({
            "id": it.key,
            "name": it.entry.name,
            "provider": it.entry.provider,
            "state": it.state(),
            "directory": it.entry.vagrantfile_path,
        })
    };
    json!({ "machines": machines.iter().map(of_one).collect::<Vec<_>>() })
}

fn tell_programs(context: &Context, machines: &[IndexedMachine]) {
    let ui = &context.ui;
    ui.event("", "metadata", &["machine-count", &machines.len().to_string()]);
    for machine in machines {
        ui.event("", "machine-id", &[short(&machine.key)]);
        ui.event("", "provider-name", &[&machine.entry.provider]);
        ui.event("", "machine-home", &[&machine.entry.vagrantfile_path.to_string_lossy()]);
        ui.event("", "state", &[machine.state()]);
    }
}

fn short(key: &str) -> &str {
    key.get(..ID_LENGTH).unwrap_or(key)
}

/// Vagrant's table: columns as wide as what is in them, the directory last.
fn table(machines: &[IndexedMachine]) -> String {
    let rows: Vec<[String; 4]> = machines
        .iter()
        .map(|it| [short(&it.key), &it.entry.name, &it.entry.provider, it.state()].map(visible))
        .collect();
    let heads = ["id", "name", "provider", "state"];
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(column, head)| {
            let cells = rows.iter().map(|it| it[column].chars().count());
            cells.chain([head.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: [&str; 4], last: &str| {
        let cells = cells
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$} "));
        format!("{}{last}\n", cells.collect::<String>())
    };
    let head = line(heads, "directory");
    let mut text = format!("{head}{}\n", "-".repeat(head.chars().count().max(72)));
    for (row, machine) in rows.iter().zip(machines) {
        let folder = visible(&machine.entry.vagrantfile_path.to_string_lossy());
        text.push_str(&line(row.each_ref().map(String::as_str), &folder));
    }
    text.push_str(
        "\nThese are the machines of all your projects. Commands take their ids from any folder: `jaunt halt ID`.\n",
    );
    if machines.iter().any(|it| it.standing == Standing::Gone) {
        text.push_str("Those that are gone are forgotten by `jaunt global-status --prune`.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::state::index::Entry;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let machine = |key: &str, name: &str, standing| IndexedMachine {
            key: key.to_owned(),
            entry: Entry {
                name: name.to_owned(),
                provider: "qemu".to_owned(),
                state: "running".to_owned(),
                vagrantfile_path: "/home/me/site".into(),
                vagrantfile_name: None,
                local_data_path: "/home/me/site/.vagrant".into(),
                machine_box: None,
            },
            standing,
        };
        let machines = [
            machine("0123456789abcdef", "a-long-name", Standing::Here("stopped".to_owned())),
            machine("fedcba9876543210", "db", Standing::Gone),
        ];
        expect![[r#"
            id      name        provider state   directory
            ------------------------------------------------------------------------
            0123456 a-long-name qemu     stopped /home/me/site
            fedcba9 db          qemu     gone    /home/me/site

            These are the machines of all your projects. Commands take their ids from any folder: `jaunt halt ID`.
            Those that are gone are forgotten by `jaunt global-status --prune`.
        "#]]
        .assert_eq(&table(&machines));
    }
}

//! What a file reads back of its own calls: the lists of networks, folders, provisioners and machines of one run.

use super::{Datum, Line, Model, Owner, What};
use crate::layer::Value;

impl Model {
    /// The list behind a path of `config`, where it is one that is made from calls.
    pub(super) fn computed_list(&self, record: usize, path: &str) -> Option<Value> {
        let record_of = &self.records[record];
        if path == "customizations" && matches!(record_of.owner, Owner::Provider(_)) {
            return Some(Value::List(
                self.calls(record, "customize").map(customization).collect(),
            ));
        }
        if record_of.owner != Owner::Root {
            return None;
        }
        match path {
            "vm.networks" => Some(Value::List(self.calls(record, "vm.network").map(network).collect())),
            "vm.synced_folders" => Some(Value::Map(self.calls(record, "vm.synced_folder").map(folder).collect())),
            "vm.provisioners" => Some(Value::List(
                self.calls(record, "vm.provision").map(provisioner).collect(),
            )),
            "vm.defined_vm_keys" => {
                let names = record_of.defined.iter().map(|it| Value::Symbol(it.name.clone()));
                Some(Value::List(names.collect()))
            }
            "vm.defined_vms" => {
                let machines = record_of
                    .defined
                    .iter()
                    .map(|it| (Value::Symbol(it.name.clone()), map(&it.options)));
                Some(Value::Map(machines.collect()))
            }
            _ => None,
        }
    }

    fn calls(&self, record: usize, path: &'static str) -> impl Iterator<Item = (&Vec<Datum>, &Vec<(String, Datum)>)> {
        self.records[record]
            .lines
            .iter()
            .filter_map(move |Line { path: at, what, .. }| match what {
                What::Call { positional, named, .. } if at == path => Some((positional, named)),
                _ => None,
            })
    }
}

type Written<'a> = (&'a Vec<Datum>, &'a Vec<(String, Datum)>);

/// A command for VirtualBox with the event before which it runs.
fn customization((positional, _): Written<'_>) -> Value {
    let event = Value::String("pre-boot".to_owned());
    match positional.as_slice() {
        [event, command, ..] => Value::List(vec![event.snapshot(), command.snapshot()]),
        [command] => Value::List(vec![event, command.snapshot()]),
        [] => Value::List(vec![event, Value::Nil]),
    }
}

fn network((positional, named): Written<'_>) -> Value {
    Value::List(vec![symbol(positional.first()), options(named)])
}

fn folder((positional, named): Written<'_>) -> (Value, Value) {
    let [host, guest] = [0, 1].map(|it| positional.get(it).map_or(Value::Nil, Datum::snapshot));
    let Value::Map(mut pairs) = options(named) else {
        return (guest, Value::Nil);
    };
    pairs.push((Value::Symbol("guestpath".into()), guest.clone()));
    pairs.push((Value::Symbol("hostpath".into()), host));
    (guest, Value::Map(pairs))
}

fn provisioner((positional, named): Written<'_>) -> Value {
    let kind = named.iter().find(|(key, _)| key == "type").map(|(_, value)| value);
    let name = kind.map_or(Value::Nil, |_| symbol(positional.first()));
    let pairs = [
        ("name", name),
        ("type", symbol(kind.or(positional.first()))),
        ("config", options(named)),
    ];
    Value::Map(
        pairs
            .into_iter()
            .map(|(key, value)| (Value::Symbol(key.into()), value))
            .collect(),
    )
}

fn symbol(value: Option<&Datum>) -> Value {
    let value = value.map_or(Value::Nil, Datum::snapshot);
    value
        .as_text()
        .map(|text| Value::Symbol(text.to_owned()))
        .unwrap_or(value)
}

fn options(named: &[(String, Datum)]) -> Value {
    Value::Map(
        named
            .iter()
            .map(|(key, value)| (Value::Symbol(key.clone()), value.snapshot()))
            .collect(),
    )
}

fn map(options: &[(String, Value)]) -> Value {
    Value::Map(
        options
            .iter()
            .map(|(key, value)| (Value::Symbol(key.clone()), value.clone()))
            .collect(),
    )
}

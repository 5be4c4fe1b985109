//! What a call on an object records, in the words of both configuration versions.
//!
//! **Invariant:** nothing is recorded by an object that is closed; a block that it is given still has an object to run with.

use super::signature;
use super::version_one::{self, Meaning};
use super::{
    Arguments, Datum, Defined, Error, Line, MOST_MACHINES, Model, Outcome, Owner, ProviderBlock, Record, What,
};
use crate::layer::{Origin, Value};

impl Model {
    pub(super) fn define(&mut self, record: usize, arguments: Arguments, origin: Origin) -> Result<Outcome, Error> {
        if self.is_closed(record) {
            return Ok(Outcome::Done);
        }
        let name = arguments
            .first_text()
            .ok_or_else(|| Error::Arguments("`vm.define` needs the machine's name".into()))?;
        signature::check_machine_name(&name)?;
        let mut options: Vec<(String, Value)> = arguments
            .named
            .iter()
            .map(|(key, it)| (key.clone(), it.snapshot()))
            .collect();
        if let Some(Value::Map(pairs)) = arguments.positional.get(1).map(Datum::snapshot) {
            options.extend(
                pairs
                    .into_iter()
                    .filter_map(|(key, value)| Some((key.as_text()?.to_owned(), value))),
            );
        }
        let is_version_one = self.records[record].is_version_one;
        let Record { defined, machines, .. } = &mut self.records[record];
        match machines.get(&name) {
            Some(&index) => {
                let machine = &mut defined[index];
                machine
                    .options
                    .retain(|(key, _)| !options.iter().any(|(new, _)| new == key));
                machine.options.extend(options);
                machine.blocks.extend(arguments.block);
            }
            None if defined.len() >= MOST_MACHINES => return Err(Error::TooManyMachines),
            None => {
                machines.insert(name.clone(), defined.len());
                let blocks = arguments.block.into_iter().collect();
                defined.push(Defined {
                    name,
                    options,
                    blocks,
                    is_version_one,
                    origin,
                });
            }
        }
        Ok(Outcome::Done)
    }

    pub(super) fn provider(&mut self, record: usize, arguments: Arguments, origin: Origin) -> Result<Outcome, Error> {
        if self.is_closed(record) {
            return Ok(Outcome::Done);
        }
        let name = arguments
            .first_text()
            .ok_or_else(|| Error::Arguments("`vm.provider` needs the provider's name".into()))?;
        let deferred = arguments.block.map(|block| ProviderBlock {
            provider: name.clone(),
            block,
            overrides: self.blocks[block.0 as usize].arity == 2,
            late: self.records[record].is_filled,
        });
        let positional = vec![Datum::Plain(Value::Symbol(name))];
        let what = What::Call {
            positional,
            named: arguments.named,
            body: None,
            deferred,
        };
        self.note(
            record,
            Line {
                path: "vm.provider".into(),
                what,
                origin,
            },
        );
        Ok(Outcome::Done)
    }

    pub(super) fn record_call(
        &mut self,
        record: usize,
        path: String,
        arguments: Arguments,
        origin: Origin,
    ) -> Result<Outcome, Error> {
        let body = arguments.block.map(|_| self.open(body_owner(&path, &arguments)));
        if self.is_closed(record) {
            return Ok(body.map_or(Outcome::Done, Outcome::Run));
        }
        let body_record = body.map(|it| self.objects[it.0 as usize].record);
        let what = What::Call {
            positional: arguments.positional,
            named: arguments.named,
            body: body_record,
            deferred: None,
        };
        self.note(record, Line { path, what, origin });
        Ok(body.map_or(Outcome::Done, Outcome::Run))
    }

    pub(super) fn set_version_one(&mut self, record: usize, path: &str, value: Datum, origin: Origin) {
        match version_one::assignment(path, value) {
            Some((false, path, value)) => self.assign(record, path, What::Assign(value), origin),
            Some((true, path, value)) => {
                let body = self.virtualbox_body(record, origin.clone());
                self.assign(body, path, What::Assign(value), origin);
            }
            None => {}
        }
    }

    pub(super) fn call_version_one(
        &mut self,
        record: usize,
        path: &str,
        arguments: Arguments,
        origin: Origin,
    ) -> Result<Outcome, Error> {
        if path == "vm.define" {
            return self.define(record, arguments, origin);
        }
        match version_one::call(path, arguments)? {
            Meaning::Call(path, arguments) => self.record_call(record, path, arguments, origin),
            Meaning::VirtualBox(path, arguments) => {
                let body = self.virtualbox_body(record, origin.clone());
                self.record_call(body, path, arguments, origin)
            }
            Meaning::Nothing => Ok(Outcome::Done),
        }
    }

    /// The record of a block for VirtualBox that the file did not write itself.
    fn virtualbox_body(&mut self, record: usize, origin: Origin) -> usize {
        let body = self.open(Owner::Provider("virtualbox".into()));
        let body = self.objects[body.0 as usize].record;
        let positional = vec![Value::Symbol("virtualbox".into()).into()];
        let what = What::Call {
            positional,
            named: Vec::new(),
            body: Some(body),
            deferred: None,
        };
        self.note(
            record,
            Line {
                path: "vm.provider".into(),
                what,
                origin,
            },
        );
        body
    }
}

/// Whose record the block of a call fills.
fn body_owner(path: &str, arguments: &Arguments) -> Owner {
    match path {
        "vm.provision" => {
            let named = arguments
                .named
                .iter()
                .find(|(name, _)| name == "type")
                .map(|(_, value)| value.snapshot());
            let kind = named
                .and_then(|it| it.as_text().map(str::to_owned))
                .or_else(|| arguments.first_text());
            Owner::Provisioner(kind.unwrap_or_default())
        }
        _ => Owner::Body(path.to_owned()),
    }
}

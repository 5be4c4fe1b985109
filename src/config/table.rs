//! Named options in the order in which they were first set, each with its origin.

use schema::{Descriptor, Merge};
use vagrantfile::layer::{Call, Entry, Origin, Setting, Value};

use super::value::{Sourced, to_list};

/// Options by name. Setting one again keeps its place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    options: Vec<(String, Sourced<Value>)>,
}

/// A call on an object: `chef.add_recipe "apache"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// The method.
    pub name: String,
    /// Its arguments.
    pub call: Call,
    /// Where it stands.
    pub origin: Origin,
}

/// What was assigned to an object (a provisioner, a provider, a trigger) and called on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    /// What was assigned.
    pub options: Table,
    /// What was called, in order.
    pub calls: Vec<Called>,
}

impl Table {
    /// The option's value and origin.
    pub fn get(&self, name: &str) -> Option<&Sourced<Value>> {
        self.options.iter().find(|(it, _)| it == name).map(|(_, value)| value)
    }

    /// The option's value, where it is neither missing nor nil.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.get(name)
            .map(|it| &it.value)
            .filter(|it| !matches!(it, Value::Nil))
    }

    /// Whether the option was set, to nil too.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets the option. Vagrant's marker for what nobody has set takes it away.
    pub fn set(&mut self, name: &str, value: Sourced<Value>) {
        if value.value == Value::Unset {
            self.remove(name);
            return;
        }
        match self.options.iter_mut().find(|(it, _)| it == name) {
            Some((_, slot)) => *slot = value,
            None => self.options.push((name.to_owned(), value)),
        }
    }

    /// Takes the option away.
    pub fn remove(&mut self, name: &str) -> Option<Sourced<Value>> {
        let index = self.options.iter().position(|(it, _)| it == name)?;
        Some(self.options.remove(index).1)
    }

    /// The options in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Sourced<Value>)> {
        self.options.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The options of a call: its named arguments, and those of tables among the positional ones.
    pub fn of_call(call: &Call, origin: &Origin) -> Self {
        let mut table = Self::default();
        for value in &call.positional {
            if let Value::Map(pairs) = value {
                table.set_pairs(pairs, origin);
            }
        }
        for (name, value) in &call.named {
            table.set(name, Sourced::written(value.clone(), origin));
        }
        table
    }

    /// The entries of a table value, as options that were written where the table was.
    pub fn of_pairs(pairs: &[(Value, Value)], origin: &Origin) -> Self {
        let mut table = Self::default();
        table.set_pairs(pairs, origin);
        table
    }

    fn set_pairs(&mut self, pairs: &[(Value, Value)], origin: &Origin) {
        for (key, value) in pairs {
            if let Some(name) = super::value::to_text(key) {
                self.set(&name, Sourced::written(value.clone(), origin));
            }
        }
    }

    /// Puts a later layer's options over these, each as its descriptor says; those without one are replaced.
    pub fn merge(&mut self, later: &Table, descriptors: &[&[Descriptor]]) {
        for (name, value) in later.iter() {
            let merge = descriptor(descriptors, name).map_or(Merge::Replace, |it| it.merge);
            let merged = match self.get(name) {
                Some(earlier) => Sourced {
                    value: merge_values(merge, earlier, &value.value),
                    origin: value.origin.clone(),
                },
                None => value.clone(),
            };
            self.set(name, merged);
        }
    }
}

impl Body {
    /// An object that only these options were assigned to.
    pub fn of_options(options: &Table) -> Self {
        Self {
            options: options.clone(),
            calls: Vec::new(),
        }
    }

    /// What a call's named arguments and its block say, the block's over the others.
    pub fn of_call(call: &Call, origin: &Origin, descriptors: &[&[Descriptor]]) -> Self {
        let mut body = Self::of_options(&Table::of_call(call, origin));
        body.run(&call.body, descriptors);
        body
    }

    /// Runs the entries of a block on the object.
    pub fn run(&mut self, entries: &[Entry], descriptors: &[&[Descriptor]]) {
        for entry in entries {
            match &entry.setting {
                Setting::Assign(value) => self.assign(&entry.path, value, &entry.origin, descriptors),
                Setting::Call(call) => self.calls.push(Called {
                    name: entry.path.clone(),
                    call: call.clone(),
                    origin: entry.origin.clone(),
                }),
            }
        }
    }

    /// Assigns an option under its own name, also where an alias was used.
    pub fn assign(&mut self, name: &str, value: &Value, origin: &Origin, descriptors: &[&[Descriptor]]) {
        let name = descriptor(descriptors, name).map_or(name, |it| it.path);
        self.options.set(name, Sourced::written(value.clone(), origin));
    }

    /// Puts a later object over this one.
    pub fn merge(&mut self, later: &Body, descriptors: &[&[Descriptor]]) {
        self.options.merge(&later.options, descriptors);
        self.calls.extend(later.calls.iter().cloned());
    }
}

/// The descriptor of an option, by its name or by an alias.
pub fn descriptor<'a>(descriptors: &[&'a [Descriptor]], name: &str) -> Option<&'a Descriptor> {
    descriptors
        .iter()
        .flat_map(|it| it.iter())
        .find(|it| it.path == name || it.aliases.contains(&name))
}

fn merge_values(merge: Merge, earlier: &Value, later: &Value) -> Value {
    match (merge, earlier, later) {
        (Merge::Append, _, _) => Value::List([to_list(earlier), to_list(later)].concat()),
        (Merge::Keys, Value::Map(before), Value::Map(after)) => Value::Map(merge_pairs(before, after)),
        _ => later.clone(),
    }
}

/// Unites two tables; a key of the later one stands, in the place that it had.
pub fn merge_pairs(earlier: &[(Value, Value)], later: &[(Value, Value)]) -> Vec<(Value, Value)> {
    let mut pairs = earlier.to_vec();
    for (key, value) in later {
        match pairs.iter_mut().find(|(it, _)| same_key(it, key)) {
            Some((_, slot)) => *slot = value.clone(),
            None => pairs.push((key.clone(), value.clone())),
        }
    }
    pairs
}

fn same_key(one: &Value, other: &Value) -> bool {
    match (one.as_text(), other.as_text()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

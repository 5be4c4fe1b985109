//! `config.vm.provider`: what the blocks of each provider say, put together.

use schema::Descriptor;
use vagrantfile::layer::{Call, Entry, Origin};

use super::mistake::Mistakes;
use super::reader::Reader;
use super::table::Body;
use super::value::to_text;
use crate::options;

/// What all layers say of one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderConfig {
    /// The provider.
    pub name: String,
    /// What its blocks assigned and called, in the order of execution.
    pub entries: Vec<Entry>,
    /// The same, by option.
    pub body: Body,
    /// Whether it has a block at all, or is only named.
    pub has_block: bool,
    /// Where it was first named.
    pub origin: Origin,
}

/// The providers that a machine names, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProviderConfigs(Vec<ProviderConfig>);

impl ProviderConfigs {
    /// The providers in the order in which they were first named.
    pub fn iter(&self) -> impl Iterator<Item = &ProviderConfig> {
        self.0.iter()
    }

    /// The provider of that name.
    pub fn get(&self, name: &str) -> Option<&ProviderConfig> {
        self.0.iter().find(|it| it.name == name)
    }

    /// Takes a call: another block of the same provider adds to what is there.
    pub fn call(&mut self, call: &Call, origin: &Origin) {
        let name = call.positional.first().and_then(to_text).unwrap_or_default();
        let mut provider = ProviderConfig {
            name,
            entries: call.body.clone(),
            body: Body::default(),
            has_block: call.has_block,
            origin: origin.clone(),
        };
        provider.body.run(&call.body, &[provider.descriptors()]);
        self.put(provider);
    }

    /// Puts a later layer's providers over these.
    pub fn merge(&mut self, later: ProviderConfigs) {
        for provider in later.0 {
            self.put(provider);
        }
    }

    fn put(&mut self, provider: ProviderConfig) {
        match self.0.iter_mut().find(|it| it.name == provider.name) {
            Some(earlier) => {
                earlier.body.merge(&provider.body, &[provider.descriptors()]);
                earlier.entries.extend(provider.entries);
                earlier.has_block |= provider.has_block;
            }
            None => self.0.push(provider),
        }
    }
}

impl ProviderConfig {
    fn descriptors(&self) -> &'static [Descriptor] {
        options::of_provider(&self.name).unwrap_or_default()
    }

    /// Notes the options that the provider does not have.
    pub fn refuse_unknown(&self, descriptors: &[&'static [Descriptor]], mistakes: &mut Mistakes) {
        let section = format!("{} provider", self.name);
        let mut reader = Reader::new(&self.body.options, descriptors, &section, Some(&self.origin), mistakes);
        reader.refuse_unknown(&format!("of the provider {}", self.name), &self.body);
        reader.refuse_other_words();
    }
}

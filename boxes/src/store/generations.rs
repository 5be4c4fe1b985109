//! Boxes that are there in several versions: which are the newest of their kind, and which are old.

use super::{InstalledBox, Store};
use crate::Result;

/// The boxes of a store, told apart by whether a newer one of the same name, provider and architecture is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generations {
    /// The newest of each kind.
    pub newest: Vec<InstalledBox>,
    /// All others.
    pub old: Vec<InstalledBox>,
}

impl Store {
    /// The boxes of a name, or all of them, for a provider, or for any.
    pub fn generations(&self, name: Option<&str>, provider: Option<&str>) -> Result<Generations> {
        let boxes = self.list()?.into_iter().filter(|it| {
            name.is_none_or(|name| it.name == name) && provider.is_none_or(|provider| it.provider == provider)
        });
        Ok(Generations::of(boxes))
    }
}

impl Generations {
    fn of(boxes: impl Iterator<Item = InstalledBox>) -> Self {
        let mut generations = Self::default();
        for installed in boxes {
            let place = generations.newest.iter().position(|it| is_of_one_kind(it, &installed));
            match place.and_then(|it| generations.newest.get_mut(it)) {
                None => generations.newest.push(installed),
                Some(newest) if newest.version < installed.version => {
                    generations.old.push(std::mem::replace(newest, installed));
                }
                Some(_) => generations.old.push(installed),
            }
        }
        generations
    }
}

fn is_of_one_kind(one: &InstalledBox, other: &InstalledBox) -> bool {
    (&one.name, &one.provider, &one.architecture) == (&other.name, &other.provider, &other.architecture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    /// Boxes as `NAME VERSION PROVIDER`.
    fn check(boxes: &[&str], newest: &[&str], old: &[&str]) {
        let installed = |it: &&str| {
            let words: Vec<&str> = it.split(' ').collect();
            InstalledBox {
                name: words[0].to_owned(),
                version: Version::parse(words[1]).unwrap(),
                provider: words[2].to_owned(),
                architecture: None,
                directory: it.into(),
                metadata_url: None,
            }
        };
        let shown =
            |it: &[InstalledBox]| -> Vec<String> { it.iter().map(|it| it.directory.display().to_string()).collect() };
        let generations = Generations::of(boxes.iter().map(installed));
        assert_eq!(shown(&generations.newest), newest);
        assert_eq!(shown(&generations.old), old);
    }

    #[test]
    fn only_a_newer_box_of_the_same_name_and_provider_makes_one_old() {
        check(
            &["a 1.9 libvirt", "a 1.10 libvirt", "a 1.0 virtualbox", "b 0 libvirt"],
            &["a 1.10 libvirt", "a 1.0 virtualbox", "b 0 libvirt"],
            &["a 1.9 libvirt"],
        );
        check(&["a 2 x", "a 1 x"], &["a 2 x"], &["a 1 x"]);
        check(&[], &[], &[]);
    }
}

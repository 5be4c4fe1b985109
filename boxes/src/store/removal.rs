//! Which boxes `box remove` means. What is not said must not be ambiguous.

use super::InstalledBox;
use crate::architecture::vagrant_name;
use crate::version::Version;
use crate::{Error, Result};

/// What the command line says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Removal<'a> {
    /// The box's name.
    pub name: &'a str,
    /// `--box-version`.
    pub version: Option<&'a str>,
    /// `--provider`.
    pub provider: Option<&'a str>,
    /// `--architecture`.
    pub architecture: Option<&'a str>,
    /// `--all`: every version.
    pub all_versions: bool,
    /// `--all-providers`.
    pub all_providers: bool,
    /// `--all-architectures`.
    pub all_architectures: bool,
}

impl Removal<'_> {
    /// Those of the boxes of this name that are meant.
    pub(super) fn select(&self, mut boxes: Vec<InstalledBox>) -> Result<Vec<InstalledBox>> {
        let name = self.name.to_owned();
        if boxes.is_empty() {
            return Err(Error::NotInstalled { name });
        }
        self.keep_provider(&mut boxes)?;
        self.keep_version(&mut boxes)?;
        self.keep_architecture(&mut boxes)?;
        let versions = choices(&boxes, |it| it.version.to_string());
        if versions.len() > 1 && !self.all_versions {
            return Err(Error::RemoveMultiVersion {
                name,
                versions: versions.join(", "),
            });
        }
        let providers = choices(&boxes, |it| it.provider.clone());
        if providers.len() > 1 && !self.all_providers {
            let (version, providers) = (versions.join(", "), providers.join(", "));
            return Err(Error::RemoveMultiProvider {
                name,
                version,
                providers,
            });
        }
        let architectures = choices(&boxes, architecture);
        if architectures.len() > 1 && !self.all_architectures {
            let (version, provider) = (versions.join(", "), providers.join(", "));
            let architectures = architectures.join(", ");
            return Err(Error::RemoveMultiArchitecture {
                name,
                version,
                provider,
                architectures,
            });
        }
        Ok(boxes)
    }

    fn keep_provider(&self, boxes: &mut Vec<InstalledBox>) -> Result<()> {
        let Some(provider) = self.provider else { return Ok(()) };
        let available = choices(boxes, |it| it.provider.clone()).join(", ");
        boxes.retain(|it| it.provider == provider);
        let (name, provider) = (self.name.to_owned(), provider.to_owned());
        some_of(
            boxes,
            Error::RemoveProviderNotFound {
                name,
                provider,
                available,
            },
        )
    }

    fn keep_version(&self, boxes: &mut Vec<InstalledBox>) -> Result<()> {
        let Some(text) = self.version else { return Ok(()) };
        let version = Version::parse(text).ok_or_else(|| Error::VersionInvalid { text: text.to_owned() })?;
        let available = choices(boxes, |it| it.version.to_string()).join(", ");
        boxes.retain(|it| it.version == version);
        let (name, version) = (self.name.to_owned(), text.to_owned());
        some_of(
            boxes,
            Error::RemoveVersionNotFound {
                name,
                version,
                available,
            },
        )
    }

    fn keep_architecture(&self, boxes: &mut Vec<InstalledBox>) -> Result<()> {
        let Some(wanted) = self.architecture.map(vagrant_name) else {
            return Ok(());
        };
        let available = choices(boxes, architecture).join(", ");
        boxes.retain(|it| architecture(it) == wanted);
        let (name, architecture) = (self.name.to_owned(), wanted.to_owned());
        some_of(
            boxes,
            Error::RemoveArchitectureNotFound {
                name,
                architecture,
                available,
            },
        )
    }
}

fn some_of(boxes: &[InstalledBox], none: Error) -> Result<()> {
    if boxes.is_empty() { Err(none) } else { Ok(()) }
}

fn architecture(installed: &InstalledBox) -> String {
    installed
        .architecture
        .clone()
        .unwrap_or_else(|| crate::architecture::UNKNOWN.to_owned())
}

/// What there is to choose from, in the order of the boxes' versions.
fn choices(boxes: &[InstalledBox], of: impl Fn(&InstalledBox) -> String) -> Vec<String> {
    let mut boxes: Vec<&InstalledBox> = boxes.iter().collect();
    boxes.sort_by_key(|it| it.version.clone());
    let mut choices: Vec<String> = Vec::new();
    for choice in boxes.into_iter().map(of) {
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    choices
}

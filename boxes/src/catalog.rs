//! Catalogs: JSON that names a box's versions, and for each the files by provider and architecture. Vagrant's form.

use serde::Deserialize;

use crate::architecture::{self, Architecture};
use crate::checksum::Checksum;
use crate::version::{Version, VersionConstraints};
use crate::{Error, Result};

/// A catalog is read whole, and may not be larger.
pub(crate) const LARGEST: usize = 16 << 20;
/// The `format` of a file that is a box in chunks: the URL and the checksum are of its manifest.
pub(crate) const CHUNKED: &str = "jaunt-chunks";

/// What a catalog offers.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The box's name, where the catalog says it.
    pub name: Option<String>,
    /// What the box is, in its maker's words.
    pub description: Option<String>,
    /// The versions that may be used, the newest first.
    pub versions: Vec<CatalogVersion>,
    url: String,
}

/// One version of a box.
#[derive(Debug, Clone)]
pub struct CatalogVersion {
    /// The version.
    pub version: Version,
    /// Its files.
    pub providers: Vec<CatalogProvider>,
}

/// One file of a version.
#[derive(Debug, Clone)]
pub struct CatalogProvider {
    /// The provider it is for.
    pub name: String,
    /// Where it is: a URL, or a path relative to the catalog.
    pub url: String,
    /// What it must sum up to.
    pub checksum: Option<Checksum>,
    /// Its architecture, where the catalog names it.
    pub architecture: Option<String>,
    /// Whether it is the one for those who do not ask for an architecture.
    pub default_architecture: bool,
    /// Whether it is a box in chunks rather than a box file.
    pub chunked: bool,
}

/// What of a catalog is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// What the version must satisfy.
    pub version: &'a VersionConstraints,
    /// The providers, the preferred one first; empty for the only one that there is.
    pub providers: &'a [String],
    /// The architecture.
    pub architecture: &'a Architecture,
}

#[derive(Deserialize)]
struct RawCatalog {
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    versions: Vec<RawVersion>,
}

#[derive(Deserialize)]
struct RawVersion {
    version: String,
    status: Option<String>,
    #[serde(default)]
    providers: Vec<RawProvider>,
}

#[derive(Deserialize)]
struct RawProvider {
    name: String,
    url: String,
    checksum: Option<String>,
    checksum_type: Option<String>,
    architecture: Option<String>,
    default_architecture: Option<bool>,
    format: Option<String>,
}

impl Catalog {
    /// Reads a catalog. `url` is where it was, for messages.
    pub fn parse(json: &[u8], url: &str) -> Result<Self> {
        let raw: RawCatalog = serde_json::from_slice(json).map_err(|source| Error::CatalogMalformed {
            url: url.to_owned(),
            source,
        })?;
        let mut versions = Vec::new();
        for it in raw.versions {
            let malformed = || Error::CatalogVersionMalformed {
                url: url.to_owned(),
                version: it.version.escape_debug().to_string(),
            };
            let version = Version::parse(&it.version)
                .filter(|_| !it.version.is_empty())
                .ok_or_else(malformed)?;
            if matches!(it.status.as_deref(), None | Some("active")) {
                let providers = it
                    .providers
                    .into_iter()
                    .map(CatalogProvider::of)
                    .collect::<Result<_>>()?;
                versions.push(CatalogVersion { version, providers });
            }
        }
        versions.sort_by(|left, right| right.version.cmp(&left.version));
        Ok(Self {
            name: raw.name,
            description: raw.description,
            versions,
            url: url.to_owned(),
        })
    }

    /// A catalog that was made of what another kind of place has, the newest version first.
    pub(crate) fn of(name: Option<String>, mut versions: Vec<CatalogVersion>, url: &str) -> Self {
        versions.sort_by(|left, right| right.version.cmp(&left.version));
        Self {
            name,
            description: None,
            versions,
            url: url.to_owned(),
        }
    }

    /// The newest version that has what is wanted, and its file.
    pub fn select(&self, wanted: &Selection<'_>) -> Result<(&CatalogVersion, &CatalogProvider)> {
        let allowed: Vec<_> = self
            .versions
            .iter()
            .filter(|it| wanted.version.allow(&it.version))
            .collect();
        if allowed.is_empty() {
            return Err(Error::NoMatchingVersion {
                name: self.shown_name(),
                constraints: wanted.version.to_string(),
                available: list(self.versions.iter().map(|it| it.version.to_string())),
            });
        }
        let with_provider: Vec<_> = allowed
            .iter()
            .filter(|it| it.providers.iter().any(|file| wanted.takes_provider(file)))
            .collect();
        if with_provider.is_empty() {
            return Err(Error::NoMatchingProvider {
                name: self.shown_name(),
                wanted: wanted.providers.join(", "),
                available: list(files(&allowed).map(|it| it.name.clone())),
            });
        }
        for version in with_provider {
            if let Some(file) = wanted.of_version(version, &self.shown_name())? {
                return Ok((version, file));
            }
        }
        Err(Error::NoMatchingArchitecture {
            name: self.shown_name(),
            architecture: wanted.architecture.to_string(),
            available: list(files(&allowed).filter(|it| wanted.takes_provider(it)).map(|it| {
                it.architecture
                    .clone()
                    .unwrap_or_else(|| architecture::UNKNOWN.to_owned())
            })),
        })
    }

    fn shown_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.url.clone())
    }
}

impl Selection<'_> {
    fn takes_provider(&self, file: &CatalogProvider) -> bool {
        self.providers.is_empty() || self.providers.contains(&file.name)
    }

    /// The file of a version that suits best; the provider counts for more than the architecture.
    fn of_version<'a>(&self, version: &'a CatalogVersion, name: &str) -> Result<Option<&'a CatalogProvider>> {
        let suits = |it: &CatalogProvider| {
            self.architecture
                .rank(it.architecture.as_deref(), it.default_architecture)
        };
        let suiting: Vec<_> = version
            .providers
            .iter()
            .filter(|it| self.takes_provider(it))
            .filter_map(|it| suits(it).map(|rank| (rank, it)))
            .collect();
        if self.providers.is_empty() {
            let mut names: Vec<&str> = suiting.iter().map(|(_, it)| it.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            if names.len() > 1 {
                let (name, providers) = (name.to_owned(), names.join(", "));
                return Err(Error::ProviderAmbiguous { name, providers });
            }
        }
        let place = |it: &CatalogProvider| self.providers.iter().position(|name| *name == it.name);
        Ok(suiting
            .into_iter()
            .min_by_key(|(rank, it)| (place(it), *rank))
            .map(|(_, it)| it))
    }
}

impl CatalogProvider {
    fn of(raw: RawProvider) -> Result<Self> {
        let checksum = Checksum::parse(
            raw.checksum_type.as_deref(),
            raw.checksum.as_deref().unwrap_or_default(),
        )?;
        Ok(Self {
            name: raw.name,
            url: raw.url,
            checksum,
            architecture: raw.architecture.filter(|it| !it.is_empty()),
            default_architecture: raw.default_architecture.unwrap_or(false),
            chunked: raw.format.as_deref() == Some(CHUNKED),
        })
    }
}

fn files<'a>(versions: &[&'a CatalogVersion]) -> impl Iterator<Item = &'a CatalogProvider> {
    versions.iter().flat_map(|it| &it.providers)
}

/// What there is to choose from, each once, for a message.
fn list(choices: impl Iterator<Item = String>) -> String {
    let mut list: Vec<String> = Vec::new();
    for choice in choices.map(|it| it.escape_debug().to_string()) {
        if !list.contains(&choice) {
            list.push(choice);
        }
    }
    if list.is_empty() {
        "nothing".to_owned()
    } else {
        list.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// Versions with their files, each `PROVIDER[:ARCHITECTURE[*]]`, the star for the default one.
    fn catalog(versions: &[(&str, &str)]) -> Catalog {
        let version = |(version, files): &(&str, &str)| {
            let providers: Vec<_> = files.split_whitespace().map(file).collect();
            serde_json::json!({ "version": version, "providers": providers })
        };
        let versions: Vec<_> = versions.iter().map(version).collect();
        Catalog::parse(
            serde_json::json!({ "name": "a/b", "versions": versions })
                .to_string()
                .as_bytes(),
            "URL",
        )
        .unwrap()
    }

    fn file(text: &str) -> serde_json::Value {
        match text.split_once(':') {
            None => serde_json::json!({ "name": text, "url": text }),
            Some((name, architecture)) => serde_json::json!({
                "name": name,
                "url": text,
                "architecture": architecture.trim_end_matches('*'),
                "default_architecture": architecture.ends_with('*'),
            }),
        }
    }

    fn check(catalog: &Catalog, version: &str, providers: &[&str], architecture: &Architecture, expected: Expect) {
        let providers: Vec<String> = providers.iter().map(|it| it.to_string()).collect();
        let selection = Selection {
            version: &version.parse().unwrap(),
            providers: &providers,
            architecture,
        };
        let outcome = match catalog.select(&selection) {
            Ok((version, file)) => format!("{} {}", version.version, file.url),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&outcome);
    }

    fn auto() -> Architecture {
        Architecture::Auto {
            host: "x86_64".to_owned(),
        }
    }

    #[test]
    fn the_newest_version_that_has_the_provider_is_taken() {
        let catalog = catalog(&[("1.9", "libvirt qemu"), ("1.10", "libvirt"), ("2.0", "virtualbox")]);
        check(&catalog, "", &["qemu", "libvirt"], &auto(), expect!["1.10 libvirt"]);
        check(&catalog, "< 1.10", &["qemu", "libvirt"], &auto(), expect!["1.9 qemu"]);
        check(&catalog, "", &[], &auto(), expect!["2.0 virtualbox"]);
    }

    #[test]
    fn what_the_catalog_does_not_have_is_an_error_that_says_what_it_has() {
        let catalog = catalog(&[("1.9", "libvirt:arm64 qemu:arm64"), ("1.10", "libvirt:arm64")]);
        check(
            &catalog,
            "> 2",
            &[],
            &auto(),
            expect!["the box `a/b` has no version that satisfies `> 2`; it has: 1.10, 1.9"],
        );
        check(
            &catalog,
            "",
            &["hyperv"],
            &auto(),
            expect!["the box `a/b` is not there for hyperv; it is for: libvirt, qemu"],
        );
        check(
            &catalog,
            "",
            &["libvirt"],
            &auto(),
            expect![
                "the box `a/b` has no version for the architecture amd64 (the host's) that is asked for; there are: arm64"
            ],
        );
        check(
            &catalog,
            "1.9",
            &[],
            &Architecture::Named("arm64".into()),
            expect!["the box `a/b` is there for several providers, of which one must be chosen: libvirt, qemu"],
        );
    }

    #[test]
    fn the_architecture_is_chosen_as_vagrant_chooses_it() {
        let all = catalog(&[("1", "qemu:arm64* qemu:amd64 qemu:unknown")]);
        check(&all, "", &["qemu"], &auto(), expect!["1 qemu:amd64"]);
        check(
            &all,
            "",
            &["qemu"],
            &Architecture::CatalogDefault,
            expect!["1 qemu:arm64*"],
        );
        check(
            &all,
            "",
            &["qemu"],
            &Architecture::Named("aarch64".into()),
            expect!["1 qemu:arm64*"],
        );
        check(
            &all,
            "",
            &["qemu"],
            &Architecture::Named("i386".into()),
            expect![
                "the box `a/b` has no version for the architecture i386 that is asked for; there are: arm64, amd64, unknown"
            ],
        );
        let unknown = catalog(&[("1", "qemu:unknown*")]);
        check(&unknown, "", &["qemu"], &auto(), expect!["1 qemu:unknown*"]);
        let not_default = catalog(&[("1", "qemu:unknown")]);
        check(
            &not_default,
            "",
            &["qemu"],
            &auto(),
            expect![
                "the box `a/b` has no version for the architecture amd64 (the host's) that is asked for; there are: unknown"
            ],
        );
        let none = catalog(&[("1", "qemu")]);
        check(&none, "", &["qemu"], &auto(), expect!["1 qemu"]);
        check(&none, "", &["qemu"], &Architecture::CatalogDefault, expect!["1 qemu"]);
        let older = catalog(&[("1", "qemu:amd64"), ("2", "qemu:arm64")]);
        check(&older, "", &["qemu"], &auto(), expect!["1 qemu:amd64"]);
    }

    #[test]
    fn versions_that_are_not_released_are_passed_over() {
        let json = r#"{"versions":[
            {"version":"1","status":"active","providers":[{"name":"qemu","url":"1"}]},
            {"version":"2","status":"unreleased","providers":[{"name":"qemu","url":"2"}]},
            {"version":"3","status":"revoked","providers":[{"name":"qemu","url":"3"}]}]}"#;
        check(
            &Catalog::parse(json.as_bytes(), "URL").unwrap(),
            "",
            &["qemu"],
            &auto(),
            expect!["1 1"],
        );
    }

    #[test]
    fn what_is_no_catalog_is_an_error() {
        let parse = |json: &str| Catalog::parse(json.as_bytes(), "URL").unwrap_err().to_string();
        expect!["the catalog at URL cannot be read as one"].assert_eq(&parse(r#"{"versions":{}}"#));
        expect!["the catalog at URL has a version `new`, which is none"]
            .assert_eq(&parse(r#"{"versions":[{"version":"new"}]}"#));
        expect!["`zz` is no md5 checksum: 32 hex digits are"].assert_eq(&parse(
            r#"{"versions":[{"version":"1","providers":[{"name":"x","url":"x","checksum":"zz","checksum_type":"md5"}]}]}"#,
        ));
    }
}

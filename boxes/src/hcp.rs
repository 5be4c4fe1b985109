//! The API of HCP Vagrant, the successor of Vagrant's catalog: a box's versions as JSON, page by page.

use serde::Deserialize;
use url::Url;

use crate::add::Places;
use crate::address::Address;
use crate::catalog::{Catalog, CatalogProvider};
use crate::checksum::Checksum;
use crate::event::{Event, Observer};
use crate::resolve::{Offer, put};
use crate::version::Version;
use crate::{Error, Result, architecture};

const API: &str = "vagrant/2022-09-30";
const PAGES: usize = 50;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    versions: Vec<HcpVersion>,
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct HcpVersion {
    name: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    providers: Vec<HcpProvider>,
}

#[derive(Deserialize)]
struct HcpProvider {
    name: String,
    #[serde(default)]
    architectures: Vec<HcpArchitecture>,
}

#[derive(Deserialize)]
struct HcpArchitecture {
    #[serde(default)]
    architecture_type: String,
    #[serde(default)]
    default: bool,
    box_data: Option<BoxData>,
}

#[derive(Deserialize)]
struct BoxData {
    #[serde(default)]
    checksum: String,
    #[serde(default)]
    checksum_type: String,
    #[serde(default)]
    download_url: String,
}

/// The catalog of `REGISTRY/BOX`.
pub(crate) async fn catalog(places: &Places<'_>, base: &str, name: &str, observer: &Observer) -> Result<Offer> {
    let invalid = |reason| Error::AddressInvalid {
        address: crate::address::shown(base),
        reason,
    };
    let (registry, name_of_box) = name
        .split_once('/')
        .ok_or_else(|| invalid("its names have the form REGISTRY/BOX"))?;
    let of_box = format!("{base}/{API}/registry/{registry}/box/{name_of_box}");
    let url = Url::parse(&format!("{of_box}/versions?expanded=true")).map_err(|_| invalid("it is no URL"))?;
    let shown = crate::address::shown(url.as_str());
    observer(Event::Catalog { url: shown.clone() });
    let (mut versions, mut next) = (Vec::new(), Some(url.clone()));
    for _ in 0..PAGES {
        let Some(url) = next.take() else { break };
        let page = page(&places.text(&url, "application/json").await?, &shown)?;
        for version in page.versions {
            let Some(number) = usable(&version) else { continue };
            for provider in version.providers {
                for file in files(provider, &of_box, number.as_str())? {
                    put(&mut versions, number.clone(), file);
                }
            }
        }
        let token = page.pagination.map(|it| it.next_page_token).filter(|it| !it.is_empty());
        next = token.map(|token| {
            let mut url = url.clone();
            url.set_query(Some("expanded=true"));
            url.query_pairs_mut().append_pair("pagination.next_page_token", &token);
            url
        });
    }
    Ok(Offer::Catalog {
        address: Address::Web(url),
        catalog: Catalog::of(Some(name.to_owned()), versions, &shown),
    })
}

fn page(json: &str, shown: &str) -> Result<Page> {
    serde_json::from_str(json).map_err(|source| Error::CatalogMalformed {
        url: shown.to_owned(),
        source,
    })
}

/// The version, where it is released.
fn usable(version: &HcpVersion) -> Option<Version> {
    let is_released = matches!(version.state.to_ascii_uppercase().as_str(), "" | "ACTIVE" | "RELEASED");
    Version::parse(version.name.trim_start_matches('v')).filter(|_| is_released)
}

fn files(provider: HcpProvider, of_box: &str, version: &str) -> Result<Vec<CatalogProvider>> {
    let mut files = Vec::new();
    for it in provider.architectures {
        let Some(data) = it.box_data else { continue };
        let kind = data.checksum_type.to_ascii_lowercase();
        let kind = kind
            .rsplit('_')
            .next()
            .filter(|it| !matches!(*it, "" | "none" | "unspecified"));
        let checksum = kind
            .map(|kind| Checksum::parse(Some(kind), &data.checksum))
            .transpose()?;
        let own = it.architecture_type.to_ascii_lowercase();
        let download = format!(
            "{of_box}/version/{version}/provider/{}/architecture/{own}/download",
            provider.name
        );
        let own = architecture::vagrant_name(&own).to_owned();
        files.push(CatalogProvider {
            name: provider.name.clone(),
            url: if data.download_url.is_empty() {
                download
            } else {
                data.download_url
            },
            checksum: checksum.flatten(),
            architecture: Some(own).filter(|it| !it.is_empty()),
            default_architecture: it.default,
            chunked: false,
        });
    }
    Ok(files)
}

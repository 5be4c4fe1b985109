//! Box files on a web server that lists its folders: `NAME/VERSION/[ARCHITECTURE/]PROVIDER.box`.
//!
//! Of a list only the links count that lead to something in the folder itself; how the page looks besides is the server's matter.

use url::Url;

use crate::add::Places;
use crate::address::Address;
use crate::catalog::{Catalog, CatalogProvider, Selection};
use crate::event::{Event, Observer};
use crate::name::is_plain_word;
use crate::resolve::{Offer, put};
use crate::version::Version;
use crate::{Error, Result};

const ENDING: &str = ".box";
/// Of so many versions it is looked which providers they have.
const VERSIONS: usize = 50;

/// The catalog of a name, of its newest version that has what is wanted and of those that are newer.
pub(crate) async fn catalog(
    places: &Places<'_>,
    base: &str,
    name: &str,
    wanted: &Selection<'_>,
    observer: &Observer,
) -> Result<Offer> {
    let url = Url::parse(&format!("{base}/{name}/")).map_err(|_| Error::AddressInvalid {
        address: crate::address::shown(base),
        reason: "it is no URL",
    })?;
    let shown = crate::address::shown(url.as_str());
    observer(Event::Catalog { url: shown.clone() });
    let links = links(places, &url).await?;
    let mut allowed: Vec<(Version, Url)> = links
        .into_iter()
        .filter(|it| it.is_folder)
        .filter_map(|it| Some((Version::parse(&it.name).filter(|it| wanted.version.allow(it))?, it.url)))
        .collect();
    allowed.sort_by(|left, right| right.0.cmp(&left.0));
    let mut versions = Vec::new();
    for (version, url) in allowed.into_iter().take(VERSIONS) {
        for file in files(places, &url).await? {
            put(&mut versions, version.clone(), file);
        }
        if Catalog::of(None, versions.clone(), &shown).select(wanted).is_ok() {
            break;
        }
    }
    Ok(Offer::Catalog {
        address: Address::Web(url),
        catalog: Catalog::of(Some(name.to_owned()), versions, &shown),
    })
}

/// The files of a version: those that lie in its folder, and those in folders of architectures.
async fn files(places: &Places<'_>, url: &Url) -> Result<Vec<CatalogProvider>> {
    let mut files = Vec::new();
    for link in links(places, url).await? {
        if let Some(file) = link.file(None) {
            files.push(file);
        } else if link.is_folder && is_plain_word(&link.name) {
            let below = links(places, &link.url).await?;
            files.extend(below.iter().filter_map(|it| it.file(Some(link.name.clone()))));
        }
    }
    Ok(files)
}

/// A link of a list to something in its folder.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    name: String,
    url: Url,
    is_folder: bool,
}

impl Link {
    fn file(&self, architecture: Option<String>) -> Option<CatalogProvider> {
        let provider = self
            .name
            .strip_suffix(ENDING)
            .filter(|it| !self.is_folder && is_plain_word(it))?;
        Some(CatalogProvider {
            name: provider.to_owned(),
            url: self.url.to_string(),
            checksum: None,
            architecture,
            default_architecture: false,
            chunked: false,
        })
    }
}

async fn links(places: &Places<'_>, url: &Url) -> Result<Vec<Link>> {
    Ok(links_of(&places.text(url, "text/html").await?, url))
}

/// The links of a page, by the values of `href`; what leads elsewhere is none.
fn links_of(page: &str, folder: &Url) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("href=") {
        let quote = after.chars().next().filter(|it| matches!(it, '"' | '\''));
        let (value, next) = match quote {
            Some(quote) => after[1..].split_once(quote).unwrap_or(("", "")),
            None => after.split_at(after.find([' ', '>']).unwrap_or(after.len())),
        };
        links.extend(link(value, folder));
        rest = next;
    }
    links
}

fn link(value: &str, folder: &Url) -> Option<Link> {
    let url = folder.join(value).ok()?;
    let rest = url.as_str().strip_prefix(folder.as_str())?;
    let name = rest.trim_end_matches('/').to_owned();
    let is_folder = rest.ends_with('/');
    let is_one_below = !name.is_empty() && !name.contains(['/', '?', '#', '%']);
    is_one_below.then_some(Link { name, url, is_folder })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_what_is_in_the_folder_count() {
        let page = r##"<a href="../">..</a> <a href="1.0/">1.0/</a> <A HREF=x href='libvirt.box'>
            <a href="/boxes/a/2.0/">2.0</a> <a href="https://elsewhere/x.box">x</a> <a href="?C=N;O=D">Name</a>
            <a href=qemu.box>qemu</a> <a href="#top"> <a href="1.0/libvirt.box">"##;
        let folder = Url::parse("https://host/boxes/a/").unwrap();
        let shown: Vec<String> = links_of(page, &folder)
            .into_iter()
            .map(|it| format!("{}{}", it.name, if it.is_folder { "/" } else { "" }))
            .collect();
        assert_eq!(shown, ["1.0/", "libvirt.box", "2.0/", "qemu.box"]);
    }

    #[test]
    fn a_page_that_breaks_off_has_the_links_before_it() {
        let folder = Url::parse("https://host/").unwrap();
        assert_eq!(links_of("<a href=\"1.0/\"> <a href=\"2", &folder).len(), 1);
        assert_eq!(links_of("", &folder), []);
        assert_eq!(links_of("href=", &folder), []);
    }
}

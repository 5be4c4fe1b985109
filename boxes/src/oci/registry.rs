//! The distribution protocol of OCI registries, as far as boxes need it: tags, manifests, and blobs by digest.
//!
//! It speaks through [`Fetch`], so that certificates, proxies and `--offline` hold here as they do everywhere. A registry asks
//! who it speaks with when it wants to know; the answer is kept for the next request.

use std::sync::Mutex;

use bytes::Bytes;
use serde::Deserialize;
use url::Url;

use super::manifest::{self, Tagged};
use super::reference::{Part, Reference};
use crate::fetch::{Fetch, Request, Response};
use crate::place::{Access, Account, access_to};
use crate::{Error, Result};

/// A list of tags is read page by page, so many at most.
const PAGES: usize = 100;
const LARGEST_ANSWER: usize = 16 << 20;

/// One repository of a registry.
pub(crate) struct Registry<'a> {
    fetch: &'a dyn Fetch,
    accounts: &'a [Account],
    base: Url,
    pub(crate) reference: Reference,
    authorization: Mutex<Option<String>>,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Registry<'a> {
    /// Finds out how the registry is reached. On this computer itself it may do without TLS, as registries for trying out do.
    pub(crate) async fn open(fetch: &'a dyn Fetch, accounts: &'a [Account], reference: &Reference) -> Result<Self> {
        let https = base_of("https", reference)?;
        let is_local = match https.host() {
            Some(url::Host::Ipv4(it)) => it.is_loopback(),
            Some(url::Host::Ipv6(it)) => it.is_loopback(),
            Some(url::Host::Domain(it)) => it == "localhost",
            None => false,
        };
        let base = if is_local && !speaks_tls(fetch, &https).await {
            base_of("http", reference)?
        } else {
            https
        };
        Ok(Self {
            fetch,
            accounts,
            base,
            reference: reference.clone(),
            authorization: Mutex::default(),
        })
    }

    /// All tags of the repository; none where there is no such repository.
    pub(crate) async fn tags(&self) -> Result<Vec<String>> {
        let mut tags = Vec::new();
        let mut next = Some(self.url("tags/list")?);
        for _ in 0..PAGES {
            let Some(url) = next.take() else { break };
            let response = self.ask(Request::get(url.as_str())).await?;
            if response.status == 404 {
                break;
            }
            next = next_page(&response, &url);
            let json = self.body(response).await?;
            let page: Tags = serde_json::from_slice(&json).map_err(|_| self.malformed("its tags are no JSON"))?;
            tags.extend(page.tags.unwrap_or_default());
        }
        Ok(tags)
    }

    /// What a tag or digest leads to, with its bytes; `None` where there is nothing.
    pub(crate) async fn tagged(&self, part: &str) -> Result<Option<(Tagged, Vec<u8>)>> {
        let url = self.url(&format!("manifests/{part}"))?;
        let accepted = format!("{}, {}", manifest::MANIFEST, manifest::INDEX);
        let response = self.ask(Request::get(url.as_str()).with("accept", accepted)).await?;
        if response.status == 404 {
            return Ok(None);
        }
        let json = self.body(response).await?;
        if part.starts_with("sha256:") && manifest::digest_of(&json) != part {
            return Err(self.malformed("a manifest is another than its digest says"));
        }
        let tagged = Tagged::parse(&json, &self.shown())?;
        Ok(Some((tagged, json)))
    }

    /// Puts a manifest or an index under a tag or its digest.
    pub(crate) async fn put_manifest(&self, part: &str, media_type: &str, json: Vec<u8>) -> Result<()> {
        let url = self.url(&format!("manifests/{part}"))?;
        let request = Request {
            method: "PUT",
            body: Bytes::from(json),
            ..Request::get(url.as_str())
        };
        let response = self.ask(request.with("content-type", media_type)).await?;
        self.expect(&response, &[201]).map(|_| ())
    }

    /// Whether a blob is there.
    pub(crate) async fn has(&self, digest: &str) -> Result<bool> {
        let url = self.url(&format!("blobs/{digest}"))?;
        let request = Request {
            method: "HEAD",
            ..Request::get(url.as_str())
        };
        let response = self.ask(request).await?;
        match response.status {
            404 => Ok(false),
            _ => self.expect(&response, &[200]).map(|_| true),
        }
    }

    /// Sends a blob.
    pub(crate) async fn put_blob(&self, digest: &str, content: Bytes) -> Result<()> {
        let start = Request {
            method: "POST",
            ..Request::get(self.url("blobs/uploads/")?.as_str())
        };
        let started = self.ask(start).await?;
        self.expect(&started, &[202])?;
        let mut place = started
            .header("location")
            .and_then(|it| self.base.join(it).ok())
            .ok_or_else(|| self.malformed("it does not say where a blob is to be sent"))?;
        place.query_pairs_mut().append_pair("digest", digest);
        let request = Request {
            method: "PUT",
            body: content,
            ..Request::get(place.as_str())
        };
        let sent = self
            .ask(request.with("content-type", "application/octet-stream"))
            .await?;
        self.expect(&sent, &[201]).map(|_| ())
    }

    /// The answer with a blob, or with a part of it: from the first byte to the last.
    pub(crate) async fn blob(&self, digest: &str, range: Option<(u64, u64)>) -> Result<Response> {
        let request = self.blob_request(digest)?;
        let request = match range {
            Some((first, last)) => request.with("range", format!("bytes={first}-{last}")),
            None => request,
        };
        let response = self.ask(request).await?;
        self.expect(&response, &[200, 206])?;
        Ok(response)
    }

    /// The request for a blob, with what lets this side in by now.
    pub(crate) async fn blob_download(&self, digest: &str) -> Result<Request> {
        let request = self.blob_request(digest)?;
        // A first question brings the authorization that the download itself needs.
        self.has(digest).await?;
        Ok(self.authorized(request))
    }

    fn blob_request(&self, digest: &str) -> Result<Request> {
        Ok(Request::get(self.url(&format!("blobs/{digest}"))?.as_str()))
    }

    /// Sends a request, and once more with an authorization where one is asked for.
    async fn ask(&self, request: Request) -> Result<Response> {
        let response = self.send(self.authorized(request.clone())).await?;
        if response.status != 401 {
            return Ok(response);
        }
        let challenge = response.header("www-authenticate").unwrap_or_default().to_owned();
        let Some(authorization) = self.answer_to(&challenge).await? else {
            return Ok(response);
        };
        *self.kept() = Some(authorization);
        self.send(self.authorized(request)).await
    }

    fn authorized(&self, request: Request) -> Request {
        // A place to send blobs to may be on another server, which is shown nothing.
        let is_ours = Url::parse(&request.url).is_ok_and(|it| it.origin() == self.base.origin());
        match self.kept().clone().filter(|_| is_ours) {
            Some(it) => request.with("authorization", it),
            None => request,
        }
    }

    /// What answers the registry's question who this is; `None` where nothing does.
    async fn answer_to(&self, challenge: &str) -> Result<Option<String>> {
        let access = access_to(self.accounts, &self.base);
        let Some(parameters) = parameters_of(challenge, "bearer") else {
            return Ok(access.map(Access::header));
        };
        let named = |name: &str| {
            parameters
                .iter()
                .find(|(it, _)| it == name)
                .map(|(_, value)| value.clone())
        };
        let Some(mut realm) = named("realm").and_then(|it| Url::parse(&it).ok()) else {
            return Ok(None);
        };
        // The password goes to the registry, or over TLS to the server that it names.
        let is_safe = realm.scheme() == "https" || realm.origin() == self.base.origin();
        if let Some(service) = named("service") {
            realm.query_pairs_mut().append_pair("service", &service);
        }
        let scope = named("scope").unwrap_or_else(|| format!("repository:{}:pull,push", self.reference.repository));
        realm.query_pairs_mut().append_pair("scope", &scope);
        let request = Request::get(realm.as_str());
        let request = match access.filter(|_| is_safe) {
            Some(access) => request.with("authorization", access.header()),
            None => request,
        };
        let response = self.send(request).await?;
        self.expect(&response, &[200])?;
        let json = self.body(response).await?;
        let token: Token = serde_json::from_slice(&json).map_err(|_| self.malformed("its token is no JSON"))?;
        Ok(token.token.or(token.access_token).map(|it| format!("Bearer {it}")))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.authorization
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    async fn send(&self, request: Request) -> Result<Response> {
        let url = crate::address::shown(&request.url);
        self.fetch
            .send(request)
            .await
            .map_err(|source| Error::Fetch { url, source })
    }

    async fn body(&self, response: Response) -> Result<Vec<u8>> {
        self.expect(&response, &[200])?;
        let url = crate::address::shown(&response.url);
        whole(response, LARGEST_ANSWER, &url).await
    }

    fn expect(&self, response: &Response, statuses: &[u16]) -> Result<()> {
        if statuses.contains(&response.status) {
            return Ok(());
        }
        Err(match response.status {
            401 | 403 => Error::AccessDenied {
                what: self.shown(),
                status: response.status,
            },
            status => Error::FetchStatus {
                url: crate::address::shown(&response.url),
                status,
            },
        })
    }

    fn url(&self, rest: &str) -> Result<Url> {
        let url = self.base.join(&format!("/v2/{}/{rest}", self.reference.repository));
        url.map_err(|_| self.malformed("it has no such address"))
    }

    fn shown(&self) -> String {
        self.reference.with(Part::All).to_string()
    }

    fn malformed(&self, reason: &str) -> Error {
        Error::ArtifactMalformed {
            what: self.shown(),
            reason: format!("cannot be read: {reason}"),
        }
    }
}

/// All of an answer, up to a limit.
pub(crate) async fn whole(mut response: Response, limit: usize, url: &str) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    let failed = |source| Error::Fetch {
        url: url.to_owned(),
        source,
    };
    while let Some(chunk) = response.body.chunk().await.map_err(failed)? {
        content.extend_from_slice(&chunk);
        if content.len() > limit {
            return Err(Error::ArtifactMalformed {
                what: url.to_owned(),
                reason: format!("has more than {limit} bytes"),
            });
        }
    }
    Ok(content)
}

fn base_of(scheme: &str, reference: &Reference) -> Result<Url> {
    Url::parse(&format!("{scheme}://{}/", reference.host)).map_err(|_| Error::AddressInvalid {
        address: reference.to_string(),
        reason: "it names no host",
    })
}

async fn speaks_tls(fetch: &dyn Fetch, https: &Url) -> bool {
    match fetch.send(Request::get(format!("{https}v2/"))).await {
        Ok(_) => true,
        // A certificate that nobody trusts is TLS, too, and not a reason to do without.
        Err(error) => causes(&error).any(|it| it.contains("certificate")),
    }
}

fn causes(error: &std::io::Error) -> impl Iterator<Item = String> {
    let first: &dyn std::error::Error = error;
    std::iter::successors(Some(first), |it| it.source()).map(|it| it.to_string().to_lowercase())
}

/// The parameters of a challenge of one scheme: `Bearer realm="...",service="..."`.
fn parameters_of(challenge: &str, scheme: &str) -> Option<Vec<(String, String)>> {
    let (named, rest) = challenge.trim().split_once(' ')?;
    if !named.eq_ignore_ascii_case(scheme) {
        return None;
    }
    let mut parameters = Vec::new();
    let mut rest = rest.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after
                .split_once(',')
                .map_or((after, ""), |(value, _)| (value, &after[value.len()..])),
        };
        parameters.push((name.trim().to_lowercase(), value.to_owned()));
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    Some(parameters)
}

/// The next page of a list: `Link: </v2/...>; rel="next"`.
fn next_page(response: &Response, url: &Url) -> Option<Url> {
    let link = response.header("link").filter(|it| it.contains("rel=\"next\""))?;
    let target = link.split_once('<')?.1.split_once('>')?.0;
    url.join(target).ok().filter(|it| it.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_taken_apart() {
        let read = |it: &str| {
            parameters_of(it, "bearer").map(|it| {
                let shown: Vec<String> = it.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
                shown.join(" ")
            })
        };
        assert_eq!(
            read(r#"Bearer realm="https://a/token",service="b,c", scope="repository:x:pull,push""#).unwrap(),
            "realm=https://a/token service=b,c scope=repository:x:pull,push"
        );
        assert_eq!(read("bearer realm=x,service=y").unwrap(), "realm=x service=y");
        assert_eq!(read(r#"Basic realm="x""#), None);
        assert_eq!(read(""), None);
    }
}

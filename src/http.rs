//! HTTP for those who fetch boxes and scripts: one client, with the user's certificates and proxies.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use boxes::{Body, Fetch, Request, Response};
use bytes::Bytes;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity, Method};
use vagrantfile::host;

use crate::context::Context;
use crate::error::{Error, Result};

/// How the other side is trusted.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Certificates are not looked at.
    pub insecure: bool,
    /// A file with certificates to trust besides the system's.
    pub ca_cert: Option<PathBuf>,
    /// A folder of such files.
    pub ca_path: Option<PathBuf>,
    /// A file with this side's own certificate and its key.
    pub client_cert: Option<PathBuf>,
}

impl Trust {
    /// What is said here, and where nothing is, what is said there.
    pub fn or(self, other: Self) -> Self {
        Self {
            insecure: self.insecure || other.insecure,
            ca_cert: self.ca_cert.or(other.ca_cert),
            ca_path: self.ca_path.or(other.ca_path),
            client_cert: self.client_cert.or(other.client_cert),
        }
    }
}

/// An HTTP client.
pub struct Http {
    /// `None` where no connection may be made. It reads all certificates of the system, so it is made when it is needed: most boxes
    /// are files, or here already.
    client: Option<LazyClient>,
}

type LazyClient = LazyLock<reqwest::Result<Client>, Box<dyn FnOnce() -> reqwest::Result<Client> + Send>>;

impl Http {
    /// A client that trusts as told; with `--offline` one that answers every request with an error.
    pub fn for_user(context: &Context, trust: &Trust) -> Result<Self> {
        match context.offline {
            true => Ok(Self { client: None }),
            false => Self::new(trust, Policy::default()),
        }
    }

    /// A client for one request of a Vagrantfile.
    pub fn for_vagrantfile(offline: bool, request: &host::Request) -> Result<Self> {
        let redirections = match request.follows {
            true => Policy::default(),
            false => Policy::none(),
        };
        let trust = Trust {
            insecure: request.insecure,
            ..Trust::default()
        };
        match offline {
            true => Ok(Self { client: None }),
            false => Self::new(&trust, redirections),
        }
    }

    /// Proxies come from the usual environment variables.
    fn new(trust: &Trust, redirections: Policy) -> Result<Self> {
        // The first caller wins; every caller installs the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("jaunt/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(30))
            .read_timeout(Duration::from_secs(60))
            .redirect(redirections)
            .tls_danger_accept_invalid_certs(trust.insecure);
        for path in certificate_files(trust)? {
            let certificates = Certificate::from_pem_bundle(&read(&path)?).map_err(unusable(&path))?;
            builder = certificates
                .into_iter()
                .fold(builder, |builder, it| builder.add_root_certificate(it));
        }
        if let Some(path) = &trust.client_cert {
            builder = builder.identity(Identity::from_pem(&read(path)?).map_err(unusable(path))?);
        }
        Ok(Self {
            client: Some(LazyLock::new(Box::new(|| builder.build()))),
        })
    }

    /// The whole content of what a URL names, for things of a reasonable size.
    pub async fn get(&self, url: &str, at_most: usize) -> io::Result<Vec<u8>> {
        let response = self.send(Request::get(url)).await?;
        if response.status != 200 {
            return Err(io::Error::other(format!(
                "the server answered with status {}",
                response.status
            )));
        }
        whole(response.body, at_most).await
    }

    /// What a server answers to a Vagrantfile, whatever its status is.
    pub async fn exchange(&self, request: host::Request, at_most: usize) -> io::Result<host::Response> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(io::Error::other)?;
        let mut builder = self.client()?.request(method, &request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(timeout) = request.timeout {
            builder = builder.timeout(timeout);
        }
        let answer = builder.body(request.body).send().await.map_err(why)?;
        Ok(host::Response {
            status: answer.status().as_u16(),
            reason: answer.status().canonical_reason().unwrap_or_default().to_owned(),
            headers: headers_of(&answer),
            body: whole(Box::new(Pieces(answer)), at_most).await?,
        })
    }

    fn client(&self) -> io::Result<&Client> {
        let client = self
            .client
            .as_ref()
            .ok_or_else(|| io::Error::other("`--offline` makes no connections"))?;
        LazyLock::force(client)
            .as_ref()
            .map_err(|error| io::Error::other(error.to_string()))
    }
}

async fn whole(mut body: Box<dyn Body>, at_most: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        content.extend_from_slice(&chunk);
        if content.len() > at_most {
            return Err(io::Error::other(format!("it has more than {at_most} bytes")));
        }
    }
    Ok(content)
}

fn headers_of(answer: &reqwest::Response) -> Vec<(String, String)> {
    let text = |it: &reqwest::header::HeaderValue| String::from_utf8_lossy(it.as_bytes()).into_owned();
    let headers = answer.headers().iter();
    headers.map(|(name, value)| (name.to_string(), text(value))).collect()
}

fn certificate_files(trust: &Trust) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = trust.ca_cert.iter().cloned().collect();
    if let Some(folder) = &trust.ca_path {
        let entries = fs::read_dir(folder).map_err(|source| Error::ReadFile {
            path: folder.clone(),
            source,
        })?;
        files.extend(entries.flatten().map(|it| it.path()).filter(|it| it.is_file()));
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| Error::ReadFile {
        path: path.to_owned(),
        source,
    })
}

fn unusable(path: &Path) -> impl FnOnce(reqwest::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::ReadFile {
        path,
        source: io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

#[async_trait]
impl Fetch for Http {
    async fn send(&self, request: Request) -> io::Result<Response> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(io::Error::other)?;
        let mut builder = self.client()?.request(method, &request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let answer = builder.body(request.body).send().await.map_err(why)?;
        Ok(Response {
            status: answer.status().as_u16(),
            url: answer.url().to_string(),
            headers: headers_of(&answer),
            body: Box::new(Pieces(answer)),
        })
    }
}

/// Why a connection failed, by the innermost cause: those around it say no more than that one did, and may name the URL, which may
/// hold a password.
fn why(error: reqwest::Error) -> io::Error {
    let error = error.without_url();
    let is_late = error.is_timeout();
    let mut innermost: &(dyn std::error::Error + 'static) = &error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    let kind = match innermost.downcast_ref::<io::Error>() {
        _ if is_late => io::ErrorKind::TimedOut,
        Some(error) => error.kind(),
        None => io::ErrorKind::Other,
    };
    let text = match innermost.to_string() {
        it if it.ends_with("UnknownIssuer") => {
            "nobody who is trusted has signed the server's certificate; `--cacert FILE` names whom to trust".to_owned()
        }
        it if it.contains("CaUsedAsEndEntity") => {
            "the server shows a certificate that is only good for signing others, and needs one of its own".to_owned()
        }
        it => it,
    };
    io::Error::new(kind, text)
}

struct Pieces(reqwest::Response);

#[async_trait]
impl Body for Pieces {
    async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        self.0.chunk().await.map_err(why)
    }
}

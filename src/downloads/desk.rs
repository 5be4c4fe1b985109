//! All that the crate of the boxes borrows: the store, the network, and the user's places and accounts.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use boxes::{Access, Account, Cancel, Places, Store};
use boxes::{Place, PlaceKind};
use reqwest::Url;
use serde_json::Value;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::http::{Http, Trust};
use crate::machine::store;
use crate::settings::{Settings, accounts_of};
use crate::state::create_folder;

/// The server that knows boxes by name where nothing else is said; Vagrant 2.4's default.
const USUAL_SERVER: &str = "https://vagrantcloud.com";

/// What [`Places`] borrows.
pub struct Desk {
    store: Store,
    http: Http,
    places: Vec<Place>,
    accounts: Vec<Account>,
    settings: Settings,
    folder: PathBuf,
    downloads: PathBuf,
}

impl Desk {
    /// A desk for work in a folder. `named` is the one place that is asked, instead of the user's.
    pub fn open(context: &Context, trust: &Trust, named: Option<&Place>, folder: &Path) -> Result<Self> {
        let downloads = context.home.temporary();
        create_folder(&downloads)?;
        let settings = Settings::load(context)?;
        Ok(Self {
            store: store(context),
            http: Http::for_user(context, trust)?,
            places: places(context, named, &settings),
            accounts: accounts(context, &settings),
            settings,
            folder: folder.to_owned(),
            downloads,
        })
    }

    /// Lets something be done that an interrupt ends: whoever works looks at the wish, and cleans up after itself.
    pub async fn attend<T>(
        &self,
        context: &Context,
        work: impl AsyncFnOnce(&Places<'_>, &Cancel) -> boxes::Result<T>,
    ) -> Result<T> {
        let places = Places {
            store: &self.store,
            fetch: &self.http,
            places: &self.places,
            accounts: &self.accounts,
            mirrors: &self.settings.mirrors,
            folder: &self.folder,
            downloads: &self.downloads,
        };
        let cancel = Cancel::new();
        let outcome = tokio::select! {
            outcome = work(&places, &cancel) => outcome,
            never = cancel_when_asked(context, &cancel) => never,
        };
        outcome.map_err(|error| match error {
            boxes::Error::Cancelled => Error::Interrupted,
            other => other.into(),
        })
    }
}

/// Lets the import clean up after itself: it looks at the wish between two pieces, and ends by itself.
async fn cancel_when_asked<T>(context: &Context, cancel: &Cancel) -> T {
    context.interrupt.raised().await;
    cancel.cancel();
    std::future::pending().await
}

/// The places that are asked: the one that is named, else those of the settings, else the table of images and the server.
///
/// `VAGRANT_SERVER_URL` takes the place of the usual server, and comes before those of the settings.
fn places(context: &Context, named: Option<&Place>, settings: &Settings) -> Vec<Place> {
    if let Some(place) = named {
        return vec![place.clone()];
    }
    let server = |url: String| Place {
        kind: PlaceKind::Catalog,
        url,
    };
    let own = context.environment.text("VAGRANT_SERVER_URL").map(server);
    if settings.places.is_empty() {
        let images = Place {
            kind: PlaceKind::Images,
            url: String::new(),
        };
        return vec![images, own.unwrap_or_else(|| server(USUAL_SERVER.to_owned()))];
    }
    own.into_iter().chain(settings.places.iter().cloned()).collect()
}

/// Those of the settings, that of Vagrant's variables, and those of `docker login`.
fn accounts(context: &Context, settings: &Settings) -> Vec<Account> {
    let environment = &context.environment;
    let mut accounts = settings.accounts.clone();
    let token = environment
        .text("VAGRANT_CLOUD_TOKEN")
        .or_else(|| environment.text("ATLAS_TOKEN"));
    if let Some(token) = token {
        context.ui.keep_secret(&token);
        let own = environment.text("VAGRANT_SERVER_URL");
        accounts.push(Account {
            url: own.unwrap_or_else(|| USUAL_SERVER.to_owned()),
            access: Access::Token(token),
        });
    }
    for account in accounts_of_docker(context) {
        if let Access::Password { password, .. } = &account.access {
            context.ui.keep_secret(password);
        }
        accounts.push(account);
    }
    accounts
}

/// What `docker login` and its like have noted, where they note it themselves and not in a helper.
fn accounts_of_docker(context: &Context) -> Vec<Account> {
    let folder = context.environment.variable("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| context.environment.user_home().map(|it| it.join(".docker")));
    let text = folder.and_then(|it| std::fs::read(it.join("config.json")).ok());
    text.map(|it| accounts_in(&it)).unwrap_or_default()
}

fn accounts_in(json: &[u8]) -> Vec<Account> {
    let value: Value = serde_json::from_slice(json).unwrap_or_default();
    let servers = value.get("auths").and_then(Value::as_object);
    let noted = servers.into_iter().flatten().filter_map(|(server, it)| {
        let decoded = STANDARD.decode(it.get("auth")?.as_str()?).ok()?;
        let decoded = String::from_utf8(decoded).ok()?;
        let (user, password) = decoded.split_once(':')?;
        let access = Access::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        };
        let host = match Url::parse(server) {
            Ok(url) if url.has_host() => url.authority().to_owned(),
            _ => server.split('/').next()?.to_owned(),
        };
        Some(accounts_of(&format!("oci://{host}/"), &access))
    });
    noted.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_noted_is_an_account() {
        let accounts = accounts_in(
            br#"{"auths": {"registry.example.com": {"auth": "bWU6c2VjcmV0"}, "https://b/v1/": {"auth": "bWU6eA=="}, "c": {}}}"#,
        );
        let urls: Vec<&str> = accounts.iter().map(|it| it.url.as_str()).collect();
        assert_eq!(urls, ["https://registry.example.com/", "https://b/"]);
        let expected = Access::Password {
            user: "me".to_owned(),
            password: "secret".to_owned(),
        };
        assert_eq!(accounts[0].access, expected);
        assert_eq!(accounts_in(b"nonsense"), []);
    }
}

//! Boxes on their way into the store: what `box add` and `up` ask the crate of the boxes for, and what the user sees of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use boxes::{
    Add, Architecture, Cancel, Checksum, Event, InstalledBox, Limits, Observer, Places, Server, Store, Version,
    VersionConstraints,
};
use reqwest::Url;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::http::{Http, Trust};
use crate::machine::{Machine, box_architecture, box_constraints, box_providers, store};
use crate::state::create_folder;
use crate::ui::Ui;
use crate::ui::progress::Progress;

/// The server that knows boxes by name where nothing else is said; Vagrant 2.4's default.
const USUAL_SERVER: &str = "https://vagrantcloud.com";

/// A box that is wanted.
pub struct Wanted {
    /// Places of it: names, URLs or paths.
    pub addresses: Vec<String>,
    /// The name that it gets.
    pub name: Option<String>,
    /// What its version must satisfy.
    pub version: VersionConstraints,
    /// The providers it may be for, the preferred one first.
    pub providers: Vec<String>,
    /// Its architecture.
    pub architecture: Architecture,
    /// Replaces a box that is there.
    pub force: bool,
    /// Throws away what an earlier download left.
    pub clean: bool,
    /// What the file must sum up to.
    pub checksum: Option<Checksum>,
    /// How servers are trusted.
    pub trust: Trust,
    /// The server that knows names; `None` is the user's.
    pub server: Option<String>,
    /// What relative paths are relative to.
    pub folder: PathBuf,
}

/// Finds a box and installs it, showing how far it is.
pub async fn add(context: &Context, wanted: &Wanted) -> Result<InstalledBox> {
    let add = Add {
        addresses: &wanted.addresses,
        name: wanted.name.as_deref(),
        version: &wanted.version,
        providers: &wanted.providers,
        architecture: &wanted.architecture,
        force: wanted.force,
        clean: wanted.clean,
        checksum: wanted.checksum.as_ref(),
        limits: Limits::default(),
    };
    let desk = Desk::open(context, &wanted.trust, wanted.server.as_deref(), &wanted.folder)?;
    let observer = observer(context.ui.clone());
    let installed = desk
        .attend(context, async |places, cancel| {
            places.add(&add, &observer, cancel).await
        })
        .await?;
    drop(observer);
    let InstalledBox {
        name,
        version,
        provider,
        ..
    } = &installed;
    context.ui.of("box").success(&format!(
        "Successfully added box '{name}' (v{version}) for '{provider}'!"
    ));
    Ok(installed)
}

/// The newest version that the catalog of an installed box has; `None` for a box of no catalog.
pub async fn newest(
    context: &Context,
    installed: &InstalledBox,
    constraints: &VersionConstraints,
    trust: Trust,
) -> Result<Option<Version>> {
    let desk = Desk::open(context, &trust, None, &context.environment.working_folder())?;
    // Nobody wants to hear of each catalog that is looked at.
    let silent: Observer = Arc::new(|_| {});
    desk.attend(context, async |places, cancel| {
        places.newest(installed, constraints, &silent, cancel).await
    })
    .await
}

/// Fetches a newer version of an installed box, where there is one; returns it.
pub async fn update(
    context: &Context,
    installed: &InstalledBox,
    constraints: &VersionConstraints,
    trust: Trust,
    force: bool,
) -> Result<Option<InstalledBox>> {
    let InstalledBox {
        name,
        version,
        provider,
        architecture,
        ..
    } = installed;
    let ui = context.ui.of("box");
    ui.info(&format!("Checking for updates to '{name}'"));
    ui.detail(&format!("Version installed: {version}"));
    let Some(address) = installed.metadata_url.clone() else {
        return Err(Error::Refused {
            what: format!("the box `{name}` comes from no catalog, so nothing newer can be looked for"),
            advice: "add it again from a catalog: by its name, or by the catalog's URL".to_owned(),
        });
    };
    let latest = newest(context, installed, constraints, trust.clone()).await?;
    let Some(latest) = latest.filter(|it| it > version || (force && it == version)) else {
        ui.success(&format!("Box '{name}' (v{version}) is running the latest version."));
        return Ok(None);
    };
    ui.info(&format!(
        "Updating '{name}' with provider '{provider}' from version '{version}' to '{latest}'..."
    ));
    let wanted = Wanted {
        addresses: vec![address],
        name: Some(name.clone()),
        version: format!("= {latest}").parse()?,
        providers: vec![provider.clone()],
        architecture: match architecture {
            Some(name) => Architecture::Named(name.clone()),
            None => Architecture::CatalogDefault,
        },
        force,
        clean: false,
        checksum: None,
        trust,
        server: None,
        folder: context.environment.working_folder(),
    };
    add(context, &wanted).await.map(Some)
}

/// All that the crate of the boxes borrows while it looks for them.
struct Desk {
    store: Store,
    http: Http,
    servers: [Server; 1],
    folder: PathBuf,
    downloads: PathBuf,
}

impl Desk {
    fn open(context: &Context, trust: &Trust, server_named: Option<&str>, folder: &Path) -> Result<Self> {
        let downloads = context.home.temporary();
        create_folder(&downloads)?;
        Ok(Self {
            store: store(context),
            http: Http::new(trust)?,
            servers: [server(context, server_named)],
            folder: folder.to_owned(),
            downloads,
        })
    }

    /// Lets something be done that an interrupt ends: whoever works looks at the wish, and cleans up after itself.
    async fn attend<T>(
        &self,
        context: &Context,
        work: impl AsyncFnOnce(&Places<'_>, &Cancel) -> boxes::Result<T>,
    ) -> Result<T> {
        let places = Places {
            store: &self.store,
            fetch: &self.http,
            servers: &self.servers,
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

/// Fetches the box that a machine's configuration names.
pub async fn add_for(context: &Context, machine: &Machine) -> Result<InstalledBox> {
    let vm = &machine.config.vm;
    let name = vm.box_name.clone().unwrap_or_default();
    let download = &vm.box_download;
    let checksum = download
        .checksum
        .as_ref()
        .map(|it| Checksum::parse(Some(&it.kind), &it.digest))
        .transpose()?;
    let wanted = Wanted {
        // Where there is no address, the name is one that a server may know.
        addresses: if vm.box_url.is_empty() {
            vec![name.clone()]
        } else {
            vm.box_url.clone()
        },
        name: Some(name),
        version: box_constraints(&machine.config)?,
        providers: box_providers(&*machine.provider),
        architecture: box_architecture(&machine.config),
        force: false,
        clean: false,
        checksum: checksum.flatten(),
        trust: trust_of(machine),
        server: vm.box_server_url.clone(),
        folder: machine.project.root.clone(),
    };
    add(context, &wanted).await
}

/// How a machine's configuration wants servers trusted.
pub fn trust_of(machine: &Machine) -> Trust {
    let download = &machine.config.vm.box_download;
    Trust {
        insecure: download.insecure,
        ca_cert: download.ca_cert.clone(),
        ca_path: download.ca_path.clone(),
        client_cert: download.client_cert.clone(),
    }
}

/// The server to ask: the one that a Vagrantfile names, else the user's own.
fn server(context: &Context, named: Option<&str>) -> Server {
    let own = context.environment.text("VAGRANT_SERVER_URL");
    let own = own.unwrap_or_else(|| USUAL_SERVER.to_owned());
    let token = context
        .environment
        .text("VAGRANT_CLOUD_TOKEN")
        .or_else(|| context.environment.text("ATLAS_TOKEN"));
    if let Some(token) = &token {
        context.ui.keep_secret(token);
    }
    server_of(own, named, token)
}

/// The user's token goes to the user's own server alone: a Vagrantfile may name any other.
fn server_of(own: String, named: Option<&str>, token: Option<String>) -> Server {
    let url = named.map_or_else(|| own.clone(), str::to_owned);
    let token = token.filter(|_| url == own || same_origin(&url, &own));
    Server { url, token }
}

fn same_origin(one: &str, other: &str) -> bool {
    let origin = |it: &str| Url::parse(it).map(|it| it.origin());
    matches!((origin(one), origin(other)), (Ok(one), Ok(other)) if one == other)
}

/// Shows what happens. The bar is drawn by whichever thread reports.
fn observer(ui: Arc<Ui>) -> Observer {
    let progress: Mutex<Option<Progress>> = Mutex::default();
    Arc::new(move |event| {
        let Ok(mut progress) = progress.lock() else { return };
        if let Event::Progress { received, total } = event {
            progress
                .get_or_insert_with(|| Progress::new(ui.clone(), "box"))
                .set(received, total);
        } else if let Some(text) = said(&event) {
            ui.of("box").info(&text);
        }
    })
}

fn said(event: &Event) -> Option<String> {
    Some(match event {
        Event::Catalog { url } => format!("Loading the catalog of the box: {url}"),
        Event::Chosen {
            name,
            version,
            provider,
            ..
        } => format!("Adding box '{name}' (v{version}) for provider: {provider}"),
        Event::Reading { source, resumed_at: 0 } => format!("Unpacking: {source}"),
        Event::Reading { source, resumed_at } => {
            format!("Going on with the download at {} MiB: {source}", resumed_at >> 20)
        }
        Event::Reconnecting { reason, .. } => format!("The connection broke ({reason}); trying again..."),
        Event::Waiting { .. } => "Another command fetches the same box; waiting for it...".to_owned(),
        Event::PassedOver { place, reason } => format!("Passing over {place}: {reason}"),
        Event::Progress { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(named: Option<&str>, is_told: bool) {
        let server = server_of("https://boxes.example.com".to_owned(), named, Some("secret".to_owned()));
        assert_eq!(server.token.is_some(), is_told, "{named:?}");
    }

    #[test]
    fn the_token_goes_to_the_users_own_server_alone() {
        check(None, true);
        check(Some("https://boxes.example.com/of/us"), true);
        check(Some("https://boxes.example.com:8443"), false);
        check(Some("http://boxes.example.com"), false);
        check(Some("https://elsewhere.example.com"), false);
        check(Some("https://boxes.example.com@elsewhere.example.com"), false);
        check(Some("no URL"), false);
    }
}

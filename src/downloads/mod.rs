//! Boxes on their way into the store: what `box add` and `up` ask the crate of the boxes for, and what the user sees of it.

mod desk;
mod sharing;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use boxes::{
    Add, Architecture, Checksum, Event, InstalledBox, Limits, LockedBox, Observer, Place, PlaceKind, Version,
    VersionConstraints,
};

pub use sharing::{Destination, push};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::http::Trust;
use crate::machine::{Machine, box_architecture, box_constraints, box_providers};
use crate::ui::Ui;
use crate::ui::progress::Progress;
use desk::Desk;

/// A box that is wanted.
pub struct Wanted {
    /// Places of it: names, URLs or paths.
    pub addresses: Vec<String>,
    /// The name that it gets.
    pub name: Option<String>,
    /// What its version must satisfy.
    pub version: VersionConstraints,
    /// The version of a box file, which has none itself.
    pub file_version: Option<Version>,
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
    /// The box that it must be, to the byte.
    pub locked: Option<LockedBox>,
    /// How servers are trusted.
    pub trust: Trust,
    /// The place that knows names; `None` for the user's.
    pub place: Option<Place>,
    /// What relative paths are relative to.
    pub folder: PathBuf,
}

/// Finds a box and installs it, showing how far it is.
pub async fn add(context: &Context, wanted: &Wanted) -> Result<InstalledBox> {
    let add = Add {
        addresses: &wanted.addresses,
        name: wanted.name.as_deref(),
        version: &wanted.version,
        file_version: wanted.file_version.as_ref(),
        providers: &wanted.providers,
        architecture: &wanted.architecture,
        force: wanted.force,
        clean: wanted.clean,
        checksum: wanted.checksum.as_ref(),
        locked: wanted.locked.as_ref(),
        limits: Limits::default(),
    };
    let desk = Desk::open(context, &wanted.trust, wanted.place.as_ref(), &wanted.folder)?;
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
        name: Some(name.clone()),
        version: format!("= {latest}").parse()?,
        providers: vec![provider.clone()],
        architecture: match architecture {
            Some(name) => Architecture::Named(name.clone()),
            None => Architecture::CatalogDefault,
        },
        force,
        trust,
        ..Wanted::at(context, address)
    };
    add(context, &wanted).await.map(Some)
}

/// Fetches the box that a machine's configuration names: the one of the lock file, where that has one.
pub async fn add_for(context: &Context, machine: &Machine) -> Result<InstalledBox> {
    let vm = &machine.config.vm;
    let name = vm.box_name.clone().unwrap_or_default();
    let download = &vm.box_download;
    let checksum = download
        .checksum
        .as_ref()
        .map(|it| Checksum::parse(Some(&it.kind), &it.digest))
        .transpose()?;
    let mut wanted = Wanted {
        version: box_constraints(&machine.config)?,
        providers: box_providers(&*machine.provider),
        architecture: box_architecture(&machine.config),
        checksum: checksum.flatten(),
        trust: trust_of(machine),
        place: vm.box_server_url.clone().map(|url| Place {
            kind: PlaceKind::Catalog,
            url,
        }),
        folder: machine.project.root.clone(),
        ..Wanted::at(context, name.clone())
    };
    // Where there is no address, the name is one that a server may know.
    if !vm.box_url.is_empty() {
        wanted.addresses.clone_from(&vm.box_url);
    }
    wanted.name = Some(name);
    if let Some(locked) = &machine.locked_box {
        wanted.keep_to(locked)?;
        wanted.locked = context.locked.then(|| locked.clone());
    }
    add(context, &wanted).await
}

impl Wanted {
    /// Whatever is at an address, as new as it can be had and for this computer.
    pub fn at(context: &Context, address: String) -> Self {
        Self {
            addresses: vec![address],
            name: None,
            version: VersionConstraints::any(),
            file_version: None,
            providers: Vec::new(),
            architecture: Architecture::Auto {
                host: boxes::vagrant_name(std::env::consts::ARCH).to_owned(),
            },
            force: false,
            clean: false,
            checksum: None,
            locked: None,
            trust: Trust::default(),
            place: None,
            folder: context.environment.absolute(Path::new(".")),
        }
    }

    /// Wants no other version than the locked one; where nobody else has it, it is looked for where it came from.
    fn keep_to(&mut self, locked: &LockedBox) -> Result<()> {
        self.version = format!("= {}", locked.version).parse()?;
        self.file_version = Version::parse(&locked.version);
        self.providers = vec![locked.provider.clone()];
        if let Some(architecture) = &locked.architecture {
            self.architecture = Architecture::Named(architecture.clone());
        }
        if !self.addresses.contains(&locked.source) {
            self.addresses.push(locked.source.clone());
        }
        Ok(())
    }
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

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const MIB: f64 = (1 << 20) as f64;
    format!("{:.1} MiB", bytes as f64 / MIB)
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
        Event::Moved { moved, size } => format!("Fetched {} for a box of {}", self::size(*moved), self::size(*size)),
        Event::Reconnecting { reason, .. } => format!("The connection broke ({reason}); trying again..."),
        Event::Waiting { .. } => "Another command fetches the same box; waiting for it...".to_owned(),
        Event::PassedOver { place, reason } => format!("Passing over {place}: {reason}"),
        Event::Progress { .. } => return None,
    })
}

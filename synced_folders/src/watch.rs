//! Watching the host's side of folders: which of them have changed since that was last asked.
//!
//! What is excluded from a folder is no change of it. Changes come in bursts, an editor's save alone is several: they are reported
//! when it has been quiet for a moment, or after a while if it never is.
//!
//! **Invariant:** what is kept is which folders changed and nothing else, however much happens in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{Config, Event, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::copy::ALWAYS_EXCLUDED;
use crate::exclude::Rules;
use crate::{Error, Folder, Result};

/// How long nothing must change before a change is reported.
const QUIET: Duration = Duration::from_millis(100);

/// How long a change waits at most where it is never quiet.
const RESTLESS: Duration = Duration::from_secs(2);

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watching {
    /// The system tells.
    Events,
    /// All is looked at each time that so much has passed: what file systems need that tell nothing.
    Polling(Duration),
}

/// Folders that are watched until this is dropped.
pub struct Watch {
    _watcher: Box<dyn Watcher + Send>,
    changes: Arc<Changes>,
}

/// What the watcher's own thread and the asker share.
struct Changes {
    folders: Vec<Watched>,
    changed: Mutex<BTreeSet<usize>>,
    news: Notify,
}

struct Watched {
    host: PathBuf,
    rules: Rules,
}

impl Watch {
    /// Begins to watch; what changes from now on is reported.
    pub fn begin(folders: &[Folder], how: Watching) -> Result<Self> {
        let changes = Arc::new(Changes {
            folders: folders.iter().map(Watched::new).collect::<Result<_>>()?,
            changed: Mutex::default(),
            news: Notify::new(),
        });
        let told = changes.clone();
        let on_event = move |event| told.note(event);
        let watcher: notify::Result<Box<dyn Watcher + Send>> = match how {
            Watching::Events => {
                RecommendedWatcher::new(on_event, Config::default()).map(|it| Box::new(it) as Box<dyn Watcher + Send>)
            }
            Watching::Polling(interval) => {
                PollWatcher::new(on_event, Config::default().with_poll_interval(interval)).map(|it| Box::new(it) as _)
            }
        };
        let failed = |host: &Path| {
            let host = host.to_owned();
            move |source| Error::Watch { host, source }
        };
        let mut watcher = watcher.map_err(failed(Path::new("/")))?;
        for folder in &changes.folders {
            watcher
                .watch(&folder.host, RecursiveMode::Recursive)
                .map_err(failed(&folder.host))?;
        }
        Ok(Self {
            _watcher: watcher,
            changes,
        })
    }

    /// Waits until something has changed; returns the folders by their places in the list that [`Watch::begin`] got.
    ///
    /// May be dropped while it waits: nothing is forgotten.
    pub async fn changed(&self) -> BTreeSet<usize> {
        loop {
            self.changes.news.notified().await;
            let first = Instant::now();
            while first.elapsed() < RESTLESS && timeout(QUIET, self.changes.news.notified()).await.is_ok() {}
            let changed = std::mem::take(&mut *self.changes.changed());
            if !changed.is_empty() {
                return changed;
            }
        }
    }
}

impl Changes {
    fn note(&self, event: notify::Result<Event>) {
        let changed: Vec<usize> = match &event {
            // A copy reads what it watches.
            Ok(event) if event.kind.is_access() => return,
            Ok(event) if !event.need_rescan() => {
                let is_in = |it: &Watched| event.paths.iter().any(|path| it.is_changed_by(path));
                let folders = self.folders.iter().enumerate();
                folders.filter(|(_, it)| is_in(it)).map(|(index, _)| index).collect()
            }
            // Something happened that was not told in full.
            Ok(_) | Err(_) => (0..self.folders.len()).collect(),
        };
        if !changed.is_empty() {
            self.changed().extend(changed);
            self.news.notify_one();
        }
    }

    fn changed(&self) -> std::sync::MutexGuard<'_, BTreeSet<usize>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn new(folder: &Folder) -> Result<Self> {
        let missing = |_| Error::HostFolderMissing {
            host: folder.host.clone(),
            guest: folder.guest.clone(),
        };
        let exclude = std::iter::once(ALWAYS_EXCLUDED).chain(folder.exclude.iter().map(String::as_str));
        Ok(Self {
            host: folder.host.canonicalize().map_err(missing)?,
            rules: Rules::new(exclude),
        })
    }

    fn is_changed_by(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.host) else {
            return false;
        };
        let leaves_out = |it: &Path, is_folder| self.rules.exclude(it.as_os_str().as_encoded_bytes(), is_folder);
        let folders = below.ancestors().skip(1).filter(|it| !it.as_os_str().is_empty());
        if folders.into_iter().any(|it| leaves_out(it, true)) {
            return false;
        }
        // What is gone may have been either.
        match path.symlink_metadata() {
            Ok(metadata) => !leaves_out(below, metadata.is_dir()),
            Err(_) => !(leaves_out(below, true) && leaves_out(below, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Fixture {
        home: tempfile::TempDir,
        watch: Watch,
    }

    /// Two folders, the first of which leaves out `*.log` and `target/`.
    fn fixture(how: Watching) -> Fixture {
        let home = tempfile::tempdir().unwrap();
        let folder = |name: &str, exclude: &[&str]| {
            fs::create_dir_all(home.path().join(name).join("inner")).unwrap();
            Folder {
                id: name.to_owned(),
                host: home.path().join(name),
                guest: format!("/{name}"),
                owner: None,
                group: None,
                exclude: exclude.iter().map(|it| (*it).to_owned()).collect(),
            }
        };
        let folders = [folder("one", &["*.log", "target/"]), folder("two", &[])];
        fs::create_dir_all(home.path().join("one/target")).unwrap();
        fs::create_dir_all(home.path().join("one/.vagrant")).unwrap();
        let watch = Watch::begin(&folders, how).unwrap();
        Fixture { home, watch }
    }

    #[track_caller]
    fn check(how: Watching, change: impl FnOnce(&Path), expected: Option<&[usize]>) {
        let fixture = fixture(how);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        change(fixture.home.path());
        let reported = async { timeout(Duration::from_secs(3), fixture.watch.changed()).await.ok() };
        let changed = runtime.block_on(reported);
        assert_eq!(changed, expected.map(|it| it.iter().copied().collect()));
    }

    fn write(name: &'static str) -> impl FnOnce(&Path) {
        move |home| fs::write(home.join(name), "new").unwrap()
    }

    #[test]
    fn the_folder_that_changed_is_named() {
        check(Watching::Events, write("two/inner/file"), Some(&[1]));
        check(Watching::Events, write("one/file"), Some(&[0]));
    }

    #[test]
    fn what_is_left_out_is_no_change() {
        check(Watching::Events, write("one/inner/some.log"), None);
        check(Watching::Events, write("one/target/file"), None);
        check(Watching::Events, write("one/.vagrant/lock"), None);
    }

    #[test]
    fn a_burst_is_one_change_and_new_folders_are_watched_too() {
        let burst = |home: &Path| {
            for number in 0..100 {
                let folder = home.join(format!("two/made/{number}"));
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join("file"), "new").unwrap();
            }
            fs::remove_dir_all(home.join("one/inner")).unwrap();
        };
        check(Watching::Events, burst, Some(&[0, 1]));
    }

    #[test]
    fn polling_sees_it_too() {
        check(
            Watching::Polling(Duration::from_millis(100)),
            write("two/file"),
            Some(&[1]),
        );
    }

    #[test]
    fn reading_is_no_change() {
        check(
            Watching::Events,
            |home| assert_eq!(fs::read_dir(home.join("two/inner")).unwrap().count(), 0),
            None,
        );
    }
}

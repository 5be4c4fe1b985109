//! Ctrl-C and its like: once means finish or give up the step and stop, twice means at once.
//!
//! Signals are counted on a thread of their own: the command's own thread may be waiting for something that does not end.

use std::future::pending;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How long the command has for ending in order after the second signal.
const LAST_RESORT: Duration = Duration::from_secs(2);

/// Whether the user wants the command to end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Interrupt {
    count: watch::Receiver<u32>,
}

impl Interrupt {
    /// Listens for SIGINT, SIGTERM and SIGHUP from now on; for those that the process was not started to ignore, as by `nohup`.
    pub fn listen() -> std::io::Result<Self> {
        let (sender, count) = watch::channel(0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let signals = {
            let _context = runtime.enter();
            listened()
        };
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(count_signals(sender, signals)))?;
        Ok(Self { count })
    }

    /// Listens for nothing: for commands that have their own way with signals.
    pub fn deaf() -> Self {
        Self {
            count: watch::channel(0).1,
        }
    }

    /// Whether it was asked for.
    pub fn is_raised(&self) -> bool {
        *self.count.borrow() > 0
    }

    /// Returns when it is asked for; never otherwise.
    pub async fn raised(&self) {
        self.counted(1).await;
    }

    /// Returns when it is asked for a second time; never otherwise.
    pub async fn raised_twice(&self) {
        self.counted(2).await;
    }

    async fn counted(&self, times: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|it| *it >= times).await.is_err() {
            pending::<()>().await;
        }
    }
}

fn listened() -> [Option<Signal>; 3] {
    let ignored = ignored_signals();
    [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|kind| {
        let is_ignored = ignored >> (kind.as_raw_value() - 1) & 1 == 1;
        if is_ignored { None } else { signal(kind).ok() }
    })
}

/// The signals that the process ignores, one bit each; Linux tells, and elsewhere none is taken to be.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|it| it.strip_prefix("SigIgn:"));
    mask.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).unwrap_or(0)
}

async fn count_signals(sender: watch::Sender<u32>, mut signals: [Option<Signal>; 3]) {
    for count in 1.. {
        next(&mut signals).await;
        sender.send_modify(|it| *it += 1);
        if count == 2 {
            tokio::time::sleep(LAST_RESORT).await;
            // The command's own thread hangs in something that nobody can drop: this is what «at once» is left to mean.
            std::process::exit(1);
        }
    }
}

async fn next(signals: &mut [Option<Signal>; 3]) {
    let [interrupt, terminate, hangup] = signals;
    tokio::select! {
        () = received(interrupt) => {}
        () = received(terminate) => {}
        () = received(hangup) => {}
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => pending().await,
    }
}

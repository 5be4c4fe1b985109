//! Ctrl-C and its like: once means finish or give up the step and stop, twice means at once.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Whether the user wants the command to end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Interrupt {
    count: watch::Receiver<u32>,
}

impl Interrupt {
    /// Listens for SIGINT, SIGTERM and SIGHUP from now on.
    pub fn listen() -> Self {
        let (sender, count) = watch::channel(0);
        tokio::spawn(count_signals(sender));
        Self { count }
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

async fn count_signals(sender: watch::Sender<u32>) {
    let mut signals =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|it| signal(it).ok());
    loop {
        next(&mut signals).await;
        sender.send_modify(|count| *count += 1);
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

//! A wish to stop, which whoever works looks at now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::{Error, Result};

/// Shared by the one who may want to stop and the one who works. Clones are the same wish.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    wish: Arc<Wish>,
}

#[derive(Debug, Default)]
struct Wish {
    uttered: AtomicBool,
    news: Notify,
}

impl Cancel {
    /// Nobody wants to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop. May be called from a signal's task, more than once.
    pub fn cancel(&self) {
        self.wish.uttered.store(true, Ordering::Relaxed);
        self.wish.news.notify_waiters();
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        self.wish.uttered.load(Ordering::Relaxed)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Waits until somebody asks.
    pub(crate) async fn cancelled(&self) {
        let news = self.wish.news.notified();
        tokio::pin!(news);
        // Registered before the look, so that a wish between look and wait is not missed.
        news.as_mut().enable();
        if !self.is_cancelled() {
            news.await;
        }
    }
}

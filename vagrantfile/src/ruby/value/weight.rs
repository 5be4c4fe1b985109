//! How much memory values take: counted when they are made or grow, given back when they go.
//!
//! **Invariant:** the count is never below what is held. What grows is counted on top and not given back, so that no sequence of
//! changes can make a value lighter than it is.

use std::cell::Cell;

thread_local! {
    static CHARGED: Cell<usize> = const { Cell::new(0) };
    static HANDLED: Cell<usize> = const { Cell::new(0) };
}

/// Counts bytes that were copied or moved: whoever counts steps takes them into account.
pub fn handle(bytes: usize) {
    HANDLED.set(HANDLED.get().saturating_add(bytes));
}

/// The bytes that were handled since this was asked last.
pub fn take_handled() -> usize {
    HANDLED.replace(0)
}

/// Counts bytes that were taken for good.
pub fn charge(bytes: usize) {
    CHARGED.set(CHARGED.get().saturating_add(bytes));
}

/// How many bytes are counted on this thread.
pub fn charged() -> usize {
    CHARGED.get()
}

/// The bytes that a value took when it was made. They are given back with it.
#[derive(Debug)]
pub struct Weight(usize);

impl Weight {
    /// Counts bytes as long as the weight lives.
    pub fn of(bytes: usize) -> Self {
        charge(bytes);
        Self(bytes)
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        // The thread may end, and its counter with it, before the last value does.
        let _ = CHARGED.try_with(|charged| charged.set(charged.get().saturating_sub(self.0)));
    }
}

//! The local terminal while a session has it: every key goes to the guest, none is handled here.
//!
//! **Invariant:** whichever way the session ends, by return, error, cancellation or panic, the terminal is as before.

use std::sync::Once;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use super::error::Error;

/// The terminal in raw mode, for as long as this lives.
#[derive(Debug)]
pub(super) struct RawMode(());

impl RawMode {
    /// Switches the terminal of this process to raw mode.
    pub(super) fn enter() -> Result<Self, Error> {
        static HOOK: Once = Once::new();
        HOOK.call_once(restore_before_a_panic_speaks);
        enable_raw_mode().map_err(|source| Error::Terminal { source })?;
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // There is nobody left to tell, and nothing else to try.
        let _ = disable_raw_mode();
    }
}

/// A panic is told before anything is dropped, and would be told on a raw terminal; where panics abort, nothing is
/// dropped at all.
fn restore_before_a_panic_speaks() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let _ = disable_raw_mode();
        tell(panic);
    }));
}

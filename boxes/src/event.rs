//! What happens while a box is fetched, for whoever shows it.

use std::sync::Arc;

/// Told of what happens, from any thread.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;

/// Something that happened. Addresses are without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A catalog is asked for.
    Catalog {
        /// Where.
        url: String,
    },
    /// Of a catalog, this was chosen.
    Chosen {
        /// The box.
        name: String,
        /// Its version.
        version: String,
        /// Its provider.
        provider: String,
        /// Its architecture, where the catalog names one.
        architecture: Option<String>,
    },
    /// A box file is read.
    Reading {
        /// From where.
        source: String,
        /// How many bytes are there already from an earlier try.
        resumed_at: u64,
    },
    /// So much of the box file has been read and unpacked.
    Progress {
        /// Bytes so far.
        received: u64,
        /// Bytes in all, where it is known.
        total: Option<u64>,
    },
    /// A box in chunks is here: so much of it came over the network, and the rest was here.
    Moved {
        /// Bytes that were fetched.
        moved: u64,
        /// Bytes of the box.
        size: u64,
    },
    /// The connection broke and is made again.
    Reconnecting {
        /// Where to.
        url: String,
        /// Why it broke.
        reason: String,
    },
    /// Another process fetches the same; it is waited for.
    Waiting {
        /// What is fetched.
        url: String,
    },
    /// A place did not have what was wanted, and the next one is asked.
    PassedOver {
        /// The place.
        place: String,
        /// Why.
        reason: String,
    },
}

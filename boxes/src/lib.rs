//! Boxes: names and versions, formats, catalogs, and the store on disk.
//!
//! A box is a file that somebody else made. This crate finds it, takes it apart, refuses what no box may do and keeps the rest
//! where Vagrant would. It has no network of its own: whoever calls hands in a [`Fetch`].
//!
//! **Invariant:** nothing here prints, reads the environment or asks the clock, and nothing that a box says is written outside
//! of its own folder.

mod add;
mod address;
mod architecture;
mod cancel;
mod catalog;
mod checksum;
mod chunks;
mod disk;
mod download;
mod error;
mod event;
mod fetch;
mod hardware;
mod hcp;
mod images;
mod import;
mod listing;
mod lock;
mod metadata;
mod name;
mod oci;
mod pack;
mod pieces;
mod place;
mod record;
mod refusal;
mod resolve;
mod store;
mod unpack;
mod version;

pub use add::{Add, Places};
pub use address::shown as shown_address;
pub use architecture::{Architecture, vagrant_name};
pub use cancel::Cancel;
pub use catalog::{Catalog, CatalogProvider, CatalogVersion, Selection};
pub use checksum::{Checksum, ChecksumKind};
pub use chunks::{Push, Pushed};
pub use disk::{CheckedDisk, DiskFormat};
pub use error::{Error, Result};
pub use event::{Event, Observer};
pub use fetch::{Body, Fetch, Request, Response};
pub use hardware::{CardModel, CardPlace, DiskController, Firmware, Hardware, NetworkCard};
pub use import::Import;
pub use lock::{LockFile, LockedBox};
pub use metadata::Metadata;
pub use name::check as check_name;
pub use pack::pack;
pub use place::{Access, Account, Mirror, Place, PlaceKind};
pub use record::Record;
pub use refusal::Refusal;
pub use store::{Generations, InstalledBox, Query, Removal, Store};
pub use unpack::Limits;
pub use version::{Version, VersionConstraints};

//! The crate as its callers see it, with boxes that are built here.

#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod add;
mod archive;
mod catalogs;
mod disks;
mod downloads;
mod hardware;
mod hostile;
mod hostile_disks;
mod images;
mod import;
mod lock;
mod pack;
mod person;
mod server;
mod soup;
mod store;
mod world;

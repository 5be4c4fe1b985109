//! The crate as its callers see it, with boxes that are built here.

mod archive;
mod disks;
mod hostile;
mod import;
mod store;
mod world;

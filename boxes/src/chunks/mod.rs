//! Boxes in chunks: a box as one stream that is cut by its content, so that what two versions have in common is kept, sent and
//! fetched once.
//!
//! The stream is the box's plain tar archive, the same whenever the files are. Its chunks are compressed one by one and lie in
//! packs of some megabytes; a list says which chunks make the stream and where they lie. Packs, lists and manifests are named by
//! their SHA-256, in a registry as well as in a folder that a web server serves.
//!
//! **Invariant:** whatever comes from elsewhere is checked against its digest before anything is made of it, and what comes out is
//! imported like any other box file.

mod cut;
mod depot;
mod list;
mod pull;
mod push;
mod seeds;
mod turn;

pub(crate) use cut::Grain;
pub(crate) use depot::{Depot, Web};
pub(crate) use pull::Pull;
pub use push::{Push, Pushed};

/// SHA-256.
pub(crate) type Digest = [u8; 32];

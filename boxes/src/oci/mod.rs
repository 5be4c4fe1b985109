//! Boxes in registries of OCI artifacts: addresses, manifests, and the protocol over [`crate::Fetch`].

pub(crate) mod manifest;
pub(crate) mod reference;
pub(crate) mod registry;

pub(crate) use manifest::{BoxConfig, Descriptor, Index, Manifest, Tagged};
pub(crate) use reference::{Part, Reference};
pub(crate) use registry::Registry;

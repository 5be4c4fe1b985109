//! Vagrantfiles in Ruby, Lua and TOML, read into layers.
//!
//! A [`Session`] loads files and answers with [`layer::Layer`]s: what was assigned and called, and where. The crate decides nothing
//! of what a layer means: defaults, merging and validation are the package's. It touches nothing outside except through [`host::Host`].

mod cancellation;
pub mod host;
pub mod language;
pub mod layer;
mod lua;
pub mod model;
pub mod plugins;
pub mod report;
mod ruby;
mod session;
mod spelling;
#[cfg(test)]
mod testing;
mod toml;
mod twins;

pub use cancellation::Cancellation;
pub use plugins::Plugins;
pub use report::{Mistake, Place, Report};
pub use session::{FileId, Limits, MachineDefinition, Role, Session, Settings};

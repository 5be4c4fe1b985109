//! The QEMU backend against the real QEMU, with guests of one sector.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on may panic anywhere"
)]

mod accelerator;
mod conformance;
mod forwards;
mod guests;
mod lifecycle;
mod lost;
mod place;
mod refused;
mod saved;

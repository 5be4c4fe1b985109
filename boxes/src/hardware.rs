//! What a box says of the machine that it was.

/// A description of hardware is read whole, and may not be larger.
pub(crate) const LARGEST: u64 = 4 << 20;

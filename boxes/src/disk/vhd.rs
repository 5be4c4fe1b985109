//! VHD: a footer of 512 bytes that says of which kind the image is.

use super::{big_u32, big_u64};
use crate::refusal::Refusal;

const FIXED: u32 = 2;
const DYNAMIC: u32 = 3;
const DIFFERENCING: u32 = 4;

/// The disk's size, when the image is no difference to another.
pub(super) fn virtual_size(footer: &[u8]) -> Result<u64, Refusal> {
    let too_short = || Refusal::DiskHeader("its footer is missing");
    if !footer.starts_with(b"conectix") {
        return Err(too_short());
    }
    match big_u32(footer, 60).ok_or_else(too_short)? {
        FIXED | DYNAMIC => big_u64(footer, 48).ok_or_else(too_short),
        DIFFERENCING => Err(Refusal::Differencing),
        _ => Err(Refusal::DiskHeader("its kind is unknown")),
    }
}

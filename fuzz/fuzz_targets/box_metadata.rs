//! Any bytes as a box's `metadata.json`, as a catalog, as a version and as constraints.

#![no_main]

use boxes::{Catalog, Metadata, Version, VersionConstraints};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let _ = Metadata::parse(input);
    let _ = Catalog::parse(input, "https://example.com/catalog.json");
    if let Ok(text) = std::str::from_utf8(input) {
        let version = Version::parse(text);
        let constraints = text.parse::<VersionConstraints>();
        if let (Some(version), Ok(constraints)) = (version, constraints) {
            let _ = constraints.allow(&version);
        }
    }
});

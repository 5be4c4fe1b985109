//! Any bytes as a box file: unpacked, its disks and hardware looked at, installed. Nothing may be left outside of the store.

#![no_main]

use std::fs;

use boxes::{Cancel, Import, Limits, Store, Version};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    let Some(version) = Version::parse("0") else { return };
    let home = folder.path().join("store");
    let store = Store::new(home, Vec::new());
    let import = Import {
        name: "fuzzed",
        version: &version,
        providers: &[],
        architecture: None,
        force: false,
        checksums: &[],
        locked: None,
        metadata_url: None,
        source: "fuzzed.box",
        limits: Limits::default(),
    };
    let _ = store.import(&mut &input[..], &import, &|_| {}, &Cancel::new());
    let beside = fs::read_dir(folder.path()).map(|it| it.count()).unwrap_or_default();
    assert!(beside <= 1, "something was written beside the store");
});

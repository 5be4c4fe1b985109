//! Any bytes as `Vagrantfile.toml`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| jaunt_fuzz::read_vagrantfile("Vagrantfile.toml", input));

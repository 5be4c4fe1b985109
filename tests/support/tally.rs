//! What the crash tests count, a line for each kill, in the file that `JAUNT_TEST_TALLY` names.

use std::io::Write;

/// Whether all of a matrix has its turn, and not a third of it.
pub fn is_whole() -> bool {
    std::env::var_os("JAUNT_TEST_WHOLE_MATRIX").is_some()
}

/// One disturbed command: whether the same command again succeeded, and whether all was as if nothing had happened.
pub fn count(machines: &str, succeeded: bool, is_same: bool) {
    let Some(path) = std::env::var_os("JAUNT_TEST_TALLY") else {
        return;
    };
    let line = format!("{machines} {succeeded} {is_same}\n");
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.unwrap().write_all(line.as_bytes()).unwrap();
}

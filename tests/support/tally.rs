//! What the crash tests count, a line for each kill, in the file that `JAUNT_TEST_TALLY` names.

use std::io::Write;

/// What went wrong after kills of one command: told at the end, so that the others have their turn.
#[derive(Default)]
pub struct Findings(Vec<String>);

impl Findings {
    /// Keeps what is wrong, if it is.
    pub fn check(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        if !is_right {
            self.0.push(what());
        }
    }
}

impl Drop for Findings {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "{}", self.0.join("\n\n"));
        }
    }
}

/// Whether all of a matrix has its turn, and not a third of it.
pub fn is_whole() -> bool {
    std::env::var_os("JAUNT_TEST_WHOLE_MATRIX").is_some()
}

/// One disturbed command, run again on machines of a backend: whether the machine was lost (the command failed, or the machine is not
/// where it was to be), and whether anything was left over or missing.
pub fn count(backend: &str, command: &[&str], is_lost: bool, is_orphaned: bool) {
    let Some(path) = std::env::var_os("JAUNT_TEST_TALLY") else {
        return;
    };
    let words: Vec<&str> = command.iter().copied().filter(|it| !it.starts_with('-')).collect();
    let named = words
        .iter()
        .take(if matches!(words[0], "box" | "snapshot") { 2 } else { 1 });
    let name = named.copied().collect::<Vec<_>>().join(" ");
    let line = format!("{backend}\t{name}\t{}\t{}\n", u8::from(is_lost), u8::from(is_orphaned));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.unwrap().write_all(line.as_bytes()).unwrap();
}

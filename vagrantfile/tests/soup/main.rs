//! Vagrantfiles that nobody would write: soups of words, mutated fixtures, calls with the wrong values, brackets without an end.
//!
//! Whatever a file says, reading it ends with layers or with a report: no panic, no hang, no overflow of the stack. Inputs are numbered
//! and made from their number, so that a failure can be repeated. The suite reads a few of each language;
//! `JAUNT_FUZZ_INPUTS=1000000 cargo test --release -p jaunt-vagrantfile --test soup` reads more, from `JAUNT_FUZZ_FIRST` on.
//! The input that is being read stands in the build's folder for temporary files, since an overflow of the stack leaves no message.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on says so"
)]

mod generator;
mod reading;
mod words;

use generator::Generator;
use reading::{Outcome, Reader};
use words::Language;

/// How many inputs of a language the suite reads.
const USUAL: u64 = 400;

fn check(language: Language) {
    let number = |name: &str, otherwise: u64| {
        let text = std::env::var(name).ok();
        text.map_or(otherwise, |it| it.parse().expect("a number of inputs"))
    };
    let first = number("JAUNT_FUZZ_FIRST", 0);
    let generator = Generator::new(language);
    let reader = Reader::new(language);
    let mut read = 0;
    let mut failures = Vec::new();
    for index in first..first + number("JAUNT_FUZZ_INPUTS", USUAL) {
        match reader.read(index, &generator.input(index)) {
            Outcome::Layers => read += 1,
            Outcome::Refusal => {}
            Outcome::Failure(text) => failures.push(text),
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(read > 0, "no input was a Vagrantfile: the generator has become useless");
}

#[test]
fn any_ruby_is_read_or_refused() {
    check(Language::Ruby);
}

#[test]
fn any_lua_is_read_or_refused() {
    check(Language::Lua);
}

#[test]
fn any_toml_is_read_or_refused() {
    check(Language::Toml);
}

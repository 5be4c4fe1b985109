//! `jaunt`: turns the Vagrantfile in a repository into a running machine.
//!
//! Parse, run, render the error, exit code; everything else is in the modules below (see ARCHITECTURE.md).

mod cli;
mod cloud_init;
mod communicators;
mod config;
mod context;
mod convert;
mod digest;
mod downloads;
mod environment;
mod error;
mod faults;
mod guests;
mod http;
mod lifecycle;
mod machine;
mod options;
mod packaging;
mod project;
mod provisioners;
mod settings;
mod state;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    share_one_heap();
    ExitCode::from(cli::main(std::env::args_os().collect()))
}

/// glibc would give each thread a heap of its own, which grows by a page and a system call at a time: a tenth of what `status` takes.
/// The threads here hardly ever allocate at the same moment.
fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: no other thread runs yet, and a setting that glibc does not know changes nothing.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_TOP_PAD, HEAP_STEP);
    }
}

/// By how much the heap grows, in bytes. Pages that are not touched cost nothing.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const HEAP_STEP: libc::c_int = 1 << 20;

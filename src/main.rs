//! `jaunt`: turns the Vagrantfile in a repository into a running machine.
//!
//! Parse, run, render the error, exit code; everything else is in the modules below (see ARCHITECTURE.md).

mod cli;
mod cloud_init;
mod communicators;
mod config;
mod context;
mod convert;
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
    ExitCode::from(cli::main(std::env::args_os().collect()))
}

//! The parts of Ruby's standard library that are written in Ruby themselves; each one runs when its name is first used.

use super::interpreter::{Interpreter, Outcome};
use super::ir::Source;
use std::path::Path;
use std::rc::Rc;

/// Files, and the constants of the top level that they define.
const LIBRARIES: &[(&str, &str, &[&str])] = &[
    ("gem.rb", include_str!("library/gem.rb"), &["Gem"]),
    ("pathname.rb", include_str!("library/pathname.rb"), &["Pathname"]),
    ("ipaddr.rb", include_str!("library/ipaddr.rb"), &["IPAddr"]),
    (
        "collections.rb",
        include_str!("library/collections.rb"),
        &["Set", "OpenStruct", "LazyList"],
    ),
    ("net.rb", include_str!("library/net.rb"), &["Net", "OpenSSL"]),
    (
        "socket.rb",
        include_str!("library/socket.rb"),
        &[
            "BasicSocket",
            "IPSocket",
            "TCPSocket",
            "TCPServer",
            "UDPSocket",
            "UNIXSocket",
            "UNIXServer",
            "Socket",
            "Addrinfo",
        ],
    ),
    (
        "streams.rb",
        include_str!("library/streams.rb"),
        &["HostStreaming", "HostPipe"],
    ),
    (
        "open3.rb",
        include_str!("library/open3.rb"),
        &["Open3", "PTY", "HostWaiter"],
    ),
    (
        "rational.rb",
        include_str!("library/rational.rb"),
        &["Rational", "Complex"],
    ),
    ("time.rb", include_str!("library/time.rb"), &["TimeText"]),
    (
        "text.rb",
        include_str!("library/text.rb"),
        &["Shellwords", "URI", "Resolv"],
    ),
    (
        "options.rb",
        include_str!("library/options.rb"),
        &["OptionParser", "GetoptLong"],
    ),
    (
        "program.rb",
        include_str!("library/program.rb"),
        &[
            "Logger",
            "Log4r",
            "Mutex",
            "Monitor",
            "Thread",
            "Timeout",
            "Singleton",
            "Forwardable",
            "Benchmark",
            "Find",
            "Tempfile",
            "Bundler",
            "ObjectSpace",
            "GC",
            "Signal",
            "I18n",
            "FFI",
        ],
    ),
];

/// Starts the library that defines a constant; false where there is none.
pub fn start(it: &mut Interpreter, constant: &str) -> Outcome<bool> {
    let Some((name, text, _)) = LIBRARIES.iter().find(|(_, _, constants)| constants.contains(&constant)) else {
        return Ok(false);
    };
    if !it.libraries.insert(name) {
        return Ok(false);
    }
    let (at, name_at) = (it.at, it.name_at);
    let source = Source::new(Path::new(name).into(), (*text).to_owned(), 1, true);
    super::load::run_source(it, Rc::new(source))?;
    (it.at, it.name_at) = (at, name_at);
    Ok(true)
}

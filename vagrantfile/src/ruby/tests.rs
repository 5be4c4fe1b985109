//! Ruby snippets and what they print; Vagrantfiles and the layers that they make.

mod fractions;
mod language;
mod layers;
mod limits;
mod numbers;
mod refusals;
mod strangers;
mod written;
mod yaml;

use crate::host::MemoryHost;
use crate::layer::{Entry, Setting};
use crate::session::{Limits, Role, Session, Settings};
use expect_test::Expect;
use std::fmt::Write;
use std::path::Path;

/// Runs a snippet and compares what it prints, or its error, with `expect`.
fn check(source: &str, expect: Expect) {
    expect.assert_eq(&printed(MemoryHost::default(), source));
}

fn printed(host: MemoryHost, source: &str) -> String {
    let host = host.with_file("Vagrantfile", source);
    let printed = host.printed();
    let session = open(host);
    let result = session.load(Path::new("/project/Vagrantfile"), Role::Project);
    let mut text = printed.lock().expect("nobody panicked").clone();
    if let Err(report) = result {
        writeln!(text, "{report}").expect("a string takes everything");
    }
    text
}

fn open(host: MemoryHost) -> Session {
    let limits = Limits {
        steps: 2_000_000,
        memory: 64 << 20,
        stack: 64 << 20,
    };
    let settings = Settings {
        limits,
        ..crate::testing::settings()
    };
    Session::new(Box::new(host), settings).expect("a thread starts")
}

/// Loads a Vagrantfile and compares the machines and the layers of each under VirtualBox with `expect`.
fn check_layers(source: &str, expect: Expect) {
    check_layers_of(MemoryHost::default(), source, expect);
}

fn check_layers_of(host: MemoryHost, source: &str, expect: Expect) {
    let session = open(host.with_file("Vagrantfile", source));
    expect.assert_eq(&layers(&session, "virtualbox").unwrap_or_else(|report| format!("{report}\n")));
}

fn layers(session: &Session, provider: &str) -> crate::report::Result<String> {
    let files = [session.load(Path::new("/project/Vagrantfile"), Role::Project)?];
    let mut text = String::new();
    for machine in session.machines(&files)? {
        let flags = match (machine.primary, machine.autostart) {
            (true, true) => " (primary)",
            (false, false) => " (not started)",
            (true, false) => " (primary, not started)",
            (false, true) => "",
        };
        let _ = writeln!(text, "machine {}{flags}", machine.name);
        for layer in session.layers(&files, &machine.name, provider)? {
            let _ = writeln!(text, "  {}", layer.name);
            write_entries(&mut text, &layer.entries, 4);
        }
    }
    Ok(text)
}

fn write_entries(text: &mut String, entries: &[Entry], indent: usize) {
    for Entry { path, setting, origin } in entries {
        let _ = write!(text, "{:indent$}{}:{} {path}", "", origin.line, origin.column);
        match setting {
            Setting::Assign(value) => {
                let _ = writeln!(text, " = {value:?}");
            }
            Setting::Call(call) => {
                let _ = writeln!(text, " {:?} {:?}", call.positional, call.named);
                write_entries(text, &call.body, indent + 4);
            }
        }
    }
}

/// Each line is evaluated on its own; a list without brackets is one.
fn check_each(lines: &str, expect: Expect) {
    let quoted = |line: &str| format!("'{}'", line.replace('\\', "\\\\").replace('\'', "\\'"));
    let show = |line: &str| {
        let line = quoted(line);
        format!(
            r##"begin
  $v = begin
    eval({line})
  rescue SyntaxError
    eval({line}.sub(/\A((?:.*; )?)(.*)\z/m) {{ $1 + "[" + $2 + "]" }})
  end
  puts $v.inspect
rescue Exception => e
  puts "#{{e.class}}: #{{e.message.lines.first}}"
end
"##
        )
    };
    check(&lines.trim().lines().map(show).collect::<String>(), expect);
}

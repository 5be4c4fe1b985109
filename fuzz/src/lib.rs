//! What the targets do with an input: read it, and see that the reader itself is never at fault.

use std::path::Path;

use vagrantfile::host::MemoryHost;
use vagrantfile::{Limits, Report, Role, Session, Settings};

/// Reads a Vagrantfile of this name. Panics where the reader broke.
pub fn read_vagrantfile(name: &str, input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Err(report) = resolve(name, &text) {
        let shown = report.to_string();
        assert!(!shown.contains("a fault of ours"), "{shown}");
    }
}

fn resolve(name: &str, text: &str) -> Result<(), Report> {
    let settings = Settings {
        limits: Limits {
            steps: 200_000,
            memory: 32 << 20,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let host = MemoryHost::default().with_file(name, text);
    let session = Session::new(Box::new(host), settings)?;
    let file = session.load(&Path::new("/project").join(name), Role::Project)?;
    for machine in session.machines(&[file])? {
        session.layers(&[file], &machine.name, "virtualbox")?;
    }
    Ok(())
}

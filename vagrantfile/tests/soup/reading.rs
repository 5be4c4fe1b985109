//! Reading one input, watched from another thread.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use vagrantfile::host::MemoryHost;
use vagrantfile::{Limits, Report, Role, Session, Settings};

use super::words::Language;

/// How long one input may take. The limits below stop a file long before; this much is for machines that do other things, too.
const LONGEST: Duration = Duration::from_secs(600);

/// How reading ended.
pub enum Outcome {
    /// It was a Vagrantfile.
    Layers,
    /// It was none, and a report says why.
    Refusal,
    /// Whatever it was, the reader of Vagrantfiles broke.
    Failure(String),
}

/// Reads inputs of one language.
pub struct Reader {
    language: Language,
    current: PathBuf,
    watched: Arc<Mutex<(u64, Instant)>>,
}

impl Reader {
    /// A reader with a watchdog, which ends the process when an input takes too long.
    pub fn new(language: Language) -> Self {
        let name = format!("soup-{}-{}", std::process::id(), language.file_name());
        let current = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let watched = Arc::new(Mutex::new((0, Instant::now())));
        let (seen, file) = (Arc::downgrade(&watched), current.clone());
        thread::spawn(move || {
            while let Some(seen) = seen.upgrade() {
                let (index, started) = *seen.lock().expect("nobody panics while it is held");
                if started.elapsed() > LONGEST {
                    eprintln!("input {index} hangs: {}", file.display());
                    std::process::abort();
                }
                drop(seen);
                thread::sleep(Duration::from_secs(1));
            }
        });
        Self {
            language,
            current,
            watched,
        }
    }

    /// Reads an input.
    pub fn read(&self, index: u64, text: &str) -> Outcome {
        fs::write(&self.current, text).expect("the folder for temporary files is there");
        *self.watched.lock().expect("nobody panics while it is held") = (index, Instant::now());
        match resolve(self.language.file_name(), text) {
            Ok(()) => Outcome::Layers,
            Err(report) => {
                let shown = report.to_string();
                match shown.contains("a fault of ours") {
                    true => Outcome::Failure(format!("input {index}: {shown}\n{text}")),
                    false => Outcome::Refusal,
                }
            }
        }
    }
}

fn resolve(name: &str, text: &str) -> Result<(), Report> {
    let host = MemoryHost::default()
        .with_file(name, text)
        .with_file("helper.rb", "HELPED = true\n")
        .with_file("helper.lua", "return { 1, 2 }\n")
        .with_file("base.toml", "vm.box = \"base\"\n")
        .with_file("config.yml", "boxes: [{name: a, ip: 10.0.0.1}]\n");
    let settings = Settings {
        limits: Limits {
            steps: 200_000,
            memory: 32 << 20,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let session = Session::new(Box::new(host), settings)?;
    let file = session.load(&Path::new("/project").join(name), Role::Project)?;
    for machine in session.machines(&[file])? {
        session.layers(&[file], &machine.name, "virtualbox")?;
        session.layers(&[file], &machine.name, "qemu")?;
    }
    Ok(())
}

impl Drop for Reader {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = fs::remove_file(&self.current);
        }
    }
}

//! Where a test build goes wrong on purpose, so that a test can look at what a crash leaves there.
//!
//! Every place where something could be left half-made passes a *point*, which has a name: `begin start`, `write index`. In a build
//! with the feature `fault-injection`, `JAUNT_TEST_FAULT` says at which point what happens: `die 17` (the 17th that is passed),
//! `die begin start` (the first of that name), `fail` for a full disk there, `hang`, and `wait` until the test lets it go on. `JAUNT_TEST_POINTS` names a file that
//! gets the name of each point. Any other build has no points, and no release is built with the feature.

#[cfg(all(feature = "fault-injection", not(debug_assertions)))]
compile_error!("`fault-injection` is for tests: a release never has it");

use std::io::{self, Write};

use crate::environment::Environment;

#[cfg(feature = "fault-injection")]
mod armed {
    use std::fs::OpenOptions;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static PLAN: OnceLock<Plan> = OnceLock::new();
    static PASSED: AtomicUsize = AtomicUsize::new(0);

    /// What was asked for.
    struct Plan {
        fault: String,
        at: String,
        points: Option<String>,
    }

    pub fn arm(environment: &Environment) {
        let fault = environment.text("JAUNT_TEST_FAULT").unwrap_or_default();
        let (fault, at) = fault.split_once(' ').unwrap_or_default();
        let _already = PLAN.set(Plan {
            fault: fault.to_owned(),
            at: at.to_owned(),
            points: environment.text("JAUNT_TEST_POINTS"),
        });
    }

    pub fn pass(name: &str) -> io::Result<()> {
        let Some(plan) = PLAN.get() else { return Ok(()) };
        let count = PASSED.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(path) = &plan.points {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            file.write_all(format!("{name}\n").as_bytes())?;
        }
        if plan.at == name || plan.at == count.to_string() {
            happen(&plan.fault)
        } else {
            Ok(())
        }
    }

    fn happen(fault: &str) -> io::Result<()> {
        match fault {
            "die" => {
                let _deadly = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
                hang()
            }
            "fail" => Err(io::Error::from(io::ErrorKind::StorageFull)),
            "hang" => hang(),
            "wait" => wait(),
            _ => Ok(()),
        }
    }

    /// Writes the file of points' neighbour `.reached`, and goes on when it is removed.
    fn wait() -> io::Result<()> {
        let points = PLAN.get().and_then(|it| it.points.clone()).unwrap_or_default();
        let reached = format!("{points}.reached");
        std::fs::write(&reached, "")?;
        while std::path::Path::new(&reached).exists() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(())
    }

    fn hang() -> ! {
        loop {
            std::thread::park();
        }
    }
}

/// Takes the test's wishes from the environment.
pub fn arm(environment: &Environment) {
    #[cfg(feature = "fault-injection")]
    armed::arm(environment);
    #[cfg(not(feature = "fault-injection"))]
    let _nobody_wishes = environment;
}

/// A place where something could be left half-made.
pub fn pass(name: impl FnOnce() -> String) -> io::Result<()> {
    #[cfg(feature = "fault-injection")]
    armed::pass(&name())?;
    #[cfg(not(feature = "fault-injection"))]
    let _nobody_asks = name;
    Ok(())
}

/// The same for what is done to a file.
pub fn pass_file(action: &str, path: &std::path::Path) -> io::Result<()> {
    pass(|| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        format!("{action} {name}")
    })
}

/// Writes all bytes, with a point in their middle where there are points.
pub fn write_torn(file: &mut impl Write, bytes: &[u8], name: &str) -> io::Result<()> {
    if !cfg!(feature = "fault-injection") {
        return file.write_all(bytes);
    }
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    pass(|| name.to_owned())?;
    file.write_all(rest)
}

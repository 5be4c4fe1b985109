//! What a Vagrantfile sees of this computer, and the decision that it changes nothing here unless it is trusted.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use vagrantfile::host::{Act, Change, Command, CommandLine, Decision, Facts, Host, Metadata, Moment, Output, Platform};

use crate::context::Context;
use crate::environment::Environment;
use crate::state::trust::Trusted;
use crate::ui::visible::visible;
use crate::ui::{Kind, Ui, prompt};

/// What to do about a Vagrantfile that may not do what it wants to.
pub const TRUST_ADVICE: &str = "a Vagrantfile may run commands, connect and write only where it is trusted: read it, and if you do \
                                trust it, run `jaunt trust`, or give `--trust` (or JAUNT_TRUST=1) for one command";

/// This computer, as a Vagrantfile in a folder sees it.
pub struct ProcessHost {
    environment: Environment,
    vagrantfile: PathBuf,
    ui: Arc<Ui>,
    trusted: Trusted,
    /// What was decided in this run; `None` as long as nothing had to be.
    decision: Option<bool>,
}

impl ProcessHost {
    /// This computer for a project's Vagrantfile.
    pub fn new(context: &Context, vagrantfile: &Path) -> Self {
        Self {
            environment: context.environment.clone(),
            vagrantfile: vagrantfile.to_owned(),
            ui: context.ui.clone(),
            trusted: Trusted::new(context.home.trusted()),
            decision: is_trusted(context, vagrantfile).then_some(true),
        }
    }

    /// Asks once, and remembers the answer for the file as it is now.
    fn ask(&mut self, act: &Act) -> bool {
        let wish = match act {
            Act::Run(command) => format!("run `{}`", command.line.text()),
            Act::Connect(target) => format!("connect to {target}"),
            // A write without trust goes to memory, and harms nobody.
            Act::Write(_) => return false,
        };
        let question = format!(
            "{} wants to {wish} on this computer. Trust the file as it is now?",
            self.vagrantfile.display()
        );
        let answer = prompt::confirm_at_once(&self.ui, &visible(&question)).unwrap_or(false);
        if answer && let Err(error) = self.trusted.add(&self.vagrantfile) {
            self.ui.say(Kind::Warn, &error.to_string());
        }
        self.decision = Some(answer);
        answer
    }
}

/// Whether the user trusts a Vagrantfile: with `--trust` or `JAUNT_TRUST` for this command, or as it was when he said so.
pub fn is_trusted(context: &Context, vagrantfile: &Path) -> bool {
    context.trust
        || context.environment.text("JAUNT_TRUST").is_some_and(|it| it != "0")
        || Trusted::new(context.home.trusted()).has(vagrantfile)
}

impl Host for ProcessHost {
    fn environment(&self) -> Vec<(String, String)> {
        self.environment.text_variables().into_iter().collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(path)?;
        Ok(Metadata {
            is_directory: found.is_dir(),
            size: found.len(),
            mode: found.mode() & 0o7777,
            modified: found.mtime(),
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = fs::read_dir(path)?.map(|it| it.map(|it| it.file_name().to_string_lossy().into_owned()));
        names.collect()
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn working_directory(&self) -> PathBuf {
        self.vagrantfile.parent().unwrap_or(Path::new("/")).to_owned()
    }

    fn home(&self) -> PathBuf {
        self.environment.user_home().unwrap_or_else(|| PathBuf::from("/"))
    }

    fn facts(&self) -> Facts {
        let system = rustix::system::uname();
        Facts {
            platform: platform(),
            architecture: system.machine().to_string_lossy().into_owned(),
            processors: std::thread::available_parallelism().map_or(1, |it| it.get() as u32),
            memory: memory_mib(),
            hostname: system.nodename().to_string_lossy().into_owned(),
            user: self.environment.text("USER").unwrap_or_else(|| "user".to_owned()),
            user_id: rustix::process::getuid().as_raw(),
            group_id: rustix::process::getgid().as_raw(),
        }
    }

    fn now(&self) -> Moment {
        let now = jiff::Zoned::now();
        Moment {
            seconds: now.timestamp().as_second(),
            nanoseconds: now.timestamp().subsec_nanosecond().unsigned_abs(),
            offset: now.offset().seconds(),
        }
    }

    fn random(&mut self) -> u64 {
        uuid::Uuid::new_v4().as_u64_pair().0
    }

    fn print(&mut self, text: &str) {
        self.ui.aside(text);
    }

    fn decide(&mut self, act: &Act) -> Decision {
        let decided = self.decision;
        if decided.unwrap_or_else(|| self.ask(act)) {
            return Decision::Allow;
        }
        Decision::Refuse(TRUST_ADVICE.to_owned())
    }

    fn run(&mut self, command: &Command) -> io::Result<Output> {
        let mut process = process(&command.line)?;
        process
            .current_dir(&command.directory)
            .stderr(Stdio::inherit())
            .stdin(Stdio::null());
        for (name, value) in &command.environment {
            match value {
                Some(value) => process.env(name, value),
                None => process.env_remove(name),
            };
        }
        if command.input.is_some() {
            process.stdin(Stdio::piped());
        }
        let mut child = process.stdout(Stdio::piped()).spawn()?;
        if let (Some(input), Some(mut stdin)) = (&command.input, child.stdin.take()) {
            stdin.write_all(input)?;
        }
        let output = child.wait_with_output()?;
        if !command.capture {
            self.ui.aside(&String::from_utf8_lossy(&output.stdout));
        }
        Ok(Output {
            status: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }

    fn fetch(&mut self, url: &str) -> io::Result<Vec<u8>> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("a Vagrantfile cannot fetch {url} in this version"),
        ))
    }

    fn change(&mut self, change: &Change) -> io::Result<()> {
        match change {
            Change::Write(path, content) => fs::write(path, content),
            Change::CreateFolder(path) => fs::create_dir_all(path),
            Change::Remove(path) if path.is_dir() => fs::remove_dir_all(path),
            Change::Remove(path) => fs::remove_file(path),
            Change::Link(target, path) => std::os::unix::fs::symlink(target, path),
            Change::Mode(path, mode) => {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(path, fs::Permissions::from_mode(*mode))
            }
        }
    }
}

fn process(line: &CommandLine) -> io::Result<Process> {
    match line {
        CommandLine::Shell(text) => {
            let mut shell = Process::new("/bin/sh");
            shell.arg("-c").arg(text);
            Ok(shell)
        }
        CommandLine::Program(words) => {
            let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
            let mut process = Process::new(program);
            process.args(arguments);
            Ok(process)
        }
    }
}

fn platform() -> Platform {
    match std::env::consts::OS {
        "macos" => Platform::MacOs,
        "windows" => Platform::Windows,
        "linux" => Platform::Linux,
        _ => Platform::Bsd,
    }
}

/// Linux tells it in /proc; elsewhere it is not known.
fn memory_mib() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|it| it.strip_prefix("MemTotal:"))?;
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse::<u64>()
        .ok()
        .map(|it| it / 1024)
}

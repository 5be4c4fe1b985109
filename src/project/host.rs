//! What a Vagrantfile sees of this computer, and the decision that it changes nothing here unless it is trusted.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use vagrantfile::host::{
    Act, Change, Child, Code, Command, Connection, Decision, Endpoint, Facts, Host, Interface, Metadata, Moment,
    Output, PipeEnd, Platform, Request, Response,
};

use super::commands::{self, Pipes};
use super::sockets;
use super::trust::{TRUST_ADVICE, Trust};
use crate::context::Context;
use crate::environment::Environment;
use crate::http::Http;
use crate::ui::Ui;

/// This computer, as a Vagrantfile in a folder sees it.
pub struct ProcessHost {
    is_offline: bool,
    environment: Environment,
    folder: PathBuf,
    ui: Arc<Ui>,
    trust: Arc<Trust>,
    /// Where wishes are collected that are not granted; then what is not trusted goes on as if it had happened.
    survey: Option<Arc<Mutex<Vec<Act>>>>,
    /// Whether the act that was decided last is one of these.
    is_pretended: bool,
    /// What earlier readings of the same files were told, and how many of the numbers this one has had.
    repeated: Option<(Arc<Repeated>, usize)>,
    /// Whether what the files print is shown.
    prints: bool,
    /// The pipes that the files have opened.
    pipes: Pipes,
    /// Whether the terminal does not show what is typed.
    is_silent: bool,
}

/// What several readings of the same files are told alike, so that they come to the same: the time, and numbers at random.
pub struct Repeated {
    now: Moment,
    numbers: Mutex<Vec<u64>>,
    was_read: AtomicBool,
}

impl Repeated {
    /// For readings from now on.
    pub fn new() -> Self {
        Self {
            now: now(),
            numbers: Mutex::default(),
            was_read: AtomicBool::new(false),
        }
    }

    /// The number in a place, which falls when it is asked for first.
    fn number(&self, place: usize) -> u64 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        while numbers.len() <= place {
            numbers.push(random());
        }
        numbers[place]
    }
}

fn now() -> Moment {
    let now = jiff::Zoned::now();
    Moment {
        seconds: now.timestamp().as_second(),
        nanoseconds: now.timestamp().subsec_nanosecond().unsigned_abs(),
        offset: now.offset().seconds(),
    }
}

fn random() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0
}

impl ProcessHost {
    /// This computer for the Vagrantfiles of a project.
    pub fn new(context: &Context, vagrantfile: &Path, trust: &Arc<Trust>) -> Self {
        Self {
            is_offline: context.offline,
            environment: context.environment.clone(),
            folder: vagrantfile.parent().unwrap_or(Path::new("/")).to_owned(),
            ui: context.ui.clone(),
            trust: trust.clone(),
            survey: None,
            is_pretended: false,
            repeated: None,
            prints: true,
            pipes: Pipes::default(),
            is_silent: false,
        }
    }

    /// The same for one of several readings; what the files print is shown of the first.
    pub fn repeated(mut self, repeated: &Arc<Repeated>) -> Self {
        self.prints = !repeated.was_read.swap(true, Ordering::Relaxed);
        self.repeated = Some((repeated.clone(), 0));
        self
    }

    /// The same for a look at what files want: what they may not do is noted, and they are told that it was done.
    pub fn survey(mut self, wishes: Arc<Mutex<Vec<Act>>>) -> Self {
        self.survey = Some(wishes);
        self
    }

    /// Whether somebody answers on the terminal. Where nobody sees the question, as while the shell completes a word, nobody does; and that
    /// terminal is set as the shell needs it.
    fn may_ask(&self) -> bool {
        self.ui.style().interactive
    }

    /// Notes a wish; a write goes to memory, as it does without trust.
    fn pretend(&mut self, act: &Act, wishes: &Mutex<Vec<Act>>) -> Decision {
        let mut wishes = wishes.lock().unwrap_or_else(PoisonError::into_inner);
        // A pipe reaches nobody by itself, and a command counts once, whatever its streams are.
        let is_known = |it: &Act| match (it, act) {
            (Act::Run(one), Act::Run(other)) => one.line == other.line && one.directory == other.directory,
            (one, other) => one == other,
        };
        if *act != Act::Pipe && !wishes.iter().any(is_known) {
            wishes.push(act.clone());
        }
        self.is_pretended = true;
        match act {
            Act::Write(_) => Decision::Refuse(TRUST_ADVICE.to_owned()),
            _ => Decision::Allow,
        }
    }
}

/// The longest file that a Vagrantfile may read.
const LONGEST_FILE: u64 = 128 << 20;

impl Host for ProcessHost {
    fn environment(&self) -> Vec<(String, String)> {
        self.environment.text_variables().into_iter().collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // Opening a pipe that nobody writes to would wait, and a device may have no end.
        let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let mut content = Vec::new();
        file.take(LONGEST_FILE + 1).read_to_end(&mut content)?;
        if content.len() as u64 > LONGEST_FILE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(content)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        use std::os::unix::fs::{FileTypeExt, MetadataExt};
        let found = fs::metadata(path)?;
        Ok(Metadata {
            is_directory: found.is_dir(),
            size: found.len(),
            mode: found.mode() & 0o7777,
            modified: found.mtime(),
            is_socket: found.file_type().is_socket(),
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
        self.folder.clone()
    }

    fn home(&self) -> PathBuf {
        self.environment.user_home().unwrap_or_else(|| PathBuf::from("/"))
    }

    fn facts(&self) -> Facts {
        let system = rustix::system::uname();
        Facts {
            platform: platform(),
            architecture: system.machine().to_string_lossy().into_owned(),
            hostname: system.nodename().to_string_lossy().into_owned(),
            user: self.environment.text("USER").unwrap_or_else(|| "user".to_owned()),
            user_id: rustix::process::getuid().as_raw(),
            group_id: rustix::process::getgid().as_raw(),
            process_id: std::process::id(),
            is_terminal: io::stdin().is_terminal(),
        }
    }

    fn processors(&self) -> u32 {
        std::thread::available_parallelism().map_or(1, |it| it.get() as u32)
    }

    fn interfaces(&self) -> io::Result<Vec<Interface>> {
        sockets::interfaces()
    }

    fn now(&self) -> Moment {
        self.repeated.as_ref().map_or_else(now, |(it, _)| it.now)
    }

    fn random(&mut self) -> u64 {
        let Some((repeated, place)) = &mut self.repeated else {
            return random();
        };
        *place += 1;
        repeated.number(*place - 1)
    }

    fn print(&mut self, text: &str) {
        if self.prints {
            self.ui.aside(text);
        }
    }

    fn decide(&mut self, act: &Act, code: &[Code]) -> Decision {
        self.is_pretended = false;
        if let Some(wishes) = self.survey.clone()
            && !self.trust.strangers(code).is_empty()
        {
            return self.pretend(act, &wishes);
        }
        match self.trust.allows(act, code) {
            true => Decision::Allow,
            false => Decision::Refuse(advice_for(&self.trust.strangers(code), &self.folder)),
        }
    }

    fn run(&mut self, command: &Command, patience: Option<Duration>) -> io::Result<Output> {
        match self.is_pretended {
            true => Ok(commands::pretended()),
            false => commands::run(command, &self.pipes, patience),
        }
    }

    fn start(&mut self, command: &Command) -> io::Result<Box<dyn Child>> {
        match self.is_pretended {
            true => Ok(Box::new(commands::Pretended)),
            false => commands::start(command, &self.pipes),
        }
    }

    fn open_pipe(&mut self) -> io::Result<[PipeEnd; 2]> {
        match self.is_pretended {
            true => Ok([0, 1].map(commands::pretended_end)),
            false => self.pipes.open(),
        }
    }

    fn input(&mut self, at_most: usize, patience: Duration) -> io::Result<Option<Vec<u8>>> {
        if self.survey.is_some() {
            return Ok(Some(Vec::new()));
        }
        let input = io::stdin();
        if input.is_terminal() && !self.may_ask() {
            return Ok(Some(Vec::new()));
        }
        if !commands::ready(std::iter::once(input.as_fd()), Some(patience))?[0] {
            return Ok(None);
        }
        // Not a byte more is taken than is wanted: the rest may be for a command of the file's, or for a guest.
        let mut bytes = vec![0; at_most];
        let read = rustix::io::read(&input, &mut bytes)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }

    fn set_echo(&mut self, is_shown: bool) -> io::Result<()> {
        let input = io::stdin();
        if self.survey.is_some() || !self.may_ask() {
            return Ok(());
        }
        let mut terminal = tcgetattr(&input)?;
        terminal.local_modes.set(LocalModes::ECHO, is_shown);
        tcsetattr(&input, OptionalActions::Now, &terminal)?;
        self.is_silent = !is_shown;
        Ok(())
    }

    fn request(&mut self, request: &Request) -> io::Result<Response> {
        if self.is_pretended {
            return Ok(Response {
                status: 200,
                ..Response::default()
            });
        }
        let http = Http::for_vagrantfile(self.is_offline, request).map_err(io::Error::other)?;
        // Files are read on a thread of their own, where no runtime is.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(http.exchange(request.clone(), LONGEST_FILE as usize))
    }

    fn resolve(&mut self, name: &str) -> io::Result<Vec<IpAddr>> {
        if self.is_pretended {
            return Ok(vec![IpAddr::from([127, 0, 0, 1])]);
        }
        if self.is_offline && name != "localhost" {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        sockets::resolve(name)
    }

    fn name_of(&mut self, address: IpAddr) -> io::Result<String> {
        if self.is_pretended {
            return Ok(address.to_string());
        }
        if self.is_offline && !address.is_loopback() {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        sockets::name_of(address)
    }

    fn open_socket(&mut self, endpoint: &Endpoint, patience: Option<Duration>) -> io::Result<Box<dyn Connection>> {
        if self.is_pretended {
            return Ok(sockets::pretended());
        }
        if self.is_offline && !sockets::is_local(endpoint) {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        sockets::open(endpoint, patience)
    }

    fn wait(&mut self, time: Duration) {
        if self.survey.is_none() {
            std::thread::sleep(time);
        }
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

/// The advice for Vagrantfiles that are not trusted; one that lies elsewhere is named.
fn advice_for(strangers: &[Arc<Path>], folder: &Path) -> String {
    match strangers.iter().find(|it| it.parent() != Some(folder)) {
        Some(elsewhere) => TRUST_ADVICE.replace("`jaunt trust`", &format!("`jaunt trust {}`", elsewhere.display())),
        None => TRUST_ADVICE.to_owned(),
    }
}

impl Drop for ProcessHost {
    fn drop(&mut self) {
        if self.is_silent {
            let _ = self.set_echo(true);
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

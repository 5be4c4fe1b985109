//! Everything outside of a Vagrantfile, as the languages see it: [`Host`].
//!
//! The crate reads no environment, no file and no clock, and runs and writes nothing, except through a `Host`. Whether a
//! Vagrantfile may act on the machine that reads it is the host's decision too ([`Host::decide`]); what a write means
//! without permission is ours: it goes to memory ([`World`]), so that the file reads back what it wrote.

mod code;
mod commands;
mod memory;
mod sockets;
mod world;

pub use code::Code;
pub use commands::{Child, Command, CommandLine, Ended, Output, PipeEnd, Redirect};
pub use memory::MemoryHost;
pub use sockets::{Connection, Endpoint, Interface};
pub use world::{Domain, Refusal, Socket, World, clean as clean_path};

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What surrounds a Vagrantfile.
pub trait Host: Send {
    /// The environment variables, in any order.
    fn environment(&self) -> Vec<(String, String)>;

    /// The whole content of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What stands at a path; links are followed.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;

    /// The names in a folder, without `.` and `..`.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

    /// The path with its links resolved.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;

    /// The folder that relative paths start from.
    fn working_directory(&self) -> PathBuf;

    /// The user's home folder.
    fn home(&self) -> PathBuf;

    /// What kind of machine this is, and who uses it.
    fn facts(&self) -> Facts;

    /// How many processors this machine has. Finding out takes longer than the other facts together, and few files ask.
    fn processors(&self) -> u32;

    /// The addresses of this machine.
    fn interfaces(&self) -> io::Result<Vec<Interface>>;

    /// The time.
    fn now(&self) -> Moment;

    /// Random bits, for names and tokens.
    fn random(&mut self) -> u64;

    /// Shows what a Vagrantfile prints. It belongs on the standard error output: the standard output is data.
    fn print(&mut self, text: &str);

    /// Whether the Vagrantfiles may do this to the machine. `code` is all that may have a part in it: every text that their interpreter
    /// has run so far.
    fn decide(&mut self, act: &Act, code: &[Code]) -> Decision;

    /// Runs a command and waits, at most that long; then it goes on alone, and this is an error that is [`io::ErrorKind::TimedOut`]. It is
    /// asked for only after [`Host::decide`] allowed it.
    fn run(&mut self, command: &Command, patience: Option<Duration>) -> io::Result<Output>;

    /// Starts a command. It is asked for only after [`Host::decide`] allowed it.
    fn start(&mut self, command: &Command) -> io::Result<Box<dyn Child>>;

    /// Opens a pipe: the end that is read and the one that is written. It is asked for only after [`Host::decide`] allowed it.
    fn open_pipe(&mut self) -> io::Result<[PipeEnd; 2]>;

    /// The next bytes of the standard input, at most so many; none at its end. `None` when that time has passed without any.
    fn input(&mut self, at_most: usize, patience: Duration) -> io::Result<Option<Vec<u8>>>;

    /// Whether the terminal shows what is typed. It does again at the latest when the host is gone.
    fn set_echo(&mut self, is_shown: bool) -> io::Result<()>;

    /// Asks a server by HTTP. Every status is an answer. It is asked for only after [`Host::decide`] allowed it.
    fn request(&mut self, request: &Request) -> io::Result<Response>;

    /// The addresses behind a name. It is asked for only after [`Host::decide`] allowed it.
    fn resolve(&mut self, name: &str) -> io::Result<Vec<IpAddr>>;

    /// The name behind an address. It is asked for only after [`Host::decide`] allowed it.
    fn name_of(&mut self, address: IpAddr) -> io::Result<String>;

    /// Opens a socket. It is asked for only after [`Host::decide`] allowed it.
    fn open_socket(&mut self, endpoint: &Endpoint, patience: Option<Duration>) -> io::Result<Box<dyn Connection>>;

    /// Lets some time pass. It is asked for only after [`Host::decide`] allowed something: nobody else has anything to wait for.
    fn wait(&mut self, time: Duration);

    /// Changes a file or folder. It is asked for only after [`Host::decide`] allowed it.
    fn change(&mut self, change: &Change) -> io::Result<()>;
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// A folder; everything else counts as a file.
    pub is_directory: bool,
    /// The size in bytes.
    pub size: u64,
    /// Permission bits, as Unix has them.
    pub mode: u32,
    /// When it was last changed, in seconds since 1970.
    pub modified: i64,
    /// Whether it is a socket.
    pub is_socket: bool,
}

/// What kind of machine reads the Vagrantfile, and who uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The operating system.
    pub platform: Platform,
    /// The processor's architecture: `x86_64`, `aarch64`.
    pub architecture: String,
    /// The machine's name.
    pub hostname: String,
    /// The user's name.
    pub user: String,
    /// The user's number; 0 where there is none.
    pub user_id: u32,
    /// The number of the user's group; 0 where there is none.
    pub group_id: u32,
    /// The number of the process that reads.
    pub process_id: u32,
    /// Whether somebody types the standard input on a terminal.
    pub is_terminal: bool,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
    /// A BSD.
    Bsd,
}

/// A point in time with the local time zone's distance to UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970 in UTC.
    pub seconds: i64,
    /// The part of the second.
    pub nanoseconds: u32,
    /// Seconds east of UTC.
    pub offset: i32,
}

/// Something that a Vagrantfile wants to do to the machine that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Run a command.
    Run(Command),
    /// Connect to another machine; the text says to what.
    Connect(String),
    /// Let others connect to this machine; the text says where.
    Listen(String),
    /// Open a pipe, for commands to come.
    Pipe,
    /// Change files.
    Write(PathBuf),
}

/// What becomes of an [`Act`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is done.
    Allow,
    /// It is an error, with this advice. A write is kept in memory instead.
    Refuse(String),
}

/// A request of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` and the like.
    pub method: String,
    /// Where; may have secrets.
    pub url: String,
    /// Names in lower case, and values, which may be secrets.
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    pub body: Vec<u8>,
    /// Whether it goes on to where an answer points; otherwise that answer is the answer.
    pub follows: bool,
    /// Whether the server's certificate is not looked at.
    pub insecure: bool,
    /// How long it may take. Without, what the host thinks patient enough.
    pub timeout: Option<Duration>,
}

/// What a server answers to a [`Request`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status: 200, 404.
    pub status: u16,
    /// The usual words for the status.
    pub reason: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
}

impl Request {
    /// Asks for what is there, wherever it may have gone.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            follows: true,
            insecure: false,
            timeout: None,
        }
    }
}

/// A change to a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The file has this content from now on.
    Write(PathBuf, Vec<u8>),
    /// The folder exists from now on, and those above it.
    CreateFolder(PathBuf),
    /// The file or folder is gone, with all it holds.
    Remove(PathBuf),
    /// A symbolic link at the second path points to the first.
    Link(PathBuf, PathBuf),
    /// The permission bits.
    Mode(PathBuf, u32),
}

impl Change {
    /// The path that is changed.
    pub fn path(&self) -> &Path {
        match self {
            Change::Write(path, _) | Change::CreateFolder(path) | Change::Remove(path) | Change::Mode(path, _) => path,
            Change::Link(_, path) => path,
        }
    }
}

//! The host as one Vagrantfile sees it: what it changed without permission is kept in memory and read back from there.
//!
//! **Invariant:** what one [`Domain`] changes here, no other sees: a box's file cannot act through the project's.

use super::code::CodeList;
use super::{
    Act, Change, Child, Code, Command, Connection, Decision, Endpoint, Host, Metadata, Output, PipeEnd, Request,
    Response,
};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Vagrantfiles that share an interpreter, and with it all that they change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Domain {
    /// The user's own file and the project's.
    #[default]
    Project,
    /// One box's file.
    Box(Arc<Path>),
}

/// A [`Host`] with an overlay of the writes that it did not allow, and of the environment as the files changed it.
pub struct World {
    /// The host itself, for what needs no overlay.
    pub host: Box<dyn Host>,
    domain: Domain,
    /// The Vagrantfile that runs.
    vagrantfile: Arc<Path>,
    own: Surroundings,
    /// Whether anything was allowed, so that there may be something to wait for.
    has_acted: bool,
    others: HashMap<Domain, Surroundings>,
}

/// What the files of one domain changed, and what they are made of.
#[derive(Default)]
struct Surroundings {
    overlay: BTreeMap<PathBuf, Overlay>,
    environment: Vec<(String, String)>,
    directory: PathBuf,
    code: CodeList,
}

/// What the overlay says of a path.
#[derive(Debug, Clone)]
enum Overlay {
    File(Vec<u8>),
    Folder,
    Gone,
}

/// A socket as a file asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socket {
    /// A connection.
    Tcp,
    /// A server.
    TcpServer,
    /// Datagrams to somebody.
    Udp,
    /// Datagrams from anybody.
    UdpServer,
    /// A connection to a file.
    Unix,
    /// A server behind a file.
    UnixServer,
}

/// Why an act did not happen.
#[derive(Debug)]
pub enum Refusal {
    /// The host does not allow it; the text is what to do.
    NotTrusted(String),
    /// It was tried and failed.
    Failed(io::Error),
    /// Nobody knows the name of the other side.
    Unknown(io::Error),
}

impl World {
    /// The world around a fresh session.
    pub fn new(host: Box<dyn Host>) -> Self {
        let own = Surroundings::of(&*host);
        Self {
            host,
            domain: Domain::default(),
            vagrantfile: Path::new("").into(),
            own,
            has_acted: false,
            others: HashMap::new(),
        }
    }

    /// From now on a Vagrantfile of a domain runs.
    pub fn enter(&mut self, domain: &Domain, vagrantfile: &Arc<Path>) {
        self.vagrantfile = vagrantfile.clone();
        if *domain == self.domain {
            return;
        }
        let next = self.others.remove(domain);
        let next = next.unwrap_or_else(|| Surroundings::of(&*self.host));
        let last = std::mem::replace(&mut self.own, next);
        self.others
            .insert(std::mem::replace(&mut self.domain, domain.clone()), last);
    }

    /// Notes that a file runs.
    pub fn note_file(&mut self, path: &Path, text: &[u8]) {
        let file = self.canonical(path).unwrap_or_else(|_| self.absolute(path));
        self.own.code.add_file(self.vagrantfile.clone(), file, text);
    }

    /// Notes that a file evaluates a text.
    pub fn note_evaluated(&mut self, by: &Path, text: &[u8]) {
        let file = self.canonical(by).unwrap_or_else(|_| by.to_owned());
        self.own.code.add_evaluated(self.vagrantfile.clone(), file, text);
    }

    /// All code of all domains.
    pub fn code(&self) -> Vec<Code> {
        let all = std::iter::once(&self.own).chain(self.others.values());
        all.flat_map(|it| it.code.all().to_vec()).collect()
    }

    /// The environment variables, as the files changed them.
    pub fn environment(&self) -> &[(String, String)] {
        &self.own.environment
    }

    /// One environment variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.own
            .environment
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same for the user's own file and the project's, whichever runs.
    pub fn variable_of_the_project(&self, name: &str) -> Option<String> {
        let other = self.others.get(&Domain::Project);
        let own = (self.domain == Domain::Project).then_some(&self.own);
        let environment = &own.or(other)?.environment;
        environment
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    }

    /// Sets or removes an environment variable, for this session alone.
    pub fn set_variable(&mut self, name: &str, value: Option<&str>) {
        match (self.own.environment.iter().position(|(key, _)| key == name), value) {
            (Some(index), Some(value)) => self.own.environment[index].1 = value.to_owned(),
            (Some(index), None) => drop(self.own.environment.remove(index)),
            (None, Some(value)) => self.own.environment.push((name.to_owned(), value.to_owned())),
            (None, None) => {}
        }
    }

    /// The folder that relative paths start from.
    pub fn directory(&self) -> &Path {
        &self.own.directory
    }

    /// Changes the folder that relative paths start from.
    pub fn set_directory(&mut self, path: &Path) {
        self.own.directory = self.absolute(path);
    }

    /// The path with the working folder before it, and without `.` and `..`.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        clean(&self.own.directory.join(path))
    }

    /// The content of a file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = self.absolute(path);
        match self.own.overlay.get(&path) {
            Some(Overlay::File(content)) => Ok(content.clone()),
            Some(Overlay::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            Some(Overlay::Gone) => Err(io::ErrorKind::NotFound.into()),
            None if self.below_removed(&path) => Err(io::ErrorKind::NotFound.into()),
            None => self.host.read(&path),
        }
    }

    /// What stands at a path.
    pub fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let path = self.absolute(path);
        let (is_directory, size) = match self.own.overlay.get(&path) {
            Some(Overlay::File(content)) => (false, content.len() as u64),
            Some(Overlay::Folder) => (true, 0),
            Some(Overlay::Gone) => return Err(io::ErrorKind::NotFound.into()),
            None if self.below_removed(&path) => return Err(io::ErrorKind::NotFound.into()),
            None => return self.host.metadata(&path),
        };
        Ok(Metadata {
            is_directory,
            size,
            mode: if is_directory { 0o755 } else { 0o644 },
            modified: self.host.now().seconds,
            is_socket: false,
        })
    }

    /// The names in a folder, sorted.
    pub fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let path = self.absolute(path);
        let made_here = matches!(self.own.overlay.get(&path), Some(Overlay::Folder));
        let mut names = match self.host.list(&path) {
            Ok(names) => names,
            Err(_) if made_here => Vec::new(),
            Err(error) => return Err(error),
        };
        for (changed, overlay) in &self.own.overlay {
            let (Some(parent), Some(name)) = (changed.parent(), changed.file_name()) else {
                continue;
            };
            if parent == path {
                let name = name.to_string_lossy().into_owned();
                names.retain(|it| *it != name);
                if !matches!(overlay, Overlay::Gone) {
                    names.push(name);
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// The path with its links resolved.
    pub fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        let path = self.absolute(path);
        if self.own.overlay.contains_key(&path) {
            self.metadata(&path).map(|_| path)
        } else {
            self.host.canonical(&path)
        }
    }

    /// Whether the host allows an act to the files that run.
    pub fn decide(&mut self, act: &Act) -> Decision {
        let decision = self.host.decide(act, self.own.code.all());
        self.has_acted |= decision == Decision::Allow;
        decision
    }

    /// Lets some time pass where something outside may have begun.
    pub fn wait(&mut self, time: Duration) {
        if self.has_acted {
            self.host.wait(time);
        }
    }

    /// Whether [`World::wait`] waits.
    pub fn waits(&self) -> bool {
        self.has_acted
    }

    /// The addresses behind a name, where the host allows to ask. Addresses are their own.
    pub fn resolve(&mut self, name: &str) -> Result<Vec<IpAddr>, Refusal> {
        if let Ok(address) = name.parse() {
            return Ok(vec![address]);
        }
        match self.decide(&Act::Connect(format!("the name service, for {name}"))) {
            Decision::Refuse(advice) => Err(Refusal::NotTrusted(advice)),
            Decision::Allow => self.host.resolve(name).map_err(Refusal::Unknown),
        }
    }

    /// Opens a socket where the host allows it. A name may stand for several addresses: the first that works is taken.
    pub fn open_socket(
        &mut self,
        socket: Socket,
        name: &str,
        port: u16,
        patience: Option<Duration>,
    ) -> Result<Box<dyn Connection>, Refusal> {
        if let Decision::Refuse(advice) = self.decide(&socket.act(name, port)) {
            return Err(Refusal::NotTrusted(advice));
        }
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for endpoint in self.endpoints(socket, name, port)? {
            match self.host.open_socket(&endpoint, patience) {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(Refusal::Failed(last))
    }

    fn endpoints(&mut self, socket: Socket, name: &str, port: u16) -> Result<Vec<Endpoint>, Refusal> {
        let path = || self.absolute(Path::new(name));
        match socket {
            Socket::Unix => return Ok(vec![Endpoint::Unix(path())]),
            Socket::UnixServer => return Ok(vec![Endpoint::UnixServer(path())]),
            Socket::Tcp | Socket::TcpServer | Socket::Udp | Socket::UdpServer => {}
        }
        let is_server = matches!(socket, Socket::TcpServer | Socket::UdpServer);
        let addresses = match (name, name.parse()) {
            ("", _) if is_server => vec![Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::UNSPECIFIED.into()],
            ("", _) => vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
            (_, Ok(address)) => vec![address],
            (_, Err(_)) => self.host.resolve(name).map_err(Refusal::Unknown)?,
        };
        let endpoint = |address: IpAddr| {
            let address = SocketAddr::new(address, port);
            match socket {
                Socket::Tcp | Socket::Unix | Socket::UnixServer => Endpoint::Tcp(address),
                Socket::TcpServer => Endpoint::TcpServer(address),
                Socket::Udp => Endpoint::Udp(address),
                Socket::UdpServer => Endpoint::UdpServer(address),
            }
        };
        Ok(addresses.into_iter().map(endpoint).collect())
    }

    /// Runs a command where the host allows it, and waits for it, at most that long.
    pub fn run(&mut self, command: Command, patience: Option<Duration>) -> Result<Output, Refusal> {
        let command = self.allowed(command)?;
        self.host.run(&command, patience).map_err(Refusal::Failed)
    }

    /// Starts a command where the host allows it.
    pub fn start(&mut self, command: Command) -> Result<Box<dyn Child>, Refusal> {
        let command = self.allowed(command)?;
        self.host.start(&command).map_err(Refusal::Failed)
    }

    /// The command with the environment as the files have changed it, where the host allows it.
    fn allowed(&mut self, mut command: Command) -> Result<Command, Refusal> {
        if let Decision::Refuse(advice) = self.decide(&Act::Run(command.clone())) {
            return Err(Refusal::NotTrusted(advice));
        }
        if command.clears_environment {
            return Ok(command);
        }
        let before = self.host.environment();
        let own = &self.own.environment;
        let gone = |(name, _): &&(String, String)| own.iter().all(|(it, _)| it != name);
        let mut changes: Vec<_> = before
            .iter()
            .filter(gone)
            .map(|(name, _)| (name.clone(), None))
            .collect();
        let new = own.iter().filter(|it| !before.contains(it));
        changes.extend(new.map(|(name, value)| (name.clone(), Some(value.clone()))));
        changes.append(&mut command.environment);
        command.environment = changes;
        Ok(command)
    }

    /// Opens a pipe where the host allows it.
    pub fn open_pipe(&mut self) -> Result<[PipeEnd; 2], Refusal> {
        match self.decide(&Act::Pipe) {
            Decision::Refuse(advice) => Err(Refusal::NotTrusted(advice)),
            Decision::Allow => self.host.open_pipe().map_err(Refusal::Failed),
        }
    }

    /// The name behind an address, where the host allows to ask.
    pub fn name_of(&mut self, address: IpAddr) -> Result<String, Refusal> {
        match self.decide(&Act::Connect(format!("the name service, for {address}"))) {
            Decision::Refuse(advice) => Err(Refusal::NotTrusted(advice)),
            Decision::Allow => self.host.name_of(address).map_err(Refusal::Unknown),
        }
    }

    /// Asks a server where the host allows it.
    pub fn request(&mut self, request: &Request) -> Result<Response, Refusal> {
        match self.decide(&Act::Connect(request.url.clone())) {
            Decision::Refuse(advice) => Err(Refusal::NotTrusted(advice)),
            Decision::Allow => self.host.request(request).map_err(Refusal::Failed),
        }
    }

    /// Changes a file where the host allows it, else the picture that this session has of it.
    pub fn change(&mut self, change: Change) -> io::Result<()> {
        match self.decide(&Act::Write(change.path().to_owned())) {
            Decision::Allow => self.host.change(&change),
            Decision::Refuse(_) => self.keep(change),
        }
    }

    fn keep(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Write(path, content) => {
                let parent = path.parent().unwrap_or(Path::new("/"));
                if !self.metadata(parent)?.is_directory {
                    return Err(io::ErrorKind::NotADirectory.into());
                }
                self.own.overlay.insert(path, Overlay::File(content));
            }
            Change::CreateFolder(path) => {
                for folder in path.ancestors() {
                    if self.metadata(folder).is_err() {
                        self.own.overlay.insert(folder.to_owned(), Overlay::Folder);
                    }
                }
            }
            Change::Remove(path) => {
                self.metadata(&path)?;
                self.own.overlay.retain(|it, _| !it.starts_with(&path));
                self.own.overlay.insert(path, Overlay::Gone);
            }
            Change::Link(target, path) => {
                let content = self
                    .read(&path.parent().unwrap_or(Path::new("/")).join(target))
                    .unwrap_or_default();
                self.own.overlay.insert(path, Overlay::File(content));
            }
            Change::Mode(path, _) => drop(self.metadata(&path)?),
        }
        Ok(())
    }

    fn below_removed(&self, path: &Path) -> bool {
        path.ancestors()
            .skip(1)
            .any(|it| matches!(self.own.overlay.get(it), Some(Overlay::Gone)))
    }
}

impl Socket {
    /// What opening it means, for those who decide.
    pub fn act(self, name: &str, port: u16) -> Act {
        let host = if name.is_empty() { "this computer" } else { name };
        match self {
            Socket::Tcp => Act::Connect(format!("{host}:{port}")),
            Socket::Udp => Act::Connect(format!("{host}:{port} (UDP)")),
            Socket::TcpServer => Act::Listen(format!("port {port}")),
            Socket::UdpServer => Act::Listen(format!("port {port} (UDP)")),
            Socket::Unix => Act::Connect(name.to_owned()),
            Socket::UnixServer => Act::Listen(name.to_owned()),
        }
    }
}

impl Surroundings {
    fn of(host: &dyn Host) -> Self {
        Self {
            environment: host.environment(),
            directory: host.working_directory(),
            ..Self::default()
        }
    }
}

/// The path without `.` and `..`; it may not exist, so links are left alone.
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            other => clean.push(other),
        }
    }
    clean
}

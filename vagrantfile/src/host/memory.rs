//! A [`Host`] that stands in memory: for tests, and for reading text that belongs to no project.

use super::{
    Act, Change, Child, Code, Command, Connection, Decision, Endpoint, Facts, Host, Interface, Metadata, Moment,
    Output, PipeEnd, Platform, Request, Response,
};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A machine of fixed facts, with the files that it was given and nothing else. It refuses every act.
#[derive(Debug, Clone, Default)]
pub struct MemoryHost {
    files: BTreeMap<PathBuf, Vec<u8>>,
    environment: BTreeMap<String, String>,
    printed: Arc<Mutex<String>>,
    random: u64,
    /// How many seconds have passed, where they do: one whenever somebody looks at the clock.
    clock: Option<Arc<AtomicI64>>,
}

impl MemoryHost {
    /// The same machine with one more file; the path is relative to `/project`.
    pub fn with_file(mut self, path: &str, content: &str) -> Self {
        self.files
            .insert(Path::new("/project").join(path), content.as_bytes().to_vec());
        self
    }

    /// The same machine with one more environment variable.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same machine, so slow that a second passes between two looks at its clock.
    pub fn with_a_second_at_each_look(mut self) -> Self {
        self.clock = Some(Arc::default());
        self
    }

    /// What was printed, readable while a session owns the host.
    pub fn printed(&self) -> Arc<Mutex<String>> {
        self.printed.clone()
    }
}

impl Host for MemoryHost {
    fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone().into_iter().collect()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let file = self.files.get(path);
        let is_directory = file.is_none() && self.files.keys().any(|it| it.starts_with(path));
        if file.is_none() && !is_directory {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Metadata {
            is_directory,
            size: file.map_or(0, |it| it.len() as u64),
            mode: 0o644,
            modified: 1_700_000_000,
            is_socket: false,
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let below = self
            .files
            .keys()
            .filter_map(|it| it.strip_prefix(path).ok()?.components().next());
        let mut names: Vec<String> = below.map(|it| it.as_os_str().to_string_lossy().into_owned()).collect();
        names.dedup();
        if names.is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            Ok(names)
        }
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.metadata(path).map(|_| path.to_owned())
    }

    fn working_directory(&self) -> PathBuf {
        PathBuf::from("/project")
    }

    fn home(&self) -> PathBuf {
        PathBuf::from("/home/user")
    }

    fn facts(&self) -> Facts {
        Facts {
            platform: Platform::Linux,
            architecture: "x86_64".to_owned(),
            hostname: "workstation".to_owned(),
            user: "user".to_owned(),
            user_id: 1000,
            group_id: 1000,
            process_id: 4711,
            is_terminal: false,
        }
    }

    fn processors(&self) -> u32 {
        4
    }

    fn interfaces(&self) -> io::Result<Vec<Interface>> {
        let interface = |name: &str, address: Ipv4Addr, netmask: Ipv4Addr| Interface {
            name: name.to_owned(),
            flags: 0x41,
            address: Some(IpAddr::V4(address)),
            netmask: Some(IpAddr::V4(netmask)),
            broadcast: None,
        };
        Ok(vec![
            interface("lo", Ipv4Addr::LOCALHOST, Ipv4Addr::new(255, 0, 0, 0)),
            interface("eth0", Ipv4Addr::new(192, 168, 1, 20), Ipv4Addr::new(255, 255, 255, 0)),
        ])
    }

    fn now(&self) -> Moment {
        let passed = self.clock.as_ref().map_or(0, |it| it.fetch_add(1, Ordering::Relaxed));
        Moment {
            seconds: 1_700_000_000 + passed,
            nanoseconds: 0,
            offset: 3600,
        }
    }

    fn random(&mut self) -> u64 {
        // A linear congruence is enough where the numbers only need to differ.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.random
    }

    fn print(&mut self, text: &str) {
        if let Ok(mut printed) = self.printed.lock() {
            printed.push_str(text);
        }
    }

    fn decide(&mut self, _act: &Act, _code: &[Code]) -> Decision {
        Decision::Refuse("run `jaunt trust` if you trust this project".to_owned())
    }

    fn run(&mut self, _command: &Command, _patience: Option<Duration>) -> io::Result<Output> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn start(&mut self, _command: &Command) -> io::Result<Box<dyn Child>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn open_pipe(&mut self) -> io::Result<[PipeEnd; 2]> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn input(&mut self, _at_most: usize, _patience: Duration) -> io::Result<Option<Vec<u8>>> {
        Ok(Some(Vec::new()))
    }

    fn set_echo(&mut self, _is_shown: bool) -> io::Result<()> {
        Ok(())
    }

    fn request(&mut self, _request: &Request) -> io::Result<Response> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn resolve(&mut self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn name_of(&mut self, _address: IpAddr) -> io::Result<String> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn open_socket(&mut self, _endpoint: &Endpoint, _patience: Option<Duration>) -> io::Result<Box<dyn Connection>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn wait(&mut self, _time: Duration) {}

    fn change(&mut self, _change: &Change) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

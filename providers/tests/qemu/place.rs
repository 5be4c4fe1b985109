//! A place of a test's own: folders, a backend in them, and machines that are gone when the test is.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use providers::qemu::{Qemu, QemuSettings};
use providers::{
    CheckedDisk, Devices, DiskFormat, Forward, MachineId, MachineSpec, Notice, Protocol, Provider, QemuOptions, State,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::guests;

/// How long a guest of one sector may take for anything, on a busy host.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Place {
    folder: TempDir,
    pub qemu: Qemu,
    notices: Arc<Mutex<Vec<Notice>>>,
}

impl Place {
    pub fn new() -> Self {
        // Sockets are in it, so its path must be short, whatever `TMPDIR` says.
        let folder = tempfile::Builder::new().prefix("jaunt").tempdir_in("/tmp").unwrap();
        let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
        let heard = Arc::clone(&notices);
        let settings = QemuSettings {
            runtime_folder: folder.path().join("run"),
            cache_folder: folder.path().join("cache"),
            search_path: env::split_paths(&env::var_os("PATH").unwrap()).collect(),
            notices: Arc::new(move |notice| heard.lock().unwrap().push(notice)),
        };
        for program in ["qemu-system-x86_64", "qemu-img"] {
            let found = settings.search_path.iter().any(|it| it.join(program).exists());
            assert!(found, "these tests run real machines: install `{program}`");
        }
        Self {
            qemu: Qemu::new(settings),
            folder,
            notices,
        }
    }

    /// A backend that looks for programs in these folders alone.
    pub fn with_search_path(&self, search_path: Vec<PathBuf>) -> Qemu {
        Qemu::new(QemuSettings {
            runtime_folder: self.folder.path().join("run"),
            cache_folder: self.folder.path().join("cache"),
            search_path,
            notices: Arc::new(|_| {}),
        })
    }

    pub fn id(&self) -> MachineId {
        let claim = Uuid::new_v4();
        let folder = self.folder.path().join("machines").join(claim.to_string());
        fs::create_dir_all(&folder).unwrap();
        MachineId { claim, folder }
    }

    /// A machine with that guest on its disk, and no forwards.
    pub fn spec(&self, guest: &[u8]) -> MachineSpec {
        let image = self.folder.path().join(format!("{}.img", Uuid::new_v4()));
        fs::write(&image, guests::disk_image(guest)).unwrap();
        fs::set_permissions(&image, fs::Permissions::from_mode(0o444)).unwrap();
        MachineSpec {
            name: "default".to_owned(),
            disks: vec![CheckedDisk::vouched_for(image, DiskFormat::Raw)],
            empty_disks: Vec::new(),
            media: Vec::new(),
            seed: None,
            memory_mib: 32,
            cpus: 1,
            forwards: Vec::new(),
            architecture: "x86_64".to_owned(),
            devices: Devices::default(),
            qemu: QemuOptions {
                accelerator: Some("tcg".to_owned()),
                ..QemuOptions::default()
            },
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn control_socket(&self, id: &MachineId) -> PathBuf {
        self.path("run").join(format!("{}.control", id.claim.simple()))
    }

    pub fn reader_socket(&self, id: &MachineId) -> PathBuf {
        self.path("run").join(format!("{}.reader", id.claim.simple()))
    }

    pub fn notices(&self) -> Vec<String> {
        self.notices.lock().unwrap().iter().map(|it| it.text.clone()).collect()
    }

    /// What is left of the machine, by file name.
    pub fn leftovers(&self, id: &MachineId) -> Vec<String> {
        let mut names = Vec::new();
        for folder in [&id.folder, &self.path("run")] {
            let entries = fs::read_dir(folder).into_iter().flatten();
            names.extend(entries.map(|it| it.unwrap().file_name().into_string().unwrap()));
        }
        names.sort();
        names
    }

    pub async fn wait_for_state(&self, id: &MachineId, wanted: State) {
        let begin = Instant::now();
        while self.qemu.state(id).await.unwrap() != wanted {
            assert!(begin.elapsed() < PATIENCE, "the machine did not come to be {wanted:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn wait_for_console(&self, id: &MachineId, wanted: &str) {
        let begin = Instant::now();
        loop {
            let lines = self.qemu.console_tail(id, 100).await.unwrap_or_default();
            if lines.iter().any(|it| it.contains(wanted)) {
                return;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "no `{wanted}` on the console, but {lines:?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// No machine outlives its test, not even one that failed.
impl Drop for Place {
    fn drop(&mut self) {
        for machine in fs::read_dir(self.path("machines")).into_iter().flatten().flatten() {
            if let Some(pid) = pid_in(&machine.path()) {
                let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

fn pid_in(machine_folder: &Path) -> Option<rustix::process::Pid> {
    let text = fs::read_to_string(machine_folder.join("qemu.pid")).ok()?;
    rustix::process::Pid::from_raw(text.trim().parse().ok()?)
}

pub fn pid(id: &MachineId) -> rustix::process::Pid {
    pid_in(&id.folder).expect("QEMU wrote its pid")
}

/// Sends a signal to the machine's QEMU, and waits until a killed one is gone.
pub fn signal(id: &MachineId, signal: rustix::process::Signal) {
    let pid = pid(id);
    rustix::process::kill_process(pid, signal).unwrap();
    if signal == rustix::process::Signal::KILL {
        while !is_ended(pid) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Gone with all its threads, or waiting for whoever inherited it.
pub fn is_ended(pid: rustix::process::Pid) -> bool {
    let folder = format!("/proc/{}", pid.as_raw_nonzero());
    let stat = fs::read_to_string(format!("{folder}/stat")).unwrap_or_default();
    let threads = fs::read_dir(format!("{folder}/task")).map_or(0, Iterator::count);
    stat.is_empty() || (stat.contains(") Z ") && threads <= 1)
}

/// Gives a command to a QEMU, as any other program may.
pub fn command(socket: &Path, name: &str) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let text = format!("{{\"execute\":\"qmp_capabilities\"}}\n{{\"execute\":\"{name}\"}}\n");
    stream.write_all(text.as_bytes()).unwrap();
    let mut answers = BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .filter(|it| it.contains("\"return\""));
    assert!(
        answers.next().is_some() && answers.next().is_some(),
        "QEMU did not do `{name}`"
    );
}

pub fn forward(id: &str, guest_port: u16, host_port: u16) -> Forward {
    Forward {
        id: id.to_owned(),
        protocol: Protocol::Tcp,
        guest_address: None,
        guest_port,
        host_address: Ipv4Addr::LOCALHOST.into(),
        host_port,
        correct_within: None,
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A port that is taken for as long as the listener lives.
pub fn taken_port() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

pub fn accepts(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

//! A real OCI registry, Debian's `docker-registry`, on a port of this computer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{eventually, free_port};

/// The password of the user `team`.
pub const PASSWORD: &str = "correct horse";
/// Made by `htpasswd -nbB team 'correct horse'`.
const HTPASSWD: &str = "team:$2y$05$JRZobyALzMeAGtOHmnmqBeEeVkiZslRlH1s9mgVYSCFThp0QgtTsu\n";

/// A registry, until it is dropped.
pub struct Registry {
    process: Child,
    port: u16,
    folder: PathBuf,
}

/// What a registry asks of whoever comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    Open,
    Password,
    /// A password over TLS, with a certificate of its own making.
    Tls,
}

impl Registry {
    /// Starts a registry that keeps its things in a folder.
    pub fn start(folder: &Path, guard: Guard) -> Self {
        let port = free_port();
        fs::create_dir_all(folder).unwrap();
        let mut settings = format!(
            "version: 0.1\nlog:\n  accesslog:\n    disabled: true\n  level: warn\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            folder.join("data").display()
        );
        if guard == Guard::Tls {
            make_certificate(folder);
            let path = |name: &str| folder.join(name).display().to_string();
            settings += &format!(
                "  tls:\n    certificate: {}\n    key: {}\n",
                path("cert.pem"),
                path("key.pem")
            );
        }
        if guard != Guard::Open {
            fs::write(folder.join("htpasswd"), HTPASSWD).unwrap();
            let path = folder.join("htpasswd").display().to_string();
            settings += &format!("auth:\n  htpasswd:\n    realm: boxes\n    path: {path}\n");
        }
        fs::write(folder.join("config.yml"), settings).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(folder.join("config.yml"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("scripts/test installs docker-registry");
        let registry = Self {
            process,
            port,
            folder: folder.to_owned(),
        };
        eventually(Duration::from_secs(30), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        registry
    }

    /// The address of a repository.
    pub fn address(&self, repository: &str) -> String {
        format!("oci://127.0.0.1:{}/{repository}", self.port)
    }

    /// The certificate that it shows.
    pub fn certificate(&self) -> String {
        self.folder.join("cert.pem").display().to_string()
    }

    /// Bytes of all that it keeps.
    pub fn size(&self) -> u64 {
        size_of(&self.folder.join("data"))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Bytes of the files below a folder.
pub fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|it| {
            if it.path().is_dir() {
                size_of(&it.path())
            } else {
                it.metadata().map_or(0, |it| it.len())
            }
        })
        .sum()
}

fn make_certificate(folder: &Path) {
    let status = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
        ])
        .args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
        ])
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|it| it.success()), "scripts/test installs openssl");
}

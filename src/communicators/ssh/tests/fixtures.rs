//! Servers that tests talk to, each a process or a listener of its own with a home folder of its own.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::communicators::ssh::{
    Connection, Error, InsecureKey, KeySource, Progress, ShellOptions, SshCommunicator, SshTarget, wait_until_ready,
};
use crate::communicators::{Communicator, Stream};

/// A server process and the home folder that its logins get.
pub struct Server {
    pub home: TempDir,
    pub port: u16,
    process: Child,
}

impl Server {
    /// A real OpenSSH server that trusts Vagrant's insecure RSA key; `more` are further lines of its configuration.
    pub fn openssh(more: &str) -> Self {
        let home = home_of_a_fresh_box();
        let path = home.path().display();
        // The folder that sshd's privilege separation wants; a package would have made it.
        let _ = fs::create_dir_all("/run/sshd");
        run(Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-t", "ed25519", "-f"])
            .arg(home.path().join("ed25519")));
        // Making an RSA key takes a second or more, and here any will do.
        fs::write(home.path().join("rsa"), InsecureKey::Rsa.private_key()).expect("the home is writable");
        fs::set_permissions(home.path().join("rsa"), fs::Permissions::from_mode(0o600)).expect("it is ours");
        // Of most words the first counts, of `MaxStartups` the last.
        let config = format!(
            "MaxStartups 100\n{more}\nHostKey {path}/ed25519\nHostKey {path}/rsa\nAuthorizedKeysFile {path}/.ssh/authorized_keys\n\
             SetEnv HOME={path}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             AcceptEnv JAUNT_*\n",
        );
        fs::write(home.path().join("sshd_config"), config).expect("the home is writable");
        let port = free_port();
        let process = Command::new("/usr/sbin/sshd")
            .args([
                "-D",
                "-e",
                "-o",
                "ListenAddress=127.0.0.1",
                "-p",
                &port.to_string(),
                "-f",
            ])
            .arg(home.path().join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(home.path().join("log")).expect("the home is writable"))
            .spawn()
            .expect("these tests need the package openssh-server");
        let server = Self { home, port, process };
        server.wait_until_it_listens();
        server
    }

    /// A real dropbear, as small guests have it, that trusts Vagrant's insecure RSA key.
    ///
    /// Dropbear takes the home folder from the password database alone, so it runs where ours is mounted in its place;
    /// only root can do that.
    pub fn dropbear() -> Self {
        let home = home_of_a_fresh_box();
        let port = free_port();
        let script = format!(
            "mount --bind {home} \"$HOME\" && exec dropbear -F -E -e -s -P \"$HOME/pid\" -r \"$HOME/host_key\" -p 127.0.0.1:{port}",
            home = home.path().display(),
        );
        run(Command::new("dropbearkey")
            .args(["-t", "ed25519", "-f"])
            .arg(home.path().join("host_key")));
        let process = Command::new("unshare")
            .args(["--mount", "sh", "-c", &script])
            .stdin(Stdio::null())
            .stderr(fs::File::create(home.path().join("log")).expect("the home is writable"))
            .spawn()
            .expect("unshare runs");
        let server = Self { home, port, process };
        server.wait_until_it_listens();
        server
    }

    fn wait_until_it_listens(&self) {
        for _ in 0..200 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not listen\n{}", self.log());
    }

    /// A target for this server, with the insecure keys and a file to pin its host key in.
    pub fn target(&self) -> SshTarget {
        SshTarget {
            host_key_file: Some(self.home.path().join("machine").join("host_key")),
            ..Self::target_at(self.port)
        }
    }

    /// The same, without a file for the host key, for a process that knows the port only.
    pub fn target_at(port: u16) -> SshTarget {
        SshTarget {
            private_keys: InsecureKey::ALL.map(KeySource::Insecure).to_vec(),
            ..SshTarget::new("127.0.0.1", port, user())
        }
    }

    /// Where the machine's own key goes.
    pub fn machine_key(&self) -> PathBuf {
        self.home.path().join("machine").join("private_key")
    }

    pub async fn connect(&self) -> Connection {
        connect(&self.target())
            .await
            .unwrap_or_else(|it| panic!("{it:?}\n{}", self.log()))
    }

    /// A connection that the server counts as one which has not logged in.
    ///
    /// The server forgets a login that it has just let in a moment later than the client knows of it: until then this one
    /// may be turned away itself.
    pub async fn occupied(&self) -> tokio::net::TcpStream {
        loop {
            let mut stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))
                .await
                .expect("it listens");
            let mut said = [0; 4];
            stream.read_exact(&mut said).await.expect("it greets or refuses");
            if said == *b"SSH-" {
                return stream;
            }
        }
    }

    pub async fn communicator(&self, shell: ShellOptions) -> SshCommunicator {
        SshCommunicator::new(self.connect().await, shell)
    }

    pub fn authorized_keys(&self) -> String {
        fs::read_to_string(self.home.path().join(".ssh").join("authorized_keys")).expect("the box came with one")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn home_of_a_fresh_box() -> TempDir {
    let home = tempfile::tempdir().expect("a temporary folder");
    let ssh = home.path().join(".ssh");
    fs::create_dir(&ssh).expect("the home is writable");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o700)).expect("it is ours");
    let line = format!("{} vagrant insecure public key", InsecureKey::Rsa.public_key());
    // No newline at the end, as some boxes have it.
    fs::write(ssh.join("authorized_keys"), line).expect("the folder is writable");
    home
}

pub async fn connect(target: &SshTarget) -> Result<Connection, Error> {
    wait_until_ready(target, Duration::from_secs(30), &mut |_: Progress<'_>| {}).await
}

/// What a script said, stream by stream, and its exit code.
pub async fn run_script(guest: &dyn Communicator, command: crate::communicators::Command) -> String {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = guest
        .run(command, &mut |stream, bytes| match stream {
            Stream::Output => out.extend_from_slice(bytes),
            Stream::Error => err.extend_from_slice(bytes),
        })
        .await;
    let exit = exit.map_or_else(|it| it.to_string(), |it| it.code.to_string());
    format!(
        "out: {:?}\nerr: {:?}\nexit: {exit}",
        String::from_utf8_lossy(&out),
        String::from_utf8_lossy(&err)
    )
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback interface is up");
    listener.local_addr().expect("it is bound").port()
}

pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program is installed");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

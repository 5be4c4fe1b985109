//! Machines that take no seconds: the fake provider runs nothing, and a real OpenSSH server on this computer answers for all guests.
//!
//! What provisioners and folders do is done to a folder of the world.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{World, eventually, free_port};

/// A world with a server that stands in for the guests.
pub struct StandIn {
    pub world: World,
    port: u16,
    server: Child,
}

impl StandIn {
    /// A server, and no Vagrantfile yet.
    pub fn new() -> Self {
        let world = World::in_memory();
        let guest = world.path().join("guest");
        fs::create_dir(&guest).unwrap();
        for name in ["host_key", "key"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-N", "", "-t", "ed25519", "-f"])
                .arg(world.path().join(name))
                .status();
            assert!(made.unwrap().success(), "ssh-keygen makes a key");
        }
        // What is synced for a guest's sake would be the disks of this computer.
        fs::create_dir(world.path().join("bin")).unwrap();
        std::os::unix::fs::symlink("/bin/true", world.path().join("bin/sync")).unwrap();
        // The folder that sshd's privilege separation wants; a package would have made it.
        let _ = fs::create_dir_all("/run/sshd");
        let path = world.path().display();
        let config = format!(
            "HostKey {path}/host_key\nAuthorizedKeysFile {path}/key.pub\nSetEnv HOME={path}/guest PATH={path}/bin:/usr/sbin:/usr/bin:/sbin:/bin\nStrictModes no\nUsePAM no\n\
             PermitRootLogin yes\nPidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 200\n"
        );
        fs::write(world.path().join("sshd_config"), config).unwrap();
        let port = free_port();
        let server = Command::new("/usr/sbin/sshd")
            .args([
                "-D",
                "-e",
                "-o",
                "ListenAddress=127.0.0.1",
                "-p",
                &port.to_string(),
                "-f",
            ])
            .arg(world.path().join("sshd_config"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need the package openssh-server");
        eventually(Duration::from_secs(10), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self { world, port, server }
    }

    /// The same with one machine that has a folder and a provisioner.
    pub fn with_machine() -> Self {
        let stand_in = Self::new();
        let guest = stand_in.guest();
        stand_in.write_vagrantfile(&format!(
            "config.vm.synced_folder \"shared\", \"{0}/shared\"\n  \
             config.vm.provision \"shell\", privileged: false, inline: \"echo ran >> {0}/log\"",
            guest.display()
        ));
        stand_in.world.write("shared/file", "content\n");
        stand_in
    }

    /// Writes a Vagrantfile whose machines are this server. `settings` are further lines.
    pub fn write_vagrantfile(&self, settings: &str) {
        let text = format!(
            r#"Vagrant.configure("2") do |config|
  config.ssh.host = "127.0.0.1"
  config.ssh.port = {port}
  config.ssh.username = "{user}"
  config.ssh.private_key_path = "{key}"
  config.ssh.insert_key = false
  config.vm.boot_timeout = 20
  config.vm.synced_folder ".", "/vagrant", disabled: true
  {settings}
end
"#,
            port = self.port,
            user = user(),
            key = self.world.path().join("key").display(),
        );
        self.world.write("Vagrantfile", &text);
    }

    /// The command with the fake provider as the usual one.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.command(arguments);
        command.env("VAGRANT_DEFAULT_PROVIDER", "fake");
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> super::Ran {
        self.world.ran(self.command(arguments).output().unwrap())
    }

    /// The folder that is the guests' home.
    pub fn guest(&self) -> PathBuf {
        self.world.path().join("guest")
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of a machine.
    pub fn machine_folder(&self, name: &str) -> PathBuf {
        self.world.project().join(".vagrant/machines").join(name).join("fake")
    }

    /// A file of the guests', or nothing.
    pub fn guest_file(&self, name: &str) -> String {
        fs::read_to_string(self.guest().join(name)).unwrap_or_default()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

//! A user's world for one test: a home, a project, and the binary to run in it. Everything is gone when it is dropped, machines
//! included.

#![allow(dead_code, reason = "each suite uses a part of it")]

pub mod behaviour;
pub mod real;
pub mod registry;
pub mod small_disk;
pub mod stand_in;
pub mod tally;
pub mod web;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use expect_test::Expect;
use tempfile::TempDir;

/// A home and a project of their own.
pub struct World {
    folder: TempDir,
}

/// What the binary did, ready to be compared whole.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    shown: String,
}

impl World {
    /// An empty home and an empty project.
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// The same where writing costs nothing: for suites that run the binary hundreds of times.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            Self::below(memory)
        } else {
            Self::new()
        }
    }

    fn below(parent: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("jaunt-").tempdir_in(parent).unwrap();
        for name in ["home", "project", "run"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A world whose project has this Vagrantfile.
    pub fn with_vagrantfile(text: &str) -> Self {
        let world = Self::new();
        world.write("Vagrantfile", text);
        world
    }

    /// A world with the small guest's box added as `small`, and a Vagrantfile that uses it. `settings` are further lines.
    pub fn with_small_guest(settings: &str) -> Self {
        let world = Self::with_vagrantfile(&small_vagrantfile(settings));
        world.run(["box", "add", "small", &small_box()]).success();
        world
    }

    /// The folder that holds the home, the project and all else.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.project().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes a folder of the project, and returns where it is.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.project().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The command, ready to be changed before it runs.
    pub fn command<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jaunt"));
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("JAUNT_HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.folder.path().join("run"))
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end, without a terminal.
    pub fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        self.ran(self.command(arguments).output().unwrap())
    }

    /// Runs the binary with something on its standard input.
    pub fn run_with_input<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, arguments: I, input: &[u8]) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        output
    }

    /// What a run of a command looks like, with what differs from run to run replaced.
    pub fn ran(&self, output: Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code().unwrap_or(-1);
        let shown = self.filtered(&format!("exit: {code}\n{stdout}------- stderr -------\n{stderr}"));
        Ran {
            code,
            stdout,
            stderr,
            shown,
        }
    }

    fn filtered(&self, text: &str) -> String {
        let folder = fs::canonicalize(self.folder.path()).unwrap();
        text.replace(&*folder.to_string_lossy(), "[WORLD]")
            .replace(&*self.folder.path().to_string_lossy(), "[WORLD]")
    }
}

impl Drop for World {
    /// No test leaves a machine: not by `destroy`, which may be what is broken, but by the uuid on the command line.
    fn drop(&mut self) {
        let marker = self.folder.path().to_string_lossy().into_owned();
        for process in processes_with(&marker) {
            if let Ok(pid) = process.to_string().parse::<i32>() {
                let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
            }
        }
    }
}

impl Ran {
    /// Compares exit code, stdout and stderr.
    #[track_caller]
    pub fn assert(&self, expected: Expect) {
        expected.assert_eq(&self.shown);
    }

    /// It went well.
    #[track_caller]
    pub fn success(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.shown);
        self
    }

    /// It failed as a user's mistake does, saying this.
    #[track_caller]
    pub fn fails_with(self, text: &str) -> Self {
        assert_eq!(self.code, 1, "{}", self.shown);
        assert!(self.stderr.contains(text), "{}", self.shown);
        self
    }
}

/// Checks a value against `docs/json/NAME.schema.json`.
#[track_caller]
pub fn check_schema(name: &str, value: &serde_json::Value) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/json");
    let file = folder.join(format!("{name}.schema.json"));
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let schema = compiler.compile(file.to_str().unwrap(), &mut schemas).unwrap();
    if let Err(error) = schemas.validate(value, schema) {
        panic!("{name}: {error:#}\n{value:#}");
    }
}

/// The pids of QEMU processes whose command line has the text.
pub fn processes_with(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|it| it.parse().ok()) else {
            continue;
        };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if line.contains("qemu-system") && line.contains(text) {
            found.push(pid);
        }
    }
    found
}

/// Sends a signal to a process.
pub fn signal(name: &str, process: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(sent.unwrap().success(), "kill -{name} {process}");
}

/// The small guest's box, from the set-up script.
pub fn small_box() -> String {
    std::env::var("JAUNT_TEST_SMALL_BOX")
        .expect("scripts/test builds the small guest and names it in JAUNT_TEST_SMALL_BOX")
}

/// The box that Packer made, from the set-up script.
pub fn debian_box() -> String {
    std::env::var("JAUNT_TEST_DEBIAN_BOX")
        .expect("scripts/test builds the Debian box and names it in JAUNT_TEST_DEBIAN_BOX")
}

/// A Vagrantfile for the small guest.
pub fn small_vagrantfile(settings: &str) -> String {
    format!(
        r#"Vagrant.configure("2") do |config|
  config.vm.box = "small"
  config.vm.boot_timeout = 120
  config.vm.provider "qemu" do |qemu|
    qemu.memory = 256
    qemu.cpus = 1
  end
{settings}
end
"#
    )
}

/// Waits for something that is about to become true.
#[track_caller]
pub fn eventually(patience: Duration, mut check: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !check() {
        assert!(start.elapsed() < patience, "it did not happen within {patience:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// The names of what is in a folder, sorted; nothing where it is not there.
pub fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|it| it.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What an HTTP server on a port of this computer answers, heads and all.
pub fn try_get(port: u16) -> std::io::Result<String> {
    use std::io::Read;
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The same where it must answer soon.
#[track_caller]
pub fn get(port: u16) -> String {
    let mut page = String::new();
    eventually(Duration::from_secs(30), || {
        page = try_get(port).unwrap_or_default();
        page.contains("200 OK")
    });
    page
}

/// A real terminal of 100 columns and 30 rows, by tmux, in which a command runs in the world's project.
pub struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// Starts the command under a shell that stays.
    pub fn start(world: &World, command: &str) -> Self {
        let socket = world.folder.path().join("run/tmux");
        let script = world.folder.path().join("terminal.sh");
        let setting = world.command(["status"]);
        let variables: Vec<String> = setting
            .get_envs()
            .filter_map(|(name, value)| Some(format!("export {}='{}'\n", name.to_str()?, value?.to_str()?)))
            .collect();
        let program = Path::new(env!("CARGO_BIN_EXE_jaunt"))
            .parent()
            .unwrap()
            .display()
            .to_string();
        let text = format!(
            "{}export PATH='{program}':\"$PATH\"\nexport TERM=screen\n{command}\nexec sh\n",
            variables.concat()
        );
        fs::write(&script, text).unwrap();
        let terminal = Self { socket };
        let arguments = ["new-session", "-d", "-x", "100", "-y", "30", "-c"];
        let project = world.project();
        let shell = format!("sh {}", script.display());
        let mut command = terminal.tmux();
        assert!(
            command
                .args(arguments)
                .arg(project)
                .arg(shell)
                .status()
                .unwrap()
                .success(),
            "tmux starts"
        );
        terminal
    }

    /// Types a line and presses the enter key.
    pub fn types(&self, line: &str) {
        assert!(self.tmux().args(["send-keys", "-l", line]).status().unwrap().success());
        self.presses("Enter");
    }

    /// Presses a key by tmux's name for it.
    pub fn presses(&self, key: &str) {
        // A person does not type faster than a guest echoes.
        std::thread::sleep(Duration::from_millis(500));
        assert!(self.tmux().args(["send-keys", key]).status().unwrap().success());
    }

    /// Waits until a line shows this, the typed ones aside.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        let start = std::time::Instant::now();
        while !self
            .screen()
            .lines()
            .any(|it| it.trim() == text || it.starts_with(text))
        {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "no line `{text}`:\n{}",
                self.screen()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        let output = self.tmux().args(["capture-pane", "-p"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&self.socket).env_remove("TMUX");
        command
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").status();
    }
}

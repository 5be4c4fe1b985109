//! `config.ssh` and `config.winssh`: how a guest is reached through SSH.

use std::path::PathBuf;
use std::time::Duration;

use schema::{Coercion, Default, Descriptor, Kind};
use vagrantfile::layer::Value;

use super::ProjectFacts;
use super::mistake::Mistakes;
use super::reader::Reader;
use super::table::Table;
use super::value::to_text;

/// The settings of `config.ssh` or `config.winssh`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ssh {
    /// How the machine is reached, as far as the Vagrantfile says.
    pub connect: SshConnect,
    /// What counts where neither the Vagrantfile nor the provider says anything.
    pub default: SshConnect,
    /// Whether the host's agent may be used in the guest.
    pub forward_agent: bool,
    /// Names of the host's environment variables that are passed on.
    pub forward_env: Vec<String>,
    /// Whether X11 is forwarded.
    pub forward_x11: bool,
    /// The port that SSH listens on in the guest; the forward that leads there is the machine's SSH port.
    pub guest_port: u16,
    /// Whether idle connections are kept alive.
    pub keep_alive: bool,
    /// A command to connect through.
    pub proxy_command: Option<String>,
    /// Whether commands run in a pseudo-terminal.
    pub pty: bool,
    /// The shell that commands are given to.
    pub shell: String,
    /// The program that stands in for `ssh`.
    pub ssh_command: Option<String>,
    /// How a command is run as root; `%c` is the command.
    pub sudo_command: String,
    /// How a variable is exported; `%ENV_KEY%` and `%ENV_VALUE%` are its name and value.
    pub export_command_template: String,
    /// Where files are put in a Windows guest; `None` for `config.ssh`.
    pub upload_directory: Option<String>,
}

/// How a machine is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct SshConnect {
    /// The address; `None` is the provider's.
    pub host: Option<String>,
    /// The port; `None` is the provider's.
    pub port: Option<u16>,
    /// The keys, absolute; none are the provider's or the machine's own.
    pub private_key_path: Vec<PathBuf>,
    /// The user.
    pub username: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Whether a fresh key replaces the well-known one.
    pub insert_key: bool,
    /// Whether only these keys are offered, and not the agent's.
    pub keys_only: bool,
    /// How the guest's host key is checked, by Vagrant's word: `never`, `accept_new`, `accepts_new_or_local_tunnel`, `always`.
    pub verify_host_key: String,
    /// Whether the connection is compressed.
    pub compression: bool,
    /// Whether DSA keys may be used.
    pub dsa_authentication: bool,
    /// Further arguments of an installed `ssh`.
    pub extra_args: Vec<String>,
    /// A file of OpenSSH's settings.
    pub config: Option<PathBuf>,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
    /// The kind of the key that the machine is given, by Vagrant 2.4's word.
    pub key_type: String,
    /// The user of the remote side, where that is another.
    pub remote_user: Option<String>,
}

impl Ssh {
    /// Reads `config.ssh`.
    pub fn read(options: &Table, project: &ProjectFacts, mistakes: &mut Mistakes) -> Self {
        read("ssh", ["SSH", "SSH Defaults"], SSH_OPTIONS, options, project, mistakes)
    }

    /// Reads `config.winssh`.
    pub fn read_winssh(options: &Table, project: &ProjectFacts, mistakes: &mut Mistakes) -> Self {
        read(
            "winssh",
            ["WinSSH", "WinSSH Defaults"],
            WINSSH_OPTIONS,
            options,
            project,
            mistakes,
        )
    }
}

fn read(
    owner: &str,
    sections: [&str; 2],
    descriptors: &'static [Descriptor],
    options: &Table,
    project: &ProjectFacts,
    mistakes: &mut Mistakes,
) -> Ssh {
    let descriptors = [descriptors];
    let connect = SshConnect::read(
        owner,
        &mut Reader::new(options, &descriptors, sections[0], None, mistakes),
        project,
    );
    let default_owner = format!("{owner}.default");
    let mut default = SshConnect::read(
        &default_owner,
        &mut Reader::new(options, &descriptors, sections[1], None, mistakes),
        project,
    );

    let mut reader = Reader::new(options, &descriptors, sections[0], None, mistakes);
    let option = |name: &str| [owner, ".", name].concat();
    let guest_port = reader.port(&option("guest_port")).unwrap_or(22);
    default.port = default.port.or(Some(guest_port));
    Ssh {
        forward_agent: reader.boolean(&option("forward_agent")),
        forward_env: read_forward_env(&reader, &option("forward_env")),
        forward_x11: reader.boolean(&option("forward_x11")),
        guest_port,
        keep_alive: reader.boolean(&option("keep_alive")),
        proxy_command: reader.text(&option("proxy_command")),
        pty: reader.boolean(&option("pty")),
        shell: reader.text(&option("shell")).unwrap_or_default(),
        ssh_command: reader.text(&option("ssh_command")),
        sudo_command: reader.text(&option("sudo_command")).unwrap_or_default(),
        export_command_template: reader.text(&option("export_command_template")).unwrap_or_default(),
        upload_directory: reader.text(&option("upload_directory")),
        connect,
        default,
    }
}

/// A list of names, or a lone `false`.
fn read_forward_env(reader: &Reader<'_>, path: &str) -> Vec<String> {
    match reader.value(path) {
        Some(Value::List(names)) => names.iter().filter_map(to_text).collect(),
        Some(Value::String(name)) => vec![name.clone()],
        _ => Vec::new(),
    }
}

impl SshConnect {
    fn read(owner: &str, reader: &mut Reader<'_>, project: &ProjectFacts) -> Self {
        let option = |name: &str| [owner, ".", name].concat();
        let username = reader.text(&option("username"));
        let connect = Self {
            host: reader.text(&option("host")),
            port: reader.port(&option("port")),
            private_key_path: reader
                .texts(&option("private_key_path"))
                .iter()
                .map(|it| project.expand(it))
                .collect(),
            password: reader.text(&option("password")),
            insert_key: reader.boolean(&option("insert_key")),
            keys_only: reader.boolean(&option("keys_only")),
            verify_host_key: read_verify_host_key(reader, owner),
            compression: reader.boolean(&option("compression")),
            dsa_authentication: reader.boolean(&option("dsa_authentication")),
            extra_args: reader.texts(&option("extra_args")),
            config: reader.text(&option("config")).map(|it| project.expand(&it)),
            connect_timeout: reader.seconds(&option("connect_timeout")),
            key_type: reader.word(&option("key_type")).unwrap_or_else(|| "auto".to_owned()),
            remote_user: reader.text(&option("remote_user")).or_else(|| username.clone()),
            username,
        };
        connect.validate(owner, reader);
        connect
    }

    fn validate(&self, owner: &str, reader: &mut Reader<'_>) {
        for path in self.private_key_path.iter().filter(|it| !it.is_file()) {
            let option = format!("{owner}.private_key_path");
            reader.mistake(&option, format!("the private key {} is not there", path.display()));
        }
        if let Some(path) = self.config.as_deref().filter(|it| !it.is_file()) {
            reader.mistake(
                &format!("{owner}.config"),
                format!("the SSH settings {} are not there", path.display()),
            );
        }
        if self.connect_timeout.is_zero() {
            let option = format!("{owner}.connect_timeout");
            reader.mistake(&option, format!("{option} must be at least one second"));
        }
    }
}

fn read_verify_host_key(reader: &mut Reader<'_>, owner: &str) -> String {
    let paranoid = reader
        .value(&format!("{owner}.paranoid"))
        .filter(|it| super::value::truthy(it));
    let path = format!("{owner}.verify_host_key");
    match paranoid.or_else(|| reader.value(&path)) {
        Some(value) => verify_host_key(value),
        None => "never".to_owned(),
    }
}

/// Vagrant's word for how a host key is checked, in place of its older ones.
pub fn verify_host_key(value: &Value) -> String {
    match value {
        Value::Boolean(true) => "accepts_new_or_local_tunnel".to_owned(),
        Value::Boolean(false) | Value::Nil => "never".to_owned(),
        other => match to_text(other).unwrap_or_default().as_str() {
            "very" => "accept_new".to_owned(),
            "secure" => "always".to_owned(),
            word => word.to_owned(),
        },
    }
}

/// The options that both `ssh` and `ssh.default` have, below the given owner.
/// The kinds of key that Vagrant 2.4.9 knows, DSA aside, which no server takes any more.
const KEY_TYPES: &[&str] = &["auto", "ecdsa256", "ecdsa384", "ecdsa521", "ed25519", "rsa"];

macro_rules! connect_options {
    ($owner:literal, $username:expr) => {
        [
            Descriptor::attribute(
                concat!($owner, ".host"),
                Kind::String,
                Default::Nil,
                "The machine's address, where the provider's is not right.",
            ),
            Descriptor::attribute(
                concat!($owner, ".port"),
                Kind::Integer,
                Default::Nil,
                "The machine's SSH port, where the provider's is not right.",
            ),
            Descriptor::attribute(
                concat!($owner, ".private_key_path"),
                Kind::List(&Kind::HostPath),
                Default::Nil,
                "The private keys to log in with.",
            )
            .coerced(Coercion::List),
            Descriptor::attribute(
                concat!($owner, ".username"),
                Kind::String,
                $username,
                "The user to log in as.",
            ),
            Descriptor::attribute(
                concat!($owner, ".password"),
                Kind::String,
                Default::Nil,
                "The password to log in with.",
            ),
            Descriptor::attribute(
                concat!($owner, ".insert_key"),
                Kind::Boolean,
                Default::Boolean(true),
                "Replaces the well-known key by a fresh one.",
            ),
            Descriptor::attribute(
                concat!($owner, ".keys_only"),
                Kind::Boolean,
                Default::Boolean(true),
                "Offers only the keys named here, not those of the agent.",
            ),
            Descriptor::attribute(
                concat!($owner, ".paranoid"),
                Kind::Any,
                Default::Boolean(false),
                "An older name of `verify_host_key`.",
            ),
            Descriptor::attribute(
                concat!($owner, ".verify_host_key"),
                Kind::Any,
                Default::Symbol("never"),
                "How the guest's host key is checked.",
            ),
            Descriptor::attribute(
                concat!($owner, ".compression"),
                Kind::Boolean,
                Default::Boolean(true),
                "Compresses the connection.",
            ),
            Descriptor::attribute(
                concat!($owner, ".dsa_authentication"),
                Kind::Boolean,
                Default::Boolean(true),
                "Lets DSA keys be used.",
            ),
            Descriptor::attribute(
                concat!($owner, ".extra_args"),
                Kind::List(&Kind::String),
                Default::Nil,
                "Further arguments for an installed `ssh`.",
            ),
            Descriptor::attribute(
                concat!($owner, ".config"),
                Kind::HostPath,
                Default::Nil,
                "A file of OpenSSH's settings to use.",
            ),
            Descriptor::attribute(
                concat!($owner, ".connect_timeout"),
                Kind::Integer,
                Default::Integer(15),
                "Seconds that a connection may take to come up.",
            )
            .coerced(Coercion::Integer),
            Descriptor::attribute(
                concat!($owner, ".key_type"),
                Kind::Word(KEY_TYPES),
                Default::Symbol("auto"),
                "The kind of the key that the machine is given; `auto` is ed25519, or RSA where the guest cannot.",
            ),
            Descriptor::attribute(
                concat!($owner, ".remote_user"),
                Kind::String,
                Default::Nil,
                "The user on the remote side, where that is another.",
            ),
        ]
    };
}

/// The options that only `ssh` and `winssh` themselves have.
macro_rules! session_options {
    ($owner:literal, $shell:literal, $sudo:literal, $export:literal) => {
        [
            Descriptor::reading(
                concat!($owner, ".default"),
                "What holds where neither the machine nor its provider says otherwise.",
            ),
            Descriptor::attribute(
                concat!($owner, ".forward_agent"),
                Kind::Boolean,
                Default::Boolean(false),
                "Lets the guest use the host's SSH agent.",
            ),
            Descriptor::attribute(
                concat!($owner, ".forward_env"),
                Kind::Any,
                Default::Boolean(false),
                "Names of the host's environment variables that are passed on.",
            ),
            Descriptor::attribute(
                concat!($owner, ".forward_x11"),
                Kind::Boolean,
                Default::Boolean(false),
                "Forwards X11.",
            ),
            Descriptor::attribute(
                concat!($owner, ".guest_port"),
                Kind::Integer,
                Default::Integer(22),
                "The port that SSH listens on in the guest.",
            ),
            Descriptor::attribute(
                concat!($owner, ".keep_alive"),
                Kind::Boolean,
                Default::Boolean(true),
                "Keeps idle connections alive.",
            ),
            Descriptor::attribute(
                concat!($owner, ".proxy_command"),
                Kind::String,
                Default::Nil,
                "A command to connect through.",
            ),
            Descriptor::attribute(
                concat!($owner, ".pty"),
                Kind::Boolean,
                Default::Boolean(false),
                "Runs commands in a pseudo-terminal.",
            ),
            Descriptor::attribute(
                concat!($owner, ".shell"),
                Kind::String,
                Default::String($shell),
                "The shell that commands are given to.",
            ),
            Descriptor::attribute(
                concat!($owner, ".ssh_command"),
                Kind::String,
                Default::Nil,
                "The program that stands in for `ssh`.",
            ),
            Descriptor::attribute(
                concat!($owner, ".sudo_command"),
                Kind::String,
                Default::String($sudo),
                "How a command is run as root; `%c` is the command.",
            ),
            Descriptor::attribute(
                concat!($owner, ".export_command_template"),
                Kind::String,
                Default::String($export),
                "How a variable is exported; `%ENV_KEY%` and `%ENV_VALUE%` are its name and value.",
            ),
        ]
    };
}

/// Puts lists of descriptors behind one another, so that they stay one slice.
const fn joined<const A: usize, const B: usize, const C: usize, const ALL: usize>(
    first: [Descriptor; A],
    second: [Descriptor; B],
    third: [Descriptor; C],
) -> [Descriptor; ALL] {
    let mut all = [first[0]; ALL];
    let mut index = 0;
    while index < ALL {
        all[index] = if index < A {
            first[index]
        } else if index < A + B {
            second[index - A]
        } else {
            third[index - A - B]
        };
        index += 1;
    }
    all
}

/// The options of `config.ssh`.
pub const SSH_OPTIONS: &[Descriptor] = &joined::<16, 12, 16, 44>(
    connect_options!("ssh", Default::Nil),
    session_options!("ssh", "bash -l", "sudo -E -H %c", "export %ENV_KEY%=\"%ENV_VALUE%\""),
    connect_options!("ssh.default", Default::String("vagrant")),
);

/// The options of `config.winssh`.
pub const WINSSH_OPTIONS: &[Descriptor] = &joined::<17, 12, 16, 45>(
    joined::<16, 1, 0, 17>(
        connect_options!("winssh", Default::Nil),
        [Descriptor::attribute(
            "winssh.upload_directory",
            Kind::GuestPath,
            Default::String("C:/Windows/Temp"),
            "Where files are put in the guest.",
        )],
        [],
    ),
    session_options!("winssh", "powershell", "%c", "$env:%ENV_KEY%=\"%ENV_VALUE%\""),
    connect_options!("winssh.default", Default::String("vagrant")),
);

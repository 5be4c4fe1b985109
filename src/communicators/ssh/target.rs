//! Where a guest's SSH server is and how to log in to it: plain, resolved data that the caller fills.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::insecure_keys::InsecureKey;

/// A guest's SSH server, and all that a login needs.
#[derive(Debug, Clone)]
pub struct SshTarget {
    /// A name or an address of the host that listens.
    pub host: String,
    /// The port on that host.
    pub port: u16,
    /// A command of this computer whose standard input and output are the connection, instead of TCP.
    pub proxy_command: Option<String>,
    /// The login user.
    pub user: String,
    /// A password, tried after the keys.
    pub password: Option<Secret>,
    /// The private keys, in the order in which they are offered.
    pub private_keys: Vec<KeySource>,
    /// Where the agent of the user listens: its keys are offered after the others. Absent with `keys_only`.
    pub agent_for_login: Option<PathBuf>,
    /// Where the agent listens that the guest may use (`forward_agent`).
    pub agent_for_guest: Option<PathBuf>,
    /// The file that the guest's host key is pinned in; without one, any host key is accepted.
    pub host_key_file: Option<PathBuf>,
    /// How long one attempt may take to connect and to log in.
    pub connect_timeout: Duration,
    /// Whether the connection is kept alive while nothing is said.
    pub keep_alive: bool,
    /// Whether the connection is compressed, where the server can.
    pub compression: bool,
    /// Whether a server that knows nothing newer may be offered old algorithms.
    pub allow_old_algorithms: bool,
    /// Variables to ask the guest's server to set (`forward_env`); it may ignore them.
    pub environment: Vec<(String, String)>,
}

impl SshTarget {
    /// A target with Vagrant's defaults and no way to log in yet.
    pub fn new(host: impl Into<String>, port: u16, user: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            proxy_command: None,
            user: user.into(),
            password: None,
            private_keys: Vec::new(),
            agent_for_login: None,
            agent_for_guest: None,
            host_key_file: None,
            connect_timeout: Duration::from_secs(15),
            keep_alive: true,
            compression: false,
            allow_old_algorithms: true,
            environment: Vec::new(),
        }
    }

    /// `HOST:PORT`, as messages name it, with the command that leads there if there is one.
    pub fn address(&self) -> String {
        let via = self.proxy_command.as_ref().map(|it| format!(" through `{it}`"));
        let via = via.unwrap_or_default();
        match self.host.contains(':') {
            true => format!("[{}]:{}{via}", self.host, self.port),
            false => format!("{}:{}{via}", self.host, self.port),
        }
    }
}

/// Where a private key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file in any of the usual formats, without a pass phrase.
    File(PathBuf),
    /// One of the keys that every Vagrant box trusts until it is replaced.
    Insecure(InsecureKey),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Insecure(key) => write!(f, "{key}"),
        }
    }
}

/// A text that never shows in messages, logs or debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives the text out, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

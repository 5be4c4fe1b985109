//! `config.winrm`: how a Windows guest is reached through WinRM.

use std::time::Duration;

use schema::{Default, Descriptor, Kind};

use super::mistake::Mistakes;
use super::reader::Reader;
use super::table::Table;

const SECTION: &str = "WinRM";

/// The settings of `config.winrm`.
#[derive(Debug, Clone, PartialEq)]
pub struct Winrm {
    /// The address; `None` is the provider's.
    pub host: Option<String>,
    /// The port on the host.
    pub port: u16,
    /// The port in the guest.
    pub guest_port: u16,
    /// The user.
    pub username: String,
    /// The password.
    pub password: String,
    /// `negotiate`, `plaintext` or `ssl`.
    pub transport: String,
    /// Whether only basic authentication is tried.
    pub basic_auth_only: bool,
    /// Whether the guest's certificate is checked.
    pub ssl_peer_verification: bool,
    /// How long a command may run, as an ISO 8601 duration.
    pub execution_time_limit: String,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How often a connection is tried.
    pub max_tries: i64,
    /// How long to wait between two tries.
    pub retry_delay: Duration,
    /// The code page of the guest's console.
    pub codepage: Option<i64>,
}

impl Winrm {
    /// Reads the settings.
    pub fn read(options: &Table, mistakes: &mut Mistakes) -> Self {
        let descriptors = [OPTIONS];
        let mut reader = Reader::new(options, &descriptors, SECTION, None, mistakes);
        for required in REQUIRED {
            if options.contains(required) && options.value(required).is_none() {
                reader.mistake(required, format!("{required} cannot be nil"));
            }
        }
        let transport = reader.text("winrm.transport").unwrap_or_default();
        let port = if transport == "ssl" { 5986 } else { 5985 };
        Self {
            host: reader.text("winrm.host"),
            port: reader.port("winrm.port").unwrap_or(port),
            guest_port: reader.port("winrm.guest_port").unwrap_or(port),
            username: reader.text("winrm.username").unwrap_or_default(),
            password: reader.text("winrm.password").unwrap_or_default(),
            transport,
            basic_auth_only: reader.strict_boolean("winrm.basic_auth_only"),
            ssl_peer_verification: reader.strict_boolean("winrm.ssl_peer_verification"),
            execution_time_limit: reader.text("winrm.execution_time_limit").unwrap_or_default(),
            timeout: reader.seconds("winrm.timeout"),
            max_tries: reader.integer("winrm.max_tries").unwrap_or(1),
            retry_delay: reader.seconds("winrm.retry_delay"),
            codepage: reader.integer("winrm.codepage"),
        }
    }
}

const REQUIRED: &[&str] = &[
    "winrm.username",
    "winrm.password",
    "winrm.port",
    "winrm.guest_port",
    "winrm.max_tries",
    "winrm.retry_delay",
    "winrm.timeout",
    "winrm.execution_time_limit",
];

/// The options of `config.winrm`.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "winrm.basic_auth_only",
        Kind::Boolean,
        Default::Boolean(false),
        "Tries basic authentication only.",
    ),
    Descriptor::attribute(
        "winrm.codepage",
        Kind::Integer,
        Default::Nil,
        "The code page of the guest's console.",
    ),
    Descriptor::attribute(
        "winrm.execution_time_limit",
        Kind::String,
        Default::String("PT2H"),
        "How long a command may run, as an ISO 8601 duration.",
    ),
    Descriptor::attribute(
        "winrm.guest_port",
        Kind::Integer,
        Default::Computed("5986 with SSL, else 5985"),
        "The port in the guest.",
    ),
    Descriptor::attribute(
        "winrm.host",
        Kind::String,
        Default::Nil,
        "The machine's address, where the provider's is not right.",
    ),
    Descriptor::attribute(
        "winrm.max_tries",
        Kind::Integer,
        Default::Integer(20),
        "How often a connection is tried.",
    ),
    Descriptor::attribute(
        "winrm.password",
        Kind::String,
        Default::String("vagrant"),
        "The password to log in with.",
    ),
    Descriptor::attribute(
        "winrm.port",
        Kind::Integer,
        Default::Computed("5986 with SSL, else 5985"),
        "The port on the host.",
    ),
    Descriptor::attribute(
        "winrm.retry_delay",
        Kind::Integer,
        Default::Integer(2),
        "Seconds between two tries to connect.",
    ),
    Descriptor::attribute(
        "winrm.ssl_peer_verification",
        Kind::Boolean,
        Default::Boolean(true),
        "Checks the guest's certificate.",
    ),
    Descriptor::attribute(
        "winrm.timeout",
        Kind::Integer,
        Default::Integer(1800),
        "Seconds that an answer may take.",
    ),
    Descriptor::attribute(
        "winrm.transport",
        Kind::Word(&["negotiate", "plaintext", "ssl"]),
        Default::Symbol("negotiate"),
        "How WinRM is spoken: `negotiate`, `plaintext` or `ssl`.",
    ),
    Descriptor::attribute(
        "winrm.username",
        Kind::String,
        Default::String("vagrant"),
        "The user to log in as.",
    ),
];

//! `config.vm`: what is not a list of networks, folders, provisioners or providers.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use schema::{Coercion, Default, Descriptor, Kind};
use vagrantfile::layer::Value;

use super::ProjectFacts;
use super::mistake::{Mistakes, did_you_mean};
use super::reader::Reader;
use super::table::Table;
use super::value::{shown, to_list, to_text, truthy};

const SECTION: &str = "vm";

/// The settings of `config.vm`.
#[derive(Debug, Clone, PartialEq)]
pub struct Vm {
    /// `box`: the box that the machine is made of; some providers need none.
    pub box_name: Option<String>,
    /// Where the box can be had, in the order of trying.
    pub box_url: Vec<String>,
    /// A constraint on the box's version, in RubyGems' notation.
    pub box_version: Option<String>,
    /// The box's architecture: `auto` is the host's, and `None`, which is nil, the one that the catalog marks as its default.
    pub box_architecture: Option<String>,
    /// The server that a box's short name is looked up on; `None` is the usual one.
    pub box_server_url: Option<String>,
    /// Whether `up` looks for a newer version.
    pub box_check_update: bool,
    /// How the box is downloaded.
    pub box_download: BoxDownload,
    /// Whether the Vagrantfile inside the box is left out.
    pub ignore_box_vagrantfile: bool,
    /// The folder of the machine that this one is a clone of.
    pub clone: Option<String>,
    /// How long a boot may take.
    pub boot_timeout: Duration,
    /// How long a guest has to shut down before power is cut.
    pub graceful_halt_timeout: Duration,
    /// The name that the guest is given.
    pub hostname: Option<String>,
    /// Whether cloud-init gets its data at the first boot alone.
    pub cloud_init_first_boot_only: bool,
    /// Whether the guest's `/etc/hosts` may be changed for its name.
    pub allow_hosts_modification: bool,
    /// Whether folders may be entered into the guest's `/etc/fstab`; `None` leaves it to the kind of folder.
    pub allow_fstab_modification: Option<bool>,
    /// The machines of the same project that come up before this one, and go down after it.
    pub depends_on: Vec<String>,
    /// What is said after `up`.
    pub post_up_message: String,
    /// Where forwards whose port is taken go.
    pub usable_port_range: RangeInclusive<u16>,
    /// How the guest is talked to, `ssh` or `winrm`; `None` is the provider's choice.
    pub communicator: Option<String>,
    /// The guest's operating system; `None` has it found out.
    pub guest: Option<String>,
    /// The MAC address of the first network card, twelve hex digits.
    pub base_mac: Option<String>,
    /// The address of the first network card.
    pub base_address: Option<String>,
    /// The kinds of folder that may be chosen where a folder names none; `None` is all.
    pub allowed_synced_folder_types: Option<Vec<String>>,
}

/// How a box is downloaded.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxDownload {
    /// A file of certificates to trust.
    pub ca_cert: Option<PathBuf>,
    /// A folder of certificates to trust.
    pub ca_path: Option<PathBuf>,
    /// The client's own certificate.
    pub client_cert: Option<PathBuf>,
    /// The digest that the download must have, and its kind.
    pub checksum: Option<Checksum>,
    /// Whether the server's certificate is not looked at.
    pub insecure: bool,
    /// Whether credentials follow a redirect to another host.
    pub location_trusted: bool,
    /// Further options of the downloader.
    pub options: Vec<(String, String)>,
}

/// A digest that a download must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// The digest's kind: `md5`, `sha1`, `sha256`, `sha384`, `sha512`.
    pub kind: String,
    /// The digest in hex.
    pub digest: String,
}

impl Vm {
    /// Reads the settings.
    pub fn read(options: &Table, project: &ProjectFacts, box_optional: bool, mistakes: &mut Mistakes) -> Self {
        let descriptors = [OPTIONS];
        let mut reader = Reader::new(options, &descriptors, SECTION, None, mistakes);
        let vm = Self {
            box_name: reader.only_text("vm.box"),
            box_url: reader.texts("vm.box_url"),
            box_version: reader.text("vm.box_version"),
            box_architecture: reader.text("vm.box_architecture"),
            box_server_url: reader.text("vm.box_server_url"),
            box_check_update: reader.boolean("vm.box_check_update"),
            box_download: read_download(&mut reader, project),
            ignore_box_vagrantfile: reader.boolean("vm.ignore_box_vagrantfile"),
            clone: reader.text("vm.clone"),
            boot_timeout: reader.seconds("vm.boot_timeout"),
            graceful_halt_timeout: reader.seconds("vm.graceful_halt_timeout"),
            hostname: reader.text("vm.hostname"),
            cloud_init_first_boot_only: reader.boolean("vm.cloud_init_first_boot_only"),
            allow_hosts_modification: reader.strict_boolean("vm.allow_hosts_modification"),
            allow_fstab_modification: reader
                .written("vm.allow_fstab_modification")
                .is_some()
                .then(|| reader.strict_boolean("vm.allow_fstab_modification")),
            depends_on: reader.texts("vm.depends_on"),
            post_up_message: reader.text("vm.post_up_message").unwrap_or_default(),
            usable_port_range: reader.ports("vm.usable_port_range"),
            communicator: reader.name("vm.communicator"),
            guest: reader.name("vm.guest"),
            base_mac: reader.text("vm.base_mac"),
            base_address: reader.text("vm.base_address"),
            allowed_synced_folder_types: read_kinds(&mut reader),
        };
        vm.validate(&mut reader, box_optional);
        vm.check_needed(&mut reader, &project.machines);
        vm
    }

    fn validate(&self, reader: &mut Reader<'_>, box_optional: bool) {
        match (&self.box_name, &self.clone) {
            (Some(name), _) if name.is_empty() => {
                reader
                    .mistake("vm.box", "vm.box is empty")
                    .advise("name the box that the machine is made of");
            }
            (Some(_), Some(_)) => {
                reader
                    .mistake("vm.clone", "vm.box and vm.clone are both set")
                    .advise("a machine is made of one of them");
            }
            (None, None) if !box_optional && reader.value("vm.box").is_none() => {
                let mistake = reader.mistake("vm.box", "no box is named");
                mistake.advise("set `config.vm.box`, for example to \"debian/12\"");
            }
            _ => {}
        }
        if let Some(hostname) = self.hostname.as_deref().filter(|it| !is_hostname(it)) {
            let mistake = reader.mistake("vm.hostname", format!("`{hostname}` cannot be a host's name"));
            mistake.advise("a name has letters, digits, hyphens and dots, and starts with a letter or a digit");
        }
        // `false`, which is no version, is no constraint either.
        let version = reader.value("vm.box_version").and_then(to_text);
        for part in version
            .iter()
            .flat_map(|it| it.split(','))
            .filter(|it| !is_version_constraint(it))
        {
            let mistake = reader.mistake(
                "vm.box_version",
                format!("`{}` is no constraint on a version", part.trim()),
            );
            mistake.advise("write it as `1.2.3`, `>= 1.0, < 2.0` or `~> 1.4`");
        }
        if let Some(mac) = self.base_mac.as_deref().filter(|it| !is_mac(it)) {
            let mistake = reader.mistake("vm.base_mac", format!("`{mac}` is no MAC address"));
            mistake.advise("write its twelve hex digits, as in `080027D14C66`");
        }
    }
}

impl Vm {
    /// Rings are found where all machines are known, see `cli/several.rs`.
    fn check_needed(&self, reader: &mut Reader<'_>, machines: &[String]) {
        for name in self.depends_on.iter().filter(|it| !machines.contains(it)) {
            if machines.is_empty() {
                return;
            }
            let message = format!("vm.depends_on names `{name}`, and no machine of this project is called so");
            let mistake = reader.mistake("vm.depends_on", message);
            mistake.advise(match did_you_mean(name, machines.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are: {}", machines.join(", ")),
            });
        }
    }
}

/// Kinds are words: a number is no kind, not even as text.
fn read_kinds(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    const OPTION: &str = "vm.allowed_synced_folder_types";
    let items = to_list(reader.value(OPTION)?);
    for item in items.iter().filter(|it| it.as_text().is_none()) {
        reader.mistake(
            OPTION,
            format!("{OPTION} must be a list of words, and holds {}", shown(item)),
        );
    }
    Some(items.iter().filter_map(|it| it.as_text().map(str::to_owned)).collect())
}

fn read_download(reader: &mut Reader<'_>, project: &ProjectFacts) -> BoxDownload {
    let mut path = |option: &str, exists: fn(&std::path::Path) -> bool| {
        let written = reader.text(option)?;
        let path = project.expand(&written);
        if !exists(&path) {
            reader.mistake(option, format!("{option} names {}, which is not there", path.display()));
        }
        Some(path)
    };
    BoxDownload {
        ca_cert: path("vm.box_download_ca_cert", std::path::Path::is_file),
        ca_path: path("vm.box_download_ca_path", std::path::Path::is_dir),
        client_cert: path("vm.box_download_client_cert", std::path::Path::is_file),
        checksum: read_checksum(reader),
        insecure: reader.boolean("vm.box_download_insecure"),
        location_trusted: reader.boolean("vm.box_download_location_trusted"),
        options: read_download_options(reader),
    }
}

/// What becomes of an option on the downloader's command line is said by [`extra_download_options`].
fn read_download_options(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    const OPTION: &str = "vm.box_download_options";
    let pairs = match reader.written(OPTION) {
        None => return Vec::new(),
        Some(Value::Map(pairs)) => pairs,
        Some(other) => {
            reader.mistake(OPTION, format!("{OPTION} must be a table, and is {}", shown(other)));
            return Vec::new();
        }
    };
    let is_word = |it: &Value| !truthy(it) || matches!(it, Value::String(_) | Value::Boolean(true));
    for (key, value) in pairs.iter().filter(|(_, value)| !is_word(value)) {
        let key = to_text(key).unwrap_or_default();
        let message = format!("{OPTION} must hold texts and booleans, and {key} is {}", shown(value));
        reader.mistake(OPTION, message);
    }
    reader.pairs(OPTION)
}

fn read_checksum(reader: &mut Reader<'_>) -> Option<Checksum> {
    let digest = reader.text("vm.box_download_checksum").filter(|it| !it.is_empty());
    let kind = reader.word("vm.box_download_checksum_type");
    match (kind, digest) {
        (Some(kind), Some(digest)) => Some(Checksum { kind, digest }),
        (Some(_), None) => {
            reader.mistake(
                "vm.box_download_checksum_type",
                "vm.box_download_checksum_type is set without a checksum",
            );
            None
        }
        (None, Some(_)) => {
            let mistake = reader.mistake(
                "vm.box_download_checksum",
                "vm.box_download_checksum is set without its type",
            );
            mistake.advise("set vm.box_download_checksum_type, for example to :sha256");
            None
        }
        (None, None) => None,
    }
}

fn is_hostname(name: &str) -> bool {
    name.starts_with(|it: char| it.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '.')
}

fn is_mac(mac: &str) -> bool {
    let digits = mac.chars().filter(|it| !matches!(it, ':' | '-'));
    mac == "auto" || (digits.clone().count() == 12 && digits.clone().all(|it| it.is_ascii_hexdigit()))
}

/// Whether RubyGems takes the text for a requirement: an operator, if any, and a version.
fn is_version_constraint(text: &str) -> bool {
    let text = text.trim();
    let version = [">=", "<=", "!=", "~>", "=", ">", "<"]
        .iter()
        .find_map(|it| text.strip_prefix(it))
        .unwrap_or(text)
        .trim_start();
    let (numbers, suffix) = version.split_once('-').unwrap_or((version, "0"));
    let is_part = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric());
    numbers.starts_with(|it: char| it.is_ascii_digit())
        && numbers.split('.').all(is_part)
        && suffix.split(['.', '-']).all(is_part)
}

/// The options of the downloader as the command line's would be written: `--key` and its value, in the order of the keys.
pub fn extra_download_options(options: &Value) -> Vec<Value> {
    let Value::Map(pairs) = options else { return Vec::new() };
    let mut pairs: Vec<_> = pairs
        .iter()
        .filter_map(|(key, value)| Some((to_text(key)?, value)))
        .collect();
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut extra = Vec::new();
    for (key, value) in pairs {
        match value {
            Value::Boolean(true) => extra.push(Value::String(format!("--{key}"))),
            Value::String(text) => extra.extend([Value::String(format!("--{key}")), Value::String(text.clone())]),
            _ => {}
        }
    }
    extra
}

/// The options of `config.vm`.
pub const OPTIONS: &[Descriptor] = &[
    Descriptor::attribute(
        "vm.box",
        Kind::String,
        Default::Nil,
        "The box that the machine is made of.",
    ),
    Descriptor::attribute(
        "vm.box_url",
        Kind::List(&Kind::String),
        Default::Nil,
        "Where the box can be had: URLs or paths, tried in order.",
    )
    .coerced(Coercion::List),
    Descriptor::attribute(
        "vm.box_version",
        Kind::String,
        Default::Nil,
        "A constraint on the box's version, such as `>= 1.0, < 2.0`.",
    ),
    Descriptor::attribute(
        "vm.box_architecture",
        Kind::String,
        Default::Symbol("auto"),
        "The architecture of the box; `auto` is the host's, and nil the one that the catalog marks as its default.",
    ),
    Descriptor::attribute(
        "vm.box_server_url",
        Kind::String,
        Default::Nil,
        "The server on which short names of boxes are looked up.",
    ),
    Descriptor::attribute(
        "vm.box_check_update",
        Kind::Boolean,
        Default::Boolean(true),
        "Looks for a newer version of the box on `up`.",
    ),
    Descriptor::attribute(
        "vm.box_download_ca_cert",
        Kind::HostPath,
        Default::Nil,
        "A file of certificates to trust when the box is downloaded.",
    ),
    Descriptor::attribute(
        "vm.box_download_ca_path",
        Kind::HostPath,
        Default::Nil,
        "A folder of certificates to trust when the box is downloaded.",
    ),
    Descriptor::attribute(
        "vm.box_download_checksum",
        Kind::String,
        Default::String(""),
        "The digest that the downloaded box must have.",
    ),
    Descriptor::attribute(
        "vm.box_download_checksum_type",
        Kind::Word(&["md5", "sha1", "sha256", "sha384", "sha512"]),
        Default::Nil,
        "The kind of digest in `box_download_checksum`.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "vm.box_download_client_cert",
        Kind::HostPath,
        Default::Nil,
        "The certificate shown to the server of the box.",
    ),
    Descriptor::attribute(
        "vm.box_download_insecure",
        Kind::Boolean,
        Default::Boolean(false),
        "Takes the box from a server whose certificate is not trusted.",
    ),
    Descriptor::attribute(
        "vm.box_download_location_trusted",
        Kind::Boolean,
        Default::Boolean(false),
        "Sends credentials along when the server redirects to another host.",
    ),
    Descriptor::attribute(
        "vm.box_download_options",
        Kind::Map(&Kind::Any),
        Default::EmptyMap,
        "Further options of the downloader, by their long names.",
    ),
    Descriptor::attribute(
        "vm.ignore_box_vagrantfile",
        Kind::Boolean,
        Default::Boolean(false),
        "Leaves out the Vagrantfile inside the box.",
    ),
    Descriptor::attribute(
        "vm.clone",
        Kind::HostPath,
        Default::Nil,
        "The project whose machine this one is a clone of.",
    ),
    Descriptor::attribute(
        "vm.boot_timeout",
        Kind::Integer,
        Default::Integer(300),
        "Seconds that the machine has to boot and answer.",
    ),
    Descriptor::attribute(
        "vm.graceful_halt_timeout",
        Kind::Integer,
        Default::Integer(60),
        "Seconds that the guest has to shut down before power is cut.",
    ),
    Descriptor::attribute(
        "vm.cloud_init_first_boot_only",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether cloud-init gets its data at the first boot alone.",
    ),
    Descriptor::attribute(
        "vm.hostname",
        Kind::String,
        Default::Nil,
        "The name that the guest is given.",
    )
    .coerced(Coercion::Text)
    .also_called(&["vm.host_name"]),
    Descriptor::attribute(
        "vm.allow_hosts_modification",
        Kind::Boolean,
        Default::Boolean(true),
        "Enters the guest's name into its /etc/hosts.",
    ),
    Descriptor::attribute(
        "vm.allow_fstab_modification",
        Kind::Boolean,
        Default::Computed("the kind of folder decides"),
        "Enters synced folders into the guest's /etc/fstab.",
    ),
    Descriptor::attribute(
        "vm.allowed_synced_folder_types",
        Kind::List(&Kind::String),
        Default::Nil,
        "The kinds of folder to choose from where a folder names none.",
    )
    .coerced(Coercion::List),
    Descriptor::attribute(
        "vm.depends_on",
        Kind::List(&Kind::String),
        Default::List(&[]),
        "Machines of this project that come up before this one, and go down after it (Jaunt only).",
    ),
    Descriptor::attribute(
        "vm.post_up_message",
        Kind::String,
        Default::String(""),
        "What is said after `up`.",
    ),
    Descriptor::attribute(
        "vm.usable_port_range",
        Kind::Any,
        Default::Range(2200, 2250),
        "Where forwards go whose port is taken on the host.",
    ),
    Descriptor::attribute(
        "vm.communicator",
        Kind::String,
        Default::Nil,
        "How the guest is talked to: `ssh`, `winrm` or `winssh`.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "vm.guest",
        Kind::String,
        Default::Nil,
        "The guest's operating system, where it is not to be found out.",
    )
    .coerced(Coercion::Symbol),
    Descriptor::attribute(
        "vm.base_mac",
        Kind::String,
        Default::Nil,
        "The MAC address of the first network card.",
    ),
    Descriptor::attribute(
        "vm.base_address",
        Kind::String,
        Default::Nil,
        "The address of the first network card.",
    ),
    Descriptor::call(
        "vm.network",
        &["type"],
        "Adds a forwarded port, a private or a public network.",
    ),
    Descriptor::call(
        "vm.synced_folder",
        &["host", "guest"],
        "Shares a folder of the host with the guest.",
    ),
    Descriptor::call("vm.provision", &["name"], "Adds a provisioner."),
    Descriptor::call("vm.provider", &["name"], "Sets options of one provider."),
    Descriptor::call("vm.define", &["name"], "Defines a machine."),
    Descriptor::call("vm.disk", &["type"], "Adds or resizes a disk."),
    Descriptor::call("vm.cloud_init", &["type"], "Adds data for cloud-init."),
    Descriptor::reading(
        "vm.box_extra_download_options",
        "The options of the downloader as arguments.",
    ),
    Descriptor::reading("vm.cloud_init_configs", "What the calls of `cloud_init` have gathered."),
    Descriptor::reading("vm.disks", "What the calls of `disk` have gathered."),
    Descriptor::reading("vm.networks", "What the calls of `network` have gathered."),
    Descriptor::reading("vm.provisioners", "What the calls of `provision` have gathered."),
    Descriptor::reading("vm.synced_folders", "What the calls of `synced_folder` have gathered."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_on_versions_are_told_from_other_text() {
        for good in ["1.2.3", ">= 1.0", " ~> 2", "= 1.0.pre", "20230615.0.0", "1.0-beta.2"] {
            assert!(is_version_constraint(good), "{good}");
        }
        for bad in ["latest", "", ">=", "1..2", "=> 1", "v1.2"] {
            assert!(!is_version_constraint(bad), "{bad}");
        }
    }
}

//! `config.vm.network`: forwarded ports, private and public networks.

use schema::{Default, Descriptor, Kind};
use vagrantfile::layer::{Call, Origin, Value};

use super::mistake::Mistakes;
use super::reader::Reader;
use super::table::Table;
use super::value::{Sourced, shown, to_i, to_text, truthy};

const SECTION: &str = "vm";

/// The kinds of network that Vagrant knows.
const KINDS: &[&str] = &["forwarded_port", "private_network", "public_network"];

/// A call of `config.vm.network`, as it stands after all layers.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkDefinition {
    /// `forwarded_port`, `private_network` or `public_network`.
    pub kind: String,
    /// What tells two definitions of one kind apart. Networks without an id of their own are never the same.
    pub id: Option<String>,
    /// The options, the defaults among them.
    pub options: Table,
    /// Where it was last defined; `None` for what Vagrant adds itself.
    pub origin: Option<Origin>,
}

/// The networks of a machine, in the order of definition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkDefinitions(Vec<NetworkDefinition>);

impl NetworkDefinitions {
    /// The networks in order.
    pub fn iter(&self) -> impl Iterator<Item = &NetworkDefinition> {
        self.0.iter()
    }

    /// Takes a call within a layer: the same id again adds to the options that are there.
    pub fn call(&mut self, call: &Call, origin: &Origin) {
        let kind = call.positional.first().and_then(to_text).unwrap_or_default();
        let mut definition = NetworkDefinition::new(kind, Table::of_call(call, origin), Some(origin.clone()));
        match self.position(&definition) {
            Some(index) => {
                let mut options = self.0[index].options.clone();
                options.merge(&definition.options, &[]);
                definition.options = options;
                self.0[index] = definition;
            }
            None => self.0.push(definition),
        }
    }

    /// Puts a later layer's networks over these: the same id replaces the whole network, in its place.
    pub fn merge(&mut self, later: NetworkDefinitions) {
        for definition in later.0 {
            match self.position(&definition) {
                Some(index) => self.0[index] = definition,
                None => self.0.push(definition),
            }
        }
    }

    /// Adds the forwards that every machine has, unless they are there, and makes numbers of the ports.
    pub fn finalize(&mut self, communicator: Option<&str>) {
        if communicator == Some("winrm") {
            self.imply("winrm", 5985, 55985);
            self.imply("winrm-ssl", 5986, 55986);
        }
        self.imply("ssh", 22, 2222);
        for definition in self.0.iter_mut().filter(|it| it.kind == "forwarded_port") {
            for port in ["guest", "host"] {
                if let Some(written) = definition.options.get(port).filter(|it| is_number(&it.value)) {
                    let number = Sourced {
                        value: Value::Integer(to_i(&written.value)),
                        origin: written.origin.clone(),
                    };
                    definition.options.set(port, number);
                }
            }
        }
    }

    fn imply(&mut self, id: &str, guest: i64, host: i64) {
        let mut options = Table::default();
        for (name, value) in [
            ("guest", Value::Integer(guest)),
            ("host", Value::Integer(host)),
            ("host_ip", Value::String("127.0.0.1".to_owned())),
            ("id", Value::String(id.to_owned())),
            ("auto_correct", Value::Boolean(true)),
        ] {
            options.set(name, Sourced::implied(value));
        }
        let definition = NetworkDefinition::new("forwarded_port".to_owned(), options, None);
        if self.position(&definition).is_none() {
            self.0.push(definition);
        }
    }

    fn position(&self, definition: &NetworkDefinition) -> Option<usize> {
        definition.id.as_ref()?;
        self.0
            .iter()
            .position(|it| it.kind == definition.kind && it.id == definition.id)
    }
}

impl NetworkDefinition {
    fn new(kind: String, mut options: Table, origin: Option<Origin>) -> Self {
        if !options.value("protocol").is_some_and(truthy) {
            options.set(
                "protocol",
                Sourced {
                    value: Value::String("tcp".to_owned()),
                    origin: origin.clone(),
                },
            );
        }
        let written = options.value("id").filter(|it| truthy(it)).and_then(to_text);
        let id = match written {
            Some(id) => Some(id),
            None if kind == "forwarded_port" => {
                let id: String = ["host_ip", "protocol", "host"]
                    .iter()
                    .filter_map(|it| to_text(options.value(it)?))
                    .collect();
                options.set(
                    "id",
                    Sourced {
                        value: Value::String(id.clone()),
                        origin: origin.clone(),
                    },
                );
                Some(id)
            }
            None => None,
        };
        Self {
            kind,
            id,
            options,
            origin,
        }
    }
}

fn is_number(value: &Value) -> bool {
    matches!(
        value,
        Value::Integer(_) | Value::Float(_) | Value::String(_) | Value::Symbol(_)
    )
}

/// The networks of a machine, typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Networks {
    /// The forwarded ports in the order of definition, disabled ones among them.
    pub forwarded_ports: Vec<ForwardedPort>,
    /// The other networks in the order of definition.
    pub others: Vec<Network>,
}

/// A port of the guest that is reachable on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct ForwardedPort {
    /// What tells it from others: `ssh`, `tcp8080`.
    pub id: String,
    /// The port in the guest.
    pub guest: u16,
    /// The address in the guest; `None` is the one that the guest has.
    pub guest_ip: Option<String>,
    /// The port on the host.
    pub host: u16,
    /// The address on the host; `None` is the provider's choice.
    pub host_ip: Option<String>,
    /// What is forwarded.
    pub protocol: Protocol,
    /// Whether another port of the host may be taken when this one is not free.
    pub auto_correct: bool,
    /// Whether it is left out.
    pub disabled: bool,
    /// All options as they were written, for providers that know more of them.
    pub options: Table,
    /// Where it was written; `None` for the ones that Vagrant adds itself.
    pub origin: Option<Origin>,
}

/// What is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A private or public network.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Whether others than the host can reach it.
    pub kind: NetworkKind,
    /// The machine's address; `None` is for DHCP.
    pub ip: Option<String>,
    /// Whether the guest is to be configured for it.
    pub auto_config: bool,
    /// All options as they were written.
    pub options: Table,
    /// Where it was written.
    pub origin: Option<Origin>,
}

/// Whether others than the host can reach a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkKind {
    /// Only the host and other machines of it.
    Private,
    /// Whoever is on the host's network.
    Public,
}

impl Networks {
    /// Reads the definitions.
    pub fn read(definitions: &NetworkDefinitions, mistakes: &mut Mistakes) -> Self {
        let mut networks = Self::default();
        for definition in definitions.iter() {
            match definition.kind.as_str() {
                "forwarded_port" => networks
                    .forwarded_ports
                    .extend(ForwardedPort::read(definition, mistakes)),
                "private_network" => networks
                    .others
                    .push(Network::read(definition, NetworkKind::Private, mistakes)),
                "public_network" => networks
                    .others
                    .push(Network::read(definition, NetworkKind::Public, mistakes)),
                kind => refuse_kind(kind, definition, mistakes),
            }
        }
        networks.refuse_shared_host_ports(mistakes);
        networks.refuse_second_hostname(mistakes);
        networks
    }

    /// Two forwards cannot listen on one port of the host. Disabled ones do not count.
    fn refuse_shared_host_ports(&self, mistakes: &mut Mistakes) {
        let enabled: Vec<&ForwardedPort> = self.forwarded_ports.iter().filter(|it| !it.disabled).collect();
        for (index, forward) in enabled.iter().enumerate() {
            let taken = |it: &&&ForwardedPort| {
                (it.host, &it.host_ip, it.protocol) == (forward.host, &forward.host_ip, forward.protocol)
            };
            if let Some(earlier) = enabled[..index].iter().find(taken) {
                let message = format!(
                    "port {} of the host is forwarded twice, to port {} and to port {} of the guest",
                    forward.host, earlier.guest, forward.guest
                );
                let mistake = mistakes.at(forward.origin.as_ref(), SECTION, message);
                mistake.advise("give one of them another `host` port");
            }
        }
    }

    fn refuse_second_hostname(&self, mistakes: &mut Mistakes) {
        let named = || {
            self.others
                .iter()
                .filter(|it| it.options.value("hostname").is_some_and(truthy))
        };
        if let Some(second) = named().nth(1) {
            mistakes.at(second.origin.as_ref(), SECTION, "more than one network sets `hostname`");
        }
        for network in named().filter(|it| it.ip.is_none()) {
            mistakes.at(
                network.origin.as_ref(),
                SECTION,
                "a network with `hostname` needs an `ip`",
            );
        }
    }
}

fn refuse_kind(kind: &str, definition: &NetworkDefinition, mistakes: &mut Mistakes) {
    let message = match kind {
        "" => "a network does not say its kind".to_owned(),
        kind => format!("there is no kind of network called `{kind}`"),
    };
    let mistake = mistakes.at(definition.origin.as_ref(), SECTION, message);
    mistake.advise(match super::mistake::did_you_mean(kind, KINDS.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("it is one of: {}", KINDS.join(", ")),
    });
}

impl ForwardedPort {
    /// Reads a forward; `None` when it has no ports that could be used.
    fn read(definition: &NetworkDefinition, mistakes: &mut Mistakes) -> Option<Self> {
        let descriptors = [FORWARDED_PORT_OPTIONS];
        let origin = definition.origin.as_ref();
        let mut reader = Reader::new(&definition.options, &descriptors, SECTION, origin, mistakes);
        let (guest, host) = (read_port(&mut reader, "guest"), read_port(&mut reader, "host"));
        let protocol = match reader.word("protocol").as_deref() {
            Some("udp") => Protocol::Udp,
            _ => Protocol::Tcp,
        };
        Some(Self {
            id: reader.text("id").unwrap_or_default(),
            guest_ip: reader.text("guest_ip").filter(|it| !it.is_empty()),
            host_ip: reader.text("host_ip").filter(|it| !it.is_empty()),
            protocol,
            auto_correct: reader.boolean("auto_correct"),
            disabled: reader.boolean("disabled"),
            options: definition.options.clone(),
            origin: definition.origin.clone(),
            guest: guest?,
            host: host?,
        })
    }
}

fn read_port(reader: &mut Reader<'_>, side: &str) -> Option<u16> {
    let Some(value) = reader.value(side).filter(|it| truthy(it)) else {
        let mistake = reader.mistake(side, format!("a forwarded port needs a `{side}` port"));
        mistake.advise("write both, as in `guest: 80, host: 8080`");
        return None;
    };
    let port = u16::try_from(to_i(value)).ok().filter(|it| *it > 0);
    if port.is_none() {
        reader.mistake(
            side,
            format!(
                "`{side}` of a forwarded port must be a port from 1 to 65535, and is {}",
                shown(value)
            ),
        );
    }
    port
}

impl Network {
    fn read(definition: &NetworkDefinition, kind: NetworkKind, mistakes: &mut Mistakes) -> Self {
        let descriptors = [NETWORK_OPTIONS];
        let mut reader = Reader::new(
            &definition.options,
            &descriptors,
            SECTION,
            definition.origin.as_ref(),
            mistakes,
        );
        let network = Self {
            kind,
            ip: reader.text("ip").filter(|it| !it.is_empty()),
            auto_config: reader.boolean("auto_config"),
            options: definition.options.clone(),
            origin: definition.origin.clone(),
        };
        if let Some(Value::Integer(number)) = reader.value("ip") {
            let message = format!("`ip` of a network must be text, and is {number}");
            reader.mistake("ip", message);
        }
        let by_type = reader.text("type").filter(|it| it != "dhcp");
        if kind == NetworkKind::Private && by_type.is_some() && network.ip.is_none() {
            let mistake = reader.mistake("type", "a private network without DHCP needs an `ip`");
            mistake.advise("write `ip: \"192.168.56.10\"` or `type: \"dhcp\"`");
        }
        network
    }
}

/// The options of a forwarded port.
pub const FORWARDED_PORT_OPTIONS: &[Descriptor] = &[
    Descriptor::attribute("guest", Kind::Integer, Default::Nil, "The port in the guest."),
    Descriptor::attribute("host", Kind::Integer, Default::Nil, "The port on the host."),
    Descriptor::attribute(
        "guest_ip",
        Kind::String,
        Default::Nil,
        "The address in the guest; without it, the one that it has.",
    ),
    Descriptor::attribute(
        "host_ip",
        Kind::String,
        Default::Nil,
        "The address on the host on which the port listens.",
    ),
    Descriptor::attribute(
        "protocol",
        Kind::Word(&["tcp", "udp"]),
        Default::String("tcp"),
        "What is forwarded: `tcp` or `udp`.",
    ),
    Descriptor::attribute(
        "auto_correct",
        Kind::Boolean,
        Default::Boolean(false),
        "Takes another port of the host when this one is not free.",
    ),
    Descriptor::attribute(
        "disabled",
        Kind::Boolean,
        Default::Boolean(false),
        "Leaves the forward out.",
    ),
    Descriptor::attribute(
        "id",
        Kind::String,
        Default::Computed("host_ip, protocol and host"),
        "Names the forward, so that later layers can change it.",
    ),
    Descriptor::attribute(
        "adapter",
        Kind::Integer,
        Default::Nil,
        "The network card that is forwarded from, where a provider has several.",
    ),
    Descriptor::attribute(
        "gateway_ports",
        Kind::Boolean,
        Default::Boolean(false),
        "Lets other hosts use the forward, where it goes through SSH.",
    ),
];

/// The options of private and public networks that every provider takes alike.
pub const NETWORK_OPTIONS: &[Descriptor] = &[
    Descriptor::attribute("ip", Kind::String, Default::Nil, "The machine's address."),
    Descriptor::attribute(
        "type",
        Kind::Word(&["dhcp", "static", "static6", "bridge", "direct", "network"]),
        Default::Nil,
        "How the address is found: `dhcp` or `static`; or what libvirt's public network is: `bridge`, `direct` or `network`.",
    ),
    Descriptor::attribute(
        "netmask",
        Kind::String,
        Default::Nil,
        "The mask or the length of the prefix.",
    ),
    Descriptor::attribute(
        "mac",
        Kind::String,
        Default::Nil,
        "The MAC address of the network card.",
    ),
    Descriptor::attribute(
        "auto_config",
        Kind::Boolean,
        Default::Boolean(true),
        "Configures the card in the guest.",
    ),
    Descriptor::attribute(
        "bridge",
        Kind::List(&Kind::String),
        Default::Nil,
        "The card of the host that a public network goes through.",
    ),
    Descriptor::attribute(
        "use_dhcp_assigned_default_route",
        Kind::Boolean,
        Default::Boolean(false),
        "Takes the route that DHCP offers for the default one.",
    ),
    Descriptor::attribute("adapter", Kind::Integer, Default::Nil, "The slot of the network card."),
    Descriptor::attribute(
        "name",
        Kind::String,
        Default::Nil,
        "The network's name at the provider.",
    ),
    Descriptor::attribute("nic_type", Kind::String, Default::Nil, "The model of the network card."),
    Descriptor::attribute(
        "hostname",
        Kind::Boolean,
        Default::Nil,
        "Enters the guest's name with this network's address into its /etc/hosts.",
    ),
    Descriptor::attribute(
        "id",
        Kind::String,
        Default::Nil,
        "Names the network, so that later layers can change it.",
    ),
    Descriptor::attribute(
        "protocol",
        Kind::String,
        Default::String("tcp"),
        "Kept for Vagrant's sake; networks do not use it.",
    ),
    Descriptor::attribute("dhcp_ip", Kind::String, Default::Nil, "The address of the DHCP server."),
    Descriptor::attribute(
        "dhcp_lower",
        Kind::String,
        Default::Nil,
        "The first address that DHCP gives out.",
    ),
    Descriptor::attribute(
        "dhcp_upper",
        Kind::String,
        Default::Nil,
        "The last address that DHCP gives out.",
    ),
    Descriptor::attribute("gateway", Kind::String, Default::Nil, "The address of the router."),
    Descriptor::text(
        "dev",
        "The device of the host that libvirt's public network goes through.",
    ),
    Descriptor::text(
        "mode",
        "How libvirt's public network uses that device: `bridge`, `vepa`, `private`, `passthrough`.",
    ),
];

//! Forwarded ports: bound one by one in a QEMU that is not running its guest yet, and read back from it.
//!
//! The bind itself decides whether a port is free. Nothing is tried beforehand, because what is free then need not be free later.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use super::arguments::NETWORK;
use super::monitor::Monitor;
use crate::{BoundForward, Error, Forward, Protocol, Result};

/// Where user networking puts the guest, unless the forward says otherwise.
const GUEST_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);

/// A forward as QEMU lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listed {
    protocol: Protocol,
    host: SocketAddr,
    guest_port: u16,
}

/// Binds every forward, and returns where, in the order given.
pub(super) async fn bind_all(monitor: &Monitor, forwards: &[Forward]) -> Result<Vec<BoundForward>> {
    let mut bound = Vec::with_capacity(forwards.len());
    for forward in forwards {
        bound.push(bind(monitor, forward, forwards).await?);
    }
    Ok(bound)
}

/// Binds a forward at its wanted port, or else at the first free one of its range.
async fn bind(monitor: &Monitor, forward: &Forward, all: &[Forward]) -> Result<BoundForward> {
    match bind_at(monitor, forward, forward.host_port).await {
        Err(Error::PortTaken { .. }) if forward.correct_within.is_some() => {}
        decided => return decided,
    }
    for port in candidates(forward, all) {
        match bind_at(monitor, forward, port).await {
            Err(Error::PortTaken { .. }) => {}
            decided => return decided,
        }
    }
    let (first, last) = forward.correct_within.unwrap_or((forward.host_port, forward.host_port));
    Err(Error::NoFreePort {
        first,
        last,
        guest_port: forward.guest_port,
    })
}

/// The ports a forward may be moved to: those of its range that no forward of the machine asks for.
fn candidates(forward: &Forward, all: &[Forward]) -> impl Iterator<Item = u16> {
    let (first, last) = forward.correct_within.unwrap_or((1, 0));
    (first..=last).filter(|port| {
        all.iter()
            .all(|it| it.protocol != forward.protocol || it.host_port != *port)
    })
}

async fn bind_at(monitor: &Monitor, forward: &Forward, port: u16) -> Result<BoundForward> {
    let answer = monitor
        .human(format!("hostfwd_add {NETWORK} {}", rule(forward, port)?))
        .await?;
    if !answer.trim().is_empty() {
        return Err(refusal(forward, port, answer.trim()));
    }
    Ok(BoundForward {
        id: forward.id.clone(),
        protocol: forward.protocol,
        guest_port: forward.guest_port,
        host: SocketAddr::new(forward.host_address, port),
    })
}

/// `tcp:127.0.0.1:2222-10.0.2.15:22`.
fn rule(forward: &Forward, port: u16) -> Result<String> {
    let host = ipv4(forward.host_address)?;
    let guest = forward.guest_address.map_or(Ok(GUEST_ADDRESS), ipv4)?;
    Ok(format!(
        "{}:{host}:{port}-{guest}:{}",
        forward.protocol.name(),
        forward.guest_port
    ))
}

/// QEMU's user networking forwards IPv4 only.
fn ipv4(address: IpAddr) -> Result<Ipv4Addr> {
    match address {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(address) => Err(Error::Unsupported {
            what: format!(
                "ports cannot be forwarded from or to the IPv6 address {address} with QEMU's user networking"
            ),
        }),
    }
}

/// Why QEMU did not bind. It does not say so itself, so the same bind is tried here, after the fact.
fn refusal(forward: &Forward, port: u16, answer: &str) -> Error {
    let address = forward.host_address;
    let kind = try_bind(forward.protocol, SocketAddr::new(address, port))
        .err()
        .map(|it| it.kind());
    let guest_port = forward.guest_port;
    match kind {
        Some(io::ErrorKind::PermissionDenied) => Error::Unsupported {
            what: format!(
                "port {port} on {address} may not be bound by this user, so it cannot be forwarded to port {guest_port} of the \
                 guest: choose a port from 1024 on"
            ),
        },
        Some(io::ErrorKind::AddrNotAvailable) => Error::Unsupported {
            what: format!("this host has no address {address} to forward to port {guest_port} of the guest"),
        },
        // Free by now, or free for us: it was not for QEMU.
        _ if answer.starts_with("Could not set up") => Error::PortTaken {
            port,
            address,
            guest_port,
        },
        _ => Error::Refused {
            backend: "QEMU",
            what: answer.to_owned(),
        },
    }
}

fn try_bind(protocol: Protocol, address: SocketAddr) -> io::Result<()> {
    match protocol {
        Protocol::Tcp => TcpListener::bind(address).map(drop),
        Protocol::Udp => UdpSocket::bind(address).map(drop),
    }
}

/// Those of the recorded forwards that QEMU has in force.
pub(super) async fn confirm(monitor: &Monitor, recorded: Vec<BoundForward>) -> Result<Vec<BoundForward>> {
    let listed = parse_listing(&monitor.human("info usernet".to_owned()).await?);
    let is_listed = |it: &BoundForward| {
        listed.contains(&Listed {
            protocol: it.protocol,
            host: it.host,
            guest_port: it.guest_port,
        })
    };
    Ok(recorded.into_iter().filter(is_listed).collect())
}

/// Reads `info usernet`: the lines that tell of forwards, of whatever network.
fn parse_listing(text: &str) -> Vec<Listed> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Listed> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let protocol = match *words.first()? {
        "TCP[HOST_FORWARD]" => Protocol::Tcp,
        "UDP[HOST_FORWARD]" => Protocol::Udp,
        _ => return None,
    };
    let address = match *words.get(2)? {
        "*" => Ipv4Addr::UNSPECIFIED,
        address => address.parse().ok()?,
    };
    let host = SocketAddr::new(address.into(), words.get(3)?.parse().ok()?);
    Some(Listed {
        protocol,
        host,
        guest_port: words.get(5)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn forward(id: &str, host_port: u16, correct_within: Option<(u16, u16)>) -> Forward {
        Forward {
            id: id.to_owned(),
            protocol: Protocol::Tcp,
            guest_address: None,
            guest_port: 22,
            host_address: Ipv4Addr::LOCALHOST.into(),
            host_port,
            correct_within,
        }
    }

    fn check_listing(text: &str, expected: Expect) {
        let lines: Vec<String> = parse_listing(text)
            .iter()
            .map(|it| format!("{} {} -> {}", it.protocol.name(), it.host, it.guest_port))
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_listing_is_read_whatever_else_is_in_it() {
        check_listing(
            "Hub -1 (network):\r\n  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n  \
             TCP[ESTABLISHED]   30       127.0.0.1 35259       10.0.2.15    80     0     0\r\n  \
             TCP[HOST_FORWARD]  20               *  7781       10.0.2.15    80     0     0\r\n  \
             UDP[HOST_FORWARD]  17       127.0.0.1  7779       10.0.2.15    22     0     0\r\n  \
             TCP[HOST_FORWARD]  18       127.0.0.1\r\n",
            expect![[r#"
                tcp 0.0.0.0:7781 -> 80
                udp 127.0.0.1:7779 -> 22"#]],
        );
    }

    #[test]
    fn a_forward_is_never_moved_to_a_port_that_another_one_asks_for() {
        let all = [forward("ssh", 2222, Some((2200, 2203))), forward("web", 2201, None)];

        let ports: Vec<u16> = candidates(&all[0], &all).collect();

        assert_eq!(ports, [2200, 2202, 2203]);
    }

    #[test]
    fn a_forward_that_must_not_be_moved_has_no_other_port() {
        let all = [forward("ssh", 2222, None)];

        assert_eq!(candidates(&all[0], &all).count(), 0);
    }

    #[test]
    fn an_ipv6_address_is_refused_by_name() {
        let forward = Forward {
            host_address: "::1".parse().unwrap(),
            ..forward("ssh", 2222, None)
        };

        let error = rule(&forward, 2222).unwrap_err();

        expect!["ports cannot be forwarded from or to the IPv6 address ::1 with QEMU's user networking"]
            .assert_eq(&error.to_string());
    }
}

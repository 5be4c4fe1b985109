//! Sockets of trusted Vagrantfiles, from the system.
//!
//! **Invariant:** nothing is sent before a file writes it: a socket for datagrams that was opened has only found its way out.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::sys::socket::SockaddrStorage;
use vagrantfile::host::{Connection, Endpoint, Interface};

use super::commands::ready;

/// An open socket.
enum Socket {
    Tcp(TcpStream),
    Listener(TcpListener),
    Udp(UdpSocket),
    Unix(UnixStream),
    UnixListener(UnixListener),
    /// One that a look at a file's wishes pretends to have opened.
    Pretended,
}

/// Opens a socket.
pub fn open(endpoint: &Endpoint, patience: Option<Duration>) -> io::Result<Box<dyn Connection>> {
    Ok(Box::new(match endpoint {
        Endpoint::Tcp(address) => Socket::Tcp(match patience {
            Some(patience) => TcpStream::connect_timeout(address, patience)?,
            None => TcpStream::connect(address)?,
        }),
        Endpoint::TcpServer(address) => Socket::Listener(TcpListener::bind(address)?),
        Endpoint::Udp(address) => {
            let socket = UdpSocket::bind((unspecified(address), 0))?;
            socket.connect(address)?;
            Socket::Udp(socket)
        }
        Endpoint::UdpServer(address) => Socket::Udp(UdpSocket::bind(address)?),
        Endpoint::Unix(path) => Socket::Unix(UnixStream::connect(path)?),
        Endpoint::UnixServer(path) => Socket::UnixListener(UnixListener::bind(path)?),
    }))
}

/// A socket that leads nowhere.
pub fn pretended() -> Box<dyn Connection> {
    Box::new(Socket::Pretended)
}

/// Whether a connection stays on this machine.
pub fn is_local(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Tcp(address) => address.ip().is_loopback(),
        Endpoint::Udp(_)
        | Endpoint::TcpServer(_)
        | Endpoint::UdpServer(_)
        | Endpoint::Unix(_)
        | Endpoint::UnixServer(_) => true,
    }
}

/// The addresses behind a name, each once.
pub fn resolve(name: &str) -> io::Result<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for found in (name, 0).to_socket_addrs()? {
        if !addresses.contains(&found.ip()) {
            addresses.push(found.ip());
        }
    }
    Ok(addresses)
}

/// The name behind an address.
pub fn name_of(address: IpAddr) -> io::Result<String> {
    let name = dns_lookup::lookup_addr(&address)?;
    // Where nobody knows one, the system gives the address as it is.
    match name.parse::<IpAddr>() {
        Ok(same) if address == same => Err(io::ErrorKind::NotFound.into()),
        _ => Ok(name),
    }
}

/// The addresses of this machine.
pub fn interfaces() -> io::Result<Vec<Interface>> {
    Ok(getifaddrs()?.map(interface).collect())
}

fn interface(found: InterfaceAddress) -> Interface {
    let ip = |address: Option<SockaddrStorage>| {
        let address = address?;
        let four = address.as_sockaddr_in().map(|it| IpAddr::V4(it.ip()));
        four.or_else(|| address.as_sockaddr_in6().map(|it| IpAddr::V6(it.ip())))
    };
    Interface {
        name: found.interface_name,
        flags: found.flags.bits(),
        address: ip(found.address),
        netmask: ip(found.netmask),
        broadcast: ip(found.broadcast),
    }
}

fn unspecified(address: &SocketAddr) -> IpAddr {
    match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

impl Socket {
    /// What the system knows it by.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Tcp(stream) => Some(stream.as_fd()),
            Self::Listener(listener) => Some(listener.as_fd()),
            Self::Udp(socket) => Some(socket.as_fd()),
            Self::Unix(stream) => Some(stream.as_fd()),
            Self::UnixListener(listener) => Some(listener.as_fd()),
            Self::Pretended => None,
        }
    }

    fn wait(&mut self, patience: Option<Duration>) -> io::Result<()> {
        match self.is_ready(patience)? {
            true => Ok(()),
            false => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Connection for Socket {
    fn read(&mut self, at_most: usize, patience: Option<Duration>) -> io::Result<Vec<u8>> {
        self.wait(patience)?;
        let mut bytes = vec![0; at_most];
        let read = match self {
            Self::Tcp(stream) => stream.read(&mut bytes)?,
            Self::Unix(stream) => stream.read(&mut bytes)?,
            Self::Udp(socket) => socket.recv(&mut bytes)?,
            Self::Listener(_) | Self::UnixListener(_) => return Err(io::ErrorKind::NotConnected.into()),
            Self::Pretended => 0,
        };
        bytes.truncate(read);
        Ok(bytes)
    }

    fn is_ready(&mut self, patience: Option<Duration>) -> io::Result<bool> {
        match self.descriptor() {
            Some(descriptor) => Ok(ready(std::iter::once(descriptor), patience)?[0]),
            None => Ok(true),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Udp(socket) => socket.send(bytes).map(drop),
            Self::Listener(_) | Self::UnixListener(_) => Err(io::ErrorKind::NotConnected.into()),
            Self::Pretended => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            Self::Listener(_) | Self::UnixListener(_) | Self::Udp(_) | Self::Pretended => Ok(()),
        }
    }

    fn accept(&mut self, patience: Option<Duration>) -> io::Result<Box<dyn Connection>> {
        self.wait(patience)?;
        match self {
            Self::Listener(listener) => Ok(Box::new(Self::Tcp(listener.accept()?.0))),
            Self::UnixListener(listener) => Ok(Box::new(Self::Unix(listener.accept()?.0))),
            Self::Pretended => Ok(pretended()),
            Self::Tcp(_) | Self::Udp(_) | Self::Unix(_) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn local(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            Self::Listener(listener) => listener.local_addr().ok(),
            Self::Udp(socket) => socket.local_addr().ok(),
            Self::Unix(_) | Self::UnixListener(_) => None,
            Self::Pretended => Some((Ipv4Addr::LOCALHOST, 0).into()),
        }
    }

    fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Udp(socket) => socket.peer_addr().ok(),
            Self::Listener(_) | Self::Unix(_) | Self::UnixListener(_) => None,
            Self::Pretended => Some((Ipv4Addr::LOCALHOST, 0).into()),
        }
    }
}

//! Sockets of trusted Vagrantfiles, from the system.
//!
//! **Invariant:** nothing is sent before a file writes it: a socket for datagrams that was opened has only found its way out.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::sys::socket::SockaddrStorage;
use vagrantfile::host::{Connection, Endpoint, Interface};

/// An open socket.
enum Socket {
    Tcp(TcpStream),
    Listener(TcpListener),
    Udp(UdpSocket),
    Unix(UnixStream),
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
        Endpoint::Udp(_) | Endpoint::TcpServer(_) | Endpoint::UdpServer(_) | Endpoint::Unix(_) => true,
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

impl Connection for Socket {
    fn read(&mut self, at_most: usize, patience: Option<Duration>) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; at_most];
        let read = match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(patience)?;
                stream.read(&mut bytes)?
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(patience)?;
                stream.read(&mut bytes)?
            }
            Self::Udp(socket) => {
                socket.set_read_timeout(patience)?;
                socket.recv(&mut bytes)?
            }
            Self::Listener(_) => return Err(io::ErrorKind::NotConnected.into()),
            Self::Pretended => 0,
        };
        bytes.truncate(read);
        Ok(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Udp(socket) => socket.send(bytes).map(drop),
            Self::Listener(_) => Err(io::ErrorKind::NotConnected.into()),
            Self::Pretended => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            Self::Listener(_) | Self::Udp(_) | Self::Pretended => Ok(()),
        }
    }

    fn accept(&mut self, patience: Option<Duration>) -> io::Result<Box<dyn Connection>> {
        const SLICE: Duration = Duration::from_millis(20);
        let Self::Listener(listener) = self else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let end = patience.map(|it| Instant::now() + it);
        // The system's accept knows no time at which to give up.
        listener.set_nonblocking(end.is_some())?;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return Ok(Box::new(Self::Tcp(stream)));
                }
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                Err(_) if end.is_some_and(|it| it <= Instant::now()) => return Err(io::ErrorKind::TimedOut.into()),
                Err(_) => std::thread::sleep(SLICE),
            }
        }
    }

    fn local(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            Self::Listener(listener) => listener.local_addr().ok(),
            Self::Udp(socket) => socket.local_addr().ok(),
            Self::Unix(_) => None,
            Self::Pretended => Some((Ipv4Addr::LOCALHOST, 0).into()),
        }
    }

    fn peer(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Udp(socket) => socket.peer_addr().ok(),
            Self::Listener(_) | Self::Unix(_) => None,
            Self::Pretended => Some((Ipv4Addr::LOCALHOST, 0).into()),
        }
    }
}

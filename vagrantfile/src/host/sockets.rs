//! Sockets as a trusted Vagrantfile has them: what it may open, and what an open one does.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// A socket that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A connection to a TCP server.
    Tcp(SocketAddr),
    /// A TCP server on this machine.
    TcpServer(SocketAddr),
    /// Where datagrams go to. Nothing is sent yet.
    Udp(SocketAddr),
    /// Where datagrams come in on this machine.
    UdpServer(SocketAddr),
    /// A connection to a server's file.
    Unix(PathBuf),
    /// A server behind a file.
    UnixServer(PathBuf),
}

/// An open socket, or an end of a pipe.
pub trait Connection {
    /// The next bytes, at most so many; none at the end of the stream.
    fn read(&mut self, at_most: usize, patience: Option<Duration>) -> io::Result<Vec<u8>>;

    /// Whether [`Connection::read`] or [`Connection::accept`] would not wait, or what it is after that time.
    fn is_ready(&mut self, patience: Option<Duration>) -> io::Result<bool>;

    /// Sends all of these bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Says that no more will be sent.
    fn finish(&mut self) -> io::Result<()>;

    /// The next one who connects to this server.
    fn accept(&mut self, patience: Option<Duration>) -> io::Result<Box<dyn Connection>>;

    /// The address on this machine.
    fn local(&self) -> Option<SocketAddr>;

    /// The address on the other side.
    fn peer(&self) -> Option<SocketAddr>;
}

/// An address of this machine; one interface may have several, or none that is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name: `eth0`.
    pub name: String,
    /// The system's flags.
    pub flags: i32,
    /// The address, where it is one of IP.
    pub address: Option<IpAddr>,
    /// The network's mask.
    pub netmask: Option<IpAddr>,
    /// Where everybody in the network listens.
    pub broadcast: Option<IpAddr>,
}

//! The communicator against real servers: OpenSSH's `sshd` and dropbear on the loopback interface, and listeners that
//! misbehave as booting guests do.

mod agents;
mod boot;
mod dropbear;
mod fixtures;
mod installed_openssh;
mod key_insertion;
mod odd_servers;
mod scripts;
mod sessions;
mod transfers;

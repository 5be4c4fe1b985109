//! The communicator against real servers: OpenSSH's `sshd` and dropbear on the loopback interface, and listeners that
//! misbehave as booting guests do.

mod boot;
mod dropbear;
mod fixtures;
mod key_insertion;
mod scripts;
mod sessions;
mod transfers;

//! A provider for tests: it keeps the contract and runs nothing.
//!
//! Its machines are files in their folders, so that another process, or the same one after its death, finds them as it would find real
//! ones. It can be told to fail, hang or die on either side of every call.

mod misbehaviour;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use async_trait::async_trait;

pub use self::misbehaviour::{Call, Fault, Misbehaviour, NotAMisbehaviour, Side};
use crate::{
    BoundForward, Endpoint, Error, Features, Forward, MachineId, MachineSpec, Provider, Result, Snapshot, Snapshots,
    State, Stop, Suspend, file,
};

/// How a fake provider behaves.
#[derive(Debug, Clone, Default)]
pub struct FakeSettings {
    /// What goes wrong.
    pub misbehaviours: Vec<Misbehaviour>,
    /// Ports of the host that count as taken.
    pub taken_ports: Vec<u16>,
}

/// A provider that runs nothing.
#[derive(Debug, Clone, Default)]
pub struct Fake {
    settings: FakeSettings,
}

/// A machine, as it is in its file.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Machine {
    claim: String,
    running: bool,
    /// Its memory is on disk.
    saved: bool,
    forwards: Vec<BoundForward>,
    /// Names, and whether it ran when they were taken.
    snapshots: Vec<(String, bool)>,
}

impl Machine {
    fn stopped(self) -> Self {
        Self {
            running: false,
            forwards: Vec::new(),
            ..self
        }
    }
}

impl Fake {
    /// A provider that behaves so.
    pub fn new(settings: FakeSettings) -> Self {
        Self { settings }
    }

    /// The calls that changed something or tried to, in order, by whatever process.
    pub fn calls(id: &MachineId) -> Vec<String> {
        let text = fs::read_to_string(call_log(id)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Stops the machine behind everybody's back, as a crash of its hypervisor would.
    pub fn crash(id: &MachineId) -> Result<()> {
        match read(id)? {
            Some(machine) => write(id, &machine.stopped()),
            None => Ok(()),
        }
    }

    /// Goes through a call: what goes wrong before it, the call, what goes wrong after it.
    async fn go_through<T>(&self, id: &MachineId, call: Call, effect: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        if !matches!(call, Call::State | Call::Endpoint) {
            note(id, call)?;
        }
        self.misbehave(call, Side::Before).await?;
        let result = effect();
        self.misbehave(call, Side::After).await?;
        result
    }

    async fn misbehave(&self, call: Call, side: Side) -> Result<()> {
        let fault = self
            .settings
            .misbehaviours
            .iter()
            .find(|it| it.call == call && it.side == side)
            .map(|it| it.fault);
        match fault {
            None => Ok(()),
            Some(Fault::Fail) => Err(Error::Refused {
                backend: "the fake provider",
                what: format!("told to fail at {call}"),
            }),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Die) => {
                let _deadly = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
                std::future::pending().await
            }
        }
    }

    fn bind_all(&self, forwards: &[Forward]) -> Result<Vec<BoundForward>> {
        let mut bound: Vec<BoundForward> = Vec::new();
        for forward in forwards {
            let port = self.free_port(forward, &bound)?;
            bound.push(BoundForward {
                id: forward.id.clone(),
                protocol: forward.protocol,
                guest_port: forward.guest_port,
                host: SocketAddr::new(forward.host_address, port),
            });
        }
        Ok(bound)
    }

    fn free_port(&self, forward: &Forward, bound: &[BoundForward]) -> Result<u16> {
        let (port, address, guest_port) = (forward.host_port, forward.host_address, forward.guest_port);
        let is_free = |port: &u16| {
            let here =
                |it: &BoundForward| it.protocol == forward.protocol && it.host == SocketAddr::new(address, *port);
            !self.settings.taken_ports.contains(port) && !bound.iter().any(here)
        };
        match forward.correct_within {
            _ if is_free(&port) => Ok(port),
            None => Err(Error::PortTaken {
                port,
                address,
                guest_port,
            }),
            Some((first, last)) => (first..=last).find(is_free).ok_or(Error::NoFreePort {
                first,
                last,
                guest_port,
            }),
        }
    }

    fn start_now(&self, id: &MachineId, spec: &MachineSpec) -> Result<Vec<BoundForward>> {
        let machine = read(id)?.ok_or(Error::NotCreated)?;
        if machine.running {
            return Ok(machine.forwards);
        }
        let forwards = self.bind_all(&spec.forwards)?;
        write(
            id,
            &Machine {
                running: true,
                saved: false,
                forwards: forwards.clone(),
                ..machine
            },
        )?;
        Ok(forwards)
    }
}

#[async_trait]
impl Provider for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn features(&self) -> Features {
        Features {
            box_optional: true,
            parallel: true,
            box_formats: &["fake", "qemu", "libvirt", "virtualbox"],
        }
    }

    async fn state(&self, id: &MachineId) -> Result<State> {
        self.go_through(id, Call::State, || {
            Ok(match read(id)? {
                None => State::NotCreated,
                Some(machine) if machine.running => State::Running,
                Some(machine) if machine.saved => State::Saved,
                Some(_) => State::Stopped,
            })
        })
        .await
    }

    async fn create(&self, id: &MachineId, _spec: &MachineSpec) -> Result<()> {
        self.go_through(id, Call::Create, || match read(id)? {
            Some(_) => Ok(()),
            None => write(
                id,
                &Machine {
                    claim: id.claim.to_string(),
                    running: false,
                    saved: false,
                    forwards: Vec::new(),
                    snapshots: Vec::new(),
                },
            ),
        })
        .await
    }

    async fn start(&self, id: &MachineId, spec: &MachineSpec) -> Result<Vec<BoundForward>> {
        self.go_through(id, Call::Start, || self.start_now(id, spec)).await
    }

    async fn endpoint(&self, id: &MachineId) -> Result<Endpoint> {
        self.go_through(id, Call::Endpoint, || match read(id)? {
            Some(machine) if machine.running => Ok(Endpoint {
                forwards: machine.forwards,
            }),
            _ => Err(Error::NotRunning),
        })
        .await
    }

    async fn stop(&self, id: &MachineId, _how: Stop) -> Result<()> {
        self.go_through(id, Call::Stop, || match read(id)? {
            Some(machine) => write(
                id,
                &Machine {
                    saved: false,
                    ..machine.stopped()
                },
            ),
            None => Ok(()),
        })
        .await
    }

    async fn destroy(&self, id: &MachineId) -> Result<()> {
        self.go_through(id, Call::Destroy, || file::remove(&machine_file(id)))
            .await
    }

    async fn console_tail(&self, _id: &MachineId, _lines: usize) -> Option<Vec<String>> {
        None
    }

    fn suspend(&self) -> Option<&dyn Suspend> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }
}

#[async_trait]
impl Suspend for Fake {
    async fn save_memory(&self, id: &MachineId) -> Result<()> {
        self.go_through(id, Call::SaveMemory, || match read(id)?.ok_or(Error::NotCreated)? {
            machine if machine.running => write(
                id,
                &Machine {
                    saved: true,
                    ..machine.stopped()
                },
            ),
            machine if machine.saved => Ok(()),
            _ => Err(Error::NotRunning),
        })
        .await
    }

    async fn discard_memory(&self, id: &MachineId) -> Result<()> {
        self.go_through(id, Call::DiscardMemory, || match read(id)? {
            Some(machine) => write(
                id,
                &Machine {
                    saved: false,
                    ..machine
                },
            ),
            None => Ok(()),
        })
        .await
    }
}

#[async_trait]
impl Snapshots for Fake {
    async fn list(&self, id: &MachineId) -> Result<Vec<Snapshot>> {
        let machine = read(id)?.ok_or(Error::NotCreated)?;
        let snapshots = machine.snapshots.into_iter();
        Ok(snapshots
            .map(|(name, has_memory)| Snapshot {
                name,
                has_memory,
                taken: 0,
            })
            .collect())
    }

    async fn save(&self, id: &MachineId, name: &str) -> Result<()> {
        self.go_through(id, Call::SaveSnapshot, || {
            let mut machine = read(id)?.ok_or(Error::NotCreated)?;
            if machine.snapshots.iter().any(|it| it.0 == name) {
                return Err(Error::Unsupported {
                    what: format!("there is a snapshot `{name}` already"),
                });
            }
            machine.snapshots.push((name.to_owned(), machine.running));
            write(id, &machine)
        })
        .await
    }

    async fn restore(&self, id: &MachineId, name: &str) -> Result<State> {
        self.go_through(id, Call::RestoreSnapshot, || {
            let machine = read(id)?.ok_or(Error::NotCreated)?;
            let found = machine.snapshots.iter().find(|it| it.0 == name).map(|it| it.1);
            let saved = found.ok_or_else(|| Error::Unsupported {
                what: format!("there is no snapshot `{name}`"),
            })?;
            write(
                id,
                &Machine {
                    saved,
                    ..machine.stopped()
                },
            )?;
            Ok(if saved { State::Saved } else { State::Stopped })
        })
        .await
    }

    async fn delete(&self, id: &MachineId, name: &str) -> Result<()> {
        self.go_through(id, Call::DeleteSnapshot, || {
            let mut machine = read(id)?.ok_or(Error::NotCreated)?;
            machine.snapshots.retain(|it| it.0 != name);
            write(id, &machine)
        })
        .await
    }
}

fn machine_file(id: &MachineId) -> PathBuf {
    id.folder.join("fake-machine.json")
}

fn call_log(id: &MachineId) -> PathBuf {
    id.folder.join("fake-calls.log")
}

/// A machine under another claim is another machine, as a folder that was copied would hold one.
fn read(id: &MachineId) -> Result<Option<Machine>> {
    Ok(file::read_json::<Machine>(&machine_file(id))?.filter(|it| it.claim == id.claim.to_string()))
}

fn write(id: &MachineId, machine: &Machine) -> Result<()> {
    file::write_json(&machine_file(id), machine)
}

fn note(id: &MachineId, call: Call) -> Result<()> {
    let path = call_log(id);
    let opened = fs::OpenOptions::new().append(true).create(true).open(&path);
    let written = opened.and_then(|mut file| file.write_all(format!("{call}\n").as_bytes()));
    written.map_err(|source| Error::File {
        action: "write",
        path,
        source,
    })
}

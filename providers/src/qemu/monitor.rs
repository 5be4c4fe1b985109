//! One conversation with a running QEMU (QMP), every wait in it bounded.
//!
//! QEMU talks to one client a socket and leaves the others waiting, so a conversation is opened for one purpose and dropped.

use std::io;
use std::path::Path;
use std::time::Duration;

use qapi::futures::{QapiService, QmpStreamTokio};
use qapi::qmp::{JobStatus, RunState};
use qapi::{ExecuteError, qmp};
use tokio::io::WriteHalf;
use tokio::net::UnixStream;
use uuid::Uuid;

use crate::{Error, Result};

/// How long an answer may take. QEMU's main loop stands still while it opens disks or saves memory on a slow host.
const ANSWER: Duration = Duration::from_secs(10);

/// How long QEMU may be busy with saving memory; it may answer nothing meanwhile.
const LONG_JOB: Duration = Duration::from_secs(600);

/// How long to wait before asking again for a place among the waiting.
const TURN: Duration = Duration::from_millis(5);

/// A conversation over one of the machine's two sockets.
pub(super) struct Monitor {
    service: QapiService<QmpStreamTokio<WriteHalf<UnixStream>>>,
    peer: Option<i32>,
}

/// Why there is no conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// Nobody listens.
    Absent,
    /// Somebody listens, and did not say a word in time: QEMU is busy, stopped, or talks to another client.
    Silent,
}

impl Monitor {
    /// Opens a conversation within that time.
    pub(super) async fn open(socket: &Path, within: Duration) -> std::result::Result<Self, Unreachable> {
        let opened = tokio::time::timeout(within, Self::wait_for_turn(socket)).await;
        opened
            .map_err(|_| Unreachable::Silent)?
            .map_err(|_| Unreachable::Absent)
    }

    /// A socket with too many clients waiting answers at once that it has no room.
    async fn wait_for_turn(socket: &Path) -> io::Result<Self> {
        loop {
            match Self::greet(socket).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => tokio::time::sleep(TURN).await,
                decided => return decided,
            }
        }
    }

    async fn greet(socket: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(socket).await?;
        let peer = stream.peer_cred()?.pid();
        let (service, _events) = QmpStreamTokio::open(stream).await?.negotiate().await?.spawn_tokio();
        Ok(Self { service, peer })
    }

    /// The process at the other end, as the kernel knows it.
    pub(super) fn peer(&self) -> Option<i32> {
        self.peer
    }

    /// The uuid of the machine at the other end.
    pub(super) async fn uuid(&self, within: Duration) -> Result<Uuid> {
        let answer = self.ask(qmp::query_uuid {}, within).await?.UUID;
        Uuid::parse_str(&answer).map_err(|_| no_answer("`query-uuid` returned no uuid"))
    }

    /// What the machine is doing.
    pub(super) async fn run_state(&self, within: Duration) -> Result<RunState> {
        Ok(self.ask(qmp::query_status {}, within).await?.status)
    }

    /// How much memory the guest has, in bytes.
    pub(super) async fn memory_size(&self) -> Result<u64> {
        let answer = self.ask(qmp::query_memory_size_summary {}, ANSWER).await?;
        Ok(answer.base_memory)
    }

    /// Whether the guest is held by whoever asked for that, or by QEMU because a disk could not be read or written.
    pub(super) async fn is_held(&self, within: Duration) -> bool {
        let state = self.run_state(within).await;
        matches!(state, Ok(RunState::paused | RunState::io_error))
    }

    /// Lets the guest run.
    pub(super) async fn cont(&self) -> Result<()> {
        self.ask(qmp::cont {}, ANSWER).await.map(|_| ())
    }

    /// Holds the guest.
    pub(super) async fn hold(&self) -> Result<()> {
        self.ask(qmp::stop {}, ANSWER).await.map(|_| ())
    }

    /// Saves the guest's memory in the first of these, and all of them as they are now, each inside its own file.
    pub(super) async fn save_snapshot(&self, tag: &str, nodes: &[String]) -> Result<()> {
        let job_id = new_job();
        self.ask(
            qmp::snapshot_save {
                job_id: job_id.clone(),
                tag: tag.to_owned(),
                vmstate: first(nodes),
                devices: nodes.to_vec(),
            },
            LONG_JOB,
        )
        .await?;
        self.finish(&job_id).await
    }

    /// Takes a guest that is held back to what was saved so.
    pub(super) async fn load_snapshot(&self, tag: &str, nodes: &[String]) -> Result<()> {
        let job_id = new_job();
        self.ask(
            qmp::snapshot_load {
                job_id: job_id.clone(),
                tag: tag.to_owned(),
                vmstate: first(nodes),
                devices: nodes.to_vec(),
            },
            LONG_JOB,
        )
        .await?;
        self.finish(&job_id).await
    }

    /// Deletes what was saved under that name; nothing there is `Ok`.
    pub(super) async fn delete_snapshot(&self, tag: &str, nodes: &[String]) -> Result<()> {
        let job_id = new_job();
        self.ask(
            qmp::snapshot_delete {
                job_id: job_id.clone(),
                tag: tag.to_owned(),
                devices: nodes.to_vec(),
            },
            LONG_JOB,
        )
        .await?;
        self.finish(&job_id).await
    }

    /// Where a VNC client finds the screen.
    pub(super) async fn vnc_address(&self) -> Result<Option<String>> {
        let answer = self.ask(qmp::query_vnc {}, ANSWER).await?;
        Ok(answer
            .host
            .zip(answer.service)
            .map(|(host, port)| format!("{host}:{port}")))
    }

    /// Waits for a job's end, and takes its error for the job's.
    async fn finish(&self, id: &str) -> Result<()> {
        let give_up = tokio::time::Instant::now() + LONG_JOB;
        while tokio::time::Instant::now() < give_up {
            let jobs = self.ask(qmp::query_jobs {}, LONG_JOB).await?;
            let Some(job) = jobs.into_iter().find(|it| it.id == id) else {
                return Ok(());
            };
            if job.status == JobStatus::concluded {
                self.ask(qmp::job_dismiss { id: id.to_owned() }, ANSWER).await?;
                return job.error.map_or(Ok(()), |it| Err(refused(&it)));
            }
            tokio::time::sleep(TURN).await;
        }
        Err(no_answer("a snapshot was not finished in ten minutes"))
    }

    /// Presses the power button.
    pub(super) async fn press_power_button(&self) -> Result<()> {
        self.ask(qmp::system_powerdown {}, ANSWER).await.map(|_| ())
    }

    /// Runs a line of the human monitor, which is the only way to forwards; returns what it prints.
    pub(super) async fn human(&self, line: String) -> Result<String> {
        self.ask(
            qmp::human_monitor_command {
                cpu_index: None,
                command_line: line,
            },
            ANSWER,
        )
        .await
    }

    async fn ask<C>(&self, command: C, within: Duration) -> Result<C::Ok>
    where
        C: qapi::qmp::QmpCommand,
    {
        match tokio::time::timeout(within, self.service.execute(command)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(ExecuteError::Qapi(error))) => Err(refused(&format!("`{}`: {}", C::NAME, error.desc))),
            Ok(Err(ExecuteError::Io(error))) => Err(no_answer(&format!("`{}`: {error}", C::NAME))),
            Err(_) => Err(no_answer(&format!(
                "`{}` took longer than {} s",
                C::NAME,
                within.as_secs_f32()
            ))),
        }
    }
}

fn first(nodes: &[String]) -> String {
    nodes.first().cloned().unwrap_or_default()
}

/// A name that no job of an earlier command has.
fn new_job() -> String {
    format!("job-{}", Uuid::new_v4().simple())
}

fn no_answer(what: &str) -> Error {
    Error::NoAnswer {
        backend: "QEMU",
        what: what.to_owned(),
    }
}

fn refused(what: &str) -> Error {
    Error::Refused {
        backend: "QEMU",
        what: what.to_owned(),
    }
}

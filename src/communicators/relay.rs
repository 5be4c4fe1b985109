//! A second process on the first one's connection: how the real rsync talks to the guest without an SSH of its own.
//!
//! rsync starts what `--rsh` names and expects to be talking to the guest. That is this program again (`jaunt rsync-transport
//! SOCKET`), which sends the command to the process that holds the connection, and moves bytes from then on.
//!
//! On the socket: the command's length as four bytes, big-endian, and the command; then, towards the guest, bytes as they are; and
//! from it frames of a kind (one byte), a length (four bytes), and bytes.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, mpsc};

use super::{Command, Communicator, Stream};

/// The longest command that is taken; rsync's own are a few hundred bytes.
const LONGEST_COMMAND: u32 = 64 * 1024;

const OUTPUT: u8 = 1;
const ERROR: u8 = 2;
const EXIT: u8 = 3;

/// The most bytes that wait for a client, which may have stopped to read. The guest is not asked to wait: its output comes
/// through a callback that cannot.
const MOST_WAITING: usize = 64 * 1024 * 1024;

/// What a client is told when the connection to the guest breaks; OpenSSH's code for the same.
const CONNECTION_BROKE: u32 = 255;

/// A socket on which commands for the guest are taken, as long as this value lives.
pub struct Relay {
    socket: PathBuf,
    // The folder is this user's alone, and goes with the socket.
    _folder: tempfile::TempDir,
    task: tokio::task::JoinHandle<()>,
}

impl Relay {
    /// Takes commands for the guest on a socket of its own, in a folder of its own below `parent`, which is this user's.
    pub fn open(communicator: Arc<dyn Communicator>, parent: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let folder = tempfile::Builder::new()
            .prefix("relay-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(parent)?;
        let socket = folder.path().join("relay");
        let listener = UnixListener::bind(&socket)?;
        let task = tokio::spawn(serve(listener, communicator));
        Ok(Self {
            socket,
            _folder: folder,
            task,
        })
    }

    /// Where the socket is.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: UnixListener, communicator: Arc<dyn Communicator>) {
    while let Ok((stream, _)) = listener.accept().await {
        let communicator = communicator.clone();
        tokio::spawn(async move {
            if let Err(error) = serve_one(stream, communicator).await {
                tracing::debug!(%error, "a command that came over the relay ended early");
            }
        });
    }
}

async fn serve_one(stream: UnixStream, communicator: Arc<dyn Communicator>) -> io::Result<()> {
    let (mut from_client, mut to_client) = stream.into_split();
    let command = read_command(&mut from_client).await?;
    let (frames, mut outbox) = mpsc::unbounded_channel::<Vec<u8>>();
    let (waiting, too_much) = (&AtomicUsize::new(0), &Notify::new());
    let run = async move {
        let mut said = |stream: Stream, bytes: &[u8]| {
            let kind = if stream == Stream::Output { OUTPUT } else { ERROR };
            if waiting.fetch_add(bytes.len(), Ordering::Relaxed) > MOST_WAITING {
                return too_much.notify_one();
            }
            // The client is gone when nobody takes the frames; the command then ends by itself.
            let _ = frames.send(frame(kind, bytes));
        };
        let command = Command::new(command).with_input(from_client);
        let ended = tokio::select! {
            exit = communicator.run(command, &mut said) => exit.map(|it| it.code).map_err(|error| error.to_string()),
            () = too_much.notified() => Err("more output of the guest waits than this side takes".to_owned()),
        };
        let code = ended.unwrap_or_else(|reason| {
            let _ = frames.send(frame(ERROR, format!("{reason}\n").as_bytes()));
            CONNECTION_BROKE
        });
        let _ = frames.send(frame(EXIT, &code.to_be_bytes()));
    };
    let write = async {
        while let Some(frame) = outbox.recv().await {
            to_client.write_all(&frame).await?;
            waiting.fetch_sub(frame.len() - HEAD, Ordering::Relaxed);
        }
        to_client.shutdown().await
    };
    let ((), written) = tokio::join!(run, write);
    written
}

async fn read_command(from: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let length = from.read_u32().await?;
    if length > LONGEST_COMMAND {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a command of more than 64 KiB",
        ));
    }
    let mut command = vec![0; length as usize];
    from.read_exact(&mut command).await?;
    String::from_utf8(command).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The bytes of a frame before its content.
const HEAD: usize = 5;

fn frame(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind];
    frame.extend((bytes.len() as u32).to_be_bytes());
    frame.extend(bytes);
    frame
}

/// The other side: runs a command over the relay with these streams, and returns its exit code.
pub async fn run_over(
    socket: &Path,
    command: &str,
    mut input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    mut errors: impl AsyncWrite + Unpin,
) -> io::Result<u32> {
    let (mut from_relay, mut to_relay) = UnixStream::connect(socket).await?.into_split();
    to_relay.write_u32(command.len() as u32).await?;
    to_relay.write_all(command.as_bytes()).await?;
    let send = async {
        // A guest that reads no further is no mistake of this side: the exit code is still to come.
        let _ = tokio::io::copy(&mut input, &mut to_relay).await;
        let _ = to_relay.shutdown().await;
        std::future::pending::<io::Result<u32>>().await
    };
    let receive = async {
        loop {
            let kind = from_relay.read_u8().await?;
            let length = from_relay.read_u32().await? as usize;
            let mut bytes = vec![0; length];
            from_relay.read_exact(&mut bytes).await?;
            match (kind, bytes.as_slice()) {
                (OUTPUT, bytes) => {
                    output.write_all(bytes).await?;
                    output.flush().await?;
                }
                (ERROR, bytes) => errors.write_all(bytes).await?,
                (_, &[a, b, c, d]) => return Ok(u32::from_be_bytes([a, b, c, d])),
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    };
    tokio::select! {
        code = receive => code,
        never = send => never,
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::communicators::{Exit, OnOutput, Result};

    /// Says what it was given, command first, and ends with a code of its own.
    struct Echo;

    #[async_trait]
    impl Communicator for Echo {
        async fn run(&self, command: Command, output: &mut OnOutput<'_>) -> Result<Exit> {
            let mut input = Vec::new();
            if let Some(mut from) = command.input {
                from.read_to_end(&mut input).await.unwrap();
            }
            output(Stream::Error, command.script.as_bytes());
            output(Stream::Output, &input);
            Ok(Exit { code: 23 })
        }

        async fn upload(&self, _from: &Path, _to: &str) -> Result<()> {
            unreachable!("nothing is uploaded here")
        }

        async fn upload_bytes(&self, _content: &[u8], _to: &str) -> Result<()> {
            unreachable!("nothing is uploaded here")
        }
    }

    /// Reads nothing, and ends at once.
    struct Deaf;

    /// Says twice what may wait before anybody can read, and never ends.
    struct Flood;

    #[async_trait]
    impl Communicator for Deaf {
        async fn run(&self, _command: Command, _output: &mut OnOutput<'_>) -> Result<Exit> {
            Ok(Exit { code: 7 })
        }

        async fn upload(&self, _from: &Path, _to: &str) -> Result<()> {
            unreachable!("nothing is uploaded here")
        }

        async fn upload_bytes(&self, _content: &[u8], _to: &str) -> Result<()> {
            unreachable!("nothing is uploaded here")
        }
    }

    #[async_trait]
    impl Communicator for Flood {
        async fn run(&self, _command: Command, output: &mut OnOutput<'_>) -> Result<Exit> {
            const PIECE: usize = 64 * 1024;
            for _ in 0..2 * MOST_WAITING / PIECE {
                output(Stream::Output, &[b'x'; PIECE]);
            }
            std::future::pending().await
        }

        async fn upload(&self, _from: &Path, _to: &str) -> Result<()> {
            unreachable!("nothing is uploaded here")
        }

        async fn upload_bytes(&self, _content: &[u8], _to: &str) -> Result<()> {
            unreachable!("nothing is uploaded here")
        }
    }

    fn open(communicator: impl Communicator + 'static) -> (Relay, tempfile::TempDir) {
        let runtime = tempfile::tempdir().unwrap();
        let relay = Relay::open(Arc::new(communicator), &runtime.path().join("jaunt")).unwrap();
        (relay, runtime)
    }

    #[tokio::test]
    async fn a_guest_that_reads_no_input_has_its_exit_code_all_the_same() {
        let (relay, _runtime) = open(Deaf);
        for _ in 0..50 {
            let input = tokio::io::repeat(b'x');
            let code = run_over(relay.socket(), "true", input, Vec::new(), Vec::new()).await;
            assert_eq!(code.unwrap(), 7);
        }
    }

    #[tokio::test]
    async fn output_that_nobody_takes_ends_the_command() {
        let (relay, _runtime) = open(Flood);
        let mut client = UnixStream::connect(relay.socket()).await.unwrap();
        client.write_u32(3).await.unwrap();
        client.write_all(b"yes").await.unwrap();

        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();

        assert!(all.ends_with(&frame(EXIT, &CONNECTION_BROKE.to_be_bytes())));
        assert!(all.len() < MOST_WAITING + MOST_WAITING / 8, "{} bytes", all.len());
    }

    #[tokio::test]
    async fn the_socket_is_in_a_folder_of_this_user_alone() {
        let (relay, runtime) = open(Deaf);
        let folder = relay.socket().parent().unwrap();
        assert!(folder.starts_with(runtime.path()));
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[tokio::test]
    async fn bytes_and_exit_code_come_through_as_they_are() {
        let (relay, _runtime) = open(Echo);
        let input: Vec<u8> = (0..1_000_000_u32).map(|it| it as u8).collect();
        let (mut output, mut errors) = (Vec::new(), Vec::new());

        let code = run_over(
            relay.socket(),
            "rsync --server .",
            input.as_slice(),
            &mut output,
            &mut errors,
        )
        .await
        .unwrap();

        assert_eq!((code, errors.as_slice()), (23, b"rsync --server .".as_slice()));
        assert!(output == input, "{} of {} bytes", output.len(), input.len());
    }
}
